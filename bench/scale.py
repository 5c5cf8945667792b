# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Writes the tables of docs/SCALE.md that follow from what was measured, by the model in bench/scale_model.py.

usage: scale.py PAGE [--measured FILE] [--check]

With FILE, what `./dev bench-load --server` printed, from those figures; else from those that PAGE has. With --check it
writes nothing, and fails if the tables are not what follows; of each it prints the first row that does not."""

import argparse
import functools
import itertools
import pathlib
import re
import sys

from scale_model import LANES, Costs, Fleet, simulate

SHARED_LANE = False  # each process has a lane of its own for its uses
MEASURED_PROCESSORS = 2
WIRES = [0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4]  # milliseconds
FLEET_PROCESSORS = 8  # of a server that was not measured
USES_BESIDE = 320  # for each process without a lane, so that these too have waited their full time
BUSY_AFTER = 5000  # milliseconds
RECORDS = 10**9
RATE, RATE_GROUP = 10000, 16  # uses a second, and in a commit
HEAD_BYTES = 201  # a row of audit_head: 28 of its own, two numbers, two MACs and a sealed key with their lengths
GIVEN = ["a flush, ms", "round trips of a use alone", "round trips of 64 together", "bytes in the table", "in its index",
         "written to the WAL, many in a commit", "verified a second, by one thread"]


# What was measured.


def rows_of(text):
    """The cells of bulla's rows in what the load program printed, or in the page."""
    rows = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in row] for row in rows]
    return [(row[0], int(row[1]), int(row[2]), *map(float, row[4:11])) for row in rows if len(row) >= 11 and row[3] == "bulla"]


def line_through(points):
    """The line that is off by the least, in proportion, and nowhere below zero: (at 0, slope)."""
    weights = [1 / y ** 2 for _, y in points]
    num, x, y, xx, xy = (sum(weight * f(*point) for weight, point in zip(weights, points)) for f in (
        lambda x, y: 1, lambda x, y: x, lambda x, y: y, lambda x, y: x * x, lambda x, y: x * y))
    slope = (num * xy - x * y) / (num * xx - x * x)
    return max((y - slope * x) / num, 0), max(slope, 0)


def round_trip_of(where):
    found = re.search(r"measured ([0-9.]+)", where)
    return float(found[1]) if found else 0.0


def number_of(text, name):
    return float(re.search(rf"\| {name} \| ([0-9]+(?:\.[0-9]+)?)", text)[1])


def costs_of(text, measured):
    """Costs in proportion to uses, and to groups, by how many uses a commit the rows differ; and what a round trip takes
    without a network, until who is awaited has a processor: with which the uses are off by the least."""
    local = [row for row in measured if row[0] == "socket"]
    client_use, client_group = line_through([(1 / row[7], row[8] / 1000) for row in local])
    server_use, server_group = line_through([(1 / row[7], row[9] / 1000) for row in local])
    trips, group_trips = (round(number_of(text, name)) for name in ("round trips of a use alone", "round trips of 64 together"))
    fitted = [Costs(client_use, client_group, server_use, server_group, number_of(text, "a flush, ms"), wire, trips, group_trips)
              for wire in WIRES]
    return min(fitted, key=lambda costs: sum((uses(costs, fleet_of(row), 600) / row[3] - 1) ** 2 for row in local))


def fleet_of(row):
    where, threads, processes = row[:3]
    return Fleet((round_trip_of(where),) * processes, threads, SHARED_LANE, MEASURED_PROCESSORS,
                 standby=where.startswith("with"))


def uses(costs, fleet, num=2000):
    """Uses a second of all processes, from |num| of them."""
    return sum(rate for rate, _ in simulate(costs, fleet, num))


# The tables.


def off_by(costs, row):
    return uses(costs, fleet_of(row)) / row[3] - 1


def worst(costs, rows):
    return f"{max(abs(off_by(costs, row)) for row in rows) * 100:.0f} %"


def measured_table(costs, measured):
    lines = ["| where | threads | processes | what | uses a second | p50, ms | p99, ms | longest, ms | uses a commit "
             "| client, µs | server, µs | simulated | off by |", "|" + "---|" * 13]
    for row in measured:
        simulated = uses(costs, fleet_of(row))
        cells = (*row[:3], "bulla", f"{row[3]:.0f}", f"{row[4]:.2f}", f"{row[5]:.2f}", f"{row[6]:.1f}", f"{row[7]:.1f}",
                 f"{row[8]:.0f}", f"{row[9]:.0f}", f"{simulated:.0f}", f"{simulated / row[3] - 1:+.0%}".replace("%", " %"))
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return lines


def fleets():
    """What is asked, the fleet that answers, and which of its processes are looked at."""
    near, far = 1.0, 100.0
    everybody = slice(None)
    yield "1 writer", (near,), 1, everybody
    yield "1,000 in 16 processes", (near,) * 16, 63, everybody
    yield "1,000 in 63 processes", (near,) * 63, 16, everybody
    yield "1,000, each a process", (near,) * 1000, 1, everybody
    yield "of these, the 63 that have lanes", (near,) * 1000, 1, slice(0, 63)
    yield "of these, the 937 that have none", (near,) * 1000, 1, slice(63, 1000)
    regions = (near,) + (far,) * 9
    yield "1,000 in 10 regions, a process each: near the server", regions, 100, slice(0, 1)
    yield "in each of the nine other regions", regions, 100, slice(9, 10)


