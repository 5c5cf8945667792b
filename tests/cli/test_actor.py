#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""actor, grant, and what an actor may do with --as. Usage: test_actor.py BULLA"""

import os
import pty
import re
import shlex
import shutil
import subprocess
import time

from command import run_tests, test

KEY = r"bullaa_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{72}"


def make(box, name, *grants, file=None):
    """Makes the actor |name| with a key file of its name and with |grants|, "ROLE TENANT"."""
    box.write(file or f"{name}.key", box.run("actor", "create", name))
    for grant in grants:
        box.run("grant", name, *grant.split())


def as_(name):
    return ["--as", f"file:{name}.key"]


def denied(box, name, *args, role, **options):
    """Runs bulla as the actor |name|, which must be refused with the |role| that is missing, and recorded."""
    before = len(box.log())
    box.run(*args, *as_(name), status=options.pop("status", 1), told=role, **options)
    records = box.log()[before:]
    assert [record["outcome"] for record in records] == ["denied"], (args, records)


def get_as(box, name, **options):
    return box.run("get", "acme/ai", "key", "--reason", "x", *as_(name), **options)


@test
def a_key_is_printed_once_and_is_nowhere_in_the_vault(box):
    printed = box.run("actor", "create", "front", "--json").decode()
    assert re.fullmatch(KEY + "\n", printed), printed
    assert [(a["name"], a["state"], a["number"]) for a in box.json("actor", "list")] == [("front", "active", 1)]
    assert printed.split("_")[2].encode() not in box.path("bulla.db").read_bytes()
    assert bytes.fromhex(printed.split("_")[2]) not in box.path("bulla.db").read_bytes()
    assert [(r["op"], r["entry"]) for r in box.log() if r["op"].startswith("actor")] == [("actor-create", "front")]
    box.run("actor", "create", "front", status=2, told="which nobody gets again")
    box.run("actor", "create", "not/a/name", status=2, told="not a name")
    box.run("actor", "create", printed.strip(), status=2, told="not a name")
    assert printed.strip() not in box.errors, "an error must not repeat what may be a key"
    table = box.run("actor", "list").decode()
    assert re.match(r"NAME +STATE +NUMBER +CREATED\nfront +active +1 +20", table), table


@test
def a_key_that_could_not_be_printed_is_no_good(box):
    with open("/dev/full", "wb") as full:
        box.run("actor", "create", "front", stdout=full, status=4, told="the actor was revoked")
    assert [(a["name"], a["state"]) for a in box.json("actor", "list")] == [("front", "revoked")]


@test
def a_front_end_stores_and_shows_and_cannot_read(box):
    box.put_secret("acme/db")
    make(box, "front", "put acme", "show acme")
    box.run("put", "acme/ai", "owner=alice", "--secret", "key", *as_("front"), stdin="sk-live-51H8xQd0v7tEXAMPLE")
    shown = {field["field"]: field["value"] for field in box.json("show", "acme/ai", *as_("front"))}
    assert shown["owner"] == "alice" and shown["key"].startswith("********") and "sk-live" not in shown["key"], shown
    assert {e["entry"] for e in box.json("list", "acme", *as_("front"))} == {"db", "ai"}
    denied(box, "front", "get", "acme/ai", "key", "--reason", "x", role="the role use")
    denied(box, "front", "get", "acme/db", "password", "--reason", "x", role="the role use")
    box.run("exec", "--env", "K=acme/ai:key", "--reason", "x", *as_("front"), "--", "env", status=125, told="the role use")
    box.run("put", "other/ai", "a=b", *as_("front"), status=3, told="the root makes tenants")
    for command in ("rm acme/ai", "mv acme/ai acme/b", "rotate --tenant acme", "rewrap", "limit list",
                    "root list", "status", "apikey create --tenant acme", "actor list", "actor create mallory",
                    "grant front use acme", "shred acme --yes", "keep acme/ai 0"):
        denied(box, "front", *shlex.split(command), role="only a root can do that")
    assert b"sk-live" in box.get("acme/ai", "key")


