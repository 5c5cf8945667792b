/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_open, bulla_ring_open, bulla_seal and bulla_seal_many (docs/FORMAT.md §2).
 *
 * Input: one byte, what to do; two, the length of a context; the context; then a blob to open, or which byte to
 * change, two, and a plaintext to seal.
 *
 * Oracle: the same format by nettle. A blob opens to what that says or is refused, with nothing left in the
 * output. What is sealed is to nettle the plaintext, under another nonce than before, and is refused with one byte
 * changed, cut short, or in another context. Pieces of a plaintext that are sealed with one call are to nettle what
 * they are to a call each; with one buffer too short there is nothing of any. */

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "fuzz/mutate.h"

/* The bits of the first byte. */
enum { SEAL = 1, XAES = 2, BY_RING = 4, CHANGE = 0x18, CHANGE_BYTE = 0, CHANGE_CONTEXT = 8, CUT = 0x10 };
enum { MANY = 0x20, ONE_TOO_SHORT = 0x40 };

enum {
  HEADER_LEN = 18,
  MAX_CONTEXT = 1000 /* more than what is kept on the stack */,
  MAX_NONCE = 24,
  MAX_PIECES = 5,
  NUM_SUITES = 2,
  NUM_CHOICES = 1
};

/* One key of every suite, of the same material. */
static struct suite {
  struct bulla_key *key;
  size_t nonce_len;
  uint8_t aead_key[32]; /* the model's */
  uint8_t header[HEADER_LEN];
  struct model_gcm gcm;
} suites[NUM_SUITES];

static struct bulla_ring *ring;

static void set_up_suite(struct bulla_secret *material, size_t i) {
  struct suite *suite = &suites[i];
  uint8_t number = (uint8_t)(i + 1);
  uint8_t label[] = {"bulla/v1/seal?"};
  label[sizeof(label) - 2] = number;
  suite->nonce_len = number == BULLA_XAES_256_GCM ? MAX_NONCE : 12;
  suite->header[0] = 0xb1;
  suite->header[1] = number;
  model_expand(suite->header + 2, BULLA_KEY_ID_LEN, MODEL_KEY, BULLA_LITERAL("bulla/v1/key-id"));
  model_expand(suite->aead_key, sizeof(suite->aead_key), MODEL_KEY, bulla_span(label, sizeof(label) - 1));
  model_gcm_set_key(&suite->gcm, bulla_span(suite->aead_key, sizeof(suite->aead_key)));
  FUZZ_ASSERT(bulla_key_new(&suite->key, (enum bulla_suite)number, material) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_key_id(suite->key), bulla_span(suite->header + 2, BULLA_KEY_ID_LEN)));
}

static void set_up(void) {
  struct bulla_secret *material = NULL;
  if (ring != NULL) {
    return;
  }
  FUZZ_ASSERT(bulla_secret_copy(&material, MODEL_KEY) == BULLA_OK);
  for (size_t i = 0; i < NUM_SUITES; i++) {
    set_up_suite(material, i);
  }
  /* The ring has the id once; which suite's key it is of makes no difference to a blob of the other. */
  struct bulla_key *key = NULL;
  FUZZ_ASSERT(bulla_ring_new(&ring, 1) == BULLA_OK);
  FUZZ_ASSERT(bulla_key_new(&key, BULLA_AES_256_GCM, material) == BULLA_OK);
  FUZZ_ASSERT(bulla_ring_add(ring, &key) == BULLA_OK);
  bulla_secret_free(&material);
}

/* A key of GCM and the nonce to use it with, for a blob's nonce. */
static struct bulla_span nonce_for(const struct suite *suite, struct model_gcm *derived, const struct model_gcm **gcm,
                                   struct bulla_span nonce) {
  *gcm = &suite->gcm;
  if (suite->nonce_len == MAX_NONCE) {
    model_xaes_derive(derived, bulla_span(suite->aead_key, sizeof(suite->aead_key)), nonce);
    *gcm = derived;
    nonce = bulla_span(nonce.data + 12, 12);
  }
  return nonce;
}

static struct bulla_span aad_for(uint8_t *room, const struct suite *suite, struct bulla_span context) {
  memcpy(room, suite->header, HEADER_LEN);
  memcpy(room + HEADER_LEN, context.data, context.len);
  return bulla_span(room, HEADER_LEN + context.len);
}

