#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Recomputes the vectors of docs/FORMAT.md §11 with tests/bulla_format.py, and those of docs/FORMAT-1.md §6. That
bulla itself agrees with them is for tests/test_format.c. Usage: format_vectors.py FORMAT.md FORMAT-1.md"""

import hashlib
import json
import pathlib
import re
import sys

import tap

try:
    import bulla_format as model
    import bulla_format_1 as model_1
except ImportError as error:
    tap.skip("format vectors", f"{error}: install python3-cryptography")
    tap.finish()
    sys.exit()

BLOCK = re.compile(r"^```vectors\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Vectors:
    """The vectors by their names. It notes which have been looked at."""

    def __init__(self, document):
        self.values, self.seen = {}, set()
        for block in BLOCK.findall(document):
            for line in filter(None, block.splitlines()):
                name, equals, text = line.partition(" = ")
                if not equals or name in self.values:
                    raise ValueError(f"no vector, or one that is there already: {line}")
                self.values[name] = self.parse(text)

    @staticmethod
    def parse(text):
        if text.startswith('"'):
            return text[1:-1].encode()
        if text.endswith(" decimal"):
            return int(text.removesuffix(" decimal"))
        return bytes.fromhex(text)

    def __getitem__(self, name):
        self.seen.add(name)
        return self.values[name]


SUITE = 2  # of everything in a vault
SIGNED_ACTORS = "actor", "actor-revoked", "grant", "grant-all", "grant-put", "grant-ended"
GRANTS = "grant", "grant-all", "grant-put"  # in force
ACTOR_LANES = "actor-lane", "further-lane"
ROLES = [role.decode() for role in model.ROLES]


def blobs(v):
    """Yields each blob's name, and what it must be sealed from: key, suite, nonce, plaintext, context."""
    yield "blob-1.blob", v["key.material"], 1, v["blob-1.nonce"], v["blob.plaintext"], v["blob.context"]
    yield "blob-2.blob", v["key.material"], 2, v["blob-2.nonce"], v["blob.plaintext"], v["blob.context"]
    yield "blob-empty.blob", v["key.material"], 2, v["blob-empty.nonce"], b"", b""
    for root, material in (("root-key", "root-key.material"), ("root-passphrase", "root-passphrase.stretched")):
        yield f"{root}.wrapped", v[material], SUITE, v[f"{root}.nonce"], v["vault-key.material"], v[f"{root}.context"]
    for name, material in (("signing-key", "seed"), ("audit-key", "private"), ("vault-detail-key", "material"),
                           ("label-key", "material"), ("detail-key", "material"), ("tenant-secret", "material")):
        yield (f"{name}.wrapped", v["vault-key.material"], SUITE, v[f"{name}.nonce"], v[f"{name}.{material}"],
               v[f"{name}.context"])
    for name, key, plaintext in (("field", "field-key", "field.padded"), ("mask", "mask-key", "mask.traits"),
                                 ("apikey-root", "apikey-key", "apikey.token-root")):
        yield f"{name}.sealed", v[f"tenant-secret.{key}"], SUITE, v[f"{name}.nonce"], v[plaintext], v[f"{name}.context"]
    for record, key in (("record-1", "vault-detail-key"), ("record-64", "detail-key"), ("record-65", "detail-key")):
        yield (f"{record}.sealed", v[f"{key}.material"], SUITE, v[f"{record}.nonce"], v[f"{record}.detail"],
               v[f"{record}.context"])
    for head, key, sealed in (("head", "vault-key.material", "audit.key-1"), ("actor-head", "actor.head-key", "actor-lane.key-0")):
        yield f"{head}.key-sealed", v[key], SUITE, v[f"{head}.key-nonce"], v[sealed], v[f"{head}.key-context"]
    for name, key, *_, plaintext in handouts(v):
        yield f"{name}.sealed", key, SUITE, v[f"{name}.nonce"], plaintext, v[f"{name}.context"]


