# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""JWE by the command: which key opens what, in which form, and what is refused. How others read it is in
tests/interop."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import time

from command import BULLA, SANITIZED, Skip, run_as_nobody, run_tests, test, test_without_vault
from jose import (AGREES, CURVES, ENCS, PLAINTEXT, WRAPS, decoded, decrypt, encoded, encrypt, header_of, keygen, refuse,
                  with_header)

HPKE = "draft-HPKE-X25519-HKDF-SHA256-A256GCM"

# RFC 7516, appendices A.3 and A.5: one key, one text.
RFC_KEY = {"kty": "oct", "k": "GawgguFyGrWKav7AX4VKUg"}
RFC_COMPACT = ("eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0."
               "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ."
               "AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ")
RFC_FLATTENED = {"protected": "eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0",
                 "unprotected": {"jku": "https://server.example.com/keys.jwks"},
                 "header": {"alg": "A128KW", "kid": "7"},
                 "encrypted_key": "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ",
                 "iv": "AxY8DCtDaGlsbGljb3RoZQ", "ciphertext": "KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY",
                 "tag": "Mz-VPPyU4RlcuYv1IwIvzw"}


@test_without_vault
def a_jwe_opens_with_the_key_it_was_made_for_whatever_its_kind(box):
    kinds = [(enc,) for enc in ENCS] + [("dir", "--enc", "A256GCM")] + [(alg,) for alg in WRAPS]
    kinds += [(alg, "--curve", curve) for alg in AGREES for curve in CURVES]
    kinds += [(alg, "--bits", "2048") for alg in ("RSA-OAEP", "RSA-OAEP-256")]
    for number, kind in enumerate(kinds):
        jwk = keygen(box, "key", *kind)
        direct = kind[0] in ENCS or kind[0] == "dir"
        enc = [] if direct else ["--enc", ENCS[number % len(ENCS)]]
        jwe = encrypt(box, "key" if jwk["kty"] == "oct" else "key.pub", *enc)
        header = header_of(jwe)
        assert header["alg"] == ("dir" if direct else kind[0]), (kind, header)
        assert header["enc"] == (jwk["alg"] if direct else enc[1]) and header.get("kid") == jwk.get("kid"), header
        assert PLAINTEXT not in jwe and jwe.count(b".") == 4
        assert decrypt(box, jwe, "key", *enc) == PLAINTEXT, kind
        keygen(box, "other", *kind)
        refuse(box, jwe, "other", *enc)
        assert encrypt(box, "key", *enc) != jwe


def on_terminal(run):
    """Returns what |run| has a process print to the terminal that it is given."""
    ours, theirs = os.openpty()
    run(theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # EIO, once nobody has the terminal any more and all of it is read
        while True:
            shown += os.read(ours, 4096)
    os.close(ours)
    return shown


@test_without_vault
def a_newline_follows_on_a_terminal_alone(box):
    keygen(box, "key", "A256GCM")
    for form in ("compact", "flattened", "general"):
        jwe = encrypt(box, "key", "--form", form)
        assert jwe == jwe.strip() and decrypt(box, jwe, "key") == decrypt(box, jwe + b"\n", "key") == PLAINTEXT
        shown = on_terminal(lambda terminal: encrypt(box, "key", "--form", form, stdout=terminal))
        assert shown.endswith(b"\r\n") and decrypt(box, shown[:-2], "key") == PLAINTEXT


@test_without_vault
def plaintexts_are_bytes_of_any_length(box):
    keygen(box, "key", "A256GCM")
    keygen(box, "cbc", "A128CBC-HS256")
    for plaintext in (b"", b"\n", b"\0", b"text\r\n", bytes(range(256)) * 16, b"\xff" * 65537):
        for key in ("key", "cbc"):
            for form in ("compact", "flattened", "general"):
                jwe = encrypt(box, key, "--form", form, stdin=plaintext)
                assert decrypt(box, jwe, key) == plaintext, (key, form, len(plaintext))


@test_without_vault
def a_jwe_of_a_mebibyte_is_the_largest(box):
    keygen(box, "key", "A256GCM")
    most = (1 << 20) * 3 // 4 - 128
    jwe = encrypt(box, "key", stdin=b"x" * most)
    assert decrypt(box, jwe, "key") == b"x" * most
    for size in (most + 128, 1 << 20, (1 << 20) + 1):
        assert encrypt(box, "key", stdin=b"x" * size, status=2, told=("too large", "about 785,000")) == b""
    padded = jwe.strip().ljust((1 << 20) + 1, b"A")
    refuse(box, padded, "key", told="at most 1048576 bytes")
    refuse(box, padded[:-1], "key")


@test_without_vault
def where_less_memory_can_be_locked_shorter_plaintexts_pass(box):
    if SANITIZED:
        raise Skip("sanitizers turn mlock(2) off")
    nobody = run_as_nobody()
    keygen(box, "key", "A256GCM")
    for path in (box.folder, *box.folder.iterdir()):
        if nobody:
            os.chown(path, nobody["user"], 0)

    def limit_locking():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (2 << 20, 2 << 20))
    limited = {"preexec_fn": limit_locking, **nobody}
    jwe = encrypt(box, "key", **limited)
    assert decrypt(box, jwe, "key", **limited) == PLAINTEXT
    encrypt(box, "key", stdin=b"x" * 786000, status=4, told="smaller", **limited)


