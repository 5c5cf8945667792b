/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_token_verify, bulla_token_authenticate and bulla_token_inspect.
 *
 * Input: two bytes, the clock and what the verifier insists on; then a token, or claims that a holder of the key
 * encrypts.
 *
 * Oracle: fuzz/model_token.h, the rules of docs/FORMAT.md §6 one after the other, says which status every token
 * gets and what is in the claims of a good one; and of one that is only authentic. On failure nothing is left in
 * the outputs. */

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "fuzz/token_setup.h"

/* The bits of the first byte above the clock. */
enum { CLAIMS = 8, YESTERDAY = 16 };

enum { NUM_CHOICES = 2, MAX_INPUT = 12000 };

struct check {
  struct bulla_verifier *verifier;
  const struct bulla_verifier_options *options;
  int64_t now;
};

/* check_inspected compares what the header says with the model's reading of it. */
static void check_inspected(struct bulla_span token, bool good, struct bulla_span key_id, int64_t day,
                            const struct model_token *split) {
  struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
  static const struct bulla_token_outline none = BULLA_TOKEN_OUTLINE_INIT;
  memset(&outline, FUZZ_FILL, sizeof(outline));
  outline.size = sizeof(outline);
  FUZZ_ASSERT((bulla_token_inspect(&outline, token) == BULLA_OK) == good);
  if (good) {
    FUZZ_ASSERT(memcmp(outline.key_id, key_id.data, BULLA_APIKEY_ID_LEN) == 0 && outline.day == day);
    FUZZ_ASSERT(outline.ciphertext_len == split->parts[3].len * 3 / 4);
  } else {
    FUZZ_ASSERT(memcmp(&outline, &none, sizeof(none)) == 0);
  }
}

/* read_token reads the |claims| of an authentic |token|, and the day of its key; |plaintext| is their JSON. Says
 * whether it has the form of one. */
static bool read_token(struct model_claims *claims, int64_t *day, struct bulla_buffer *plaintext,
                       struct bulla_span token) {
  static struct model_token split;
  struct bulla_span key_id = {NULL, 0};
  uint8_t header_room[MODEL_TOKEN_MAX];
  size_t header_len = 0;
  bool is_split = token.len <= BULLA_TOKEN_MAX && model_split_at_dots(split.parts, token);
  bool is_named = is_split && model_base64url_decode(header_room, &header_len, split.parts[0]) &&
                  model_kid_read(&key_id, day, bulla_span(header_room, header_len));
  check_inspected(token, is_named, key_id, *day, &split);
  if (is_named && model_is_known(key_id) && model_token_split(&split, token) &&
      model_token_open(plaintext, model_day_key(*day), &split) &&
      !model_claims_read(claims, bulla_written(plaintext))) {
    claims->tree = NULL;
  }
  return is_named;
}

/* judge returns what must become of claims that were read from a token, or not. */
static enum bulla_status judge(const struct check *check, bool is_token, const struct model_claims *claims,
                               int64_t day) {
  if (check->now < 0 || check->now > model_time_max) {
    return BULLA_INVALID_ARGUMENT;
  }
  bool good = is_token && claims->tree != NULL && model_day_is_in_window(check->options, day, check->now);
  return good ? model_judge(claims, check->options, day, check->now) : BULLA_REFUSED;
}

/* judge_authentic returns what must be said of claims that were read under the key of |day| at no time in particular.
 */
static enum bulla_status judge_authentic(const struct model_claims *claims, int64_t day) {
  if (claims->tree == NULL || claims->iat / MODEL_DAY_SECONDS != day) {
    return BULLA_REFUSED;
  }
  return bulla_span_equal(claims->org, MODEL_ORG) ? BULLA_OK : BULLA_CLAIM_REFUSED;
}

/* check_read compares what is said of a token, by the clock or |authentic| alone, with what must be. */
static void check_read(const struct check *check, bool authentic, struct bulla_span token,
                       enum bulla_status wanted_status, const struct model_claims *wanted,
                       struct bulla_span wanted_payload) {
  const size_t room = token.len * 3 / 2;
  struct bulla_buffer payload = bulla_buffer(fuzz_alloc(room), room);
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  memset(&claims, FUZZ_FILL, sizeof(claims));
  claims.size = sizeof(claims);
  enum bulla_status status = authentic ? bulla_token_authenticate(check->verifier, &claims, &payload, token)
                                       : bulla_token_verify(check->verifier, &claims, &payload, token, check->now);
  FUZZ_ASSERT(status == wanted_status);
  if (status == BULLA_OK) {
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&payload), wanted_payload));
    token_check_claims(&claims, wanted);
  } else {
    token_check_failed(&claims, &payload);
  }
  free(payload.data);
}

