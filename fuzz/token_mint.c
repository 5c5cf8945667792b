/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_token_mint and bulla_token_mint_many.
 *
 * Input: three bytes that choose "iat", "exp" and "nbf"; then up to eight claims with the byte 0xff between them:
 * "org", "sub", "iss", "aud", "jti", "perms", "attrs", and more members.
 *
 * Oracle: a plain model of what the header says may be minted. nettle opens what is, under its day's key and
 * header, and to jansson it holds these claims, in their order, and nothing else. It verifies to the same claims.
 * Between others, with one call, the same status comes, all tokens or none, and the same token but for IV and tag. */

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "fuzz/token_setup.h"

enum { NUM_CHOICES = 3, NUM_TEXTS = 8, BETWEEN = 0xff, MAX_MEMBERS = 64, MAX_NAMES = 256, MAX_INPUT = 10000 };
enum { ORG, SUB, ISS, AUD, JTI, PERMS, ATTRS, MORE };

static const char *const own_names[] = {"org", "sub", "iss",   "aud",   "iat",     "exp",
                                        "nbf", "jti", "perms", "attrs", "orig_iat"};

static void take_texts(struct bulla_span *texts, struct bulla_span input) {
  struct bulla_reader in = bulla_reader(input);
  for (size_t i = 0; i < NUM_TEXTS; i++) {
    if (!bulla_take_until(&in, &texts[i], BETWEEN)) {
      FUZZ_ASSERT(bulla_take(&in, &texts[i], in.left));
    }
  }
}

static int64_t choose_time(uint8_t choice, int64_t from) {
  const int64_t times[] = {FUZZ_NOW,
                           from + 1,
                           from + 3600,
                           from + 86400,
                           from + 86401,
                           0,
                           from,
                           from - 1,
                           -1,
                           model_time_max,
                           model_time_max + 1,
                           INT64_MAX,
                           INT64_MIN,
                           model_time_max - 86400,
                           model_time_max - 86399,
                           FUZZ_NOW / 86400 * 86400};
  return times[choice % 16];
}

/* load loads a value that is to stand in the claims, with |num_before| names before it, or returns NULL if it may
 * not. */
static json_t *load(struct bulla_span text, char bracket, size_t max_depth, size_t num_before) {
  const struct model_json_limits limits = {bracket, max_depth, MAX_NAMES - num_before};
  json_t *tree = model_json_load(text);
  return tree != NULL && model_json_is_strict(tree, text, limits) ? tree : NULL;
}

/* has_much says whether |text| may have more levels or members than its place allows, well-formed or not. */
static bool has_much(struct bulla_span text) {
  size_t num_marks = 0;
  for (size_t i = 0; i < text.len; i++) {
    num_marks += text.data[i] == '[' || text.data[i] == '{' || text.data[i] == ':' ? 1 : 0;
  }
  return num_marks > 30;
}

/* set puts a claim into |tree|; an empty one is absent. */
static bool set_text(json_t *tree, const char *name, struct bulla_span text) {
  return text.len == 0 || (model_json_is_text(text) &&
                           json_object_set_new(tree, name, json_stringn((const char *)text.data, text.len)) == 0);
}

static bool set_json(json_t *tree, const char *name, struct bulla_span text, char bracket) {
  json_t *value = text.len == 0 ? NULL : load(text, bracket, 31, json_object_size(tree) + 1);
  size_t i;
  json_t *element;
  json_array_foreach(value, i, element) {
    if (!json_is_string(element)) {
      return false;
    }
  }
  return text.len == 0 || (value != NULL && json_object_set_new(tree, name, value) == 0);
}

static bool add_more(json_t *tree, struct bulla_span text) {
  size_t num_before = json_object_size(tree);
  json_t *more = text.len == 0 ? json_object() : load(text, '{', 32, num_before);
  for (size_t i = 0; i < sizeof(own_names) / sizeof(own_names[0]); i++) {
    if (json_object_get(more, own_names[i]) != NULL) {
      return false;
    }
  }
  return more != NULL && json_object_size(more) <= MAX_MEMBERS - num_before && json_object_update(tree, more) == 0;
}

