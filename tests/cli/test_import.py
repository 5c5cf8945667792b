# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""import hex: the lines that are taken, and that of all others none is."""

import hashlib
import pathlib

from command import run_tests, test

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
    """Nothing is imported, and the error names |named| but not what was read."""
    before = box.json("list")
    import_hex(box, lines, status, **environment)
    assert box.errors.startswith(f"bulla: {named}"), (named, box.errors)
    assert not any(len(word) > 8 and word.decode("latin-1") in box.errors
                   for line in lines.split(b"\n")[:3] if line != HEADER for word in line.split(b",")), box.errors
    assert box.json("list") == before


@test
def values_of_an_older_system_are_imported(box):
    box.init()
    secret = "sk-ant-äöü".encode()
    lines = b"openai,key," + triple(box, b"sk-proj-1") + b"\nanthropic,key," + triple(box, secret) + b"\n"
    assert import_hex(box, lines) == b"imported 2\n"
    assert box.get("acme/openai", "key") == b"sk-proj-1" and box.get("acme/anthropic", "key") == secret
    assert "sk-proj-1" not in box.run("show", "acme/openai").decode()
    assert [r["entry"] for r in box.log() if r["op"] == "import"] == ["openai", "anthropic"]


@test
def many_large_values_are_imported(box):
    box.init()
    value = triple(box, b"v" * 65536)
    assert import_hex(box, b"".join(b"e%d,key," % n + value + b"\n" for n in range(40))) == b"imported 40\n"
    assert box.get("acme/e39", "key") == b"v" * 65536


@test
def a_vector_that_another_program_made_is_imported(box):
    box.init()
    lines = (DATA / "imported.csv").read_bytes()
    assert import_hex(box, lines, OLD="correct-horse-battery-staple-2019") == b"imported 2\n"
    assert box.get("acme/openai", "key") == b"sk-proj-imported-7Qm2xV9tLr4K"


@test
def every_form_of_lines_is_read(box):
    value = triple(box, b"value")
    rows = [b"a,key," + value, b"b,key," + value.upper()]
    forms = [b"\n".join(rows), b"\n".join(rows) + b"\n", b"\r\n".join(rows) + b"\r\n",
             HEADER + b"\n" + b"\n".join(rows), HEADER + b"\r\n" + b"\r\n".join(rows)]
    for number, form in enumerate(forms):
        box.environment["BULLA_VAULT"] = f"sqlite:{number}.db"
        box.init()
        assert box.run("--json", "import", "hex", "--key-env", "OLD", "--tenant", "acme", stdin=form,
                       env={"OLD": PASSPHRASE}) == b'{"imported":2}\n'
        assert box.get("acme/b", "key") == b"value"


@test
def the_longest_value_is_imported_and_no_longer_one(box):
    box.init()
    longest = "n" * 128
    import_hex(box, f"{longest},{longest},".encode() + triple(box, b"x" * 65536) + b"\r\n")
    assert len(box.get(f"acme/{longest}", longest)) == 65536
    refuse(box, b"b,key," + triple(box, b"x" * 65537), "line 1")
    refuse(box, b"ok,key," + triple(box, b"x") + b"\nb,key," + b"a" * 200000 + b"\n", "line 2")


@test
def a_bad_line_is_named_and_nothing_is_imported(box):
    box.init()
    value = triple(box, b"a-secret-value")
    good = b"good,key," + value + b"\n"
    other = triple(box, b"a-secret-value", "another key")
    iv, tag, ciphertext = value.split(b":")
    refused = (other, iv + b":" + tag, value + b"00", value[:-1], value + b",x", b"", b" " + value, value + b"\0",
               iv + b":" + tag[2:] + b":" + ciphertext, tag + b":" + iv + b":" + ciphertext, b"zz" + value[2:])
    malformed = (b"a-secret-value", b"a-secret-value,key", b"", b",,", b"bad name,key," + value,
                 b",key," + value, b"bad,," + value, b".bad,key," + value, b"x" * 129 + b",key," + value,
                 b'"bad",key,' + value, b"\xef\xbb\xbfbad,key," + value, b"good,key," + value)
    lines = [(b"bad,key," + text, 1) for text in refused] + [(HEADER, 1)] + [(line, 2) for line in malformed]
    for line, status in lines:
        refuse(box, good + line + b"\n", "line 2: ", status)
        refuse(box, HEADER + b"\n" + good + line + b"\nafter,key," + value, "line 3: ", status)
    import_hex(box, good)
    refuse(box, good, "line 1: ")


@test
def an_input_without_rows_is_refused(box):
    box.init()
    for lines in (b"", HEADER, HEADER + b"\n"):
        refuse(box, lines, "standard input: ")


@test
def a_missing_or_empty_key_is_refused(box):
    box.init()
    lines = b"a,key," + triple(box, b"value")
    refuse(box, lines, "--key-env: ", status=4, OLD=None)
    refuse(box, lines, "--key-env: ", status=4, OLD="")
    refuse(box, lines, "line 1: ", status=1, OLD="another")


run_tests()
