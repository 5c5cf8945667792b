#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What the tests have reached in a build folder made with -Db_coverage=true: coverage.py BUILD. Prints lines and
branches of each source file; leaves BUILD/coverage/index.html, line by line, and BUILD/coverage/coverage.svg."""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARTS = ('core', 'store', 'token', 'cli')
ROW, LEFT, WIDTH = 14, 170, 300
STYLE = 'text{font:11px sans-serif;fill:#333}.b{fill:#e6e6e6}.l{fill:#3b6ea5}.r{fill:#9dbcdc}'


def gcovr(build, *options):
    return subprocess.run(['gcovr', '--root', str(ROOT), '--exclude-throw-branches', str(build), *options]
                          + [word for part in PARTS for word in ('--filter', f'{ROOT}/{part}/')],
                          check=True, stdout=subprocess.PIPE, text=True).stdout


def total(name, files):
    keys = ('line_covered', 'line_total', 'branch_covered', 'branch_total')
    return {'filename': name, **{key: sum(file[key] for file in files) for key in keys}}


def percent(row, kind):
    return 100 * row[f'{kind}_covered'] / max(row[f'{kind}_total'], 1)


def svg(rows):
    """A bar of lines over a bar of branches for each row."""
    lines = []
    for i, row in enumerate(rows):
        y = 24 + i * ROW
        lines.append(f'<text x="{LEFT - 6}" y="{y + 9}" text-anchor="end">{row["filename"]}</text>'
                     f'<rect class="b" x="{LEFT}" y="{y}" width="{WIDTH}" height="10"/>'
                     f'<rect class="l" x="{LEFT}" y="{y}" width="{percent(row, "line") / 100 * WIDTH:.0f}"'
                     f' height="6"/>'
                     f'<rect class="r" x="{LEFT}" y="{y + 6}" width="{percent(row, "branch") / 100 * WIDTH:.0f}"'
                     f' height="4"/><text x="{LEFT + WIDTH + 6}" y="{y + 9}">{percent(row, "line"):.0f} / '
                     f'{percent(row, "branch"):.0f} %</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 80}" height="{len(rows) * ROW + 32}">'
            f'<style>{STYLE}</style><text x="{LEFT}" y="14">lines / branches that the tests reach</text>\n'
            + '\n'.join(lines) + '\n</svg>\n')


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    folder = build / 'coverage'
    folder.mkdir(exist_ok=True)
    files = json.loads(gcovr(build, '--json-summary'))['files']
    gcovr(build, '--html-details', str(folder / 'index.html'))
    parts = [total(f'{part}/', [file for file in files if file['filename'].startswith(f'{part}/')])
             for part in PARTS]
    for row in files + parts + [total('all', files)]:
        print(f'{row["filename"]:28} lines {percent(row, "line"):5.1f} % of {row["line_total"]:5}   '
              f'branches {percent(row, "branch"):5.1f} % of {row["branch_total"]:5}')
    (folder / 'coverage.svg').write_text(svg(parts + files), encoding='utf-8')
    print(f'{folder}/index.html\n{folder}/coverage.svg')


if __name__ == '__main__':
    main()
