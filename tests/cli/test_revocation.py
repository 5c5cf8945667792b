# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Refreshing, and revocations that another process has to hear of: a service that verifies tokens goes on running
while the command revokes. Usage: test_revocation.py BULLA VERIFIER"""

import base64
import json
import os
import sqlite3
import struct
import subprocess
import sys
import time

from command import ROOT, run_tests, test

VERIFIER = os.path.abspath(sys.argv[2])


class Service:
    def __init__(self, box):
        self.process = subprocess.Popen([VERIFIER, "sqlite:bulla.db", ROOT], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, **box.options({}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def verify(self, token):
        """Returns the verdict on |token| and how many keys the service has asked for so far."""
        self.process.stdin.write(token.strip() + b"\n")
        self.process.stdin.flush()
        verdict, asked = self.process.stdout.readline().decode().split()
        return verdict, int(asked)


def counter(box):
    return struct.unpack("=Q", box.path("bulla.db-generation").read_bytes())[0]


def set_counter(box, number):
    with open(box.path("bulla.db-generation"), "r+b") as file:
        file.write(struct.pack("=Q", number))


@test
def the_first_verification_after_a_key_is_revoked_is_refused_in_another_process(box):
    box.init()
    with Service(box) as first, Service(box) as second:
        for _ in range(20):
            key_id = box.apikey()
            token = box.mint()
            for service in (first, second):
                verdict, asked = service.verify(token)
                assert verdict == "good"
                assert service.verify(token) == ("good", asked), "the key is not remembered"
            box.run("apikey", "revoke", key_id)
            assert first.verify(token)[0] == second.verify(token)[0] == "refused"


@test
def other_keys_stay_good_and_are_asked_for_once_more(box):
    box.init()
    key_id = box.apikey(name="one")
    box.apikey(name="two")
    with Service(box) as service:
        one, two = box.mint(key="one"), box.mint(key="two")
        assert service.verify(one) == ("good", 1) and service.verify(two) == ("good", 2)
        box.run("apikey", "revoke", key_id)
        assert service.verify(two) == ("good", 3) and service.verify(two) == ("good", 3)
        assert service.verify(one) == ("refused", 4)
        box.put_secret("acme/db", "password", b"x")
        assert service.verify(two) == ("good", 3 + 1), "a write that revokes nothing"


@test
def a_revocation_that_was_killed_after_its_commit_is_heard_of_too(box):
    """The state that kill -9 leaves between the commit and the end of the generation, made by hand."""
    box.init()
    key_id = box.apikey()
    token = box.mint()
    with Service(box) as service:
        assert service.verify(token) == ("good", 1)
        even = counter(box)
        set_counter(box, even + 1)
        with sqlite3.connect(box.path("bulla.db")) as database:
            database.execute("UPDATE apikey SET revoked = 1, sealed = NULL, key_id = NULL WHERE id = ?", (key_id,))
        database.close()
        assert service.verify(token) == ("refused", 2)
        box.put_secret("acme/db", "password", b"x")
        assert counter(box) == even + 2, "who wrote next has not mended it"
        assert service.verify(token) == ("refused", 3)


@test
def a_revocation_that_was_killed_before_its_commit_harms_nobody(box):
    box.init()
    box.apikey()
    token = box.mint()
    with Service(box) as service:
        assert service.verify(token) == ("good", 1)
        even = counter(box)
        set_counter(box, even + 1)
        assert service.verify(token) == ("good", 2), "a key that is remembered was used"
        assert counter(box) == even + 2
        assert service.verify(token) == ("good", 3) and service.verify(token) == ("good", 3)


@test
def a_token_is_revoked_by_its_jti_with_all_that_it_was_refreshed_to(box):
    box.init()
    box.apikey()
    token, other = box.mint("--jti", "s-1"), box.mint("--jti", "s-2")
    fresh = box.run("token", "refresh", stdin=token)
    assert box.verify(fresh)["jti"] == "s-1"
    with Service(box) as service:
        for good in (token, other, fresh):
            assert service.verify(good) == ("good", 1)
        box.run("token", "revoke", "--reason", "logout", stdin=fresh)
        assert service.verify(token) == service.verify(fresh) == ("revoked", 1)
        assert service.verify(other) == ("good", 1)
    box.refuse(token)
    assert "revoked" in box.errors
    assert box.run("token", "refresh", stdin=token, status=1) == b""
    assert box.verify(other)
    box.run("token", "revoke", stdin=token)
    revoked = [r for r in box.log() if r["op"] == "token-revoke"]
    assert [(r["tenant"], r["reason"]) for r in revoked] == [("acme", "logout")]
    with sqlite3.connect(box.path("bulla.db")) as database:
        rows = database.execute("SELECT expires FROM revoked_token").fetchall()
    database.close()
    assert len(rows) == 1 and abs(rows[0][0] - time.time() - 30 * 86400 - 3600) < 60


@test
def what_has_no_jti_or_does_not_verify_cannot_be_revoked(box):
    box.init()
    key_id = box.apikey()
    token = box.mint()
    box.run("token", "revoke", stdin=token, status=2)
    assert "jti" in box.errors and "API key" in box.errors
    box.run("token", "revoke", stdin=b"", status=1)
    box.run("token", "revoke", stdin=token[:-5], status=1)
    with_jti = box.mint("--jti", "x")
    box.run("apikey", "revoke", key_id)
    box.run("token", "revoke", stdin=with_jti, status=1)
    assert not [r for r in box.log() if r["op"] == "token-revoke"]


@test
def a_refreshed_token_says_the_same_and_lives_as_long(box):
    box.init()
    box.apikey()
    box.write("claims", '{"region": "EU"}')
    old = box.mint("--perm", "read", "--ttl", "600", "--claims", "claims", "--aud", "d", "--nbf", "5")
    time.sleep(1.1)
    fresh = box.run("token", "refresh", "--aud", "d", stdin=old)
    before, after = box.verify(old), box.verify(fresh)
    assert after.pop("iat") > before["iat"] and after.pop("exp") > before.pop("exp")
    assert after.pop("orig_iat") == before.pop("iat") and before.pop("nbf") == 5 and before == after
    again = box.verify(box.run("token", "refresh", stdin=fresh))
    assert again["orig_iat"] == box.verify(old)["iat"]
    uses = [r["reason"] for r in box.log() if r["op"] == "apikey-use"]
    assert "token refresh" in uses


@test
def no_token_is_refreshed_beyond_its_session(box):
    box.init()
    box.apikey()
    old = box.mint()
    claims = box.verify(box.run("token", "refresh", "--session", "100", stdin=old))
    assert claims["exp"] == claims["orig_iat"] + 100
    time.sleep(1.1)
    box.run("token", "refresh", "--session", "1", stdin=old, status=1)
    assert "expired" in box.errors
    for session in ("0", "2592001", "-1", "1h", ""):
        box.run("token", "refresh", "--session", session, stdin=old, status=2)
    box.run("token", "refresh", "--session", "2592000", "--leeway", "3600", stdin=old)
    box.run("token", "refresh", "--aud", "other", stdin=old, status=1)
    box.run("token", "refresh", stdin=b"no token", status=1)
    short = box.mint("--ttl", "1")
    time.sleep(2.1)
    box.run("token", "refresh", stdin=short, status=1)


@test
def the_jwk_of_a_day_has_the_form_that_libraries_read(box):
    box.init()
    key_id = box.apikey()
    today = int(time.time()) // 86400
    date = time.strftime("%Y-%m-%d", time.gmtime(today * 86400))
    line = box.run("apikey", "jwk", key_id, "--day", date)
    jwk = json.loads(line)
    assert line.count(b"\n") == 1 and list(jwk) == ["kty", "alg", "use", "kid", "k"]
    assert [jwk[name] for name in ("kty", "alg", "use", "kid")] == ["oct", "A256GCM", "enc", f"{key_id}.{today}"]
    assert len(base64.urlsafe_b64decode(jwk["k"] + "=")) == 32
    assert box.run("apikey", "jwk", key_id, "--day", str(today)) == line
    assert box.json("apikey", "jwk", key_id, "--day", "today")["kid"] in (f"{key_id}.{today}", f"{key_id}.{today + 1}")
    assert box.json("apikey", "jwk", key_id, "--day", "2932896")["k"] != jwk["k"]
    assert box.json("apikey", "jwk", key_id, "--day", "9999-12-31")["kid"] == f"{key_id}.2932896"
    assert box.json("apikey", "jwk", key_id, "--day", "1970-01-01")["kid"] == f"{key_id}.0"
    for day in ("2932897", "-1", "2023-02-29", "2023-1-1", "2023-01-01x", "10000-01-01", "1969-12-31", "tomorrow",
                "9" * 30, ""):
        box.run("apikey", "jwk", key_id, "--day", day, status=2)
    box.run("apikey", "jwk", key_id, status=2)


@test
def a_jwk_is_audited_before_it_is_made(box):
    box.init()
    key_id = box.apikey()
    box.run("apikey", "jwk", key_id, "--day", "today", "--reason", "debugging")
    box.run("apikey", "jwk", key_id, "--day", "0")
    box.run("apikey", "revoke", key_id)
    box.run("apikey", "jwk", key_id, "--day", "today", status=1)
    box.run("apikey", "jwk", "0" * 16, "--day", "today", status=3)
    box.run("apikey", "jwk", "short", "--day", "today", status=2)
    uses = [(r["entry"], r["reason"]) for r in box.log() if r["op"] == "apikey-use" and r["outcome"] == "granted"]
    assert uses == [(key_id, "debugging"), (key_id, "apikey jwk")]


run_tests()
