# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A vault of two tenants on a server, the logins that see more or less of it, and policies that do not hold."""

import pathlib
import re
import subprocess

from command import Box
import postgres

OTHERS = "db-of-beta"  # the name of an entry that the login of the other tenant must not see
BETA_ENTRIES = 37

LOGINS = """
CREATE ROLE owner LOGIN; CREATE ROLE app LOGIN; CREATE ROLE auditor LOGIN; CREATE ROLE t_a LOGIN; CREATE ROLE t_b LOGIN;
CREATE ROLE unlisted LOGIN; CREATE ROLE pooled LOGIN; GRANT t_a, t_b TO pooled; CREATE ROLE bypass LOGIN BYPASSRLS"""

GRANTS = """
GRANT USAGE ON SCHEMA bulla TO app, auditor, t_a, t_b, unlisted, pooled, bypass;
GRANT SELECT ON ALL TABLES IN SCHEMA bulla TO app, t_a, t_b, unlisted, pooled, bypass;
GRANT UPDATE (id) ON bulla.turn TO app;
GRANT INSERT ON bulla.audit, bulla.audit_head, bulla.lane, bulla.directory TO app;
GRANT UPDATE ON bulla.audit_head, bulla.vault, bulla.directory TO app;
GRANT INSERT, UPDATE, DELETE ON bulla.tenant, bulla.tenant_secret, bulla.entry, bulla.field, bulla.handout,
  bulla.apikey, bulla.revoked_token, bulla.revocation, bulla.limit_bucket TO app;
GRANT INSERT, UPDATE ON bulla.actor, bulla.actor_grant TO app;
GRANT SELECT ON bulla.format, bulla.login, bulla.vault, bulla.directory, bulla.root, bulla.tenant, bulla.lane, bulla.audit,
  bulla.audit_head, bulla.actor, bulla.actor_grant TO auditor;""" + postgres.sees_whole("app") + postgres.sees_whole("auditor")

# What does not hold: by a setting, by the role of the moment, by nothing at all; and with writes of tenants.
CONTROL = """
CREATE SCHEMA control; GRANT USAGE ON SCHEMA control TO PUBLIC;
CREATE TABLE control.login AS TABLE bulla.login;
CREATE TABLE control.entry AS SELECT * FROM bulla.entry ORDER BY tenant <> '{a}';
CREATE TABLE control.by_role AS TABLE control.entry;
CREATE TABLE control.free AS TABLE control.entry;
ALTER TABLE control.entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON control.entry USING (encode(tenant, 'hex') = substr(current_setting('app.tenant', true), 3));
ALTER TABLE control.by_role ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON control.by_role USING (tenant = (SELECT tenant FROM control.login WHERE name = current_user));
CREATE VIEW control.plain AS SELECT * FROM control.free WHERE tenant = '{a}';
CREATE TABLE control.tenant AS TABLE bulla.tenant;
ALTER TABLE control.tenant ADD PRIMARY KEY (id), ADD UNIQUE (name);
CREATE TABLE control.owned AS TABLE control.entry;
ALTER TABLE control.owned ADD PRIMARY KEY (id), ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON control.owned USING (tenant = (SELECT tenant FROM control.login WHERE name = session_user));
CREATE TABLE control.field(entry bytea NOT NULL REFERENCES control.owned, name text);
CREATE TABLE control.audit AS TABLE bulla.audit;
ALTER TABLE control.audit ADD PRIMARY KEY (lane, seq);
CREATE SEQUENCE control.seq;
GRANT ALL ON ALL TABLES IN SCHEMA control TO PUBLIC; GRANT ALL ON ALL SEQUENCES IN SCHEMA control TO PUBLIC;
ALTER ROLE t_a SET app.tenant = '{a}';
CREATE SCHEMA playground; GRANT ALL ON SCHEMA playground TO PUBLIC"""


class Place:
    """A server with a vault of two tenants, which the login "owner" owns, who is no superuser."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "server").mkdir()
        self.server = postgres.Server(self.folder / "server")
        self.box = Box(self.folder)
        self.sql(LOGINS, database="postgres")
        self.sql("CREATE DATABASE v OWNER owner TEMPLATE template0", database="postgres")
        self.sql("REVOKE ALL ON DATABASE v FROM PUBLIC; "
                 "GRANT CONNECT ON DATABASE v TO app, auditor, t_a, t_b, unlisted, pooled, bypass")
        self.run("owner", "init")
        self.sql(GRANTS)
        self.run("app", "put", "acme/db-of-acme", "--secret", "password", stdin="hunter2")
        self.run("app", "put", "acme/db", "--secret", "password", stdin="hunter2")
        self.run("app", "put", "acme/db-of-acme", "host=acme.example")
        for i in range(BETA_ENTRIES):
            self.run("app", "put", f"beta/{OTHERS}-{i}", "host=beta.example")
        self.keys = [self.run("app", "apikey", "create", "--tenant", tenant).decode().split("_")[1] for tenant in ("acme", "beta")]
        self.sql("INSERT INTO bulla.login SELECT l, id FROM bulla.tenant, (VALUES ('t_a', 'acme'), ('t_b', 'beta'), "
                 "('pooled', 'acme'), ('bypass', 'acme')) AS x(l, t) WHERE t = name")
        self.a, self.b = (self.sql(f"SELECT id FROM bulla.tenant WHERE name = '{name}'")[0] for name in ("acme", "beta"))
        self.sql(CONTROL.format(a=self.a))
        self.sql("ANALYZE")

    def url(self, login):
        return self.server.url("v").replace("user=postgres", f"user={login}")

    def run(self, login, *args, **options):
        self.box.environment["BULLA_VAULT"] = self.url(login)
        return self.box.run(*args, **options)

    def sql(self, text, login="postgres", database="v"):
        """Runs |text|, and returns what it printed and what went wrong; the superuser's must succeed."""
        done = subprocess.run([self.server.bin / "psql", "-XAtq", "-h", self.server.folder, "-U", login, "-d", database,
                               "-v", "ON_ERROR_STOP=1", "-c", text], capture_output=True, text=True, check=False, timeout=60,
                              env={"PATH": "/usr/bin:/bin", "PGOPTIONS": "-c client_min_messages=notice"})
        assert done.returncode == 0 or login != "postgres", (text, done.stderr)
        return done.stdout.strip(), done.stderr

    def leaks(self, text, login="t_a"):
        """Whether |text| shows that login the other tenant's rows."""
        return OTHERS in "".join(self.sql(text, login))

    def fails(self, text, login, why="permission denied"):
        out, errors = self.sql(text, login)
        assert why in errors and out == "", (text, out, errors)

    def number(self, text, login="t_a"):
        out, errors = self.sql(text, login)
        assert re.fullmatch(r"\d+", out), (text, out, errors)
        return int(out)
