# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Row-level security: a login of one tenant reads that tenant's rows and no others, whatever SQL it runs. Each attempt is
first made where it succeeds, on tables of the schema "control", whose policies and grants are those that do not hold.

usage: test_postgres_rls.py BULLA CLIENT

CLIENT is tests/cli/pg_client.c."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from command import run_tests, test_without_vault
from pg_tenants import BETA_ENTRIES, OTHERS, Place
import postgres

USES = 20  # of a process, after which it has a lane of the log of its own
ZEROS = "decode(repeat('00', 32), 'hex')"


def holds(text, control, ours="bulla.entry", login="t_a", own=True):
    """An attempt, with {} for the table, that shows the other tenant's rows of |control|, and none of |ours|."""
    text = text.replace("BETA", place.b)
    assert place.leaks(text.replace("{}", control), login), f"the attempt does not even work: {text}"
    out, errors = place.sql(text.replace("{}", ours), login)
    assert OTHERS not in out + errors, (text, out)
    assert not own or "db-of-acme" in out + errors, (text, out, errors)


@test_without_vault
def each_login_sees_the_rows_of_its_tenant_alone(_):
    tables = {"tenant": "id", **{table: "tenant" for table in
                                 ("tenant_secret", "entry", "apikey", "revocation", "revoked_token", "audit", "login")}}
    for table, column in tables.items():
        seen = {login: place.sql(f"SELECT DISTINCT coalesce({column}, '') FROM bulla.{table} ORDER BY 1", login)[0].split()
                for login in ("t_a", "t_b", "app", "unlisted")}
        assert seen["unlisted"] == [] and set(seen["t_a"]) <= {place.a} and set(seen["t_b"]) <= {place.b}, (table, seen)
        if table in ("tenant", "tenant_secret", "entry", "apikey", "audit"):
            assert seen["t_a"] == [place.a] and {place.a, place.b} <= set(seen["app"]), (table, seen)
    seen = [place.number("SELECT count(*) FROM bulla.field", login) for login in ("t_a", "t_b", "app", "unlisted")]
    assert seen == [3, BETA_ENTRIES, BETA_ENTRIES + 3, 0], seen
    for table, t_a in (("vault", 1), ("directory", 1), ("root", 1), ("lane", 1), ("turn", 0), ("audit_head", 0)):
        counts = [place.number(f"SELECT count(*) FROM bulla.{table}", login) for login in ("t_a", "unlisted", "app")]
        assert [bool(count) for count in counts] == [bool(t_a), False, True], (table, counts)
    assert place.sql("SELECT name FROM bulla.login", "t_a")[0] == "t_a"


@test_without_vault
def no_setting_opens_another_tenants_rows(_):
    for text in ("SET app.tenant = 'BETA'; SELECT name FROM {}",
                 "SELECT name FROM {} WHERE set_config('app.tenant', 'BETA', false) <> ''",
                 "WITH x AS MATERIALIZED (SELECT set_config('app.tenant', 'BETA', false)) SELECT name FROM x, {}",
                 "SELECT set_config('app.tenant', 'BETA', false); SELECT name FROM {}"):
        holds(text.replace("BETA", "\\" + place.b[1:]), "control.entry")
    # Whatever else can be set: the role and the login are settings too.
    for setting, value in (("role", "t_b"), ("session_authorization", "t_b"), ("row_security", "off"),
                           ("search_path", "control, bulla"), ("local_preload_libraries", "x")):
        assert not place.leaks(f"SELECT set_config('{setting}', '{value}', false); SELECT name FROM bulla.entry"), setting


