# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Nothing that was acknowledged is missing on the standby of a killed primary.

usage: test_postgres_failover.py BULLA CLIENT"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from command import test_without_vault
from doctor import examine, only
from pg_place import Client, all_recorded, clients, granted, note, place, reasons, run_with_server, total
from pg_wire import Pipe
import postgres


PROCESSES, THREADS = 2, 16
WANTED = 12000  # acknowledged uses, of which none may be missing
SHARED_MEMORY = "dynamic_shared_memory_type=mmap"


def kill_server(server):
    """The postmaster and its children, at once."""
    lines = (server.data / "postmaster.pid").read_text().splitlines()
    postmaster = int(lines[0])
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True, check=False)
    for pid in (postmaster, *map(int, listed.stdout.split())):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    # A key that keeps another postmaster away, which outlives it.
    subprocess.run(["ipcrm", "-m", lines[6].split()[1]], capture_output=True, check=False)


@contextlib.contextmanager
def primary_with_standby(box, names):
    """A primary with a vault, the current one of |box|, and a standby behind a pipe, which commits wait for if |names|, the
    synchronous_standby_names, names it."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=place.folder))
    folder.chmod(0o755)
    (folder / "primary").mkdir()
    servers = [postgres.Server(folder / "primary", [SHARED_MEMORY])]
    primary = servers[0]
    try:
        place.psql("CREATE DATABASE v TEMPLATE template0", server=primary)
        place.psql("CREATE ROLE quiet SUPERUSER LOGIN; ALTER ROLE quiet SET client_min_messages = error; "
                   "CREATE ROLE hasty SUPERUSER LOGIN; ALTER ROLE hasty SET synchronous_commit = off", server=primary)
        box.environment["BULLA_VAULT"] = primary.url("v")
        box.path("root.key").unlink(missing_ok=True)
        box.run("init")
        box.run("put", "acme/db", "--secret", "password", stdin="hunter2")
        pipe = Pipe(folder / "pipe", primary.folder)
        servers.append(postgres.Standby(folder / "standby", primary, [SHARED_MEMORY], pipe.folder))
        place.psql(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'", server=primary)
        place.psql("SELECT pg_reload_conf()", server=primary)
        servers[1].wait_until("sync" if names else "async")
        yield primary, servers[1], pipe
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def a_wait_that_is_cut_short_is_uncertain(box, primary, standby):
    url = primary.url("v")
    users = {"postgres": "cancel", "quiet": "cancel", "hasty": "cancel", "postgres ": "terminate"}
    stepping = {user: Client(box, f"wait{i}", url.replace("user=postgres", f"user={user.strip()}"))
                for i, user in enumerate(users)}
    for client in stepping.values():
        assert client.step() == "opened", client.said()
    standby.stop("fast")
    for user, how in users.items():
        client = stepping[user]
        client.start()
        waiting = ""
        end = time.monotonic() + 10
        while not waiting:
            assert time.monotonic() < end, (user, client.said())
            waiting = place.psql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
                                 f"usename = '{user.strip()}'", server=primary)
        time.sleep(0.1)
        assert len(client.lines()) == client.steps, "something was said before the standby had it"
        place.psql(f"SELECT pg_{how}_backend({waiting})", server=primary)
        assert client.finish() == "BULLA_UNCERTAIN", (user, how, client.said())
    standby.start()
    standby.wait_until("sync")
    for user, client in stepping.items():
        assert client.step() == "opened", (user, client.said())
    all_recorded(box, stepping.values())
    for client in stepping.values():
        client.end()


def a_standby_can_be_read(box, primary, standby):
    url = standby.url("v")
    place.psql("SELECT pg_switch_wal()", server=primary)
    box.run("list", env={"BULLA_VAULT": url})
    box.run("audit", "verify", env={"BULLA_VAULT": url})
    only(box, "standbys", "warning", "a standby itself", "primary", besides={"login"}, env={"BULLA_VAULT": url})
    for args in (["get", "acme/db", "password", "--reason", "r"], ["put", "acme/db", "host=x"]):
        box.run(*args, env={"BULLA_VAULT": url}, status=4)
        assert "writ" in box.errors and "standby" in box.errors, box.errors


def doctor_names_the_standby(box, primary):
    assert examine(box)["standbys"] == ("ok", "a commit waits for standby", None)
    place.psql("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA bulla TO reader; "
               "GRANT SELECT ON ALL TABLES IN SCHEMA bulla TO reader;" +
               postgres.sees_whole("reader"), "v", primary)
    only(box, "standbys", "warning", "cannot see who follows", "pg_read_all_stats", besides={"rights"},
         env={"BULLA_VAULT": primary.url("v").replace("user=postgres", "user=reader")})


def noticed(client):
    return "BULLA_AUDIT_BROKEN" in client.statuses()


def kill_under_load(box, prefix, names, wanted, stalls):
    """Kills the primary when |wanted| uses were acknowledged, promotes the standby, and has the clients go on there. Returns
    how many were acknowledged before the kill, how many of these and of the later ones are missing in its log, and what the
    clients were told. If it |stalls|, the standby hears nothing in the last moments."""
    with primary_with_standby(box, names) as (primary, standby, pipe):
        # As somebody whose commits would not wait, if bulla did not see to that.
        both = f"postgres:///v?host={primary.folder},{standby.folder}&user=hasty"
        with clients(box, PROCESSES, prefix, url=both, threads=THREADS) as started:
            end = time.monotonic() + 60
            while total(started) < wanted:
                assert time.monotonic() < end, [client.said() for client in started]
                time.sleep(0.1)
            if stalls:
                pipe.stall()
                time.sleep(0.5)
            kill_server(primary)
            pipe.drop()
            before = total(started)
            # They meet the standby while it is one.
            time.sleep(0.3)
            standby.run("pg_ctl", "promote", "-w", "-D", standby.data)
            end = time.monotonic() + 20
            while total(started) < before + wanted // 10 and not any(noticed(client) for client in started):
                assert time.monotonic() < end, [client.said() for client in started]
                time.sleep(0.1)
        opened = set().union(*(client.opened() for client in started))
        box.environment["BULLA_VAULT"] = standby.url("v")
        return before, len(opened - granted(box)), reasons(started)


@test_without_vault
def a_commit_waits_for_the_standby(box):
    with primary_with_standby(box, "standby") as (primary, standby, _):
        doctor_names_the_standby(box, primary)
        a_standby_can_be_read(box, primary, standby)
        a_wait_that_is_cut_short_is_uncertain(box, primary, standby)


@test_without_vault
def nothing_acknowledged_is_missing_on_the_standby_of_a_killed_primary(box):
    number = 0
    for i, stalls in enumerate((False, True, False)):
        acknowledged, missing, why = kill_under_load(box, f"sync{i}", "standby", WANTED // 3, stalls)
        assert missing == 0, f"{missing} of {acknowledged} acknowledged are missing"
        assert set(why) <= {"BULLA_UNREACHABLE", "BULLA_UNCERTAIN", "BULLA_READ_ONLY", "BULLA_BUSY"}, why
        number += acknowledged
    note(f"{number} acknowledged before 3 kills: 0 missing on the standbys")
    assert number >= WANTED, number


@test_without_vault
def what_a_standby_that_nobody_waits_for_has_lost_is_counted_and_noticed(box):
    acknowledged, missing, why = kill_under_load(box, "async", "", WANTED // 3, True)
    note(f"{missing} of {acknowledged} acknowledged are missing on a standby that was not waited for: {sorted(why)}")
    assert missing > 0
    assert "BULLA_AUDIT_BROKEN" in why, why


run_with_server()
