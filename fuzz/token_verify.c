/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The verifier of tokens, in the three places that an attacker or a careless minter can reach.
 *
 * As a token, the input never verifies, since nobody has the key, which this process drew at random. As claims
 * encrypted by a holder of the key, it verifies only if what comes out obeys the rules, and can then be minted
 * again to the same effect. As a choice of a bit, it breaks a token that was good. On failure nothing is left in
 * the outputs. */

#include <bulla/token.h>

#include "core/base64url.h"
#include "core/crypto.h"
#include "fuzz/fuzz.h"

static const int64_t now = 1700000000;
enum { DAY = 1700000000 / 86400 };

static struct bulla_apikey *apikey;
static struct bulla_minter *minter;
static struct bulla_verifier *verifier;
static struct bulla_aead *day_key;
static char header[256];

/* find answers for every key id, so that the id in the input does not end the matter. */
static enum bulla_status find(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  (void)arg;
  FUZZ_ASSERT(key_id.len == BULLA_APIKEY_ID_LEN);
  memcpy(key->org, "acme", 4);
  key->org_len = 4;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(apikey)));
}

static void set_up(void) {
  struct bulla_secret *string = NULL;
  struct bulla_verifier_options options = {.leeway = 0};
  FUZZ_ASSERT(bulla_apikey_generate(&apikey, &string) == BULLA_OK);
  FUZZ_ASSERT(bulla_minter_new(&minter, apikey) == BULLA_OK);
  FUZZ_ASSERT(bulla_verifier_new(&verifier, &options, find, NULL) == BULLA_OK);
  bulla_secret_free(&string);

  struct bulla_secret *day_secret = NULL;
  uint8_t info[32];
  struct bulla_buffer info_buffer = bulla_buffer(info, sizeof info);
  struct bulla_writer writer = bulla_writer(&info_buffer);
  bulla_put(&writer, BULLA_LITERAL("bulla/v1/token"));
  bulla_put_be(&writer, DAY, 4);
  FUZZ_ASSERT(bulla_writer_finish(&writer) == BULLA_OK);
  FUZZ_ASSERT(bulla_secret_expand(&day_secret, bulla_apikey_token_root(apikey), bulla_written(&info_buffer)) ==
              BULLA_OK);
  FUZZ_ASSERT(bulla_aead_new(&day_key, bulla_secret_bytes(day_secret)) == BULLA_OK);
  bulla_secret_free(&day_secret);

  char json[128];
  int len =
      snprintf(json, sizeof json, "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":\"%.*s.%d\"}",
               BULLA_APIKEY_ID_LEN, (const char *)bulla_apikey_id(apikey).data, DAY);
  bulla_base64url_encode((uint8_t *)header, bulla_span(json, (size_t)len));
  header[bulla_base64url_encoded_len((size_t)len)] = '\0';
}

static bool all_zero(const void *bytes, size_t len) {
  const uint8_t *byte = bytes;
  uint8_t any = 0;
  for (size_t i = 0; i < len; i++) {
    any |= byte[i];
  }
  return any == 0;
}

static void check_failed(const struct bulla_claims *claims, const struct bulla_buffer *payload) {
  FUZZ_ASSERT(fuzz_failed(payload));
  FUZZ_ASSERT(all_zero(claims, sizeof *claims));
}

/* check_forgery hands |token| in. */
static void check_forgery(struct bulla_span token) {
  struct bulla_buffer payload = bulla_buffer(fuzz_alloc(BULLA_PAYLOAD_SIZE), BULLA_PAYLOAD_SIZE);
  struct bulla_claims claims;
  memset(&claims, 0xa5, sizeof claims);
  FUZZ_ASSERT(bulla_token_verify(verifier, &claims, &payload, token, now) == BULLA_REFUSED);
  check_failed(&claims, &payload);
  struct bulla_token_outline outline;
  if (bulla_token_inspect(&outline, token) == BULLA_OK) {
    FUZZ_ASSERT(outline.day >= 0 && outline.ciphertext_len < token.len);
  } else {
    FUZZ_ASSERT(all_zero(&outline, sizeof outline));
  }
  free(payload.data);
}

