# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""audit report says what is unusual in a span of the log, and what a leak exposed; and whatever names are, they are only
names in text, JSON and pages."""

import html.parser
import json
import time

from command import run_tests, test
from records import DAY, HOUR, change, use, write

NOW = int(time.time())
MIDNIGHT = NOW - NOW % DAY
HOSTILE = "\x1b[2J\u202e<script>alert('x')</script>\"&amp;--><img src=x onerror=alert(1)>\u2028\u00ad"


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def report(box, *options):
    """The report as JSON; as text it must be good, too."""
    box.text = box.run("audit", "report", *options).decode()
    return box.json("audit", "report", *options)


def row(section, **wanted):
    """The one row of a section that has these members."""
    found = [one for one in section if all(one[name] == value for name, value in wanted.items())]
    assert len(found) == 1, (wanted, section)
    return found[0]


def with_past(box):
    """A job that opens one value at 9 and at 10 o'clock, on each of ten days, in another origin each."""
    box.run("put", "acme/db", "host=1")
    write(box, *(use(MIDNIGHT - days * DAY + hour * HOUR, origin="cli pid 1") for days in range(20, 10, -1) for hour in (9, 10)))


@test
def a_new_vault_has_a_report(box):
    printed = report(box)
    assert box.text.startswith("No canary was touched.\n\nAudit report\n"), box.text
    assert "the log has nothing before, so all is new" in box.text
    assert printed["summary"]["records"] == 1 and printed["opened"] == [] and printed["canaries"] == [], printed
    none = report(box, "--until", "1h")
    assert none["summary"]["records"] == 0 and none["new_actors"] == [], none
    box.run("audit", "report", "--until", "1h", "--html", "empty.html")
    assert b"<figure" not in box.path("empty.html").read_bytes()
    assert box.path("empty.html").stat().st_mode & 0o777 == 0o600
    box.run("audit", "report", "--html", "empty.html", status=2, told="there is a file already")


@test
def a_canary_comes_first(box):
    box.run("put", "acme/trap", "--secret", "password", "--canary", stdin="a lure")
    box.run("get", "acme/trap", "password", "--reason", "look", "--actor", "mallory", status=3)
    printed = report(box)
    assert box.text.startswith("CANARY: somebody tried to use what nobody uses\nTIME"), box.text
    assert "mallory" in box.text.splitlines()[2]
    assert list(printed)[0] == "canaries" and printed["summary"]["canary"] == 1 and printed["opened"] == [], printed
    row(printed["canaries"], actor="mallory", tenant="acme", entry="trap", field="password", op="use")


@test
def what_is_new_is_compared_with_all_that_went_before(box):
    with_past(box)
    write(box, use(NOW - 600, origin="cli pid 77"), use(NOW - 500, "web", origin="10.9.9.9"),
          use(NOW - 400, "job", "acme/other", origin="cli /dev/pts/3 on db"),
          use(NOW - 300, entry="acme/never", outcome="not-found", origin="cli pid 9"))
    printed = report(box, "--since", "5d")
    assert {one["actor"] for one in printed["new_actors"]} == {"web", "bulla"} | {one["actor"] for one in box.log("--op", "put")}
    origins = {one["origin"] for one in printed["new_origins"]}
    assert origins == {"10.9.9.9", "cli /dev/pts/* on db"}, origins
    assert [one["entry"] for one in printed["new_entries"]] == ["other"], printed["new_entries"]
    row(printed["failures"], actor="job", entry="never", not_found=1)
    assert report(box, "--since", "5d", "--tenant", "acme")["summary"]["records"] == 5
    box.run("audit", "report", "--tenant", "nobody", status=3)


