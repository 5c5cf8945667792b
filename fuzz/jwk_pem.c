/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_jwk_from_pem, bulla_jwk_to_pem.
 *
 * Input: the text of a PEM, or, after a byte of 1 to 5 that says which label, the DER of which this makes one.
 *
 * Oracle: what is accepted has the lines of RFC 7468 §3, whose digits nettle decodes, and in that DER stands each part
 * of the key, byte for byte; nettle reads the same RSA numbers in it. The key is a good JWK to fuzz/model_jwk.h;
 * written as PEM it is read again, the same, and written as the same bytes; and if it was in the form that bulla
 * writes, as the bytes of the input. Nothing is left in the arena, and whatever is refused is explained. */

#include <bulla/jose.h>
#include <nettle/base64.h>
#include <nettle/rsa.h>

#include "core/jwk.h"
#include "core/slab.h"
#include "fuzz/fuzz.h"
#include "fuzz/model_json.h"
#include "fuzz/model_jwk.h"

enum { LINE = 64, MAX_TEXT = 2 * BULLA_JWK_MAX };

static const char *const labels[] = {"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "PUBLIC KEY",
                                     "RSA PUBLIC KEY"};

static size_t num_told;

static void tell(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  (void)arg;
  FUZZ_ASSERT(level == BULLA_LOG_ERROR && status != BULLA_OK && detail[0] != '\0');
  num_told++;
}

/* Puts |der| into |text| as a PEM with the label number |which|. */
static struct bulla_span make_pem(char *text, size_t which, struct bulla_span der) {
  char digits[MAX_TEXT];
  int len = snprintf(text, MAX_TEXT, "-----BEGIN %s-----\n", labels[which]);
  FUZZ_ASSERT(BASE64_ENCODE_RAW_LENGTH(der.len) < sizeof(digits));
  base64_encode_raw(digits, der.len, der.data);
  size_t num = BASE64_ENCODE_RAW_LENGTH(der.len);
  for (size_t at = 0; at < num; at += LINE) {
    int left = num - at < LINE ? (int)(num - at) : LINE;
    len += snprintf(text + len, MAX_TEXT - (size_t)len, "%.*s\n", left, digits + at);
  }
  len += snprintf(text + len, MAX_TEXT - (size_t)len, "-----END %s-----\n", labels[which]);
  return bulla_span(text, (size_t)len);
}

/* Decodes the last block of |pem|, whose lines must be as RFC 7468 §3 says. */
static size_t decode(uint8_t *der, struct bulla_span pem) {
  struct base64_decode_ctx context;
  char text[MAX_TEXT];
  memcpy(text, pem.data, pem.len);
  text[pem.len] = '\0';
  FUZZ_ASSERT(strlen(text) == pem.len);
  char *begin = strstr(text, "-----BEGIN ");
  for (char *next = begin; next != NULL; next = strstr(next + 1, "-----BEGIN ")) {
    begin = next;
  }
  FUZZ_ASSERT(begin != NULL && (begin == text || strncmp(text, "-----BEGIN EC PARAMETERS-----", 29) == 0));
  char *line = strchr(begin, '\n') + 1;
  size_t return_len = line[-2] == '\r' ? 1 : 0;
  size_t len = 0;
  bool was_short = false;
  base64_decode_init(&context);
  for (char *end; strncmp(line, "-----END ", 9) != 0; line = end + 1) {
    end = strchr(line, '\n');
    FUZZ_ASSERT(end != NULL && !was_short);
    size_t line_len = (size_t)(end - line) - return_len;
    FUZZ_ASSERT(line_len > 0 && line_len <= LINE && (return_len == 0 || end[-1] == '\r'));
    was_short = line_len < LINE;
    size_t num = 0;
    FUZZ_ASSERT(base64_decode_update(&context, &num, der + len, line_len, line) == 1);
    len += num;
  }
  FUZZ_ASSERT(base64_decode_final(&context) == 1);
  return len;
}

static bool stands_in(struct bulla_span whole, struct bulla_span part) {
  return memmem(whole.data, whole.len, part.data, part.len) != NULL;
}

/* check_parts finds each part of |jwk| in |der|. */
static void check_parts(const struct bulla_jwk *jwk, struct bulla_span der) {
  const struct bulla_rsa_private *rsa = &jwk->rsa;
  if (jwk->type != BULLA_KEY_RSA) {
    /* Where only the private key is, the public one was worked out. */
    FUZZ_ASSERT(stands_in(der, jwk->secret == NULL ? jwk->point : bulla_secret_bytes(jwk->secret)));
    return;
  }
  const struct bulla_span parts[] = {rsa->open.n, rsa->open.e, rsa->d, rsa->p, rsa->q, rsa->dp, rsa->dq, rsa->qi};
  for (size_t i = 0; i < (jwk->secret == NULL ? 2 : 8); i++) {
    FUZZ_ASSERT(parts[i].len > 0 && stands_in(der, parts[i]));
  }
}

static bool is_number(mpz_t number, struct bulla_span bytes) {
  mpz_t other;
  mpz_init(other);
  mpz_import(other, bytes.len, 1, 1, 1, 0, bytes.data);
  bool same = mpz_cmp(number, other) == 0;
  mpz_clear(other);
  return same;
}