@test_without_vault
def each_form_is_what_the_standard_says_and_opens(box):
    keygen(box, "key", "A128KW", "--kid", "k")
    members = {"protected", "encrypted_key", "iv", "ciphertext", "tag"}
    flattened = json.loads(encrypt(box, "key", "--enc", "A256GCM", "--form", "flattened"))
    general = json.loads(encrypt(box, "key", "--enc", "A256GCM", "--form", "general"))
    assert members <= set(flattened) <= members | {"header"}, flattened
    assert {"protected", "recipients", "iv", "ciphertext", "tag"} == set(general) and len(general["recipients"]) == 1
    assert json.loads(decoded(general["protected"]))["enc"] == "A256GCM"
    for jwe in (flattened, general):
        for text in (json.dumps(jwe), json.dumps(jwe, indent=4) + "\n", json.dumps({**jwe, "more": [1]})):
            assert decrypt(box, text, "key", "--enc", "A256GCM") == PLAINTEXT


@test_without_vault
def examples_of_the_standard_open(box):
    box.write("key", json.dumps(RFC_KEY))
    box.write("7", json.dumps({**RFC_KEY, "kid": "7", "alg": "A128KW"}))
    options = ("--alg", "A128KW", "--enc", "A128CBC-HS256")
    for jwe in (RFC_COMPACT, RFC_COMPACT + "\n", RFC_FLATTENED):
        assert decrypt(box, jwe, "key", *options) == b"Live long and prosper."
    assert decrypt(box, RFC_FLATTENED, "7", "--enc", "A128CBC-HS256") == b"Live long and prosper."
    refuse(box, RFC_COMPACT, "7", "--enc", "A128CBC-HS256")


@test_without_vault
def each_of_several_recipients_opens_it_and_nobody_else(box):
    kinds = {"a": ["A256KW"], "b": ["ECDH-ES+A128KW", "--curve", "P-256"], "c": ["RSA-OAEP-256", "--bits", "2048"],
             "d": ["A128GCMKW"], "other": ["A256KW"]}
    for name, kind in kinds.items():
        keygen(box, name, *kind, "--kid", name)
    jwe = encrypt(box, "a", "--jwk", "b.pub", "--jwk", "c.pub", "--jwk", "d", "--enc", "A128CBC-HS256")
    assert len(json.loads(jwe)["recipients"]) == 4
    for name in "abcd":
        assert decrypt(box, jwe, name, "--enc", "A128CBC-HS256") == PLAINTEXT, name
    refuse(box, jwe, "other", "--enc", "A128CBC-HS256")
    for form in ("compact", "flattened"):
        encrypt(box, "a", "--jwk", "b.pub", "--enc", "A256GCM", "--form", form, status=2, told="has room for one --jwk")
    keygen(box, "direct", "A256GCM")
    keygen(box, "agreed", "ECDH-ES")
    for key in ("direct", "agreed"):
        encrypt(box, "a", "--jwk", key, "--enc", "A256GCM", status=2, told="for one --jwk")


