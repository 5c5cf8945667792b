/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reading a vault of format 1, for store/upgrade.c alone: docs/FORMAT-1.md. Everything is authenticated as it is read,
 * and the log is verified from its first record to its head. Statuses are those of a vault that was tampered with:
 * BULLA_REFUSED, BULLA_AUDIT_BROKEN. */

#ifndef BULLA_STORE_FORMAT1_H
#define BULLA_STORE_FORMAT1_H

#include "store/db.h"
#include "store/root.h"

/* An open vault of format 1. */
struct bulla_format1 {
  struct bulla_db *db;
  uint8_t uuid[BULLA_ID_LEN];
  struct bulla_key *root;
  struct bulla_secret *name_key;
};

/* bulla_format1_open opens it, and bulla_format1_close wipes its keys. Returns BULLA_ROOT_WRONG. */
BULLA_NODISCARD enum bulla_status bulla_format1_open(struct bulla_format1 *old, struct bulla_db *db,
                                                     const struct bulla_root *root);
void bulla_format1_close(struct bulla_format1 *old);

/* A tenant, an entry, a field of it: a walk gives the tenant, then its entries, each before its fields. */
struct bulla_format1_tenant {
  struct bulla_span id;
  struct bulla_span name;
  int64_t created;
};

struct bulla_format1_entry {
  struct bulla_span id;
  struct bulla_span name;
};

struct bulla_format1_field {
  struct bulla_span name;
  int64_t revision;
  bool secret;
  struct bulla_span value; /* opened */
  int64_t updated;
};

struct bulla_format1_apikey {
  struct bulla_span tenant; /* its name */
  struct bulla_span id;
  struct bulla_span name;
  int64_t created;
  int64_t revoked;
  struct bulla_span hash;
  struct bulla_secret *root; /* NULL once it is revoked */
};

struct bulla_format1_token {
  struct bulla_span tenant; /* its name */
  struct bulla_span digest;
  int64_t expires;
};

/* Who takes what is read. Spans are valid until the function returns. */
struct bulla_format1_taker {
  void *arg;
  enum bulla_status (*tenant)(void *arg, const struct bulla_format1_tenant *tenant);
  enum bulla_status (*entry)(void *arg, const struct bulla_format1_entry *entry);
  enum bulla_status (*field)(void *arg, const struct bulla_format1_field *field);
  enum bulla_status (*apikey)(void *arg, const struct bulla_format1_apikey *apikey);
  enum bulla_status (*token)(void *arg, const struct bulla_format1_token *token);
  enum bulla_status (*record)(void *arg, const struct bulla_audit_record *record);
};

/* bulla_format1_count sets |*count| to the number of rows that bulla_format1_read gives out, but for tenants. */
BULLA_NODISCARD enum bulla_status bulla_format1_count(int64_t *count, struct bulla_db *db);

/* bulla_format1_read reads all rows, and then the log; |last|, 32 bytes, is set to the mac of its last record. */
BULLA_NODISCARD enum bulla_status bulla_format1_read(uint8_t *last, struct bulla_format1 *old,
                                                     const struct bulla_format1_taker *taker);

#endif
