# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Records that are written into a log as they are given, by the program of tests/cli/log_maker.c: it is the second
argument."""

import os
import subprocess
import sys

MAKER = os.path.abspath(sys.argv[2])
DAY = 86400
HOUR = 3600


def use(time, actor="job", entry="acme/db", outcome="granted", origin="10.0.0.1", op="use", field="password", times=1):
    """A record, of |times| equal ones: time in seconds since 1970."""
    tenant, _, name = entry.partition("/")
    return time, actor, origin, op, tenant, name, field, outcome, times


def change(time, op, entry, field="", actor="alice"):
    return use(time, actor, entry, "done", op=op, field=field)


def write(box, *records):
    """Writes the records into the log of |box|, in this order."""
    lines = "".join("\t".join(map(str, record)) + "\n" for record in records)
    subprocess.run([MAKER, "sqlite:" + str(box.path("bulla.db")), "file:" + str(box.path("root.key"))],
                   input=lines.encode(), check=True, timeout=60)
