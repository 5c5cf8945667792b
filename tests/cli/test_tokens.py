# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""API keys and tokens: what is minted is verified, and everything else is refused with exit status 1."""

import base64
import json
import re
import time

from command import run_tests, test


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def header_of(token):
    segment = token.split(b".")[0]
    return json.loads(base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4)))


@test
def a_minted_token_says_what_was_asked_for(box):
    key_id = box.apikey()
    box.write("claims", '{"region": "EU", "deep": {"a": [1, 2]}}')
    token = box.mint("--perm", "read", "--perm", 'wri"te', "--attr", "team=a=b", "--attr", "empty=", "--nbf", "5",
                     "--iss", "https://acme.example", "--aud", "dash", "--jti", "t1", "--ttl", "600",
                     "--claims", "claims")
    assert re.fullmatch(rb"[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}\n", token)
    claims = box.verify(token, "--aud", "dash", "--iss", "https://acme.example")
    issued = claims.pop("iat")
    assert abs(issued - time.time()) < 60 and claims.pop("exp") == issued + 600
    assert claims == {"org": "acme", "sub": "alice", "iss": "https://acme.example", "aud": "dash", "jti": "t1",
                      "nbf": 5, "perms": ["read", 'wri"te'], "attrs": {"team": "a=b", "empty": ""},
                      "region": "EU", "deep": {"a": [1, 2]}}
    assert header_of(token) == {"alg": "dir", "enc": "A256GCM", "typ": "JWT", "kid": f"{key_id}.{issued // 86400}"}


@test
def minting_needs_neither_vault_nor_root_key(box):
    box.apikey()
    box.path("bulla.db").unlink()
    box.path("root.key").unlink()
    token = box.mint(env={"BULLA_ROOT": None})
    assert box.run("token", "inspect", stdin=token, env={"BULLA_ROOT": None}) != b""


@test
def a_token_lives_an_hour_by_default_and_a_day_at_most(box):
    box.apikey()
    claims = box.verify(box.mint())
    assert claims["exp"] - claims["iat"] == 3600
    claims = box.verify(box.mint("--ttl", "86400"))
    assert claims["exp"] - claims["iat"] == 86400
    for ttl in ("0", "86401", "-5", "1h", "", "99999999999999999999"):
        box.mint("--ttl", ttl, status=2)


@test
def inspect_shows_the_key_and_the_day_without_either(box):
    key_id = box.apikey()
    token = box.mint()
    seen = box.json("token", "inspect", stdin=token)
    assert seen["key_id"] == key_id and seen["day"] == int(header_of(token)["kid"].split(".")[1])
    assert seen["day_begins"] == time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(seen["day"] * 86400))
    assert key_id.encode() in box.run("token", "inspect", stdin=token)


@test
def an_expired_token_is_refused_but_for_leeway(box):
    box.apikey()
    token = box.mint("--ttl", "1")
    time.sleep(2.1)
    box.refuse(token, told="expired")
    assert box.verify(token, "--leeway", "3600")["sub"] == "alice"
    box.run("token", "verify", "--leeway", "3601", stdin=token, status=2)


@test
def a_token_is_not_valid_before_its_time(box):
    box.apikey()
    token = box.mint("--nbf", str(int(time.time()) + 1000))
    box.refuse(token, told="not yet valid")
    assert box.verify(token, "--leeway", "2000")


@test
def a_token_for_another_audience_issuer_or_tenant_is_refused(box):
    box.apikey()
    token = box.mint("--aud", "a", "--iss", "i")
    assert box.verify(token) == box.verify(token, "--aud", "a", "--iss", "i")
    box.refuse(token, "--aud", "b")
    box.refuse(token, "--iss", "a")
    box.refuse(box.mint(), "--aud", "a")
    box.refuse(box.mint(org="globex"))
    box.apikey("globex", "globex.key")
    box.refuse(box.mint(key="globex.key", org="acme"))


@test
def a_token_that_was_changed_cut_or_made_up_is_refused(box):
    box.apikey()
    token = box.mint().strip()
    parts = token.split(b".")
    forged = [b"", b"\n", b".", b"....", b"a.b.c.d.e", token + b"\n\n", token + b" ", b" " + token, token + b".x",
              token[:-1], token[1:], token.replace(b".", b"", 1), b"x" * 8192, token * 100, b"\xff" * 100,
              b"\0" + token, base64url(b"{}") + token[token.index(b"."):],
              base64url(b'{"alg":"none"}') + b".." + parts[3] + b".",
              parts[0] + b"." + base64url(b"key") + b"." + b".".join(parts[2:])]
    for index in range(0, len(token), 7):
        changed = b"A" if token[index:index + 1] != b"A" else b"B"
        forged.append(token[:index] + changed + token[index + 1:])
    for length in range(0, len(token), 29):
        forged.append(token[:length])
    for bad in forged:
        assert box.run("token", "verify", stdin=bad, status=1) == b"", bad
    for bad in forged[:18]:
        header = bad.split(b".")[0]
        if header != parts[0]:
            box.run("token", "inspect", stdin=bad, status=1)
    assert box.verify(token) == box.verify(token + b"\n") == box.verify(token + b"\r\n")


