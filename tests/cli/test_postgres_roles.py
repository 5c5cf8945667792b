# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Logins of actors: each does what its actor was granted, and no SQL that it runs reads or changes more. An attempt that
is to fail is first made where it succeeds.

usage: test_postgres_roles.py BULLA CLIENT

CLIENT is tests/cli/pg_client.c."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from command import run_tests, test_without_vault
from doctor import PROBLEM, examine
from pg_tenants import BETA_ENTRIES, OTHERS, Place
import postgres

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/POSTGRESQL.md"
LANES = 64  # of an actor
USES = 20  # of a process, after which it has a lane of the log of its own
KEPT_SECRET = "of-front-0123"
# The columns of a field that a put fills, in their order.
PUT = "entry, name, revision, secret, value, mask, secret_id, writer, signature, updated"
ZEROS = "decode(repeat('00', 32), 'hex')"
# The actors, each with a login of its name: its role, the tenant it is granted, and the one that its login is for.
ACTORS = {
    "front": ("put", "acme", "acme"), "shop": ("put", "beta", "beta"), "anyone": ("put", None, None),
    "shower": ("show", "acme", "acme"), "worker": ("use", "acme", "acme"), "checker": ("verify", "acme", "acme"),
    "reader": ("audit", "acme", "acme"), "roamer": ("audit", "acme", None), "inspector": ("audit", None, None),
    "idle": (None, "acme", "acme"),
}
numbers = {}


def of_page(first):
    """The SQL of the block of docs/POSTGRESQL.md that begins so."""
    block = PAGE.read_text(encoding="utf-8").split(f"<<'END'\n> {first}", 1)[1].split("\n> END", 1)[0]
    return (first + block).replace("\n> ", "\n")


def key(name):
    return place.box.path(f"{name}.key")


def make(name, role, tenant, login_tenant):
    """Makes an actor with a grant, and its login, as docs/POSTGRESQL.md does."""
    printed = place.run("app", "actor", "create", name)
    key(name).write_bytes(printed)
    key(name).chmod(0o600)
    if role:
        place.run("app", "grant", name, role, tenant or "--all-tenants")
    of = f"(SELECT id FROM bulla.tenant WHERE name = '{login_tenant}')" if login_tenant else "NULL"
    place.sql(f"CREATE ROLE {name} LOGIN IN ROLE vault_{role or 'actor'}; GRANT CONNECT ON DATABASE v TO {name}; "
              f"INSERT INTO bulla.login(name, tenant, actor) SELECT '{name}', {of}, number FROM bulla.actor WHERE name = '{name}'")
    numbers[name] = int(place.sql(f"SELECT number FROM bulla.actor WHERE name = '{name}'")[0])


def run_as(name, *args, login=None, **options):
    return place.run(login or name, *args, "--as", f"file:{key(name)}", **options)


def denied(text, login, control=None):
    """|text| is refused to the login for want of a right, and works for the |control|, or for a superuser."""
    worked = place.sql(f"BEGIN; {text}; ROLLBACK", control or "postgres")
    assert worked[1] == "", f"the attempt does not even work: {text}: {worked}"
    place.fails(text, login)


def stopped(text, login):
    """|text| is refused to the login by row-level security, and works for a superuser."""
    place.sql(f"BEGIN; {text}; ROLLBACK")
    place.fails(text, login, "row-level security")


def seen(table, login, what="count(*)"):
    return place.sql(f"SELECT {what} FROM bulla.{table}", login)[0]


def field(entry, revision=7, name="key", writer="front"):
    """SQL that adds a revision of a field, of which nothing holds."""
    return (f"INSERT INTO bulla.field(entry, name, revision, secret, value, mask, writer, signature, updated) SELECT '{entry}', "
            f"'{name}', {revision}, 1, '\\x00', '\\x00', id, {ZEROS} || {ZEROS}, 1 FROM bulla.actor WHERE name = '{writer}'")


