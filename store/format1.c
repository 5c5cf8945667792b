/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/format1.h. The contexts and labels are normative: docs/FORMAT-1.md. */

#include "store/format1.h"

#include "core/log.h"
#include "store/audit_chain.h"
#include "store/columns.h"
#include "store/field.h"
#include "store/names.h"
#include "store/opening.h"
#include "store/wrap.h"

enum { RECORDS_PER_EPOCH = 64, LOG_MESSAGE_MAX = 256 + 3 * (4 + BULLA_NAME_MAX) + 3 * (4 + BULLA_WHO_MAX) + 128 };
#define NO_SPAN bulla_span(NULL, 0)

static struct bulla_span uuid_of(const struct bulla_format1 *old) {
  return bulla_span(old->uuid, sizeof(old->uuid));
}

/* A context is a label, the uuid, |num| parts, and a number unless it is negative. */
static enum bulla_status context_of(struct bulla_context *context, const struct bulla_format1 *old,
                                    struct bulla_span label, const struct bulla_span *parts, size_t num,
                                    int64_t number) {
  struct bulla_buffer buffer = bulla_buffer(context->bytes, sizeof(context->bytes));
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put_prefixed(&writer, label);
  bulla_put_prefixed(&writer, uuid_of(old));
  for (size_t i = 0; i < num; i++) {
    bulla_put_prefixed(&writer, parts[i]);
  }
  if (number >= 0) {
    bulla_put_number(&writer, number);
  }
  context->len = buffer.len;
  return bulla_writer_finish(&writer);
}

void bulla_format1_close(struct bulla_format1 *old) {
  bulla_secret_free(&old->name_key);
  bulla_key_free(&old->root);
}

enum bulla_status bulla_format1_open(struct bulla_format1 *old, struct bulla_db *db, const struct bulla_root *root) {
  struct bulla_root_row stretched = {.log_n = 0};
  struct bulla_context context;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_1_VAULT);
  bool row;
  old->db = db;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_NOT_A_VAULT;
  }
  bulla_column_bytes(&statement, old->uuid, sizeof(old->uuid));
  struct bulla_span key_id = bulla_column_exact(&statement, BULLA_KEY_ID_LEN);
  struct bulla_span name_key = bulla_column_blob(&statement, BULLA_WRAPPED_MAX);
  if (!bulla_column_null(&statement)) {
    bulla_column_bytes(&statement, stretched.salt, sizeof(stretched.salt));
    stretched.log_n = bulla_column_int(&statement);
  }
  if (!bulla_columns_good(&statement)) {
    return BULLA_NOT_A_VAULT;
  }
  BULLA_TRY(bulla_root_key(&old->root, root, &stretched));
  if (!bulla_span_equal(bulla_key_id(old->root), key_id)) {
    return BULLA_ROOT_WRONG;
  }
  BULLA_TRY(context_of(&context, old, BULLA_LITERAL("bulla/v1/name-key"), NULL, 0, -1));
  return bulla_unwrap(&old->name_key, old->root, name_key, &context);
}

/* Checks the proof of the name of a tenant, or of the entry |entry_id|. */
static enum bulla_status check_name(const struct bulla_format1 *old, struct bulla_span tenant_id,
                                    struct bulla_span entry_id, struct bulla_span name, struct bulla_span proof) {
  const struct bulla_span parts[] = {tenant_id, entry_id, name};
  struct bulla_context context;
  uint8_t expected[BULLA_SHA256_LEN];
  BULLA_TRY(context_of(&context, old, BULLA_LITERAL("bulla/v1/name"), parts, 3, -1));
  BULLA_TRY(bulla_hmac(expected, bulla_secret_bytes(old->name_key), bulla_context_span(&context)));
  return bulla_secret_equal(bulla_span(expected, sizeof(expected)), proof)
             ? BULLA_OK
             : bulla_explain(BULLA_REFUSED, "the name of a tenant or an entry is not proven");
}

/* Takes the columns of a tenant's key, and unwraps it. Fields of one tenant mostly have the same: |*key| is kept from
 * one to the next. */
