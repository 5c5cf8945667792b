# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What a run was made on: the processor as it names itself, and whether the machine had time for the run.

Two things are looked at. What others took: the time of the processors that went to other programs and, in a virtual
machine, to its neighbours ("steal"), by /proc/stat. And how steady a row was that is arithmetic alone: what a
neighbour does on the other half of a core is in no account, but it shows in the time of that row.
"""

import os
import resource
import statistics
import time

MOST_OTHERS = 0.05  # of the time of all processors
MOST_SPREAD = 0.1  # how far the median may lie above the tenth percentile
STEADY = ['limit/gcm/16384', 'raw/boringssl/seal/16384']  # the first that was measured
FEWEST = 9  # repetitions, for a percentile
USER, NICE, SYSTEM, IRQ, SOFT_IRQ, STEAL = 0, 1, 2, 5, 6, 7  # columns of /proc/stat: proc(5)


def processor(path='/proc/cpuinfo'):
    """The brand, and the numbers behind it: in a virtual machine the brand alone often says little."""
    words = {}
    try:
        with open(path, encoding='utf-8') as file:
            for line in file:
                name, _, value = line.partition(':')
                if name.strip() == '' and words:
                    break
                words[name.strip()] = value.strip()
    except OSError:
        pass
    brand = words.get('model name', 'unknown processor')
    numbers = [f'{label} {words[name]}' for label, name in
               (('family', 'cpu family'), ('model', 'model'), ('stepping', 'stepping')) if name in words]
    return f'{brand} ({", ".join(numbers)})' if numbers else brand


def busy_seconds():
    """Of all processors: what any program took, and what the virtual machine was kept waiting."""
    with open('/proc/stat', encoding='utf-8') as file:
        columns = [int(word) for word in file.readline().split()[1:]]
    return sum(columns[i] for i in (USER, NICE, SYSTEM, IRQ, SOFT_IRQ, STEAL)) / os.sysconf('SC_CLK_TCK')


def own_seconds():
    """What this program and those that it ran took."""
    total = 0
    for who in resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN:
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


class Watch:
    """Looks at what others take from when it is made."""

    def __init__(self):
        self.began = time.monotonic(), busy_seconds(), own_seconds()

    def others(self):
        """The part of all processors' time that others took so far."""
        elapsed, busy, own = (now - then for now, then in
                              zip((time.monotonic(), busy_seconds(), own_seconds()), self.began))
        return max(0, busy - own) / (elapsed * os.cpu_count())


def spread(samples):
    """How far the median of times lies above their tenth percentile, as a part of it."""
    ordered = sorted(samples)
    return statistics.median(ordered) / ordered[len(ordered) // 10] - 1


def too_busy(others, samples):
    """Why a run cannot be judged, or None. |others| is of Watch, or None where nobody looked; |samples| are the times of
    each row by its name."""
    if others is not None and others > MOST_OTHERS:
        return f'others took {100 * others:.0f} % of the processors\' time'
    for name in STEADY:
        times = samples.get(name, [])
        if len(times) >= FEWEST:
            if spread(times) > MOST_SPREAD:
                return f'the median of {name} lies {100 * spread(times):.0f} % above its tenth percentile'
            return None
    return 'no row was measured that shows how steady the machine was'
