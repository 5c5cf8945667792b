/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/padding.h. */

#include "store/padding.h"

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/mask.h"
#include "core/scrub.h"

enum { PREFIX = BULLA_PADDED_PREFIX, FIRST_BUCKET = 64, STEP = 1024 };

/* The end of the bucket that |len| bytes are in. */
static size_t bucket_of(size_t len) {
  size_t bucket = FIRST_BUCKET;
  while (bucket < len) {
    bucket += bucket < STEP ? bucket : STEP;
  }
  return bucket;
}

/* How many bytes with their prefix the shortest value has that is padded to |padded_len|. */
static size_t least_of(size_t padded_len) {
  if (padded_len == FIRST_BUCKET) {
    return PREFIX;
  }
  if (padded_len < FIRST_BUCKET || bucket_of(padded_len) != padded_len) {
    return padded_len;
  }
  return padded_len <= STEP ? padded_len / 2 + 1 : padded_len - STEP + 1;
}

size_t bulla_unpadded_max(size_t padded_len) {
  return padded_len > PREFIX ? padded_len - PREFIX : 0;
}

enum bulla_status bulla_pad(struct bulla_secret **padded, struct bulla_span value, uint8_t padding) {
  if (value.len > BULLA_VALUE_MAX) {
    return BULLA_TOO_LARGE;
  }
  size_t len = PREFIX + value.len;
  BULLA_TRY(bulla_secret_new(padded, padding == BULLA_PADDING_NONE ? len : bucket_of(len)));
  struct bulla_buffer bytes = bulla_buffer(bulla_secret_data(*padded), len);
  struct bulla_writer writer = bulla_writer(&bytes);
  bulla_put_prefixed(&writer, value);
  bulla_scrub(0);
  return bulla_writer_finish(&writer);
}

/* 1 if |a| is less than |b|, else 0, without a branch; both are below 2^31. */
static uint32_t is_less(uint32_t a, uint32_t b) {
  return bulla_mask(a - b) >> 31;
}

bool bulla_unpadded_len(uint32_t *len, struct bulla_span padded) {
  *len = 0;
  if (padded.len < PREFIX || padded.len > BULLA_PADDED_MAX) {
    return false;
  }
  const uint8_t *data = padded.data;
  uint32_t told = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
  uint32_t bad = told >> 24; /* more would not fit is_less */
  told &= 0xffffff;
  uint32_t end = PREFIX + told;
  bad |= is_less(end, (uint32_t)least_of(padded.len)) | is_less((uint32_t)padded.len, end);
  bad |= is_less(BULLA_VALUE_MAX, told);
  for (size_t i = PREFIX; i < padded.len; i++) {
    bad |= data[i] & (0U - (1U ^ is_less((uint32_t)i, end)));
  }
  *len = told;
  return bad == 0;
}
