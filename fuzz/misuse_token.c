/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The part of fuzz/misuse.c that calls bulla/token.h. */

#include "fuzz/fuzz.h"
#include "fuzz/misuse.h"
#include "token/day_cache.h"

enum { MAX_SLOTS = 6, MAX_TAGS = 8, TAG_WORDS = 5 };

static const int64_t now = 1700000000;

static struct {
  struct bulla_apikey *apikey;
  struct bulla_minter *minter;
  struct bulla_verifier *verifier;
  struct bulla_buffer token;
  size_t refreshed_len; /* what refreshing it makes of it */
} kit;

/* What the verifier's functions say, and how often one was asked. */
static struct {
  enum bulla_status find;
  enum bulla_status is_revoked;
  uint64_t generation;
  bool known;      /* the key is, to the verifier, */
  uint64_t cached; /* and is good in this generation */
  bool moves;      /* the generation does, while the key is asked for */
  int num_asked;
} world;

/* In every other generation the key is forgotten as it begins. */
static bool stays(void) {
  return world.generation % 2 == 0;
}

static enum bulla_status is_live(void *arg, struct bulla_span key_id) {
  (void)arg;
  FUZZ_ASSERT(world.known && world.cached != world.generation);
  FUZZ_ASSERT(bulla_span_equal(key_id, bulla_apikey_id(kit.apikey)));
  world.known = stays();
  world.cached = world.generation;
  return world.known ? BULLA_OK : BULLA_NOT_FOUND;
}

/* move_on begins a generation, and verifies in it. */
static void move_on(void) {
  static uint8_t room[2048];
  struct bulla_buffer payload = bulla_buffer(room, sizeof(room));
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  world.moves = false;
  world.generation++;
  FUZZ_ASSERT(bulla_token_verify(kit.verifier, &claims, &payload, bulla_written(&kit.token), now) == world.is_revoked);
  FUZZ_ASSERT(world.num_asked == 2);
  world.num_asked = 1;
  world.known = true;
  world.cached = world.generation;
}

static enum bulla_status find_key(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  (void)arg;
  if (!bulla_span_equal(key_id, bulla_apikey_id(kit.apikey))) {
    return BULLA_NOT_FOUND;
  }
  world.num_asked++;
  if (world.find != BULLA_OK) {
    return world.find;
  }
  if (world.moves) {
    move_on();
  }
  memcpy(key->org, "acme", 4);
  key->org_len = 4;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(kit.apikey)));
}

static enum bulla_status is_revoked(void *arg, struct bulla_span org, struct bulla_span jti) {
  (void)arg;
  FUZZ_ASSERT(bulla_span_equal(org, BULLA_LITERAL("acme")) && bulla_span_equal(jti, BULLA_LITERAL("session")));
  return world.is_revoked;
}

static uint64_t generation(void *arg) {
  (void)arg;
  return world.generation;
}

static struct bulla_claims claims_of(void) {
  static const char name[] =
      "a \"name\" so long that the claims are more bytes than any room that is to be too small for "
      "them has in this target";
  struct bulla_claims claims = {.size = sizeof(struct bulla_claims),
                                .org = BULLA_LITERAL("acme"),
                                .sub = BULLA_LITERAL(name),
                                .iat = now,
                                .exp = now + 60,
                                .jti = BULLA_LITERAL("session")};
  return claims;
}

/* long_object returns attributes for which no room of mint() is enough. */
static struct bulla_span long_object(void) {
  static char json[512];
  memset(json, ' ', sizeof(json));
  json[0] = '{';
  json[sizeof(json) - 1] = '}';
  return bulla_span(json, sizeof(json));
}

