# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What the tests of jwe and jwk share."""

import base64
import json

ENCS = ("A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512")
WRAPS = ("A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW")
AGREES = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")
CURVES = ("P-256", "P-384", "P-521", "X25519")
PLAINTEXT = b"what was encrypted, 4d7a"


def keygen(box, name, *args):
    """Makes a JWK in the file |name|, and without its private part in |name|.pub, and returns its members."""
    text = box.run("keygen", "--jwk", *args)
    box.write(name, text)
    jwk = json.loads(text)
    if jwk["kty"] != "oct":
        box.write(f"{name}.pub", box.run("jwk", "public", stdin=text), 0o644)
    return jwk


def encrypt(box, key, *args, stdin=PLAINTEXT, **options):
    return box.run("jwe", "encrypt", "--jwk", key, *args, stdin=stdin, **options)


def decrypt(box, jwe, key, *args, **options):
    jwe = json.dumps(jwe) if isinstance(jwe, dict) else jwe
    return box.run("jwe", "decrypt", "--jwk", key, *args, stdin=jwe, **options)


def refuse(box, jwe, key, *args, told="refused: ", **options):
    """The JWE does not open: nothing is printed, and the exit status is 1."""
    assert decrypt(box, jwe, key, *args, status=1, told=told, **options) == b""


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encoded(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def header_of(jwe):
    return json.loads(decoded(jwe.decode().split(".")[0]))


def with_header(jwe, header):
    """Returns the compact |jwe| with another protected header."""
    text = header if isinstance(header, str) else json.dumps(header)
    return ".".join([encoded(text.encode()), *jwe.decode().split(".")[1:]])
