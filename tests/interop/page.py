# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The tables of docs/INTEROP.md, between its two marks."""

import itertools
import re

import cases
import holes
import peers
import tap

BEGIN, END = "<!-- written by ./dev interop --write -->\n", "<!-- end -->\n"


class Notes:
    """Reasons, numbered as they appear."""

    def __init__(self):
        self.numbers = {}

    def cell(self, outcomes, field=None):
        """Returns the cell for what was found of some cases: ✓ if some went well, and the numbers of the reasons, then
        only of those that are about |field|."""
        reasons = [hole for hole in outcomes if hole is not None]
        mark = "–" if len(reasons) == len(outcomes) else "✓"
        told = [hole for hole in reasons if mark == "–" or field is None or
                hole.where.get(field, holes.ENCRYPTED) != holes.ENCRYPTED]
        numbers = sorted({self.numbers.setdefault((hole.peer, hole.why), len(self.numbers) + 1) for hole in told})
        return " ".join([mark, *(f"[{number}]" for number in numbers)])

    def lines(self):
        return [f"{number}. {peers.SHOWN[peer]} {why}." for (peer, why), number in self.numbers.items()]


def table(head, rows):
    return ["| " + " | ".join(row) + " |" for row in [head, ["-"] * len(head), *rows]]


def merged(rows, column):
    """Joins neighbours that differ in |column| alone."""
    joined = []
    for row in rows:
        if joined and all(a == b for i, (a, b) in enumerate(zip(joined[-1], row)) if i != column):
            joined[-1] = [*row[:column], f"{joined[-1][column]}, {row[column]}", *row[column + 1:]]
        else:
            joined.append(row)
    return joined


def of_algorithms(outcome, columns, notes):
    rows = []
    for alg, curve in cases.ROWS:
        lines = []
        for enc in cases.ENCS:
            cells = [notes.cell([outcome[cases.Case(peer, direction, alg, curve, enc, form)]
                                 for direction in cases.DIRECTIONS for form in cases.FORMS]) for peer in columns]
            lines.append([f"`{alg}`", curve, f"`{enc}`", *cells])
        rows += merged(lines, 2)
    every = ", ".join(f"`{enc}`" for enc in cases.ENCS)
    rows = [[row[0], row[1], "all six" if row[2] == every else row[2], *row[3:]] for row in rows]
    return table(["alg", "curve", "enc", *(peers.SHOWN[peer] for peer in columns)], merged(rows, 1))


def of_features(outcome, columns, notes):
    rows = []
    for name in dict.fromkeys(case.feature for case in cases.of_features(columns[0], False)):
        rows.append([name, *(notes.cell([outcome[case] for case in cases.of_features(peer, False)
                                         if case.feature == name], "feature") for peer in columns)])
    return table(["content or key", *(peers.SHOWN[peer] for peer in columns)], rows)


def text(outcome, versions):
    columns = [peer for peer in peers.PACKAGES if peer in versions]
    notes = Notes()
    first = of_algorithms(outcome, columns, notes)
    second = of_features(outcome, columns, notes)
    released = ", ".join(f"{peers.SHOWN[peer]} {versions[peer]}" for peer in columns)
    return "\n".join([f"Versions: {released}.", "", *first, "", *second, "", *notes.lines(), ""])


def check(path, outcome, versions, write):
    """Checks that the page has what was found, or writes it."""
    name = f"{path.name} has what was found"
    others = {peer: versions.get(peer, "none") for peer, known in holes.VERSIONS.items() if versions.get(peer) != known}
    if others:
        tap.skip(name, f"other versions than the page's: {others}")
        return
    page = path.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    found = before + BEGIN + "\n" + text(outcome, versions) + "\n" + END + after
    if write:
        path.write_text(found, encoding="utf-8")
    wrong = [f"{number}: {line}" for number, (line, other) in
             enumerate(itertools.zip_longest(found.splitlines(), page.splitlines()), 1) if line != other]
    tap.check(name, write or not wrong, "\n".join(["./dev interop --write writes it. It should have:", *wrong[:20]]))
