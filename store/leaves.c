/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/leaves.h. */

#include "store/leaves.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/log.h"

enum { LEAF_LEN = BULLA_LEAF_LEN };
enum { LEAVES_MAX = 512 * 1024 }; /* bytes of a bucket */
enum { ALL = 256 };               /* the number of the row that has the digests of the buckets */

/* The leaves of one bucket. */
struct bucket {
  int64_t number;
  uint8_t *bytes; /* with room for one leaf more */
  size_t len;
};

static void bucket_free(struct bucket *bucket) {
  free(bucket->bytes);
}

static enum bulla_status digest_list(uint8_t *digest, struct bulla_span label, const int64_t *number,
                                     struct bulla_span list) {
  struct bulla_buffer buffer = bulla_buffer(malloc(list.len + 64), list.len + 64);
  if (buffer.data == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put_prefixed(&writer, label);
  if (number != NULL) {
    bulla_put_number(&writer, *number);
  }
  bulla_put(&writer, list);
  enum bulla_status status = bulla_writer_finish(&writer);
  status = status == BULLA_OK ? bulla_sha256(digest, bulla_written(&buffer)) : status;
  free(buffer.data);
  return status;
}

enum bulla_status bulla_leaves_digest(uint8_t *digest, const uint8_t *buckets) {
  return digest_list(digest, BULLA_LITERAL("bulla/v2/directory"), NULL, bulla_span(buckets, BULLA_BUCKETS_LEN));
}

static enum bulla_status digest_bucket(uint8_t *digest, const struct bucket *bucket) {
  if (bucket->len == 0) {
    memset(digest, 0, BULLA_SHA256_LEN);
    return BULLA_OK;
  }
  return digest_list(digest, BULLA_LITERAL("bulla/v2/bucket"), &bucket->number, bulla_span(bucket->bytes, bucket->len));
}

static enum bulla_status store(struct bulla_db *db, int64_t number, struct bulla_span bytes) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_PUT_LEAVES);
  bulla_bind_int(&statement, number);
  bulla_bind_blob(&statement, bytes);
  return bulla_finish(&statement);
}

enum bulla_status bulla_leaves_begin(uint8_t *digest, struct bulla_db *db) {
  static const uint8_t none[BULLA_BUCKETS_LEN] = {0};
  BULLA_TRY(bulla_leaves_digest(digest, none));
  return store(db, ALL, bulla_span(none, sizeof(none)));
}

enum bulla_status bulla_leaves_load(uint8_t *buckets, struct bulla_db *db, struct bulla_span digest) {
  uint8_t found[BULLA_SHA256_LEN];
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_GET_LEAVES);
  bulla_bind_int(&statement, ALL);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_REFUSED;
  }
  bulla_column_bytes(&statement, buckets, BULLA_BUCKETS_LEN);
  if (!bulla_columns_good(&statement)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_leaves_digest(found, buckets));
  return bulla_span_equal(digest, bulla_span(found, sizeof(found))) ? BULLA_OK : BULLA_REFUSED;
}

/* Reads the bucket of |id|, and compares it with what |buckets| have of it. */
static enum bulla_status load_bucket(struct bucket *bucket, struct bulla_db *db, const uint8_t *buckets,
                                     struct bulla_span id) {
  uint8_t digest[BULLA_SHA256_LEN];
  bucket->number = id.data[0];
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_GET_LEAVES);
  bulla_bind_int(&statement, bucket->number);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  struct bulla_span bytes = row ? bulla_column_blob(&statement, LEAVES_MAX) : bulla_span(NULL, 0);
  if (!bulla_columns_good(&statement) || bytes.len % LEAF_LEN != 0) {
    return BULLA_REFUSED;
  }
  bucket->bytes = malloc(bytes.len + LEAF_LEN);
  if (bucket->bytes == NULL) {
    return BULLA_NO_MEMORY;
  }
  if (bytes.len > 0) {
    memcpy(bucket->bytes, bytes.data, bytes.len);
  }
  bucket->len = bytes.len;
  BULLA_TRY(digest_bucket(digest, bucket));
  bool same = memcmp(digest, buckets + (size_t)bucket->number * BULLA_SHA256_LEN, sizeof(digest)) == 0;
  return same ? BULLA_OK : BULLA_REFUSED;
}