/* spoil puts something wrong into |claims|, or not, and returns what. */
static uint64_t spoil(struct bulla_claims *claims, uint8_t choice) {
  const int64_t too_late = INT64_C(253402300800);
  switch (choice % 16) {
    case 0:
      claims->org.len = 0;
      return MISUSE(BULLA_INVALID_ARGUMENT);
    case 1:
      claims->org = bulla_span(misuse_bytes, BULLA_TOKEN_ORG_MAX + 1);
      return MISUSE(BULLA_INVALID_ARGUMENT);
    case 2:
      claims->sub.len = 0;
      return MISUSE(BULLA_INVALID_ARGUMENT);
    case 3:
      claims->iat = -1;
      return MISUSE(BULLA_INVALID_ARGUMENT);
    case 4:
      claims->iat = too_late;
      claims->exp = 0;
      return MISUSE(BULLA_INVALID_ARGUMENT);
    case 5:
      claims->exp = claims->iat;
      return MISUSE(BULLA_INVALID_ARGUMENT);
    case 6:
      claims->exp = claims->iat + BULLA_TOKEN_LIFETIME_MAX + 1;
      return MISUSE(BULLA_INVALID_ARGUMENT);
    case 7:
      claims->nbf = choice < 128 ? -1 : too_late;
      return MISUSE(BULLA_INVALID_ARGUMENT);
    case 8:
      claims->attrs = BULLA_LITERAL("[]");
      return MISUSE(BULLA_INVALID_TEXT);
    case 9:
      claims->more = BULLA_LITERAL("{\"org\":\"other\"}");
      return MISUSE(BULLA_INVALID_TEXT);
    case 10:
      claims->iss = BULLA_LITERAL("\xff");
      return MISUSE(BULLA_INVALID_TEXT);
    case 11:
      claims->more = BULLA_LITERAL("{");
      return MISUSE(BULLA_INVALID_TEXT);
    case 12:
      claims->attrs = long_object();
      return MISUSE(BULLA_BUFFER_TOO_SMALL);
    default:
      return 0;
  }
}

static void mint(struct bulla_reader *in) {
  struct bulla_claims claims = claims_of();
  uint64_t wrongs = misuse_forked | misuse_exhausted | spoil(&claims, misuse_byte(in));
  struct bulla_buffer token = misuse_room(in, kit.token.len, &wrongs);
  /* What is wrong with the text beyond a room is not known. */
  misuse_done(bulla_token_mint(kit.minter, &token, &claims), wrongs, &token, kit.token.len);
}

/* mint_long mints claims that come to about as much as a token may have. */
static void mint_long(struct bulla_reader *in) {
  static uint8_t name[BULLA_TOKEN_MAX];
  size_t len = misuse_byte(in) * (size_t)32;
  len += misuse_byte(in) % 32U;
  size_t size = BULLA_TOKEN_MAX + (misuse_byte(in) & 1) * (size_t)BULLA_TOKEN_MAX;
  struct bulla_claims claims = claims_of();
  memset(name, 'a', sizeof(name));
  size_t more = (len - (len < claims.sub.len ? len : claims.sub.len)) * 4 / 3;
  claims.sub = bulla_span(name, len);
  uint64_t wrongs = misuse_forked | misuse_exhausted | (len == 0 ? MISUSE(BULLA_INVALID_ARGUMENT) : 0);
  if (kit.token.len + more > BULLA_TOKEN_MAX + 4) {
    wrongs |= MISUSE(BULLA_TOO_LARGE);
  } else if (kit.token.len + more > BULLA_TOKEN_MAX - 4) {
    return; /* a matter of some bits */
  }
  struct bulla_buffer token = bulla_buffer(fuzz_alloc(size), size);
  enum bulla_status status = bulla_token_mint(kit.minter, &token, &claims);
  FUZZ_ASSERT(token.len <= BULLA_TOKEN_MAX);
  misuse_done(status, wrongs, &token, token.len);
}

/* clash returns |token| with a bit each changed in two words of its header: one that is like a header that the
 * verifier knows, and is not it. */
static struct bulla_span clash(uint8_t *copy, struct bulla_span token, uint8_t word, uint8_t bit) {
  const uint8_t *dot = memchr(token.data, '.', token.len);
  size_t at = (size_t)(dot - token.data) - sizeof(uint64_t) * (TAG_WORDS - word % (TAG_WORDS - 1));
  memcpy(copy, token.data, token.len);
  for (size_t i = 0; i < 2; i++) {
    uint64_t value;
    memcpy(&value, copy + at + i * sizeof(value), sizeof(value));
    value ^= UINT64_C(1) << (bit + i * 23) % 64;
    memcpy(copy + at + i * sizeof(value), &value, sizeof(value));
  }
  return bulla_span(copy, token.len);
}

