/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/whole.h. */

#include "store/whole.h"

#include <stdlib.h>

#include "core/log.h"
#include "store/actors.h"
#include "store/leaves.h"
#include "store/vault_row.h"

enum { PAGE_ROWS = 256 };

/* The leaves, in the order of their ids. */
struct whole {
  uint8_t *leaves;
  bool *seen; /* whether a row has the leaf */
  size_t num;
  size_t num_seen;
};

static void whole_end(struct whole *whole) {
  free(whole->leaves);
  free(whole->seen);
}

static enum bulla_status refuse(void) {
  return bulla_explain(BULLA_REFUSED,
                       "a row of a tenant, an actor or a grant is missing, or is not what the vault "
                       "signed: bring it back from a backup");
}

static enum bulla_status begin(struct whole *whole, struct bulla_vault *vault) {
  struct bulla_vault_row row;
  uint8_t buckets[BULLA_BUCKETS_LEN];
  BULLA_TRY(bulla_vault_row_now(&row, &vault->keyring, vault->db));
  BULLA_TRY(bulla_leaves_load(buckets, vault->db, row.said.leaves));
  BULLA_TRY(bulla_leaves_all(&whole->leaves, &whole->num, vault->db, buckets));
  whole->seen = calloc(whole->num + 1, sizeof(*whole->seen));
  return whole->seen != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

static int compare_ids(const void *id, const void *leaf) {
  return memcmp(id, leaf, BULLA_ID_LEN);
}

/* Finds the leaf of a row. Each belongs to one row alone, whatever table that is in. */
static enum bulla_status see(struct whole *whole, struct bulla_span id, struct bulla_span statement) {
  uint8_t digest[BULLA_SHA256_LEN];
  const uint8_t *leaf =
      whole->num == 0 ? NULL : bsearch(id.data, whole->leaves, whole->num, BULLA_LEAF_LEN, compare_ids);
  if (leaf == NULL) {
    return refuse();
  }
  BULLA_TRY(bulla_sha256(digest, statement));
  size_t at = (size_t)(leaf - whole->leaves) / BULLA_LEAF_LEN;
  if (memcmp(leaf + BULLA_ID_LEN, digest, sizeof(digest)) != 0 || whole->seen[at]) {
    return refuse();
  }
  whole->seen[at] = true;
  whole->num_seen++;
  return BULLA_OK;
}

/* Takes the row that |statement| is at, and copies its id into |last|. */
typedef enum bulla_status (*take_fn)(struct whole *whole, uint8_t *last, struct bulla_statement *statement);

static enum bulla_status take_tenant(struct whole *whole, uint8_t *last, struct bulla_statement *statement) {
  struct bulla_tenant_statement said;
  struct bulla_span id = bulla_column_exact(statement, BULLA_ID_LEN);
  struct bulla_span bytes = bulla_column_blob(statement, BULLA_STATEMENT_MAX);
  bool good = bulla_columns_good(statement) && bulla_tenant_statement_read(&said, bytes) == BULLA_OK &&
              bulla_span_equal(said.id, id);
  BULLA_TRY(good ? see(whole, id, bytes) : refuse());
  memcpy(last, id.data, BULLA_ID_LEN);
  return BULLA_OK;
}

static enum bulla_status take_grant(struct whole *whole, uint8_t *last, struct bulla_statement *statement) {
  struct bulla_grant_row row;
  BULLA_TRY(bulla_grant_copy(&row, statement));
  memcpy(last, row.said.id.data, BULLA_ID_LEN);
  return see(whole, row.said.id, row.statement);
}

/* Takes the rows behind the id |last|, of |*len| bytes, and moves it on. */
static enum bulla_status take_page(struct whole *whole, size_t *num, uint8_t *last, size_t *len, struct bulla_db *db,
                                   enum bulla_query query, take_fn take) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, query);
  uint8_t after[BULLA_ID_LEN];
  memcpy(after, last, sizeof(after));
  bulla_bind_blob(&statement, bulla_span(after, *len));
  bulla_bind_int(&statement, PAGE_ROWS);
  for (*num = 0; *num < PAGE_ROWS; (*num)++) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    BULLA_TRY(take(whole, last, &statement)); /* no row comes twice: its leaf was seen */
    *len = BULLA_ID_LEN;
  }
  return BULLA_OK;
}

static enum bulla_status take_table(struct whole *whole, struct bulla_db *db, enum bulla_query query, take_fn take) {
  uint8_t last[BULLA_ID_LEN] = {0};
  size_t len = 0;
  size_t num;
  do {
    BULLA_TRY(take_page(whole, &num, last, &len, db, query, take));
  } while (num == PAGE_ROWS);
  return BULLA_OK;
}

/* There are at most BULLA_ACTORS_MAX. */
static enum bulla_status take_actors(struct whole *whole, struct bulla_db *db) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_LIST_ACTORS);
  bulla_bind_int(&statement, INT64_MIN);
  bulla_bind_int(&statement, BULLA_ACTORS_MAX + 1);
  for (;;) {
    struct bulla_actor_row row;
    bool there;
    BULLA_TRY(bulla_step(&statement, &there));
    if (!there) {
      return BULLA_OK;
    }
    BULLA_TRY(bulla_actor_copy(&row, &statement));
    BULLA_TRY(see(whole, row.said.id, row.statement));
  }
}

enum bulla_status bulla_check_whole(struct bulla_vault *vault) {
  struct whole whole BULLA_CLEANUP(whole_end) = {.leaves = NULL};
  if (vault->db->is_partial) {
    return BULLA_OK;
  }
  BULLA_TRY(begin(&whole, vault));
  BULLA_TRY(take_table(&whole, vault->db, BULLA_QUERY_TENANT_STATEMENTS, take_tenant));
  BULLA_TRY(take_actors(&whole, vault->db));
  BULLA_TRY(take_table(&whole, vault->db, BULLA_QUERY_LIST_GRANTS, take_grant));
  return whole.num_seen == whole.num ? BULLA_OK : refuse();
}