@test
def a_token_of_another_key_or_day_is_refused(box):
    first = box.apikey(name="key")
    while first.isdecimal():  # in capitals it would be the same
        first = box.apikey(name="key")
    second = box.apikey(name="second")
    token = box.mint()
    header = header_of(token)
    day = int(header["kid"].split(".")[1])
    for kid in (f"{second}.{day}", f"{first}.{day - 1}", f"{first}.{day + 1}", f"{first}.0", f"{'0' * 16}.{day}",
                f"{first}.{2**63}", f"{first.upper()}.{day}", first, ""):
        forged = base64url(json.dumps({**header, "kid": kid}, separators=(",", ":")).encode())
        box.refuse(forged + token[token.index(b"."):])


@test
def a_revoked_key_mints_nothing_that_is_accepted(box):
    key_id = box.apikey(name="key")
    box.apikey(name="other")
    token = box.mint()
    assert box.verify(token)
    box.run("apikey", "revoke", key_id, "--reason", "leaked")
    box.refuse(token)
    box.refuse(box.mint())
    assert box.verify(box.mint(key="other"))
    listed = {apikey["id"]: apikey["revoked"] for apikey in box.json("apikey", "list")}
    assert listed.pop(key_id) and list(listed.values()) == [None]
    box.run("apikey", "revoke", "0" * 16, status=3)
    box.run("apikey", "revoke", "short", status=3)
    box.run("apikey", "revoke", "no/name", status=2)


@test
def api_keys_are_listed_with_tenant_and_name_and_without_secrets(box):
    string = box.run("apikey", "create", "--tenant", "acme", "--name", "embed-server").decode().strip()
    assert re.fullmatch(r"bulla_[0-9a-f]{16}_[0-9a-f]{72}", string)
    box.apikey("globex")
    listed = box.json("apikey", "list", "--tenant", "acme")
    assert len(listed) == 1 and len(box.json("apikey", "list")) == 2
    assert list(listed[0]) == ["id", "tenant", "name", "created", "revoked"]
    assert list(listed[0].values())[:3] == [string.split("_")[1], "acme", "embed-server"]
    assert string.split("_")[2][:12] not in box.run("apikey", "list").decode()


@test
def a_file_that_holds_no_api_key_is_refused(box):
    box.apikey()
    string = box.path("key").read_bytes()
    changed = string[:40] + (b"0" if string[40:41] != b"0" else b"1") + string[41:]
    for content in (b"", b"\n", string[:-2], string + b"\n", string + b"\r\n", string.strip() + b"\r", b"\n" + string,
                    string.strip() + b" ", changed, b"x" * 95, string * 1000, b"\xff" * 95):
        box.write("bad", content)
        assert box.mint(key="bad", status=1) == b"" and "holds no API key" in box.errors
    box.mint(key="absent", status=4)
    for end in (b"", b"\n", b"\r\n"):
        box.write("ended", string.strip() + end)
        box.verify(box.mint(key="ended"))
        assert box.verify(box.mint().strip() + end)


@test
def a_key_file_that_others_can_read_is_refused_and_pipes_are_not(box):
    box.apikey()
    for mode in (0o640, 0o604, 0o644, 0o620, 0o602, 0o601):
        box.path("key").chmod(mode)
        assert box.mint(status=4) == b"" and "others can read" in box.errors, box.errors
    box.path("key").chmod(0o440)
    credentials = str(box.folder)
    assert box.mint(key=credentials + "/key", env={"CREDENTIALS_DIRECTORY": credentials})
    box.mint(key=credentials + "/key", env={"CREDENTIALS_DIRECTORY": credentials + "/else"}, status=4)
    box.path("key").chmod(0o444)
    box.mint(key=credentials + "/key", env={"CREDENTIALS_DIRECTORY": credentials}, status=4)
    assert box.verify(box.mint(key="/dev/stdin", stdin=box.path("key").read_bytes()))
    box.path("key").chmod(0o400)
    assert box.verify(box.mint())


