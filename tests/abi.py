#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Builds a program with the headers of the first commit whose ABI is to last, and runs it with the shared library of
today. Usage: abi.py SOURCE_FOLDER SHARED_LIBRARY"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import tap

FIRST = "c41912426b9d7f440072da74339d930fd40c44b6"
source, library = map(pathlib.Path, sys.argv[1:])
NAME = "a program that was built with the first headers runs"
archive = subprocess.run(["git", "-C", source, "archive", FIRST, "include", "tests/consumer/main.c"],
                         capture_output=True, check=False) if shutil.which("git") else None
if archive is None or archive.returncode != 0:
    tap.skip(NAME, f"there is no git here, or no commit {FIRST[:12]}")
else:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        vault = pathlib.Path(folder, "vault")
        vault.mkdir()
        command = ["cc", f"-I{folder}/include", f"{folder}/tests/consumer/main.c", library, f"-Wl,-rpath,{library.parent}",
                   "-o", f"{folder}/program"]
        if tap.succeeds("it is built", *command):
            tap.succeeds(NAME, f"{folder}/program", vault)
tap.finish()
