# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""import hex: the lines that are taken, and that of all others none is."""

import base64
import ctypes
import hashlib
import pathlib

from command import run_tests, test, test_without_vault

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
PASSPHRASE = "the ENCRYPTION_KEY of an older system"
HEADER = b"entry,field,iv:authTag:ciphertext"


def triple(box, secret, passphrase=PASSPHRASE):
    """Returns |secret| as the older system keeps it."""
    box.write("older.key", hashlib.sha256(passphrase.encode()).hexdigest())
    return box.run("seal", "--key", "older.key", "--format", "hex", stdin=secret).strip()


def import_hex(box, lines, status=0, **environment):
    return box.run("import", "hex", "--key-env", "OLD", "--tenant", "acme", stdin=lines, status=status,
                   env={"OLD": PASSPHRASE, **environment})


def refuse(box, lines, named="", status=2, **environment):
    """Nothing is imported, and the error, which is returned, names |named| but not what was read."""
    before = box.json("list")
    import_hex(box, lines, status, **environment)
    assert box.errors.startswith(f"bulla: {named}"), (named, box.errors)
    assert not any(len(word) > 8 and word.decode("latin-1") in box.errors
                   for line in lines.split(b"\n")[:3] if line != HEADER for word in line.split(b",")), box.errors
    errors = box.errors
    assert box.json("list") == before
    return errors


@test
def values_of_an_older_system_are_imported(box):
    secret = "sk-ant-äöü".encode()
    lines = b"openai,key," + triple(box, b"sk-proj-1") + b"\nanthropic,key," + triple(box, secret) + b"\n"
    assert import_hex(box, lines) == b"imported 2\n"
    assert box.get("acme/openai", "key") == b"sk-proj-1" and box.get("acme/anthropic", "key") == secret
    assert "sk-proj-1" not in box.run("show", "acme/openai").decode()
    assert [r["entry"] for r in box.log() if r["op"] == "import"] == ["openai", "anthropic"]


@test
def many_large_values_are_imported(box):
    value = triple(box, b"v" * 65536)
    assert import_hex(box, b"".join(b"e%d,key," % n + value + b"\n" for n in range(40))) == b"imported 40\n"
    assert box.get("acme/e39", "key") == b"v" * 65536


@test
def a_vector_that_another_program_made_is_imported(box):
    lines = (DATA / "imported.csv").read_bytes()
    assert import_hex(box, lines, OLD="correct-horse-battery-staple-2019") == b"imported 2\n"
    assert box.get("acme/openai", "key") == b"sk-proj-imported-7Qm2xV9tLr4K"


@test_without_vault
def every_form_of_lines_is_read(box):
    value = triple(box, b"value")
    rows = [b"a,key," + value, b"b,key," + value.upper()]
    forms = [b"\n".join(rows), b"\n".join(rows) + b"\n", b"\r\n".join(rows) + b"\r\n",
             HEADER + b"\n" + b"\n".join(rows), HEADER + b"\r\n" + b"\r\n".join(rows)]
    for number, form in enumerate(forms):
        box.environment["BULLA_VAULT"] = f"sqlite:{number}.db"
        box.run("init", "--reuse-root")
        assert box.run("--json", "import", "hex", "--key-env", "OLD", "--tenant", "acme", stdin=form,
                       env={"OLD": PASSPHRASE}) == b'{"imported":2}\n'
        assert box.get("acme/b", "key") == b"value"


@test
def the_longest_value_is_imported_and_no_longer_one(box):
    longest = "n" * 128
    import_hex(box, f"{longest},{longest},".encode() + triple(box, b"x" * 65536) + b"\r\n")
    assert len(box.get(f"acme/{longest}", longest)) == 65536
    refuse(box, b"b,key," + triple(box, b"x" * 65537), "line 1")
    refuse(box, b"ok,key," + triple(box, b"x") + b"\nb,key," + b"a" * 200000 + b"\n", "line 2")


@test
def a_bad_line_is_named_and_nothing_is_imported(box):
    value = triple(box, b"a-secret-value")
    good = b"good,key," + value + b"\n"
    other = triple(box, b"a-secret-value", "another key")
    iv, tag, ciphertext = value.split(b":")
    refused = (other, value + b"00", iv + b":" + tag + b":", tag + b":" + iv + b":" + ciphertext)
    malformed = (iv + b":" + tag, value[:-1], value + b",x", b"", b" " + value, value + b" ", value + b"\0",
                 value + b"\r\r", iv + b":" + tag[2:] + b":" + ciphertext, iv + b":" + ciphertext + b":" + tag,
                 b"zz" + value[2:], b"a-secret-value", iv[2:] + value[32:], value + b":")
    lines = [b"a-secret-value", b"a-secret-value,key", b",,", b"bad name,key," + value,
             b",key," + value, b"bad,," + value, b".bad,key," + value, b"x" * 129 + b",key," + value,
             b'"bad",key,' + value, b"\xef\xbb\xbfbad,key," + value, b"good,key," + value, HEADER, b" ", b"\r\r"]
    lines = [(line, 2) for line in lines + [b"bad,key," + text for text in malformed]]
    for line, status in lines + [(b"bad,key," + text, 1) for text in refused]:
        refuse(box, good + line + b"\n", "line 2: ", status)
        refuse(box, HEADER + b"\n" + good + b"\n" + line + b"\nafter,key," + value, "line 4: ", status)
    import_hex(box, good)
    refuse(box, good, "line 1: ")


