/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/actors.h. Rows are copied before they are checked, since that asks the database for their leaves. */

#include "store/actors.h"

#include "core/log.h"
#include "store/vault_row.h"

/* Copies a statement and its signature, which are the next columns. */
static bool copy_signed(uint8_t *bytes, size_t size, struct bulla_span *said, uint8_t *signature,
                        struct bulla_statement *statement) {
  struct bulla_span blob = bulla_column_blob(statement, size);
  bulla_column_bytes(statement, signature, BULLA_SIGNATURE_LEN);
  if (!bulla_columns_good(statement)) {
    return false;
  }
  if (blob.len > 0) {
    memcpy(bytes, blob.data, blob.len);
  }
  *said = bulla_span(bytes, blob.len);
  return true;
}

static enum bulla_status refuse(const char *what) {
  return bulla_explain(BULLA_REFUSED, "the row of %s is not what the vault signed", what);
}

enum bulla_status bulla_actor_copy(struct bulla_actor_row *row, struct bulla_statement *statement) {
  struct bulla_span id = bulla_column_exact(statement, BULLA_ID_LEN);
  int64_t number = bulla_column_int(statement);
  struct bulla_span name = bulla_column_text(statement, BULLA_NAME_MAX);
  bool same = copy_signed(row->bytes, sizeof(row->bytes), &row->statement, row->signature, statement) &&
              bulla_actor_statement_read(&row->said, row->statement) == BULLA_OK && row->said.number == number &&
              bulla_span_equal(row->said.id, id) && bulla_span_equal(row->said.name, name);
  return same ? BULLA_OK : refuse("an actor");
}

static enum bulla_status check_actor(struct bulla_actor_row *row, struct bulla_keyring *keyring, struct bulla_db *db) {
  struct bulla_span signature = bulla_span(row->signature, sizeof(row->signature));
  if (bulla_check_actor(&row->said, keyring, row->statement, signature) != BULLA_OK) {
    return refuse("an actor");
  }
  return bulla_vault_row_check_newest(keyring, db, BULLA_QUERY_ACTOR_STATEMENT, row->said.id, row->statement);
}

/* Takes the one row of |statement|, and ends it. */
static enum bulla_status take_actor(struct bulla_actor_row *row, struct bulla_keyring *keyring,
                                    struct bulla_statement *statement) {
  bool there;
  BULLA_TRY(bulla_step(statement, &there));
  if (!there) {
    return BULLA_NOT_FOUND;
  }
  BULLA_TRY(bulla_actor_copy(row, statement));
  bulla_statement_end(statement);
  return check_actor(row, keyring, statement->db);
}

enum bulla_status bulla_actor_by_id(struct bulla_actor_row *row, struct bulla_keyring *keyring, struct bulla_db *db,
                                    struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_ACTOR_BY_ID);
  bulla_bind_blob(&statement, id);
  BULLA_TRY(take_actor(row, keyring, &statement));
  /* A damaged index leads to rows that were not asked for. */
  return bulla_span_equal(row->said.id, id) ? BULLA_OK : refuse("an actor");
}

enum bulla_status bulla_actor_by_name(struct bulla_actor_row *row, struct bulla_keyring *keyring, struct bulla_db *db,
                                      struct bulla_span name) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_ACTOR_BY_NAME);
  bulla_bind_text(&statement, name);
  BULLA_TRY(take_actor(row, keyring, &statement));
  return bulla_span_equal(row->said.name, name) ? BULLA_OK : refuse("an actor");
}

enum bulla_status bulla_actor_by_number(struct bulla_actor_row *row, struct bulla_keyring *keyring, struct bulla_db *db,
                                        int64_t number) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(db, BULLA_QUERY_ACTOR_BY_NUMBER);
  bulla_bind_int(&statement, number);
  BULLA_TRY(take_actor(row, keyring, &statement));
  return row->said.number == number ? BULLA_OK : refuse("an actor");
}

enum bulla_status bulla_actors_after(struct bulla_actor_row *rows, size_t *num, struct bulla_keyring *keyring,
                                     struct bulla_db *db, int64_t number) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_LIST_ACTORS);
  bulla_bind_int(&statement, number);
  bulla_bind_int(&statement, BULLA_ACTOR_ROWS);
  *num = 0;
  for (size_t n = 0; n < BULLA_ACTOR_ROWS; n++) {
    bool there;
    BULLA_TRY(bulla_step(&statement, &there));
    if (!there) {
      break;
    }
    BULLA_TRY(bulla_actor_copy(&rows[n], &statement));
    BULLA_TRY(rows[n].said.number > number ? BULLA_OK : refuse("an actor"));
    number = rows[n].said.number;
    *num = n + 1;
  }
  bulla_statement_end(&statement);
  for (size_t i = 0; i < *num; i++) {
    BULLA_TRY(check_actor(&rows[i], keyring, db));
  }
  return BULLA_OK;
}

