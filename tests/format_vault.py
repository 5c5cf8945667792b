#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Whole vaults against docs/FORMAT.md, both ways: one that is made here from the document alone, schema and
vectors included, and must satisfy the command; one that the command made, of which every sealed byte, every
signature and every MAC is checked here, and so are those that it upgraded. Usage: format_vault.py FORMAT.md BULLA"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import tap

try:
    import bulla_format as model
    import format_vectors
    from format_reading import read
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
FORMER = b"what the field held before"
REVOKED_KEY, REVOKED_TOKEN = "feedfeedfeedfeed", b"a session that is over"
RECIPIENT = model.recipient_text(model.box_public(bytes(range(32)))).decode()


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

    def verifies(self, name, num):
        with self.connect() as db:
            mac = db.execute("SELECT mac FROM audit WHERE seq = ?", (num,)).fetchone()[0].hex()
        self.gives(name, f"{num} records, unbroken\nlane 0 ends with record {num}, {mac}\n".encode(), "audit", "verify")

    def connect(self):
        return contextlib.closing(sqlite3.connect(self.database, isolation_level=None))


def make_log(v, key):
    """Yields rows of audit up to NUM_RECORDS, and then the epoch's key and the last MAC."""
    uuid, lane, mac = v["vault.uuid"], v["lane.id"], v["lane.digest"]
    for seq in range(1, NUM_RECORDS + 1):
        if model.epoch(seq) != model.epoch(seq - 1):
            key = model.ratchet(key)
        owned = seq > 1
        clear = 1_790_000_000_000_000 + seq, v["tenant.id"] if owned else b"", b"put" if owned else b"init", b"done"
        texts = b"acme" if owned else b"", b"python", b"here", b"", b"warehouse", b"f%d" % seq
        detail = model.prefixed(*texts, b"" if owned else v["vault.digest"])
        detail_key = v["detail-key.material"] if owned else v["vault-detail-key.material"]
        sealed = model.seal(detail_key, 2, os.urandom(24), detail, model.detail_context(uuid, lane, seq, *clear))
        mac = model.record_mac(key, uuid, lane, seq, mac, *clear, sealed)
        time_us, tenant, op, outcome = clear
        yield 0, seq, time_us, tenant, op.decode(), outcome.decode(), sealed, mac
    yield key, mac


def insert(db, table, *rows):
    for row in rows:
        db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def sealed_row(v, name, revision, value, padded, traits):
    """A row of field: a secret one of the entry of the vectors."""
    place = v["vault.uuid"], v["tenant.id"], v["entry.id"], name, model.number(revision)
    sealed = (model.seal(model.secret_key(v["tenant-secret.material"], kind), 2, os.urandom(24), plaintext,
                         model.context(kind, *place))
              for kind, plaintext in ((b"field", model.pad(value, padded)), (b"mask", model.traits(value, *traits))))
    return None, v["entry.id"], name.decode(), revision, 1, *sealed, v["tenant-secret.id"], None, None, 0


def canary(v):
    """One that is masked and padded in another way than the field of the vectors."""
    return sealed_row(v, b"lure", 1, b"sixteen letters!", False, (3, 2, 1))


def former(v):
    """What that field held a revision earlier."""
    return sealed_row(v, v["field.name"], v["field.revision"] - 1, FORMER, True, (2, 1, 0))


def handouts(v):
    """Yields the rows of handout: those of the vectors, and the ring keys before them."""
    uuid = v["vault.uuid"]
    for name, _, tenant, role, secret, _ in format_vectors.handouts(v):
        yield tenant, role.decode(), secret, v[f"{name}.sealed"]
    for role in model.ROLES:
        for older, key, plaintext in model.ring_handouts(v["vault-key.material"], uuid, role,
                                                         v[f"vault.ring-{role.decode()}"]):
            if (role, older) != (b"use", model.number(v["handout-ring.ring"])):
                yield b"", role.decode(), older, model.seal(key, 2, os.urandom(24), plaintext,
                                                            model.handout_context(uuid, b"", role, older))


