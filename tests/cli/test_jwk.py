# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""JWK by the command: keys that are made, shown without their private part, named, and changed from and to PEM; and
where private parts go."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import time

from command import BULLA, SANITIZED, Skip, run_tests, test, test_without_vault
from jose import AGREES, PLAINTEXT, decoded, decrypt, encoded, encrypt, keygen

# RFC 7638 §3.1.
RSA_PUBLIC = {"kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
              "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRX"
                   "jBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaS"
                   "qzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksIN"
                   "HaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}
RSA_THUMBPRINT = b"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs\n"


@test_without_vault
def generated_keys_say_what_they_are_for(box):
    lengths = {"A128KW": 16, "A192KW": 24, "A256KW": 32, "A128GCMKW": 16, "A192GCMKW": 24, "A256GCMKW": 32,
               "A128GCM": 16, "A192GCM": 24, "A256GCM": 32, "A128CBC-HS256": 32, "A192CBC-HS384": 48,
               "A256CBC-HS512": 64}
    for alg, length in lengths.items():
        first, second = keygen(box, "key", alg), keygen(box, "key", alg, "--kid", "é 1")
        assert (first["kty"], first["alg"], first["use"], len(decoded(first["k"]))) == ("oct", alg, "enc", length)
        assert "kid" not in first and second["kid"] == "é 1" and first["k"] != second["k"]
    assert keygen(box, "key", "dir", "--enc", "A192GCM")["alg"] == "A192GCM"
    for alg in AGREES:
        for curve, length in (("P-256", 32), ("P-384", 48), ("P-521", 66), ("X25519", 32)):
            jwk = keygen(box, "key", alg, "--curve", curve)
            assert (jwk["crv"], jwk["alg"]) == (curve, alg)
            assert len(decoded(jwk["x"])) == len(decoded(jwk["d"])) == length
            assert jwk["kid"] == box.run("jwk", "thumbprint", stdin=json.dumps(jwk)).decode().strip()
    assert keygen(box, "key", "ECDH-ES")["crv"] == "X25519"
    jwk = keygen(box, "key", "RSA-OAEP-256", "--bits", "2048", "--kid", "r")
    assert (jwk["kty"], jwk["alg"], jwk["kid"], len(decoded(jwk["n"]))) == ("RSA", "RSA-OAEP-256", "r", 256)
    assert {"n", "e", "d", "p", "q", "dp", "dq", "qi"} <= set(jwk)


@test_without_vault
def options_of_keygen_that_do_not_fit_are_told(box):
    for line, told in (("--jwk RSA1_5", "--jwk takes one of"), ("--jwk HS256", "--jwk takes one of"),
                       ("--jwk dir", "give it, or its name as --jwk"),
                       ("--jwk A128KW --enc A128GCM", "--enc is for --jwk dir"),
                       ("--jwk A128GCM --enc A128GCM", "give it once"), ("--jwk dir --enc x", "--enc takes one of"),
                       ("--jwk A128KW --curve P-256", "--curve is for ECDH-ES"),
                       ("--jwk ECDH-ES --curve P-255", "--curve takes one of P-256"),
                       ("--jwk ECDH-ES --bits 2048", "--bits is for RSA-OAEP"),
                       ("--jwk RSA-OAEP --bits 1024", "2048 to 4096"), ("--jwk RSA-OAEP --bits 4352", "2048 to 4096"),
                       ("--jwk RSA-OAEP --bits 2100", "a multiple of 256"),
                       ("--jwk RSA-OAEP --bits 0", "2048 to 4096"), ("--jwk RSA-OAEP --bits x", "decimal digits"),
                       ("--kid x", "give --jwk too"), ("--curve P-256", "give --jwk too"),
                       (f"--jwk A128KW --kid {'x' * 257}", "at most 256 bytes")):
        box.run("keygen", *line.split(), status=2, told=told)
    box.run("keygen", "--jwk", "A128KW", "--kid", b"\xff", status=2, told="\"kid\" is no text")


@test_without_vault
def the_public_part_has_nothing_private(box):
    for kind in (["ECDH-ES"], ["ECDH-ES", "--curve", "P-521"], ["RSA-OAEP", "--bits", "2048"]):
        jwk = keygen(box, "key", *kind)
        public = json.loads(box.path("key.pub").read_bytes())
        assert set(public) == set(jwk) - {"d", "p", "q", "dp", "dq", "qi"}
        assert all(jwk[name] == value for name, value in public.items() if name != "key_ops")
        assert box.run("jwk", "public", stdin=json.dumps(public)) == box.path("key.pub").read_bytes()
        thumbprints = {box.run("jwk", "thumbprint", stdin=box.path(name).read_bytes()) for name in ("key", "key.pub")}
        assert len(thumbprints) == 1
    keygen(box, "key", "A128KW")
    box.run("jwk", "public", stdin=box.path("key").read_bytes(), status=2, told="no public part")


@test_without_vault
def thumbprints_are_those_of_the_standard(box):
    assert box.run("jwk", "thumbprint", stdin=json.dumps(RSA_PUBLIC)) == RSA_THUMBPRINT
    jwk = keygen(box, "key", "A256KW", "--kid", "x")
    expected = encoded(hashlib.sha256(f'{{"k":"{jwk["k"]}","kty":"oct"}}'.encode()).digest())
    assert box.run("jwk", "thumbprint", stdin=json.dumps(jwk)).decode().strip() == expected


@test_without_vault
def keys_go_to_pem_and_back(box):
    for kind in (["ECDH-ES"], ["ECDH-ES", "--curve", "P-256"], ["ECDH-ES", "--curve", "P-384"],
                 ["ECDH-ES", "--curve", "P-521"], ["RSA-OAEP", "--bits", "2048"]):
        jwk = keygen(box, "key", *kind)
        private = box.run("jwk", "to-pem", stdin=json.dumps(jwk))
        public = box.run("jwk", "to-pem", "--public", stdin=json.dumps(jwk))
        assert private.startswith(b"-----BEGIN PRIVATE KEY-----\n") and private.endswith(b"-----END PRIVATE KEY-----\n")
        assert public.startswith(b"-----BEGIN PUBLIC KEY-----\n")
        assert box.run("jwk", "to-pem", stdin=box.path("key.pub").read_bytes()) == public
        back = json.loads(box.run("jwk", "from-pem", stdin=private))
        assert all(jwk[name] == value for name, value in back.items()), back
        assert not {"kid", "alg", "use"} & set(back) and "d" in back
        assert set(json.loads(box.run("jwk", "from-pem", stdin=public))) & {"d", "p", "q"} == set()
        box.write("back", json.dumps(back))
        jwe = encrypt(box, "key.pub", "--enc", "A256GCM")
        assert decrypt(box, jwe, "back", "--alg", jwk["alg"], "--enc", "A256GCM") == PLAINTEXT
    keygen(box, "key", "A128KW")
    box.run("jwk", "to-pem", stdin=box.path("key").read_bytes(), status=2, told="no form for a symmetric key")


@test_without_vault
def a_key_from_pem_is_given_a_kid_and_an_alg(box):
    pems = {}
    for name, kind in (("r", ["RSA-OAEP", "--bits", "2048"]), ("s", ["RSA-OAEP", "--bits", "2048"]),
                       ("e", ["ECDH-ES", "--curve", "P-256"]), ("x", ["ECDH-ES"])):
        private = box.run("jwk", "to-pem", stdin=box.run("keygen", "--jwk", *kind))
        public = box.run("jwk", "to-pem", "--public", stdin=box.run("jwk", "from-pem", stdin=private))
        alg = "RSA-OAEP-256" if name in "rs" else "ECDH-ES+A256KW"
        pems[name] = private, alg
        for pem, file, mode in ((private, name, 0o600), (public, f"{name}.pub", 0o644)):
            bare = json.loads(box.run("jwk", "from-pem", stdin=pem))
            text = box.run("jwk", "from-pem", "--kid", f"kid of {name}", "--alg", alg, stdin=pem)
            assert json.loads(text) == {**bare, "kid": f"kid of {name}", "alg": alg}
            assert json.loads(box.run("jwk", "from-pem", "--kid", "é", stdin=pem)) == {**bare, "kid": "é"}
            assert json.loads(box.run("jwk", "from-pem", "--alg", alg, stdin=pem)) == {**bare, "alg": alg}
            box.write(file, text, mode)
    jwe = encrypt(box, "r.pub", "--jwk", "s.pub", "--jwk", "e.pub", "--jwk", "x.pub", "--enc", "A256GCM")
    for name in pems:
        assert decrypt(box, jwe, name, "--enc", "A256GCM") == PLAINTEXT, name
    for name, other in (("r", "ECDH-ES"), ("r", "A256KW"), ("e", "RSA-OAEP-256"), ("x", "dir"),
                        ("e", "draft-HPKE-X25519-HKDF-SHA256-A256GCM")):
        box.run("jwk", "from-pem", "--alg", other, stdin=pems[name][0], status=2, told="\"alg\" is none that the key is for")
    for name in ("RSA1_5", "A256GCM", "RS256"):
        box.run("jwk", "from-pem", "--alg", name, stdin=pems["r"][0], status=2, told="--alg takes one of")
    for kid in ("x" * 257, b"\xff"):
        box.run("jwk", "from-pem", "--kid", kid, stdin=pems["r"][0], status=2, told="\"kid\" is no text of at most 256 bytes")


@test_without_vault
def what_openssl_makes_is_read_and_what_it_reads_is_made(box):
    def openssl(*args, stdin=b""):
        try:
            return subprocess.run(["openssl", *args], input=stdin, capture_output=True, check=True, timeout=60).stdout
        except FileNotFoundError:
            raise Skip("there is no openssl(1)") from None
    for kind in (["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
                 ["X25519"], ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]):
        pem = openssl("genpkey", "-algorithm", *kind)
        jwk = box.run("jwk", "from-pem", stdin=pem)
        assert box.run("jwk", "to-pem", "--public", stdin=jwk) == openssl("pkey", "-pubout", stdin=pem)
        text = openssl("pkey", "-noout", "-text", stdin=pem)
        assert openssl("pkey", "-noout", "-text", stdin=box.run("jwk", "to-pem", stdin=jwk)) == text
    for kind in (["ecparam", "-genkey", "-name", "prime256v1"], ["genrsa", "-traditional", "2048"]):
        pem = openssl(*kind)
        jwk = box.run("jwk", "from-pem", stdin=pem)
        assert box.run("jwk", "to-pem", "--public", stdin=jwk) == openssl("pkey", "-pubout", stdin=pem)
    locked = openssl("genpkey", "-algorithm", "X25519", "-aes128", "-pass", "pass:x")
    box.run("jwk", "from-pem", stdin=locked, status=2, told="an encrypted key")


@test_without_vault
def what_is_no_key_is_told_and_not_repeated(box):
    for command in ("public", "thumbprint", "to-pem"):
        for text, status in (("", 2), ("c0ffee", 2), ('{"kty":"oct"}', 2), ('{"kty":"oct","k":"c0ffee"} x', 2),
                             ('{"kty":"oct","k":"c0ffee="}', 2), ('{"kty":"oct","k":"AA","k":"AA"}', 2),
                             ('{"kty":"c0ffee","k":"AA"}', 2),
                             ('{"kty":"EC","crv":"P-256","x":"' + "A" * 43 + '","y":"' + "A" * 43 + '"}', 1),
                             ('{"kty":"OKP","crv":"X25519","x":"' + "A" * 43 + '"}', 1), ("x" * 16385, 2)):
            assert box.run("jwk", command, stdin=text, status=status, told="standard input: ") == b""
            assert "c0ffee" not in box.errors, box.errors
    for text in ("", "c0ffee", "-----BEGIN PRIVATE KEY-----\nc0ffee\n-----END PRIVATE KEY-----\n",
                 "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        box.run("jwk", "from-pem", stdin=text, status=2)
        assert "c0ffee" not in box.errors, box.errors
    box.write("key", '{"kty":"oct","k":"c0ffee"')
    for command in (["encrypt", "--jwk"], ["decrypt", "--jwk"], ["decrypt", "--jwks"]):
        box.run("jwe", *command, "key", status=2, told="the file of --jwk")
        assert "c0ffee" not in box.errors, box.errors
        box.run("jwe", *command, "missing", status=4, told=("the file of --jwk", "No such file"))


@test_without_vault
def a_key_in_another_form_is_told_with_what_changes_it(box):
    x509 = "openssl x509 -pubkey -noout"
    for label, told in (("PRIVATE KEY", "it is PEM"), ("PUBLIC KEY", "it is PEM"), ("CERTIFICATE", x509),
                        ("ENCRYPTED PRIVATE KEY", "openssl pkey"), ("OPENSSH PRIVATE KEY", "ssh-keygen -p -m PKCS8")):
        text = f"-----BEGIN {label}-----\nc0ff\n-----END {label}-----\n"
        box.write("key", text)
        runs = [["jwe", "encrypt", "--jwk", "key"], ["jwe", "decrypt", "--jwk", "key"],
                ["jwe", "decrypt", "--jwks", "key"], ["jwk", "public"], ["jwk", "thumbprint"], ["jwk", "to-pem"]]
        for line in runs:
            box.run(*line, stdin=text, status=2, told=(told, "bulla jwk from-pem makes a JWK of"))
            assert "c0ff" not in box.errors and "well-formed" not in box.errors, box.errors
        if told != "it is PEM":
            box.run("jwk", "from-pem", stdin=text, status=2, told=told)
            assert "other keys than this" not in box.errors and "from-pem" not in box.errors, box.errors


@test_without_vault
def the_key_that_makes_a_set_no_set_is_named(box):
    a, b = keygen(box, "a", "ECDH-ES", "--kid", "a"), keygen(box, "b", "ECDH-ES", "--kid", "b")
    unknown = {"kty": "AKP", "kid": "u"}
    for keys, status, told in (([a, b, {**b, "kid": "a"}], 1, "for its key number 3 (JWK Set: two keys have one \"kid\")"),
                               ([unknown, a, {**b, "x": "!"}, b], 2, "for its key number 3 (JWK: "),
                               ([unknown, {**a, "x": "A" * 43}], 1, "for its key number 2 (JWK: "),
                               ([a, 1], 2, "for its key number 2 (JWK Set: a key is no object)")):
        box.write("set", json.dumps({"more": [1], "keys": keys}))
        box.run("jwe", "decrypt", "--jwks", "set", "--enc", "A256GCM", status=status, told=told)
    shared = json.loads(box.run("keygen", "--jwk", "A256KW", "--kid", "s"))
    for content, status in (({"keys": [a, shared]}, 1), ({"keys": 1}, 2), ([a], 2), ({"key": [a]}, 2)):
        box.write("set", json.dumps(content))
        box.run("jwe", "decrypt", "--jwks", "set", status=status, told="JWK Set")
        assert "number" not in box.errors, box.errors


@test_without_vault
def a_private_key_that_others_can_read_is_refused_and_a_public_one_is_not(box):
    for kind in (["A256GCM"], ["ECDH-ES+A256KW"]):
        jwk = keygen(box, "key", *kind)
        box.write("set", json.dumps({"keys": [jwk]}))
        enc = [] if kind == ["A256GCM"] else ["--enc", "A256GCM"]
        jwe = encrypt(box, "key", *enc)
        for mode in (0o640, 0o604, 0o666):
            box.path("key").chmod(mode)
            box.path("set").chmod(mode)
            encrypt(box, "key", *enc, status=4, told=("the file of --jwk: ", "chmod 600"))
            decrypt(box, jwe, "key", *enc, status=4, told="chmod 600")
            box.run("jwe", "decrypt", "--jwks", "set", *enc, stdin=jwe, status=4,
                    told=("the file of --jwks: ", "chmod 600"))
        box.path("key").chmod(0o400)
        assert decrypt(box, jwe, "key", *enc) == PLAINTEXT
    assert box.path("key.pub").stat().st_mode & 0o777 == 0o644 and encrypt(box, "key.pub", "--enc", "A256GCM")


@test
def a_key_may_come_from_the_vault_by_a_file_of_exec(box):
    jwk = box.run("keygen", "--jwk", "A256GCM")
    box.put_secret("acme/jose", "key", jwk)
    box.write("key", jwk)
    jwe = encrypt(box, "key")
    printed = box.run("exec", "--file", "KEY=acme/jose:key", "--reason", "read", "--",
                      "sh", "-c", f"'{BULLA}' jwe decrypt --jwk \"$KEY\"", stdin=jwe)
    assert printed == PLAINTEXT


def in_memory(process, needles):
    """Returns where the memory of |process| has one of |needles|, with the flags of the place."""
    proc = pathlib.Path(f"/proc/{process.pid}")
    found = []
    with open(proc / "mem", "rb", buffering=0) as memory:
        for header, flags in re.findall(r"^([0-9a-f]+-\S+ r.*)$[^-]*?^VmFlags: (.*)$",
                                        proc.joinpath("smaps").read_text(), re.MULTILINE):
            first, last = (int(address, 16) for address in header.split()[0].split("-"))
            try:
                memory.seek(first)
                content = memory.read(last - first)
            except OSError:  # nobody reads what memfd_secret(2) holds
                assert "secretmem" in header or "[v" in header, header
                continue
            found += [(header, flags.split()) for needle in needles if needle in content]
    return found


@test_without_vault
def private_parts_are_in_locked_memory_alone(box):
    if os.geteuid() != 0:
        raise Skip("only root can read the memory of a process that hides it")
    if SANITIZED:
        raise Skip("a sanitizer's shadow of the memory is too large to be read")
    for kind in (["A256GCM"], ["A256KW"], ["ECDH-ES+A256KW"], ["ECDH-ES", "--curve", "P-256"],
                 ["RSA-OAEP", "--bits", "2048"]):
        jwk = keygen(box, "key", *kind)
        texts = [jwk[name] for name in ("k", "d", "p", "q") if name in jwk]
        needles = [text.encode()[:40] for text in texts] + [decoded(text)[:30] for text in texts]
        needles += [decoded(text)[::-1][:30] for text in texts]  # as BoringSSL keeps its numbers
        enc = [] if kind == ["A256GCM"] else ["--enc", "A256GCM"]
        process = box.start("jwe", "decrypt", "--jwk", "key", *enc, stdin=-1, stdout=-1)
        time.sleep(0.4)
        found = in_memory(process, needles)
        hidden = "secretmem" in pathlib.Path(f"/proc/{process.pid}/maps").read_text()
        assert found or hidden, "the key is nowhere: it has not been read, or in another form"
        assert process.communicate(encrypt(box, "key", *enc))[0] == PLAINTEXT
        assert all("lo" in flags and "dd" in flags for _, flags in found), (kind, found)


run_tests()
