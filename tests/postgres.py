# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs a program beside a PostgreSQL server of its own, which listens on a Unix socket alone.

usage: postgres.py PROGRAM [ARGUMENT]…

The program finds in BULLA_TEST_POSTGRES the URL of a vault there, with %s for the database, and in BULLA_TEST_PSQL how to
reach the server with libpq. Where no server is installed it prints that the tests are skipped, as TAP."""

import fcntl
import glob
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time


def programs():
    """The folder of the newest server that is installed, or None."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    if found:
        return pathlib.Path(max(found, key=lambda path: int(path.split("/")[4]))).parent
    on_path = shutil.which("postgres")
    return pathlib.Path(on_path).parent if on_path else None


def sees_whole(role):
    """SQL that adds a role to those that see the whole vault, as docs/POSTGRESQL.md has it."""
    return f"""
DO $$ DECLARE p record; BEGIN
  FOR p IN SELECT * FROM pg_policies WHERE schemaname = 'bulla' AND policyname = 'whole' LOOP
    EXECUTE format('ALTER POLICY whole ON bulla.%I TO {role}, %s', p.tablename,
      (SELECT string_agg(quote_ident(r), ', ') FROM unnest(p.roles) AS r));
  END LOOP;
END $$;"""


class Server:
    """A server in a folder of its own. It refuses to run as root, and is then run as its own user."""

    INITDB = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N")
    SETTINGS = ("listen_addresses=", "max_connections=100", "autovacuum=off", "log_min_messages=warning")
    environment = None  # the one of this process

    def __init__(self, folder, settings=(), environment=None):
        self.bin = programs()
        self.environment = {**os.environ, **environment} if environment else None
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        self.folder.chmod(0o755)
        self.initialise()
        self.settings = [*self.SETTINGS, f"unix_socket_directories={self.folder}", *settings]
        self.start()

    def initialise(self):
        """Makes the folder of the data: a copy of one that is kept in the folder BULLA_TEST_CLUSTERS, if that is set. There
        the first who needs one puts it."""
        kept = os.environ.get("BULLA_TEST_CLUSTERS")
        if not kept:
            self.run("initdb", "-D", self.data, *self.INITDB)
            return
        # Another server, other options or another owner have one of their own.
        made_by = [self.run("initdb", "--version").stdout, self.bin, self.user, os.geteuid(), self.INITDB]
        cluster = pathlib.Path(kept) / hashlib.sha256(repr(made_by).encode()).hexdigest()[:16]
        cluster.parent.mkdir(exist_ok=True)
        with open(cluster.parent / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not cluster.exists():
                self.run("initdb", "-D", self.data, *self.INITDB)
                with tempfile.TemporaryDirectory(dir=cluster.parent) as whole:
                    subprocess.run(["cp", "-a", self.data, whole], check=True)
                    os.rename(f"{whole}/{self.data.name}", cluster)
                return
        subprocess.run(["cp", "-a", cluster, self.data], check=True)

    def run(self, name, *arguments, check=True):
        done = subprocess.run([self.bin / name, *arguments], user=self.user, stdin=subprocess.DEVNULL, cwd="/",
                              capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise SystemExit(f"{name} failed: {done.stdout}{done.stderr}")
        return done

    def start(self):
        options = " ".join(f"-c '{setting}'" for setting in self.settings)
        # What stays open of pg_ctl's output would be waited for.
        done = subprocess.run([self.bin / "pg_ctl", "start", "-w", "-D", self.data, "-l", self.folder / "log", "-o", options],
                              user=self.user, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, cwd="/", env=self.environment, check=False)
        if done.returncode != 0:
            raise SystemExit("the server did not start: " + (self.folder / "log").read_text())

    def stop(self, how="immediate"):
        self.run("pg_ctl", "stop", "-m", how, "-w", "-D", self.data, check=False)

    def url(self, database):
        return f"postgres:///{database}?host={self.folder}&user=postgres"

    def ask(self, text, database="postgres"):
        """What psql prints of |text|."""
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "postgres", "-d", database,
                        "-c", text).stdout.strip()


class Standby(Server):
    """A copy of the primary that follows it, through what listens in the folder |behind|, if that is given."""

    def __init__(self, folder, primary, settings=(), behind=None):
        folder.mkdir()
        self.bin, self.user, self.folder, self.data = primary.bin, primary.user, folder, folder / "data"
        self.primary, self.environment = primary, primary.environment
        if self.user:
            shutil.chown(folder, self.user)
        folder.chmod(0o755)
        self.run("pg_basebackup", "-h", primary.folder, "-U", "postgres", "-D", self.data, "-c", "fast", "-X", "stream")
        (self.data / "standby.signal").touch()
        # The last one counts.
        with open(self.data / "postgresql.auto.conf", "a", encoding="utf-8") as file:
            file.write(f"primary_conninfo = 'host={behind or primary.folder} user=postgres application_name=standby'\n")
        self.settings = [*self.SETTINGS, f"unix_socket_directories={folder}", *settings]
        self.start()

    def wait_until(self, state):
        """Waits until the primary takes it for one that is in |state|: "sync" or "async"."""
        end = time.monotonic() + 20
        while self.primary.ask("SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'") != state:
            assert time.monotonic() < end, self.primary.ask("SELECT * FROM pg_stat_replication")
            time.sleep(0.05)


def main():
    if programs() is None:
        print("1..0 # SKIP no PostgreSQL server is installed: apt-get install postgresql", flush=True)
        print("SKIPPED: no PostgreSQL server is installed", file=sys.stderr)
        return 0
    # In memory: what is tested is what is said to the server, not its disk.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="bulla-pg-", dir=place, ignore_cleanup_errors=True) as folder:
        server = Server(folder)
        try:
            environment = {**os.environ, "PGHOST": str(folder), "PGUSER": "postgres", "BULLA_TEST_POSTGRES": server.url("%s"),
                           "BULLA_TEST_PSQL": f"host={server.folder} user=postgres dbname="}
            return subprocess.run(sys.argv[1:], env=environment, check=False).returncode
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
