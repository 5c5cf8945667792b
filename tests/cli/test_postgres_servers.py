# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A server that keeps nothing, is none, or has no vault that is as bulla made it is refused with words that help.

usage: test_postgres_servers.py BULLA CLIENT"""

import itertools
import os
import socket
import subprocess
import threading
import time

from command import BULLA, test_without_vault
from pg_place import PASSWORD, note, place, run_with_server, tells
from pg_wire import Fake, message
import postgres


@test_without_vault
def servers_that_lose_what_they_acknowledged_are_refused(box):
    name = place.vault(box)
    url = f"postgres://postgres:{PASSWORD}@/{name}?host={place.server.folder}"
    for setting in ("fsync", "full_page_writes"):
        place.configure(f"SET {setting} = off")
        try:
            tells(box, "list", setting, "power", "bulla_fsync=off", url=url, status=2)
            box.run("list", env={"BULLA_VAULT": f"{url}&bulla_fsync=off"})
            box.run("list", env={"BULLA_VAULT": f"postgres:///{name}?bulla_fsync=off&host={place.server.folder}&user=postgres"})
        finally:
            place.configure(f"RESET {setting}")
    box.run("list")


@test_without_vault
def places_where_no_vault_is_are_told_with_a_remedy(box):
    box.write("root.key", "5a" * 32)

    def url(name, user="postgres", host=place.server.folder):
        return f"postgres://{user}:{PASSWORD}@/{name}?host={host}"
    tells(box, "list", "there is no vault here", "bulla init", url=url(place.database()))
    ascii_one = place.database("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    for command in ("list", "init --reuse-root"):
        tells(box, command, "not encoded in UTF8", "ENCODING 'UTF8'", url=url(ascii_one), status=2)
        tells(box, command, 'database "nowhere" does not exist', url=url("nowhere"))
        tells(box, command, 'role "nobody" does not exist', url=url("postgres", "nobody"))
        tells(box, command, "cannot be reached", "check the host in --vault", url=url("postgres", host=box.folder))
    other = place.database()
    place.psql("CREATE SCHEMA bulla; CREATE TABLE bulla.cheese(id int)", other)
    tells(box, "list", 'the schema "bulla" of the database is none of bulla\'s', url=url(other))
    tells(box, "init --reuse-root", "name another", url=url(other), status=2)
    for wrong in (f"postgres:{PASSWORD}", f"postgres://u:{PASSWORD}@h/d?nonsense=1",
                  f"postgres://u:{PASSWORD}@h/d?bulla_fsync=offx", f"postgres://%zz:{PASSWORD}@h/d"):
        tells(box, "list", "postgres://", url=wrong, status=2)


# Rights of docs/POSTGRESQL.md, and a command that needs them all.
RIGHTS = (
    ("UPDATE (id)", "turn", "get acme/db password --reason r"),
    ("INSERT", "audit", "get acme/db password --reason r"),
    ("SELECT", "audit", "get acme/db password --reason r"),
    ("UPDATE", "audit_head", "get acme/db password --reason r"),
    ("SELECT", "field", "get acme/db password --reason r"),
    ("INSERT", "entry", "put acme/other k=v"),
    ("INSERT", "field", "put acme/db k=v"),
    ("UPDATE", "vault", "put other/db k=v"),
    ("INSERT", "tenant", "put other/db k=v"),
    ("INSERT", "tenant_secret", "put other/db k=v"),
    ("DELETE", "field", "rm acme/db password"),
    ("INSERT", "apikey", "apikey create --tenant acme"),
    ("INSERT", "revoked_token", "token revoke --jti j --tenant acme"),
    ("INSERT", "revocation", "token revoke --jti j --tenant acme"),
    ("SELECT", "tenant", "list"),
    ("SELECT", "login", "list"),
)


def a_right_that_is_missing_is_named(box, name):
    place.psql("CREATE ROLE almost LOGIN")
    place.psql("GRANT USAGE ON SCHEMA bulla TO almost; "
               "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bulla TO almost;" +
               postgres.sees_whole("almost"), name)
    url = place.server.url(name).replace("user=postgres", "user=almost")
    for right, table, command in RIGHTS:
        place.psql(f"REVOKE {right.split()[0]} ON bulla.{table} FROM almost", name)
        tells(box, command, "does not permit this", f"permission denied for table {table} (42501)", url=url)
        place.psql(f"GRANT {right} ON bulla.{table} TO almost", name)
    place.psql("REVOKE USAGE ON SCHEMA bulla FROM almost", name)
    tells(box, "list", "does not permit this", "permission denied for schema bulla (42501)", url=url)


@test_without_vault
def a_login_that_may_not_is_told_what_to_check(box):
    name = place.vault(box)
    place.psql("CREATE ROLE stranger LOGIN PASSWORD 'right'; CREATE ROLE reader LOGIN; CREATE ROLE single LOGIN "
               "CONNECTION LIMIT 0")
    place.psql("GRANT USAGE ON SCHEMA bulla TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA bulla TO reader;" +
               postgres.sees_whole("reader"), name)
    hba = place.server.data / "pg_hba.conf"
    before = hba.read_text()
    hba.write_text("local all stranger scram-sha-256\n" + before)
    place.configure()
    try:
        url = f"postgres://stranger:{PASSWORD}@/{name}?host={place.server.folder}"
        tells(box, "list", "password authentication failed", "check the login and password", url=url)
        tells(box, "list", "does not permit this", "check the login and password", url=url.replace(PASSWORD, "right"), secret="right@")
    finally:
        hba.write_text(before)
        place.configure()
    reader = f"postgres://reader:{PASSWORD}@/{name}?host={place.server.folder}"
    box.run("list", env={"BULLA_VAULT": reader})
    box.run("audit", "verify", env={"BULLA_VAULT": reader})
    tells(box, ["get", "acme/db", "password", "--reason", "r"], "does not permit this", "42501", url=reader)
    a_right_that_is_missing_is_named(box, name)
    tells(box, "list", "too many connections", "try again",
          url=f"postgres://single:{PASSWORD}@/{name}?host={place.server.folder}")


# What somebody may do to the schema, and what is said of it.
CHANGES = (
    ("CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
     "CREATE TRIGGER t BEFORE INSERT ON bulla.audit FOR EACH ROW EXECUTE FUNCTION public.f()", "too many: trigger audit t "),
    ("CREATE RULE r AS ON INSERT TO bulla.audit DO INSTEAD NOTHING", "too many: rule audit r "),
    ("CREATE POLICY p ON bulla.audit USING (true)", "too many: policy audit p "),
    ("ALTER TABLE bulla.audit DISABLE ROW LEVEL SECURITY", "table audit r "),
    ("ALTER TABLE bulla.field ADD COLUMN more text", "too many: column field 12 more text"),
    ("ALTER TABLE bulla.field DROP COLUMN mask", "column field 7 mask bytea"),
    ("CREATE INDEX more ON bulla.audit(op)", "too many: index more "),
    ("CREATE TABLE public.other(e bytea REFERENCES bulla.entry)", "too many: reference entry other_e_fkey "),
    ("ALTER TABLE bulla.audit SET UNLOGGED", "table audit r "),
    ("ALTER TABLE bulla.vault DROP CONSTRAINT vault_signature_check", "constraint vault c vault_signature_check "),
    ("ALTER TABLE bulla.revocation ALTER COLUMN number TYPE numeric", "column revocation 1 number bigint"),
    ("CREATE TABLE public.child() INHERITS (bulla.revoked_token)", "too many: child table revoked_token public.child"),
    ("CREATE VIEW bulla.more AS SELECT 1", "too many: column more 1 "),
    ("CREATE FUNCTION bulla.length(bytea) RETURNS int LANGUAGE sql AS 'SELECT 0'", "too many: function length "),
    ("DROP TABLE bulla.turn", "missing or changed: column turn 1 id"),
)


@test_without_vault
def a_vault_that_somebody_has_changed_is_refused(box):
    name = place.vault(box)
    for change, said in CHANGES:
        place.psql(f"CREATE DATABASE changed TEMPLATE {name}")
        place.psql(change, "changed")
        for args in (["list"], ["get", "acme/db", "password", "--reason", "r"]):
            tells(box, args, "this database is not a vault", 'the schema "bulla" is not as bulla makes it', said,
                  url=place.server.url("changed"))
        place.psql("DROP DATABASE changed")
    place.psql("ALTER TABLE bulla.format DROP CONSTRAINT format_version_check; UPDATE bulla.format SET version = 3", name)
    tells(box, "list", "made by a newer version of bulla", "upgrade")
    place.psql("UPDATE bulla.format SET version = 2; "
               "ALTER TABLE bulla.format ADD CONSTRAINT format_version_check CHECK (version = 2)", name)
    assert box.get() == b"hunter2"


def rows_of_a_version(answer):
    """Good facts of a server, then |answer| to the question for the format of the vault."""
    return lambda text: FACTS if "server_version_num" in text else answer if "format" in text else Fake.rows(("x",))


def without_end(first, block):
    """Good facts of a server, then |first| and |block| again and again."""
    return lambda text: FACTS if "server_version_num" in text else itertools.chain([first], itertools.repeat(block))


FACTS = Fake.rows(("150000", "UTF8", "on", "on", "0", "7"))
ROWS = Fake.rows(("x" * 999,)).removesuffix(Fake.READY).removesuffix(message(b"C", b"SELECT 1\0"))
NONSENSE = {
    "silent": (lambda text: b"", b""),
    "silent later": (lambda text: b"", Fake.HELLO),
    "silent after a row": (lambda text: FACTS[:-6], Fake.HELLO),
    "no messages": (lambda text: b"\0" * 64, Fake.HELLO),
    "a length below four": (lambda text: b"T\0\0\0\1", Fake.HELLO),
    "a copy to the server": (lambda text: message(b"G", b"\0\0\0") + Fake.READY, Fake.HELLO),
    "a copy to the client": (lambda text: message(b"H", b"\0\0\0") + Fake.READY, Fake.HELLO),
    "a copy both ways": (lambda text: message(b"W", b"\0\0\0") + Fake.READY, Fake.HELLO),
    "nothing": (lambda text: Fake.READY, Fake.HELLO),
    "an empty query": (lambda text: message(b"I") + Fake.READY, Fake.HELLO),
    "an error without fields": (lambda text: message(b"E", b"\0") + Fake.READY, Fake.HELLO),
    "few facts": (lambda text: Fake.rows(("150000", "UTF8")), Fake.HELLO),
    "two rows of facts": (lambda text: Fake.rows(*[("150000", "UTF8", "on", "on", "0", "7")] * 2), Fake.HELLO),
    "an old one": (lambda text: Fake.rows(("130000", "UTF8", "on", "on", "0", "7")), Fake.HELLO),
    "a version of two columns": (rows_of_a_version(Fake.rows(("2", "2"))), Fake.HELLO),
    "a version of another type": (rows_of_a_version(Fake.rows(("2",), type=17)), Fake.HELLO),
    "no version": (rows_of_a_version(Fake.rows(("x",))), Fake.HELLO),
    "a catalogue of one line": (rows_of_a_version(Fake.rows(("2",))), Fake.HELLO),
    "rows that do not end": (lambda text: Fake.rows(*[("x" * 100,)] * 9)[:-6] * 100, Fake.HELLO),
    "facts that are NULL": (lambda text: Fake.rows((None,) * 6), Fake.HELLO),
    "a version that is NULL": (rows_of_a_version(Fake.rows((None,))), Fake.HELLO),
    "a catalogue of NULL": (lambda text: FACTS if "server_version_num" in text else Fake.rows(*[(None,)] * 200), Fake.HELLO),
    "gigabytes of rows": (without_end(ROWS[:ROWS.index(b"D")], ROWS[ROWS.index(b"D"):] * 99), Fake.HELLO),
    "gigabytes of answers": (without_end(b"", (ROWS + message(b"C", b"SELECT 1\0")) * 99), Fake.HELLO),
    "gigabytes of notices": (without_end(b"", message(b"N", b"SNOTICE\0C00000\0M" + b"x" * 999 + b"\0\0") * 99), Fake.HELLO),
    "gigabytes of settings": (without_end(b"", b"".join(message(b"S", b"%d\0" % i + b"x" * 999 + b"\0") for i in range(99))),
                              Fake.HELLO),
}


class Nonsense:
    """Commands that speak with such servers, beside the other tests: some wait to the end of their patience."""

    LIMIT = 40
    MEMORY = 1 << 20  # KiB

    def begin(self, folder):
        folder = folder / "nonsense"
        folder.mkdir()
        (folder / "root.key").write_text("5a" * 32)
        (folder / "root.key").chmod(0o600)
        self.ended = {}
        self.threads = []
        self.start = time.monotonic()
        for i, (what, (answer, hello)) in enumerate(NONSENSE.items()):
            self.ask(what, folder, Fake(folder / f"fake{i}", answer, hello).folder)
        # Somebody who listens, and does not even accept.
        (folder / "deaf").mkdir()
        self.deaf = socket.socket(socket.AF_UNIX)
        self.deaf.bind(str(folder / "deaf/.s.PGSQL.5432"))
        self.deaf.listen(1)
        self.ask("deaf", folder, folder / "deaf")

    def ask(self, what, folder, host):
        thread = threading.Thread(target=self.run, args=(what, folder, f"postgres://postgres:{PASSWORD}@/x?host={host}"))
        thread.start()
        self.threads.append(thread)

    def run(self, what, folder, url):
        paths = folder / f"{what}.out", folder / f"{what}.err"
        with open(paths[0], "wb") as out, open(paths[1], "wb") as errors:
            process = subprocess.Popen([BULLA, "list", "--vault", url, "--root", "file:root.key"], stdin=subprocess.DEVNULL,
                                       cwd=folder, stdout=out, stderr=errors)
        killer = threading.Timer(self.LIMIT, process.kill)
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        killer.cancel()
        self.ended[what] = (os.waitstatus_to_exitcode(status), *(path.read_text() for path in paths),
                            time.monotonic() - self.start, usage.ru_maxrss)


nonsense = Nonsense()


@test_without_vault
def servers_that_talk_nonsense_or_not_at_all_are_left_in_time(_):
    for thread in nonsense.threads:
        thread.join()
    for what, (status, out, errors, seconds, memory) in nonsense.ended.items():
        assert status in (2, 4) and out == "" and errors.count("\n") == 1, (what, status, out, errors)
        assert PASSWORD not in errors and ": )" not in errors, errors
        assert seconds < nonsense.LIMIT
        assert memory < nonsense.MEMORY, (what, memory)
    note(f"{len(nonsense.ended)} servers were left after {max(e[3] for e in nonsense.ended.values()):.0f} s at most, with "
         f"{max(e[4] for e in nonsense.ended.values()) >> 10} MiB at most")


run_with_server(nonsense.begin)