@test
def a_worker_reads_what_a_front_end_has_stored(box):
    box.put_secret("acme/db")
    make(box, "front", "put acme")
    make(box, "worker", "use acme")
    box.run("put", "acme/ai", "--secret", "key", *as_("front"), stdin="sk-live-0123456789")
    assert box.sql("SELECT count(*) FROM field WHERE writer IS NOT NULL") == [(1,)]
    assert get_as(box, "worker") == b"sk-live-0123456789"
    assert box.sql("SELECT count(*) FROM field WHERE writer IS NOT NULL") == [(0,)]
    assert get_as(box, "worker") == box.get("acme/ai", "key") == b"sk-live-0123456789"
    assert box.run("exec", "--env", "K=acme/ai:key", "--reason", "job", *as_("worker"), "--",
                   "sh", "-c", 'printf %s "$K"') == b"sk-live-0123456789"
    denied(box, "worker", "put", "acme/ai", "a=b", role="the role put")
    denied(box, "front", "show", "acme/ai", role="the role show")
    box.put_secret("beta/ai", "key")
    denied(box, "worker", "get", "beta/ai", "key", "--reason", "x", role="the role use")
    uses = [r for r in box.log() if r["op"] == "use" and r["reason"] == "job"]
    assert len(uses) == 1 and uses[0]["outcome"] == "granted", uses
    assert b"unbroken" in box.run("audit", "verify")


@test
def grants_are_listed_and_end(box):
    box.put_secret("acme/ai", "key", b"of-acme")
    box.put_secret("beta/ai", "key", b"of-beta")
    make(box, "worker", "use acme", "use --all-tenants")
    make(box, "front", "show beta")
    listed = [(g["actor"], g["role"], g["tenant"], g["all_tenants"], g["ended"]) for g in box.json("grant", "list")]
    assert sorted(listed) == [("front", "show", "beta", False, False), ("worker", "use", "", True, False),
                              ("worker", "use", "acme", False, False)], listed
    assert {g["actor"] for g in box.json("grant", "list", "front")} == {"front"}
    assert re.search(r"worker +use +\* +in force", box.run("grant", "list").decode())
    assert get_as(box, "worker") == b"of-acme"
    assert box.run("get", "beta/ai", "key", "--reason", "x", *as_("worker")) == b"of-beta"
    told = box.run("grant", "rm", "worker", "use", "--all-tenants").decode()
    assert told.startswith("of what grants that have ended, this and earlier ones, gave in all the vault:\n"), told
    assert "2 tenants have keys that are known" in told and "generation" in told, told
    assert get_as(box, "worker") == b"of-acme"
    denied(box, "worker", "get", "beta/ai", "key", "--reason", "x", role="the role use")
    told = box.json("grant", "rm", "worker", "use", "acme")
    assert told["due"] == 2 and told["generation"] > 0, told
    denied(box, "worker", "get", "acme/ai", "key", "--reason", "x", role="the role use")
    assert [g["actor"] for g in box.json("grant", "list")] == ["front"]
    assert len(box.json("grant", "list", "worker", "--ended")) == 2
    ops = [(r["op"], r["entry"], r["field"], r["tenant"]) for r in box.log() if r["op"] in ("grant", "grant-end")]
    assert ops == [("grant", "worker", "use", "acme"), ("grant", "worker", "use", ""), ("grant", "front", "show", "beta"),
                   ("grant-end", "worker", "use", ""), ("grant-end", "worker", "use", "acme")], ops


@test
def grants_that_are_none_are_told(box):
    box.put_secret("acme/ai", "key")
    make(box, "front", "show acme")
    box.run("grant", "front", "shwo", "acme", status=2, told="did you mean show?")
    box.run("grant", "front", "read", "acme", status=2, told="ROLE is put, show, use, verify or audit")
    box.run("grant", "front", "show", status=2, told="either TENANT or --all-tenants")
    box.run("grant", "front", "show", "acme", "--all-tenants", status=2, told="either TENANT or --all-tenants")
    box.run("grant", "front", "show", "*", status=2, told="all tenants are --all-tenants")
    box.run("grant", "fr/ont", "show", "acme", status=2, told="NAME: not a name")
    box.run("grant", "front", "show", "acme", status=2, told="bulla: grant show of front on acme: the actor has that grant already\n")
    box.run("grant", "add", "front", "show", "acme", status=2, told="argument 4 is too many: it takes NAME ROLE")
    box.run("grant", "nobody", "show", "acme", status=3, told="no such actor or tenant")
    box.run("grant", "front", "show", "beta", status=3, told="no such actor or tenant")
    box.run("grant", "rm", "front", "use", "acme", status=3, told="there is nothing to end")
    box.run("grant", "rm", "nobody", "use", "acme", status=3, told="there is no such actor")
    box.run("grant", "list", "nobody", status=3, told="bulla actor list")
    box.run("actor", "revoke", "nobody", status=3, told="bulla actor list")
    box.run("actor", "revoke", "front")
    box.run("grant", "front", "use", "acme", status=1, told="revoked, for good")


