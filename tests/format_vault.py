#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Whole vaults against docs/FORMAT.md, both ways: one that is made here from the document alone, schema and
vectors included, and must satisfy the command; one that the command made, of which every sealed byte and every
MAC is checked here. Usage: format_vault.py FORMAT.md BULLA"""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

import tap

try:
    import bulla_format as model
    from format_vectors import Vectors
except ImportError as error:
    tap.skip("format of a vault", f"{error}: install python3-cryptography")
    tap.finish()
    sys.exit()

if sqlite3.sqlite_version_info < (3, 37):
    tap.skip("format of a vault", "Python's SQLite knows no STRICT tables: install 3.37 or later")
    tap.finish()
    sys.exit()

NUM_RECORDS = 130  # in three epochs


class Command:
    """The command, on the vault in |folder|."""

    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.database = self.folder / "v.db"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BULLA_")}
        self.root_file = self.folder / "root.key"
        where = {"BULLA_VAULT": f"sqlite:{self.database}", "BULLA_ROOT": f"file:{self.root_file}"}
        self.environment = {**kept, **where}

    def __call__(self, *arguments, given=b""):
        return subprocess.run([self.program, *arguments], input=given, env=self.environment, cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def gives(self, name, wanted, *arguments, given=b""):
        run = self(*arguments, given=given)
        tap.check(name, run.returncode == 0 and run.stdout == wanted, run.stdout.decode(errors="replace"))

    def prints(self, *arguments, given=b""):
        run = self(*arguments, given=given)
        if run.returncode != 0:
            raise RuntimeError(f"{arguments}: {run.stdout.decode(errors='replace')}")
        return run.stdout

    def connect(self):
        return contextlib.closing(sqlite3.connect(self.database, isolation_level=None))


def make_log(v, key):
    """Yields rows of audit up to NUM_RECORDS, and then the epoch's key and the last MAC."""
    mac = bytes(32)
    for seq in range(1, NUM_RECORDS + 1):
        if model.epoch(seq) != model.epoch(seq - 1):
            key = model.ratchet(key)
        record = 1_790_000_000_000_000 + seq, "acme", "python", "here", "", "put", "warehouse", f"f{seq}", "done"
        texts = [text.encode() for text in record[1:]]
        mac = model.record_mac(key, v["vault.uuid"], seq, mac, record[0], *texts)
        yield seq, *record, mac
    yield key, mac


def make_vault(v, schema, database):
    """Writes the vault of the vectors, whose log is our own."""
    uuid, tenant, entry, tenant_key = v["vault.uuid"], v["tenant.id"], v["entry.id"], v["tenant-key.key-id"]
    fields = (("field", 1, v["field.sealed"], v["mask.sealed"]), ("plain", 0, v["plain.value"], v["plain.proof"]))
    *records, (key, mac) = make_log(v, v["audit.key-0"])

    def sealed(audit_key, epoch):
        context = model.context(b"audit-key", uuid, model.number(epoch))
        return model.seal(v["root.material"], 2, os.urandom(24), audit_key, context)

    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode = WAL; PRAGMA application_id = 1112886337; PRAGMA user_version = 1")
        db.execute("BEGIN")
        for statement in schema:
            db.execute(statement)
        db.execute("INSERT INTO vault VALUES (1, ?, 0, ?, NULL, NULL, ?)",
                   (uuid, v["root.key-id"], v["name-key.wrapped"]))
        db.execute("INSERT INTO tenant VALUES (?, ?, ?, 0)",
                   (tenant, v["tenant.name"].decode(), v["tenant.name-proof"]))
        db.execute("INSERT INTO tenant_key VALUES (?, ?, ?, 'active', ?, 0)",
                   (tenant_key, tenant, v["tenant-key.version"], v["tenant-key.wrapped"]))
        db.execute("INSERT INTO entry VALUES (?, ?, ?, ?)",
                   (entry, tenant, v["entry.name"].decode(), v["entry.name-proof"]))
        for name, secret, value, mask in fields:
            db.execute("INSERT INTO field VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, 0)",
                       (entry, v[f"{name}.name"].decode(), v[f"{name}.revision"], secret, value, mask, tenant_key))
        db.execute("INSERT INTO apikey VALUES (NULL, ?, ?, '', 0, 0, ?, ?, ?)",
                   (v["apikey.id-bytes"].hex(), tenant, v["apikey.hash"], v["apikey-root.sealed"], tenant_key))
        db.executemany(f"INSERT INTO audit VALUES ({', '.join('?' * 11)})", records)
        db.execute("INSERT INTO audit_head VALUES (1, ?, ?, ?, ?)",
                   (NUM_RECORDS, model.head_tag(key, uuid, NUM_RECORDS, mac),
                    sealed(key, model.epoch(NUM_RECORDS)), sealed(v["audit.key-0"], 0)))
        db.execute("COMMIT")


