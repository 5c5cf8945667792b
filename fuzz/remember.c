/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The public-key operations, which would be most of the time of a target that opens or verifies a vault for each
 * input. The linker's --wrap leads them here. What each makes of its inputs is the same every time: where all inputs,
 * compared byte for byte, are those of a call before, the result of that call is given. Nothing is left out. */

#include "core/crypto.h"
#include "fuzz/fuzz.h"

enum { NUM_CALLS = 64, INPUTS_MAX = 9000, OUTPUTS_MAX = 128 };

/* A call, with its inputs one behind the other. */
struct call {
  int function;
  enum bulla_status status;
  size_t inputs_len;
  size_t outputs_len;
  uint8_t inputs[INPUTS_MAX];
  uint8_t outputs[OUTPUTS_MAX];
};

enum { NOTHING, VERIFY, EXPAND, PUBLIC, OPEN };

static struct call calls[NUM_CALLS];
static struct call asked; /* and its result, once there is one */
static size_t next_call;

static void ask(int function) {
  asked.function = function;
  asked.inputs_len = 0;
  asked.outputs_len = 0;
}

/* give adds an input to what is asked. */
static void give(const uint8_t *bytes, size_t len) {
  FUZZ_ASSERT(len <= sizeof(asked.inputs) - asked.inputs_len);
  if (len > 0) {
    memcpy(asked.inputs + asked.inputs_len, bytes, len);
    asked.inputs_len += len;
  }
}

/* give_span adds one whose length may be another each time. */
static void give_span(struct bulla_span span) {
  give((const uint8_t *)&span.len, sizeof(span.len));
  give(span.data, span.len);
}

static const struct call *remembered(void) {
  for (size_t i = 0; i < NUM_CALLS; i++) {
    if (calls[i].function == asked.function && calls[i].inputs_len == asked.inputs_len &&
        memcmp(calls[i].inputs, asked.inputs, asked.inputs_len) == 0) {
      return &calls[i];
    }
  }
  return NULL;
}

static void remember(enum bulla_status status) {
  struct call *call = &calls[next_call++ % NUM_CALLS];
  FUZZ_ASSERT(asked.outputs_len <= sizeof(asked.outputs));
  call->function = asked.function;
  call->inputs_len = asked.inputs_len;
  call->outputs_len = asked.outputs_len;
  call->status = status;
  memcpy(call->inputs, asked.inputs, asked.inputs_len);
  memcpy(call->outputs, asked.outputs, asked.outputs_len);
}

/* keep adds an output. */
static void keep(const uint8_t *bytes, size_t len) {
  FUZZ_ASSERT(len <= sizeof(asked.outputs) - asked.outputs_len);
  memcpy(asked.outputs + asked.outputs_len, bytes, len);
  asked.outputs_len += len;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-*): what the linker calls them. */
enum bulla_status __real_bulla_ed25519_verify(const uint8_t *public_key, const uint8_t *signature,
                                              struct bulla_span message);
enum bulla_status __wrap_bulla_ed25519_verify(const uint8_t *public_key, const uint8_t *signature,
                                              struct bulla_span message);
enum bulla_status __real_bulla_ed25519_expand(uint8_t *key, uint8_t *public_key, const uint8_t *seed);
enum bulla_status __wrap_bulla_ed25519_expand(uint8_t *key, uint8_t *public_key, const uint8_t *seed);
enum bulla_status __real_bulla_x25519_public(uint8_t *public_key, const uint8_t *private_key);
enum bulla_status __wrap_bulla_x25519_public(uint8_t *public_key, const uint8_t *private_key);
enum bulla_status __real_bulla_hpke_open(uint8_t *plaintext, const uint8_t *private_key, const uint8_t *encapsulated,
                                         struct bulla_span ciphertext, struct bulla_span info,
                                         struct bulla_span additional_data);
enum bulla_status __wrap_bulla_hpke_open(uint8_t *plaintext, const uint8_t *private_key, const uint8_t *encapsulated,
                                         struct bulla_span ciphertext, struct bulla_span info,
                                         struct bulla_span additional_data);

enum bulla_status __wrap_bulla_ed25519_verify(const uint8_t *public_key, const uint8_t *signature,
                                              struct bulla_span message) {
  ask(VERIFY);
  give(public_key, 32);
  give(signature, 64);
  give(message.data, message.len);
  const struct call *call = remembered();
  if (call != NULL) {
    return call->status;
  }
  enum bulla_status status = __real_bulla_ed25519_verify(public_key, signature, message);
  remember(status);
  return status;
}

enum bulla_status __wrap_bulla_ed25519_expand(uint8_t *key, uint8_t *public_key, const uint8_t *seed) {
  ask(EXPAND);
  give(seed, 32);
  const struct call *call = remembered();
  if (call != NULL) {
    memcpy(key, call->outputs, BULLA_ED25519_KEY_LEN);
    memcpy(public_key, call->outputs + BULLA_ED25519_KEY_LEN, 32);
    return call->status;
  }
  enum bulla_status status = __real_bulla_ed25519_expand(key, public_key, seed);
  keep(key, BULLA_ED25519_KEY_LEN);
  keep(public_key, 32);
  remember(status);
  return status;
}

enum bulla_status __wrap_bulla_x25519_public(uint8_t *public_key, const uint8_t *private_key) {
  ask(PUBLIC);
  give(private_key, BULLA_X25519_LEN);
  const struct call *call = remembered();
  if (call != NULL) {
    memcpy(public_key, call->outputs, BULLA_X25519_LEN);
    return call->status;
  }
  enum bulla_status status = __real_bulla_x25519_public(public_key, private_key);
  keep(public_key, BULLA_X25519_LEN);
  remember(status);
  return status;
}

enum bulla_status __wrap_bulla_hpke_open(uint8_t *plaintext, const uint8_t *private_key, const uint8_t *encapsulated,
                                         struct bulla_span ciphertext, struct bulla_span info,
                                         struct bulla_span additional_data) {
  size_t len = ciphertext.len - BULLA_TAG_LEN;
  if (len > OUTPUTS_MAX) {
    return __real_bulla_hpke_open(plaintext, private_key, encapsulated, ciphertext, info, additional_data);
  }
  ask(OPEN);
  give(private_key, BULLA_X25519_LEN);
  give(encapsulated, BULLA_X25519_LEN);
  give_span(ciphertext);
  give_span(info);
  give_span(additional_data);
  const struct call *call = remembered();
  if (call != NULL) {
    memcpy(plaintext, call->outputs, len);
    return call->status;
  }
  enum bulla_status status =
      __real_bulla_hpke_open(plaintext, private_key, encapsulated, ciphertext, info, additional_data);
  /* For lack of memory it fails once. */
  if (status == BULLA_OK || status == BULLA_REFUSED) {
    keep(plaintext, len);
    remember(status);
  }
  return status;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-*) */
