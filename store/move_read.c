/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/move_read.h. Whoever writes to the database can leave rows out, but not give the same ones without end:
 * each walk goes on in its order, or is refused. */

#include "store/move_read.h"

#include "core/log.h"
#include "store/columns.h"

#define VALUES_MAX ((size_t)256 * 1024) /* bytes of values that a piece leads to: they are in locked memory at once */

/* Adds a row; its spans must be kept next. */
static struct bulla_moved *add(struct bulla_moving *moving, enum bulla_moved_kind kind) {
  struct bulla_moved *row = &moving->rows[moving->num++];
  *row = (struct bulla_moved){.kind = kind};
  return row;
}

static bool has_room(const struct bulla_moving *moving) {
  return moving->num < BULLA_MOVED_ROWS && bulla_page_has_room(&moving->page, moving->num);
}

static enum bulla_status refuse(const char *what) {
  return bulla_explain(BULLA_REFUSED, "%s in the vault is not one of its own, or out of order", what);
}

/* Enters the tenant behind the last one; |*row| is whether there is one. */
static enum bulla_status enter_tenant(struct bulla_moving *moving, struct bulla_vault *vault, bool *row) {
  const struct bulla_tenant *owner;
  const struct bulla_walked last = moving->tenant;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_WALK_TENANTS);
  bulla_bind_text(&statement, bulla_walked_name(&last));
  bulla_bind_int(&statement, 1);
  BULLA_TRY(bulla_step(&statement, row));
  if (!*row) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_columns_tenant(&owner, &vault->keyring, &statement);
  if (status != BULLA_OK || owner->said.removed || !bulla_walk_on(&moving->tenant, owner->said.name)) {
    return status == BULLA_OK || status == BULLA_REFUSED ? refuse("a tenant") : status;
  }
  struct bulla_moved *moved = add(moving, BULLA_MOVED_TENANT);
  moved->tenant = owner->said.name;
  moved->time = owner->said.created;
  bulla_page_keep(&moving->page, &moved->tenant);
  memcpy(moving->tenant_id, owner->id, sizeof(moving->tenant_id));
  moving->has_fields = true;
  moving->entry.len = 0;
  moving->field.len = 0;
  return BULLA_OK;
}

/* Whether the field is behind the last one, which it becomes. */
static bool walk_on(struct bulla_moving *moving, struct bulla_span entry, struct bulla_span field) {
  if (!bulla_span_equal(entry, bulla_walked_name(&moving->entry))) {
    moving->field.len = 0;
    if (!bulla_walk_on(&moving->entry, entry)) {
      return false;
    }
  }
  return bulla_walk_on(&moving->field, field);
}

/* Takes the field that |statement| is at, unless its value is too much for this piece. */
static enum bulla_status take_field(struct bulla_moving *moving, struct bulla_statement *statement, bool *taken) {
  struct bulla_moved row = {.kind = BULLA_MOVED_FIELD, .tenant = bulla_walked_name(&moving->tenant)};
  row.entry = bulla_column_name(statement);
  row.field = bulla_column_name(statement);
  row.revision = bulla_column_int(statement);
  row.time = bulla_column_int(statement);
  int64_t len = bulla_column_int(statement);
  if (!bulla_columns_good(statement) || len < 0 || len > BULLA_STORED_MAX) {
    return refuse("a field");
  }
  *taken = moving->values_len + (size_t)len <= VALUES_MAX; /* which is more than one value has */
  if (!*taken) {
    return BULLA_OK;
  }
  if (!walk_on(moving, row.entry, row.field)) {
    return refuse("a field");
  }
  moving->values_len += (size_t)len;
  bulla_page_keep(&moving->page, &row.tenant);
  bulla_page_keep(&moving->page, &row.entry);
  bulla_page_keep(&moving->page, &row.field);
  *add(moving, BULLA_MOVED_FIELD) = row;
  return BULLA_OK;
}

/* Reads on in the fields of the tenant; |*full| is whether the piece is. */
static enum bulla_status read_fields(struct bulla_moving *moving, struct bulla_vault *vault, bool *full) {
  const struct bulla_walked entry = moving->entry;
  const struct bulla_walked field = moving->field;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_WALK_FIELDS);
  bulla_bind_blob(&statement, bulla_span(moving->tenant_id, sizeof(moving->tenant_id)));
  bulla_bind_text(&statement, bulla_walked_name(&entry));
  bulla_bind_text(&statement, bulla_walked_name(&field));
  bulla_bind_int(&statement, BULLA_MOVED_ROWS);
  for (*full = !has_room(moving); !*full; *full = !has_room(moving)) {
    bool row;
    bool taken = false;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      moving->has_fields = false;
      return BULLA_OK;
    }
    BULLA_TRY(take_field(moving, &statement, &taken));
    if (!taken) {
      *full = true;
      return BULLA_OK;
    }
  }
  return BULLA_OK;
}

static enum bulla_status read_tenants(struct bulla_moving *moving, struct bulla_vault *vault) {
  bool full = false;
  while (!full && has_room(moving)) {
    bool row = true;
    BULLA_TRY(moving->has_fields ? read_fields(moving, vault, &full) : enter_tenant(moving, vault, &row));
    if (!row) {
      moving->phase = BULLA_MOVING_APIKEYS;
      moving->apikey = INT64_MIN;
      return BULLA_OK;
    }
  }
  return BULLA_OK;
}

