/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The roots of a vault: listing, adding, removing. Each changes the vault's statement and one row, so it takes as long
 * in a large vault as in a small one. A root that is removed leaves the vault key as it is: whoever held it and a copy
 * of the database holds that copy. */

#include <bulla/store.h>

#include "core/hex.h"
#include "core/log.h"
#include "store/clock.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"
#include "store/root.h"
#include "store/root_row.h"
#include "store/vault.h"
#include "store/vault_row.h"

enum bulla_status bulla_vault_root_list(struct bulla_vault *vault, bulla_root_fn each, void *arg) {
  struct bulla_vault_row row;
  BULLA_TRY(bulla_may_root(vault, NULL, BULLA_LITERAL("root-list"), NULL));
  {
    struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
    BULLA_TRY(bulla_vault_lock(&locked, vault));
    BULLA_TRY(bulla_vault_row_now(&row, &vault->keyring, vault->db));
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

/* Stores the list of roots in |said|, with a record that names |root| by its name, or by its id in hexadecimal, and
 * |former|, the id of the root that it replaces, if any. */
static enum bulla_status store(struct bulla_change *change, struct bulla_vault_statement *said, struct bulla_span op,
                               const struct bulla_root_entry *root, struct bulla_span former) {
  uint8_t digits[2 * BULLA_ID_LEN];
  bulla_hex_encode(digits, root->id);
  struct bulla_span called = root->name.len > 0 ? root->name : bulla_span(digits, sizeof(digits));
  BULLA_TRY(bulla_vault_row_store(change->digest, &change->vault->keyring, change->vault->db, said));
  change->has_digest = true;
  change->generation = said->generation;
  BULLA_TRY(bulla_change_tell(change, op, bulla_span(NULL, 0), called, former));
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

/* A root that is to be added. */
struct adding {
  struct bulla_root_row row;
  struct bulla_root_entry entry;
};

static enum bulla_status wrap(struct adding *adding, struct bulla_vault *vault, const struct bulla_root *root,
                              struct bulla_span name) {
  if (root == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(check_name(name));
  /* First: a program may take its time, and nobody is to wait for it. */
  BULLA_TRY(bulla_root_wrap(&adding->row, &adding->entry, &vault->keyring, root, vault->keyring.vault_secret));
  adding->entry.name = name;
  adding->entry.created = bulla_clock_s();
  return BULLA_OK;
}

/* Inserts the row, and adds the root to what the vault says. */
static enum bulla_status insert(const struct adding *adding, struct bulla_vault *vault,
                                struct bulla_vault_statement *said) {
  if (said->num_roots == BULLA_ROOTS_MAX) {
    return bulla_explain(BULLA_TOO_LARGE, "a vault has at most %d roots", BULLA_ROOTS_MAX);
  }
  if (find_name(said, adding->entry.name) < said->num_roots) {
    return bulla_explain(BULLA_EXISTS, "a root has this name already");
  }
  if (find_id(said, adding->entry.id) < said->num_roots) {
    return bulla_explain(BULLA_EXISTS, "it is a root of this vault already");
  }
  enum bulla_status status = bulla_root_row_insert(&adding->row, vault->db);
  BULLA_TRY(status == BULLA_EXISTS ? bulla_explain(status, "it is a root of this vault already") : status);
  said->roots[said->num_roots++] = adding->entry;
  return BULLA_OK;
}

/* Deletes the row of the root |at|, and takes the root out of what the vault says. */
static enum bulla_status take_out(struct bulla_vault *vault, struct bulla_vault_statement *said, size_t at) {
  BULLA_TRY(bulla_root_row_delete(vault->db, said->roots[at].id));
  said->num_roots--;
  memmove(&said->roots[at], &said->roots[at + 1], (said->num_roots - at) * sizeof(said->roots[at]));
  return BULLA_OK;
}

enum bulla_status bulla_vault_root_add(struct bulla_vault *vault, const struct bulla_who *who,
                                       const struct bulla_root *root, struct bulla_span name) {
  struct bulla_vault_row row;
  struct adding adding;
  BULLA_TRY(bulla_vault_here(vault));
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("root-add"), NULL));
  BULLA_TRY(wrap(&adding, vault, root, name));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_place place = {.entry = name};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("root-add"), &place));
  BULLA_TRY(bulla_change_read_head(&change));
  BULLA_TRY(bulla_vault_row_now(&row, &vault->keyring, vault->db));
  BULLA_TRY(insert(&adding, vault, &row.said));
  return store(&change, &row.said, BULLA_LITERAL("root-add"), &adding.entry, bulla_span(NULL, 0));
}

/* Whoever drops the root in hand must have seen that the new one opens the vault. */
static enum bulla_status check_opens(const struct adding *adding, struct bulla_vault *vault,
                                     const struct bulla_root *root) {
  struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
  if (root->kind == BULLA_ROOT_RECIPIENT) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "a recipient does not open the vault: add it beside another root");
  }
  BULLA_TRY(bulla_root_unwrap(&opened, &vault->keyring, root, &adding->entry, &adding->row));
  return bulla_secret_equal(bulla_secret_bytes(opened), bulla_secret_bytes(vault->keyring.vault_secret))
             ? BULLA_OK
             : bulla_explain(BULLA_REFUSED, "the new root does not give back what it was given");
}

enum bulla_status bulla_vault_root_rotate(struct bulla_vault *vault, const struct bulla_who *who,
                                          const struct bulla_root *root, struct bulla_span name) {
  struct bulla_vault_row row;
  struct adding adding;
  uint8_t digits[2 * BULLA_ID_LEN];
  BULLA_TRY(bulla_vault_here(vault));
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("rotate-root"), NULL));
  BULLA_TRY(wrap(&adding, vault, root, name));
  BULLA_TRY(check_opens(&adding, vault, root));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_place place = {.entry = name};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("rotate-root"), &place));
  BULLA_TRY(bulla_change_read_head(&change));
  BULLA_TRY(bulla_vault_row_now(&row, &vault->keyring, vault->db));
  size_t own = find_id(&row.said, bulla_span(vault->root_id, sizeof(vault->root_id)));
  if (own == row.said.num_roots) {
    return bulla_explain(BULLA_NOT_FOUND, "the root that the vault was opened with was removed");
  }
  if (find_id(&row.said, adding.entry.id) < row.said.num_roots) {
    return bulla_explain(BULLA_EXISTS, "it is a root of this vault already");
  }
  if (name.len == 0) {
    adding.entry.name = row.said.roots[own].name;
  }
  BULLA_TRY(take_out(vault, &row.said, own));
  BULLA_TRY(insert(&adding, vault, &row.said));
  bulla_hex_encode(digits, bulla_span(vault->root_id, sizeof(vault->root_id)));
  BULLA_TRY(store(&change, &row.said, BULLA_LITERAL("rotate-root"), &adding.entry, bulla_span(digits, sizeof(digits))));
  memcpy(vault->root_id, adding.row.id, sizeof(vault->root_id));
  return BULLA_OK;
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
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("root-remove"), NULL));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_place place = {.tenant = bulla_span(NULL, 0)};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("root-remove"), &place));
  BULLA_TRY(bulla_change_read_head(&change));
  BULLA_TRY(bulla_vault_row_now(&row, &vault->keyring, vault->db));
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
  BULLA_TRY(take_out(vault, &row.said, at));
  return store(&change, &row.said, BULLA_LITERAL("root-remove"), &removed, bulla_span(NULL, 0));
}
