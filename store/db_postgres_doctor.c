/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is known of a server: whether it keeps what it acknowledges, what a commit of ours waits for, what the login may
 * and may not do. All of it is asked at once, in a transaction like every other. */

#include "store/db_postgres_doctor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "store/clock.h"
#include "store/db_postgres.h"
#include "store/db_postgres_connect.h"
#include "store/db_postgres_rights.h"

enum { SHOWN_MAX = 200, CLOCKS_APART_MAX_MS = 5000, SNAPSHOT_MAX_S = 3600 };

/* In the order of the columns of |question|. */
enum fact {
  VERSION,
  ENCODING,
  FSYNC,
  FULL_PAGE_WRITES,
  SYNCHRONOUS_COMMIT,
  STANDBY_NAMES,
  STANDBYS,
  HIDDEN_STANDBYS,
  IN_RECOVERY,
  LOGIN,
  IS_SUPERUSER,
  BYPASSES_POLICIES,
  OWNS,
  SNAPSHOT,
  HIDDEN_SESSIONS,
  CLOCK,
  TLS,
  IS_LOCAL,
  NUM_FACTS
};

static const char question[] =
    "SELECT current_setting('server_version'), "
    "(SELECT pg_encoding_to_char(encoding)::text FROM pg_database WHERE datname = current_database()), "
    "current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'), "
    "current_setting('synchronous_standby_names'), "
    "(SELECT string_agg(application_name, ', ' ORDER BY application_name) FROM pg_stat_replication "
    "WHERE sync_state IN ('sync', 'quorum')), "
    "(SELECT count(*)::text FROM pg_stat_replication WHERE sync_state IS NULL), "
    "pg_is_in_recovery()::text, r.rolname::text, r.rolsuper::text, r.rolbypassrls::text, "
    "(NOT r.rolsuper AND EXISTS (SELECT FROM pg_class WHERE relnamespace = 'bulla'::regnamespace "
    "AND pg_has_role(r.oid, relowner, 'USAGE')))::text, "
    "(SELECT max(extract(epoch FROM clock_timestamp() - xact_start))::bigint::text FROM pg_stat_activity "
    "WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()), "
    "(SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND usename <> r.rolname "
    "AND backend_type IS NULL), "
    "(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text, "
    "(SELECT version || ', ' || cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), "
    "(inet_server_addr() IS NULL)::text FROM pg_roles r WHERE r.rolname = current_user";

/* What the server said, as texts; empty for NULL. */
struct facts {
  char text[NUM_FACTS][SHOWN_MAX];
  int64_t clocks_apart; /* milliseconds, at least */
};

static bool is(const struct facts *facts, enum fact fact, const char *text) {
  return strcmp(facts->text[fact], text) == 0;
}

static void take(char text[SHOWN_MAX], const struct bulla_db_rows *rows, size_t column) {
  struct bulla_value value;
  bulla_postgres_column(rows, column, &value);
  size_t len = value.type != BULLA_VALUE_TEXT ? 0 : value.bytes.len < SHOWN_MAX ? value.bytes.len : SHOWN_MAX - 1;
  if (len > 0) {
    memcpy(text, value.bytes.data, len);
  }
  text[len] = '\0';
}

/* How far the server's clock is from the span of ours in which it was read. */
static int64_t distance(int64_t at, int64_t begin, int64_t end) {
  return at < begin ? begin - at : at > end ? at - end : 0;
}

static enum bulla_status ask(struct facts *facts, struct bulla_postgres *postgres) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  bool row;
  int64_t begin = bulla_clock_us() / 1000;
  BULLA_TRY(bulla_postgres_ask(&rows, postgres, question));
  int64_t end = bulla_clock_us() / 1000;
  BULLA_TRY(bulla_postgres_next(&rows, &row));
  if (!row || rows.num_columns != NUM_FACTS) {
    return BULLA_IO;
  }
  for (size_t i = 0; i < NUM_FACTS; i++) {
    take(facts->text[i], &rows, i);
  }
  facts->clocks_apart = distance(strtoll(facts->text[CLOCK], NULL, 10), begin, end);
  return BULLA_OK;
}

static void tell_versions(struct bulla_examination *examination, const struct facts *facts) {
  int version = bulla_postgres_libpq_version();
  bulla_examine_tell(examination, "libpq", BULLA_VERDICT_OK, NULL, "%d.%d", version / 10000, version % 10000);
  bulla_examine_tell(examination, "PostgreSQL", BULLA_VERDICT_OK, NULL, "%s", facts->text[VERSION]);
  bulla_examine_tell(examination, "encoding", is(facts, ENCODING, "UTF8") ? BULLA_VERDICT_OK : BULLA_VERDICT_PROBLEM,
                     "move the vault to a database with ENCODING 'UTF8'", "%s", facts->text[ENCODING]);
}

