# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A vault on a server across a network: who answers must be who was named.

usage: test_postgres_network.py BULLA CLIENT"""

import contextlib
import datetime
import shutil
import socket

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from command import test_without_vault
from pg_place import place, run_with_server, tells
import postgres


def make_certificate(folder, name, issuer=None):
    """Makes |name|.crt and |name|.key for the host "localhost"; returns what signs with them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[0] if issuer else subject)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
               .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
               .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False))
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
        # Without a word in the URL nothing goes out in clear, or to whoever answers.
        tells(box, "list", "certificate", url=f"postgres://postgres@localhost:{port}/v")
        tells(box, "list", "certificate", url=f"postgres://postgres@localhost:{port}/v?sslrootcert={certificates}/stranger.crt")
        tells(box, "list", "127.0.0.1", url=f"postgres://postgres@127.0.0.1:{port}/v?{authority}")
        box.run("list", env={"BULLA_VAULT": f"postgres://postgres@127.0.0.1:{port}/v?sslmode=verify-ca&{authority}"})
    with on_the_network(place.folder / "clear") as (server, port):
        server.run("createdb", "-h", str(server.folder), "-p", str(port), "-U", "postgres", "v")
        tells(box, "init", "SSL", url=f"postgres://postgres@localhost:{port}/v?{authority}")
        tells(box, "init", "SSL", url=f"postgres:///v?user=postgres&port={port}&{authority}", env={"PGHOST": "localhost"})
        box.run("init", "--reuse-root", env={"BULLA_VAULT": f"postgres://postgres@localhost:{port}/v?sslmode=disable"})


run_with_server()
