/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Secret bytes as bytes that count as not initialised: whatever branches on them, or makes an address of them, is
 * then reported by valgrind's memcheck or, in a build of its own, by MemorySanitizer. The same marks serve both.
 */

#ifndef BULLA_TESTS_CT_SECRET_H
#define BULLA_TESTS_CT_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define CT_MSAN 1
#endif
#endif

#ifdef CT_MSAN
#include <sanitizer/msan_interface.h>

/* ct_poison marks |len| bytes as secret. */
static inline void ct_poison(void *bytes, size_t len) {
  __msan_poison(bytes, len);
}

/* ct_declassify marks them as public: each call says why that is right. */
static inline void ct_declassify(const void *bytes, size_t len) {
  __msan_unpoison(bytes, len);
}

/* ct_is_secret says whether any of them is secret. */
static inline bool ct_is_secret(const void *bytes, size_t len) {
  return __msan_test_shadow(bytes, len) >= 0;
}

/* ct_is_watched says whether anybody would report a mistake. */
static inline bool ct_is_watched(void) {
  return true;
}

/* ct_sees_no_assembly says whether what libraries do in assembly goes unseen. */
static inline bool ct_sees_no_assembly(void) {
  return true;
}

#else
#include <valgrind/memcheck.h>

static inline void ct_poison(void *bytes, size_t len) {
  (void)VALGRIND_MAKE_MEM_UNDEFINED(bytes, len);
}

static inline void ct_declassify(const void *bytes, size_t len) {
  (void)VALGRIND_MAKE_MEM_DEFINED(bytes, len);
}

static inline bool ct_is_secret(const void *bytes, size_t len) {
  unsigned char bits[64] = {0};
  unsigned char any = 0;
  const char *at = bytes;
  while (len > 0) {
    size_t part = len < sizeof(bits) ? len : sizeof(bits);
    (void)VALGRIND_GET_VBITS(at, bits, part);
    for (size_t i = 0; i < part; i++) {
      any |= bits[i];
    }
    at += part;
    len -= part;
  }
  return any != 0;
}

static inline bool ct_is_watched(void) {
  return RUNNING_ON_VALGRIND != 0;
}

static inline bool ct_sees_no_assembly(void) {
  return false;
}
#endif

/* WRAP begins a function that the linker puts between a caller and |name|, which is __real_ and its name there. */
#define WRAP(type, name, ...)      \
  type __real_##name(__VA_ARGS__); \
  type __wrap_##name(__VA_ARGS__); \
  type __wrap_##name(__VA_ARGS__)

#endif