enum bulla_status bulla_grant_copy(struct bulla_grant_row *row, struct bulla_statement *statement) {
  struct bulla_span id = bulla_column_exact(statement, BULLA_ID_LEN);
  struct bulla_span actor_id = bulla_column_exact(statement, BULLA_ID_LEN);
  struct bulla_span tenant_id = bulla_column_blob(statement, BULLA_ID_LEN);
  struct bulla_span role = bulla_column_text(statement, BULLA_NAME_MAX);
  int64_t ended = bulla_column_int(statement);
  bool same = copy_signed(row->bytes, sizeof(row->bytes), &row->statement, row->signature, statement) &&
              bulla_grant_statement_read(&row->said, row->statement) == BULLA_OK &&
              bulla_span_equal(row->said.id, id) && bulla_span_equal(row->said.actor_id, actor_id) &&
              bulla_span_equal(row->said.tenant_id, tenant_id) &&
              bulla_span_equal(bulla_role_name(row->said.role), role) && row->said.ended == ended;
  return same ? BULLA_OK : refuse("a grant");
}

static enum bulla_status check_grant(struct bulla_grant_row *row, struct bulla_keyring *keyring, struct bulla_db *db) {
  struct bulla_span signature = bulla_span(row->signature, sizeof(row->signature));
  if (bulla_check_grant(&row->said, keyring, row->statement, signature) != BULLA_OK) {
    return refuse("a grant");
  }
  return bulla_vault_row_check_newest(keyring, db, BULLA_QUERY_GRANT_STATEMENT, row->said.id, row->statement);
}

enum bulla_status bulla_grant_find(struct bulla_grant_row *row, struct bulla_keyring *keyring, struct bulla_db *db,
                                   struct bulla_span actor_id, struct bulla_span tenant_id, enum bulla_role role) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_FIND_GRANT);
  bulla_bind_blob(&statement, actor_id);
  bulla_bind_blob(&statement, tenant_id);
  bulla_bind_text(&statement, bulla_role_name(role));
  bool there;
  BULLA_TRY(bulla_step(&statement, &there));
  if (!there) {
    return BULLA_NOT_FOUND;
  }
  BULLA_TRY(bulla_grant_copy(row, &statement));
  bulla_statement_end(&statement);
  BULLA_TRY(check_grant(row, keyring, db));
  bool same = bulla_span_equal(row->said.actor_id, actor_id) && bulla_span_equal(row->said.tenant_id, tenant_id) &&
              row->said.role == role && row->said.ended == 0;
  return same ? BULLA_OK : refuse("a grant");
}

enum bulla_status bulla_grant_in_force(struct bulla_grant_row *row, struct bulla_keyring *keyring, struct bulla_db *db,
                                       struct bulla_span actor_id, struct bulla_span tenant_id, enum bulla_role role) {
  enum bulla_status status = bulla_grant_find(row, keyring, db, actor_id, tenant_id, role);
  return status == BULLA_NOT_FOUND && tenant_id.len > 0
             ? bulla_grant_find(row, keyring, db, actor_id, bulla_span(NULL, 0), role)
             : status;
}

/* Copies the rows of |statement|, ends it, and checks them. */
static enum bulla_status take_grants(struct bulla_grant_row *rows, size_t *num, struct bulla_keyring *keyring,
                                     struct bulla_statement *statement) {
  *num = 0;
  for (size_t n = 0; n < BULLA_ACTOR_ROWS; n++) {
    bool there;
    BULLA_TRY(bulla_step(statement, &there));
    if (!there) {
      break;
    }
    BULLA_TRY(bulla_grant_copy(&rows[n], statement));
    *num = n + 1;
  }
  bulla_statement_end(statement);
  for (size_t i = 0; i < *num; i++) {
    BULLA_TRY(check_grant(&rows[i], keyring, statement->db));
  }
  return BULLA_OK;
}

