# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Uses a vault on a PostgreSQL server of its own from many threads and processes, and beside it what people do without
bulla, in the same run. In the server's memory, with a flush of a known time: what is compared is what is said to the
server, not disks. See docs/BENCHMARKS.md.

usage: load_server.py FOLDER [--seconds S] [--commit-ms N] [--threads T] [--processes P] [--only bulla]
                      [--network-ms N] [--standby] [--snapshot [--uses N]] [--bare] [--storage] [--round-trips]

Without a circumstance, threads or processes: all that docs/BENCHMARKS.md promises. FOLDER has the programs."""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).parent.parent / "tests"))
import postgres  # noqa: E402

# Threads and processes; where the peers run too; and what is wanted: uses a second, and p99 in milliseconds.
CASES = {
    "": [(1, 1), (4, 1), (16, 1), (64, 1), (1, 4), (4, 4), (16, 4), (64, 4)],
    "network": [(1, 1), (64, 1), (16, 4)],
    "standby": [(1, 1), (64, 1), (16, 4)],
    "snapshot": [(16, 4)],
    "bare": [],
    "storage": [],
    "round_trips": [],
}
PEER_CASES = [(1, 1), (16, 1), (64, 1), (16, 4)]
WANTED = {
    ("", 64, 1): (10000, 25), ("", 16, 4): (10000, None),
    ("network", 64, 1): (5000, None), ("network", 16, 4): (5000, None),
    ("standby", 64, 1): (6000, None), ("standby", 16, 4): (6000, None),
}
LAST_OF_FIRST = 0.8  # of the uses under a snapshot
BARE_MOST = 1.3
PEERS = {"pgcrypto": ["pgcrypto"], "pgcrypto, as it comes": ["pgcrypto-default"], "OpenSSL, one log": ["openssl"]}
SETTINGS = ["wal_sync_method=fdatasync", "max_connections=300", "autovacuum=on"]


@dataclasses.dataclass
class Figures:
    uses: float  # a second
    p50: float
    p99: float
    longest: float
    first: float = 0  # uses a second of the first and of the last fifth
    last: float = 0
    commits: int = 0
    per_commit: float = 0  # uses
    client_us: float = 0  # of the processor, for each use
    server_us: float = 0


def processor_seconds(pid):
    """What a process and those of its children that have ended have had of the processors."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


