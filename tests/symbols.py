#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Compares what the shared library exports with what the public headers declare, and looks for names in the
archive that could collide with a consumer's. Usage: symbols.py INCLUDE_FOLDER SHARED_LIBRARY ARCHIVE"""

import pathlib
import re
import subprocess
import sys

import tap


def symbols(*arguments):
    """Returns the names that nm lists as defined, without their versions."""
    lines = subprocess.run(
        ["nm", "--defined-only", "--extern-only", "--format=posix", *arguments],
        check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    # A version of the library is a name of its own, of type A.
    return {line.split()[0].split("@")[0] for line in lines if len(line.split()) > 1 and line.split()[1] != "A"}


include, shared, archive = sys.argv[1:]
declared, unmarked = set(), set()
for header in pathlib.Path(include).glob("bulla/*.h"):
    text = header.read_text()
    declared |= set(re.findall(r"^BULLA_API\b[^;(]*?\b(\w+)\(", text, re.MULTILINE))
    unmarked |= set(re.findall(r"^(?!BULLA_API|static|typedef)[a-z][^;(){}]*?\b(\w+)\(", text, re.MULTILINE))
exported = symbols("--dynamic", shared)
dynamic = subprocess.run(["readelf", "--wide", "--dynamic", shared], check=True, stdout=subprocess.PIPE, text=True).stdout
versioned = subprocess.run(["nm", "--dynamic", "--defined-only", "--with-symbol-versions", shared],
                           check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")
bare = [line for line in versioned if " T " in line and not line.endswith("@@BULLA_0")]
everything = symbols(archive)

tap.check("the headers declare functions", len(declared) > 10, declared)
tap.check("all of them are marked BULLA_API", not unmarked, unmarked)
tap.check("every declared function is exported", declared <= exported, declared - exported)
tap.check("nothing else is exported", exported <= declared, exported - declared)
tap.check("every exported function carries a version", not bare, bare)
tap.check("the library is never unloaded", "NODELETE" in dynamic, dynamic)
strangers = {name for name in everything if not name.startswith("bulla_")}
tap.check("every global name of the archive begins with bulla_", everything and not strangers, strangers)
tap.finish()
