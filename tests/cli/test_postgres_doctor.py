# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""doctor says what is wrong with a server, and nothing else is.

usage: test_postgres_doctor.py BULLA CLIENT CLOCK

CLOCK is tests/cli/shift_clock.c, to be preloaded."""

import os
import pathlib
import re
import subprocess
import sys
import time

from command import test_without_vault
from doctor import NEW, PROBLEM, examine, only
from pg_place import place, run_with_server
import postgres

CLOCK = os.path.abspath(sys.argv[3])
PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/POSTGRESQL.md"
# A server without a standby, which is as good as it gets here.
ALONE = {"standbys"}


def login(box, name, attributes=""):
    """A vault, and a role that may do what docs/POSTGRESQL.md grants to a service; the current one of |box|."""
    box.path("root.key").unlink(missing_ok=True)
    database = place.vault(box)
    place.psql(f"CREATE ROLE {name} LOGIN {attributes}")
    grants = re.findall(r"^> (GRANT (?!vault_whole)[^;]*? TO app;)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(grants) >= 5, grants
    text = " ".join(grants).replace("\n>", "").replace("DATABASE vault", f"DATABASE {database}")
    place.psql(text.replace("TO app", f"TO {name}") + postgres.sees_whole(name), database)
    box.environment["BULLA_VAULT"] = place.server.url(database).replace("user=postgres", f"user={name}")
    return database


@test_without_vault
def all_is_well_with_the_login_of_a_service(box):
    login(box, "well")
    found = examine(box)
    assert set(found) == {"bulla", "memory", "engine", "libpq", "PostgreSQL", "encoding", "fsync", "full_page_writes",
                          "synchronous_commit", "standbys", "login", "rights", "further rights", "oldest snapshot", "clocks", "TLS",
                          "pooler", "audit log", "clock", "vault", "rotation", "known keys", "known API keys",
                          "former versions", "expiry", *NEW}, found
    assert {what for what, each in found.items() if each[0] != "ok"} == ALONE | NEW, found
    assert found["PostgreSQL"][1] == place.psql("SHOW server_version") and found["encoding"][1] == "UTF8"
    assert found["standbys"][0] == "warning" and "not the loss of the server" in found["standbys"][1]
    assert found["synchronous_commit"][1] == "on" and found["TLS"][1] == "none, over a Unix socket"
    place.psql("ALTER ROLE well SET synchronous_commit = off")
    assert examine(box)["synchronous_commit"][1] == "on"
    place.psql("ALTER ROLE well SET synchronous_commit = remote_apply")
    assert examine(box)["synchronous_commit"][1] == "remote_apply"


@test_without_vault
def what_is_not_kept_is_a_problem(box):
    login(box, "kept")
    box.environment["BULLA_VAULT"] += "&bulla_fsync=off"
    for setting in ("fsync", "full_page_writes"):
        place.configure(f"SET {setting} = off")
        try:
            only(box, setting, "problem", "off", "when the power goes", besides=ALONE)
        finally:
            place.configure(f"RESET {setting}")


@test_without_vault
def a_standby_that_commits_wait_for_and_is_not_there_is_a_problem(box):
    login(box, "waits")
    place.configure("SET synchronous_standby_names = 'missing'")
    try:
        only(box, "standbys", "problem", "missing is not there", "start it, or take it out of synchronous_standby_names",
             "BULLA_UNCERTAIN or BULLA_BUSY")
    finally:
        place.configure("RESET synchronous_standby_names")


@test_without_vault
def a_login_that_can_do_too_much_is_told(box):
    login(box, "bypassing", "BYPASSRLS")
    only(box, "login", "warning", "bypassing, which bypasses row-level security", "meant so for a service", besides=ALONE)
    login(box, "super", "SUPERUSER")
    only(box, "login", "warning", "super, a superuser", besides=ALONE)
    database = login(box, "owning")
    place.psql("ALTER TABLE bulla.audit OWNER TO owning", database)
    only(box, "login", "warning", "owning, an owner of the tables", besides=ALONE)


@test_without_vault
def rights_that_are_missing_are_named(box):
    database = login(box, "lacking")
    for right, table in (("INSERT", "audit"), ("UPDATE", "audit_head"), ("INSERT", "lane"), ("DELETE", "field"), ("INSERT", "entry"),
                         ("UPDATE", "vault")):
        place.psql(f"REVOKE {right} ON bulla.{table} FROM lacking", database)
        only(box, "rights", "warning", f"lacks {right} on {table}", besides=ALONE)
        place.psql(f"GRANT {right} ON bulla.{table} TO lacking", database)
    place.psql("REVOKE UPDATE (id) ON bulla.turn FROM lacking; REVOKE INSERT ON bulla.audit FROM lacking", database)
    only(box, "rights", "warning", "lacks INSERT on audit, UPDATE on turn", "docs/POSTGRESQL.md", besides=ALONE)


@test_without_vault
def a_login_that_reads_a_part_is_told_the_rest(box):
    database = place.vault(box)
    for name in ("tenants", "headless"):
        place.psql(f"CREATE ROLE {name} LOGIN; GRANT USAGE ON SCHEMA bulla TO {name}; "
                   f"GRANT SELECT ON ALL TABLES IN SCHEMA bulla TO {name}", database)
    place.psql("REVOKE SELECT ON bulla.audit FROM headless", database)
    place.psql("INSERT INTO bulla.login SELECT 'tenants', id FROM bulla.tenant;" + postgres.sees_whole("headless"), database)
    for name, remedy in (("tenants", "a login of one tenant"), ("headless", "unless the login is only to read")):
        found = examine(box, env={"BULLA_VAULT": place.server.url(database).replace("user=postgres", f"user={name}")})
        assert found["audit log"] == ("warning", "not verified: this login may not read all of it",
                                      "have it verified by a login that sees the whole vault"), found
        assert "clock" not in found and remedy in found["rights"][2], found
        # Some are named whole, and how many more there are.
        assert re.fullmatch(r"lacks (\w+ on \w+, ){5}\w+ on \w+, and \d+ more", found["rights"][1]), found["rights"]


@test_without_vault
def rights_that_a_service_must_not_have_are_a_problem(box):
    database = login(box, "mighty")
    for right, place_of_it in (("UPDATE", "audit"), ("DELETE", "audit"), ("TRUNCATE", "audit"), ("TRUNCATE", "field"),
                               ("INSERT", "login"), ("UPDATE (tenant)", "login"), ("DELETE", "login"), ("INSERT", "root"),
                               ("DELETE", "audit_head"), ("UPDATE", "lane"), ("TRIGGER", "entry"), ("REFERENCES", "vault"),
                               ("CREATE", "schema bulla")):
        on = place_of_it if " " in place_of_it else f"bulla.{place_of_it}"
        place.psql(f"GRANT {right} ON {on} TO mighty", database)
        only(box, "further rights", "problem", f"may {right} on {place_of_it}", "revoke them", besides=ALONE)
        place.psql(f"REVOKE {right} ON {on} FROM mighty", database)
    place.psql("GRANT ALL ON ALL TABLES IN SCHEMA bulla TO mighty", database)
    only(box, "further rights", "problem", "may DELETE on actor, REFERENCES on actor, TRIGGER on actor, TRUNCATE on actor, "
         "DELETE on actor_grant, REFERENCES on actor_grant, and ", " more", besides=ALONE)
    assert examine(box, status=PROBLEM)["further rights"][1].endswith(" more")


@test_without_vault
def the_oldest_snapshot_has_its_age(box):
    database = place.vault(box)
    holding = subprocess.Popen([place.server.bin / "psql", "-Xq", "-h", place.server.folder, "-U", "postgres", "-d", database],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert examine(box)["oldest snapshot"][1] == "0 s"
    holding.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;\n")
    holding.stdin.flush()
    time.sleep(2.2)
    assert int(examine(box)["oldest snapshot"][1].split()[0]) >= 2
    # Who does not see it is not told that there is none.
    place.psql("CREATE ROLE blind LOGIN; GRANT USAGE ON SCHEMA bulla TO blind; "
               "GRANT SELECT ON ALL TABLES IN SCHEMA bulla TO blind;" + postgres.sees_whole("blind"), database)
    blind = {"BULLA_VAULT": place.server.url(database).replace("user=postgres", "user=blind")}
    only(box, "oldest snapshot", "warning", "only this login's own are seen, and others (1)", "GRANT pg_read_all_stats",
         besides=ALONE | {"rights"}, env=blind)
    place.psql("GRANT pg_read_all_stats TO blind")
    assert int(examine(box, env=blind)["oldest snapshot"][1].split()[0]) >= 2
    holding.stdin.close()
    holding.wait()


@test_without_vault
def clocks_that_differ_are_told(box):
    login(box, "late")
    for shift, besides in (("-3600", {"clock"}), ("3600", set())):
        only(box, "clocks", "warning", "ms from this one's", "NTP", besides=ALONE | besides,
             env={"LD_PRELOAD": CLOCK, "CLOCK_SHIFT": shift})


run_with_server()