@test
def a_form_is_told_apart_from_a_wrong_key_and_looked_at_first(box):
    value = triple(box, b"a-secret-value")
    other = triple(box, b"a-secret-value", "another key")
    iv, tag, ciphertext = value.split(b":")
    for text, told in ((b"x", "three parts"), (b"zz" + value[2:], "IV is not in hexadecimal"),
                       (iv + b":" + ciphertext + b":" + tag, "has 14 bytes, not 16"),
                       (iv[4:] + value[32:], "IV has 14 bytes"), (value[:-1], "ciphertext is not")):
        errors = refuse(box, b"a,key," + other + b"\nb,key," + text,
                        "line 2: not of the form entry,field,iv:authTag:ciphertext")
        assert told in errors, (told, errors)
    refuse(box, b"a,key," + other, "line 1: refused", status=1)
    refuse(box, b"name,column,value\na,key," + value, "line 1: not of the form entry,field,iv:authTag:ciphertext")
    import_hex(box, b"entry,field,iv:ciphertext:authTag\na,key," + value, 2)
    assert box.errors.startswith("bulla: line 1: the header says"), box.errors
    refuse(box, (HEADER + b"\na,key," + value).decode().encode("utf-16"), "standard input: it is UTF-16")


@test
def one_mark_of_utf_8_and_empty_lines_are_passed_over(box):
    value = triple(box, b"value")
    mark = b"\xef\xbb\xbf"
    forms = [mark + b"N,key," + value, mark + HEADER + b"\r\nN,key," + value + b"\r\n\r\n",
             b"\n\r\n" + HEADER + b"\n\nN,key," + value + b"\n\n\n", mark + b"\nN,key," + value]
    for number, form in enumerate(forms):
        assert import_hex(box, form.replace(b"N", b"%d" % number)) == b"imported 1\n"
        assert box.get(f"acme/{number}", "key") == b"value"
    for form in (mark + mark + b"N,key," + value, b"\n" + mark + b"N,key," + value, mark[:2] + b"N,key," + value):
        refuse(box, form, "line ")
    refuse(box, mark, "standard input: there are no rows")


RAW = bytes(range(32))
FOREIGN_IV = bytes(range(12))


def foreign(box, encode, order, aad):
    """Returns a line of a system that keeps values in its own way."""
    ciphertext, tag = seal_with_openssl(RAW, FOREIGN_IV, b"s3cret of a foreign system", aad)
    parts = [FOREIGN_IV, tag, ciphertext] if order == TAG_SECOND else [FOREIGN_IV, ciphertext, tag]
    return b":".join(encode(part) for part in parts)


TAG_SECOND, TAG_LAST = "iv:authTag:ciphertext", "iv:ciphertext:authTag"
ENCODINGS = {
    "hex": [lambda b: b.hex().encode(), lambda b: b.hex().upper().encode()],
    "base64": [base64.b64encode, lambda b: base64.b64encode(b).rstrip(b"=")],
    "base64url": [base64.urlsafe_b64encode, lambda b: base64.urlsafe_b64encode(b).rstrip(b"=")],
}


def seal_with_openssl(key, iv, plaintext, aad):
    """AES-256-GCM by libcrypto, since no module for it can be relied on."""
    library = ctypes.CDLL("libcrypto.so.3")
    library.EVP_CIPHER_CTX_new.restype = library.EVP_aes_256_gcm.restype = ctypes.c_void_p
    context, cipher = ctypes.c_void_p(library.EVP_CIPHER_CTX_new()), ctypes.c_void_p(library.EVP_aes_256_gcm())
    out, tag, length = ctypes.create_string_buffer(len(plaintext) + 16), ctypes.create_string_buffer(16), ctypes.c_int()
    assert library.EVP_EncryptInit_ex(context, cipher, None, key, iv) == 1  # an IV of 12 bytes
    assert library.EVP_EncryptUpdate(context, None, ctypes.byref(length), aad, len(aad)) == 1
    assert library.EVP_EncryptUpdate(context, out, ctypes.byref(length), plaintext, len(plaintext)) == 1
    assert library.EVP_EncryptFinal_ex(context, None, ctypes.byref(length)) == 1
    assert library.EVP_CIPHER_CTX_ctrl(context, 16, 16, tag) == 1
    library.EVP_CIPHER_CTX_free(context)
    return out.raw[:len(plaintext)], tag.raw


