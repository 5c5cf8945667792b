#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs Project Wycheproof's vectors of JWE and of JWK Sets through libbulla. They are not in this tree; PATH is a copy
of that project, its folder of vectors, or one file of json_web_encryption, json_web_key or json_web_crypto. Prints TAP,
and behind it how many vectors of each sort there were. Usage: wycheproof.py PATH [LIBRARY], which is
build/libbulla.so if it is not said.

A key is pinned to the "alg" of its JWK and to one "enc". What is valid must open with the "enc" that it says and with
no other; what is invalid must be refused with each. What needs RSA1_5, PBES2 or "zip" must be refused by policy. The
keys have a "kid" that most tokens do not carry, and which bulla would miss: it is left out where that is so."""

import base64
import collections
import ctypes
import json
import pathlib
import sys

import tap

ENCS = range(1, 7)
ALGS = range(1, 14)
REFUSED = 100
POLICY = ("RSA1_5", "PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW")
FILES = ("json_web_encryption_test.json", "json_web_key_test.json", "json_web_crypto_test.json")


class Span(ctypes.Structure):
    """struct bulla_span"""

    _fields_ = [("data", ctypes.c_char_p), ("len", ctypes.c_size_t)]


class Buffer(ctypes.Structure):
    """struct bulla_buffer"""

    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("len", ctypes.c_size_t)]


def span(data):
    """A span of bytes or text."""
    data = data.encode() if isinstance(data, str) else data
    return Span(data, len(data))


class Library:
    """libbulla, as far as it is needed here."""

    def __init__(self, path):
        self.handle = ctypes.CDLL(path)
        self.handle.bulla_jwe_enc_name.restype = ctypes.c_char_p
        self.handle.bulla_jwk_set_at.restype = ctypes.c_void_p
        self.encs = {self.handle.bulla_jwe_enc_name(enc).decode(): enc for enc in ENCS}

    def jwk(self, jwk):
        """The status of reading a JWK, and the handle."""
        made = ctypes.c_void_p()
        return self.handle.bulla_jwk_parse(ctypes.byref(made), span(json.dumps(jwk))), made

    def jwk_set(self, keys):
        """The status of reading a set, and the handles of its keys, which last as long as the process."""
        made = ctypes.c_void_p()
        status = self.handle.bulla_jwk_set_parse(ctypes.byref(made), span(json.dumps(keys)))
        if status != 0:
            return status, []
        handles = []
        while handle := self.handle.bulla_jwk_set_at(made, ctypes.c_size_t(len(handles))):
            handles.append(ctypes.c_void_p(handle))
        return status, handles

    def key(self, jwk, alg, enc):
        """The status of making a JWE key of the handle |jwk|, and the handle of that."""
        made = ctypes.c_void_p()
        return self.handle.bulla_jwe_key_from_jwk(ctypes.byref(made), jwk, alg, enc), made

    def decrypt(self, key, jwe, compact=True):
        """The status, and the plaintext, which is None if the buffer is not as it must be."""
        size = len(jwe.encode())
        room = ctypes.create_string_buffer(b"\xa5" * size, size)
        out = Buffer(ctypes.addressof(room), size, 0)
        function = self.handle.bulla_jwe_decrypt if compact else self.handle.bulla_jwe_decrypt_any
        status = function(*([key, ctypes.byref(out)] + ([] if compact else [None]) + [span(jwe)]))
        clean = status == 0 or (out.len == 0 and room.raw == bytes(size))
        return status, room.raw[: out.len] if clean else None

    def free(self, kind, handle):
        """Frees |handle|."""
        getattr(self.handle, f"bulla_{kind}_free")(ctypes.byref(handle))


def header_of(jwe):
    """The protected header of a compact token, or {} if there is none that can be read."""
    try:
        digits = jwe.split(".")[0]
        header = json.loads(base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4)))
        return header if isinstance(header, dict) else {}
    except ValueError:
        return {}


def by_policy(jwk, header):
    """What bulla leaves out on purpose, or None."""
    for alg in (jwk.get("alg"), header.get("alg")):
        if alg in POLICY:
            return alg
    return '"zip"' if "zip" in header else None


def opened_with(bulla, jwk, jwe):
    """What |jwe| opens to with |jwk|, by the number of the "enc" that the key is pinned to."""
    opened = {}
    status, handle = bulla.jwk(jwk)
    if status != 0:
        raise ValueError(f"the key cannot be read: {status}")
    for enc in ENCS:
        status, key = bulla.key(handle, 0, enc)
        if status != 0:  # a shared key, which is for one "enc"
            continue
        status, plaintext = bulla.decrypt(key, jwe)
        if plaintext is None or status not in (0, REFUSED):
            raise ValueError(f"status {status}, or something was left in the buffer")
        if status == 0:
            opened[enc] = plaintext
        bulla.free("jwe_key", key)
    bulla.free("jwk", handle)
    return opened


def judge_jwe(bulla, jwk, test, count):
    """Says what is wrong with what becomes of |test|, or None."""
    jwe = test["jwe"] if isinstance(test["jwe"], str) else json.dumps(test["jwe"])
    header = header_of(jwe)
    jwk = {name: value for name, value in jwk.items() if name != "kid" or "kid" in header}
    policy = by_policy(jwk, header)
    if jwk.get("alg") in POLICY:
        # The key itself is refused; so is the token with a key that may be used.
        status, handle = bulla.jwk(jwk)
        if status == 0 and bulla.key(handle, 0, 1)[0] != REFUSED:
            return "the key is not refused"
        jwk = {**jwk, "alg": "RSA-OAEP"}
    opened = opened_with(bulla, jwk, jwe)
    if test["result"] == "valid" and policy is None:
        count["valid, opened"] += 1
        enc = bulla.encs[test.get("enc", header["enc"])]
        wanted = bytes.fromhex(test["pt"]) if "pt" in test else opened.get(enc)
        return None if opened == {enc: wanted} else f"opened: {opened}"
    if test["result"] == "valid":
        count[f"valid, refused by policy: {policy}"] += 1
    elif policy is not None:
        count[f"invalid, refused, and of {policy} anyhow"] += 1
    else:
        count["invalid, refused"] += 1
    return f"opened: {opened}" if opened else None


# Sets and keys that are bad by themselves, whatever they are used for: what the groups or the tests are called.
BAD = ("jws_mixedSymmetryKeyset", "jws_duplicate_kid", "keysize_too_small", "exponentOne", "invalid_point", "wrong_curve",
       "wrong_kty", "empty_key")


def judge_set(bulla, group, test, count):
    """The sets are of keys that sign, which bulla never does: it must refuse those that are bad, or leave their keys
    out (RFC 7517 §5), and must read those of valid vectors; and no key may be used for JWE."""
    keys = group["private"] if "keys" in group["private"] else {"keys": [group["private"]]}
    status, handles = bulla.jwk_set(keys)
    if test["result"] == "valid":
        count["set of a valid signature, read"] += 1
        if status != 0:
            return f"status {status}"
    elif group["comment"] in BAD or test["comment"] in BAD:
        count["bad set, refused" if status != 0 else "bad set, its key left out"] += 1
        if handles:
            return "it was read"
    else:
        count["set of an invalid signature or use"] += 1
    usable = [(alg, enc) for handle in handles for alg in ALGS for enc in ENCS if bulla.key(handle, alg, enc)[0] == 0]
    return f"usable for {usable}" if usable else None


def run(bulla, path):
    """Runs one file."""
    count = collections.Counter()
    for group in json.loads(path.read_text(encoding="utf-8"))["testGroups"]:
        for test in group["tests"]:
            name = f"{path.name} {test['tcId']}: {test['comment']}"
            try:
                if "jwe" in test:
                    wrong = judge_jwe(bulla, group["private"], test, count)
                elif group["type"] == "JsonWebKey":
                    wrong = judge_set(bulla, group, test, count)
                else:
                    count["of JWS, which bulla does not have"] += 1
                    continue
            except ValueError as error:
                wrong = str(error)
            tap.check(name, wrong is None, wrong)
    for what, num in sorted(count.items()):
        print(f"# {path.name}: {num} {what}")


def main(path, library="build/libbulla.so"):
    """Finds the files and runs them."""
    path = pathlib.Path(path)
    folders = (path, path / "testvectors_v1", path / "testvectors")
    files = [path] if path.is_file() else [folder / name for folder in folders for name in FILES]
    bulla = Library(str(pathlib.Path(library).resolve()))
    for file in files:
        if file.is_file():
            run(bulla, file)
    return tap.finish()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
