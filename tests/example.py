#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs docs/examples/service.c, and looks that what README.md quotes of it stands in it. Usage: example.py PROGRAM SOURCE
README"""

import pathlib
import re
import subprocess
import sys
import tempfile

import tap

program, source, readme = map(pathlib.Path, sys.argv[1:])
EXPECTED = """connected with a password of 13 bytes
connected with a password of 13 bytes
worker removes it: BULLA_DENIED
2 threads verified 2000 tokens
session-1: BULLA_REVOKED
session-2: BULLA_OK
session-2: BULLA_REFUSED
"""
with tempfile.TemporaryDirectory() as folder:
    for name, status, out in (("the service does its job", 0, EXPECTED), ("a second one finds the root key of the first", 2, "")):
        run = subprocess.run([program, folder], capture_output=True, text=True, check=False)
        tap.check(name, (run.returncode, run.stdout) == (status, out), f"{run.returncode}\n{run.stdout}{run.stderr}")
quotes = re.findall(r"^```c\n(.*?)^```$", readme.read_text(), re.MULTILINE | re.DOTALL)
missing = [part for quote in quotes for part in quote.split("\n\n") if part.strip() not in source.read_text()]
tap.check("what the README quotes stands in the example", quotes and not missing, "\n".join(missing))
tap.finish()
