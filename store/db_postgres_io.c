/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_postgres_io.h. */

#include "store/db_postgres_io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "store/clock.h"
#include "store/libpq.h"

enum { TEXT_MAX = 240, TLS_SLICE_MS = 20 };
/* Bytes in one exchange, as libpq keeps all of an answer in memory, and what it reads at once of rows. */
enum { RECEIVED_MAX = 512 << 20, READ_AT_ONCE = 32768 };

/* What the server says, for the log: one line without its line breaks. It names tables and settings, no values. */
static const char *cleaned(char text[TEXT_MAX], const char *message) {
  size_t len = 0;
  for (; message != NULL && *message != '\0' && *message != '\n' && len + 1 < TEXT_MAX; message++) {
    bool is_plain = *message >= ' ' && *message < 0x7f;
    text[len++] = (char)(is_plain ? *message : '?');
  }
  while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == ':')) { /* before what did not come */
    len--;
  }
  text[len] = '\0';
  return text;
}

void bulla_postgres_answer_free(struct bulla_postgres_answer *answer) {
  if (answer->result != NULL) {
    bulla_pq.PQclear(answer->result);
    answer->result = NULL;
  }
}

/* Who was to be told of an outcome is told now: once the transaction has ended, its statements are their owners'. */
void bulla_postgres_drop(struct bulla_postgres *postgres) {
  if (postgres->connection != NULL) {
    bulla_pq.PQfinish(postgres->connection);
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
  postgres->has_settings = false;
}

bool bulla_postgres_wait_for(const struct bulla_postgres *postgres, short events, int64_t end) {
  for (;;) {
    int64_t left = end - bulla_clock_monotonic_ms();
    struct pollfd socket = {.fd = bulla_pq.PQsocket(postgres->connection), .events = events};
    int ready = left > 0 && socket.fd >= 0 ? poll(&socket, 1, (int)left) : 0;
    if (ready > 0 || (ready < 0 && errno != EINTR) || left <= 0 || socket.fd < 0) {
      return ready > 0;
    }
  }
}

enum bulla_status bulla_postgres_give_up(struct bulla_postgres *postgres, enum bulla_status status, const char *what) {
  char text[TEXT_MAX];
  const char *more = cleaned(text, bulla_pq.PQerrorMessage(postgres->connection));
  (void)bulla_explain(status, "PostgreSQL: %s%s%s", what, more[0] != '\0' ? ": " : "", more);
  bulla_postgres_drop(postgres);
  return status;
}

enum bulla_status bulla_postgres_lost(struct bulla_postgres *postgres, const char *what) {
  return bulla_postgres_give_up(postgres, BULLA_UNREACHABLE, what);
}

enum bulla_status bulla_postgres_flush(struct bulla_postgres *postgres, int64_t end) {
  postgres->received = 0;
  for (;;) {
    int left = bulla_pq.PQflush(postgres->connection);
    if (left == 0) {
      return BULLA_OK;
    }
    /* A server that does not read may have something to say first. */
    if (left < 0 || !bulla_postgres_wait_for(postgres, POLLIN | POLLOUT, end) ||
        bulla_pq.PQconsumeInput(postgres->connection) == 0) {
      return bulla_postgres_lost(postgres, "the connection was lost");
    }
  }
}

/* Whether the server sends without end, as far as can be said before libpq reads what lies in the socket. */
static bool is_flooded(struct bulla_postgres *postgres) {
  int waiting = 0;
  (void)ioctl(bulla_pq.PQsocket(postgres->connection), FIONREAD, &waiting);
  postgres->received += waiting < READ_AT_ONCE ? waiting : READ_AT_ONCE;
  return postgres->received > RECEIVED_MAX;
}

enum bulla_status bulla_postgres_take(struct bulla_postgres_answer *answer, struct bulla_postgres *postgres,
                                      int64_t end) {
  bulla_postgres_answer_free(answer);
  while (bulla_pq.PQisBusy(postgres->connection) != 0) {
    /* What OpenSSL has read already the socket does not tell of. */
    int64_t slice = bulla_pq.PQsslInUse(postgres->connection) != 0 ? bulla_clock_monotonic_ms() + TLS_SLICE_MS : end;
    if (!bulla_postgres_wait_for(postgres, POLLIN, slice < end ? slice : end) && bulla_clock_monotonic_ms() >= end) {
      return bulla_postgres_lost(postgres, "the server did not answer in time");
    }
    if (is_flooded(postgres)) {
      return bulla_postgres_lost(postgres, "the server sent more than 512 MiB");
    }
    if (bulla_pq.PQconsumeInput(postgres->connection) == 0) {
      return bulla_postgres_lost(postgres, "the connection was lost");
    }
  }
  answer->result = bulla_pq.PQgetResult(postgres->connection);
  switch (answer->result != NULL ? bulla_pq.PQresultStatus(answer->result) : PGRES_COMMAND_OK) {
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      /* libpq gives it again and again. */
      return bulla_postgres_lost(postgres, "the server began to copy, which nothing asked for");
    default:
      return bulla_pq.PQstatus(postgres->connection) != CONNECTION_BAD
                 ? BULLA_OK
                 : bulla_postgres_lost(postgres, "the connection was lost");
  }
}

enum bulla_status bulla_postgres_status_of(const char *state) {
  static const struct {
    const char *state; /* or its class */
    enum bulla_status status;
  } known[] = {
      {"42P06", BULLA_EXISTS},      {"23505", BULLA_EXISTS},        {"23502", BULLA_EXISTS},
      {"53100", BULLA_DISK_FULL},   {"53200", BULLA_NO_MEMORY},     {"53", BULLA_BUSY},
      {"55P03", BULLA_BUSY},        {"57014", BULLA_BUSY},          {"40", BULLA_BUSY},
      {"25006", BULLA_READ_ONLY},   {"42501", BULLA_NOT_PERMITTED}, {"28", BULLA_NOT_PERMITTED},
      {"3D000", BULLA_NO_VAULT},    {"42P01", BULLA_NO_VAULT},      {"3F000", BULLA_NO_VAULT},
      {"57P", BULLA_UNREACHABLE},   {"08", BULLA_UNREACHABLE},      {"XX001", BULLA_NOT_A_VAULT},
      {"XX002", BULLA_NOT_A_VAULT}, {"42", BULLA_NOT_A_VAULT},      {"22", BULLA_NOT_A_VAULT},
      {"23", BULLA_NOT_A_VAULT},
  };
  for (size_t i = 0; state != NULL && i < sizeof(known) / sizeof(known[0]); i++) {
    if (strncmp(state, known[i].state, strlen(known[i].state)) == 0) {
      return known[i].status;
    }
  }
  return BULLA_IO;
}

static enum bulla_status check(const struct bulla_postgres_answer *answer) {
  char text[TEXT_MAX];
  switch (bulla_pq.PQresultStatus(answer->result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
      return BULLA_OK;
    case PGRES_PIPELINE_ABORTED: /* behind a command that failed, and has said why */
      return BULLA_IO;
    default:
      break;
  }
  const char *state = bulla_pq.PQresultErrorField(answer->result, PG_DIAG_SQLSTATE);
  enum bulla_status status = bulla_postgres_status_of(state);
  return status == BULLA_EXISTS
             ? status
             : bulla_explain(status, "PostgreSQL: %s (%.5s)",
                             cleaned(text, bulla_pq.PQresultErrorField(answer->result, PG_DIAG_MESSAGE_PRIMARY)),
                             state != NULL ? state : "?????");
}

int64_t bulla_postgres_within(const struct bulla_postgres *postgres, int ms) {
  int64_t end = bulla_clock_monotonic_ms() + ms;
  return postgres->db.until != 0 && postgres->db.until < end ? postgres->db.until : end;
}

int64_t bulla_postgres_deadline(const struct bulla_postgres *postgres) {
  return bulla_postgres_within(postgres, postgres->answer_ms + (postgres->db.left > 0 ? postgres->db.left : 0));
}

enum bulla_status bulla_postgres_take_all(struct bulla_postgres_answer *last, struct bulla_postgres *postgres,
                                          int64_t end) {
  struct bulla_postgres_answer next BULLA_CLEANUP(bulla_postgres_answer_free) = {NULL};
  enum bulla_status status = BULLA_OK;
  for (bulla_postgres_answer_free(last);;) {
    BULLA_TRY(bulla_postgres_take(&next, postgres, end));
    if (next.result == NULL) {
      return last->result != NULL ? status : bulla_postgres_lost(postgres, "the server did not answer");
    }
    status = status == BULLA_OK ? check(&next) : status;
    bulla_postgres_answer_free(last);
    last->result = next.result;
    next.result = NULL;
  }
}

enum bulla_status bulla_postgres_check_sent(struct bulla_postgres *postgres, int sent) {
  return sent == 1 ? BULLA_OK : bulla_postgres_lost(postgres, "nothing could be sent");
}
