/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/status_used.h. Each part of a place is a node, found by the id of what it is part of and its name: so a
 * renaming moves one node, whatever is below it. */

#include "cli/status_used.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"
#include "core/cursor.h"

enum { FIRST_SLOTS = 1024, LEVELS = 3 };

enum bulla_status bulla_used_begin(struct bulla_used *used) {
  *used = (struct bulla_used){.slots = NULL};
  return bulla_random(used->salt, sizeof(used->salt));
}

void bulla_used_free(struct bulla_used *used) {
  free(used->slots);
  *used = (struct bulla_used){.slots = NULL};
}

static enum bulla_status make_digest(uint8_t digest[BULLA_USED_DIGEST_LEN], const struct bulla_used *used,
                                     uint64_t parent, struct bulla_span name) {
  uint8_t bytes[BULLA_USED_DIGEST_LEN + sizeof(parent) + BULLA_WHO_MAX];
  uint8_t hash[BULLA_SHA256_LEN];
  struct bulla_buffer message = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_writer writer = bulla_writer(&message);
  bulla_put(&writer, bulla_span(used->salt, sizeof(used->salt)));
  bulla_put(&writer, bulla_span((const void *)&parent, sizeof(parent)));
  bulla_put(&writer, name);
  BULLA_TRY(bulla_writer_finish(&writer));
  BULLA_TRY(bulla_sha256(hash, bulla_written(&message)));
  memcpy(digest, hash, BULLA_USED_DIGEST_LEN);
  return BULLA_OK;
}

/* The slot of |digest|, or the empty one where it would be. There is an empty one. */
static size_t find_slot(const struct bulla_used *used, const uint8_t digest[BULLA_USED_DIGEST_LEN]) {
  size_t at;
  memcpy(&at, digest, sizeof(at));
  for (at &= used->num_slots - 1; used->slots[at].id != 0; at = (at + 1) & (used->num_slots - 1)) {
    if (memcmp(used->slots[at].digest, digest, BULLA_USED_DIGEST_LEN) == 0) {
      break;
    }
  }
  return at;
}

static void put_node(struct bulla_used *used, const struct bulla_used_node *node) {
  struct bulla_used_node *slot = &used->slots[find_slot(used, node->digest)];
  used->num += slot->id == 0 ? 1 : 0;
  *slot = *node;
}

/* Empties a slot, and puts what stands right behind it where it is found without it. */
static void drop_slot(struct bulla_used *used, size_t at) {
  used->slots[at].id = 0;
  used->num--;
  for (at = (at + 1) & (used->num_slots - 1); used->slots[at].id != 0; at = (at + 1) & (used->num_slots - 1)) {
    struct bulla_used_node node = used->slots[at];
    used->slots[at].id = 0;
    used->num--;
    put_node(used, &node);
  }
}

static bool is_marked(const uint8_t *marks, uint64_t id) {
  return (marks[id / 8] >> (id % 8) & 1) != 0;
}

/* Drops what is part of something that was removed. */
static enum bulla_status drop_orphans(struct bulla_used *used) {
  uint8_t *marks = (uint8_t *)calloc(1, (size_t)(used->last_id / 8 + 1));
  if (marks == NULL) {
    return BULLA_NO_MEMORY;
  }
  marks[0] = 1; /* the parent of tenants */
  marks[used->renamed.id / 8] |= (uint8_t)(1U << (used->renamed.id % 8));
  for (size_t i = 0; i < LEVELS * used->num_slots; i++) {
    const struct bulla_used_node *node = &used->slots[i % used->num_slots];
    if (node->id != 0 && is_marked(marks, node->parent)) {
      marks[node->id / 8] |= (uint8_t)(1U << (node->id % 8));
    }
  }
  size_t at = 0;
  while (at < used->num_slots) {
    if (used->slots[at].id != 0 && !is_marked(marks, used->slots[at].id)) {
      drop_slot(used, at); /* another one may be there now */
    } else {
      at++;
    }
  }
  free(marks);
  return BULLA_OK;
}

/* Has room for one more node. */
static enum bulla_status make_room(struct bulla_used *used) {
  if (used->num < used->num_slots / 4 * 3) {
    return BULLA_OK;
  }
  if (used->num_slots > 0) {
    BULLA_TRY(drop_orphans(used));
  }
  if (used->num < used->num_slots / 2) {
    return BULLA_OK;
  }
  struct bulla_used grown = *used;
  grown.num = 0;
  grown.num_slots = used->num_slots > 0 ? 2 * used->num_slots : FIRST_SLOTS;
  grown.slots = (struct bulla_used_node *)calloc(grown.num_slots, sizeof(*grown.slots));
  if (grown.slots == NULL) {
    return BULLA_NO_MEMORY;
  }
  for (size_t i = 0; i < used->num_slots; i++) {
    if (used->slots[i].id != 0) {
      put_node(&grown, &used->slots[i]);
    }
  }
  free(used->slots);
  *used = grown;
  return BULLA_OK;
}