def plain_field(entry, **more):
    """SQL that adds a plain field, and |more| columns of it."""
    columns = {"entry": f"'{entry}'", "name": "'note'", "revision": "1", "secret": "0", "value": "'x'", "mask": "'x'",
               "updated": "1", **more}
    return (f"INSERT INTO bulla.field({', '.join(columns)}) {'OVERRIDING SYSTEM VALUE ' if 'number' in more else ''}"
            f"VALUES ({', '.join(columns.values())})")


def entry_of(tenant, name):
    return place.sql(f"SELECT e.id FROM bulla.entry e JOIN bulla.tenant t ON t.id = e.tenant WHERE t.name = '{tenant}' "
                     f"AND e.name = '{name}'")[0]


@test_without_vault
def a_put_login_stores_values_and_reads_nothing_sealed(_):
    run_as("front", "put", "acme/of-front", "--secret", "key", stdin=KEPT_SECRET)
    run_as("front", "put", "acme/of-front", "--secret", "key", stdin=KEPT_SECRET)
    assert seen("field WHERE name = 'key'", "front", "max(revision)") == "2"
    for what in ("value", "mask", "length(value)", "md5(mask)", "secret_id", "writer", "signature", "*", "f", "f::text",
                 "row_to_json(f)", "number"):
        denied(f"SELECT {what} FROM bulla.field f", "front", "worker")
    entry = entry_of("acme", "of-front")
    for text in ("TABLE bulla.field", "COPY bulla.field TO STDOUT", "COPY bulla.field(value) TO STDOUT",
                 "SELECT count(*) FROM bulla.field WHERE value > '\\x00'", "SELECT revision FROM bulla.field ORDER BY mask",
                 "SELECT string_agg(f.value, '') FROM bulla.field f", "SELECT * FROM bulla.entry NATURAL JOIN bulla.field f"):
        denied(text, "front", "worker")
    for text in (f"{field(entry)} RETURNING value", f"{field(entry)} ON CONFLICT DO NOTHING RETURNING mask",
                 f"{field(entry, 1)} ON CONFLICT (entry, name, revision) DO UPDATE SET value = excluded.value",
                 f"{field(entry, 1)} ON CONFLICT (entry, name, revision) DO UPDATE SET name = left(bulla.field.value::text, 60)"):
        denied(text, "front")
    for table in ("tenant_secret", "apikey", "root", "revoked_token", "revocation"):
        denied(f"TABLE bulla.{table}", "front")
    for text in ("SELECT signing_key FROM bulla.vault", "SELECT detail FROM bulla.audit", "SELECT op FROM bulla.audit"):
        denied(text, "front", "app")


@test_without_vault
def a_put_login_hides_and_destroys_nothing(_):
    for text in ("UPDATE bulla.field SET value = value", "UPDATE bulla.field SET revision = revision + 1000",
                 "UPDATE bulla.field SET updated = 0", "DELETE FROM bulla.field", "TRUNCATE bulla.field",
                 "UPDATE bulla.entry SET name = name || 'x'",
                 "UPDATE bulla.tenant SET statement = ''", "UPDATE bulla.vault SET statement = ''",
                 "UPDATE bulla.actor SET name = name || 'x'", "UPDATE bulla.actor_grant SET ended = 0", "DELETE FROM bulla.handout",
                 "SELECT count(*) FROM (SELECT revision FROM bulla.field FOR UPDATE) AS f",
                 "UPDATE bulla.login SET actor = 1", "DELETE FROM bulla.directory"):
        denied(text, "front")


@test_without_vault
def what_a_put_login_adds_without_its_key_is_no_value(_):
    """It denies the value to others until a root removes the field: what was put before is there till then."""
    entry = entry_of("acme", "of-front")
    for text in (field(entry, 3, writer="worker"), field(entry_of("beta", f"{OTHERS}-1"), 3)):
        stopped(text, "front")
    place.fails("INSERT INTO bulla.field(entry, name, revision, secret, value, mask, updated) "
                f"VALUES ('{entry}', 'key', 3, 1, '', '', 1)", "front", "row-level security")
    assert place.sql(field(entry, 3), "front") == ("", "")
    assert place.sql("SELECT a.name FROM bulla.field f JOIN bulla.actor a ON a.id = f.writer WHERE f.revision = 3")[0] == "front"
    place.run("app", "get", "acme/of-front", "key", "--reason", "r", status=1, told="refused")
    assert seen("field WHERE name = 'key' AND length(value) > 1", "postgres") == "2"
    place.run("app", "rm", "acme/of-front", "key")
    run_as("front", "put", "acme/of-front", "--secret", "key", stdin=KEPT_SECRET)
    assert place.run("app", "get", "acme/of-front", "key", "--reason", "r") == KEPT_SECRET.encode()
    run_as("front", "put", "acme/of-front", "--secret", "key", stdin=KEPT_SECRET)


