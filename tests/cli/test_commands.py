# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The command as its help and manual describe it: what people do first, the forms of the command line, and what
each sub-command prints."""

import pathlib
import re
import time

from command import run_tests, test, test_without_vault

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def commands(box):
    """Returns the names of all sub-commands, as the help lists them."""
    text = box.run("--help").decode()
    return [m[1] for m in re.finditer(r"^  ([a-z]+(?: [a-z-]+)?)  +[A-Z]", text, re.MULTILINE)]


@test
def a_secret_is_put_shown_masked_used_and_audited(box):
    box.run("put", "acme/db", "host=db.example", "port=5432", "--secret", "password", stdin="s3cret-of-acme")
    shown = box.run("show", "acme/db").decode()
    assert "db.example" in shown and "5432" in shown and "s3cret" not in shown, shown
    assert box.get() == b"s3cret-of-acme"
    printed = box.run("exec", "--env", "PW=acme/db:password", "--reason", "nightly", "--",
                      "sh", "-c", 'printf %s "$PW"')
    assert printed == b"s3cret-of-acme"
    used = [record for record in box.log() if record["op"] == "use"]
    assert [(r["entry"], r["field"], r["reason"], r["outcome"]) for r in used] == [
        ("db", "password", "test", "granted"), ("db", "password", "nightly", "granted")], used
    assert b"unbroken" in box.run("audit", "verify")
    box.run("rm", "acme/db")
    box.get(status=3)


@test_without_vault
def every_command_has_help_that_names_its_usage_example_and_statuses(box):
    names = commands(box)
    assert {"init", "put", "exec", "import hex", "audit verify", "token mint", "seal", "jwk from-pem"} <= set(names), names
    for name in names:
        text = box.run(*name.split(), "--help").decode()
        assert f"Usage:\n  bulla {name}" in text and re.search("\nExamples?:\n", text) and "\nExit statuses:\n" in text, text
        assert box.run("help", *name.split()).decode() == text
        assert box.run("--help", *name.split()).decode() == text


@test_without_vault
def examples_write_secrets_to_files_of_their_owner_alone(box):
    writes = r"bulla (?:keygen|apikey jwk|apikey create|actor create|jwk from-pem <)[^|]*> "
    pages = [box.run(*name.split(), "--help").decode() for name in commands(box)]
    files = SOURCE / "README.md", *SOURCE.glob("docs/**/*.md"), *SOURCE.glob("docs/man/*.scd")
    pages += [path.read_text() for path in files]
    lines = [line for page in pages for line in page.splitlines() if re.search(writes, line)]
    exposed = [line for line in lines if "umask 077" not in line]
    assert len(lines) > 9 and not exposed, (len(lines), exposed)


@test_without_vault
def the_manual_describes_every_command_and_option(box):
    manual = (SOURCE / "docs/man/bulla.1.scd").read_text()
    for name in commands(box):
        assert name == "help" or f"\n*{name}*" in manual, name
        for option in re.findall(r"^  (--[a-z-]+)", box.run(*name.split(), "--help").decode(), re.MULTILINE):
            assert f"*{option}*" in manual, option


@test_without_vault
def the_help_of_a_group_lists_its_commands_alone(box):
    text = box.run("token", "--help").decode()
    assert "token mint" in text and "apikey create" not in text and "\n  put" not in text, text


@test_without_vault
def the_version_is_printed(box):
    assert re.fullmatch(rb"bulla \d+\.\d+\.\d+\n", box.run("--version"))


@test
def options_may_stand_before_between_and_after_the_words_of_a_command(box):
    box.put_secret()
    expected = box.run("audit", "log", "--json")
    assert expected == box.run("--json", "audit", "log") == box.run("audit", "--json", "log")
    box.environment["BULLA_ROOT"] = None
    for args in (["--root", "file:root.key", "list"], ["list", "--root=file:root.key"],
                 ["--vault=sqlite:bulla.db", "list", "acme", "--root", "file:root.key"]):
        assert b"acme" in box.run(*args)


@test_without_vault
def the_vault_is_named_by_option_then_variable_then_default(box):
    box.run("init", "--vault", "sqlite:a.db", env={"BULLA_VAULT": "sqlite:b.db"})
    box.run("init", "--reuse-root", env={"BULLA_VAULT": "sqlite:b.db"})
    box.run("init", "--reuse-root", env={"BULLA_VAULT": ""})
    assert sorted(p.name for p in box.folder.glob("*.db")) == ["a.db", "b.db", "bulla.db"]


@test
def a_field_is_got_by_two_words_or_as_exec_has_it_but_not_by_both(box):
    box.put_secret()
    box.put_secret("acme/db", "token", "t0ken")
    assert box.run("get", "acme/db:password", "--reason", "x") == box.get() == b"s3cret-of-acme"
    assert box.run("get", "acme/db:token", "--reason", "x") == b"t0ken"
    records = len(box.log())
    for words in (["acme/db:password", "password"], ["acme/db:password", "token"], ["acme/db"], ["acme/db:", "token"]):
        assert box.run("get", *words, "--reason", "x", status=2) == b""
        assert "TENANT/ENTRY FIELD" in box.errors and "TENANT/ENTRY:FIELD" in box.errors, box.errors
    for words in (["acme/db:"], ["acme:password"], ["acme/db:a:b"], ["acme/db", "a:b"], ["acme/db:a/b"], [":"],
                  [":x"]):
        box.run("get", *words, "--reason", "x", status=2)
    assert len(box.log()) == records
    box.run("get", "acme/db:nothing", "--reason", "x", status=3, told="acme/db:nothing")


@test_without_vault
def an_unknown_command_names_those_that_are_like_it(box):
    for words, named in (("ls", None), ("lst", "list"), ("shwo acme/db", "show"), ("ptu", "put"), ("lists", "list"),
                         ("verify", "audit verify, token verify"), ("mint", "token mint"), ("tokn mint", "token mint"),
                         ("revoke", "apikey revoke, token revoke"), ("apikeys list", "apikey list"), ("excc", "exec"),
                         ("nothing", None), ("s", None), ("x" * 40, None), ("help lst", "list")):
        errors = box.fail(*words.split())
        assert "unknown command" in errors and ("did you mean" in errors) == (named is not None), errors
        assert named is None or named in errors, (words, errors)
    for group, words in (("token", "mint, verify, refresh, revoke, inspect"), ("apikey", "create, list, revoke, jwk"),
                         ("audit", "log, report, verify"), ("import", "hex")):
        for word in (["nothing"], []):
            errors = box.fail(group, *word)
            assert words in errors and "nothing" not in errors, errors
        assert words in box.fail("help", group, "nothing")


@test
def a_double_hyphen_ends_the_options(box):
    box.run("list", "--", "--json", status=2)
    box.run("put", "acme/db", "--", "a=b")
    assert box.json("show", "--", "acme/db")[0]["value"] == "b"


@test
def lists_are_one_json_array_and_the_log_is_one_object_a_line(box):
    assert all(box.json(*command.split()) == [] for command in ("list", "apikey list", "actor list", "grant list"))
    box.run("put", "acme/db", 'note=a "quoted"\ttext', "--secret", "password", stdin="s3cret-of-acme")
    box.put_secret("globex/ai", "key", "k" * 40)
    note, password = box.json("show", "acme/db")
    assert list(note) == ["field", "value", "secret", "revision", "updated", "expires"]
    assert list(note.values())[:4] == ["note", 'a "quoted"\ttext', False, 1]
    assert (password["field"], password["secret"]) == ("password", True) and "s3cret" not in password["value"]
    assert re.fullmatch(TIME, password["updated"])
    entries = box.json("list")
    assert [(e["tenant"], e["entry"], e["fields"]) for e in entries] == [("acme", "db", 2), ("globex", "ai", 1)]
    assert box.json("list", "globex") == entries[1:]
    log = box.log()
    assert " ".join(log[0]) == "proven lane seq time tenant actor origin reason op entry field outcome"
    assert [r["seq"] for r in log] == list(range(1, len(log) + 1))
    assert all(re.fullmatch(TIME.replace("Z", r"\.\d{6}Z"), r["time"]) for r in log), log
    assert box.log("--from", "3") == log[2:]
    assert box.log("--tenant", "globex") == [r for r in log if r["tenant"] == "globex"] != []
    assert box.json("audit", "verify") == {"records": len(log), "lanes": 1, "bad_lane": None, "bad_seq": None}


@test
def no_cell_of_a_table_can_feign_another(box):
    box.run("put", "acme/f", "a=h  yes  9", "b=-", "c=\\x1b", "d= x ", "e=one two")
    lines = box.run("show", "acme/f").decode().splitlines()[1:]
    shown = " ".join(lines)
    for wanted in ("h \\x20yes \\x209", "\\x2d", "\\\\x1b", "\\x20x\\x20", "one two"):
        assert wanted in shown, (wanted, lines)
    assert [field["value"] for field in box.json("show", "acme/f")] == ["h  yes  9", "-", "\\x1b", " x ", "one two"]


@test
def tables_are_aligned_and_hold_no_control_characters(box):
    box.run("put", "acme/db", "a=\x1b[2J\n\x7f\u009bé", "host-name=x")
    lines = box.run("show", "acme/db").decode().split("\n")[:-1]
    assert len(lines) == 3 and "\\x1b[2J\\x0a\\x7f\\xc2\\x9bé" in lines[1], lines
    assert len({line.index(word) for line, word in zip(lines, ("SECRET", "no", "no"))}) == 1, lines


@test
def the_audit_log_knows_actor_origin_and_reason(box):
    box.run("put", "acme/db", "a=b", "--actor", "deploy-bot", "--reason", "ticket 4711", env={"USER": "mallory"})
    box.run("put", "acme/db", "a=c", env={"USER": "mallory", "LOGNAME": "mallory"})
    named, unnamed = [r for r in box.log() if r["op"] == "put"]
    assert (named["actor"], named["reason"]) == ("deploy-bot", "ticket 4711")
    assert unnamed["actor"] not in ("mallory", "") and re.fullmatch(r"cli (pid \d+|/dev/.*)", unnamed["origin"])


@test_without_vault
def init_makes_the_root_key_for_its_owner_alone(box):
    report = box.json("init")
    assert re.fullmatch("[0-9a-f]{32}", report.pop("id"))
    assert report == {"vault": "sqlite:bulla.db", "root": "file:root.key", "root_created": True}
    assert box.path("root.key").stat().st_mode & 0o777 == 0o600
    assert box.path("bulla.db").stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(rb"[0-9a-f]{64}\n?", box.path("root.key").read_bytes())


@test_without_vault
def init_takes_a_root_key_that_is_there_if_that_is_said(box):
    key = box.write("root.key", "5a" * 32).read_bytes()
    assert box.json("init", "--reuse-root")["root_created"] is False
    assert box.path("root.key").read_bytes() == key


@test
def init_touches_nothing_if_the_vault_is_there(box):
    vault = box.path("bulla.db").read_bytes()
    box.run("init", "--root", "file:other.key", status=2)
    box.run("init", "--root", "file:no/such/folder/key", status=2)
    assert not box.path("other.key").exists() and box.path("bulla.db").read_bytes() == vault


@test_without_vault
def init_makes_no_root_key_for_a_vault_that_is_none(box):
    for url in ("bulla.db", "file:bulla.db", "mysql://host/bulla", "sqlite"):
        box.run("init", "--vault", url, status=2)
        assert "write sqlite:PATH" in box.errors and not list(box.folder.iterdir())


@test_without_vault
def a_password_that_is_not_encoded_is_not_taken_for_a_host(box):
    for url in ("postgres://app:s3cr@et@localhost/v", "postgres://app:s3/cr@localhost/v", "postgres://app:s3?cr@localhost/v",
                "postgres://app:s3#cr@localhost/v", "postgres://app:s3%zz@localhost/v", "postgres://app:s3cr"):
        box.run("init", "--vault", url, status=2)
        assert not any(part in box.errors for part in ("s3", "cr@", "et@")) and not list(box.folder.iterdir()), box.errors


@test_without_vault
def init_keeps_the_root_key_for_the_next_try_if_the_vault_cannot_be_made(box):
    box.run("init", "--vault", "sqlite:no/such/folder/bulla.db", status=4)
    assert [path.name for path in box.folder.iterdir()] == ["root.key"]
    assert "key file stays" in box.errors and "--reuse-root" in box.errors, box.errors
    key = box.path("root.key").read_bytes()
    box.run("init", "--reuse-root")
    box.run("audit", "verify")
    assert box.path("root.key").read_bytes() == key


@test_without_vault
def racing_inits_make_one_vault_and_keep_its_root_key(box):
    for n in range(25):
        options = ("--vault", f"sqlite:{box.path(f'{n}.db')}", "--root", f"file:{box.path(f'{n}.key')}")
        racers = [box.start("init", *options, stdout=-1, stderr=-1) for _ in range(3)]
        outcomes = sorted((racer.communicate(), racer.returncode)[1] for racer in racers)
        assert outcomes == [0, 2, 2], outcomes
        box.run("audit", "verify", *options)
        made = {path.name for path in box.folder.iterdir()}
        assert made == {f"{n}.db", f"{n}.key"}, made
        for path in box.folder.iterdir():
            path.unlink()


@test
def every_provider_of_root_keys_opens_the_same_vault(box):
    box.put_secret()
    digits = box.path("root.key").read_text().strip()
    box.get(env={"BULLA_ROOT": "env:KEY", "KEY": digits})
    box.get(env={"BULLA_ROOT": "cred:root.key", "CREDENTIALS_DIRECTORY": str(box.folder)})
    with open(box.path("root.key")) as key:
        box.get("acme/db", "password", env={"BULLA_ROOT": f"fd:{key.fileno()}"}, pass_fds=[key.fileno()])
    box.run("init", "--vault", "sqlite:b.db", "--root", "sha256-env:KEY", env={"KEY": "a passphrase of system B"})
    box.run("list", "--vault", "sqlite:b.db", "--root", "sha256-env:KEY", env={"KEY": "a passphrase of system B"})
    box.run("list", "--vault", "sqlite:b.db", "--root", "sha256-env:KEY", env={"KEY": "another"}, status=1)


@test
def put_replaces_named_fields_and_leaves_the_others(box):
    box.run("put", "acme/db", "host=a", "port=1")
    box.run("put", "acme/db", "host=b=c", "empty=")
    fields = {f["field"]: (f["value"], f["revision"]) for f in box.json("show", "acme/db")}
    assert fields == {"host": ("b=c", 2), "port": ("1", 1), "empty": ("", 1)}, fields


@test
def secrets_are_kept_byte_for_byte(box):
    for secret in (b"with newline\n", b"\n", b"\x00\xff\xfe", b"x" * 65536):
        box.put_secret("acme/db", "password", secret)
        assert box.get() == secret
    box.write("pem", b"line\r\nline\n")
    box.run("put", "acme/db", "--secret-file", "cert=pem", "--secret", "password", "a=b", stdin="third")
    assert box.get(field="cert") == b"line\r\nline\n" and box.get() == b"third" and box.get(field="a") == b"b"


@test
def a_secret_may_arrive_in_small_pieces(box):
    process = box.start("put", "acme/db", "--secret", "password", stdin=-1)
    for byte in b"slowly":
        process.stdin.write(bytes([byte]))
        process.stdin.flush()
        time.sleep(0.05)
    process.stdin.close()
    assert process.wait(60) == 0 and box.get() == b"slowly"


@test_without_vault
def sealed_blobs_open_with_the_same_key_context_and_format(box):
    box.write("key", box.run("keygen"))
    box.write("other", box.run("keygen"))
    plaintext = bytes(range(256)) * 16
    for options in ([], ["--format=text"], ["--format=hex"], ["--suite", "aes256gcm", "--context", "invoice/17"]):
        sealed = box.run("seal", "--key", "key", *options, stdin=plaintext)
        assert plaintext[:16] not in sealed
        assert box.run("open", "--key", "key", *options, stdin=sealed) == plaintext
        assert box.run("open", "--key", "other", *options, stdin=sealed, status=1) == b""
        assert box.run("open", "--key", "key", *options, stdin=sealed[:-9] + b"xxxxxxxxx", status=1) == b""
    sealed = box.run("seal", "--key", "key", "--context", "a", stdin=plaintext)
    box.run("open", "--key", "key", "--context", "b", stdin=sealed, status=1)
    box.run("open", "--key", "key", stdin=sealed, status=1)
    assert sealed[0] == 0xB1 and box.run("seal", "--key", "key", "--format=text").startswith(b"bulla1:")
    assert box.run("open", "--key", "key", stdin=box.run("seal", "--key", "key")) == b""
    box.run("seal", "--key", "key", stdin=b"x" * (1 << 20))
    box.run("seal", "--key", "key", stdin=b"x" * ((1 << 20) + 1), status=2)


@test_without_vault
def keys_are_made_at_random(box):
    first, second = box.run("keygen"), box.run("keygen")
    assert first != second and re.fullmatch(rb"[0-9a-f]{64}\n", first)


run_tests()
