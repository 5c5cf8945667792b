#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What a thief of actors' keys has who uses no line of bulla: with the database, the strings and docs/FORMAT.md he tries
each key that he comes by on all that is sealed. And what docs/THREATS.md says plainly that he can do. The vault is made
here from the document. Usage: format_thieves.py FORMAT.md BULLA"""

import contextlib
import functools
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
    import format_roles
    from format_reading import LANES, AsActor
    from format_vault import Command
    from format_vectors import Vectors
except ImportError as error:
    tap.skip("thieves", f"{error}: install python3-cryptography")
    tap.finish()
    sys.exit()

# The rows of docs/THREATS.md: whose keys he has, and what opens.
VALUES, MASKS, TOKENS, DETAILS = "values", "masks", "token roots", "details of the tenant"
LANES_BEGIN = "first keys of lanes"
LOG = {DETAILS, "details of no tenant", LANES_BEGIN}
THIEVES = {
    "a front end": (["put", "show"], {MASKS, DETAILS}),
    "a front end that only puts": (["put"], {DETAILS}),
    "a worker": (["use"], {VALUES, MASKS, DETAILS}),
    "a verifier": (["verify"], {TOKENS, DETAILS}),
    "an auditor of a tenant": (["audit-one"], {DETAILS}),
    "an auditor of all": (["audit-all"], LOG),
    "a front end and a worker": (["put", "show", "use"], {VALUES, MASKS, DETAILS}),
    "a front end and a verifier": (["put", "show", "verify"], {MASKS, TOKENS, DETAILS}),
    "a front end and an auditor": (["put", "show", "audit-all"], {MASKS} | LOG),
    "a worker and a verifier": (["use", "verify"], {VALUES, MASKS, TOKENS, DETAILS}),
    "a worker and an auditor": (["use", "audit-all"], {VALUES, MASKS} | LOG),
    "a verifier and an auditor": (["verify", "audit-all"], {TOKENS} | LOG),
    "an actor without a grant": (["nothing"], set()),
}


def halves(given):
    return [given[at:at + 32] for at in range(0, len(given), 32)]


def materials(db, string):
    """Each key that the string leads to: all that is sealed to the actor, and all that opens with that, and so on."""
    actor = AsActor(db, string)
    seed = model.actor_of_string(string)[1]
    found = {seed, actor.limit_key, *(model.actor_key(seed, kind) for kind in (b"box", b"signing", b"head"))}
    tenant, name, statement, signature = db.execute("SELECT id, name, statement, signature FROM tenant").fetchone()
    said = actor.said_of_tenant(tenant, name, statement, signature)
    found |= {key for _, key in actor.role_keys(tenant, said.roles)}
    for grant in actor.grants.values():
        if (grant.actor, grant.tenant, grant.ended) == (actor.me.id, b"", 0):
            rings = {actor.ring_key(grant, grant.role, ring) for ring in range(1, grant.epoch + 1)}
            found |= rings | {model.role_key(ring, actor.uuid, b"", grant.role) for ring in rings}
            found |= {model.role_key(ring, actor.uuid, tenant, grant.role, epoch) for ring in rings
                      for epoch in range(1, 4)}
    for place in db.execute("SELECT tenant, role, secret FROM handout").fetchall():
        context = model.handout_context(actor.uuid, place[0], place[1].encode(), place[2])
        sealed = db.execute("SELECT sealed FROM handout WHERE (tenant, role, secret) = (?, ?, ?)", place).fetchone()[0]
        for key in list(found):
            with contextlib.suppress(model.Refused):
                found |= set(halves(model.open_blob(key, sealed, context)))
    return found


@functools.cache
def pairs(key):
    """The pairs of which |key| is the private half, or expands to one, each with the id of its public half."""
    privates = key, *(model.expand(key, b"bulla/v2/" + kind + b"-private") for kind in (b"value", b"mask"))
    return [(private, model.boxed_id(model.box_public(private))) for private in privates]


def opens(keys, blob, bound_to, is_box):
    """Whether one of |keys| opens a blob, or a box. A blob that names another key is refused as it is looked at."""
    for key in keys:
        attempts = ([functools.partial(model.box_open, private) for private, _ in pairs(key)] if is_box else
                    [functools.partial(model.open_blob, key)] if blob[1] != model.BOXED else
                    [functools.partial(model.boxed_open, private) for private, name in pairs(key) if name == blob[2:18]])
        for attempt in attempts:
            with contextlib.suppress(model.Refused):
                return attempt(blob, bound_to) is not None
    return False


def sealed_fields(db, uuid, tenant):
    for entry, name, revision, value, mask, secret, writer in db.execute(
            "SELECT entry, name, revision, value, mask, secret_id, writer FROM field WHERE secret = 1"):
        place = tenant, entry, name.encode(), revision
        contexts = (model.put_contexts(uuid, *place, secret, writer) if writer else
                    [model.context(kind, uuid, *place[:3], model.number(revision)) for kind in (b"field", b"mask")])
        yield VALUES, value, contexts[0]
        yield MASKS, mask, contexts[1]


def sealed(db, v):
    """Yields what is sealed in the vault: the kind, the blob, the context."""
    uuid, tenant = v["vault.uuid"], v["tenant.id"]
    yield from sealed_fields(db, uuid, tenant)
    yield TOKENS, v["apikey-root.sealed"], v["apikey-root.context"]
    for kind, names in (("keys of the vault", ("root-key", "signing-key", "audit-key", "vault-detail-key")),
                        ("wrapped keys of the tenant", ("tenant-secret", "label-key", "detail-key"))):
        for name in names:
            yield kind, v[f"{name}.wrapped"], v[f"{name}.context"]
    lanes = {number: model.parts_of(statement) for number, statement in db.execute("SELECT number, statement FROM lane")}
    for lane in lanes.values():
        yield LANES_BEGIN, lane[6], model.key_context(b"lane-key", uuid, lane[3])
    for number, seq, key in db.execute("SELECT lane, seq, key FROM audit_head WHERE lane = 0"):
        bound_to = model.key_context(b"head-key", uuid, lanes[number][3], model.epoch(seq))
        yield "heads of the root", key[:-12], bound_to
    for number, seq, when, owner, op, outcome, detail in db.execute(
            "SELECT lane, seq, time, tenant, op, outcome, detail FROM audit"):
        kind = DETAILS if owner else "details of no tenant"
        yield kind, detail, model.detail_context(uuid, lanes[number][3], seq, when, owner, op.encode(), outcome.encode())


def check_thieves(db, v, strings):
    everything = list(sealed(db, v))
    keys_of = {name: materials(db, string) for name, string in strings.items()}
    for thief, (roles, wanted) in THIEVES.items():
        for names in dict.fromkeys(tuple(role if role in strings else f"{role}-{which}" for role in roles)
                                   for which in ("one", "all")):
            keys = set().union(*(keys_of[name] for name in names))
            opened = [(kind, opens(keys, blob, bound_to, kind == LANES_BEGIN)) for kind, blob, bound_to in everything]
            found = {kind for kind, good in opened if good}
            tap.check(f"{thief} opens what docs/THREATS.md says, and nothing else: {', '.join(names)}", found == wanted,
                      (found, wanted))
            tap.check(f"and all of it: {', '.join(names)}", all(good for kind, good in opened if kind in wanted))


def a_verifier_mints(bulla, db, v, strings):
    _, keys = AsActor(db, strings["verify-one"]).keys_of("acme")
    root = next(model.open_blob(key, v["apikey-root.sealed"], v["apikey-root.context"]) for kind, key in keys.items()
                if kind[0] == "apikey")
    now = int(time.time())
    claims = json.dumps({"org": "acme", "sub": "thief", "iat": now, "exp": now + 600}).encode()
    token = model.token_seal(root, v["apikey.id-bytes"], os.urandom(12), claims)
    run = bulla("token", "verify", given=token)
    tap.check("what a thief of a verifier mints verifies", run.returncode == 0 and b"thief" in run.stdout, run.stdout)
    bulla.prints("apikey", "revoke", v["apikey.id-bytes"].hex())
    run = bulla("token", "verify", given=token)
    tap.check("until the API key is revoked", run.returncode == 1, run.stdout)


def a_front_end_leads_the_worker_astray(bulla, db, v, strings):
    """Who has the label key and writes to the database."""
    _, keys = AsActor(db, strings["put-one"]).keys_of("acme")
    value = b"thief.example"
    bound_to = model.context(b"plain", v["vault.uuid"], v["tenant.id"], v["entry.id"], v["plain.name"],
                             model.number(v["plain.revision"]), model.digest(value))
    place = v["plain.name"].decode(), v["plain.revision"]
    before = db.execute("SELECT value, mask FROM field WHERE (name, revision) = (?, ?)", place).fetchone()
    for mask, good in ((os.urandom(32), False), (model.proof(keys["label"], bound_to), True)):
        db.execute("UPDATE field SET value = ?, mask = ? WHERE (name, revision) = (?, ?)", (value, mask, *place))
        run = bulla("get", "acme/warehouse", place[0], "--reason", "test")
        tap.check(f"a plain value that was changed {'with' if good else 'without'} the label key is "
                  f"{'believed' if good else 'refused'}", (run.stdout == value) == good == (run.returncode == 0), run.stdout)
    db.execute("UPDATE field SET value = ?, mask = ? WHERE (name, revision) = (?, ?)", (*before, *place))


def an_auditor_rewrites_the_log(bulla, db, v, strings):
    """Who has the audit key and writes to the database: the last record of lane 0 never was a use that failed."""
    anchor = bulla.folder / "anchor"
    anchor.write_bytes(bulla.prints("audit", "anchor"))
    auditor = AsActor(db, strings["audit-all"])
    audit_key, detail_key = auditor.audit_keys()
    uuid, lane = v["vault.uuid"], v["lane.id"]
    key = model.box_open(audit_key, v["lane.first-key"], v["lane.key-context"])
    seq, when, tenant, op, outcome = db.execute("SELECT seq, time, tenant, op, outcome FROM audit WHERE lane = 0 "
                                                "ORDER BY seq DESC").fetchone()
    previous = db.execute("SELECT mac FROM audit WHERE lane = 0 AND seq = ?", (seq - 1,)).fetchone()[0]
    for _ in range(model.epoch(seq)):
        key = model.ratchet(key)
    op, outcome, clear = "keep", "done", (when, tenant, b"keep", b"done")
    tap.check("the last record is one of no tenant", tenant == b"")
    detail = model.seal(detail_key, 2, os.urandom(24), model.prefixed(b"", b"nobody", b"", b"", b"", b"vault", b""),
                        model.detail_context(uuid, lane, seq, *clear))
    mac = model.record_mac(key, uuid, lane, seq, previous, *clear, detail)
    sealed_key = db.execute("SELECT key FROM audit_head WHERE lane = 0").fetchone()[0]
    generation = int.from_bytes(sealed_key[-8:], "big")
    db.execute("UPDATE audit SET op = ?, outcome = ?, detail = ?, mac = ? WHERE lane = 0 AND seq = ?",
               (op, outcome, detail, mac, seq))
    run = bulla("audit", "verify")
    tap.check("a record that was rewritten breaks the log while the head stays", run.returncode == 1, run.stdout)
    db.execute("UPDATE audit_head SET mac = ?, tag = ? WHERE lane = 0",
               (mac, model.head_tag(key, uuid, lane, seq, mac, generation)))
    run = bulla("audit", "verify")
    tap.check("an auditor of all who writes to the database rewrites the log", run.returncode == 0, run.stdout)
    run = bulla("audit", "verify", "--anchor", "anchor")
    tap.check("and an anchor finds it", run.returncode == 1, run.stdout)


def an_actor_changes_its_last_record(bulla, db, v):
    """Who has the seed of the actor of the vectors and writes to the database."""
    uuid, lane, number = v["vault.uuid"], v["actor-lane.id"], LANES * v["actor.number"]
    head_key = model.actor_key(v["actor.seed"], b"head")
    key = model.open_blob(head_key, v["actor-head.key"][:-12], v["actor-head.key-context"])
    clear = v["denied.time"], b"", b"show", v["denied.outcome"]
    detail = model.boxed_seal(v["audit-key.public"], os.urandom(32), model.prefixed(*[b""] * 7),
                              model.detail_context(uuid, lane, 1, *clear))
    for known, how in ((os.urandom(32), "not changed with another key"), (key, "changed with the key of its head")):
        mac = model.record_mac(known, uuid, lane, 1, v["actor.first-lane"], *clear, detail)
        tag = model.head_tag(known, uuid, lane, 1, mac, v["actor-head.generation"])
        db.execute("UPDATE audit SET op = 'show', detail = ?, mac = ? WHERE lane = ?", (detail, mac, number))
        db.execute("UPDATE audit_head SET mac = ?, tag = ? WHERE lane = ?", (mac, tag, number))
        run = bulla("audit", "verify")
        tap.check(f"the last record of an actor is {how}", (run.returncode == 0) == (known == key), run.stdout)


def a_worker_uses_without_a_record(db, v, strings):
    before = db.execute("SELECT count(*) FROM audit").fetchone()
    value, _ = AsActor(db, strings["use-one"]).fields("acme")[v["field.name"].decode()]
    tap.check("the key of a worker opens a value without a record", value == v["field.value"] and
              before == db.execute("SELECT count(*) FROM audit").fetchone())


def main(document, program):
    text = pathlib.Path(document).read_text(encoding="utf-8")
    schema = re.search(r"^```sql\n(.*?);\n```$", text, re.MULTILINE | re.DOTALL)[1].split(";\n")
    v = Vectors(text)
    with tempfile.TemporaryDirectory(prefix="bulla-thieves-") as folder:
        bulla = Command(str(pathlib.Path(program).resolve()), folder)
        strings = format_roles.make_vault(v, schema, bulla.database)
        bulla.root_file.touch(mode=0o600)
        bulla.root_file.write_text(v["root-key.material"].hex())
        with contextlib.closing(sqlite3.connect(bulla.database, isolation_level=None)) as db:
            check_thieves(db, v, strings)
            a_worker_uses_without_a_record(db, v, strings)
            a_front_end_leads_the_worker_astray(bulla, db, v, strings)
            a_verifier_mints(bulla, db, v, strings)
            an_actor_changes_its_last_record(bulla, db, v)
            an_auditor_rewrites_the_log(bulla, db, v, strings)
    tap.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
