#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs the commands that a Markdown page shows and compares what they print with what the page says.

In each block that begins with ```console a line that starts with "$ " is a command (lines that start with "> "
continue it), and what follows, up to the next command, is all it prints. The commands of a page run in one shell,
in order, in one temporary folder. Identifiers, times, tokens and keys differ from run to run and are compared by
their form; in the page "…" stands for any text within a line, and alone on a line for any lines.

Usage: readme.py PAGE COMMAND_FOLDER"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import tap

# Commands of README.md that do not run here, and where they run instead.
ELSEWHERE = {
    "./dev demo": "tests/demo.sh",
    "./dev test": "what runs this test",
    "./dev bench --benchmark_filter=token": ".ci/run, all benchmarks",
    "./dev fuzz token_verify 60": ".ci/run, for some seconds",
    "meson setup build-release --buildtype=release -Dtests=disabled -Dbench=disabled": "tests/consumer.py",
    "meson install -C build-release": "tests/consumer.py",
    "cc main.c $(pkg-config --cflags --libs bulla)": "tests/consumer.py",
}

# What differs from run to run, and its form.
VOLATILE = [
    (r"\beyJ[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+", "TOKEN"),
    (r"\bbulla1:[\w-]+", "BLOB"),
    (r"\bbulla_[0-9a-f]{16}_[0-9a-f]{72}\b", "APIKEY"),
    (r"\b[0-9a-f]{16,}\b", "HEX"),
    (r"\bHEX\.\d+\b", "KID"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME"),
    (r"\b1[6-9]\d{8}(\d{6})?\b", "TIME"),
    (r"\bpid \d+\b", "PID"),
]


class Command:
    """A command of the page: where it is, its text, and the lines that it is to print."""

    def __init__(self, line, text):
        self.line, self.text, self.output = line, text, []


def parse(page):
    commands = []
    fence = None
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("```"):
            fence = line[3:].strip() if fence is None else None
        elif fence != "console":
            continue
        elif line.startswith("$ "):
            commands.append(Command(number, line[2:]))
        elif line.startswith("> ") and not commands[-1].output:
            commands[-1].text += "\n" + line[2:]
        else:
            commands[-1].output.append(line)
    return commands


def run(commands, path):
    """Runs the commands in one shell and returns what each printed, or None where the shell did not come to it."""
    with tempfile.TemporaryDirectory() as temporary:
        there = pathlib.Path(temporary)
        (there / "work").mkdir()
        (there / "output").mkdir()
        script = ["status=0"]
        for number, command in enumerate(commands):
            if command.text not in ELSEWHERE:
                script.append(f"(exit $status); eval {shlex.quote(command.text)} >../output/{number} 2>&1 </dev/null")
                script.append("status=$?")
        environment = {"PATH": f"{path}:{os.environ['PATH']}", "HOME": str(there / "work"), "LC_ALL": "C.UTF-8"}
        environment.update({name: value for name, value in os.environ.items() if name in ("PGHOST", "PGUSER")})
        subprocess.run(["bash", "-c", "\n".join(script)], cwd=there / "work", env=environment, check=False)
        outputs = []
        for number in range(len(commands)):
            file = there / "output" / str(number)
            outputs.append(file.read_text(errors="replace").splitlines() if file.exists() else None)
        return outputs


def form(line):
    for pattern, name in VOLATILE:
        line = re.sub(pattern, name, line)
    return line.rstrip()


def agree(shown, printed):
    """Says whether lines that were printed are those shown."""
    pattern = ""
    for line in shown:
        if line.strip() == "…":
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(re.escape(part) for part in form(line).split("…")) + r"\n"
    return re.fullmatch(pattern, "".join(form(line) + "\n" for line in printed)) is not None


def check_page(name, path):
    commands = parse(pathlib.Path(name).read_text())
    for command, printed in zip(commands, run(commands, path)):
        title = f"line {command.line}: {command.text.splitlines()[0]}"
        if command.text in ELSEWHERE:
            print(f"# {title}: runs in {ELSEWHERE[command.text]}")
        else:
            tap.check(title, printed is not None and agree(command.output, printed),
                      "printed:\n" + "\n".join(printed or ["(nothing: it did not run)"]))
    if pathlib.Path(name).name == "README.md":
        stale = ELSEWHERE.keys() - {command.text for command in commands}
        tap.check("what is said to run elsewhere is on the page", not stale, stale)


check_page(sys.argv[1], sys.argv[2])
tap.finish()