static enum bulla_status take_apikey(struct bulla_moving *moving, struct bulla_vault *vault,
                                     struct bulla_statement *statement) {
  const struct bulla_tenant *owner;
  int64_t number = bulla_column_int(statement);
  enum bulla_status status = bulla_columns_tenant(&owner, &vault->keyring, statement);
  if (status != BULLA_OK) {
    return status == BULLA_REFUSED ? refuse("the tenant of an API key") : status;
  }
  struct bulla_moved row = {.kind = BULLA_MOVED_APIKEY, .tenant = owner->said.name};
  row.entry = bulla_column_name(statement);
  row.field = bulla_column_text(statement, BULLA_NAME_MAX);
  row.time = bulla_column_int(statement);
  row.revoked = bulla_column_int(statement);
  row.hash = bulla_column_exact(statement, BULLA_RECORD_HASH_LEN);
  bool named = row.field.len == 0 || bulla_name_check(row.field) == BULLA_OK;
  if (!bulla_columns_good(statement) || owner->said.removed || !named || row.entry.len != BULLA_RECORD_ID_LEN ||
      number <= moving->apikey) {
    return refuse("an API key");
  }
  moving->apikey = number;
  bulla_page_keep(&moving->page, &row.tenant);
  bulla_page_keep(&moving->page, &row.entry);
  bulla_page_keep(&moving->page, &row.field);
  bulla_page_keep(&moving->page, &row.hash);
  *add(moving, BULLA_MOVED_APIKEY) = row;
  return BULLA_OK;
}

static enum bulla_status take_token(struct bulla_moving *moving, struct bulla_vault *vault,
                                    struct bulla_statement *statement) {
  const struct bulla_tenant *owner;
  struct bulla_moved row = {.kind = BULLA_MOVED_TOKEN};
  row.entry = bulla_column_exact(statement, BULLA_SHA256_LEN);
  row.time = bulla_column_int(statement);
  enum bulla_status status = bulla_columns_tenant(&owner, &vault->keyring, statement);
  if (status != BULLA_OK) {
    return status == BULLA_REFUSED ? refuse("the tenant of a revoked token") : status;
  }
  row.tenant = owner->said.name;
  int order = memcmp(owner->id, moving->token_tenant, sizeof(moving->token_tenant));
  if (owner->said.removed || order < 0 ||
      (order == 0 && memcmp(row.entry.data, moving->token, sizeof(moving->token)) <= 0)) {
    return refuse("a revoked token");
  }
  memcpy(moving->token_tenant, owner->id, sizeof(moving->token_tenant));
  memcpy(moving->token, row.entry.data, sizeof(moving->token));
  bulla_page_keep(&moving->page, &row.tenant);
  bulla_page_keep(&moving->page, &row.entry);
  *add(moving, BULLA_MOVED_TOKEN) = row;
  return BULLA_OK;
}

static enum bulla_status read_apikeys(struct bulla_moving *moving, struct bulla_vault *vault) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LIST_APIKEYS);
  bulla_bind_int(&statement, moving->apikey);
  bulla_bind_text(&statement, bulla_span("", 0));
  bulla_bind_int(&statement, BULLA_MOVED_ROWS);
  while (has_room(moving)) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      moving->phase = BULLA_MOVING_TOKENS;
      return BULLA_OK;
    }
    BULLA_TRY(take_apikey(moving, vault, &statement));
  }
  return BULLA_OK;
}

static enum bulla_status read_tokens(struct bulla_moving *moving, struct bulla_vault *vault) {
  uint8_t tenant[sizeof(moving->token_tenant)];
  uint8_t token[sizeof(moving->token)];
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_WALK_TOKENS);
  memcpy(tenant, moving->token_tenant, sizeof(tenant));
  memcpy(token, moving->token, sizeof(token));
  bulla_bind_blob(&statement, bulla_span(tenant, sizeof(tenant)));
  bulla_bind_blob(&statement, bulla_span(token, sizeof(token)));
  bulla_bind_int(&statement, BULLA_MOVED_ROWS);
  while (has_room(moving)) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      moving->phase = BULLA_MOVING_DONE;
      return BULLA_OK;
    }
    BULLA_TRY(take_token(moving, vault, &statement));
  }
  return BULLA_OK;
}

static enum bulla_status read_phase(struct bulla_moving *moving, struct bulla_vault *vault) {
  switch (moving->phase) {
    case BULLA_MOVING_TENANTS:
      return read_tenants(moving, vault);
    case BULLA_MOVING_APIKEYS:
      return read_apikeys(moving, vault);
    case BULLA_MOVING_TOKENS:
      return read_tokens(moving, vault);
    case BULLA_MOVING_DONE:
      break;
  }
  return BULLA_OK;
}

enum bulla_status bulla_moving_read(struct bulla_moving *moving, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  moving->num = 0;
  moving->values_len = 0;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
  BULLA_TRY(bulla_page_begin(&moving->page));
  enum bulla_moving_phase phase;
  do {
    phase = moving->phase;
    BULLA_TRY(read_phase(moving, vault));
  } while (moving->phase != phase); /* the same one: it is done, or the piece is full */
  return BULLA_OK;
}
