#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Compares what the shared library exports with what the public headers declare, looks for names in the archive that
could collide with a consumer's, and for the marks of the compiler's hardening in what is installed.
Usage: symbols.py INCLUDE_FOLDER SHARED_LIBRARY ARCHIVE [COMMAND] -- FLAG…, the flags of hardening that were given"""

import pathlib
import platform
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


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


files, flags = sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
include, shared, archive = files[:3]
declared, unmarked = set(), set()
for header in pathlib.Path(include).glob("bulla/*.h"):
    text = header.read_text()
    declared |= set(re.findall(r"^BULLA_API\b[^;(]*?\b(\w+)\(", text, re.MULTILINE))
    unmarked |= set(re.findall(r"^(?!BULLA_API|static|typedef)[a-z][^;(){}]*?\b(\w+)\(", text, re.MULTILINE))
exported = symbols("--dynamic", shared)
dynamic = output("readelf", "--wide", "--dynamic", shared)
versioned = output("nm", "--dynamic", "--defined-only", "--with-symbol-versions", shared)
bare = [line for line in versioned.splitlines() if " T " in line and not re.search(r"@@BULLA_\d+\.\d+$", line)]
everything = symbols(archive)

tap.check("the headers declare functions", len(declared) > 10, declared)
tap.check("all of them are marked BULLA_API", not unmarked, unmarked)
tap.check("every declared function is exported", declared <= exported, declared - exported)
tap.check("nothing else is exported", exported <= declared, exported - declared)
tap.check("every exported function carries a version", not bare, bare)
tap.check("the library is never unloaded", "NODELETE" in dynamic, dynamic)
# The compiler's reference to the function that unwinds is one of a kind in each program.
strangers = {name for name in everything if not name.startswith(("bulla_", "DW.ref."))}
tap.check("every global name of the archive begins with bulla_", everything and not strangers, strangers)

if platform.machine() == "x86_64":
    wanted = {"-fstack-protector-strong", "-fstack-clash-protection", "-fcf-protection"}
    tap.check("the compiler was asked for all of its hardening", wanted <= set(flags), flags)
for path in (shared, *files[3:]):
    name = pathlib.Path(path).name
    asked = output("nm", "--dynamic", "--undefined-only", path)
    tap.check(f"{name} binds at its start", "BIND_NOW" in output("readelf", "--dynamic", path), asked)
    if "-fstack-protector-strong" in flags:
        tap.check(f"{name} looks for overruns of its stack", "__stack_chk_fail" in asked, asked)
    if any("_FORTIFY_SOURCE=" in flag for flag in flags):
        tap.check(f"{name} copies with checks", re.search(r"\b__(?!stack)\w+_chk\b", asked), asked)
if "-fcf-protection" in flags:
    # The program as a whole has the mark only where libc's own start files have it.
    objects = output("readelf", "--notes", "--wide", archive).split("File: ")[1:]
    unmarked = [text.split("\n")[0] for text in objects if "IBT, SHSTK" not in text]
    tap.check("every object of the archive lands indirect calls", objects and not unmarked, unmarked)
tap.finish()
