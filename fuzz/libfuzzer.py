# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A fuzz target and what libFuzzer does with it: a run to be watched, a crash made small, a corpus merged."""

import configparser
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

STATUS = re.compile(r"#(\d+)\s+(\S+)\s.*?cov: (\d+) ft: (\d+)(?: corp: (\d+)/(\d+)([KMG]?)b)?")
STATISTIC = re.compile(r"stat::(\w+):\s+(\d+)")
ARTIFACT = re.compile(r"Test unit written to (.+)")
ASSERTION = re.compile(r"^\S+:\d+: .* does not hold$", re.MULTILINE)
SUMMARY = re.compile(r"^SUMMARY: (.*)$", re.MULTILINE)
NO_WORD = "ended without a word"  # what is told of a run that failed, but not by a finding
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

MINIMIZE_STEP_SECONDS = 5  # without a smaller input, before that counts as the smallest
MINIMIZE_SECONDS = 60
MINIMIZE_MISSES = 20  # other crashes in a row


class Tree:
    """The folders of a source tree that fuzzing reads and writes."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.sources = self.root / "fuzz"
        self.build = self.root / "build-fuzz"
        self.logs = self.build / "logs"
        self.report = self.build / "report"

    def names(self):
        """Returns the names in the table of fuzz/meson.build."""
        table = re.search(r"^targets = \{\n(.*?)^\}", (self.sources / "meson.build").read_text(), re.M | re.S)
        return re.findall(r"^  '(\w+)':", table[1], re.M)

    def targets(self):
        """Returns the targets of the table that could be built."""
        return [Target(self, name) for name in self.names() if (self.build / "fuzz" / name).exists()]


class Target:
    """A target: TARGET.c, TARGET.dict, TARGET.options, corpus/TARGET/, and the program made of them."""

    def __init__(self, tree, name):
        self.tree, self.name = tree, name
        self.program = tree.build / "fuzz" / name
        self.seeds = tree.sources / "corpus" / name
        self.found = tree.build / "corpus" / name

    def options(self):
        """Returns what TARGET.options, in the form that OSS-Fuzz reads, asks of libFuzzer, and the dictionary."""
        parser = configparser.ConfigParser()
        parser.read(self.tree.sources / f"{self.name}.options")
        options = parser["libfuzzer"] if parser.has_section("libfuzzer") else {}
        dictionary = self.tree.sources / f"{self.name}.dict"
        return [f"-{key}={value}" for key, value in options.items()] + \
            ([f"-dict={dictionary}"] if dictionary.exists() else [])

    def command(self, *arguments):
        return [str(self.program), *self.options(), *map(str, arguments)]

    def execute(self, *arguments, seconds=None):
        """Runs the program to its end and returns its exit status and all it printed; -1 if it took too long."""
        with tempfile.TemporaryFile() as output, \
                subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=output,
                                 stderr=subprocess.STDOUT, env=environment(), start_new_session=True) as process:
            try:
                status = process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                status = -1
            output.seek(0)
            return status, output.read().decode(errors="replace")

    def reproduce(self, file):
        """Runs one input and returns the exit status, what was printed, and the finding in one line."""
        with tempfile.TemporaryDirectory() as folder:
            status, output = self.execute("-runs=1", f"-artifact_prefix={folder}/", file)
        return status, output, finding(output) if status != 0 else None


def environment():
    """The sanitizers' settings: every report is a finding, and shows its stack. What is freed is kept back for
    many inputs; with the 256 MiB of the default every block is one that no cache has."""
    return dict(os.environ, ASAN_OPTIONS="handle_abort=1:detect_stack_use_after_return=1:quarantine_size_mb=16",
                UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1", LC_ALL="C")


def finding(output):
    """Returns what tells one finding from another: the assertion that failed, or the sanitizer's summary."""
    line = ASSERTION.search(output) or SUMMARY.search(output)
    if line is None:
        return NO_WORD
    words = re.sub(r"\d+ (byte\(s\) leaked in) \d+", r"\1", line[line.lastindex or 0])
    return re.sub(r"(?:/\S*/build-fuzz/|(?<!\S))\.\./", "", words)


