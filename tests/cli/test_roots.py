#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""info, root, upgrade, audit anchor. Usage: test_roots.py BULLA"""

import pathlib
import shutil

from command import run_tests, test, test_without_vault

FORMAT_1 = pathlib.Path(__file__).resolve().parents[1] / "data/format1"
OLD_ROOT = {"BULLA_ROOT": "env:OLD", "OLD": "00112233445566778899aabbccddeeff" * 2}


def kinds(box):
    return [(root["kind"], root["name"]) for root in box.json("root", "list")]


@test
def a_second_key_opens_the_vault_until_it_is_removed(box):
    box.put_secret()
    box.run("root", "add", "file:second.key", "--create", "--name", "second")
    assert kinds(box) == [("key", ""), ("key", "second")]
    assert box.path("second.key").stat().st_mode & 0o777 == 0o600
    box.run("list", "--root", "file:second.key")
    box.run("root", "rm", "second", "--root", "file:second.key", status=2, told="the vault was opened with it")
    box.run("root", "rm", "second", "--reason", "spare key was lost")
    box.run("list", "--root", "file:second.key", status=1, told="not the root key of this vault")
    assert kinds(box) == [("key", "")]
    assert [(r["op"], r["entry"]) for r in box.log()][-2:] == [("root-add", "second"), ("root-remove", "second")]


@test
def roots_that_cannot_be_added_or_removed_are_named(box):
    box.run("root", "add", "file:root.key", status=2, told="it is a root of this vault already")
    box.run("root", "add", "file:none.key", status=4, told="none.key")
    box.run("root", "add", "file:root.key", "--create", status=2, told="already exists")
    box.run("root", "add", "env:X", "--create", status=2, told="--create makes the file of file:PATH alone")
    box.run("root", "add", "bullar_00", status=2, told="recipient")
    box.run("root", "add", "bullar_00", "--create", status=2, told="--create makes the file of file:PATH alone")
    box.run("root", "add", "env:NONE", status=4, told="it gives no root key")
    box.run("root", "add", "file:c.key", "--create", "--name", "0123456789abcdef" * 2, status=2,
            told="the new key file stays")
    box.run("root", "add", "file:b.key", "--create", "--name", "not/a/name", status=2)
    box.run("root", "rm", "nobody", status=3, told="no such root")
    only = box.json("root", "list")[0]["id"]
    box.run("root", "rm", only, status=2, told="the last root that is no recipient")
    assert kinds(box) == [("key", "")]


@test
def a_recipient_recovers_a_vault_whose_key_is_lost(box):
    box.put_secret()
    text = box.run("root", "recipient", "file:recovery.key").decode().strip()
    assert text.startswith("bullar_") and len(text) == 79 and text.isascii()
    box.run("root", "recipient", "file:recovery.key", status=2, told="exists")
    box.run("root", "recipient", "env:X", status=2, told="file:PATH")
    box.run("root", "add", text[:-1] + ("0" if text[-1] != "0" else "1"), status=2, told="checksum")
    told = box.run("root", "add", text, "--name", "recovery").decode()
    fingerprint = box.json("info")["fingerprint"]
    assert f"--fingerprint {fingerprint}\n" in told, told
    box.path("root.key").unlink()
    recovery = ["--root", "recipient:file:recovery.key"]
    box.run("list", *recovery, status=1, told="only with --fingerprint")
    box.run("list", *recovery, "--fingerprint", "00" * 32, status=1, told="not the vault")
    box.run("list", *recovery, env={"BULLA_FINGERPRINT": ""}, status=2, told="not a fingerprint")
    pinned = [*recovery, "--fingerprint", fingerprint]
    box.run("root", "add", "file:new.key", "--create", *pinned)
    assert box.json("list", "--root", "file:new.key")[0]["entry"] == "db"


@test
def an_anchor_finds_a_log_that_was_replaced(box):
    box.put_secret()
    shutil.copy(box.path("bulla.db"), box.path("older.db"))
    box.get()
    box.run("audit", "anchor", "--out", "anchor")
    box.run("audit", "anchor", "--out", "anchor", status=2, told="there is a file already")
    note = box.path("anchor").read_bytes()
    assert note.startswith(b"bulla audit anchor\nbulla/") and len(note) < 1000
    box.get()
    assert b"unbroken" in box.run("audit", "verify", "--anchor", "anchor")
    assert box.json("audit", "verify", "--anchor", "anchor")["bad_seq"] is None
    older = ["--vault", "sqlite:older.db"]
    box.run("audit", "verify", *older)
    box.run("audit", "verify", "--anchor", "anchor", *older, status=1, told="shorter than it was anchored")
    box.path("forged").write_bytes(note.replace(b" ", b"  ", 3))
    box.run("audit", "verify", "--anchor", "forged", status=1, told="not an anchor of this vault")
    box.run("audit", "verify", "--anchor", "none", status=4, told="none")
    box.path("empty").touch()
    box.run("audit", "verify", "--anchor", "empty", status=1, told="it is empty")
    assert box.log()[-2]["op"] == "checkpoint"
    box.run("audit", "anchor", "--out", "none/anchor", status=4, told="none/anchor")
    assert box.log()[-2]["op"] == "checkpoint", "nothing is recorded where nothing is written"


@test_without_vault
def a_vault_of_format_1_is_upgraded_and_kept(box):
    shutil.copy(FORMAT_1 / "small.db", box.path("bulla.db"))
    before = box.path("bulla.db").read_bytes()
    box.run("list", env=OLD_ROOT, status=4, told="bulla upgrade")
    box.run("upgrade", "--backup", "none/b", env=OLD_ROOT, status=4)
    box.run("upgrade", "--vault-id", "00" * 16, env=OLD_ROOT, status=1, told="not the vault")
    box.run("upgrade", "--vault-id", "00", env=OLD_ROOT, status=2, told="vault id")
    box.run("upgrade", "--fingerprint", "00" * 32, env=OLD_ROOT, status=2, told="no fingerprint")
    box.run("upgrade", "--backup", "bulla.db-journal", env=OLD_ROOT, status=2, told="part of another database")
    box.path("kept").touch()
    box.run("upgrade", "--backup", "kept", env=OLD_ROOT, status=2, told="move it away, or name another backup")
    assert box.path("bulla.db").read_bytes() == before
    assert b"bulla.db-format1" in box.run("upgrade", "--reason", "new version", env=OLD_ROOT)
    assert box.run("get", "acme/db", "password", "--reason", "x", env=OLD_ROOT) == b"hunter2"
    assert b"34 records" in box.run("audit", "verify", env=OLD_ROOT)
    box.run("upgrade", env=OLD_ROOT, status=2, told="already")
    box.run("list", "--vault", "sqlite:bulla.db-format1", env=OLD_ROOT, status=4, told="bulla upgrade")


run_tests()