static void tell_durability(struct bulla_examination *examination, const struct facts *facts) {
  static const struct {
    enum fact fact;
    const char *name;
  } kept[] = {{FSYNC, "fsync"}, {FULL_PAGE_WRITES, "full_page_writes"}};
  for (size_t i = 0; i < 2; i++) {
    bulla_examine_tell(examination, kept[i].name,
                       is(facts, kept[i].fact, "on") ? BULLA_VERDICT_OK : BULLA_VERDICT_PROBLEM,
                       "turn it on: what is acknowledged is lost when the power goes", "%s", facts->text[kept[i].fact]);
  }
  bool waits = is(facts, SYNCHRONOUS_COMMIT, "on") || is(facts, SYNCHRONOUS_COMMIT, "remote_apply");
  bulla_examine_tell(examination, "synchronous_commit", waits ? BULLA_VERDICT_OK : BULLA_VERDICT_PROBLEM,
                     "a transaction of bulla's sets it: find out who sets it back", "%s",
                     facts->text[SYNCHRONOUS_COMMIT]);
}

static void tell_standbys(struct bulla_examination *examination, const struct facts *facts) {
  const char *names = facts->text[STANDBY_NAMES];
  if (is(facts, IN_RECOVERY, "true")) {
    bulla_examine_tell(examination, "standbys", BULLA_VERDICT_WARNING,
                       "name the primary, or several hosts: nothing can be written or used here",
                       "this server is a standby itself");
  } else if (names[0] == '\0') {
    bulla_examine_tell(examination, "standbys", BULLA_VERDICT_WARNING,
                       "set synchronous_standby_names to have commits wait for a standby",
                       "none: a commit survives a crash but not the loss of the server");
  } else if (!is(facts, STANDBYS, "")) {
    bulla_examine_tell(examination, "standbys", BULLA_VERDICT_OK, NULL, "a commit waits for %s", facts->text[STANDBYS]);
  } else if (!is(facts, HIDDEN_STANDBYS, "0")) {
    bulla_examine_tell(examination, "standbys", BULLA_VERDICT_WARNING,
                       "GRANT pg_read_all_stats to this login to have them named",
                       "synchronous_standby_names is %s, and this login cannot see who follows", names);
  } else {
    bulla_examine_tell(examination, "standbys", BULLA_VERDICT_PROBLEM,
                       "start it, or take it out of synchronous_standby_names: until then every use is BULLA_UNCERTAIN "
                       "or BULLA_BUSY",
                       "%s is not there", names);
  }
}

static void tell_login(struct bulla_examination *examination, const struct facts *facts,
                       const struct bulla_postgres *postgres) {
  bool only_bypasses =
      is(facts, BYPASSES_POLICIES, "true") && !is(facts, IS_SUPERUSER, "true") && !is(facts, OWNS, "true");
  const char *what = is(facts, IS_SUPERUSER, "true") ? ", a superuser"
                     : is(facts, OWNS, "true")       ? ", an owner of the tables"
                     : only_bypasses                 ? ", which bypasses row-level security"
                                                     : "";
  bulla_examine_tell(examination, "login", what[0] == '\0' ? BULLA_VERDICT_OK : BULLA_VERDICT_WARNING,
                     only_bypasses ? "meant so for a service that sees the whole vault; never for a login of a tenant"
                                   : "have services log in as a role that can change no record: docs/POSTGRESQL.md",
                     "%s%s%s", facts->text[LOGIN], what, postgres->db.actor > 0 ? ", of an actor" : "");
}

/* An actor's login that may more than its roles need gives whoever takes the login what the actor's key does not. */
static void tell_rights(struct bulla_examination *examination, const struct facts *facts,
                        const struct bulla_postgres_rights *rights, const struct bulla_postgres *postgres) {
  bool is_actors = postgres->db.actor > 0;
  bool has_all = rights->lacks[0] == '\0';
  const char *all = !is_actors                 ? "all that a service needs"
                    : rights->roles[0] == '\0' ? "all that an actor without a grant needs"
                                               : "all that these roles need: ";
  bulla_examine_tell(examination, "rights", has_all ? BULLA_VERDICT_OK : BULLA_VERDICT_WARNING,
                     postgres->db.is_partial ? "none are needed: a login of one tenant reads only"
                     : is_actors             ? "grant them: docs/POSTGRESQL.md"
                                             : "grant them, unless the login is only to read: docs/POSTGRESQL.md",
                     "%s%s", has_all ? all : "lacks ", has_all ? rights->roles : rights->lacks);
  /* A superuser and an owner have them all, and were told of. */
  if (!is(facts, IS_SUPERUSER, "true") && !is(facts, OWNS, "true")) {
    bool has_more = rights->too_many[0] != '\0';
    bulla_examine_tell(examination, "further rights", has_more ? BULLA_VERDICT_PROBLEM : BULLA_VERDICT_OK,
                       is_actors ? "revoke them: no role of the actor needs them"
                                 : "revoke them: by these the log or the vault can be damaged",
                       "%s%s", has_more ? "may " : "none", rights->too_many);
  }
}

