#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Checks that what the pages of docs/ point to is there: linked pages, sources, tests by their file and their
name, sections of FORMAT.md that sources refer to, sub-commands of ./dev. Usage: docs.py SOURCE_FOLDER"""

import pathlib
import re
import sys

import tap

root = pathlib.Path(sys.argv[1]).resolve()
folders = "include", "core", "store", "token", "service", "cli"
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

usage = (root / "dev").read_text(encoding="utf-8").split("END", 2)[1]
offered = set(re.findall(r"^  ([a-z][a-z-]+)\b", usage, re.MULTILINE))
for name, page in {**pages, "README.md": (root / "README.md").read_text(encoding="utf-8")}.items():
    missing = set(re.findall(r"\./dev\s+([a-z][a-z-]*)", page)) - offered
    tap.check(f"{name}: ./dev has the sub-commands it shows", not missing, missing)
tap.finish()
