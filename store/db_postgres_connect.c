/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_postgres_connect.h. */

#include "store/db_postgres_connect.h"

#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/scrub.h"
#include "store/libpq.h"

enum { ANSWER_MS = 15000, CONNECT_MS = 5000 /* for each host */ };
enum { VERSION_MIN = 150000, PART_MAX = 1024 };

/* libpq's URI of |place|, without what is ours. */
#define ALLOW_NO_FSYNC "bulla_fsync=off"

static char *uri_of(const char *place, bool *allows_no_fsync, size_t *size) {
  static const char scheme[] = "postgresql:";
  *size = sizeof(scheme) + strlen(place);
  char *uri = malloc(*size);
  if (uri == NULL) {
    return NULL;
  }
  memcpy(uri, scheme, sizeof(scheme) - 1);
  memcpy(uri + sizeof(scheme) - 1, place, strlen(place) + 1);
  char *query = strchr(uri, '?');
  char *ours = query != NULL ? strstr(query, ALLOW_NO_FSYNC) : NULL;
  size_t len = strlen(ALLOW_NO_FSYNC);
  *allows_no_fsync = ours != NULL && (ours[len] == '\0' || ours[len] == '&') && (ours[-1] == '?' || ours[-1] == '&');
  if (*allows_no_fsync) {
    ours += ours[len] == '&' ? 0 : -1; /* with one of its separators */
    memmove(ours, ours + len + 1, strlen(ours + len + 1) + 1);
  }
  return uri;
}

static void free_parsed(PQconninfoOption **options) {
  if (*options != NULL) {
    for (PQconninfoOption *option = *options; option->keyword != NULL; option++) {
      if (option->val != NULL) {
        bulla_wipe(option->val, strlen(option->val));
      }
    }
    bulla_pq.PQconninfoFree(*options);
    *options = NULL;
  }
}

/* Whether a part of a password that was not encoded could be taken for the host: libpq ends the password at the first
 * '@', and the host at the first '/' or '?'. */
static bool is_ambiguous(const char *uri) {
  const char *place = strstr(uri, "//") + 2;
  const char *at = strchr(place, '@');
  const char *end = place + strcspn(place, "/?#");
  const char *query = strchr(place, '?');
  const char *last = strrchr(place, '@');
  size_t before_query = query != NULL ? (size_t)(query - place) : strlen(place);
  return strcspn(place, "&=") < before_query ||
         (at != NULL && (end < at || (last != at && (query == NULL || last < query))));
}

/* Parses the URI. What libpq says of a wrong one may quote a password. */
static enum bulla_status parse(PQconninfoOption **options, const char *uri) {
  char *message = NULL;
  if (strstr(uri, "?ssl=") != NULL || strstr(uri, "&ssl=") != NULL) {
    return bulla_explain(BULLA_UNSUPPORTED,
                         "ssl=true would check no name: verify-full is the default, sslmode the option");
  }
  if (is_ambiguous(uri)) {
    return bulla_explain(
        BULLA_UNSUPPORTED,
        "in a user or password of the URL write @ as %%40, : as %%3A, / as %%2F, ? as %%3F, # as %%23, "
        "%% as %%25");
  }
  *options = bulla_pq.PQconninfoParse(uri, &message);
  if (message != NULL) {
    bulla_wipe(message, strlen(message));
    bulla_pq.PQfreemem(message);
  }
  return *options != NULL
             ? BULLA_OK
             : bulla_explain(
                   BULLA_UNSUPPORTED,
                   "libpq does not take the URL: postgres://USER@HOST/DATABASE?OPTION=VALUE&..., with options "
                   "that it knows, or bulla_fsync=off");
}

int bulla_postgres_libpq_version(void) {
  return bulla_pq.PQlibVersion();
}

enum bulla_status bulla_postgres_check_place(const char *place) {
  PQconninfoOption *options BULLA_CLEANUP(free_parsed) = NULL;
  bool allowed;
  size_t size;
  if (strncmp(place, "//", 2) != 0) {
    return bulla_explain(BULLA_UNSUPPORTED, "the URL of a server begins with postgres://");
  }
  BULLA_TRY(bulla_need_libpq());
  char *uri = uri_of(place, &allowed, &size);
  if (uri == NULL) {
    return BULLA_NO_MEMORY;
  }
  enum bulla_status status = parse(&options, uri);
  bulla_wipe(uri, size);
  free(uri);
  return status;
}

