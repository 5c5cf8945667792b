/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* vault/use on a PostgreSQL server, and its statements bare, over the same connection. What a use says to the server is
 * overheard, and said again by libpq, with numbers that go on: whatever a use becomes, the bare one follows. What that
 * one says is overheard too, and compared.
 *
 * BULLA_BENCH_URL leads to an empty database over a Unix socket; without it there are no such rows. */

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/overhear.h"
#include "bench/spoken.h"
#include "bench/vault.h"

/* So many uses before the one that is overheard that its numbers are unlike those of lanes, and all is prepared. */
enum { WARM_UP = 150, MAC_LEN = 32, MAC_DIGITS = 2 * MAC_LEN, SEQ_LEN = 8, MAX_PLACES = 64, MAX_LANES = 64 };

/* A head of the log, as the server has it. */
struct head {
  int64_t lane;
  int64_t seq;
  char mac[MAC_DIGITS + 1];
};

struct heads {
  struct head all[MAX_LANES];
  int num;
};

struct bare {
  char folder[40]; /* of the socket at which a use is overheard */
  char socket[512];
  struct overheard *overheard;
  bool is_made;
  struct bench_vault made;
  PGconn *connection;
  uint8_t *bytes; /* what was overheard */
  struct spoken spoken;
  uint8_t *places[MAX_PLACES]; /* of the numbers in |bytes| that go on */
  size_t num_places;
};

static const char *url(void) {
  return getenv("BULLA_BENCH_URL");
}

static void remove_vault(struct bench_vault *made) {
  bench_vault_remove(made);
  PGconn *connection = PQconnectdb(url());
  PQclear(PQexec(connection, "SET client_min_messages = error; DROP SCHEMA IF EXISTS bulla CASCADE"));
  PQfinish(connection);
}

/* Where the server's socket is, and the URL that leads over another in |folder|. */
static const char *way_round(char path[512], char socket_there[512], char url_there[512], const char *folder) {
  const char *host = NULL;
  const char *port = "5432";
  PQconninfoOption *options = PQconninfoParse(url(), NULL);
  for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
    host = strcmp(option->keyword, "host") == 0 ? option->val : host;
    port = strcmp(option->keyword, "port") == 0 && option->val != NULL ? option->val : port;
  }
  bool is_local = host != NULL && host[0] == '/';
  if (is_local) {
    (void)snprintf(path, 512, "%s/.s.PGSQL.%s", host, port);
    (void)snprintf(socket_there, 512, "%s/.s.PGSQL.%s", folder, port);
    (void)snprintf(url_there, 512, "%s%chost=%s", url(), strchr(url(), '?') != NULL ? '&' : '?', folder);
  }
  PQconninfoFree(options);
  return is_local ? NULL : "BULLA_BENCH_URL has no host=/FOLDER, that of a Unix socket";
}

static const char *look_at_heads(struct heads *heads, PGconn *connection) {
  PGresult *result =
      PQexec(connection, "SELECT lane, seq, encode(mac, 'hex') FROM bulla.audit_head ORDER BY lane LIMIT 64");
  heads->num = PQntuples(result);
  for (int i = 0; i < heads->num; i++) {
    struct head *head = &heads->all[i];
    *head = (struct head){strtoll(PQgetvalue(result, i, 0), NULL, 10), strtoll(PQgetvalue(result, i, 1), NULL, 10), ""};
    (void)snprintf(head->mac, sizeof(head->mac), "%s", PQgetvalue(result, i, 2));
  }
  bool good = PQresultStatus(result) == PGRES_TUPLES_OK && heads->num > 0;
  PQclear(result);
  return good ? NULL : "the heads of the log cannot be read";
}

static void write_seq(uint8_t bytes[SEQ_LEN], int64_t seq) {
  for (size_t i = 0; i < SEQ_LEN; i++) {
    bytes[i] = (uint8_t)((uint64_t)seq >> (56 - 8 * i));
  }
}

static void read_mac(uint8_t bytes[MAC_LEN], const char digits[MAC_DIGITS + 1]) {
  for (size_t i = 0; i < MAC_LEN; i++) {
    const char two[] = {digits[2 * i], digits[2 * i + 1], '\0'};
    bytes[i] = (uint8_t)strtoul(two, NULL, 16);
  }
}

/* Notes where the numbers of the two heads are in a parameter, and puts the later mac in the place of the former: to
 * whoever goes on from there it is the former. */
static bool note_places(struct bare *bare, uint8_t *value, size_t len, const struct head *before,
                        const struct head *after) {
  uint8_t seqs[2][SEQ_LEN];
  uint8_t macs[2][MAC_LEN];
  write_seq(seqs[0], before->seq);
  write_seq(seqs[1], after->seq);
  read_mac(macs[0], before->mac);
  read_mac(macs[1], after->mac);
  for (size_t i = 0; i + SEQ_LEN <= len; i++) {
    if (memcmp(value + i, seqs[0], SEQ_LEN) == 0 || memcmp(value + i, seqs[1], SEQ_LEN) == 0) {
      if (bare->num_places == MAX_PLACES) {
        return false;
      }
      bare->places[bare->num_places++] = value + i;
    }
    if (i + MAC_LEN <= len && memcmp(value + i, macs[0], MAC_LEN) == 0) {
      memcpy(value + i, macs[1], MAC_LEN);
    }
  }
  return true;
}