@test
def a_burst_is_four_times_the_busiest_hour_and_more_than_twenty(box):
    box.run("put", "acme/db", "host=1")
    hour = MIDNIGHT - 2 * DAY
    for name, past, now, told in (("a", 5, 20, False), ("b", 5, 21, True), ("c", 10, 40, False), ("d", 10, 41, True)):
        write(box, use(hour - 3 * DAY, name, times=past), use(hour + 9, name, outcome="not-found", times=now // 2),
              use(hour + 10, name, times=now - now // 2))
        bursts = [one for one in report(box, "--since", "3d")["bursts"] if one["actor"] == name]
        wanted = {"actor": name, "hour": stamp(hour), "tries": now, "busiest_hour_before": past}
        assert bursts == ([wanted] if told else []), (name, bursts)


@test
def an_opening_outside_the_hours_of_its_actor_is_told(box):
    with_past(box)
    write(box, use(MIDNIGHT - DAY + 9 * HOUR), use(MIDNIGHT - DAY + 3 * HOUR + 5, origin="10.6.6.6", times=2),
          use(MIDNIGHT - DAY + 3 * HOUR, "new"), use(MIDNIGHT - DAY + 4 * HOUR, entry="acme/x", outcome="not-found"))
    printed = report(box, "--since", "5d")
    assert printed["outside_hours"] == [{"actor": "job", "origin": "10.6.6.6", "tenant": "acme", "entry": "db",
                                         "time": stamp(MIDNIGHT - DAY + 3 * HOUR + 5), "times": 2}], printed["outside_hours"]
    assert printed["summary"]["not_judged"] == 1


@test
def what_was_opened_and_exported_is_counted(box):
    box.run("put", "acme/db", "host=1")
    write(box, use(NOW - 90, times=5), use(NOW - 80, outcome="failed", times=2), use(NOW - 70, outcome="limited", times=9),
          use(NOW - 60, op="export-vault", times=3), use(NOW - 50, op="apikey-export", entry="acme/0011223344556677", field="2026-01-31"))
    printed = report(box)
    assert row(printed["opened"], op="use", actor="job")["times"] == 3
    row(printed["failures"], op="use", failed=2, limited=9)
    assert row(printed["exports"], op="export-vault")["times"] == 3
    row(printed["exports"], op="apikey-export", entry="0011223344556677", field="2026-01-31", times=1)
    assert printed["summary"]["opened"] == 7, printed["summary"]


@test
def an_actor_with_a_key_is_told_by_its_proven_name(box):
    box.put_secret("acme/db")
    box.put_secret("beta/db")
    for name in ("worker", "auditor"):
        box.write(f"{name}.key", box.run("actor", "create", name))
    box.run("grant", "worker", "use", "acme")
    box.run("grant", "auditor", "audit", "--all-tenants")
    as_worker = ["--as", "file:worker.key", "--actor", "alice", "--reason", "x"]
    box.run("get", "acme/db", "password", *as_worker)
    for _ in range(2):
        box.run("get", "beta/db", "password", *as_worker, status=1, told="use")
    as_auditor = ["--as", "file:auditor.key"]
    for options in ([], as_auditor):
        printed = report(box, *options)
        row(printed["opened"], op="use", actor="worker", entry="db", times=1)
        row(printed["failures"], op="use", actor="worker", tenant="beta", entry="db", denied=2)
        row(printed["actors"], actor="worker", opened=1, denied=2, changed=0)
        assert printed["summary"]["denied"] == 2
    for name, wanted in (("worker", 3), ("alice", 3), ("auditor", 0)):
        assert len(box.log("--actor", name, "--op", "use")) == wanted, name
        assert len(box.log("--actor", name, "--op", "use", "--last", "9", *as_auditor)) == wanted, name
    assert {r["proven"] for r in box.log("--last", "9", "--op", "use")} == {"worker"}
    table = box.run("audit", "log").decode().splitlines()
    assert table[0].split()[:3] == ["PROVEN", "LANE", "SEQ"] and table[-1].split()[:2] == ["worker", "64"], table


@test
def of_a_shredded_tenant_only_numbers_are_told(box):
    box.put_secret("gone/db")
    box.put_secret()
    write(box, use(NOW - 50, "mole", "gone/db", times=3), use(NOW - 40, "mole"))
    box.run("shred", "gone", "--yes")
    printed = report(box)
    assert printed["summary"]["erased"] == 4 and printed["summary"]["opened"] == 4, printed["summary"]
    assert row(printed["opened"], actor="mole")["times"] == 1 and row(printed["opened"], actor="")["times"] == 3, printed["opened"]
    assert {one["actor"] for one in printed["new_actors"]} > {"mole"} and "gone" not in box.text, box.text
    for breach in ("root", "actor:mole", "backup:2020-01-31"):
        printed = report(box, "--breach", breach)
        assert printed["summary"]["shredded_since"] == 1 and "gone" not in json.dumps(printed), printed
    box.run("audit", "report", "--breach", "tenant:gone", status=3)
    assert len(box.log("--actor", "mole")) == 1


@test
def a_clock_that_was_set_back_is_told(box):
    box.run("put", "acme/db", "host=1")
    write(box, use(NOW + 400 * DAY), use(NOW - 3 * DAY), use(NOW - 2 * DAY), use(1), use(NOW - DAY))
    printed = report(box, "--since", "30d")
    assert [one["seq"] for one in printed["clocks"]] == [4, 6], printed["clocks"]
    assert printed["summary"]["records"] == 6 and printed["summary"]["records_before"] == 1, printed["summary"]
    box.run("audit", "report", "--since", "0", "--html", "page.html")
    assert b"time-line" in box.path("page.html").read_bytes()


class Page(html.parser.HTMLParser):
    """What a browser makes of a page: its elements, their attributes, its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


@test
def hostile_names_stay_names(box):
    box.run("put", "acme/db", "host=1")
    write(box, *(use(NOW - 60, HOSTILE, origin=HOSTILE + "2", outcome=outcome, times=30) for outcome in ("granted", "canary", "not-found")))
    printed = report(box)
    assert row(printed["opened"])["actor"] == HOSTILE and printed["bursts"][0]["actor"] == HOSTILE
    shown = HOSTILE.replace("\x1b", "\\x1b")
    for character in "\u202e\u2028\u00ad":
        shown = shown.replace(character, "".join(f"\\x{byte:02x}" for byte in character.encode()))
    assert shown in box.text and not any(ord(c) < 32 and c != "\n" or c in "\x7f\u202e\u2028\u00ad" for c in box.text)
    pages = []
    for name, options in (("hostile", []), ("breach", ["--breach", f"actor:{HOSTILE}"])):
        box.run("audit", "report", "--html", f"{name}.html", *options)
        page = Page(box.path(f"{name}.html").read_text(encoding="utf-8"))
        pages.append(page)
        assert shown in page.text, page.text
        assert not page.tags & {"script", "img", "a", "link", "iframe", "object", "form", "base"}, page.tags
        assert not page.attributes & {"src", "href", "style", "onerror"}, page.attributes
    box.run("audit", "report", "--html", "plain.html", "--until", "1d")
    plain = Page(box.path("plain.html").read_text(encoding="utf-8"))
    assert pages[0].attributes - plain.attributes <= {"id", "viewbox", "role", "aria-label", "x", "y", "x1", "x2", "y1", "y2", "width",
                                                      "height", "rx", "text-anchor"}, pages[0].attributes


@test
def a_root_or_a_tenant_that_leaked_exposed_all_of_it(box):
    box.put_secret()
    box.put_secret("beta/mail")
    box.run("put", "acme/old", "host=1")
    box.run("rm", "acme/old")
    box.run("put", "acme/db", "--secret", "password", stdin="changed")
    key, other = box.apikey(), box.apikey("beta", "other")
    box.run("apikey", "revoke", other)
    printed = report(box, "--breach", "root")
    assert [(one["tenant"], one["entry"], one["kind"], one["revision"]) for one in printed["must_be_changed"]] == [
        ("acme", "db", "secret", 2), ("beta", "mail", "secret", 1)], printed["must_be_changed"]
    assert [one["id"] for one in printed["apikeys_to_revoke"]] == [key], printed["apikeys_to_revoke"]
    assert {one["entry"] for one in printed["changed_since"]} == {"db", "old"}, printed["changed_since"]
    assert printed["summary"]["fields_to_change"] == 2 and printed["summary"]["apikeys_to_revoke"] == 1
    assert box.text.startswith("What a leaked root exposed\n") and "rotate --all" in box.text
    printed = report(box, "--breach", "tenant:beta")
    assert [one["entry"] for one in printed["must_be_changed"]] == ["mail"] and printed["apikeys_to_revoke"] == []
    assert printed["changed_since"] == [] and "rotate --tenant" in box.text
    for what, status in (("tenant:nobody", 3), ("actor:nobody", 3), ("root:x", 2), ("tenant", 2), ("backup:x", 2), ("x", 2)):
        box.run("audit", "report", "--breach", what, status=status)
    box.run("audit", "report", "--breach", "root", "--tenant", "acme", status=2, told="--breach tenant:T")


@test
def an_entry_that_was_tampered_with_does_not_end_the_answer(box):
    box.put_secret()
    box.put_secret("acme/other")
    box.sql("UPDATE field SET mask = zeroblob(length(mask)) WHERE entry = (SELECT id FROM entry WHERE name = 'db')")
    printed = report(box, "--breach", "root")
    assert [one["kind"] for one in printed["must_be_changed"]] == ["cannot be shown: tampered with", "secret"], printed
    assert printed["summary"]["unreadable"] == 1


@test
def an_actor_had_what_it_opened_put_and_minted_with(box):
    for entry in ("acme/db", "acme/second", "acme/third", "beta/db"):
        box.put_secret(entry)
    write(box, use(NOW - 50, "mole", times=3), use(NOW - 45, "mole", "acme/second"), use(NOW - 40, "mole", "acme/third"),
          use(NOW - 35, "other", "beta/db"), use(NOW - 33, "mole", "beta/db", field="password#1"),
          change(NOW - 30, "put", "beta/db", "password", "mole"))
    key = box.apikey()
    write(box, use(NOW - 20, "mole", f"acme/{key}", op="apikey-export", field="2026-01-31"))
    box.run("mv", "acme/db", "acme/renamed")
    box.run("rm", "acme/second")
    box.run("put", "acme/third", "--secret", "password", stdin="changed since")
    printed = report(box, "--breach", "actor:mole")
    known = {(one["tenant"], one["entry"]): (one["what_to_do"], one["times_opened"], one["times_put"]) for one in printed["known_to_actor"]}
    assert known[("acme", "second")] == ("removed since", 1, 0), known
    assert known[("acme", "third")] == ("changed since", 1, 0), known
    assert known[("acme", "renamed")][1:] == (3, 0) and known[("beta", "db")][1:] == (1, 1) and len(known) == 4, known
    assert [one["id"] for one in printed["apikeys_to_revoke"]] == [key]
    assert row(printed["changes"])["op"] == "put" and row(printed["origins"])["origin"] == "10.0.0.1"
    late = report(box, "--breach", "actor:mole", "--since", str(NOW - 25))
    assert late["known_to_actor"] == [] and len(late["apikeys_to_revoke"]) == 1, late


@test
def a_backup_exposed_what_was_not_changed_since(box):
    for entry in ("acme/kept", "acme/replaced", "acme/removed", "acme/moved"):
        box.put_secret(entry)
    box.apikey()
    backup = time.time()
    time.sleep(1.1)  # the times of fields are in seconds
    box.run("put", "acme/replaced", "--secret", "password", stdin="another")
    box.run("rm", "acme/removed")
    box.run("mv", "acme/moved", "acme/there")
    box.put_secret("acme/new")
    box.apikey(name="later")
    printed = report(box, "--breach", f"backup:{stamp(backup)[:-1]}.{int(backup % 1 * 1e6):06d}Z")
    assert [one["entry"] for one in printed["must_be_changed"]] == ["kept", "there"], printed["must_be_changed"]
    assert sorted(one["entry"] for one in printed["changed_since"]) == ["removed", "replaced"], printed["changed_since"]
    assert len(printed["apikeys_to_revoke"]) == 1 and not printed["summary"]["log_begins_later"]
    day = report(box, "--breach", "backup:today")
    assert len(day["must_be_changed"]) == 4 and len(day["apikeys_to_revoke"]) == 2, day
    before = report(box, "--breach", "backup:2020-01-31")
    assert before["must_be_changed"] == [] and before["summary"]["log_begins_later"], before


@test
def a_former_value_that_was_put_again_is_exposed_as_it_was(box):
    for entry in ("acme/db", "acme/new"):
        box.put_secret(entry)
    write(box, use(NOW - 50, "mole"), use(NOW - 40, "mole", "acme/new"))
    backup = time.time()
    time.sleep(1.1)  # the times of fields are in seconds
    box.put_secret("acme/later")
    for entry in ("acme/db", "acme/new", "acme/later"):
        box.run("put", entry, "--secret", "password", stdin="another")
    for entry in ("acme/db", "acme/later"):
        box.run("restore", entry, "password", "--revision", "1", "--reason", "undo")

    def to_change():
        actor = report(box, "--breach", "actor:mole")
        copy = report(box, "--breach", f"backup:{stamp(backup)[:-1]}.{int(backup % 1 * 1e6):06d}Z")
        return ({one["entry"]: one["what_to_do"] for one in actor["known_to_actor"]},
                [one["entry"] for one in copy["must_be_changed"]], actor["summary"]["fields_to_change"])
    assert to_change() == ({"db": "must be changed (a former value was restored)", "new": "changed since"}, ["db"], 1), to_change()
    box.run("put", "acme/db", "--secret", "password", stdin="a third one")
    assert to_change() == ({"db": "changed since", "new": "changed since"}, [], 0), to_change()


@test
def an_actor_had_the_keys_that_it_copied(box):
    box.put_secret()
    keys = [box.apikey(), box.apikey("beta", "other")]
    target = ("--target-root", "file:copy.key")
    box.run("export", "sqlite:copy.db", *target, "--actor", "dave")
    copy = {"BULLA_VAULT": "sqlite:copy.db", "BULLA_ROOT": "file:copy.key"}
    for env in ({}, copy):  # it had them in either vault
        printed = box.json("audit", "report", "--breach", "actor:dave", env=env)
        assert {one["id"] for one in printed["apikeys_to_revoke"]} == set(keys), (env, printed)
        assert [one["what_to_do"] for one in printed["known_to_actor"]] == ["must be changed"], printed["known_to_actor"]


@test
def a_hundred_thousand_records_take_seconds(box):
    box.run("put", "acme/db", "host=1")
    write(box, *(use(NOW - DAY + i, f"job {i % 500}", f"acme/e{i % 3000}", "not-found" if i % 7 == 0 else "granted",
                     f"10.0.{i % 200}.1", times=10) for i in range(10_000)))
    begin = time.monotonic()
    printed = box.json("audit", "report", "--html", "page.html")
    took = time.monotonic() - begin
    assert took < 5, took
    assert printed["summary"]["records"] == 100_002 and printed["summary"]["left_out"] == 0
    assert box.path("page.html").stat().st_size < 1_000_000
    assert json.dumps(printed).count('"e2999"') >= 1


run_tests()