/* build returns what the claims must be, in their order, or NULL if one of them may not be minted. */
static json_t *build(const struct bulla_claims *claims, const struct bulla_span *texts) {
  json_t *tree = json_object();
  bool good = set_text(tree, "org", texts[ORG]) && set_text(tree, "sub", texts[SUB]) &&
              set_text(tree, "iss", texts[ISS]) && set_text(tree, "aud", texts[AUD]) &&
              json_object_set_new(tree, "iat", json_integer(claims->iat)) == 0 &&
              json_object_set_new(tree, "exp", json_integer(claims->exp)) == 0 &&
              (claims->nbf == 0 || json_object_set_new(tree, "nbf", json_integer(claims->nbf)) == 0) &&
              set_text(tree, "jti", texts[JTI]) && set_json(tree, "perms", texts[PERMS], '[') &&
              set_json(tree, "attrs", texts[ATTRS], '{') && add_more(tree, texts[MORE]);
  return good ? tree : NULL;
}

static bool are_times_good(const struct bulla_claims *claims) {
  return claims->iat >= 0 && claims->iat <= model_time_max - 86400 && claims->exp > claims->iat &&
         claims->exp - claims->iat <= 86400 && claims->nbf >= 0 && claims->nbf < claims->exp;
}

/* is_same_order compares the names of two objects with the same members. */
static bool is_same_order(json_t *a, json_t *b) {
  void *other = json_object_iter(b);
  const char *name;
  json_t *value;
  json_object_foreach(a, name, value) {
    if (strcmp(name, json_object_iter_key(other)) != 0) {
      return false;
    }
    other = json_object_iter_next(b, other);
  }
  return true;
}

static void check_minted(struct bulla_span token, const struct bulla_claims *minted, json_t *tree) {
  static struct model_token split;
  static uint8_t room[MODEL_TOKEN_MAX];
  char header[MODEL_HEADER_SIZE];
  struct bulla_buffer plaintext = bulla_buffer(room, sizeof(room));
  int64_t day = minted->iat / MODEL_DAY_SECONDS;
  FUZZ_ASSERT(token.len <= BULLA_TOKEN_MAX && model_token_split(&split, token));
  FUZZ_ASSERT(bulla_span_equal(split.header, model_day_header(header, day)));
  FUZZ_ASSERT(model_token_open(&plaintext, model_day_key(day), &split));
  struct model_claims wanted;
  FUZZ_ASSERT(model_claims_read(&wanted, bulla_written(&plaintext)));
  FUZZ_ASSERT(json_equal(tree, wanted.tree) && is_same_order(tree, wanted.tree));

  struct bulla_buffer payload = bulla_buffer(fuzz_alloc(token.len * 3 / 2), token.len * 3 / 2);
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  const struct bulla_verifier_options *options;
  struct bulla_verifier *verifier = token_verifier(&options, 0);
  int64_t now = minted->nbf > minted->iat && minted->nbf < minted->exp ? minted->nbf : minted->iat;
  enum bulla_status status = bulla_token_verify(verifier, &claims, &payload, token, now);
  FUZZ_ASSERT(status == model_judge(&wanted, options, day, now));
  if (status == BULLA_OK) {
    token_check_claims(&claims, &wanted);
  }
  free(payload.data);
}

