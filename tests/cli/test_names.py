# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Which vault, tenant, entry, field and API key is meant: ids that are pinned, names that are mended, names that several
have, and what is told where there is none."""

import shutil

from command import run_tests, test, test_without_vault


def unchanged(box):
    return box.json("list"), len(box.log())


@test_without_vault
def init_prints_the_id_of_the_vault_and_it_can_be_pinned(box):
    made = box.json("init")
    assert list(made) == ["vault", "id", "root", "root_created"] and len(bytes.fromhex(made["id"])) == 16
    info = box.json("info")
    assert info["id"] == made["id"] and info["roots"] == 1 and len(bytes.fromhex(info["fingerprint"])) == 32
    version = box.run("--version").decode().split()[1]
    assert (info["back_end"], info["format"], info["version"]) == ("SQLite", 2, version), info
    assert info["engine"] in ("boringssl", "vaes-512", "vaes-256")
    box.run("list", "--fingerprint", info["fingerprint"])
    box.run("list", "--fingerprint", "0" * 64, status=1, told="not the vault")
    box.run("list", "--fingerprint", "0" * 63, status=2, told="not a fingerprint of 64")
    for given in (made["id"], made["id"].upper()):
        box.run("list", "--vault-id", given)
        box.run("list", env={"BULLA_VAULT_ID": given + "\n"})
    other = "0" * 32
    box.run("list", "--vault-id", made["id"], env={"BULLA_VAULT_ID": other})
    for args, env in ((["--vault-id", other], {}), ([], {"BULLA_VAULT_ID": other})):
        box.run("list", *args, env=env, status=1, told="not the vault")
    printed = box.run("init", "--vault", "sqlite:b.db", "--reuse-root").decode()
    assert len(printed.splitlines()) == 1 and printed.startswith("made vault sqlite:b.db, id "), printed


COMMANDS_WITH_A_VAULT = """put acme/db a=b
show acme/db
history acme/db
restore acme/db password --revision 1
keep
keep acme/db 1
list
rm acme/db
rm acme/db host
rm acme
mv acme/db acme/x
get acme/db password --reason x
exec --env A=acme/db:password --reason x -- true
import hex --key-env OLD --tenant acme
audit log
audit verify
apikey create --tenant acme
apikey list
apikey revoke key
apikey jwk 0123456789abcdef --day today
token verify
token refresh
token revoke"""


@test_without_vault
def every_command_refuses_a_vault_that_was_put_in_the_place_of_the_pinned_one(box):
    """A copy of another vault under the same root key is authentic in itself."""
    box.environment["OLD"] = "key"
    staging = box.json("init", "--vault", "sqlite:staging.db")["id"]
    production = box.json("init", "--reuse-root")["id"]
    box.put_secret("acme/db", "password", b"s3cret-of-acme")
    box.apikey()
    token = box.mint("--jti", "x")
    box.run("put", "acme/db", "password=x", "--vault", "sqlite:staging.db", "--vault-id", staging)
    for end in ("", "-wal", "-shm", "-generation"):
        box.path(f"bulla.db{end}").unlink(missing_ok=True)
    shutil.copy(box.path("staging.db"), box.path("bulla.db"))
    assert box.get() == b"x", "without the id the other vault is believed"
    before = unchanged(box)
    row = b"new,key," + box.run("seal", "--key", "root.key", "--format", "hex", stdin=b"x")
    for line in COMMANDS_WITH_A_VAULT.splitlines():
        stdin = row if line.startswith("import") else token
        status = 125 if line.startswith("exec") else 1
        assert box.run("--vault-id", production, *line.split(), stdin=stdin, status=status) == b""
        assert "not the vault with the given id" in box.errors, (line, box.errors)
    assert unchanged(box) == before


@test
def an_id_that_is_none_is_a_usage_error_and_repeated_by_none(box):
    for given in ("", "00", "0" * 31, "0" * 33, "x" * 32, "0" * 64, " " + "0" * 32, "0" * 32 + "\n\n"):
        box.run("list", env={"BULLA_VAULT_ID": given}, status=2)
        assert "BULLA_VAULT_ID" in box.errors and (given == "" or given.strip() not in box.errors), box.errors
        box.run("list", "--vault-id", given, status=2)
    box.run("init", "--vault", "sqlite:b.db", "--root", "file:b.key", "--vault-id", "0" * 32, status=2)
    assert not box.path("b.key").exists() and not box.path("b.db").exists()


@test
def a_key_file_that_is_there_is_taken_for_another_vault_only_if_that_is_said(box):
    key = box.path("root.key").read_bytes()
    box.run("init", "--vault", "sqlite:b.db", status=2, told=("--reuse-root", "name another"))
    assert not box.path("b.db").exists() and box.path("root.key").read_bytes() == key
    assert box.json("init", "--vault", "sqlite:b.db", "--reuse-root")["root_created"] is False
    assert box.json("init", "--vault", "sqlite:c.db", "--root", "file:c.key", "--reuse-root")["root_created"] is True
    assert box.path("root.key").read_bytes() == key


@test_without_vault
def urls_that_would_make_a_file_where_nobody_looks_for_it_are_refused(box):
    for url, told in (("sqlite://v.db", "two slashes"), ("sqlite:///tmp/v.db", "two slashes"), ("sqlite:", "no path"),
                      ("sqlite::memory:", "is a file"), ("sqlite:v.db?mode=ro", "question mark"),
                      ("sqlite:file:v.db", "without file:"), ("file:v.db", "sqlite:")):
        for command in ("init", "list"):
            box.write("key", "5a" * 32)
            box.run(command, "--root", "file:new.key" if command == "init" else "file:key", "--vault", url, status=2)
            assert "write sqlite:PATH" in box.errors and told in box.errors, box.errors
        assert [path.name for path in box.folder.iterdir()] == ["key"]
    box.run("init", "--vault", f"sqlite:{box.folder}/v.db")
    box.run("list", "--vault", "sqlite:v.db")


@test
def a_mistyped_field_is_removed_or_renamed(box):
    box.put_secret("acme/db", "pasword", b"s3cret-of-acme-0123")
    box.run("put", "acme/db", "hots=h", "post=1")
    masked = box.json("show", "acme/db")[1]
    box.run("mv", "acme/db", "pasword", "password", "--reason", "typo")
    assert box.json("show", "acme/db")[1] == {**masked, "field": "password"}
    assert box.get() == b"s3cret-of-acme-0123"
    box.get(field="pasword", status=3)
    box.run("rm", "acme/db", "hots", "post")
    assert [field["field"] for field in box.json("show", "acme/db")] == ["password"]
    named = [(r["op"], r["tenant"], r["entry"], r["field"], r["reason"]) for r in box.log() if r["op"][0] == "r"]
    assert named == [("rename-from", "acme", "db", "pasword", "typo"), ("rename-to", "acme", "db", "password", "typo"),
                     ("remove", "acme", "db", "hots", ""), ("remove", "acme", "db", "post", "")], named
    box.run("rm", "acme/db", "password")
    assert box.json("list") == []
    box.run("audit", "verify")


@test
def a_mistyped_entry_or_tenant_is_renamed_or_removed(box):
    box.put_secret()
    box.run("mv", "acme/db", "acme/warehouse")
    assert box.get("acme/warehouse") == b"s3cret-of-acme"
    box.run("mv", "acme", "Acme.example")
    assert box.get("Acme.example/warehouse") == b"s3cret-of-acme"
    assert [(r["op"], r["tenant"]) for r in box.log("--tenant", "Acme.example")][:1] == [("rename-to", "Acme.example")]
    box.run("rm", "Acme.example", status=2, told="1 entry")
    box.run("rm", "Acme.example/warehouse")
    box.run("rm", "Acme.example")
    assert [r["op"] for r in box.log("--tenant", "Acme.example")][-1] == "remove"
    for command in (["list", "Acme.example"], ["rm", "Acme.example"], ["mv", "Acme.example", "x"]):
        box.run(*command, status=3, told="no such tenant")
    box.run("audit", "verify")


@test
def a_tenant_with_live_api_keys_is_neither_renamed_nor_removed(box):
    key_id = box.apikey()
    token = box.mint()
    for command in (["mv", "acme", "beta"], ["rm", "acme"]):
        box.run(*command, status=2, told=("API key", "revoke"))
    assert box.verify(token)["org"] == "acme"
    box.run("apikey", "revoke", key_id)
    box.run("mv", "acme", "beta")
    assert [key["tenant"] for key in box.json("apikey", "list")] == ["beta"]
    box.run("rm", "beta")
    assert box.json("apikey", "list") == []


@test
def what_cannot_be_renamed_says_what_to_do(box):
    box.put_secret()
    box.run("put", "acme/mail", "host=x")
    before = unchanged(box)
    for args, told, status in (
            (["acme/db", "beta/db"], "stays with its tenant", 2), (["acme/db", "password"], "TENANT/ENTRY", 2),
            (["acme", "beta", "x"], "no fields", 2), (["acme/db", "acme/mail"], "taken", 2),
            (["acme/db", "acme/db"], "old one", 2), (["acme/none", "acme/x"], "no such entry", 3),
            (["none/db", "none/x"], "no such tenant", 3), (["acme/db", "none", "x"], "no such field", 3),
            (["acme/db", "password", "bad!"], "argument 3", 2), (["acme", "a/b"], "argument 2", 2),
            (["acme"], "too few", 2)):
        box.run("mv", *args, status=status, told=told)
    for args, told, status in ((["acme", "x"], "no fields", 2), (["acme/db", "bad!"], "argument 2", 2),
                               (["bad!"], "argument 1", 2), (["acme/db", "none"], "no such field", 3)):
        box.run("rm", *args, status=status, told=told)
    assert unchanged(box) == before


@test
def a_tenant_that_is_not_there_is_not_found_by_every_list(box):
    box.put_secret()
    box.run("put", "beta/db", "a=b")
    for command in (["list", "none"], ["audit", "log", "--tenant", "none"], ["apikey", "list", "--tenant", "none"]):
        for json in ([], ["--json"]):
            assert box.run(*json, *command, status=3) == b"", command
            assert "no such tenant" in box.errors, box.errors
    assert box.json("apikey", "list", "--tenant", "beta") == []
    assert box.run("audit", "log", "--tenant", "beta", "--from", "1000", "--json") == b""
    box.run("rm", "beta/db")
    box.run("rm", "beta")
    assert [r["op"] for r in box.log("--tenant", "beta")] == ["put", "remove", "remove"]


@test
def an_api_key_is_revoked_by_its_name_if_no_other_live_one_has_it(box):
    def create(tenant, name):
        string = box.run("apikey", "create", "--tenant", tenant, "--name", name)
        return string.decode().split("_")[1]
    def revoked():
        return {key["id"] for key in box.json("apikey", "list") if key["revoked"]}
    web, old, app = create("acme", "web"), create("acme", "app"), create("acme", "app")
    box.run("apikey", "revoke", "app", status=2)
    assert "2 API keys" in box.errors and revoked() == set(), box.errors
    box.run("apikey", "revoke", old)
    box.run("apikey", "revoke", "app")
    assert revoked() == {old, app}
    box.run("apikey", "revoke", "app")
    other = create("beta", "web")
    box.run("apikey", "revoke", "web", status=2)
    box.run("apikey", "revoke", "web", "--tenant", "beta")
    assert revoked() == {old, app, other}
    box.run("apikey", "revoke", "none", status=3)
    box.run("apikey", "revoke", web, "--tenant", "beta", status=3)
    feigned = create("acme", web)
    box.run("apikey", "revoke", web, status=2)
    assert feigned in box.errors and revoked() == {old, app, other}, box.errors
    box.run("apikey", "revoke", feigned)
    box.run("apikey", "revoke", web)
    assert revoked() == {old, app, other, feigned, web}
    box.run("apikey", "jwk", web, "--day", "today", status=1, told="was revoked")
    box.run("apikey", "jwk", "0" * 16, "--day", "today", status=3)


@test
def an_api_key_whose_tenant_was_tampered_with_is_revoked_by_its_id(box):
    key_id = box.apikey()
    box.sql("UPDATE tenant SET name = 'other'")
    box.run("apikey", "list", status=1)
    box.run("apikey", "revoke", key_id)
    assert box.sql("SELECT revoked > 0 FROM apikey") == [(1,)]


@test
def a_bad_actor_or_reason_is_told_as_such(box):
    box.put_secret()
    commands = (["put", "acme/db", "--secret", "password"], ["get", "acme/db", "password"], ["rm", "acme/db"])
    for option in ("--actor", "--reason"):
        for value, told in (("x" * 257, "at most 256 bytes"), (b"\xff", "UTF-8")):
            for command in commands:
                given = [option, value] + (["--reason", "x"] if command[0] == "get" and option == "--actor" else [])
                box.run(*command, *given, stdin=b"secret", status=2, told=(f"bulla: {option}: ", told))
        box.run("put", "acme/db", "a=b", option, "x" * 256)


@test
def what_is_too_large_is_told_with_its_limit(box):
    box.run("put", "acme/db", "--secret", "a", stdin=b"x" * 65537, status=2, told="at most 65536 bytes")
    box.run("put", "acme/db", "a=" + "x" * 65537, status=2, told="at most 65536")
    box.write("key", "5a" * 32)
    box.run("seal", "--key", "key", stdin=b"x" * ((1 << 20) + 1), status=2, told="at most 1048576 bytes")


@test
def what_is_wrong_with_a_root_key_is_told(box):
    box.write("short", "c0ffee")
    box.write("letter", "0" * 40 + "g" + "0" * 23)
    box.write("open", "0" * 64, 0o644)
    for root, told in (("env:UNSET", "not set"), ("file:none", "No such file"), ("file:.", "a folder"),
                       ("fd:77", "not open"), ("file:short", "6 characters"), ("file:letter", "character 41"),
                       ("file:open", "0644"), ("file:/dev/null", "a device"), ("cred:x", "CREDENTIALS_DIRECTORY")):
        box.run("list", "--root", root, status=2 if root in ("file:short", "file:letter") else 4)
        assert told in box.errors and "c0ffee" not in box.errors, (root, box.errors)


TIMES = {0: "1970-01-01T00:00:00", -1: "1969-12-31T23:59:59", -62167219200: "0000-01-01T00:00:00",
         -62167219201: None, 253402300799: "9999-12-31T23:59:59", 253402300800: None, 2**63 - 1: None,
         -2**63: None, -30610224001: "0999-12-31T23:59:59"}


@test
def times_of_every_century_are_printed_right_or_as_their_number(box):
    box.run("put", "acme/db", "a=b")
    for seconds, printed in TIMES.items():
        box.sql("UPDATE field SET updated = ?", seconds)
        wanted = str(seconds) if printed is None else printed + "Z"
        assert box.json("show", "acme/db")[0]["updated"] == wanted, wanted
        assert wanted in box.run("show", "acme/db").decode()


run_tests()
