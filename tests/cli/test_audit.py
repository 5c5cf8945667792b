# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""audit verify finds what somebody with the vault's file, and without the root key, has done to the log."""

import shutil
import sqlite3

from command import run_tests, test


def with_log(box):
    """Makes a log of ten records or more, the last ones alike but for their number."""
    box.put_secret()
    for _ in range(8):
        box.get()
    return len(box.log())


def refuse_after(box, statements, seq):
    """A copy of the vault after |statements| is refused, and the record |seq| is named."""
    shutil.copy(box.path("bulla.db"), box.path("copy.db"))
    with sqlite3.connect(box.path("copy.db"), isolation_level=None) as database:
        for statement in statements:
            assert database.execute(statement).rowcount != 0, statement
    database.close()
    printed = box.run("audit", "verify", "--vault", "sqlite:copy.db", "--json", status=1)
    assert b'"bad_seq":%d}' % seq in printed, (statements, printed)
    assert f"audit record {seq}:" in box.errors, (statements, box.errors)
    assert box.run("audit", "verify", "--vault", "sqlite:copy.db", status=1) == b""
    box.path("copy.db").unlink()


@test
def an_untouched_log_is_good(box):
    records = with_log(box)
    assert box.json("audit", "verify") == {"records": records, "lanes": 1, "bad_lane": None, "bad_seq": None}
    mac = box.sql("SELECT mac FROM audit WHERE seq = ?", records)[0][0].hex()
    printed = f"{records} records, unbroken\nlane 0 ends with record {records}, {mac}\n"
    assert box.run("audit", "verify").decode() == printed


@test
def an_edited_record_is_named(box):
    with_log(box)
    other = "(SELECT {} FROM audit WHERE seq = 6)"
    for column, value in (("time", "time + 1"), ("tenant", "x''"), ("tenant", "zeroblob(16)"), ("op", "'put'"),
                          ("outcome", "'failed'"), ("detail", "zeroblob(length(detail))"),
                          ("detail", other.format("detail")), ("mac", "zeroblob(32)"), ("mac", other.format("mac"))):
        refuse_after(box, [f"UPDATE audit SET {column} = {value} WHERE seq = 5"], 5)


@test
def a_removed_record_is_named_wherever_it_was(box):
    records = with_log(box)
    for seq in (1, 5, records):
        refuse_after(box, [f"DELETE FROM audit WHERE seq = {seq}"], seq)
    refuse_after(box, ["DELETE FROM audit WHERE seq > 5"], 6)
    refuse_after(box, ["DELETE FROM audit"], 1)


@test
def a_removed_record_whose_gap_was_closed_is_named(box):
    records = with_log(box)
    statements = ["DELETE FROM audit WHERE seq = 5"]
    statements += [f"UPDATE audit SET seq = {seq - 1} WHERE seq = {seq}" for seq in range(6, records + 1)]
    refuse_after(box, statements, 5)


@test
def swapped_records_are_named(box):
    with_log(box)
    refuse_after(box, ["UPDATE audit SET seq = -1 WHERE seq = 5", "UPDATE audit SET seq = 5 WHERE seq = 6",
                       "UPDATE audit SET seq = 6 WHERE seq = -1"], 5)


@test
def an_added_record_is_named(box):
    records = with_log(box)
    columns = "time, tenant, op, outcome, detail, mac"
    refuse_after(box, [f"INSERT INTO audit SELECT lane, {records + 1}, {columns} FROM audit WHERE seq = {records}"],
                 records + 1)


@test
def a_truncated_log_whose_head_was_set_back_is_found(box):
    records = with_log(box)
    refuse_after(box, [f"DELETE FROM audit WHERE seq = {records}",
                       f"UPDATE audit_head SET seq = {records - 1}"], records)


@test
def nothing_is_opened_if_its_record_cannot_be_written(box):
    box.put_secret()
    box.sql("UPDATE audit_head SET tag = zeroblob(32), key = zeroblob(length(key))")
    run = box.start("get", "acme/db", "password", "--reason", "x", stdout=-1, stderr=-1)
    out, _ = run.communicate()
    assert run.returncode in (1, 4) and out == b"", (run.returncode, out)


@test
def refused_and_failing_uses_are_recorded(box):
    box.put_secret()
    box.get("acme/db", "nothing", status=3)
    box.get("acme/nowhere", "nothing", status=3)
    box.get("nobody/nowhere", "nothing", status=3)
    box.sql("UPDATE field SET value = zeroblob(length(value))")
    box.get(status=1)
    outcomes = [(r["tenant"], r["outcome"]) for r in box.log() if r["op"] == "use"]
    assert outcomes[:3] == [("acme", "not-found"), ("acme", "not-found"), ("nobody", "not-found")], outcomes
    assert ("acme", "failed") in outcomes[3:], outcomes
    box.run("audit", "verify")


def first_cell(page, size, at):
    """The cell of a leaf of a table WITHOUT ROWID: its length, in a varint of one or two bytes, and its bytes."""
    start = at + int.from_bytes(page[at + 8:at + 10], "big")
    length = page[start] if page[start] < 128 else (page[start] & 127) << 7 | page[start + 1]
    end = start + (1 if page[start] < 128 else 2) + length
    assert end <= at + size
    return bytes(page[start:end])


def repeat_pages(path, table):
    """Makes the table give its rows three times: its root becomes a node whose three children are one page."""
    size = 4096
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    database.close()
    content = bytearray(path.read_bytes())
    child = (len(content) // size + 1).to_bytes(4, "big")
    at = (root - 1) * size
    leaf = content[at]
    assert leaf in (10, 13), "the table is one leaf"
    cells = [child + (bytes([key]) if leaf == 13 else first_cell(content, size, at)) for key in (1, 2)]
    content += content[at:at + size]
    places = [size - len(cells[0]), size - len(cells[0]) - len(cells[1])]
    node = bytes([leaf - 8]) + b"\0\0" + len(cells).to_bytes(2, "big") + places[1].to_bytes(2, "big") + b"\0" + child
    node += b"".join(place.to_bytes(2, "big") for place in places)
    content[at:at + size] = node.ljust(places[1], b"\0") + cells[1] + cells[0]
    content[28:32] = (len(content) // size).to_bytes(4, "big")
    path.write_bytes(content)


@test
def a_walk_over_pages_that_repeat_themselves_ends(box):
    box.apikey()
    good = box.path("bulla.db").read_bytes()
    for table, args in (("apikey", ["apikey", "list"]), ("audit", ["audit", "log"])):
        box.path("bulla.db").write_bytes(good)
        repeat_pages(box.path("bulla.db"), table)
        printed = box.run(*args, status=1)
        assert printed.count(b"\n") < 10, printed


@test
def a_use_without_a_reason_is_refused(box):
    box.put_secret()
    box.run("get", "acme/db", "password", status=2)
    box.run("get", "acme/db", "password", "--reason", "", status=2)
    box.run("get", "acme/db", "password", "--reason=", status=2)
    box.run("get", "acme/db", "password", "--reason", "x" * 257, status=2)
    box.run("get", "acme/db", "password", "--reason", b"\xff", status=2)
    box.run("exec", "--env", "A=acme/db:password", "--", "true", status=125)
    assert not [r for r in box.log() if r["op"] == "use"]


run_tests()
