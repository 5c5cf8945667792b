#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs unit tests under valgrind's memcheck: memcheck.py BUILD [--short | MODULE...]

Every error counts, in the test's process and in those that it forks, and every block that is lost for certain. A
test frees the handles that it made or hands them to test_keep(), so nothing that is lost is its own."""

import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What takes half a minute together and is fed from outside.
SHORT = ['blob_form', 'claims', 'cursor', 'hex', 'json', 'jwe_forged', 'secret']

# What a test does in order to be punished: it touches the guard pages.
ON_PURPOSE = {('InvalidRead', 'touch', 'tests/test_slab.c'), ('InvalidWrite', 'touch', 'tests/test_slab.c')}

# Not run, and why.
LEFT_OUT = {
    'engine': 'multiplies bit by bit, which takes valgrind too long; test_crypto is run',
    'isolation': 'OpenSSL is in the process too: not ours to judge',
    'slab_refused': 'has the kernel refuse what valgrind itself needs',
    'token_memory': "puts a malloc of its own in the place of libc's, and so of valgrind's",
}

VALGRIND = ['valgrind', '-q', '--leak-check=full', '--show-leak-kinds=definite', '--xml=yes', '--num-callers=40']


def frames_of(stack):
    """The functions of a stack, innermost first, as (name, file in the source tree or None)."""
    for frame in stack.findall('frame') if stack is not None else ():
        path = None
        if frame.find('dir') is not None and frame.find('file') is not None:
            full = pathlib.Path(frame.findtext('dir')).joinpath(frame.findtext('file')).resolve()
            if full.is_relative_to(ROOT):
                path = str(full.relative_to(ROOT))
        yield frame.findtext('fn', '?'), path


def findings_of(path):
    """The errors in one process's report. One that was killed has not closed it."""
    text = path.read_text(errors='replace')
    if not text.rstrip().endswith('</valgrindoutput>'):
        text = text[:text.rfind('</error>') + len('</error>')] if '</error>' in text else '<valgrindoutput>'
        text += '</valgrindoutput>'
    for error in ElementTree.fromstring(text).findall('error'):
        frames = list(frames_of(error.find('stack')))
        kind = error.findtext('kind')
        if frames and (kind, *frames[0]) in ON_PURPOSE:
            continue
        what = error.findtext('what') or 'allocated by'
        yield '\n'.join([f'# {kind}: {what}'] + [f'#   {name} ({where or "-"})' for name, where in frames])


def run(command):
    """The status, the output and the findings of |command| under valgrind."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(VALGRIND + [f'--xml-file={folder}/%p.xml'] + command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
        reports = sorted(pathlib.Path(folder).glob('*.xml'))
        found = [finding for report in reports for finding in findings_of(report)]
    return done, found


def check_controls(build):
    for plant, kind in (('leak', 'Leak_DefinitelyLost'), ('uninitialised', 'UninitCondition')):
        _, found = run([f'{build}/tests/control', plant])
        if len(found) != 1 or kind not in found[0]:
            sys.exit(f'memcheck: the planted {plant} was not found')
        print(f'ok - the planted {plant} is found', flush=True)


def main():
    build, modules = sys.argv[1], sys.argv[2:]
    if modules == ['--short']:
        modules = SHORT
    elif not modules:
        modules = sorted(path.stem[len('test_'):] for path in ROOT.glob('tests/test_*.c'))
        modules = [module for module in modules if module not in LEFT_OUT]
    if not modules:
        sys.exit('memcheck: there is no module to run')
    targets = ['tests/control'] + [f'tests/plain-{module}' for module in modules]
    subprocess.run(['ninja', '-C', build, '--quiet'] + targets, check=True, stdout=sys.stderr)
    check_controls(build)
    num_bad = 0
    for module in modules:
        done, found = run([f'{build}/tests/plain-{module}'])
        passed = sum(line.startswith('ok') for line in done.stdout.splitlines())
        good = done.returncode == 0 and not found and passed > 0
        num_bad += not good
        if done.returncode != 0:
            print('\n'.join('# ' + line for line in done.stdout.splitlines()))
        for finding in dict.fromkeys(found):
            print(finding)
        print(f'{"ok" if good else "not ok"} - {module}: {passed} tests, {len(found)} findings', flush=True)
    print(f'{len(modules) - num_bad} modules clean, {num_bad} not')
    return num_bad > 0


if __name__ == '__main__':
    sys.exit(main())
