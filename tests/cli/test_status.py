#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""status says how old keys are, what is due, what expires, and what nobody has used. Usage: test_status.py BULLA MAKER

MAKER is tests/cli/log_maker.c, which writes records."""

import datetime
import shlex
import time

from command import run_tests, test
from records import DAY, change, use, write

DUE = 5  # the exit status of status --check


def status(box, *args, **options):
    return box.json("status", *args, **options)


def places(rows):
    return [f"{row['tenant']}/{row['entry']}:{row['field']}" for row in rows]


def unused(box):
    return sorted(places(status(box)["unused"]))


def make_older(box, days, version=1):
    box.sql("UPDATE tenant_secret SET created = created - $1 WHERE version = $2", days * DAY, version)


def day(offset):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=offset)).strftime("%Y-%m-%d")


@test
def versions_are_told_with_what_is_under_them(box):
    box.put_secret()
    box.put_secret("acme/mail")
    box.apikey()
    box.put_secret("beta/db")
    box.run("rotate", "--tenant", "acme")
    box.put_secret("acme/new")
    box.run("put", "acme/new", "host=plain")
    make_older(box, 3)
    before = len(box.log())
    told = status(box)
    assert told["versions"] == [
        {"tenant": "acme", "version": 1, "state": "decrypt-only", "days": 3, "values": 2, "former": 0, "api_keys": 1},
        {"tenant": "acme", "version": 2, "state": "active", "days": 0, "values": 1, "former": 0, "api_keys": 0},
        {"tenant": "beta", "version": 1, "state": "active", "days": 3, "values": 1, "former": 0, "api_keys": 0}], told
    assert told["roots"] == [{"kind": "key", "name": "", "days": 0}]
    assert told["summary"] == {"secrets": 4, "last_anchor": None, "last_backup": None, "due": 0, "known": 0,
                               "known_apikeys": 0, "former_versions": 1, "expired": 0, "expiring": 0,
                               "generation": 4}, told
    beta = status(box, "beta")
    assert {row["tenant"] for row in beta["versions"]} == {"beta"} and beta["summary"]["secrets"] == 1
    assert places(beta["unused"]) == ["beta/db:password"] and beta["due"] == []
    assert len(box.log()) == before
    box.run("status", "gamma", status=3, told="gamma")


@test
def what_is_due_comes_with_the_command_that_ends_it(box):
    box.put_secret()
    make_older(box, 91)
    box.run("status", "--check", status=DUE, told="1 to rotate, 0 past their date")
    assert status(box, "--due", "92d", "--check")["due"] == []
    assert status(box, "--due", "14w", "--check")["due"] == []
    assert status(box, "--due", day(-92), "--check")["due"] == []
    assert len(status(box, "--due", day(-80))["due"]) == 1
    seen = []
    for _ in range(3):
        due = status(box)["due"]
        seen.append([(row["version"], row["why"], row["command"]) for row in due])
        for row in due:
            box.run(*shlex.split(row["command"])[1:])
    assert seen == [[(1, "active for 91 days", "bulla rotate --tenant acme")],
                    [(1, "1 left under it", "bulla rewrap --tenant acme --destroy")], []], seen
    box.run("status", "--check")


@test
def a_version_without_anything_under_it_is_to_be_destroyed(box):
    box.put_secret()
    box.run("rotate", "--tenant", "acme")
    box.get()
    assert [row["why"] for row in status(box)["due"]] == ["nothing left under it"]
    box.run("status", "--check")


@test
def ages_that_are_none_are_refused(box):
    for due in ("90", "x", "90q", "-90d", day(1)):
        box.run("status", f"--due={due}", status=2, told="--due takes an age")


@test
def secrets_past_their_date_are_told_and_those_near_it(box):
    for name, offset in (("over", -1), ("near", 29), ("far", 32)):
        box.run("put", f"acme/{name}", "--secret", "f", "--expires", day(offset), stdin="x")
    box.run("put", "acme/lure", "--secret", "f", "--expires", day(-1), "--canary", stdin="x")
    box.put_secret("acme/none", "f")
    told = status(box)
    assert [(row["entry"], row["state"]) for row in told["expiring"]] == [("over", "expired"), ("near", "soon")], told
    assert told["expiring"][1]["expires"] == day(29) + "T00:00:00Z"
    assert (told["summary"]["expired"], told["summary"]["expiring"]) == (1, 1)
    box.run("status", "--check", status=DUE, told="0 to rotate, 1 past their date")
    for row in told["expiring"]:
        box.run(*shlex.split(row["command"])[1:], stdin="new")
    assert status(box, "--check")["expiring"] == []


@test
def canaries_are_told_and_are_not_missed_as_unused(box):
    box.run("put", "acme/lure", "--secret", "f", "--canary", stdin="x")
    box.put_secret()
    told = status(box)
    assert places(told["canaries"]) == ["acme/lure:f"] and places(told["unused"]) == ["acme/db:password"], told
    box.run("get", "acme/lure", "f", "--reason", "test", status=3)
    assert places(status(box)["canaries"]) == ["acme/lure:f"]


@test
def a_use_stays_with_a_secret_under_its_new_names(box):
    for entry in ("acme/db", "acme/mail", "beta/db"):
        box.put_secret(entry)
        box.put_secret(entry, "token")
        box.get(entry)
    assert unused(box) == ["acme/db:token", "acme/mail:token", "beta/db:token"]
    box.run("mv", "acme/db", "password", "pw")
    box.run("mv", "acme/db", "acme/database")
    box.run("mv", "acme", "zeta")
    box.run("mv", "zeta/mail", "zeta/db")
    assert unused(box) == ["beta/db:token", "zeta/database:token", "zeta/db:token"]
    box.put_secret("acme/db")
    box.put_secret("zeta/database")
    assert unused(box) == ["acme/db:password", "beta/db:token", "zeta/database:password", "zeta/database:token",
                           "zeta/db:token"]


@test
def what_was_removed_and_put_again_is_unused(box):
    for entry in ("acme/db", "acme/mail", "beta/db"):
        box.put_secret(entry)
        box.put_secret(entry, "other")
        box.get(entry)
        box.get(entry, "other")
    assert unused(box) == []
    box.run("rm", "acme/db", "password")
    box.run("rm", "acme/mail")
    box.run("rm", "beta/db")
    box.run("rm", "beta")
    for entry in ("acme/db", "acme/mail", "beta/db"):
        box.put_secret(entry)
    assert unused(box) == ["acme/db:password", "acme/mail:password", "beta/db:password"]


@test
def only_a_use_that_was_granted_counts(box):
    box.put_secret()
    now = int(time.time())
    write(box, use(now, outcome="not-found"), use(now, outcome="limited"), use(now, op="put", outcome="done"),
          use(now, op="export-vault"), use(now, field="password#1"), use(now, entry="acme/db2"))
    assert unused(box) == ["acme/db:password"]
    write(box, change(now, "rename-from", "acme/db2"), use(now, outcome="limited", op="remove"))
    write(box, use(now))
    assert unused(box) == []
    write(box, use(now, outcome="refused", op="remove"))
    assert unused(box) == []


@test
def a_long_log_of_what_came_and_went_is_followed(box):
    box.write("value", b"v")
    box.run("put", "acme/kept", *(f"--secret-file=f{i}=value" for i in range(900)))
    now = int(time.time())
    records = [use(now, entry="acme/kept", field=f"f{i}") for i in range(0, 900, 2)]
    for i in range(40):
        records += [use(now, entry=f"acme/e{i}", field=f"f{j}") for j in range(50)]
        records += [change(now, "remove", f"acme/e{i}")]
    write(box, *records, change(now, "rename-from", "acme/kept"), change(now, "rename-to", "acme/moved"))
    box.run("mv", "acme/kept", "acme/last")  # of which the log just said something else
    write(box, change(now, "rename-from", "acme/moved"), change(now, "rename-to", "acme/last"))
    assert unused(box) == sorted(f"acme/last:f{i}" for i in range(1, 900, 2))


@test
def the_last_anchor_and_backup_are_told(box):
    box.run("audit", "anchor", "--out", "anchor")
    write(box, change(1900000000, "backup", "/a"), change(1800000000, "backup", "/b"))
    summary = status(box)["summary"]
    assert summary["last_backup"] == "2030-03-17T17:46:40Z" and summary["last_anchor"][:10] in (day(0), day(-1)), summary
    # One that had to be begun again, and failed; and one that failed while another was made.
    write(box, change(1900000010, "backup", "/c"), change(1900000020, "backup", "/c"),
          use(1900000030, entry="/c", outcome="failed", op="backup", field=""))
    assert status(box)["summary"]["last_backup"] == "2030-03-17T17:46:40Z"
    write(box, change(1900000040, "backup", "/d"), change(1900000050, "backup", "/e"),
          use(1900000060, entry="/d", outcome="failed", op="backup", field=""))
    assert status(box)["summary"]["last_backup"] == "2030-03-17T17:47:30Z"
    box.run("status")


@test
def check_counts_a_backup_and_an_anchor_that_are_late(box):
    old = int(time.time()) - 3 * DAY
    box.run("status", "--check")
    for kind, run in (("backup", "bulla backup"), ("anchor", "bulla audit anchor")):
        told = f"0 to rotate, 0 past their date; no {kind}: run {run}"
        box.run("status", "--check", f"--{kind}", "90d", status=DUE, told=told)
    write(box, change(old, "backup", ""))
    box.run("status")
    box.run("status", "--check", status=DUE, told="past their date; no backup since 20")
    box.run("status", "--check", "--backup", "4d")
    box.run("status", "--check", "--backup", "4d", "--anchor", "4d", status=DUE, told="; no anchor: run")
    write(box, change(old, "checkpoint", ""))
    box.run("status", "--check", "--backup", "4d", status=DUE, told="no anchor since 20")
    box.run("status", "--check", "--backup", "4d", "--anchor", "4d")
    now = int(time.time())
    write(box, change(now, "checkpoint", ""), change(now, "backup", ""))
    box.run("status", "--check", "--backup", "1h", "--anchor", "1h")
    box.run("status", "--backup", "1h", status=2, told="belong to --check")
    box.run("status", "--check", "--anchor", "90", status=2, told="--anchor takes an age")


@test
def the_text_says_what_there_is_not(box):
    text = box.run("status").decode()
    for line in ("No tenants.", "No key is due.", "No secret expires within 30 days.", "Every secret was used."):
        assert line + "\n" in text, text
    assert [line.split() for line in text.splitlines() if "last" in line] == [["last", "anchor", "never"],
                                                                              ["last", "backup", "never"]], text
    box.put_secret()
    text = box.run("status").decode()
    assert "acme    1        active  0     1       0       0" in text and "Canaries" not in text, text


@test
def a_mask_that_was_changed_is_refused(box):
    box.put_secret()
    box.put_secret("acme/mail")
    box.sql("UPDATE field SET mask = (SELECT mask FROM field WHERE entry <> f.entry LIMIT 1) FROM field f "
            "WHERE f.number = field.number AND field.number = 1")
    box.run("status", status=1, told="1 secret is not as it was put: somebody has changed it")


run_tests()
