/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Calls with wrong arguments. Entry points: those of bulla/core.h and bulla/token.h, and the primitives of
 * core/crypto.h.
 *
 * Input: calls, each a kind and what it needs: rooms too small by some bytes, lengths of keys, nonces, tags and
 * ids, lengths that wrap around, suites, claims and clocks out of bounds, keys that are used up, callbacks that
 * fail; among the calls perhaps a fork (fuzz/kernel.h), after which all handles are a parent's.
 *
 * Oracle: what docs/API-CONVENTIONS.md and the headers promise. A call with nothing wrong goes well; another
 * returns the status of something that is wrong with it, its outputs are zero and their length is 0, and nothing
 * is read or written outside what was handed in. A verifier asks for a key when it must, and not otherwise. */

#include "fuzz/misuse.h"

#include <pthread.h>

#include "core/crypto.h"
#include "core/key.h"
#include "core/xaes.h"
#include "fuzz/kernel.h"

enum { MAX_CALLS = 16 };

uint8_t misuse_bytes[MISUSE_MAX_LEN];
uint64_t misuse_forked;
uint64_t misuse_exhausted;

uint8_t misuse_byte(struct bulla_reader *in) {
  uint8_t byte = 0;
  (void)bulla_take_byte(in, &byte);
  return byte;
}

size_t misuse_len(struct bulla_reader *in) {
  static const size_t edges[] = {SIZE_MAX,   SIZE_MAX / 2, SIZE_MAX / 8, (UINT64_C(1) << 36) - 32,
                                 UINT32_MAX, 1 << 20,      768 * 1024,   256};
  enum { SMALL = 192 };
  uint8_t byte = misuse_byte(in);
  return byte < SMALL ? byte : edges[byte % 8] + misuse_byte(in) - 128;
}

struct bulla_buffer misuse_room(struct bulla_reader *in, size_t needed, uint64_t *wrongs) {
  enum { MORE = 128, LESS = 248 };
  uint8_t byte = misuse_byte(in);
  size_t missing = byte - (size_t)MORE + 1;
  size_t size = byte < MORE        ? needed + byte
                : byte >= LESS     ? byte - (size_t)LESS
                : missing < needed ? needed - missing
                                   : 0;
  *wrongs |= size < needed ? MISUSE(BULLA_BUFFER_TOO_SMALL) : 0;
  return bulla_buffer(fuzz_alloc(size), size);
}

bool misuse_check(enum bulla_status status, uint64_t wrongs) {
  FUZZ_ASSERT(wrongs == 0 ? status == BULLA_OK : (wrongs & MISUSE(status)) != 0);
  return status == BULLA_OK;
}

bool misuse_done(enum bulla_status status, uint64_t wrongs, struct bulla_buffer *out, size_t wanted) {
  bool done = misuse_check(status, wrongs);
  FUZZ_ASSERT(out->len == (done ? wanted : 0));
  for (size_t i = 0; !done && i < out->size; i++) {
    FUZZ_ASSERT(out->data[i] == 0);
  }
  free(out->data);
  return done;
}

struct bulla_secret *misuse_secret(size_t len) {
  struct bulla_secret *secret = NULL;
  FUZZ_ASSERT(bulla_secret_copy(&secret, bulla_span(misuse_bytes, len)) == BULLA_OK);
  return secret;
}

size_t misuse_usual(struct bulla_reader *in, size_t usual) {
  uint8_t byte = misuse_byte(in);
  return byte < 128 ? usual : byte % (size_t)MISUSE_USUAL_MAX;
}

