/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Anchors. Entry points: bulla_anchor_read, bulla_anchor_write.
 *
 * The input is two bytes that say which bit is changed, and the lines of an anchor. It is read as a whole note too,
 * which it never is. The target has the signing key and signs whatever the lines are: so the fuzzer's lines get past
 * the signature, which is compared as ever. The oracle: a plain model says whether the lines are those of an anchor;
 * the note is taken just if they are; what is read says the same; with one bit changed, or one byte less or more, it
 * never is, nor by another vault. */

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/hex.h"
#include "core/signature.h"
#include "fuzz/fuzz.h"
#include "store/anchor.h"

enum { HASH_LEN = 4, NAME_LEN = 6 + 32, DECIMAL_MAX = 18, MAC_DIGITS = 64, ALGORITHM = 1 };

static struct bulla_keyring keyring;
static char name[NAME_LEN + 1] = "bulla/";

static void set_up(void) {
  memset(keyring.uuid, 'u', sizeof(keyring.uuid));
  bulla_hex_encode((uint8_t *)name + 6, bulla_keyring_uuid(&keyring));
  FUZZ_ASSERT(bulla_secret_random(&keyring.signing_seed, BULLA_SIGNATURE_SEED_LEN) == BULLA_OK);
  FUZZ_ASSERT(bulla_signature_public(keyring.signing_public, keyring.signing_seed) == BULLA_OK);
}

/* take_decimal takes the shortest form of a number of at most DECIMAL_MAX digits, and the space behind it. */
static bool take_decimal(const char **at, const char *end, int64_t *number) {
  const char *start = *at;
  for (*number = 0; *at < end && **at >= '0' && **at <= '9' && *at - start < DECIMAL_MAX; (*at)++) {
    *number = *number * 10 + (**at - '0');
  }
  bool good = *at > start && (*start != '0' || *at - start == 1) && *at < end && **at == ' ';
  (*at)++;
  return good;
}

/* model_lines fills |model| with what |lines| say, and returns whether they are those of an anchor. */
static bool model_lines(struct bulla_anchor *model, struct bulla_span lines) {
  const char *at = (const char *)lines.data;
  const char *end = at + lines.len;
  while (at < end) {
    struct bulla_anchored lane;
    if (model->num == BULLA_LANES_MAX || !take_decimal(&at, end, &lane.lane) || !take_decimal(&at, end, &lane.seq) ||
        end - at < MAC_DIGITS + 1 || at[MAC_DIGITS] != '\n' ||
        (model->num > 0 && lane.lane <= model->lanes[model->num - 1].lane)) {
      return false;
    }
    for (int i = 0; i < MAC_DIGITS; i++) {
      const char *digit = at[i] == '\0' ? NULL : strchr("0123456789abcdef", at[i]);
      if (digit == NULL) {
        return false;
      }
      unsigned value = (unsigned)(strlen("0123456789abcdef") - strlen(digit));
      lane.mac[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : lane.mac[i / 2] | value);
    }
    at += MAC_DIGITS + 1;
    FUZZ_ASSERT(bulla_anchor_add(model, &lane) == BULLA_OK);
  }
  return model->num > 0;
}

/* put_base64 puts |bytes| as RFC 4648 §4 has them. */
static void put_base64(struct bulla_writer *writer, struct bulla_span bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.len; i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; j++) {
      group = group << 8 | (i + j < bytes.len ? bytes.data[i + j] : 0);
    }
    for (size_t j = 0; j < 4; j++) {
      bulla_put_byte(writer, i + j <= bytes.len ? (uint8_t)digits[group >> (18 - 6 * j) & 63] : '=');
    }
  }
}

