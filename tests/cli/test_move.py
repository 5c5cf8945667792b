# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A vault is copied into another one, between a file and a server, with all of it, wherever it was interrupted; and nothing
is copied that was forged, from where it should not, or over what is there.

usage: test_move.py BULLA KILL_AT

KILL_AT is the library of tests/cli/kill_at.c."""

import contextlib
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import time

from command import SANITIZED, Skip, test
from pg_place import PASSWORD, note, place, run_with_server
import postgres

KILL_AT = os.path.abspath(sys.argv[2])
POINTS = 36  # of a copy, at which it is killed


def new_url():
    """The URL of a vault in a new database."""
    return place.server.url(place.database())


class Other:
    """Another vault than the current one of |box|, which need not be there yet."""

    def __init__(self, box, url, root):
        self.box, self.url, self.root = box, url, f"file:{root}"
        self.env = {"BULLA_VAULT": url, "BULLA_ROOT": self.root}

    def run(self, *args, **options):
        return self.box.run(*args, env=self.env, **options)

    def json(self, *args):
        return json.loads(self.run("--json", *args))

    def log(self):
        return [json.loads(line) for line in self.run("audit", "log", "--json").splitlines()]

    def get(self, place):
        return self.run("get", place, "--reason", "test")

    def export(self, *args, **options):
        """Copies the current vault into this one."""
        return self.box.run("export", self.url, "--target-root", self.root, *args, **options)


@contextlib.contextmanager
def current(box, vault):
    """Has |vault| as the current one of |box|."""
    before = {name: box.environment.get(name) for name in vault.env}
    box.environment.update(vault.env)
    try:
        yield
    finally:
        box.environment.update(before)


def furnish(box, entries=3):
    """Fills the current vault, and returns its values by their places, and a token that is good and one that is revoked."""
    values = {}
    for tenant in ("acme", "beta"):
        for i in range(entries):
            box.run("put", f"{tenant}/e{i}", f"host=h{i}.{tenant}", "--secret", "password", stdin=f"the secret {i} of {tenant}")
            values[f"{tenant}/e{i}:host"] = f"h{i}.{tenant}".encode()
            values[f"{tenant}/e{i}:password"] = f"the secret {i} of {tenant}".encode()
    box.run("put", "acme/e0", "--secret", "password", stdin="put again")
    values["acme/e0:password"] = b"put again"
    box.apikey("acme", "live")
    box.run("apikey", "revoke", box.apikey("acme", "revoked"))
    good = box.mint("--jti", "good", key="live")
    revoked = box.mint("--jti", "bad", key="live")
    of_revoked_key = box.mint(key="revoked")
    box.run("token", "revoke", stdin=revoked)
    return values, good, (revoked, of_revoked_key)


def shown(vault):
    """All of a vault that can be seen without opening a value."""
    entries = vault.json("list")
    return entries, [vault.json("show", f"{e['tenant']}/{e['entry']}") for e in entries], vault.json("apikey", "list")


def values_of(vault, places):
    """The values at |places|, some with one command."""
    found = {}
    for i in range(0, len(places), 60):
        some = places[i:i + 60]
        options = [word for j, place in enumerate(some) for word in ("--env", f"V{j}={place}")]
        lines = dict(line.split(b"=", 1) for line in vault.run("exec", *options, "--reason", "test", "--", "env", "-0").split(b"\0")
                     if line)
        found.update({place: lines[f"V{j}".encode()] for j, place in enumerate(some)})
    return found


def assert_same(box, vault, values, good, bad):
    assert shown(vault) == shown(box), (shown(vault), shown(box))
    assert values_of(vault, list(values)) == values
    with current(box, vault):
        assert box.verify(good)["jti"] == "good"
        for token in bad:
            box.refuse(token)
        assert box.verify(box.mint(key="live"))["org"] == "acme"
    assert b"unbroken" in vault.run("audit", "verify")


def granted(records):
    """The places of values that were opened for a copy, as often as they were."""
    return [f"{r['tenant']}/{r['entry']}:{r['field']}" if r["field"] else r["entry"] for r in records
            if r["op"] == "export-vault" and r["outcome"] == "granted"]


@test
def a_vault_goes_to_a_server_and_back_with_all_of_it(box):
    values, good, bad = furnish(box)
    server = Other(box, new_url(), "server.key")
    out = server.export("--reason", "moving out").decode()
    assert re.match(r"made vault postgres:///v\d+, id [0-9a-f]{32}\nmade root key file:server\.key: keep a copy", out), out
    assert out.endswith("both vaults have 2 tenants, 6 entries, 12 fields, 1 live and 1 revoked API keys, 1 revoked tokens; "
                        "17 rows were written now\n"), out
    assert_same(box, server, values, good, bad)
    records = box.log()
    assert sorted(granted(records)) == sorted([*values, box.json("apikey", "list")[0]["id"]]), granted(records)
    assert {r["reason"] for r in records if r["op"] == "export-vault"} == {"moving out"}
    assert b"unbroken" in box.run("audit", "verify")
    back = Other(box, "sqlite:back.db", "back.key")
    report = json.loads(back.run("import", "vault", server.url, "--source-root", server.root, "--json"))
    assert report == {"tenants": 2, "entries": 6, "fields": 12, "live_apikeys": 1, "revoked_apikeys": 1, "revoked_tokens": 1,
                      "written": 17, "target_id": json.loads(back.run("info", "--json"))["id"]}, report
    assert_same(box, back, values, good, bad)
    assert len(granted(server.log())) == 13
    assert {r["reason"] for r in back.log()[1:]} == {"import vault", "test", "token verify"}, back.log()


@test
def again_copies_only_what_changed(box):
    furnish(box)
    server = Other(box, new_url(), "server.key")
    server.export()
    assert b"; 0 rows were written now" in server.export()
    box.run("put", "acme/e1", "--secret", "password", stdin="changed")
    box.run("put", "gamma/new", "host=new")
    before = len(granted(box.log()))
    assert json.loads(server.export("--json"))["written"] == 3
    assert granted(box.log())[before:] == ["acme/e1:password", "gamma/new:host"]
    assert server.get("acme/e1:password") == b"changed"
    box.run("rm", "acme/e2")
    server.export(status=2, told=("copy into a new vault", "of entries the target has 7 and the vault 6"))


def kill(box, vault, at):
    """Copies, and is killed before the call number |at|, if there are so many; returns whether it was. With 0 returns how
    many there are."""
    env = {"LD_PRELOAD": KILL_AT, "KILL_AT": str(at), "KILL_COUNT": str(box.path("calls"))}
    process = box.start("export", vault.url, "--target-root", vault.root, "--reuse-root", env=env, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in ((0,) if at == 0 else (0, -signal.SIGKILL)), (at, errors)
    return process.returncode != 0 if at else int(box.path("calls").read_text())


def kill_everywhere(box, vault, clean):
    values, good, bad = furnish(box, entries=40)
    counts = {"tenants": 2, "entries": 80, "fields": 160, "live_apikeys": 1, "revoked_apikeys": 1, "revoked_tokens": 1,
              "written": None, "target_id": None}
    calls = kill(box, vault, 0)
    assert calls > POINTS, calls
    id_of_key = box.json("apikey", "list")[0]["id"]
    kills, parts = 0, []
    for i in range(POINTS):
        clean()
        before = len(box.log())
        kills += kill(box, vault, 1 + i * (calls - 2) // (POINTS - 1))
        opened = granted(box.log()[before:])
        written = set()
        with contextlib.suppress(AssertionError):  # no vault was made yet
            written = {f"{r['tenant']}/{r['entry']}:{r['field']}" for r in vault.log() if r["field"] and r["tenant"]}
        assert written <= set(opened), written - set(opened)
        assert len(opened) == len(set(opened)), "opened twice"
        before = len(box.log())
        report = json.loads(vault.export("--reuse-root", "--json"))
        assert {**report, "written": None, "target_id": None} == counts, report
        # What was there is not opened again, and all of it was opened.
        again = granted(box.log()[before:])
        assert not written & set(again), written & set(again)
        assert set(opened) | set(again) == {*values, id_of_key}
        assert values_of(vault, list(values)) == values
        parts.append(len(written))
    assert_same(box, vault, values, good, bad)
    note(f"{calls} calls, {kills} kills, with {sorted(set(parts))} fields in the copy")
    assert kills >= 30 and len(set(parts)) >= 3, (kills, parts)


def skip_sanitized():
    if SANITIZED:
        raise Skip("a sanitizer must be the first library")


@test
def a_copy_to_a_server_that_is_killed_goes_on(box):
    skip_sanitized()
    server = Other(box, new_url(), "server.key")
    name = re.search(r"/(v\d+)", server.url).group(1)
    kill_everywhere(box, server, lambda: place.psql("SET client_min_messages = warning; DROP SCHEMA IF EXISTS bulla CASCADE", name))


@test
def a_copy_to_a_file_that_is_killed_goes_on(box):
    skip_sanitized()

    def clean():
        for path in box.folder.glob("copy.db*"):
            path.unlink()
    kill_everywhere(box, Other(box, "sqlite:copy.db", "copy.key"), clean)


@test
def two_copies_at_once_open_each_value_once(box):
    values, good, bad = furnish(box, entries=40)
    for url in (new_url(), "sqlite:copy.db"):
        vault = Other(box, url, "copy.key")
        with current(box, vault):
            box.run("init", "--reuse-root")
        before = len(box.log())
        copies = [box.start("export", url, "--target-root", vault.root, "--json", stdout=-1, stderr=-1) for _ in range(2)]
        ends = [(copy.communicate(timeout=120), copy.returncode) for copy in copies]
        assert [end[1] for end in ends] == [0, 0], ends
        assert sum(json.loads(end[0][0])["written"] for end in ends) == 2 + 160 + 2 + 1, ends
        opened = granted(box.log()[before:])
        assert len(opened) == len(set(opened)) == len(values) + 1, len(opened)
        assert_same(box, vault, values, good, bad)


@test
def a_value_in_the_place_of_another_is_refused_by_its_name(box):
    furnish(box)
    swap = ("CREATE TEMP TABLE old AS SELECT entry, value, mask FROM field WHERE name = 'password' AND entry IN (SELECT id FROM "
            "entry WHERE name IN ('e1', 'e2') AND tenant = (SELECT id FROM tenant WHERE name = 'beta')); "
            "UPDATE field SET (value, mask) = (SELECT value, mask FROM old WHERE old.entry <> field.entry) WHERE "
            "name = 'password' AND entry IN (SELECT entry FROM old)")
    box.sql(swap)
    server = Other(box, new_url(), "server.key")
    server.export(status=1, told=("refused", "beta/e1:password does not open in the vault"))
    assert "secret" not in box.errors
    assert server.json("list") == []
    assert [r["outcome"] for r in box.log() if r["op"] == "export-vault" and r["field"] == "password" and r["entry"] == "e1" and
            r["tenant"] == "beta"] == ["granted", "failed"]
    box.sql(swap)
    server.export()
    assert server.get("beta/e1:password") == b"the secret 1 of beta"


@test
def a_target_that_is_no_copy_of_this_vault_is_refused(box):
    furnish(box)
    other = Other(box, new_url(), "other.key")
    other.run("init")
    other.run("put", "acme/e0", "--secret", "password", stdin="of its own")
    before = len(box.log())
    other.export(status=2, told=("copy into a new vault", 'record 2 of its log is "put"'))
    assert len(box.log()) == before
    assert other.get("acme/e0:password") == b"of its own"
    copy = Other(box, new_url(), "copy.key")
    copy.export()
    with current(box, other):
        copy.export(status=2, told=("copy into a new vault", "a copy of another vault"))
    Other(box, "sqlite:bulla.db", "root.key").export(status=2, told="both URLs lead to the same vault")


@test
def wrong_roots_open_and_make_nothing(box):
    furnish(box)
    box.run("keygen")
    box.write("wrong.key", "5a" * 32)
    url = new_url()
    server = Other(box, url, "server.key")
    server.export()
    records = len(box.log()), len(server.log())
    Other(box, url, "wrong.key").export(status=1, told=("vault postgres:///", "not the root key of this vault"))
    server.export("--root", "file:wrong.key", status=1, told=("vault sqlite:bulla.db", "not the root key of this vault"))
    Other(box, url, "none.key").export(status=4, told="root key file:none.key")
    back = Other(box, "sqlite:back.db", "back.key")
    back.run("import", "vault", url, "--source-root", "file:wrong.key", status=1, told="not the root key of this vault")
    assert not box.path("back.db").exists() and not box.path("back.key").exists()
    # Another vault's key is not taken for a new one.
    Other(box, "sqlite:new.db", "root.key").export(status=2, told=("a key file exists already", "--reuse-root"))
    assert not box.path("new.db").exists()
    Other(box, f"postgres:///nowhere?host={place.server.folder}&user=postgres", "n.key").export(status=4, told="nowhere")
    assert (len(box.log()), len(server.log())) == records


def names(line, words, without):
    assert words in line and not any(word in line for word in without), line


@test
def an_error_names_the_options_of_the_vault_that_it_is_about(box):
    furnish(box, entries=1)
    box.write("wrong.key", "5a" * 32)
    url = new_url()
    Other(box, url, "server.key").export()
    place.psql("CREATE ROLE stranger LOGIN")
    stranger = url.replace("user=postgres", "user=stranger")
    name = re.search(r"/(v\d+)", url).group(1)
    place.psql(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    of_target, of_source, first = ("TARGET_URL", "--target-root"), ("SOURCE_URL", "--source-root"), ("--vault", "--root", "BULLA_")
    for vault, told in ((Other(box, url, "wrong.key"), "with --target-root"),
                        (Other(box, url, "none.key"), "give another with --target-root"),
                        (Other(box, stranger, "server.key"), "the login and password in TARGET_URL,"),
                        (Other(box, "postgres://127.0.0.1:1/x", "server.key"), "check the host in TARGET_URL"),
                        (Other(box, "mysql:x", "server.key"), "DATABASE with TARGET_URL")):
        names(box.fail("export", vault.url, "--target-root", vault.root), told, first + of_source)
        line = box.fail("import", "vault", vault.url, "--source-root", vault.root, env={"BULLA_VAULT": "sqlite:new.db"})
        names(line, told.replace("TARGET", "SOURCE").replace("target", "source"), first + of_target)
    Other(box, url, "server.key").export("--root", "file:wrong.key", status=1, told="with --root or BULLA_ROOT")
    place.psql("REVOKE ALL ON bulla.audit FROM PUBLIC; GRANT USAGE ON SCHEMA bulla TO stranger; "
               f"GRANT SELECT ON ALL TABLES IN SCHEMA bulla TO stranger; GRANT CONNECT ON DATABASE {name} TO stranger;"
               + postgres.sees_whole("stranger"), name)
    box.run("put", "acme/e0", "host=changed")
    Other(box, stranger, "server.key").export(status=4, told="the login and password in --vault or TARGET_URL, and")


@test
def pins_are_those_of_the_vault_and_not_of_the_other(box):
    furnish(box)
    pin = {"BULLA_FINGERPRINT": box.json("info")["fingerprint"]}
    copy = Other(box, "sqlite:copy.db", "copy.key")
    copy.export(env=pin)
    copy.export(env={"BULLA_FINGERPRINT": "00" * 32}, status=1, told="not the vault with the given id or fingerprint")
    # A vault that is pinned is there: it is not made.
    box.run("import", "vault", "sqlite:copy.db", "--source-root", "file:copy.key", "--vault", "sqlite:new.db", "--root",
            "file:new.key", env=pin, status=2, told="a new vault gets a random fingerprint")
    assert not box.path("new.db").exists() and not box.path("new.key").exists()
    recipient = box.run("root", "recipient", "file:recovery.key").decode().strip()
    copy.run("root", "add", recipient)
    box.run("import", "vault", "sqlite:copy.db", "--source-root", "recipient:file:recovery.key", "--vault", "sqlite:new.db",
            "--root", "file:new.key", status=1, told="copy the other way")


@test
def who_does_not_see_the_whole_vault_makes_no_copy_of_it(box):
    furnish(box, entries=1)
    url = new_url()
    server = Other(box, url, "server.key")
    server.export()
    place.psql("CREATE ROLE tenant LOGIN; GRANT USAGE ON SCHEMA bulla TO tenant; GRANT SELECT ON ALL TABLES IN SCHEMA bulla TO "
               "tenant; INSERT INTO bulla.login SELECT 'tenant', id FROM bulla.tenant WHERE name = 'acme'",
               re.search(r"/(v\d+)", url).group(1))
    part = Other(box, url.replace("user=postgres", "user=tenant"), "server.key")
    assert b"acme" in part.run("list")
    with current(box, part):
        Other(box, "sqlite:new.db", "new.key").export(status=4, told=("not permit", "reads the rows of one tenant"))
    new = Other(box, "sqlite:new.db", "new.key")
    new.run("import", "vault", part.url, "--source-root", part.root, status=4, told="reads the rows of one tenant")
    assert not box.path("new.db").exists() and not box.path("new.key").exists()


@test
def a_full_disk_is_told_and_the_copy_goes_on_with_room(box):
    values, good, bad = furnish(box, entries=40)
    big = []
    box.write("big", os.urandom(60000))
    for i in range(12):
        box.run("put", f"gamma/e{i}", "--secret-file", "password=big")
        big.append(f"gamma/e{i}:password")
    folder = box.path("disk")
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", folder], capture_output=True).returncode != 0:
        raise Skip("a small file system can be mounted by root alone")
    try:
        copy = Other(box, f"sqlite:{folder}/copy.db", "copy.key")
        copy.export(status=4, told="disk is full")
        assert 0 < len(copy.json("list")) < 92
        subprocess.run(["mount", "-o", "remount,size=8m", folder], check=True)
        before = granted(box.log())
        copy.export()
        assert len(set(before)) < len(values) + len(big) and set(granted(box.log())) >= {*values, *big}
        assert_same(box, copy, values, good, bad)
        assert all(copy.get(place) == box.path("big").read_bytes() for place in big)
    finally:
        subprocess.run(["umount", folder], check=True)


@test
def a_password_in_the_url_of_the_target_is_not_shown(box):
    furnish(box, entries=1)
    url = new_url()
    name = re.search(r"/(v\d+)", url).group(1)
    secret = f"postgres://postgres:{PASSWORD}@/{name}?host={place.server.folder}"
    assert PASSWORD.encode() not in box.run("export", secret, "--target-root", "file:server.key")
    # The turn of the target is taken: it waits, and can be looked at.
    holder = subprocess.Popen([place.server.bin / "psql", "-qXh", place.server.folder, "-U", "postgres", "-d", name, "-c",
                               "BEGIN; SELECT id FROM bulla.turn FOR UPDATE; SELECT pg_sleep(3)"], stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        process = box.start("export", secret, "--target-root", "file:server.key", stdout=-1, stderr=-1)
        time.sleep(1)
        seen = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        out, errors = process.communicate(timeout=60)
    finally:
        holder.wait()
    assert b"export\0postgres://***" in seen and PASSWORD.encode() not in seen, seen
    assert process.returncode == 0 and PASSWORD.encode() not in out + errors, (out, errors)
    box.run("export", secret.replace(name, "nowhere"), "--target-root", "file:n.key", status=4)
    assert PASSWORD not in box.errors


@test
def at_a_terminal_it_tells_how_far_it_is(box):
    furnish(box, entries=40)
    parent, child = pty.openpty()
    process = box.start("export", "sqlite:copy.db", "--target-root", "file:copy.key", stdout=subprocess.DEVNULL, stderr=child)
    os.close(child)
    said = b""
    with contextlib.suppress(OSError):  # at its end
        while True:
            said += os.read(parent, 4096)
    os.close(parent)
    assert process.wait(timeout=60) == 0
    steps = [int(number) for number in re.findall(rb"copying: (\d+) of 165 rows", said)]
    assert len(steps) >= 3 and steps == sorted(steps) and steps[-1] == 165 and said.endswith(b"\r\033[K"), said


run_with_server()
