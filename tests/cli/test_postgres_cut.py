# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A use whose connection is cut, wherever that happens, opens nothing that was not durably recorded.

usage: test_postgres_cut.py BULLA CLIENT"""

import collections
import time

from command import test_without_vault
from pg_place import Client, all_recorded, granted, note, place, run_with_server
from pg_wire import Fake, Proxy, message

LANE_AFTER = 9  # the use for which a process takes a lane of the log
ROUNDS = 8  # of cuts at each message of a COMMIT and of its answer


def try_cut(proxy, client, cut_at, part, outcomes):
    """A use that is cut there, which must fail as far as a COMMIT came, and the one after it, which must succeed."""
    proxy.arm(cut_at, part)
    status = client.step()
    where = (cut_at, part, status, client.said())
    if proxy.has_cut and not proxy.answered:
        assert status != "opened", where
    if proxy.commit_sent and not proxy.answered:
        assert status == "BULLA_UNCERTAIN", where
    elif not proxy.commit_came:
        assert status == "BULLA_UNREACHABLE", where
    else:
        assert status in ("opened", "BULLA_UNCERTAIN"), where
    outcomes.append((client.reason(), status, proxy.commit_sent))
    proxy.arm()
    assert client.step() == "opened", (where, client.said())
    outcomes.append((client.reason(), "opened", True))


def check_cuts(box, client, outcomes):
    recorded = granted(box)
    for reason, status, commit_sent in outcomes:
        assert reason in recorded or status != "opened", f"{reason} was opened without a record"
        assert reason not in recorded or commit_sent, f"{reason} has a record, and {status}"
    tally = {}
    for _, status, _ in outcomes:
        tally[status] = tally.get(status, 0) + 1
    uncertain = [reason for reason, status, _ in outcomes if status == "BULLA_UNCERTAIN"]
    note(f"{tally}; of the uncertain {len(set(uncertain) & recorded)} have a record")
    assert len(uncertain) >= 2, tally


def with_proxy(box, name):
    proxy = Proxy(box.path("proxy"), place.server.folder)
    return proxy, Client(box, name, f"postgres:///{place.vault(box)}?host={proxy.folder}&user=postgres")


def use_more(client, number):
    for _ in range(number):
        assert client.step() == "opened", client.said()


@test_without_vault
def a_use_cut_after_each_message_opens_nothing_without_a_record(box):
    proxy, client = with_proxy(box, "warm")
    outcomes = []
    use_more(client, LANE_AFTER)
    proxy.arm()
    use_more(client, 1)
    messages = proxy.passed
    for cut_at in range(messages):
        for part in (0, 0.5, 1) if cut_at >= messages - 6 else (cut_at % 3 / 2,):
            use_more(client, LANE_AFTER)  # what was cut may have cost it its lane
            try_cut(proxy, client, cut_at, part, outcomes)
    note(f"a use is {messages} messages")
    assert messages > 20
    check_cuts(box, client, outcomes)
    client.end()


@test_without_vault
def a_use_that_takes_a_lane_is_cut_after_each_message(box):
    proxy, client = with_proxy(box, "taking")
    url = f"{box.environment['BULLA_VAULT']}&host={proxy.folder}"
    use_more(client, LANE_AFTER - 1)
    proxy.arm()
    use_more(client, 1)
    messages, tally, clients = proxy.passed, [], [client]
    client.end()
    # Each client takes a lane in the end, of which there are 64, and whoever takes one is told of all.
    last = range(messages - 30, messages)
    for place_of_cut in [*range(0, messages - 30, max(1, (messages - 30) // 25)), *last]:
        cut_at = place_of_cut + (len(clients) if place_of_cut in last else 0)
        client = Client(box, f"taking{place_of_cut}", url)
        clients.append(client)
        proxy.arm()
        use_more(client, LANE_AFTER - 1)
        proxy.arm(cut_at, 0.5)
        tally.append(client.step())
        assert proxy.has_cut and (tally[-1] != "opened" or proxy.answered), (cut_at, client.said())
        proxy.arm()
        use_more(client, LANE_AFTER)
        client.end()
    assert all_recorded(box, clients) >= len(tally) * (2 * LANE_AFTER - 1)
    note(f"a use that takes a lane is {messages} messages: {sorted((said, tally.count(said)) for said in set(tally))}")
    assert messages > 40
    assert {"BULLA_UNREACHABLE", "BULLA_UNCERTAIN"} <= set(tally)


@test_without_vault
def a_use_that_connects_anew_is_cut_after_each_message(box):
    proxy, client = with_proxy(box, "cold")
    outcomes = []
    use_more(client, LANE_AFTER)
    proxy.drop()
    assert client.step() == "BULLA_UNREACHABLE", client.said()
    proxy.arm()
    use_more(client, 1)
    messages = proxy.passed
    for cut_at in range(messages):
        use_more(client, LANE_AFTER)
        proxy.drop()
        assert client.step() == "BULLA_UNREACHABLE", client.said()
        try_cut(proxy, client, cut_at, 0.5, outcomes)
    note(f"a use that connects is {messages} messages")
    assert messages > 40
    check_cuts(box, client, outcomes)
    client.end()


@test_without_vault
def a_command_that_is_cut_prints_nothing_or_has_a_record(box):
    proxy = Proxy(box.path("proxy"), place.server.folder)
    url = f"postgres:///{place.vault(box)}?host={proxy.folder}&user=postgres"
    proxy.arm()
    assert box.get(env={"BULLA_VAULT": url}) == b"hunter2"
    messages, opened = proxy.passed, set()
    # The lines of the catalogue are alike.
    for cut_at in [*range(0, messages, 12), *range(messages - 12, messages)]:
        proxy.arm(cut_at, 0.5)
        run = box.start("get", "acme/db", "password", "--reason", f"cut {cut_at}", env={"BULLA_VAULT": url}, stdout=-1,
                        stderr=-1)
        out, errors = run.communicate(timeout=60)
        assert (run.returncode, out) in ((0, b"hunter2"), (4, b"")), (cut_at, run.returncode, out, errors)
        if run.returncode == 0:
            assert proxy.answered, cut_at
            opened.add(f"cut {cut_at}")
        if proxy.commit_sent and not proxy.answered:
            assert b"it is not known whether" in errors and b"bulla audit log" in errors, errors
        elif not proxy.commit_came:
            assert b"cannot be reached" in errors, (cut_at, errors)
    assert opened <= granted(box)


@test_without_vault
def an_error_in_the_place_of_the_answer_to_a_commit_says_nothing_of_it(box):
    proxy, client = with_proxy(box, "forged")
    assert client.step() == "opened"
    for state in (b"08006", b"08P01", b"57P01"):
        error = message(b"E", b"SERROR\0VERROR\0C" + state + b"\0Mthe server is gone\0\0")
        for forged in (error + Fake.READY, error):
            proxy.forge = forged
            proxy.arm()
            if forged is error:
                client.start()
                while not proxy.commit_sent:
                    time.sleep(0.01)
                time.sleep(0.1)
                proxy.drop()
                assert client.finish() == "BULLA_UNCERTAIN", (state, client.said())
            else:
                assert client.step() == "BULLA_UNCERTAIN", (state, client.said())
            proxy.forge = None
            proxy.arm()
            assert client.step() == "opened", client.said()
    all_recorded(box, [client])
    client.end()


def check_records(box, client, outcomes):
    """What was acknowledged has one record, what did not get to its COMMIT has none, and what is uncertain one at most.
    Returns the reasons of those that have one."""
    records = collections.Counter(record["reason"] for record in box.log() if record["reason"].startswith(client.name))
    for reason, status in outcomes.items():
        allowed = {"BULLA_UNREACHABLE": {0}, "BULLA_UNCERTAIN": {0, 1}}.get(status, {1})
        assert records[reason] in allowed, (reason, status, records[reason])
    assert set(records) <= set(outcomes), set(records) - set(outcomes)
    return set(records)


@test_without_vault
def a_process_that_was_left_uncertain_goes_on_as_the_database_is(box):
    proxy, client = with_proxy(box, "doubt")
    other = Client(box, "other")
    outcomes, cuts = {}, 0
    for turn in range(ROUNDS):
        for after, part in [(after, part) for after in range(10) for part in (0, 0.5)]:
            puts = (after + turn) % 3 != 0
            proxy.arm(after_commit=after, part=part)
            status = client.step(puts)
            outcomes[client.reason()] = status
            cuts += proxy.has_cut
            proxy.arm()
            if (after + turn) % 4 == 0:  # somebody else may have written meanwhile
                assert other.step(puts) in ("opened", "put"), other.said()
            assert client.step(not puts) in ("opened", "put"), (after, part, status, client.said())
            outcomes[client.reason()] = "done"
    box.run("audit", "verify")
    landed = check_records(box, client, outcomes)
    uncertain = {reason for reason, status in outcomes.items() if status == "BULLA_UNCERTAIN"}
    note(f"{cuts} cuts: {len(uncertain)} uncertain, of which {len(uncertain & landed)} had landed")
    assert cuts >= 100 and len(uncertain & landed) >= 30 and len(uncertain - landed) >= 20
    puts = [record for record in box.log() if record["op"] == "put" and record["field"] == "step"]
    step = {field["field"]: field for field in box.json("show", "acme/db")}["step"]
    assert step["revision"] == len(puts), (step, len(puts))
    assert step["value"] == puts[-1]["reason"].split("-")[1], (step, puts[-1])
    for each in (client, other):
        each.end()


@test_without_vault
def a_commit_that_rolled_back_is_none(box):
    proxy, client = with_proxy(box, "rolled")
    before = granted(box)
    for tag in (b"ROLLBACK\0", b"SELECT 1\0"):
        proxy.arm()
        proxy.forge = message(b"1") + message(b"2") + message(b"n") + message(b"C", tag) + Fake.READY
        assert client.step() == "BULLA_IO", client.said()
    proxy.forge = None
    proxy.arm()
    # A statement that fails behind the driver's back is what makes a server say so.
    proxy.ask = "SELECT 1/0"
    assert client.step() == "BULLA_IO", client.said()
    assert client.reason() not in granted(box)
    assert before <= granted(box)
    client.end()


@test_without_vault
def a_transaction_waits_for_the_disk_whatever_the_role_or_database_says(box):
    name = place.vault(box)
    place.psql("CREATE ROLE lazy SUPERUSER LOGIN")
    proxy = Proxy(box.path("proxy"), place.server.folder)
    proxy.ask = ("SELECT concat_ws(' ', current_setting('synchronous_commit'), current_setting('client_min_messages'), "
                 "current_setting('transaction_isolation'), current_setting('transaction_read_only'))")
    for said, is_then in (("off", "on"), ("local", "on"), ("remote_write", "on"), ("on", "on"),
                          ("remote_apply", "remote_apply")):
        for whose in ("ROLE lazy", f"DATABASE {name}"):
            place.psql(f"ALTER {whose} SET synchronous_commit = {said}; ALTER {whose} SET client_min_messages = error; "
                       f"ALTER {whose} SET default_transaction_isolation = serializable; "
                       f"ALTER {whose} SET default_transaction_read_only = on")
            url = f"postgres:///{name}?host={proxy.folder}&user=lazy"
            assert box.get(env={"BULLA_VAULT": url}) == b"hunter2"
            assert proxy.told == [f"{is_then} warning read committed off"], (said, whose, proxy.told)
            client = Client(box, f"{whose[:4]}-{said}", url)
            use_more(client, LANE_AFTER)
            proxy.told = None
            use_more(client, 1)
            client.end()
            assert proxy.told == [f"{is_then} warning read committed off"], (said, whose, proxy.told)
            place.psql(f"SET default_transaction_read_only = off; ALTER {whose} RESET ALL")


run_with_server()