static enum bulla_status take_key(struct bulla_key **key, const struct bulla_format1 *old,
                                  struct bulla_statement *statement, struct bulla_span tenant_id) {
  struct bulla_span owner = bulla_column_exact(statement, BULLA_ID_LEN);
  struct bulla_span key_id = bulla_column_exact(statement, BULLA_KEY_ID_LEN);
  int64_t version = bulla_column_int(statement);
  struct bulla_span wrapped = bulla_column_blob(statement, BULLA_WRAPPED_MAX);
  struct bulla_context context;
  if (!bulla_columns_good(statement) || version < 0 || !bulla_span_equal(owner, tenant_id)) {
    return BULLA_REFUSED;
  }
  if (*key != NULL && bulla_span_equal(bulla_key_id(*key), key_id)) {
    return BULLA_OK;
  }
  bulla_key_free(key);
  BULLA_TRY(context_of(&context, old, BULLA_LITERAL("bulla/v1/tenant-key"), &tenant_id, 1, version));
  BULLA_TRY(bulla_unwrap_key(key, old->root, wrapped, &context));
  return bulla_span_equal(bulla_key_id(*key), key_id) ? BULLA_OK : BULLA_REFUSED;
}

/* Where the walk over the rows is. */
struct place {
  struct bulla_format1 *old;
  const struct bulla_format1_taker *taker;
  struct bulla_span tenant_id;
  struct bulla_span entry_id;
  struct bulla_key *key; /* of the field before */
  int64_t num_entries;
  int64_t num_fields;
  int64_t num_apikeys;
  int64_t num_tokens;
};

static void free_place(struct place *place) {
  bulla_key_free(&place->key);
}

/* A plain value has a proof: an empty text that is sealed with its digest in the context. */
static enum bulla_status check_plain(const struct place *place, const struct bulla_format1_field *field,
                                     struct bulla_span proof) {
  uint8_t digest[BULLA_SHA256_LEN];
  uint8_t bytes[512];
  struct bulla_buffer buffer = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_writer writer = bulla_writer(&buffer);
  struct bulla_buffer nothing = bulla_buffer(NULL, 0);
  BULLA_TRY(bulla_sha256(digest, field->value));
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v1/plain"));
  bulla_put_prefixed(&writer, uuid_of(place->old));
  bulla_put_prefixed(&writer, place->tenant_id);
  bulla_put_prefixed(&writer, place->entry_id);
  bulla_put_prefixed(&writer, field->name);
  bulla_put_number(&writer, field->revision);
  bulla_put_prefixed(&writer, bulla_span(digest, sizeof(digest)));
  BULLA_TRY(bulla_writer_finish(&writer));
  enum bulla_status status = bulla_open(place->key, &nothing, proof, bulla_written(&buffer));
  return status == BULLA_BUFFER_TOO_SMALL ? BULLA_REFUSED : status;
}

/* Opens the field of the row that |statement| is at, and hands it on. */
static enum bulla_status take_field(struct place *place, struct bulla_statement *statement) {
  struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_format1_field field = {.name = bulla_column_name(statement)};
  field.revision = bulla_column_int(statement);
  field.secret = bulla_column_int(statement) != 0;
  field.value = bulla_column_blob(statement, BULLA_STORED_MAX);
  struct bulla_span proof = bulla_column_blob(statement, BULLA_STORED_MAX);
  field.updated = bulla_column_int(statement);
  if (!bulla_columns_good(statement) || field.revision < 1) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(take_key(&place->key, place->old, statement, place->tenant_id));
  if (field.secret) {
    const struct bulla_span parts[] = {place->tenant_id, place->entry_id, field.name};
    struct bulla_context context;
    BULLA_TRY(context_of(&context, place->old, BULLA_LITERAL("bulla/v1/field"), parts, 3, field.revision));
    BULLA_TRY(bulla_open_secret(&opened, place->key, field.value, bulla_context_span(&context)));
    field.value = bulla_secret_bytes(opened);
  } else {
    BULLA_TRY(check_plain(place, &field, proof));
  }
  place->num_fields++;
  return place->taker->field(place->taker->arg, &field);
}

/* A walk over the rows of |query| with the parameter |id|, if it is not empty. */
static enum bulla_status walk(struct place *place, enum bulla_query query, struct bulla_span id,
                              enum bulla_status (*take)(struct place *, struct bulla_statement *)) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(place->old->db, query);
  if (id.len > 0) {
    bulla_bind_blob(&statement, id);
  }
  for (;;) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    BULLA_TRY(take(place, &statement));
  }
}

