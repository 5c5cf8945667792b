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
import os
import statistics
import subprocess
import sys
import tempfile

import table_jwe

THREADS = ['seal/aes256gcm/256', 'open/aes256gcm/256', 'token/mint/233', 'token/verify/233',
           'token/verify_revocable/233']
SIZES = [16, 256, 1024, 16384, 65536, 1048576]
FIGURES = [
    ('bulla', '{}/aes256gcm/{}'), ('bulla, XAES', '{}/xaes256gcm/{}'), ('ipsec-mb, bare', 'raw/ipsec_mb/{}/{}'),
    ('BoringSSL, bare', 'raw/boringssl/{}/{}'), ('OpenSSL', 'peer/openssl/{}/{}'),
    ('libsodium', 'peer/sodium/{}/{}'),
]
TOKENS = [('bulla', 'token/{}/233'), ('cjose', 'peer/cjose/{}'), ('rhonabwy', 'peer/rhonabwy/{}')]


class Run:
    """The medians of one run, or of times the least: what else runs on a busy machine only adds to them."""

    def __init__(self, report, least=False):
        self.context = report['context']
        self.least = least
        self.samples = {}
        for row in report['benchmarks']:
            if row['run_type'] == 'iteration' and not row.get('error_occurred'):
                self.samples.setdefault(row['name'], []).append(row)

    def median(self, name, what='cpu_time'):
        rows = self.samples.get(name)
        if not rows:
            return None
        pick = min if self.least and what in ('cpu_time', 'real_time') else statistics.median
        return pick(row[what] for row in rows)

    def ratio(self, a, b, what='cpu_time', factor=1):
        above, below = self.median(a, what), self.median(b, what)
        return factor * above / below if above is not None and below else None


def promises(run):
    """Rows: what, target, whether at most or at least, the ratio."""
    raw = 'raw/' + run.context['engine'].replace('-', '_')
    yield 'seal/aes256gcm/256 to ' + raw, 2.4, 'most', run.ratio('seal/aes256gcm/256', raw + '/seal/256')
    yield 'open/aes256gcm/256 to ' + raw, 1.3, 'most', run.ratio('open/aes256gcm/256', raw + '/open/256')
    yield ('seal/aes256gcm/1048576, of the limit', 0.9, 'least',
           run.ratio('limit/vaes_rounds/1048576', 'seal/aes256gcm/1048576'))
    yield (raw + '/seal/1048576 itself, of the limit', None, 'least',
           run.ratio('limit/vaes_rounds/1048576', raw + '/seal/1048576'))
    for name, target in ('mint', 16), ('verify', 25):
        yield f'token/{name}/233 over cjose', target, 'least', run.ratio(f'peer/cjose/{name}', f'token/{name}/233')
    for name in 'mint', 'verify':
        yield f'token/{name}/233, allocations', 0, 'most', run.median(f'token/{name}/233', 'allocs')
    yield ('token/verify_revocable/233 to token/verify/233', 1.2, 'most',
           run.ratio('token/verify_revocable/233', 'token/verify/233'))
    yield ('token/verify_revocable_each/233 to token/verify_each/233', None, 'most',
           run.ratio('token/verify_revocable_each/233', 'token/verify_each/233'))
    yield ('vault/use to its SQLite statements bare', 1.3, 'most',
           run.ratio('vault/use', 'vault/use_bare', 'real_time'))
    yield 'vault/use_limited to vault/use', 1.03, 'most', run.ratio('vault/use_limited', 'vault/use', 'real_time')
    yield 'vault/use_many/5 to vault/use', 1.3, 'most', run.ratio('vault/use_many/5', 'vault/use', 'real_time')
    yield 'audit/verify, records a second', 500000, 'least', run.median('audit/verify/100000', 'bytes_per_second')
    yield 'vault/rewrap, values a second', 100000, 'least', run.median('vault/rewrap/50000', 'bytes_per_second')
    yield from table_jwe.promises(run)
    for name in THREADS:
        yield f'{name}, two threads over one', 1.9, 'least', run.ratio(name, name + '/threads:2', factor=2)
    for name in raw + '/seal/256', raw + '/open/256':
        yield f'{name} itself, two threads over one', None, 'least', run.ratio(name, name + '/threads:2', factor=2)


