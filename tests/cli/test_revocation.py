# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Refreshing, and revocations that another process has to hear of: a service that verifies tokens goes on running
while the command revokes. Usage: test_revocation.py BULLA VERIFIER"""

import base64
import datetime
import json
import os
import pathlib
import resource
import sqlite3
import subprocess
import time

from command import BULLA, Skip, run_tests, test
from service import Service


@test
def the_first_verification_after_a_key_is_revoked_is_refused_in_another_process(box):
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


def num_openings(box):
    return sum(record["op"] == "apikey-use" for record in box.log())


@test
def another_tenants_revocation_has_no_key_opened_again(box):
    key_ids = [box.apikey(tenant=f"tenant{i}", name=f"key{i}") for i in range(8)]
    tokens = [box.mint(key=f"key{i}", org=f"tenant{i}") for i in range(8)]
    with Service(box) as service:
        for i, token in enumerate(tokens):
            assert service.verify(token) == ("good", i + 1)
        before = num_openings(box)
        for i in range(4):
            box.run("apikey", "revoke", key_ids[i])
            verdicts = [service.verify(token)[0] for token in tokens]
            assert verdicts == ["refused"] * (i + 1) + ["good"] * (7 - i), verdicts
        asked = service.verify(tokens[7])[1]
        assert asked == 8 + 1 + 2 + 3 + 4, f"{asked} keys were asked for: more than the revoked ones"
        assert num_openings(box) == before, "a revocation made records"
        box.put_secret("acme/db", "password", b"x")
        assert service.verify(tokens[7]) == ("good", asked), "a write that revokes nothing"


@test
def forged_tokens_that_name_live_keys_make_one_record_for_each_key(box):
    key_ids = [box.apikey(name=f"key{i}") for i in range(3)]
    rest = b"." + box.mint(key="key0").strip().split(b".", 1)[1]
    today = int(time.time()) // 86400
    with Service(box) as service:
        for i in range(600):
            header = {"x": i, "alg": "dir", "enc": "A256GCM", "kid": f"{key_ids[i % 3]}.{today - i // 3 % 2}"}
            if i % 5 == 0:
                header["typ"] = "JWT"
            if i % 7 == 0:
                del header["x"]
            encoded = base64.urlsafe_b64encode(json.dumps(header, indent=i % 4 or None).encode()).rstrip(b"=")
            assert service.verify(encoded + rest)[0] == "refused"
    assert num_openings(box) == 3


@test
def a_revocation_that_is_killed_after_its_commit_is_heard_of_too(box):
    """It is killed while it waits for every look that was made before the commit to expire."""
    with Service(box) as service:
        for _ in range(10):
            key_id = box.apikey()
            token = box.mint()
            assert service.verify(token)[0] == "good"
            revoking = subprocess.Popen([BULLA, "apikey", "revoke", key_id], **box.options({}))
            with sqlite3.connect(box.path("bulla.db"), timeout=10) as database:
                while database.execute("SELECT revoked FROM apikey WHERE id = ?", (key_id,)).fetchone() == (0,):
                    pass
            database.close()
            revoking.kill()
            revoking.wait()
            time.sleep(0.1)
            assert service.verify(token)[0] == "refused"


@test
def a_service_refuses_what_it_remembers_once_its_vault_has_moved(box):
    box.apikey()
    token = box.mint("--jti", "t")
    for name in ("bulla.db", "bulla.db-wal", "bulla.db-shm"):
        with Service(box) as service:
            assert service.verify(token)[0] == "good"
            box.path(name).rename(box.path("elsewhere"))
            time.sleep(0.1)
            assert service.verify(token)[0] == "unable", name
            box.path("elsewhere").rename(box.path(name))
            time.sleep(0.1)
            assert service.verify(token)[0] == "unable", f"{name}: what happened meanwhile is not known"


@test
def a_key_stays_revoked_for_a_living_service_when_its_tenant_is_removed(box):
    key_id = box.apikey()
    box.put_secret("acme/db", "password", b"s3cret")
    token = box.mint()
    with Service(box) as service:
        assert service.verify(token)[0] == "good"
        box.run("apikey", "revoke", key_id)
        box.run("rm", "acme/db")
        box.run("rm", "acme")
        # As after thousands of records, which are not followed one by one.
        box.sql("UPDATE audit_head SET seq = seq")
        assert service.verify(token)[0] == "refused"
        assert service.verify(token)[0] == "refused"


@test
def a_service_that_cannot_look_for_revocations_opens_no_key_twice(box):
    box.apikey()
    token = box.mint()
    with Service(box) as service:
        assert service.verify(b"no token") == ("refused", 0)
        pid = service.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        most = max(int(path.name) for path in pathlib.Path(f"/proc/{pid}/fd").iterdir())
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most + 1, limits[1]))
        verdicts = [service.verify(token) for _ in range(20)]
        assert verdicts == [("good", 1)] + [("unable", 1)] * 19, verdicts
        assert num_openings(box) == 1
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        assert service.verify(token) == ("good", 1)


@test
def a_token_is_revoked_by_its_jti_with_all_that_it_was_refreshed_to(box):
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
    box.refuse(token, told="revoked")
    assert box.run("token", "refresh", stdin=token, status=1) == b""
    assert box.verify(other)
    box.run("token", "revoke", stdin=token)
    revoked = [r for r in box.log() if r["op"] == "token-revoke"]
    assert [(r["tenant"], r["reason"]) for r in revoked] == [("acme", "logout"), ("acme", "token revoke")]
    rows = box.sql("SELECT expires FROM revoked_token")
    assert len(rows) == 1 and abs(rows[0][0] - time.time() - 30 * 86400 - 3600) < 60


def token_of(box, key_id, claims):
    """Returns the token with |claims| that the holder of the key could have minted at their "iat"."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise Skip("install python3-cryptography") from None
    day = claims["iat"] // 86400
    key = json.loads(box.run("apikey", "jwk", key_id, "--day", str(day), "--any-day"))["k"]
    header = {"alg": "dir", "enc": "A256GCM", "typ": "JWT", "kid": f"{key_id}.{day}"}
    parts = [json.dumps(header, separators=(",", ":")).encode(), b"", os.urandom(12)]
    encoded = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts]
    cipher = AESGCM(base64.urlsafe_b64decode(key + "="))
    sealed = cipher.encrypt(parts[2], json.dumps(claims).encode(), encoded[0])
    return b".".join(encoded + [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (sealed[:-16], sealed[-16:])])