@test_without_vault
def a_put_login_gives_its_rows_no_number_and_plain_ones_no_key(_):
    """A number that is there twice, or a plain row under a secret, would keep rewrap from ever coming to an end."""
    entry = entry_of("acme", "of-front")
    taken = seen("field WHERE name = 'password'", "postgres", "min(number)")
    assert place.sql(f"BEGIN; {plain_field(entry)}; ROLLBACK", "front") == ("", "")
    for number in ("1000000", taken):
        place.fails(plain_field(entry, number=number), "front")
    assert place.sql(f"BEGIN; {plain_field(entry, number='1000000')}; ROLLBACK") == ("", "")
    place.fails(plain_field(entry, number=taken), "app", "duplicate key value violates unique constraint")
    secret = f"'{seen('tenant_secret', 'worker', 'id')}'"
    signed = {"writer": "(SELECT id FROM bulla.actor WHERE name = 'front')", "signature": f"{ZEROS} || {ZEROS}"}
    for more in ({"secret_id": secret}, signed):
        sealed = plain_field(entry, **{**more, **signed, "secret": "1"})
        for login in ("front", "app"):
            assert place.sql(f"BEGIN; {sealed}; ROLLBACK", login) == ("", "")
            place.fails(plain_field(entry, **more), login, "violates check constraint")
    place.run("app", "rewrap")


@test_without_vault
def each_role_does_its_work_over_its_login(_):
    assert b"of-front" in run_as("shower", "list", "acme") and b"key" in run_as("shower", "show", "acme/of-front")
    assert run_as("worker", "get", "acme/of-front", "key", "--reason", "r") == KEPT_SECRET.encode()
    assert seen("field WHERE writer IS NOT NULL AND name = 'key' AND revision = 2", "postgres") == "0", "it was not adopted"
    assert run_as("worker", "get", "acme/db", "password", "--reason", "r") == b"hunter2"
    assert b"acme" in run_as("checker", "apikey", "list", "--tenant", "acme")
    run_as("shop", "put", "beta/of-shop", "--secret", "key", stdin="s3cret")
    run_as("anyone", "put", "beta/of-anyone", "--secret", "key", stdin="s3cret")
    run_as("anyone", "put", "acme/of-anyone", "host=x")
    assert b"of-front" in run_as("reader", "audit", "log", "--tenant", "acme")
    assert b"unbroken" in run_as("inspector", "audit", "verify") and b"unbroken" in place.run("auditor", "audit", "verify")
    # Of what the server refuses there is no record: bulla has not come to ask who may.
    run_as("front", "get", "acme/db", "password", "--reason", "r", status=4, told="permission denied for table field")
    for name, args in (("shower", ["get", "acme/db", "password", "--reason", "r"]),
                       ("worker", ["put", "acme/db", "a=b"]), ("reader", ["show", "acme/db"]), ("idle", ["show", "acme/db"])):
        run_as(name, *args, status=1, told="was not granted what that needs")


@test_without_vault
def tokens_are_verified_over_the_login_of_a_verifier(_):
    place.box.write("apikey", place.run("app", "apikey", "create", "--tenant", "acme"))
    token = place.run("app", "token", "mint", "--apikey-file", place.box.path("apikey"), "--org", "acme", "--sub", "alice")
    assert b"alice" in run_as("checker", "token", "verify", stdin=token)
    # Revocations are counted without gaps: it sees those of others too.
    place.run("app", "apikey", "revoke", place.keys[1])
    assert seen("revocation", "checker") == seen("revocation", "postgres") != "0" == seen("revocation", "t_a")
    assert b"alice" in run_as("checker", "token", "verify", stdin=token)
    for text in ("UPDATE bulla.apikey SET hash = hash", "UPDATE bulla.apikey SET revoked = 0", "DELETE FROM bulla.apikey",
                 "DELETE FROM bulla.revoked_token", "DELETE FROM bulla.revocation", "SELECT value FROM bulla.field"):
        denied(text, "checker")


