/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/revocations.h: open addressing, at most half full. A table that has become too small is followed by one of
 * twice the size and stays, since somebody may be looking at it; all that ever were take no more room than the last. */

#include "store/revocations.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"

enum { FIRST_SIZE = 64 };

/* The second half is there before the first, which is not 0 once there is a member. */
struct member {
  _Atomic uint64_t first;
  _Atomic uint64_t second;
};

struct bulla_revocations_table {
  struct bulla_revocations_table *older;
  size_t size; /* a power of two */
  struct member members[];
};

struct halves {
  uint64_t first;
  uint64_t second;
};

static struct halves halves_of(const uint8_t *member) {
  struct halves halves;
  memcpy(&halves.first, member, sizeof(halves.first));
  memcpy(&halves.second, member + sizeof(halves.first), sizeof(halves.second));
  halves.first = halves.first == 0 ? 1 : halves.first;
  return halves;
}

static size_t place_of(const struct bulla_revocations *set, const struct bulla_revocations_table *table,
                       const struct halves *halves) {
  return bulla_keyed_hash(&set->key, (const uint8_t *)halves, sizeof(*halves)) & (table->size - 1);
}

void bulla_revocations_free(struct bulla_revocations *set) {
  struct bulla_revocations_table *table = set->table;
  while (table != NULL) {
    struct bulla_revocations_table *older = table->older;
    free(table);
    table = older;
  }
  set->table = NULL;
  set->num = 0;
}

/* The place of |halves| in |table|, or the free one where it belongs. */
static size_t find(const struct bulla_revocations *set, const struct bulla_revocations_table *table,
                   struct halves halves, bool *there) {
  for (size_t at = place_of(set, table, &halves);; at = (at + 1) & (table->size - 1)) {
    uint64_t first = atomic_load_explicit(&table->members[at].first, memory_order_acquire);
    *there = first == halves.first &&
             atomic_load_explicit(&table->members[at].second, memory_order_relaxed) == halves.second;
    if (first == 0 || *there) {
      return at;
    }
  }
}

static void put(const struct bulla_revocations *set, struct bulla_revocations_table *table, struct halves halves) {
  bool there;
  size_t at = find(set, table, halves, &there);
  if (!there) {
    atomic_store_explicit(&table->members[at].second, halves.second, memory_order_relaxed);
    atomic_store_explicit(&table->members[at].first, halves.first, memory_order_release);
  }
}

static enum bulla_status grow(struct bulla_revocations *set) {
  struct bulla_revocations_table *old = set->table;
  if (old == NULL) {
    BULLA_TRY(bulla_random((uint8_t *)&set->key, sizeof(set->key)));
  } else if (set->num < old->size / 2) {
    return BULLA_OK;
  }
  size_t size = old == NULL ? FIRST_SIZE : 2 * old->size;
  struct bulla_revocations_table *table = calloc(1, sizeof(*table) + size * sizeof(struct member));
  if (table == NULL) {
    return BULLA_NO_MEMORY;
  }
  table->older = old;
  table->size = size;
  for (size_t i = 0; old != NULL && i < old->size; i++) {
    if (old->members[i].first != 0) {
      put(set, table, (struct halves){old->members[i].first, old->members[i].second});
    }
  }
  atomic_store_explicit(&set->table, table, memory_order_release);
  return BULLA_OK;
}

enum bulla_status bulla_revocations_add(struct bulla_revocations *set, bool *added, const uint8_t *member) {
  *added = false;
  if (bulla_revocations_has(set, member)) {
    return BULLA_OK;
  }
  BULLA_TRY(grow(set));
  put(set, set->table, halves_of(member));
  set->num++;
  *added = true;
  return BULLA_OK;
}

bool bulla_revocations_has(const struct bulla_revocations *set, const uint8_t *member) {
  const struct bulla_revocations_table *table = atomic_load_explicit(&set->table, memory_order_acquire);
  bool there = false;
  if (table != NULL) {
    (void)find(set, table, halves_of(member), &there);
  }
  return there;
}
