# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Writes build-fuzz/report/: pictures, their figures, and a page that shows them."""

import html
import json

import coverage as figures
import picture

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>bulla: fuzzing</title>
<style>body {{ font-family: sans-serif; max-width: 60em; margin: 2em auto; background: #fff; color: #1f2328 }}
td, th {{ padding: 0.1em 1em; text-align: right }}
td:first-child, th:first-child {{ text-align: left }}</style></head>
<body><h1>bulla: fuzzing</h1>
{parts}
</body></html>
"""


def table(head, rows):
    def line(kind, row):
        return "<tr>" + "".join(f"<{kind}>{html.escape(str(cell))}</{kind}>" for cell in row) + "</tr>\n"
    return "<table>" + line("th", head) + "".join(line("td", row) for row in rows) + "</table>"


def page(tree):
    """Writes the page of what there is by now."""
    parts = []
    for name in ("fuzzing", "coverage"):
        picture_file, data = tree.report / f"{name}.svg", tree.report / f"{name}.json"
        if picture_file.exists():
            parts.append(picture_file.read_text())
            parts.append(table(*json.loads(data.read_text())))
    if (tree.report / "coverage" / "index.html").exists():
        parts.append('<p><a href="coverage/index.html">Every source file with its counts</a></p>')
    (tree.report / "index.html").write_text(PAGE.format(parts="\n".join(parts)))


def write(tree, name, svg, head, rows):
    tree.report.mkdir(parents=True, exist_ok=True)
    (tree.report / f"{name}.svg").write_text(svg)
    (tree.report / f"{name}.json").write_text(json.dumps([head, rows], indent=1) + "\n")
    page(tree)


def fuzzing(tree, runs):
    title = f"{len(runs)} targets, {runs[0].seconds} s each" if len(runs) > 1 else \
        f"{runs[0].target.name}, {runs[0].seconds} s"
    svg = picture.fuzzing([(run.target.name, run.samples, run.rate()) for run in runs], title)
    rows = [[run.target.name, run.executions(), run.rate(), run.core_rate(), *run.last()[2:5], run.problem or ""]
            for run in runs]
    write(tree, "fuzzing", svg,
          ["target", "executions", "exec/s", "per core", "coverage", "features", "inputs", "finding"], rows)


def coverage(tree, files, how, replay):
    sums = figures.totals(files)
    rows = [(name, lines.percent(), branches.percent(), name in sums)
            for name, (lines, branches) in [*sums.items(), *files.items()]]
    svg = picture.coverage(rows, f"Coverage by {how}")
    cells = [[name, str(lines).strip(), str(branches).strip()]
             for name, (lines, branches) in [*sums.items(), *files.items()]]
    replay.pages(tree.report / "coverage")
    write(tree, "coverage", svg, ["source file", "lines", "branches"], cells)
