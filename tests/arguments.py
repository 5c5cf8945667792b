#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Says whether a sub-command of ./dev takes these arguments, or what it takes, before anything is installed or
built for it. Usage: arguments.py SUB-COMMAND [ARGUMENT...]. Exit status 2, and what there is to choose from, if it
does not take them; 3 if help was asked for, which is then printed, and nothing is left to do."""

import argparse
import importlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULES = sorted(path.stem[len('test_'):] for path in ROOT.glob('tests/test_*.c'))
HELP = {'-h', '--help'}
MISTAKEN, TOLD = 2, 3


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


# Of what a sub-command takes some, or for none of them all.
CHOICES = {
    'tsan': ('module', lambda: MODULES),
    'memcheck': ('module', lambda: MODULES),
    'prove': ('subject', lambda: list(script('tests/proof/eva').SUBJECTS)),
    'ct': ('cell', lambda: script('tests/ct/matrix').CELLS),
}


def some_of(command):
    kind, known = CHOICES[command]
    return lambda words: all_in(words, kind, known())


def memcheck(words):
    if words != ['--short']:
        some_of('memcheck')(words)


def number_of(things):
    def judge(words):
        try:
            good = len(words) == 0 or len(words) == 1 and int(words[0]) > 0
        except ValueError:
            good = False
        if not good:
            raise Mistake(f'it takes a number of {things}, a whole one above 0, and not {" ".join(words)}')
    return judge


seconds = number_of('seconds')


def comparison(words):
    if not words or words[0].startswith('-'):
        raise Mistake('it takes a commit to compare with, and then options')
    PARSERS['bench-compare'](words[1:])


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


def about(words):
    """What is asked about is itself a sub-command, or none."""
    if words:
        usage(words[0])
        nothing(words[1:])


# These know what they take in detail.
PARSERS = {
    'mutate': parsed_by('tests/mutation/run'),
    'bench-table': parsed_by('bench/table', '--bench', ''),
    'bench-compare': parsed_by('bench/compare', '--programs', '', '', '--folder', ''),
    'bench-instructions': parsed_by('bench/instructions', '--build', ''),
    **{name: parsed_by('fuzz/fuzz', name)
       for name in ('fuzz', 'fuzz-afl', 'fuzz-merge', 'fuzz-coverage', 'fuzz-repro')},
}
COMMANDS = {
    'demo': nothing, 'build': nothing, 'lint': nothing, 'coverage': nothing, 'help': about,
    'test': tests, 'sanitize': tests, 'tsan': some_of('tsan'), 'memcheck': memcheck, 'prove': some_of('prove'),
    'ct': some_of('ct'), 'ct-timing': seconds, 'check': seconds, 'soak': number_of('uses'), 'bench': anything,
    **PARSERS, 'bench-compare': comparison,
}


def usage(command=None):
    """Returns the usage text of ./dev, or what it says of one sub-command."""
    text = re.search(r"<<'END'\n(.*?)^END$", (ROOT / 'dev').read_text(), re.M | re.S)[1]
    if command is None:
        return text
    if command not in COMMANDS:
        raise Mistake(f'there is no such sub-command; see ./dev help; there are: {" ".join(sorted(COMMANDS))}')
    entry = re.search(rf'^  {command}(?: .*\n|\n)(?:   .*\n)*', text, re.M)[0]
    return f'usage: ./dev SUB-COMMAND\n{entry}'


def help_on(command):
    """Prints what can be said of a sub-command, or of all without one."""
    text = usage(command)
    if command in PARSERS:
        try:
            PARSERS[command](['--help'])
        except SystemExit:
            return
    print(text, end='')
    if command in CHOICES:
        kind, known = CHOICES[command]
        print(f'each {kind} of:', *known())


def main(command, *words):
    try:
        if command in HELP | {'help'} or HELP & set(words):
            asked = [word for word in [command, *words] if word not in HELP | {'help'}]
            about(asked if command in HELP | {'help'} else asked[:1])
            help_on(asked[0] if asked else None)
            return TOLD
        usage(command)
        COMMANDS[command](list(words))
    except Mistake as mistake:
        print(f'dev {command}: {mistake}', file=sys.stderr)
        return MISTAKEN
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
