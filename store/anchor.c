/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/anchor.h. A note is a text of lines, an empty line, and a line with the signature of the text. It is read
 * by writing it anew: lanes and signature are taken from the lines, and what they make must be the note, byte for byte;
 * then the signature is verified. */

#include "store/anchor.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/hex.h"

enum { KEY_HASH_LEN = 4, LINE_MAX = 128, ALGORITHM_ED25519 = 1 };
#define HEADING BULLA_LITERAL("bulla audit anchor\n")
#define DASH BULLA_LITERAL("\n\xe2\x80\x94 ") /* an empty line, U+2014, a space */

static void put_hex(struct bulla_writer *writer, struct bulla_span bytes) {
  uint8_t *room = bulla_give(writer, 2 * bytes.len);
  if (room != NULL) {
    bulla_hex_encode(room, bytes);
  }
}

/* Base64 with padding (RFC 4648 §4), as a signed note has it: base64url but for two characters and the end. */
static void put_base64(struct bulla_writer *writer, struct bulla_span bytes) {
  size_t len = bulla_base64url_encoded_len(bytes.len);
  uint8_t *room = bulla_give(writer, len);
  if (room == NULL) {
    return;
  }
  bulla_base64url_encode(room, bytes);
  for (size_t i = 0; i < len; i++) {
    room[i] = room[i] == '-' ? '+' : room[i] == '_' ? '/' : room[i];
  }
  for (; len % 4 != 0; len++) {
    bulla_put_byte(writer, '=');
  }
}

/* The name of the key that signs: what other programs know it by. */
static void put_name(struct bulla_writer *writer, const struct bulla_keyring *keyring) {
  bulla_put(writer, BULLA_LITERAL("bulla/"));
  put_hex(writer, bulla_keyring_uuid(keyring));
}

static void put_lane(struct bulla_writer *writer, const struct bulla_anchored *lane) {
  char text[LINE_MAX];
  int len = snprintf(text, sizeof(text), "%lld %lld ", (long long)lane->lane, (long long)lane->seq);
  bulla_put(writer, bulla_span(text, (size_t)len));
  put_hex(writer, bulla_span(lane->mac, sizeof(lane->mac)));
  bulla_put_byte(writer, '\n');
}

/* The first bytes of SHA-256(name, newline, algorithm, public key). */
static enum bulla_status hash_key(uint8_t *hash, const struct bulla_keyring *keyring) {
  uint8_t bytes[LINE_MAX];
  uint8_t digest[BULLA_SHA256_LEN];
  struct bulla_buffer buffer = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_writer writer = bulla_writer(&buffer);
  put_name(&writer, keyring);
  bulla_put_byte(&writer, '\n');
  bulla_put_byte(&writer, ALGORITHM_ED25519);
  bulla_put(&writer, bulla_span(keyring->signing_public, sizeof(keyring->signing_public)));
  BULLA_TRY(bulla_writer_finish(&writer));
  BULLA_TRY(bulla_sha256(digest, bulla_written(&buffer)));
  memcpy(hash, digest, KEY_HASH_LEN);
  return BULLA_OK;
}

static void put_text(struct bulla_writer *writer, const struct bulla_keyring *keyring,
                     const struct bulla_anchor *anchor) {
  bulla_put(writer, HEADING);
  put_name(writer, keyring);
  bulla_put_byte(writer, '\n');
  for (size_t i = 0; i < anchor->num; i++) {
    put_lane(writer, &anchor->lanes[i]);
  }
}

enum { SIGNED_LEN = KEY_HASH_LEN + BULLA_SIGNATURE_LEN }; /* bytes of the last line */

static void put_signature(struct bulla_writer *writer, const struct bulla_keyring *keyring, const uint8_t *signature) {
  bulla_put(writer, DASH);
  put_name(writer, keyring);
  bulla_put_byte(writer, ' ');
  put_base64(writer, bulla_span(signature, SIGNED_LEN));
  bulla_put_byte(writer, '\n');
}

enum bulla_status bulla_anchor_write(struct bulla_buffer *note, const struct bulla_keyring *keyring,
                                     const struct bulla_anchor *anchor) {
  uint8_t signature[SIGNED_LEN];
  struct bulla_writer writer = bulla_writer(note);
  if (keyring->signing_seed == NULL) {
    return BULLA_DENIED;
  }
  put_text(&writer, keyring, anchor);
  BULLA_TRY(bulla_writer_finish(&writer));
  BULLA_TRY(hash_key(signature, keyring));
  BULLA_TRY(bulla_signature_sign(signature + KEY_HASH_LEN, keyring->signing_seed, bulla_written(note)));
  put_signature(&writer, keyring, signature);
  return bulla_writer_finish(&writer);
}

enum bulla_status bulla_anchor_add(struct bulla_anchor *anchor, const struct bulla_anchored *lane) {
  if (anchor->num == BULLA_LANES_MAX) {
    return BULLA_TOO_LARGE;
  }
  if (anchor->num == anchor->room) {
    size_t room = anchor->room == 0 ? 16 : 2 * anchor->room;
    struct bulla_anchored *lanes = realloc(anchor->lanes, room * sizeof(*lanes));
    if (lanes == NULL) {
      return BULLA_NO_MEMORY;
    }
    anchor->lanes = lanes;
    anchor->room = room;
  }
  anchor->lanes[anchor->num++] = *lane;
  return BULLA_OK;
}

void bulla_anchor_free(struct bulla_anchor *anchor) {
  free(anchor->lanes);
  *anchor = (struct bulla_anchor){.num = 0};
}