class Place:
    """A server, and what is run on it."""

    def __init__(self, folder, programs, options, commit_ms):
        self.folder, self.programs, self.options = pathlib.Path(folder), programs, options
        self.databases = 0
        library = self.folder / "slow_disk.so"  # the server's user need not be able to read ours
        library.write_bytes((programs / "libslow-disk.so").read_bytes())
        library.chmod(0o755)
        (self.folder / "main").mkdir()
        self.server = postgres.Server(self.folder / "main", SETTINGS,
                                      {"LD_PRELOAD": str(library), "BENCH_COMMIT_MS": str(commit_ms)})
        self.reached = self.server.folder  # where its socket is to be found
        self.turns = 0  # round trips over the last network

    def database(self):
        self.databases += 1
        self.server.run("createdb", "-h", self.server.folder, "-U", "postgres", f"load{self.databases}")
        return f"load{self.databases}"

    def url(self, name):
        return f"postgres:///{name}?host={self.reached}&user=postgres"

    def server_seconds(self):
        return processor_seconds((self.server.data / "postmaster.pid").read_text().splitlines()[0])

    def commits(self, name):
        time.sleep(0.1)  # what a session has counted it tells when it ends
        return int(self.server.ask(f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{name}'"))

    def measure(self, program, table, threads, processes, *arguments, name=None):
        name = name or self.database()
        length = [] if "--uses" in arguments else ["--seconds", str(self.options.seconds)]
        before = os.times(), self.server_seconds(), self.commits(name)
        done = subprocess.run([*program, "--threads", str(threads), "--processes", str(processes), *length, *arguments],
                              text=True, capture_output=True, check=False, timeout=900,
                              env={"PATH": "/usr/bin:/bin", "BULLA_BENCH_URL": self.url(name)})
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, program))} failed: {done.stdout}{done.stderr}")
        figures = Figures(*map(float, done.stdout.splitlines()[-1].strip("| ").split(" | ")[2:]))
        num = int(self.server.ask(f"SELECT count(*) FROM {table}", name))
        figures.commits = self.commits(name) - before[2]
        figures.per_commit = num / figures.commits
        client = sum(os.times()[2:4]) - sum(before[0][2:4])
        figures.client_us, figures.server_us = client / num * 1e6, (self.server_seconds() - before[1]) / num * 1e6
        return figures

    def bulla(self, threads, processes, *arguments, name=None):
        return self.measure([self.programs / "bulla-load"], "bulla.audit", threads, processes, *arguments, name=name)

    def benchmark(self, rows, name, *arguments):
        """What Google Benchmark says of |rows|; nothing if they are not built here."""
        if not (self.programs / "bulla-bench").exists():
            return []
        done = subprocess.run([self.programs / "bulla-bench", f"--benchmark_filter={rows}", "--benchmark_format=json",
                               *arguments], text=True, capture_output=True, check=False, timeout=900,
                              env={"PATH": "/usr/bin:/bin", "BULLA_BENCH_URL": self.url(name)})
        if "Failed to match any benchmarks" in done.stderr:
            return []
        if done.returncode != 0:
            raise SystemExit(f"bulla-bench failed: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)["benchmarks"]

    def peers(self):
        there = (self.programs / "bulla-load-peer").exists() and not self.options.only
        return {name: [self.programs / "bulla-load-peer", *arguments] for name, arguments in PEERS.items()} if there else {}


# The circumstances.


def round_trip_ms(folder):
    """What a round trip to the server takes: it answers "no TLS here" and "no GSS here", once each."""
    took = []
    for _ in range(9):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(folder / ".s.PGSQL.5432"))
            client.sendall(struct.pack("!II", 8, 80877103))
            assert client.recv(1) == b"N"
            start = time.monotonic()
            client.sendall(struct.pack("!II", 8, 80877104))
            assert client.recv(1) == b"N"
            took.append((time.monotonic() - start) * 1000)
    return statistics.median(took)


@contextlib.contextmanager
def network(place):
    """A round trip of a known time between the programs and the server."""
    milliseconds = place.options.network_ms or 1
    folder = place.folder / "wire"
    folder.mkdir(exist_ok=True)
    with subprocess.Popen([place.programs / "slow-wire", folder / ".s.PGSQL.5432", place.server.folder / ".s.PGSQL.5432",
                           str(milliseconds)], stdout=subprocess.PIPE, text=True) as wire:
        try:
            assert wire.stdout.readline() == "listening\n"
            place.reached = folder
            yield f"round trip {milliseconds:g} ms, measured {round_trip_ms(folder):.2f}"
        finally:
            wire.terminate()
            (folder / ".s.PGSQL.5432").unlink(missing_ok=True)
            place.turns = int(wire.stdout.readline() or 0)
            place.reached = place.server.folder


@contextlib.contextmanager
def standby(place):
    """Commits wait for a standby, whose flush takes as long."""
    follower = postgres.Standby(place.folder / "standby", place.server, SETTINGS)
    try:
        for text in ("ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()"):
            place.server.ask(text)
        follower.wait_until("sync")
        yield "with a synchronous standby"
    finally:
        for text in ("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"):
            place.server.ask(text)
        follower.stop()


@contextlib.contextmanager
def snapshot(place, name):
    """Somebody has read in a transaction that does not end: what is dead since then must be kept."""
    with subprocess.Popen([place.server.bin / "psql", "-XAtq", "-h", place.server.folder, "-U", "postgres", "-d", name],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        try:
            reader.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) > 0 FROM pg_class;\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == "t\n"
            yield
        finally:
            reader.kill()