@test_without_vault
def no_role_opens_another_tenants_rows(_):
    for text in ("SET ROLE t_b; SELECT name FROM {}", "SET ROLE t_a; RESET ROLE; SET ROLE t_b; SELECT name FROM {}",
                 "SELECT set_config('role', 't_b', false); SELECT name FROM {}"):
        holds(text, "control.by_role", login="pooled")
    for text in ("SET SESSION AUTHORIZATION t_b", "SET ROLE postgres"):
        assert place.leaks(f"{text}; SELECT name FROM bulla.entry", "postgres"), text
    for text in ("SET ROLE t_b", "SET SESSION AUTHORIZATION t_b", "SET ROLE postgres", "SET ROLE owner", "SET ROLE app"):
        place.fails(f"{text}; SELECT name FROM bulla.entry", "t_a")
    assert not place.leaks("RESET ROLE; RESET SESSION AUTHORIZATION; SET ROLE NONE; SELECT name FROM bulla.entry")


@test_without_vault
def row_security_off_and_copy_show_nothing_more(_):
    text = "SET row_security = off; SELECT name FROM bulla.entry"
    assert place.leaks(text, "bypass")
    place.fails(text, "t_a", "would be affected by row-level security")
    for text in ("COPY {} TO STDOUT", "COPY (SELECT * FROM {}) TO STDOUT", "TABLE {}", "SELECT x::text FROM {} x",
                 "SELECT json_agg(x) FROM {} x", "SELECT query_to_xml('SELECT name FROM {}', true, true, '')",
                 "DECLARE c CURSOR FOR SELECT name FROM {}; FETCH ALL FROM c", "PREPARE p AS SELECT name FROM {}; EXECUTE p"):
        holds(text, "control.free")
    # A plan that was made for another role is not run for this one.
    assert not place.leaks("PREPARE p AS SELECT name FROM bulla.entry; SET ROLE t_b; EXECUTE p; RESET ROLE; EXECUTE p", "pooled")


@test_without_vault
def views_and_functions_show_what_their_owner_sees(box):
    """Not prevented, as docs/POSTGRESQL.md says: but bulla takes none in its schema, and a tenant's login makes none there."""
    place.sql("GRANT t_b TO t_a")
    for maker, does_leak in (("postgres", True), ("owner", True), ("t_b", False)):
        place.sql(f"SET ROLE {maker}; CREATE VIEW playground.{maker}_view AS SELECT name FROM bulla.entry; "
                  f"GRANT SELECT ON playground.{maker}_view TO t_a; "
                  f"CREATE FUNCTION playground.{maker}_function() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER "
                  "AS 'SELECT name FROM bulla.entry'")
        for text in (f"TABLE playground.{maker}_view", f"SELECT playground.{maker}_function()"):
            out, errors = place.sql(text, "t_a")
            assert (OTHERS in out) == does_leak and "db-of-acme" in out, (text, out, errors)
    place.sql("REVOKE t_b FROM t_a")
    box = place.box
    for thing, text in (("VIEW bulla.extra", "AS SELECT name FROM bulla.entry"),
                        ("FUNCTION bulla.extra()", "RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")):
        place.sql(f"CREATE {thing} {text}")
        place.run("t_a", "list", status=4, told="not a vault")
        place.sql(f"DROP {thing}")
    assert place.run("t_a", "list") != b"", box


