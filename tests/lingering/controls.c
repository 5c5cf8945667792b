/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The controls: each leaves a copy where none may be, and the parent must find it. */

#include <stdlib.h>

#include "core/hex.h"
#include "tests/lingering/child.h"

/* To the compiler, somebody reads the bytes at |pointer|. */
#define KEEP(pointer) __asm__ volatile("" ::"r"(pointer) : "memory")

static struct bulla_secret *planted(void) {
  return new_secret(SECRET_KEY, "planted", BULLA_KEY_LEN);
}

static uint8_t planted_in_data[128];

static void plant_on_the_heap(void) {
  struct bulla_secret *secret = planted();
  uint8_t *copy = malloc(BULLA_KEY_LEN);
  ASSERT(copy != NULL);
  memcpy(copy + 3, bulla_secret_data(secret) + 9, 16);
  KEEP(copy);
  CHECK(CHECK_LIVE, "16 bytes on the heap", KEEP(copy));
  free(copy);
}

static void plant_digits(void) {
  struct bulla_secret *secret = planted();
  CHECK(CHECK_LIVE, "digits in static memory", bulla_hex_encode(planted_in_data, bulla_secret_bytes(secret)));
}

/* On the stack, below its pointer. */
__attribute__((noinline)) static void plant_below(const uint8_t *bytes) {
  uint8_t copy[BULLA_KEY_LEN];
  memcpy(copy, bytes, sizeof(copy));
  KEEP(copy);
}

static void plant_on_the_stack(void) {
  struct bulla_secret *secret = planted();
  const uint8_t *bytes = bulla_secret_data(secret);
  CHECK(CHECK_LIVE, "on the stack that was", plant_below(bytes));
}

static void plant_in_a_vector_register(void) {
  struct bulla_secret *secret = planted();
  const uint8_t *bytes = bulla_secret_data(secret);
  CHECK(CHECK_LIVE, "in a vector register", __asm__ volatile("movdqu 8(%0), %%xmm9" ::"r"(bytes) : "xmm9"));
}

static void plant_in_a_general_register(void) {
  struct bulla_secret *secret = planted();
  const uint8_t *bytes = bulla_secret_data(secret);
  CHECK(CHECK_LIVE, "in a general register", __asm__ volatile("movq 16(%0), %%r11" ::"r"(bytes) : "r11"));
}

/* A slot that is freed, and not wiped: what one would see if bulla_secret_free forgot to. */
static void plant_in_the_arena(void) {
  struct bulla_secret *secret = planted();
  CHECK(CHECK_FREED, "in locked memory, where all should be freed", planted_in_data[0] = 1);
  bulla_secret_free(&secret);
}

static void plant_for_fork(void) {
  struct bulla_secret *secret = planted();
  memcpy(planted_in_data, bulla_secret_data(secret), BULLA_KEY_LEN);
  check_fork();
}

static void plant_for_dumps(void) {
  struct bulla_secret *secret = planted();
  memcpy(planted_in_data, bulla_secret_data(secret), BULLA_KEY_LEN);
  check_cores();
}

const struct scenario control_scenarios[] = {
    {"control: the heap", plant_on_the_heap},
    {"control: static memory", plant_digits},
    {"control: the stack", plant_on_the_stack},
    {"control: vector registers", plant_in_a_vector_register},
    {"control: general registers", plant_in_a_general_register},
    {"control: locked memory", plant_in_the_arena},
    {"control: forks", plant_for_fork},
    {"control: core dumps", plant_for_dumps},
    {0},
};
