# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Uses a vault on a PostgreSQL server of its own from many threads and processes. In the server's memory, with a flush of
a known time: what is compared is what is said to the server, not disks.

usage: load_server.py BULLA_LOAD SLOW_DISK [--seconds S] [--commit-ms N] [--threads T --processes P]"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).parent.parent / "tests"))
import postgres  # noqa: E402

CASES = [(1, 1), (4, 1), (16, 1), (64, 1), (4, 4), (16, 4)]


def main():
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("program")
    command.add_argument("slow_disk")
    command.add_argument("--seconds", type=int, default=4)
    command.add_argument("--commit-ms", type=int, default=1)
    command.add_argument("--threads", type=int)
    command.add_argument("--processes", type=int, default=1)
    options = command.parse_args()
    if postgres.programs() is None:
        raise SystemExit("no PostgreSQL server is installed: apt-get install postgresql")
    cases = [(options.threads, options.processes)] if options.threads else CASES
    with tempfile.TemporaryDirectory(prefix="bulla-load-", dir="/dev/shm", ignore_cleanup_errors=True) as folder:
        library = pathlib.Path(folder) / "slow_disk.so"  # the server's user need not be able to read ours
        library.write_bytes(pathlib.Path(options.slow_disk).read_bytes())
        library.chmod(0o755)
        server = postgres.Server(folder, ["wal_sync_method=fdatasync"],
                                 {"LD_PRELOAD": str(library), "BENCH_COMMIT_MS": str(options.commit_ms)})
        try:
            for number, (threads, processes) in enumerate(cases):
                server.run("createdb", "-h", folder, "-U", "postgres", f"load{number}")
                done = subprocess.run([options.program, "--threads", str(threads), "--processes", str(processes),
                                       "--seconds", str(options.seconds)], text=True, capture_output=True, check=False,
                                      env={"PATH": "/usr/bin:/bin", "BULLA_BENCH_URL": server.url(f"load{number}")})
                if done.returncode != 0:
                    raise SystemExit(done.stdout + done.stderr)
                print("\n".join(done.stdout.splitlines()[0 if number == 0 else -1:]), flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