/* Mints |claims| between others, of the same day or of the day before. */
static void check_many(struct bulla_minter *minter, enum bulla_status wanted, const struct bulla_claims *claims,
                       json_t *tree) {
  enum { NUM = 3 };
  static uint8_t rooms[NUM][BULLA_TOKEN_MAX];
  struct bulla_claims others = {.size = sizeof(struct bulla_claims),
                                .org = BULLA_LITERAL("acme"),
                                .sub = BULLA_LITERAL("another"),
                                .iat = claims->iat % 2 == 0 ? FUZZ_NOW : FUZZ_NOW - 86400};
  const struct bulla_claims *const pointers[NUM] = {&others, claims, &others};
  struct bulla_buffer tokens[NUM];
  size_t failed = SIZE_MAX;
  for (size_t i = 0; i < NUM; i++) {
    memset(rooms[i], FUZZ_FILL, sizeof(rooms[i]));
    tokens[i] = bulla_buffer(rooms[i], sizeof(rooms[i]));
  }
  FUZZ_ASSERT(bulla_token_mint_many(minter, tokens, &failed, pointers, NUM) == wanted);
  FUZZ_ASSERT(failed == (wanted == BULLA_OK ? NUM : 1));
  for (size_t i = 0; i < NUM; i++) {
    FUZZ_ASSERT(wanted == BULLA_OK ? tokens[i].len > 0 : fuzz_failed(&tokens[i]));
  }
  if (wanted == BULLA_OK) {
    check_minted(bulla_written(&tokens[1]), claims, tree);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct bulla_minter *minter;
  uint8_t choices[NUM_CHOICES];
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  (void)fuzz_take(&in, choices, NUM_CHOICES);
  if (size > MAX_INPUT) {
    return 0;
  }
  if (minter == NULL) {
    FUZZ_ASSERT(bulla_minter_new(&minter, token_apikey()) == BULLA_OK);
  }
  model_json_begin();
  struct bulla_span texts[NUM_TEXTS];
  take_texts(texts, bulla_span(in.at, in.left));
  struct bulla_claims claims = {.size = sizeof(struct bulla_claims),
                                .org = texts[ORG],
                                .sub = texts[SUB],
                                .iss = texts[ISS],
                                .aud = texts[AUD],
                                .jti = texts[JTI],
                                .perms = texts[PERMS],
                                .attrs = texts[ATTRS],
                                .more = texts[MORE]};
  claims.iat = choose_time(choices[0], FUZZ_NOW);
  claims.exp = choose_time(choices[1], claims.iat > model_time_max || claims.iat < 0 ? 0 : claims.iat);
  claims.nbf = choose_time(choices[2], FUZZ_NOW);
  struct bulla_buffer token = bulla_buffer(malloc(BULLA_TOKEN_MAX), BULLA_TOKEN_MAX);
  enum bulla_status status = bulla_token_mint(minter, &token, &claims);
  const struct bulla_claims given = claims;

  if (claims.exp == 0 && claims.iat <= model_time_max) {
    claims.exp = claims.iat + BULLA_TOKEN_LIFETIME;
  }
  bool good_arguments = texts[ORG].len > 0 && texts[ORG].len <= 128 && texts[SUB].len > 0 && are_times_good(&claims);
  json_t *tree = build(&claims, texts);
  if (!good_arguments) {
    FUZZ_ASSERT(status == BULLA_INVALID_ARGUMENT);
  } else if (tree == NULL) {
    /* What lies behind the room is not read: of two faults either may be told. A byte becomes six at most. */
    bool may_be_long = size * 6 > BULLA_TOKEN_MAX / 2;
    bool may_be_much = has_much(texts[ATTRS]) || has_much(texts[MORE]);
    FUZZ_ASSERT(status == BULLA_INVALID_TEXT || (status == BULLA_TOO_LARGE && (may_be_long || may_be_much)));
  } else {
    bool is_long = json_dumpb(tree, NULL, 0, JSON_COMPACT) + size > BULLA_TOKEN_MAX / 4;
    FUZZ_ASSERT(status == BULLA_OK || (status == BULLA_TOO_LARGE && is_long));
  }
  if (status == BULLA_OK) {
    fuzz_num_passed++;
    check_minted(bulla_written(&token), &claims, tree);
  } else {
    FUZZ_ASSERT(token.len == 0);
  }
  check_many(minter, status, &given, tree);
  free(token.data);
  return 0;
}

const struct fuzz_form fuzz_form = {NUM_CHOICES, fuzz_open_plain, fuzz_seal_plain, {false, true}, {NULL, 0}};
