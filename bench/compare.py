#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs the benchmarks of two builds in turn, many times, and says what became slower.

Each round runs both, so that what disturbs the machine disturbs both alike; every other round the second goes
first. Many short rounds tell more than few long ones. Google Benchmark's own compare.py judges the processor times with
its U test. A row is a regression if they differ significantly and the medians by more than the threshold; then the exit
status is 1.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

import compare_page

ALPHA = 0.01
# Of JWE a row for each family of "alg" and of "enc": all of them would take an hour.
DEFAULT_FILTER = (r'^(seal|open|seal_many|token|json|base64url|jwk/parse)/|'
                  r'^jwe/(dir|A256KW|A256GCMKW)/(A256GCM|A128CBC-HS256|A256CBC-HS512)/.*/233$|'
                  r'^jwe/(ECDH-ES:(P-256|X25519)|RSA-OAEP-256)/A256GCM/')
GOOGLE_TOOLS = ['/usr/share/benchmark/compare.py', '/usr/share/google-benchmark/tools/compare.py',
                '/usr/share/googlebenchmark/tools/compare.py']


def run_once(program, pattern, min_time, out):
    """Runs every row once; returns the context and the rows."""
    subprocess.run([program, '--benchmark_filter=' + pattern, f'--benchmark_min_time={min_time}',
                    '--benchmark_out_format=json', '--benchmark_out=' + out], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(out, encoding='utf-8') as file:
        report = json.load(file)
    return report['context'], [row for row in report['benchmarks'] if not row.get('error_occurred')]


def merged(context, rows, rounds):
    """One report, as if the rows were repetitions of one run."""
    for row in rows:
        row['repetitions'] = rounds
    return {'context': context, 'benchmarks': rows}


def measure(programs, arguments):
    """Runs the programs in turn; writes and returns the path of a report for each."""
    contexts, rows = [None, None], [[], []]
    for number in range(arguments.rounds):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            path = os.path.join(arguments.folder, 'round.json')
            contexts[which], measured = run_once(programs[which], arguments.filter, arguments.min_time, path)
            for row in measured:
                row['repetition_index'] = number
            rows[which] += measured
        print(f'\rround {number + 1} of {arguments.rounds}', end='', file=sys.stderr, flush=True)
    print(file=sys.stderr)
    os.remove(path)
    paths = []
    for which, name in enumerate(('base', 'here')):
        paths.append(os.path.join(arguments.folder, name + '.json'))
        with open(paths[-1], 'w', encoding='utf-8') as file:
            json.dump(merged(contexts[which], rows[which], arguments.rounds), file)
    return paths


def google_compare(paths, out):
    """Google Benchmark's report on the difference."""
    tool = next((tool for tool in GOOGLE_TOOLS if os.path.exists(tool)), None)
    if tool is None:
        sys.exit('bench-compare: Google Benchmark\'s compare.py is missing (Debian: libbenchmark-tools)')
    # The system's scipy belongs to the system's Python, which need not be the first one in PATH.
    python = next(python for python in ('/usr/bin/python3', sys.executable) if os.path.exists(python))
    subprocess.run([python, tool, '--no-color', f'--alpha={ALPHA}', '-d', out, 'benchmarks', *paths],
                   check=True, stdout=subprocess.DEVNULL)
    with open(out, encoding='utf-8') as file:
        return json.load(file)


def judge(report, threshold):
    """A summary of each row of Google's report."""
    rows = []
    for difference in report:
        if not difference['utest']:
            continue
        base = [sample['cpu_time'] for sample in difference['measurements']]
        here = [sample['cpu_time_other'] for sample in difference['measurements']]
        change = 100 * (statistics.median(here) / statistics.median(base) - 1)
        p = difference['utest']['cpu_pvalue']
        significant = p < ALPHA and abs(change) > threshold
        verdict = 'same' if not significant else 'SLOWER' if change > 0 else 'faster'
        rows.append({'name': difference['name'], 'base': base, 'here': here, 'change_percent': change, 'p': p,
                     'unit': difference['time_unit'], 'verdict': verdict})
    return rows


def print_table(rows):
    print(f'{"benchmark":32} {"base":>10} {"here":>10} {"change":>9} {"p":>8}')
    for row in rows:
        base, here = statistics.median(row['base']), statistics.median(row['here'])
        print(f'{row["name"]:32} {base:10.1f} {here:10.1f} {row["change_percent"]:+7.1f} % {row["p"]:8.4f}'
              f'  {row["verdict"]}')


def parse(words):
    """Returns what the command line asks for, or ends with status 2."""
    parser = argparse.ArgumentParser(prog='./dev bench-compare REF', description=__doc__)
    parser.add_argument('--programs', nargs=2, required=True, help=argparse.SUPPRESS)
    parser.add_argument('--folder', required=True, help=argparse.SUPPRESS)
    parser.add_argument('--label', default='base', help=argparse.SUPPRESS)
    parser.add_argument('--filter', default=DEFAULT_FILTER, metavar='RE', help='not given: all but the vault, of JWE a selection')
    parser.add_argument('--threshold', type=float, default=5, metavar='PERCENT')
    parser.add_argument('--rounds', type=int, default=60)
    parser.add_argument('--min-time', type=float, default=0.01, help='seconds of each row in each round')
    arguments = parser.parse_args(words)
    if arguments.rounds < 9:
        parser.error('the U test wants 9 rounds or more')
    return arguments


def main():
    arguments = parse(sys.argv[1:])
    paths = measure(arguments.programs, arguments)
    report = google_compare(paths, os.path.join(arguments.folder, 'google.json'))
    rows = judge(report, arguments.threshold)
    if not rows:
        sys.exit('bench-compare: the two have no row in common that matches')
    summary = {'base': arguments.label, 'threshold_percent': arguments.threshold, 'alpha': ALPHA,
               'rounds': arguments.rounds, 'rows': rows}
    written = {'compare.json': json.dumps(summary, indent=1), 'compare.html': compare_page.page(summary)}
    for name, text in written.items():
        path = os.path.join(arguments.folder, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
    print_table(rows)
    print('written: ' + os.path.join(arguments.folder, 'compare.json') + ' and compare.html')
    slower = [row['name'] for row in rows if row['verdict'] == 'SLOWER']
    print(f'{len(rows)} compared, {len(slower)} slower than {arguments.label} by over {arguments.threshold:g} %')
    return 1 if slower else 0


if __name__ == '__main__':
    sys.exit(main())