@test_without_vault
def each_key_of_several_may_have_an_alg_of_its_own(box):
    box.write("a", json.dumps(RFC_KEY))
    box.write("b", json.dumps({"kty": "oct", "k": "A" * 43}))
    jwe = encrypt(box, "a", "--alg", "A128KW", "--jwk", "b", "--alg", "A256GCMKW", "--enc", "A256GCM")
    assert [r["header"]["alg"] for r in json.loads(jwe)["recipients"]] == ["A128KW", "A256GCMKW"]
    for key, alg in (("a", "A128KW"), ("b", "A256GCMKW")):
        assert decrypt(box, jwe, key, "--alg", alg, "--enc", "A256GCM") == PLAINTEXT
    encrypt(box, "a", "--jwk", "a", "--jwk", "b", "--alg", "A128KW", "--alg", "A128KW", "--enc", "A256GCM", status=2,
            told="once for all, or once for each")
    encrypt(box, "a", *["--jwk", "a"] * 64, "--alg", "A128KW", "--enc", "A256GCM", status=2, told="more than 64 times")


@test_without_vault
def recipients_that_could_not_be_told_apart_are_refused(box):
    for name, kid in (("a", "x"), ("b", "x"), ("c", "y"), ("bare", None)):
        keygen(box, name, "A256KW", *(["--kid", kid] if kid else []))
    for other in ("a", "b", "bare"):
        encrypt(box, "a", "--jwk", other, "--enc", "A256GCM", status=2, told="needs a \"kid\" of its own")
    jwe = encrypt(box, "a", "--jwk", "c", "--enc", "A256GCM")
    assert decrypt(box, jwe, "a", "--enc", "A256GCM") == decrypt(box, jwe, "c", "--enc", "A256GCM") == PLAINTEXT
    keygen(box, "other", "A128KW")
    jwe = encrypt(box, "bare", "--jwk", "other", "--enc", "A256GCM")
    assert decrypt(box, jwe, "other", "--enc", "A256GCM") == PLAINTEXT


@test_without_vault
def a_set_is_searched_by_kid_and_no_key_is_tried(box):
    keys = [keygen(box, str(n), "A256GCM", *(["--kid", f"k{n}"] if n < 3 else [])) for n in range(4)]
    box.write("set", json.dumps({"keys": keys[:3]}))
    box.write("less", json.dumps({"keys": keys[:1]}))
    box.write("nameless", json.dumps({"keys": keys[3:]}))
    run = ["jwe", "decrypt", "--jwks"]
    for n in range(3):
        assert box.run(*run, "set", stdin=encrypt(box, str(n))) == PLAINTEXT
    nameless = encrypt(box, "3")
    for name, jwe in (("less", encrypt(box, "1")), ("set", nameless), ("nameless", nameless),
                      ("set", with_header(encrypt(box, "1"), {"alg": "dir", "enc": "A256GCM"}))):
        assert box.run(*run, name, stdin=jwe, status=1, told="names no key of the set") == b""
    other = with_header(encrypt(box, "1"), {"alg": "dir", "enc": "A256GCM", "kid": "k2"})
    assert box.run(*run, "set", stdin=other, status=1, told="refused: it is damaged") == b""
    assert decrypt(box, nameless, "3") == PLAINTEXT


@test_without_vault
def a_set_with_two_keys_of_one_kid_or_of_two_recipients_is_not_guessed_at(box):
    keys = [keygen(box, str(n), "A256KW", "--kid", f"k{n}") for n in range(2)]
    run = ["jwe", "decrypt", "--enc", "A256GCM", "--jwks"]
    jwe = encrypt(box, "0", "--jwk", "1", "--enc", "A256GCM")
    box.write("twice", json.dumps({"keys": [keys[0], {**keys[1], "kid": "k0"}]}))
    assert box.run(*run, "twice", stdin=jwe, status=1, told="JWK Set") == b""
    box.write("both", json.dumps({"keys": keys}))
    assert box.run(*run, "both", stdin=jwe, status=1, told="more than one key of the set") == b""
    box.write("one", json.dumps({"keys": keys[1:]}))
    assert box.run(*run, "one", stdin=jwe) == PLAINTEXT
    pair = keygen(box, "pair", "ECDH-ES+A256KW")
    public = json.loads(box.path("pair.pub").read_bytes())
    box.write("public", json.dumps({"keys": [public]}), 0o644)
    jwe = encrypt(box, "pair.pub", "--enc", "A256GCM")
    assert box.run(*run, "public", stdin=jwe, status=1, told="no private part") == b"" and pair["kid"] == public["kid"]
    for options in ([], ["--jwk", "0", "--jwks", "one"]):
        box.run("jwe", "decrypt", "--enc", "A256GCM", *options, stdin=jwe, status=2, told="either --jwk or --jwks")


