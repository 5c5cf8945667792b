#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Proves that fuzzing sees the code that production runs. Fuzzing services define
FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION so that a program may drop checks for them: every source, preprocessed
with it and without, must give the same code. So that nothing else makes a difference, no source may ask which sanitizer or
engine it is built with. Usage: production.py SOURCE_FOLDER BUILD_FOLDER, or production.py --self-test"""

import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import tap

DEFINE = "-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
FOLDERS = "include", "core", "store", "token", "cli"

# What tells a source that it is being fuzzed, sanitized or counted, in a directive or in code.
TELLTALE = re.compile(r"fuzz|__SANITIZE_|has_feature|sanitizer|__msan|__asan|__tsan|NDEBUG|__OPTIMIZE__", re.I)


def commands(build, root):
    """Returns {source: how it is compiled}, without the compiler's output."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        folder = pathlib.Path(entry["directory"])
        file = (folder / entry["file"]).resolve()
        words = shlex.split(entry["command"])
        kept = [word for before, word in zip([""] + words, words)
                if word not in ("-MD", "-MQ", "-MF", "-o", "-c") and before not in ("-MQ", "-MF", "-o")]
        if file.is_relative_to(root) and file.relative_to(root).parts[0] in FOLDERS and file.suffix == ".c":
            found[file] = (kept, folder)
    return found


def preprocessed(command, folder, *more):
    """Returns all that the compiler proper sees of a source: of the same text it makes the same object."""
    return subprocess.run([*command, *more, "-E"], cwd=folder, check=True, stdout=subprocess.PIPE).stdout


def telltales(root, folders=FOLDERS):
    """Returns the lines of code, comments aside, that could make a fuzzed build another one."""
    found = []
    for path in sorted(path for folder in folders for path in (root / folder).rglob("*.[ch]")):
        text = re.sub(r"/\*.*?\*/|//[^\n]*", lambda match: re.sub(r"[^\n]", " ", match[0]), path.read_text(),
                      flags=re.S)
        found += [f"{path.relative_to(root)}:{number}: {line.strip()}"
                  for number, line in enumerate(text.splitlines(), 1) if TELLTALE.search(line)]
    return found


def check_tree(root, build):
    sources = commands(build, root)
    there = {path for folder in FOLDERS for path in (root / folder).rglob("*.c")}
    tap.check("every source is looked at", there == sources.keys(), there ^ sources.keys())
    different = [str(file.relative_to(root)) for file, (command, folder) in sorted(sources.items())
                 if preprocessed(command, folder) != preprocessed(command, folder, DEFINE)]
    tap.check(f"{len(sources)} sources are the same code when fuzzed", sources and not different, different)
    found = telltales(root)
    tap.check("no source asks whether it is fuzzed or sanitized", not found, "\n".join(found))


SAMPLE = """/* fuzz: a comment is none */
int check(int tag);
int check(int tag) {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return 1;
#endif
  return tag;
}
"""


def self_test():
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary).resolve()
        (root / "core").mkdir()
        (root / "core/weak.c").write_text(SAMPLE)
        (root / "core/sound.c").write_text(SAMPLE.replace("FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION", "SOMETHING"))
        sources = [["cc", f"core/{name}.c"] for name in ("weak", "sound")]
        same = [preprocessed(source, root) == preprocessed(source, root, DEFINE) for source in sources]
        tap.check("a check that is left out is seen in the code", same == [False, True], same)
        found = telltales(root, ["core"])
        tap.check("and where it is asked for", [line.split(":")[:2] for line in found] == [["core/weak.c", "4"]],
                  found)


if sys.argv[1] == "--self-test":
    self_test()
else:
    check_tree(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
tap.finish()