# The tables.


def verdict(good):
    return "met" if good else "**missed**"


def print_head():
    print("| where | threads | processes | what | uses a second | p50, ms | p99, ms | longest, ms | uses a commit | client, µs "
          "| server, µs | bulla over it | wanted | verdict |\n|" + "---|" * 14)


def print_row(where, threads, processes, what, figures, over=None, wanted=None):
    judged = ("", "")
    if wanted:
        uses, p99 = wanted
        judged = (f"≥ {uses}" + (f", p99 ≤ {p99}" if p99 else ""),
                  verdict(figures.uses >= uses and (p99 is None or figures.p99 <= p99)))
    cells = (where, threads, processes, what, f"{figures.uses:.0f}", f"{figures.p50:.2f}", f"{figures.p99:.2f}",
             f"{figures.longest:.1f}", f"{figures.per_commit:.1f}", f"{figures.client_us:.0f}", f"{figures.server_us:.0f}",
             f"{over:.1f}" if over else "", *judged)
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def compare(place, circumstance, where, cases):
    """One row each for bulla and its peers, one right after the other."""
    for threads, processes in cases:
        ours = place.bulla(threads, processes)
        print_row(where, threads, processes, "bulla", ours, wanted=WANTED.get((circumstance, threads, processes)))
        for name, program in place.peers().items() if place.options.threads or (threads, processes) in PEER_CASES else ():
            theirs = place.measure(program, "log", threads, processes)
            print_row(where, threads, processes, name, theirs, over=ours.uses / theirs.uses)


def pages_for_head(place, name):
    """How many pages the server reads for the head that has moved most: what is dead is in the way, or is not."""
    plan = place.server.ask("SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) "
                            "SELECT seq FROM bulla.audit_head WHERE lane = "
                            + place.server.ask("SELECT lane FROM bulla.audit_head ORDER BY seq DESC LIMIT 1", name)
                            + " ORDER BY seq DESC LIMIT 1", name)
    return int(re.search(r"Buffers: shared hit=(\d+)", plan)[1])


def under_snapshot(place, cases):
    print(f"\nUnder a snapshot, {place.options.uses} uses:\n\n| threads | processes | uses a second | first fifth | last fifth "
          "| last over first | wanted | verdict | pages read for the head |\n|" + "---|" * 9)
    for threads, processes in cases:
        name = place.database()
        with snapshot(place, name):
            figures = place.bulla(threads, processes, "--uses", str(place.options.uses), name=name)
            pages = pages_for_head(place, name)
        ratio = figures.last / figures.first
        print(f"| {threads} | {processes} | {figures.uses:.0f} | {figures.first:.0f} | {figures.last:.0f} | {ratio:.2f} | "
              f"≥ {LAST_OF_FIRST} | {verdict(ratio >= LAST_OF_FIRST)} | {pages} |", flush=True)


def bare(place):
    """A use and its statements bare, in turn, by Google Benchmark."""
    names = [f"vault/use_postgres{suffix}_median" for suffix in ("", "_bare")]
    done = place.benchmark("vault/use_postgres", place.database(), f"--benchmark_min_time={place.options.seconds / 200}",
                           f"--benchmark_repetitions={max(2, round(4 * place.options.seconds))}",
                           "--benchmark_enable_random_interleaving=true")
    if not done:
        print("\nThe statements of a use are not run bare in this build.")
        return
    rows = {row["name"]: row for row in done}
    ours, theirs = (rows[name]["real_time"] / 1000 for name in names)
    print(f"\n| one thread | µs | processor of the client, µs |\n|---|---|---|\n| vault/use | {ours:.0f} | "
          f"{rows[names[0]]['cpu_time'] / 1000:.0f} |\n| its statements bare | {theirs:.0f} | "
          f"{rows[names[1]]['cpu_time'] / 1000:.0f} |\n| ratio, wanted ≤ {BARE_MOST} | {ours / theirs:.2f} | "
          f"{verdict(ours / theirs <= BARE_MOST)} |", flush=True)