/* model_open fills |plaintext|, which has as much room as |blob| is long. */
static bool model_open(const struct suite *suite, struct bulla_buffer *plaintext, struct bulla_span blob,
                       struct bulla_span context) {
  struct model_gcm derived;
  const struct model_gcm *gcm;
  uint8_t aad[HEADER_LEN + MAX_CONTEXT];
  struct bulla_reader in = bulla_reader(blob);
  struct bulla_span header;
  struct bulla_span nonce;
  struct bulla_span ciphertext;
  struct bulla_span tag;
  if (!bulla_take(&in, &header, HEADER_LEN) || memcmp(header.data, suite->header, HEADER_LEN) != 0 ||
      !bulla_take(&in, &nonce, suite->nonce_len) || in.left < BULLA_TAG_LEN ||
      !bulla_take(&in, &ciphertext, in.left - BULLA_TAG_LEN) || !bulla_take(&in, &tag, BULLA_TAG_LEN)) {
    return false;
  }
  nonce = nonce_for(suite, &derived, &gcm, nonce);
  if (!model_gcm_open(gcm, plaintext->data, nonce, ciphertext, tag, aad_for(aad, suite, context))) {
    return false;
  }
  plaintext->len = ciphertext.len;
  return true;
}

/* The suite that a blob names, or the first. */
static const struct suite *suite_of(struct bulla_span blob) {
  return &suites[blob.len > 1 && blob.data[1] == BULLA_XAES_256_GCM ? 1 : 0];
}

static void check_open(uint8_t flags, struct bulla_span blob, struct bulla_span context) {
  const struct suite *suite = suite_of(blob);
  struct bulla_buffer wanted = bulla_buffer(fuzz_alloc(blob.len), blob.len);
  bool good = model_open(suite, &wanted, blob, context);
  size_t room = good ? wanted.len : blob.len;
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(room), room);
  enum bulla_status status = BULLA_OK;
  if ((flags & BY_RING) != 0) {
    good = good && suite == &suites[0];
    status = bulla_ring_open(ring, &plaintext, blob, context);
  } else {
    status = bulla_open(suite->key, &plaintext, blob, context);
  }
  FUZZ_ASSERT(status == (good ? BULLA_OK : BULLA_REFUSED));
  if (good) {
    fuzz_num_passed++;
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&plaintext), bulla_written(&wanted)));
  } else {
    FUZZ_ASSERT(fuzz_failed(&plaintext));
  }
  free(plaintext.data);
  free(wanted.data);
}

/* change changes |blob| or |context|, as |flags| and |choice| say. */
static void change(struct bulla_buffer *blob, struct bulla_buffer *context, uint8_t flags, size_t choice) {
  if ((flags & CHANGE) == CHANGE_CONTEXT && context->len > 0) {
    context->data[choice % context->len] ^= 1;
  } else if ((flags & CHANGE) == CHANGE) {
    context->data[context->len++] = 0;
  } else if ((flags & CHANGE) == CUT) {
    blob->len = choice % blob->len;
  } else {
    blob->data[choice / 8 % blob->len] ^= (uint8_t)(1 << choice % 8);
  }
}

static void check_seal(uint8_t flags, size_t choice, struct bulla_span plaintext, struct bulla_span context) {
  static uint8_t last_nonce[MAX_NONCE];
  const struct suite *suite = &suites[(flags & XAES) != 0 ? 1 : 0];
  size_t len = bulla_sealed_len(bulla_key_suite(suite->key), plaintext.len);
  struct bulla_buffer blob = bulla_buffer(fuzz_alloc(len), len);
  struct bulla_buffer opened = bulla_buffer(fuzz_alloc(len), len);
  uint8_t context_room[MAX_CONTEXT + 1];
  struct bulla_buffer changed = bulla_buffer(context_room, sizeof(context_room));
  changed.len = context.len;
  memcpy(context_room, context.data, context.len);

  FUZZ_ASSERT(bulla_seal(suite->key, &blob, plaintext, context) == BULLA_OK && blob.len == len);
  FUZZ_ASSERT(model_open(suite, &opened, bulla_written(&blob), context));
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&opened), plaintext));
  /* Fresh words from the processor go into the first eight bytes alone. */
  FUZZ_ASSERT(memcmp(blob.data + HEADER_LEN, last_nonce, 8) != 0);
  FUZZ_ASSERT((flags & XAES) == 0 || memcmp(blob.data + HEADER_LEN + 8, last_nonce + 8, MAX_NONCE - 8) != 0);
  memcpy(last_nonce, blob.data + HEADER_LEN, suite->nonce_len);

  change(&blob, &changed, flags, choice);
  FUZZ_ASSERT(bulla_open(suite->key, &opened, bulla_written(&blob), bulla_written(&changed)) == BULLA_REFUSED);
  for (size_t i = 0; i < len; i++) {
    FUZZ_ASSERT(opened.data[i] == 0);
  }
  FUZZ_ASSERT(opened.len == 0);
  free(opened.data);
  free(blob.data);
}

/* What a call for many messages is given. */
struct pieces {
  size_t num;
  struct bulla_span plaintexts[MAX_PIECES];
  struct bulla_span contexts[MAX_PIECES];
  struct bulla_buffer blobs[MAX_PIECES];
};