@test
def what_is_authentic_is_revoked_as_long_as_anything_may_take_it(box):
    key_id = box.apikey()
    now = int(time.time())
    hour, day = 3600, 86400
    claims = {"org": "acme", "sub": "alice"}
    revocable = {
        "expired": {"iat": now - hour - 5, "exp": now - 5},
        "expired-longer-than-any-leeway": {"iat": now - 3 * day, "exp": now - 2 * day},
        "not-yet-valid": {"iat": now + 2 * day, "exp": now + 2 * day + 60},
        "not-before": {"iat": now, "nbf": now + 50, "exp": now + 60},
        "audience": {"iat": now, "exp": now + 60, "aud": "somebody", "iss": "somebody"},
        "begun-29-days-ago": {"iat": now - 29 * day, "exp": now - 29 * day + hour},
        "at-the-end-of-its-session": {"iat": now - 30 * day - hour + 120, "exp": now - 30 * day + 120},
        "refreshed": {"iat": now, "exp": now + 60, "orig_iat": now - 30 * day + 100},
        "outlives-its-session": {"iat": now - day + 100, "exp": now + 100, "orig_iat": now - 30 * day - hour},
    }
    for jti, times in revocable.items():
        box.run("token", "revoke", stdin=token_of(box, key_id, {**claims, **times, "jti": jti}))
    assert len([r for r in box.log() if r["op"] == "token-revoke"]) == len(revocable)
    session = box.mint("--jti", "refreshed")
    box.refuse(session, told="revoked")

    first = box.mint("--jti", "session", "--ttl", "2")
    later = box.run("token", "refresh", stdin=box.run("token", "refresh", "--leeway", "60", stdin=first))
    time.sleep(2.1)
    box.run("token", "revoke", stdin=first)
    box.run("token", "refresh", "--leeway", "3600", stdin=later, status=1, told="revoked")


