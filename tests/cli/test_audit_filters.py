# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""audit log chooses records by time, tenant, entry, actor, operation and outcome, prints the last ones, and follows."""

import json
import pathlib
import re
import signal
import subprocess
import time

from command import run_tests, test
from records import DAY, HOUR, change, use, write

T = 1_750_000_000  # 2025-06-15T15:06:40Z


def with_log(box):
    box.run("put", "acme/db", "host=1")
    box.run("put", "beta/db", "host=1")
    write(box, use(T, "job"), use(T + 10, "web", "beta/db", "not-found"), use(T + 20, "web", "acme/mail", "failed"),
          change(T + DAY, "put", "beta/db", "host"), use(T + 2 * DAY, "a\x1b[31m\u202eb", "acme/db"))


def seqs(box, *options):
    return [record["seq"] - 3 for record in box.log(*options)]


@test
def what_is_asked_for_is_chosen(box):
    with_log(box)
    for options, wanted in (
            (["--since", str(T), "--until", str(T + 20)], [1, 2]),
            (["--since", "2025-06-15", "--until", "2025-06-16"], [1, 2, 3]),
            (["--since", "2025-06-15T15:06:50Z", "--until", "2025-06-16 15:06:40"], [2, 3]),
            (["--since", "2025-06-15T15:06:40.000001"], [-2, -1, 0, 2, 3, 4, 5]),
            (["--until", "2025-06-15T15:07"], [1, 2]),
            (["--tenant", "acme", "--until", "1h"], [1, 3, 5]),
            (["--tenant", "acme", "--tenant", "beta", "--until", "1d"], [1, 2, 3, 4, 5]),
            (["--entry", "db", "--until", "today"], [1, 2, 4, 5]),
            (["--entry", "beta/db", "--entry", "mail", "--until", "2w"], [2, 3, 4]),
            (["--actor", "web"], [2, 3]),
            (["--actor", "a\x1b[31m\u202eb"], [5]),
            (["--op", "use", "--outcome", "failed", "--outcome", "not-found"], [2, 3]),
            (["--op", "put", "--op", "init", "--tenant", "beta"], [0, 4]),
            (["--op", "use", "--last", "2"], [3, 5]),
            (["--last", "1"], [5]),
            (["--last", "6", "--from", "5"], [2, 3, 4, 5]),
            (["--last", "100000", "--until", "yesterday"], [1, 2, 3, 4, 5]),
            (["--op", "shred"], [])):
        assert sorted(seqs(box, *options)) == sorted(wanted), (options, seqs(box, *options))


@test
def a_time_that_is_none_is_refused(box):
    for text in ("2025-02-29", "2025-13-01", "2025-00-10", "2025-06-15T24:00", "2025-06-15T1:00", "2025-06-15T10:60",
                 "2025-06-15T10:00:00+02:00", "2025-6-15", "tomorrow", "10x", "1.5h", "-5", "99999999999999999", "2025-06-15T",
                 "999999999999w", "2025-06-15T10:00:00."):
        box.run("audit", "log", f"--since={text}", status=2, told="--since takes a time in UTC")
    for options in (["--since", "1h", "--until", "2h"], ["--last", "0"], ["--last", "100001"], ["--op", "Use"],
                    ["--follow", "--until", "now"], ["--tenant", "a b"]):
        box.run("audit", "log", *options, status=2)


@test
def a_word_that_the_log_never_has_is_refused(box):
    for option, word, told in (("--op", "rotate-tenent", "did you mean rotate-tenant?"), ("--op", "nonsense", "AUDIT RECORDS"),
                               ("--op", "root", "did you mean root-add, root-list, root-remove, rotate-root?"),
                               ("--outcome", "fialed", "did you mean failed?"), ("--outcome", "nonsense", "canary, failed")):
        box.run("audit", "log", option, word, status=2, told=told)
    page = (pathlib.Path(__file__).parents[2] / "docs/man/bulla.1.scd").read_text(encoding="utf-8")
    ops = re.findall(r"^\|  (_.*_)$", page[page.index("\n# AUDIT RECORDS"):page.index("\n# TIMES")], re.MULTILINE)
    words = re.findall(r"_([a-z-]+)_", " ".join(ops))
    assert len(words) == len(set(words)) == 53, words
    box.run("audit", "log", *(f"--op={word}" for word in words))


@test
def a_tenant_that_never_was_is_not_found(box):
    with_log(box)
    box.run("rm", "beta/db")
    box.run("rm", "beta")
    assert seqs(box, "--tenant", "beta", "--op", "init") == []
    for options in ([], ["--since", "1h"], ["--tenant", "acme", "--op", "init"]):
        box.run("audit", "log", "--tenant", "nobody", *options, status=3, told="tenant nobody")


@test
def the_last_ones_are_a_table_like_others(box):
    with_log(box)
    whole = box.run("audit", "log").decode().splitlines()
    last = box.run("audit", "log", "--last", "2").decode().splitlines()
    assert [line.split() for line in last] == [line.split() for line in [whole[0], *whole[-2:]]], last
    assert "\\x1b[31m\\xe2\\x80\\xaeb" in last[-1], last


def followed(box, *options):
    return box.start("audit", "log", "--follow", *options, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@test
def what_comes_is_printed_until_it_is_told_to_end(box):
    with_log(box)
    process = followed(box, "--json", "--op", "use", "--last", "1")
    assert json.loads(process.stdout.readline())["seq"] == 8
    box.put_secret()
    box.get()
    assert json.loads(process.stdout.readline())["field"] == "password"
    write(box, use(T, "late"))  # earlier than all that was printed
    assert json.loads(process.stdout.readline())["actor"] == "late"
    for number in (signal.SIGINT, signal.SIGTERM):
        process.send_signal(number)
        out, errors = process.communicate(timeout=10)
        assert (process.returncode, out, errors) == (0, b"", b""), (process.returncode, out, errors)
        process = followed(box)
        while b"late" not in process.stdout.readline():
            pass
    process.stdout.close()  # nobody writes to the log, and it ends all the same
    assert process.wait(timeout=10) == -signal.SIGPIPE, process.returncode


@test
def a_long_log_is_read_quickly(box):
    box.run("put", "acme/db", "host=1")
    now = int(time.time())
    write(box, use(now - 90 * DAY, times=50_000), use(now - 2 * HOUR, "odd"), use(now - 90 * DAY, times=50_000))
    begin = time.monotonic()
    assert [record["actor"] for record in box.log("--since", "3h", "--op", "use")] == ["odd"]
    assert [record["seq"] for record in box.log("--last", "2")] == [100_002, 100_003]
    took = time.monotonic() - begin
    assert took < 5, took
    process = followed(box, "--json")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)  # while it waits for its reader
    out, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, b"") and out.count(b"\n") < 50_000, (process.returncode, errors, len(out))


run_tests()
