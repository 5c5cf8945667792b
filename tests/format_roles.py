#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Vaults with actors against docs/FORMAT.md, both ways: the command opens one that is made here from the document, as each
role of one tenant and of all; and one that the command made is read here as each of them, with nothing but the actor's
string. Usage: format_roles.py FORMAT.md BULLA"""

import contextlib
import json
import os
import pathlib
import re
import sqlite3
import sys
import tempfile
import time

import tap

try:
    import bulla_format as model
    import format_vault
    from format_reading import LANES, AsActor, Reading, read
    from format_vectors import GRANTS, Vectors
except ImportError as error:
    tap.skip("format of roles", f"{error}: install python3-cryptography")
    tap.finish()
    sys.exit()

ROLES = [role.decode() for role in model.ROLES]
GENERATION = 50  # of the directory that is made here


def new_lane(v, number, actor, signing_seed, head_key, generation):
    """The rows of an empty lane of an actor, in lane and audit_head."""
    uuid, lane, key = v["vault.uuid"], os.urandom(16), os.urandom(32)
    first_key = model.box_seal(v["audit-key.public"], os.urandom(32), key, model.key_context(b"lane-key", uuid, lane))
    statement = model.statement(b"lane", uuid, number, lane, actor, v["actor.created"], first_key)
    return (number, statement, model.sign(signing_seed, statement)), lane_head(
        v, number, lane, 0, model.digest(statement), key, head_key, generation)


def lane_head(v, number, lane, seq, mac, key, head_key, generation):
    uuid = v["vault.uuid"]
    sealed = model.seal(head_key, 2, os.urandom(24), key, model.key_context(b"head-key", uuid, lane, model.epoch(seq)))
    return (number, seq, mac, model.head_tag(key, uuid, lane, seq, mac, generation),
            sealed + model.prefixed(model.number(generation)))


def signed(v, statement):
    return statement, model.sign(v["signing-key.seed"], statement)


def key_of_grant(v, tenant, role):
    """What a grant gives, and its number: of the tenant of the vectors, or of all."""
    uuid, name = v["vault.uuid"], role.decode()
    if tenant:
        return v[f"role-key.{name}"], v[f"tenant.epoch-{name}"]
    ring = v[f"vault.ring-{name}"]
    return model.ring_key(v["vault-key.material"], uuid, role, ring), ring


def add_grant(db, v, actor, box_public, tenant, role):
    identity, uuid = os.urandom(16), v["vault.uuid"]
    key, epoch = key_of_grant(v, tenant, role)
    info = model.context(b"grant-key", uuid, identity, actor, tenant, role, model.number(epoch))
    statement = model.statement(b"grant", uuid, identity, actor, tenant, role, epoch, v["actor.created"], GENERATION, 0,
                                model.box_seal(box_public, os.urandom(32), key, info))
    format_vault.insert(db, "actor_grant", (identity, actor, tenant, role.decode(), 0, *signed(v, statement)))


def add_actor(db, v, number, name, *grants):
    """Returns its string. Each of |grants| is a tenant, or nothing for all, and a role."""
    identity, seed, uuid, created = os.urandom(16), os.urandom(32), v["vault.uuid"], v["actor.created"]
    box_public = model.box_public(model.actor_key(seed, b"box"))
    lane, head = new_lane(v, LANES * number, identity, v["signing-key.seed"], model.actor_key(seed, b"head"), GENERATION)
    info = model.context(b"actor-common", uuid, identity, model.number(created))
    statement = model.statement(
        b"actor", uuid, identity, number, name.encode(), b"active", created, GENERATION,
        model.signing_public(model.actor_key(seed, b"signing")), box_public, model.digest(lane[1]),
        model.box_seal(box_public, os.urandom(32), v["limit.key"], info))
    format_vault.insert(db, "actor", (identity, number, name, *signed(v, statement)))
    format_vault.insert(db, "lane", lane)
    format_vault.insert(db, "audit_head", head)
    for grant in grants:
        add_grant(db, v, identity, box_public, *grant)
    return model.actor_string(identity, seed, v["vault.fingerprint"])


def add_actor_of_vectors(db, v):
    """With both of its lanes, the record in the first one, and the value that it has put."""
    actor, number = v["actor.id"], v["actor.number"]
    format_vault.insert(db, "actor", (actor, number, v["actor.name"].decode(), v["actor.statement"], v["actor.signature"]))
    for name in GRANTS:
        tenant = b"" if name == "grant-all" else v["tenant.id"]
        format_vault.insert(db, "actor_grant", (v[f"{name}.id"], actor, tenant, v[f"{name}.role"].decode(), 0,
                                                v[f"{name}.statement"], v[f"{name}.signature"]))
    for i, name in enumerate(("actor-lane", "further-lane")):
        format_vault.insert(db, "lane", (LANES * number + i, v[f"{name}.statement"], v[f"{name}.signature"]))
    format_vault.insert(db, "audit", (LANES * number, 1, v["denied.time"], b"", v["denied.op"].decode(),
                                      v["denied.outcome"].decode(), v["denied.sealed"], v["denied.mac"]))
    further = lane_head(v, LANES * number + 1, v["further-lane.id"], 0, model.digest(v["further-lane.statement"]),
                        v["further-lane.key-0"], v["actor.head-key"], 17)
    format_vault.insert(db, "audit_head", (LANES * number, 1, v["denied.mac"], v["actor-head.tag"], v["actor-head.key"]),
                        further)
    format_vault.insert(db, "field", (None, v["entry.id"], v["put.name"].decode(), v["put.revision"], 1, v["put.value"],
                                      v["put.mask"], v["tenant-secret.id"], actor, v["put.signature"], 0))


def sign_directory(db, v):
    """Writes the leaves of all rows, and the statement of the vault that leads to them."""
    leaves = {}
    for table in "tenant", "actor", "actor_grant":
        leaves |= {row[0]: model.digest(row[1]) for row in db.execute(f"SELECT id, statement FROM {table}")}
    db.execute("DELETE FROM directory")
    for first in sorted({identity[0] for identity in leaves}):
        bucket = {identity: leaf for identity, leaf in leaves.items() if identity[0] == first}
        format_vault.insert(db, "directory", (first, model.stored_leaves(bucket)))
    format_vault.insert(db, "directory", (256, model.buckets(leaves)))
    parts = model.parts_of(v["vault.statement"])
    parts[3], parts[7] = model.number(GENERATION), model.leaves_digest(leaves)
    db.execute("UPDATE vault SET statement = ?, signature = ?", signed(v, model.prefixed(*parts)))


def make_vault(v, schema, database):
    """The vault of the vectors with actors: its own, and one for each role, of the tenant and of all, and one that has
    none. Returns their strings."""
    format_vault.make_vault(v, schema, database)
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("BEGIN")
        add_actor_of_vectors(db, v)
        strings = {"front-end": v["actor.string"], "nothing": add_actor(db, v, 50, "nothing")}
        for i, role in enumerate(ROLES):
            for j, (kind, tenant) in enumerate((("one", v["tenant.id"]), ("all", b""))):
                name = f"{role}-{kind}"
                strings[name] = add_actor(db, v, 10 + 2 * i + j, name, (tenant, role.encode()))
        sign_directory(db, v)
        db.execute("COMMIT")
    return strings


# What the keys of a role show of the secret fields, and which keys of the tenant and of a secret there are.
GIVEN = {"put": {"detail", "label"}, "show": {"detail", "label", "mask"}, "use": {"detail", "label", "field", "mask"},
         "verify": {"detail", "apikey"}, "audit": {"detail"}}


def check_roles(db, which, strings, values, masks, others=None):
    """Each actor has the keys that its role gives, and no others, by its string alone; of the tenant |others| those alone
    whose roles are for all."""
    for name, string in strings.items():
        role = name.partition("-")[0]
        if role not in GIVEN:
            continue
        actor = AsActor(db, string)
        _, keys = actor.keys_of("acme")
        kinds = {key if isinstance(key, str) else key[0] for key in keys}
        tap.check(f"{name} has the keys of its role in the vault {which}", kinds == GIVEN[role], kinds)
        fields = actor.fields("acme")
        wanted = {field: (values[field] if role == "use" else None, masks[field] if role in ("show", "use") else None)
                  for field in values}
        shown = {field: (value, traits and model.read_traits(traits, values[field])) for field, (value, traits) in
                 fields.items()}
        tap.check(f"{name} opens what its role opens in the vault {which}", shown == wanted, shown)
        if others is not None:
            _, keys = actor.keys_of(others)
            tap.check(f"{name} has keys of {others} in the vault {which} if it is for all", bool(keys) == name.endswith("all"))
        try:
            audit = len(actor.audit_keys()) == 2
        except (model.Refused, ValueError):
            audit = False
        tap.check(f"{name} has the audit key in the vault {which} if it audits all", audit == (name == "audit-all"))


class Actors:
    """The command with --as."""

    def __init__(self, bulla, strings):
        self.bulla = bulla
        for name, string in strings.items():
            self.keep(name, string)

    def keep(self, name, string):
        path = self.bulla.folder / f"{name}.actor"
        path.touch(mode=0o600)
        path.write_bytes(string)

    def run(self, name, *arguments, given=b""):
        root = self.bulla.environment.pop("BULLA_ROOT", None)
        try:
            return self.bulla(*arguments, "--as", f"file:{self.bulla.folder}/{name}.actor", given=given)
        finally:
            if root:
                self.bulla.environment["BULLA_ROOT"] = root

    def may(self, what, name, allowed, *arguments, wanted=None, given=b""):
        """Checks that exactly those actors whose name begins with one of |allowed| may."""
        run = self.run(name, *arguments, given=given)
        may = name.partition("-")[0] in allowed
        good = (run.returncode == 0 and (wanted is None or wanted in run.stdout)) if may else (
            run.returncode == 1 and (wanted is None or wanted not in run.stdout))
        tap.check(f"{name} {'may' if may else 'may not'} {what}", good, run.stdout)


def command_opens_ours(bulla, v, schema):
    strings = make_vault(v, schema, bulla.database)
    bulla.root_file.touch(mode=0o600)
    bulla.root_file.write_text(v["root-key.material"].hex())
    field = v["field.name"].decode()
    values = {field: v["field.value"], "lure": b"sixteen letters!", "api-token": v["put.plaintext"]}
    with bulla.connect() as db:
        vault = read(db, "with actors", v["root-key.id"], v["root-key.material"], strings.values())
        tap.check("what an actor has put opens", vault.values == values and vault.writers == {"api-token": "front-end"},
                  vault.values)
        check_roles(db, "from the document", strings, vault.values, vault.masks)
    actors = Actors(bulla, strings)
    masks = {name: mask[0] for name, mask in vault.masks.items()}
    now = int(time.time())
    token = model.token_seal(v["apikey.token-root"], v["apikey.id-bytes"], os.urandom(12), json.dumps(
        {"org": "acme", "sub": "alice", "iat": now, "exp": now + 60}).encode())
    for name in strings:
        if name == "front-end":
            continue
        actors.may("see masks", name, {"show", "use"}, "show", "acme/warehouse", "--json", wanted=masks[field])
        actors.may("use a value", name, {"use"}, "get", "acme/warehouse", field, "--reason", "test",
                   wanted=v["field.value"])
        actors.may("verify a token", name, {"verify"}, "token", "verify", given=token, wanted=b"alice")
        actors.may("put a value", name, {"put"}, "put", "acme/warehouse", "--secret", name, given=name.encode())
    actors.may("read the log of a tenant", "audit-one", {"audit"}, "audit", "log", "--tenant", "acme", "--json",
               wanted=b"put")
    actors.may("verify the log", "audit-all", {"audit"}, "audit", "verify")
    bulla.gives("a root uses what an actor of the document has put", v["put.plaintext"],
                "get", "acme/warehouse", "api-token", "--reason", "test")
    run = actors.run("use-one", "get", "acme/warehouse", "put-one", "--reason", "test")
    tap.check("who may use does what another has put", run.stdout == b"put-one", run.stdout)
    with bulla.connect() as db:
        vault = read(db, "after its actors were there", v["root-key.id"], v["root-key.material"], strings.values())
    tap.check("what was used is sealed anew, and what was not is its writer's", vault.writers == {"put-all": "put-all"} and
              vault.values == values | {name: name.encode() for name in ("put-one", "put-all")}, vault.writers)
    log = json.loads(b"[" + b",".join(bulla.prints("audit", "log", "--json").splitlines()) + b"]")
    tap.check("each record of an actor is in its lanes", all(
        (record["lane"] >= LANES) == bool(record.get("proven")) for record in log), log[-30:])


def we_open_the_commands(bulla):
    """A vault whose actors the command made, granted and revoked."""
    bulla.prints("init")
    for tenant, field in ("acme", "password"), ("beta", "other"):
        bulla.prints("put", f"{tenant}/db", "--secret", field, given=f"the {field} of {tenant}".encode())
    bulla.prints("apikey", "create", "--tenant", "acme")
    strings = {}
    for role in ROLES:
        for kind in "one", "all":
            name = f"{role}-{kind}"
            strings[name] = bulla.prints("actor", "create", name).strip()
            bulla.prints("grant", name, role, *(["acme"] if kind == "one" else ["--all-tenants"]))
    actors = Actors(bulla, strings)
    run = actors.run("put-one", "put", "acme/db", "--secret", "posted", given=b"from the front end")
    tap.check("an actor of the command puts", run.returncode == 0, run.stdout)
    root = bytes.fromhex(bulla.root_file.read_text())

    def look(which, **others):
        values = {"password": b"the password of acme", "posted": b"from the front end"} | others
        with bulla.connect() as db:
            vault = read(db, which, model.key_id(root), root, strings.values())
            check_roles(db, which, strings, values, {name: vault.masks[name] for name in values}, "beta")
        return vault

    def said(vault):
        return next(said for said in vault.said.values() if said.name == b"acme")

    vault = look("with the command's actors")
    tap.check("what is put is its writer's", vault.writers == {"posted": "put-one"}, vault.writers)
    ends = {"show-one": ["acme"], "show-all": ["--all-tenants"], "audit-all": ["--all-tenants"]}
    for name, tenant in ends.items():
        bulla.prints("grant", "rm", name, name.partition("-")[0], *tenant)
        del strings[name]
    vault = look("with grants that have ended")
    tap.check("rings and epochs move as grants end", vault.rings[b"show"] == 2 and vault.rings[b"audit"] == 2 and
              said(vault).roles[b"show"] == (1, 2) and said(vault).roles[b"use"] == (1, 1), (vault.rings, said(vault)))
    bulla.prints("rotate", "--tenant", "acme")
    bulla.prints("put", "acme/db", "--secret", "later", given=b"after the rotation")
    vault = look("that was rotated", later=b"after the rotation")
    tap.check("a rotation renews what is behind", said(vault).roles[b"show"] == (2, 3) and
              said(vault).roles[b"use"] == (1, 1), said(vault).roles)
    bulla.prints("actor", "revoke", "put-one")
    del strings["put-one"]
    vault = look("with an actor that was revoked", later=b"after the rotation")
    tap.check("what it had put is taken over", not vault.writers, vault.writers)
    proven_limits(bulla, actors, root, vault)
    distrusted(bulla, actors, root)


def proven_limits(bulla, actors, root, vault):
    """An actor is limited by its proven name, in buckets that nobody else comes by who only claims it."""
    bulla.prints("limit", "set", "use", "actor", "1000/m")
    run = actors.run("use-one", "get", "acme/db", "password", "--reason", "test")
    tap.check("a worker is under limits too", run.stdout == b"the password of acme", run.stdout)
    with bulla.connect() as db:
        found = db.execute("SELECT scope, subject FROM limit_bucket WHERE kind = 1 AND scope IN (1, 4)").fetchall()
    subject = model.limit_subject(model.limit_key(vault.vault_key, vault.uuid), vault.uuid, 1, 4, b"use-one")
    tap.check("its bucket is the document's", found == [(4, subject)], found)


def distrusted(bulla, actors, root):
    """What an actor has put is no value once it is revoked and distrusted."""
    run = actors.run("put-all", "put", "acme/db", "--secret", "doubtful", given=b"perhaps the thief's")
    tap.check("an actor puts until it is revoked", run.returncode == 0, run.stdout)
    bulla.prints("actor", "revoke", "put-all", "--distrust")
    run = bulla("get", "acme/db", "doubtful", "--reason", "test")
    tap.check("what it put is not read if it is distrusted", run.returncode == 1 and b"thief" not in run.stdout, run.stdout)
    with bulla.connect() as db:
        try:
            Reading(db, model.key_id(root), root).check_all()
            refused = False
        except model.Refused:
            refused = True
    tap.check("the document refuses it too", refused)


def main(document, program):
    text = pathlib.Path(document).read_text(encoding="utf-8")
    schema = re.search(r"^```sql\n(.*?);\n```$", text, re.MULTILINE | re.DOTALL)[1].split(";\n")
    program = str(pathlib.Path(program).resolve())
    with tempfile.TemporaryDirectory(prefix="bulla-roles-") as folder:
        command_opens_ours(format_vault.Command(program, folder), Vectors(text), schema)
    with tempfile.TemporaryDirectory(prefix="bulla-roles-") as folder:
        we_open_the_commands(format_vault.Command(program, folder))
    tap.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