@test
def what_nothing_takes_any_more_is_told_and_not_revoked(box):
    key_id = box.apikey()
    now = int(time.time())
    claims = {"org": "acme", "sub": "alice", "jti": "x"}
    for times in ({"iat": now - 30 * 86400 - 3600 - 5, "exp": now - 30 * 86400}, {"iat": 5, "exp": 10},
                  {"iat": now - 90000, "exp": now - 3605, "orig_iat": now - 31 * 86400}):
        box.run("token", "revoke", stdin=token_of(box, key_id, {**claims, **times}), status=1, told="nothing to revoke")
    box.run("token", "revoke", stdin=token_of(box, key_id, {**claims, "iat": now, "exp": now + 60, "org": "globex"}),
            status=1, told='"org"')
    token = box.mint("--jti", "x")
    box.run("apikey", "revoke", key_id)
    box.run("token", "revoke", stdin=token, status=1, told=(key_id, "was revoked", "nothing to revoke"))
    assert not [r for r in box.log() if r["op"] == "token-revoke"]


@test
def what_has_no_jti_or_is_not_authentic_cannot_be_revoked(box):
    key_id = box.apikey()
    token = box.mint()
    box.run("token", "revoke", stdin=token, status=2, told=("no jti", f"bulla apikey revoke {key_id}"))
    box.run("token", "revoke", stdin=b"", status=1, told="standard input is empty")
    box.run("token", "revoke", stdin=b"x", status=1, told="form")
    box.run("token", "revoke", stdin=token[:-5], status=1)
    for _ in range(2):
        jti = box.mint("--jti", "x")
        forged = jti[:150] + (b"A" if jti[150:151] != b"A" else b"B") + jti[151:]
    box.run("token", "revoke", stdin=forged, status=1, told=("not authentic", key_id))
    other = "0123456789abcdef"
    header = json.dumps({"alg": "dir", "enc": "A256GCM", "kid": f"{other}.{int(time.time()) // 86400}"}).encode()
    strange = base64.urlsafe_b64encode(header).rstrip(b"=") + token[token.index(b"."):]
    box.run("token", "revoke", stdin=strange, status=1, told=(other, "not in this vault"))
    assert not [r for r in box.log() if r["op"] == "token-revoke"]


@test
def a_token_is_revoked_by_its_jti_alone(box):
    box.apikey()
    token = box.mint("--jti", "s-1")
    box.run("token", "revoke", "--jti", "s-1", "--tenant", "acme", "--reason", "stolen")
    box.refuse(token, told="revoked")
    revoked = [r for r in box.log() if r["op"] == "token-revoke"]
    assert [(r["tenant"], r["reason"]) for r in revoked] == [("acme", "stolen")]
    rows = box.sql("SELECT expires FROM revoked_token")
    assert len(rows) == 1 and abs(rows[0][0] - time.time() - 30 * 86400 - 2 * 3600) < 60
    box.run("token", "revoke", "--jti", "s-1", "--tenant", "globex", status=3, told="tenant")
    for args in (("--jti", "s-1"), ("--tenant", "acme")):
        box.run("token", "revoke", *args, status=2, told="go together")
    reader, writer = os.pipe()
    os.write(writer, token)  # it is there before the command looks
    with open(box.write("both", token), "rb") as file, os.fdopen(reader, "rb") as pipe:
        for stdin in (pipe, file):
            box.run("token", "revoke", "--jti", "s-2", "--tenant", "acme", stdin=stdin, status=2, told="standard input")
        assert file.read() == token, "it has read what was not for it"
    os.close(writer)
    box.run("token", "revoke", "--jti", "s-2", "--tenant", "acme", stdin=subprocess.DEVNULL)


