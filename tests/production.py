#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Checks that a fuzzed or sanitized build has the code that production runs: no source may ask for a macro, in a
directive or by name, that is not on a list with its reason. Usage: production.py SOURCE_FOLDER"""

import pathlib
import re
import sys

import tap

FOLDERS = "include", "core", "store", "token", "service", "cli"

# Every macro that a source may ask for in #if and its kin, and why production and fuzzing give the same answer.
ASKED_FOR = {
    "__x86_64__": "the processor",
    "__SSE2__": "the processor; part of x86-64",
    "__cplusplus": "the language of who includes a public header",
    "SYS_memfd_secret": "libc's headers, which may be older than the kernel",
    "BULLA_BORINGSSL_PATH": "meson.build: BoringSSL is loaded; sanitizers need it linked; no check hangs on it",
    "BULLA_HAVE_IPSEC_MB": "meson.build: whether there is a second engine; both are fuzzed",
}

# Reserved names belong to the compiler, libc, or a tool that builds or watches the program. These tell nothing.
NAMED = {
    "_Alignas", "_Atomic", "_Static_assert", "_Thread_local", "__asm__", "__attribute__", "__typeof__",
    "__builtin_add_overflow", "__builtin_mul_overflow", "__builtin_ctz", "__builtin_ctzll",
    "__builtin_cpu_init", "__builtin_cpu_supports", "__get_cpuid", "__m128i", "__m256i", "__m512i", "__mmask64",
    "_SC_ARG_MAX", "_SC_PAGESIZE",
}

# What may be named in one file.
NAMED_THERE = {
    ("cli/options.c", "assert"),  # that the option of a name is there, which no input decides
    # How BoringSSL is loaded into a program that has a sanitizer; no check hangs on it.
    *(("core/crypto_boringssl.c", name)
      for name in ("is_sanitized", "__asan_init", "__hwasan_init", "__tsan_init", "__msan_init")),
}

COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'", re.S)
GUARD = re.compile(r"^#ifndef (BULLA_\w+_H)$(?=\n#define \1$)", re.M)
DIRECTIVE = re.compile(r"^[ \t]*(?:#|%:)[ \t]*(?:el)?if(?:n?def)?\b((?:\\\n|[^\n])*)", re.M)
# Also what asks when it is linked, by a weak symbol, or when it runs, by dlsym(3).
TELLTALE = re.compile(r"\b(?:_[A-Z_]\w*|assert|NDEBUG)\b|\w*(?i:fuzz|sanitize)\w*")


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def telltales(root):
    """Returns (place, name) of what could make a fuzzed build another one, and the macros that are asked for."""
    found, asked = [], set()
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.[ch]")):
        text = COMMENT_OR_TEXT.sub(lambda match: blank(match[0]) if match[0][0] == "/" else match[0],
                                   path.read_text())
        text = GUARD.sub(lambda match: blank(match[0]), text)
        names = {}
        for directive in DIRECTIVE.finditer(text):
            for name in re.finditer(r"[A-Za-z_]\w*", directive[1]):
                if name[0] != "defined":
                    names[directive.start(1) + name.start()] = name[0]
        asked.update(names.values())
        names |= {name.start(): name[0] for name in TELLTALE.finditer(text) if name[0] not in NAMED}
        file = str(path.relative_to(root))
        found += [(f"{file}:{text.count(chr(10), 0, at) + 1}", name) for at, name in sorted(names.items())
                  if name not in ASKED_FOR and (file, name) not in NAMED_THERE]
    return found, asked


def check_tree(root):
    found, asked = telltales(root)
    tap.check("no source asks whether it is fuzzed or sanitized", not found, "\n".join(map(" ".join, found)))
    tap.check("every macro on the list is asked for", ASKED_FOR.keys() <= asked, ASKED_FOR.keys() - asked)


check_tree(pathlib.Path(sys.argv[1]).resolve())
tap.finish()
