/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What people do without bulla, under the same load: an encrypted value on a server is used, and the use is recorded
 * before. Each thread has a connection of its own and prepared statements, and says in one go all that it can.
 *
 * pgcrypto: the server decrypts: one transaction of INSERT INTO log and SELECT pgp_sym_decrypt(value, key).
 * pgcrypto-default: the same with what pgcrypto does if it is not told otherwise, for passwords instead of keys.
 * openssl: the client decrypts by AES-256-GCM, and the log is one chain of HMACs, whose head is locked, then moved.
 *
 * usage: bulla-load-peer pgcrypto|pgcrypto-default|openssl [ARGUMENT]…
 *
 * BULLA_BENCH_URL leads to an empty database. See bench/load_run.c for the arguments. */

#include <libpq-fe.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load.h"

enum {
  KEY_LEN = 32,
  NONCE_LEN = 12,
  TAG_LEN = 16,
  MAC_LEN = 32,
  SEQ_LEN = 8,
  MAX_PARAMETERS = 8,
  MAX_ANSWERS = 4,
  KEY_DIGITS = 2 * KEY_LEN
};

#define VALUE "correct horse battery staple"

/* What the record of a use says, as in bench/vault.c. */
#define RECORD "acme", "bench", "localhost", "to measure it", "db", "password"
enum { NUM_RECORD = 6 };

struct client {
  PGconn *connection;
  EVP_CIPHER_CTX *cipher;
  PGresult *answers[MAX_ANSWERS];
  int num_answers;
};

struct parameter {
  const void *bytes;
  size_t len;
};

static const char *url;
static const char *pgp_options;
static uint8_t key[KEY_LEN];
static char key_text[KEY_DIGITS + 1];

static const char *said(const struct client *client) {
  static _Thread_local char text[300];
  (void)snprintf(text, sizeof(text), "%s", PQerrorMessage(client->connection));
  return text;
}

static void forget_answers(struct client *client) {
  for (; client->num_answers > 0; client->num_answers--) {
    PQclear(client->answers[client->num_answers - 1]);
  }
}

static const char *command(struct client *client, const char *text) {
  PGresult *result = PQexec(client->connection, text);
  bool good = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
  PQclear(result);
  return good ? NULL : said(client);
}

static const char *prepare(struct client *client, const char *name, const char *text) {
  PGresult *result = PQprepare(client->connection, name, text, 0, NULL);
  bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
  PQclear(result);
  return good ? NULL : said(client);
}

/* Sends a prepared statement down the pipeline. What cannot be sent is not answered either. */
static void say(struct client *client, const char *name, const struct parameter *parameters, int num) {
  const char *values[MAX_PARAMETERS] = {NULL};
  int lens[MAX_PARAMETERS] = {0};
  int formats[MAX_PARAMETERS] = {0};
  for (int i = 0; i < num; i++) {
    values[i] = parameters[i].bytes;
    lens[i] = (int)parameters[i].len;
    formats[i] = 1;
  }
  (void)PQsendQueryPrepared(client->connection, name, num, values, lens, formats, 1);
}

/* Takes the answers to |num| statements, and to the end of the pipeline. */
static const char *hear(struct client *client, int num) {
  forget_answers(client);
  (void)PQpipelineSync(client->connection);
  for (int i = 0; i < num; i++) {
    PGresult *answer = PQgetResult(client->connection);
    bool good = PQresultStatus(answer) == PGRES_COMMAND_OK || PQresultStatus(answer) == PGRES_TUPLES_OK;
    client->answers[client->num_answers++] = answer;
    if (!good || PQgetResult(client->connection) != NULL) {
      return said(client);
    }
  }
  PGresult *sync = PQgetResult(client->connection);
  bool good = PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
  PQclear(sync);
  return good ? NULL : "the pipeline did not end";
}

static bool is_row(const struct client *client, int answer, int column, int len) {
  const PGresult *result = client->answers[answer];
  return PQntuples(result) == 1 && PQgetlength(result, 0, column) == len;
}

static const uint8_t *bytes_of(const struct client *client, int answer, int column) {
  return (const uint8_t *)PQgetvalue(client->answers[answer], 0, column);
}

static void set_record(struct parameter parameters[NUM_RECORD]) {
  static const char *const texts[NUM_RECORD] = {RECORD};
  for (size_t i = 0; i < NUM_RECORD; i++) {
    parameters[i] = (struct parameter){texts[i], strlen(texts[i])};
  }
}

static void disconnect(struct client *client) {
  forget_answers(client);
  EVP_CIPHER_CTX_free(client->cipher);
  PQfinish(client->connection);
}

static const char *connect_to(struct client *client) {
  *client = (struct client){PQconnectdb(url), EVP_CIPHER_CTX_new(), {NULL}, 0};
  if (PQstatus(client->connection) != CONNECTION_OK) {
    return said(client);
  }
  return command(client,
                 "SET synchronous_commit = on; SET plan_cache_mode = force_generic_plan; "
                 "SET client_min_messages = error");
}