/* Cuts |plaintext| and |context| into up to MAX_PIECES, some of them empty. */
static void cut(struct pieces *pieces, enum bulla_suite suite, size_t choice, struct bulla_span plaintext,
                struct bulla_span context) {
  pieces->num = choice % (MAX_PIECES + 1);
  for (size_t i = 0; i < pieces->num; i++) {
    size_t len = i + 1 == pieces->num ? plaintext.len : (choice >> i) % (plaintext.len + 1);
    size_t context_len = choice / (i + 1) % (context.len + 1);
    size_t blob_len = bulla_sealed_len(suite, len);
    pieces->plaintexts[i] = bulla_span(plaintext.data, len);
    pieces->contexts[i] = bulla_span(context.data, context_len);
    pieces->blobs[i] = bulla_buffer(fuzz_alloc(blob_len), blob_len);
    plaintext = bulla_span(plaintext.data + len, plaintext.len - len);
  }
}

static void check_seal_many(uint8_t flags, size_t choice, struct bulla_span plaintext, struct bulla_span context) {
  const struct suite *suite = &suites[(flags & XAES) != 0 ? 1 : 0];
  struct pieces pieces;
  size_t failed = SIZE_MAX;
  cut(&pieces, bulla_key_suite(suite->key), choice, plaintext, context);
  bool too_short = (flags & ONE_TOO_SHORT) != 0 && pieces.num > 0;
  size_t shorter = too_short ? choice / 7 % pieces.num : pieces.num;
  if (too_short) {
    pieces.blobs[shorter].size--;
  }
  enum bulla_status status =
      bulla_seal_many(suite->key, pieces.blobs, &failed, pieces.plaintexts, pieces.contexts, pieces.num);
  FUZZ_ASSERT(status == (too_short ? BULLA_BUFFER_TOO_SMALL : BULLA_OK) && failed == shorter);
  for (size_t i = 0; i < pieces.num; i++) {
    struct bulla_buffer *blob = &pieces.blobs[i];
    struct bulla_buffer opened = bulla_buffer(fuzz_alloc(blob->size), blob->size);
    if (too_short) {
      FUZZ_ASSERT(fuzz_failed(blob));
    } else {
      FUZZ_ASSERT(blob->len == blob->size);
      FUZZ_ASSERT(model_open(suite, &opened, bulla_written(blob), pieces.contexts[i]));
      FUZZ_ASSERT(bulla_span_equal(bulla_written(&opened), pieces.plaintexts[i]));
    }
    for (size_t before = 0; before < i && !too_short; before++) {
      FUZZ_ASSERT(memcmp(blob->data + HEADER_LEN, pieces.blobs[before].data + HEADER_LEN, 8) != 0);
    }
    free(opened.data);
  }
  for (size_t i = 0; i < pieces.num; i++) {
    free(pieces.blobs[i].data);
  }
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
    check_open(flags, bulla_span(in.at, in.left), context);
  } else {
    (void)fuzz_take(&in, choice, sizeof(choice));
    void (*check)(uint8_t, size_t, struct bulla_span, struct bulla_span) =
        (flags & MANY) != 0 ? check_seal_many : check_seal;
    check(flags, (size_t)choice[0] << 8 | choice[1], bulla_span(in.at, in.left), context);
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
  bool good = model_open(suite_of(blob), &plaintext, blob, context);
  parts[1].len = plaintext.len;
  return good;
}

static size_t seal_blob(uint8_t *rest, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts) {
  static const struct bulla_span nonce = {(const uint8_t *)"always alike, 24 bytes..", MAX_NONCE};
  const struct suite *suite = &suites[(choices[0] & XAES) != 0 ? 1 : 0];
  struct bulla_buffer buffer = bulla_buffer(rest, max_len);
  struct bulla_writer out = bulla_writer(&buffer);
  struct bulla_span context = bulla_span(parts[0].bytes, parts[0].len < MAX_CONTEXT ? parts[0].len : MAX_CONTEXT);
  struct bulla_span plaintext = bulla_span(parts[1].bytes, parts[1].len);
  struct model_gcm derived;
  const struct model_gcm *gcm;
  uint8_t aad[HEADER_LEN + MAX_CONTEXT];
  set_up();
  bulla_put_be(&out, context.len, 2);
  bulla_put(&out, context);
  if ((choices[0] & SEAL) != 0) {
    bulla_put(&out, plaintext);
    return out.overflow ? 0 : buffer.len;
  }
  bulla_put(&out, bulla_span(suite->header, HEADER_LEN));
  bulla_put(&out, bulla_span(nonce.data, suite->nonce_len));
  uint8_t *ciphertext = bulla_give(&out, plaintext.len);
  uint8_t *tag = bulla_give(&out, BULLA_TAG_LEN);
  if (out.overflow) {
    return 0;
  }
  struct bulla_span gcm_nonce = nonce_for(suite, &derived, &gcm, bulla_span(nonce.data, suite->nonce_len));
  model_gcm_seal(gcm, ciphertext, tag, gcm_nonce, plaintext, aad_for(aad, suite, context));
  return buffer.len;
}

const struct fuzz_form fuzz_form = {NUM_CHOICES, open_blob, seal_blob, {false, false}, {(const uint8_t *)"context", 7}};