@test
def a_refreshed_token_says_the_same_and_lives_as_long(box):
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
    box.apikey()
    old = box.mint()
    claims = box.verify(box.run("token", "refresh", "--session", "100", stdin=old))
    assert claims["exp"] == claims["orig_iat"] + 100
    time.sleep(1.1)
    box.run("token", "refresh", "--session", "1", stdin=old, status=1, told="expired")
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
    any_day = ("apikey", "jwk", key_id, "--any-day", "--day")
    assert box.json(*any_day, "2932896")["k"] != jwk["k"]
    assert box.json(*any_day, "9999-12-31")["kid"] == f"{key_id}.2932896"
    assert box.json(*any_day, "1970-01-01")["kid"] == f"{key_id}.0"
    for day in ("2932897", "-1", "2023-02-29", "2023-1-1", "2023-01-01x", "10000-01-01", "1969-12-31", "gestern",
                "9" * 30, ""):
        box.run("apikey", "jwk", key_id, "--day", day, status=2)
        assert "takes a number" not in box.errors or day == "9" * 30, box.errors
    if time.time() % 86400 > 86340:
        time.sleep(61)  # the day must not end meanwhile
    today = int(time.time()) // 86400
    for day, number in (("yesterday", today - 1), ("today", today), ("tomorrow", today + 1)):
        assert box.json("apikey", "jwk", key_id, "--day", day)["kid"] == f"{key_id}.{number}"
    box.run("apikey", "jwk", key_id, status=2)


@test
def a_jwk_is_audited_as_an_export_with_its_day_before_it_is_made(box):
    key_id = box.apikey()
    today = int(time.time()) // 86400
    box.run("apikey", "jwk", key_id, "--day", str(today), "--reason", "debugging")
    box.run("apikey", "jwk", key_id, "--day", "0", "--any-day")
    box.run("apikey", "revoke", key_id)
    box.run("apikey", "jwk", key_id, "--day", "today", status=1)
    box.run("apikey", "jwk", "0" * 16, "--day", "today", status=3)
    box.run("apikey", "jwk", "short", "--day", "today", status=2)
    date = time.strftime("%Y-%m-%d", time.gmtime(today * 86400))
    exports = [(r["tenant"], r["entry"], r["field"], r["reason"], r["outcome"]) for r in box.log()
               if r["op"] == "apikey-export"]
    assert exports == [("acme", key_id, date, "debugging", "granted"),
                       ("acme", key_id, "1970-01-01", "apikey jwk", "granted")], exports
    assert not [r for r in box.log() if r["op"] == "apikey-use"]
    box.run("audit", "verify")


@test
def a_jwk_of_a_day_that_is_not_near_needs_a_word_more(box):
    key_id = box.apikey()
    if time.time() % 86400 > 86340:
        time.sleep(61)  # the day must not end meanwhile
    today = int(time.time()) // 86400
    for day in (today - 1, today, today + 1):
        box.run("apikey", "jwk", key_id, "--day", str(day))
    records = len(box.log())
    for day in (today - 2, today + 2, today + 365, 0, 2932896):
        date = str(datetime.date(1970, 1, 1) + datetime.timedelta(day))
        for form in (str(day), date):
            assert box.run("apikey", "jwk", key_id, "--day", form, status=2) == b""
            assert "--any-day" in box.errors, box.errors
    assert len(box.log()) == records
    assert box.json("apikey", "jwk", key_id, "--day", str(today + 2), "--any-day")["kid"] == f"{key_id}.{today + 2}"


run_tests()