def verdict(target, bound, value):
    if value is None:
        return '–', 'not measured'
    digits = 0 if value >= 1000 else 2
    if target is None:
        return f'{value:.{digits}f}', ''
    met = value <= target if bound == 'most' else value >= target
    return f'{value:.{digits}f}', 'met' if met else '**missed**'


def print_promises(run):
    print('| what | target | measured | verdict |\n|---|---|---|---|')
    for what, target, bound, value in promises(run):
        figure, judged = verdict(target, bound, value)
        wanted = '' if target is None else f'{"≤" if bound == "most" else "≥"} {target}'
        print(f'| {what} | {wanted} | {figure} | {judged} |')


def nanoseconds(value):
    if value is None:
        return '–'
    return f'{value:.0f}' if value < 10000 else f'{value / 1000:.0f} k'


def print_figures(run):
    for operation in 'seal', 'open':
        print(f'\n| {operation}, ns | ' + ' | '.join(f'{size} B' for size in SIZES) + ' |')
        print('|---' * (len(SIZES) + 1) + '|')
        for label, name in FIGURES:
            cells = [nanoseconds(run.median(name.format(operation, size))) for size in SIZES]
            print(f'| {label} | ' + ' | '.join(cells) + ' |')
    print('\n| token of 233 bytes of claims | mint, ns | verify, ns | allocations to mint | to verify |')
    print('|---|---|---|---|---|')
    for label, name in TOKENS:
        names = [name.format(operation) for operation in ('mint', 'verify')]
        allocations = [run.median(name, 'allocs') for name in names]
        cells = [nanoseconds(run.median(name)) for name in names]
        cells += ['–' if count is None else f'{count:.0f}' for count in allocations]
        print(f'| {label} | ' + ' | '.join(cells) + ' |')
    table_jwe.print_figures(run, nanoseconds)


def needed_rows():
    """A regular expression for the rows that the promises look at."""
    return (r'^(seal|open)/aes256gcm/256|^(seal/aes256gcm|limit/vaes_rounds|raw/.*/seal)/1048576|'
            r'^raw/.*/(seal|open)/256$|^token/|^peer/cjose/(mint|verify)|^vault/(use|rewrap)|^audit/|' +
            table_jwe.NEEDED)


def measure(arguments):
    with tempfile.NamedTemporaryFile(suffix='.json') as out:
        every = r'^(seal|open|raw|limit|peer|token|vault/(use|rewrap)|audit)|' + table_jwe.EVERY
        command = [
            arguments.bench, '--benchmark_filter=' + (every if arguments.figures else needed_rows()),
            f'--benchmark_repetitions={arguments.repetitions}', '--benchmark_enable_random_interleaving=true',
            f'--benchmark_min_time={arguments.min_time}', '--benchmark_out_format=json',
            '--benchmark_out=' + out.name,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with open(out.name, encoding='utf-8') as file:
            return json.load(file)


def processor():
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        for line in file:
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return 'unknown processor'


def parse(words):
    """Returns what the command line asks for, or ends with status 2."""
    parser = argparse.ArgumentParser(prog='./dev bench-table', description=__doc__)
    parser.add_argument('--bench', required=True, help=argparse.SUPPRESS)
    parser.add_argument('--repetitions', type=int, default=41)
    parser.add_argument('--min-time', type=float, default=0.01, help='seconds each repetition takes at least')
    parser.add_argument('--least', action='store_true', help='not medians but the least: for a busy machine')
    parser.add_argument('--figures', action='store_true', help='also every size, and the peers')
    parser.add_argument('--from', dest='report', help='do not run: read what Google Benchmark wrote to this file')
    parser.add_argument('--out', help='keep the measurements in this file')
    return parser.parse_args(words)


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
    load = report['context'].get('load_avg') or os.getloadavg()
    print(f'{processor()}, {report["context"]["num_cpus"]} processors, engine {report["context"]["engine"]}; '
          f'load when it began {load[0]:.1f}; {"the least" if arguments.least else "medians"} of '
          f'{arguments.repetitions}\n')
    print_promises(run)
    if arguments.figures:
        print_figures(run)


if __name__ == '__main__':
    sys.exit(main())