@test_without_vault
def each_login_sees_the_rows_of_its_tenant_alone(_):
    acme = int(seen(f"entry WHERE tenant = '{place.a}'", "postgres"))
    beta = int(seen(f"entry WHERE tenant = '{place.b}'", "postgres"))
    assert beta >= BETA_ENTRIES and acme > 2
    for login, count in (("front", acme), ("shower", acme), ("worker", acme), ("shop", beta), ("anyone", acme + beta)):
        assert int(seen("entry", login)) == count, login
        assert (OTHERS in place.sql("SELECT name FROM bulla.entry", login)[0]) == (count != acme), login
        assert seen("field WHERE entry NOT IN (SELECT id FROM bulla.entry)", login, "count(revision)") == "0"
        assert int(seen("field", login, "count(revision)")) > 0
    for table, column in (("tenant", "id"), ("tenant_secret", "tenant")):
        assert seen(table, "worker", f"DISTINCT {column}") == place.a, table
    assert seen("apikey", "checker", "DISTINCT tenant") == place.a
    for table in ("handout", "actor_grant"):
        assert set(seen(table, "front", "DISTINCT tenant").split()) <= {"\\x", place.a} != {"\\x"}, table
        assert place.b in seen(table, "anyone", "DISTINCT tenant"), table
    # Who has not logged in as the actor has none of its rows, whatever it is a member of.
    place.sql("CREATE ROLE member LOGIN IN ROLE vault_use, vault_audit, front; GRANT CONNECT ON DATABASE v TO member")
    for table in ("tenant", "entry", "field", "audit", "audit_head", "turn", "vault", "login", "handout", "actor", "lane"):
        column = "statement" if table == "vault" else "*"
        assert place.sql(f"SELECT {column} FROM bulla.{table}", "member") == ("", ""), table
        assert place.sql(f"SET ROLE front; SELECT count(*) FROM (SELECT 1 FROM bulla.{table}) AS t", "member")[0] == "0", table


@test_without_vault
def each_login_writes_to_its_lanes_of_the_log_alone(_):
    mine, other = numbers["front"] * LANES, numbers["worker"] * LANES
    record = "INSERT INTO bulla.audit VALUES ({}, 1000000, 1, '', 'use', '', '', '')"
    head = "INSERT INTO bulla.audit_head VALUES ({}, 1000000, '', '', '')"
    lane = f"INSERT INTO bulla.lane VALUES ({{}}, '', {ZEROS} || {ZEROS})"
    assert place.sql(f"BEGIN; {record.format(mine)}; ROLLBACK", "front") == ("", "")
    for number in (0, 1, other, other + 1, mine + 1, mine - 1, mine + LANES, mine + LANES - 1, -mine, 10 ** 15):
        stopped(record.format(number), "front")
    # Who uses may make a lane, and write to it when it is there.
    for number in (other + 1, other + LANES - 1):
        assert place.sql(f"BEGIN; {lane.format(number)}; {head.format(number)}; {record.format(number)}; ROLLBACK",
                         "worker") == ("", "")
        stopped(record.format(number), "worker")
    for number in (0, 1, mine, mine + 1, other - 1, other + LANES, -other, 10 ** 15):
        stopped(head.format(number), "worker")
    for number in (63, mine + 1, other + LANES + 1, -1):
        stopped(lane.format(number), "worker")
    for name in ("front", "shower", "checker", "reader", "inspector"):
        for text in (lane, head):
            denied(text.format(numbers[name] * LANES + 1), name)
    # The first of them is the root's to make.
    place.fails(lane.format(other), "worker", "row-level security")
    for text in ("UPDATE bulla.audit_head SET mac = mac", "UPDATE bulla.audit_head SET seq = seq + 1"):
        for number in (0, other):
            assert place.sql(f"BEGIN; {text} WHERE lane = {number} RETURNING 1; ROLLBACK")[0] != "", "it does not even work"
            assert place.sql(f"{text} WHERE lane = {number} RETURNING 1", "front") == ("", "")
        assert place.sql(f"BEGIN; {text} WHERE lane = {mine} RETURNING 1; ROLLBACK", "front")[0] == "1"
        assert place.sql(f"BEGIN; {text} RETURNING lane; ROLLBACK", "front")[0] == str(mine)
    for name in ("front", "worker"):
        denied(f"UPDATE bulla.audit_head SET lane = {other + 5} WHERE lane = {numbers[name] * LANES}", name)
    for text in ("UPDATE bulla.audit SET mac = mac", "DELETE FROM bulla.audit", "DELETE FROM bulla.audit_head",
                 "UPDATE bulla.lane SET statement = ''", "TRUNCATE bulla.audit"):
        for login in ("front", "worker", "inspector"):
            denied(text, login)
    place.run("auditor", "audit", "verify")


