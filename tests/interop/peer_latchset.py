#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The command jose of latchset, with OpenSSL under it: a driver of tests/interop/line.h. It is run for each request."""

import json
import pathlib
import shutil
import subprocess
import tempfile

import line

NOT_TOLD = "it does not say"


def jose(*arguments, data=b""):
    run = subprocess.run(["jose", *arguments], input=data, capture_output=True, check=False)
    if run.returncode != 0:
        raise ValueError(run.stderr.decode(errors="replace").strip() or NOT_TOLD)
    return run.stdout


def jose_of(key, *arguments, data=b""):
    """Runs the command with the file of |key| for its last argument."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "key")
        path.write_text(json.dumps(key), encoding="utf-8")
        return jose(*arguments, str(path), data=data)


def generate(request):
    if request["alg"].startswith("RSA"):
        template = {"kty": "RSA", "bits": request["bits"]}
    elif request["alg"].startswith("ECDH"):
        template = {"kty": "EC", "crv": request["crv"]}
    else:
        template = {"kty": "oct", "bytes": request["bits"] // 8}
    return {"jwk": json.loads(jose("jwk", "gen", "-i", json.dumps(template))) | {"kid": request["kid"]}}


def encrypt(request):
    if request["form"] == "general" and len(request["keys"]) == 1:
        raise ValueError("it writes one recipient only in the flattened form")
    template = {"protected": line.header(request)}
    if request.get("aad"):
        template["aad"] = line.base64url(bytes.fromhex(request["aad"]))
    arguments = ["-c"] if request["form"] == "compact" else []
    with tempfile.TemporaryDirectory() as folder:
        for i, key in enumerate(request["keys"]):
            path = pathlib.Path(folder, f"key{i}")
            path.write_text(json.dumps(key), encoding="utf-8")
            own = line.own_header(request, i)
            arguments += ["-k", str(path), "-r", json.dumps({"header": own} if own else {})]
        output = jose("jwe", "enc", "-i", json.dumps(template), "-I", "-", *arguments,
                      data=bytes.fromhex(request["payload"]))
    return {"jwe": output.decode().strip()}


def decrypt(request):
    return {"payload": jose_of(request["key"], "jwe", "dec", "-i", "-", "-k", data=request["jwe"].encode()).hex()}


def thumbprint(request):
    return {"thumbprint": jose_of(request["key"], "jwk", "thp", "-a", "S256", "-i").decode().strip()}


def version():
    """The command does not tell its version: the package does."""
    if shutil.which("dpkg-query") is None:
        return "unknown"
    run = subprocess.run(["dpkg-query", "--show", "--showformat", "${Version}", "jose"], capture_output=True, text=True,
                         check=False)
    return run.stdout.split("-")[0] or "unknown"


line.serve(version(), generate=generate, encrypt=encrypt, decrypt=decrypt, thumbprint=thumbprint)
