#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Actors of a vault on a server: what they put, use and verify, and what ends with them.

usage: test_postgres_actor.py BULLA CLIENT

CLIENT is tests/cli/pg_client.c."""

from command import test_without_vault
from pg_place import place, run_with_server


def make(box, name, *grants):
    box.write(f"{name}.key", box.run("actor", "create", name))
    for grant in grants:
        box.run("grant", name, *grant.split())


def as_(name):
    return ["--as", f"file:{name}.key"]


@test_without_vault
def a_front_end_stores_on_a_server_what_a_worker_reads(box):
    place.vault(box)
    make(box, "front", "put acme", "show acme")
    make(box, "worker", "use --all-tenants")
    box.run("put", "acme/ai", "--secret", "key", *as_("front"), stdin="sk-live-0123456789")
    assert [field["field"] for field in box.json("show", "acme/ai", *as_("front"))] == ["key"]
    box.run("get", "acme/ai", "key", "--reason", "x", *as_("front"), status=1, told="the role use")
    assert box.run("get", "acme/ai", "key", "--reason", "x", *as_("worker")) == b"sk-live-0123456789"
    assert box.run("get", "acme/db", "password", "--reason", "x", *as_("worker")) == b"hunter2"
    box.run("put", "acme/ai", "a=b", *as_("worker"), status=1, told="the role put")
    proven = {(r["proven"], r["op"], r["outcome"]) for r in box.log()}
    assert {("front", "put", "done"), ("front", "use", "denied"), ("worker", "use", "granted"),
            ("worker", "put", "denied"), ("", "actor-create", "done")} <= proven, proven
    assert b"unbroken" in box.run("audit", "verify")


@test_without_vault
def what_ends_on_a_server_ends_for_every_process(box):
    place.vault(box)
    make(box, "worker", "use acme")
    make(box, "front", "put acme")
    box.run("put", "acme/ai", "--secret", "key", *as_("front"), stdin="sk-live-0123456789")
    told = box.json("actor", "revoke", "front")
    assert told["adopted"] == 1, told
    box.run("put", "acme/ai", "a=b", *as_("front"), status=1, told="the actor was revoked")
    box.run("grant", "rm", "worker", "use", "acme")
    box.run("get", "acme/ai", "key", "--reason", "x", *as_("worker"), status=1, told="the role use")
    told = box.json("actor", "revoke", "worker", "--now")
    assert (told["rotated"], told["due"], told["former_versions"]) == (1, 0, 1), told
    box.run("rewrap")
    assert [row["why"] for row in box.json("status")["due"]] == ["known by an ended grant, nothing left under it"]
    assert box.get("acme/ai", "key") == b"sk-live-0123456789"
    assert b"unbroken" in box.run("audit", "verify")


run_with_server()