def make_vault(v, schema, database):
    """Writes the vault of the vectors, whose log is our own."""
    uuid, tenant, entry, secret = v["vault.uuid"], v["tenant.id"], v["entry.id"], v["tenant-secret.id"]
    *records, (key, mac) = make_log(v, v["audit.key-0"])
    epoch = model.epoch(NUM_RECORDS)
    head_key = model.seal(v["vault-key.material"], 2, os.urandom(24), key,
                          model.key_context(b"head-key", uuid, v["lane.id"], epoch))
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode = WAL; PRAGMA application_id = 1112886337; PRAGMA user_version = 2")
        db.execute("BEGIN")
        for statement in schema:
            db.execute(statement)
        insert(db, "vault", (1, v["vault.statement"], v["vault.signature"], v["signing-key.wrapped"],
                             v["audit-key.wrapped"], v["vault-detail-key.wrapped"], 3))
        leaves = {tenant: v["tenant.digest"]}
        insert(db, "directory", (tenant[0], model.stored_leaves(leaves)), (256, model.buckets(leaves)))
        insert(db, "root", (v["root-key.id"], v["root-key.wrapped"], None, None),
               (v["root-passphrase.id"], v["root-passphrase.wrapped"], v["root-passphrase.salt"], 17),
               (v["root-recipient.id"], v["root-recipient.wrapped"], None, None))
        insert(db, "tenant", (tenant, v["tenant.name"].decode(), v["tenant.statement"], v["tenant.signature"],
                              v["label-key.wrapped"], v["detail-key.wrapped"]))
        insert(db, "handout", *handouts(v))
        insert(db, "tenant_secret", (secret, tenant, v["tenant-secret.version"], "active",
                                     v["tenant-secret.wrapped"], 0))
        insert(db, "entry", (entry, tenant, v["entry.name"].decode(), v["entry.name-proof"], None))
        insert(db, "field", canary(v),
               (None, entry, v["field.name"].decode(), v["field.revision"], 1, v["field.sealed"], v["mask.sealed"],
                secret, None, None, 0),
               (None, entry, v["plain.name"].decode(), v["plain.revision"], 0, v["plain.value"], v["plain.proof"],
                None, None, None, 0), former(v))
        insert(db, "apikey", (None, v["apikey.id-bytes"].hex(), tenant, "", 0, 0, v["apikey.hash"],
                              v["apikey-root.sealed"], secret),
               (None, REVOKED_KEY, tenant, "old", 0, 1, bytes(32), None, None))
        insert(db, "revoked_token", (tenant, model.digest(REVOKED_TOKEN), 1_790_003_600))
        insert(db, "revocation", (1, tenant, REVOKED_KEY, None), (2, tenant, None, model.digest(REVOKED_TOKEN)))
        insert(db, "lane", (0, v["lane.statement"], v["lane.signature"]))
        insert(db, "audit", *records)
        tag = model.head_tag(key, uuid, v["lane.id"], NUM_RECORDS, mac, v["vault.generation"])
        insert(db, "audit_head", (0, NUM_RECORDS, mac, tag,
                                  head_key + model.prefixed(model.number(v["vault.generation"]))))
        db.execute("COMMIT")


def command_reads_ours(bulla, v, schema):
    bulla.root_file.write_text(v["root-key.material"].hex())
    bulla.root_file.chmod(0o600)
    make_vault(v, schema, bulla.database)
    bulla.verifies("the command verifies a log made from the document", NUM_RECORDS)
    log = [json.loads(line) for line in bulla.prints("audit", "log", "--json").splitlines()]
    tap.check("the command reads the details of a log made from the document",
              [(record["op"], record["actor"], record["field"]) for record in log] ==
              [("init" if seq == 1 else "put", "python", f"f{seq}") for seq in range(1, NUM_RECORDS + 1)], log[:2])
    shown = json.loads(bulla.prints("show", "acme/warehouse", "--json"))
    tap.check("the command shows fields made from the document",
              [(field["field"], field["value"]) for field in shown] ==
              [("host", v["plain.value"].decode()), ("lure", "********"), ("password", v["mask.text"].decode())], shown)
    bulla.gives("the command gets a secret made from the document", v["field.value"],
                "get", "acme/warehouse", "password", "--reason", "test")
    bulla.gives("the command gets a former revision made from the document", FORMER,
                "get", "acme/warehouse", "password", "--reason", "test", "--revision", str(v["field.revision"] - 1))
    shown = json.loads(bulla.prints("history", "acme/warehouse", "password", "--json"))
    tap.check("the command shows a former revision made from the document",
              [(row["revision"], row["value"]) for row in shown] ==
              [(v["field.revision"] - i, model.mask(text).decode()) for i, text in enumerate((v["field.value"], FORMER))],
              shown)
    now = int(time.time())
    claims = {"org": "acme", "sub": "alice", "iat": now, "exp": now + 60}

    def token(members):
        return model.token_seal(v["apikey.token-root"], v["apikey.id-bytes"], os.urandom(12), members)

    good = json.dumps(claims, separators=(",", ":")).encode()
    bulla.gives("the command verifies a token made from the document", good + b"\n", "token", "verify",
                given=token(good))
    ended = json.dumps({**claims, "jti": REVOKED_TOKEN.decode()}).encode()
    run = bulla("token", "verify", given=token(ended))
    tap.check("the command refuses a token whose revocation is made from the document",
              run.returncode == 1 and b"revoked" in run.stdout, run.stdout)
    roots_and_anchors(bulla, v)
    programs(bulla, v)
    bulla.prints("put", "beta/db", "host=h")
    bulla.prints("root", "add", RECIPIENT, "--name", "second")
    bulla.prints("root", "rm", "recovery")
    bulla.verifies("the command goes on with a log made from the document", NUM_RECORDS + 9)
    with bulla.connect() as db:
        vault = read(db, "after the command's changes", v["root-key.id"], v["root-key.material"])
        tap.check("the command's changes to a vault made from the document follow the document",
                  {name for _, _, name in vault.tenants.values()} == {b"acme", b"beta"} and
                  vault.generation == v["vault.generation"] + 4 and len(vault.roots) == 4)
        tap.check("the log tells of the newest statement of the vault", vault.told(b""))
    backups(bulla, v)


