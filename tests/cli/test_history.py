# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Former revisions of fields: shown masked, opened by their number with a record, put again, kept as long as is said."""

from command import run_tests, test


def put_revisions(box, num, first=1):
    for i in range(first, num + 1):
        box.put_secret(secret=b"s3cret-of-acme-%04d" % i)


def revisions(box, *args):
    return [(row["revision"], row["value"], row["current"]) for row in box.json("history", *args)]


@test
def history_shows_what_is_kept_and_no_secret(box):
    put_revisions(box, 5)
    box.run("put", "acme/db", "host=old.example")
    box.run("put", "acme/db", "host=new.example")
    assert revisions(box, "acme/db", "password") == [
        (5, "********0005", True), (4, "********0004", False), (3, "********0003", False), (2, "********0002", False)]
    assert revisions(box, "acme/db:host") == [(2, "new.example", True), (1, "old.example", False)]
    rows = box.json("history", "acme/db")
    assert [row["field"] for row in rows] == ["host"] * 2 + ["password"] * 4 and rows[2] == box.json(
        "history", "acme/db", "password")[0]
    assert list(rows[2]) == ["field", "revision", "value", "secret", "current", "updated", "expires"]
    assert rows[2]["secret"] is True and rows[2]["expires"] is None
    table = box.run("history", "acme/db").decode()
    assert table.splitlines()[0].split() == ["FIELD", "REVISION", "VALUE", "SECRET", "CURRENT", "UPDATED"], table
    assert "s3cret" not in table and not any(record["op"] == "use" for record in box.log())
    box.run("history", "acme/db", "nothing", status=3, told=("acme/db:nothing", "no such field"))
    box.run("history", "acme/nothing", status=3, told="no such entry")
    box.run("history", "acme", status=2, told="TENANT/ENTRY")


@test
def the_date_of_a_secret_is_shown(box):
    box.put_secret()
    assert "EXPIRES" not in box.run("show", "acme/db").decode()
    box.run("put", "acme/db", "--secret", "password", "--expires", "2030-01-31", stdin="new")
    box.run("put", "acme/db", "host=db.example")
    date = "2030-01-31T00:00:00Z"
    assert [row["expires"] for row in box.json("show", "acme/db")] == [None, date]
    assert [row["expires"] for row in box.json("history", "acme/db", "password")] == [date, None]
    for command in ("show", "history"):
        head, *rows = box.run(command, "acme/db").decode().splitlines()
        assert head.split()[-1] == "EXPIRES" and rows[0].endswith("  -") and rows[1].endswith("  " + date), (head, rows)
    box.run("restore", "acme/db", "password", "--revision", "1")
    assert [row["expires"] for row in box.json("show", "acme/db")] == [None, date]


@test
def a_revision_is_opened_and_the_record_says_which(box):
    put_revisions(box, 3)
    for number, wanted in (("1", 1), ("3", 3)):
        got = box.run("get", "acme/db", "password", "--revision", number, "--reason", "compare")
        assert got == b"s3cret-of-acme-%04d" % wanted
    box.run("get", "acme/db:password", "--revision", "9", "--reason", "x", status=3, told="no such revision")
    assert [(r["field"], r["outcome"]) for r in box.log() if r["op"] == "use"] == [
        ("password#1", "granted"), ("password#3", "granted"), ("password#9", "not-found")]
    for number in "0", "-1", "x", "9223372036854775808":
        box.run("get", "acme/db", "password", f"--revision={number}", "--reason", "x", status=2, told="--revision")
    box.run("get", "acme/db", "password", "--revision", "1", status=2, told="--reason")


@test
def a_revision_is_put_again_and_nobody_sees_it(box):
    put_revisions(box, 3)
    assert box.run("restore", "acme/db", "password", "--revision", "2", "--reason", "the new one is refused") == b""
    assert box.get() == b"s3cret-of-acme-0002"
    assert [row[:2] for row in revisions(box, "acme/db:password")][:2] == [(4, "********0002"), (3, "********0003")]
    told = [r for r in box.log() if r["op"] == "restore"]
    assert [(r["entry"], r["field"], r["reason"]) for r in told] == [("db", "password#2", "the new one is refused")]
    box.run("restore", "acme/db:password", "--revision", "4", status=2, told="nothing was changed")
    box.run("restore", "acme/db", "password", "--revision", "1", "--anchor", "none", status=2, told="--anchor is for a backup")
    box.run("restore", "acme/db:password", "--revision", "7", status=3, told="no such revision")
    box.run("restore", "acme/db:password", status=2, told="--revision")
    box.run("audit", "verify")


@test
def as_many_are_kept_as_is_said(box):
    put_revisions(box, 5)
    assert box.run("keep") == b"3\n" and box.run("keep", "acme/db") == b"3, as the vault\n"
    box.run("keep", "acme/db", "1")
    assert box.run("keep", "acme/db") == b"1\n" and len(revisions(box, "acme/db")) == 2
    assert box.json("keep", "acme/db") == {"keep": 1, "of": "entry"}
    box.run("keep", "0")
    box.run("keep", "acme/db", "vault")
    assert box.json("keep", "acme/db") == {"keep": 0, "of": "vault"} and len(revisions(box, "acme/db")) == 1
    box.run("put", "acme/db", "--secret", "password", "--keep", "2", stdin="another")
    assert [row[0] for row in revisions(box, "acme/db")] == [6, 5]
    box.run("put", "acme/db", "--secret", "password", "--keep=0", stdin="another")
    assert [row[0] for row in revisions(box, "acme/db")] == [7]
    told = [(r["tenant"], r["entry"], r["field"]) for r in box.log() if r["op"] == "keep"]
    assert told == [("acme", "db", "1"), ("", "", "0"), ("acme", "db", "vault"), ("acme", "db", "2"), ("acme", "db", "0")]
    for args in (["101"], ["-1"], ["x"], ["1", "2"], ["vault"], ["acme/db", "4", "5"], ["acme/db", "101"], ["1 "]):
        box.run("keep", "--", *args, status=2)
    box.run("put", "acme/db", "host=x", "--keep", "101", status=2, told="0 to 100")
    box.run("keep", "acme/nothing", "1", status=3, told="no such entry")


@test
def what_is_not_kept_any_more_is_not_in_the_files(box):
    """A sealed value is found by its bytes until it is gone from database and -wal."""
    put_revisions(box, 2)
    sealed = box.sql("SELECT value FROM field WHERE revision = 1")[0][0]
    box.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sealed in box.path("bulla.db").read_bytes()
    box.run("keep", "acme/db", "0")
    box.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sealed not in box.path("bulla.db").read_bytes()


run_tests()
