#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Tests the tools of fuzz/ on a tree of their own, with targets of which it is known what they find and what they
reach. Usage: fuzz_tools.py SOURCE_FOLDER"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import tap

source = pathlib.Path(sys.argv[1])

TABLE = """targets = {
  'sound': [[], []],
  'faulty': [[], []],
  'leaking': [[], []],
  'undefined': [[], []],
  'broken': [[], []],
  'absent': [[], ['no-such-library']],
}
"""

TARGETS = {
    # What it reaches depends on the first byte alone.
    "sound": """
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  toy(size > 0 ? data[0] : 0);
  return 0;
}""",
    # Two faults: whoever makes an input that holds BUG smaller must not end at the other, which is shorter.
    "faulty": """
static void other(const uint8_t *data, size_t size) {
  FUZZ_ASSERT(size != 2 || data[0] != 'U');
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bool good = memmem(data, size, "BUG", 3) == NULL;
  FUZZ_ASSERT(good);
  other(data, size);
  return 0;
}""",
    "leaking": """
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void *volatile kept;
  kept = size > 0 && data[0] == 'L' ? malloc(size) : NULL;
  kept = NULL;
  return 0;
}""",
    "undefined": """
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static volatile int kept;
  kept = size > 0 && data[0] == 'U' ? INT32_MAX + data[0] : 0;
  return 0;
}""",
    "broken": """
__attribute__((constructor)) static void leave(void) {
  _Exit(3);
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  (void)data;
  return (int)(size * 0);
}""",
}

TOY_HEADER = "int toy(int choice);\n"
TOY = """#include "core/toy.h"
int toy(int choice) {
  if (choice == 'A') {
    return 1;
  }
  if (choice == 'B') {
    return 2;
  }
  return 3;
}
"""


class Toy:
    """The tree: fuzz/ with the table and the targets, build-fuzz/ with the programs."""

    def __init__(self, root):
        self.root = root
        for folder in ("fuzz", "core", "build-fuzz/fuzz", "build-fuzz-coverage/fuzz"):
            (root / folder).mkdir(parents=True)
        for file in (source / "fuzz").glob("*.py"):
            shutil.copy(file, root / "fuzz")
        (root / "fuzz/meson.build").write_text(TABLE)
        (root / "core/toy.h").write_text(TOY_HEADER)
        (root / "core/toy.c").write_text(TOY)
        for name, body in TARGETS.items():
            (root / f"fuzz/{name}.c").write_text('#include "fuzz/fuzz.h"\n#include "core/toy.h"\n' + body + "\n")
            (root / f"fuzz/{name}.dict").write_text('"BUG"\n')
            (root / f"fuzz/{name}.options").write_text("[libfuzzer]\nmax_len = 24\n")
            self.seed(name, "seed", b"seed")

    def seed(self, name, file, data, folder="fuzz/corpus"):
        path = self.root / folder / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def compile(self, output, *arguments):
        return tap.succeeds(f"{output} is built", "clang", "-g", "-O0", "-D_GNU_SOURCE", "-I", self.root,
                            "-I", source, "-I", source / "include", "-o", self.root / output, *arguments)

    def build(self):
        for name in TARGETS:
            self.compile(f"build-fuzz/fuzz/{name}", "-fsanitize=fuzzer,address,undefined",
                         self.root / f"fuzz/{name}.c", self.root / "core/toy.c")
        counted = "-fprofile-instr-generate", "-fcoverage-mapping"
        self.compile("build-fuzz-coverage/libbulla.so", *counted, "-shared", "-fPIC", self.root / "core/toy.c")
        for name in ("sound", "faulty", "leaking", "undefined"):
            self.compile(f"build-fuzz-coverage/fuzz/{name}", *counted, self.root / f"fuzz/{name}.c",
                         self.root / "core/toy.c", source / "fuzz/replay.c")

    def run(self, *arguments):
        run = subprocess.run([sys.executable, "fuzz/fuzz.py", *map(str, arguments)], cwd=self.root,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                             check=False)
        return run.returncode, run.stdout

    def regressions(self, name):
        return sorted((self.root / f"fuzz/corpus/{name}").glob("regression-*"))