def handouts(v):
    """Yields each handout's name, its key, the tenant, role and version that it is for, and what it hands out."""
    tenant, secret, detail_key = v["tenant.id"], v["tenant-secret.id"], v["detail-key.material"]
    both = v["label-key.material"] + detail_key
    field, mask, apikey = (v[f"tenant-secret.{kind}-key"] for kind in ("field", "mask", "apikey"))
    for role, what, plaintext in (("put", b"", both), ("show", b"", both), ("use", b"", both),
                                  ("verify", b"", detail_key), ("audit", b"", detail_key), ("show", secret, mask),
                                  ("use", secret, field + mask), ("verify", secret, apikey)):
        name = f"handout-{role}-secret" if what else f"handout-{role}"
        yield name, v[f"role-key.{role}"], tenant, role.encode(), what, plaintext
    yield ("handout-audit-all", v["role-key.audit-all"], b"", b"audit", b"",
           v["audit-key.private"] + v["vault-detail-key.material"])
    yield "handout-ring", v["role-key.use-all"], b"", b"use", model.number(v["handout-ring.ring"]), v["ring-key.use-before"]


def boxes(v):
    """Yields each box's name, the private key that opens it, the ephemeral one, plaintext and context."""
    yield ("root-recipient.wrapped", v["root-recipient.private"], v["root-recipient.ephemeral"],
           v["vault-key.material"], v["root-recipient.context"])
    yield "lane.first-key", v["audit-key.private"], v["lane.ephemeral"], v["audit.key-0"], v["lane.key-context"]
    for lane in ACTOR_LANES:
        yield (f"{lane}.first-key", v["audit-key.private"], v[f"{lane}.ephemeral"], v[f"{lane}.key-0"],
               v[f"{lane}.key-context"])
    yield "actor.common-box", v["actor.box-private"], v["actor.ephemeral"], v["limit.key"], v["actor.common-info"]
    for grant in GRANTS:
        yield f"{grant}.box", v["actor.box-private"], v[f"{grant}.ephemeral"], v[f"{grant}.key"], v[f"{grant}.info"]


def sealed_box(private, ephemeral, plaintext, context):
    return model.box_seal(model.box_public(private), ephemeral, plaintext, context)


def sealed_boxes(v, *names):
    """As boxes, those of |names|, with what each must be."""
    for name, *inputs in boxes(v):
        if name in names:
            yield name, sealed_box(*inputs)


def boxed(v):
    """Yields each blob's name that is sealed to a public key, the private key, the ephemeral one, plaintext and
    context."""
    yield "boxed.blob", v["boxed.private"], v["boxed.ephemeral"], v["blob.plaintext"], v["blob.context"]
    yield "boxed-empty.blob", v["boxed.private"], v["boxed-empty.ephemeral"], b"", b""
    yield ("put.value", v["tenant-secret.value-private"], v["put.ephemeral"], v["put.padded"], v["put.context"])
    yield ("put.mask", v["tenant-secret.mask-private"], v["put.mask-ephemeral"], v["put.traits"], v["put.mask-context"])
    yield ("denied.sealed", v["audit-key.private"], v["denied.ephemeral"], v["denied.detail"], v["denied.context"])


def sealed_boxed(private, *inputs):
    return model.boxed_seal(model.box_public(private), *inputs)


def derived(v):
    """Yields the name of each vector that follows from others, and what it must be: each after those it needs."""
    material = v["key.material"]
    yield "key.id", model.key_id(material)
    yield "key.aead-1", model.aead_key(material, 1)
    yield "key.aead-2", model.aead_key(material, 2)
    yield "blob-2.xaes-key", model.xaes_key(v["key.aead-2"], v["blob-2.nonce"])
    yield "triple.key", hashlib.sha256(v["triple.passphrase"]).digest()
    yield "triple-16.text", model.triple_seal(v["triple.key"], v["triple-16.iv"], v["triple.plaintext"])
    yield "triple-12.text", model.triple_seal(v["triple.key"], v["triple-12.iv"], v["triple.plaintext"])
    yield "apikey.string", model.apikey_string(v["apikey.id-bytes"], v["apikey.secret"])
    yield "apikey.hash", model.apikey_hash(v["apikey.string"])
    yield "apikey.token-root", model.token_root(v["apikey.secret"])
    yield "token.iat", json.loads(v["token.claims"])["iat"]
    yield "token.day", v["token.iat"] // 86400
    yield "token.cek", model.day_cek(v["apikey.token-root"], v["token.day"])
    yield "token.header", model.token_header(v["apikey.id-bytes"], v["token.day"])
    yield "token.token", model.token_seal(v["apikey.token-root"], v["apikey.id-bytes"], v["token.iv"],
                                          v["token.claims"])
    for part in roots, keys, role_keys, values, audit_keys, directory, actors, puts, audit, audit_of_actor:
        yield from part(v)
    for name, *inputs in blobs(v):
        yield name, model.seal(*inputs)
    for head, generation in ("head", "vault.generation"), ("actor-head", "actor-head.generation"):
        yield f"{head}.key", v[f"{head}.key-sealed"] + model.prefixed(model.number(v[generation]))
    for name, *inputs in boxes(v):
        yield name, sealed_box(*inputs)
    yield "boxed.public", model.box_public(v["boxed.private"])
    yield "boxed.id", model.boxed_id(v["boxed.public"])
    for name, *inputs in boxed(v):
        yield name, sealed_boxed(*inputs)
    yield "text.of-boxed", model.blob_text(v["boxed.blob"])
    yield "text.of-blob-1", model.blob_text(v["blob-1.blob"])
    yield "text.of-blob-2", model.blob_text(v["blob-2.blob"])