class Run:
    """A target at work for some seconds. Samples are (seconds, executions, coverage, features, inputs, bytes)."""

    def __init__(self, target, seconds, corpus=None, seeds=None, extra=()):
        self.target, self.seconds, self.extra = target, seconds, extra
        self.corpus = corpus or target.found
        self.seeds = [target.seeds] if seeds is None else seeds
        self.samples, self.statistics = [], {}
        self.artifact = self.regression = self.problem = None
        self.started = self.ended = None
        self.processor_seconds = 0
        self.log = target.tree.logs / f"{target.name}.log"

    def start(self):
        crashes = self.target.tree.build / "crashes"
        for folder in (crashes, self.corpus, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        command = self.target.command(f"-max_total_time={self.seconds}", "-print_final_stats=1",
                                      f"-artifact_prefix={crashes}/{self.target.name}-", *self.extra,
                                      self.corpus, *self.seeds)
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env=environment())
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        with self.log.open("wb", buffering=0) as log:
            for raw in self.process.stderr:
                try:
                    log.write(raw)
                except OSError as error:  # the disk is full: what is found counts all the same
                    self.problem = f"{self.log}: {error.strerror}"
                self.take(raw.decode(errors="replace").rstrip())
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.processor_seconds = usage.ru_utime + usage.ru_stime
        self.ended = time.monotonic()

    def take(self, line):
        if match := STATUS.match(line):
            executions, _, coverage, features, inputs, size, unit = match.groups()
            self.samples.append((time.monotonic() - self.started, int(executions), int(coverage), int(features),
                                 int(inputs or 0), int(size or 0) * UNITS[unit or ""]))
        elif match := STATISTIC.match(line):
            self.statistics[match[1]] = int(match[2])
        elif (match := ARTIFACT.search(line)) and "slow-unit-" not in line:
            self.artifact = pathlib.Path(match[1])

    def alive(self):
        return self.reader.is_alive()

    def finish(self):
        """Waits for the end. A crash is made small and kept as a regression."""
        self.reader.join()
        if self.artifact is not None:
            self.regression, self.problem = keep(self.target, self.artifact)
        elif self.process.returncode != 0:
            self.problem = f"ended with status {self.process.returncode}: see {self.log}"

    def elapsed(self):
        return (self.ended or time.monotonic()) - self.started

    def last(self):
        return self.samples[-1] if self.samples else (0, 0, 0, 0, 0, 0)

    def executions(self):
        """Returns libFuzzer's count at the end, or that of its latest line."""
        return self.statistics.get("number_of_executed_units", self.last()[1])

    def rate(self):
        """Returns the executions a second so far, by the clock on the wall."""
        seconds = self.ended - self.started if self.ended else self.last()[0]
        return int(self.executions() / seconds) if seconds > 0 else 0

    def core_rate(self):
        """Returns the executions a second of one processor: on a busy machine, what the target is capable of."""
        return int(self.executions() / self.processor_seconds) if self.processor_seconds > 0 else 0


def minimize(target, file):
    """Returns the smallest bytes found that end in the same finding as |file|, and that finding. The finding is
    None if there was none."""
    wanted = target.reproduce(file)[2]
    best = file.read_bytes()
    deadline, misses = time.monotonic() + MINIMIZE_SECONDS, 0
    with tempfile.TemporaryDirectory() as folder:
        now, smaller = pathlib.Path(folder) / "now", pathlib.Path(folder) / "smaller"
        while wanted is not None and misses < MINIMIZE_MISSES and time.monotonic() < deadline:
            now.write_bytes(best)
            smaller.unlink(missing_ok=True)
            # One step of -minimize_crash, which as a whole goes astray or gives up when it meets another crash.
            target.execute("-minimize_crash_internal_step=1", f"-exact_artifact_path={smaller}",
                           f"-max_total_time={MINIMIZE_STEP_SECONDS}", now, seconds=MINIMIZE_SECONDS)
            if not smaller.exists() or smaller.stat().st_size >= len(best):
                break
            misses += 1
            if target.reproduce(smaller)[2] == wanted:
                best, misses = smaller.read_bytes(), 0
    return best, wanted


def keep(target, file):
    """Stores what |file| finds as a regression input. Returns its path, or None if it finds nothing now, and what
    to tell about it."""
    data, found = minimize(target, file)
    if found is None:
        return None, f"a crash that did not come again: {file}, see {target.tree.logs / target.name}.log"
    path = target.seeds / f"regression-{hashlib.sha256(data).hexdigest()[:12]}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        return None, f"{found}; it could not be stored: {path}: {error.strerror}; what was found is {file}"
    return path, found


def merge(target, max_bytes):
    """Takes from what was found the inputs of at most |max_bytes| that reach an edge which no seed reaches.
    Returns them."""
    before = set(target.seeds.iterdir()) if target.seeds.exists() else set()
    target.seeds.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for file in target.found.iterdir():
            if file.stat().st_size <= max_bytes:
                shutil.copy(file, folder)
        # Without counters, how often an edge is passed makes no difference.
        status, output = target.execute("-merge=1", "-use_counters=0", target.seeds, folder)
        if status != 0:
            raise RuntimeError(f"{target.name}: the merge ended with status {status}:\n{output[-2000:]}")
    return sorted(set(target.seeds.iterdir()) - before)
