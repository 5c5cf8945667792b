#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Compiles each public header alone, as C and as C++, with warnings as errors.
Usage: headers.py INCLUDE_FOLDER C_COMPILER… -- CPP_COMPILER…"""

import pathlib
import sys

import tap

include, *compilers = sys.argv[1:]
split = compilers.index("--")
for header in sorted(pathlib.Path(include).glob("bulla/*.h")):
    for compiler, language in (
        (compilers[:split], ["-x", "c", "-std=c11", "-Wstrict-prototypes"]),
        (compilers[split + 1 :], ["-x", "c++", "-std=c++17"]),
    ):
        flags = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-fsyntax-only", "-I", include]
        source = f"#include <bulla/{header.name}>\n"
        tap.succeeds(f"{header.name} alone as {language[1]}", *compiler, *language, *flags, "-", input=source)
tap.finish()