def command_reads_ours(bulla, v, schema):
    bulla.root_file.write_text(v["root.material"].hex())
    bulla.root_file.chmod(0o600)
    make_vault(v, schema, bulla.database)
    bulla.gives("the command verifies a log made from the document", f"{NUM_RECORDS} records, unbroken\n".encode(),
                "audit", "verify")
    shown = json.loads(bulla.prints("show", "acme/warehouse", "--json"))
    tap.check("the command shows fields made from the document",
              [(field["field"], field["value"]) for field in shown] ==
              [("host", v["plain.value"].decode()), ("password", v["mask.text"].decode())], shown)
    bulla.gives("the command gets a secret made from the document", v["field.value"],
                "get", "acme/warehouse", "password", "--reason", "test")
    now = int(time.time())
    claims = json.dumps({"org": "acme", "sub": "alice", "iat": now, "exp": now + 60}).encode()
    token = model.token_seal(v["apikey.token-root"], v["apikey.id-bytes"], os.urandom(12), claims)
    bulla.gives("the command verifies a token made from the document", claims.replace(b" ", b"") + b"\n",
                "token", "verify", given=token)
    bulla.gives("the command goes on with a log made from the document",
                f"{NUM_RECORDS + 2} records, unbroken\n".encode(), "audit", "verify")


def fill(bulla, secrets, plain):
    """Has the command make a vault, and returns the string of its API key."""
    bulla.prints("init")
    for name, value in secrets.items():
        (bulla.folder / name).write_bytes(value)
    bulla.prints("put", "acme/db", *(f"--secret-file={name}={name}" for name in secrets))
    bulla.prints("put", "acme/db", *(f"{name}={value}" for name, value in plain.items()))
    bulla.prints("get", "acme/db", "long", "--reason", "test")
    return bulla.prints("apikey", "create", "--tenant", "acme").strip()


def tenant_keys(db, root, uuid):
    keys = {}
    for key_id, tenant, version, wrapped in db.execute("SELECT key_id, tenant, version, wrapped FROM tenant_key"):
        context = model.context(b"tenant-key", uuid, tenant, model.number(version))
        keys[key_id] = model.open_blob(root, wrapped, context)
    return keys


def names_are_proven(db, root, uuid):
    key = model.open_blob(root, db.execute("SELECT name_key FROM vault").fetchone()[0],
                          model.context(b"name-key", uuid))
    rows = db.execute("SELECT id, x'', name, name_proof FROM tenant "
                      "UNION ALL SELECT tenant, id, name, name_proof FROM entry").fetchall()
    return len(rows) == 2 and all(proof == model.name_proof(key, uuid, tenant, entry, name.encode())
                                  for tenant, entry, name, proof in rows)


def read_fields(db, keys, uuid):
    """Opens every field, and returns the values and the masks of the secret ones and the values of the others."""
    query = ("SELECT e.tenant, e.id, f.name, f.revision, f.secret, f.value, f.mask, f.key_id "
             "FROM field f JOIN entry e ON e.id = f.entry")
    values, masks, plain = {}, {}, {}
    for tenant, entry, name, revision, secret, value, mask, key_id in db.execute(query):
        place = tenant, entry, name.encode(), model.number(revision)
        if secret:
            values[name] = model.open_blob(keys[key_id], value, model.context(b"field", uuid, *place))
            masks[name] = model.open_blob(keys[key_id], mask, model.context(b"mask", uuid, *place))
        else:
            context = model.context(b"plain", uuid, *place, hashlib.sha256(value).digest())
            model.require(model.open_blob(keys[key_id], mask, context) == b"")
            plain[name] = value.decode()
    return values, masks, plain


