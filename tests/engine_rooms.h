/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What compares engines with BoringSSL's: messages between guard pages, each sealed, opened and forged. The first
 * difference, or a touch of what is not theirs, ends the program, which says what message it was. */

#ifndef BULLA_TESTS_ENGINE_ROOMS_H
#define BULLA_TESTS_ENGINE_ROOMS_H

#include "core/crypto.h"
#include "core/engine.h"

enum {
  ROOM_LEN = 1 << 21, /* bytes of a text, of additional data, or of a nonce, at most */
  MAX_SUBJECTS = 2,
};

/* How a message lies in memory. */
enum layout {
  IN_AT_END = 1, /* right before a guard page, or else right behind one */
  OUT_AT_END = 2,
  HEAD_AT_END = 4,
  TAIL_AT_END = 8,
  REST_AT_END = 16, /* nonce and tag */
  IN_PLACE = 32,
  NULL_IF_EMPTY = 64,
  NUM_LAYOUTS = 128,
  UNGUARDED = 128, /* away from guard pages: a masked load that reaches into one takes the processor a microsecond */
};

struct message {
  struct bulla_span nonce;
  struct bulla_span text;
  struct bulla_span data; /* additional */
  size_t split;           /* bytes of |data| that are its head */
  unsigned layout;
};

/* An engine, and the key that it expanded. */
struct subject {
  const struct bulla_engine *engine;
  uint8_t *context;
  uint8_t *xaes_key;
};

/* The engines that this processor has, but BoringSSL's, and those that it has not. */
extern struct subject subjects[MAX_SUBJECTS];
extern size_t num_subjects;
extern const char *missing[MAX_SUBJECTS];
extern size_t num_missing;

void rooms_start(void);

/* use_key has all of them expand the 32 bytes of |key|. derive_key has them derive the one of XAES-256-GCM for that
 * key, the 24 bytes of |nonce| and one message, which has, with its additional data, |len| bytes. */
void use_key(const uint8_t *key);
void derive_key(const uint8_t *nonce, size_t len);

/* expect has BoringSSL seal |message|. compare has |subject| seal and open it, and fails unless both agree. Between
 * the two calls |split| and |layout| may change. */
void expect(const struct message *message);
void compare(const struct subject *subject, const struct message *message);

/* refuse has |subject| open it with one |bit| changed, of tag, ciphertext, additional data and nonce in this order, or
 * does nothing where there are not so many. Returns whether there are. */
bool refuse(const struct subject *subject, const struct message *message, size_t bit);

/* random_below returns one of |num| numbers, and random_bytes at least |len| bytes of noise: those of a seed. */
uint32_t random_below(uint32_t num);
const uint8_t *random_bytes(size_t len);
void random_seed(uint64_t seed);

#endif