def roots(v):
    yield "root-key.id", model.key_id(v["root-key.material"])
    yield "root-passphrase.stretched", model.stretch(v["root-passphrase.text"], v["root-passphrase.salt"])
    yield "root-passphrase.id", model.key_id(v["root-passphrase.stretched"])
    yield "root-recipient.public", model.box_public(v["root-recipient.private"])
    yield "root-recipient.text", model.recipient_text(v["root-recipient.public"])
    yield "root-recipient.id", model.recipient_id(v["root-recipient.public"])
    for root in "root-key", "root-passphrase", "root-recipient":
        yield f"{root}.context", model.key_context(b"vault-key", v["vault.uuid"], v[f"{root}.id"])


def keys(v):
    uuid, tenant = v["vault.uuid"], v["tenant.id"]
    yield "signing-key.public", model.signing_public(v["signing-key.seed"])
    yield "signing-key.context", model.key_context(b"signing-key", uuid)
    yield "audit-key.public", model.box_public(v["audit-key.private"])
    yield "audit-key.context", model.key_context(b"audit-key", uuid)
    yield "vault-detail-key.context", model.key_context(b"detail-key", uuid)
    yield "label-key.context", model.key_context(b"label-key", uuid, tenant)
    yield "detail-key.context", model.key_context(b"detail-key", uuid, tenant)
    yield "tenant-secret.context", model.key_context(b"tenant-secret", uuid, tenant, v["tenant-secret.version"])
    secret = v["tenant-secret.material"]
    yield "tenant-secret.id", model.secret_id(secret)
    for kind in "field", "mask", "apikey":
        yield f"tenant-secret.{kind}-key", model.secret_key(secret, kind.encode())
    for pair, kind in ("value", b"field"), ("mask", b"mask"):
        yield f"tenant-secret.{pair}-private", model.pair_private(secret, kind)
        yield f"tenant-secret.{pair}-public", model.box_public(v[f"tenant-secret.{pair}-private"])
    yield "tenant-secret.apikey-id", model.key_id(v["tenant-secret.apikey-key"])
    yield "label-key.id", model.key_id(v["label-key.material"])
    yield "detail-key.id", model.key_id(v["detail-key.material"])
    yield "limit.key", model.limit_key(v["vault-key.material"], uuid)
    for limit in "limit", "limit-proven":
        yield f"{limit}.subject", model.limit_subject(v["limit.key"], uuid, v[f"{limit}.kind"], v[f"{limit}.scope"],
                                                      v[f"{limit}.name"])
    yield "vault.fingerprint", model.fingerprint(uuid, v["signing-key.public"])


def rings_of(v, name):
    """The rings and epochs of the roles of a tenant, as its statement has them."""
    return [item for role in ROLES for item in (v[f"{name}.ring-{role}"], v[f"{name}.epoch-{role}"])]


