#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Measures whole runs of the command, each in turn with other programs, and prints a table in Markdown.

A process is started many times: once each in every round, in a random order. What is printed are medians of the time
that passed. The last rows compare with the target, `sqlite3 FILE 'select 1'` and one flush of the same disk, which is
measured in the same rounds.
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import machine

TARGET = 1.3
JUDGED = ['bulla get', 'bulla token verify']
FLUSH = 'fdatasync of 8 KiB'
SQLITE = "sqlite3 FILE 'select 1'"


def prepare(bulla, folder):
    """Makes a vault with a value and a token, and returns what takes part: name, command, standard input."""
    environment = {'PATH': os.environ['PATH'], 'BULLA_VAULT': f'sqlite:{folder}/bulla.db',
                   'BULLA_ROOT': f'file:{folder}/root.key'}

    def ask(program, *arguments, text=b'', **others):
        done = subprocess.run([program, *arguments], input=text, capture_output=True, check=True, env=environment,
                              **others)
        return done.stdout

    os.umask(0o077)
    ask(bulla, 'init')
    ask(bulla, 'put', 'acme/db', 'user=app', '--secret', 'password', text=b'a value of thirty-two characters')
    key = folder / 'apikey'
    key.write_bytes(ask(bulla, 'apikey', 'create', '--tenant', 'acme'))
    mint = [bulla, 'token', 'mint', '--apikey-file', str(key), '--org', 'acme', '--sub', 'user']
    token = ask(*mint)
    get = [bulla, 'get', 'acme/db', 'password', '--reason', 'bench']
    verify = [bulla, 'token', 'verify']
    parts = [('true', [shutil.which('true')], b''), ('bulla --version', [bulla, '--version'], b''),
             ('bulla show', [bulla, 'show', 'acme/db'], b''), (JUDGED[0], get, b''), (JUDGED[1], verify, token),
             ('bulla token mint', mint, b'')]
    sqlite = shutil.which('sqlite3')
    if sqlite:
        ask(sqlite, str(folder / 'other.db'), 'create table t (x); insert into t values (1)')
        parts.append((SQLITE, [sqlite, str(folder / 'other.db'), 'select 1'], b''))
    openssl = shutil.which('openssl')
    if openssl:
        parts.append(('openssl version', [openssl, 'version'], b''))
    age, keygen = shutil.which('age'), shutil.which('age-keygen')
    if age and keygen:
        ask(keygen, '-o', str(folder / 'age.key'))
        recipient = ask(keygen, '-y', str(folder / 'age.key')).decode().strip()
        sealed = ask(age, '-r', recipient, text=b'a value of thirty-two characters')
        parts += [('age --version', [age, '--version'], b''),
                  ('age --decrypt', [age, '--decrypt', '-i', str(folder / 'age.key')], sealed)]
    return parts, environment


def run_once(command, source, environment):
    """Returns how long |command| takes, in seconds, from before it is made to when it has ended."""
    os.lseek(source, 0, os.SEEK_SET)
    started = time.perf_counter()
    child = os.posix_spawn(command[0], command, environment, file_actions=[
        (os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)])
    _, status = os.waitpid(child, 0)
    took = time.perf_counter() - started
    if status != 0:
        sys.exit(f'bench: {" ".join(command)} has failed')
    return took


def flush_once(file):
    """What a commit writes: two pages, appended and flushed."""
    os.write(file, b'x' * 8192)
    started = time.perf_counter()
    os.fdatasync(file)
    return time.perf_counter() - started


def measure(parts, environment, folder, rounds):
    sources = {}
    for name, _, text in parts:
        path = folder / f'input{len(sources)}'
        path.write_bytes(text)
        sources[name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    file = os.open(folder / 'flushed', os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    times = {name: [] for name, _, _ in parts}
    times[FLUSH] = []
    for _ in range(rounds):
        for name, command, _ in random.sample(parts, len(parts)):
            times[name].append(run_once(command, sources[name], environment))
        times[FLUSH].append(flush_once(file))
    return times


def report(times, others):
    """Prints the tables; a verdict only if others left the machine to this run."""
    print(f'{machine.processor()}, {len(times[FLUSH])} rounds; others took {100 * others:.0f} % of the processors\' time\n')
    print('| process | median, ms | p20, ms |\n|---|---|---|')
    for name, all_of_it in times.items():
        print(f'| `{name}` | {1000 * statistics.median(all_of_it):.2f} | {1000 * p20(all_of_it):.2f} |')
    if SQLITE not in times:
        print('\nNothing to compare with: sqlite3 is not installed.')
        return
    print(f'\n| of `{SQLITE}` and one flush | median | p20 | target | |\n|---|---|---|---|---|')
    for name in JUDGED:
        ratios = [how(times[name]) / (how(times[SQLITE]) + how(times[FLUSH])) for how in (statistics.median, p20)]
        verdict = 'met' if ratios[0] <= TARGET else 'missed'
        verdict = verdict if others <= machine.MOST_OTHERS else 'not judged: the machine was busy'
        print(f'| `{name}` | {ratios[0]:.2f} | {ratios[1]:.2f} | ≤ {TARGET} | {verdict} |')


def p20(values):
    return statistics.quantiles(values, n=5)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bulla', required=True, help='the command')
    parser.add_argument('--rounds', type=int, default=41)
    parser.add_argument('--folder', help='where a vault may be made: on the disk that counts')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='bulla-process-', dir=options.folder) as name:
        folder = pathlib.Path(name)
        parts, environment = prepare(os.path.abspath(options.bulla), folder)
        watch = machine.Watch()
        times = measure(parts, environment, folder, max(options.rounds, 2))
        report(times, watch.others())


if __name__ == '__main__':
    main()