enum bulla_status bulla_postgres_new(struct bulla_postgres **postgres, const char *place) {
  BULLA_TRY(bulla_need_libpq());
  struct bulla_postgres *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->answer_ms = ANSWER_MS;
  made->uri = uri_of(place, &made->allows_no_fsync, &made->uri_len);
  if (made->uri == NULL) {
    free(made);
    return BULLA_NO_MEMORY;
  }
  *postgres = made;
  return BULLA_OK;
}

void bulla_postgres_free(struct bulla_postgres *postgres) {
  bulla_postgres_drop(postgres);
  bulla_wipe(postgres->uri, postgres->uri_len);
  free(postgres->uri);
  free(postgres);
}

void bulla_postgres_forsake(struct bulla_postgres *postgres) {
  if (postgres->connection != NULL) {
    (void)close(bulla_pq.PQsocket(postgres->connection));
  }
}

static const char *option_of(const PQconninfoOption *options, const char *keyword) {
  for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
    if (strcmp(option->keyword, keyword) == 0) {
      return option->val;
    }
  }
  return NULL;
}

/* What the URI says of |keyword|, or else the environment, which libpq looks at too. */
static const char *given_by(const PQconninfoOption *options, const char *keyword, const char *variable) {
  const char *value = option_of(options, keyword);
  return value != NULL ? value : getenv(variable);
}

/* Whether every server is reached by a socket in the file system. What a service file says is not known. */
static bool is_local(const PQconninfoOption *options) {
  const char *hosts = given_by(options, "host", "PGHOST");
  if (given_by(options, "hostaddr", "PGHOSTADDR") != NULL || given_by(options, "service", "PGSERVICE") != NULL) {
    return false;
  }
  for (const char *host = hosts; host != NULL; host = strchr(host, ',') != NULL ? strchr(host, ',') + 1 : NULL) {
    if (*host != '/' && *host != '@' && *host != '\0') {
      return false;
    }
  }
  return true;
}

enum bulla_status bulla_postgres_trust(enum bulla_postgres_trust *trust, const struct bulla_postgres *postgres) {
  PQconninfoOption *options BULLA_CLEANUP(free_parsed) = NULL;
  BULLA_TRY(parse(&options, postgres->uri));
  const char *mode = option_of(options, "sslmode");
  *trust = mode == NULL || strcmp(mode, "verify-full") == 0 ? BULLA_TRUST_NAME
           : strcmp(mode, "verify-ca") == 0                 ? BULLA_TRUST_AUTHORITY
           : strcmp(mode, "disable") == 0                   ? BULLA_TRUST_CLEAR
                                                            : BULLA_TRUST_ANYBODY;
  return BULLA_OK;
}

/* Why there is no connection. libpq tells the SQLSTATE only in its text, "FATAL:  28P01: ...", and has none for what
 * goes wrong on this side. Of a value that it does not take it quotes it: a password may be where the port belongs. */
