/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What fuzz/misuse.c and fuzz/misuse_token.c share: handles made once, lengths and rooms from the input, and what
 * a call that fails must leave. */

#ifndef BULLA_FUZZ_MISUSE_H
#define BULLA_FUZZ_MISUSE_H

#include <bulla/token.h>

#include "fuzz/fuzz.h"

/* MISUSE(status) is one bit for |status|, to say in one number what all is wrong with a call. */
#define MISUSE(status) (UINT64_C(1) << ((unsigned)(status)*243 / 8 % 64))

/* Bytes to hand in. A longer span of them is one that a call must refuse unread. */
enum { MISUSE_MAX_LEN = 1 << 12 };
extern uint8_t misuse_bytes[MISUSE_MAX_LEN];

/* MISUSE(BULLA_FORKED) once the handles are a parent's, or 0. And MISUSE(BULLA_KEY_EXHAUSTED) while every key has
 * sealed as often as is safe. */
extern uint64_t misuse_forked;
extern uint64_t misuse_exhausted;

uint8_t misuse_byte(struct bulla_reader *in);

/* misuse_len takes a length: a small one, or one at the edge of what is possible. */
size_t misuse_len(struct bulla_reader *in);

/* misuse_room takes how much more or less room than |needed| there is, or that there is next to none, and returns
 * that in a heap block of its own; |*wrongs| says if it is too small. */
struct bulla_buffer misuse_room(struct bulla_reader *in, size_t needed, uint64_t *wrongs);

/* misuse_check asserts that |status| is one of |wrongs|, or BULLA_OK if nothing is wrong, and returns whether. */
bool misuse_check(enum bulla_status status, uint64_t wrongs);

/* misuse_done is misuse_check for a call that fills |out|, of misuse_room, which is then freed. What a failed call
 * leaves there is nothing, |wanted| bytes what another leaves. */
bool misuse_done(enum bulla_status status, uint64_t wrongs, struct bulla_buffer *out, size_t wanted);

/* misuse_usual takes a length: |usual|, or any below MISUSE_USUAL_MAX. */
enum { MISUSE_USUAL_MAX = 70 };
size_t misuse_usual(struct bulla_reader *in, size_t usual);

/* misuse_secret returns a secret of |len| bytes, the same each time. */
struct bulla_secret *misuse_secret(size_t len);

/* The calls of bulla/core.h and of bulla/token.h: one of them with what |in| says; their handles made, freed, and
 * set back to what they are at the beginning of an input. */
void misuse_core(struct bulla_reader *in, uint8_t kind);
void misuse_core_make(void);
void misuse_core_free(void);
void misuse_token(struct bulla_reader *in, uint8_t kind);
void misuse_token_make(void);
void misuse_token_begin(void);
void misuse_token_free(void);

#endif