@test_without_vault
def whatever_does_not_open_ends_with_status_1_and_prints_nothing(box):
    keygen(box, "key", "A128KW")
    jwe = encrypt(box, "key", "--enc", "A128GCM").strip()
    parts = jwe.decode().split(".")
    pinned = ("--enc", "A128GCM")
    for number, part in enumerate(parts):
        changed = part[:-1] + ("B" if part[-1] != "B" else "C")
        for other in ("", part[:-1], part + "A", changed, part + "=", "A" * len(part)):
            refuse(box, ".".join([*parts[:number], other, *parts[number + 1:]]), "key", *pinned)
        refuse(box, ".".join(parts[:number] + parts[number + 1:]), "key", *pinned)
    for text in (jwe + b"\n\n", b" " + jwe, jwe + b" ", jwe + b".", jwe + jwe, b"{}", b"[]", b"{", b"\0", b"."):
        refuse(box, text, "key", *pinned)
    for text in (b"", b"\n"):
        refuse(box, text, "key", *pinned, told="standard input is empty")
    for other in ({"zip": "DEF"}, {"crit": ["exp"], "exp": 1}, {"p2c": 1000}, {"Alg": "A128KW"}, {"alg": "RSA1_5"},
                  {"alg": "PBES2-HS256+A128KW"}, {"alg": "none"}, {"enc": "A128CBC-HS256"}):
        refuse(box, with_header(jwe, {"alg": "A128KW", "enc": "A128GCM", **other}), "key", *pinned)
    assert decrypt(box, jwe, "key", *pinned) == PLAINTEXT


@test_without_vault
def the_key_decides_and_not_the_header(box):
    box.write("key", json.dumps(RFC_KEY))
    for alg, enc in (("A128KW", "A128GCM"), ("A128GCMKW", "A128GCM"), ("dir", "A128GCM"), ("A128KW", "A256CBC-HS512")):
        jwe = encrypt(box, "key", "--alg", alg, "--enc", enc)
        for other_alg, other_enc in (("A128KW", "A128GCM"), ("A128GCMKW", "A128GCM"), ("dir", "A128GCM"),
                                     ("A128KW", "A256CBC-HS512"), ("A128KW", "A192GCM")):
            options = ("--alg", other_alg, "--enc", other_enc)
            if (alg, enc) == (other_alg, other_enc):
                assert decrypt(box, jwe, "key", *options) == PLAINTEXT
            else:
                refuse(box, jwe, "key", *options)


@test_without_vault
def what_the_jwk_does_not_say_is_asked_for(box):
    box.write("bare", json.dumps(RFC_KEY))
    box.write("kw", json.dumps({**RFC_KEY, "alg": "A128KW"}))
    box.write("whole", json.dumps({**RFC_KEY, "alg": "A128GCM"}))
    for command in ("encrypt", "decrypt"):
        run = ["jwe", command, "--jwk"]
        box.run(*run, "bare", "--enc", "A128GCM", stdin=RFC_COMPACT, status=2, told=("has no \"alg\"", "give --alg"))
        box.run(*run, "bare", "--alg", "A128KW", stdin=RFC_COMPACT, status=2, told="give --enc")
        box.run(*run, "kw", stdin=RFC_COMPACT, status=2, told="give --enc")
        box.run(*run, "kw", "--alg", "A128GCMKW", "--enc", "A128GCM", stdin=RFC_COMPACT, status=1,
                told="something else")
        box.run(*run, "whole", "--alg", "A128KW", stdin=RFC_COMPACT, status=1, told="something else")
        for alg in ("RSA1_5", "a128kw", "A128GCM", "PBES2-HS256+A128KW", "none"):
            box.run(*run, "bare", "--alg", alg, "--enc", "A128GCM", stdin=RFC_COMPACT, status=2,
                    told="--alg takes one of dir, A128KW")
        box.run(*run, "bare", "--alg", "A128KW", "--enc", "A128KW", stdin=RFC_COMPACT, status=2,
                told="--enc takes one of A128GCM, ")
        for alg in ("A256KW", "ECDH-ES", "RSA-OAEP"):
            box.run(*run, "bare", "--alg", alg, "--enc", "A128GCM", stdin=RFC_COMPACT, status=2,
                    told="of this kind or length")
        box.run(*run, "bare", "--alg", "dir", "--enc", "A256GCM", stdin=RFC_COMPACT, status=2,
                told="of this kind or length")
    assert decrypt(box, encrypt(box, "whole"), "whole") == PLAINTEXT


