/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_postgres.h. The only file that includes libpq-fe.h.
 *
 * libpq is loaded when a vault on a server is first named: it brings OpenSSL, Kerberos and LDAP into the process, which
 * those who keep their vault in a file need not have. Each exchange has a deadline, after which the connection is given
 * up; only what looking up a host's name takes is the system's. */

#include "store/db_postgres.h"

#include <dlfcn.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "core/scrub.h"
#include "store/clock.h"

#define FUNCTIONS(EACH)      \
  EACH(PQbackendPID)         \
  EACH(PQclear)              \
  EACH(PQcmdStatus)          \
  EACH(PQcmdTuples)          \
  EACH(PQconninfoFree)       \
  EACH(PQconninfoParse)      \
  EACH(PQconnectPoll)        \
  EACH(PQconnectStartParams) \
  EACH(PQconsumeInput)       \
  EACH(PQenterPipelineMode)  \
  EACH(PQerrorMessage)       \
  EACH(PQexitPipelineMode)   \
  EACH(PQfinish)             \
  EACH(PQflush)              \
  EACH(PQfreemem)            \
  EACH(PQftype)              \
  EACH(PQgetResult)          \
  EACH(PQgetisnull)          \
  EACH(PQgetlength)          \
  EACH(PQgetvalue)           \
  EACH(PQisBusy)             \
  EACH(PQnfields)            \
  EACH(PQntuples)            \
  EACH(PQpipelineSync)       \
  EACH(PQresultErrorField)   \
  EACH(PQresultStatus)       \
  EACH(PQsendFlushRequest)   \
  EACH(PQsendPrepare)        \
  EACH(PQsendQuery)          \
  EACH(PQsendQueryParams)    \
  EACH(PQsendQueryPrepared)  \
  EACH(PQsetErrorVerbosity)  \
  EACH(PQsetNoticeReceiver)  \
  EACH(PQsetnonblocking)     \
  EACH(PQsocket)             \
  EACH(PQsslInUse)           \
  EACH(PQstatus)             \
  EACH(PQtransactionStatus)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name in parentheses cannot be declared. */
#define DECLARE(function) __typeof__(function) *function;
static struct { FUNCTIONS(DECLARE) } pq;
static bool available;

enum { ANSWER_MS = 15000, CONNECT_MS = 5000 /* for each host */, TLS_SLICE_MS = 20 };
enum { VERSION_MIN = 150000 };
enum { TEXT_MAX = 240, NAME_MAX_LEN = 24, PART_MAX = 1024 };

/* The types of values, as pg_type has them. */
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_VARCHAR = 1043, OID_NAME = 19 };

static void load(void) {
  void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    return;
  }
#define FIND(function)                             \
  {                                                \
    void *symbol = dlsym(library, #function);      \
    if (symbol == NULL) {                          \
      return;                                      \
    }                                              \
    memcpy(&pq.function, &symbol, sizeof(symbol)); \
  }
  FUNCTIONS(FIND)
  available = true;
}

static enum bulla_status need_libpq(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return available ? BULLA_OK
                   : bulla_explain(BULLA_UNSUPPORTED, "libpq.so.5 of PostgreSQL cannot be loaded: install libpq5");
}

/* What the server says, for the log: one line without its line breaks. It names tables and settings, no values. */
static const char *cleaned(char text[TEXT_MAX], const char *message) {
  size_t len = 0;
  for (; message != NULL && *message != '\0' && *message != '\n' && len + 1 < TEXT_MAX; message++) {
    bool is_plain = *message >= ' ' && *message < 0x7f;
    text[len++] = (char)(is_plain ? *message : '?');
  }
  text[len] = '\0';
  return text;
}

static void receive_notice(void *arg, const PGresult *notice) {
  struct bulla_postgres *postgres = arg;
  const char *severity = pq.PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  postgres->warned = postgres->warned || severity == NULL || strcmp(severity, "WARNING") == 0;
}

/* An answer, of which there is one for each statement of a text. */
struct answer {
  PGresult *result;
};

static void answer_free(struct answer *answer) {
  if (answer->result != NULL) {
    pq.PQclear(answer->result);
    answer->result = NULL;
  }
}

