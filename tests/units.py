#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Checks the units of docs/examples/systemd: systemd takes them, each command that they run is one of bulla's, and the
page for operators says what there is. Usage: units.py DOCS_FOLDER BULLA"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import tap

docs, bulla = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
units = sorted((docs / "examples/systemd").iterdir())
INSTALLED = "/usr/local/bin/bulla"

tap.check("there are units", {unit.suffix for unit in units} == {".service", ".timer"} and len(units) >= 10, units)
timers = {unit.stem for unit in units if unit.suffix == ".timer"}
services = {unit.stem for unit in units if unit.suffix == ".service"}
tap.check("every timer has its service", timers <= services, timers - services)

for unit in units:
    text = unit.read_text(encoding="utf-8")
    for line in re.findall(re.escape(INSTALLED) + r" [^;&|\n]*", text):
        words = re.search(r" ([a-z]+(?: (?=[a-z]+ --)[a-z]+)?)", line)[1].split()
        run = subprocess.run([bulla, *words, "--help"], capture_output=True, text=True, check=False)
        options = set(re.findall(r"(--[a-z][a-z-]+)", line.split(" -- ")[0]))
        missing = options - set(re.findall(r"(--[a-z][a-z-]+)", run.stdout))
        tap.check(f"{unit.name}: bulla {' '.join(words)} takes its options", run.returncode == 0 and not missing,
                  run.stderr + str(missing))
    if INSTALLED in text:
        key = "actor" if unit.name == "reports.service" else "root"
        tap.check(f"{unit.name} keeps its key to itself", f"LoadCredential={key}:" in text and f"cred:{key}" in text
                  and text.count("LoadCredential=") == 1 and "LimitMEMLOCK=" in text, text)

with tempfile.TemporaryDirectory() as folder:
    placed = []
    for unit in units:
        # systemd wants the programs to be there.
        text = unit.read_text(encoding="utf-8").replace(INSTALLED, str(bulla)).replace("/usr/local/bin/reports", "/bin/true")
        placed.append(pathlib.Path(folder) / unit.name)
        placed[-1].write_text(text, encoding="utf-8")
    if shutil.which("systemd-analyze") is None:
        tap.skip("systemd takes them", "there is no systemd-analyze")
    else:
        run = subprocess.run(["systemd-analyze", "verify", "--man=no", *placed], capture_output=True, text=True,
                             check=False)
        ours = [line for line in run.stderr.splitlines() if folder in line or any(unit.name in line for unit in units)]
        tap.check("systemd takes them", run.returncode == 0 and not ours, run.stderr)

tap.finish()