def check_sound(toy):
    status, output = toy.run("fuzz", "sound", 2)
    tap.check("fuzzing that finds nothing ends with 0", status == 0, output)
    tap.check("it says how much was done", re.search(r"^sound( +[1-9][\d,]+){3} +[1-9]", output, re.M), output)
    found = [file.stat().st_size for file in (toy.root / "build-fuzz/corpus/sound").iterdir()]
    tap.check("the options count: no input is longer than max_len", found and max(found) <= 24, found)
    log = (toy.root / "build-fuzz/logs/sound.log").read_text(errors="replace")
    tap.check("the dictionary is read", "Dictionary: 1 entries" in log, log[:500])
    for arguments, wanted in {("fuzz", "sound", 1): "sound", ("fuzz", "--seed", 7, "sound", 1): "sound",
                              ("fuzz", "all", 1): "all", ("fuzz-afl", "faulty", 1): "faulty",
                              ("fuzz-repro", "faulty", "fuzz/fuzz.py"): "faulty", ("fuzz-merge", "leaking"): "leaking",
                              ("fuzz-merge",): "all", ("fuzz-coverage",): "all"}.items():
        status, output = toy.run("--which", *arguments)
        tap.check(f"{arguments[0]} {arguments[1:]} needs {wanted} to be built, and no more",
                  (status, output) == (0, f"{wanted}\n"), output)
    for name, arguments in {"a target": ("fuzz", "nowhere", 1), "a number of seconds": ("fuzz", "sound", 0),
                            "a number": ("fuzz", "sound", "abc"), "a single target": ("fuzz-repro", "all", "dev"),
                            "a file": ("fuzz-repro", "sound", "nowhere")}.items():
        status, output = toy.run(*arguments)
        tap.check(f"what is not {name} is a mistake of usage", status == 2 and
                  re.search("there is no|a whole number above 0", output), output)
    (toy.root / "fuzz/corpus/sound").rename(toy.root / "fuzz/corpus/away")
    status, output = toy.run("fuzz", "sound", 1)
    tap.check("a target without a corpus is told what it needs", status == 4 and
              "fuzz/corpus/sound/ is missing or empty" in output, output)
    (toy.root / "fuzz/corpus/away").rename(toy.root / "fuzz/corpus/sound")
    (toy.root / "docs").mkdir()
    (toy.root / "docs/FUZZING.md").write_text("<!-- targets -->\n<!-- end of targets -->\n")
    page = subprocess.run([sys.executable, "fuzz/page.py"], cwd=toy.root, stderr=subprocess.PIPE, text=True,
                          check=False)
    tap.check("a target without a first comment is told its form", page.returncode == 1 and
              page.stderr.startswith("fuzz/sound.c: the first comment") and "Oracle:" in page.stderr, page.stderr)
    status, output = toy.run("fuzz", "absent", 1)
    tap.check("a target that was not built is told", status == 4 and "not built" in output, output)
    (toy.root / "build-fuzz/fuzz").rename(toy.root / "build-fuzz/away")
    for command in (("fuzz", "all", 1), ("fuzz-merge",), ("fuzz-coverage",)):
        status, output = toy.run(*command)
        tap.check(f"{command[0]} without any target fails", status == 4 and "no target was built" in output, output)
    (toy.root / "build-fuzz/away").rename(toy.root / "build-fuzz/fuzz")


def check_faulty(toy):
    status, output = toy.run("fuzz", "faulty", 30)
    tap.check("a crash ends with 1", status == 1, output)
    kept = toy.regressions("faulty")
    tap.check("one regression is kept", len(kept) == 1, kept)
    toy.seed("faulty", "long", b"0123456789 BUG 012345678", "crash")
    for file in kept:
        file.unlink()
    status, output = toy.run("fuzz-repro", "faulty", "crash/faulty/long")
    tap.check("a crash is shown with its stack", status == 1 and "good does not hold" in output and
              "in LLVMFuzzerTestOneInput" in output and not toy.regressions("faulty"), output)
    status, output = toy.run("fuzz-repro", "faulty", "crash/faulty/long", "--keep")
    kept = toy.regressions("faulty")
    tap.check("it is kept if asked for", status == 1 and len(kept) == 1, output)
    tap.check("it is as small as it can be, and no other crash", [file.read_bytes() for file in kept] == [b"BUG"],
              [file.read_bytes() for file in kept])
    tap.check("the message names it", kept and f"fuzz/corpus/faulty/{kept[0].name}" in output, output)
    status, output = toy.run("fuzz-repro", "faulty", "fuzz/corpus/faulty/seed")
    tap.check("an input that is good is no crash", status == 0, output)


