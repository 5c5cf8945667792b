#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The sub-commands of ./dev that fuzz, once it has built what they need. docs/FUZZING.md says how to use them.
Exit status: 0 nothing was found; 1 something was; 2 usage; 4 a target or a tool did not do its work."""

import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-fuzz"
NAMES = sorted(path.name for path in (ROOT / "fuzz/corpus").iterdir())
# What libFuzzer is told of each target: how long an input may be; where short ones say most, to keep them short at
# first; and where they take long, to spend no time on which to choose.
OPTIONS = {
    "actor_key": "-max_len=200 -len_control=100",
    "actor_statement": "-max_len=1024 -len_control=100",
    "alloc_fail": "-max_len=64 -entropic=0",
    "anchor": "-max_len=2048 -len_control=100",
    "apikey_parse": "-max_len=128 -len_control=100",
    "audit_chain": "-max_len=64 -entropic=0",
    "base64url": "-max_len=1024",
    "blob_open": "-max_len=1024 -len_control=100",
    "blob_parse": "-max_len=1024",
    "boxed_open": "-max_len=1024 -len_control=100",
    "claims_straight": "-max_len=2048 -len_control=100",
    "cli_args": "-max_len=2048 -entropic=0",
    "cmd_answer": "-max_len=1500 -len_control=100",
    "engine_differential": "-max_len=2048",
    "hex_triple": "-max_len=1024 -len_control=100",
    "import_csv": "-max_len=2048 -entropic=0",
    "json": "-max_len=2048 -len_control=100",
    "jwe_decode": "-max_len=2048",
    "jwe_differential": "-max_len=2048 -len_control=100",
    "jwe_header": "-max_len=1400 -len_control=100",
    "jwe_json": "-max_len=4400 -len_control=100",
    "jwe_keys": "-max_len=5100 -len_control=100",
    "jwk": "-max_len=64",
    "jwk_parse": "-max_len=3000 -len_control=100",
    "jwk_pem": "-max_len=3000 -len_control=100",
    "mask": "-max_len=1024 -len_control=100",
    "postgres_server": "-max_len=256 -len_control=0 -entropic=0 -timeout=20",
    "signed": "-max_len=8194 -len_control=100",
    "token_mint": "-max_len=8192 -len_control=100",
    "token_refresh": "-max_len=8192 -len_control=100",
    "token_verify": "-max_len=8200 -len_control=100",
    "upgrade": "-max_len=64 -entropic=0",
    "vault_actors": "-max_len=64 -entropic=0",
    "vault_file": "-max_len=65536 -entropic=0",
    "vault_ops": "-max_len=64 -entropic=0",
}
MERGED_MAX = 4096  # bytes of an input that goes into the tree
MINIMIZE_SECONDS = 60
AT_ONCE = os.cpu_count() or 1
# What is freed is kept back for many inputs; with the default of 256 MiB every block is one that no cache has.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="handle_abort=1:detect_stack_use_after_return=1:quarantine_size_mb=16",
                   UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1", LC_ALL="C")
# One input is tried in every way, where a target else draws lots.
ALL = {"BULLA_FUZZ_ALL": "1"}

running = set()


class Target:
    """TARGET.c, the dictionary of the longest name that its own begins with, corpus/TARGET/, and the program made of them."""

    def __init__(self, name):
        self.name, self.program = name, BUILD / "fuzz" / name
        self.seeds, self.found = ROOT / "fuzz/corpus" / name, BUILD / "corpus" / name
        self.log, self.crashes = BUILD / "logs" / f"{name}.log", BUILD / "crashes" / name

    def execute(self, *arguments, shown=False, **variables):
        """Runs the target to its end, with its options and dictionary, and |variables| in its environment; returns
        its exit status and its output, which is also |shown| as it comes."""
        words = sorted((path for path in ROOT.glob("fuzz/*.dict") if self.name.startswith(path.stem)),
                       key=lambda path: len(path.stem))[-1:]
        command = [self.program, *OPTIONS[self.name].split(), *(f"-dict={path}" for path in words), *arguments]
        lines = []
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(ENVIRONMENT, **variables), text=True, errors="replace") as process:
            running.add(process)
            for line in process.stdout:
                lines.append(line)
                if shown:
                    print(line, end="", flush=True)
        running.discard(process)
        return process.returncode, "".join(lines)

    def reproduce(self, file):
        """Runs one input and returns the output and the finding, or None."""
        with tempfile.TemporaryDirectory() as folder:
            status, output = self.execute("-runs=1", f"-artifact_prefix={folder}/", file, **ALL)
        return output, finding(output) if status != 0 else None


def finding(output):
    """Returns what tells one finding from another: the assertion that failed, or the sanitizer's summary."""
    line = re.search(r"^\S+:\d+: .* does not hold$|^SUMMARY: .*$", output, re.M)
    return re.sub(r"\d+ (byte\(s\) leaked in) \d+", r"\1", line[0]) if line else "ended without a word"


def keep(target, file):
    """Stores |file|, made smaller, as a regression, and says so; False if it finds nothing now."""
    _, wanted = target.reproduce(file)
    if wanted is None:
        print(f"FAILED {target.name}: a crash that did not come again: {file}, see {target.log}", flush=True)
        return False
    with tempfile.TemporaryDirectory() as folder:
        smaller = pathlib.Path(folder, "smaller")
        target.execute("-minimize_crash=1", f"-max_total_time={MINIMIZE_SECONDS}",
                       f"-exact_artifact_path={smaller}", f"-artifact_prefix={folder}/", file, **ALL)
        # On its way libFuzzer may have come to another crash.
        small = smaller.exists() and target.reproduce(smaller)[1] == wanted
        data = (smaller if small else file).read_bytes()
    kept = target.seeds / f"regression-{hashlib.sha256(data).hexdigest()[:12]}"
    kept.write_bytes(data)
    kept = kept.relative_to(ROOT)
    print(f"CRASH {target.name}: {wanted}\n  stored as {kept}, {len(data)} bytes, which ./dev test and ./dev sanitize "
          f"replay from now on\n  see it again: ./dev fuzz-repro {target.name} {kept}", flush=True)
    return True