@test_without_vault
def what_a_login_adds_to_its_lanes_is_found_and_removed_by_the_owner(_):
    first = {name: numbers[name] * LANES for name in ("front", "worker")}
    junk = first["worker"] + LANES - 1
    block = PAGE.read_text(encoding="utf-8").split("```sql\n")[1:3]

    def spoilt(lane, text, login, removal, told="tampered"):
        assert place.sql(text, login) == ("", "")
        place.run("auditor", "audit", "verify", status=1, told=(told, f"lane {lane}"))
        place.sql(removal.split("```")[0], "owner")
        assert b"unbroken" in place.run("auditor", "audit", "verify")
        place.run("app", "audit", "anchor")
    spoilt(first["front"], f"INSERT INTO bulla.audit VALUES ({first['front']}, 1000000, 1, '', 'use', '', '', '')", "front",
           block[1].replace("64", str(first["front"])))
    spoilt(junk, f"INSERT INTO bulla.lane VALUES ({junk}, '', {ZEROS} || {ZEROS}); "
           f"INSERT INTO bulla.audit VALUES ({junk}, 1, 1, '', 'use', '', '', ''); "
           f"INSERT INTO bulla.audit_head VALUES ({junk}, 1, '', '', '')", "worker", block[0].replace("65", str(junk)),
           "not signed by whoever has it")


