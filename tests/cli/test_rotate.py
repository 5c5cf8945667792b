#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""rotate, rewrap, shred, also killed in the middle, BULLA_KILLS times. Usage: test_rotate.py BULLA"""

import json
import os
import random
import signal
import subprocess
import time

from command import BULLA, SANITIZED, run_tests, test

NUM_KILLS = int(os.environ.get("BULLA_KILLS", 10 if SANITIZED else 40))


def versions(box):
    """How many fields are sealed under which version."""
    return dict(box.sql("SELECT k.version, count(f.number) FROM tenant_secret k LEFT JOIN field f ON f.secret_id = k.id "
                        "AND f.revision = (SELECT max(n.revision) FROM field n WHERE n.entry = f.entry AND n.name = f.name) "
                        "GROUP BY k.version"))


def put_many(box, num, tenant="acme", each=50):
    """Puts |num| secrets, |each| in an entry."""
    box.write("value", b"s3cret-of-many")
    for entry in range(0, num, each):
        names = [f"--secret-file=f{i}=value" for i in range(min(each, num - entry))]
        box.run("put", f"{tenant}/e{entry}", *names)


@test
def a_tenant_is_rotated_and_what_is_left_is_sealed_anew(box):
    box.put_secret()
    box.put_secret("acme/mail")
    assert b"acme seals under version 2 now" in box.run("rotate", "--tenant", "acme", "--reason", "yearly")
    assert box.get() == b"s3cret-of-acme"
    assert versions(box) == {1: 1, 2: 1}
    assert box.run("rewrap") == b"1 of 1 value sealed anew\n"
    assert versions(box) == {1: 0, 2: 2}
    assert box.json("rewrap", "--destroy") == {"total": 0, "done": 0, "refused": 0, "destroyed": 1, "stopped": False}
    assert versions(box) == {2: 2}
    assert box.json("rotate", "--tenant", "acme") == {"tenant": "acme", "version": 3}
    told = [(r["op"], r["tenant"], r["field"], r["reason"]) for r in box.log()[3:]]
    assert told == [("rotate-tenant", "acme", "2", "yearly"), ("use", "acme", "password", "test"),
                    ("rewrap", "acme", "1", ""), ("destroy-version", "acme", "1", ""),
                    ("rotate-tenant", "acme", "3", "")], told
    box.run("rotate", "--tenant", "beta", status=3, told="beta")
    box.run("rewrap", "--tenant", "beta", status=3, told="beta")


@test
def the_root_is_replaced(box):
    box.put_secret()
    assert b"name the new one wherever BULLA_ROOT" in box.run("rotate", "--root", "file:new.key", "--create")
    box.run("list", status=1, told="not the root key of this vault")
    new = {"BULLA_ROOT": "file:new.key"}
    assert box.get(env=new) == b"s3cret-of-acme"
    made = box.json("rotate", "--new-root", "file:third.key", "--create", "--name", "third", env=new)
    assert made == {"root": "file:third.key", "root_created": True}
    box.run("list", env=new, status=1)
    assert [(r["kind"], r["name"]) for r in box.json("root", "list", "--root", "file:third.key")] == [("key", "third")]
    record = box.log("--root", "file:third.key")[-1]
    assert (record["op"], record["entry"], len(record["field"])) == ("rotate-root", "third", 32)


