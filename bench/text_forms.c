/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a token costs beside its cryptography: reading its claims as JSON, and base64url of its ciphertext. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/support.h"
#include "core/base64url.h"
#include "core/json.h"

enum { MAX_MEMBERS = 16, CLASHING_LEN = 1024 };

struct texts {
  char json[BENCH_CLAIMS_LEN + 1];
  struct bulla_json_member members[MAX_MEMBERS];
  uint8_t bytes[BENCH_CLAIMS_LEN];
  uint8_t digits[2 * BENCH_CLAIMS_LEN];
};

static const char *run_read(void *state) {
  struct texts *texts = state;
  size_t num_members = 0;
  return bench_result(
      bulla_json_read(texts->members, &num_members, MAX_MEMBERS, bulla_span(texts->json, BENCH_CLAIMS_LEN)));
}

/* The dearest header there is: as many names as fit, alike in all that is compared at first, and with escapes. */
static const char *set_up_clashing(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  char *json = malloc(CLASHING_LEN + 1);
  if (json == NULL) {
    return "no memory";
  }
  size_t len = 0;
  for (int i = 0; len + 16 <= CLASHING_LEN; i++) {
    len += (size_t)snprintf(json + len, CLASHING_LEN + 1 - len, "%c\"\\naaaaaa%02x\":0", i == 0 ? '{' : ',', i);
  }
  memset(json + len, ' ', CLASHING_LEN - len - 1);
  json[CLASHING_LEN - 1] = '}';
  *state = json;
  return NULL;
}

static const char *run_read_clashing(void *state) {
  struct bulla_json_member members[MAX_MEMBERS];
  size_t num_members = 0;
  return bench_result(bulla_json_read(members, &num_members, MAX_MEMBERS, bulla_span(state, CLASHING_LEN)));
}

static const char *run_encode(void *state) {
  struct texts *texts = state;
  bulla_base64url_encode(texts->digits, bulla_span(texts->json, BENCH_CLAIMS_LEN));
  return NULL;
}

static const char *run_decode(void *state) {
  struct texts *texts = state;
  bool good =
      bulla_base64url_decode(texts->bytes, bulla_span(texts->digits, bulla_base64url_encoded_len(BENCH_CLAIMS_LEN)));
  return good ? NULL : "what was encoded does not decode";
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  struct texts *texts = calloc(1, sizeof(*texts));
  if (texts == NULL) {
    return "no memory";
  }
  if (!bench_claims_json(texts->json, 1700000000)) {
    free(texts);
    return "the claims do not have that many bytes";
  }
  (void)run_encode(texts);
  *state = texts;
  return NULL;
}

struct bench_table bench_text_forms(void) {
  static const struct bench benches[] = {
      {"json/read", BENCH_CLAIMS_LEN, 0, false, false, set_up, run_read, free},
      {"json/clashing", CLASHING_LEN, 0, false, false, set_up_clashing, run_read_clashing, free},
      {"base64url/encode", BENCH_CLAIMS_LEN, 0, false, false, set_up, run_encode, free},
      {"base64url/decode", BENCH_CLAIMS_LEN, 0, false, false, set_up, run_decode, free},
  };
  return BENCH_TABLE(benches);
}