/* Who was to be told of an outcome is told now: once the transaction has ended, its statements are their owners'. */
static void drop(struct bulla_postgres *postgres) {
  if (postgres->connection != NULL) {
    pq.PQfinish(postgres->connection);
    postgres->connection = NULL;
  }
  for (size_t i = 0; i < postgres->num_awaited; i++) {
    struct bulla_db_rows *rows = postgres->awaited[i];
    if (rows != NULL && rows->is_ahead) {
      rows->is_ahead = false;
      rows->status = BULLA_UNREACHABLE;
    }
  }
  postgres->is_known = false;
  postgres->is_taking = false;
  postgres->is_piping = false;
  postgres->has_failed = false;
  postgres->num_awaited = 0;
  memset(postgres->is_prepared, 0, sizeof(postgres->is_prepared));
}

/* Waits until |events| may happen on the socket, but not past |end|. */
static bool wait_for(const struct bulla_postgres *postgres, short events, int64_t end) {
  for (;;) {
    int64_t left = end - bulla_clock_monotonic_ms();
    struct pollfd socket = {.fd = pq.PQsocket(postgres->connection), .events = events};
    int ready = left > 0 && socket.fd >= 0 ? poll(&socket, 1, (int)left) : 0;
    if (ready > 0 || (ready < 0 && errno != EINTR) || left <= 0 || socket.fd < 0) {
      return ready > 0;
    }
  }
}

static enum bulla_status give_up(struct bulla_postgres *postgres, enum bulla_status status, const char *what) {
  char text[TEXT_MAX];
  (void)bulla_explain(status, "PostgreSQL: %s: %s", what, cleaned(text, pq.PQerrorMessage(postgres->connection)));
  drop(postgres);
  return status;
}

static enum bulla_status lost(struct bulla_postgres *postgres, const char *what) {
  return give_up(postgres, BULLA_UNREACHABLE, what);
}

/* Sends what is queued. */
static enum bulla_status flush(struct bulla_postgres *postgres, int64_t end) {
  for (;;) {
    int left = pq.PQflush(postgres->connection);
    if (left == 0) {
      return BULLA_OK;
    }
    /* A server that does not read may have something to say first. */
    if (left < 0 || !wait_for(postgres, POLLIN | POLLOUT, end) || pq.PQconsumeInput(postgres->connection) == 0) {
      return lost(postgres, "the connection was lost");
    }
  }
}

/* Takes the next answer; none if there is no more. */
static enum bulla_status take(struct answer *answer, struct bulla_postgres *postgres, int64_t end) {
  answer_free(answer);
  while (pq.PQisBusy(postgres->connection) != 0) {
    /* What OpenSSL has read already the socket does not tell of. */
    int64_t slice = pq.PQsslInUse(postgres->connection) != 0 ? bulla_clock_monotonic_ms() + TLS_SLICE_MS : end;
    if (!wait_for(postgres, POLLIN, slice < end ? slice : end) && bulla_clock_monotonic_ms() >= end) {
      return lost(postgres, "the server did not answer in time");
    }
    if (pq.PQconsumeInput(postgres->connection) == 0) {
      return lost(postgres, "the connection was lost");
    }
  }
  answer->result = pq.PQgetResult(postgres->connection);
  switch (answer->result != NULL ? pq.PQresultStatus(answer->result) : PGRES_COMMAND_OK) {
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      /* libpq gives it again and again. */
      return lost(postgres, "the server began to copy, which nothing asked for");
    default:
      return pq.PQstatus(postgres->connection) != CONNECTION_BAD ? BULLA_OK : lost(postgres, "the connection was lost");
  }
}

/* What the five characters of an SQLSTATE mean here. */
static enum bulla_status status_of(const char *state) {
  static const struct {
    const char *state; /* or its class */
    enum bulla_status status;
  } known[] = {
      {"42P06", BULLA_EXISTS},        {"23505", BULLA_EXISTS},      {"53100", BULLA_DISK_FULL},
      {"53200", BULLA_NO_MEMORY},     {"53", BULLA_BUSY},           {"55P03", BULLA_BUSY},
      {"57014", BULLA_BUSY},          {"40", BULLA_BUSY},           {"25006", BULLA_READ_ONLY},
      {"42501", BULLA_NOT_PERMITTED}, {"28", BULLA_NOT_PERMITTED},  {"3D000", BULLA_NO_VAULT},
      {"42P01", BULLA_NO_VAULT},      {"3F000", BULLA_NO_VAULT},    {"57P", BULLA_UNREACHABLE},
      {"08", BULLA_UNREACHABLE},      {"XX001", BULLA_NOT_A_VAULT}, {"XX002", BULLA_NOT_A_VAULT},
      {"42", BULLA_NOT_A_VAULT},      {"22", BULLA_NOT_A_VAULT},    {"23", BULLA_NOT_A_VAULT},
  };
  for (size_t i = 0; state != NULL && i < sizeof(known) / sizeof(known[0]); i++) {
    if (strncmp(state, known[i].state, strlen(known[i].state)) == 0) {
      return known[i].status;
    }
  }
  return BULLA_IO;
}