/* write_note writes and signs a note of |lines|: https://c2sp.org/signed-note. */
static void write_note(struct bulla_buffer *note, struct bulla_span lines) {
  uint8_t key[NAME_LEN + 2 + BULLA_SIGNATURE_PUBLIC_LEN];
  uint8_t digest[BULLA_SHA256_LEN];
  uint8_t signature[HASH_LEN + BULLA_SIGNATURE_LEN];
  struct bulla_writer writer = bulla_writer(note);
  memcpy(key, name, NAME_LEN);
  key[NAME_LEN] = '\n';
  key[NAME_LEN + 1] = ALGORITHM;
  memcpy(key + NAME_LEN + 2, keyring.signing_public, BULLA_SIGNATURE_PUBLIC_LEN);
  FUZZ_ASSERT(bulla_sha256(digest, bulla_span(key, sizeof(key))) == BULLA_OK);
  memcpy(signature, digest, HASH_LEN);
  bulla_put(&writer, BULLA_LITERAL("bulla audit anchor\n"));
  bulla_put(&writer, bulla_text(name));
  bulla_put_byte(&writer, '\n');
  bulla_put(&writer, lines);
  FUZZ_ASSERT(bulla_signature_sign(signature + HASH_LEN, keyring.signing_seed, bulla_written(note)) == BULLA_OK);
  bulla_put(&writer, BULLA_LITERAL("\n\xe2\x80\x94 "));
  bulla_put(&writer, bulla_text(name));
  bulla_put_byte(&writer, ' ');
  put_base64(&writer, bulla_span(signature, sizeof(signature)));
  bulla_put_byte(&writer, '\n');
  FUZZ_ASSERT(bulla_writer_finish(&writer) == BULLA_OK);
}

/* check_others reads what |note| is not. */
static void check_others(struct bulla_buffer *note, unsigned where) {
  struct bulla_anchor read = {.num = 0};
  struct bulla_keyring other = keyring;
  size_t at = where / 8 % note->len;
  note->data[at] ^= (uint8_t)(1U << where % 8);
  FUZZ_ASSERT(bulla_anchor_read(&read, &keyring, bulla_written(note)) == BULLA_REFUSED);
  note->data[at] ^= (uint8_t)(1U << where % 8);
  FUZZ_ASSERT(bulla_anchor_read(&read, &keyring, bulla_span(note->data, note->len - 1)) == BULLA_REFUSED);
  note->data[note->len] = '\n';
  FUZZ_ASSERT(bulla_anchor_read(&read, &keyring, bulla_span(note->data, note->len + 1)) == BULLA_REFUSED);
  other.uuid[where % sizeof(other.uuid)] ^= 1;
  FUZZ_ASSERT(bulla_anchor_read(&read, &other, bulla_written(note)) == BULLA_REFUSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t room[2 * BULLA_ANCHOR_MAX];
  struct bulla_buffer note = bulla_buffer(room, sizeof(room));
  struct bulla_anchor model BULLA_CLEANUP(bulla_anchor_free) = {.num = 0};
  struct bulla_anchor read BULLA_CLEANUP(bulla_anchor_free) = {.num = 0};
  if (keyring.signing_seed == NULL) {
    set_up();
  }
  if (size < 2 || size > BULLA_ANCHOR_MAX) {
    return 0;
  }
  struct bulla_span lines = bulla_span(data + 2, size - 2);
  FUZZ_ASSERT(bulla_anchor_read(&read, &keyring, lines) == BULLA_REFUSED);
  bool good = model_lines(&model, lines);
  write_note(&note, lines);
  FUZZ_ASSERT(bulla_anchor_read(&read, &keyring, bulla_written(&note)) == (good ? BULLA_OK : BULLA_REFUSED));
  if (good) {
    FUZZ_ASSERT(read.num == model.num);
    for (size_t i = 0; i < read.num; i++) {
      FUZZ_ASSERT(read.lanes[i].lane == model.lanes[i].lane && read.lanes[i].seq == model.lanes[i].seq &&
                  memcmp(read.lanes[i].mac, model.lanes[i].mac, sizeof(read.lanes[i].mac)) == 0);
    }
    check_others(&note, (unsigned)data[0] << 8 | data[1]);
  }
  return 0;
}