static enum bulla_status take_entry(struct place *place, struct bulla_statement *statement) {
  struct bulla_format1_entry entry = {.id = bulla_column_exact(statement, BULLA_ID_LEN)};
  entry.name = bulla_column_name(statement);
  struct bulla_span proof = bulla_column_exact(statement, BULLA_SHA256_LEN);
  BULLA_TRY(bulla_columns_good(statement) ? BULLA_OK : BULLA_REFUSED);
  BULLA_TRY(check_name(place->old, place->tenant_id, entry.id, entry.name, proof));
  place->num_entries++;
  place->entry_id = entry.id;
  BULLA_TRY(place->taker->entry(place->taker->arg, &entry));
  return walk(place, BULLA_QUERY_1_FIELDS, entry.id, take_field);
}

static enum bulla_status take_tenant(struct place *place, struct bulla_statement *statement) {
  struct bulla_format1_tenant tenant = {.id = bulla_column_exact(statement, BULLA_ID_LEN)};
  tenant.name = bulla_column_name(statement);
  struct bulla_span proof = bulla_column_exact(statement, BULLA_SHA256_LEN);
  tenant.created = bulla_column_int(statement);
  BULLA_TRY(bulla_columns_good(statement) && tenant.created >= 0 ? BULLA_OK : BULLA_REFUSED);
  BULLA_TRY(check_name(place->old, tenant.id, NO_SPAN, tenant.name, proof));
  place->tenant_id = tenant.id;
  BULLA_TRY(place->taker->tenant(place->taker->arg, &tenant));
  return walk(place, BULLA_QUERY_1_ENTRIES, tenant.id, take_entry);
}

static enum bulla_status take_apikey(struct place *place, struct bulla_statement *statement) {
  struct bulla_secret *root BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_format1_apikey apikey;
  place->tenant_id = bulla_column_exact(statement, BULLA_ID_LEN);
  apikey.tenant = bulla_column_name(statement);
  apikey.id = bulla_column_name(statement);
  apikey.name = bulla_column_text(statement, BULLA_NAME_MAX);
  apikey.created = bulla_column_int(statement);
  apikey.revoked = bulla_column_int(statement);
  apikey.hash = bulla_column_exact(statement, BULLA_RECORD_HASH_LEN);
  if (!bulla_column_null(statement)) {
    const struct bulla_span parts[] = {place->tenant_id, apikey.id};
    struct bulla_context context;
    struct bulla_span sealed = bulla_column_blob(statement, BULLA_WRAPPED_MAX);
    BULLA_TRY(take_key(&place->key, place->old, statement, place->tenant_id));
    BULLA_TRY(context_of(&context, place->old, BULLA_LITERAL("bulla/v1/apikey"), parts, 2, -1));
    BULLA_TRY(bulla_open_secret(&root, place->key, sealed, bulla_context_span(&context)));
  }
  apikey.root = root;
  bool good = bulla_columns_good(statement) && apikey.id.len == BULLA_RECORD_ID_LEN &&
              (apikey.revoked != 0 || (root != NULL && bulla_secret_bytes(root).len == BULLA_KEY_LEN));
  BULLA_TRY(good ? BULLA_OK : BULLA_REFUSED);
  place->num_apikeys++;
  return place->taker->apikey(place->taker->arg, &apikey);
}

static enum bulla_status take_token(struct place *place, struct bulla_statement *statement) {
  struct bulla_format1_token token = {.tenant = bulla_column_name(statement)};
  token.digest = bulla_column_exact(statement, BULLA_SHA256_LEN);
  token.expires = bulla_column_int(statement);
  BULLA_TRY(bulla_columns_good(statement) ? BULLA_OK : BULLA_REFUSED);
  place->num_tokens++;
  return place->taker->token(place->taker->arg, &token);
}

enum bulla_status bulla_format1_count(int64_t *count, struct bulla_db *db) {
  enum { COUNTS = 5 };
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_1_COUNT);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  *count = 0;
  for (size_t i = 0; row && i < COUNTS; i++) {
    *count += bulla_column_int(&statement);
  }
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_NOT_A_VAULT;
}

