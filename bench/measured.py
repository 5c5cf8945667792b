# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What was measured, and what is promised of it."""

import statistics
import typing


class Promise(typing.NamedTuple):
    """A row of the table: what, the target or None, whether that is the most or the least, and what was measured."""
    what: str
    target: float
    bound: str
    value: float
    exact: bool = False  # it is counted, so nothing disturbs it


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

    def repetitions(self):
        return max((len(rows) for rows in self.samples.values()), default=0)