@test_without_vault
def a_function_that_tells_what_it_is_given_is_given_its_own_rows(_):
    place.sql("CREATE FUNCTION playground.tell(text) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS "
              "$$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$", "t_a")
    holds("SELECT count(*) FROM {} WHERE playground.tell(name)", "control.plain")
    place.fails("ALTER FUNCTION playground.tell(text) LEAKPROOF", "t_a", "only superuser can define a leakproof function")
    for text in ("CREATE TABLE {}.x(i int)", "CREATE FUNCTION {}.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                 "CREATE OPERATOR {}.= (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)", "CREATE DOMAIN {}.d AS text"):
        assert place.sql(text.format("playground"), "t_a")[1] == "", text
        for schema in ("bulla", "public"):
            place.fails(text.format(schema), "t_a")
    place.fails("CREATE TEMP TABLE x(i int)", "t_a", "permission denied to create temporary tables")
    place.fails("CREATE SCHEMA x", "t_a")


def probe(text, another, none):
    """What the login of a tenant is told of another's key, and of one that nobody has."""
    told = []
    for key in (another, none):
        out, errors = place.sql(f"BEGIN; {text.format(key)}; ROLLBACK", "t_a")
        told.append((out, re.sub(re.escape(key), "KEY", errors)))
    return told


@test_without_vault
def keys_of_others_are_refused_as_those_of_nobody(_):
    place.sql("GRANT INSERT, UPDATE, DELETE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA bulla TO t_a; "
              "GRANT ALL ON ALL SEQUENCES IN SCHEMA bulla TO t_a")
    entry = place.sql(f"SELECT id FROM bulla.entry WHERE tenant = '{place.b}' LIMIT 1")[0]
    secret = place.sql(f"SELECT id FROM bulla.tenant_secret WHERE tenant = '{place.b}'")[0]
    nobody = "\\x" + "5a" * 16
    its_entry = f"('{{}}', '{place.a}', 'x', {ZEROS})"
    statement = f"'\\x', {ZEROS} || {ZEROS}, NULL, NULL"
    probes = {  # control, ours, another's key, none
        "primary key": (f"INSERT INTO control.owned VALUES {its_entry}", f"INSERT INTO bulla.entry VALUES {its_entry}",
                        entry, nobody),
        "unique name": (f"INSERT INTO control.tenant VALUES ('{nobody}', '{{}}', {statement})",
                        f"INSERT INTO bulla.tenant VALUES ('{nobody}', '{{}}', {statement})", "beta", "nobody"),
        "own name": ("UPDATE control.tenant SET name = '{}' WHERE name = 'acme'",
                     "UPDATE bulla.tenant SET name = '{}' WHERE name = 'acme'", "beta", "nobody"),
        "foreign key": ("INSERT INTO control.field VALUES ('{}', 'x')",
                        "INSERT INTO bulla.field(entry, name, revision, secret, value, mask, updated) "
                        "VALUES ('{}', 'x', 1, 0, '', '', 1)", entry, nobody),
        "conflict": (f"INSERT INTO control.owned VALUES {its_entry} ON CONFLICT DO NOTHING RETURNING 1",
                     f"INSERT INTO bulla.entry VALUES {its_entry} ON CONFLICT DO NOTHING RETURNING 1", entry, nobody),
        "upsert": (f"INSERT INTO control.owned VALUES {its_entry} ON CONFLICT (id) DO UPDATE SET name = 'y'",
                   f"INSERT INTO bulla.entry VALUES {its_entry} ON CONFLICT (id) DO UPDATE SET name = 'y'", entry, nobody),
        "record": ("INSERT INTO control.audit VALUES (0, {}, 1, '', '', '', '', '')",
                   "INSERT INTO bulla.audit VALUES (0, {}, 1, '', '', '', '', '')", "7", "1000000"),
    }
    for what, (control, ours, another, none) in probes.items():
        told = probe(control, another, none)
        assert told[0] != told[1], f"{what}: the attempt does not even work: {told}"
        told = probe(ours, another, none)
        assert told[0] == told[1] and (told[0][1] == "" or "row-level security" in told[0][1]), (what, told)
    ours = {
        "a secret of another": (f"UPDATE bulla.field SET secret_id = '{{}}' RETURNING 1", secret, nobody),
        "an API key": ("INSERT INTO bulla.apikey(id, tenant, name, created, revoked, hash) "
                       f"VALUES ('{{}}', '{place.a}', 'x', 1, 0, '')", place.keys[1], "5a" * 8),
        "a revocation": (f"INSERT INTO bulla.revocation VALUES ({{}}, '{place.a}', NULL, {ZEROS})", "1", "1000"),
        "a login": (f"INSERT INTO bulla.login VALUES ('{{}}', '{place.a}')", "t_b", "nobody"),
    }
    for what, (text, another, none) in ours.items():
        told = probe(text, another, none)
        assert told[0] == told[1] and (told[0][1] == "" or "row-level security" in told[0][1]), (what, told)


@test_without_vault
def a_tenants_login_changes_nothing_even_with_grants(_):
    place.sql("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bulla TO t_a")
    assert place.sql("UPDATE control.login SET tenant = NULL WHERE name = 't_a' RETURNING name", "t_a")[0] == "t_a"
    changes = [f"UPDATE bulla.{table} SET {column} = {column} RETURNING 1" for table, column in
               (("tenant", "name"), ("entry", "name"), ("field", "value"), ("apikey", "revoked"),
                ("audit", "mac"), ("audit_head", "mac"), ("vault", "statement"), ("root", "wrapped"), ("lane", "number"), ("turn", "id"))]
    changes += ["UPDATE bulla.login SET tenant = tenant RETURNING 1", "DELETE FROM bulla.login RETURNING 1"]
    changes += [f"DELETE FROM bulla.{table} RETURNING 1" for table in ("field", "audit", "audit_head", "root", "vault")]
    for text in changes:
        assert place.sql(text, "t_a") == ("", ""), text
        assert place.sql(f"BEGIN; {text}; ROLLBACK", "postgres")[0] != "", f"the attempt does not even work: {text}"
    assert place.sql("SELECT id FROM bulla.turn FOR UPDATE", "t_a") == ("", ""), "it can hold everybody's turn"
    place.fails("TRUNCATE bulla.audit", "t_a")
    place.fails("INSERT INTO bulla.login SELECT 't_a2', id FROM bulla.tenant", "t_a", "row-level security")
    place.run("app", "audit", "verify")


@test_without_vault
def what_statistics_still_tell(_):
    """Not prevented: docs/POSTGRESQL.md and docs/THREATS.md say so."""
    explain = "SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN SELECT 1 FROM bulla.entry WHERE tenant = '{}'"
    rows = [int(re.search(r"rows=(\d+)", place.sql(explain.format(tenant), "t_a")[0])[1])
            for tenant in (place.b, "\\x" + "5a" * 16)]
    assert rows[0] >= BETA_ENTRIES / 2 and rows[1] <= 2, rows
    counted = place.sql("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off; "
                        "EXPLAIN ANALYZE SELECT 1 FROM bulla.entry", "t_a")[0]
    assert f"Rows Removed by Filter: {BETA_ENTRIES}" in counted, counted
    assert place.number("SELECT reltuples::int FROM pg_class WHERE oid = 'bulla.entry'::regclass") == BETA_ENTRIES + 2
    assert place.number("SELECT pg_relation_size('bulla.audit')") > 0
    assert place.number("SELECT max(seq) - count(*) FROM bulla.audit") > BETA_ENTRIES - 3
    assert "t_b" in place.sql("SELECT rolname FROM pg_roles", "t_a")[0]
    # Prevented.
    most = "SELECT most_common_vals::text FROM pg_stats WHERE schemaname = '{}' AND attname = 'tenant' AND tablename = '{}'"
    assert place.b[2:] in place.sql(most.format("control", "free"), "t_a")[0]
    assert place.sql(most.format("bulla", "entry"), "t_a") == ("", "")
    assert place.sql("SELECT last_value FROM control.seq", "t_b")[0] == "1"
    place.fails("SELECT last_value FROM bulla.apikey_number_seq", "t_b")
    place.fails("TABLE pg_statistic", "t_a")


@test_without_vault
def what_a_session_can_still_do(_):
    """Not prevented: docs/POSTGRESQL.md and docs/THREATS.md say so."""
    place.sql("ALTER ROLE t_b SET idle_in_transaction_session_timeout = 100")
    with subprocess.Popen([place.server.bin / "psql", "-XAtq", "-h", place.server.folder, "-U", "t_b", "-d", "v"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as held:
        held.stdin.write("SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ;"
                         "SELECT count(*) FROM bulla.entry; SELECT pg_try_advisory_xact_lock(1);\n")
        held.stdin.flush()
        assert [held.stdout.readline().strip() for _ in range(2)] == [str(BETA_ENTRIES), "t"]
        time.sleep(0.3)
        assert place.sql("SELECT count(backend_xmin) FROM pg_stat_activity WHERE usename = 't_b'")[0] == "1"


@test_without_vault
def the_app_adds_to_the_log_and_changes_nothing_in_it(_):
    for text in ("UPDATE bulla.audit SET mac = mac", "DELETE FROM bulla.audit", "TRUNCATE bulla.audit",
                 "DELETE FROM bulla.audit_head", "UPDATE bulla.lane SET number = number", "DELETE FROM bulla.lane",
                 "INSERT INTO bulla.root VALUES ('', '')", f"INSERT INTO bulla.login VALUES ('x', '{place.a}')",
                 "ALTER POLICY whole ON bulla.audit TO app",
                 "ALTER TABLE bulla.audit NO FORCE ROW LEVEL SECURITY", "DROP POLICY own ON bulla.audit",
                 "CREATE TABLE bulla.x(i int)"):
        place.sql(f"BEGIN; {text.replace(chr(39) * 2, chr(39) + chr(92) + 'x' + '00' * 16 + chr(39))}; ROLLBACK")
        out, errors = place.sql(text, "app")
        assert "permission denied" in errors or "must be owner" in errors, (text, out, errors)


@test_without_vault
def the_auditor_reads_the_log_and_nothing_else(_):
    assert b"unbroken" in place.run("auditor", "audit", "verify")
    assert b"beta" in place.run("auditor", "audit", "log")
    for table in ("entry", "field", "apikey", "tenant_secret", "revoked_token", "revocation", "turn"):
        assert place.number(f"SELECT count(*) FROM bulla.{table}", "app") >= 0
        place.fails(f"TABLE bulla.{table}", "auditor")
    for text in ("INSERT INTO bulla.audit VALUES (0, 1, 1, '', '', '', '', '')", "UPDATE bulla.audit_head SET mac = mac"):
        place.fails(text, "auditor")
    place.run("auditor", "get", "acme/db-of-acme", "password", "--reason", "r", status=4, told="not permit")


@test_without_vault
def a_tenants_login_reads_its_tenant_through_bulla(_):
    assert b"db-of-acme" in place.run("t_a", "list") and b"beta" not in place.run("t_a", "list")
    assert b"acme" in place.run("t_a", "show", "acme/db-of-acme")
    place.run("t_a", "show", f"beta/{OTHERS}-1", status=3, told="not found")
    records = place.box.log()
    assert {record["tenant"] for record in records} == {"acme"} and len(records) >= 3, records
    assert b"acme" in place.run("t_a", "apikey", "list") and b"beta" not in place.run("t_a", "apikey", "list")
    status = place.run("t_a", "status").decode()
    assert "db-of-acme" in status and "beta" not in status and "last anchor" not in status, status
    assert "last anchor  " in place.run("app", "status").decode()
    for args in (["audit", "verify"], ["audit", "anchor"], ["put", "acme/db-of-acme", "host=x"],
                 ["get", "acme/db-of-acme", "password", "--reason", "r"]):
        place.run("t_a", *args, status=4, told="reads the rows of one tenant")


@test_without_vault
def a_login_that_sees_nothing_is_told_so(_):
    assert place.number("SELECT count(*) FROM bulla.format", "unlisted") == 1
    for args in (["list"], ["audit", "verify"], ["put", "acme/db", "host=x"]):
        place.run("unlisted", *args, status=4, told=("not permit", "the login unlisted sees nothing: GRANT vault_whole TO unlisted",
                                                     "INSERT INTO bulla.login SELECT 'unlisted', id FROM bulla.tenant"))
    # Whom no policy binds needs no row.
    place.sql("DELETE FROM bulla.login WHERE name = 'bypass'")
    assert b"beta" in place.run("bypass", "list")
    # The owner is bound too, and can put itself in again.
    place.sql(only_roles("app, auditor"), "owner")
    assert place.number("SELECT count(*) FROM bulla.entry", "owner") == 0
    place.run("owner", "list", status=4, told="sees nothing")
    assert place.sql(postgres.sees_whole("owner"), "owner")[1] == ""
    place.run("owner", "list")


@test_without_vault
def a_login_that_does_not_see_all_of_the_whole_is_told_so(_):
    tables = place.sql("SELECT tablename FROM pg_policies WHERE policyname = 'whole' ORDER BY 1")[0].split()
    assert len(tables) == 19, tables
    for table in tables:
        place.sql(f"ALTER POLICY whole ON bulla.{table} TO owner, auditor")
        place.run("app", "list", status=4, told=f"not of bulla.{table}: let the owner ALTER POLICY whole ON bulla.{table} TO")
        place.sql(f"ALTER POLICY whole ON bulla.{table} TO owner, auditor, app")
    place.run("app", "list")


@test_without_vault
def who_is_in_a_role_that_sees_the_whole_sees_it_too(_):
    place.sql("CREATE ROLE services; GRANT services TO unlisted;" + postgres.sees_whole("services"))
    entries = place.number("SELECT count(*) FROM bulla.entry", "app")
    assert place.number("SELECT count(*) FROM bulla.entry", "unlisted") == entries
    assert place.run("unlisted", "list") == place.run("app", "list")
    # But not before SET ROLE, if it does not inherit.
    place.sql("ALTER ROLE unlisted NOINHERIT")
    assert place.number("SELECT count(*) FROM bulla.format", "unlisted") == 1
    assert place.number("SELECT count(*) FROM bulla.entry", "unlisted") == 0
    place.run("unlisted", "list", status=4, told="sees nothing")
    place.sql("ALTER ROLE unlisted INHERIT")
    with subprocess.Popen([place.server.bin / "psql", "-XAtq", "-h", place.server.folder, "-U", "unlisted", "-d", "v"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as held:
        def step(text):
            held.stdin.write(text + ";\n")
            held.stdin.flush()
            return int(held.stdout.readline())
        assert step("PREPARE p AS SELECT count(*) FROM bulla.entry; EXECUTE p") == entries
        # What was planned before is not planned anew for that; docs/POSTGRESQL.md says so.
        place.sql("REVOKE services FROM unlisted")
        assert [step("EXECUTE p"), step("SELECT count(*) FROM bulla.entry")] == [entries, 0]
        place.sql("DROP OWNED BY services; DROP ROLE services")
        assert step("EXECUTE p") == 0
    place.run("unlisted", "list", status=4, told="sees nothing")
    place.run("app", "list")


FIND_FIELD = """FROM bulla.tenant t JOIN bulla.entry e ON e.tenant = t.id JOIN bulla.field f ON f.entry = e.id
LEFT JOIN bulla.tenant_secret k ON k.id = f.secret_id AND k.tenant = t.id WHERE t.name = 'x' AND e.name = 'x' AND f.name = 'x'
ORDER BY f.revision DESC LIMIT 1"""


@test_without_vault
def policies_leave_nothing_in_the_plan_of_a_service(_):
    def plan(text, login):
        out, errors = place.sql(f"EXPLAIN (VERBOSE, COSTS off) {text}", login)
        assert out != "" and errors == "", (text, errors)
        return out
    for text in (f"SELECT * {FIND_FIELD}", "SELECT * FROM bulla.vault", "SELECT * FROM bulla.lane",
                 "SELECT * FROM bulla.apikey WHERE id = 'x'", "SELECT max(number) FROM bulla.revocation",
                 "SELECT * FROM bulla.actor WHERE id = ''", "SELECT * FROM bulla.actor_grant WHERE actor = '' AND ended = 0",
                 "SELECT sealed FROM bulla.handout WHERE tenant = '' AND role = 'put' AND secret = ''"):
        bound, service, free = (plan(text, login) for login in ("t_a", "app", "postgres"))
        assert "bulla.login" in bound and "SESSION_USER" in bound, bound
        assert service == free, service
    for text in ("INSERT INTO bulla.audit VALUES (0, 1, 1, '', '', '', '', '')", "UPDATE bulla.field SET name = 'x'",
                 "INSERT INTO bulla.field(entry, name, revision, secret, value, mask, updated) VALUES ('', '', 1, 1, '', '', 1)",
                 "UPDATE bulla.audit_head SET seq = 2 WHERE lane = 1 AND seq = 1", "INSERT INTO bulla.lane VALUES (1, '', '')",
                 "DELETE FROM bulla.field WHERE name = 'x'", "SELECT FROM bulla.turn WHERE id = 1 FOR NO KEY UPDATE"):
        assert plan(text, "app") == plan(text, "postgres"), text


def only_roles(roles):
    """SQL by which those alone see the whole vault."""
    return ("DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_policies WHERE policyname = 'whole' LOOP "
            f"EXECUTE format('ALTER POLICY whole ON bulla.%I TO {roles}', t); END LOOP; END $$")


def shut_out(uses):
    """What a process is told whose login no longer sees the whole after so many uses, and why."""
    with subprocess.Popen([os.path.abspath(sys.argv[2]), place.url("app"), f"file:{place.box.path('root.key')}", "x"], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        def step():
            client.stdin.write(".")
            client.stdin.flush()
            return client.stdout.readline().strip()
        assert client.stdout.readline() == "BULLA_OK\n"
        for number in range(1, uses + 1):
            assert step() == f"opened {number}"
        place.sql(only_roles("owner, auditor"))
        try:
            told = step()
        finally:
            place.sql(postgres.sees_whole("app"))
        assert step() == f"opened {uses + 2}"
        client.stdin.close()
        return told, client.stderr.read()


@test_without_vault
def a_login_that_no_longer_sees_the_whole_is_shut_out_at_once(_):
    told, why = shut_out(1)
    assert told == "failed 2 BULLA_NOT_PERMITTED" and "the login has left the policy" in why, (told, why)
    told, why = shut_out(USES)
    assert place.number("SELECT count(*) FROM bulla.lane", "app") > 1, "it writes to no lane of its own"
    assert told == f"failed {USES + 1} BULLA_NOT_PERMITTED" and "row-level security" in why, (told, why)


@test_without_vault
def policies_that_are_not_ours_to_the_letter_are_refused(_):
    login = "FROM bulla.login l WHERE l.name = SESSION_USER"
    own = f"USING (tenant = (SELECT l.tenant {login}) OR (SELECT l.actor IS NOT NULL AND l.tenant IS NULL {login}))"
    audited = f"USING (tenant = (SELECT l.tenant {login} AND l.actor IS NULL))"
    whole = "CREATE POLICY whole ON bulla.turn"
    sees = "TO owner, app, auditor USING (true)"
    changes = (
        ("ALTER TABLE bulla.entry DISABLE ROW LEVEL SECURITY", "ALTER TABLE bulla.entry ENABLE ROW LEVEL SECURITY"),
        ("ALTER TABLE bulla.audit NO FORCE ROW LEVEL SECURITY", "ALTER TABLE bulla.audit FORCE ROW LEVEL SECURITY"),
        ("CREATE POLICY more ON bulla.entry USING (true)", "DROP POLICY more ON bulla.entry"),
        ("CREATE POLICY whole ON bulla.login TO app USING (true)", "DROP POLICY whole ON bulla.login"),
        ("ALTER POLICY own ON bulla.entry USING (true)", f"ALTER POLICY own ON bulla.entry {own}"),
        (f"ALTER POLICY own ON bulla.tenant_secret {own}".replace("SESSION_USER", "CURRENT_USER"),
         f"ALTER POLICY own ON bulla.tenant_secret {own}"),
        ("ALTER POLICY own ON bulla.entry TO app", "ALTER POLICY own ON bulla.entry TO PUBLIC"),
        ("ALTER POLICY listed ON bulla.root TO app", "ALTER POLICY listed ON bulla.root TO PUBLIC"),
        ("ALTER POLICY whole ON bulla.field USING (1 = 1)", "ALTER POLICY whole ON bulla.field USING (true)"),
        ("ALTER POLICY own ON bulla.login RENAME TO mine", "ALTER POLICY mine ON bulla.login RENAME TO own"),
        (f"DROP POLICY whole ON bulla.turn; {whole} {sees} WITH CHECK (true)", f"DROP POLICY whole ON bulla.turn; {whole} {sees}"),
        (f"DROP POLICY whole ON bulla.turn; {whole} AS RESTRICTIVE {sees}", f"DROP POLICY whole ON bulla.turn; {whole} {sees}"),
        (f"DROP POLICY whole ON bulla.turn; {whole} FOR SELECT {sees}", f"DROP POLICY whole ON bulla.turn; {whole} {sees}"),
        ("DROP POLICY whole ON bulla.turn", f"{whole} {sees}"),
        ("DROP POLICY own ON bulla.audit", f"CREATE POLICY own ON bulla.audit FOR SELECT {audited}"),
        ("ALTER POLICY actor_add ON bulla.audit WITH CHECK (true)",
         f"ALTER POLICY actor_add ON bulla.audit WITH CHECK (lane / 64 = (SELECT l.actor {login}) AND "
         "(lane % 64 = 0 OR EXISTS (SELECT FROM bulla.lane l WHERE l.number = audit.lane)))"),
        ("ALTER POLICY actor_change ON bulla.audit_head USING (true)",
         f"ALTER POLICY actor_change ON bulla.audit_head USING (lane / 64 = (SELECT l.actor {login}))"),
        ("ALTER POLICY actor_see ON bulla.turn TO app", "ALTER POLICY actor_see ON bulla.turn TO PUBLIC"),
    )
    for change, undo in changes:
        place.sql(change)
        place.run("app", "list", status=4, told="not as bulla makes it")
        place.sql(undo)
        place.run("app", "list")
    place.sql("ALTER POLICY whole ON bulla.entry TO PUBLIC")
    assert place.leaks("SELECT name FROM bulla.entry", "unlisted"), "the attempt does not even work"
    for login in ("app", "unlisted"):
        place.run(login, "list", status=4, told=("policy whole TO PUBLIC, by which everybody sees all", "on table entry"))
    place.sql("ALTER POLICY whole ON bulla.entry TO owner, app, auditor")
    place.run("app", "list")


@test_without_vault
def an_owner_that_is_bound_backs_the_vault_up(_):
    dump = [place.server.bin / "pg_dump", "-h", place.server.folder, "-U", "owner", "--schema=bulla", "v"]
    plain = subprocess.run(dump, capture_output=True, text=True, check=False)
    assert plain.returncode != 0 and "row-level security" in plain.stderr, plain.stderr
    done = subprocess.run([*dump, "--enable-row-security"], capture_output=True, text=True, check=True)
    place.sql("CREATE DATABASE copy OWNER owner TEMPLATE template0", database="postgres")
    subprocess.run([place.server.bin / "psql", "-Xq", "-h", place.server.folder, "-U", "owner", "-d", "copy", "-v",
                    "ON_ERROR_STOP=1", "-o", os.devnull], input=done.stdout, text=True, check=True)
    restored = {"BULLA_VAULT": place.server.url("copy").replace("user=postgres", "user=owner")}
    assert place.box.run("audit", "verify", env=restored) == place.run("app", "audit", "verify")
    assert place.box.run("list", env=restored) == place.run("app", "list")


if postgres.programs() is None:
    print("1..0 # SKIP no PostgreSQL server is installed: apt-get install postgresql", flush=True)
    print("SKIPPED: no PostgreSQL server is installed", file=sys.stderr)
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="bulla-rls-", ignore_cleanup_errors=True,
                                 dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as its_folder:
    pathlib.Path(its_folder).chmod(0o755)
    place = Place(its_folder)
    try:
        run_tests()
    finally:
        place.server.stop()
