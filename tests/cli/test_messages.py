# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What errors say: which part is wrong, once, and what helps."""

import time

from command import run_tests, test, test_without_vault


def tells(box, line, *words, status=2, stdin=b"", **options):
    """|line| fails, and the error has all |words|."""
    box.run(*line.split(), stdin=stdin, status=status, **options)
    for word in words:
        assert word in box.errors, (line, word, box.errors)


@test_without_vault
def init_refuses_what_it_would_not_heed(box):
    tells(box, "init --actor me", "--actor", "bulla's own")
    tells(box, "init --reason why", "--reason")
    tells(box, "init --vault-id " + "0" * 32, "--vault-id")
    tells(box, "init --fingerprint " + "0" * 64, "--fingerprint")
    tells(box, "init", "BULLA_FINGERPRINT", env={"BULLA_FINGERPRINT": ""})
    for value in ("0" * 32, ""):
        tells(box, "init", "BULLA_VAULT_ID", "unset it", env={"BULLA_VAULT_ID": value})
    assert list(box.folder.iterdir()) == []


@test
def no_error_invites_to_delete_a_vault_or_an_entry(box):
    box.put_secret()
    tells(box, "init", "left as it is", "name another")
    assert "remove" not in box.errors, box.errors
    box.run("put", "acme/db", "host=h")
    tells(box, "put acme/db host=x password=x", "acme/db:password: ", "remove the field")
    assert "entry" not in box.errors and "(" not in box.errors, box.errors


@test
def the_field_or_tenant_that_is_wrong_is_named(box):
    box.put_secret()
    box.run("put", "acme/db", "host=h", "port=1")
    before = box.json("show", "acme/db"), len(box.log())
    tells(box, "rm acme/db zz b", "acme/db:zz: ", "no such field", status=3)
    tells(box, "rm acme/db host zz", "acme/db:zz: ", "no such field", status=3)
    tells(box, "rm acme/db host host", "host is named twice")
    tells(box, "rm acme/none zz", "acme/none: ", "no such entry", status=3)
    tells(box, "mv acme/db host1 h2", "acme/db:host1: ", "no such field", status=3)
    tells(box, "mv acme/db host port", "acme/db:host: ", "taken")
    for names in ("acme/db acme/db", "acme/db host host", "acme acme"):
        tells(box, f"mv {names}", "the new name is the old one")
        assert box.errors.count("old one") == 1 and "remove" not in box.errors, box.errors
    for command in ("list none", "audit log --tenant none", "apikey list --tenant none",
                    "apikey revoke x --tenant none", "token revoke --jti z --tenant none"):
        tells(box, command, "tenant none: ", status=3)
        assert box.errors.count("there is no such tenant") == 1, box.errors
    for command in ("list", "audit log --tenant", "apikey list --tenant", "token revoke --jti z --tenant"):
        tells(box, f"{command} no/name", "argument 1: " if command == "list" else "--tenant: ", "not a name")
    assert (box.json("show", "acme/db"), len(box.log())) == before


@test
def places_that_are_none_are_told_by_what_is_wrong_with_them(box):
    box.put_secret()
    for command in ("show acme", "put acme a=b", "get acme password --reason x"):
        tells(box, command, "argument 1: ", "TENANT/ENTRY", "no slash")
    tells(box, "put ac/me/db a=b", "more than one slash")
    tells(box, "put ac!me/db a=b", "its tenant is not a name")
    tells(box, "put acme/ a=b", "its entry is not a name")
    tells(box, "mv acme acme/x", "argument 2: ", "no slash", "TENANT/ENTRY TENANT/NAME")


@test
def exec_names_what_it_cannot_run_and_where_it_belongs(box):
    box.put_secret()
    start = "exec --env A=acme/db:password --reason r "
    for words in ("sh -c x", "sh --version", "true", "true -- x"):
        tells(box, start + words, "the command to run goes after --", status=125)
    tells(box, start, "the command to run goes after --", status=125)
    assert [r for r in box.log() if r["op"] == "use"] == []
    tells(box, start + "-- nosuchprog", "nosuchprog: ", "PATH", status=127)
    tells(box, start + "-- ./nosuchprog", "./nosuchprog: ", status=127)
    tells(box, start + "-- /dev/null", "/dev/null: ", status=126)


@test_without_vault
def days_that_are_none_are_told_with_those_that_are(box):
    for day in ("gestern", "2023-02-29", "12x", "-1"):
        tells(box, f"apikey jwk 0123456789abcdef --day={day}", "YYYY-MM-DD", "yesterday, today or tomorrow")
    tells(box, "apikey jwk 0123456789abcdef --day 5", "add --any-day")


