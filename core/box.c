/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/box.h. */

#include "core/box.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"

_Static_assert(BULLA_BOX_PUBLIC_LEN == BULLA_X25519_LEN && BULLA_BOX_PRIVATE_LEN == BULLA_X25519_LEN,
               "keys are those of X25519");
_Static_assert(BULLA_BOX_OVERHEAD == BULLA_X25519_LEN + BULLA_TAG_LEN, "a box has an encapsulated key and a tag");

static const struct bulla_span no_additional_data;

static enum bulla_status check_private_key(struct bulla_span bytes) {
  if (bytes.data == NULL) {
    return BULLA_FORKED;
  }
  return bytes.len == BULLA_BOX_PRIVATE_LEN ? BULLA_OK : BULLA_INVALID_ARGUMENT;
}

enum bulla_status bulla_box_public(uint8_t *public_key, const struct bulla_secret *private_key) {
  struct bulla_span bytes = bulla_secret_bytes(private_key);
  memset(public_key, 0, BULLA_BOX_PUBLIC_LEN);
  BULLA_TRY(check_private_key(bytes));
  return bulla_x25519_public(public_key, bytes.data);
}

enum bulla_status bulla_box_seal(struct bulla_buffer *sealed, const uint8_t *public_key, struct bulla_span plaintext,
                                 struct bulla_span info) {
  if (plaintext.len > BULLA_AES_GCM_MAX || plaintext.len > SIZE_MAX - BULLA_BOX_OVERHEAD) {
    return bulla_fail(sealed, BULLA_TOO_LARGE);
  }
  struct bulla_writer out = bulla_writer(sealed);
  uint8_t *encapsulated = bulla_give(&out, BULLA_X25519_LEN);
  uint8_t *ciphertext = bulla_give(&out, plaintext.len + BULLA_TAG_LEN);
  BULLA_TRY(bulla_writer_finish(&out));
  enum bulla_status status = bulla_hpke_seal(encapsulated, ciphertext, public_key, plaintext, info, no_additional_data);
  return status == BULLA_OK ? BULLA_OK : bulla_fail(sealed, status);
}

enum bulla_status bulla_box_open(struct bulla_secret **opened, const struct bulla_secret *private_key,
                                 struct bulla_span sealed, struct bulla_span info) {
  struct bulla_reader in = bulla_reader(sealed);
  struct bulla_span encapsulated;
  struct bulla_span ciphertext;
  struct bulla_span key = bulla_secret_bytes(private_key);
  *opened = NULL;
  BULLA_TRY(check_private_key(key));
  if (!bulla_take(&in, &encapsulated, BULLA_X25519_LEN) || in.left < BULLA_TAG_LEN ||
      !bulla_take(&in, &ciphertext, in.left)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_secret_new(opened, ciphertext.len - BULLA_TAG_LEN));
  enum bulla_status status =
      bulla_hpke_open(bulla_secret_data(*opened), key.data, encapsulated.data, ciphertext, info, no_additional_data);
  if (status != BULLA_OK) {
    bulla_secret_free(opened);
  }
  return status;
}
