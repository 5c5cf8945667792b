#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs the load program for a second, and looks at what it prints. It judges no speed. Usage: load.py PROGRAM"""

import subprocess
import sys

import tap

NAME = "threads of two processes use a vault for a second, beside one that puts"
run = subprocess.run([sys.argv[1], "--threads", "4", "--processes", "2", "--seconds", "1", "--commit-ms", "1",
                      "--writer"], capture_output=True, text=True, check=False, timeout=60)
cells = run.stdout.splitlines()[-1].strip("| ").split(" | ") if run.stdout else []
good = run.returncode == 0 and len(cells) == 7 and cells[:2] == ["4", "2"] and float(cells[2]) > 0
tap.check(NAME, good, run.stdout + run.stderr)
refused = subprocess.run([sys.argv[1], "--threads", "-1"], capture_output=True, check=False, timeout=60)
tap.check("what it does not understand it refuses", refused.returncode == 2)
tap.finish()