static enum bulla_status check(const struct answer *answer) {
  char text[TEXT_MAX];
  switch (pq.PQresultStatus(answer->result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
      return BULLA_OK;
    case PGRES_PIPELINE_ABORTED: /* behind a command that failed, and has said why */
      return BULLA_IO;
    default:
      break;
  }
  const char *state = pq.PQresultErrorField(answer->result, PG_DIAG_SQLSTATE);
  enum bulla_status status = status_of(state);
  return status == BULLA_EXISTS
             ? status
             : bulla_explain(status, "PostgreSQL: %s (%.5s)",
                             cleaned(text, pq.PQresultErrorField(answer->result, PG_DIAG_MESSAGE_PRIMARY)),
                             state != NULL ? state : "?????");
}

static int64_t deadline(const struct bulla_postgres *postgres) {
  return bulla_clock_monotonic_ms() + postgres->answer_ms + (postgres->db.left > 0 ? postgres->db.left : 0);
}

/* Takes the answers to a command, or to a text of several: |*last| is the last of them. All are taken also after one
 * that is an error, which is what is returned then. */
static enum bulla_status take_all(struct answer *last, struct bulla_postgres *postgres, int64_t end) {
  struct answer next BULLA_CLEANUP(answer_free) = {NULL};
  enum bulla_status status = BULLA_OK;
  for (answer_free(last);;) {
    BULLA_TRY(take(&next, postgres, end));
    if (next.result == NULL) {
      return last->result != NULL ? status : lost(postgres, "the server did not answer");
    }
    status = status == BULLA_OK ? check(&next) : status;
    answer_free(last);
    last->result = next.result;
    next.result = NULL;
  }
}

/* Whether |sent| is what libpq returns for something that was sent. */
static enum bulla_status check_sent(struct bulla_postgres *postgres, int sent) {
  return sent == 1 ? BULLA_OK : lost(postgres, "nothing could be sent");
}

static void take_rows(struct bulla_db_rows *rows, struct answer *answer) {
  rows->handle = answer->result;
  rows->num_columns = (size_t)pq.PQnfields(answer->result);
  rows->num_given = 0;
  answer->result = NULL;
}

/* Stands for a record, of which no more is wanted than that it was inserted. */
static struct bulla_db_rows record;

/* Takes the outcome of all that was sent before in the pipeline. Returns that of what nobody will look at; a record
 * that is there already is none of ours. */
static enum bulla_status take_awaited(struct bulla_postgres *postgres, int64_t end) {
  struct answer answer BULLA_CLEANUP(answer_free) = {NULL};
  enum bulla_status first = BULLA_OK;
  if (postgres->is_taking) {
    return lost(postgres, "an exception came in between"); /* of the log function: whose turn it is nobody knows */
  }
  postgres->is_taking = true;
  for (size_t i = 0; i < postgres->num_awaited; i++) {
    enum bulla_status status = take_all(&answer, postgres, end);
    if (postgres->connection == NULL) {
      return status;
    }
    struct bulla_db_rows *rows = postgres->awaited[i];
    if (rows == &record && status == BULLA_OK && strcmp(pq.PQcmdStatus(answer.result), "INSERT 0 1") != 0) {
      status = bulla_explain(BULLA_AUDIT_BROKEN, "the server did not insert a record");
    }
    postgres->has_failed = postgres->has_failed || status != BULLA_OK;
    if (rows == NULL || rows == &record) {
      first = first == BULLA_OK ? status : first;
      continue;
    }
    rows->status = (int)status;
    rows->is_ahead = false;
    if (status == BULLA_OK) {
      take_rows(rows, &answer);
    }
  }
  postgres->num_awaited = 0;
  postgres->is_taking = false;
  return first == BULLA_EXISTS ? bulla_explain(BULLA_AUDIT_BROKEN, "there is a record beyond the head of the log")
                               : first;
}

static enum bulla_status begin_pipeline(struct bulla_postgres *postgres) {
  if (!postgres->is_piping && pq.PQenterPipelineMode(postgres->connection) != 1) {
    return lost(postgres, "libpq did not enter pipeline mode");
  }
  postgres->is_piping = true;
  return BULLA_OK;
}

/* Ends the pipeline, and returns how what is awaited ended; |*last| is the answer to the last command, if |has_last|.
 */
static enum bulla_status end_pipeline(struct answer *last, struct bulla_postgres *postgres, bool has_last) {
  struct answer sync BULLA_CLEANUP(answer_free) = {NULL};
  int64_t end = deadline(postgres);
  if (!postgres->is_piping) {
    return BULLA_OK;
  }
  BULLA_TRY(check_sent(postgres, pq.PQpipelineSync(postgres->connection)));
  BULLA_TRY(flush(postgres, end));
  enum bulla_status status = take_awaited(postgres, end);
  if (postgres->connection != NULL && has_last) {
    enum bulla_status of_last = take_all(last, postgres, end);
    status = status == BULLA_OK ? of_last : status;
  }
  if (postgres->connection == NULL) {
    return status;
  }
  BULLA_TRY(take(&sync, postgres, end));
  bool is_sync = sync.result != NULL && pq.PQresultStatus(sync.result) == PGRES_PIPELINE_SYNC;
  if (!is_sync || pq.PQexitPipelineMode(postgres->connection) != 1) {
    return lost(postgres, "the server answered out of turn");
  }
  postgres->is_piping = false;
  return status;
}

static enum bulla_status need_connection(struct bulla_postgres *postgres) {
  return postgres->connection != NULL ? BULLA_OK
                                      : bulla_explain(BULLA_UNREACHABLE, "PostgreSQL: the connection was lost");
}

/* Runs |text|, of any number of statements. */
static enum bulla_status run(struct answer *last, struct bulla_postgres *postgres, const char *text) {
  BULLA_TRY(need_connection(postgres));
  BULLA_TRY(end_pipeline(last, postgres, false));
  BULLA_TRY(check_sent(postgres, pq.PQsendQuery(postgres->connection, text)));
  int64_t end = deadline(postgres);
  BULLA_TRY(flush(postgres, end));
  return take_all(last, postgres, end);
}

enum bulla_status bulla_postgres_run(struct bulla_postgres *postgres, const char *text) {
  struct answer last BULLA_CLEANUP(answer_free) = {NULL};
  return run(&last, postgres, text);
}

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
    pq.PQconninfoFree(*options);
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
  *options = pq.PQconninfoParse(uri, &message);
  if (message != NULL) {
    bulla_wipe(message, strlen(message));
    pq.PQfreemem(message);
  }
  return *options != NULL
             ? BULLA_OK
             : bulla_explain(
                   BULLA_UNSUPPORTED,
                   "libpq does not take the URL: postgres://USER@HOST/DATABASE?OPTION=VALUE&..., with options "
                   "that it knows, or bulla_fsync=off");
}

