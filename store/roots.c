/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The roots of a vault: listing, adding, removing. Each changes the vault's statement and one row, so it takes as long
 * in a large vault as in a small one. A root that is removed leaves the vault key as it is: whoever held it and a copy
 * of the database holds that copy. */

#include <bulla/store.h>

#include "core/hex.h"
#include "core/log.h"
#include "store/change.h"
#include "store/clock.h"
#include "store/names.h"
#include "store/root_row.h"
#include "store/vault_row.h"

enum bulla_status bulla_vault_root_list(struct bulla_vault *vault, bulla_root_fn each, void *arg) {
  struct bulla_vault_row row;
  {
    struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
    BULLA_TRY(bulla_vault_lock(&locked, vault));
    BULLA_TRY(bulla_vault_row_now(&row, vault));
  }
  for (size_t i = 0; i < row.said.num_roots; i++) {
    const struct bulla_root_entry *root = &row.said.roots[i];
    const struct bulla_root_view view = {
        .id = root->id,
        .kind = root->kind,
        .name = root->name,
        .created = root->created,
    };
    BULLA_TRY(each(arg, &view));
  }
  return BULLA_OK;
}

/* Stores the list of roots in |said|, with a record that names |root| by its name, or by its id in hexadecimal. */
static enum bulla_status store(struct bulla_change *change, struct bulla_vault_statement *said, struct bulla_span op,
                               const struct bulla_root_entry *root) {
  uint8_t digits[2 * BULLA_ID_LEN];
  bulla_hex_encode(digits, root->id);
  struct bulla_span called = root->name.len > 0 ? root->name : bulla_span(digits, sizeof(digits));
  BULLA_TRY(bulla_vault_row_store(change->digest, change->vault, said));
  change->has_digest = true;
  change->generation = said->generation;
  BULLA_TRY(bulla_change_tell(change, op, bulla_span(NULL, 0), called, bulla_span(NULL, 0)));
  return bulla_change_commit(change);
}

/* The root that has a name or an id; said->num_roots if there is none. */
static size_t find_name(const struct bulla_vault_statement *said, struct bulla_span name) {
  size_t i = 0;
  while (i < said->num_roots && (name.len == 0 || !bulla_span_equal(said->roots[i].name, name))) {
    i++;
  }
  return i;
}

static size_t find_id(const struct bulla_vault_statement *said, struct bulla_span id) {
  size_t i = 0;
  while (i < said->num_roots && !bulla_span_equal(said->roots[i].id, id)) {
    i++;
  }
  return i;
}

/* Reads |text| if it is an id in hexadecimal. */
static bool read_id(uint8_t id[BULLA_ID_LEN], struct bulla_span text) {
  return text.len == 2 * (size_t)BULLA_ID_LEN && bulla_hex_decode(id, text);
}

/* The root that |which| says, by its name or its id: no name looks like an id. */
static size_t find(const struct bulla_vault_statement *said, struct bulla_span which) {
  uint8_t id[BULLA_ID_LEN];
  return read_id(id, which) ? find_id(said, bulla_span(id, sizeof(id))) : find_name(said, which);
}

static enum bulla_status check_name(struct bulla_span name) {
  uint8_t id[BULLA_ID_LEN];
  if (name.len == 0) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_name_check(name));
  return read_id(id, name) ? bulla_explain(BULLA_INVALID_NAME, "a root's name must not look like an id") : BULLA_OK;
}

enum bulla_status bulla_vault_root_add(struct bulla_vault *vault, const struct bulla_who *who,
                                       const struct bulla_root *root, struct bulla_span name) {
  struct bulla_vault_row row;
  struct bulla_root_row made;
  struct bulla_root_entry entry;
  BULLA_TRY(bulla_vault_here(vault));
  BULLA_TRY(bulla_who_check(who, false));
  if (root == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(check_name(name));
  /* First: a program may take its time, and nobody is to wait for it. */
  BULLA_TRY(bulla_root_wrap(&made, &entry, &vault->keyring, root, vault->keyring.vault_secret));
  entry.name = name;
  entry.created = bulla_clock_s();
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
  BULLA_TRY(bulla_vault_row_now(&row, vault));
  if (row.said.num_roots == BULLA_ROOTS_MAX) {
    return bulla_explain(BULLA_TOO_LARGE, "a vault has at most %d roots", BULLA_ROOTS_MAX);
  }
  if (find_name(&row.said, name) < row.said.num_roots) {
    return bulla_explain(BULLA_EXISTS, "a root has this name already");
  }
  if (find_id(&row.said, entry.id) < row.said.num_roots) {
    return bulla_explain(BULLA_EXISTS, "it is a root of this vault already");
  }
  enum bulla_status status = bulla_root_row_insert(&made, vault->db);
  BULLA_TRY(status == BULLA_EXISTS ? bulla_explain(status, "it is a root of this vault already") : status);
  row.said.roots[row.said.num_roots++] = entry;
  return store(&change, &row.said, BULLA_LITERAL("root-add"), &entry);
}

/* Whether one is left that is no recipient: the private half of one may be far away, or lost. */
static bool opens_without(const struct bulla_vault_statement *said, size_t removed) {
  bool opens = false;
  for (size_t i = 0; i < said->num_roots; i++) {
    opens = opens || (i != removed && !bulla_span_equal(said->roots[i].kind, BULLA_ROOT_IS_RECIPIENT));
  }
  return opens;
}

enum bulla_status bulla_vault_root_remove(struct bulla_vault *vault, const struct bulla_who *who,
                                          struct bulla_span which) {
  struct bulla_vault_row row;
  BULLA_TRY(bulla_who_check(who, false));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
  BULLA_TRY(bulla_vault_row_now(&row, vault));
  size_t at = find(&row.said, which);
  if (at == row.said.num_roots) {
    return bulla_explain(BULLA_NOT_FOUND, "the vault has no such root");
  }
  const struct bulla_root_entry removed = row.said.roots[at];
  if (!opens_without(&row.said, at)) {
    return bulla_explain(BULLA_IN_USE, "it is the last root that is no recipient");
  }
  /* Whoever removes one has shown that another opens the vault. */
  struct bulla_span own = bulla_span(vault->root_id, sizeof(vault->root_id));
  if (bulla_span_equal(removed.id, own) || find_id(&row.said, own) == row.said.num_roots) {
    return bulla_explain(BULLA_IN_USE, "the vault was opened with it: a root is removed with another one");
  }
  BULLA_TRY(bulla_root_row_delete(vault->db, removed.id));
  row.said.num_roots--;
  memmove(&row.said.roots[at], &row.said.roots[at + 1], (row.said.num_roots - at) * sizeof(removed));
  return store(&change, &row.said, BULLA_LITERAL("root-remove"), &removed);
}
