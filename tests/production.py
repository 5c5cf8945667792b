#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Checks that a fuzzed or sanitized build has the code that production runs: no source may ask for a macro that is
not on a list with its reason, nor name what a fuzzer or a sanitizer brings, or assert. Usage: production.py
SOURCE_FOLDER"""

import pathlib
import re
import sys

import tap

# Every macro that a source may ask for in #if and its kin, and why production and fuzzing give the same answer.
ASKED_FOR = {
    "__x86_64__": "the processor",
    "__SSE2__": "the processor; part of x86-64",
    "__cplusplus": "the language of who includes a public header",
    "SYS_memfd_secret": "libc's headers, which may be older than the kernel",
    "MFD_NOEXEC_SEAL": "libc's headers, likewise",
    "MADV_POPULATE_WRITE": "libc's headers, likewise",
    "__clang__": "how a compiler is asked to unroll a loop",
    "BULLA_BORINGSSL_PATH": "meson.build: BoringSSL is loaded; sanitizers need it linked; no check hangs on it",
    "BULLA_POSTGRESQL": "meson.build: whether there is a second back end",
    "BULLA_VAES_BITS": "core/meson.build: the width of the engine's vectors; both are built, and fuzzed",
}
# What may be named in one file: that the option of a name is there, which no input decides; and how BoringSSL is
# loaded into a program that has a sanitizer, on which no check hangs.
NAMED_THERE = {"cli/options.c": {"assert"},
               "core/crypto_boringssl.c": {"is_sanitized", "__asan_init", "__hwasan_init", "__tsan_init", "__msan_init"}}

COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'", re.S)
GUARD = re.compile(r"^#ifndef (BULLA_\w+_H)$(?=\n#define \1$)", re.M)
DIRECTIVE = re.compile(r"^[ \t]*(?:#|%:)[ \t]*(?:el)?if(?:n?def)?\b((?:\\\n|[^\n])*)", re.M)
# Also what asks when it is linked, by a weak symbol, or when it runs, by dlsym(3): so texts are looked through too.
TELLTALE = re.compile(r"\b(?:assert|NDEBUG)\b|\w*(?i:fuzz|sanitize|san_|gcov|llvm|has_feature)\w*")

root = pathlib.Path(sys.argv[1]).resolve()
found, asked = [], set()
for path in sorted(path for folder in ("include", "core", "store", "token", "cli")
                   for path in (root / folder).rglob("*.[ch]")):
    file = str(path.relative_to(root))
    text = COMMENT_OR_TEXT.sub(lambda match: " " if match[0][0] == "/" else match[0], path.read_text())
    words = {word for directive in DIRECTIVE.findall(GUARD.sub("", text))
             for word in re.findall(r"[A-Za-z_]\w*", directive)} - {"defined"}
    asked |= words
    named = set(TELLTALE.findall(text))
    found += [f"{file}: {word}" for word in (words | named) - ASKED_FOR.keys() - NAMED_THERE.get(file, set())]
tap.check("no source asks whether it is fuzzed or sanitized", not found, "\n".join(found))
tap.check("every macro on the list is asked for", ASKED_FOR.keys() <= asked, ASKED_FOR.keys() - asked)
tap.finish()