static enum bulla_status refused(struct bulla_postgres *postgres) {
  static const char no_host[] = "could not translate host name";
  static const char no_server[] = "connection to server";
  const char *message = bulla_pq.PQerrorMessage(postgres->connection);
  const char *state = strstr(message, ":  ");
  if (strncmp(message, no_host, strlen(no_host)) != 0 && strncmp(message, no_server, strlen(no_server)) != 0) {
    bulla_postgres_drop(postgres);
    return bulla_explain(BULLA_UNSUPPORTED,
                         "libpq does not take a value in the URL, or cannot read a file that it names");
  }
  if (state != NULL && strspn(state + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5) {
    enum bulla_status status = bulla_postgres_status_of(state + 3);
    return bulla_postgres_give_up(postgres, status == BULLA_IO ? BULLA_UNREACHABLE : status,
                                  "no connection could be made");
  }
  if (strstr(message, "no password supplied") != NULL) {
    return bulla_postgres_give_up(
        postgres, BULLA_NOT_PERMITTED,
        "the server wants a password: passfile=PATH in the URL names a file that its owner alone may read");
  }
  bool is_tls = strstr(message, "SSL") != NULL || strstr(message, "certificate") != NULL;
  return bulla_postgres_lost(
      postgres, is_tls ? "no TLS: sslrootcert=PATH in the URL names the authority, and the host must have the "
                         "name in its certificate"
                       : "no connection could be made");
}

/* The part number |i| of a list with commas, or its only part; NULL if there is no list. */
static const char *part_of(char part[PART_MAX], const char *list, size_t i) {
  if (list == NULL) {
    return NULL;
  }
  const char *begin = list;
  for (; i > 0 && strchr(begin, ',') != NULL; i--) {
    begin = strchr(begin, ',') + 1;
  }
  (void)snprintf(part, PART_MAX, "%.*s", (int)strcspn(begin, ","), begin);
  return part;
}

/* Notices, which libpq would write to the standard error, whatever is in them: also those of the greeting. */
static void receive_notice(void *arg, const PGresult *notice) {
  struct bulla_postgres *postgres = arg;
  const char *severity = bulla_pq.PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  postgres->warned = postgres->warned || severity == NULL || strcmp(severity, "WARNING") == 0;
}

/* Begins to connect to host number |i|, with what the URI leaves open set to what is safe. */
static enum bulla_status start(struct bulla_postgres *postgres, const PQconninfoOption *options, size_t i) {
  char parts[3][PART_MAX];
  const char *gssencmode = option_of(options, "gssencmode");
  /* What comes later counts; NULL counts for nothing. */
  const char *const settings[][2] = {
      {"sslmode", is_local(options) ? "disable" : "verify-full"},
      {"tcp_user_timeout", "10000"},
      {"application_name", "bulla"},
      {"dbname", postgres->uri},
      {"client_encoding", "UTF8"},
      {"gssencmode", gssencmode != NULL ? gssencmode : "disable"},
      {"host", part_of(parts[0], given_by(options, "host", "PGHOST"), i)},
      {"hostaddr", part_of(parts[1], given_by(options, "hostaddr", "PGHOSTADDR"), i)},
      {"port", part_of(parts[2], given_by(options, "port", "PGPORT"), i)},
  };
  enum { NUM_SETTINGS = sizeof(settings) / sizeof(settings[0]) };
  const char *keywords[NUM_SETTINGS + 1] = {NULL};
  const char *values[NUM_SETTINGS + 1] = {NULL};
  for (size_t j = 0; j < NUM_SETTINGS; j++) {
    keywords[j] = settings[j][0];
    values[j] = settings[j][1];
  }
  postgres->connection = bulla_pq.PQconnectStartParams(keywords, values, 1);
  if (postgres->connection == NULL) {
    return BULLA_NO_MEMORY;
  }
  (void)bulla_pq.PQsetNoticeReceiver(postgres->connection, receive_notice, postgres);
  (void)bulla_pq.PQsetErrorVerbosity(postgres->connection, PQERRORS_VERBOSE);
  return bulla_pq.PQstatus(postgres->connection) != CONNECTION_BAD ? BULLA_OK : refused(postgres);
}

static enum bulla_status go_on(struct bulla_postgres *postgres) {
  int64_t end = bulla_postgres_within(postgres, CONNECT_MS);
  for (short events = POLLOUT;;) {
    if (!bulla_postgres_wait_for(postgres, events, end)) {
      return bulla_postgres_lost(postgres, "the server did not answer in time");
    }
    PostgresPollingStatusType status = bulla_pq.PQconnectPoll(postgres->connection);
    if (status == PGRES_POLLING_OK) {
      return BULLA_OK;
    }
    if (status == PGRES_POLLING_FAILED) {
      return refused(postgres);
    }
    events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
  }
}

static size_t count_parts(const char *list) {
  size_t num = 1;
  for (; list != NULL && *list != '\0'; list++) {
    num += *list == ',' ? 1 : 0;
  }
  return num;
}

/* Connects to the first host that can be had: libpq would wait for one that is silent until its own deadline, which it
 * has only where it blocks. */
static enum bulla_status reach(struct bulla_postgres *postgres) {
  PQconninfoOption *options BULLA_CLEANUP(free_parsed) = NULL;
  BULLA_TRY(parse(&options, postgres->uri));
  size_t num_hosts = count_parts(given_by(options, "host", "PGHOST"));
  size_t num_addresses = count_parts(given_by(options, "hostaddr", "PGHOSTADDR"));
  enum bulla_status status = BULLA_UNREACHABLE;
  for (size_t i = 0; i < (num_hosts > num_addresses ? num_hosts : num_addresses); i++) {
    status = start(postgres, options, i);
    status = status == BULLA_OK ? go_on(postgres) : status;
    if (status == BULLA_OK || status == BULLA_UNSUPPORTED || status == BULLA_NO_MEMORY) {
      return status;
    }
  }
  return status;
}

static const char *text_at(const struct bulla_db_rows *rows, int column) {
  bool is_there = bulla_pq.PQntuples(rows->handle) == 1 && column < bulla_pq.PQnfields(rows->handle);
  return is_there ? bulla_pq.PQgetvalue(rows->handle, 0, column) : "";
}

/* Looks whether the server is one on which what is committed stays. */
static enum bulla_status check_server(struct bulla_postgres *postgres) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  BULLA_TRY(bulla_postgres_ask(
      &rows, postgres,
      "SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.current_setting('server_encoding'), "
      "pg_catalog.current_setting('fsync'), pg_catalog.current_setting('full_page_writes'), "
      "pg_catalog.pg_is_in_recovery()::int, pg_catalog.pg_backend_pid()"));
  if (strtol(text_at(&rows, 0), NULL, 10) < VERSION_MIN) {
    return bulla_explain(BULLA_UNSUPPORTED, "the server is older than PostgreSQL 15");
  }
  if (strcmp(text_at(&rows, 1), "UTF8") != 0) {
    return bulla_explain(BULLA_UNSUPPORTED, "the database is not encoded in UTF8: make one with ENCODING 'UTF8'");
  }
  bool keeps = strcmp(text_at(&rows, 2), "on") == 0 && strcmp(text_at(&rows, 3), "on") == 0;
  if (!keeps && !postgres->allows_no_fsync) {
    return bulla_explain(BULLA_UNSUPPORTED,
                         "the server has fsync or full_page_writes off, and loses what it acknowledged when the power "
                         "goes: turn them on, or say " ALLOW_NO_FSYNC " in the URL");
  }
  postgres->db.read_only = postgres->only_reads || strcmp(text_at(&rows, 4), "0") != 0;
  postgres->is_pooled = strtol(text_at(&rows, 5), NULL, 10) != bulla_pq.PQbackendPID(postgres->connection);
  return BULLA_OK;
}

