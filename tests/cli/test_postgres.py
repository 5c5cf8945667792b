# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A vault on a server: nothing is opened that was not durably recorded, whatever becomes of the connection, the server or
its machine, and a server that keeps nothing, or is none, is refused with words that help.

usage: test_postgres.py BULLA CLIENT

CLIENT is tests/cli/pg_client.c. The servers are started here, in a folder of their own."""

import contextlib
import datetime
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from command import BULLA, Skip, run_tests, test_without_vault
from pg_wire import Fake, Proxy, message
import postgres
import tap

CLIENT = os.path.abspath(sys.argv[2])
PASSWORD = "p4ssw0rd-of-the-url"
CLIENTS = 4


class Place:
    """The servers of this run, and what is asked of them behind bulla's back."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        (self.folder / "main").mkdir()
        # A file for its shared memory, which goes with the folder when the server was killed.
        self.server = postgres.Server(self.folder / "main", ["dynamic_shared_memory_type=mmap"])
        self.databases = 0

    def psql(self, text, database="postgres", server=None, check=True):
        server = server or self.server
        done = subprocess.run([server.bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", server.folder, "-U", "postgres",
                               "-d", database, "-c", text], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0 or not check, (text, done.stderr)
        return done.stdout.strip()

    def database(self, options=""):
        """Makes an empty database and returns its name."""
        self.databases += 1
        name = f"v{self.databases}"
        self.psql(f"CREATE DATABASE {name} {options or 'TEMPLATE template0'}")
        return name

    def vault(self, box):
        """Makes a vault with a value in it, the current one of |box|; returns the name of the database."""
        name = self.database()
        self.name(box, name)
        box.run("init")
        box.run("put", "acme/db", "--secret", "password", stdin="hunter2")
        return name

    def name(self, box, name):
        box.environment["BULLA_VAULT"] = self.server.url(name)

    def configure(self, *settings):
        for setting in settings:
            self.psql(f"ALTER SYSTEM {setting}")
        self.psql("SELECT pg_reload_conf()")
        time.sleep(0.3)


class Client:
    """A process that uses the value, once for each step(), or without end."""

    def __init__(self, box, name, url=None, endless=False):
        self.name = name
        self.out, self.errors = box.path(f"{name}.out"), box.path(f"{name}.err")
        with open(self.out, "wb") as out, open(self.errors, "wb") as errors, open("/dev/zero", "rb") as zeros:
            self.process = subprocess.Popen([CLIENT, url or box.environment["BULLA_VAULT"], f"file:{box.path('root.key')}", name],
                                            stdin=zeros if endless else subprocess.PIPE, stdout=out, stderr=errors)
        self.steps = 0
        self.wait_for(1, 30)
        assert self.lines()[0] == "BULLA_OK", self.said()

    def lines(self):
        """The whole lines so far."""
        return self.out.read_text().split("\n")[:-1]

    def said(self):
        return self.lines()[-3:], self.errors.read_text()[-600:]

    def wait_for(self, number, seconds=60):
        end = time.monotonic() + seconds
        while len(self.lines()) < number:
            assert time.monotonic() < end and self.process.poll() is None, (self.name, number, self.said())
            time.sleep(0.002)

    def start(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.steps += 1

    def finish(self):
        """What became of the use that was started: "opened", or a status."""
        self.wait_for(1 + self.steps)
        words = self.lines()[self.steps].split()
        assert words[1] == str(self.steps)
        return words[2] if words[0] == "failed" else "opened"

    def step(self):
        self.start()
        return self.finish()

    def reason(self):
        return f"{self.name}-{self.steps}"

    def opened(self):
        """The reasons of the uses that opened the value."""
        return {f"{self.name}-{line.split()[1]}" for line in self.lines() if line.startswith("opened ")}

    def statuses(self):
        return {line.split()[2] for line in self.lines() if line.startswith("failed ")}

    def end(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def clients(box, number, prefix, **options):
    started = []
    try:
        for i in range(number):
            started.append(Client(box, f"{prefix}{i}", **options))
        yield started
    finally:
        for client in started:
            client.end()


def granted(box):
    """The reasons of all uses that were granted, by the log, which must be good."""
    box.run("audit", "verify")
    reasons = [record["reason"] for record in box.log() if record["op"] == "use" and record["outcome"] == "granted"]
    return set(reasons)


def total(started):
    return sum(len(client.opened()) for client in started)


def wait_for_opened(started, more, seconds=30):
    """Waits until each client has opened |more| values from now on."""
    before = [len(client.opened()) for client in started]
    end = time.monotonic() + seconds
    while any(len(client.opened()) < number + more for client, number in zip(started, before)):
        assert time.monotonic() < end, [client.said() for client in started]
        time.sleep(0.05)


def all_recorded(box, started):
    """Checks that what was opened was recorded; returns how many were."""
    opened = set().union(*(client.opened() for client in started))
    missing = opened - granted(box)
    assert not missing, f"{len(missing)} of {len(opened)} opened without a record: {sorted(missing)[:5]}"
    return len(opened)


def tells(box, args, *words, url=None, status=4, secret=PASSWORD, env=None):
    """bulla fails with |words|, and does not tell the password of its URL."""
    args = args.split() if isinstance(args, str) else args
    environment = {**({"BULLA_VAULT": url} if url else {}), **(env or {})}
    out = box.run(*args, stdin=b"", status=status, env=environment)
    for word in words:
        assert word in box.errors, (args, word, box.errors)
    assert secret not in box.errors and secret.encode() not in out, box.errors


def note(text):
    print(f"# {text}", flush=True)


# What becomes of a use whose connection is cut.


def try_cut(proxy, client, cut_at, part, outcomes):
    """A use that is cut there, which must fail as far as a COMMIT came, and the one after it, which must succeed."""
    proxy.arm(cut_at, part)
    status = client.step()
    where = (cut_at, part, status, client.said())
    if proxy.has_cut and not proxy.answered:
        assert status != "opened", where
    if proxy.commit_sent and not proxy.answered:
        assert status == "BULLA_UNCERTAIN", where
    elif not proxy.commit_came:
        assert status == "BULLA_UNREACHABLE", where
    else:
        assert status in ("opened", "BULLA_UNCERTAIN"), where
    outcomes.append((client.reason(), status, proxy.commit_sent))
    proxy.arm()
    assert client.step() == "opened", (where, client.said())
    outcomes.append((client.reason(), "opened", True))


def check_cuts(box, client, outcomes):
    recorded = granted(box)
    for reason, status, commit_sent in outcomes:
        assert reason in recorded or status != "opened", f"{reason} was opened without a record"
        assert reason not in recorded or commit_sent, f"{reason} has a record, and {status}"
    tally = {}
    for _, status, _ in outcomes:
        tally[status] = tally.get(status, 0) + 1
    uncertain = [reason for reason, status, _ in outcomes if status == "BULLA_UNCERTAIN"]
    note(f"{tally}; of the uncertain {len(set(uncertain) & recorded)} have a record")
    assert len(uncertain) >= 2, tally


def with_proxy(box, name):
    proxy = Proxy(box.path("proxy"), place.server.folder)
    return proxy, Client(box, name, f"postgres:///{place.vault(box)}?host={proxy.folder}&user=postgres")


@test_without_vault
def a_use_cut_after_each_message_opens_nothing_without_a_record(box):
    proxy, client = with_proxy(box, "warm")
    outcomes = []
    client.step()
    proxy.arm()
    assert client.step() == "opened"
    messages = proxy.passed
    for cut_at in range(messages):
        for part in (0, 0.5, 1) if cut_at >= messages - 6 else (cut_at % 3 / 2,):
            try_cut(proxy, client, cut_at, part, outcomes)
    note(f"a use is {messages} messages")
    assert messages > 20
    check_cuts(box, client, outcomes)
    client.end()


@test_without_vault
def a_use_that_connects_anew_is_cut_after_each_message(box):
    proxy, client = with_proxy(box, "cold")
    outcomes = []
    proxy.drop()
    assert client.step() == "BULLA_UNREACHABLE", client.said()
    proxy.arm()
    assert client.step() == "opened"
    messages = proxy.passed
    for cut_at in range(messages):
        proxy.drop()
        assert client.step() == "BULLA_UNREACHABLE", client.said()
        try_cut(proxy, client, cut_at, 0.5, outcomes)
    note(f"a use that connects is {messages} messages")
    assert messages > 40
    check_cuts(box, client, outcomes)
    client.end()


@test_without_vault
def a_command_that_is_cut_prints_nothing_or_has_a_record(box):
    proxy = Proxy(box.path("proxy"), place.server.folder)
    url = f"postgres:///{place.vault(box)}?host={proxy.folder}&user=postgres"
    proxy.arm()
    assert box.get(env={"BULLA_VAULT": url}) == b"hunter2"
    messages, opened = proxy.passed, set()
    # The lines of the catalogue are alike.
    for cut_at in [*range(0, messages, 12), *range(messages - 12, messages)]:
        proxy.arm(cut_at, 0.5)
        run = box.start("get", "acme/db", "password", "--reason", f"cut {cut_at}", env={"BULLA_VAULT": url}, stdout=-1,
                        stderr=-1)
        out, errors = run.communicate(timeout=60)
        assert (run.returncode, out) in ((0, b"hunter2"), (4, b"")), (cut_at, run.returncode, out, errors)
        if run.returncode == 0:
            assert proxy.answered, cut_at
            opened.add(f"cut {cut_at}")
        if proxy.commit_sent and not proxy.answered:
            assert b"it is not known whether" in errors and b"bulla audit log" in errors, errors
        elif not proxy.commit_came:
            assert b"cannot be reached" in errors, (cut_at, errors)
    assert opened <= granted(box)


@test_without_vault
def an_error_in_the_place_of_the_answer_to_a_commit_says_nothing_of_it(box):
    proxy, client = with_proxy(box, "forged")
    assert client.step() == "opened"
    for state in (b"08006", b"08P01", b"57P01"):
        error = message(b"E", b"SERROR\0VERROR\0C" + state + b"\0Mthe server is gone\0\0")
        for forged in (error + Fake.READY, error):
            proxy.forge = forged
            proxy.arm()
            if forged is error:
                client.start()
                while not proxy.commit_sent:
                    time.sleep(0.01)
                time.sleep(0.1)
                proxy.drop()
                assert client.finish() == "BULLA_UNCERTAIN", (state, client.said())
            else:
                assert client.step() == "BULLA_UNCERTAIN", (state, client.said())
            proxy.forge = None
            proxy.arm()
            assert client.step() == "opened", client.said()
    all_recorded(box, [client])
    client.end()


@test_without_vault
def a_commit_that_rolled_back_is_none(box):
    proxy, client = with_proxy(box, "rolled")
    before = granted(box)
    for tag in (b"ROLLBACK\0", b"SELECT 1\0"):
        proxy.arm()
        proxy.forge = message(b"1") + message(b"2") + message(b"n") + message(b"C", tag) + Fake.READY
        assert client.step() == "BULLA_IO", client.said()
    proxy.forge = None
    proxy.arm()
    # A statement that fails behind the driver's back is what makes a server say so.
    proxy.ask = "SELECT 1/0"
    assert client.step() == "BULLA_IO", client.said()
    assert client.reason() not in granted(box)
    assert before <= granted(box)
    client.end()


@test_without_vault
def a_transaction_waits_for_the_disk_whatever_the_role_or_database_says(box):
    name = place.vault(box)
    place.psql("CREATE ROLE lazy SUPERUSER LOGIN")
    proxy = Proxy(box.path("proxy"), place.server.folder)
    proxy.ask = ("SELECT concat_ws(' ', current_setting('synchronous_commit'), current_setting('client_min_messages'), "
                 "current_setting('transaction_isolation'), current_setting('transaction_read_only'))")
    for said, is_then in (("off", "on"), ("local", "on"), ("remote_write", "on"), ("on", "on"),
                          ("remote_apply", "remote_apply")):
        for whose in ("ROLE lazy", f"DATABASE {name}"):
            place.psql(f"ALTER {whose} SET synchronous_commit = {said}; ALTER {whose} SET client_min_messages = error; "
                       f"ALTER {whose} SET default_transaction_isolation = serializable; "
                       f"ALTER {whose} SET default_transaction_read_only = on")
            url = f"postgres:///{name}?host={proxy.folder}&user=lazy"
            assert box.get(env={"BULLA_VAULT": url}) == b"hunter2"
            assert proxy.told == [f"{is_then} warning read committed off"], (said, whose, proxy.told)
            place.psql(f"SET default_transaction_read_only = off; ALTER {whose} RESET ALL")


# Under load.


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
        statuses = set().union(*(client.statuses() for client in started))
        note(f"{rounds} rounds: {number} opened, all recorded; about {failed} failed: {sorted(statuses)}")
        assert statuses <= {"BULLA_UNREACHABLE", "BULLA_UNCERTAIN", "BULLA_BUSY"}, [client.said() for client in started]


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
        statuses = set().union(*(client.statuses() for client in started))
        note(f"{number} opened around 2 shutdowns, all recorded; {sorted(statuses)}")
        assert statuses <= {"BULLA_UNREACHABLE", "BULLA_UNCERTAIN", "BULLA_BUSY"}, [client.said() for client in started]


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


# Servers that do not do.


@test_without_vault
def servers_that_lose_what_they_acknowledged_are_refused(box):
    name = place.vault(box)
    url = f"postgres://postgres:{PASSWORD}@/{name}?host={place.server.folder}"
    for setting in ("fsync", "full_page_writes"):
        place.configure(f"SET {setting} = off")
        try:
            tells(box, "list", setting, "power", "bulla_fsync=off", url=url, status=2)
            box.run("list", env={"BULLA_VAULT": f"{url}&bulla_fsync=off"})
            box.run("list", env={"BULLA_VAULT": f"postgres:///{name}?bulla_fsync=off&host={place.server.folder}&user=postgres"})
        finally:
            place.configure(f"RESET {setting}")
    box.run("list")


@test_without_vault
def places_where_no_vault_is_are_told_with_a_remedy(box):
    box.write("root.key", "5a" * 32)

    def url(name, user="postgres", host=place.server.folder):
        return f"postgres://{user}:{PASSWORD}@/{name}?host={host}"
    tells(box, "list", "there is no vault here", "bulla init", url=url(place.database()))
    ascii_one = place.database("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    for command in ("list", "init --reuse-root"):
        tells(box, command, "not encoded in UTF8", "ENCODING 'UTF8'", url=url(ascii_one), status=2)
        tells(box, command, 'database "nowhere" does not exist', url=url("nowhere"))
        tells(box, command, 'role "nobody" does not exist', url=url("postgres", "nobody"))
        tells(box, command, "cannot be reached", "check the host in --vault", url=url("postgres", host=box.folder))
    other = place.database()
    place.psql("CREATE SCHEMA bulla; CREATE TABLE bulla.cheese(id int)", other)
    tells(box, "list", 'the schema "bulla" of the database is none of bulla\'s', url=url(other))
    tells(box, "init --reuse-root", "name another", url=url(other), status=2)
    for wrong in (f"postgres:{PASSWORD}", f"postgres://u:{PASSWORD}@h/d?nonsense=1",
                  f"postgres://u:{PASSWORD}@h/d?bulla_fsync=offx", f"postgres://%zz:{PASSWORD}@h/d"):
        tells(box, "list", "postgres://", url=wrong, status=2)


@test_without_vault
def a_login_that_may_not_is_told_what_to_check(box):
    name = place.vault(box)
    place.psql("CREATE ROLE stranger LOGIN PASSWORD 'right'; CREATE ROLE reader LOGIN; CREATE ROLE single LOGIN "
               "CONNECTION LIMIT 0")
    place.psql("GRANT USAGE ON SCHEMA bulla TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA bulla TO reader", name)
    hba = place.server.data / "pg_hba.conf"
    before = hba.read_text()
    hba.write_text("local all stranger scram-sha-256\n" + before)
    place.configure()
    try:
        url = f"postgres://stranger:{PASSWORD}@/{name}?host={place.server.folder}"
        tells(box, "list", "password authentication failed", "check the login and password", url=url)
        tells(box, "list", "does not permit this", "check the login and password", url=url.replace(PASSWORD, "right"), secret="right@")
    finally:
        hba.write_text(before)
        place.configure()
    reader = f"postgres://reader:{PASSWORD}@/{name}?host={place.server.folder}"
    box.run("list", env={"BULLA_VAULT": reader})
    box.run("audit", "verify", env={"BULLA_VAULT": reader})
    tells(box, ["get", "acme/db", "password", "--reason", "r"], "does not permit this", "42501", url=reader)
    tells(box, "list", "too many connections", "try again",
          url=f"postgres://single:{PASSWORD}@/{name}?host={place.server.folder}")


CHANGES = (
    "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
    "CREATE TRIGGER t BEFORE INSERT ON bulla.audit FOR EACH ROW EXECUTE FUNCTION public.f()",
    "CREATE RULE r AS ON INSERT TO bulla.audit DO INSTEAD NOTHING",
    "CREATE POLICY p ON bulla.audit USING (true)",
    "ALTER TABLE bulla.audit ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE bulla.field ADD COLUMN more text",
    "ALTER TABLE bulla.field DROP COLUMN mask",
    "CREATE INDEX more ON bulla.audit(op)",
    "CREATE TABLE public.other(e bytea REFERENCES bulla.entry)",
    "ALTER TABLE bulla.audit SET UNLOGGED",
    "ALTER TABLE bulla.vault DROP CONSTRAINT vault_signature_check",
    "ALTER TABLE bulla.revocation ALTER COLUMN number TYPE numeric",
    "CREATE TABLE public.child() INHERITS (bulla.revoked_token)",
    "CREATE VIEW bulla.more AS SELECT 1",
    "CREATE FUNCTION bulla.length(bytea) RETURNS int LANGUAGE sql AS 'SELECT 0'",
    "DROP TABLE bulla.turn",
)


@test_without_vault
def a_vault_that_somebody_has_changed_is_refused(box):
    name = place.vault(box)
    for change in CHANGES:
        place.psql(f"CREATE DATABASE changed TEMPLATE {name}")
        place.psql(change, "changed")
        for args in (["list"], ["get", "acme/db", "password", "--reason", "r"]):
            tells(box, args, 'the schema "bulla" is not as bulla makes it', url=place.server.url("changed"))
        place.psql("DROP DATABASE changed")
    place.psql("ALTER TABLE bulla.format DROP CONSTRAINT format_version_check; UPDATE bulla.format SET version = 3", name)
    tells(box, "list", "made by a newer version of bulla", "upgrade")
    place.psql("UPDATE bulla.format SET version = 2; "
               "ALTER TABLE bulla.format ADD CONSTRAINT format_version_check CHECK (version = 2)", name)
    assert box.get() == b"hunter2"


def rows_of_a_version(answer):
    """Good facts of a server, then |answer| to the question for the format of the vault."""
    return lambda text: FACTS if "server_version_num" in text else answer if "format" in text else Fake.rows(("x",))


FACTS = Fake.rows(("150000", "UTF8", "on", "on", "0", "7"))
NONSENSE = {
    "silent": (lambda text: b"", b""),
    "silent later": (lambda text: b"", Fake.HELLO),
    "silent after a row": (lambda text: FACTS[:-6], Fake.HELLO),
    "no messages": (lambda text: b"\0" * 64, Fake.HELLO),
    "a length below four": (lambda text: b"T\0\0\0\1", Fake.HELLO),
    "a copy to the server": (lambda text: message(b"G", b"\0\0\0") + Fake.READY, Fake.HELLO),
    "a copy to the client": (lambda text: message(b"H", b"\0\0\0") + Fake.READY, Fake.HELLO),
    "a copy both ways": (lambda text: message(b"W", b"\0\0\0") + Fake.READY, Fake.HELLO),
    "nothing": (lambda text: Fake.READY, Fake.HELLO),
    "an empty query": (lambda text: message(b"I") + Fake.READY, Fake.HELLO),
    "an error without fields": (lambda text: message(b"E", b"\0") + Fake.READY, Fake.HELLO),
    "few facts": (lambda text: Fake.rows(("150000", "UTF8")), Fake.HELLO),
    "two rows of facts": (lambda text: Fake.rows(*[("150000", "UTF8", "on", "on", "0", "7")] * 2), Fake.HELLO),
    "an old one": (lambda text: Fake.rows(("130000", "UTF8", "on", "on", "0", "7")), Fake.HELLO),
    "a version of two columns": (rows_of_a_version(Fake.rows(("2", "2"))), Fake.HELLO),
    "a version of another type": (rows_of_a_version(Fake.rows(("2",), type=17)), Fake.HELLO),
    "no version": (rows_of_a_version(Fake.rows(("x",))), Fake.HELLO),
    "a catalogue of one line": (rows_of_a_version(Fake.rows(("2",))), Fake.HELLO),
    "rows that do not end": (lambda text: Fake.rows(*[("x" * 100,)] * 9)[:-6] * 100, Fake.HELLO),
}


class Nonsense:
    """Commands that speak with such servers, beside the other tests: some wait to the end of their patience."""

    LIMIT = 40

    def __init__(self, folder):
        folder.mkdir()
        (folder / "root.key").write_text("5a" * 32)
        (folder / "root.key").chmod(0o600)
        self.ended = {}
        self.threads = []
        self.start = time.monotonic()
        for i, (what, (answer, hello)) in enumerate(NONSENSE.items()):
            self.ask(what, folder, Fake(folder / f"fake{i}", answer, hello).folder)
        # Somebody who listens, and does not even accept.
        (folder / "deaf").mkdir()
        self.deaf = socket.socket(socket.AF_UNIX)
        self.deaf.bind(str(folder / "deaf/.s.PGSQL.5432"))
        self.deaf.listen(1)
        self.ask("deaf", folder, folder / "deaf")

    def ask(self, what, folder, host):
        thread = threading.Thread(target=self.run, args=(what, folder, f"postgres://postgres:{PASSWORD}@/x?host={host}"))
        thread.start()
        self.threads.append(thread)

    def run(self, what, folder, url):
        try:
            done = subprocess.run([BULLA, "list", "--vault", url, "--root", "file:root.key"], stdin=subprocess.DEVNULL,
                                  cwd=folder, capture_output=True, text=True, timeout=self.LIMIT, check=False)
            self.ended[what] = (done.returncode, done.stdout, done.stderr, time.monotonic() - self.start)
        except subprocess.TimeoutExpired:
            self.ended[what] = None


@test_without_vault
def servers_that_talk_nonsense_or_not_at_all_are_left_in_time(_):
    for thread in nonsense.threads:
        thread.join()
    for what, ended in nonsense.ended.items():
        assert ended is not None, f"{what}: no end"
        status, out, errors, seconds = ended
        assert status in (2, 4) and out == "" and errors.count("\n") == 1, (what, ended)
        assert PASSWORD not in errors, errors
        assert seconds < nonsense.LIMIT
    note(f"{len(nonsense.ended)} servers were left after {max(e[3] for e in nonsense.ended.values()):.0f} s at most")


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
        with clients(box, CLIENTS, "pooled", endless=True) as started:
            wait_for_opened(started, 25)
            for _ in range(10):
                place.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' "
                           "ORDER BY random() LIMIT 1")
            wait_for_opened(started, 5)
            number = all_recorded(box, started)
            statuses = set().union(*(client.statuses() for client in started))
            note(f"{number} opened by {CLIENTS} clients over 2 connections, all recorded; {sorted(statuses)}")
            assert statuses <= {"BULLA_UNREACHABLE", "BULLA_UNCERTAIN", "BULLA_BUSY"}, [client.said() for client in started]


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
               "ALTER TABLE bulla.entry ALTER COLUMN name TYPE text COLLATE public.\"C\"", name)
    tells(box, "list", "not a vault", url=place.server.url(name))


# The network.


def make_certificate(folder, name, issuer=None):
    """Makes |name|.crt and |name|.key for the host "localhost"; returns what signs with them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[0] if issuer else subject)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
               .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
               .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False))
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                           serialization.NoEncryption()))
    return subject, key


@contextlib.contextmanager
def on_the_network(folder, *settings):
    """A server on loopback; yields its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir()
    server = postgres.Server(folder, ["listen_addresses=127.0.0.1", f"port={port}", *settings])
    try:
        yield server, port
    finally:
        server.stop()


@test_without_vault
def over_the_network_the_server_must_show_a_certificate_for_its_name(box):
    certificates = place.folder / "certificates"
    certificates.mkdir()
    issuer = make_certificate(certificates, "authority")
    make_certificate(certificates, "server", issuer)
    make_certificate(certificates, "stranger")
    for file in certificates.iterdir():
        file.chmod(0o600)
        if place.server.user:
            shutil.chown(file, place.server.user)
    with on_the_network(place.folder / "tls", "ssl=on", f"ssl_cert_file={certificates}/server.crt",
                        f"ssl_key_file={certificates}/server.key") as (server, port):
        server.run("createdb", "-h", str(server.folder), "-p", str(port), "-U", "postgres", "v")
        authority = f"sslrootcert={certificates}/authority.crt"
        good = f"postgres://postgres@localhost:{port}/v?{authority}"
        box.run("init", env={"BULLA_VAULT": good})
        box.run("put", "acme/db", "--secret", "password", stdin="hunter2", env={"BULLA_VAULT": good})
        assert box.run("get", "acme/db", "password", "--reason", "TLS", env={"BULLA_VAULT": good}) == b"hunter2"
        # Without a word in the URL nothing goes out in clear, or to whoever answers.
        tells(box, "list", "certificate", url=f"postgres://postgres@localhost:{port}/v")
        tells(box, "list", "certificate", url=f"postgres://postgres@localhost:{port}/v?sslrootcert={certificates}/stranger.crt")
        tells(box, "list", "127.0.0.1", url=f"postgres://postgres@127.0.0.1:{port}/v?{authority}")
        box.run("list", env={"BULLA_VAULT": f"postgres://postgres@127.0.0.1:{port}/v?sslmode=verify-ca&{authority}"})
    with on_the_network(place.folder / "clear") as (server, port):
        server.run("createdb", "-h", str(server.folder), "-p", str(port), "-U", "postgres", "v")
        tells(box, "init", "SSL", url=f"postgres://postgres@localhost:{port}/v?{authority}")
        tells(box, "init", "SSL", url=f"postgres:///v?user=postgres&port={port}&{authority}", env={"PGHOST": "localhost"})
        box.run("init", "--reuse-root", env={"BULLA_VAULT": f"postgres://postgres@localhost:{port}/v?sslmode=disable"})


# A standby.


class Standby(postgres.Server):
    """A copy of the primary that follows it."""

    def __init__(self, folder, primary):
        folder.mkdir()
        self.bin, self.user, self.folder, self.data = primary.bin, primary.user, folder, folder / "data"
        if self.user:
            shutil.chown(folder, self.user)
        folder.chmod(0o755)
        self.run("pg_basebackup", "-h", primary.folder, "-U", "postgres", "-D", self.data, "-R", "-c", "fast", "-X", "stream")
        auto = self.data / "postgresql.auto.conf"
        auto.write_text(auto.read_text().replace("primary_conninfo = '", "primary_conninfo = 'application_name=standby "))
        self.settings = [*self.SETTINGS, f"unix_socket_directories={folder}", "dynamic_shared_memory_type=mmap"]
        self.start()


def wait_until_sync():
    end = time.monotonic() + 20
    while place.psql("SELECT sync_state FROM pg_stat_replication") != "sync":
        assert time.monotonic() < end, place.psql("SELECT * FROM pg_stat_replication")
        time.sleep(0.05)


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


def a_wait_that_is_cut_short_is_uncertain(box, name, standby):
    url = place.server.url(name)
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
            waiting = place.psql(f"SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = '{user.strip()}'")
        time.sleep(0.1)
        assert len(client.lines()) == client.steps, "something was said before the standby had it"
        place.psql(f"SELECT pg_{how}_backend({waiting})")
        assert client.finish() == "BULLA_UNCERTAIN", (user, how, client.said())
    standby.start()
    wait_until_sync()
    for user, client in stepping.items():
        assert client.step() == "opened", (user, client.said())
    all_recorded(box, stepping.values())
    for client in stepping.values():
        client.end()


def a_standby_can_be_read(box, name, standby):
    url = standby.url(name)
    place.psql("SELECT pg_switch_wal()")
    box.run("list", env={"BULLA_VAULT": url})
    box.run("audit", "verify", env={"BULLA_VAULT": url})
    for args in (["get", "acme/db", "password", "--reason", "r"], ["put", "acme/db", "host=x"]):
        box.run(*args, env={"BULLA_VAULT": url}, status=4)
        assert "writ" in box.errors and "standby" in box.errors, box.errors


@test_without_vault
def nothing_acknowledged_is_missing_on_the_standby_of_a_killed_primary(box):
    name = place.vault(box)
    place.psql("CREATE ROLE quiet SUPERUSER LOGIN; ALTER ROLE quiet SET client_min_messages = error; "
               "CREATE ROLE hasty SUPERUSER LOGIN; ALTER ROLE hasty SET synchronous_commit = off")
    standby = Standby(place.folder / "standby", place.server)
    try:
        place.configure("SET synchronous_standby_names = 'standby'")
        wait_until_sync()
        a_standby_can_be_read(box, name, standby)
        a_wait_that_is_cut_short_is_uncertain(box, name, standby)
        both = f"postgres:///{name}?host={place.server.folder},{standby.folder}&user=postgres"
        with clients(box, CLIENTS, "sync", url=both, endless=True) as started:
            time.sleep(6)
            kill_server(place.server)
            before = total(started)
            # They meet the standby while it is one.
            time.sleep(0.5)
            standby.run("pg_ctl", "promote", "-w", "-D", standby.data)
            box.environment["BULLA_VAULT"] = standby.url(name)
            wait_for_opened(started, 5)
            number = all_recorded(box, started)
            note(f"{before} acknowledged before the primary was killed, {number} in all: 0 missing on the standby")
            assert before > 100, before
    finally:
        standby.stop()


if postgres.programs() is None:
    print("1..0 # SKIP no PostgreSQL server is installed: apt-get install postgresql", flush=True)
    print("SKIPPED: no PostgreSQL server is installed", file=sys.stderr)
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="bulla-pg-", ignore_cleanup_errors=True,
                                 dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as its_folder:
    nonsense = Nonsense(pathlib.Path(its_folder) / "nonsense")
    place = Place(its_folder)
    try:
        run_tests()
    finally:
        place.server.stop()
