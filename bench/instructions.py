#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Counts the instructions that an operation takes, and fails if they are more than bench/instructions.json allows.

Nothing disturbs a count, so it shows what a clock cannot on a busy machine. But valgrind hides AVX-512, VAES and
VPCLMULQDQ from the program: BoringSSL is the engine that is counted, and an instruction is not a nanosecond. The count depends on the compiler, so with another one than the budget's it is not judged; Debian 12's
gcc is always judged.

callgrind also sees every call for memory, BoringSSL's own ones too. The budget has their number as well.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

RUNS = 1024  # whole batches; and a pool of random bytes for nonces serves many seals, so that many runs make an average
DEBIAN_12 = 'gcc 12.2.0 -O2'
ASKS_FOR_MEMORY = {'malloc', 'calloc', 'realloc', 'aligned_alloc', 'memalign', 'posix_memalign'}


def calls_for_memory(lines):
    """How often the counted part called for memory."""
    names = {}
    callee = ''
    count = 0
    for line in lines:
        if match := re.match(r'c?fn=(\((\d+)\))?( ?(.*))$', line):
            number, name = match.group(2), match.group(4)
            if number and name:
                names[number] = name
            if line.startswith('cfn='):
                callee = names.get(number, name)
        elif line.startswith('calls=') and callee in ASKS_FOR_MEMORY:
            count += int(line[len('calls='):].split()[0])
    return count


def count(program, name):
    """Counts one operation: its instructions and calls for memory, and what it was made with."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out')
        command = ['valgrind', '--tool=callgrind', '--collect-atstart=no', '--toggle-collect=bench_counted',
                   '--callgrind-out-file=' + out, program, name, str(RUNS)]
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
        if ran.returncode != 0:
            sys.exit(f'bench-instructions: {name}: {ran.stderr}')
        with open(out, encoding='utf-8', errors='replace') as file:
            lines = file.read().splitlines()
    total = next(int(line.split()[1]) for line in lines if line.startswith(('summary:', 'totals:')))
    if total == 0:
        sys.exit(f'bench-instructions: {name}: callgrind saw nothing of it')
    return {'instructions': round(total / RUNS), 'allocations': round(calls_for_memory(lines) / RUNS, 2)}, \
        dict(zip(('engine', 'compiler', 'libc'), ran.stdout.splitlines()))


def judge(budget, counted):
    """Prints a table; returns how many rows are past the budget."""
    tolerance = budget['tolerance_percent']
    num_past = 0
    for name, allowed in budget['rows'].items():
        now = counted[name]
        change = 100 * (now['instructions'] / allowed['instructions'] - 1)
        past = change > tolerance or now['allocations'] > allowed['allocations']
        num_past += past
        note = 'TOO MANY' if past else 'fewer: run with --update' if change < -tolerance else 'within the budget'
        print(f'{name:42} {now["instructions"]:7} instructions, {allowed["instructions"]:7} allowed, '
              f'{change:+6.1f} %, {now["allocations"]:g} allocations: {note}')
    return num_past


def parse(words):
    """Returns what the command line asks for, or ends with status 2."""
    parser = argparse.ArgumentParser(prog='./dev bench-instructions', description=__doc__)
    parser.add_argument('--build', required=True, help=argparse.SUPPRESS)
    parser.add_argument('--update', action='store_true', help='make what is counted now the budget')
    return parser.parse_args(words)


def main():
    arguments = parse(sys.argv[1:])
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'instructions.json')
    with open(path, encoding='utf-8') as file:
        budget = json.load(file)
    program = os.path.join(arguments.build, 'bench', 'bulla-bench-instructions')
    counted = {}
    for name in budget['rows']:
        counted[name], made_with = count(program, name)
    if arguments.update:
        budget.update(made_with, rows=counted)
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(budget, file, indent=2)
            file.write('\n')
    num_past = judge(budget, counted)
    differing = [what for what in made_with if made_with[what] != budget[what]]
    debian_12 = made_with['compiler'] == DEBIAN_12 and 'engine' not in differing
    if differing and not debian_12:
        print('bench-instructions: SKIPPED, not judged: ' +
              '; '.join(f'{what} is {made_with[what]}, the budget is of {budget[what]}' for what in differing))
        return 0
    return 1 if num_past > 0 else 0


if __name__ == '__main__':
    sys.exit(main())
