# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What the tests of a vault on a server share: the server, which is started in a folder of its own, and processes that use a
vault there. CLIENT names the program of tests/cli/pg_client.c: it is the second argument."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from command import run_tests
import postgres

CLIENT = os.path.abspath(sys.argv[2])
PASSWORD = "p4ssw0rd-of-the-url"
CLIENTS = 4


class Place:
    """The servers of this run, and what is asked of them behind bulla's back."""

    def start(self, folder):
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


place = Place()


class Client:
    """A process that uses the value, once for each step(), or without end, or without end in |threads|."""

    def __init__(self, box, name, url=None, endless=False, threads=None):
        self.name = name
        self.out, self.errors = box.path(f"{name}.out"), box.path(f"{name}.err")
        with open(self.out, "wb") as out, open(self.errors, "wb") as errors, open("/dev/zero", "rb") as zeros:
            arguments = [url or box.environment["BULLA_VAULT"], f"file:{box.path('root.key')}", name]
            self.process = subprocess.Popen([CLIENT, *arguments, *([str(threads)] if threads else [])],
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

    def start(self, puts=False):
        self.process.stdin.write(b"p" if puts else b"\n")
        self.process.stdin.flush()
        self.steps += 1

    def finish(self):
        """What became of what was started: "opened", "put", or a status."""
        self.wait_for(1 + self.steps)
        words = self.lines()[self.steps].split()
        assert words[1] == str(self.steps)
        return words[2] if words[0] == "failed" else words[0]

    def step(self, puts=False):
        self.start(puts)
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


def reasons(started):
    """The statuses of all uses that failed, with what the clients' logs say of them."""
    lines = set("".join(client.errors.read_text() for client in started).splitlines())
    statuses = set().union(*(client.statuses() for client in started))
    return {status: sorted(line for line in lines if line.startswith(status)) for status in statuses}


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


def run_with_server(begin=lambda folder: None):
    """Runs the tests with a server at |place|. |begin| is called first, with a folder."""
    if postgres.programs() is None:
        print("1..0 # SKIP no PostgreSQL server is installed: apt-get install postgresql", flush=True)
        print("SKIPPED: no PostgreSQL server is installed", file=sys.stderr)
        sys.exit(0)
    with tempfile.TemporaryDirectory(prefix="bulla-pg-", ignore_cleanup_errors=True,
                                     dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        begin(pathlib.Path(folder))
        place.start(folder)
        try:
            run_tests()
        finally:
            place.server.stop()
