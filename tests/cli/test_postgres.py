# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A vault on a server that many use: nothing is opened that was not durably recorded, whatever becomes of connections and
whoever stands in between.

usage: test_postgres.py BULLA CLIENT

CLIENT is tests/cli/pg_client.c."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest.mock

from command import Skip, test_without_vault
from doctor import examine
from pg_place import CLIENTS, Client, all_recorded, clients, note, place, reasons, run_with_server, tells, total, wait_for_opened

LANE_AFTER = 12  # uses of a process, after which it has a lane of the log of its own


@test_without_vault
def clients_whose_backends_are_ended_open_nothing_without_a_record(box):
    name = place.vault(box)
    with clients(box, CLIENTS, "ended", endless=True) as started:
        wait_for_opened(started, 1)
        rounds = 0
        end = time.monotonic() + 4
        while time.monotonic() < end:
            place.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND "
                       "pid <> pg_backend_pid() ORDER BY random() LIMIT 2")
            rounds += 1
        wait_for_opened(started, 3)
        number = all_recorded(box, started)
        failed = sum(len(client.lines()) - 1 for client in started) - number
        assert failed >= CLIENTS, failed
        why = reasons(started)
        note(f"{rounds} rounds: {number} opened, all recorded; about {failed} failed: {sorted(why)}")
        assert set(why) <= {"BULLA_UNREACHABLE", "BULLA_UNCERTAIN", "BULLA_BUSY"}, why


@test_without_vault
def a_log_is_followed_into_lanes_that_are_made_meanwhile(box):
    place.vault(box)
    follower = box.start("audit", "log", "--follow", "--json", "--op", "use", stdout=subprocess.PIPE)
    seen = []
    with clients(box, 2, "lane", endless=False) as started:
        for _ in range(LANE_AFTER):
            assert all(client.step() == "opened" for client in started)
        while len(seen) < 2 * LANE_AFTER:
            seen.append(json.loads(follower.stdout.readline()))
    assert len({record["lane"] for record in seen}) > 1, "no process took a lane of its own"
    assert len({(record["lane"], record["seq"]) for record in seen}) == len(seen), seen
    follower.send_signal(signal.SIGINT)
    assert follower.wait(timeout=10) == 0 and follower.stdout.read() == b""
    whole = [record for record in box.log("--since", "1h") if record["op"] == "use"]
    assert sorted(whole, key=str) == sorted(seen, key=str)


@test_without_vault
def clients_go_on_after_the_server_was_shut_down_at_once(box):
    place.vault(box)
    with clients(box, CLIENTS, "crash", endless=True) as started:
        for _ in range(2):
            wait_for_opened(started, 5)
            place.server.stop()
            before = [len(client.lines()) for client in started]
            time.sleep(0.2)
            assert any(len(client.lines()) > number for client, number in zip(started, before)), "they wait"
            place.server.start()
            wait_for_opened(started, 5)
        number = all_recorded(box, started)
        why = reasons(started)
        note(f"{number} opened around 2 shutdowns, all recorded; {sorted(why)}")
        assert set(why) <= {"BULLA_UNREACHABLE", "BULLA_UNCERTAIN", "BULLA_BUSY"}, why


@test_without_vault
def writers_wait_for_a_turn_but_not_for_long(box):
    name = place.vault(box)
    holding = subprocess.Popen([place.server.bin / "psql", "-Xq", "-h", place.server.folder, "-U", "postgres", "-d", name],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    holding.stdin.write("BEGIN; SELECT id FROM bulla.turn FOR UPDATE;\n")
    holding.stdin.flush()
    while place.psql(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND state = 'idle in transaction'") == "0":
        time.sleep(0.05)
    start = time.monotonic()
    tells(box, ["get", "acme/db", "password", "--reason", "r"], "locked by another", "try again")
    took = time.monotonic() - start
    box.run("list")
    holding.stdin.close()
    holding.wait()
    assert 4 < took < 9, took
    assert box.get() == b"hunter2"


# A pooler in between.


@contextlib.contextmanager
def pooler(folder, name):
    program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        print("SKIPPED: no pgbouncer is installed: apt-get install pgbouncer", file=sys.stderr)
        raise Skip("no pgbouncer is installed: apt-get install pgbouncer")
    folder.mkdir()
    (folder / "users").write_text('"postgres" ""\n')
    (folder / "ini").write_text(f"""[databases]
{name} = host={place.server.folder} port=5432 dbname={name}
[pgbouncer]
listen_addr =
listen_port = 5432
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 2
""")
    if place.server.user:
        for path in (folder, folder / "users", folder / "ini"):
            shutil.chown(path, place.server.user)
    with open(folder / "log", "w", encoding="utf-8") as log:
        process = subprocess.Popen([program, folder / "ini"], user=place.server.user, stdout=log, stderr=log, cwd="/")
    try:
        end = time.monotonic() + 10
        while not (folder / ".s.PGSQL.5432").exists():
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.05)
        yield f"postgres:///{name}?host={folder}&user=postgres"
    finally:
        process.kill()
        process.wait()


@test_without_vault
def a_pooler_of_transactions_may_stand_in_between(box):
    name = place.vault(box)
    folder = pathlib.Path(tempfile.mkdtemp(dir=place.folder)) / "pooler"
    folder.parent.chmod(0o755)
    with pooler(folder, name) as url:
        box.environment["BULLA_VAULT"] = url
        box.run("put", "acme/db", "--secret", "other", stdin="x")
        assert box.get(field="other") == b"x"
        box.run("audit", "verify")
        assert examine(box)["pooler"][1] == "in between: TLS ends there"
        with clients(box, CLIENTS, "pooled", endless=True) as started:
            wait_for_opened(started, 25)
            for _ in range(10):
                place.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' "
                           "ORDER BY random() LIMIT 1")
            wait_for_opened(started, 5)
            number = all_recorded(box, started)
            why = reasons(started)
            note(f"{number} opened by {CLIENTS} clients over 2 connections, all recorded; {sorted(why)}")
            assert set(why) <= {"BULLA_UNREACHABLE", "BULLA_UNCERTAIN", "BULLA_BUSY"}, why