def roots_and_anchors(bulla, v):
    """With the vault of the vectors."""
    private = bulla.folder / "recovery.key"
    private.touch(mode=0o600)
    private.write_text(v["root-recipient.private"].hex())
    by_recipient = "show", "acme/warehouse", "--root", f"recipient:file:{private}"
    run = bulla(*by_recipient)
    tap.check("a recipient alone does not open it", run.returncode != 0, run.stdout)
    run = bulla(*by_recipient, "--fingerprint", "00" * 32)
    tap.check("nor with another fingerprint", run.returncode != 0, run.stdout)
    shown = bulla.prints(*by_recipient, "--fingerprint", v["vault.fingerprint"].hex())
    tap.check("with the fingerprint it does", b"db.acme.example" in shown, shown)
    note = bulla.prints("audit", "anchor")
    with bulla.connect() as db:
        seq, mac = db.execute("SELECT seq, mac FROM audit_head").fetchone()
    tap.check("the command's anchor is the document's",
              note == model.anchor(v["signing-key.seed"], v["vault.uuid"], [(0, seq, mac)]), note)
    for name, given, good in (("this", (seq, mac), True), ("a longer", (seq + 1, mac), False),
                              ("another", (seq - 1, mac), False)):
        (bulla.folder / "anchor").write_bytes(
            model.anchor(v["signing-key.seed"], v["vault.uuid"], [(0, *given)]))
        run = bulla("audit", "verify", "--anchor", "anchor")
        tap.check(f"the command compares a log with {name} anchor", (run.returncode == 0) == good, run.stdout)


def backups(bulla, v):
    """With the vault of the vectors: one that the command makes, and one made here."""
    made = json.loads(bulla.prints("backup", "b", "--json"))
    file = (bulla.folder / "b").read_bytes()
    said = file[:-16][-64 - int.from_bytes(file[-4:], "big"):-64]
    database = file[:-len(said) - 80]
    seed, uuid = v["signing-key.seed"], v["vault.uuid"]
    with bulla.connect() as db:
        seq, when = db.execute("SELECT seq, time FROM audit ORDER BY seq DESC").fetchone()
        before = db.execute("SELECT mac FROM audit WHERE seq = ?", (seq - 1,)).fetchone()[0]
        vault = read(db, "after a backup", v["root-key.id"], v["root-key.material"])
    identity = bytes.fromhex(made["id"])
    tap.check("the command's backup is the document's", database[68:72] == b"BULB" and
              file == model.backup(seed, uuid, b"sqlite", identity, when, database), said)
    tap.check("its record names the heads before it", vault.records[-1][1:3] == ("backup", "done") and
              vault.records[-1][7] == made["id"].encode() and vault.records[-1][9] == model.heads([(0, seq - 1, before)]),
              vault.records[-1])
    for name, content in (("ours", model.backup(seed, uuid, b"sqlite", identity, when, database)),
                          ("other", model.backup(bytes(32), uuid, b"sqlite", identity, when, database)),
                          ("another", model.backup(seed, uuid, b"sqlite", bytes(16), when, database))):
        (bulla.folder / name).write_bytes(content)
        run = bulla("restore", name, "--vault", f"sqlite:{name}.db", "--json")
        tap.check(f"the command restores a backup made from the document, and none of another: {name}",
                  (run.returncode == 0) == (name == "ours") == (bulla.folder / f"{name}.db").exists(), run.stdout)
    log = [json.loads(line) for line in bulla.prints("audit", "log", "--json", "--vault", "sqlite:ours.db").splitlines()]
    tap.check("the log of what was restored goes on", [(r["op"], r["entry"]) for r in log[-2:]] ==
              [("restore-vault", made["id"]), ("lane-open", "1")], log[-2:])


