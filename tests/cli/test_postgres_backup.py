# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""backup and restore of a vault on a server, by pg_dump and pg_restore. BULLA_KILLS is how often a restore is killed; 3
unless it is set.

usage: test_postgres_backup.py BULLA CLIENT"""

import os
import random
import time
import urllib.parse

from command import test_without_vault
from pg_place import CLIENTS, Client, clients, place, run_with_server, wait_for_opened

KILLS = int(os.environ.get("BULLA_KILLS", "3"))
PASSWORD = "p4ss 'w0rd\\%"


def prepare(box):
    """Makes a vault, the current one of |box|, and pins it."""
    name = place.vault(box)
    box.environment["BULLA_FINGERPRINT"] = box.json("info")["fingerprint"]
    return name


def into(name):
    return ("--vault", place.server.url(name))


def has_vault(name):
    return place.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'bulla'", name) == "1"


@test_without_vault
def a_vault_in_use_is_backed_up_and_restored(box):
    prepare(box)
    with clients(box, CLIENTS, "using", endless=True) as started:
        wait_for_opened(started, 5)
        made = box.json("backup", "b")
        wait_for_opened(started, 5)
    assert box.path("b").stat().st_mode & 0o777 == 0o600 and made["lanes"] > 1, made
    new = into(place.database())
    told = box.json("restore", "b", *new)
    assert (told["id"], told["records"], told["lanes"]) == (made["id"], made["records"], made["lanes"]), told
    verdict = box.json("audit", "verify", *new)
    assert (verdict["records"], verdict["lanes"]) == (made["records"] + 2, made["lanes"] + 1), verdict
    ops = [(r["op"], r["entry"]) for r in box.log(*new) if r["lane"] == 0]
    assert ops[-3:] == [("backup", made["id"]), ("restore-vault", made["id"]), ("lane-open", str(made["lanes"]))], ops
    assert box.get(env={"BULLA_VAULT": new[1]}) == b"hunter2"
    box.run("put", "acme/more", "a=b", *new)
    assert not list(box.folder.glob("*.new-*"))


@test_without_vault
def who_remembers_the_lost_vault_refuses_the_restored_one(box):
    name = prepare(box)
    client = Client(box, "remembers")
    try:
        assert client.step() == "opened"
        box.run("backup", "b")
        assert client.step() == "opened"
        place.psql("DROP SCHEMA bulla CASCADE", name)
        box.run("restore", "b")
        for i in range(3):  # past what it remembers, too
            assert client.step() == "BULLA_AUDIT_BROKEN", client.said()
            box.run("put", "acme/more", f"a={i}")
    finally:
        client.end()


def fake(box, name, script):
    box.path("bin").mkdir(exist_ok=True)
    box.write(f"bin/{name}", f"#!/bin/sh\n{script}\n", mode=0o755)
    return {"PATH": f"{box.path('bin')}:{box.environment['PATH']}"}


@test_without_vault
def a_password_is_no_argument(box):
    name = prepare(box)
    place.psql("CREATE ROLE secretive SUPERUSER LOGIN PASSWORD 'x'")
    url = place.server.url(name).replace("user=postgres", "user=secretive&password=" + urllib.parse.quote(PASSWORD))
    other = url.replace(f"/{name}?", f"/{place.database()}?")
    for command, program, target in (("backup", "pg_dump", url), ("restore", "pg_restore", other)):
        record = f'printf "%s\\n" "$@" >> args; env > variables; exec {place.server.bin}/{program} "$@"'
        box.run(command, "b", "--root", "env:KEY", env={
            **fake(box, program, record), "BULLA_VAULT": target, "PGAPPNAME": "x", "LC_MESSAGES": "C",
            "KEY": box.path("root.key").read_text()})
        args = box.path("args").read_text()
        assert "--" in args and "w0rd" not in args, args
        variables = box.path("variables").read_text()
        assert f"PGPASSWORD={PASSWORD}\n" in variables and "PGAPPNAME=bulla\n" in variables, variables
        assert "LC_MESSAGES=C\n" in variables, variables
        assert not any(line.startswith(("BULLA_", "KEY=", "PGAPPNAME=x")) for line in variables.splitlines()), variables


@test_without_vault
def what_pg_dump_does_wrong_is_no_backup(box):
    prepare(box)
    real = f"{place.server.bin}/pg_dump"
    for script, told in (("exit 3", "pg_dump failed"),
                         (f'exec {real} "$@" --exclude-table-data=bulla.audit_head', "rows, and the vault has"),
                         (f'{real} "$@"; for a; do case $a in --file=*) truncate -s 5000 "${{a#--file=}}";; esac; done',
                          "pg_restore failed")):
        errors = box.start("backup", "b", env=fake(box, "pg_dump", script), stderr=-1).communicate(timeout=60)[1].decode()
        assert told in errors and not list(box.folder.glob("b*")) == [box.path("b")], (script, errors)
        assert not box.path("b").exists() and not list(box.folder.glob("b.new-*"))
    box.run("backup", "b", env={"PATH": str(box.folder)}, status=4, told="pg_dump cannot be run")


@test_without_vault
def who_is_not_the_owner_makes_no_backup(box):
    name = prepare(box)
    place.psql("CREATE ROLE whole LOGIN")
    place.psql("GRANT USAGE ON SCHEMA bulla TO whole; GRANT ALL ON ALL TABLES IN SCHEMA bulla TO whole; DO $$DECLARE t text; BEGIN "
               "FOR t IN SELECT tablename FROM pg_policies WHERE schemaname = 'bulla' AND policyname = 'whole' LOOP "
               "EXECUTE 'ALTER POLICY whole ON bulla.' || t || ' TO postgres, whole'; END LOOP; END$$", name)
    env = {"BULLA_VAULT": place.server.url(name).replace("user=postgres", "user=whole")}
    box.run("list", env=env)
    box.run("backup", "b", env=env, status=4, told="only the owner")


@test_without_vault
def what_is_no_backup_of_this_vault_is_not_loaded(box):
    prepare(box)
    box.run("backup", "b")
    name = place.database()
    new = into(name)
    box.run("restore", "b", *new, env={"BULLA_FINGERPRINT": None}, status=1,
            told=("the fingerprint of its vault must be given", box.environment["BULLA_FINGERPRINT"]))
    box.run("restore", "b", *new, env={"BULLA_FINGERPRINT": "0" * 64}, status=1)
    box.run("restore", "b", "--vault", "sqlite:new.db", status=2, told="the backup is of a vault in postgresql")
    content = box.path("b").read_bytes()
    for bad in (content[:-1], content[:3000], content[:2000] + b"x" + content[2001:]):
        box.write("bad", bad)
        box.run("restore", "bad", *new, status=1, told="take another backup")
    # A backup that was made well of what is none: found once it is loaded, and taken out again.
    box.run("init", "--root", "file:other.key", "--vault", place.server.url(place.database()), env={"BULLA_FINGERPRINT": None})
    box.run("restore", "b", *new, "--root", "file:other.key", status=1)
    assert not has_vault(name)
    box.run("restore", "b", *new)
    box.run("restore", "b", *new, status=2, told="exists already")


@test_without_vault
def pg_restore_alone_makes_no_vault(box):
    prepare(box)
    box.run("backup", "b")
    name = place.database()
    place.server.run("createdb", "-h", place.server.folder, "-U", "postgres", name, check=False)
    os.chmod(box.folder, 0o755)
    os.chmod(box.path("b"), 0o644)
    place.server.run("pg_restore", "-h", place.server.folder, "-U", "postgres", "-d", name, box.path("b"))
    box.run("list", *into(name), status=4, told="restored by half, or by another program")
    box.run("restore", "b", *into(name), status=2, told="a restore left it by half: if none is going on, DROP SCHEMA bulla CASCADE")
    place.psql("DROP SCHEMA bulla CASCADE", name)
    box.run("restore", "b", *into(name))


@test_without_vault
def a_restore_that_is_killed_leaves_a_vault_that_says_so_or_none(box):
    prepare(box)
    for i in range(4):
        box.run("put", f"acme/e{i}", "v=" + "x" * 60000)
    box.run("backup", "b")
    start = time.monotonic()
    box.run("restore", "b", *into(place.database()))
    within = (time.monotonic() - start) * 1.2
    for _ in range(KILLS):
        name = place.database()
        process = box.start("restore", "b", *into(name), stdout=-1, stderr=-1)
        time.sleep(random.uniform(0, within))
        process.kill()
        process.communicate()
        time.sleep(0.2)  # pg_restore may go on
        process = box.start("audit", "log", "--json", *into(name), stdout=-1, stderr=-1)
        out, errors = process.communicate(timeout=60)
        assert b'"op":"restore-vault"' in out if process.returncode == 0 else b"no vault" in errors or b"by half" in errors, errors


run_with_server()
