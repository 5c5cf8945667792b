/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_jwk_parse, bulla_jwk_set_parse, and what makes texts of keys: bulla_jwk_write, _write_public, _thumbprint,
 * _to_pem, _from_pem.
 *
 * Input: the text of a JWK or of a set.
 *
 * Oracle: fuzz/model_jwk.h says which keys are good and which are left out of a set. What is written of a key is, to
 * jansson and the model, the same key, is read again, and is then written as the same bytes; its public half has the
 * same thumbprint, which the model works out too, and none of the private members; so has what comes back from PEM.
 * Nothing is left in the arena, and whatever is refused is explained. */

#include <bulla/jose.h>

#include "core/jwk.h"
#include "core/slab.h"
#include "fuzz/fuzz.h"
#include "fuzz/model_json.h"
#include "fuzz/model_jwk.h"

static size_t num_told;

static void tell(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  (void)arg;
  FUZZ_ASSERT(level == BULLA_LOG_ERROR && status != BULLA_OK && detail[0] != '\0');
  num_told++;
}

/* load returns the tree of a strict text, or NULL. */
static json_t *load(struct bulla_span text) {
  json_t *tree = model_json_load(text);
  if (tree != NULL && !model_json_is_strict(tree, text, MODEL_JSON_TOP)) {
    json_decref(tree);
    return NULL;
  }
  return tree;
}

static struct bulla_jwk *parse(struct bulla_span json) {
  uint8_t *exact = fuzz_alloc(json.len);
  struct bulla_jwk *jwk = NULL;
  memcpy(exact, json.data, json.len);
  FUZZ_ASSERT(bulla_jwk_parse(&jwk, bulla_span(exact, json.len)) == BULLA_OK && jwk != NULL);
  free(exact);
  return jwk;
}

static void check_thumbprint(const struct bulla_jwk *jwk, const uint8_t *wanted) {
  uint8_t digest[32];
  struct bulla_buffer thumbprint = bulla_buffer(digest, sizeof(digest));
  FUZZ_ASSERT(bulla_jwk_thumbprint(&thumbprint, jwk) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&thumbprint), bulla_span(wanted, sizeof(digest))));
}

/* without_zeroes returns a base64url number without the zero digits before it, for what of a key is compared. */
static struct bulla_span without_zeroes(struct bulla_span text) {
  while (text.len > 0 && text.data[0] == 'A') {
    text = bulla_span(text.data + 1, text.len - 1);
  }
  return text;
}

/* check_members compares what was written with the |wanted| tree: every part, "kid", "use", "alg". */
static void check_members(const json_t *written, const json_t *wanted, bool is_public) {
  static const char *const hidden[] = {"k", "d", "p", "q", "dp", "dq", "qi"};
  static const char *const same[] = {"kty", "crv", "x", "y", "n", "e", "use", "alg"};
  const json_t *kty = json_object_get(wanted, "kty");
  bool is_rsa = strcmp(json_string_value(kty), "RSA") == 0;
  bool is_oct = strcmp(json_string_value(kty), "oct") == 0;
  bool is_ec = strcmp(json_string_value(kty), "EC") == 0;
  for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
    const json_t *value = json_object_get(written, same[i]);
    /* Of another kind it is no part, and not kept. */
    bool is_part = i < 1 || i > 5 || (i < 3 && !is_rsa && !is_oct) || (i == 3 && is_ec) || (i > 3 && is_rsa);
    FUZZ_ASSERT(is_part ? json_equal(value, json_object_get(wanted, same[i])) ||
                              (value == NULL && json_object_get(wanted, same[i]) == NULL)
                        : value == NULL);
  }
  for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
    const json_t *value = json_object_get(written, hidden[i]);
    bool is_part = !is_public && (is_oct ? i == 0 : is_rsa ? i > 0 : i == 1);
    FUZZ_ASSERT((value != NULL) == (is_part && json_object_get(wanted, hidden[i]) != NULL));
    if (value != NULL && !is_rsa) {
      FUZZ_ASSERT(json_equal(value, json_object_get(wanted, hidden[i])));
    } else if (value != NULL && json_string_length(value) == json_string_length(json_object_get(wanted, hidden[i]))) {
      FUZZ_ASSERT(bulla_span_equal(without_zeroes(model_json_string(value)),
                                   without_zeroes(model_json_string(json_object_get(wanted, hidden[i])))));
    }
  }
  struct bulla_span kid = model_json_string(json_object_get(wanted, "kid"));
  FUZZ_ASSERT(bulla_span_equal(model_json_string(json_object_get(written, "kid")), kid));
}

