#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Measures what docs/BENCHMARKS.md promises and prints a table of promise and measurement, in Markdown.

All rows are run interleaved, in random order, many times; figures are medians of them, and ratios of medians of
the one run. Times are of the processor, so that other programs disturb little, but for the vault, which waits for
the disk.
"""

import argparse
import json
import subprocess
import sys
import tempfile

import machine
import table_core
import table_jwe
from measured import Promise, Run

THREADS = ['seal/aes256gcm/256', 'open/aes256gcm/256', 'token/mint/233', 'token/verify/233']
TOKENS = [('bulla', 'token/{}/233'), ('cjose', 'peer/cjose/{}'), ('rhonabwy', 'peer/rhonabwy/{}')]


def token_promises(run):
    for name, target in ('mint', 32), ('verify', 55):
        yield f'token/{name}/233 over cjose', target, 'least', run.ratio(f'peer/cjose/{name}', f'token/{name}/233')
    for name in 'mint', 'verify':
        yield Promise(f'token/{name}/233, allocations', 0, 'most', run.median(f'token/{name}/233', 'allocs'), exact=True)
    yield ('token/mint_many/233 to token/mint/233', None, 'most', run.ratio('token/mint_many/233', 'token/mint/233'))
    yield ('token/verify_revocable/233 to token/verify/233', 1.15, 'most',
           run.ratio('token/verify_revocable/233', 'token/verify/233'))
    yield ('token/verify_revocable_each/233 to token/verify_each/233', None, 'most',
           run.ratio('token/verify_revocable_each/233', 'token/verify_each/233'))


def vault_promises(run):
    yield ('vault/use to its SQLite statements bare', 1.3, 'most',
           run.ratio('vault/use', 'vault/use_bare', 'real_time'))
    yield 'vault/use_limited to vault/use', 1.03, 'most', run.ratio('vault/use_limited', 'vault/use', 'real_time')
    yield 'vault/use_many/5 to vault/use', 1.3, 'most', run.ratio('vault/use_many/5', 'vault/use', 'real_time')
    yield 'audit/verify, records a second', 500000, 'least', run.median('audit/verify/100000', 'bytes_per_second')
    yield 'vault/rewrap, values a second', 100000, 'least', run.median('vault/rewrap/50000', 'bytes_per_second')


def thread_promises(run):
    for name in THREADS + ['token/verify_revocable/233']:
        yield f'{name}, two threads over one', 1.9, 'least', run.ratio(name, name + '/threads:2', factor=2)
    for name in 'raw/ipsec_mb/seal/256', 'raw/ipsec_mb/open/256':
        yield f'{name} itself, two threads over one', None, 'least', run.ratio(name, name + '/threads:2', factor=2)


def promises(run):
    """Rows: what, target, whether at most or at least, the ratio."""
    for part in table_core, table_jwe:
        yield from part.promises(run)
    for part in token_promises, thread_promises, vault_promises:
        yield from part(run)


def verdict(promise, busy):
    """The figure and what is said of it. What is counted and not timed is judged on a |busy| machine too."""
    if promise.value is None:
        return '–', 'not measured'
    figure = f'{promise.value:.{0 if promise.value >= 1000 else 2}f}'
    if promise.target is None:
        return figure, ''
    if busy and not promise.exact:
        return figure, 'not judged: the machine was busy'
    met = promise.value <= promise.target if promise.bound == 'most' else promise.value >= promise.target
    return figure, 'met' if met else '**missed**'


def print_promises(run, busy):
    print('| what | target | measured | verdict |\n|---|---|---|---|')
    for row in promises(run):
        promise = Promise(*row)
        figure, judged = verdict(promise, busy)
        wanted = '' if promise.target is None else f'{"≤" if promise.bound == "most" else "≥"} {promise.target}'
        print(f'| {promise.what} | {wanted} | {figure} | {judged} |')


def nanoseconds(value):
    if value is None:
        return '–'
    return f'{value:.0f}' if value < 10000 else f'{value / 1000:.0f} k'


def print_figures(run):
    table_core.print_figures(run, nanoseconds)
    print('\n| token of 233 bytes of claims | mint, ns | verify, ns | allocations to mint | to verify |')
    print('|---|---|---|---|---|')
    for label, name in TOKENS:
        names = [name.format(operation) for operation in ('mint', 'verify')]
        allocations = [run.median(name, 'allocs') for name in names]
        cells = [nanoseconds(run.median(name)) for name in names]
        cells += ['–' if count is None else f'{count:.0f}' for count in allocations]
        print(f'| {label} | ' + ' | '.join(cells) + ' |')
    table_jwe.print_figures(run, nanoseconds)


def run_rows(program, pattern, repetitions, min_time, **options):
    """Runs the rows, all repetitions in random order; returns Google Benchmark's report."""
    with tempfile.NamedTemporaryFile(suffix='.json') as out:
        command = [program, '--benchmark_filter=' + pattern, f'--benchmark_repetitions={repetitions}',
                   '--benchmark_enable_random_interleaving=true', f'--benchmark_min_time={min_time}',
                   '--benchmark_out_format=json', '--benchmark_out=' + out.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
        with open(out.name, encoding='utf-8') as file:
            return json.load(file)


def compare(arguments):
    """Rows of another version and of this one in turn: each of the first as NAME/since."""
    rows = []
    for _ in range(arguments.repetitions):
        for program, suffix in (arguments.since, '/since'), (arguments.bench, '/now'):
            measured = run_rows(program, table_core.SINCE, 1, arguments.min_time,
                                stderr=subprocess.DEVNULL)['benchmarks']
            rows += [dict(row, name=row['name'] + suffix) for row in measured]
    return rows


def measure(arguments):
    watch = machine.Watch()
    every = r'^(seal|open|raw|limit|peer|token|vault/(use|rewrap)|audit)|' + table_jwe.EVERY
    needed = (table_core.NEEDED + r'|^token/|^peer/cjose/(mint|verify)|^vault/(use|rewrap)|^audit/|' + table_jwe.NEEDED)
    report = run_rows(arguments.bench, every if arguments.figures else needed, arguments.repetitions, arguments.min_time)
    if arguments.since:
        report['benchmarks'] += compare(arguments)
    report['context'].update(processor=machine.processor(), others=watch.others(), since=arguments.label)
    return report


def parse(words):
    """Returns what the command line asks for, or ends with status 2."""
    parser = argparse.ArgumentParser(prog='./dev bench-table', description=__doc__)
    parser.add_argument('--bench', required=True, help=argparse.SUPPRESS)
    parser.add_argument('--since', help=argparse.SUPPRESS)
    parser.add_argument('--label', help=argparse.SUPPRESS)
    parser.add_argument('--repetitions', type=int, default=41)
    parser.add_argument('--min-time', type=float, default=0.01, help='seconds each repetition takes at least')
    parser.add_argument('--least', action='store_true', help='not medians but the least')
    parser.add_argument('--figures', action='store_true', help='also every size, and the peers')
    parser.add_argument('--from', dest='report', help='do not run: read what --out has kept')
    parser.add_argument('--out', help='keep the measurements in this file')
    return parser.parse_args(words)


def print_circumstances(run, least):
    """Prints what the run was made on, and returns why it cannot be judged, or None."""
    context = run.context
    others = context.get('others')
    busy = machine.too_busy(others, {name: [row['cpu_time'] for row in rows] for name, rows in run.samples.items()})
    taken = '' if others is None else f'; others took {100 * others:.1f} % of the processors\' time'
    bits = context.get('limit_vector_bits', '0')
    print(f'{context.get("processor", "unknown processor")}, {context["num_cpus"]} processors, engine '
          f'{context["engine"]}' + ('' if bits == '0' else f', limit with vectors of {bits} bits') + taken +
          f'; {"the least" if least else "medians"} of {run.repetitions()}\n')
    if busy:
        print(f'Not judged, since the machine was busy: {busy}.\n')
    return busy


def main():
    arguments = parse(sys.argv[1:])
    if arguments.report:
        with open(arguments.report, encoding='utf-8') as file:
            report = json.load(file)
    else:
        report = measure(arguments)
    if arguments.out:
        with open(arguments.out, 'w', encoding='utf-8') as file:
            json.dump(report, file)
    run = Run(report, arguments.least)
    print_promises(run, print_circumstances(run, arguments.least))
    if arguments.figures:
        print_figures(run)


if __name__ == '__main__':
    sys.exit(main())
