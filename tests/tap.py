# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What the tests that are scripts share: a line of TAP for each check, and the plan at the end. A script that
dies before tap.finish() has no plan, which tests/report.py counts as a failure."""

import subprocess
import sys

_checks = 0
_failures = 0


def check(name, good, detail=""):
    """Prints the verdict on one check, and if it failed the |detail|; returns |good|."""
    global _checks, _failures
    _checks += 1
    _failures += 0 if good else 1
    print(f"{'ok' if good else 'not ok'} {_checks} - {name}", flush=True)
    if not good:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)
    return good


def skip(name, why):
    """Prints that a check was left out, and |why|."""
    global _checks
    _checks += 1
    print(f"ok {_checks} - {name} # SKIP {why}", flush=True)


def succeeds(name, *command, **options):
    """Checks that |command| ends with exit status 0."""
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    return check(name, run.returncode == 0, run.stdout)


def finish():
    """Prints the plan and ends the script, with exit status 1 if a check failed or there was none."""
    print(f"1..{_checks}", flush=True)
    sys.exit(1 if _failures or not _checks else 0)