def fleet_table(costs):
    yield "| writers | one lane: uses a second | p50, ms | p99, ms | lanes: uses a second | p50, ms | p99, ms |"
    yield "|" + "---|" * 7
    simulated = functools.cache(simulate)  # several rows look at one fleet
    for what, round_trips, threads, which in fleets():
        cells = [what]
        for shared in (True, False):
            without_lane = 0 if shared else max(len(round_trips) - LANES + 1, 0)
            fleet = Fleet(round_trips, threads, shared, FLEET_PROCESSORS, apart=True)
            seen = simulated(costs, fleet, 2000 + USES_BESIDE * without_lane)[which]
            latencies = sorted(itertools.chain(*(took for _, took in seen)))
            cells += [round_to(sum(rate for rate, _ in seen)), *(waited(quantile(latencies, part)) for part in (0.5, 0.99))]
        yield "| " + " | ".join(map(str, cells)) + " |"


def round_to(number):
    """Two digits that count."""
    return int(float(f"{number:.2g}"))


def waited(latency):
    return round_to(latency) if latency <= BUSY_AFTER else "BULLA_BUSY"


def quantile(latencies, part):
    return latencies[int(part * (len(latencies) - 1))]


def given_table(text, costs, measured):
    given = [(name, f"{number_of(text, name):g}") for name in GIVEN]
    known = [("processor for a use, µs: client, server", f"{costs.client_use * 1000:.0f}, {costs.server_use * 1000:.0f}"),
             ("processor for a group, µs: client, server", f"{costs.client_group * 1000:.0f}, {costs.server_group * 1000:.0f}"),
             ("a round trip without a network, ms", f"{costs.wire:.2f}"),
             ("off by at most, in the rows that were fitted", worst(costs, [row for row in measured if row[0] == "socket"])),
             ("off by at most, in the others", worst(costs, [row for row in measured if row[0] != "socket"]))]
    return ["| measured | |", "|---|---|", *(f"| {name} | {value} |" for name, value in given), "", "| fitted | |", "|---|---|",
            *(f"| {name} | {value} |" for name, value in known)]


def billion_table(text):
    table, index, wal, verified = (number_of(text, name) for name in GIVEN[3:])
    commits = RATE / RATE_GROUP
    derived = [
        ("table", f"10⁹ × {table:g} bytes", f"{table:.0f} GB"),
        ("index", f"10⁹ × {index:g} bytes", f"{index:.0f} GB"),
        ("WAL while they were written", f"10⁹ × {wal:g} bytes", f"{wal:.0f} GB"),
        (f"time to write them at {RATE:,} uses a second", f"10⁹ / {RATE:,}", f"{RECORDS / RATE / 86400:.1f} days"),
        ("verifying, one thread", f"10⁹ / {verified:,.0f}", f"{RECORDS / verified / 60:.0f} minutes"),
        ("verifying, 16 threads with a processor each", "a 16th of that", f"{RECORDS / verified / 60 / 16:.1f} minutes"),
        ("what the server must send them", f"16 × {verified:,.0f} × {table:g} bytes",
         f"{table * 16 * verified / 1e9:.1f} GB a second"),
        ("the same through a network of 10 Gbit/s", f"{table:.0f} GB / 1.25 GB/s", f"{table / 1.25 / 60:.1f} minutes"),
        (f"commits at {RATE:,} uses a second, {RATE_GROUP} in each", f"{RATE:,} / {RATE_GROUP}", f"{commits:.0f} a second"),
        ("dead heads until a vacuum, which comes once a minute", f"60 × {commits:.0f}", f"{60 * commits:,.0f}"),
        ("of those in bytes", f"{60 * commits:,.0f} × {HEAD_BYTES} bytes", f"{60 * commits * HEAD_BYTES / 1e6:.0f} MB"),
        ("transaction numbers: until all must be frozen", f"autovacuum_freeze_max_age: 200,000,000 / {commits:.0f}",
         f"{2e8 / commits / 86400:.1f} days"),
    ]
    return ["| of 10⁹ records | how | |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in derived)]


def tables_from(text):
    """The lines of the tables that follow from |text|, the printed figures or the page itself."""
    measured = rows_of(text)
    costs = costs_of(text, measured)
    return {"measured": measured_table(costs, measured), "given": given_table(text, costs, measured),
            "fleets": fleet_table(costs), "billion": billion_table(text)}


def around(page, name):
    """The page up to the table |name|, the table, and the rest."""
    mark = f"<!-- bench/scale.py: {name} -->\n"
    before, after = page.split(mark)
    end = after.index("\n<!-- end -->")
    return before + mark, after[:end], after[end:]


def rewrite(page, text):
    for name, lines in tables_from(text).items():
        before, _, after = around(page, name)
        page = before + "\n".join(lines) + "\n" + after
    return page


def follows(page, text):
    """Whether all tables of the page follow. In one that does not, what comes behind the first such row is not worked out:
    a row may take long."""
    good = True
    for name, lines in tables_from(text).items():
        for written, line in itertools.zip_longest(around(page, name)[1].split("\n"), itertools.chain(lines, [""])):
            if written != line:
                print(f"-{written}\n+{line}")
                good = False
                break
    return good


def main():
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("page", type=pathlib.Path)
    command.add_argument("--measured", type=pathlib.Path)
    command.add_argument("--check", action="store_true")
    options = command.parse_args()
    page = options.page.read_text(encoding="utf-8")
    text = options.measured.read_text(encoding="utf-8") if options.measured else page
    if options.check:
        return 0 if follows(page, text) else 1
    options.page.write_text(rewrite(page, text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