@test_without_vault
def a_jwk_for_another_purpose_is_refused(box):
    for other in ({"use": "sig"}, {"key_ops": ["sign"]}, {"alg": "HS256"}, {"alg": "A128KW", "use": "sig"},
                  {"use": "enc", "key_ops": ["verify"]}):
        box.write("key", json.dumps({**RFC_KEY, **other}))
        options = () if other.get("alg") == "A128KW" else ("--alg", "A128KW")
        box.run("jwe", "encrypt", "--jwk", "key", *options, "--enc", "A128GCM", status=1, told="refused: ")
        if "alg" in other:
            box.run("jwe", "encrypt", "--jwk", "key", "--enc", "A128GCM", status=1, told="refused: ")
    box.write("key", json.dumps({**RFC_KEY, "key_ops": ["unwrapKey"]}))
    assert decrypt(box, RFC_COMPACT, "key", "--alg", "A128KW", "--enc", "A128CBC-HS256") == b"Live long and prosper."


@test_without_vault
def a_public_key_encrypts_and_does_not_decrypt(box):
    for kind in (["ECDH-ES+A256KW"], ["ECDH-ES", "--curve", "P-384"], ["RSA-OAEP", "--bits", "2048"]):
        keygen(box, "key", *kind)
        jwe = encrypt(box, "key.pub", "--enc", "A256GCM")
        decrypt(box, jwe, "key.pub", "--enc", "A256GCM", status=2, told=("public", "private part"))
        assert decrypt(box, jwe, "key", "--enc", "A256GCM") == PLAINTEXT


@test_without_vault
def a_header_of_its_own_is_authenticated_and_written_on_request(box):
    keygen(box, "key", "A256GCM")
    box.write("more", '{"iss": "acme",\n "n": [1, {"a": "\\u00e9"}]}')
    jwe = encrypt(box, "key", "--typ", "JWT", "--cty", "application/json", "--header", "more")
    expected = {"alg": "dir", "enc": "A256GCM", "typ": "JWT", "cty": "application/json", "iss": "acme",
                "n": [1, {"a": "é"}]}
    assert header_of(jwe) == expected
    assert decrypt(box, jwe, "key", "--typ", "JWT", "--header-out", "header") == PLAINTEXT
    assert json.loads(box.path("header").read_bytes()) == expected
    assert box.path("header").read_bytes() == decoded(jwe.decode().split(".")[0])
    refuse(box, jwe, "key", "--typ", "jwt", "--header-out", "none", told="authentic, but its \"typ\"")
    refuse(box, with_header(jwe, {**expected, "typ": "at+jwt"}), "key", "--typ", "at+jwt", "--header-out", "none")
    decrypt(box, jwe, "key", "--header-out", "header", status=2, told="there is a file already")
    assert json.loads(box.path("header").read_bytes()) == expected and not box.path("none").exists()
    refuse(box, encrypt(box, "key"), "key", "--typ", "JWT", told="authentic, but its \"typ\"")


@test_without_vault
def headers_that_would_not_be_read_are_not_written(box):
    keygen(box, "key", "A256GCM")
    for text in ('{"alg":"dir"}', '{"enc":"A256GCM"}', '{"zip":"DEF"}', '{"crit":["exp"]}', '{"p2c":1}', '{"p2s":"AA"}',
                 '{"Alg":"dir"}', '{"kid":"x"}', '{"epk":{}}', '{"a\\u006cg":"dir"}'):
        box.write("more", text)
        encrypt(box, "key", "--header", "more", status=2, told="the file of --header")
    for text in ("[]", "{", '{"a":1,"a":2}', "\ufeff{}", '{"a":"\\ud800"}', '"x"', ""):
        box.write("more", text)
        encrypt(box, "key", "--header", "more", status=2, told="the file of --header: ")
    box.write("more", '{"typ":"x"}')
    encrypt(box, "key", "--header", "more", "--typ", "y", status=2, told="give it once")
    for number, options, status in ((26, [], 0), (24, ["--typ", "t", "--cty", "c"], 0), (27, [], 2), (40, [], 2),
                                    (25, ["--typ", "t", "--cty", "c"], 2)):
        box.write("more", json.dumps({f"m{n}": n for n in range(number)}))
        told = "at most 26 members" if status else ()
        encrypt(box, "key", "--header", "more", *options, status=status, told=told)
    for option in ("--typ", "--cty"):
        encrypt(box, "key", option, b"\xff", status=2, told=f"{option} must be UTF-8")
    box.write("more", '{"a":"' + "x" * 4096 + '"}')
    encrypt(box, "key", "--header", "more", status=2, told="the file of --header")


