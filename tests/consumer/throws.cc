// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The bulla authors

// Callbacks of a verifier that throw: what they leave behind, and that the verifier works on. Exit status 0 if all
// of it went well.

#include <bulla/token.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace {

constexpr int64_t now = 1700000000;

struct world {
  bulla_apikey *apikey = nullptr;
  bulla_verifier *verifier = nullptr;
  uint8_t token[BULLA_TOKEN_MAX];
  size_t token_len = 0;
  bool find_throws = false;
  bool is_live_throws = false;
  bool is_revoked_throws = false;
  int num_found = 0;
  uint64_t generation = 0;
} w;

void must_hold(bool condition, const char *what) {
  if (!condition) {
    std::fprintf(stderr, "%s does not hold\n", what);
    std::exit(1);
  }
}

bulla_status find(void *, struct bulla_span, bulla_token_key *key) {
  w.num_found++;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::memcpy(key->org, "acme", 4);
  key->org_len = 4;
  bulla_status status = bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(w.apikey)));
  if (w.find_throws) {
    throw std::runtime_error("find");
  }
  return status;
}

bulla_status is_live(void *, struct bulla_span) {
  if (w.is_live_throws) {
    throw std::runtime_error("is_live");
  }
  return BULLA_OK;
}

bulla_status is_revoked(void *, struct bulla_span, struct bulla_span) {
  if (w.is_revoked_throws) {
    throw std::runtime_error("is_revoked");
  }
  return BULLA_OK;
}

uint64_t generation(void *) {
  return w.generation;
}

// Verifies the token, or refreshes it, and says whether a callback threw. Outputs must hold nothing then.
bool throws(bool refreshing) {
  uint8_t room[BULLA_PAYLOAD_SIZE] = {0};
  uint8_t token_room[BULLA_TOKEN_MAX];
  struct bulla_buffer payload = bulla_buffer(room, sizeof(room));
  struct bulla_buffer fresh = bulla_buffer(token_room, sizeof(token_room));
  struct bulla_span token = bulla_span(w.token, w.token_len);
  bulla_claims claims = {};
  claims.size = sizeof claims;
  try {
    bulla_status status = refreshing ? bulla_token_refresh(w.verifier, &fresh, &payload, token, now + 1)
                                     : bulla_token_verify(w.verifier, &claims, &payload, token, now + 1);
    must_hold(status == BULLA_OK, "verification");
    return false;
  } catch (const std::runtime_error &) {
    must_hold(payload.len == 0 && claims.sub.len == 0, "nothing is left of the claims");
    must_hold(std::memchr(room, 'a', sizeof(room)) == nullptr, "nothing is left of the payload");
    return true;
  }
}

void make() {
  bulla_secret *string = nullptr;
  bulla_minter *minter = nullptr;
  must_hold(bulla_apikey_generate(&w.apikey, &string) == BULLA_OK, "bulla_apikey_generate");
  bulla_secret_free(&string);
  must_hold(bulla_minter_new(&minter, w.apikey) == BULLA_OK, "bulla_minter_new");
  struct bulla_buffer token = bulla_buffer(w.token, sizeof(w.token));
  bulla_claims claims = {};
  claims.size = sizeof claims;
  claims.org = bulla_span("acme", 4);
  claims.sub = bulla_span("alice", 5);
  claims.jti = bulla_span("a", 1);
  claims.iat = now;
  must_hold(bulla_token_mint(minter, &token, &claims) == BULLA_OK, "bulla_token_mint");
  bulla_minter_free(&minter);
  w.token_len = token.len;
  bulla_verifier_options options = {};
  options.size = sizeof options;
  options.is_revoked = is_revoked;
  options.is_live = is_live;
  options.generation = generation;
  must_hold(bulla_verifier_new(&w.verifier, &options, find, nullptr) == BULLA_OK, "bulla_verifier_new");
}

}  // namespace

int main() {
  make();
  w.find_throws = true;
  for (int i = 0; i < 3; i++) {
    must_hold(throws(i == 1), "find throws");
  }
  w.find_throws = false;
  std::thread other([] { must_hold(!throws(false), "another thread verifies"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  must_hold(!throws(false), "this thread verifies");
  other.join();
  must_hold(w.num_found == 4, "this thread waits for the other's answer");

  w.is_revoked_throws = true;
  must_hold(throws(false) && throws(true), "is_revoked throws");
  w.is_revoked_throws = false;
  w.is_live_throws = true;
  w.generation = 2;
  must_hold(throws(false) && throws(true), "is_live throws");
  w.is_live_throws = false;
  must_hold(!throws(false) && !throws(true) && w.num_found == 4, "the key is still known");
  bulla_verifier_free(&w.verifier);
  bulla_apikey_free(&w.apikey);
  return 0;
}
