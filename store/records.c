/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reading the audit log, and verifying it: see store/audit_log.h and docs/FORMAT.md §8. Both go through the rows in
 * order, a page at a time, and hold no state of the database meanwhile: records are only ever added. */

#include "core/sized.h"
#include "store/names.h"
#include "store/page.h"
#include "store/vault.h"

enum { OP_MAX = 32 };
/* Records that are verified in one read transaction: while it lasts the -wal cannot begin anew, and threads wait. */
enum { PAGE_RECORDS = 256 };

static struct bulla_span read_text(struct bulla_statement *statement, size_t max_len) {
  struct bulla_span text = bulla_column_text(statement, max_len);
  if (bulla_text_check(text, max_len) != BULLA_OK) {
    statement->bad = true;
  }
  return text;
}

/* Returns BULLA_AUDIT_BROKEN for a row that no bulla wrote. */
static enum bulla_status read_record(struct bulla_audit_record *record, struct bulla_statement *statement) {
  record->seq = bulla_column_int(statement);
  record->time = bulla_column_int(statement);
  record->tenant = read_text(statement, BULLA_NAME_MAX);
  record->actor = read_text(statement, BULLA_WHO_MAX);
  record->origin = read_text(statement, BULLA_WHO_MAX);
  record->reason = read_text(statement, BULLA_WHO_MAX);
  record->op = read_text(statement, OP_MAX);
  record->entry = read_text(statement, BULLA_NAME_MAX);
  record->field = read_text(statement, BULLA_NAME_MAX);
  record->outcome = read_text(statement, OP_MAX);
  return bulla_columns_good(statement) ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

static enum bulla_status next_record(struct bulla_audit_record *record, struct bulla_statement *statement, bool *row) {
  BULLA_TRY(bulla_step(statement, row));
  return *row ? read_record(record, statement) : BULLA_OK;
}

/* Where reading stands. */
struct reading {
  struct bulla_page page;
  struct bulla_audit_record records[BULLA_PAGE_ROWS];
  size_t num;
  int64_t next; /* the seq from which on to read */
  int64_t end;  /* the last seq there was as it began: a log that grows as fast as it is read has an end too */
};

static void free_reading(struct reading *reading) {
  bulla_page_free(&reading->page);
}

static void keep_record(struct reading *reading, const struct bulla_audit_record *record) {
  struct bulla_audit_record *kept = &reading->records[reading->num++];
  *kept = *record;
  bulla_page_keep(&reading->page, &kept->tenant);
  bulla_page_keep(&reading->page, &kept->actor);
  bulla_page_keep(&reading->page, &kept->origin);
  bulla_page_keep(&reading->page, &kept->reason);
  bulla_page_keep(&reading->page, &kept->op);
  bulla_page_keep(&reading->page, &kept->entry);
  bulla_page_keep(&reading->page, &kept->field);
  bulla_page_keep(&reading->page, &kept->outcome);
}

static enum bulla_status find_end(struct reading *reading, struct bulla_vault *vault) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LAST_RECORD);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  reading->end = row && !bulla_column_null(&statement) ? bulla_column_int(&statement) : 0;
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

static enum bulla_status read_records(struct reading *reading, struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  reading->num = 0;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LIST_RECORDS);
  BULLA_TRY(bulla_page_begin(&reading->page));
  if (reading->end == 0) {
    BULLA_TRY(find_end(reading, vault));
  }
  bulla_bind_int(&statement, reading->next);
  bulla_bind_int(&statement, reading->end);
  bulla_bind_text(&statement, tenant);
  while (bulla_page_has_room(&reading->page, reading->num)) {
    bool row;
    struct bulla_audit_record record;
    BULLA_TRY(next_record(&record, &statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    /* Pages of a damaged file that point at each other can give the same rows without end. */
    if (record.seq < reading->next || record.seq == INT64_MAX) {
      return BULLA_AUDIT_BROKEN;
    }
    reading->next = record.seq + 1;
    keep_record(reading, &record);
  }
  return BULLA_OK;
}

enum bulla_status bulla_vault_audit_log(struct bulla_vault *vault, int64_t first_seq, struct bulla_span tenant,
                                        bulla_audit_fn each, void *arg) {
  if (tenant.len > 0) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  struct reading reading BULLA_CLEANUP(free_reading) = {.next = first_seq};
  do {
    /* What was read before a record that cannot be is given out first. */
    enum bulla_status status = read_records(&reading, vault, tenant);
    for (size_t i = 0; i < reading.num; i++) {
      BULLA_TRY(each(arg, &reading.records[i]));
    }
    BULLA_TRY(status);
  } while (reading.num > 0);
  return BULLA_OK;
}

/* A walk along the chain. */
struct walk {
  struct bulla_vault *vault;
  struct bulla_secret *key; /* of the epoch of the record |num_good| */
  int64_t num_good;
  uint8_t mac[BULLA_MAC_LEN]; /* of the record |num_good| */
};

static void free_walk(struct walk *walk) {
  bulla_secret_free(&walk->key);
}

static enum bulla_status load_first_key(struct walk *walk) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(walk->vault->db, BULLA_QUERY_FIRST_KEY);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_AUDIT_BROKEN;
  }
  struct bulla_span sealed = bulla_column_blob(&statement, BULLA_WRAPPED_MAX);
  return bulla_audit_unseal(&walk->key, &walk->vault->keyring, sealed, 0);
}

