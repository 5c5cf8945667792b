/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The table of token roots, see token/root_table.h. A place is a number from 1 on; 0 is none. */

#include "token/root_table.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/scrub.h"

/* What is public of a key that is remembered. */
struct entry {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  uint8_t org[BULLA_TOKEN_ORG_MAX];
  uint8_t org_len;    /* 0: the place is free */
  bool recently_used; /* since its turn came last */
  bool in_doubt;      /* nobody could say whether it is still good */
  uint32_t next;      /* in its bucket, or among the free places */
};

struct chunk {
  struct bulla_secret *roots;
  struct entry entries[BULLA_ROOTS_PER_CHUNK];
};

struct bulla_root_table {
  struct bulla_hash_key hash_key;
  uint32_t max;
  uint32_t num_keys;
  uint32_t num_places; /* that there are so far; those behind them have never been used */
  uint32_t first_free;
  uint32_t turn; /* the place that was last looked at for one to be forgotten */
  uint32_t mask; /* of buckets */
  uint32_t *buckets;
  struct chunk *chunks[];
};

static size_t num_chunks(size_t num_places) {
  return (num_places + BULLA_ROOTS_PER_CHUNK - 1) / BULLA_ROOTS_PER_CHUNK;
}

enum bulla_status bulla_root_table_new(struct bulla_root_table **table, size_t max_keys,
                                       const struct bulla_hash_key *hash_key) {
  *table = NULL;
  struct bulla_root_table *made = calloc(1, sizeof(*made) + num_chunks(max_keys) * sizeof(made->chunks[0]));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  size_t num_buckets = 1;
  while (num_buckets < max_keys) {
    num_buckets *= 2;
  }
  made->hash_key = *hash_key;
  made->max = (uint32_t)max_keys;
  made->mask = (uint32_t)num_buckets - 1;
  made->buckets = calloc(num_buckets, sizeof(made->buckets[0]));
  if (made->buckets == NULL) {
    bulla_root_table_free(&made);
    return BULLA_NO_MEMORY;
  }
  *table = made;
  return BULLA_OK;
}

/* Gives back the chunks, none of whose keys is in use. */
static void free_chunks(struct bulla_root_table *table) {
  for (size_t i = 0; i < num_chunks(table->num_places); i++) {
    bulla_secret_free(&table->chunks[i]->roots);
    free(table->chunks[i]);
    table->chunks[i] = NULL;
  }
  table->num_places = table->first_free = table->turn = 0;
}

void bulla_root_table_free(struct bulla_root_table **table) {
  struct bulla_root_table *handle = *table;
  if (handle == NULL) {
    return;
  }
  free_chunks(handle);
  free(handle->buckets);
  free(handle);
  *table = NULL;
}

static struct entry *entry_at(struct bulla_root_table *table, uint32_t place) {
  return &table->chunks[(place - 1) / BULLA_ROOTS_PER_CHUNK]->entries[(place - 1) % BULLA_ROOTS_PER_CHUNK];
}

static uint8_t *root_at(struct bulla_root_table *table, uint32_t place) {
  return bulla_secret_data(table->chunks[(place - 1) / BULLA_ROOTS_PER_CHUNK]->roots) +
         (size_t)BULLA_KEY_LEN * ((place - 1) % BULLA_ROOTS_PER_CHUNK);
}

static uint32_t *bucket_of(struct bulla_root_table *table, const uint8_t *key_id) {
  return &table->buckets[bulla_keyed_hash(&table->hash_key, key_id, BULLA_APIKEY_ID_LEN) & table->mask];
}

/* What leads to the place of |key_id| in its bucket, or to the 0 at the end. */
static uint32_t *link_to(struct bulla_root_table *table, const uint8_t *key_id) {
  uint32_t *link = bucket_of(table, key_id);
  while (*link != 0 && memcmp(entry_at(table, *link)->key_id, key_id, BULLA_APIKEY_ID_LEN) != 0) {
    link = &entry_at(table, *link)->next;
  }
  return link;
}

enum bulla_status bulla_root_table_get(struct bulla_root_table *table, struct bulla_token_key *key,
                                       const uint8_t *key_id) {
  uint32_t place = *link_to(table, key_id);
  if (place == 0) {
    return BULLA_NOT_FOUND;
  }
  struct entry *entry = entry_at(table, place);
  BULLA_TRY(bulla_secret_copy(&key->root, bulla_span(root_at(table, place), BULLA_KEY_LEN)));
  memcpy(key->org, entry->org, sizeof(key->org));
  key->org_len = entry->org_len;
  entry->recently_used = true;
  return BULLA_OK;
}