/* check_text checks what was written of the key: |again| is to be as it was. */
static void check_text(struct bulla_span text, const json_t *wanted, const uint8_t *thumbprint, bool is_public) {
  json_t *tree = load(text);
  FUZZ_ASSERT(tree != NULL && model_jwk(tree) == MODEL_JWK_GOOD);
  check_members(tree, wanted, is_public);
  json_decref(tree);
  struct bulla_jwk *again = parse(text);
  check_thumbprint(again, thumbprint);
  FUZZ_ASSERT(bulla_jwk_has_private(again) != is_public);
  if (is_public) {
    uint8_t *room = fuzz_alloc(text.len);
    struct bulla_buffer json = bulla_buffer(room, text.len);
    FUZZ_ASSERT(bulla_jwk_write_public(&json, again) == BULLA_OK && bulla_span_equal(bulla_written(&json), text));
    free(room);
  } else {
    struct bulla_secret *json = NULL;
    FUZZ_ASSERT(bulla_jwk_write(&json, again) == BULLA_OK && bulla_span_equal(bulla_secret_bytes(json), text));
    bulla_secret_free(&json);
  }
  bulla_jwk_free(&again);
}

static void check_pem(const struct bulla_jwk *jwk, const uint8_t *thumbprint, bool is_public) {
  struct bulla_secret *pem = NULL;
  struct bulla_secret *pem_again = NULL;
  struct bulla_jwk *again = NULL;
  FUZZ_ASSERT(bulla_jwk_to_pem(&pem, jwk, is_public) == BULLA_OK);
  FUZZ_ASSERT(bulla_jwk_from_pem(&again, bulla_secret_bytes(pem)) == BULLA_OK);
  check_thumbprint(again, thumbprint);
  FUZZ_ASSERT(bulla_jwk_has_private(again) == (bulla_jwk_has_private(jwk) && !is_public));
  FUZZ_ASSERT(bulla_jwk_to_pem(&pem_again, again, false) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_secret_bytes(pem_again), bulla_secret_bytes(pem)));
  bulla_secret_free(&pem_again);
  bulla_secret_free(&pem);
  bulla_jwk_free(&again);
}

static void check_key(const struct bulla_jwk *jwk, const json_t *wanted) {
  uint8_t thumbprint[32];
  model_jwk_thumbprint(thumbprint, wanted);
  check_thumbprint(jwk, thumbprint);
  bool has_private = model_jwk_has_private(wanted);
  bool is_oct = jwk->type == BULLA_KEY_OCT;
  struct bulla_secret *json = NULL;
  FUZZ_ASSERT(bulla_jwk_has_private(jwk) == has_private);
  FUZZ_ASSERT(bulla_span_equal(bulla_jwk_kid(jwk), model_json_string(json_object_get(wanted, "kid"))));
  FUZZ_ASSERT(bulla_jwk_write(&json, jwk) == (has_private ? BULLA_OK : BULLA_INVALID_ARGUMENT));
  if (has_private) {
    check_text(bulla_secret_bytes(json), wanted, thumbprint, false);
    bulla_secret_free(&json);
  }
  uint8_t *room = fuzz_alloc(BULLA_JWK_MAX);
  struct bulla_buffer open = bulla_buffer(room, BULLA_JWK_MAX);
  FUZZ_ASSERT(bulla_jwk_write_public(&open, jwk) == (is_oct ? BULLA_INVALID_ARGUMENT : BULLA_OK));
  if (!is_oct) {
    check_text(bulla_written(&open), wanted, thumbprint, true);
    check_pem(jwk, thumbprint, true);
    check_pem(jwk, thumbprint, false);
  }
  free(room);
}

/* What the model makes of a whole text. A name with escapes it takes for the same without: bulla may refuse there. */
static enum model_jwk_verdict verdict_on(json_t *tree) {
  return tree == NULL ? MODEL_JWK_BAD : model_jwk(tree);
}