static const char *begin_with(void **thread, const char *const statements[][2]) {
  struct client *client = calloc(1, sizeof(*client));
  if (client == NULL) {
    return "no memory";
  }
  const char *error = connect_to(client);
  for (size_t i = 0; error == NULL && statements[i][0] != NULL; i++) {
    error = prepare(client, statements[i][0], statements[i][1]);
  }
  if (error == NULL && PQenterPipelineMode(client->connection) == 1) {
    *thread = client;
    return NULL;
  }
  disconnect(client);
  free(client);
  return error != NULL ? error : "no pipeline could be entered";
}

static void end(void *thread) {
  disconnect(thread);
  free(thread);
}

static const char *open_nothing(void **process, void *place) {
  *process = place;
  return NULL;
}

static void nothing(void *state) {
  (void)state;
}

#define RECORD_COLUMNS                                                                                           \
  "tenant text NOT NULL, actor text NOT NULL, origin text NOT NULL, reason text NOT NULL, entry text NOT NULL, " \
  "field text NOT NULL"

/* pgcrypto. */

static const char *make_pgcrypto(void *place) {
  struct client client;
  char text[300];
  (void)place;
  (void)snprintf(text, sizeof(text), "INSERT INTO secret VALUES ('db', pgp_sym_encrypt('" VALUE "', '%s', '%s'))",
                 key_text, pgp_options);
  const char *error = connect_to(&client);
  error = error != NULL ? error
                        : command(&client,
                                  "CREATE EXTENSION pgcrypto; "
                                  "CREATE TABLE secret(name text PRIMARY KEY, value bytea NOT NULL); "
                                  "CREATE TABLE log(seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
                                  "time timestamptz NOT NULL DEFAULT now(), " RECORD_COLUMNS ")");
  error = error != NULL ? error : command(&client, text);
  disconnect(&client);
  return error;
}

static const char *begin_pgcrypto(void **thread, void *process) {
  static const char *const statements[][2] = {
      {"record", "INSERT INTO log(tenant, actor, origin, reason, entry, field) VALUES ($1, $2, $3, $4, $5, $6)"},
      {"value", "SELECT pgp_sym_decrypt(value, $2::text) FROM secret WHERE name = $1"},
      {NULL, NULL}};
  (void)process;
  return begin_with(thread, statements);
}

/* What is between two ends of a pipeline is one transaction: a single round trip. */
static const char *use_pgcrypto(void *thread) {
  struct client *client = thread;
  struct parameter record[NUM_RECORD];
  const struct parameter wanted[] = {{"db", 2}, {key_text, KEY_DIGITS}};
  set_record(record);
  say(client, "record", record, NUM_RECORD);
  say(client, "value", wanted, 2);
  const char *error = hear(client, 2);
  return error != NULL || is_row(client, 1, 0, sizeof(VALUE) - 1) ? error : "the value was not decrypted";
}

/* OpenSSL. */

static bool seal(uint8_t sealed[], EVP_CIPHER_CTX *cipher) {
  int len;
  return RAND_bytes(sealed, NONCE_LEN) == 1 && EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, sealed) == 1 &&
         EVP_EncryptUpdate(cipher, sealed + NONCE_LEN, &len, (const uint8_t *)VALUE, sizeof(VALUE) - 1) == 1 &&
         EVP_EncryptFinal_ex(cipher, sealed + NONCE_LEN + len, &len) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_LEN, sealed + NONCE_LEN + sizeof(VALUE) - 1) == 1;
}

static bool unseal(uint8_t value[], EVP_CIPHER_CTX *cipher, const uint8_t *sealed) {
  uint8_t tag[TAG_LEN];
  int len;
  memcpy(tag, sealed + NONCE_LEN + sizeof(VALUE) - 1, TAG_LEN);
  return EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, sealed) == 1 &&
         EVP_DecryptUpdate(cipher, value, &len, sealed + NONCE_LEN, sizeof(VALUE) - 1) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
         EVP_DecryptFinal_ex(cipher, value + len, &len) == 1;
}

enum { SEALED_LEN = NONCE_LEN + sizeof(VALUE) - 1 + TAG_LEN };

static const char *make_openssl(void *place) {
  struct client client;
  uint8_t sealed[SEALED_LEN];
  (void)place;
  const char *error = connect_to(&client);
  error = error != NULL ? error
                        : command(&client,
                                  "CREATE TABLE secret(name text PRIMARY KEY, value bytea NOT NULL); "
                                  "CREATE TABLE log(seq bigint PRIMARY KEY, time timestamptz NOT NULL "
                                  "DEFAULT now(), " RECORD_COLUMNS
                                  ", mac bytea NOT NULL); "
                                  "CREATE TABLE head(id bigint PRIMARY KEY, seq bigint NOT NULL, "
                                  "mac bytea NOT NULL) WITH (fillfactor = 50); "
                                  "INSERT INTO head VALUES (1, 0, decode(repeat('00', 32), 'hex'))");
  if (error == NULL && !seal(sealed, client.cipher)) {
    error = "OpenSSL does not encrypt";
  }
  if (error == NULL) {
    const char *values[] = {(const char *)sealed};
    const int lens[] = {SEALED_LEN};
    const int formats[] = {1};
    PGresult *result =
        PQexecParams(client.connection, "INSERT INTO secret VALUES ('db', $1)", 1, NULL, values, lens, formats, 0);
    error = PQresultStatus(result) == PGRES_COMMAND_OK ? NULL : said(&client);
    PQclear(result);
  }
  disconnect(&client);
  return error;
}

