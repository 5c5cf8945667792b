/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Recipients: roots that are a public key. The private half need never have been on the machine. Its text form is one
 * word with a checksum, since what is sealed to a mistyped key is lost: docs/FORMAT.md §7. */

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/hex.h"
#include "core/log.h"
#include "store/root.h"

enum { CHECKSUM_LEN = 4 };
#define PREFIX BULLA_LITERAL("bullar_")

static enum bulla_status checksum_of(uint8_t *checksum, const uint8_t *public_key) {
  uint8_t bytes[128];
  uint8_t digest[BULLA_SHA256_LEN];
  struct bulla_buffer buffer = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v2/recipient-text"));
  bulla_put_prefixed(&writer, bulla_span(public_key, BULLA_BOX_PUBLIC_LEN));
  BULLA_TRY(bulla_writer_finish(&writer));
  BULLA_TRY(bulla_sha256(digest, bulla_written(&buffer)));
  memcpy(checksum, digest, CHECKSUM_LEN);
  return BULLA_OK;
}

enum bulla_status bulla_recipient_text(const struct bulla_root *root, char text[BULLA_RECIPIENT_TEXT_LEN + 1]) {
  uint8_t bytes[BULLA_BOX_PUBLIC_LEN + CHECKSUM_LEN];
  text[0] = '\0';
  if (root->kind != BULLA_ROOT_PRIVATE && root->kind != BULLA_ROOT_RECIPIENT) {
    return BULLA_INVALID_ARGUMENT;
  }
  memcpy(bytes, root->public_key, BULLA_BOX_PUBLIC_LEN);
  BULLA_TRY(checksum_of(bytes + BULLA_BOX_PUBLIC_LEN, root->public_key));
  memcpy(text, PREFIX.data, PREFIX.len);
  bulla_hex_encode((uint8_t *)text + PREFIX.len, bulla_span(bytes, sizeof(bytes)));
  text[BULLA_RECIPIENT_TEXT_LEN] = '\0';
  return BULLA_OK;
}

enum bulla_status bulla_root_recipient(struct bulla_root **root, struct bulla_span text) {
  uint8_t bytes[BULLA_BOX_PUBLIC_LEN + CHECKSUM_LEN];
  uint8_t checksum[CHECKSUM_LEN];
  struct bulla_reader reader = bulla_reader(text);
  struct bulla_span prefix;
  *root = NULL;
  bool good = text.len == BULLA_RECIPIENT_TEXT_LEN && bulla_take(&reader, &prefix, PREFIX.len) &&
              bulla_span_equal(prefix, PREFIX) && bulla_hex_decode(bytes, bulla_span(reader.at, reader.left));
  if (!good) {
    return bulla_explain(BULLA_ROOT_MALFORMED, "a recipient is bullar_ and %zu hexadecimal digits", 2 * sizeof(bytes));
  }
  BULLA_TRY(checksum_of(checksum, bytes));
  if (memcmp(checksum, bytes + BULLA_BOX_PUBLIC_LEN, sizeof(checksum)) != 0) {
    return bulla_explain(BULLA_ROOT_MALFORMED, "the checksum of the recipient is wrong: it was not copied whole");
  }
  struct bulla_root *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->kind = BULLA_ROOT_RECIPIENT;
  memcpy(made->public_key, bytes, sizeof(made->public_key));
  *root = made;
  return BULLA_OK;
}