static locale_t plain_words;

static void make_plain_words(void) {
  plain_words = newlocale(LC_MESSAGES_MASK, "C", (locale_t)0);
}

static void restore_words(const locale_t *before) {
  (void)uselocale(*before);
}

/* Why libpq could not connect it says in words alone, which it would translate. */
enum bulla_status bulla_postgres_connect(struct bulla_postgres *postgres) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  if (postgres->connection != NULL) {
    return BULLA_OK;
  }
  pthread_once(&once, make_plain_words);
  const locale_t before BULLA_CLEANUP(restore_words) = uselocale(plain_words);
  (void)before;
  BULLA_TRY(reach(postgres));
  postgres->db.connects++;
  if (bulla_pq.PQsetnonblocking(postgres->connection, 1) != 0) {
    return bulla_postgres_lost(postgres, "the connection was lost");
  }
  enum bulla_status status = check_server(postgres);
  if (status != BULLA_OK) {
    bulla_postgres_drop(postgres);
  }
  return status;
}

enum bulla_status bulla_postgres_connect_to_write(struct bulla_postgres *postgres) {
  if (postgres->db.read_only && !postgres->only_reads) {
    bulla_postgres_drop(postgres);
  }
  BULLA_TRY(bulla_postgres_connect(postgres));
  if (!postgres->db.read_only) {
    return BULLA_OK;
  }
  return bulla_explain(BULLA_READ_ONLY, "%s",
                       postgres->only_reads ? "the vault was opened for reading" : "the server is a standby");
}
