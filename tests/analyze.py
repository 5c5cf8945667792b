#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Compiles each source file with gcc -fanalyzer, as BUILD's compile_commands.json says, and holds what it finds
against tests/analyze.txt: analyze.py BUILD"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import accepted

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONTROL = 'int read_freed(void); int read_freed(void) { int *p = __builtin_malloc(4); ' \
          'if (!p) return 0; *p = 1; __builtin_free(p); return *p; }'


def sources(build):
    """The commands that compile our own sources, each file once."""
    commands = {}
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        source = pathlib.Path(entry['directory'], entry['file']).resolve()
        if source.is_relative_to(ROOT) and source.relative_to(ROOT).parts[0] in ('core', 'store', 'token', 'service', 'cli'):
            commands[str(source.relative_to(ROOT))] = entry
    return commands


def analyze(command, directory, **more):
    # What it finds does not depend on debugging information, which takes a fifth of the time.
    command = command + ['-fanalyzer', '-g0', '-fdiagnostics-plain-output', '-S', '-o', os.devnull]
    return subprocess.run(command, env={**os.environ, 'LC_ALL': 'C'}, cwd=directory, stderr=subprocess.PIPE,
                          text=True, check=False, **more).stderr


def findings(text):
    """Each finding as "file: function: message", without its line, which other changes move."""
    function = '?'
    for line in text.splitlines():
        entered = re.fullmatch(r"\S+: In function '(.*)':", line)
        if entered:
            function = entered[1]
        found = re.fullmatch(r'(\S+?):\d+:\d+: (?:warning|error): (.* \[-W.*analyzer-.*\])', line)
        if found:
            yield f'{os.path.normpath(found[1]).removeprefix("../").removeprefix("../")}: {function}: {found[2]}'


def analyze_entry(entry):
    command = shlex.split(entry['command'])
    for option in ('-o', '-MF', '-MQ'):
        if option in command:
            at = command.index(option)
            del command[at:at + 2]
    command = [word for word in command if word not in ('-c', '-MD', '-Werror')]
    return list(findings(analyze(command, entry['directory'])))


def accepted_here(lines):
    """Of the accepted findings those of this gcc: "gcc 14: " before one says that no other has it."""
    run = subprocess.run(['gcc', '-dumpversion'], check=True, stdout=subprocess.PIPE, text=True)
    major = run.stdout.strip().split('.')[0]
    for line in lines:
        version = re.match(r'gcc (\d+): ', line)
        if version is None or version[1] == major:
            yield line[version.end() if version else 0:]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    control = analyze(['gcc', '-x', 'c', '-', '-O2'], '.', input=CONTROL)
    if 'analyzer-use-after-free' not in control:
        sys.exit('analyze: the planted use after free was not found')
    commands = sources(build)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [finding for each in pool.map(analyze_entry, commands.values()) for finding in each]
    if not accepted.compare(found, list(accepted_here(accepted.read(ROOT / 'tests/analyze.txt')))):
        sys.exit(1)
    print(f'gcc -fanalyzer: {len(commands)} files, {len(found)} accepted findings, none other')


if __name__ == '__main__':
    main()
