/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What minting and verifying need at most: room in the caller's buffers, locked memory, calls of the callback;
 * and that threads share both. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "core/crypto.h"
#include "core/slab.h"
#include "tests/token_support.h"

TEST_TOKEN_SUITE(token_limits);

Test(token_limits, minting_needs_exactly_as_much_room_as_the_token_has_bytes) {
  for (size_t sub_len = 1; sub_len <= 3; sub_len++) {
    struct bulla_claims claims = test_claims();
    claims.sub = test_filled('s', sub_len);
    claims.perms = test_text("[\"read\"]");
    size_t len = test_minted(issuer, &claims).len;
    for (size_t size = 0; size <= len + 1; size++) {
      struct bulla_buffer token = test_room(size);
      token.len = size;
      TEST_STATUS(bulla_token_mint(issuer->minter, &token, &claims), size < len ? BULLA_BUFFER_TOO_SMALL : BULLA_OK);
      if (size < len) {
        TEST_FAILED(token, "%zu bytes", size);
      } else {
        cr_assert_eq(token.len, len);
        TEST_VERIFY(verifier, bulla_written(&token), TEST_NOW, BULLA_OK, "%zu bytes", size);
      }
    }
  }
}

Test(token_limits, a_token_past_8192_bytes_is_not_minted) {
  struct bulla_claims claims = test_claims();
  struct bulla_span subject = test_filled('s', 7000);
  size_t longest = 0;
  for (size_t len = 5800; len < 6100; len++) {
    claims.sub = bulla_span(subject.data, len);
    struct bulla_buffer token = test_room(BULLA_TOKEN_MAX + 100);
    enum bulla_status status = bulla_token_mint(issuer->minter, &token, &claims);
    if (status == BULLA_OK) {
      cr_assert(token.len <= BULLA_TOKEN_MAX && longest + 1 >= (longest == 0 ? 1 : len), "%zu bytes", len);
      TEST_VERIFY(verifier, bulla_written(&token), TEST_NOW, BULLA_OK, "%zu bytes", len);
      longest = len;
    } else {
      cr_assert_eq(status, BULLA_TOO_LARGE, "%zu bytes: %s", len, bulla_status_text(status));
      TEST_FAILED(token, "%zu bytes", len);
    }
  }
  cr_expect(longest > 5800 && longest < 6099, "%zu bytes", longest);
  /* Where there is room for every token that is allowed, its want is not what is told. */
  static const size_t rooms[] = {BULLA_TOKEN_MAX, BULLA_TOKEN_MAX + 50, 2000000};
  static const size_t lengths[] = {7000, 8000, 8050, 8100, 8192, 10000, 1000000};
  for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
    for (size_t j = 0; j < sizeof(rooms) / sizeof(*rooms); j++) {
      claims.sub = test_filled('s', lengths[i]);
      struct bulla_buffer token = test_room(rooms[j]);
      TEST_STATUS(bulla_token_mint(issuer->minter, &token, &claims), BULLA_TOO_LARGE);
      TEST_FAILED(token, "%zu bytes", lengths[i]);
    }
  }
}

Test(token_limits, verifying_needs_the_same_room_every_time_and_no_more_than_documented) {
  for (size_t sub_len = 1; sub_len <= 4; sub_len++) {
    struct bulla_claims claims = test_claims();
    claims.sub = test_filled('\n', sub_len);
    struct bulla_span token = test_minted(issuer, &claims);
    size_t needed[2] = {0};
    for (size_t round = 0; round < 2; round++) {
      for (size_t size = 0; size <= token.len * 3 / 2; size++) {
        struct bulla_buffer payload = test_room(size);
        struct bulla_claims read = BULLA_CLAIMS_INIT;
        memset(&read, 0xa5, sizeof(read));
        read.size = sizeof(read);
        enum bulla_status status = bulla_token_verify(verifier, &read, &payload, token, TEST_NOW);
        cr_assert_eq(status, needed[round] > 0 || status == BULLA_OK ? BULLA_OK : BULLA_BUFFER_TOO_SMALL,
                     "%zu bytes: %s", size, bulla_status_text(status));
        if (status == BULLA_OK) {
          needed[round] = needed[round] == 0 ? size : needed[round];
          cr_assert(test_same(read.sub, claims.sub));
          cr_assert(read.sub.data >= payload.data && read.sub.data + read.sub.len <= payload.data + payload.size);
        } else {
          TEST_FAILED(payload, "%zu bytes", size);
          cr_assert(test_zero((const uint8_t *)&read + sizeof(size_t), sizeof(read) - sizeof(size_t)), "%zu bytes",
                    size);
        }
      }
    }
    cr_assert_neq(needed[0], 0);
    cr_assert_eq(needed[0], needed[1]);
  }
}

