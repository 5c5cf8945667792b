#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs the commands that docs/FUZZING.md shows, for a second each, and checks that the page says of the targets
what their sources say. The commands run on a view of the tree from which nothing gets back into it.
Usage: fuzzing_page.py SOURCE_FOLDER"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import tap

source = pathlib.Path(sys.argv[1]).resolve()
page = (source / "docs/FUZZING.md").read_text()

# Commands that do not run here, and where they run instead.
ELSEWHERE = {
    "./dev fuzz all 60": "./dev check",
    "./dev fuzz-coverage --from-empty 60": "tests/fuzz_tools.py",
    "./dev fuzz-afl token_verify 60": "tests/fuzz_tools.py",
}

# What a command is to print.
PRINTED = {
    "fuzz": r"^token_verify +[1-9].*\n(.*\n)*picture: build-fuzz/report/fuzzing.svg",
    "fuzz-merge": r"^token_verify: (\d+ of \d+ inputs reach something new|nothing was found yet)",
    "fuzz-coverage": r"^core/ and token/ +[1-9][\d.]+% +[1-9][\d.]+%$",
    "fuzz-repro": r"^token_verify finds nothing in fuzz/corpus/",
}

# Over the tree lies a layer of memory, in a name space of mounts that ends with the shell.
LAYERED = """mount -t tmpfs none "$1" && mkdir "$1/upper" "$1/work" &&
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$2" && cd "$2" && shift 2 && "$@" """


def layered(folder, *command):
    """Returns how to run |command| in the view, or None where that cannot be had."""
    for who in ([], ["--user", "--map-root-user"]):
        way = ["unshare", *who, "--mount", "sh", "-c", LAYERED, "sh", folder, source]
        if subprocess.run([*way, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return [*way, *command]
    return None


def commands():
    blocks = re.findall(r"^```console\n(.*?)^```", page, re.M | re.S)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def check_run(shown):
    """Runs the commands in one view, one after the other."""
    script = "\n".join(f"echo '== {number}'; {re.sub(r' 60$', ' 1', command)} </dev/null; echo \"== status $?\""
                       for number, command in enumerate(shown))
    with tempfile.TemporaryDirectory() as folder:
        way = layered(folder, "sh", "-c", script)
        if way is None:
            tap.skip("the commands of the page", "no name space for mounts is to be had")
            return
        output = subprocess.run(way, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                check=False).stdout
    for number, command in enumerate(shown):
        printed = re.search(rf"^== {number}\n(.*?)^== status (\d+)$", output, re.M | re.S)
        wanted = PRINTED[command.split()[1]]
        tap.check(command, printed and printed[2] == "0" and re.search(wanted, printed[1], re.M),
                  printed[0] if printed else output)


shown_commands = commands()
usage = subprocess.run([source / "dev", "help"], stdout=subprocess.PIPE, text=True, check=True).stdout
offered = set(re.findall(r"^  (fuzz[\w-]*)", usage, re.M))
tap.check("every sub-command that fuzzes is on the page, and no other",
          {command.split()[1] for command in shown_commands} == offered, offered)
tap.check("what is said to run elsewhere is on the page", ELSEWHERE.keys() <= set(shown_commands))
tap.succeeds("the page says of each target what its source says",
             sys.executable, "fuzz/page.py", "--check", cwd=source)
if shutil.which("clang") and shutil.which("llvm-cov"):
    check_run([command for command in shown_commands if command not in ELSEWHERE])
else:
    tap.skip("the commands of the page", "clang or llvm-cov is missing; ./dev fuzz-coverage installs them")
tap.finish()
