#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Checks that what the pages of docs/ point to is there: linked pages, sources, tests by their file and their
name, sections of FORMAT.md that sources refer to; and that ./dev takes the commands that they and README.md show,
and no others. Usage: docs.py SOURCE_FOLDER"""

import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess
import sys

import tap

root = pathlib.Path(sys.argv[1]).resolve()
folders = "include", "core", "store", "token", "cli"
sources = [path for folder in folders for path in (root / folder).rglob("*.[ch]")]
tests = {path.name: path.read_text(encoding="utf-8") for path in (root / "tests").glob("*.c")}
pages = {path.name: path.read_text(encoding="utf-8") for path in (root / "docs").glob("*.md")}

for name, page in pages.items():
    links = re.findall(r"\]\(([^)#]+)\)", page)
    missing = [link for link in links if not (root / "docs" / link).exists()]
    tap.check(f"{name}: linked pages are there", not missing, missing)
    files = re.findall(r"\b(?:core|store|token|cli)/[a-z_0-9]+\.[ch]", page)
    missing = [file for file in files if not (root / file).exists()]
    tap.check(f"{name}: sources are there", not missing, missing)
    # A test, a name of many words, is named behind its file, or alone in the last column of a table.
    missing = [file for file in re.findall(r"\btest_[a-z_0-9]+\.c", page) if file not in tests]
    tap.check(f"{name}: files of tests are there", not missing, missing)
    named = re.findall(r"(\btest_[a-z_0-9]+\.c):\s+`([a-z_0-9]+)`", page)
    missing = [test for file, test in named if f", {test}" not in tests.get(file, "")]
    named = re.findall(r"(?:\||, and) `([a-z0-9]+(?:_[a-z0-9]+){3,})` \|$", page, re.MULTILINE)
    missing += [test for test in named if not any(f", {test}" in text for text in tests.values())]
    tap.check(f"{name}: tests are there", not missing, missing)

sections = set(re.findall(r"^## (\d+)\. ", pages["FORMAT.md"], re.MULTILINE))
referred = [(path.name, number) for path in sources
            for number in re.findall(r"FORMAT\.md[\s*]+§(\d+)", path.read_text(encoding="utf-8"))]
missing = [reference for reference in referred if reference[1] not in sections]
tap.check("sections of FORMAT.md that sources refer to are there", referred and not missing, missing)

# What stands for an argument, and one of its kind.
STANDS_FOR = {"TARGET": "json", "SECONDS": "1", "FILE": "README.md", "REF": "HEAD", "SUB-COMMAND": "help"}
# Pages that tell how to check something, and at least so many commands each.
WITH_COMMANDS = {"VERIFICATION.md": 30, "MUTATION.md": 4, "BENCHMARKS.md": 4, "FUZZING.md": 8,
                 "verification-constant-time.md": 4, "verification-lingering.md": 1}


def commands(page):
    """Returns the commands of a page, in its blocks and in its text, without what need not be given."""
    blocks = re.findall(r"^```.*?^```", page, re.MULTILINE | re.DOTALL)
    text = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^(?:\$ )?\./dev (.*?)(?:   .*)?$", "\n".join(blocks), re.MULTILINE)
    found += [" ".join(words.split()) for words in re.findall(r"`\./dev ([^`]*)`", text)]
    return {re.sub(r" ?\[[^]]*\]", "", command) for command in found}


# What ./dev must refuse, and a word of what it says.
NOT_TAKEN = {
    "ct nosuch": "gcc-O2", "prove nosuch": "cursor", "memcheck nosuch": "vault", "tsan nosuch": "threads",
    "test nosuch": "vault", "test --suite nosuch": "unit", "fuzz nosuch 5": "json", "fuzz json abc": "abc",
    "fuzz json": "SECONDS", "fuzz all 0": "above 0", "fuzz-repro json nosuch": "there is no file",
    "check abc": "seconds", "ct-timing abc": "seconds", "mutate --jobs 0": "above 0",
    "mutate --only nosuch": "core/slab.c", "bench-table --nosuch": "--figures", "bench-compare": "commit",
    "lint nosuch": "no arguments", "nosuch": "memcheck", "help nosuch": "memcheck", "nosuch --help": "memcheck",
}

# What ./dev says something of and then does nothing, and a word of that.
TOLD = {
    "": "SUB-COMMAND", "help": "mutate", "--help": "mutate", "-h": "mutate", "help fuzz": "--seed N",
    "fuzz json 5 --help": "--seed N", "ct --help": "gcc-O2", "prove -h": "cursor", "test --help": "meson test",
}


def judged(command):
    """Returns the exit status and the words with which ./dev takes or refuses |command|."""
    words = [STANDS_FOR.get(word, word) for word in shlex.split(command)]
    run = subprocess.run([sys.executable, root / "tests/arguments.py", *words], stdout=subprocess.PIPE, text=True,
                         stderr=subprocess.STDOUT, env={**os.environ, "CALLED_FROM": str(root)}, check=False)
    return run.returncode, run.stdout


shown = {name: commands(page) for name, page in {**pages, "README.md": (root / "README.md").read_text()}.items()}
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    distinct = sorted(set().union(NOT_TAKEN, *shown.values()))
    verdicts = dict(zip(distinct, pool.map(judged, distinct)))
for name, those in shown.items():
    if those or name in WITH_COMMANDS:
        refused = [f"./dev {command}: {said}" for command in sorted(those)
                   for status, said in [verdicts[command]] if status not in (0, 3)]
        tap.check(f"{name}: ./dev takes its commands", len(those) >= WITH_COMMANDS.get(name, 1) and not refused,
                  "".join(refused) or f"only {len(those)} were found")
for command, word in NOT_TAKEN.items():
    status, said = verdicts[command]
    tap.check(f"./dev {command}: refused", status == 2 and word in said, f"{status}: {said}")
for command, word in TOLD.items():
    # All of it, as that is what must not begin to install, to configure or to build.
    run = subprocess.run([root / "dev", *command.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True, check=False)
    tap.check(f"./dev {command}: told once", run.returncode == 0 and run.stdout.count("usage: ./dev") == 1 and
              word in run.stdout and not run.stderr, f"{run.returncode}: {run.stdout}{run.stderr}")
offered = re.findall(r"^  ([a-z][a-z-]+) ", (root / "dev").read_text().split("END", 2)[1], re.MULTILINE)
listed = subprocess.run([sys.executable, root / "tests/arguments.py", ""], stderr=subprocess.PIPE, text=True,
                        check=False).stderr.split("there are: ")[1].split()
tap.check("the usage of ./dev offers every sub-command", set(offered) == set(listed), offered)
for command in listed:
    status, said = judged(f"{command} --help")
    tap.check(f"./dev {command} --help: told", status == 3 and command in said, f"{status}: {said}")
tap.finish()
