# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""doctor says what is wrong with a vault in a file, and nothing else is. Usage: test_doctor.py BULLA MAKER CLOCK

MAKER is tests/cli/log_maker.c, which writes records, CLOCK is tests/cli/shift_clock.c, to be preloaded."""

import json
import os
import resource
import sqlite3
import sys
import time

from command import SANITIZED, Skip, run_as_nobody, run_tests, test
from doctor import NEW, PROBLEM, examine, only
from records import DAY, change, use, write

CLOCK = os.path.abspath(sys.argv[3])


@test
def nothing_is_wrong_with_a_new_vault(box):
    box.put_secret()
    before = len(box.log())
    found = examine(box)
    assert {what for what, each in found.items() if each[0] != "ok"} == NEW, found
    assert set(found) == {"bulla", "memory", "engine", "vault", "SQLite", "identity", "file", "folder", "journal",
                          "integrity", "audit log", "clock", "rotation", "known keys", "known API keys",
                          "former versions", "expiry", *NEW}, found
    info = box.json("info")
    assert found["vault"][1] == info["id"] and found["engine"][1].startswith(info["engine"] + ", ")
    assert f"inode {box.path('bulla.db').stat().st_ino} of" in found["identity"][1], found["identity"]
    assert all(found[what][0] == "warning" for what in NEW) and "bulla root add" in found["recovery"][2]
    assert found["audit log"][1] == f"{before} records, unbroken" and found["journal"][1] == "wal"
    assert found["SQLite"][1] == sqlite3.sqlite_version or found["SQLite"][1].count(".") == 2
    assert len(box.log()) == before
    lines = box.run("doctor").decode().splitlines()
    assert lines[0].split() == ["VERDICT", "WHAT", "VALUE", "REMEDY"] and len(lines) == len(found) + 1


@test
def permissions_that_are_too_wide_are_told(box):
    for mode, verdict in ((0o640, "warning"), (0o604, "warning"), (0o620, "problem"), (0o602, "problem")):
        box.path("bulla.db").chmod(mode)
        only(box, "file", verdict, f"mode {mode:04o}", "chmod 600")
    box.path("bulla.db").chmod(0o600)
    for mode in (0o770, 0o702, 0o777):
        box.folder.chmod(mode)
        only(box, "folder", "problem", f"mode {mode:04o}", "chmod go-w")
    box.folder.chmod(0o1777)
    assert examine(box)["folder"][0] == "ok"


@test
def a_damaged_page_is_told(box):
    box.put_secret()
    page = box.sql("PRAGMA wal_checkpoint(TRUNCATE); SELECT rootpage FROM sqlite_schema WHERE name = 'field_secret'")[0][0]
    size = box.sql("PRAGMA page_size")[0][0]
    with open(box.path("bulla.db"), "r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 16)
    only(box, "integrity", "problem", "restore a backup", besides={"rows"})


@test
def a_broken_log_is_told(box):
    box.put_secret()
    box.sql("UPDATE audit SET time = time + 1 WHERE seq = 2")
    only(box, "audit log", "problem", "record 2 of lane 0", "anchor")


@test
def a_clock_that_is_behind_is_told(box):
    if SANITIZED:
        raise Skip("a sanitizer must be the first library")
    box.put_secret()
    only(box, "clock", "warning", " s before the last record", env={"LD_PRELOAD": CLOCK, "CLOCK_SHIFT": "-3600"})
    assert examine(box, env={"LD_PRELOAD": CLOCK, "CLOCK_SHIFT": "3600"})["clock"][0] == "ok"


@test
def what_keeps_it_from_the_vault_is_told_after_what_was_found(box):
    assert b"engine" in box.run("doctor", "--vault", "sqlite:none.db", status=4, told="there is no vault here")
    if SANITIZED:
        raise Skip("sanitizers turn mlock(2) off")
    options = run_as_nobody()
    for path in (box.folder, *box.folder.iterdir()):
        os.chown(path, 65534 if options else -1, -1)
    out = box.run("doctor", status=4, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0)), **options)
    assert b"problem  memory" in out and b"at most 0 KiB" in out, out


def verdicts(box, *names):
    found = examine(box)
    return [found[name][0] for name in names]


@test
def who_looks_after_a_vault_is_not_warned(box):
    box.put_secret()
    text = box.run("root", "recipient", "file:recovery.key").decode().strip()
    box.run("root", "add", text)
    box.run("audit", "anchor", "--out", "anchor")
    now = int(time.time())
    write(box, change(now - 7500, "backup", "", actor="cron"))
    found = examine(box)
    assert {each[0] for each in found.values()} == {"ok"}, found
    assert (found["last anchor"][1], found["last backup"][1]) == ("0 hours ago", "2 hours ago"), found
    with_anchor = box.json("doctor", "--anchor", "anchor")
    assert [row["value"] for row in with_anchor if row["what"] == "anchor"] == ["anchor: the log has all that it says"]


@test
def anchors_and_backups_of_long_ago_do_not_count(box):
    then = int(time.time()) - 31 * DAY
    write(box, change(then, "backup", ""), change(then, "checkpoint", ""))
    assert verdicts(box, "last anchor", "last backup") == ["warning", "warning"]
    write(box, change(then + 2 * DAY, "backup", ""))
    assert verdicts(box, "last anchor", "last backup") == ["warning", "ok"]
    write(box, change(then + 2 * DAY + 1, "backup", ""), use(then + 2 * DAY + 2, entry="", outcome="failed", op="backup", field=""))
    assert verdicts(box, "last anchor", "last backup") == ["warning", "warning"]


@test
def what_is_due_is_told(box):
    box.put_secret()
    box.run("put", "acme/mail", "--secret", "pw", "--expires", "2026-01-31", stdin="x")
    only(box, "expiry", "warning", "1 secret is past its date", "bulla status")
    box.run("rm", "acme/mail")
    box.sql("UPDATE tenant_secret SET created = created - 91 * 86400")
    only(box, "rotation", "warning", "1 tenant has a key older than 90 days", "bulla rotate")
    box.run("rotate", "--tenant", "acme")
    only(box, "former versions", "warning", "1 former version of", "bulla rewrap --destroy")
    box.run("rewrap", "--destroy")
    assert verdicts(box, "rotation", "former versions", "expiry") == ["ok", "ok", "ok"]


@test
def a_mask_that_was_changed_is_told(box):
    box.put_secret()
    box.sql("UPDATE field SET mask = zeroblob(length(mask))")
    only(box, "rows", "problem", "tampered", "backup")


@test
def anchors_that_do_not_fit_are_told(box):
    box.run("audit", "anchor", "--out", "good")
    box.run("audit", "anchor", "--out", "early")
    box.put_secret()
    box.run("audit", "anchor", "--out", "late")
    box.write("forged", box.path("good").read_bytes().replace(b"bulla", b"bullb", 1))
    box.write("empty", b"")
    out = box.run("doctor", "--anchor", "good", "--anchor", "late", "--anchor", "forged", "--anchor", "empty", "--json",
                  status=PROBLEM, told="2 problems")
    told = [row["verdict"] + " " + row["value"] for row in json.loads(out) if row["what"] == "anchor"]
    assert told == ["ok good: the log has all that it says", "ok late: the log has all that it says",
                    "problem forged: not one of this vault", "problem empty: not one of this vault"], told
    box.run("doctor", "--anchor", "none", status=4, told="none")


run_tests()