static const char *note_all_places(struct bare *bare, const struct heads *before, const struct heads *after) {
  int moved = 0;
  while (moved < before->num && moved < after->num && before->all[moved].seq == after->all[moved].seq) {
    moved++;
  }
  if (moved == before->num || moved == after->num || after->all[moved].seq != before->all[moved].seq + 1) {
    return "a use did not move one head by one record";
  }
  for (size_t i = 0; i < bare->spoken.num_steps; i++) {
    const struct spoken_step *step = &bare->spoken.steps[i];
    for (int j = 0; j < step->num_parameters; j++) {
      const uint8_t *value = (const uint8_t *)step->values[j];
      if (value != NULL && !note_places(bare, bare->bytes + (value - bare->bytes), (size_t)step->lens[j],
                                        &before->all[moved], &after->all[moved])) {
        return "there are too many numbers in the statements of a use";
      }
    }
  }
  return bare->num_places > 0 ? NULL : "no statement of a use has the number of its record";
}

static const char *run(void *state) {
  const struct bare *bare = state;
  for (size_t i = 0; i < bare->num_places; i++) {
    for (size_t j = SEQ_LEN; j-- > 0 && ++bare->places[i][j] == 0;) {
    }
  }
  return spoken_say(&bare->spoken, bare->connection);
}

/* What is prepared finds its tables as a transaction of the vault does. */
static const char *connect_bare(struct bare *bare, const char *place) {
  PQfinish(bare->connection);
  bare->connection = PQconnectdb(place);
  PQclear(PQexec(bare->connection, "SET search_path = bulla, pg_temp"));
  return PQstatus(bare->connection) == CONNECTION_OK ? spoken_prepare(&bare->spoken, bare->connection)
                                                     : "the server was not reached";
}

/* Has a use overheard. */
static const char *hear_use(struct bare *bare) {
  struct heads before;
  struct heads after;
  size_t len = 0;
  size_t marked = 0;
  const char *error = NULL;
  for (int i = 0; error == NULL && i < WARM_UP; i++) {
    error = bench_vault_use(&bare->made);
  }
  PGconn *beside = PQconnectdb(url());
  error = error == NULL ? look_at_heads(&before, beside) : error;
  overhear_mark(bare->overheard);
  error = error == NULL ? bench_vault_use(&bare->made) : error;
  error = error == NULL ? overhear_take(bare->overheard, &bare->bytes, &len, &marked) : error;
  error = error == NULL ? look_at_heads(&after, beside) : error;
  PQfinish(beside);
  error = error == NULL ? spoken_read(&bare->spoken, bare->bytes, len, marked) : error;
  return error == NULL ? note_all_places(bare, &before, &after) : error;
}

/* Has the bare one overheard: it must say what the use has said. */
static const char *hear_bare(struct bare *bare) {
  static struct spoken again;
  uint8_t *bytes = NULL;
  size_t len = 0;
  size_t marked = 0;
  const char *error = connect_bare(bare, bare->made.url);
  overhear_mark(bare->overheard);
  error = error == NULL ? run(bare) : error;
  error = error == NULL ? overhear_take(bare->overheard, &bytes, &len, &marked) : error;
  error = error == NULL ? spoken_read(&again, bytes, len, marked) : error;
  if (error == NULL && !spoken_equal(&bare->spoken, &again)) {
    error = "vault/use_postgres_bare says something else than vault/use_postgres";
  }
  free(bytes);
  return error;
}

static void tear_down_bare(void *state) {
  struct bare *bare = state;
  PQfinish(bare->connection);
  if (bare->is_made) {
    remove_vault(&bare->made);
  }
  overhear_end(&bare->overheard);
  (void)unlink(bare->socket);
  (void)rmdir(bare->folder);
  free(bare->bytes);
  free(bare);
}

/* Makes a vault, and uses it over another way to the server. */
static const char *make_and_hear(struct bare *bare) {
  char server[512];
  char url_there[512];
  (void)snprintf(bare->folder, sizeof(bare->folder), "/tmp/bulla-bench-XXXXXX");
  const char *error = mkdtemp(bare->folder) == NULL ? "no folder could be made in /tmp" : NULL;
  error = error == NULL ? way_round(server, bare->socket, url_there, bare->folder) : error;
  error = error == NULL ? overhear_begin(&bare->overheard, bare->socket, server) : error;
  error = error == NULL ? bench_vault_make(&bare->made, url_there) : error;
  bare->is_made = error == NULL;
  error = error == NULL ? hear_use(bare) : error;
  return error == NULL ? hear_bare(bare) : error;
}

/* The vault stays open: its lane is gone on with behind its back, over a connection of our own. */
static const char *set_up_bare(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  struct bare *bare = calloc(1, sizeof(*bare));
  if (bare == NULL) {
    return "no memory";
  }
  const char *error = make_and_hear(bare);
  error = error == NULL ? connect_bare(bare, url()) : error;
  error = error == NULL ? run(bare) : error;
  if (error != NULL) {
    tear_down_bare(bare);
  }
  *state = bare;
  return error;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  struct bench_vault *made = malloc(sizeof(*made));
  const char *error = made == NULL ? "no memory" : bench_vault_make(made, url());
  if (error != NULL) {
    free(made);
    return error;
  }
  for (int i = 0; error == NULL && i < WARM_UP; i++) {
    error = bench_vault_use(made);
  }
  if (error != NULL) {
    remove_vault(made);
    free(made);
  }
  *state = made;
  return error;
}

static const char *run_use(void *state) {
  return bench_vault_use(state);
}

static void tear_down(void *state) {
  remove_vault(state);
  free(state);
}

struct bench_table bench_vault_postgres(void) {
  static const struct bench benches[] = {
      {"vault/use_postgres", 0, 0, false, false, set_up, run_use, tear_down},
      {"vault/use_postgres_bare", 0, 0, false, false, set_up_bare, run, tear_down_bare},
  };
  struct bench_table table = BENCH_TABLE(benches);
  table.num_benches = url() != NULL ? table.num_benches : 0;
  return table;
}