/* status_text takes one status, which may be none, and compares it with all others. */
static void status_text(struct bulla_reader *in) {
  enum bulla_status status = (enum bulla_status)misuse_byte(in);
  const char *text = bulla_status_text(status);
  size_t len = strlen(text);
  bool known = strcmp(bulla_status_name(status), "BULLA_STATUS_UNKNOWN") != 0;
  FUZZ_ASSERT(len > 0 && strchr(text, '\n') == NULL && text[len - 1] != '.');
  FUZZ_ASSERT(known == (strcmp(text, "unknown status") != 0));
  for (unsigned other = 0; known && other <= UINT8_MAX; other++) {
    FUZZ_ASSERT(other == status || strcmp(text, bulla_status_text((enum bulla_status)other)) != 0);
  }
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-*): what the linker calls them. */
enum bulla_status __real_bulla_count_seal(struct bulla_seal_count *count);
enum bulla_status __wrap_bulla_count_seal(struct bulla_seal_count *count);

enum bulla_status __wrap_bulla_count_seal(struct bulla_seal_count *count) {
  return misuse_exhausted != 0 ? BULLA_KEY_EXHAUSTED : __real_bulla_count_seal(count);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-*) */

/* count takes a count of seals to its end, which is where the limit is. */
static void count(struct bulla_reader *in) {
  struct bulla_seal_count seals;
  uint8_t left = misuse_byte(in);
  bulla_seal_count_start(&seals);
  seals.taken = BULLA_MAX_SEALS - left;
  for (int i = 0; i < left; i++) {
    FUZZ_ASSERT(__real_bulla_count_seal(&seals) == BULLA_OK);
  }
  for (int i = 0; i < 3; i++) {
    FUZZ_ASSERT(__real_bulla_count_seal(&seals) == BULLA_KEY_EXHAUSTED && seals.taken == BULLA_MAX_SEALS);
  }
}

static void choose_engine(struct bulla_reader *in) {
  static const char *const names[] = {NULL, "boringssl", "ipsec-mb"};
  unsigned choice = misuse_byte(in) % 4;
  enum bulla_status status = bulla_engine_choose((enum bulla_engine_choice)choice);
  const char *name = bulla_engine_name();
  if (choice == BULLA_ENGINE_AUTO || choice == BULLA_ENGINE_BORINGSSL) {
    FUZZ_ASSERT(status == BULLA_OK);
  } else {
    FUZZ_ASSERT(status == BULLA_UNSUPPORTED || (status == BULLA_OK && choice == BULLA_ENGINE_IPSEC_MB));
  }
  FUZZ_ASSERT(status != BULLA_OK || choice == BULLA_ENGINE_AUTO || strcmp(name, names[choice]) == 0);
  FUZZ_ASSERT(strcmp(name, names[1]) == 0 || strcmp(name, names[2]) == 0);
}

/* primitives gives keys, nonces and tags lengths that are not theirs. */
static void primitives(struct bulla_reader *in) {
  size_t key_len = misuse_usual(in, BULLA_KEY_LEN);
  size_t nonce_len = misuse_usual(in, 12);
  size_t tag_len = misuse_usual(in, BULLA_TAG_LEN);
  size_t xaes_nonce_len = misuse_usual(in, 24);
  uint8_t plaintext[] = {1, 2, 3, 4};
  uint8_t ciphertext[sizeof(plaintext)] = {0};
  uint8_t tag[MISUSE_USUAL_MAX] = {0};
  struct bulla_span key = bulla_span(misuse_bytes, key_len);
  struct bulla_span nonce = bulla_span(misuse_bytes, nonce_len);
  struct bulla_span sealed = bulla_span(ciphertext, sizeof(ciphertext));
  struct bulla_aead *aead = NULL;
  struct bulla_xaes *xaes = NULL;
  bool good = key_len == 16 || key_len == 24 || key_len == 32;
  if (misuse_check(bulla_aead_new(&aead, key), good ? 0 : MISUSE(BULLA_INVALID_ARGUMENT))) {
    uint64_t wrongs = nonce_len == 0 ? MISUSE(BULLA_INVALID_ARGUMENT) : 0;
    enum bulla_status status =
        bulla_aead_seal(aead, ciphertext, tag, nonce, bulla_span(plaintext, sizeof(plaintext)), nonce);
    if (misuse_check(status, wrongs)) {
      wrongs = tag_len == BULLA_TAG_LEN ? 0 : MISUSE(BULLA_REFUSED);
      status = bulla_aead_open(aead, plaintext, nonce, sealed, bulla_span(tag, tag_len), nonce);
      FUZZ_ASSERT(plaintext[0] == (misuse_check(status, wrongs) ? 1 : 0));
    } else {
      FUZZ_ASSERT(bulla_aead_open(aead, plaintext, nonce, sealed, bulla_span(tag, 16), nonce) == BULLA_REFUSED);
      FUZZ_ASSERT(plaintext[0] == 0);
    }
  }
  bulla_aead_free(&aead);
  if (misuse_check(bulla_xaes_new(&xaes, key), key_len == BULLA_KEY_LEN ? 0 : MISUSE(BULLA_INVALID_ARGUMENT))) {
    uint64_t wrongs = xaes_nonce_len == 24 ? 0 : MISUSE(BULLA_INVALID_ARGUMENT);
    misuse_check(bulla_xaes_derive(xaes, &aead, bulla_span(misuse_bytes, xaes_nonce_len)), wrongs);
  }
  bulla_aead_free(&aead);
  bulla_xaes_free(&xaes);
}