enum bulla_status bulla_postgres_check_place(const char *place) {
  PQconninfoOption *options BULLA_CLEANUP(free_parsed) = NULL;
  bool allowed;
  size_t size;
  if (strncmp(place, "//", 2) != 0) {
    return bulla_explain(BULLA_UNSUPPORTED, "the URL of a server begins with postgres://");
  }
  BULLA_TRY(need_libpq());
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
  BULLA_TRY(need_libpq());
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
  drop(postgres);
  bulla_wipe(postgres->uri, postgres->uri_len);
  free(postgres->uri);
  free(postgres);
}

void bulla_postgres_forsake(struct bulla_postgres *postgres) {
  if (postgres->connection != NULL) {
    (void)close(pq.PQsocket(postgres->connection));
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

/* Why there is no connection. libpq tells the SQLSTATE only in its text, "FATAL:  28P01: ...", and has none for what
 * goes wrong on this side. Of a value that it does not take it quotes it: a password may be where the port belongs. */
static enum bulla_status refused(struct bulla_postgres *postgres) {
  static const char no_host[] = "could not translate host name";
  static const char no_server[] = "connection to server";
  const char *message = pq.PQerrorMessage(postgres->connection);
  const char *state = strstr(message, ":  ");
  if (strncmp(message, no_host, strlen(no_host)) != 0 && strncmp(message, no_server, strlen(no_server)) != 0) {
    drop(postgres);
    return bulla_explain(BULLA_UNSUPPORTED,
                         "libpq does not take a value in the URL, or cannot read a file that it names");
  }
  if (state != NULL && strspn(state + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5) {
    enum bulla_status status = status_of(state + 3);
    return give_up(postgres, status == BULLA_IO ? BULLA_UNREACHABLE : status, "no connection could be made");
  }
  if (strstr(message, "no password supplied") != NULL) {
    return give_up(postgres, BULLA_NOT_PERMITTED,
                   "the server wants a password: passfile=PATH in the URL names a file that its owner alone may read");
  }
  bool is_tls = strstr(message, "SSL") != NULL || strstr(message, "certificate") != NULL;
  return lost(postgres, is_tls ? "no TLS: sslrootcert=PATH in the URL names the authority, and the host must have the "
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
  postgres->connection = pq.PQconnectStartParams(keywords, values, 1);
  if (postgres->connection == NULL) {
    return BULLA_NO_MEMORY;
  }
  (void)pq.PQsetErrorVerbosity(postgres->connection, PQERRORS_VERBOSE);
  return pq.PQstatus(postgres->connection) != CONNECTION_BAD ? BULLA_OK : refused(postgres);
}

static enum bulla_status go_on(struct bulla_postgres *postgres) {
  int64_t end = bulla_clock_monotonic_ms() + CONNECT_MS;
  for (short events = POLLOUT;;) {
    if (!wait_for(postgres, events, end)) {
      return lost(postgres, "the server did not answer in time");
    }
    PostgresPollingStatusType status = pq.PQconnectPoll(postgres->connection);
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

static const char *text_at(const struct answer *answer, int column) {
  bool is_there = pq.PQntuples(answer->result) == 1 && column < pq.PQnfields(answer->result);
  return is_there ? pq.PQgetvalue(answer->result, 0, column) : "";
}

/* Looks whether the server is one on which what is committed stays. */
static enum bulla_status check_server(struct bulla_postgres *postgres) {
  struct answer answer BULLA_CLEANUP(answer_free) = {NULL};
  BULLA_TRY(
      run(&answer, postgres,
          "SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.current_setting('server_encoding'), "
          "pg_catalog.current_setting('fsync'), pg_catalog.current_setting('full_page_writes'), "
          "pg_catalog.pg_is_in_recovery()::int, pg_catalog.pg_backend_pid()"));
  if (strtol(text_at(&answer, 0), NULL, 10) < VERSION_MIN) {
    return bulla_explain(BULLA_UNSUPPORTED, "the server is older than PostgreSQL 15");
  }
  if (strcmp(text_at(&answer, 1), "UTF8") != 0) {
    return bulla_explain(BULLA_UNSUPPORTED, "the database is not encoded in UTF8: make one with ENCODING 'UTF8'");
  }
  bool keeps = strcmp(text_at(&answer, 2), "on") == 0 && strcmp(text_at(&answer, 3), "on") == 0;
  if (!keeps && !postgres->allows_no_fsync) {
    return bulla_explain(BULLA_UNSUPPORTED,
                         "the server has fsync or full_page_writes off, and loses what it acknowledged when the power "
                         "goes: turn them on, or say " ALLOW_NO_FSYNC " in the URL");
  }
  postgres->db.read_only = postgres->only_reads || strcmp(text_at(&answer, 4), "0") != 0;
  postgres->is_pooled = strtol(text_at(&answer, 5), NULL, 10) != pq.PQbackendPID(postgres->connection);
  return BULLA_OK;
}

enum bulla_status bulla_postgres_connect(struct bulla_postgres *postgres) {
  if (postgres->connection != NULL) {
    return BULLA_OK;
  }
  BULLA_TRY(reach(postgres));
  (void)pq.PQsetNoticeReceiver(postgres->connection, receive_notice, postgres);
  if (pq.PQsetnonblocking(postgres->connection, 1) != 0) {
    return lost(postgres, "the connection was lost");
  }
  enum bulla_status status = check_server(postgres);
  if (status != BULLA_OK) {
    drop(postgres);
  }
  return status;
}

/* In the pipeline, so that it is not even looked at if something before it fails. */
static enum bulla_status send_commit(struct answer *answer, struct bulla_postgres *postgres) {
  BULLA_TRY(need_connection(postgres));
  BULLA_TRY(begin_pipeline(postgres));
  BULLA_TRY(check_sent(postgres, pq.PQsendQueryParams(postgres->connection, "COMMIT", 0, NULL, NULL, NULL, NULL, 0)));
  return end_pipeline(answer, postgres, true);
}

/* The tag says whether it was one: a transaction that had failed is answered with success, and ROLLBACK. A wait for the
 * standby that somebody cut short is a success too, with a warning. And a pooler that lost the server reports an error
 * of its own, which says nothing of the server. */
enum bulla_status bulla_postgres_commit(struct bulla_postgres *postgres, bool *ended) {
  struct answer answer BULLA_CLEANUP(answer_free) = {NULL};
  *ended = false;
  BULLA_TRY(need_connection(postgres));
  postgres->warned = false;
  enum bulla_status status = send_commit(&answer, postgres);
  const char *state = answer.result != NULL ? pq.PQresultErrorField(answer.result, PG_DIAG_SQLSTATE) : NULL;
  bool is_unknown = status == BULLA_UNREACHABLE || (status == BULLA_IO && postgres->is_pooled) ||
                    (status != BULLA_OK && state == NULL && !postgres->has_failed);
  if (postgres->connection == NULL || is_unknown) {
    drop(postgres);
    *ended = true;
    postgres->in_transaction = false;
    return bulla_explain(
        BULLA_UNCERTAIN,
        "the server did not say whether it has committed: perhaps it waits for a standby, and what was "
        "asked for is not to be seen yet");
  }
  if (status != BULLA_OK) {
    return status;
  }
  *ended = true;
  postgres->in_transaction = false;
  if (strcmp(pq.PQcmdStatus(answer.result), "COMMIT") != 0) {
    return bulla_explain(BULLA_IO, "PostgreSQL rolled the transaction back");
  }
  return !postgres->warned ? BULLA_OK
                           : bulla_explain(BULLA_UNCERTAIN,
                                           "the server committed with a warning: a standby may not have what it has");
}

enum bulla_status bulla_postgres_connect_to_write(struct bulla_postgres *postgres) {
  if (postgres->db.read_only && !postgres->only_reads) {
    drop(postgres);
  }
  BULLA_TRY(bulla_postgres_connect(postgres));
  if (!postgres->db.read_only) {
    return BULLA_OK;
  }
  return bulla_explain(BULLA_READ_ONLY, "%s",
                       postgres->only_reads ? "the vault was opened for reading" : "the server is a standby");
}

/* Behind what failed nothing was prepared, and which that was nobody knows. */
static void forget_prepared(struct bulla_postgres *postgres) {
  bool can = postgres->connection != NULL && !postgres->is_pooled;
  if (can && bulla_postgres_run(postgres, "DEALLOCATE ALL") != BULLA_OK) {
    drop(postgres);
  }
  memset(postgres->is_prepared, 0, sizeof(postgres->is_prepared));
  postgres->has_failed = false;
}

/* What was awaited is undone with the rest, however it ended. */
void bulla_postgres_undo(struct bulla_postgres *postgres) {
  struct answer none BULLA_CLEANUP(answer_free) = {NULL};
  if (postgres->connection != NULL && postgres->is_piping) {
    enum bulla_status ignored = end_pipeline(&none, postgres, false);
    (void)ignored;
  }
  bool idle = postgres->connection == NULL || pq.PQtransactionStatus(postgres->connection) == PQTRANS_IDLE;
  if (!idle && bulla_postgres_run(postgres, "ROLLBACK") != BULLA_OK) {
    drop(postgres);
  }
  if (postgres->has_failed) {
    forget_prepared(postgres);
  }
  postgres->in_transaction = false;
}

/* The parameters of a query as libpq takes them, all of them binary. */
struct parameters {
  Oid types[BULLA_POSTGRES_PARAMETERS];
  const char *values[BULLA_POSTGRES_PARAMETERS];
  int lens[BULLA_POSTGRES_PARAMETERS];
  int formats[BULLA_POSTGRES_PARAMETERS];
  uint8_t numbers[BULLA_POSTGRES_PARAMETERS][8];
};

static void set_parameter(struct parameters *parameters, size_t i, const struct bulla_value *value) {
  static const Oid types[] = {
      [BULLA_VALUE_INT] = OID_INT8, [BULLA_VALUE_TEXT] = OID_TEXT, [BULLA_VALUE_BLOB] = OID_BYTEA};
  parameters->formats[i] = 1;
  parameters->types[i] = value->type == BULLA_VALUE_NULL ? 0 : types[value->type];
  parameters->lens[i] = (int)value->bytes.len;
  parameters->values[i] = value->bytes.len > 0 ? (const char *)value->bytes.data : "";
  if (value->type == BULLA_VALUE_INT) {
    for (size_t j = 0; j < 8; j++) {
      parameters->numbers[i][j] = (uint8_t)((uint64_t)value->number >> (56 - 8 * j));
    }
    parameters->lens[i] = 8;
    parameters->values[i] = (const char *)parameters->numbers[i];
  } else if (value->type == BULLA_VALUE_NULL) {
    parameters->values[i] = NULL;
  }
}

enum bulla_status bulla_postgres_ask(struct bulla_db_rows *rows, struct bulla_postgres *postgres, const char *text) {
  struct answer answer BULLA_CLEANUP(answer_free) = {NULL};
  *rows = (struct bulla_db_rows){.db = &postgres->db};
  BULLA_TRY(run(&answer, postgres, text));
  take_rows(rows, &answer);
  return BULLA_OK;
}

/* Sends |query|, to be prepared first if it is not. */
static enum bulla_status send(struct bulla_postgres *postgres, enum bulla_query query, const struct parameters *given,
                              int num) {
  char name[NAME_MAX_LEN];
  const char *text = bulla_query_text(query);
  if (postgres->is_pooled) {
    return check_sent(postgres, pq.PQsendQueryParams(postgres->connection, text, num, given->types, given->values,
                                                     given->lens, given->formats, 1));
  }
  (void)snprintf(name, sizeof(name), "bulla_%d", (int)query);
  if (!postgres->is_prepared[query]) {
    BULLA_TRY(check_sent(postgres, pq.PQsendPrepare(postgres->connection, name, text, num, given->types)));
    postgres->is_prepared[query] = true;
    postgres->awaited[postgres->num_awaited++] = NULL;
  }
  return check_sent(
      postgres, pq.PQsendQueryPrepared(postgres->connection, name, num, given->values, given->lens, given->formats, 1));
}

/* Of a record that is inserted nothing is wanted but that nothing fails, which the next answer tells. Whoever commits
 * without looking at one commits nothing if it did. */
static bool can_wait(enum bulla_query query) {
  return query == BULLA_QUERY_INSERT_RECORD;
}

/* Until the pipeline ends nothing more is answered once something has failed. */
static enum bulla_status fail(struct bulla_postgres *postgres, enum bulla_status status) {
  struct answer none BULLA_CLEANUP(answer_free) = {NULL};
  if (status != BULLA_OK && postgres->connection != NULL) {
    enum bulla_status ignored = end_pipeline(&none, postgres, false);
    (void)ignored;
  }
  return status;
}

/* Has the server answer all that was sent, and takes it. */
static enum bulla_status exchange(struct bulla_postgres *postgres) {
  int64_t end = deadline(postgres);
  BULLA_TRY(check_sent(postgres, pq.PQsendFlushRequest(postgres->connection)));
  BULLA_TRY(flush(postgres, end));
  return fail(postgres, take_awaited(postgres, end));
}

/* Sends a query, of whose outcome |rows| is told, if not NULL. */
static enum bulla_status send_query(struct bulla_postgres *postgres, struct bulla_db_rows *rows, enum bulla_query query,
                                    const struct bulla_value *values, size_t num) {
  struct parameters given;
  BULLA_TRY(need_connection(postgres));
  BULLA_TRY(begin_pipeline(postgres));
  if (postgres->num_awaited + 2 > BULLA_POSTGRES_AWAITED) {
    BULLA_TRY(exchange(postgres));
  }
  for (size_t i = 0; i < num; i++) {
    set_parameter(&given, i, &values[i]);
  }
  BULLA_TRY(send(postgres, query, &given, (int)num));
  postgres->awaited[postgres->num_awaited++] = rows;
  return BULLA_OK;
}

/* Takes the outcome of |rows|, with that of all before. */
static enum bulla_status settle(struct bulla_db_rows *rows) {
  struct bulla_postgres *postgres = (struct bulla_postgres *)rows->db;
  if (rows->is_ahead) {
    BULLA_TRY(need_connection(postgres));
    BULLA_TRY(exchange(postgres));
  }
  if (rows->is_ahead) {
    return bulla_explain(BULLA_IO, "the transaction in which this was asked has ended");
  }
  return fail(postgres, (enum bulla_status)rows->status);
}

enum bulla_status bulla_postgres_ahead(struct bulla_db_rows *rows, enum bulla_query query,
                                       const struct bulla_value *values, size_t num) {
  struct bulla_postgres *postgres = (struct bulla_postgres *)rows->db;
  if (!postgres->in_transaction) {
    return BULLA_BUSY;
  }
  rows->is_ahead = true;
  return send_query(postgres, rows, query, values, num);
}

enum bulla_status bulla_postgres_query(struct bulla_db_rows *rows, enum bulla_query query,
                                       const struct bulla_value *values, size_t num) {
  struct bulla_postgres *postgres = (struct bulla_postgres *)rows->db;
  if (can_wait(query)) {
    return send_query(postgres, &record, query, values, num);
  }
  rows->is_ahead = true;
  BULLA_TRY(send_query(postgres, rows, query, values, num));
  enum bulla_status status = settle(rows);
  if (status != BULLA_OK) {
    bulla_postgres_end(rows);
  }
  return status;
}

enum bulla_status bulla_postgres_next(struct bulla_db_rows *rows, bool *row) {
  *row = false;
  if (rows->is_ahead || rows->status != BULLA_OK) {
    BULLA_TRY(settle(rows));
  }
  *row = rows->handle != NULL && rows->num_given < pq.PQntuples(rows->handle);
  rows->num_given += *row ? 1 : 0;
  return BULLA_OK;
}

static bool is_number(struct bulla_value *value, const uint8_t *bytes, int len, Oid type) {
  int wanted = type == OID_INT8 ? 8 : type == OID_INT4 ? 4 : type == OID_INT2 ? 2 : 0;
  uint64_t number = wanted > 0 && len > 0 && (bytes[0] & 0x80) != 0 ? UINT64_MAX : 0;
  for (int i = 0; i < len && i < 8; i++) {
    number = number << 8 | bytes[i];
  }
  value->type = BULLA_VALUE_INT;
  value->number = (int64_t)number;
  return wanted > 0 && len == wanted;
}

void bulla_postgres_column(const struct bulla_db_rows *rows, size_t column, struct bulla_value *value) {
  const PGresult *result = rows->handle;
  int row = rows->num_given - 1;
  int at = (int)column;
  *value = (struct bulla_value){.type = BULLA_VALUE_NULL};
  if (pq.PQgetisnull(result, row, at) != 0) {
    return;
  }
  const uint8_t *bytes = (const uint8_t *)pq.PQgetvalue(result, row, at);
  int len = pq.PQgetlength(result, row, at);
  switch (pq.PQftype(result, at)) {
    case OID_BYTEA:
      value->type = BULLA_VALUE_BLOB;
      break;
    case OID_TEXT:
    case OID_VARCHAR:
    case OID_NAME:
      value->type = BULLA_VALUE_TEXT;
      break;
    default:
      if (!is_number(value, bytes, len, pq.PQftype(result, at))) {
        value->type = BULLA_VALUE_OTHER;
      }
      return;
  }
  value->bytes = bulla_span(bytes, len > 0 ? (size_t)len : 0);
}

int64_t bulla_postgres_changed(const struct bulla_db_rows *rows) {
  return rows->handle != NULL ? strtoll(pq.PQcmdTuples(rows->handle), NULL, 10) : 0;
}

void bulla_postgres_end(struct bulla_db_rows *rows) {
  struct bulla_postgres *postgres = (struct bulla_postgres *)rows->db;
  for (size_t i = 0; rows->is_ahead && i < postgres->num_awaited; i++) {
    if (postgres->awaited[i] == rows) {
      postgres->awaited[i] = NULL;
    }
  }
  if (rows->handle != NULL) {
    pq.PQclear(rows->handle);
    rows->handle = NULL;
  }
}