static void check_token(const struct check *check, struct bulla_span token) {
  static uint8_t room[MODEL_TOKEN_MAX];
  struct bulla_buffer plaintext = bulla_buffer(room, sizeof(room));
  struct model_claims claims = {0};
  int64_t day = 0;
  bool is_token = read_token(&claims, &day, &plaintext, token);
  enum bulla_status status = judge(check, is_token, &claims, day);
  check_read(check, false, token, status, &claims, bulla_written(&plaintext));
  check_read(check, true, token, judge_authentic(&claims, day), &claims, bulla_written(&plaintext));
  fuzz_num_passed += status != BULLA_REFUSED && status != BULLA_INVALID_ARGUMENT ? 1 : 0;
}

/* check_claims encrypts |json| under the key of |day|. */
static void check_claims(const struct check *check, struct bulla_span json, int64_t day) {
  static uint8_t token[2 * MODEL_TOKEN_MAX];
  char header[MODEL_HEADER_SIZE];
  struct model_claims claims = {0};
  size_t len = model_token_seal(token, sizeof(token), model_day_key(day), model_day_header(header, day), json);
  FUZZ_ASSERT(len > 0);
  bool is_token = len <= BULLA_TOKEN_MAX;
  if (!is_token || !model_claims_read(&claims, json)) {
    claims.tree = NULL;
  }
  uint8_t *exact = fuzz_alloc(len);
  memcpy(exact, token, len);
  struct bulla_span whole = bulla_span(exact, len);
  check_read(check, false, whole, judge(check, is_token, &claims, day), &claims, json);
  check_read(check, true, whole, judge_authentic(&claims, day), &claims, json);
  free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > MAX_INPUT) {
    return 0;
  }
  uint8_t choices[NUM_CHOICES];
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  (void)fuzz_take(&in, choices, NUM_CHOICES);
  struct check check = {.now = token_clock(choices[0])};
  check.verifier = token_verifier(&check.options, choices[1]);
  struct bulla_span rest = bulla_span(in.at, in.left);
  model_json_begin();
  if ((choices[0] & CLAIMS) != 0) {
    int64_t day = FUZZ_NOW / MODEL_DAY_SECONDS - ((choices[0] & YESTERDAY) != 0 ? 1 : 0);
    check_claims(&check, rest, check.now == 0 ? 0 : day);
  } else {
    check_token(&check, rest);
  }
  return 0;
}

static bool open_token(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span rest) {
  static struct model_token split;
  struct bulla_buffer plaintext = bulla_buffer(parts[1].bytes, FUZZ_PART_MAX);
  struct bulla_span key_id;
  int64_t day;
  model_json_begin();
  if ((choices[0] & CLAIMS) != 0) {
    return fuzz_open_plain(parts, choices, rest);
  }
  bool good = rest.len <= FUZZ_PART_MAX && model_token_split(&split, rest) &&
              model_kid_read(&key_id, &day, split.header) && model_token_open(&plaintext, model_day_key(day), &split) &&
              fuzz_set_part(&parts[0], split.header);
  parts[1].len = plaintext.len;
  return good;
}

static size_t seal_token(uint8_t *rest, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts) {
  struct bulla_span header = bulla_span(parts[0].bytes, parts[0].len);
  struct bulla_span key_id;
  int64_t day = FUZZ_NOW / MODEL_DAY_SECONDS;
  if ((choices[0] & CLAIMS) != 0) {
    return fuzz_seal_plain(rest, max_len, choices, parts);
  }
  model_json_begin();
  (void)model_kid_read(&key_id, &day, header);
  return model_token_seal(rest, max_len, model_day_key(day), header, bulla_span(parts[1].bytes, parts[1].len));
}

#define FIRST_HEADER "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":\"" MODEL_APIKEY_ID ".19675\"}"

const struct fuzz_form fuzz_form = {
    NUM_CHOICES, open_token, seal_token, {true, true}, {(const uint8_t *)FIRST_HEADER, sizeof(FIRST_HEADER) - 1}};
