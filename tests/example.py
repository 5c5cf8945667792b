#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs an example of docs/examples, and looks that what a page quotes of it stands in it. Usage: example.py PROGRAM
SOURCE PAGE"""

import pathlib
import re
import subprocess
import sys
import tempfile

import tap

program, source, page = map(pathlib.Path, sys.argv[1:])

# What each prints when it is run, as often as is said.
EXPECTED = {
    "service.c": (("does its job", 0, """connected with a password of 13 bytes
connected with a password of 13 bytes
worker removes it: BULLA_DENIED
2 threads verified 2000 tokens
session-1: BULLA_REVOKED
session-2: BULLA_OK
session-2: BULLA_REFUSED
"""), ("finds the root key of the first when it is run again", 2, "")),
    "jose.c": (("decrypts what it has encrypted", 0, "see you at nine\ndamaged: BULLA_REFUSED\n"),),
}
with tempfile.TemporaryDirectory() as folder:
    for name, status, out in EXPECTED[source.name]:
        run = subprocess.run([program, folder], capture_output=True, text=True, check=False)
        tap.check(f"{source.name} {name}", (run.returncode, run.stdout) == (status, out),
                  f"{run.returncode}\n{run.stdout}{run.stderr}")
quotes = re.findall(r"^```c\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
missing = [part for quote in quotes for part in quote.split("\n\n") if part.strip() not in source.read_text()]
tap.check(f"what {page.name} quotes stands in the example", quotes and not missing, "\n".join(missing))
tap.finish()
