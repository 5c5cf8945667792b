/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the scenarios are written with, in the child. */

#ifndef BULLA_TESTS_LINGERING_CHILD_H
#define BULLA_TESTS_LINGERING_CHILD_H

#include "core/cursor.h"
#include "tests/lingering/lingering.h"

struct scenario {
  const char *name;
  void (*run)(void);
};

/* Each ended by one without a name. */
extern const struct scenario core_scenarios[];
extern const struct scenario jose_scenarios[];
extern const struct scenario token_scenarios[];
extern const struct scenario store_scenarios[];
extern const struct scenario control_scenarios[];

/* tell tells the parent of a secret, straight from where it lies. */
void tell(enum kind kind, const char *name, struct bulla_span bytes);

/* ASSERT ends the child. */
#define ASSERT(condition) assert_holds(condition, #condition, __LINE__)
void assert_holds(bool condition, const char *what, int line);

/* CHECK announces a stop, makes the call that is looked at, and stops before anything else has happened. */
#define STOP() __asm__ volatile("int3" ::: "memory")
#define CHECK(kind, name, call)            \
  do {                                     \
    tell(kind, name, bulla_span(NULL, 0)); \
    call;                                  \
    STOP();                                \
  } while (0)

/* CHECK_OK is CHECK while handles live, of a call that must succeed; CHECK_STATUS of one that gives |wanted|. */
#define CHECK_STATUS(name, call, wanted)            \
  do {                                              \
    enum bulla_status check_status;                 \
    CHECK(CHECK_LIVE, name, check_status = (call)); \
    ASSERT(check_status == (wanted));               \
  } while (0)
#define CHECK_OK(name, call) CHECK_STATUS(name, call, BULLA_OK)

/* new_secret returns |len| random bytes in locked memory that the parent knows as |kind|. */
struct bulla_secret *new_secret(enum kind kind, const char *name, size_t len);

/* new_text is new_secret of letters. */
struct bulla_secret *new_text(const char *name, size_t len);

/* room_in returns the bytes of a secret as an empty buffer. */
struct bulla_buffer room_in(struct bulla_secret *secret);

/* tell_blob tells what makes secrets of other ones: the ciphertext of a blob over "plaintext", its
 * nonce and tag. */
void tell_blob(struct bulla_span blob);

/* check_fork forks, and has the parent look at the child of the child. */
void check_fork(void);

/* check_cores lets the parent dump this process, and then has it dump itself. Does not return. */
void check_cores(void);

#endif
