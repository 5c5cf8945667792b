#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Says whether a sub-command of ./dev takes these arguments, before anything is installed or built for it.
Usage: arguments.py SUB-COMMAND [ARGUMENT...]. Exit status 2, and what there is to choose from, if not."""

import argparse
import importlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULES = sorted(path.stem[len('test_'):] for path in ROOT.glob('tests/test_*.c'))


class Mistake(Exception):
    """An argument that the sub-command does not take."""


def all_in(words, kind, known):
    if unknown := [word for word in words if word not in known]:
        raise Mistake(f'there is no {kind} {" ".join(unknown)}; there are: {" ".join(known)}')


def script(name):
    """The module that the sub-command runs, beside what that imports."""
    path = pathlib.Path(name)
    sys.path.insert(0, str(ROOT / path.parent))
    return importlib.import_module(path.stem)


def nothing(words):
    if words:
        raise Mistake(f'it takes no arguments: {" ".join(words)}')


def anything(_):
    """The program that gets them judges them."""


def parsed_by(name, *before):
    return lambda words: script(name).parse([*before, *words])


def modules(words):
    all_in(words, 'module', MODULES)


def memcheck(words):
    if words != ['--short']:
        modules(words)


def subjects(words):
    all_in(words, 'subject', list(script('tests/proof/eva').SUBJECTS))


def cells(words):
    all_in(words, 'cell', script('tests/ct/matrix').CELLS)


def seconds(words):
    try:
        good = len(words) == 0 or len(words) == 1 and int(words[0]) > 0
    except ValueError:
        good = False
    if not good:
        raise Mistake(f'it takes a number of seconds: {" ".join(words)}')


def comparison(words):
    if not words or words[0].startswith('-'):
        raise Mistake('it takes a commit to compare with, and then options')
    parsed_by('bench/compare', '--programs', '', '', '--folder', '')(words[1:])


def tests(words):
    """What `meson test` takes. Behind an option of its own, a name is not told from the option's value."""
    builds = ''.join(path.read_text() for path in [ROOT / 'fuzz/meson.build', *ROOT.glob('tests/**/meson.build')])
    parser = argparse.ArgumentParser(prog='./dev test', add_help=False, allow_abbrev=False)
    parser.add_argument('--suite', '--no-suite', dest='suites', action='append', default=[])
    parser.add_argument('names', nargs='*')
    options, others = parser.parse_known_args(words)
    all_in(options.suites, 'suite', sorted(set(re.findall(r"suite: '([\w-]+)'", builds))))
    if not others:
        names = [re.sub('-(boringssl|mutated)$', '', name) for name in options.names]
        scripts = [f'cli-{path.stem[len("test_"):]}' for path in ROOT.glob('tests/cli/test_*.py')]
        targets = script('fuzz/libfuzzer').Tree(ROOT).names()
        all_in(names, 'test', sorted({*MODULES, *scripts, *targets, *re.findall(r"test\('([\w-]+)',", builds)}))


COMMANDS = {
    'demo': nothing, 'build': nothing, 'lint': nothing, 'coverage': nothing, 'help': nothing,
    'test': tests, 'sanitize': tests, 'tsan': modules, 'memcheck': memcheck, 'prove': subjects, 'ct': cells,
    'ct-timing': seconds, 'check': seconds, 'mutate': parsed_by('tests/mutation/run'),
    'bench': anything, 'bench-table': parsed_by('bench/table', '--bench', ''), 'bench-compare': comparison,
    'bench-instructions': parsed_by('bench/instructions', '--build', ''),
    **{name: parsed_by('fuzz/fuzz', name)
       for name in ('fuzz', 'fuzz-afl', 'fuzz-merge', 'fuzz-coverage', 'fuzz-repro')},
}


def main(command, *words):
    try:
        if command not in COMMANDS:
            raise Mistake(f'there is no such sub-command; there are: {" ".join(COMMANDS)}')
        COMMANDS[command](list(words))
    except Mistake as mistake:
        print(f'dev {command}: {mistake}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