# It wraps nothing, but differs from what it is given, and keeps count of its runs.
PROGRAM = r"""
import base64, sys
operation, vault, data = sys.stdin.read().split("\n")[:3]
key = base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
turned = bytes(byte ^ 0x55 for byte in key)
print("bulla-wrap-1 ok", base64.urlsafe_b64encode(turned).decode().rstrip("="), "end", sep="\n")
print(operation, vault, file=open("runs", "a"))
"""


def programs(bulla, v):
    """With the vault of the vectors."""
    (bulla.folder / "program.py").write_text(PROGRAM)
    provider = f"wrap:{sys.executable} {bulla.folder}/program.py"
    runs = bulla.folder / "runs"
    vault = v["vault.uuid"].hex()
    bulla.prints("root", "add", provider, "--name", "hsm")
    tap.check("a program is told the vault's id",
              runs.read_text() == f"bulla-wrap-1 wrap {vault}\nbulla-wrap-1 unwrap {vault}\n", runs.read_text())
    with bulla.connect() as db:
        wrapped = [row for row, in db.execute("SELECT wrapped FROM root WHERE length(wrapped) = 32")]
    tap.check("a program wraps the vault key itself",
              wrapped == [bytes(byte ^ 0x55 for byte in v["vault-key.material"])], wrapped)
    runs.unlink()
    for fingerprint in ((), ("--fingerprint", "00" * 32)):
        run = bulla("show", "acme/warehouse", "--root", provider, *fingerprint)
        tap.check("without the fingerprint a program is not even run", run.returncode != 0 and not runs.exists(),
                  run.stdout)
    by_program = "show", "acme/warehouse", "--root", provider, "--fingerprint", v["vault.fingerprint"].hex()
    with bulla.connect() as db:
        signature = db.execute("SELECT signature FROM vault").fetchone()[0]
        db.execute("UPDATE vault SET signature = ?", (signature[:-1] + bytes([signature[-1] ^ 1]),))
        run = bulla(*by_program)
        db.execute("UPDATE vault SET signature = ?", (signature,))
    tap.check("nor on what was not signed", run.returncode != 0 and not runs.exists(), run.stdout)
    shown = bulla.prints(*by_program)
    tap.check("with it the vault opens", b"db.acme.example" in shown and runs.exists(), shown)


def fill(bulla, secrets, plain):
    """Has the command make a vault with all that one can have, and returns the string of its live API key and what
    the log must hold."""
    bulla.prints("init")
    for name, value in secrets.items():
        (bulla.folder / name).write_bytes(value)
    bulla.prints("put", "acme/db", *(f"--secret-file={name}={name}" for name in secrets))
    bulla.prints("put", "acme/db", *(f"{name}={value}" for name, value in plain.items()))
    bulla.prints("get", "acme/db", "long", "--reason", "test")
    bulla("get", "nobody/db", "long", "--reason", "test")
    bulla.prints("put", "gone/first", "a=1")
    bulla.prints("mv", "gone", "went")
    bulla.prints("mv", "went/first", "went/second")
    for value in (b"one", b"two"):
        bulla.prints("put", "went/second", "--secret", "a", given=value)
    bulla.prints("mv", "went/second", "a", "b")
    bulla.prints("put", "acme/db", "f0=changed")
    bulla.prints("restore", "acme/db", "f0", "--revision", "1")
    bulla.prints("put", "acme/db", "--secret", "short", "--keep", "1", given=b"another")
    bulla.prints("restore", "acme/db", "short", "--revision", "1")
    bulla.prints("rm", "went/second", "b")
    bulla.prints("rm", "went")
    bulla.prints("apikey", "create", "--tenant", "acme", "--name", "old")
    bulla.prints("apikey", "revoke", "old")
    bulla.prints("token", "revoke", "--jti", "t-1", "--tenant", "acme")
    string = bulla.prints("apikey", "create", "--tenant", "acme").strip()
    done = [("init", "done")] + [("put", "done")] * (len(secrets) + len(plain))
    done += [("use", "granted"), ("use", "not-found"), ("put", "done")]
    done += [("rename-from", "done"), ("rename-to", "done")] * 2 + [("put", "done")] * 2
    done += [("rename-from", "done"), ("rename-to", "done")]
    done += [(op, "done") for op in ("put", "restore", "keep", "put", "restore")] + [("remove", "done")] * 3
    done += [(op, "done") for op in ("apikey-create", "apikey-revoke", "token-revoke", "apikey-create")]
    return string, done


