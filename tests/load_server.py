#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs the load on a server for moments, in all circumstances, and looks at what is printed. It judges no speed.
Usage: load_server.py FOLDER"""

import pathlib
import re
import subprocess
import sys

import tap

sys.path.append(str(pathlib.Path(__file__).parent))
import postgres  # noqa: E402

ROUND_TRIP = 20
folder = pathlib.Path(sys.argv[1])
if postgres.programs() is None:
    tap.skip("uses on a server are counted", "no PostgreSQL server is installed: apt-get install postgresql")
    tap.finish()
has_bench = (folder / "bulla-bench").exists()
run = subprocess.run([sys.executable, pathlib.Path(__file__).parent.parent / "bench/load_server.py", folder, "--threads", "2",
                      "--processes", "2", "--seconds", "0.3", "--uses", "300", "--network-ms", str(ROUND_TRIP), "--standby",
                      "--snapshot", *(["--bare"] if has_bench else [])],
                     capture_output=True, text=True, check=False, timeout=280)
said = run.stdout + run.stderr
tap.check("it ends well", run.returncode == 0, said)
rows = [line.strip("| ").split(" | ") for line in run.stdout.splitlines() if line.startswith("|")]
on_wire = [row for row in rows if row[0].startswith("round trip")]
behind = [row for row in rows if row[0].startswith("with a synchronous standby")]
whole = {"bulla", "pgcrypto", "pgcrypto, as it comes", "OpenSSL, one log"}
expected = whole if (folder / "bulla-load-peer").exists() else {"bulla"}
for name, found in (("over a network", on_wire), ("with a standby", behind)):
    tap.check(f"{name} bulla and its peers are used", {row[3] for row in found} == expected, said)
    tap.check(f"{name} all have done something", found and all(float(row[4]) > 0 for row in found), said)
measured = re.search(r"measured ([0-9.]+)", run.stdout)
tap.check("a round trip takes what was asked for", measured and ROUND_TRIP <= float(measured[1]) < 1.5 * ROUND_TRIP, said)
tap.check("nobody is faster than the network", on_wire and all(float(row[5]) >= ROUND_TRIP for row in on_wire), said)
under = re.search(r"Under a snapshot, 300 uses:\n\n.*\n.*\n\| 2 \| 2 \| [0-9]+ \| [1-9][0-9]* \| [1-9][0-9]* \|", run.stdout)
tap.check("the first and the last uses under a snapshot are counted", under, said)
if has_bench:
    ratio = re.search(r"\| ratio, wanted .* \| ([0-9.]+) \|", run.stdout)
    tap.check("the statements of a use run bare", ratio and float(ratio[1]) > 0, said)
tap.finish()