static void check_one(struct bulla_span text, json_t *tree, bool may_refuse) {
  struct bulla_jwk *jwk = NULL;
  num_told = 0;
  enum bulla_status status = bulla_jwk_parse(&jwk, text);
  enum model_jwk_verdict wanted = verdict_on(tree);
  FUZZ_ASSERT((jwk != NULL) == (status == BULLA_OK));
  FUZZ_ASSERT((num_told > 0) == (status != BULLA_OK));
  FUZZ_ASSERT(status == BULLA_OK || status == BULLA_INVALID_TEXT || status == BULLA_REFUSED ||
              status == BULLA_UNSUPPORTED || status == BULLA_TOO_LARGE);
  FUZZ_ASSERT(may_refuse ? status != BULLA_OK || wanted == MODEL_JWK_GOOD
                         : (status == BULLA_OK) == (wanted == MODEL_JWK_GOOD) &&
                               (status == BULLA_UNSUPPORTED) == (wanted == MODEL_JWK_UNSUPPORTED));
  if (status == BULLA_OK) {
    check_key(jwk, tree);
  }
  bulla_jwk_free(&jwk);
}

/* set_is_good says whether a set is to be read, and how many keys it then has. */
static bool set_is_good(size_t *num, json_t *tree) {
  const json_t *keys = json_object_get(tree, "keys");
  const char *name;
  json_t *value;
  size_t num_oct = 0;
  *num = 0;
  json_object_foreach(tree, name, value) {
    if (strcasecmp(name, "keys") == 0 && strcmp(name, "keys") != 0) {
      return false;
    }
  }
  if (!json_is_array(keys) || json_array_size(keys) > BULLA_JWK_SET_MAX_KEYS || json_object_size(tree) > 64) {
    return false;
  }
  json_t *kids = json_object();
  bool good = true;
  for (size_t i = 0; i < json_array_size(keys) && good; i++) {
    json_t *key = json_array_get(keys, i);
    enum model_jwk_verdict wanted = model_jwk(key);
    good = wanted != MODEL_JWK_BAD;
    if (wanted == MODEL_JWK_GOOD) {
      const char *kid = json_string_value(json_object_get(key, "kid"));
      good = kid == NULL || kid[0] == '\0' ||
             (json_object_get(kids, kid) == NULL && json_object_set_new(kids, kid, json_true()) == 0);
      num_oct += strcmp(json_string_value(json_object_get(key, "kty")), "oct") == 0;
      (*num)++;
    }
  }
  json_decref(kids);
  return good && (num_oct == 0 || num_oct == *num);
}

static void check_set(struct bulla_span text, json_t *tree, bool may_refuse) {
  struct bulla_jwk_set *set = NULL;
  size_t num = 0;
  bool good = set_is_good(&num, tree);
  enum bulla_status status = bulla_jwk_set_parse(&set, text);
  FUZZ_ASSERT((set != NULL) == (status == BULLA_OK) && status != BULLA_UNSUPPORTED);
  FUZZ_ASSERT(may_refuse ? status != BULLA_OK || good : (status == BULLA_OK) == good);
  if (status == BULLA_OK) {
    size_t i = 0;
    for (const struct bulla_jwk *jwk = NULL; (jwk = bulla_jwk_set_at(set, i)) != NULL; i++) {
      struct bulla_span kid = bulla_jwk_kid(jwk);
      FUZZ_ASSERT(bulla_jwk_set_find(set, kid) == (kid.len > 0 ? jwk : NULL));
    }
    FUZZ_ASSERT(i == num);
  }
  bulla_jwk_set_free(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_span text = bulla_span(data, size);
  bulla_log_set(tell, NULL);
  struct bulla_secret *first = NULL; /* so that there is an arena */
  FUZZ_ASSERT(bulla_secret_new(&first, 1) == BULLA_OK);
  size_t used = bulla_slab_usage().used;
  json_t *tree = load(text);
  bool may_refuse = size > 0 && memchr(data, '\\', size) != NULL;
  check_one(text, tree, may_refuse);
  check_set(text, tree, may_refuse);
  json_decref(tree);
  FUZZ_ASSERT(bulla_slab_usage().used == used);
  bulla_secret_free(&first);
  return 0;
}
