/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_boxed_open and bulla_boxed_seal (docs/FORMAT.md §2, suite 4).
 *
 * Input: one byte, what to do; two, the length of a context; the context; then a blob to open, or which byte to
 * change, two, and a plaintext to seal.
 *
 * Oracle: X25519, HPKE and the blob by nettle. A blob opens to what that says or is refused, with nothing left in the
 * output, and by another key always. What is sealed is to nettle the plaintext, under another encapsulated key than
 * before, and is refused with one byte changed, cut short, in another context, or by another key, also if it is
 * labelled with the id of that. */

#include <nettle/curve25519.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_hpke.h"
#include "fuzz/mutate.h"

/* The bits of the first byte. */
enum { SEAL = 1, RELABEL = 2, CHANGE = 0x1c, CHANGE_CONTEXT = 4, CUT = 8, OTHER_KEY = 0xc };

enum {
  HEADER_LEN = 18,
  KEY_LEN = 32,
  MAX_CONTEXT = 1000 /* more than what is kept on the stack */,
  MAX_INFO = HEADER_LEN + MAX_CONTEXT,
  NUM_CHOICES = 1
};

/* The key pair that blobs are sealed to, and another. */
static struct pair {
  uint8_t private_key[KEY_LEN]; /* the model's */
  uint8_t public_key[KEY_LEN];
  uint8_t header[HEADER_LEN];
  struct bulla_box_key *key;
} one, other;

static void set_up_pair(struct pair *pair, struct bulla_span private_key) {
  static const char label[] =
      "\0\0\0\x12"
      "bulla/v2/boxed-for\0\0\0\x20";
  uint8_t message[sizeof(label) - 1 + KEY_LEN];
  uint8_t digest[KEY_LEN];
  struct bulla_secret *secret = NULL;
  FUZZ_ASSERT(private_key.len == KEY_LEN);
  memcpy(pair->private_key, private_key.data, KEY_LEN);
  curve25519_mul_g(pair->public_key, pair->private_key);
  memcpy(message, label, sizeof(label) - 1);
  memcpy(message + sizeof(label) - 1, pair->public_key, KEY_LEN);
  model_sha256(digest, bulla_span(message, sizeof(message)));
  pair->header[0] = 0xb1;
  pair->header[1] = 4;
  memcpy(pair->header + 2, digest, BULLA_KEY_ID_LEN);
  FUZZ_ASSERT(bulla_secret_copy(&secret, private_key) == BULLA_OK);
  FUZZ_ASSERT(bulla_box_key_new(&pair->key, secret) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_box_key_public(pair->key), bulla_span(pair->public_key, KEY_LEN)));
  FUZZ_ASSERT(bulla_span_equal(bulla_box_key_id(pair->key), bulla_span(pair->header + 2, BULLA_KEY_ID_LEN)));
  bulla_secret_free(&secret);
}

static void set_up(void) {
  if (one.key == NULL) {
    set_up_pair(&one, MODEL_KEY);
    set_up_pair(&other, BULLA_LITERAL("and this one opens nothing of it"));
  }
}

static struct bulla_span info_for(uint8_t *room, struct bulla_span context) {
  memcpy(room, one.header, HEADER_LEN);
  memcpy(room + HEADER_LEN, context.data, context.len);
  return bulla_span(room, HEADER_LEN + context.len);
}

/* model_open fills |plaintext|, which has as much room as |blob| is long. */
static bool model_open(struct bulla_buffer *plaintext, struct bulla_span blob, struct bulla_span context) {
  struct bulla_reader in = bulla_reader(blob);
  struct bulla_span header;
  struct bulla_span encapsulated;
  struct bulla_span ciphertext;
  struct bulla_span tag;
  struct model_gcm gcm;
  uint8_t nonce[12];
  uint8_t info[MAX_INFO];
  if (!bulla_take(&in, &header, HEADER_LEN) || memcmp(header.data, one.header, HEADER_LEN) != 0 ||
      !bulla_take(&in, &encapsulated, KEY_LEN) || in.left < BULLA_TAG_LEN ||
      !bulla_take(&in, &ciphertext, in.left - BULLA_TAG_LEN) || !bulla_take(&in, &tag, BULLA_TAG_LEN) ||
      !model_hpke_schedule(&gcm, nonce, one.private_key, encapsulated.data, encapsulated.data, one.public_key,
                           info_for(info, context)) ||
      !model_gcm_open(&gcm, plaintext->data, bulla_span(nonce, sizeof(nonce)), ciphertext, tag, bulla_span("", 0))) {
    return false;
  }
  plaintext->len = ciphertext.len;
  return true;
}

static void must_refuse(const struct bulla_box_key *key, struct bulla_span blob, struct bulla_span context) {
  struct bulla_buffer opened = bulla_buffer(fuzz_alloc(blob.len), blob.len);
  FUZZ_ASSERT(bulla_boxed_open(key, &opened, blob, context) == BULLA_REFUSED && fuzz_failed(&opened));
  free(opened.data);
}

static void check_open(struct bulla_span blob, struct bulla_span context) {
  struct bulla_buffer wanted = bulla_buffer(fuzz_alloc(blob.len), blob.len);
  bool good = model_open(&wanted, blob, context);
  size_t room = good ? wanted.len : blob.len;
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(room), room);
  FUZZ_ASSERT(bulla_boxed_open(one.key, &plaintext, blob, context) == (good ? BULLA_OK : BULLA_REFUSED));
  if (good) {
    fuzz_num_passed++;
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&plaintext), bulla_written(&wanted)));
  } else {
    FUZZ_ASSERT(fuzz_failed(&plaintext));
  }
  must_refuse(other.key, blob, context);
  free(plaintext.data);
  free(wanted.data);
}

