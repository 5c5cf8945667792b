#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Compares the test files that there are with those that meson.build lists: one that is not listed never runs.
Usage: listed.py TESTS_FOLDER FILE…"""

import pathlib
import sys

import tap

folder = pathlib.Path(sys.argv[1])
there = {str(path.relative_to(folder)) for path in [*folder.glob("test_*.c"), *folder.glob("cli/test_*.py")]}
tap.check("every test file is listed", there == set(sys.argv[2:]), there ^ set(sys.argv[2:]))
tap.finish()
