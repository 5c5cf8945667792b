# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Limits, as the command sets and keeps them. Usage: test_limit.py BULLA"""

import json
import subprocess

from command import BULLA, run_tests, test


def use(box, actor="me", field="password", **options):
    """Starts a use of a field."""
    return box.start("get", "acme/db", field, "--reason", "test", "--actor", actor, stdout=-1, stderr=-1, **options)


def outcomes(box, op="use"):
    return [record["outcome"] for record in box.log() if record["op"] == op]


@test
def processes_side_by_side_keep_to_one_limit_and_a_later_one_too(box):
    box.put_secret()
    box.run("limit", "set", "use", "actor", "7/d")
    running = [use(box) for _ in range(12)]
    ends = [(process.communicate(timeout=60)[0], process.returncode) for process in running]
    assert sorted(ends) == sorted([(b"s3cret-of-acme", 0)] * 7 + [(b"", 1)] * 5), ends
    assert outcomes(box).count("granted") == 7
    box.run("get", "acme/db", "password", "--reason", "test", "--actor", "me", status=1,
            told=["acme/db:password: a limit was reached", " s: uses of this actor are limited)", "bulla limit list"])
    box.run("limit", "set", "use", "actor:me", "none", status=3, told="bulla limit list")
    box.run("limit", "set", "use", "actor", "none")
    assert box.get() == b"s3cret-of-acme"


@test
def a_flood_leaves_few_records_which_say_how_many_there_were(box):
    box.put_secret()
    box.run("limit", "set", "use", "tenant:acme", "0")
    for _ in range(12):
        box.get(status=1, told="(no uses of this tenant are allowed)")
    assert outcomes(box) == ["limited"] and outcomes(box, "limit-refused") == []
    box.sql("UPDATE limit_bucket SET told = told - 61000000")
    box.get(status=1)
    last = box.log()[-1]
    told = {name: last[name] for name in ("op", "outcome", "tenant", "actor", "entry", "field")}
    assert told == {"op": "limit-refused", "outcome": "limited", "tenant": "acme", "actor": "bulla", "entry": "use",
                    "field": "12"}, last
    assert "unbroken" in box.run("audit", "verify").decode()


@test
def with_json_the_error_says_when_to_come_again(box):
    box.put_secret()
    box.run("limit", "set", "use", "actor:me", "1/h")
    box.run("limit", "set", "change", "actor:me", "0")
    assert use(box).communicate(timeout=60)[0] == b"s3cret-of-acme"
    for command, least, most in ((("get", "acme/db", "password", "--reason", "x"), 3500, 3600),
                                 (("rm", "acme/db"), None, None)):
        run = subprocess.run([BULLA, "--json", "--actor", "me", *command],
                             capture_output=True, **box.options({}), check=False)
        error = json.loads(run.stderr)
        assert run.returncode == 1 and run.stdout == b"" and run.stderr.count(b"\n") == 1
        assert error["error"] == "BULLA_LIMITED" and error["message"].startswith("bulla: "), error
        wait = error["retry_after"]
        assert wait is None if most is None else least <= wait <= most, error


@test
def who_has_looked_for_too_much_that_is_not_there_finds_nothing(box):
    box.put_secret()
    box.run("limit", "set", "miss", "actor", "2/h", "--burst", "3")
    for field in ("a", "b", "c"):
        assert use(box, field=field).wait(timeout=60) == 3
    for field in ("d", "password"):
        process = use(box, field=field)
        errors = process.communicate(timeout=60)[1]
        assert process.returncode == 1 and b"uses of what is not there of this actor" in errors, errors
    assert use(box, "another").wait(timeout=60) == 0


@test
def what_is_there_is_no_miss_whoever_asks_how_often(box):
    box.put_secret()
    box.run("put", "acme/db", "host=h")
    box.run("limit", "set", "miss", "actor", "1/h")
    for _ in range(3):
        assert box.get() == b"s3cret-of-acme"
    assert box.run("exec", "--env", "PW=acme/db:password", "--env", "HOST=acme/db:host", "--reason", "x", "--", "sh",
                   "-c", 'printf %s "$HOST:$PW"') == b"h:s3cret-of-acme"
    box.run("get", "acme/db", "pasword", "--reason", "x", status=3)
    box.run("get", "acme/db", "password", "--reason", "x", status=1, told="uses of what is not there of this actor")


