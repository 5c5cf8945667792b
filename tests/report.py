#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Counts single tests after `meson test`: every line of TAP that any program of it printed.

Meson counts programs, and its JUnit file takes one that was killed for one that passed. So a program counts
as one failure more if it ended badly without saying which test failed, or said nothing, or not how many tests
it has. Usage: report.py BUILD_FOLDER. Exit status 0 if something passed and nothing failed."""

import json
import pathlib
import re
import sys

LINE = re.compile(r"(not )?ok\b(?: +\d+)?(?: +- +| +|$)(.*)")
PLAN = re.compile(r"1\.\.(\d+)")


def judge(program):
    """Returns the names of the tests that passed, were skipped, with the reason, and failed."""
    passed, skipped, failed = [], [], []
    planned = None
    for line in program.get("stdout", "").splitlines():
        if plan := PLAN.match(line):
            planned = int(plan[1])
        if not (match := LINE.match(line)):
            continue
        name, _, directive = match[2].partition("#")
        name = re.sub(r" +\([0-9.]+s\)$", "", name.strip())
        if match[1]:
            failed.append(name)
        elif directive.strip().upper().startswith("SKIP"):
            skipped.append(f"{name}: {directive.strip()[4:].strip()}")
        else:
            passed.append(name)
    ran = len(passed) + len(skipped) + len(failed)
    if not failed and program["result"] not in ("OK", "SKIP"):
        failed.append(f"({program['result'].lower()}, exit status {program['returncode']})")
    elif not failed and (ran == 0 or planned != ran):
        failed.append(f"({ran} of {planned} tests ran)")
    return passed, skipped, failed


def main(build):
    logs = build / "meson-logs"
    totals = [0, 0, 0]
    for stale in logs.glob("failed-*.txt"):
        stale.unlink()
    try:
        programs = [json.loads(line) for line in (logs / "testlog.json").read_text().splitlines()]
    except FileNotFoundError:
        programs = []
    for program in programs:
        name = program["name"].split(" / ")[-1]
        passed, skipped, failed = judge(program)
        totals = [a + b for a, b in zip(totals, (len(passed), len(failed), len(skipped)))]
        for test in skipped:
            print(f"SKIPPED {name}: {test}")
        if failed:
            log = logs / f"failed-{name}.txt"
            log.write_text("".join(program.get(stream, "") for stream in ("stdout", "stderr")))
            for test in failed:
                print(f"FAILED {name}: {test}: see {log}")
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 0 if totals[0] > 0 and totals[1] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