static const char *begin_openssl(void **thread, void *process) {
  static const char *const statements[][2] = {{"begin", "BEGIN"},
                                              {"value", "SELECT value FROM secret WHERE name = $1"},
                                              {"head", "SELECT seq, mac FROM head WHERE id = 1 FOR UPDATE"},
                                              {"record",
                                               "INSERT INTO log(tenant, actor, origin, reason, entry, field, seq, mac) "
                                               "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"},
                                              {"move", "UPDATE head SET seq = $1, mac = $2 WHERE id = 1"},
                                              {"commit", "COMMIT"},
                                              {NULL, NULL}};
  (void)process;
  return begin_with(thread, statements);
}

/* The next link of the chain: over the last one, and all of the record. */
static bool link_to(uint8_t mac[MAC_LEN], const uint8_t *last, const struct parameter *record, int num) {
  uint8_t text[256];
  size_t len = MAC_LEN;
  memcpy(text, last, MAC_LEN);
  for (int i = 0; i < num; i++) {
    text[len++] = (uint8_t)record[i].len;
    memcpy(text + len, record[i].bytes, record[i].len);
    len += record[i].len;
  }
  return HMAC(EVP_sha256(), key, KEY_LEN, text, len, mac, NULL) != NULL;
}

static void count_up(uint8_t next[SEQ_LEN], const uint8_t *seq) {
  memcpy(next, seq, SEQ_LEN);
  for (size_t i = SEQ_LEN; i-- > 0 && ++next[i] == 0;) {
  }
}

/* What is written needs the head, so there are two round trips. */
static const char *use_openssl(void *thread) {
  struct client *client = thread;
  struct parameter record[NUM_RECORD + 2];
  uint8_t next[SEQ_LEN];
  uint8_t mac[MAC_LEN];
  uint8_t sealed[SEALED_LEN];
  uint8_t value[sizeof(VALUE)];
  say(client, "begin", NULL, 0);
  say(client, "value", &(const struct parameter){"db", 2}, 1);
  say(client, "head", NULL, 0);
  const char *error = hear(client, 3);
  if (error != NULL || !is_row(client, 1, 0, SEALED_LEN) || !is_row(client, 2, 1, MAC_LEN)) {
    return error != NULL ? error : "there is no value or no head";
  }
  memcpy(sealed, bytes_of(client, 1, 0), SEALED_LEN);
  count_up(next, bytes_of(client, 2, 0));
  set_record(record);
  record[NUM_RECORD] = (struct parameter){next, SEQ_LEN};
  record[NUM_RECORD + 1] = (struct parameter){mac, MAC_LEN};
  if (!link_to(mac, bytes_of(client, 2, 1), record, NUM_RECORD + 1)) {
    return "OpenSSL makes no HMAC";
  }
  say(client, "record", record, NUM_RECORD + 2);
  say(client, "move", record + NUM_RECORD, 2);
  say(client, "commit", NULL, 0);
  error = hear(client, 3);
  if (error != NULL || strcmp(PQcmdStatus(client->answers[2]), "COMMIT") != 0) {
    return error != NULL ? error : "it was not committed";
  }
  return unseal(value, client->cipher, sealed) ? NULL : "the value was not decrypted";
}

int main(int argc, char **argv) {
  static const struct load_work of_pgcrypto = {make_pgcrypto, open_nothing, begin_pgcrypto, use_pgcrypto,
                                               NULL,          end,          nothing,        nothing};
  static const struct load_work of_openssl = {make_openssl, open_nothing, begin_openssl, use_openssl,
                                              NULL,         end,          nothing,       nothing};
  const char *name = argc > 1 ? argv[1] : "";
  url = getenv("BULLA_BENCH_URL");
  bool is_default = strcmp(name, "pgcrypto-default") == 0;
  bool is_pgcrypto = strcmp(name, "pgcrypto") == 0 || is_default;
  if (url == NULL || (!is_pgcrypto && strcmp(name, "openssl") != 0)) {
    (void)fprintf(stderr, "usage: BULLA_BENCH_URL=postgres://… bulla-load-peer pgcrypto|pgcrypto-default|openssl …\n");
    return 2;
  }
  /* A key of 256 bits needs no stretching. */
  pgp_options = is_default ? "" : "cipher-algo=aes256, s2k-mode=1, compress-algo=0";
  if (RAND_bytes(key, KEY_LEN) != 1) {
    return 1;
  }
  for (size_t i = 0; i < KEY_LEN; i++) {
    (void)snprintf(key_text + 2 * i, 3, "%02x", key[i]);
  }
  return load_main(argc - 1, argv + 1, is_pgcrypto ? &of_pgcrypto : &of_openssl, NULL);
}
