# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What is printed of what came from outside: none of it feigns a line, a column or an order of characters, and it is
the same text. And readers that go away."""

import json
import os
import signal
import subprocess

from command import BULLA, run_tests, test

# Each stands for a kind: controls of both sets, separators, marks of direction, blanks, what has no width.
CONTROLS = "\x1b\x7f\x80\x85\x9b\x9f"
UNSEEN = CONTROLS + ("\u2028\u2029\u202a\u202e\u2066\u2069\u200e\u061c\u200b\u200d\u2060\ufeff\u00ad\u3164\ufe0f"
                     "\U000e0041")
SPACES = "\u00a0\u1680\u2000\u2003\u200a\u202f\u205f\u3000"
SEEN = "é ж 漢字 e\u0301 🏛 \\ \" ~"


def escaped(text):
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def assert_no_control(printed):
    assert not any(c in CONTROLS or c in UNSEEN for c in printed.decode()), printed


@test
def claims_are_one_line_however_they_were_minted(box):
    box.apikey()
    more = {"a": {"b": [1, {"c": f"x {UNSEEN}{SPACES}{SEEN}\n"}, -1.5, []], "d\u0085": None}, "e f": True, "g": {}}
    for text in (json.dumps(more, indent=4), json.dumps(more, indent="\t", ensure_ascii=False),
                 json.dumps(more, ensure_ascii=False).replace(", ", " \r\n,\r\n\t")):
        box.write("claims", text)
        token = box.mint("--claims", "claims", "--attr", "k=v\n\u2028{\"sub\":\"root\"}", "--perm", "a b")
        for options in ([], ["--json"]):
            printed = box.run("token", "verify", *options, stdin=token)
            assert printed.endswith(b"}\n") and len(printed.decode().splitlines()) == 1, printed
            assert_no_control(printed[:-1])
            claims = json.loads(printed)
            assert {name: claims[name] for name in more} == more and claims["perms"] == ["a b"], claims
            assert claims["attrs"] == {"k": 'v\n\u2028{"sub":"root"}'} and claims["sub"] == "alice"
            assert b'": ' not in printed and b"[1,{" in printed, printed


@test
def escapes_in_claims_stay_what_they_are(box):
    box.apikey()
    box.write("claims", r'{"a":"\"  ] \\","b":"\\\\\" , \u0041\ud83c\udfdb","c d":["\\", "\""  ],"e":"two  words "}')
    claims = json.loads(box.run("token", "verify", stdin=box.mint("--claims", "claims")))
    assert (claims["a"], claims["b"], claims["c d"]) == ('"  ] \\', '\\\\" , A🏛', ["\\", '"'])
    box.write("claims", r'{"a":"\\","b":"two  words "}')
    assert json.loads(box.run("token", "verify", stdin=box.mint("--claims", "claims")))["b"] == "two  words "


@test
def no_json_has_characters_that_cannot_be_seen(box):
    text = f"v{UNSEEN}{SPACES}{SEEN}"
    box.run("put", "acme/db", f"a={text}", "--reason", text, "--actor", f"a{UNSEEN[:20]}")
    for args in (["show", "acme/db"], ["audit", "log"], ["list"], ["init", "--reuse-root", "--vault", f"sqlite:{UNSEEN[5:]}.db"]):
        printed = box.run("--json", *args)
        assert_no_control(printed.replace(b"\n", b""))
    assert box.json("show", "acme/db")[0]["value"] == text
    assert [r["reason"] for r in box.log() if r["op"] == "put"] == [text]
    assert box.log()[-1]["actor"] == f"a{UNSEEN[:20]}"
    assert "\\u0085" in box.run("show", "acme/db", "--json").decode()


@test
def no_table_has_characters_that_cannot_be_seen_or_that_feign_columns(box):
    fields = [f"f{n:02}=a{c}b" for n, c in enumerate(UNSEEN + SPACES)]
    box.run("put", "acme/db", *fields, f"seen={SEEN}", "--reason", f"r{UNSEEN}", "--actor", f"a{SPACES}")
    shown = box.run("show", "acme/db").decode()
    for n, c in enumerate(UNSEEN + SPACES):
        assert f"\nf{n:02}    a{escaped(c)}b " in shown, (hex(ord(c)), shown)
    assert SEEN.replace("\\", "\\\\") in shown
    log = box.run("audit", "log").decode()
    assert escaped(UNSEEN) in log and escaped(SPACES) in log
    assert_no_control((shown + log).replace("\n", "").encode())
    assert not any(c in shown + log for c in SPACES)


@test
def no_error_or_plain_line_has_characters_that_cannot_be_seen(box):
    name = UNSEEN.replace("\x1b", "\x01") + "é"
    box.fail("list", "--vault", f"sqlite:{name}.db")
    errors = box.fail("list", "--root", f"file:{name}")
    assert_no_control(errors[:-1].encode())
    assert "file:" + "?" * len(UNSEEN) + "é" in errors, errors
    errors = box.fail("list", "--root", b"file:a\xff\xc2b\xe2\x80")
    assert "file:a??b??:" in errors, errors
    printed = box.run("init", "--vault", f"sqlite:{name}.db", "--root", f"file:{name}")
    assert_no_control(printed.replace(b"\n", b""))
    assert printed.count(b"\n") == 2 and "é" in printed.decode()


@test
def columns_of_the_log_stay_where_they_are(box):
    who = [("a", "r"), ("b" * 60, "s"), ("c", "t" * 256), ("漢字", "u " * 30), ("é", "-")]
    for n, (actor, reason) in enumerate(who):
        box.run("put", f"acme/entry{'x' * 20 * (n % 2)}", "a=b", "--actor", actor, "--reason", reason)
    lines = [line.replace("漢字", "....") for line in box.run("audit", "log").decode().splitlines()]
    for name in ("TENANT", "ACTOR", "REASON", "OP", "ENTRY", "FIELD", "OUTCOME"):
        place = lines[0].index(f"  {name}") + 2
        assert all(line[place - 2:place] == "  " and line[place] != " " for line in lines), (name, lines)
    assert [line.split()[-4] for line in lines[2:]] == ["put"] * 5 and lines[-1].endswith("  done")
    assert len(box.run("audit", "log", "--tenant", "acme", "--from", "3").splitlines()) == 5


@test
def a_table_of_a_damaged_log_shows_what_comes_before_the_damage(box):
    box.run("put", "acme/db", "a=b")
    box.run("put", "acme/db", "a=c")
    box.sql("UPDATE audit SET detail = zeroblob(300) WHERE seq = 3")
    printed = [box.run("audit", "log", *options, status=1).splitlines() for options in ([], ["--json"])]
    assert [len(lines) for lines in printed] == [3, 2] and printed[0][2].endswith(b"done"), printed


@test
def a_list_of_which_a_row_is_refused_is_not_printed_at_all(box):
    for entry in ("acme/a", "acme/b"):
        box.run("put", entry, "x=1", "y=2")
        box.run("apikey", "create", "--tenant", "acme")
    lists = (["list"], ["list", "acme"], ["show", "acme/b"], ["apikey", "list"])
    for args in lists:
        assert len(box.json(*args)) == 2, args
    box.sql("UPDATE entry SET name = name || 'x' WHERE name = 'b'; UPDATE field SET revision = -1 "
                               "WHERE number = 4; UPDATE apikey SET name = hex(zeroblob(300)) WHERE number = 2")
    for args in lists:
        if args[0] == "show":
            box.sql("UPDATE entry SET name = 'b' WHERE name = 'bx'")
        for options in ([], ["--json"]):
            assert box.run(*args, *options, status=1) == b"", (args, options)


@test
def a_long_list_is_one_array(box):
    fields = [f"f{n:03}={'v' * n}{UNSEEN}" for n in range(300)]
    box.run("put", "acme/db", *fields)
    shown = box.json("show", "acme/db")
    assert [f"{field['field']}={field['value']}" for field in shown] == fields
    assert box.json("apikey", "list") == []


PRINTS = [["--help"], ["--version"], ["list"], ["--json", "list"], ["show", "acme/db"], ["audit", "log"],
          ["audit", "log", "--json"], ["audit", "verify"], ["get", "acme/db", "password", "--reason", "x"], ["keygen"],
          ["apikey", "list"], ["apikey", "create", "--tenant", "acme"], ["token", "verify"], ["token", "inspect"],
          ["token", "refresh"], ["token", "mint", "--apikey-file", "key", "--org", "acme", "--sub", "alice"],
          ["seal", "--key", "root.key"], ["exec", "--help"], ["init", "--reuse-root", "--vault", "sqlite:other.db"]]


def run_without_reader(box, args, stdin, **options):
    """Runs bulla with a pipe that nobody reads; returns its exit status and standard error."""
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run([BULLA, *args], input=stdin, stdout=writer, stderr=subprocess.PIPE, timeout=60,
                         **box.options({}), **options)
    os.close(writer)
    return run.returncode, run.stderr


@test
def a_pipe_without_a_reader_ends_bulla_as_it_ends_other_tools(box):
    box.put_secret()
    box.apikey()
    token = box.mint()
    for args in PRINTS:
        status, errors = run_without_reader(box, args, token)
        assert (status, errors) == (-signal.SIGPIPE, b""), (args, status, errors)
        box.path("other.db").unlink(missing_ok=True)
        status, errors = run_without_reader(
            box, args, token, restore_signals=False,
            preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN))
        assert status == (125 if args[0] == "exec" else 4), (args, status, errors)
        assert errors == b"bulla: standard output: Broken pipe\n", (args, errors)
    assert box.get() == b"s3cret-of-acme"
    keys = box.json("apikey", "list")
    assert sum(key["revoked"] is None for key in keys) == 1, "a key that nobody has seen is still good"
    box.run("audit", "verify")


@test
def a_long_log_ends_early_and_quietly_when_its_reader_goes_away(box):
    box.put_secret()
    for _ in range(300):  # more than the 64 KiB that a pipe takes without a reader
        box.run("get", "acme/db", "password", "--reason", "x" * 256)
    for options in ([], ["--json"]):
        process = box.start("audit", "log", *options, stdout=-1, stderr=-1)
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == -signal.SIGPIPE and process.stderr.read() == b""
        process.stderr.close()
    pipeline = subprocess.run(f"'{BULLA}' audit log | head -n 2; '{BULLA}' list | true", shell=True,
                              capture_output=True, timeout=60, check=True, **box.options({}))
    assert pipeline.stderr == b"" and pipeline.stdout.count(b"\n") == 2, pipeline
    box.run("audit", "verify")


run_tests()