static enum bulla_status failure(struct bulla_reader *in) {
  return (enum bulla_status)(1 + misuse_byte(in) % BULLA_VAULT_SHARED);
}

/* What a verification was given. */
struct occasion {
  struct bulla_span token;
  int64_t now;
  uint64_t wrongs;
  bool asks; /* for the key */
  uint64_t generation;
  bool may_be_small; /* the room for the claims */
};

static struct occasion occasion_of(struct bulla_reader *in, uint8_t *copy, bool may_move) {
  enum {
    NEW_GENERATION = 1,
    FAILS_TO_FIND = 2,
    IS_REVOKED = 4,
    BAD_CLOCK = 8,
    CLASH = 16,
    LATE = 32,
    TOO_LATE = 64,
    MOVES = 128
  };
  uint8_t choice = misuse_byte(in);
  struct occasion occasion = {bulla_written(&kit.token), now, misuse_forked, misuse_forked == 0};
  world.generation += (choice & NEW_GENERATION) != 0 ? 1 : 0;
  world.find = (choice & FAILS_TO_FIND) != 0 ? failure(in) : BULLA_OK;
  world.is_revoked = (choice & IS_REVOKED) != 0 ? failure(in) : BULLA_OK;
  world.num_asked = 0;
  if ((choice & BAD_CLOCK) != 0) {
    occasion.now = misuse_byte(in) < 128 ? -1 : INT64_C(253402300800);
    occasion.wrongs |= MISUSE(BULLA_INVALID_ARGUMENT);
    occasion.asks = false;
  } else if ((choice & LATE) != 0) {
    occasion.now += 60;
    occasion.wrongs |= MISUSE(BULLA_EXPIRED);
  } else if ((choice & TOO_LATE) != 0) {
    /* So late that nobody asks what the claims say. */
    occasion.now += INT64_C(2) * BULLA_SECONDS_PER_DAY;
    occasion.wrongs |= MISUSE(BULLA_REFUSED);
    occasion.asks = false;
  }
  if ((choice & CLASH) != 0) {
    uint8_t word = misuse_byte(in);
    occasion.token = clash(copy, occasion.token, word, misuse_byte(in));
    occasion.wrongs |= MISUSE(BULLA_REFUSED);
    occasion.asks = false;
  }
  occasion.generation = world.generation;
  bool knows = world.known && (world.cached == world.generation || stays());
  occasion.asks = occasion.asks && !knows;
  if (occasion.asks && world.find != BULLA_OK) {
    occasion.wrongs |= MISUSE(world.find == BULLA_NOT_FOUND ? BULLA_REFUSED : world.find);
  }
  world.moves = (choice & MOVES) != 0 && may_move && occasion.asks && world.find == BULLA_OK;
  occasion.wrongs |= world.is_revoked != BULLA_OK ? MISUSE(world.is_revoked) : 0;
  return occasion;
}

/* check_asked asserts that the verifier asked when it had to. A header that is not the token's may still be one of
 * its key, spelled in another way. */
static void check_asked(const struct occasion *occasion) {
  bool clashes = occasion->token.data != kit.token.data;
  FUZZ_ASSERT(clashes || world.num_asked == (occasion->asks ? 1 : 0));
  if (!clashes && world.num_asked > 0 && world.find == BULLA_OK && world.generation == occasion->generation) {
    world.known = true;
    world.cached = occasion->generation;
  }
}

/* payload_room is enough for the claims, or less than they are, or between: there it may be too small. */
static struct bulla_buffer payload_room(struct bulla_reader *in, struct occasion *occasion) {
  enum { BETWEEN = 64, LESS = 128 };
  uint8_t byte = misuse_byte(in);
  size_t enough = kit.token.len * 3 / 2;
  size_t size = byte < BETWEEN ? enough + byte
                : byte < LESS  ? enough / 2 + (byte - (size_t)BETWEEN) * 4
                               : byte - (size_t)LESS;
  occasion->may_be_small = size < enough;
  occasion->wrongs |= byte < LESS ? 0 : MISUSE(BULLA_BUFFER_TOO_SMALL);
  return bulla_buffer(fuzz_alloc(size), size);
}

