#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Plants defects one at a time in a copy of the tree, and says which check finds each: `./dev mutate`.

The checks run in an order in which the first failure comes early, and end with it: what found the defect last
time, the unit tests named after its file, then all that there is, from cheap to dear. A check that hangs has
found it too. What was found counts once it is confirmed: the same test passed in the sound tree, and fails again
when the check is repeated. A defect that does not compile, or whose place in the source is not there once, is a
mistake in the list and fails the run; so does a score below the threshold, and so does the control: before all
else a defect that changes nothing goes the whole way, and must survive."""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import defects as lists  # noqa: E402
from report import judge  # noqa: E402

SUITES = ("unit", "fuzz", "ct", "lingering", "cli", "postgres")  # from cheap to dear
QUICK = ("unit", "fuzz")
OPTIONS = ("-Dtests=enabled", "-Dbench=disabled", "-Dman=disabled")
HANGS = "(hangs)"
THRESHOLD = 95.0  # per cent of the defects that must be found
CONTROL = lists.Defect("control", "core/status.c", [], "nothing: this is no defect", '"done"', '"done"')


class Broken(Exception):
    """The copy does not build, or does not pass as it is."""


def run(command, timeout, **options):
    """Runs |command| in a process group of its own; returns exit status, or None for a hang, and standard output.
    That goes to a file: of a pipe, what a child of |command| still holds would keep us waiting."""
    with tempfile.TemporaryFile() as output:
        options = {"stderr": subprocess.DEVNULL, **options}
        with subprocess.Popen(command, stdout=output, stdin=subprocess.DEVNULL, start_new_session=True,
                              **options) as process:
            try:
                status = process.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                status = None
        output.seek(0)
        return status, output.read().decode(errors="replace")


class Check:
    """One program of the tests, as Meson would run it."""

    def __init__(self, test, build):
        self.suite = next(s for s in SUITES if f"bulla:{s}" in test["suite"])
        self.name = f"{self.suite}/{test['name']}"
        self.test, self.build = test, build
        self.seconds, self.timeout = 0.0, float(test["timeout"] or 3600)
        self.passed, self.sound = set(), None  # the tests that pass: when it ran last, and in the sound tree
        program = pathlib.Path(build, test["cmd"][0])
        self.is_program = program.is_relative_to(build)
        self.targets = [str(program.relative_to(build))] if self.is_program else []

    def order(self):
        """What needs no more than one program comes first, then what is quick."""
        return SUITES.index(self.suite), not self.is_program, self.seconds

    def find_faults(self):
        """Runs it; returns the tests that failed, or in parentheses how the whole of it did."""
        environment = {**os.environ, **self.test["env"], "MALLOC_PERTURB_": "165"}
        command = [os.path.join(self.build, self.test["cmd"][0]) if self.is_program else self.test["cmd"][0],
                   *self.test["cmd"][1:]]
        started = time.monotonic()
        status, output = run(command, self.timeout, cwd=self.test["workdir"] or self.build, env=environment)
        self.seconds = time.monotonic() - started
        if status is None:
            return [HANGS]
        if self.test["protocol"] != "tap":
            return [] if status == 0 else [f"(exit status {status})"]
        result = {0: "OK"}.get(status, "FAIL")
        passed, _, failed = judge({"stdout": output, "result": result, "returncode": status})
        self.passed = {bare(name) for name in passed}
        return [bare(name) for name in failed]

    def confirm(self, faults):
        """Runs it again; returns which of |faults| come again, of tests that pass in the sound tree."""
        again = self.find_faults()
        return [fault for fault in faults if fault in again and (fault.startswith("(") or self.is_sound(fault))]

    def is_sound(self, name):
        return self.sound is None or name in self.sound


def bare(name):
    """The name of a test without what Criterion and others say of its end behind it."""
    return re.sub(r"(:| unexpected signal) .*", "", name)


class Tree:
    """A copy of the sources with its build folder; one defect at a time is in it."""

    def __init__(self, folder, quick, named=()):
        self.source, self.build = folder / "source", folder / "build"
        self.suites = QUICK if quick else SUITES
        self.copy()
        if not (self.build / "build.ninja").exists():
            self.must("meson", "setup", *OPTIONS, self.build, self.source)
        self.must("ninja", "-C", self.build)
        tests = json.loads(self.must("meson", "introspect", "--tests", self.build))
        suites = {f"bulla:{suite}" for suite in (SUITES[:-1] if quick else SUITES)}
        self.checks = [Check(test, self.build) for test in tests
                       if suites & set(test["suite"]) or f"cli/{test['name']}" in named]
        if missing := suites - {f"bulla:{check.suite}" for check in self.checks}:
            raise Broken(f"there is no test in {', '.join(sorted(missing))}")

    @staticmethod
    def must(*command):
        status, output = run([str(word) for word in command], 1800, stderr=subprocess.STDOUT)
        if status != 0:
            raise Broken(f"{command[0]} failed:\n{output}")
        return output

    def copy(self):
        """Makes the copy the same as the tree, and touches only what differs."""
        listed = run(["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"], 60)[1]
        names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
        for name in names:
            there, bytes_here = self.source / name, (ROOT / name).read_bytes()
            if not there.exists() or there.read_bytes() != bytes_here:
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, there)
        for there in [path for path in self.source.rglob("*") if path.is_file()]:
            if str(there.relative_to(self.source)) not in names and "__pycache__" not in there.parts:
                there.unlink()

    def compiles(self, *targets):
        return run(["ninja", "-C", str(self.build), *targets], 1800)[0] == 0

    def first_checks(self, defect, killer):
        """The checks that a defect is likely to meet its end in."""
        stem = pathlib.Path(defect.file).stem
        wanted = [killer] if killer else []
        wanted += [name if "/" in name else f"unit/{name}" for name in defect.first or [stem, stem.split("_")[0]]]
        by_name = {check.name: check for check in self.checks}
        return [by_name[name] for name in dict.fromkeys(wanted) if name in by_name]

    def try_defect(self, defect, killer=None):
        """Returns a verdict, the check and the test that found the defect, if one did, and what was doubtful."""
        path, doubts = self.source / defect.file, []
        sound = path.read_text()
        path.write_text(lists.plant(defect, sound))
        try:
            return *self.judge_planted(defect, killer, doubts), doubts
        except Broken as error:
            return "invalid", "a tool", str(error), doubts
        finally:
            path.write_text(sound)

    def judge_planted(self, defect, killer, doubts):
        tried = self.first_checks(defect, killer)
        for check in tried:
            if not self.compiles(*check.targets):
                return "invalid", "the compiler", ""
            if fault := self.confirmed_fault(check, doubts):
                return "killed", check.name, fault
        if not self.compiles():
            return "invalid", "the compiler", ""
        rest = sorted((check for check in self.checks if check not in tried
                       and (check.suite in self.suites or defect is CONTROL)), key=Check.order)
        for check in rest:
            if fault := self.confirmed_fault(check, doubts):
                return "killed", check.name, fault
        return ("unconfirmed", *doubts[0]) if doubts else ("survived", "", "")

    @staticmethod
    def confirmed_fault(check, doubts):
        faults = check.find_faults()
        confirmed = check.confirm(faults) if faults else []
        if faults and not confirmed:
            doubts.append((check.name, faults[0]))
        return confirmed[0] if confirmed else None

    def control(self):
        """What changes nothing must survive everything; and now each check's time is known."""
        verdict, check, fault, _ = self.try_defect(CONTROL)
        if verdict != "survived":
            raise Broken(f"the control did not survive: {verdict} by {check}: {fault}")
        for check in self.checks:
            check.timeout = min(check.timeout, 10 + 10 * check.seconds)
            check.sound = check.passed