/* check_rsa has nettle read RSAPrivateKey. */
static void check_rsa(const struct bulla_jwk *jwk, struct bulla_span der) {
  struct rsa_public_key open;
  struct rsa_private_key hidden;
  rsa_public_key_init(&open);
  rsa_private_key_init(&hidden);
  FUZZ_ASSERT(rsa_keypair_from_der(&open, &hidden, 0, der.len, der.data) == 1);
  FUZZ_ASSERT(is_number(open.n, jwk->rsa.open.n) && is_number(open.e, jwk->rsa.open.e));
  FUZZ_ASSERT(is_number(hidden.p, jwk->rsa.p) && is_number(hidden.q, jwk->rsa.q));
  FUZZ_ASSERT(is_number(hidden.a, jwk->rsa.dp) && is_number(hidden.b, jwk->rsa.dq) &&
              is_number(hidden.c, jwk->rsa.qi) && is_number(hidden.d, jwk->rsa.d));
  rsa_private_key_clear(&hidden);
  rsa_public_key_clear(&open);
}

static void check_json(const struct bulla_jwk *jwk) {
  uint8_t *room = fuzz_alloc(BULLA_JWK_MAX);
  struct bulla_buffer open = bulla_buffer(room, BULLA_JWK_MAX);
  struct bulla_secret *json = NULL;
  FUZZ_ASSERT(jwk->secret == NULL ? bulla_jwk_write_public(&open, jwk) == BULLA_OK
                                  : bulla_jwk_write(&json, jwk) == BULLA_OK);
  json_t *tree = model_json_load(jwk->secret == NULL ? bulla_written(&open) : bulla_secret_bytes(json));
  FUZZ_ASSERT(tree != NULL && model_jwk(tree) == MODEL_JWK_GOOD);
  json_decref(tree);
  bulla_secret_free(&json);
  free(room);
}

/* check_again writes |jwk|, and reads and writes it once more. Returns whether |pem| is what was written. */
static bool check_again(const struct bulla_jwk *jwk, struct bulla_span pem) {
  struct bulla_secret *first = NULL;
  struct bulla_secret *second = NULL;
  struct bulla_jwk *again = NULL;
  FUZZ_ASSERT(bulla_jwk_to_pem(&first, jwk, false) == BULLA_OK);
  FUZZ_ASSERT(bulla_jwk_from_pem(&again, bulla_secret_bytes(first)) == BULLA_OK);
  FUZZ_ASSERT(again->type == jwk->type && again->curve == jwk->curve &&
              (again->secret == NULL) == (jwk->secret == NULL));
  FUZZ_ASSERT(bulla_span_equal(again->point, jwk->point));
  FUZZ_ASSERT(bulla_jwk_to_pem(&second, again, false) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_secret_bytes(first), bulla_secret_bytes(second)));
  bool same = bulla_span_equal(bulla_secret_bytes(first), pem);
  bulla_secret_free(&first);
  bulla_secret_free(&second);
  bulla_jwk_free(&again);
  return same;
}

static void check(struct bulla_span pem) {
  struct bulla_jwk *jwk = NULL;
  num_told = 0;
  enum bulla_status status = bulla_jwk_from_pem(&jwk, pem);
  FUZZ_ASSERT((jwk != NULL) == (status == BULLA_OK) && (num_told > 0) == (status != BULLA_OK));
  FUZZ_ASSERT(status == BULLA_OK || status == BULLA_INVALID_TEXT || status == BULLA_REFUSED ||
              status == BULLA_UNSUPPORTED || status == BULLA_TOO_LARGE);
  if (status != BULLA_OK) {
    return;
  }
  uint8_t room[MAX_TEXT];
  struct bulla_span der = bulla_span(room, decode(room, pem));
  FUZZ_ASSERT(jwk->kid.len == 0 && jwk->use.len == 0 && jwk->alg == 0 && !jwk->other_alg && !jwk->has_key_ops);
  check_parts(jwk, der);
  if (strncmp((const char *)pem.data, "-----BEGIN RSA PRIVATE KEY", 26) == 0) {
    check_rsa(jwk, der);
  }
  check_json(jwk);
  bool same = check_again(jwk, pem);
  /* A public key has one form only. */
  FUZZ_ASSERT(same || strncmp((const char *)pem.data, "-----BEGIN PUBLIC KEY-----\n", 27) != 0 ||
              pem.data[pem.len - 1] != '\n' || pem.data[pem.len - 2] != '-');
  bulla_jwk_free(&jwk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bulla_log_set(tell, NULL);
  struct bulla_secret *first = NULL; /* so that there is an arena */
  FUZZ_ASSERT(bulla_secret_new(&first, 1) == BULLA_OK);
  size_t used = bulla_slab_usage().used;
  if (size > 0 && size < BULLA_JWK_MAX && data[0] >= 1 && data[0] <= sizeof(labels) / sizeof(labels[0])) {
    char text[MAX_TEXT];
    check(make_pem(text, data[0] - 1U, bulla_span(data + 1, size - 1)));
  } else {
    check(bulla_span(data, size));
  }
  FUZZ_ASSERT(bulla_slab_usage().used == used);
  bulla_secret_free(&first);
  return 0;
}
