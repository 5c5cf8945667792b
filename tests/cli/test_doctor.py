# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""doctor says what is wrong with a vault in a file, and nothing else is. Usage: test_doctor.py BULLA CLOCK

CLOCK is tests/cli/shift_clock.c, to be preloaded."""

import os
import resource
import sqlite3
import sys

from command import SANITIZED, Skip, run_as_nobody, run_tests, test
from doctor import examine, only

CLOCK = os.path.abspath(sys.argv[2])


@test
def nothing_is_wrong_with_a_new_vault(box):
    box.put_secret()
    before = len(box.log())
    found = examine(box)
    assert {verdict for verdict, _, _ in found.values()} == {"ok"}, found
    assert set(found) == {"bulla", "memory", "engine", "SQLite", "file", "folder", "journal", "integrity", "audit log",
                          "clock"}, found
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
    only(box, "integrity", "problem", "restore a backup")


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


run_tests()