@test_without_vault
def data_beside_the_plaintext_is_required_or_written_on_request(box):
    keygen(box, "key", "A256GCM")
    aad = b"invoice/17\n\0\xff"
    box.write("aad", aad)
    box.write("other", b"invoice/18")
    box.write("empty", b"")
    for form in ("flattened", "general"):
        jwe = json.loads(encrypt(box, "key", "--form", form, "--aad", "aad"))
        assert decoded(jwe["aad"]) == aad
        assert decrypt(box, jwe, "key", "--aad", "aad", "--aad-out", f"{form}.out") == PLAINTEXT
        assert box.path(f"{form}.out").read_bytes() == aad
        refuse(box, jwe, "key", "--aad", "other", "--aad-out", "none", told="authentic, but its \"aad\"")
        refuse(box, {**jwe, "aad": encoded(b"invoice/18")}, "key", "--aad", "other")
        refuse(box, {name: value for name, value in jwe.items() if name != "aad"}, "key")
    assert not box.path("none").exists()
    refuse(box, encrypt(box, "key"), "key", "--aad", "aad", told="authentic, but its \"aad\"")
    encrypt(box, "key", "--aad", "aad", status=2, told="add --form flattened")
    encrypt(box, "key", "--form", "flattened", "--aad", "empty", status=2, told="the file of --aad: it is empty")
    encrypt(box, "key", "--form", "flattened", "--aad", "missing", status=4, told="the file of --aad: ")


@test_without_vault
def the_names_of_the_parties_go_into_the_key_agreement(box):
    keygen(box, "key", "ECDH-ES", "--curve", "P-256")
    keygen(box, "shared", "A256GCM")
    jwe = encrypt(box, "key.pub", "--enc", "A128GCM", "--apu", "Alice", "--apv", "Bob")
    header = header_of(jwe)
    assert (decoded(header["apu"]), decoded(header["apv"])) == (b"Alice", b"Bob")
    assert decrypt(box, jwe, "key", "--enc", "A128GCM") == PLAINTEXT
    refuse(box, with_header(jwe, {**header, "apu": encoded(b"Mallory")}), "key", "--enc", "A128GCM")
    for option in ("--apu", "--apv"):
        encrypt(box, "shared", option, "x", status=2, told="for ECDH-ES")
        encrypt(box, "key.pub", "--enc", "A128GCM", option, "x" * 257, status=2, told="at most 256 bytes")


@test_without_vault
def the_draft_of_hpke_has_no_enc(box):
    jwk = keygen(box, "key", HPKE)
    assert (jwk["alg"], jwk["crv"]) == (HPKE, "X25519")
    jwe = encrypt(box, "key.pub")
    assert header_of(jwe) == {"alg": HPKE, "kid": jwk["kid"]} and decrypt(box, jwe, "key") == PLAINTEXT
    keygen(box, "other", HPKE)
    refuse(box, jwe, "other")
    refuse(box, jwe[:-1] + (b"A" if jwe[-1:] != b"A" else b"Q"), "key")
    encrypt(box, "key.pub", "--enc", "A256GCM", status=2, told="of this kind or length")
    encrypt(box, "key.pub", "--jwk", "other.pub", status=2, told="for one --jwk")