def role_keys(v):
    uuid, tenant, vault_key = v["vault.uuid"], v["tenant.id"], v["vault-key.material"]
    for role in ROLES:
        yield f"ring-key.{role}", model.ring_key(vault_key, uuid, role.encode(), v[f"vault.ring-{role}"])
        ring_key = model.ring_key(vault_key, uuid, role.encode(), v[f"tenant.ring-{role}"])
        yield f"role-key.{role}", model.role_key(ring_key, uuid, tenant, role.encode(), v[f"tenant.epoch-{role}"])
    yield "ring-key.use-before", model.ring_key(vault_key, uuid, b"use", v["handout-ring.ring"])
    for role in "audit", "use":
        yield f"role-key.{role}-all", model.role_key(v[f"ring-key.{role}"], uuid, b"", role.encode())
    for name, _, *place, plaintext in handouts(v):
        yield f"{name}.context", model.handout_context(uuid, *place)
        yield f"{name}.plaintext", plaintext


def values(v):
    uuid, tenant, entry, label_key = v["vault.uuid"], v["tenant.id"], v["entry.id"], v["label-key.material"]
    yield "entry.name-context", model.context(b"entry-name", uuid, tenant, entry, v["entry.name"])
    yield "entry.name-proof", model.proof(label_key, v["entry.name-context"])
    place = tenant, entry, v["field.name"], model.number(v["field.revision"])
    yield "field.context", model.context(b"field", uuid, *place)
    yield "mask.context", model.context(b"mask", uuid, *place)
    yield "field.padded", model.pad(v["field.value"])
    yield "mask.text", model.mask(v["field.value"])
    yield "mask.traits", model.traits(v["field.value"], expires=v["field.expires"])
    place = tenant, entry, v["plain.name"], model.number(v["plain.revision"])
    yield "plain.context", model.context(b"plain", uuid, *place, model.digest(v["plain.value"]))
    yield "plain.proof", model.proof(label_key, v["plain.context"])
    yield "apikey-root.context", model.context(b"apikey", uuid, tenant, v["apikey.id-bytes"].hex().encode())


def audit_keys(v):
    uuid, lane = v["vault.uuid"], v["lane.id"]
    yield "audit.key-1", model.ratchet(v["audit.key-0"])
    yield "head.key-context", model.key_context(b"head-key", uuid, lane, model.epoch(v["record-65.seq"]))
    yield "actor-head.key-context", model.key_context(b"head-key", uuid, v["actor-lane.id"])
    for name in "lane", *ACTOR_LANES:
        yield f"{name}.key-context", model.key_context(b"lane-key", uuid, v[f"{name}.id"])
        yield from sealed_boxes(v, f"{name}.first-key")


def secret_row(version, material, state, generation):
    return [version, model.secret_id(material), state, *model.secret_commitments(material), generation]


def directory(v):
    uuid, tenant, created = v["vault.uuid"], v["tenant.id"], v["vault.created"]
    yield "lane.statement", model.statement(b"lane", uuid, 0, v["lane.id"], b"", created, v["lane.first-key"])
    yield "lane.digest", model.digest(v["lane.statement"])
    listed = [[v["root-key.id"], b"key", b"", b"", created],
              [v["root-passphrase.id"], b"passphrase", b"", b"", created],
              [v["root-recipient.id"], b"recipient", v["root-recipient.name"], v["root-recipient.public"], created]]
    secret, made = v["tenant-secret.material"], v["tenant.generation"]
    lives = {"tenant": [secret_row(1, secret, b"active", made)],
             "rotated": [secret_row(1, secret, b"decrypt-only", made),
                         secret_row(3, v["rotated.material-3"], b"active", v["rotated.generation-3"]),
                         secret_row(4, v["rotated.material-4"], b"pending", v["rotated.generation"])],
             "removed": [], "shredded": []}
    for name, secrets in lives.items():
        life = b"live" if secrets else name.encode()
        called = b"" if name == "shredded" else v["tenant.name"]
        keys = (b"", b"") if name == "shredded" else (v["label-key.id"], v["detail-key.id"])
        yield f"{name}.statement", model.statement(b"tenant", uuid, tenant, called, life, created,
                                                   v[f"{name}.generation"], v[f"{name}.last-version"], *keys,
                                                   *rings_of(v, "tenant" if name == "tenant" else "rotated"), secrets)
    yield "tenant.digest", model.digest(v["tenant.statement"])
    leaves = {tenant: v["tenant.digest"]}
    yield "leaves.bucket", model.bucket_digest(leaves)
    yield "leaves.digest", model.leaves_digest(leaves)
    yield "vault.statement", model.statement(b"vault", uuid, created, v["vault.generation"], v["signing-key.public"],
                                             v["audit-key.public"], v["lane.digest"], v["leaves.digest"],
                                             *(v[f"vault.ring-{role}"] for role in ROLES), listed)
    yield "vault.digest", model.digest(v["vault.statement"])
    for name in "lane", "vault", *lives:
        yield f"{name}.signature", model.sign(v["signing-key.seed"], v[f"{name}.statement"])