Test(token_limits, a_cached_key_is_asked_for_once) {
  struct bulla_span token = test_token(issuer);
  size_t used = 0;
  for (size_t round = 0; round < 1000; round++) {
    TEST_VERIFY(verifier, token, TEST_NOW, BULLA_OK, "round %zu", round);
    used = round == 0 ? bulla_slab_usage().used : used;
  }
  cr_expect_eq(registry.num_calls, 1);
  cr_expect_eq(bulla_slab_usage().used, used, "the slab grew");
}

/* A header that nobody has seen yet, and what it says of whom: a key that is known, one that is not, nothing. */
static struct bulla_span strange_header(uint64_t number) {
  char json[256];
  switch (number % 3) {
    case 0:
      snprintf(json, sizeof(json), "{\"x\":%d,\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"@.19675\"}", (int)number);
      break;
    case 1:
      snprintf(json, sizeof(json), "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":\"%016x.%d\"}",
               (unsigned)number, (int)(TEST_DAY - (int64_t)(number / 3 % 2)));
      break;
    default:
      snprintf(json, sizeof(json), "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":%d}", (int)number);
      break;
  }
  return test_header(json, issuer->key_id);
}

Test(token_limits, a_hundred_thousand_forgeries_grow_nothing) {
  enum { NUM_HEADERS = 300, NUM_FORGERIES = 100000 };
  struct bulla_span good = test_token(issuer);
  TEST_VERIFY(verifier, good, TEST_NOW, BULLA_OK, "the good one");
  struct bulla_span body = bulla_span(memchr(good.data, '.', good.len), 0);
  body.len = (size_t)(good.data + good.len - body.data);
  struct bulla_span forgeries[NUM_HEADERS];
  for (size_t i = 0; i < NUM_HEADERS; i++) {
    forgeries[i] = test_concat(strange_header(i), body);
  }
  size_t used = bulla_slab_usage().used;
  size_t num_unknown = 0;
  uint8_t *room = test_alloc(1024);
  for (size_t i = 0; i < NUM_FORGERIES; i++) {
    struct bulla_buffer payload = bulla_buffer(room, 1024);
    struct bulla_claims read = BULLA_CLAIMS_INIT;
    size_t which = i % NUM_HEADERS;
    enum bulla_status status = bulla_token_verify(verifier, &read, &payload, forgeries[which], TEST_NOW);
    num_unknown += which % 3 == 1;
    cr_assert_eq(status, BULLA_REFUSED, "forgery %zu: %s", i, bulla_status_text(status));
    cr_assert_eq(bulla_slab_usage().used, used, "forgery %zu", i);
  }
  cr_expect_eq(registry.num_calls, 1 + num_unknown, "asked for a key that is known or that nothing names");
  TEST_VERIFY(verifier, good, TEST_NOW, BULLA_OK, "the good one, after all that");
  cr_expect_eq(registry.num_calls, 1 + num_unknown, "the good key was driven out");
}

/* A root for every key id, derived from the id. */
static struct bulla_span root_for(struct bulla_span key_id) {
  uint8_t *root = test_alloc(BULLA_KEY_LEN);
  TEST_OK(bulla_hkdf_expand(root, BULLA_KEY_LEN, test_filled(1, BULLA_KEY_LEN), key_id));
  return bulla_span(root, BULLA_KEY_LEN);
}

static size_t num_asked;

static enum bulla_status find_any(void *argument, struct bulla_span key_id, struct bulla_token_key *key) {
  (void)argument;
  num_asked++;
  memcpy(key->org, "acme", 4);
  key->org_len = 4;
  return bulla_secret_copy(&key->root, root_for(key_id));
}