/* Takes a decimal number and what ends it. That there is one way to write it is seen when the note is written anew. */
static bool take_decimal(struct bulla_reader *reader, int64_t *number, uint8_t mark) {
  struct bulla_span digits;
  bool good = bulla_take_until(reader, &digits, mark) && digits.len > 0 && digits.len <= 18;
  *number = 0;
  for (size_t i = 0; good && i < digits.len; i++) {
    good = digits.data[i] >= '0' && digits.data[i] <= '9';
    *number = *number * 10 + (digits.data[i] - '0');
  }
  return good;
}

static bool take_lane(struct bulla_reader *reader, struct bulla_anchored *lane) {
  struct bulla_span digits;
  return take_decimal(reader, &lane->lane, ' ') && take_decimal(reader, &lane->seq, ' ') &&
         bulla_take_until(reader, &digits, '\n') && digits.len == 2 * sizeof(lane->mac) &&
         bulla_hex_decode(lane->mac, digits);
}

static enum bulla_status take_lanes(struct bulla_anchor *anchor, struct bulla_span note) {
  struct bulla_reader reader = bulla_reader(note);
  struct bulla_span skipped;
  bool good = bulla_take_until(&reader, &skipped, '\n');    /* the heading */
  good = good && bulla_take_until(&reader, &skipped, '\n'); /* the name */
  while (good && reader.left > 0 && *reader.at != '\n') {
    struct bulla_anchored lane;
    good = take_lane(&reader, &lane) && (anchor->num == 0 || lane.lane > anchor->lanes[anchor->num - 1].lane);
    enum bulla_status status = good ? bulla_anchor_add(anchor, &lane) : BULLA_REFUSED;
    BULLA_TRY(status == BULLA_TOO_LARGE ? BULLA_REFUSED : status);
  }
  return good && anchor->num > 0 ? BULLA_OK : BULLA_REFUSED;
}

/* Takes the signature off the end of |note|, where there is a note that ends so. */
static bool take_signature(uint8_t *signature, struct bulla_span note) {
  enum { DIGITS = SIGNED_LEN / 3 * 4 + SIGNED_LEN % 3 + 1 }; /* without padding */
  const size_t end = 4 * ((SIGNED_LEN + 2) / 3) + 1;         /* with it, and the newline */
  uint8_t digits[DIGITS];
  if (note.len < end) {
    return false;
  }
  memcpy(digits, note.data + note.len - end, sizeof(digits));
  for (size_t i = 0; i < sizeof(digits); i++) {
    digits[i] = digits[i] == '+' ? '-' : digits[i] == '/' ? '_' : digits[i];
  }
  return bulla_base64url_decode(signature, bulla_span(digits, sizeof(digits)));
}

/* Whether |note| is what |anchor| makes, with a signature of the vault. |bytes| has as much room as |note| has bytes.
 */
static enum bulla_status check_note(const struct bulla_anchor *anchor, const struct bulla_keyring *keyring,
                                    struct bulla_span note, uint8_t *bytes) {
  uint8_t signature[SIGNED_LEN];
  struct bulla_buffer again = bulla_buffer(bytes, note.len);
  struct bulla_writer writer = bulla_writer(&again);
  if (!take_signature(signature, note)) {
    return BULLA_REFUSED;
  }
  put_text(&writer, keyring, anchor);
  size_t len = again.len;
  BULLA_TRY(hash_key(signature, keyring));
  put_signature(&writer, keyring, signature);
  if (bulla_writer_finish(&writer) != BULLA_OK || !bulla_span_equal(bulla_written(&again), note)) {
    return BULLA_REFUSED;
  }
  return bulla_signature_verify(keyring->signing_public, signature + KEY_HASH_LEN, bulla_span(bytes, len));
}

static enum bulla_status read_note(struct bulla_anchor *anchor, const struct bulla_keyring *keyring,
                                   struct bulla_span note) {
  if (note.len == 0 || note.len > BULLA_ANCHOR_MAX) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(take_lanes(anchor, note));
  uint8_t *bytes = malloc(note.len);
  if (bytes == NULL) {
    return BULLA_NO_MEMORY;
  }
  enum bulla_status status = check_note(anchor, keyring, note, bytes);
  free(bytes);
  return status;
}

enum bulla_status bulla_anchor_read(struct bulla_anchor *anchor, const struct bulla_keyring *keyring,
                                    struct bulla_span note) {
  enum bulla_status status = read_note(anchor, keyring, note);
  if (status != BULLA_OK) {
    bulla_anchor_free(anchor);
  }
  return status;
}

/* The lane |number| of |anchor|, or NULL. */
static const struct bulla_anchored *find(const struct bulla_anchor *anchor, int64_t number) {
  size_t first = 0;
  size_t num = anchor->num;
  while (num > 1) {
    size_t half = num / 2;
    first += anchor->lanes[first + half].lane <= number ? half : 0;
    num -= half;
  }
  return num == 1 && anchor->lanes[first].lane == number ? &anchor->lanes[first] : NULL;
}

bool bulla_anchor_allows(const struct bulla_anchor *anchor, const struct bulla_audit_lane *lane, int64_t seq,
                         const uint8_t *mac) {
  const struct bulla_anchored *anchored = find(anchor, lane->number);
  return anchored == NULL || anchored->seq != seq || memcmp(anchored->mac, mac, sizeof(anchored->mac)) == 0;
}

int64_t bulla_anchor_seq(const struct bulla_anchor *anchor, int64_t lane) {
  const struct bulla_anchored *anchored = find(anchor, lane);
  return anchored == NULL ? 0 : anchored->seq;
}

bool bulla_anchor_has(const struct bulla_anchor *anchor, int64_t lane) {
  return find(anchor, lane) != NULL;
}