def actors(v):
    uuid, actor, seed, created = v["vault.uuid"], v["actor.id"], v["actor.seed"], v["actor.created"]
    yield "actor.string", model.actor_string(actor, seed, v["vault.fingerprint"])
    yield "actor.box-private", model.actor_key(seed, b"box")
    yield "actor.box-public", model.box_public(v["actor.box-private"])
    yield "actor.signing-key", model.actor_key(seed, b"signing")
    yield "actor.signing-public", model.signing_public(v["actor.signing-key"])
    yield "actor.head-key", model.actor_key(seed, b"head")
    yield "actor.common-info", model.context(b"actor-common", uuid, actor, model.number(created))
    for name, number, seed in (("actor-lane", 64 * v["actor.number"], v["signing-key.seed"]),
                               ("further-lane", 64 * v["actor.number"] + 1, v["actor.signing-key"])):
        yield f"{name}.statement", model.statement(b"lane", uuid, number, v[f"{name}.id"], actor, v[f"{name}.created"],
                                                   v[f"{name}.first-key"])
        yield f"{name}.signature", model.sign(seed, v[f"{name}.statement"])
    yield "actor.first-lane", model.digest(v["actor-lane.statement"])
    places = {name: (v[f"{name}.id"], actor, tenant, v[f"{name}.role"])
              for name, tenant in (("grant", v["tenant.id"]), ("grant-all", b""), ("grant-put", v["tenant.id"]))}
    for name, key in ("grant", "role-key.use"), ("grant-all", "ring-key.audit"), ("grant-put", "role-key.put"):
        yield f"{name}.key", v[key]
    for name, place in places.items():
        yield f"{name}.info", model.context(b"grant-key", uuid, *place, model.number(v[f"{name}.epoch"]))
    yield from sealed_boxes(v, "actor.common-box", *(f"{name}.box" for name in GRANTS))
    for name, life, common in ("actor", b"active", v["actor.common-box"]), ("actor-revoked", b"revoked", b""):
        yield f"{name}.statement", model.statement(
            b"actor", uuid, actor, v["actor.number"], v["actor.name"], life, created, v[f"{name}.generation"],
            v["actor.signing-public"], v["actor.box-public"], v["actor.first-lane"], common)
    for name, begun, ended in (*((name, name, 0) for name in GRANTS),
                               ("grant-ended", "grant", v["grant-ended.ended"])):
        yield f"{name}.statement", model.statement(
            b"grant", uuid, *places[begun], v[f"{begun}.epoch"], v[f"{begun}.created"], v[f"{name}.generation"], ended,
            b"" if ended else v[f"{begun}.box"])
    for name in SIGNED_ACTORS:
        yield f"{name}.signature", model.sign(v["signing-key.seed"], v[f"{name}.statement"])
    leaves = {v[f"{name}.id"]: model.digest(v[f"{name}.statement"]) for name in ("tenant", "actor", *GRANTS)}
    bucket = {identity: leaf for identity, leaf in leaves.items() if identity[0] == v["grant.id"][0]}
    yield "leaves-actors.bucket", model.bucket_digest(bucket)
    yield "leaves-actors.digest", model.leaves_digest(leaves)


def puts(v):
    """What the actor puts."""
    uuid = v["vault.uuid"]
    place = (v["tenant.id"], v["entry.id"], v["put.name"], v["put.revision"], v["tenant-secret.id"], v["actor.id"])
    yield "put.padded", model.pad(v["put.plaintext"])
    yield "put.traits", model.traits(v["put.plaintext"], policy=3)
    yield from zip(("put.context", "put.mask-context"), model.put_contexts(uuid, *place))
    for name, *inputs in boxed(v):
        if name in ("put.value", "put.mask"):
            yield name, sealed_boxed(*inputs)
    yield "put.message", model.put_message(uuid, *place, v["put.value"], v["put.mask"])
    yield "put.signature", model.sign(v["actor.signing-key"], v["put.message"])