static int compare(struct bulla_span a, struct bulla_span b) {
  size_t len = a.len < b.len ? a.len : b.len;
  int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
  return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Whether |row| comes after |last| among the grants of an actor. */
static bool follows(const struct bulla_grant_statement *row, const struct bulla_grant_statement *last) {
  int order = compare(row->tenant_id, last->tenant_id);
  order = order != 0 ? order : compare(bulla_role_name(row->role), bulla_role_name(last->role));
  return order > 0 || (order == 0 && row->ended > last->ended);
}

enum bulla_status bulla_grants_of_actor(struct bulla_grant_row *rows, size_t *num, struct bulla_keyring *keyring,
                                        struct bulla_db *db, struct bulla_span actor_id,
                                        const struct bulla_grant_row *after) {
  uint8_t tenant[BULLA_ID_LEN];
  struct bulla_span tenant_id = bulla_span(tenant, 0);
  struct bulla_grant_statement last = {.ended = -1};
  if (after != NULL) {
    /* |after| may be one of |rows|. */
    memcpy(tenant, after->said.tenant_id.data, after->said.tenant_id.len);
    tenant_id.len = after->said.tenant_id.len;
    last.role = after->said.role;
    last.ended = after->said.ended;
  }
  last.tenant_id = tenant_id;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(db, BULLA_QUERY_GRANTS_OF_ACTOR);
  bulla_bind_blob(&statement, actor_id);
  bulla_bind_blob(&statement, tenant_id);
  bulla_bind_text(&statement, after != NULL ? bulla_role_name(last.role) : bulla_span(NULL, 0));
  bulla_bind_int(&statement, last.ended);
  bulla_bind_int(&statement, BULLA_ACTOR_ROWS);
  BULLA_TRY(take_grants(rows, num, keyring, &statement));
  for (size_t i = 0; i < *num; i++) {
    /* Pages of a damaged file that point at each other can give the same rows without end. */
    bool good = bulla_span_equal(rows[i].said.actor_id, actor_id) &&
                (i > 0 ? follows(&rows[i].said, &rows[i - 1].said) : after == NULL || follows(&rows[i].said, &last));
    BULLA_TRY(good ? BULLA_OK : refuse("a grant"));
  }
  return BULLA_OK;
}

enum bulla_status bulla_grants_of_role(struct bulla_grant_row *rows, size_t *num, struct bulla_keyring *keyring,
                                       struct bulla_db *db, struct bulla_span tenant_id, enum bulla_role role,
                                       const struct bulla_grant_row *after) {
  uint8_t id[BULLA_ID_LEN];
  struct bulla_span last = bulla_span(id, 0);
  if (after != NULL) {
    memcpy(id, after->said.id.data, BULLA_ID_LEN);
    last.len = BULLA_ID_LEN;
  }
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_GRANTS_OF_ROLE);
  bulla_bind_blob(&statement, tenant_id);
  bulla_bind_text(&statement, bulla_role_name(role));
  bulla_bind_blob(&statement, last);
  bulla_bind_int(&statement, BULLA_ACTOR_ROWS);
  BULLA_TRY(take_grants(rows, num, keyring, &statement));
  for (size_t i = 0; i < *num; i++) {
    bool good = bulla_span_equal(rows[i].said.tenant_id, tenant_id) && rows[i].said.role == role &&
                compare(rows[i].said.id, i > 0 ? rows[i - 1].said.id : last) > 0;
    BULLA_TRY(good ? BULLA_OK : refuse("a grant"));
  }
  return BULLA_OK;
}

enum bulla_status bulla_grants_of_tenant(struct bulla_grant_row *rows, size_t *num, struct bulla_keyring *keyring,
                                         struct bulla_db *db, struct bulla_span tenant_id,
                                         const struct bulla_grant_row *after) {
  uint8_t id[BULLA_ID_LEN];
  struct bulla_span last = bulla_span(id, 0);
  struct bulla_span role = bulla_span(NULL, 0);
  if (after != NULL) {
    memcpy(id, after->said.id.data, BULLA_ID_LEN);
    last.len = BULLA_ID_LEN;
    role = bulla_role_name(after->said.role);
  }
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(db, BULLA_QUERY_GRANTS_OF_TENANT);
  bulla_bind_blob(&statement, tenant_id);
  bulla_bind_text(&statement, role);
  bulla_bind_blob(&statement, last);
  bulla_bind_int(&statement, BULLA_ACTOR_ROWS);
  BULLA_TRY(take_grants(rows, num, keyring, &statement));
  for (size_t i = 0; i < *num; i++) {
    int order = compare(bulla_role_name(rows[i].said.role), role);
    bool good = bulla_span_equal(rows[i].said.tenant_id, tenant_id) &&
                (order > 0 || (order == 0 && compare(rows[i].said.id, last) > 0));
    BULLA_TRY(good ? BULLA_OK : refuse("a grant"));
    role = bulla_role_name(rows[i].said.role);
    last = rows[i].said.id;
  }
  return BULLA_OK;
}

enum bulla_status bulla_grants_in_force(struct bulla_grant_row *rows, size_t *num, struct bulla_keyring *keyring,
                                        struct bulla_db *db, struct bulla_span actor_id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(db, BULLA_QUERY_GRANTS_IN_FORCE);
  bulla_bind_blob(&statement, actor_id);
  bulla_bind_int(&statement, BULLA_ACTOR_ROWS);
  BULLA_TRY(take_grants(rows, num, keyring, &statement));
  for (size_t i = 0; i < *num; i++) {
    bool good = bulla_span_equal(rows[i].said.actor_id, actor_id) && rows[i].said.ended == 0;
    BULLA_TRY(good ? BULLA_OK : refuse("a grant"));
  }
  return BULLA_OK;
}