/* Where the leaf of |id| is, or is to be. */
static size_t find(const struct bucket *bucket, struct bulla_span id) {
  size_t low = 0;
  size_t high = bucket->len / LEAF_LEN;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (memcmp(bucket->bytes + middle * LEAF_LEN, id.data, BULLA_ID_LEN) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low * LEAF_LEN;
}

static bool is_at(const struct bucket *bucket, size_t at, struct bulla_span id) {
  return at < bucket->len && memcmp(bucket->bytes + at, id.data, BULLA_ID_LEN) == 0;
}

enum bulla_status bulla_leaves_find(uint8_t *statement, struct bulla_db *db, const uint8_t *buckets,
                                    struct bulla_span id) {
  struct bucket bucket BULLA_CLEANUP(bucket_free) = {.bytes = NULL};
  BULLA_TRY(load_bucket(&bucket, db, buckets, id));
  size_t at = find(&bucket, id);
  if (!is_at(&bucket, at, id)) {
    return BULLA_REFUSED;
  }
  memcpy(statement, bucket.bytes + at + BULLA_ID_LEN, BULLA_SHA256_LEN);
  return BULLA_OK;
}

/* Appends the leaves of the bucket |number|. */
static enum bulla_status append(uint8_t **leaves, size_t *len, struct bulla_db *db, const uint8_t *buckets,
                                uint8_t number) {
  struct bucket bucket BULLA_CLEANUP(bucket_free) = {.bytes = NULL};
  BULLA_TRY(load_bucket(&bucket, db, buckets, bulla_span(&number, 1)));
  uint8_t *grown = realloc(*leaves, *len + bucket.len + 1);
  if (grown == NULL) {
    return BULLA_NO_MEMORY;
  }
  memcpy(grown + *len, bucket.bytes, bucket.len);
  *leaves = grown;
  *len += bucket.len;
  return BULLA_OK;
}

enum bulla_status bulla_leaves_all(uint8_t **leaves, size_t *num, struct bulla_db *db, const uint8_t *buckets) {
  enum bulla_status status = BULLA_OK;
  size_t len = 0;
  *leaves = NULL;
  for (int number = 0; number < ALL && status == BULLA_OK; number++) {
    status = append(leaves, &len, db, buckets, (uint8_t)number);
  }
  *num = len / LEAF_LEN;
  if (status != BULLA_OK) {
    free(*leaves);
    *leaves = NULL;
  }
  return status;
}

enum bulla_status bulla_leaves_put(uint8_t *digest, struct bulla_db *db, struct bulla_span id,
                                   const uint8_t *statement) {
  uint8_t buckets[BULLA_BUCKETS_LEN];
  struct bucket bucket BULLA_CLEANUP(bucket_free) = {.bytes = NULL};
  BULLA_TRY(bulla_leaves_load(buckets, db, bulla_span(digest, BULLA_SHA256_LEN)));
  BULLA_TRY(load_bucket(&bucket, db, buckets, id));
  size_t at = find(&bucket, id);
  if (!is_at(&bucket, at, id)) {
    if (bucket.len + LEAF_LEN > LEAVES_MAX) {
      return bulla_explain(BULLA_TOO_LARGE, "the directory has no room for more tenants");
    }
    memmove(bucket.bytes + at + LEAF_LEN, bucket.bytes + at, bucket.len - at);
    memcpy(bucket.bytes + at, id.data, BULLA_ID_LEN);
    bucket.len += LEAF_LEN;
  }
  memcpy(bucket.bytes + at + BULLA_ID_LEN, statement, BULLA_SHA256_LEN);
  BULLA_TRY(digest_bucket(buckets + (size_t)bucket.number * BULLA_SHA256_LEN, &bucket));
  BULLA_TRY(store(db, bucket.number, bulla_span(bucket.bytes, bucket.len)));
  BULLA_TRY(store(db, ALL, bulla_span(buckets, sizeof(buckets))));
  return bulla_leaves_digest(digest, buckets);
}