@test
def claims_that_cannot_be_are_refused(box):
    box.apikey()
    for claims in ("", "[]", "{", '{"a":1}{"b":2}', '{},"b":{}', '{"a":1,"a":2}',
                   '{"perms":["a"],"\\u0070erms":["b"]}', '{"sub":"mallory"}', '{"org":"globex"}', '{"exp":1}',
                   '{"iat":1}', '{"nbf":-1}', '{"iss":"i"}', '{"perms":"read"}', '{"perms":[1]}', '{"attrs":[]}',
                   b"\xff", '{"a":"' + "x" * 9000 + '"}'):
        box.write("claims", claims)
        assert box.mint("--claims", "claims", status=2) == b"", claims
    for claim, option in (("sub", "--sub"), ("iss", "--iss"), ("aud", "--aud"), ("jti", "--jti"), ("nbf", "--nbf"),
                          ("exp", "--ttl"), ("org", "--org"), ("iat", "sets the time"), ("orig_iat", "sets the time")):
        box.write("claims", json.dumps({"own": 1, claim: 1}))
        box.mint("--claims", "claims", status=2, told=(f'"{claim}"', option))
    for claim, option in (("perms", "--perm"), ("attrs", "--attr")):
        box.write("claims", json.dumps({"perms": ["a"]} if claim == "perms" else {"attrs": {}}))
        box.mint("--claims", "claims", option, "a=b", status=2, told=(f'"{claim}"', option))
    box.mint("--attr", "a=1", "--attr", "a=2", status=2, told="each name once")
    box.mint("--nbf", str(int(time.time()) + 7200), status=2)
    box.mint("--attr", "no-value", status=2)
    box.mint("--attr", "a=" + "x" * 9000, status=2)
    box.mint("--perm", b"\xff", status=2)
    box.mint("--sub", "twice", status=2)
    box.mint(org="x" * 129, status=2)
    for missing in ("--org", "--sub", "--apikey-file"):
        args = ["--org", "acme", "--sub", "alice", "--apikey-file", "key"]
        at = args.index(missing)
        box.run("token", "mint", *args[:at], *args[at + 2:], status=2)


@test
def as_many_claims_are_minted_as_verify_and_the_limit_is_told(box):
    box.apikey()
    for number in (50, 53, 54, 60):
        own = {f"x{i}": i for i in range(number)}
        box.write("claims", json.dumps(own))
        claims = box.verify(box.mint("--claims", "claims"))
        assert {name: claims[name] for name in own} == own
    for number in (61, 64, 65, 256, 257, 300):
        box.write("claims", json.dumps({f"x{i}": i for i in range(number)}))
        box.mint("--claims", "claims", status=2)
        assert "at most 64" in box.errors and "JSON" not in box.errors, box.errors
    box.write("claims", '{"n":' * 32 + "1" + "}" * 32)
    assert "n" in box.verify(box.mint("--claims", "claims"))
    box.write("claims", '{"n":' * 33 + "1" + "}" * 33)
    box.mint("--claims", "claims", status=2, told="32 levels")
    attrs = [part for i in range(251) for part in ("--attr", f"a{i}=1")]
    assert len(box.verify(box.mint(*attrs))["attrs"]) == 251
    box.mint(*attrs, "--attr", "b=1", status=2, told="256 names")
    box.write("claims", b" " * 8193)
    box.mint("--claims", "claims", status=2, told="8192")


@test
def an_error_says_which_part_of_a_token_is_at_fault(box):
    box.apikey()
    token = box.mint("--aud", "a", "--iss", "i")
    for args, part in ((("--aud", "b"), "aud"), (("--iss", "j"), "iss")):
        box.refuse(token, *args, told=f'"{part}"')
    box.refuse(box.mint(org="globex"), told='"org"')
    box.run("token", "inspect", stdin=b"no token", status=1, told="form")
    box.run("token", "refresh", "--session", "1", stdin=b"no token", status=1)
    old = box.mint()
    time.sleep(1.1)
    box.run("token", "refresh", "--session", "1", stdin=old, status=1, told="session")


@test
def a_claims_file_may_hold_what_the_options_did_not_say(box):
    box.apikey()
    box.write("claims", ' { "perms": ["read"], "attrs": {"regions": [1, null]}, "more": {} }\n')
    claims = box.verify(box.mint("--claims", "claims"))
    assert (claims["perms"], claims["attrs"], claims["more"]) == (["read"], {"regions": [1, None]}, {})
    assert box.verify(box.mint("--claims", "claims", "--iss", "i", "--jti", "j"))["iss"] == "i"
    box.mint("--claims", "claims", "--perm", "write", status=2)
    box.mint("--claims", "claims", "--attr", "a=b", status=2)
    box.write("claims", "{}")
    assert "perms" not in box.verify(box.mint("--claims", "claims"))
    box.write("claims", '{"a\\n\\u00e9":"\\"quoted\\"","b":"","c":-1.5e3}')
    claims = box.verify(box.mint("--claims", "claims"))
    assert (claims["a\né"], claims["b"], claims["c"]) == ('"quoted"', "", -1500)


@test
def every_use_of_an_api_key_is_audited(box):
    key_id = box.apikey()
    token = box.mint()
    box.verify(token)
    box.verify(token, "--reason", "login", "--actor", "web")
    uses = [r for r in box.log() if r["op"] == "apikey-use"]
    assert [(r["entry"], r["reason"], r["tenant"]) for r in uses] == [
        (key_id, "token verify", "acme"), (key_id, "login", "acme")] and uses[1]["actor"] == "web"


run_tests()