@test
def values_of_other_systems_are_imported_as_the_options_say_and_in_no_other_way(box):
    box.write("raw", RAW.hex())
    box.write("other", "00" * 32)
    number = 0
    options = [(encoding, order, aad) for encoding in ENCODINGS for order in (TAG_SECOND, TAG_LAST)
               for aad in (b"", b"row")]
    def arguments(encoding, order, aad, key="raw"):
        return ["import", "hex", "--key", key, "--tenant", "acme", "--encoding", encoding, "--order", order,
                *(["--aad", aad.decode()] if aad else [])]
    for encoding, order, aad in options:
        for encode in ENCODINGS[encoding]:
            line = b"e%d,key," % number + foreign(box, encode, order, aad)
            for other in options:
                # Digits that both alphabets of base64 have mean the same in both.
                same = other[1:] == (order, aad) and {other[0], encoding} == {"base64", "base64url"} and \
                    not set(line.split(b",")[2]) & set(b"+/-_")
                if other != (encoding, order, aad) and not same:
                    form = other[:2] != (encoding, order)
                    alike = {other[0], encoding} == {"base64", "base64url"} and not set(line) & set(b"+/-_") \
                        and other[1] == order
                    box.run(*arguments(*other), stdin=line, status=2 if form and not alike else 1)
            box.run(*arguments(encoding, order, aad, "other"), stdin=line, status=1)
            header = b"entry,field," + order.encode() + b"\n"
            assert box.run(*arguments(encoding, order, aad), stdin=header + line) == b"imported 1\n"
            assert box.get(f"acme/e{number}", "key") == b"s3cret of a foreign system"
            number += 1
    for args in (["--encoding", "base32"], ["--order", "tag:iv:ciphertext"], ["--encoding", "HEX"]):
        box.run("import", "hex", "--key", "raw", "--tenant", "acme", *args, stdin=line, status=2, told="takes one of")


@test
def a_raw_key_is_read_in_each_of_its_forms_and_never_guessed(box):
    key = bytes(range(224, 256))
    sealed = None
    for number, text in enumerate((key.hex(), key.hex().upper(), base64.b64encode(key).decode(),
                                   base64.b64encode(key).decode().rstrip("="), base64.urlsafe_b64encode(key).decode(),
                                   base64.urlsafe_b64encode(key).decode().rstrip("="))):
        for newline in ("", "\n", "\r\n"):
            box.write("key", text + newline)
            sealed = sealed or box.run("seal", "--key", "key", "--format", "hex", stdin="value").strip()
            assert box.run("open", "--key", "key", "--format", "hex", stdin=sealed) == b"value"
        line = b"e%d,key," % number + sealed
        assert box.run("import", "hex", "--key", "key", "--tenant", "acme", stdin=line) == b"imported 1\n"
    mixed = base64.b64encode(key).decode().replace("+", "-")
    for bad in ("x" * 32, key, "x" * 16, "0" * 63, "0" * 65, "g" * 64, text + "\n\n", text + "\r", " " + text, mixed,
                "A" * 42 + "B=", "A" * 44, "A" * 43 + "==", "", "x" * 100000):
        box.write("key", bad)
        for args in (["open", "--format", "hex"], ["import", "hex", "--tenant", "acme"]):
            box.run(*args, "--key", "key", stdin=b"new,key," + sealed, status=2)
            assert "--key" in box.errors and len(box.errors) < 200, box.errors
    box.write("key", "x" * 32)
    box.run("open", "--format", "hex", "--key", "key", status=2, told="the key itself or a half of its digits")
    box.write("key", key.hex())
    lines = b"new,key," + sealed
    box.run("import", "hex", "--tenant", "acme", stdin=lines, status=2, told=("--key FILE", "--key-env NAME"))
    box.run("import", "hex", "--tenant", "acme", "--key", "key", "--key-env", "OLD", env={"OLD": "x"}, stdin=lines, status=2)
    assert not any(entry["entry"] == "new" for entry in box.json("list"))


@test_without_vault
def one_newline_at_the_end_is_no_part_of_a_text_form(box):
    box.write("key", "5a" * 32)
    for form in ("text", "hex"):
        sealed = box.run("seal", "--key", "key", "--format", form, stdin="value").strip()
        for end in (b"", b"\n", b"\r\n"):
            assert box.run("open", "--key", "key", "--format", form, stdin=sealed + end) == b"value"
        for end in (b"\r", b"\n\n", b"\r\n\n", b" \n"):
            box.run("open", "--key", "key", "--format", form, stdin=sealed + end, status=1)
    blob = box.run("seal", "--key", "key", stdin="value")
    box.run("open", "--key", "key", stdin=blob + b"\n", status=1)


@test
def an_input_without_rows_is_refused(box):
    for lines in (b"", HEADER, HEADER + b"\n", b"\n\r\n", b"\xef\xbb\xbf"):
        refuse(box, lines, "standard input: ")
    assert len(box.log()) == 1


@test
def a_missing_or_empty_key_is_refused(box):
    lines = b"a,key," + triple(box, b"value")
    refuse(box, lines, "--key-env: ", status=4, OLD=None)
    refuse(box, lines, "--key-env: ", status=4, OLD="")
    refuse(box, lines, "line 1: ", status=1, OLD="another")


run_tests()
