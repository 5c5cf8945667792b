/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The constant-time check: a table of calls, each with its secrets marked (tests/ct/secret.h). It is plain C with
 * a main() of its own: a test framework that runs tests in children swallows what valgrind finds there. */

#ifndef BULLA_TESTS_CT_CT_H
#define BULLA_TESTS_CT_CT_H

#include <stdio.h>
#include <stdlib.h>

#include <bulla/store.h>
#include <bulla/token.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "tests/ct/secret.h"

struct ct_call {
  const char *functions;    /* that it covers: names, with a space between them */
  const char *poisoned;     /* what counts as secret */
  const char *declassified; /* what of it may show in the time, and why; or "nothing" */
  void (*run)(void);
};

/* The tables, each ended by a row without a function. */
extern const struct ct_call ct_core_calls[];
extern const struct ct_call ct_jose_calls[];
extern const struct ct_call ct_token_calls[];
extern const struct ct_call ct_store_calls[];
extern const struct ct_call ct_actor_calls[];

/* Calls of which each must be reported, so that the check is seen to see. */
extern const struct ct_call ct_canaries[];

/* CT_ASSERT ends the program unless |condition| holds. What it looks at must be public. */
#define CT_ASSERT(condition)                                                                \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      fprintf(stderr, "%s:%d: it does not hold that %s\n", __FILE__, __LINE__, #condition); \
      exit(2);                                                                              \
    }                                                                                       \
  } while (0)

#define CT_OK(call) CT_ASSERT((call) == BULLA_OK)

/* CT_ARRIVED asserts that the mark has travelled all the way to |bytes|: where it is lost, nothing is checked. */
#define CT_ARRIVED(bytes, len) CT_ASSERT(ct_is_secret(bytes, len))

/* ct_secret returns |len| secret bytes in locked memory; the caller frees them. */
struct bulla_secret *ct_secret(size_t len);

/* ct_engine_counts_openly says whether the engine branches on the counter that it makes of a nonce which has not
 * 12 bytes, and of the key: the assembly of BoringSSL asks whether its last byte runs over. That is no fault of
 * bulla's and cannot be mended here; a canary of its own keeps sight of it (tests/ct/canaries.c). */
bool ct_engine_counts_openly(void);

/* ct_watch_boringssl puts wrappers before BoringSSL (tests/ct/boundary_boringssl.c). */
void ct_watch_boringssl(void);

/* What the wrappers (tests/ct/boundary.c) are told about the call that runs. */
extern struct ct_rules {
  size_t public_prefix;    /* so many first bytes of what the random generator gives as a secret are public */
  bool claims_are_public;  /* what a JWE holds is public once it is authentic */
  bool details_are_public; /* what a record of the log holds is public */
  bool reads_are_secret;   /* read(2) gives 64 secret digits */
  bool random_is_secret;   /* bulla_random gives secrets */
} ct_rules;

#endif
