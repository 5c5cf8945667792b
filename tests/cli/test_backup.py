# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Backup and restore as the manual describes them, of a vault that is in use."""

import contextlib
import os
import shutil
import sqlite3
import subprocess

from command import run_tests, test


@contextlib.contextmanager
def in_use(box):
    """Has a process with the vault open, which waits for its input: what others write stays in the -wal. Nothing is put
    by it, since the input is empty."""
    process = box.start("put", "acme/held", "--secret", "x", stdin=-1, stderr=-1)
    while not box.path("bulla.db-wal").exists():
        assert process.poll() is None, "it does not run"
    try:
        yield process
    finally:
        process.communicate(b"", timeout=60)


def back_up_with_the_program(box):
    subprocess.run('umask 077; sqlite3 bulla.db ".backup backup.db"', shell=True, check=True, cwd=box.folder)


def back_up_with_the_library(box):
    box.write("backup.db", "")
    with contextlib.closing(sqlite3.connect(box.path("bulla.db"))) as source:
        with contextlib.closing(sqlite3.connect(box.path("backup.db"))) as copy:
            source.backup(copy)


def restore(box):
    for end in ("-wal", "-shm"):
        box.path(f"bulla.db{end}").unlink(missing_ok=True)
    os.replace(box.path("backup.db"), box.path("bulla.db"))


def entries(box, *options):
    return [entry["entry"] for entry in box.json("list", *options)]


def back_up_and_restore(box, back_up):
    with in_use(box):
        box.put_secret("acme/db", "password", b"s3cret-of-acme")
        box.get()
        records = box.json("audit", "verify")["records"]
        back_up(box)
        assert box.path("backup.db").stat().st_mode & 0o77 == 0
        assert box.json("audit", "verify", "--vault", "sqlite:backup.db") == {"records": records, "lanes": 1, "bad_lane": None, "bad_seq": None}
        box.put_secret("acme/later", "password", b"x")
        shutil.copy(box.path("bulla.db-wal"), box.path("left behind"))
    assert entries(box) == ["db", "later"]
    os.replace(box.path("left behind"), box.path("bulla.db-wal"))  # as after a crash
    restore(box)
    assert box.json("audit", "verify") == {"records": records, "lanes": 1, "bad_lane": None, "bad_seq": None}
    assert entries(box) == ["db"] and box.get() == b"s3cret-of-acme"


@test
def a_vault_in_use_is_backed_up_by_the_library_and_restored(box):
    back_up_and_restore(box, back_up_with_the_library)


if shutil.which("sqlite3") is not None:
    @test
    def a_vault_in_use_is_backed_up_by_the_program_and_restored(box):
        back_up_and_restore(box, back_up_with_the_program)


@test
def a_plain_copy_of_a_vault_in_use_lacks_what_the_number_of_records_tells(box):
    """Why the manual has the numbers compared: the copy is a valid vault."""
    with in_use(box):
        box.put_secret("acme/db", "password", b"s3cret-of-acme")
        records = box.json("audit", "verify")["records"]
        shutil.copy(box.path("bulla.db"), box.path("copy.db"))
        copied = box.json("audit", "verify", "--vault", "sqlite:copy.db")
        assert copied == {"records": 1, "lanes": 1, "bad_lane": None, "bad_seq": None} and records > 1, (copied, records)
        assert entries(box, "--vault", "sqlite:copy.db") == []


@test
def who_has_the_vault_open_notices_a_restore_by_moving(box):
    with in_use(box) as process:
        box.put_secret("acme/db", "password", b"s3cret-of-acme")
        back_up_with_the_library(box)
        restore(box)
        _, errors = process.communicate(b"value", timeout=60)
        assert process.returncode == 4 and b"moved, replaced or removed" in errors, errors
    assert entries(box) == ["db"]


run_tests()