@test_without_vault
def a_blob_that_does_not_open_names_the_options_that_may_be_wrong(box):
    box.write("key", "5a" * 32)
    box.write("other", "a5" * 32)
    blob = box.run("seal", "--key", "key", stdin="x")
    for options in ("--key other", "--key key --context c", "--key key --suite aes256gcm", "--key key --format text"):
        tells(box, f"open {options}", "--key, --context, --suite or --format", stdin=blob, status=1)
    triple = box.run("seal", "--key", "key", "--format", "hex", stdin="x")
    tells(box, "open --key other --format hex", "--key or --format", stdin=triple, status=1)
    assert "--suite" not in box.errors, box.errors
    for suite in ("aes256gcmsiv", "aes128gcm"):
        tells(box, f"seal --key key --suite {suite}", "--suite takes one of aes256gcm, xaes256gcm;")


@test
def a_key_file_that_others_can_read_is_refused(box):
    for mode in (0o640, 0o604, 0o620, 0o666):
        box.write("key", "5a" * 32, mode)
        for command in ("seal", "open", "import hex --tenant acme"):
            tells(box, f"{command} --key key", "--key: ", "chmod 600", status=4)
    box.write("key", "5a" * 32, 0o400)
    sealed = box.run("seal", "--key", "key", stdin="x")
    assert box.run("open", "--key", "key", stdin=sealed) == b"x"
    key = box.write("key", "5a" * 32, 0o440)
    assert box.run("open", "--key", str(key), stdin=sealed, env={"CREDENTIALS_DIRECTORY": str(box.folder)}) == b"x"


@test
def rows_of_an_import_say_what_is_wrong_with_them(box):
    box.write("key", "5a" * 32)
    second, last = "iv:authTag:ciphertext", "iv:ciphertext:authTag"
    start = "import hex --key key --tenant acme"
    tells(box, f"{start} --order {last}", f"the header says {second}, and --order says {last}",
          stdin=f"entry,field,{second}\n")
    tells(box, start, f"the header says {last}", "--order is not given", second, stdin=f"entry,field,{last}\n")
    tells(box, start, "line 1: ", "looks like a header", f"entry,field,{second}", stdin="entry,field,value\n")
    tells(box, start, "--encoding", "the IV is not in hexadecimal", stdin="a,b,AAECAwQFBgcICQoL:AAAA:AA==\n")
    tells(box, start, "more than three columns", stdin="a,b,c:d:e,d\n")
    tells(box, start, "fewer than three columns", stdin="a,b\n")
    tells(box, start, "line 2: ", "a value has at most 65536 bytes",
          stdin="a,b,{0}:{0}:00\na,c,{0}:{0}:{1}\n".format("00" * 16, "00" * 65537))


@test
def what_is_empty_or_cannot_be_asked_for_is_told_with_a_remedy(box):
    for command in ("verify", "refresh", "revoke", "inspect"):
        for stdin in (b"", b"\n"):
            tells(box, f"token {command}", "standard input is empty", stdin=stdin, status=1)
    tells(box, "put acme/db --secret x", "the secret is empty", "bulla rm")
    box.write("empty", "")
    tells(box, "put acme/db --secret-file x=empty", "the secret is empty", "bulla rm")
    tells(box, "list --root passphrase", "no terminal", "--root", status=4, start_new_session=True)


@test_without_vault
def what_helps_stands_behind_what_happened_in_the_words_of_the_command(box):
    def ends(line, happened, remedy, **options):
        tells(box, line, f": {happened}", **options)
        assert box.errors.endswith(f"{remedy}\n"), (line, box.errors)

    ends("list", "the secret cannot be read (No such file", "fix that, or give another with --root",
         status=4)
    box.write("root.key", "5a" * 32)
    ends("list", "there is no vault here", "make one with bulla init, or name another with --vault", status=4)
    box.write("bulla.db", "no vault")
    ends("list", "this database is not a vault", "name another with --vault, or restore a backup", status=4)
    box.path("bulla.db").unlink()
    tells(box, "init --vault sqlite:no/such/folder/v.db --root file:new.key", "reading or writing failed (No such file or directory): ",
          "permissions; the new root key file stays: next time give --reuse-root\n", status=4)
    box.run("init", "--reuse-root")
    box.write("other.key", "a5" * 32)
    ends("list --root file:other.key", "not the root key", "give the right one with --root or BULLA_ROOT", status=1)
    ends("list --vault-id " + "0" * 32, "not the vault with", "find out who put this vault there", status=1)
    box.path("root.key").chmod(0o644)
    ends("list", "others can read or change this file (its mode is 0644)", "consider the key compromised", status=4)
    assert "chmod 600" in box.errors, box.errors
    box.path("root.key").chmod(0o600)
    box.put_secret("acme/db", "password", b"s")
    ends("show acme/none", "not found (the tenant has no such entry)", "check the spelling, or list what exists",
         status=3)
    ends("rm acme", "still in use", "remove or revoke what depends on it first")
    box.apikey()
    token = box.mint("--nbf", str(int(time.time()) + 1000), "--aud", "here")
    ends("token verify", "not yet valid", "compare the clocks of both machines, or allow some --leeway", stdin=token,
         status=1)
    ends("token verify --aud there", "authentic, but a claim is not what is required", "and the --org it was minted with",
         stdin=token, status=1)
    assert "--aud" in box.errors.rsplit(": ", 1)[1], box.errors


run_tests()