/* A row that no walk comes to, since what it belongs to is gone, would be lost in silence. */
static enum bulla_status check_counts(const struct place *place) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(place->old->db, BULLA_QUERY_1_COUNT);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  bool same = row && bulla_column_int(&statement) == place->num_entries &&
              bulla_column_int(&statement) == place->num_fields && bulla_column_int(&statement) == place->num_apikeys &&
              bulla_column_int(&statement) == place->num_tokens && bulla_columns_good(&statement);
  return same ? BULLA_OK : bulla_explain(BULLA_REFUSED, "there are rows that belong to nothing");
}

static enum bulla_status read_rows(struct bulla_format1 *old, const struct bulla_format1_taker *taker) {
  struct place place BULLA_CLEANUP(free_place) = {.old = old, .taker = taker};
  BULLA_TRY(walk(&place, BULLA_QUERY_1_TENANTS, NO_SPAN, take_tenant));
  BULLA_TRY(walk(&place, BULLA_QUERY_1_APIKEYS, NO_SPAN, take_apikey));
  BULLA_TRY(walk(&place, BULLA_QUERY_1_TOKENS, NO_SPAN, take_token));
  return check_counts(&place);
}

/* A walk along the log. */
struct chain {
  struct bulla_format1 *old;
  struct bulla_secret *key; /* of the epoch of the record |seq| */
  int64_t seq;
  uint8_t mac[BULLA_SHA256_LEN];
};

static void free_chain(struct chain *chain) {
  bulla_secret_free(&chain->key);
}

static int64_t epoch_of(int64_t seq) {
  return seq > 0 ? (seq - 1) / RECORDS_PER_EPOCH : 0;
}

static void start_message(struct bulla_writer *writer, const struct chain *chain, struct bulla_span label,
                          int64_t seq) {
  bulla_put_prefixed(writer, label);
  bulla_put_prefixed(writer, uuid_of(chain->old));
  bulla_put_number(writer, seq);
  bulla_put_prefixed(writer, bulla_span(chain->mac, sizeof(chain->mac)));
}

static enum bulla_status record_mac(uint8_t *mac, const struct chain *chain, const struct bulla_audit_record *record) {
  uint8_t message[LOG_MESSAGE_MAX];
  struct bulla_buffer buffer = bulla_buffer(message, sizeof(message));
  struct bulla_writer writer = bulla_writer(&buffer);
  start_message(&writer, chain, BULLA_LITERAL("bulla/v1/audit"), record->seq);
  bulla_put_number(&writer, record->time);
  bulla_put_prefixed(&writer, record->tenant);
  bulla_put_prefixed(&writer, record->actor);
  bulla_put_prefixed(&writer, record->origin);
  bulla_put_prefixed(&writer, record->reason);
  bulla_put_prefixed(&writer, record->op);
  bulla_put_prefixed(&writer, record->entry);
  bulla_put_prefixed(&writer, record->field);
  bulla_put_prefixed(&writer, record->outcome);
  BULLA_TRY(bulla_writer_finish(&writer));
  return bulla_hmac(mac, bulla_secret_bytes(chain->key), bulla_written(&buffer));
}

static enum bulla_status ratchet(struct bulla_secret **key) {
  struct bulla_secret *next = NULL;
  BULLA_TRY(bulla_secret_expand(&next, *key, BULLA_LITERAL("bulla/v1/audit-ratchet")));
  bulla_secret_free(key);
  *key = next;
  return BULLA_OK;
}

static enum bulla_status unseal_key(struct bulla_secret **key, const struct bulla_format1 *old,
                                    struct bulla_span sealed, int64_t epoch) {
  struct bulla_context context;
  BULLA_TRY(context_of(&context, old, BULLA_LITERAL("bulla/v1/audit-key"), NULL, 0, epoch));
  enum bulla_status status = bulla_unwrap(key, old->root, sealed, &context);
  return status == BULLA_REFUSED ? BULLA_AUDIT_BROKEN : status;
}

static struct bulla_span take_text(struct bulla_statement *statement, size_t max_len) {
  struct bulla_span text = bulla_column_text(statement, max_len);
  statement->bad = statement->bad || bulla_text_check(text, max_len) != BULLA_OK;
  return text;
}

