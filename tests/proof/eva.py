#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Proves the absence of run-time errors with Frama-C's Eva: eva.py [SUBJECT]...

A subject is a driver, tests/proof/SUBJECT.c, which calls what is to be proved with every input up to its bound. An
alarm is something that Eva could not prove, and fails."""

import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# The sources of each, cheapest first.
SUBJECTS = {
    'lengths': ['core/blob.c', 'core/triple.c', 'core/jwe_compact.c'],
    'cursor': [],
    'base64url': ['core/base64url_choice.c', 'core/base64url_portable.c', 'core/base64url_secret.c'],
}
ALWAYS = ['core/cursor.c', 'tests/proof/stubs.c']
OPTIONS = {'lengths': ['-warn-unsigned-overflow']}

# As many states as there are; merging any would lose which length belongs to which pointer.
EVA = ['frama-c', '-machdep', 'gcc_x86_64', '-main', 'prove', '-eva', '-eva-slevel', '30000', '-eva-plevel', '300',
       '-eva-ilevel', '64', '-eva-auto-loop-unroll', '100', '-eva-split-return', 'full',
       '-eva-interprocedural-splits', '-eva-msg-key=-final-states',
       '-cpp-extra-args=-I. -Iinclude -D_GNU_SOURCE -include tests/proof/portable.h']
PARSE = EVA[:3] + EVA[-1:]


def run(subject, sources, command=EVA):
    command = command + OPTIONS.get(subject, []) + [f'tests/proof/{subject}.c'] + sources + ALWAYS
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f'{done.stdout}\neva: {subject}: Frama-C ended with status {done.returncode}')
    # What was used without a declaration would be taken for a function of any int. Assembly is for wiping alone.
    if re.search(r'^\[kernel(?!:asm:clobber)\S*\].* Warning', done.stdout, re.MULTILINE):
        sys.exit(f'{done.stdout}\neva: {subject}: Frama-C warns of the sources')
    return done.stdout


def alarms_of(subject, text):
    """Each alarm as "subject: file: what", without its line, which other changes move."""
    for path, what in re.findall(r'^\[eva:alarm\] (\S+?):\d+: Warning: *\n((?:  .*\n)+)', text, re.MULTILINE):
        yield f'{subject}: {path}: {" ".join(what.split())}'


def prove(subject):
    started = time.monotonic()
    text = run(subject, SUBJECTS[subject])
    if 'ANALYSIS SUMMARY' not in text:
        sys.exit(f'{text}\neva: {subject}: Frama-C did not come to its end')
    # Behind an access that is never valid, or a loop that is never left, nothing would be proved.
    if re.search(r'NON TERMINATING FUNCTION|have a domain that is bottom', text):
        sys.exit(f'{text}\neva: {subject}: the end of the driver is not reached')
    reached = re.search(r'(\d+) statements reached \(out of (\d+)\)', text)
    alarms = list(alarms_of(subject, text))
    counted = re.search(r'(\d+) alarms? generated', text)
    if int(counted[1]) > 0 and not alarms:
        sys.exit(f'{text}\neva: {subject}: alarms that could not be read')
    print(f'{subject}: {len(alarms)} alarms, {reached[1]} of {reached[2]} statements reached in the functions '
          f'called, {time.monotonic() - started:.0f} s', flush=True)
    return alarms


def main():
    subjects = sys.argv[1:] or list(SUBJECTS)
    if unknown := set(subjects) - set(SUBJECTS):
        print(f'eva: there is no subject {" ".join(unknown)}; there are: {" ".join(SUBJECTS)}', file=sys.stderr)
        sys.exit(2)
    if not any('out of bounds read' in alarm for alarm in alarms_of('control', run('control', []))):
        sys.exit('eva: the planted byte too many raised no alarm')
    print('control: the planted byte too many raises an alarm', flush=True)
    # A driver that the sources have left behind is noticed whichever subjects were asked for.
    for subject, sources in SUBJECTS.items():
        run(subject, sources, PARSE)
    found = [alarm for subject in subjects for alarm in prove(subject)]
    for alarm in found:
        print(alarm)
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