/* Returns BULLA_AUDIT_BROKEN unless |record|, with the mac that |statement| gives next, is the next one. */
static enum bulla_status check_record(struct walk *walk, const struct bulla_audit_record *record,
                                      struct bulla_statement *statement) {
  uint8_t mac[BULLA_MAC_LEN];
  bulla_column_bytes(statement, mac, sizeof(mac));
  if (record->seq != walk->num_good + 1 || !bulla_columns_good(statement)) {
    return BULLA_AUDIT_BROKEN;
  }
  if (bulla_audit_epoch(record->seq) != bulla_audit_epoch(walk->num_good)) {
    BULLA_TRY(bulla_audit_ratchet(&walk->key));
  }
  uint8_t expected[BULLA_MAC_LEN];
  BULLA_TRY(bulla_audit_mac(expected, &walk->vault->keyring, walk->key, record, walk->mac));
  if (!bulla_secret_equal(bulla_span(mac, sizeof(mac)), bulla_span(expected, sizeof(expected)))) {
    return BULLA_AUDIT_BROKEN;
  }
  walk->num_good++;
  memcpy(walk->mac, mac, sizeof(mac));
  return BULLA_OK;
}

/* Checks the records of a page, and says whether there was none. */
static enum bulla_status check_records(struct walk *walk, bool *end) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(walk->vault->db, BULLA_QUERY_CHAIN);
  /* Before the first page all that there is: also what cannot be there. */
  bulla_bind_int(&statement, walk->num_good > 0 ? walk->num_good + 1 : INT64_MIN);
  for (size_t i = 0; i < PAGE_RECORDS; i++) {
    bool row;
    struct bulla_audit_record record;
    BULLA_TRY(next_record(&record, &statement, &row));
    if (!row) {
      *end = true;
      return BULLA_OK;
    }
    BULLA_TRY(check_record(walk, &record, &statement));
  }
  return BULLA_OK;
}

/* The head must vouch for the last record that there is, and hold the key of its epoch. */
static enum bulla_status check_head(struct walk *walk) {
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {0};
  BULLA_TRY(bulla_audit_load(&head, &walk->vault->log));
  if (head.seq < walk->num_good) {
    walk->num_good = head.seq;
    return BULLA_AUDIT_BROKEN;
  }
  bool same =
      head.seq == walk->num_good && bulla_secret_equal(bulla_secret_bytes(head.key), bulla_secret_bytes(walk->key));
  return same ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

/* Checks a page, and the head with the last one, in one state of the database. */
static enum bulla_status check_page(struct walk *walk, bool *end) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, walk->vault));
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_begin(&transaction, walk->vault->db, BULLA_DB_READ));
  if (walk->key == NULL) {
    BULLA_TRY(load_first_key(walk));
  }
  BULLA_TRY(check_records(walk, end));
  return *end ? check_head(walk) : BULLA_OK;
}

enum bulla_status bulla_vault_audit_verify(struct bulla_vault *vault, struct bulla_audit_verdict *verdict) {
  struct bulla_audit_verdict found = BULLA_AUDIT_VERDICT_INIT;
  size_t size;
  BULLA_TRY(bulla_sized_read(&size, verdict, BULLA_SIZE_TO(struct bulla_audit_verdict, bad_seq), sizeof(found)));
  bulla_sized_clear(verdict, size);
  BULLA_TRY(bulla_vault_here(vault));
  struct walk walk BULLA_CLEANUP(free_walk) = {.vault = vault};
  enum bulla_status status = BULLA_OK;
  for (bool end = false; status == BULLA_OK && !end;) {
    status = check_page(&walk, &end);
  }
  if (status == BULLA_NOT_A_VAULT) {
    /* A page that is damaged, or a value past every bound: the log is not what was written. */
    status = BULLA_AUDIT_BROKEN;
  }
  if (status == BULLA_OK || status == BULLA_AUDIT_BROKEN) {
    found.num_records = walk.num_good;
    found.bad_seq = status == BULLA_OK ? 0 : walk.num_good + 1;
    bulla_sized_give(verdict, size, &found, sizeof(found));
  }
  return status;
}