def run(target, options, shown):
    """Fuzzes one target, and returns the exit status that it makes for."""
    corpus, more = target.found, []
    if options.seed is not None:
        # The same inputs in the same order each time: from the seeds in the tree alone, and without what libFuzzer
        # learns from comparisons, since addresses are among them.
        corpus, more = BUILD / "steady" / target.name, [f"-seed={options.seed}", "-use_cmp=0"]
        shutil.rmtree(corpus, ignore_errors=True)
    for folder in (corpus, target.crashes, target.log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    status, output = target.execute(f"-max_total_time={options.seconds}", "-print_final_stats=1", *more,
                                    f"-artifact_prefix={target.crashes}/", corpus, target.seeds, shown=shown)
    target.log.write_text(output)
    figures = re.findall(r"^#\d+\s.*?cov: (\d+) ft: (\d+)(?: corp: (\d+))?", output, re.M)[-1:] or [("-", "-", "-")]
    executions = re.search(r"stat::number_of_executed_units: (\d+)", output)
    rate = re.search(r"stat::average_exec_per_sec: +(\d+)", output)
    print(f"{target.name:20} {int(executions[1]) if executions else 0:12,} {int(rate[1]) if rate else 0:9,}"
          + "".join(f"{figure:>9}" for figure in figures[0]), flush=True)
    artifact = [path for path in re.findall(r"Test unit written to (.+)", output) if "/slow-unit-" not in path]
    if artifact:
        return 1 if keep(target, pathlib.Path(artifact[-1])) else 4
    if status != 0:
        print(f"FAILED {target.name}: it ended with status {status}: see {target.log}", flush=True)
    return 0 if status == 0 else 4


def chosen(name):
    """Returns the targets that |name|, or "all", stands for, and were built."""
    targets = [Target(known) for known in NAMES if name in (known, "all") and (BUILD / "fuzz" / known).exists()]
    if not targets:
        raise RuntimeError("no target was built" if name == "all" else f"{name} was not built: a library is missing")
    return targets


def fuzz(options):
    targets = chosen(options.target)
    print(f"{len(targets)} targets, {options.seconds} s each, {AT_ONCE} at once; logs: build-fuzz/logs/\n"
          f"{'target':20} {'executions':>12} {'exec/s':>9} {'coverage':>8} {'features':>8} {'inputs':>8}", flush=True)
    pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
    try:
        # What was found counts more than what did not work.
        statuses = set(pool.map(lambda target: run(target, options, len(targets) == 1), targets))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list(running):
            process.terminate()
    return next(status for status in (1, 4, 0) if status in statuses)


def merge(options):
    for target in chosen(options.target):
        if not target.found.is_dir():
            print(f"{target.name}: nothing was found yet")
            continue
        before = set(target.seeds.iterdir())
        with tempfile.TemporaryDirectory() as folder:
            for file in target.found.iterdir():
                if file.stat().st_size <= options.max_bytes:
                    shutil.copy(file, folder)
            # Without counters, how often an edge is passed makes no difference.
            status, output = target.execute("-merge=1", "-use_counters=0", target.seeds, folder)
        if status != 0:
            raise RuntimeError(f"{target.name}: the merge ended with status {status}:\n{output[-2000:]}")
        added = set(target.seeds.iterdir()) - before
        print(f"{target.name}: {len(added)} of {len(list(target.found.iterdir()))} inputs reach something new")
    return 0


def repro(options):
    [target] = chosen(options.target)
    output, found = target.reproduce(options.file)
    print(output, end="")
    print(f"\n{target.name} finds nothing in {options.file}" if found is None else f"\nCRASH {target.name}: {found}")
    if found is not None and options.keep:
        keep(target, options.file)
    return 0 if found is None else 1


def positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, and not {text!r}")
    return int(text)


def named(file):
    """The file that was named where ./dev was called, which has left that folder."""
    path = pathlib.Path(os.environ.get("CALLED_FROM", "."), file).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {file}")
    return path


def parse(words):
    """Returns what the command line asks for, or ends with status 2."""
    parser = argparse.ArgumentParser(prog="./dev")
    # For ./dev: prints the target that must be built, or "all", and does nothing.
    parser.add_argument("--which", action="store_true", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("fuzz")
    command.set_defaults(run=fuzz)
    command.add_argument("target", metavar="TARGET", choices=[*NAMES, "all"])
    command.add_argument("seconds", metavar="SECONDS", type=positive)
    command.add_argument("--seed", metavar="N", type=positive)
    command = commands.add_parser("fuzz-merge")
    command.set_defaults(run=merge)
    command.add_argument("target", metavar="TARGET", choices=[*NAMES, "all"], nargs="?", default="all")
    command.add_argument("--max-bytes", metavar="N", type=positive, default=MERGED_MAX)
    command = commands.add_parser("fuzz-repro")
    command.set_defaults(run=repro)
    command.add_argument("target", metavar="TARGET", choices=NAMES)
    command.add_argument("file", metavar="FILE", type=named)
    command.add_argument("--keep", action="store_true")
    return parser.parse_args(words)


def main():
    options = parse(sys.argv[1:])
    if options.which:
        print(options.target)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and so ends what this process started
    try:
        return options.run(options)
    except KeyboardInterrupt:
        return 130
    except (OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 4


if __name__ == "__main__":
    sys.exit(main())