/* change changes |blob| or |context|, as |flags| and |choice| say. */
static void change(struct bulla_buffer *blob, struct bulla_buffer *context, uint8_t flags, size_t choice) {
  if ((flags & CHANGE) == CHANGE_CONTEXT && context->len > 0) {
    context->data[choice % context->len] ^= 1;
  } else if ((flags & CHANGE) == CHANGE_CONTEXT) {
    context->data[context->len++] = 0;
  } else if ((flags & CHANGE) == CUT) {
    blob->len = choice % blob->len;
  } else {
    blob->data[choice / 8 % blob->len] ^= (uint8_t)(1 << choice % 8);
  }
}

static void check_seal(uint8_t flags, size_t choice, struct bulla_span plaintext, struct bulla_span context) {
  static uint8_t last[KEY_LEN];
  size_t len = bulla_sealed_len(BULLA_BOXED, plaintext.len);
  struct bulla_buffer blob = bulla_buffer(fuzz_alloc(len), len);
  struct bulla_buffer opened = bulla_buffer(fuzz_alloc(len), len);
  uint8_t context_room[MAX_CONTEXT + 1];
  struct bulla_buffer changed = bulla_buffer(context_room, sizeof(context_room));
  changed.len = context.len;
  memcpy(context_room, context.data, context.len);

  FUZZ_ASSERT(bulla_boxed_seal(&blob, bulla_span(one.public_key, KEY_LEN), plaintext, context) == BULLA_OK);
  FUZZ_ASSERT(blob.len == len && model_open(&opened, bulla_written(&blob), context));
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&opened), plaintext));
  FUZZ_ASSERT(memcmp(blob.data + HEADER_LEN, last, KEY_LEN) != 0);
  memcpy(last, blob.data + HEADER_LEN, KEY_LEN);
  free(opened.data);

  if ((flags & RELABEL) != 0) {
    memcpy(blob.data, other.header, HEADER_LEN);
    must_refuse(one.key, bulla_written(&blob), context);
    must_refuse(other.key, bulla_written(&blob), context);
  } else if ((flags & CHANGE) == OTHER_KEY) {
    must_refuse(other.key, bulla_written(&blob), context);
  } else {
    change(&blob, &changed, flags, choice);
    must_refuse(one.key, bulla_written(&blob), bulla_written(&changed));
  }
  free(blob.data);
}

/* take_context takes the length of the context, or what it comes to, and the context. */
static bool take_context(struct bulla_reader *in, struct bulla_span *context) {
  struct bulla_span len;
  return bulla_take(in, &len, 2) &&
         bulla_take(in, context, ((size_t)len.data[0] << 8 | len.data[1]) % (MAX_CONTEXT + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  struct bulla_span context;
  uint8_t flags;
  uint8_t choice[2];
  set_up();
  (void)fuzz_take(&in, &flags, 1);
  if (!take_context(&in, &context)) {
    context = bulla_span("", 0);
  }
  if ((flags & SEAL) == 0) {
    check_open(bulla_span(in.at, in.left), context);
  } else {
    (void)fuzz_take(&in, choice, sizeof(choice));
    check_seal(flags, (size_t)choice[0] << 8 | choice[1], bulla_span(in.at, in.left), context);
  }
  return 0;
}

static bool open_blob(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span rest) {
  struct bulla_reader in = bulla_reader(rest);
  struct bulla_span context;
  struct bulla_buffer plaintext = bulla_buffer(parts[1].bytes, FUZZ_PART_MAX);
  set_up();
  if (!take_context(&in, &context) || !fuzz_set_part(&parts[0], context) || in.left > FUZZ_PART_MAX) {
    return false;
  }
  struct bulla_span blob = bulla_span(in.at, in.left);
  if ((choices[0] & SEAL) != 0) {
    return fuzz_set_part(&parts[1], blob);
  }
  bool good = model_open(&plaintext, blob, context);
  parts[1].len = plaintext.len;
  return good;
}

static size_t seal_blob(uint8_t *rest, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts) {
  static const uint8_t ephemeral[] = "the same ephemeral key each time";
  struct bulla_buffer buffer = bulla_buffer(rest, max_len);
  struct bulla_writer out = bulla_writer(&buffer);
  struct bulla_span context = bulla_span(parts[0].bytes, parts[0].len < MAX_CONTEXT ? parts[0].len : MAX_CONTEXT);
  struct bulla_span plaintext = bulla_span(parts[1].bytes, parts[1].len);
  struct model_gcm gcm;
  uint8_t nonce[12];
  uint8_t info[MAX_INFO];
  set_up();
  bulla_put_be(&out, context.len, 2);
  bulla_put(&out, context);
  if ((choices[0] & SEAL) != 0) {
    bulla_put(&out, plaintext);
    return out.overflow ? 0 : buffer.len;
  }
  bulla_put(&out, bulla_span(one.header, HEADER_LEN));
  uint8_t *encapsulated = bulla_give(&out, KEY_LEN);
  uint8_t *ciphertext = bulla_give(&out, plaintext.len);
  uint8_t *tag = bulla_give(&out, BULLA_TAG_LEN);
  if (out.overflow) {
    return 0;
  }
  curve25519_mul_g(encapsulated, ephemeral);
  FUZZ_ASSERT(model_hpke_schedule(&gcm, nonce, ephemeral, one.public_key, encapsulated, one.public_key,
                                  info_for(info, context)));
  model_gcm_seal(&gcm, ciphertext, tag, bulla_span(nonce, sizeof(nonce)), plaintext, bulla_span("", 0));
  return buffer.len;
}

const struct fuzz_form fuzz_form = {NUM_CHOICES, open_blob, seal_blob, {false, false}, {(const uint8_t *)"context", 7}};
