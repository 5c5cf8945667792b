#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The constant-time check with each compiler and each optimisation, since what a compiler makes of the source is
what counts; and with MemorySanitizer. Usage: matrix.py SOURCE_FOLDER BUILD_FOLDER [COMPILER-OPTIMISATION…], as in
gcc-O2 or clang-msan. Exit status 0 if all of them pass."""

import os
import pathlib
import re
import subprocess
import sys
import time

LEVELS = {"O0": "0", "O1": "1", "O2": "2", "O3": "3", "Os": "s"}
CELLS = [f"{compiler}-{level}" for compiler in ("gcc", "clang") for level in LEVELS] + ["clang-msan"]
NEITHER = ["-Dtests=disabled", "-Dbench=disabled", "-Dcli=disabled", "-Dman=disabled", "-Dchecks=enabled"]
MSAN = ["-Db_sanitize=memory", "-Db_lundef=false", "-Doptimization=2"]


def quietly(*command, **options):
    """Runs |command|, and ends with what it printed if it fails."""
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if run.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{run.stdout}")


def build(source, folder, cell):
    """Builds the check of one cell and returns the program."""
    compiler, level = cell.split("-")
    options = MSAN if level == "msan" else [f"-Doptimization={LEVELS[level]}"]
    before = folder / "meson-private/cmd_line.txt"
    if not before.exists() or "checks = enabled" not in before.read_text():
        again = ["--reconfigure"] if before.exists() else []
        quietly("meson", "setup", *again, folder, source, *NEITHER, *options, env=dict(os.environ, CC=compiler))
    quietly("ninja", "-C", folder, "tests/ct/ct")
    return folder / "tests/ct/ct"


def main(source, folder, *cells):
    source, folder = pathlib.Path(source).resolve(), pathlib.Path(folder).resolve()
    cells, failed = cells or CELLS, []
    if unknown := set(cells) - set(CELLS):
        print(f"ct: there is no cell {' '.join(unknown)}; there are: {' '.join(CELLS)}", file=sys.stderr)
        return 2
    for cell in cells:
        started = time.monotonic()
        program = build(source, folder / cell, cell)
        run = subprocess.run([sys.executable, source / "tests/ct/run.py", program, source], stdout=subprocess.PIPE,
                             text=True)
        calls = ", ".join(re.findall(r"^# ([1-9]\d* calls on .*)", run.stdout, re.MULTILINE))
        passed = len(re.findall(r"^ok", run.stdout, re.MULTILINE))
        good = run.returncode == 0 and calls
        print(f"{cell:12} {'passed' if good else 'FAILED'}  {passed} checks, {calls or 'no calls'}, "
              f"{time.monotonic() - started:.0f} s", flush=True)
        if not good:
            failed.append(cell)
            log = folder / f"{cell}.log"
            log.write_text(run.stdout)
            print("\n".join(run.stdout.splitlines()[:40]), f"\nsee {log}", flush=True)
    print(f"{len(cells) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not cells else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