/* wrongs_seen returns what is wrong, now that |status| is known. */
static uint64_t wrongs_seen(const struct occasion *occasion, enum bulla_status status) {
  bool was_small = occasion->may_be_small && status == BULLA_BUFFER_TOO_SMALL;
  return occasion->wrongs | (was_small ? MISUSE(status) : 0);
}

static void verify(struct bulla_reader *in) {
  uint8_t copy[1024];
  static const struct bulla_claims none = BULLA_CLAIMS_INIT;
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct occasion occasion = occasion_of(in, copy, true);
  struct bulla_buffer payload = payload_room(in, &occasion);
  memset(&claims, FUZZ_FILL, sizeof(claims));
  claims.size = sizeof(claims);
  enum bulla_status status = bulla_token_verify(kit.verifier, &claims, &payload, occasion.token, occasion.now);
  check_asked(&occasion);
  FUZZ_ASSERT(status == BULLA_OK ? bulla_span_equal(claims.jti, BULLA_LITERAL("session"))
                                 : memcmp(&claims, &none, sizeof(none)) == 0);
  misuse_done(status, wrongs_seen(&occasion, status), &payload, payload.len);
}

static void refresh(struct bulla_reader *in) {
  uint8_t copy[1024];
  struct occasion occasion = occasion_of(in, copy, false);
  struct bulla_buffer payload = payload_room(in, &occasion);
  struct bulla_buffer token = misuse_room(in, kit.refreshed_len, &occasion.wrongs);
  occasion.wrongs |= misuse_exhausted;
  enum bulla_status status = bulla_token_refresh(kit.verifier, &token, &payload, occasion.token, occasion.now);
  check_asked(&occasion);
  misuse_done(status, wrongs_seen(&occasion, status), &payload, payload.len);
  misuse_done(status, wrongs_seen(&occasion, status), &token, kit.refreshed_len);
}

static void make_verifier(struct bulla_reader *in) {
  const int64_t edges[] = {
      0,         -1,       BULLA_TOKEN_LEEWAY_MAX, BULLA_TOKEN_LEEWAY_MAX + 1, BULLA_SESSION_MAX, BULLA_SESSION_MAX + 1,
      INT64_MAX, INT64_MIN};
  struct bulla_verifier_options options = BULLA_VERIFIER_OPTIONS_INIT;
  options.leeway = edges[misuse_byte(in) % 8];
  options.session = edges[misuse_byte(in) % 8];
  options.aud = bulla_span(misuse_bytes, misuse_len(in));
  options.iss = bulla_span(misuse_bytes, misuse_len(in));
  options.max_keys = options.aud.len == 3 ? BULLA_KEYS_MAX + 1 : options.aud.len;
  bool good = options.max_keys <= BULLA_KEYS_MAX && options.leeway >= 0 && options.leeway <= BULLA_TOKEN_LEEWAY_MAX &&
              options.session >= 0 && options.session <= BULLA_SESSION_MAX && options.aud.len <= 256 &&
              options.iss.len <= 256;
  struct bulla_verifier *verifier = kit.verifier;
  enum bulla_status status = bulla_verifier_new(&verifier, &options, find_key, NULL);
  FUZZ_ASSERT((verifier != NULL) == misuse_check(status, good ? 0 : MISUSE(BULLA_INVALID_ARGUMENT)));
  bulla_verifier_free(&verifier);
}

static void use_apikey(struct bulla_reader *in) {
  struct bulla_span id = bulla_apikey_id(kit.apikey);
  uint8_t choice = misuse_byte(in);
  int64_t day = choice % 4 == 0 ? -1 : choice % 4 == 1 ? BULLA_DAY_LAST + 1 : choice;
  id.len -= choice < 16 ? 1 : 0;
  uint64_t wrongs = misuse_forked | (choice < 16 || choice % 4 < 2 ? MISUSE(BULLA_INVALID_ARGUMENT) : 0);
  struct bulla_secret *jwk = (struct bulla_secret *)misuse_bytes;
  enum bulla_status status = bulla_apikey_day_jwk(&jwk, bulla_apikey_token_root(kit.apikey), id, day);
  FUZZ_ASSERT((jwk != NULL) == misuse_check(status, wrongs));
  bulla_secret_free(&jwk);
  struct bulla_minter *minter = kit.minter;
  status = bulla_minter_new(&minter, kit.apikey);
  FUZZ_ASSERT((minter != NULL) == misuse_check(status, misuse_forked));
  bulla_minter_free(&minter);
}