def we_read_the_commands(bulla, schema):
    secrets = {"long": b"correct horse battery staple", "short": b"fifteen letters", "binary": bytes(range(256)),
               "sixteen": b"sixteen letters!"}
    plain = {f"f{i}": f"value {i}" for i in range(NUM_RECORDS)}
    string, done = fill(bulla, secrets, plain)
    root = bytes.fromhex(bulla.root_file.read_text())
    with bulla.connect() as db:
        texts = [text for text, in db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")]
        tap.check("the schema is the document's", sorted(texts) == sorted(schema), texts)
        names = "application_id", "user_version", "journal_mode"
        pragmas = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
        tap.check("application_id, user_version and journal_mode are the document's",
                  pragmas == [0x42554C41, 2, "wal"], pragmas)
        vault = read(db, "of the command", model.key_id(root), root)
        tap.check("secret fields open", vault.values == secrets)
        tap.check("masks are the document's",
                  vault.masks == {name: (model.mask(value), 2, 1, 0, 0) for name, value in secrets.items()},
                  vault.masks)
        tap.check("plain fields are proven", vault.plain == plain)
        tap.check("former revisions open", vault.past[0] == {("short", 2): b"another"} and
                  vault.past[2] == {("f0", 2): "changed"}, vault.past)
        tap.check("the log has all that was done, over epochs",
                  [record[1:3] for record in vault.records] == done and len(done) > NUM_RECORDS, vault.records)
        tap.check("the log tells of the statement of each tenant, and of the vault's first",
                  all(map(vault.told, vault.tenants)) and len(vault.records[0][-1]) == 32)
        tap.check("each tenant was signed with its own generation of the directory", vault.generation == 5)
        secret = bytes.fromhex(string[23:87].decode())
        identity = string[6:22].decode()
        hashed = db.execute("SELECT hash FROM apikey WHERE id = ?", (identity,)).fetchone()[0]
        tap.check("the API key's string is the document's",
                  string == model.apikey_string(bytes.fromhex(identity), secret))
        tap.check("the API key's record is the document's", hashed == model.apikey_hash(string) and
                  vault.token_root(identity) == model.token_root(secret))
    (bulla.folder / "apikey").touch(mode=0o600)
    (bulla.folder / "apikey").write_bytes(string)
    token = bulla.prints("token", "mint", "--apikey-file", "apikey", "--org", "acme", "--sub", "s").strip()
    tap.check("a minted token opens", json.loads(model.token_open(model.token_root(secret), token))["sub"] == "s")


def we_read_what_was_upgraded(bulla, name):
    """A vault of format 1 that the command turned into one of format 2."""
    old = pathlib.Path(__file__).parent / "data" / "format1" / name
    root = bytes.fromhex("00112233445566778899aabbccddeeff" * 2)
    bulla.root_file.touch(mode=0o600)
    bulla.root_file.write_text(root.hex())
    shutil.copy(old, bulla.database)
    bulla.database.chmod(0o600)
    with bulla.connect() as db:
        before = db.execute("SELECT time, op, outcome FROM audit ORDER BY seq").fetchall()
        last = db.execute("SELECT mac FROM audit ORDER BY seq DESC").fetchone()[0]
    bulla.prints("upgrade")
    with bulla.connect() as db:
        vault = read(db, f"that was {name}", model.key_id(root), root)
        after = db.execute("SELECT time, op, outcome FROM audit ORDER BY seq").fetchall()
    tap.check(f"the log of {name} goes on, and names the end of the old one",
              after[:-1] == before and after[-1][1:] == ("upgrade", "done") and
              vault.records[-1][7] == last.hex().encode(), vault.records[-1])


def main(document, program):
    text = pathlib.Path(document).read_text(encoding="utf-8")
    schema = re.search(r"^```sql\n(.*?);\n```$", text, re.MULTILINE | re.DOTALL)[1].split(";\n")
    program = str(pathlib.Path(program).resolve())
    with tempfile.TemporaryDirectory(prefix="bulla-format-") as folder:
        command_reads_ours(Command(program, folder), Vectors(text), schema)
    with tempfile.TemporaryDirectory(prefix="bulla-format-") as folder:
        we_read_the_commands(Command(program, folder), schema)
    for name in "small.db", "large.db":
        with tempfile.TemporaryDirectory(prefix="bulla-format-") as folder:
            we_read_what_was_upgraded(Command(program, folder), name)
    tap.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
