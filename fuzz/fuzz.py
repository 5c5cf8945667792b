#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The sub-commands of ./dev that fuzz, once it has built what they need. docs/FUZZING.md says how to use them.
Exit status: 0 nothing was found; 1 something was; 2 usage; 4 a target or a tool did not do its work."""

import argparse
import collections
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import afl
import coverage
import libfuzzer
import report

MERGED_MAX = 4096  # bytes of an input that goes into the tree
LINE_EVERY = 10  # seconds between two lines where there is no terminal
STARTING = 2  # seconds more until a target under AddressSanitizer has begun and ended, where little else runs
AT_ONCE = os.cpu_count() or 1


def size(count):
    return f"{count / 1024:.0f} KiB" if count >= 10240 else f"{count} B"


class Status:
    """What is going on: one line that changes on a terminal, a line now and then elsewhere."""

    def __init__(self, runs):
        self.runs, self.terminal, self.next_line = runs, sys.stderr.isatty(), LINE_EVERY
        self.started = time.monotonic()

    def line(self, run):
        _, _, covered, features, inputs, num_bytes = run.last()
        return (f"{run.target.name}: {run.rate():,} exec/s, coverage {covered}, features {features}, "
                f"corpus {inputs} ({size(num_bytes)}), {1 if run.artifact else 0} crashes, "
                f"{max(0, run.seconds - run.elapsed()):.0f} s left")

    def show(self, running, ended):
        lines = [self.line(run) for run in running]
        if self.terminal:
            if len(self.runs) > 1:
                crashes = sum(run.artifact is not None for run in self.runs if run.started)
                lines = [f"{ended}/{len(self.runs)} done, {crashes} crashes"] + \
                    [f"{run.target.name} {run.rate():,}/s cov {run.last()[2]}" for run in running]
            width = shutil.get_terminal_size().columns - 1
            print("\r\x1b[K" + " | ".join(lines)[:width], end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self.started >= self.next_line:
            self.next_line += LINE_EVERY
            print("\n".join(lines), file=sys.stderr, flush=True)

    def end(self):
        if self.terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def work(runs):
    """Carries |runs| out, as many at once as there are processors, and says of each how it ended."""
    waiting, running, status = collections.deque(runs), [], Status(runs)
    print(f"{'target':20} {'executions':>12} {'exec/s':>9} {'per core':>9} {'coverage':>8} {'features':>8} "
          f"{'corpus':>7}", flush=True)
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                running.append(waiting.popleft())
                running[-1].start()
            time.sleep(0.2)
            status.show(running, len(runs) - len(running) - len(waiting))
            for run in [run for run in running if not run.alive()]:
                running.remove(run)
                status.end()
                run.finish()
                tell(run)
    finally:
        for run in running:
            run.process.terminate()


def tell(run):
    _, _, covered, features, inputs, _ = run.last()
    print(f"{run.target.name:20} {run.executions():12,} {run.rate():9,} {run.core_rate():9,} {covered:8} "
          f"{features:8} {inputs:7}", flush=True)
    if run.regression is not None:
        tell_crash(run.target, run.regression, run.problem)
    elif run.problem is not None:
        print(f"FAILED {run.target.name}: {run.problem}", flush=True)


def tell_crash(target, path, found):
    name = path.relative_to(target.tree.root)
    print(f"CRASH {target.name}: {found}\n"
          f"  minimised to {path.stat().st_size} bytes and stored as {name}:\n"
          f"  a regression that ./dev test and ./dev sanitize replay from now on\n"
          f"  see it again: ./dev fuzz-repro {target.name} {name}", flush=True)


def chosen(tree, name):
    """Returns the targets that |name|, or "all", stands for, and were built."""
    targets = [target for target in tree.targets() if name in (target.name, "all")]
    if not targets:
        raise RuntimeError("no target was built" if name == "all" else f"{name} was not built: a library is missing")
    return targets


def seeded(target):
    """Refuses a target without an input to begin with."""
    if not target.seeds.is_dir() or not any(target.seeds.iterdir()):
        raise RuntimeError(f"{target.seeds.relative_to(target.tree.root)}/ is missing or empty: put one input "
                           "there (docs/FUZZING.md, A new target)")
    return target


def steady(target, seconds, seed):
    """A run that tries the same inputs in the same order each time: from the seeds in the tree alone, and without
    what libFuzzer learns from comparisons, since addresses are among them."""
    corpus = target.tree.build / "steady" / target.name
    shutil.rmtree(corpus, ignore_errors=True)
    return libfuzzer.Run(target, seconds, corpus, extra=[f"-seed={seed}", "-use_cmp=0"])


def fuzz(tree, options):
    targets = [seeded(target) for target in chosen(tree, options.target)]
    if options.seed is None:
        runs = [options.engine(target, options.seconds) for target in targets]
    else:
        runs = [steady(target, options.seconds, options.seed) for target in targets]
    if len(runs) > 1:
        rounds = -(-len(runs) // AT_ONCE)
        print(f"{len(runs)} targets, {options.seconds} s each, {AT_ONCE} at once: "
              f"about {rounds * (options.seconds + STARTING)} s, more on a busy machine", flush=True)
    work(runs)
    report.fuzzing(tree, runs)
    print(f"picture: {(tree.report / 'fuzzing.svg').relative_to(tree.root)}; "
          f"logs: {tree.logs.relative_to(tree.root)}/")
    return outcome(runs)


def outcome(runs):
    """The exit status: what was found counts more than what did not work."""
    return 1 if any(run.artifact for run in runs) else 4 if any(run.problem for run in runs) else 0


def merge(tree, options):
    for target in chosen(tree, options.target):
        if not target.found.is_dir() or not any(target.found.iterdir()):
            print(f"{target.name}: nothing was found yet")
            continue
        added = libfuzzer.merge(target, options.max_bytes)
        print(f"{target.name}: {len(added)} of {len(list(target.found.iterdir()))} inputs reach something new: "
              f"{size(sum(file.stat().st_size for file in added))} more in {target.seeds.relative_to(tree.root)}/")
    return 0


def named(file):
    """The file that was named where the command was called."""
    return pathlib.Path(os.environ.get("CALLED_FROM", ".")).joinpath(file).resolve()


def positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, and not {text!r}")
    return int(text)


def repro(tree, options):
    [target] = chosen(tree, options.target)
    file = named(options.file)
    status, output, found = target.reproduce(file)
    print(output, end="")
    if found is None:
        print(f"\n{target.name} finds nothing in {options.file}")
        return 0
    print(f"\nCRASH {target.name}: {found} (status {status})")
    if options.keep:
        path, found = libfuzzer.keep(target, file)
        if path is not None:
            tell_crash(target, path, found)
    return 1


def cover(tree, options):
    targets = chosen(tree, "all")
    corpora = {target.name: [target.seeds, target.found] for target in targets}
    status = 0
    how = "replaying the corpora"
    if options.from_empty:
        empty = tree.build / "from-empty"
        shutil.rmtree(empty, ignore_errors=True)
        for target in targets:
            (empty / target.name).mkdir(parents=True)
            (empty / target.name / "start").write_bytes(b"\n")  # what libFuzzer tries first, and does not write
        runs = [libfuzzer.Run(target, options.from_empty, empty / target.name, []) for target in targets]
        work(runs)
        status = outcome(runs)
        corpora = {target.name: [empty / target.name] for target in targets}
        how = f"{options.from_empty} s a target from an empty corpus"
    replay = coverage.Replay(tree.root / "build-fuzz-coverage")
    failed = replay.run(corpora)
    for name in failed:
        print(f"FAILED {name}: its replay did not come to its end: see {replay.build}/replay-{name}.log")
    files = replay.files(tree.root)
    print(f"{'source file':34} {'lines':>7} {'branches':>8}")
    for name, (lines, branches) in [*files.items(), *coverage.totals(files).items()]:
        print(f"{name:34} {lines} {str(branches):>8}")
    report.coverage(tree, files, how, replay)
    print(f"pages: {(tree.report / 'index.html').relative_to(tree.root)}")
    return 1 if failed else status


def parse(words):
    """Returns what the command line asks for, or ends with status 2."""
    parser = argparse.ArgumentParser(prog="./dev")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent,
                        help=argparse.SUPPRESS)
    # For ./dev: prints the target that must be built, or "all", and does nothing.
    parser.add_argument("--which", action="store_true", help=argparse.SUPPRESS)
    subparsers = parser.add_subparsers(dest="command", required=True)

    def add(name, what):
        return subparsers.add_parser(name, help=what, description=what)

    for name, engine, which in (("fuzz", libfuzzer.Run, "libFuzzer"), ("fuzz-afl", afl.Run, "AFL++")):
        command = add(name, f"fuzz a target, or all of them, for SECONDS each, with {which}: docs/FUZZING.md")
        command.set_defaults(run=fuzz, engine=engine, seed=None)
        command.add_argument("target", metavar="TARGET|all")
        command.add_argument("seconds", metavar="SECONDS", type=positive)
        if name == "fuzz":
            command.add_argument("--seed", metavar="N", type=positive,
                                 help="try the same inputs each time, without what earlier runs found")

    command = add("fuzz-merge", "take what was found and adds coverage into the tree")
    command.set_defaults(run=merge)
    command.add_argument("target", metavar="TARGET", nargs="?", default="all")
    command.add_argument("--max-bytes", metavar="N", type=positive, default=MERGED_MAX,
                         help=f"leave larger inputs where they are (default {MERGED_MAX})")

    command = add("fuzz-repro", "run one input and show where it ends")
    command.set_defaults(run=repro)
    command.add_argument("target", metavar="TARGET")
    # ./dev has left the folder that it was called in.
    command.add_argument("file", metavar="FILE")
    command.add_argument("--keep", action="store_true", help="make it small and store it as a regression")

    command = add("fuzz-coverage", "show what the corpora reach of the sources")
    command.set_defaults(run=cover)
    command.add_argument("--from-empty", metavar="SECONDS", type=positive,
                         help="what fuzzing reaches alone, for SECONDS each")

    options = parser.parse_args(words)
    refuse = subparsers.choices[options.command].error
    known = libfuzzer.Tree(options.root).names() + (["all"] if options.command != "fuzz-repro" else [])
    if getattr(options, "target", known[0]) not in known:
        refuse(f"there is no target {options.target}; there are: {' '.join(known)}")
    if getattr(options, "file", None) and not named(options.file).is_file():
        refuse(f"there is no file {options.file}")
    return options


def main():
    options = parse(sys.argv[1:])
    if options.which:
        print(getattr(options, "target", "all"))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and so ends what this process started
    try:
        sys.exit(options.run(libfuzzer.Tree(options.root), options))
    except KeyboardInterrupt:
        sys.exit(130)
    except (subprocess.CalledProcessError, OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        sys.exit(4)


if __name__ == "__main__":
    main()
