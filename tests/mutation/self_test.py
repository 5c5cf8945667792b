#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Tests what counts as a kill, on programs of which it is known how they end."""

import pathlib
import tempfile

import run as mutation
import tap

# What a program does when it is run first, and when it is run again.
FAILS, PASSES = "echo 'not ok 1 - it holds: CRASH!'; echo 1..1; exit 1", "echo 'ok 1 - it holds'; echo 1..1"
CRASHES = FAILS.replace(": CRASH!", " unexpected signal after tests/test_a.c:7")
OTHER, DIES, HANGS = FAILS.replace("it holds", "another"), "kill -9 $$", "sleep 60"
CHECKS = {
    "fails twice": (FAILS, FAILS, "it holds"),
    "fails, and crashes when it is repeated": (FAILS, CRASHES, "it holds"),
    "fails once": (FAILS, PASSES, None),
    "fails by another test when it is repeated": (FAILS, OTHER, None),
    "fails by a test that the sound tree does not pass": (OTHER, OTHER, None),
    "dies twice": (DIES, DIES, "(fail, exit status -9)"),
    "dies once": (DIES, PASSES, None),
    "hangs twice": (HANGS, HANGS, "(hangs)"),
    "hangs once": (HANGS, PASSES, None),
    "passes": (PASSES, FAILS, None),
}

CRASH = "echo \"$0.c:7: good does not hold\"; echo 'Test unit written to ./crash-1'; exit 77"
REPEATED = f"[ \"$*\" = '-runs=1 ./crash-1' ] || exit 0; {CRASH}"
SANITIZED = "echo 'SUMMARY: AddressSanitizer: SEGV core/a.c:1 in f'; echo 'Test unit written to ./crash-2'; exit 1"
USAGE = "echo 'ERROR: The required directory does not exist'; exit 1"
FUZZERS = {
    "fails an assertion, and by the input alone too": (CRASH, REPEATED, "does not hold)"),
    "fails an assertion, but not by the input alone": (CRASH, "exit 0", None),
    "is reported by a sanitizer": (SANITIZED, SANITIZED, "(AddressSanitizer: SEGV core/a.c:1 in f)"),
    "finds nothing": ("exit 0", CRASH, None),
    "does not start": (USAGE, USAGE, "broken"),
    "ends without a word": ("exit 3", "exit 3", "broken"),
}


def program(folder, first, again):
    """Makes a program that does |first| when it is run first, and then |again|."""
    path = pathlib.Path(tempfile.mkdtemp(dir=folder), "program")
    path.write_text(f'#!/bin/sh\nif [ ! -e "$0.ran" ]; then\n  : >"$0.ran"\n  {first}\nelse\n  {again}\nfi\n')
    path.chmod(0o755)
    return path


def check_of(path):
    test = {"suite": ["bulla:unit"], "name": "toy", "cmd": [str(path)], "env": {}, "workdir": None, "timeout": 1,
            "protocol": "tap"}
    check = mutation.Check(test, path.parent)
    check.sound = {"it holds"}
    return check


def fuzzer_of(path):
    fuzzer = mutation.Fuzzer("toy", path.parent, 1)
    fuzzer.program = str(path)
    return fuzzer


def judge(checks, make):
    for name, (first, again, wanted) in checks.items():
        with tempfile.TemporaryDirectory() as folder:
            doubts = []
            try:
                fault = mutation.Tree.confirmed_fault(make(program(folder, first, again)), doubts)
            except mutation.Broken:
                fault = "broken"
        good = fault is None if wanted is None else fault is not None and fault.endswith(wanted)
        told = (fault is None and name not in ("passes", "finds nothing")) == bool(doubts)
        tap.check(f"{make.__name__[:-3]} that {name}: {wanted or 'no kill'}", good and told, f"{fault} {doubts}")


judge(CHECKS, check_of)
judge(FUZZERS, fuzzer_of)
tap.finish()