/* Checks the record of the row that |statement| is at, and hands it on. */
static enum bulla_status take_record(struct chain *chain, struct bulla_statement *statement,
                                     const struct bulla_format1_taker *taker) {
  uint8_t mac[BULLA_SHA256_LEN];
  uint8_t expected[BULLA_SHA256_LEN];
  struct bulla_audit_record record = {.seq = bulla_column_int(statement)};
  record.time = bulla_column_int(statement);
  record.tenant = take_text(statement, BULLA_NAME_MAX);
  record.actor = take_text(statement, BULLA_WHO_MAX);
  record.origin = take_text(statement, BULLA_WHO_MAX);
  record.reason = take_text(statement, BULLA_WHO_MAX);
  record.op = take_text(statement, BULLA_OP_MAX);
  record.entry = take_text(statement, BULLA_NAME_MAX);
  record.field = take_text(statement, BULLA_NAME_MAX);
  record.outcome = take_text(statement, BULLA_OP_MAX);
  bulla_column_bytes(statement, mac, sizeof(mac));
  if (!bulla_columns_good(statement) || record.seq != chain->seq + 1) {
    return BULLA_AUDIT_BROKEN;
  }
  if (epoch_of(record.seq) != epoch_of(chain->seq)) {
    BULLA_TRY(ratchet(&chain->key));
  }
  BULLA_TRY(record_mac(expected, chain, &record));
  if (!bulla_secret_equal(bulla_span(mac, sizeof(mac)), bulla_span(expected, sizeof(expected)))) {
    return BULLA_AUDIT_BROKEN;
  }
  chain->seq = record.seq;
  memcpy(chain->mac, mac, sizeof(chain->mac));
  return taker->record(taker->arg, &record);
}

/* The head's tag, over the last record. */
static enum bulla_status check_tag(const struct chain *chain, struct bulla_span tag) {
  uint8_t message[LOG_MESSAGE_MAX];
  uint8_t expected[BULLA_SHA256_LEN];
  struct bulla_buffer buffer = bulla_buffer(message, sizeof(message));
  struct bulla_writer writer = bulla_writer(&buffer);
  start_message(&writer, chain, BULLA_LITERAL("bulla/v1/audit-head"), chain->seq);
  BULLA_TRY(bulla_writer_finish(&writer));
  BULLA_TRY(bulla_hmac(expected, bulla_secret_bytes(chain->key), bulla_written(&buffer)));
  return bulla_secret_equal(bulla_span(expected, sizeof(expected)), tag) ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

static enum bulla_status read_records(struct chain *chain, const struct bulla_format1_taker *taker) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(chain->old->db, BULLA_QUERY_1_RECORDS);
  for (;;) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    BULLA_TRY(take_record(chain, &statement, taker));
  }
}

static enum bulla_status read_log(uint8_t *last, struct bulla_format1 *old, const struct bulla_format1_taker *taker) {
  struct chain chain BULLA_CLEANUP(free_chain) = {.old = old};
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(old->db, BULLA_QUERY_1_HEAD);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  int64_t seq = row ? bulla_column_int(&statement) : -1;
  struct bulla_span tag = bulla_column_exact(&statement, BULLA_SHA256_LEN);
  (void)bulla_column_blob(&statement, BULLA_WRAPPED_MAX); /* the current key: the first one leads to it */
  struct bulla_span first_key = bulla_column_blob(&statement, BULLA_WRAPPED_MAX);
  if (!row || !bulla_columns_good(&statement)) {
    return BULLA_AUDIT_BROKEN;
  }
  BULLA_TRY(unseal_key(&chain.key, old, first_key, 0));
  BULLA_TRY(read_records(&chain, taker));
  BULLA_TRY(chain.seq == seq ? check_tag(&chain, tag) : BULLA_AUDIT_BROKEN);
  memcpy(last, chain.mac, sizeof(chain.mac));
  return BULLA_OK;
}

enum bulla_status bulla_format1_read(uint8_t *last, struct bulla_format1 *old,
                                     const struct bulla_format1_taker *taker) {
  BULLA_TRY(read_rows(old, taker));
  enum bulla_status status = read_log(last, old, taker);
  return status == BULLA_AUDIT_BROKEN ? bulla_explain(status, "the log of the old vault is not whole") : status;
}
