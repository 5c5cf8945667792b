#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Proves that fuzzing sees the code that production runs. Fuzzing services define
FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION so that a program may drop checks for them: every source, preprocessed
with it and without, must give the same code. So that nothing else makes a difference, no source may ask for a
macro, in a directive or by name, that is not on a list with its reason.
Usage: production.py SOURCE_FOLDER BUILD_FOLDER, or production.py --self-test"""

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


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def telltales(root, folders=FOLDERS):
    """Returns (place, name) of what could make a fuzzed build another one, and the macros that are asked for."""
    found, asked = [], set()
    for path in sorted(path for folder in folders for path in (root / folder).rglob("*.[ch]")):
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


def check_tree(root, build):
    sources = commands(build, root)
    there = {path for folder in FOLDERS for path in (root / folder).rglob("*.c")}
    tap.check("every source is looked at", there == sources.keys(), there ^ sources.keys())
    different = [str(file.relative_to(root)) for file, (command, folder) in sorted(sources.items())
                 if preprocessed(command, folder) != preprocessed(command, folder, DEFINE)]
    tap.check(f"{len(sources)} sources are the same code when fuzzed", sources and not different, different)
    found, asked = telltales(root)
    tap.check("no source asks whether it is fuzzed or sanitized", not found, "\n".join(map(" ".join, found)))
    tap.check("every macro on the list is asked for", ASKED_FOR.keys() <= asked, ASKED_FOR.keys() - asked)


SAMPLE = """/* fuzz: a comment is none */
int check(int tag);
int check(int tag) {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return 1;
#endif
  return tag;
}
"""

# What is on line 2 asks, and for this.
ASKING = {
    "#if defined(__x86_64__) && \\\n    defined(__AFL_COMPILER)": "__AFL_COMPILER",
    "#elif __SANITIZE_THREAD__": "__SANITIZE_THREAD__",
    "#  ifdef NDEBUG": "NDEBUG",
    "#if __has_feature(memory)": "__has_feature memory",
    "%:ifndef LIBFUZZER": "LIBFUZZER",
    "#ifndef BULLA_TEST": "BULLA_TEST",
    "#ifdef BULLA_TEST_H": "BULLA_TEST_H",
    "#if BULLA_VERSION > 1": "BULLA_VERSION",
    'f("sqlite://", __clang__);': "__clang__",
    "while (__AFL_LOOP(9)) {": "__AFL_LOOP",
    "__attribute__((weak)) void __asan_init(void);": "__asan_init",
    "__attribute__((weak)) int LLVMFuzzerTestOneInput(void);": "LLVMFuzzerTestOneInput",
    'dlsym(NULL, "__msan_unpoison");': "__msan_unpoison",
    "if (__builtin_constant_p(tag)) {": "__builtin_constant_p",
    "assert(tag);": "assert",
    "assert_that(1);  // __AFL_INIT": "",
    "#ifndef BULLA_A_H\n#define BULLA_A_H": "",
    "#include <sanitizer/asan_interface.h>": "sanitizer",
}


def self_test():
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary).resolve()
        (root / "core").mkdir()
        (root / "core/weak.c").write_text(SAMPLE)
        (root / "core/sound.c").write_text(SAMPLE.replace("FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION", "SOMETHING"))
        sources = [["cc", f"core/{name}.c"] for name in ("weak", "sound")]
        same = [preprocessed(source, root) == preprocessed(source, root, DEFINE) for source in sources]
        tap.check("a check that is left out is seen in the code", same == [False, True], same)
        for line, wanted in ASKING.items():
            (root / "core/weak.c").write_text(f"/* __clang__ */\n{line}\n")
            (root / "core/sound.c").unlink(missing_ok=True)
            found, _ = telltales(root, ["core"])
            places = {place for place, _ in found}
            good = " ".join(name for _, name in found) == wanted and len(places) == (wanted != "") and \
                places <= {"core/weak.c:2", "core/weak.c:3"}
            tap.check(f"{wanted or 'nothing'} is asked for by {line.splitlines()[0]}", good, found)


if sys.argv[1] == "--self-test":
    self_test()
else:
    check_tree(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
tap.finish()