def check_log(db, root, uuid):
    """Returns the number of records, all of which follow."""
    seq, tag, sealed, first = db.execute("SELECT seq, tag, key, first_key FROM audit_head").fetchone()
    key = model.open_blob(root, first, model.context(b"audit-key", uuid, model.number(0)))
    previous, num = bytes(32), 0
    columns = "seq, time, tenant, actor, origin, reason, op, entry, field, outcome, mac"
    for number, when, *texts, mac in db.execute(f"SELECT {columns} FROM audit ORDER BY seq"):
        if model.epoch(number) != model.epoch(num):
            key = model.ratchet(key)
        texts = [text.encode() for text in texts]
        model.require(number == num + 1)
        model.require(mac == model.record_mac(key, uuid, number, previous, when, *texts))
        previous, num = mac, number
    model.require(num == seq and tag == model.head_tag(key, uuid, seq, previous))
    context = model.context(b"audit-key", uuid, model.number(model.epoch(seq)))
    model.require(key == model.open_blob(root, sealed, context))
    return num


def we_read_the_commands(bulla, schema):
    secrets = {"long": b"correct horse battery staple", "short": b"fifteen letters", "binary": bytes(range(256)),
               "sixteen": b"sixteen letters!"}
    plain = {f"f{i}": f"value {i}" for i in range(NUM_RECORDS)}
    string = fill(bulla, secrets, plain)
    root = bytes.fromhex(bulla.root_file.read_text())
    with bulla.connect() as db:
        uuid, root_id = db.execute("SELECT uuid, root_key_id FROM vault").fetchone()
        texts = [text for text, in db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")]
        tap.check("the schema is the document's", sorted(texts) == sorted(schema), texts)
        names = "application_id", "user_version", "journal_mode"
        pragmas = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
        tap.check("application_id, user_version and journal_mode are the document's",
                  pragmas == [0x42554C41, 1, "wal"], pragmas)
        tap.check("the key id of the root is the document's", root_id == model.key_id(root))
        keys = tenant_keys(db, root, uuid)
        tap.check("tenant keys open and have the document's ids",
                  all(key_id == model.key_id(key) for key_id, key in keys.items()))
        tap.check("names are proven", names_are_proven(db, root, uuid))
        values, masks, shown = read_fields(db, keys, uuid)
        tap.check("secret fields open", values == secrets)
        tap.check("masks are the document's",
                  masks == {name: model.mask(value) for name, value in secrets.items()}, masks)
        tap.check("plain fields are proven", shown == plain)
        row = db.execute("SELECT id, tenant, hash, sealed, key_id FROM apikey").fetchone()
        identity, tenant, hashed, sealed, key_id = row
        secret = bytes.fromhex(string[23:87].decode())
        token_root = model.token_root(secret)
        context = model.context(b"apikey", uuid, tenant, identity.encode())
        tap.check("the API key's string is the document's",
                  string == model.apikey_string(bytes.fromhex(identity), secret))
        tap.check("the API key's record is the document's", hashed == model.apikey_hash(string) and
                  model.open_blob(keys[key_id], sealed, context) == token_root)
        num = check_log(db, root, uuid)
        tap.check("every record of the log follows, over epochs", num > NUM_RECORDS, num)
    (bulla.folder / "apikey").touch(mode=0o600)
    (bulla.folder / "apikey").write_bytes(string)
    token = bulla.prints("token", "mint", "--apikey-file", "apikey", "--org", "acme", "--sub", "s").strip()
    tap.check("a minted token opens", json.loads(model.token_open(token_root, token))["sub"] == "s")


def main(document, program):
    text = pathlib.Path(document).read_text(encoding="utf-8")
    schema = re.search(r"^```sql\n(.*?);\n```$", text, re.MULTILINE | re.DOTALL)[1].split(";\n")
    program = str(pathlib.Path(program).resolve())
    with tempfile.TemporaryDirectory(prefix="bulla-format-") as folder:
        command_reads_ours(Command(program, folder), Vectors(text), schema)
    with tempfile.TemporaryDirectory(prefix="bulla-format-") as folder:
        we_read_the_commands(Command(program, folder), schema)
    tap.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