Test(token_limits, more_days_than_are_cached_all_verify_in_bounded_memory) {
  enum { NUM_KEYS = 400, NUM_DAYS = 2 };
  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .leeway = 0};
  struct bulla_verifier *any = NULL;
  struct bulla_span tokens[NUM_KEYS * NUM_DAYS];
  for (size_t i = 0; i < NUM_KEYS * NUM_DAYS; i++) {
    char id[17];
    char claims[128];
    int64_t day = TEST_DAY - (int64_t)(i % NUM_DAYS);
    snprintf(id, sizeof(id), "%016x", (unsigned)(i / NUM_DAYS * 0x9e3779b9));
    snprintf(claims, sizeof(claims), "{\"org\":\"acme\",\"sub\":\"%zu\",\"iat\":%ld,\"exp\":%ld}", i,
             day * 86400 + 86399, day * 86400 + 86399 + 86400);
    struct bulla_span key_id = test_text(id);
    tokens[i] = test_seal_token(test_cek(root_for(key_id), day), test_own_header(key_id, day), test_text(claims));
  }
  size_t before = bulla_slab_usage().used;
  struct bulla_aead *one = NULL;
  TEST_OK(bulla_aead_new(&one, test_filled(1, 32)));
  size_t size_of_one = bulla_slab_usage().used - before;
  bulla_aead_free(&one);
  TEST_OK(bulla_verifier_new(&any, &options, find_any, NULL));
  size_t most = 0;
  for (size_t round = 0; round < 3; round++) {
    for (size_t i = 0; i < NUM_KEYS * NUM_DAYS; i++) {
      struct bulla_claims read = BULLA_CLAIMS_INIT;
      char sub[8];
      snprintf(sub, sizeof(sub), "%zu", i);
      int64_t now = TEST_DAY_START + 86399 - (int64_t)(i % NUM_DAYS);
      TEST_STATUS(test_verify(any, &read, tokens[i], now), BULLA_OK);
      TEST_SPAN(read.sub, test_text(sub), "token %zu", i);
      size_t used = bulla_slab_usage().used;
      most = used > most ? used : most;
    }
  }
  /* 256 days' keys are cached, and a few more slots live while one is being derived; roots come in pieces of 64.
   */
  size_t roots = (NUM_KEYS + 63) / 64 * (64 * (size_t)BULLA_KEY_LEN + 128);
  cr_expect_leq(most - before, 260 * size_of_one + roots, "%zu bytes of locked memory", most - before);
  cr_expect_geq(most - before, 256 * size_of_one, "they all fit: that is not what this is to test");
  cr_expect_eq(num_asked, NUM_KEYS, "%zu openings", num_asked);
  bulla_verifier_free(&any);
  cr_expect_eq(bulla_slab_usage().used, before, "the verifier left something in the slab");
}

Test(token_limits, a_minter_serves_any_number_of_days_in_bounded_memory) {
  size_t used = 0;
  for (int64_t round = 0; round < 40; round++) {
    struct bulla_claims claims = test_claims();
    claims.iat = (TEST_DAY + round % 5) * 86400;
    claims.exp = claims.iat + 60;
    TEST_VERIFY(verifier, test_minted(issuer, &claims), claims.iat, BULLA_OK, "round %d", (int)round);
    used = round == 10 ? bulla_slab_usage().used : used;
  }
  cr_expect_eq(bulla_slab_usage().used, used);
}

Test(token_limits, a_full_arena_is_reported_and_passes) {
  struct bulla_claims claims = test_claims();
  struct bulla_span token = test_minted(issuer, &claims);
  struct bulla_secret *filling[8192];
  size_t num = 0;
  while (bulla_secret_new(&filling[num], 1) == BULLA_OK) {
    num++;
  }
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_ARENA_FULL, "verify");
  claims.iat += 86400;
  claims.exp += 86400;
  struct bulla_buffer room = test_room(BULLA_TOKEN_MAX);
  TEST_STATUS(bulla_token_mint(issuer->minter, &room, &claims), BULLA_ARENA_FULL);
  TEST_FAILED(room, "mint");
  while (num > 0) {
    bulla_secret_free(&filling[--num]);
  }
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_OK, "verify, with room again");
  TEST_OK(bulla_token_mint(issuer->minter, &room, &claims));
}

static atomic_bool stop;

/* Mints and verifies tokens of its own, of changing days. Returns how often that went wrong. */
static void *mint_and_verify(void *argument) {
  uintptr_t num_wrong = 0;
  uint8_t sub[4] = {'s', (uint8_t)('0' + (uintptr_t)argument), '0', '0'};
  uint8_t token_room[1024];
  uint8_t payload_room[1024];
  for (int64_t round = 0; !stop || round < 100; round++) {
    sub[2] = (uint8_t)('0' + round % 10);
    sub[3] = (uint8_t)('0' + round / 10 % 10);
    struct bulla_claims claims = {
        .size = sizeof(struct bulla_claims), .org = BULLA_LITERAL("acme"), .sub = bulla_span(sub, sizeof(sub))};
    claims.iat = (TEST_DAY + round / 3 % 4) * 86400 + 50000;
    claims.exp = claims.iat + 60;
    struct bulla_claims read = BULLA_CLAIMS_INIT;
    struct bulla_buffer token = bulla_buffer(token_room, sizeof(token_room));
    struct bulla_buffer payload = bulla_buffer(payload_room, sizeof(payload_room));
    bool good = bulla_token_mint(issuer->minter, &token, &claims) == BULLA_OK &&
                bulla_token_verify(verifier, &read, &payload, bulla_written(&token), claims.iat) == BULLA_OK &&
                test_claims_same(&read, &claims);
    token_room[token.len / 2] ^= 1;
    bool fooled =
        good && bulla_token_verify(verifier, &read, &payload, bulla_written(&token), claims.iat) != BULLA_REFUSED;
    num_wrong += !good || fooled;
  }
  return (void *)num_wrong;
}

Test(token_limits, threads_share_a_minter_and_a_verifier, .timeout = 60) {
  test_for_a_second(4, mint_and_verify, &stop);
}
