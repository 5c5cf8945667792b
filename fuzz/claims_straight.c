/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_claims_read_straight, bulla_claims_write_straight.
 *
 * Input: JSON, for the claims of a token.
 *
 * Oracle: the general reader and writer of claims, for which there are targets of their own (json, token_verify,
 * token_mint). What goes the
 * straight way it takes, and reads the same; and of what it
 * has read, bulla writes what is plain so that it goes the straight way. */

#include "core/json_string.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "token/claims.h"

enum { MAX_INPUT = 8192 };

static struct bulla_buffer copied(struct bulla_span bytes) {
  struct bulla_buffer copy = bulla_buffer(fuzz_alloc(bytes.len), bytes.len);
  struct bulla_writer out = bulla_writer(&copy);
  bulla_put(&out, bytes);
  return copy;
}

static bool is_plain(struct bulla_span text) {
  return bulla_json_plain_len(text.data, text.len) == text.len;
}

static bool is_ten_digits(int64_t time) {
  return time >= 1000000000 && time <= 9999999999;
}

/* check_written writes good |claims| and says whether they are such as go the straight way. */
static void check_written(struct bulla_claims claims) {
  uint8_t *room = fuzz_alloc(MAX_INPUT);
  struct bulla_buffer json = bulla_buffer(room, MAX_INPUT);
  bool plain = claims.org.len > 0 && is_plain(claims.org) && is_plain(claims.sub) && is_plain(claims.iss) &&
               is_plain(claims.aud) && is_plain(claims.jti) && is_ten_digits(claims.iat) && is_ten_digits(claims.exp) &&
               (claims.nbf == 0 || is_ten_digits(claims.nbf)) && claims.perms.len == 0 && claims.attrs.len == 0;
  bool written = bulla_claims_write_straight(&json, &claims);
  struct bulla_buffer by_any = bulla_buffer(fuzz_alloc(MAX_INPUT), MAX_INPUT);
  bool can_be_written = bulla_claims_write_any(&by_any, &claims) == BULLA_OK;
  FUZZ_ASSERT(!written || (can_be_written && bulla_span_equal(bulla_written(&json), bulla_written(&by_any))));
  FUZZ_ASSERT(written || !plain || !can_be_written || by_any.len > MAX_INPUT - 256);
  free(by_any.data);
  if (bulla_claims_write(&json, &claims) == BULLA_OK) {
    struct bulla_claims again;
    struct bulla_buffer exact = copied(bulla_written(&json));
    bool straight = bulla_claims_read_straight(&again, bulla_written(&exact));
    FUZZ_ASSERT(straight || !plain);
    free(exact.data);
  }
  free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > MAX_INPUT) {
    return 0;
  }
  struct bulla_claims straight;
  struct bulla_claims any;
  struct bulla_buffer copy = copied(bulla_span(data, size));
  struct bulla_span json = bulla_written(&copy);
  struct bulla_buffer scratch = bulla_buffer(fuzz_alloc(size), size);
  memset(&straight, FUZZ_FILL, sizeof(straight));
  memset(&any, FUZZ_FILL, sizeof(any));
  bool taken = bulla_claims_read_straight(&straight, json);
  bool good = bulla_claims_read_any(&any, &scratch, json);
  FUZZ_ASSERT(!taken || good);
  FUZZ_ASSERT(!taken || memcmp(&straight, &any, sizeof(any)) == 0);
  if (good) {
    fuzz_num_passed += taken ? 1 : 0;
    check_written(any);
  }
  free(scratch.data);
  free(copy.data);
  return 0;
}

const struct fuzz_form fuzz_form = FUZZ_FORM_OF_JSON;