@test_without_vault
def a_silent_host_does_not_keep_from_the_next(box):
    name = place.vault(box)
    deaf = place.folder / "deaf"
    deaf.mkdir()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(deaf / ".s.PGSQL.5432"))
        (deaf / ".s.PGSQL.5432").chmod(0o777)
        silent.listen()
        started = time.monotonic()
        box.run("list", env={"BULLA_VAULT": f"postgres:///{name}?host={deaf},{place.server.folder}&user=postgres"})
        assert 4 < time.monotonic() - started < 9


@test_without_vault
def a_host_that_is_down_does_not_keep_from_the_next_in_any_language(box):
    name = place.vault(box)
    with unittest.mock.patch.dict(os.environ, {"LANGUAGE": "de", "LC_ALL": "C.UTF-8"}):
        client = Client(box, "german", f"postgres:///{name}?host={place.folder}/none,{place.server.folder}&user=postgres")
        assert client.step() == "opened", client.said()
        place.server.stop()
        assert client.step() == "BULLA_UNREACHABLE", client.said()
        assert client.step() == "BULLA_UNREACHABLE", client.said()
        place.server.start()
        assert client.step() == "opened", client.said()
        client.end()


@test_without_vault
def a_record_that_a_trigger_swallows_is_missed(box):
    name = place.vault(box)
    with clients(box, CLIENTS, "swallowed", endless=True) as started:
        wait_for_opened(started, 5)
        place.psql("CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; "
                   "CREATE TRIGGER swallow BEFORE INSERT ON bulla.audit FOR EACH ROW WHEN (NEW.seq % 2 = 1) "
                   "EXECUTE FUNCTION public.swallow()", name)
        time.sleep(1)
        place.psql("DROP TRIGGER swallow ON bulla.audit", name)
        note(f"{all_recorded(box, started)} opened beside a trigger that swallows records, all recorded")
        assert "BULLA_AUDIT_BROKEN" in set().union(*(client.statuses() for client in started))


@test_without_vault
def a_changed_schema_stays_refused_to_who_connects_anew(box):
    name = place.vault(box)
    with clients(box, CLIENTS, "anew", endless=True) as started:
        wait_for_opened(started, 5)
        place.psql("CREATE TABLE bulla.extra(x int)", name)
        place.psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
                   "AND pid <> pg_backend_pid()", name)
        time.sleep(0.5)
        before = total(started)
        time.sleep(0.5)
        assert total(started) == before
        assert "BULLA_NOT_A_VAULT" in set().union(*(client.statuses() for client in started))
        place.psql("DROP TABLE bulla.extra", name)
        wait_for_opened(started, 5)


@test_without_vault
def what_a_role_or_a_url_sets_does_not_mislead(box):
    name = place.vault(box)
    place.psql("CREATE ROLE quoting SUPERUSER LOGIN; ALTER ROLE quoting SET quote_all_identifiers = on")
    box.run("list", env={"BULLA_VAULT": place.server.url(name).replace("user=postgres", "user=quoting")})
    tells(box, "list", "ssl=true", url=place.server.url(name) + "&ssl=true", status=2)
    place.psql("CREATE COLLATION public.\"C\" (provider = icu, locale = 'und-u-ks-level2', deterministic = false); "
               "ALTER TABLE bulla.field ALTER COLUMN name TYPE text COLLATE public.\"C\"", name)
    tells(box, "list", "not a vault", url=place.server.url(name))


@test_without_vault
def a_record_names_the_machine(box):
    place.vault(box)
    box.get()
    origins = {record["origin"] for record in box.log() if record["op"] in ("put", "use")}
    machine = re.sub("[^A-Za-z0-9._-]", "?", os.uname().nodename)[:63]
    form = rf"cli (pid \d+|/dev/\S+) on {re.escape(machine)}"
    assert origins and all(re.fullmatch(form, origin) for origin in origins), origins


run_with_server()