/* A place in the table. */
struct found {
  size_t slot;
  uint64_t parent;
  uint64_t id; /* 0 if nothing is there */
};

/* Finds what the names lead to, of which the last may be empty; with |make|, makes what is not there. */
static enum bulla_status find(struct found *found, struct bulla_used *used, const struct bulla_span names[LEVELS],
                              bool make) {
  *found = (struct found){.slot = 0};
  for (size_t i = 0; i < LEVELS && names[i].len > 0; i++) {
    struct bulla_used_node node = {.parent = found->id};
    BULLA_TRY(make_digest(node.digest, used, node.parent, names[i]));
    BULLA_TRY(make_room(used));
    size_t slot = find_slot(used, node.digest);
    if (used->slots[slot].id == 0 && make) {
      node.id = ++used->last_id;
      put_node(used, &node);
    }
    *found = (struct found){.slot = slot, .parent = node.parent, .id = used->slots[slot].id};
    if (found->id == 0) {
      return BULLA_OK;
    }
  }
  return BULLA_OK;
}

static bool is(struct bulla_span text, const char *word) {
  return bulla_span_equal(text, bulla_text(word));
}

static enum bulla_status rename_from(struct bulla_used *used, const struct bulla_audit_record *record,
                                     const struct bulla_span names[LEVELS]) {
  struct found found;
  used->renamed.id = 0;
  BULLA_TRY(find(&found, used, names, false));
  if (found.id != 0) {
    used->renamed = used->slots[found.slot];
    used->renamed_lane = record->lane;
    drop_slot(used, found.slot);
  }
  return BULLA_OK;
}

static enum bulla_status rename_to(struct bulla_used *used, const struct bulla_audit_record *record,
                                   const struct bulla_span names[LEVELS]) {
  if (used->renamed.id == 0 || used->renamed_lane != record->lane) {
    return BULLA_OK;
  }
  struct bulla_span name = names[2].len > 0 ? names[2] : names[1].len > 0 ? names[1] : names[0];
  struct bulla_used_node node = used->renamed;
  BULLA_TRY(make_digest(node.digest, used, node.parent, name));
  BULLA_TRY(make_room(used));
  put_node(used, &node);
  used->renamed.id = 0;
  return BULLA_OK;
}

/* What changed the names that the log speaks of. */
static enum bulla_status take_change(struct bulla_used *used, const struct bulla_audit_record *record,
                                     const struct bulla_span names[LEVELS]) {
  struct found found;
  if (is(record->op, "rename-from")) {
    return rename_from(used, record, names);
  }
  if (is(record->op, "rename-to")) {
    return rename_to(used, record, names);
  }
  if (!is(record->op, "remove")) {
    return BULLA_OK;
  }
  BULLA_TRY(find(&found, used, names, false));
  if (found.id != 0) {
    drop_slot(used, found.slot);
  }
  return BULLA_OK;
}

/* A former revision of a field is told as FIELD#REVISION. */
static bool is_current(struct bulla_span field) {
  return field.len > 0 && memchr(field.data, '#', field.len) == NULL;
}

enum bulla_status bulla_used_take(void *arg, const struct bulla_audit_record *record) {
  struct bulla_used *used = (struct bulla_used *)arg;
  const struct bulla_span names[LEVELS] = {record->tenant, record->entry, record->field};
  bool is_done = is(record->outcome, "done");
  if (is_done && is(record->op, "checkpoint") && record->time > used->last_anchor) {
    used->last_anchor = record->time;
  }
  bulla_last_backups_take(&used->backups, record);
  if (record->tenant.len == 0) {
    return BULLA_OK;
  }
  if (is(record->op, "use") && is(record->outcome, "granted") && is_current(record->field)) {
    struct found found;
    return find(&found, used, names, true);
  }
  return is_done ? take_change(used, record, names) : BULLA_OK;
}

enum bulla_status bulla_used_has(bool *has, const struct bulla_used *used, struct bulla_span tenant,
                                 struct bulla_span entry, struct bulla_span field) {
  const struct bulla_span names[LEVELS] = {tenant, entry, field};
  uint64_t id = 0;
  *has = used->num > 0;
  for (size_t i = 0; i < LEVELS && *has; i++) {
    uint8_t digest[BULLA_USED_DIGEST_LEN];
    BULLA_TRY(make_digest(digest, used, id, names[i]));
    id = used->slots[find_slot(used, digest)].id;
    *has = id != 0;
  }
  return BULLA_OK;
}