static enum bulla_status add_place(struct bulla_root_table *table) {
  if (table->num_places % BULLA_ROOTS_PER_CHUNK == 0) {
    struct chunk *chunk = calloc(1, sizeof(*chunk));
    if (chunk == NULL) {
      return BULLA_NO_MEMORY;
    }
    enum bulla_status status = bulla_secret_new(&chunk->roots, (size_t)BULLA_KEY_LEN * BULLA_ROOTS_PER_CHUNK);
    if (status != BULLA_OK) {
      free(chunk);
      return status;
    }
    table->chunks[table->num_places / BULLA_ROOTS_PER_CHUNK] = chunk;
  }
  table->num_places++;
  entry_at(table, table->num_places)->next = table->first_free;
  table->first_free = table->num_places;
  return BULLA_OK;
}

static void forget(struct bulla_root_table *table, uint32_t place) {
  struct entry *entry = entry_at(table, place);
  *link_to(table, entry->key_id) = entry->next;
  bulla_wipe(root_at(table, place), BULLA_KEY_LEN);
  *entry = (struct entry){.next = table->first_free};
  table->first_free = place;
  table->num_keys--;
}

/* In a full table: the next place in turn that has not been used since its last. */
static uint32_t choose(struct bulla_root_table *table) {
  for (;;) {
    table->turn = table->turn % table->max + 1;
    struct entry *entry = entry_at(table, table->turn);
    if (!entry->recently_used) {
      return table->turn;
    }
    entry->recently_used = false;
  }
}

enum bulla_status bulla_root_table_make_room(struct bulla_root_table *table, uint8_t *forgotten, bool *forgot) {
  *forgot = false;
  if (table->first_free != 0) {
    return BULLA_OK;
  }
  if (table->num_places < table->max) {
    return add_place(table);
  }
  uint32_t place = choose(table);
  memcpy(forgotten, entry_at(table, place)->key_id, BULLA_APIKEY_ID_LEN);
  *forgot = true;
  forget(table, place);
  return BULLA_OK;
}

void bulla_root_table_put(struct bulla_root_table *table, const uint8_t *key_id, const struct bulla_token_key *key) {
  uint32_t *link = link_to(table, key_id);
  uint32_t place = *link;
  if (place == 0) {
    place = table->first_free;
    struct entry *entry = entry_at(table, place);
    table->first_free = entry->next;
    entry->next = 0;
    memcpy(entry->key_id, key_id, BULLA_APIKEY_ID_LEN);
    *link = place;
    table->num_keys++;
  }
  struct entry *entry = entry_at(table, place);
  memcpy(entry->org, key->org, sizeof(entry->org));
  entry->org_len = (uint8_t)key->org_len;
  entry->in_doubt = false;
  memcpy(root_at(table, place), bulla_secret_bytes(key->root).data, BULLA_KEY_LEN);
  bulla_scrub(0);
}

static void judge_at(struct bulla_root_table *table, uint32_t place, bulla_root_judge_fn judge, void *arg) {
  struct entry *entry = entry_at(table, place);
  enum bulla_root_verdict verdict = judge(arg, entry->key_id, entry->in_doubt);
  entry->in_doubt = verdict == BULLA_ROOT_IN_DOUBT;
  if (verdict == BULLA_ROOT_GOES) {
    forget(table, place);
  }
}

void bulla_root_table_settle(struct bulla_root_table *table, const uint8_t *key_id, bulla_root_judge_fn judge,
                             void *arg) {
  uint32_t place = *link_to(table, key_id);
  if (place != 0 && entry_at(table, place)->in_doubt) {
    judge_at(table, place, judge, arg);
  }
}

void bulla_root_table_sweep(struct bulla_root_table *table, bulla_root_judge_fn judge, void *arg) {
  for (uint32_t place = 1; place <= table->num_places; place++) {
    if (entry_at(table, place)->org_len > 0) {
      judge_at(table, place, judge, arg);
    }
  }
  if (table->num_keys == 0) {
    free_chunks(table);
  }
}