static void tell_snapshot(struct bulla_examination *examination, const struct facts *facts) {
  int64_t age = strtoll(facts->text[SNAPSHOT], NULL, 10);
  if (age <= SNAPSHOT_MAX_S && !is(facts, HIDDEN_SESSIONS, "0")) {
    bulla_examine_tell(examination, "oldest snapshot", BULLA_VERDICT_WARNING,
                       "GRANT pg_read_all_stats to this login to have them looked at",
                       "only this login's own are seen, and others (%s) are connected", facts->text[HIDDEN_SESSIONS]);
    return;
  }
  bulla_examine_tell(examination, "oldest snapshot", age > SNAPSHOT_MAX_S ? BULLA_VERDICT_WARNING : BULLA_VERDICT_OK,
                     "end that session: until then no vacuum removes what was deleted", "%" PRId64 " s", age);
}

/* Who has not shown a certificate for the host's name may be anybody: also an encrypted connection to it is no safe
 * one. Without TLS by choice may be meant so, as to a pooler on the same machine. */
static enum bulla_status tell_tls(struct bulla_examination *examination, const struct facts *facts,
                                  const struct bulla_postgres *postgres) {
  static const struct {
    enum bulla_verdict verdict;
    const char *unchecked;
  } known[] = {
      [BULLA_TRUST_NAME] = {BULLA_VERDICT_OK, ""},
      [BULLA_TRUST_AUTHORITY] = {BULLA_VERDICT_WARNING, ", but the server's name is not checked (sslmode=verify-ca)"},
      [BULLA_TRUST_ANYBODY] = {BULLA_VERDICT_PROBLEM, ", and by its sslmode whoever answers is taken for the server"},
      [BULLA_TRUST_CLEAR] = {BULLA_VERDICT_WARNING, ""},
  };
  enum bulla_postgres_trust trust;
  BULLA_TRY(bulla_postgres_trust(&trust, postgres));
  if (is(facts, IS_LOCAL, "true")) {
    bulla_examine_tell(examination, "TLS", BULLA_VERDICT_OK, NULL, "none, over a Unix socket");
    return BULLA_OK;
  }
  bool is_clear = is(facts, TLS, ""); /* behind a pooler also where the certificate was checked */
  bool is_good = known[trust].verdict == BULLA_VERDICT_OK;
  bulla_examine_tell(examination, "TLS", is_clear && is_good ? BULLA_VERDICT_WARNING : known[trust].verdict,
                     "take sslmode out of the URL", "%s%s", is_clear ? "none" : facts->text[TLS],
                     known[trust].unchecked);
  return BULLA_OK;
}

static void tell_connection(struct bulla_examination *examination, const struct facts *facts,
                            const struct bulla_postgres *postgres) {
  bulla_examine_tell(examination, "clocks",
                     facts->clocks_apart > CLOCKS_APART_MAX_MS ? BULLA_VERDICT_WARNING : BULLA_VERDICT_OK,
                     "have both set by NTP: records have the time of the machine that writes them",
                     "the server's is %" PRId64 " ms from this one's", facts->clocks_apart);
  bulla_examine_tell(examination, "pooler", BULLA_VERDICT_OK, NULL, "%s",
                     postgres->is_pooled ? "in between: TLS ends there" : "none");
}

enum bulla_status bulla_postgres_examine(struct bulla_db *db, struct bulla_examination *examination) {
  struct bulla_postgres *postgres = (struct bulla_postgres *)db;
  struct facts facts;
  struct bulla_postgres_rights rights;
  BULLA_TRY(ask(&facts, postgres));
  BULLA_TRY(bulla_postgres_rights(&rights, postgres));
  tell_versions(examination, &facts);
  tell_durability(examination, &facts);
  tell_standbys(examination, &facts);
  tell_login(examination, &facts, postgres);
  tell_rights(examination, &facts, &rights, postgres);
  tell_snapshot(examination, &facts);
  BULLA_TRY(tell_tls(examination, &facts, postgres));
  tell_connection(examination, &facts, postgres);
  return BULLA_OK;
}