@test_without_vault
def a_process_of_an_actor_takes_further_lanes_of_its_own(_):
    mine = numbers["worker"] * LANES
    before = int(seen(f"lane WHERE number / {LANES} = {numbers['worker']}", "postgres"))
    done = subprocess.run([os.path.abspath(sys.argv[2]), place.url("worker"), f"as:file:{key('worker')}", "x"], input="." * USES,
                          capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["BULLA_OK", "opened 1"] and f"opened {USES}\n" in done.stdout, done.stdout + done.stderr
    lanes = set(map(int, seen("audit", "worker", "DISTINCT lane").split()))
    assert before == 1 and mine + 1 in lanes <= set(range(mine, mine + LANES)), lanes
    assert int(seen(f"lane WHERE number / {LANES} = {numbers['worker']}", "postgres")) > 1
    assert b"unbroken" in run_as("inspector", "audit", "verify") and b"unbroken" in place.run("auditor", "audit", "verify")


@test_without_vault
def records_are_shown_by_the_grants_of_an_auditor(_):
    lanes = {name: {number for number in map(int, seen("audit", name, "DISTINCT lane").split())} for name in ACTORS}
    total = int(seen("audit", "postgres"))
    for name in ("front", "worker", "idle", "checker"):
        mine = numbers[name] * LANES
        assert lanes[name] <= set(range(mine, mine + LANES)), (name, lanes[name])
    assert int(seen("audit", "inspector")) == total
    for name in ("reader", "roamer"):
        mine = numbers[name]
        others = set(seen(f"audit WHERE lane / {LANES} <> {mine}", name, "DISTINCT tenant").split())
        assert others == {place.a}, (name, others)
        assert place.number(f"SELECT count(*) FROM bulla.audit WHERE tenant = '{place.a}'", name) == int(
            seen(f"audit WHERE tenant = '{place.a}'", "postgres"))
        assert 0 in lanes[name]
    heads = {name: set(map(int, seen("audit_head", name, "lane").split())) for name in ("front", "reader", "inspector")}
    for name in ("front", "reader"):
        assert heads[name] <= {0, *range(numbers[name] * LANES, (numbers[name] + 1) * LANES)} and 0 in heads[name], heads
    assert len(heads["inspector"]) == int(seen("audit_head", "postgres"))
    # Nothing of it is left once the grant has ended.
    for name, tenant in (("roamer", "acme"), ("inspector", "--all-tenants")):
        place.run("app", "grant", "rm", name, "audit", tenant)
        mine = numbers[name]
        assert seen(f"audit WHERE lane / {LANES} <> {mine}", name) == "0", name
        place.run("app", "grant", name, "audit", tenant)
        assert int(seen(f"audit WHERE lane / {LANES} <> {mine}", name)) > 0, name


@test_without_vault
def keys_of_others_are_refused_as_those_of_nobody(_):
    nobody = "\\x" + "5a" * 16
    beta = entry_of("beta", f"{OTHERS}-1")
    probes = {  # what, another's key, none
        "a field of another's entry": (field("{}"), beta, nobody),
        "an entry of another tenant": (f"INSERT INTO bulla.entry VALUES (decode(md5('x'), 'hex'), '{{}}', 'x', {ZEROS})",
                                       place.b, nobody),
        "a name of another tenant": (f"INSERT INTO bulla.entry VALUES (decode(md5('x'), 'hex'), '{place.b}', '{{}}', {ZEROS})",
                                     f"{OTHERS}-1", "nobody"),
        "a record": (f"INSERT INTO bulla.audit VALUES (0, {{}}, 1, '', '', '', '', '')", "1", "1000000"),
        "a lane": (f"INSERT INTO bulla.lane VALUES ({{}}, '', {ZEROS} || {ZEROS})", str(numbers["front"] * LANES), "100000"),
    }
    for what, (text, another, none) in probes.items():
        told = []
        for value in (another, none):
            out, errors = place.sql(f"BEGIN; {text.format(value)}; ROLLBACK", "worker" if what == "a lane" else "front")
            told.append((out, re.sub(re.escape(value), "KEY", errors)))
        assert told[0] == told[1] and "row-level security" in told[0][1], (what, told)
    # Statistics show no values of what a login does not read, and none where policies hold.
    place.sql("ANALYZE")
    for table in ("field", "entry", "handout", "actor", "actor_grant"):
        assert place.sql(f"SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = '{table}' "
                         "AND schemaname = 'bulla'", "front") == ("", ""), table
        assert place.number(f"SELECT count(*) FROM pg_stats WHERE tablename = '{table}'", "postgres") > 0
    sampled = place.sql("SELECT tablename || '.' || attname FROM pg_stats WHERE schemaname = 'bulla' AND "
                        "(tablename, attname) IN (('handout', 'sealed'), ('actor', 'statement'), ('actor_grant', 'statement'))")[0]
    assert sampled == "", sampled


@test_without_vault
def an_entry_that_no_key_has_made_does_not_stay(_):
    def plant(name):
        return place.sql("INSERT INTO bulla.entry(id, tenant, name, name_proof) "
                         f"VALUES (decode(md5('planted'), 'hex'), '{place.a}', E'{name}', {ZEROS})", "front")

    # What is no name could not be said to the root.
    for name in ("", "no name", "a/b", "-x", ".x", "x\\n", "\u00e9"):
        assert "entry_name_check" in plant(name)[1], name
    assert plant("planted+@_-.1")[1] == ""
    place.run("app", "list", "acme", status=1, told=('"planted??_-.1"', "remove it"))
    place.run("app", "rm", "acme/planted+@_-.1")
    place.run("app", "list", "acme")


@test_without_vault
def a_login_is_for_the_actor_it_was_given_to(_):
    run_as("worker", "get", "acme/db", "password", "--reason", "r", login="front", status=4,
           told=("not permit", "that of another actor: its number is 1"))
    run_as("worker", "get", "acme/db", "password", "--reason", "r", login="t_a", status=4,
           told=("not permit", "let the owner put the number of this one"))
    place.run("front", "list", status=4, told=("not permit", "take its key in the place of the root"))
    # A login that sees the whole vault is for everybody.
    assert run_as("worker", "get", "acme/db", "password", "--reason", "r", login="app") == b"hunter2"
    place.sql("GRANT vault_put TO t_b; " + postgres.sees_whole("vault_put"))
    try:
        run_as("front", "put", "acme/db", "--secret", "key", stdin="x", status=4,
               told=("not permit", "in a role that sees the whole"))
    finally:
        place.sql("DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_policies WHERE policyname = 'whole' LOOP "
                  "EXECUTE format('ALTER POLICY whole ON bulla.%I TO owner, app, auditor', t); END LOOP; END $$")
    run_as("front", "put", "acme/db", "--secret", "key", stdin="x")
    # Without its row it is nobody's, at once.
    place.sql("DELETE FROM bulla.login WHERE name = 'idle'")
    run_as("idle", "list", status=4, told="sees nothing")
    assert seen("actor", "idle") == "0"


def doctor(name, status=0):
    place.box.environment["BULLA_VAULT"] = place.url(name)
    return examine(place.box, status=status, args=("--as", f"file:{key(name)}"))


@test_without_vault
def doctor_tells_what_rights_a_role_lacks_and_does_not_need(_):
    for name, (role, _tenant, _login) in ACTORS.items():
        if name != "idle":
            found = doctor(name)
            assert found["rights"][:2] == ("ok", f"all that these roles need: {role}"), (name, found["rights"])
            assert found["further rights"][:2] == ("ok", "none"), (name, found["further rights"])
    for right, told in (("SELECT (value)", "SELECT (value) on field"),
                        ("SELECT", "SELECT (number, value, mask, secret_id, writer, signature) on field"),
                        ("INSERT", "INSERT (number) on field"),
                        ("UPDATE (revision)", "UPDATE (revision) on field"), ("DELETE", "DELETE on field")):
        place.sql(f"GRANT {right} ON bulla.field TO front")
        found = doctor("front", PROBLEM)
        assert found["further rights"][:2] == ("problem", f"may {told}"), (right, found["further rights"])
        assert "no role of the actor needs them" in found["further rights"][2]
        place.sql(f"REVOKE {right} ON bulla.field FROM front")
    place.sql("REVOKE INSERT ON bulla.field FROM vault_put; REVOKE UPDATE (id) ON bulla.turn FROM vault_actor")
    found = doctor("front")
    assert found["rights"][:2] == ("warning", f"lacks INSERT ({PUT}) on field, UPDATE on turn"), found["rights"]
    place.sql(f"GRANT INSERT ({PUT}) ON bulla.field TO vault_put; GRANT UPDATE (id) ON bulla.turn TO vault_actor")
    # An ended grant leaves rights that nothing needs.
    place.run("app", "grant", "rm", "worker", "use", "acme")
    found = doctor("worker", PROBLEM)
    assert found["further rights"][0] == "problem", found
    assert "UPDATE (value, mask, secret_id, writer, signature) on field" in found["further rights"][1], found
    place.run("app", "grant", "worker", "use", "acme")


if postgres.programs() is None:
    print("1..0 # SKIP no PostgreSQL server is installed: apt-get install postgresql", flush=True)
    print("SKIPPED: no PostgreSQL server is installed", file=sys.stderr)
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="bulla-roles-", ignore_cleanup_errors=True,
                                 dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as its_folder:
    pathlib.Path(its_folder).chmod(0o755)
    place = Place(its_folder)
    try:
        place.sql(of_page("CREATE ROLE vault_actor;"))
        for its_name, how in ACTORS.items():
            make(its_name, *how)
        run_tests()
    finally:
        place.server.stop()
