# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""No secret reaches the server: its data, its WAL and a log of all statements have none.

usage: test_postgres_secrets.py BULLA CLIENT"""

import base64
import hashlib
import hmac
import os
import pathlib
import shutil
import tempfile

from command import test_without_vault
from pg_place import note, place, run_with_server, tells
import postgres

LOGGING = ("log_statement=all", "log_min_messages=debug1", "log_min_error_statement=debug1", "log_error_verbosity=verbose",
           "log_connections=on", "log_duration=on", "log_parameter_max_length_on_error=-1", "wal_level=logical")
PASSPHRASE = "the ENCRYPTION_KEY of an older system"


def forms(secret):
    """What |secret| can look like: itself, in hexadecimal, and in base64 wherever it begins there."""
    found = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for before in range(3):
        # Without the first characters, which depend on what is before, and the last, which depend on what follows.
        inside = base64.b64encode(bytes(before) + secret)[4 if before else 0:(before + len(secret)) // 3 * 4]
        found += [inside, inside.replace(b"+", b"-").replace(b"/", b"_")]
    assert all(len(form) >= 8 for form in found), secret
    return set(found)


def verifier(password):
    """What the server keeps of |password|, so that it is never told it."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 4096)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    texts = [base64.b64encode(part).decode() for part in (salt, stored, hmac.digest(salted, b"Server Key", "sha256"))]
    return f"SCRAM-SHA-256$4096:{texts[0]}${texts[1]}:{texts[2]}"


def found_in(folder, secrets):
    """The secrets that some file has, by their names; and the number of files and of bytes."""
    names, files, size = set(), 0, 0
    needles = {name: forms(secret) for name, secret in secrets.items()}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            files, size = files + 1, size + len(content)
            names |= {name for name, each in needles.items() if any(form in content for form in each)}
    return names, files, size


def import_value(box, secret):
    box.write("older.key", hashlib.sha256(PASSPHRASE.encode()).hexdigest())
    triple = box.run("seal", "--key", "older.key", "--format", "hex", stdin=secret).strip()
    box.run("import", "hex", "--key-env", "OLD", "--tenant", "acme", stdin=b"old,key," + triple + b"\n", env={"OLD": PASSPHRASE})


def use_everything(box):
    """Whatever has to do with secrets; returns them by their names."""
    secrets = {name: base64.b85encode(os.urandom(30)) for name in ("put", "file", "replaced", "removed", "imported")}
    secrets["large"] = os.urandom(60000)
    box.run("put", "acme/db", "host=a-plain-value-of-a-field", "--secret", "put", stdin=secrets["put"])
    box.run("put", "acme/db", "--secret-file", f"file={box.write('value', secrets['file'])}")
    box.run("put", "acme/db", "--secret-file", f"large={box.write('value', secrets['large'])}")
    for name in ("replaced", "removed"):
        box.run("put", "acme/db", "--secret", name, stdin=secrets[name])
    box.run("put", "acme/db", "--secret", "replaced", stdin="another")
    box.run("rm", "acme/db", "removed")
    import_value(box, secrets["imported"])
    for name in ("put", "file", "large"):
        assert box.get(field=name) == secrets[name]
    assert box.run("exec", "--env", "V=acme/db:put", "--reason", "r", "--", "sh", "-c", 'printf %s "$V"') == secrets["put"]
    box.run("show", "acme/db")
    box.run("mv", "acme/db", "acme/other")
    secrets["root key"] = bytes.fromhex(box.path("root.key").read_text())
    key_id = box.apikey()
    secrets["API key"] = bytes.fromhex(box.path("key").read_text().strip().split("_")[2][:64])
    jwk = box.json("apikey", "jwk", key_id, "--day", "today")
    secrets["key of a day"] = base64.urlsafe_b64decode(jwk["k"] + "=")
    secrets["token"] = box.mint("--jti", "j").strip()
    box.verify(secrets["token"])
    box.run("token", "revoke", stdin=secrets["token"])
    box.refuse(secrets["token"])
    box.run("apikey", "revoke", key_id)
    box.run("audit", "verify")
    return secrets


@test_without_vault
def nothing_secret_is_in_the_data_the_wal_or_the_log_of_the_server(box):
    folder = pathlib.Path(tempfile.mkdtemp(dir=place.folder))
    server = postgres.Server(folder, LOGGING)
    password = base64.b32encode(os.urandom(20)).decode()
    try:
        place.psql(f"CREATE ROLE service SUPERUSER LOGIN PASSWORD '{verifier(password)}'", server=server)
        hba = server.data / "pg_hba.conf"
        hba.write_text("local all service scram-sha-256\n" + hba.read_text())
        place.psql("CREATE DATABASE v TEMPLATE template0", server=server)
        place.psql("SELECT pg_reload_conf()", server=server)
        url = f"postgres://service:{password}@/v?host={folder}"
        box.environment["BULLA_VAULT"] = url
        box.run("init")
        secrets = use_everything(box)
        tells(box, "list", "password authentication failed", url=url.replace(password, password[:-1] + "x"))
        secrets["password"] = password.encode()
        # What is looked for below, and must be found.
        secrets["plain"] = b"a-plain-value-of-a-field"
        secrets["statement"] = b"a secret in a statement"
        place.psql(f"SELECT length('{secrets['statement'].hex()}')", server=server)
        place.psql("CHECKPOINT", server=server)
    finally:
        server.stop("fast")
    names, files, size = found_in(folder, secrets)
    wal = (found_in(folder / "data" / "pg_wal", {"plain": secrets["plain"]}))[0]
    log = found_in(folder, {"statement": b"INSERT INTO field"})[0]
    note(f"{len(secrets) - 2} secrets are in none of {files} files of {size >> 20} MiB")
    assert wal and log, "the WAL or the log of statements is not there"
    assert names == {"plain", "statement"}, names
    shutil.rmtree(folder)


run_with_server()
