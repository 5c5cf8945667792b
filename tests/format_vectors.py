#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Recomputes the vectors of docs/FORMAT.md §9 with tests/bulla_format.py. That bulla itself agrees with them is
for tests/test_format.c. Usage: format_vectors.py FORMAT.md"""

import hashlib
import json
import pathlib
import re
import sys

import tap

try:
    import bulla_format as model
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


def blobs(v):
    """Yields each blob's name, and what it must be sealed from: key, suite, nonce, plaintext, context."""
    yield "blob-1.blob", v["key.material"], 1, v["blob-1.nonce"], v["blob.plaintext"], v["blob.context"]
    yield "blob-2.blob", v["key.material"], 2, v["blob-2.nonce"], v["blob.plaintext"], v["blob.context"]
    yield "blob-empty.blob", v["key.material"], 2, v["blob-empty.nonce"], b"", b""
    yield ("tenant-key.wrapped", v["root.material"], 2, v["tenant-key.nonce"], v["tenant-key.material"],
           v["tenant-key.context"])
    yield ("name-key.wrapped", v["root.material"], 2, v["name-key.nonce"], v["name-key.material"],
           v["name-key.context"])
    tenant = v["tenant-key.material"]
    yield "field.sealed", tenant, 2, v["field.nonce"], v["field.value"], v["field.context"]
    yield "mask.sealed", tenant, 2, v["mask.nonce"], v["mask.text"], v["mask.context"]
    yield "plain.proof", tenant, 2, v["plain.nonce"], b"", v["plain.context"]
    yield ("apikey-root.sealed", tenant, 2, v["apikey-root.nonce"], v["apikey.token-root"],
           v["apikey-root.context"])
    yield ("audit.key-1-sealed", v["root.material"], 2, v["audit.key-nonce"], v["audit.key-1"],
           v["audit.key-context-1"])


def derived(v):
    """Yields the name of each vector that follows from others, and what it must be."""
    material = v["key.material"]
    yield "key.id", model.key_id(material)
    yield "key.aead-1", model.aead_key(material, 1)
    yield "key.aead-2", model.aead_key(material, 2)
    yield "blob-2.xaes-key", model.xaes_key(v["key.aead-2"], v["blob-2.nonce"])
    for name, *inputs in blobs(v):
        yield name, model.seal(*inputs)
    yield "text.of-blob-1", model.blob_text(v["blob-1.blob"])
    yield "text.of-blob-2", model.blob_text(v["blob-2.blob"])
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
    yield "root.key-id", model.key_id(v["root.material"])
    yield "tenant-key.key-id", model.key_id(v["tenant-key.material"])
    names = (b"", v["tenant.name"]), (v["entry.id"], v["entry.name"])
    for kind, parts in zip(("tenant", "entry"), names):
        parts = v["vault.uuid"], v["tenant.id"], *parts
        yield f"{kind}.name-context", model.context(b"name", *parts)
        yield f"{kind}.name-proof", model.name_proof(v["name-key.material"], *parts)
    yield "mask.text", model.mask(v["field.value"])
    yield "scrypt.material", model.stretch(v["scrypt.passphrase"], v["scrypt.salt"])
    yield from contexts(v)
    yield from audit(v)


def contexts(v):
    uuid, tenant, entry = v["vault.uuid"], v["tenant.id"], v["entry.id"]
    place = tenant, entry, v["field.name"], model.number(v["field.revision"])
    digest = hashlib.sha256(v["plain.value"]).digest()
    plain = tenant, entry, v["plain.name"], model.number(v["plain.revision"]), digest
    yield "field.context", model.context(b"field", uuid, *place)
    yield "mask.context", model.context(b"mask", uuid, *place)
    yield "plain.context", model.context(b"plain", uuid, *plain)
    yield "apikey-root.context", model.context(b"apikey", uuid, tenant, v["apikey.id-bytes"].hex().encode())
    yield "tenant-key.context", model.context(b"tenant-key", uuid, tenant, model.number(v["tenant-key.version"]))
    yield "name-key.context", model.context(b"name-key", uuid)
    yield "audit.key-context-0", model.context(b"audit-key", uuid, model.number(0))
    yield "audit.key-context-1", model.context(b"audit-key", uuid, model.number(1))


def audit(v):
    keys = v["audit.key-0"], v["audit.key-1"]
    yield "audit.key-1", model.ratchet(keys[0])
    texts = "tenant", "actor", "origin", "reason", "op", "entry", "field", "outcome"
    for record in ("record-1", "record-64", "record-65"):
        seq = v[f"{record}.seq"]
        fields = [v[f"{record}.{text}"] for text in texts]
        yield f"{record}.mac", model.record_mac(keys[model.epoch(seq)], v["vault.uuid"], seq,
                                                v[f"{record}.previous"], v[f"{record}.time"], *fields)
    yield "record-65.previous", v["record-64.mac"]
    yield "head.tag", model.head_tag(keys[1], v["vault.uuid"], v["record-65.seq"], v["record-65.mac"])


def main(path):
    v = Vectors(pathlib.Path(path).read_text(encoding="utf-8"))
    for name, wanted in derived(v):
        tap.check(f"{name} follows", v[name] == wanted, f"the document has {v[name]}, it should be {wanted}")
    for name, material, _, _, plaintext, context in blobs(v):
        tap.check(f"{name} opens", model.open_blob(material, v[name], context) == plaintext)
    for name in ("triple-16.text", "triple-12.text"):
        tap.check(f"{name} opens", model.triple_open(v["triple.key"], v[name]) == v["triple.plaintext"])
    opened = model.token_open(v["apikey.token-root"], v["token.token"])
    tap.check("token.token opens", opened == v["token.claims"])
    scanner = re.search(r"`(bulla_\[[^`]*)`", pathlib.Path(path).read_text(encoding="utf-8"))[1]
    tap.check("the scanner's expression finds the API key", re.fullmatch(scanner, v["apikey.string"].decode()))
    unseen = v.values.keys() - v.seen
    tap.check("no vector is left unchecked", not unseen, unseen)
    tap.finish()


if __name__ == "__main__":
    main(sys.argv[1])