@test_without_vault
def inspect_shows_the_headers_of_each_recipient(box):
    keygen(box, "a", "A256KW", "--kid", "a")
    keygen(box, "b", "ECDH-ES+A256KW", "--kid", "b\u202e\x7f")
    jwe = encrypt(box, "a", "--jwk", "b.pub", "--enc", "A256GCM", "--typ", "t")
    report = json.loads(box.run("jwe", "inspect", "--json", stdin=jwe))
    assert (report["form"], report["ciphertext_bytes"]) == ("general", len(PLAINTEXT)), report
    assert [(h["alg"], h["enc"], h["kid"], h["typ"]) for h in report["headers"]] == [
        ("A256KW", "A256GCM", "a", "t"), ("ECDH-ES+A256KW", "A256GCM", "b\u202e\x7f", "t")], report
    printed = box.run("jwe", "inspect", stdin=jwe).decode().splitlines()
    length = f"{len(PLAINTEXT)} bytes of ciphertext"
    assert printed[0] == f"general, {length}, 2 recipients; nothing of this is authenticated"
    assert [json.loads(line) for line in printed[1:]] == report["headers"]
    assert "\u202e" not in "".join(printed) and "\x7f" not in "".join(printed)
    compact = encrypt(box, "a", "--enc", "A256GCM")
    assert box.run("jwe", "inspect", stdin=compact).startswith(b"compact, 24 bytes of ciphertext, 1 recipient; ")
    zipped = with_header(compact, {"alg": "A256KW", "enc": "A256GCM", "zip": "DEF"})
    for text in (b"", b"x", b"{}", b"a.b.c.d.e", zipped):
        assert box.run("jwe", "inspect", stdin=text, status=1) == b""


@test
def the_key_of_a_day_reads_the_tokens_of_an_api_key(box):
    key_id = box.apikey()
    token = box.mint("--perm", "read")
    box.write("day", box.run("apikey", "jwk", key_id, "--day", "today"))
    claims = json.loads(decrypt(box, token, "day", "--typ", "JWT"))
    assert (claims["sub"], claims["perms"]) == ("alice", ["read"])
    box.write("set", json.dumps({"keys": [json.loads(box.path("day").read_bytes())]}))
    assert json.loads(box.run("jwe", "decrypt", "--jwks", "set", stdin=token)) == claims


@test_without_vault
def a_full_disk_is_told_and_leaves_nothing(box):
    keygen(box, "key", "A256GCM", "--kid", "k")
    keygen(box, "pair", "ECDH-ES")
    jwe = encrypt(box, "key")
    pair = box.path("pair").read_bytes()
    for args, stdin in ((["jwe", "encrypt", "--jwk", "key"], b"x"), (["jwe", "decrypt", "--jwk", "key"], jwe),
                        (["jwe", "inspect"], jwe), (["jwk", "public"], pair), (["jwk", "thumbprint"], pair),
                        (["jwk", "to-pem"], pair), (["keygen", "--jwk", "A128KW"], b"")):
        with open("/dev/full", "wb") as full:
            box.run(*args, stdin=stdin, stdout=full, status=4, told="standard output: No space left")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))
    before = sorted(path.name for path in box.folder.iterdir())
    decrypt(box, jwe, "key", "--header-out", "header", status=4, told="--header-out", preexec_fn=limit)
    assert sorted(path.name for path in box.folder.iterdir()) == before


@test_without_vault
def a_pipe_without_a_reader_ends_it_as_other_tools(box):
    keygen(box, "key", "A256GCM", "--kid", "k")
    jwe = encrypt(box, "key")
    for args, stdin in ((["jwe", "encrypt", "--jwk", "key"], b"x"), (["jwe", "decrypt", "--jwk", "key"], jwe),
                        (["jwe", "inspect"], jwe), (["jwk", "thumbprint"], box.path("key").read_bytes()),
                        (["keygen", "--jwk", "A128KW"], b"")):
        reader, writer = os.pipe()
        os.close(reader)
        run = subprocess.run([BULLA, *args], input=stdin, stdout=writer, stderr=subprocess.PIPE, timeout=60,
                             **box.options({}))
        os.close(writer)
        assert (run.returncode, run.stderr) == (-signal.SIGPIPE, b""), (args, run)