HIDDEN = "tenant", "actor", "origin", "reason", "entry", "field", "statement"


def audit_of_actor(v):
    """A record of the actor's first lane, of a call that was refused, and the head behind it."""
    uuid, lane, key = v["vault.uuid"], v["actor-lane.id"], v["actor-lane.key-0"]
    clear = v["denied.time"], b"", v["denied.op"], v["denied.outcome"]
    yield "denied.detail", model.prefixed(*(v[f"denied.{part}"] for part in HIDDEN))
    yield "denied.context", model.detail_context(uuid, lane, 1, *clear)
    for name, *inputs in boxed(v):
        if name == "denied.sealed":
            yield name, sealed_boxed(*inputs)
    yield "denied.mac", model.record_mac(key, uuid, lane, 1, v["actor.first-lane"], *clear, v["denied.sealed"])
    yield "actor-head.tag", model.head_tag(key, uuid, lane, 1, v["denied.mac"], v["actor-head.generation"])


def audit(v):
    uuid, lane = v["vault.uuid"], v["lane.id"]
    keys = v["audit.key-0"], v["audit.key-1"]
    yield "record-1.previous", v["lane.digest"]
    yield "record-1.statement", v["vault.digest"]
    yield "record-64.statement", v["tenant.digest"]
    yield "record-64.tenant-id", v["tenant.id"]
    yield "record-65.tenant-id", v["tenant.id"]
    for record in ("record-1", "record-64", "record-65"):
        seq, time = v[f"{record}.seq"], v[f"{record}.time"]
        clear = time, v[f"{record}.tenant-id"], v[f"{record}.op"], v[f"{record}.outcome"]
        yield f"{record}.detail", model.prefixed(*(v[f"{record}.{part}"] for part in HIDDEN))
        yield f"{record}.context", model.detail_context(uuid, lane, seq, *clear)
        key = v["detail-key.material"] if v[f"{record}.tenant-id"] else v["vault-detail-key.material"]
        sealed = model.seal(key, SUITE, v[f"{record}.nonce"], v[f"{record}.detail"], v[f"{record}.context"])
        yield f"{record}.mac", model.record_mac(keys[model.epoch(seq)], uuid, lane, seq, v[f"{record}.previous"],
                                                *clear, sealed)
        if record == "record-64":
            yield "record-65.previous", v["record-64.mac"]
    yield "head-0.tag", model.head_tag(keys[0], uuid, lane, 0, v["lane.digest"], v["vault.generation"])
    seq, mac = v["record-65.seq"], v["record-65.mac"]
    yield "head.tag", model.head_tag(keys[1], uuid, lane, seq, mac, v["vault.generation"])
    yield "anchor.note", model.anchor(v["signing-key.seed"], uuid, [(0, seq, mac)])


def blobs_1(v):
    """As blobs, of format 1."""
    for name in "tenant-key", "name-key":
        yield (f"{name}.wrapped", v["root.material"], SUITE, v[f"{name}.nonce"], v[f"{name}.material"],
               v[f"{name}.context"])
    tenant = v["tenant-key.material"]
    for name, blob, plaintext in (("field", "sealed", v["field.value"]), ("mask", "sealed", v["mask.text"]),
                                  ("plain", "proof", b""), ("apikey-root", "sealed", v["apikey-root.material"])):
        yield f"{name}.{blob}", tenant, SUITE, v[f"{name}.nonce"], plaintext, v[f"{name}.context"]
    yield ("audit.key-1-sealed", v["root.material"], SUITE, v["audit.key-nonce"], v["audit.key-1"],
           v["audit.key-context-1"])


