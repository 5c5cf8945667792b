# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Revocations on two machines: a service that reaches the server by a way of its own refuses what was revoked elsewhere, and
everything once it hears nothing of the server.

usage: test_postgres_revocation.py BULLA VERIFIER"""

import contextlib
import pathlib
import statistics
import subprocess
import tempfile
import time

from command import test_without_vault
from pg_place import note, place, run_with_server
from pg_wire import Pipe
from service import Service

TOKENS, KEYS = 180, 30
THREADS = 8
LOOK = 0.02  # BULLA_LOOK_MS in store/watch.h
PATIENCE = 5  # BULLA_LOOK_PATIENCE_MS there
SLACK = 1.5  # for a machine that is busy


@contextlib.contextmanager
def two_machines(box):
    """Makes a vault, which the commands of |box| reach by one pipe; yields the URL and the pipe of the other machine."""
    name = place.vault(box)
    folder = pathlib.Path(tempfile.mkdtemp(dir=place.folder))
    here, there = (Pipe(folder / side, place.server.folder) for side in ("here", "there"))
    box.environment["BULLA_VAULT"] = f"postgres:///{name}?host={here.folder}&user=postgres"
    yield f"postgres:///{name}?host={there.folder}&user=postgres", there


def time_of_refusal(service, token, revoking):
    """Verifies |token| until it is refused, and once more after the command |revoking| has ended; returns when it was refused
    first, and when the command had ended."""
    refused = None
    while True:
        ended = time.monotonic() if revoking.poll() is not None else None
        verdict, _ = service.verify(token)
        assert verdict in ("good", "revoked", "refused"), verdict
        if verdict != "good":
            refused = refused or time.monotonic()
        if ended:
            assert revoking.returncode == 0
            assert verdict != "good", "it is accepted after the revocation has returned"
            return refused, ended
        assert verdict != "good" or refused is None, "it is accepted again"


@test_without_vault
def what_is_revoked_on_one_machine_is_refused_on_the_other_when_the_revocation_returns(box):
    with two_machines(box) as (url, _):
        box.apikey()
        kept = box.mint("--jti", "kept")
        tokens = [box.mint("--jti", f"t-{i}") for i in range(TOKENS)]
        keys = [box.apikey(name=f"key{i}") for i in range(KEYS)]
        of_keys = [box.mint("--jti", "any", key=f"key{i}") for i in range(KEYS)]
        revocations = [(tokens[i], ("token", "revoke", "--tenant", "acme", "--jti", f"t-{i}")) for i in range(TOKENS)]
        revocations += [(of_keys[i], ("apikey", "revoke", keys[i])) for i in range(KEYS)]
        took, early = [], []
        with Service(box, url) as service:
            for token in (kept, *tokens, *of_keys):
                assert service.verify(token)[0] == "good"
            for token, args in revocations:
                start = time.monotonic()
                refused, ended = time_of_refusal(service, token, box.start(*args, stdout=subprocess.DEVNULL))
                took.append(refused - start)
                early.append(ended - refused)
                assert refused - start < 1
            assert service.verify(kept)[0] == "good"
        took.sort()
        note(f"{len(took)} revocations were seen on the other machine {statistics.median(took) * 1000:.0f} ms after the command "
             f"began (99 %: {took[len(took) * 99 // 100] * 1000:.0f}, at most {took[-1] * 1000:.0f} ms), and at least "
             f"{min(early) * 1000:.0f} ms before it had ended")


@test_without_vault
def a_service_that_hears_nothing_of_the_server_accepts_nothing_and_waits_for_five_seconds_at_most(box):
    with two_machines(box) as (url, pipe):
        box.apikey()
        kept, stolen = box.mint("--jti", "kept"), box.mint("--jti", "stolen")
        with Service(box, url, THREADS) as service:
            for token in (kept, stolen):
                assert service.verify(token)[0] == ",".join(["good"] * THREADS)
            pipe.stall()
            stalled = time.monotonic()
            revoking = box.start("token", "revoke", "--tenant", "acme", "--jti", "stolen", stdout=subprocess.DEVNULL)
            last, longest, number = 0, 0, 0
            while time.monotonic() < stalled + 2.5 * PATIENCE:
                start = time.monotonic()
                verdict, _ = service.verify(stolen)
                number += 1
                longest = max(longest, time.monotonic() - start)
                if verdict != ",".join(["unable"] * THREADS):
                    last = start - stalled
            assert revoking.wait() == 0
            note(f"accepted for {last * 1000:.0f} ms, then {number} times {THREADS} were refused, after {longest:.1f} s at most")
            assert last < LOOK + 0.1, last
            assert longest < PATIENCE + SLACK, longest
            pipe.go_on()
            end = time.monotonic() + PATIENCE + SLACK
            while service.verify(kept)[0] != ",".join(["good"] * THREADS):
                assert time.monotonic() < end, "it does not accept again"
            assert service.verify(stolen)[0] == ",".join(["revoked"] * THREADS)


run_with_server()