@test_without_vault
def one_that_is_killed_leaves_no_file(box):
    keygen(box, "key", "A256GCM")
    before = sorted(path.name for path in box.folder.iterdir())
    for number in (signal.SIGTERM, signal.SIGKILL):
        process = box.start("jwe", "decrypt", "--jwk", "key", "--header-out", "header", stdin=-1)
        process.stdin.write(b"eyJ")
        process.stdin.flush()
        time.sleep(0.3)
        process.send_signal(number)
        assert process.wait(60) == -number
        process.stdin.close()
    assert sorted(path.name for path in box.folder.iterdir()) == before


@test_without_vault
def nothing_of_it_needs_a_vault(box):
    keygen(box, "key", "A256GCM")
    env = {"BULLA_ROOT": None, "BULLA_VAULT": "sqlite:/no/such/vault"}
    jwe = encrypt(box, "key", env=env)
    assert decrypt(box, jwe, "key", env=env) == PLAINTEXT
    assert sorted(path.name for path in box.folder.iterdir()) == ["key"]


@test_without_vault
def what_is_wrong_is_named(box):
    keygen(box, "a", "A256KW", "--kid", "a")
    keygen(box, "cbc", "A128CBC-HS256", "--kid", "cbc")
    box.write("set", json.dumps({"keys": [json.loads(box.path(name).read_bytes()) for name in ("a", "cbc")]}))
    box.write("empty", b"")
    box.write("none", b"{")
    jwe = encrypt(box, "cbc")
    for options, status, told in (
            (["--jwk", "a", "--jwk", "none", "--enc", "A256GCM"], 2, "bulla: file 2 of --jwk, none: it is not a well-formed JWK"),
            (["--jwk", "a", "--jwk", "s3cret", "--enc", "A256GCM"], 4, "bulla: file 2 of --jwk: No such file"),
            (["--jwk", "cbc", "--jwk", "a", "--enc", "A256GCM", "--alg", "RSA-OAEP"], 1, "bulla: file 1 of --jwk, cbc: "),
            (["--jwk", "a"], 2, "bulla: the file of --jwk: the JWK does not say"),
            (["--jwk", "empty"], 2, "the file of --jwk: it is empty"),
            (["--jwk", "cbc", "--enc", "A256GCM"], 1, "is A128CBC-HS256, and so it is for something else than dir A256GCM"),
            (["--jwk", "-"], 2, "--jwk - names no file"), (["--jwk", "fd:3"], 2, "/dev/fd/3"),
            (["--jwk", "file:a"], 2, "without file:")):
        box.run("jwe", "encrypt", *options, status=status, told=told)
        assert "s3cret" not in box.errors
    box.run("jwe", "decrypt", "--jwks", "empty", stdin=jwe, status=2, told="the file of --jwks: it is empty")
    box.run("jwe", "decrypt", "--jwks", "set", "--alg", "A256KW", stdin=jwe, status=1,
            told="bulla: the key \"cbc\" of --jwks: refused: its \"alg\"")
    box.write("more", '{"alg":"dir"}')
    encrypt(box, "cbc", "--header", "more", status=2, told="bulla: the file of --header: it has a member")
    box.write("more", json.dumps({"a": "x" * 4060}))
    encrypt(box, "cbc", "--header", "more", status=2, told="or is too long beside those: a header has at most 4096 bytes")
    box.write("more", b"x" * 1000000)
    encrypt(box, "cbc", "--form", "flattened", "--aad", "more", status=2, told="about 785,000 of plaintext and --aad")
    for name, told in (("RSA1_5", "on purpose: docs/JOSE.md"), ("PBES2-HS256+A128KW", "on purpose: docs/JOSE.md"),
                       ("RSA", "take RSA-OAEP-256"), ("P-256", "take ECDH-ES+A256KW"), ("a256kw", "case differ")):
        encrypt(box, "a", "--alg", name, status=2, told=told)
    encrypt(box, "a", "--alg", "x", status=2, told="RSA-OAEP-256; see bulla")
    for line in ("jwe decrypt --jwk a", "jwe inspect", "jwk public", "token inspect"):
        box.run(*line.split(), "note.jwe", status=2, told="it reads standard input, as from < FILE")
    box.run("keygen", "more", status=2, told="argument 1 is too many; see")
    for line, told in (("--header-out x --aad-out x", "name one file"), ("--header-out -", "takes a new file"),
                       ("--aad-out -", "takes a new file")):
        decrypt(box, jwe, "cbc", *line.split(), status=2, told=told)
    assert not box.path("x").exists() and not box.path("-").exists()


run_tests()