/* draw_nonces draws as many as |arg| says, and sees that none is the one before. */
static void *draw_nonces(void *arg) {
  uint8_t nonces[2][64];
  const uint8_t *choice = arg;
  size_t len = 8 + choice[0] % 57U;
  for (size_t i = 0; i < choice[1]; i++) {
    FUZZ_ASSERT(bulla_nonce(nonces[i % 2], len) == BULLA_OK);
    FUZZ_ASSERT(i == 0 || memcmp(nonces[0], nonces[1], len) != 0);
  }
  return NULL;
}

/* in_thread draws nonces in a thread of its own, which has no pool yet. */
static void in_thread(struct bulla_reader *in) {
  pthread_t thread;
  uint8_t choice[2];
  choice[0] = misuse_byte(in);
  choice[1] = misuse_byte(in);
  (void)draw_nonces(choice);
  FUZZ_ASSERT(pthread_create(&thread, NULL, draw_nonces, choice) == 0);
  FUZZ_ASSERT(pthread_join(thread, NULL) == 0);
}

static void exhaust(struct bulla_reader *in) {
  misuse_exhausted = (misuse_byte(in) & 1) != 0 ? MISUSE(BULLA_KEY_EXHAUSTED) : 0;
}

static void become_child(struct bulla_reader *in) {
  (void)in;
  fuzz_fork();
  misuse_forked = MISUSE(BULLA_FORKED);
}

static void make(void) {
  misuse_core_make();
  misuse_token_make();
}

/* end_input makes the next one begin as this one did. */
static void end_input(void) {
  misuse_exhausted = 0;
  if (misuse_forked != 0) {
    misuse_forked = 0;
    misuse_core_free();
    misuse_token_free();
    make();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const calls[])(struct bulla_reader * in) = {status_text, count,   choose_engine, primitives,
                                                            in_thread,   exhaust, become_child};
  enum { NUM_CALLS = sizeof(calls) / sizeof(calls[0]), NUM_OTHERS = 64 };
  static bool is_made;
  if (!is_made) {
    make();
    is_made = true;
  }
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  FUZZ_ASSERT(bulla_engine_choose(BULLA_ENGINE_AUTO) == BULLA_OK);
  misuse_token_begin();
  for (int i = 0; i < MAX_CALLS && in.left > 0; i++) {
    uint8_t kind = misuse_byte(&in);
    if (kind < NUM_OTHERS) {
      calls[kind % NUM_CALLS](&in);
    } else if (kind % 2 == 0) {
      misuse_core(&in, kind / 2);
    } else {
      misuse_token(&in, kind / 2);
    }
  }
  end_input();
  return 0;
}