@test
def more_at_once_than_a_burst_is_told_as_never(box):
    box.put_secret()
    box.run("put", "acme/db", "host=h")
    box.run("limit", "set", "use", "actor", "1/s")
    command = ("--json", "exec", "--env", "PW=acme/db:password", "--env", "HOST=acme/db:host", "--reason", "x", "--", "true")
    error = json.loads(box.start(*command, stdout=-1, stderr=-1).communicate(timeout=60)[1])
    assert error["retry_after"] is None and "raise it, or ask for fewer at once" in error["message"], error
    box.run("export", "sqlite:copy.db", "--target-root", "file:copy.key", status=1,
            told=["2 uses at once of this actor are more than its burst of 1", "copy goes on"])
    box.run("limit", "set", "use", "actor", "100/s")
    box.run("export", "sqlite:copy.db", "--target-root", "file:copy.key")


@test
def changes_are_limited_and_setting_limits_is_not(box):
    box.run("limit", "set", "change", "actor", "1/d")
    box.put_secret()
    for command in (("rm", "acme/db"), ("mv", "acme", "bcme"), ("put", "acme/db", "a=b"), ("root", "rm", "x"),
                    ("apikey", "create", "--tenant", "acme")):
        box.run(*command, status=1, told="changes of this actor are limited")
    box.run("token", "revoke", "--tenant", "acme", "--jti", "x")
    assert [record["op"] for record in box.log() if record["outcome"] == "limited"] == ["remove"]
    box.run("limit", "set", "change", "actor", "100/d", "--burst", "50")
    box.run("limit", "rm", "change", "actor")
    box.run("rm", "acme/db")


@test
def limits_are_listed_as_they_are_set(box):
    box.run("limit", "set", "use", "actor", "100/m", "--burst", "20")
    box.run("limit", "set", "miss", "origin:10.0.0.1", "5")
    assert [line.split() for line in box.run("limit", "list").decode().splitlines()] == [
        ["KIND", "SCOPE", "NAME", "RATE", "BURST"], ["use", "actor", "-", "100/m", "20"],
        ["miss", "origin", "10.0.0.1", "5/s", "5"]]
    assert box.json("limit", "list")[0] == {"kind": "use", "scope": "actor", "name": "", "rate": 100, "period": 60,
                                            "burst": 20}
    box.run("limit", "rm", "miss", "origin", status=3)
    box.run("limit", "rm", "miss", "origin:10.0.0.1")
    assert len(box.json("limit", "list")) == 1
    assert [record["field"] for record in box.log() if record["op"].startswith("limit-")] == [
        "use actor 100/60 burst 20", "miss origin 5/1 burst 5", "miss origin"]


@test
def limits_that_make_no_sense_are_refused(box):
    for rate in ("100000001", "9223372036854775807", "9223372036854775808", "9" * 40):
        box.run("limit", "set", "use", "actor", rate, status=2, told="at most 100000000")
        box.run("limit", "set", "use", "actor", "1", "--burst", rate, status=2, told="at most 100000000")
    for rate in ("-1", "+1", "", "/s", "1/", "1/x", "1/ss", "1.5", "1 /s", "0x1"):
        box.run("limit", "set", "use", "actor", "--", rate, status=2)
    for key in (("uses", "actor"), ("use", "actors"), ("use", "actor:"), ("use", ""), ("use", "actor:" + 129 * "a")):
        box.run("limit", "set", *key, "1", status=2)
    box.run("limit", "set", "use", "actor", "0", "--burst", "1", status=2)
    box.run("limit", "set", "use", "actor", "1", "--burst", "0", status=2)
    assert box.json("limit", "list") == []
    box.run("limit", "set", "use", "actor", "100000000/d", "--burst", "100000000")
    box.put_secret()
    box.get()


run_tests()