def check_other_findings(toy):
    status, output = toy.run("fuzz", "leaking", 30)
    kept = toy.regressions("leaking")
    tap.check("a leak is a finding", status == 1 and len(kept) == 1 and "leaked" in output, output)
    status, output = toy.run("fuzz", "undefined", 30)
    tap.check("so is undefined behaviour", status == 1 and "undefined-behavior" in output and
              len(toy.regressions("undefined")) == 1, output)
    status, output = toy.run("fuzz", "broken", 1)
    tap.check("a target that does not run is a failure", status == 4 and "FAILED broken" in output, output)
    for file in [file for name in TARGETS for file in toy.regressions(name)]:
        file.unlink()
    status, output = toy.run("fuzz", "all", 2)
    rows = re.findall(r"^(\w+)(?: +[\d,]+){3}(?: +\d+){3}$", output, re.M)
    tap.check("all targets that were built have a turn", status == 1 and sorted(rows) == sorted(TARGETS), output)
    svg = toy.root / "build-fuzz/report/fuzzing.svg"
    texts = [text.text for text in xml.etree.ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")]
    tap.check("the picture shows each", set(TARGETS) <= set(texts), texts)


def check_afl(toy):
    if not shutil.which("afl-fuzz"):
        tap.skip("AFL++", "afl-fuzz is missing; ./dev fuzz-afl installs it")
        return
    (toy.root / "build-afl/fuzz").mkdir(parents=True)
    tap.succeeds("a target is built for AFL++", "afl-clang-fast", "-fsanitize=fuzzer,address", "-D_GNU_SOURCE",
                 "-I", toy.root, "-I", source, "-I", source / "include", "-o", toy.root / "build-afl/fuzz/faulty",
                 toy.root / "fuzz/faulty.c", toy.root / "core/toy.c")
    for file in toy.regressions("faulty"):
        file.unlink()
    status, output = toy.run("fuzz-afl", "faulty", 60)
    kept = [file.read_bytes() for file in toy.regressions("faulty")]
    tap.check("a crash that AFL++ finds is kept as one of libFuzzer's", status == 1 and len(kept) == 1, output)


def check_merge(toy):
    for file in (toy.root / "build-fuzz/corpus/sound").iterdir():
        file.unlink()
    for number, data in enumerate((b"A" + 9 * b".", b"A", b"A.", b"q", b"B" * 5000)):
        toy.seed("sound", str(number), data, "build-fuzz/corpus")
    before = set((toy.root / "fuzz/corpus/sound").iterdir())
    status, output = toy.run("fuzz-merge", "sound")
    added = [file.read_bytes() for file in (toy.root / "fuzz/corpus/sound").iterdir() if file not in before]
    tap.check("a merge takes the smallest input that adds an edge, and no long one",
              status == 0 and added == [b"A"], f"{output}{added}")
    status, output = toy.run("fuzz-merge")
    tap.check("a merge again adds nothing", status == 0 and "sound: 0 of" in output, output)


def check_coverage(toy):
    def figures(*arguments):
        status, output = toy.run("fuzz-coverage", *arguments)
        match = re.search(r"^core/toy\.c +([\d.]+)% +([\d.]+)%$", output, re.M)
        return status, match and (float(match[1]), float(match[2])), output

    (toy.root / "build-fuzz/fuzz/broken").unlink()
    shutil.rmtree(toy.root / "build-fuzz/corpus")
    for file in [file for name in TARGETS for file in toy.regressions(name)]:
        file.unlink()
    # Of nine lines two are for B alone, and of two choices with two ways each it takes one.
    status, reached, output = figures()
    tap.check("what no input reaches counts as missing", status == 0 and reached == (77.8, 75.0), output)
    toy.seed("sound", "b", b"B")
    status, reached, output = figures()
    tap.check("what an input reaches counts", status == 0 and reached == (100.0, 100.0), output)
    toy.seed("faulty", "bad", b"BUG")
    status, _, output = figures()
    tap.check("a replay that ends early is a failure", status == 1 and "FAILED faulty" in output, output)
    log = (toy.root / "build-fuzz-coverage/replay-faulty.log").read_text()
    tap.check("it says in which input", log.endswith("/fuzz/corpus/faulty/bad\n"), log)
    (toy.root / "fuzz/corpus/sound/b").unlink()
    for name in ("faulty", "leaking", "undefined"):
        (toy.root / "build-fuzz/fuzz" / name).unlink()
    status, reached, output = figures("--from-empty", 3)
    tap.check("an empty corpus is filled", status == 0 and reached == (100.0, 100.0), output)
    for name in ("index.html", "coverage.svg"):
        text = (toy.root / "build-fuzz/report" / name).read_text()
        tap.check(f"{name} needs nothing else", "core/toy.c" in text and "<script" not in text and
                  not re.search(r"(src|href)=.?(https?:|//)", text), text[:300])
    tap.check("the source is shown with its counts",
              any("toy.c" in file.name for file in (toy.root / "build-fuzz/report/coverage").rglob("*.html")))


if not shutil.which("clang") or not shutil.which("llvm-cov"):
    tap.skip("the tools of fuzz/", "clang or llvm-cov is missing; ./dev fuzz-coverage installs them")
    tap.finish()
with tempfile.TemporaryDirectory() as folder:
    toy_tree = Toy(pathlib.Path(folder))
    toy_tree.build()
    for check in (check_sound, check_faulty, check_other_findings, check_afl, check_merge, check_coverage):
        check(toy_tree)
tap.finish()
