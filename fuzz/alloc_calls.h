/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The calls that fuzz/alloc_fail.c makes memory fail in. */

#ifndef BULLA_FUZZ_ALLOC_CALLS_H
#define BULLA_FUZZ_ALLOC_CALLS_H

#include "core/cleanup.h"
#include "fuzz/fuzz.h"

/* Each makes a call or a few, and frees what they made. On failure it has seen to it that the outputs are empty,
 * and what it returns is the first status that was not BULLA_OK; otherwise, that they hold what they must. */
extern enum bulla_status (*const fuzz_calls[])(void);
extern const size_t fuzz_num_calls;

/* Calls of fuzz/alloc_jwk.c. */
enum bulla_status fuzz_jwk_pairs(void);
enum bulla_status fuzz_jwk_set(void);

/* Calls of fuzz/alloc_many.c. */
enum bulla_status fuzz_seal_many(void);
enum bulla_status fuzz_mint_many(void);

/* TRY_MADE is BULLA_TRY of a call that makes |thing| just if it goes well. */
#define TRY_MADE(call, thing)                             \
  do {                                                    \
    enum bulla_status made = (call);                      \
    FUZZ_ASSERT((made == BULLA_OK) == ((thing) != NULL)); \
    BULLA_TRY(made);                                      \
  } while (0)

/* fuzz_room_in makes |bytes| a buffer in which nothing was written yet. fuzz_check_output says whether |buffer| is
 * empty after a failure, and |wanted| otherwise; |wanted| may be empty. */
struct bulla_buffer fuzz_room_in(uint8_t *bytes, size_t size);
enum bulla_status fuzz_check_output(enum bulla_status status, struct bulla_buffer *buffer, struct bulla_span wanted);

/* Those of fuzz/alloc_jwe.c, and what makes what they need. */
void fuzz_jwe_set_up(void);
enum bulla_status fuzz_jwk_rsa(void);
enum bulla_status fuzz_jwe_keys(void);
enum bulla_status fuzz_jwe_encrypt(void);
enum bulla_status fuzz_jwe_decrypt(void);

/* fuzz_calls_set_up makes what they need. fuzz_calls_begin and fuzz_calls_end come before and after calls: the
 * vault, if one of them opened it, is closed, and anew at the next. */
void fuzz_calls_set_up(void);
void fuzz_calls_begin(void);
void fuzz_calls_end(void);

/* fuzz_calls_idle says whether the vault, if it is open, has no transaction open. */
bool fuzz_calls_idle(void);

/* fuzz_crypto_fails, of fuzz/alloc_fail.c, says whether the function of BoringSSL that is called now fails. */
bool fuzz_crypto_fails(void);

/* fuzz_struck, likewise, says whether something failed in the last call of the last input. */
bool fuzz_struck(void);

#endif
