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
            arguments += ["-k", str(path), "-r", json.dumps({"header": {"kid": key["kid"]}} if i + 1 > 0 and
                                                            len(request["keys"]) > 1 else {})]
        output = jose("jwe", "enc", "-i", json.dumps(template), "-I", "-", *arguments,
                      data=bytes.fromhex(request["payload"]))
    return {"jwe": output.decode().strip()}


def decrypt(request):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "key")
        path.write_text(json.dumps(request["key"]), encoding="utf-8")
        return {"payload": jose("jwe", "dec", "-i", "-", "-k", str(path), data=request["jwe"].encode()).hex()}


def version():
    """The command does not tell its version: the package does."""
    if shutil.which("dpkg-query") is None:
        return "unknown"
    run = subprocess.run(["dpkg-query", "--show", "--showformat", "${Version}", "jose"], capture_output=True, text=True,
                         check=False)
    return run.stdout.split("-")[0] or "unknown"


line.serve(version(), generate=generate, encrypt=encrypt, decrypt=decrypt)
