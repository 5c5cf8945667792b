# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A service that goes on verifying tokens. VERIFIER names the program of tests/cli/verifier.c: it is the second argument."""

import os
import subprocess
import sys

from command import ROOT

VERIFIER = os.path.abspath(sys.argv[2])


class Service:
    """Has the vault at |url| open, and verifies in |threads| at once."""

    def __init__(self, box, url="sqlite:bulla.db", threads=1):
        self.process = subprocess.Popen([VERIFIER, url, ROOT, str(threads)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, **box.options({}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def verify(self, token):
        """Returns the verdict on |token|, or those of several threads joined by commas, and how many keys the service has
        asked for so far."""
        self.process.stdin.write(token.strip() + b"\n")
        self.process.stdin.flush()
        verdict, asked = self.process.stdout.readline().decode().split()
        return verdict, int(asked)
