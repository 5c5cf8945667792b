#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Checks that the tables of docs/SCALE.md follow from the figures that they show. Usage: scale.py SOURCE_FOLDER"""

import pathlib
import re
import subprocess
import sys
import tempfile

import tap

root = pathlib.Path(sys.argv[1])
page = root / "docs/SCALE.md"


def check(path):
    return subprocess.run([sys.executable, root / "bench/scale.py", path, "--check"], capture_output=True, text=True,
                          check=False, timeout=110)


run = check(page)
tap.check("the tables follow from what was measured", run.returncode == 0, run.stdout + run.stderr)
with tempfile.TemporaryDirectory() as folder:
    stale = pathlib.Path(folder) / "SCALE.md"
    stale.write_text(re.sub(r"\| a flush, ms \| [0-9.]+ \|", "| a flush, ms | 5 |", page.read_text(encoding="utf-8")),
                     encoding="utf-8")
    run = check(stale)
    tap.check("a figure that does not follow is found", run.returncode == 1 and "+| 1 writer |" in run.stdout,
              run.stdout + run.stderr)
tap.finish()