def derived_1(v):
    """As derived, of format 1."""
    uuid, tenant, entry = v["vault.uuid"], v["tenant.id"], v["entry.id"]
    yield "root.key-id", model.key_id(v["root.material"])
    yield "tenant-key.key-id", model.key_id(v["tenant-key.material"])
    yield "tenant-key.context", model_1.context(b"tenant-key", uuid, tenant, model.number(v["tenant-key.version"]))
    yield "name-key.context", model_1.context(b"name-key", uuid)
    for kind, parts in ("tenant", (b"", v["tenant.name"])), ("entry", (entry, v["entry.name"])):
        yield f"{kind}.name-context", model_1.context(b"name", uuid, tenant, *parts)
        yield f"{kind}.name-proof", model_1.name_proof(v["name-key.material"], uuid, tenant, *parts)
    place = tenant, entry, v["field.name"], model.number(v["field.revision"])
    yield "field.context", model_1.context(b"field", uuid, *place)
    yield "mask.context", model_1.context(b"mask", uuid, *place)
    place = tenant, entry, v["plain.name"], model.number(v["plain.revision"])
    yield "plain.context", model_1.context(b"plain", uuid, *place, model.digest(v["plain.value"]))
    yield "apikey-root.context", model_1.context(b"apikey", uuid, tenant, v["apikey.id"])
    for epoch in 0, 1:
        yield f"audit.key-context-{epoch}", model_1.context(b"audit-key", uuid, model.number(epoch))
    yield "audit.key-1", model_1.ratchet(v["audit.key-0"])
    texts = "tenant", "actor", "origin", "reason", "op", "entry", "field", "outcome"
    for record in "record-1", "record-64", "record-65":
        seq = v[f"{record}.seq"]
        yield f"{record}.mac", model_1.record_mac(v[f"audit.key-{model.epoch(seq)}"], uuid, seq,
                                                  v[f"{record}.previous"], v[f"{record}.time"],
                                                  *(v[f"{record}.{text}"] for text in texts))
    yield "record-65.previous", v["record-64.mac"]
    yield "head.tag", model_1.head_tag(v["audit.key-1"], uuid, v["record-65.seq"], v["record-65.mac"])
    for name, *inputs in blobs_1(v):
        yield name, model.seal(*inputs)


def check(v, derived, blobs):
    for name, wanted in derived(v):
        tap.check(f"{name} follows", v[name] == wanted, f"the document has {v[name]}, it should be {wanted}")
    for name, material, _, _, plaintext, context in blobs(v):
        tap.check(f"{name} opens", model.open_blob(material, v[name], context) == plaintext)


def check_all_seen(v):
    unseen = v.values.keys() - v.seen
    tap.check("no vector is left unchecked", not unseen, unseen)


def main(path, path_1):
    document = pathlib.Path(path).read_text(encoding="utf-8")
    v = Vectors(document)
    check(v, derived, blobs)
    for name, private, _, plaintext, context in boxes(v):
        tap.check(f"{name} opens", model.box_open(private, v[name], context) == plaintext)
    for name, private, _, plaintext, context in boxed(v):
        tap.check(f"{name} opens", model.boxed_open(private, v[name], context) == plaintext)
    for name in "lane", "actor-lane", "vault", "tenant", "rotated", "removed", "shredded", *SIGNED_ACTORS:
        model.check_signature(v["signing-key.public"], v[f"{name}.statement"], v[f"{name}.signature"])
    model.check_signature(v["actor.signing-public"], v["further-lane.statement"], v["further-lane.signature"])
    model.check_signature(v["actor.signing-public"], v["put.message"], v["put.signature"])
    for name in ("triple-16.text", "triple-12.text"):
        tap.check(f"{name} opens", model.triple_open(v["triple.key"], v[name]) == v["triple.plaintext"])
    opened = model.token_open(v["apikey.token-root"], v["token.token"])
    tap.check("token.token opens", opened == v["token.claims"])
    scanner = re.search(r"`(bulla_\[[^`]*)`", document)[1]
    tap.check("the scanner's expression finds the API key", re.fullmatch(scanner, v["apikey.string"].decode()))
    scanner = re.search(r"`(bullaa_\[[^`]*)`", document)[1]
    tap.check("the scanner's expression finds the actor's key", re.fullmatch(scanner, v["actor.string"].decode()))
    check_all_seen(v)
    v = Vectors(pathlib.Path(path_1).read_text(encoding="utf-8"))
    check(v, derived_1, blobs_1)
    check_all_seen(v)
    tap.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