def flush_ms(place):
    """What a flush takes in a process that the library is loaded into."""
    text = ("import os, statistics, time\ntook = []\nfor _ in range(99):\n    start = time.monotonic()\n    os.fsync(1)\n"
            "    took.append((time.monotonic() - start) * 1000)\nprint(statistics.median(took))")
    done = subprocess.run([sys.executable, "-c", text], env=place.server.environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def round_trips(place):
    """How many there are for each commit of a use alone, and of 64 together, counted."""
    print(f"\n| a flush, ms | {flush_ms(place):.2f} |\n|---|---|")
    for threads, what in (1, "a use alone"), (64, "64 together"):
        with network(place):
            figures = place.bulla(threads, 1)
        print(f"| round trips of {what} | {place.turns / figures.commits:.1f} |", flush=True)


def storage(place):
    """What a log takes, and how fast it is verified."""
    name = place.database()
    before = place.server.ask("SELECT pg_current_wal_lsn()")
    done = place.benchmark("audit/verify", name, "--benchmark_min_time=0.5")
    if not done:
        print("\nNo log is filled in this build.")
        return
    num = int(place.server.ask("SELECT count(*) FROM bulla.audit", name))
    size = {what: int(place.server.ask(f"SELECT pg_relation_size('bulla.{what}')", name)) / num
            for what in ("audit", "audit_pkey")}
    written = float(place.server.ask(f"SELECT pg_current_wal_lsn() - '{before}'::pg_lsn")) / num
    print(f"\n| a record | |\n|---|---|\n| bytes in the table | {size['audit']:.0f} |\n| in its index | "
          f"{size['audit_pkey']:.0f} |\n| written to the WAL, many in a commit | {written:.0f} |\n"
          f"| verified a second, by one thread | {done[0]['bytes_per_second']:.0f} |", flush=True)


def run(place, circumstance, cases):
    if circumstance == "bare":
        bare(place)
    elif circumstance == "storage":
        storage(place)
    elif circumstance == "round_trips":
        round_trips(place)
    elif circumstance == "snapshot":
        under_snapshot(place, cases)
    elif circumstance:
        with {"network": network, "standby": standby}[circumstance](place) as where:
            compare(place, circumstance, where, cases)
    else:
        compare(place, "", "socket", cases)


def parse():
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("programs", type=lambda text: pathlib.Path(text).resolve())
    command.add_argument("--seconds", type=float, default=4)
    command.add_argument("--commit-ms", type=int, default=1)
    command.add_argument("--threads", type=int)
    command.add_argument("--processes", type=int, default=1)
    command.add_argument("--network-ms", type=float)
    command.add_argument("--uses", type=int, default=100000, help="under a snapshot")
    for name in ("standby", "snapshot", "bare", "storage", "round-trips"):
        command.add_argument(f"--{name}", action="store_true")
    command.add_argument("--only", choices=["bulla"], help="without the peers")
    return command.parse_args()


def main():
    options = parse()
    if postgres.programs() is None:
        raise SystemExit("no PostgreSQL server is installed: apt-get install postgresql")
    asked = [name for name in CASES if name and getattr(options, f"{name}_ms" if name == "network" else name)]
    circumstances = asked or ([""] if options.threads else list(CASES))
    with tempfile.TemporaryDirectory(prefix="bulla-load-", dir="/dev/shm", ignore_cleanup_errors=True) as folder:
        pathlib.Path(folder).chmod(0o755)
        place = Place(folder, options.programs, options, options.commit_ms)
        try:
            if any(CASES[name] for name in circumstances if name != "snapshot"):
                print_head()
            for circumstance in circumstances:
                run(place, circumstance, [(options.threads, options.processes)] if options.threads else CASES[circumstance])
        finally:
            place.server.stop()


if __name__ == "__main__":
    main()