/* encrypt writes the token that a holder of the key can make of any bytes. */
static void encrypt(struct bulla_buffer *token, struct bulla_span bytes) {
  uint8_t nonce[12];
  uint8_t tag[BULLA_TAG_LEN];
  uint8_t *ciphertext = fuzz_alloc(bytes.len);
  struct bulla_span parts[] = {bulla_span(nonce, sizeof nonce), bulla_span(ciphertext, bytes.len),
                               bulla_span(tag, sizeof tag)};
  struct bulla_span head = bulla_span(header, strlen(header));
  FUZZ_ASSERT(bulla_random(nonce, sizeof nonce) == BULLA_OK);
  FUZZ_ASSERT(bulla_aead_seal(day_key, ciphertext, tag, parts[0], bytes, head) == BULLA_OK);
  struct bulla_writer writer = bulla_writer(token);
  bulla_put(&writer, head);
  bulla_put_byte(&writer, '.');
  for (size_t i = 0; i < 3; i++) {
    bulla_put_byte(&writer, '.');
    uint8_t *room = bulla_give(&writer, bulla_base64url_encoded_len(parts[i].len));
    FUZZ_ASSERT(room != NULL);
    bulla_base64url_encode(room, parts[i]);
  }
  free(ciphertext);
}

static void check_same(const struct bulla_claims *a, const struct bulla_claims *b) {
  FUZZ_ASSERT(bulla_span_equal(a->org, b->org) && bulla_span_equal(a->sub, b->sub));
  FUZZ_ASSERT(bulla_span_equal(a->iss, b->iss) && bulla_span_equal(a->aud, b->aud));
  FUZZ_ASSERT(bulla_span_equal(a->jti, b->jti) && bulla_span_equal(a->perms, b->perms));
  FUZZ_ASSERT(bulla_span_equal(a->attrs, b->attrs));
  FUZZ_ASSERT(a->iat == b->iat && a->exp == b->exp && a->nbf == b->nbf);
}

/* check_minted mints |claims| and breaks the token at the bit that |choice| names. */
static void check_minted(const struct bulla_claims *claims, size_t choice) {
  struct bulla_buffer token = bulla_buffer(fuzz_alloc(BULLA_TOKEN_MAX), BULLA_TOKEN_MAX);
  struct bulla_buffer payload = bulla_buffer(fuzz_alloc(BULLA_PAYLOAD_SIZE), BULLA_PAYLOAD_SIZE);
  struct bulla_claims verified;
  enum bulla_status status = bulla_token_mint(minter, &token, claims);
  FUZZ_ASSERT(status == BULLA_OK || (status == BULLA_TOO_LARGE && token.len == 0));
  if (status == BULLA_OK) {
    FUZZ_ASSERT(bulla_token_verify(verifier, &verified, &payload, bulla_written(&token), now) == BULLA_OK);
    check_same(&verified, claims);
    token.data[choice / 8 % token.len] ^= (uint8_t)(1 << choice % 8);
    check_forgery(bulla_written(&token));
  }
  free(payload.data);
  free(token.data);
}

/* check_claims hands |bytes| in as the claims of an authentic token. */
static void check_claims(struct bulla_span bytes, size_t choice) {
  const size_t room = (size_t)3 * BULLA_TOKEN_MAX;
  struct bulla_buffer token = bulla_buffer(fuzz_alloc(room), room);
  struct bulla_buffer payload = bulla_buffer(fuzz_alloc(BULLA_PAYLOAD_SIZE), BULLA_PAYLOAD_SIZE);
  struct bulla_claims claims;
  memset(&claims, 0xa5, sizeof claims);
  encrypt(&token, bytes);
  enum bulla_status status = bulla_token_verify(verifier, &claims, &payload, bulla_written(&token), now);
  if (status == BULLA_OK) {
    FUZZ_ASSERT(token.len <= BULLA_TOKEN_MAX);
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&payload), bytes));
    FUZZ_ASSERT(bulla_span_equal(claims.org, BULLA_LITERAL("acme")) && claims.sub.len > 0);
    FUZZ_ASSERT(claims.exp > now && claims.iat <= now && claims.nbf <= now);
    FUZZ_ASSERT(claims.exp > claims.iat && claims.exp - claims.iat <= BULLA_TOKEN_LIFETIME_MAX);
    check_minted(&claims, choice);
  } else {
    FUZZ_ASSERT(bulla_status_class(status) == BULLA_CLASS_REFUSED);
    check_failed(&claims, &payload);
  }
  free(payload.data);
  free(token.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (apikey == NULL) {
    set_up();
  }
  struct bulla_span bytes = bulla_span(data, size);
  size_t choice = size == 0 ? 0 : (size_t)data[0] | (size_t)data[size - 1] << 8;
  const struct bulla_claims plain = {
      .org = BULLA_LITERAL("acme"), .sub = BULLA_LITERAL("alice"), .iat = now, .exp = now + 60};
  check_forgery(bytes);
  check_minted(&plain, choice);
  if (size <= BULLA_TOKEN_MAX) {
    check_claims(bytes, choice);
  }
  return 0;
}
