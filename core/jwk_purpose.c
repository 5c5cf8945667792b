/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a key may be used for: "use", "key_ops" and "alg", RFC 7517 §4.2 to §4.4. */

#include "core/cleanup.h"
#include "core/jwk_parts.h"
#include "core/log.h"

#define TEXT(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }

enum {
  OPS_OF_SIG = BULLA_OP_SIGN | BULLA_OP_VERIFY,
  OPS_OF_ENC = BULLA_OP_ENCRYPT | BULLA_OP_DECRYPT | BULLA_OP_WRAP_KEY | BULLA_OP_UNWRAP_KEY | BULLA_OP_DERIVE_KEY |
               BULLA_OP_DERIVE_BITS,
};

/* |of_public| is what the public half of a key with |op| is for. */
static const struct {
  struct bulla_span name;
  enum bulla_key_op op;
  enum bulla_key_op of_public;
  unsigned purposes;
} operations[] = {
    {TEXT("sign"), BULLA_OP_SIGN, BULLA_OP_VERIFY, 0},
    {TEXT("verify"), BULLA_OP_VERIFY, BULLA_OP_VERIFY, 0},
    {TEXT("encrypt"), BULLA_OP_ENCRYPT, BULLA_OP_ENCRYPT, BULLA_KEY_ENCRYPTS},
    {TEXT("decrypt"), BULLA_OP_DECRYPT, BULLA_OP_ENCRYPT, BULLA_KEY_DECRYPTS},
    {TEXT("wrapKey"), BULLA_OP_WRAP_KEY, BULLA_OP_WRAP_KEY, BULLA_KEY_ENCRYPTS},
    {TEXT("unwrapKey"), BULLA_OP_UNWRAP_KEY, BULLA_OP_WRAP_KEY, BULLA_KEY_DECRYPTS},
    {TEXT("deriveKey"), BULLA_OP_DERIVE_KEY, BULLA_OP_DERIVE_KEY, 0},
    {TEXT("deriveBits"), BULLA_OP_DERIVE_BITS, BULLA_OP_DERIVE_BITS, 0},
};

#define NUM_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

enum bulla_status bulla_jwk_read_use(struct bulla_jwk_source *source, const struct bulla_json_value *value) {
  static const struct bulla_span uses[] = {TEXT("enc"), TEXT("sig")};
  if (value->type != BULLA_JSON_STRING) {
    return bulla_explain(BULLA_INVALID_TEXT, "JWK: \"use\" is no string");
  }
  for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
    if (bulla_json_equal(value, uses[i])) {
      source->use = uses[i];
      return BULLA_OK;
    }
  }
  return bulla_explain(BULLA_UNSUPPORTED, "JWK: \"use\" is neither enc nor sig");
}

static enum bulla_key_op operation_named(const struct bulla_json_value *name) {
  for (size_t i = 0; i < NUM_OPERATIONS; i++) {
    if (bulla_json_equal(name, operations[i].name)) {
      return operations[i].op;
    }
  }
  return 0;
}

enum bulla_status bulla_jwk_read_key_ops(struct bulla_jwk_source *source, const struct bulla_json_value *value) {
  if (value->type != BULLA_JSON_ARRAY || !value->all_strings) {
    return bulla_explain(BULLA_INVALID_TEXT, "JWK: \"key_ops\" is no array of strings");
  }
  source->has_key_ops = true;
  struct bulla_span rest = value->text;
  struct bulla_json_value name;
  while (bulla_json_next(&rest, &name)) {
    enum bulla_key_op op = operation_named(&name);
    if (op == 0) {
      return bulla_explain(BULLA_UNSUPPORTED, "JWK: \"key_ops\" has one that is not known");
    }
    if ((source->key_ops & op) != 0) {
      return bulla_explain(BULLA_INVALID_TEXT, "JWK: \"key_ops\" has one twice");
    }
    source->key_ops |= op;
  }
  return BULLA_OK;
}

/* Whoever agrees on a key derives it, on both sides; of the public key of the other some list it, some nothing. */
static unsigned purposes_of(const struct bulla_jwk *jwk) {
  unsigned purposes = 0;
  for (size_t i = 0; i < NUM_OPERATIONS; i++) {
    purposes |= (jwk->key_ops & operations[i].op) != 0 ? operations[i].purposes : 0;
  }
  bool agrees = jwk->type == BULLA_KEY_EC || jwk->type == BULLA_KEY_OKP;
  if (agrees && (jwk->key_ops & (BULLA_OP_DERIVE_KEY | BULLA_OP_DERIVE_BITS)) != 0) {
    purposes |= BULLA_KEY_ENCRYPTS | BULLA_KEY_DECRYPTS;
  }
  if (agrees && jwk->key_ops == 0 && jwk->secret == NULL) {
    purposes |= BULLA_KEY_ENCRYPTS;
  }
  return purposes;
}

enum bulla_status bulla_jwk_set_purposes(struct bulla_jwk *jwk) {
  bool is_for_sig = bulla_span_equal(jwk->use, BULLA_LITERAL("sig"));
  bool is_for_enc = bulla_span_equal(jwk->use, BULLA_LITERAL("enc"));
  if ((is_for_sig && (jwk->key_ops & OPS_OF_ENC) != 0) || (is_for_enc && (jwk->key_ops & OPS_OF_SIG) != 0)) {
    return bulla_explain(BULLA_REFUSED, "JWK: \"use\" and \"key_ops\" contradict each other");
  }
  jwk->purposes = jwk->has_key_ops ? purposes_of(jwk) : BULLA_KEY_ENCRYPTS | BULLA_KEY_DECRYPTS;
  jwk->alg = bulla_jwe_alg_named(jwk->alg_name);
  jwk->enc = bulla_jwe_enc_named(jwk->alg_name);
  if (jwk->enc != 0) {
    jwk->alg = BULLA_JWE_DIR;
  }
  jwk->other_alg = jwk->alg_name.data != NULL && jwk->alg == 0;
  return BULLA_OK;
}

void bulla_jwk_put_key_ops(struct bulla_json_writer *out, const struct bulla_jwk *jwk, bool is_public) {
  unsigned ops = 0;
  for (size_t i = 0; i < NUM_OPERATIONS; i++) {
    if ((jwk->key_ops & operations[i].op) != 0) {
      ops |= is_public ? operations[i].of_public : operations[i].op;
    }
  }
  bulla_json_name(out, BULLA_LITERAL("key_ops"));
  bulla_json_begin(out, '[');
  for (size_t i = 0; i < NUM_OPERATIONS; i++) {
    if ((ops & operations[i].op) != 0) {
      bulla_json_string(out, operations[i].name);
    }
  }
  bulla_json_end(out, ']');
}