def says(line):
    print(line, file=sys.stderr, flush=True)


def judge_one(defect, trees, killers, memory):
    """Judges |defect| in a tree that is free."""
    tree, started = trees.get(), time.monotonic()
    try:
        verdict, by, test, doubts = tree.try_defect(defect, killers.get(defect.name))
    finally:
        trees.put(tree)
    row = {"name": defect.name, "file": defect.file, "means": defect.means, "verdict": verdict, "by": by,
           "test": test, "unconfirmed": doubts}
    says(f"{defect.file} {defect.name}: {verdict} {by} {test} ({time.monotonic() - started:.0f} s)")
    if verdict == "killed":
        killers[defect.name] = by
        memory.write_text(json.dumps(killers.copy(), indent=1))
    return row


def table(rows):
    """Prints the score of each file, what survived, and what was found but not confirmed."""
    columns = [f"by {suite}" for suite in SUITES] + ["unconfirmed"]
    files = collections.defaultdict(collections.Counter)
    for row in rows:
        for key in (row["file"], "all"):
            files[key]["planted"] += 1
            files[key][row["verdict"]] += 1
            files[key][f'by {row["by"].split("/")[0]}'] += row["verdict"] == "killed"
    columns = ["planted", "killed"] + [column for column in columns if files["all"][column]] + ["survived"]
    print("| file | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for file in [*sorted(file for file in files if file != "all"), "all"]:
        counts = files[file]
        print(f"| {file} | " + " | ".join(str(counts[column]) for column in columns) + " |")
    for row in rows:
        if row["verdict"] != "killed":
            print(f"{row['verdict']}: {row['name']} ({row['file']}): {row['means']}")
            if row["verdict"] == "invalid":
                print(f"  {row['by']}: {row['test']}")
        for by, test in row["unconfirmed"]:
            print(f"not confirmed: {row['name']} by {by}: {test}")


def parse(words):
    """Returns what the command line asks for and the defects it chooses, or ends with status 2."""
    parser = argparse.ArgumentParser(prog="./dev mutate", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--only", metavar="RE", default="", help="plant only defects whose name or file matches")
    parser.add_argument("--jobs", metavar="N", type=int, choices=range(1, 17), default=1,
                        help="copies of the tree to work in")
    parser.add_argument("--quick", action="store_true",
                        help="run only the unit tests, the replays of the corpora, and what the defect's entry names")
    parser.add_argument("--check", action="store_true", help="only say whether each defect fits the source")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build-mutation",
                        help="where the copies are (default build-mutation)")
    parser.add_argument("lists", metavar="LIST", nargs="*", type=pathlib.Path, default=sorted(HERE.glob("*.txt")),
                        help="files of defects (default: all in tests/mutation/)")
    arguments = parser.parse_args(words)
    planted = [defect for path in arguments.lists for defect in lists.read(path)]
    try:
        wanted = re.compile(arguments.only)
    except re.error as error:
        parser.error(f"--only: {error}")
    chosen = [defect for defect in planted if wanted.search(defect.name) or wanted.search(defect.file)]
    if not chosen:
        files = " ".join(sorted({defect.file for defect in planted}))
        parser.error(f"--only: no defect has such a name, or such a file: {files}")
    return arguments, chosen


def main():
    arguments, planted = parse(sys.argv[1:])
    problems = lists.problems(planted, ROOT)
    if problems:
        raise lists.Invalid("\n".join(problems))
    if arguments.check:
        print(f"each of {len(planted)} planted defects has its place in the source")
        return 0
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    memory = folder / "killers.json"
    killers = json.loads(memory.read_text()) if memory.exists() else {}
    started = time.monotonic()
    trees = queue.SimpleQueue()
    for number in range(arguments.jobs):
        says(f"building copy {number + 1} of {arguments.jobs}, which must pass as it is: minutes the first time")
        tree = Tree(folder / str(number), arguments.quick, {name for defect in planted for name in defect.first})
        tree.control()
        trees.put(tree)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        rows = list(pool.map(lambda defect: judge_one(defect, trees, killers, memory), planted))

    table(rows)
    killed = sum(row["verdict"] == "killed" for row in rows)
    score = 100 * killed / len(rows)
    print(f"{killed} of {len(rows)} planted defects killed, {score:.1f} %, in {time.monotonic() - started:.0f} s")
    sound = all(row["verdict"] != "invalid" for row in rows)
    return 0 if sound and score >= THRESHOLD else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Broken, lists.Invalid) as error:
        sys.exit(str(error))