@test
def a_grant_of_a_tenant_that_is_gone_is_told(box):
    for tenant in ("acme", "beta", "gone"):
        box.put_secret(f"{tenant}/ai", "key")
    make(box, "front", "show acme", "show beta", "show gone")
    box.run("rm", "beta/ai")
    box.run("rm", "beta")
    box.run("shred", "gone", "--yes")
    table = box.run("grant", "list").decode()
    for line in ("front +show +acme +in force", "front +show +beta +tenant removed", "front +show +- +tenant removed"):
        assert re.search(line, table), table
    assert sorted((g["tenant"], g["tenant_removed"]) for g in box.json("grant", "list")) == [
        ("", True), ("acme", False), ("beta", True)]


@test
def an_actor_without_a_grant_is_told_why_nothing_is_listed(box):
    box.put_secret("acme/ai", "key")
    make(box, "front")
    terminal, errors = pty.openpty()
    assert box.start("list", *as_("front"), stdout=subprocess.DEVNULL, stderr=errors).wait(timeout=20) == 0
    assert b"the role show or use" in os.read(terminal, 1000)
    box.run("list", *as_("front"))  # a program reads no hint
    box.run("grant", "front", "show", "acme")
    assert b"acme" in box.run("list", *as_("front"))


@test
def an_actor_that_is_revoked_while_it_follows_is_told_what_to_do(box):
    make(box, "auditor", "audit --all-tenants")
    process = box.start("audit", "log", "--follow", *as_("auditor"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while b"grant" not in process.stdout.readline():
        pass
    box.run("actor", "revoke", "auditor")
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1 and b"bulla actor create" in errors and b"issuer" not in errors, errors


@test
def actors_stay_behind_when_a_vault_is_copied(box):
    box.put_secret("acme/ai", "key")
    copy = ["export", "sqlite:copy.db", "--target-root", "file:copy.key"]
    assert b"actor" not in box.run(*copy)
    make(box, "front", "show acme")
    make(box, "former")
    box.run("actor", "revoke", "former")
    assert b"1 actor and what was granted stays behind" in box.run(*copy)
    box.run("list", "acme", *as_("front"), "--vault", "sqlite:copy.db", status=1, told="not the vault that this key is for")


@test
def an_actor_may_be_called_as_a_command_is(box):
    box.put_secret("acme/ai", "key")
    make(box, "list")
    box.run("grant", "list", "use", "acme", status=2, told="too many")
    box.run("grant", "--", "list", "use", "acme")
    assert [g["role"] for g in box.json("grant", "list", "list")] == ["use"]
    assert box.run("--json", "grant", "list") == box.run("grant", "--json", "list")
    box.run("grant", "--reason", "x", "list", status=2, told="unknown option --reason")
    box.run("grant", "--reason", "x", "rm", "list", "use", "acme")


@test
def a_revoked_actor_is_refused_for_good(box):
    box.put_secret("acme/db")
    make(box, "front", "put acme")
    make(box, "worker", "use acme")
    for entry in ("ai", "bi"):
        box.run("put", f"acme/{entry}", "--secret", "key", *as_("front"), stdin="sk-live-0123456789")
    told = box.run("actor", "revoke", "front", "--reason", "left").decode()
    assert "front is revoked" in told and "2 values were sealed anew" in told, told
    assert "audit report --breach actor:front" in told and "tenant acme has keys" not in told, told
    box.run("put", "acme/ai", "a=b", *as_("front"), status=1, told="the actor was revoked: have a new one made")
    assert get_as(box, "worker") == b"sk-live-0123456789"
    box.run("actor", "revoke", "front", status=1, told="revoked already")
    box.run("actor", "create", "front", status=2, told="which nobody gets again")
    assert [(a["name"], a["state"]) for a in box.json("actor", "list")] == [("front", "revoked"), ("worker", "active")]
    assert box.json("grant", "list", "front") == []


@test
def what_is_denied_is_not_recorded_again_and_again(box):
    box.put_secret("acme/ai", "key")
    box.put_secret("beta/ai", "key")
    make(box, "customer", "audit acme")
    for options in ([], ["--json"], ["--last", "3"], ["--follow"]):
        denied(box, "customer", "audit", "log", *options, role="audit for all tenants")
        denied(box, "customer", "audit", "log", "--tenant", "beta", *options, role="the role audit")
    before = len(box.log())
    box.run("exec", "--env", "A=acme/ai:key", "--env", "B=beta/ai:key", "--reason", "x", *as_("customer"), "--", "env",
            status=125, told="the role use")
    told = [(r["op"], r["tenant"]) for r in box.log()[before:]]
    assert told == [("show", "acme"), ("use", "acme"), ("use", "beta")], told


@test
def no_actor_is_told_that_nothing_was_exposed(box):
    box.put_secret("acme/ai", "key")
    box.apikey()
    make(box, "auditor", "audit --all-tenants")
    box.run("audit", "report", *as_("auditor"))
    for breach in ("root", "tenant:acme", "actor:auditor", "backup:today"):
        box.run("audit", "report", "--breach", breach, *as_("auditor"), status=2, told="no actor can do this")
    assert len(box.json("audit", "report", "--breach", "root")["must_be_changed"]) == 1


def breach(box, name, *options):
    """The report of what the actor had: the actor's own, what was in its reach, API keys, and former values."""
    told = box.json("audit", "report", "--breach", f"actor:{name}", *options)
    entries = [[f"{one['tenant']}/{one['entry']}" for one in told[part]] for part in ("known_to_actor", "within_reach", "changed_since")]
    return (*entries, [one["id"] for one in told["apikeys_to_revoke"]], told["summary"]["fields_to_change"])


@test
def a_key_that_leaked_opens_more_than_the_log_tells(box):
    for entry in ("acme/ai", "acme/db", "beta/ai"):
        box.put_secret(entry, "key")
    box.put_secret("acme/db", "key", b"the second")
    apikeys = [box.apikey(), box.apikey("beta", "other")]
    make(box, "worker", "use acme")
    make(box, "verifier", "verify acme", "show --all-tenants")
    make(box, "all", "use --all-tenants", "verify --all-tenants")
    make(box, "idle")
    get_as(box, "worker")
    assert breach(box, "worker") == (["acme/ai"], ["acme/db"], ["acme/db"], [], 2), breach(box, "worker")
    assert breach(box, "verifier") == ([], [], [], apikeys[:1], 0), breach(box, "verifier")
    assert breach(box, "all") == ([], ["acme/ai", "acme/db", "beta/ai"], ["acme/db"], apikeys, 3), breach(box, "all")
    assert breach(box, "idle") == ([], [], [], [], 0), breach(box, "idle")
    box.run("audit", "report", "--breach", "actor:nobody", status=3, told="no record of that time")


@test
def what_a_revoked_actor_could_open_ends_with_its_keys(box):
    for entry in ("acme/ai", "acme/db", "acme/left"):
        box.put_secret(entry, "key")
    make(box, "worker", "use acme", "verify acme")
    box.run("actor", "revoke", "worker")
    box.put_secret("acme/late", "key")
    late = box.apikey()
    every = ["acme/ai", "acme/db", "acme/late", "acme/left"]
    assert breach(box, "worker") == ([], every, [], [late], 4), breach(box, "worker")
    box.run("actor", "revoke", "worker", "--now")
    assert breach(box, "worker") == ([], every, [], [late], 4), breach(box, "worker")
    time.sleep(1.1)  # the times of fields are in seconds
    for entry in ("acme/ai", "acme/db", "acme/late"):
        box.put_secret(entry, "key", b"another")
    box.run("restore", "acme/db", "key", "--revision", "1", "--reason", "undo")
    box.put_secret("acme/new", "key")
    box.apikey(name="new")
    known, reach, former, apikeys, num = breach(box, "worker")
    assert (known, reach, apikeys, num) == ([], ["acme/db", "acme/left"], [late], 2), (known, reach, apikeys, num)
    assert sorted(former) == ["acme/ai", "acme/db", "acme/late"], former


@test
def what_is_only_said_to_be_of_an_actor_with_a_key_is_not_its_own(box):
    box.put_secret("acme/ai", "key")
    box.put_secret("acme/db", "key")
    make(box, "worker", "use acme")
    get_as(box, "worker")
    box.run("get", "acme/db", "key", "--reason", "x", "--actor", "worker")
    assert breach(box, "worker")[:2] == (["acme/ai"], ["acme/db"]), breach(box, "worker")
    told = box.run("audit", "report", "--breach", "actor:worker").decode()
    assert "bulla actor revoke NAME --now" in told and "said of itself" not in told, told
    box.run("get", "acme/db", "key", "--reason", "x", "--actor", "other")
    told = box.run("audit", "report", "--breach", "actor:other").decode()
    assert "said of itself" in told and "actor revoke" not in told, told


@test
def what_a_distrusted_actor_has_put_is_refused(box):
    box.put_secret("acme/db")
    make(box, "front", "put acme")
    box.run("put", "acme/ai", "--secret", "key", *as_("front"), stdin="sk-live-0123456789")
    assert "refused until it is put again" in box.run("actor", "revoke", "front", "--distrust").decode()
    box.get("acme/ai", "key", status=1, told="refused")
    box.put_secret("acme/ai", "key", b"by-root")
    assert box.get("acme/ai", "key") == b"by-root"


@test
def what_a_revoked_actor_knew_is_due_until_it_has_new_keys(box):
    for tenant in ("acme", "beta", "gamma"):
        box.put_secret(f"{tenant}/ai", "key")
    make(box, "worker", "use acme", "show beta")
    box.run("status", "--check")
    told = box.json("actor", "revoke", "worker")
    assert (told["actor"], told["adopted"], told["rotated"], told["due"]) == ("worker", 0, 0, 2), told
    box.run("status", "--check", status=5, told="2 to rotate, 0 past their date, 2 known by an ended grant")
    status = box.json("status")
    assert status["summary"]["known"] == 2 and status["summary"]["generation"] == told["generation"], status["summary"]
    assert [(row["tenant"], row["why"], row["command"]) for row in status["due"]] == [
        ("acme", "known by an ended grant", "bulla rotate --tenant acme"),
        ("beta", "known by an ended grant", "bulla rotate --tenant beta")], status["due"]
    doctor = {row["what"]: row for row in box.json("doctor")}
    assert doctor["known keys"]["verdict"] == "warning" and "2 versions are" in doctor["known keys"]["value"], doctor
    told = box.json("actor", "revoke", "worker", "--now")
    assert (told["rotated"], told["due"], told["former_versions"]) == (2, 0, 2), told
    assert [row["why"] for row in box.json("status")["due"]] == ["known by an ended grant, 1 left under it"] * 2
    box.run("rewrap", "--destroy")
    assert box.json("status")["due"] == []
    box.run("status", "--check")
    assert {row["what"]: row["verdict"] for row in box.json("doctor")}["known keys"] == "ok"


@test
def a_tenant_that_cannot_be_rotated_keeps_no_other_from_it(box):
    box.put_secret("acme/ai", "key")
    box.put_secret("beta/ai", "key")
    make(box, "worker", "use --all-tenants")
    for _ in range(31):
        box.run("rotate", "--tenant", "acme")
    told = box.run("actor", "revoke", "worker", "--now", status=2,
                   told=["tenant acme: it has 32 versions", "; the actor is revoked"]).decode()
    assert "1 tenant has new keys" in told and "tenant acme has keys that are known" in told, told
    box.run("rewrap", "--destroy")
    assert box.json("actor", "revoke", "worker", "--now")["rotated"] == 1
    box.run("rewrap", "--destroy")
    box.run("status", "--check")


@test
def api_keys_that_a_verifier_knew_are_due_until_they_are_revoked(box):
    apikey = box.apikey()
    make(box, "edge", "verify acme")
    token = box.mint()
    assert box.verify(token, *as_("edge"))["sub"] == "alice"
    assert box.run("token", "refresh", *as_("edge"), stdin=token).count(b".") == 4
    assert [key["id"] for key in box.json("apikey", "list", "--tenant", "acme", *as_("edge"))] == [apikey]
    denied(box, "edge", "apikey", "revoke", apikey, role="only a root can do that")
    make(box, "worker", "use acme")
    box.run("token", "verify", *as_("worker"), stdin=token, status=1, told="this actor has not the role verify")
    box.run("token", "refresh", *as_("worker"), stdin=token, status=1, told="this actor has not the role verify")
    told = box.run("actor", "revoke", "edge").decode()
    assert "1 API key is known" in told and "bulla apikey revoke" in told, told
    due = box.json("status")["due"]
    assert "1 API key known by an ended grant" in [row["why"] for row in due], due
    box.run("rotate", "--tenant", "acme")
    box.run("rewrap", "--destroy")
    assert box.json("status")["summary"]["known_apikeys"] == 1
    box.run("apikey", "revoke", apikey)
    assert box.json("status")["summary"]["known_apikeys"] == 0
    box.run("token", "verify", *as_("edge"), stdin=token, status=1, told="the actor was revoked: have a new one made")


@test
def an_auditor_reads_the_log_and_nothing_else(box):
    box.put_secret("acme/ai", "key")
    box.put_secret("beta/ai", "key")
    make(box, "auditor", "audit --all-tenants")
    make(box, "customer", "audit acme")
    lines = box.run("audit", "log", "--json", *as_("auditor")).splitlines()
    assert len(lines) == len(box.run("audit", "log", "--json").splitlines()) and b'"entry":"ai"' in b"".join(lines)
    assert b"unbroken" in box.run("audit", "verify", *as_("auditor"))
    own = box.run("audit", "log", "--tenant", "acme", "--json", *as_("customer"))
    assert b'"tenant":"acme"' in own and b"beta" not in own, own
    before = len(box.log())
    assert box.run("audit", "log", "--tenant", "acme", "--until", "2020-01-01", "--json", *as_("customer")) == b""
    assert len(box.log()) == before, "nothing was asked for that a role is missing for"
    denied(box, "customer", "audit", "verify", role="the role audit")
    for name in ("auditor", "customer"):
        denied(box, name, "get", "acme/ai", "key", "--reason", "x", role="the role use")
        denied(box, name, "show", "acme/ai", role="the role show")


@test
def who_opens_the_vault_is_one_and_is_named(box):
    box.put_secret("acme/ai", "key", b"of-acme")
    make(box, "worker", "use acme")
    key = box.path("worker.key").read_text().strip()
    box.run("list", "acme", "--root", "file:root.key", *as_("worker"), status=2, told="--root and --as")
    actor = {"BULLA_ACTOR": "file:worker.key"}
    box.run("list", "acme", env=actor, status=2, told="both BULLA_ROOT and BULLA_ACTOR are set")
    box.run("list", "acme", env={**actor, "BULLA_ROOT": None})
    box.run("list", "acme", env={**actor, "BULLA_ROOT": ""})
    box.run("actor", "list", "--root", "file:root.key", env=actor)
    box.run("list", "acme", *as_("worker"), env={**actor, "BULLA_ROOT": "file:none"})
    box.run("list", "acme", env={"BULLA_ROOT": None}, status=2, told=["BULLA_ROOT", "BULLA_ACTOR", "--as"])
    for provider, env in (("env:K", {"K": key}), ("cred:worker.key", {"CREDENTIALS_DIRECTORY": str(box.folder)}),
                          ("cmd:cat worker.key", {})):
        assert box.run("get", "acme/ai", "key", "--reason", "x", "--as", provider, env=env) == b"of-acme", provider
    with open(box.path("worker.key"), "rb") as file:
        assert box.run("get", "acme/ai", "key", "--reason", "x", "--as", "fd:0", stdin=file) == b"of-acme"
    assert "roots" not in box.run("info", *as_("worker")).decode() and box.json("info", *as_("worker"))["roots"] is None
    for command in ("init --vault sqlite:new.db", "backup b", "restore b --vault sqlite:new.db", "upgrade",
                    "export sqlite:new.db --target-root file:new.key", "rotate --new-root file:new.key --create",
                    "import vault sqlite:bulla.db --source-root file:root.key --vault sqlite:new.db",
                    "root add file:new.key --create"):
        box.run(*shlex.split(command), *as_("worker"), status=2, told="no actor can do this")
    assert not box.path("new.db").exists() and not box.path("new.key").exists()


@test
def keys_that_are_none_are_told_apart(box):
    box.put_secret("acme/ai", "key")
    make(box, "worker", "use acme")
    key = box.path("worker.key").read_text().strip()
    for text, status, told in ((key[:-1] + ("0" if key[-1] != "0" else "1"), 1, "mistyped"),
                               (key[:-1], 2, "this has 176"), (key + " ", 2, "this has 178"),
                               (key.upper(), 2, "in lower case"), ("5a" * 32, 2, "begins with bullaa_"),
                               ("", 4, "--as")):
        box.write("bad.key", text)
        box.run("list", *as_("bad"), status=status, told=told)
    box.run("list", "--as", "file:root.key", status=2, told="begins with bullaa_")
    box.run("list", "--root", "file:worker.key", status=2, told="it is the key of an actor")
    box.run("list", "--as", "file:none.key", status=4, told=["none.key", "--as"])
    for provider in ("passphrase", "wrap:x", "sha256-env:PATH", "recipient:file:worker.key", key):
        box.run("list", "--as", provider, status=2, told="--as or BULLA_ACTOR takes one of")
        assert key not in box.errors, box.errors
    box.run("list", "--as", f"file:{key}", status=4)
    assert key not in box.errors, box.errors
    box.run("init", "--vault", "sqlite:other.db", "--reuse-root")
    box.run("list", *as_("worker"), "--vault", "sqlite:other.db", status=1, told="not the vault that this key is for")
    box.run("list", "acme", *as_("worker"), "--vault-id", "00" * 16, status=1, told="pinned")
    box.run("list", "acme", *as_("worker"), "--fingerprint", box.json("info")["fingerprint"])


@test
def a_vault_that_was_put_back_is_refused_by_its_generation(box):
    box.put_secret("acme/ai", "key")
    make(box, "worker", "use acme")
    make(box, "other", "use acme")
    shutil.copy(box.path("bulla.db"), box.path("older.db"))
    generation = box.json("actor", "revoke", "other")["generation"]
    assert box.json("status")["summary"]["generation"] == generation
    older = ["--vault", "sqlite:older.db"]
    pinned = {"BULLA_GENERATION": str(generation)}
    box.run("list", *older, *as_("other"), "acme")
    for opener in ([], as_("worker"), as_("other")):
        box.run("list", "acme", *older, *opener, env=pinned, status=1, told="older")
        box.run("list", "acme", *older, *opener, "--generation", str(generation), status=1)
    box.run("list", "acme", *as_("worker"), env=pinned)
    box.run("list", env=pinned)
    for opener in ([], as_("worker")):
        box.run("list", "acme", *opener, env={"BULLA_GENERATION": str(generation + 1)}, status=1,
                told=["older than --generation or BULLA_GENERATION says", "a slip", "restored from a backup",
                      f"has generation {generation}, and the options ask for {generation + 1}"])
    for bad in ("", "x", "1x", "-1", "9" * 30):
        box.run("list", env={"BULLA_GENERATION": bad}, status=2, told="--generation or BULLA_GENERATION")


@test
def a_command_does_not_inherit_what_leads_to_the_key(box):
    box.put_secret("acme/ai", "key", b"of-acme")
    make(box, "worker", "use acme")
    key = box.path("worker.key").read_text().strip()
    script = 'env; for fd in /proc/self/fd/*; do readlink "$fd" || :; done'
    printed = box.run("exec", "--env", "K=acme/ai:key", "--reason", "x", "--", "sh", "-c", script,
                      env={"BULLA_ROOT": None, "BULLA_ACTOR": "env:MINE", "MINE": key}).decode()
    assert "K=of-acme" in printed and key not in printed and "BULLA_ACTOR" not in printed, printed
    with open(box.path("worker.key"), "rb") as file:
        printed = box.run("exec", "--env", "K=acme/ai:key", "--reason", "x", "--as", f"fd:{file.fileno()}", "--", "sh",
                          "-c", script, env={"BULLA_ROOT": "env:R", "R": "x"}, pass_fds=[file.fileno()]).decode()
    assert "K=of-acme" in printed and "worker.key" not in printed and "BULLA_ROOT" not in printed, printed


@test
def the_log_says_who_it_was_by_the_key_and_on_whose_behalf(box):
    box.put_secret("acme/ai", "key")
    make(box, "worker", "use acme")
    box.run("get", "acme/ai", "key", "--reason", "x", *as_("worker"), "--actor", "alice")
    box.get("acme/ai", "key", env={})
    records = [r for r in box.log() if r["op"] == "use"]
    assert [r["proven"] for r in records] == ["worker", ""] and records[0]["actor"] == "alice", records
    assert records[0]["lane"] == 64 and records[1]["lane"] == 0, records


run_tests()
