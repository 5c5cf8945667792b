# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A vault on a server across a network: who answers must be who was named, and machines have clocks of their own.

usage: test_postgres_network.py BULLA CLIENT CLOCK

CLOCK is tests/cli/shift_clock.c, to be preloaded."""

import contextlib
import datetime
import os
import shutil
import socket
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from command import test_without_vault
from doctor import examine, only
from pg_place import place, run_with_server, tells
import postgres


CLOCK = os.path.abspath(sys.argv[3])
HOUR = 3600


def make_certificate(folder, name, issuer=None, host="localhost"):
    """Makes |name|.crt and |name|.key for the |host|; returns what signs with them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[0] if issuer else subject)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
               .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
               .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False))
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                           serialization.NoEncryption()))
    return subject, key


@contextlib.contextmanager
def on_the_network(folder, *settings):
    """A server on loopback; yields its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir()
    server = postgres.Server(folder, ["listen_addresses=127.0.0.1", f"port={port}", *settings])
    try:
        yield server, port
    finally:
        server.stop()


@test_without_vault
def over_the_network_the_server_must_show_a_certificate_for_its_name(box):
    certificates = place.folder / "certificates"
    certificates.mkdir()
    issuer = make_certificate(certificates, "authority")
    make_certificate(certificates, "server", issuer)
    make_certificate(certificates, "stranger")
    make_certificate(certificates, "other", issuer, "db.other.example")
    for file in certificates.iterdir():
        file.chmod(0o600)
        if place.server.user:
            shutil.chown(file, place.server.user)
    with on_the_network(place.folder / "tls", "ssl=on", f"ssl_cert_file={certificates}/server.crt",
                        f"ssl_key_file={certificates}/server.key") as (server, port):
        server.run("createdb", "-h", str(server.folder), "-p", str(port), "-U", "postgres", "v")
        authority = f"sslrootcert={certificates}/authority.crt"
        good = f"postgres://postgres@localhost:{port}/v?{authority}"
        box.run("init", env={"BULLA_VAULT": good})
        box.run("put", "acme/db", "--secret", "password", stdin="hunter2", env={"BULLA_VAULT": good})
        assert box.run("get", "acme/db", "password", "--reason", "TLS", env={"BULLA_VAULT": good}) == b"hunter2"
        tls = examine(box, env={"BULLA_VAULT": good})["TLS"]
        assert tls[0] == "ok" and tls[1].startswith("TLSv1."), tls
        # Without a word in the URL nothing goes out in clear, or to whoever answers.
        tells(box, "list", "certificate", url=f"postgres://postgres@localhost:{port}/v")
        tells(box, "list", "certificate", url=f"postgres://postgres@localhost:{port}/v?sslrootcert={certificates}/stranger.crt")
        tells(box, "list", "127.0.0.1", url=f"postgres://postgres@127.0.0.1:{port}/v?{authority}")
        box.run("list", env={"BULLA_VAULT": f"postgres://postgres@127.0.0.1:{port}/v?sslmode=verify-ca&{authority}"})
        # Encrypted, but to whom?
        besides = {"standbys", "login"}
        only(box, "TLS", "warning", "TLSv1.", "the server's name is not checked (sslmode=verify-ca)", "take sslmode out",
             besides=besides, env={"BULLA_VAULT": f"{good}&sslmode=verify-ca"})
        for mode in ("require", "prefer", "allow"):
            only(box, "TLS", "problem", "whoever answers is taken for the server", "take sslmode out", besides=besides,
                 env={"BULLA_VAULT": f"postgres://postgres@localhost:{port}/v?sslmode={mode}"})
    with on_the_network(place.folder / "other", "ssl=on", f"ssl_cert_file={certificates}/other.crt",
                        f"ssl_key_file={certificates}/other.key") as (server, port):
        url = f"postgres://postgres@localhost:{port}/postgres?{authority}"
        tells(box, "list", "cannot be reached", '"db.other.example"', '"localhost"', url=url)
        tells(box, "list", "there is no vault here", url=f"{url}&sslmode=verify-ca")
    with on_the_network(place.folder / "clear") as (server, port):
        server.run("createdb", "-h", str(server.folder), "-p", str(port), "-U", "postgres", "v")
        tells(box, "init", "SSL", url=f"postgres://postgres@localhost:{port}/v?{authority}")
        tells(box, "init", "SSL", url=f"postgres:///v?user=postgres&port={port}&{authority}", env={"PGHOST": "localhost"})
        clear = {"BULLA_VAULT": f"postgres://postgres@localhost:{port}/v?sslmode=disable"}
        box.run("init", "--reuse-root", env=clear)
        only(box, "TLS", "warning", "none", "sslmode", besides={"standbys", "login"}, env=clear)
        only(box, "TLS", "problem", "none, and by its sslmode whoever answers", "sslmode", besides={"standbys", "login"},
             env={"BULLA_VAULT": f"postgres://postgres@localhost:{port}/v?sslmode=prefer"})


@test_without_vault
def the_clocks_of_two_machines_may_differ_by_an_hour(box):
    place.vault(box)
    for name, shift in (("behind", -HOUR), ("ahead", HOUR)):
        there = {"LD_PRELOAD": CLOCK, "CLOCK_SHIFT": str(shift)}
        for i in range(3):
            assert box.get() == box.get(env=there) == b"hunter2"
            box.run("put", "acme/db", f"host=here{i}")
            box.run("put", "acme/db", f"host={name}{i}", "--actor", name, env=there)
        now = time.time()
        times = [record["time"] for record in box.log() if record["actor"] == name]
        assert len(times) == 3
        for text in times:
            at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
            assert abs(at - now - shift) < 60, (name, text)
        assert {field["field"]: field["value"] for field in box.json("show", "acme/db")}["host"] == f"{name}2"
        for env in ({}, there):
            box.run("audit", "verify", env=env)


@test_without_vault
def a_token_is_judged_by_the_clock_of_who_verifies_it(box):
    place.vault(box)
    box.apikey()
    behind, ahead = ({"LD_PRELOAD": CLOCK, "CLOCK_SHIFT": str(shift)} for shift in (-HOUR, HOUR))
    here = box.mint("--ttl", "1800", "--nbf", str(int(time.time())), "--jti", "j")
    box.verify(here)
    box.refuse(here, env=behind, told="not yet valid")
    box.refuse(here, env=ahead, told="expired")
    old = box.mint("--ttl", "1800", env=behind)
    box.verify(old, env=behind)
    box.refuse(old, told="expired")
    # A revocation has no clock.
    box.run("token", "revoke", "--tenant", "acme", "--jti", "j", env=ahead)
    box.refuse(here, told="revoked")


run_with_server()