@test
def a_root_that_was_replaced_or_removed_is_not_in_the_file_any_more(box):
    box.put_secret()
    box.run("root", "add", "file:spare.key", "--create", "--name", "spare")
    with box.start("audit", "log", "--follow", stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        box.run("root", "rm", "spare")
        box.run("rotate", "--new-root", "file:new.key", "--create")
        box.write("copy.db", box.path("bulla.db").read_bytes())
        holder.send_signal(signal.SIGTERM)
        holder.stdout.read()
    copy = {"BULLA_VAULT": "sqlite:copy.db"}
    for former in ("file:root.key", "file:spare.key"):
        box.run("list", "--root", former, env=copy, status=1, told="not the root key of this vault")
    assert box.get(env={**copy, "BULLA_ROOT": "file:new.key"}) == b"s3cret-of-acme"


@test
def what_is_to_be_rotated_must_be_clear(box):
    box.run("rotate", status=2, told="say what to rotate")
    box.run("rotate", "--root", "file:new.key", "--create", env={"BULLA_ROOT": None}, status=2,
            told="BULLA_ROOT must name the one that opens the vault")
    assert not box.path("new.key").exists()
    box.run("rotate", "--tenant", "acme", "--all", status=2, told="give one of them")
    box.run("rotate", "--tenant", "acme", "sqlite:x.db", status=2, told="--tenant T")
    box.run("rotate", "--new-root", "file:none.key", status=4, told="there is no such file: give --create to make it")
    box.run("rotate", "--all", status=2, told="TARGET_URL")
    box.run("rotate", "--new-root", "file:root.key", status=2, told="there already")
    text = box.run("root", "recipient", "file:recovery.key").decode().strip()
    box.run("rotate", "--new-root", text, status=2, told="does not open the vault")
    box.run("list")


@test
def after_a_breach_all_keys_are_new_in_a_new_vault(box):
    box.put_secret()
    box.put_secret("beta/db", secret=b"s3cret-of-beta")
    before = box.json("info")
    out = box.run("rotate", "--all", "sqlite:new.db", "--new-root", "file:new.key", "--reason", "breach").decode()
    for word in ("bulla info", "root add", "API keys", "at their origin", "evidence"):
        assert word in out, out
    new = {"BULLA_ROOT": "file:new.key", "BULLA_VAULT": "sqlite:new.db"}
    assert box.get("beta/db", env=new) == b"s3cret-of-beta"
    after = box.json("info", env=new)
    assert after["id"] != before["id"] and after["fingerprint"] != before["fingerprint"]
    for table, column in (("tenant", "label_key"), ("tenant", "detail_key"), ("tenant_secret", "wrapped"),
                          ("vault", "signing_key"), ("vault", "audit_key"), ("field", "value")):
        both = [set(box.sql(f"SELECT {column} FROM {table}", name=name)) for name in ("bulla.db", "new.db")]
        assert not both[0] & both[1], (table, column)
    box.run("list", env={"BULLA_VAULT": "sqlite:new.db"}, status=1)


@test
def a_shredded_tenant_is_gone_and_the_log_holds(box):
    box.put_secret()
    box.put_secret("beta/db", secret=b"s3cret-of-beta")
    key = box.apikey()
    token = box.mint()
    box.run("shred", "acme", status=2, told="give --yes")
    box.run("shred", "gamma", "--yes", status=3, told="gamma")
    assert box.get() == b"s3cret-of-acme"
    box.run("shred", "acme", "--yes", "--reason", "contract ended")
    box.get(status=3)
    box.refuse(token)
    box.run("apikey", "revoke", key, status=3)
    assert box.get("beta/db") == b"s3cret-of-beta"
    box.run("audit", "verify")
    shred = [r for r in box.log() if r["op"] == "shred"]
    assert [(r["tenant"], r["reason"], len(r["entry"])) for r in shred] == [("", "contract ended", 32)]
    assert sum(r["actor"] == "" for r in box.log()) == 3
    for name in ("bulla.db", "bulla.db-wal"):
        assert not box.path(name).exists() or b"acme" not in box.path(name).read_bytes(), name


@test
def ctrl_c_ends_a_rewrap_between_two_batches_and_the_next_one_goes_on(box):
    put_many(box, 12000, each=400)
    for i in range(100):  # until it is neither too early nor too late
        box.run("rotate", "--tenant", "acme")
        with box.start("rewrap", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(0.02 + i % 10 * 0.01)
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=60)
            status = process.returncode
        left = sum(list(versions(box).values())[:-1]) if status == 130 else 0
        box.run("rewrap", "--destroy")
        assert list(versions(box).values()) == [12000]
        assert status in (0, 130, -signal.SIGINT) and (status != 130 or left > 0), (status, left)
        if left > 0:
            assert b"run it again to go on" in out and b"ended by a signal" in errors, (out, errors)
            return
    raise AssertionError("no signal came in the middle")


def kill_at_random(box, *args):
    """Starts bulla, kills it after some time, and returns whether it had ended before."""
    with box.start(*args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(random.uniform(0, 0.06))
        process.kill()
        return process.wait(60) == 0


@test
def a_kill_leaves_each_of_them_done_or_not_begun(box):
    put_many(box, 400)
    box.put_secret("spare/db")
    roots = ["root.key", "other.key"]
    for i in range(NUM_KILLS):
        env = {"BULLA_ROOT": f"file:{roots[0]}"}
        box.environment.update(env)
        step = i % 4
        if step == 0:
            kill_at_random(box, "rotate", "--tenant", "acme")
        elif step == 1:
            kill_at_random(box, "rewrap", "--destroy")
        elif step == 2:
            box.path(roots[1]).unlink(missing_ok=True)
            kill_at_random(box, "rotate", "--new-root", f"file:{roots[1]}", "--create")
            if subprocess.run([BULLA, "list"], **box.options({}), capture_output=True, check=False).returncode != 0:
                roots.reverse()
                box.environment["BULLA_ROOT"] = f"file:{roots[0]}"
        else:
            kill_at_random(box, "shred", "spare", "--yes")
            there = subprocess.run([BULLA, "get", "spare/db", "password", "--reason", "t"], **box.options({}),
                                   capture_output=True, check=False)
            assert there.returncode in (0, 3) and there.stdout in (b"", b"s3cret-of-acme"), there
            box.put_secret("spare/db")
        box.run("audit", "verify")
        assert box.get("acme/e0", "f7") == b"s3cret-of-many"
        assert sum(versions(box).values()) == 401
    box.run("rewrap", "--destroy")
    assert sum(versions(box).values()) == 401
    assert box.get("acme/e350", "f49") == b"s3cret-of-many"


@test
def two_at_once_seal_each_value_once(box):
    put_many(box, 1500)
    box.run("rotate", "--tenant", "acme")
    both = [box.start("rewrap", "--json", stdout=subprocess.PIPE) for _ in range(2)]
    done = [json.loads(process.communicate(timeout=60)[0])["done"] for process in both]
    assert all(process.returncode == 0 for process in both) and sum(done) == 1500, done
    assert versions(box) == {1: 0, 2: 1500}
    records = [int(r["field"]) for r in box.log() if r["op"] == "rewrap"]
    assert sum(records) == 1500, records
    box.run("audit", "verify")


@test
def a_value_that_somebody_changed_stays_and_is_told(box):
    put_many(box, 60)
    box.run("rotate", "--tenant", "acme")
    box.sql("UPDATE field SET value = zeroblob(length(value)) WHERE name = 'f9'")
    run = subprocess.run([BULLA, "rewrap", "--destroy"], **box.options({}), capture_output=True, check=False)
    assert (run.returncode, run.stdout) == (1, b"58 of 60 values sealed anew, 0 versions destroyed\n"), run
    assert b"do not open" in run.stderr, run.stderr
    assert versions(box) == {1: 2, 2: 58}


@test
def a_full_disk_changes_nothing(box):
    put_many(box, 200)
    box.run("rotate", "--tenant", "acme")
    before = versions(box)
    for args in (["rotate", "--tenant", "acme"], ["rewrap"], ["shred", "acme", "--yes"]):
        run = subprocess.run(["bash", "-c", "ulimit -f 0; trap '' XFSZ; exec \"$0\" \"$@\"", BULLA, *args],
                             **box.options({}), capture_output=True, check=False)
        assert run.returncode == 4 and versions(box) == before, (args, run)
    box.run("audit", "verify")
    assert box.get("acme/e0", "f7") == b"s3cret-of-many"


if __name__ == "__main__":
    run_tests()
