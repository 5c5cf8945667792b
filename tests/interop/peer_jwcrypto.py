#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""jwcrypto, with OpenSSL under it: a driver of tests/interop/line.h."""

import importlib.metadata
import json

from jwcrypto import jwe, jwk

import line


def generate(request):
    members = {"kid": request["kid"]}
    if request["alg"].startswith("RSA"):
        key = jwk.JWK.generate(kty="RSA", size=request["bits"], **members)
    elif request["alg"].startswith("ECDH"):
        kty = "OKP" if request["crv"] == "X25519" else "EC"
        key = jwk.JWK.generate(kty=kty, crv=request["crv"], **members)
    else:
        key = jwk.JWK.generate(kty="oct", size=request["bits"], **members)
    return {"jwk": json.loads(key.export())}


def encrypt(request):
    if request["form"] == "general" and len(request["keys"]) == 1:
        raise ValueError("it writes one recipient only in the flattened form")
    algs = [*(request.get("algs") or [request["alg"]]), request["enc"]]
    sealed = jwe.JWE(bytes.fromhex(request["payload"]), protected=json.dumps(line.header(request)), algs=algs,
                     aad=bytes.fromhex(request["aad"]) if request.get("aad") else None)
    for i, key in enumerate(request["keys"]):
        own = line.own_header(request, i)
        sealed.add_recipient(jwk.JWK(**key), header=json.dumps(own) if own else None)
    return {"jwe": sealed.serialize(compact=request["form"] == "compact")}


def decrypt(request):
    opened = jwe.JWE(algs=[request["alg"], request["enc"]])
    opened.deserialize(request["jwe"], jwk.JWK(**request["key"]))
    return {"payload": opened.payload.hex(), "aad": bytes(opened.objects.get("aad") or b"").hex()}


def thumbprint(request):
    return {"thumbprint": jwk.JWK(**request["key"]).thumbprint()}


line.serve(importlib.metadata.version("jwcrypto"), generate=generate, encrypt=encrypt, decrypt=decrypt,
           thumbprint=thumbprint)
