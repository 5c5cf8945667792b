# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The page of bench/compare.py: each row's samples as dots, with their medians. It needs nothing but itself."""

import html
import statistics

STYLE = '''
:root { --ink: #222; --paper: #fff; --faint: #ccc; --base: #57606a; --same: #0969da;
        --faster: #1a7f37; --slower: #cf222e }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --paper: #161616; --faint: #444; --base: #9aa4af; --same: #58a6ff;
          --faster: #3fb950; --slower: #ff7b72 }
}
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 62em; padding: 0 1em;
       color: var(--ink); background: var(--paper) }
div { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
td, th { padding: .3em .7em; border-bottom: 1px solid var(--faint); text-align: right; white-space: nowrap }
td:first-child, th:first-child { text-align: left; font-family: ui-monospace, monospace }
.faster { color: var(--faster) }
.slower { color: var(--slower); font-weight: bold }
svg { display: block }
circle { fill-opacity: .45 }
svg .base { fill: var(--base); stroke: var(--base) }
svg .same { fill: var(--same); stroke: var(--same) }
svg .faster { fill: var(--faster); stroke: var(--faster) }
svg .slower { fill: var(--slower); stroke: var(--slower) }
.axis { stroke: var(--faint) }
'''
WIDTH, HEIGHT, MARGIN = 320, 44, 6


def dots(samples, scale, y, kind):
    middle = scale(statistics.median(samples))
    circles = [f'<circle class="{kind}" cx="{scale(sample):.1f}" cy="{y}" r="3"/>' for sample in samples]
    line = f'<line class="{kind}" x1="{middle:.1f}" x2="{middle:.1f}" y1="{y - 8}" y2="{y + 8}" stroke-width="2"/>'
    return ''.join(circles) + line


def plot(row):
    """Both builds' samples on one axis. It ends where nine tenths of them end; the rest sit on its edge."""
    every = sorted(row['base'] + row['here'])
    low, high = every[0], max(every[int(0.9 * (len(every) - 1))], every[0] * 1.02)

    def scale(sample):
        return MARGIN + (min(sample, high) - low) / (high - low) * (WIDTH - 2 * MARGIN)

    return (f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="samples: base above, here below">'
            f'<line class="axis" x1="0" x2="{WIDTH}" y1="{HEIGHT / 2}" y2="{HEIGHT / 2}"/>'
            + dots(row['base'], scale, 11, 'base') + dots(row['here'], scale, 33, row['verdict'].lower())
            + '</svg>')


def table_row(row):
    cells = [f'{statistics.median(row["base"]):.1f}', f'{statistics.median(row["here"]):.1f} {row["unit"]}',
             f'<span class="{row["verdict"].lower()}">{row["change_percent"]:+.1f} %</span>', f'{row["p"]:.4f}',
             plot(row)]
    return f'<tr><td>{html.escape(row["name"])}</td>' + ''.join(f'<td>{cell}</td>' for cell in cells) + '</tr>\n'


def page(summary):
    num_slower = sum(row['verdict'] == 'SLOWER' for row in summary['rows'])
    return ('<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>bulla: benchmarks compared</title>\n'
            f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>\n'
            f'<h1>Benchmarks against {html.escape(summary["base"])}</h1>\n'
            f'<p>{len(summary["rows"])} compared, {num_slower} slower. Processor time of one operation, medians '
            f'of {summary["rounds"]} rounds in which both builds ran in turn. Slower or faster: U test, p below '
            f'{summary["alpha"]}, and medians more than {summary["threshold_percent"]:g} % apart. In the plots '
            'base is above, here below; further left is faster.</p>\n<div><table>'
            '<tr><th>benchmark</th><th>base</th><th>here</th><th>change</th><th>p</th><th>samples</th></tr>\n'
            + ''.join(table_row(row) for row in summary['rows']) + '</table></div></html>\n')