/* use_cache puts keys into a small cache of days under tags that clash: what is found under a tag is the key put
 * there last, and the newest of all is always found. */
static void use_cache(struct bulla_reader *in) {
  int64_t last[MAX_TAGS] = {0}; /* the day under each tag, plus one */
  struct bulla_day_cache *cache = NULL;
  FUZZ_ASSERT(bulla_day_cache_new(&cache, 1 + misuse_byte(in) % MAX_SLOTS) == BULLA_OK);
  for (int i = 0; i < 12; i++) {
    uint8_t choice = misuse_byte(in);
    uint64_t tag = 1 + choice % (MAX_TAGS - 1);
    struct bulla_day_key key = {0};
    bulla_day_key_name(&key, bulla_apikey_id(kit.apikey), choice);
    struct bulla_span header = bulla_span(key.header, key.header_len);
    struct bulla_day_pin pin = bulla_day_cache_find(cache, tag, choice < 64 ? bulla_span(NULL, 0) : header);
    FUZZ_ASSERT(pin.key == NULL || (pin.key->day + 1 == last[tag] && (choice < 64 || pin.key->day == key.day)));
    if (pin.key == NULL && choice < 240) {
      pin = bulla_day_cache_insert(cache, tag, &key);
      last[tag] = key.day + 1;
      FUZZ_ASSERT(pin.key->day == key.day);
      bulla_day_cache_release(&pin);
      pin = bulla_day_cache_find(cache, tag, header);
      FUZZ_ASSERT(pin.key != NULL && pin.key->day == key.day);
    }
    bulla_day_cache_release(&pin);
    if (choice >= 240) {
      bulla_day_cache_drop_key(cache, bulla_apikey_id(kit.apikey).data);
      memset(last, 0, sizeof(last));
    }
  }
  bulla_day_cache_free(&cache);
}

void misuse_token_begin(void) {
  world.generation++;
}

void misuse_token(struct bulla_reader *in, uint8_t kind) {
  static void (*const calls[])(struct bulla_reader * in) = {
      mint, mint_long, verify, refresh, make_verifier, use_apikey, use_cache, verify,
  };
  calls[kind % (sizeof(calls) / sizeof(calls[0]))](in);
}

void misuse_token_make(void) {
  const struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options),
                                                 .is_revoked = is_revoked,
                                                 .generation = generation,
                                                 .is_live = is_live};
  struct bulla_claims claims = claims_of();
  struct bulla_secret *string = NULL;
  uint8_t refreshed_room[1024];
  struct bulla_buffer refreshed = bulla_buffer(refreshed_room, sizeof(refreshed_room));
  uint8_t payload_room[BULLA_PAYLOAD_SIZE];
  struct bulla_buffer payload = bulla_buffer(payload_room, sizeof(payload_room));
  kit.token = bulla_buffer(fuzz_alloc(1024), 1024);
  FUZZ_ASSERT(bulla_apikey_generate(&kit.apikey, &string) == BULLA_OK);
  FUZZ_ASSERT(bulla_minter_new(&kit.minter, kit.apikey) == BULLA_OK);
  FUZZ_ASSERT(bulla_verifier_new(&kit.verifier, &options, find_key, NULL) == BULLA_OK);
  FUZZ_ASSERT(bulla_token_mint(kit.minter, &kit.token, &claims) == BULLA_OK);
  world.find = world.is_revoked = BULLA_OK;
  FUZZ_ASSERT(bulla_token_refresh(kit.verifier, &refreshed, &payload, bulla_written(&kit.token), now) == BULLA_OK);
  world.known = true;
  world.cached = world.generation;
  kit.refreshed_len = refreshed.len;
  bulla_secret_free(&string);
}

void misuse_token_free(void) {
  bulla_verifier_free(&kit.verifier);
  bulla_minter_free(&kit.minter);
  bulla_apikey_free(&kit.apikey);
  free(kit.token.data);
}
