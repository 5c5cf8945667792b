/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Minting and verifying ask for no memory. Two ways to see it, since neither sees all: the functions below take
 * the place of libc's in this program and count what bulla's own code asks for; and with every byte of the heap
 * given away, what a library loaded beside the program asks for cannot be had. */

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "core/slab.h"
#include "tests/token_support.h"

/* libc's own, by the names that it keeps for those who replace the others. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t num, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static _Atomic size_t num_requests;

void *malloc(size_t size) {
  num_requests++;
  return __libc_malloc(size);
}

void *calloc(size_t num, size_t size) {
  num_requests++;
  return __libc_calloc(num, size);
}

void *realloc(void *old, size_t size) {
  num_requests++;
  return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  num_requests++;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  num_requests++;
  *memory = __libc_memalign(alignment, size);
  return *memory == NULL ? ENOMEM : 0;
}

static struct test_registry registry;
static struct test_issuer *issuer;
static struct bulla_verifier *verifier;
static struct bulla_claims claims = BULLA_CLAIMS_INIT;
static uint8_t token_room[BULLA_TOKEN_MAX];
static uint8_t fresh_room[BULLA_TOKEN_MAX];
static uint8_t payload_room[BULLA_PAYLOAD_SIZE];
static struct bulla_span strange; /* a good token with a header in other bytes */

/* Mints and verifies in every way once. Returns how many of the calls went as they should. */
static int use_all(void) {
  struct bulla_buffer token = bulla_buffer(token_room, sizeof(token_room));
  struct bulla_buffer fresh = bulla_buffer(fresh_room, sizeof(fresh_room));
  struct bulla_buffer too_small = bulla_buffer(token_room, 100);
  struct bulla_buffer payload = bulla_buffer(payload_room, sizeof(payload_room));
  struct bulla_claims read = BULLA_CLAIMS_INIT;
  struct bulla_claims bad = claims;
  bad.more = BULLA_LITERAL("{\"org\":1}");
  int num_good = bulla_token_mint(issuer->minter, &too_small, &claims) == BULLA_BUFFER_TOO_SMALL;
  num_good += bulla_token_mint(issuer->minter, &token, &bad) == BULLA_INVALID_TEXT;
  num_good += bulla_token_mint(issuer->minter, &token, &claims) == BULLA_OK;
  num_good += bulla_token_verify(verifier, &read, &payload, bulla_written(&token), TEST_NOW) == BULLA_OK;
  num_good += bulla_claims_permit(&read, BULLA_LITERAL("write"));
  num_good += bulla_token_verify(verifier, &read, &payload, bulla_written(&token), claims.exp) == BULLA_EXPIRED;
  num_good += bulla_token_verify(verifier, &read, &payload, strange, TEST_NOW) == BULLA_OK;
  num_good += bulla_token_refresh(verifier, &fresh, &payload, bulla_written(&token), TEST_NOW) == BULLA_OK;
  token_room[token.len / 2] ^= 1;
  num_good += bulla_token_verify(verifier, &read, &payload, bulla_written(&token), TEST_NOW) == BULLA_REFUSED;
  return num_good;
}

enum { ALL = 9 };

static void set_up(void) {
  registry.issuers[0] = test_issuer();
  registry.num_issuers = 1;
  issuer = &registry.issuers[0];
  verifier = test_verifier(&registry);
  claims = test_claims();
  claims.iss = test_text("an \"issuer\"");
  claims.perms = test_text("[\"read\",\"write\"]");
  claims.attrs = test_text("{\"region\":\"emea\"}");
  claims.more = test_text("{\"name\":\"Alice\"}");
  strange = test_seal_token(test_cek(test_root_of(issuer), TEST_DAY),
                            test_header("{\"kid\":\"@.19675\",\"alg\":\"dir\",\"enc\":\"A256GCM\"}", issuer->key_id),
                            test_text("{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800,\"exp\":1699968400}"));
  cr_assert_eq(use_all(), ALL, "the first use");
}

TestSuite(token_memory, .init = set_up);

Test(token_memory, minting_and_verifying_ask_for_none) {
  size_t before = num_requests;
  struct bulla_secret *secret = NULL;
  TEST_OK(bulla_secret_new(&secret, 1));
  cr_assert_gt(num_requests, before, "requests are not counted");
  size_t used = bulla_slab_usage().used;
  before = num_requests;
  int num_good = 0;
  for (size_t round = 0; round < 1000; round++) {
    num_good += use_all();
  }
  size_t requested = num_requests - before;
  cr_expect_eq(requested, 0, "%zu requests", requested);
  cr_expect_eq(num_good, 1000 * ALL);
  cr_expect_eq(bulla_slab_usage().used, used);
}

Test(token_memory, minting_and_verifying_succeed_where_there_is_none) {
  struct rlimit limit;
  cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
  struct rlimit no_more = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
  cr_assert_eq(setrlimit(RLIMIT_AS, &no_more), 0);
  for (size_t size = 1 << 16; size > 0; size -= size > 4096 ? 1024 : 8) {
    while (malloc(size) != NULL) {
    }
  }
  int num_good = 0;
  for (size_t round = 0; round < 1000; round++) {
    num_good += use_all();
  }
  void *left = malloc(1);
  setrlimit(RLIMIT_AS, &limit);
  cr_expect_null(left, "there was some memory left");
  cr_expect_eq(num_good, 1000 * ALL, "%d of %d calls", num_good, 1000 * ALL);
}
