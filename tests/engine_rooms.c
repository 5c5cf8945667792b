/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See tests/engine_rooms.h. */

#include "tests/engine_rooms.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, NUM_ROOMS = 8 + 2 * MAX_SUBJECTS, MAX_SMALL = 1 << 14 };
enum room { ROOM_IN, ROOM_OUT, ROOM_HEAD, ROOM_TAIL, ROOM_NONCE, ROOM_TAG, ROOM_CONTEXTS };

static uint8_t *rooms[NUM_ROOMS]; /* ROOM_LEN bytes each, with a page before and one behind that nobody may touch */
static uint8_t expected[ROOM_LEN];
static uint8_t expected_tag[BULLA_TAG_LEN];
static uint8_t noise[2 * ROOM_LEN];
static uint64_t state;

struct subject subjects[MAX_SUBJECTS];
size_t num_subjects;
const char *missing[MAX_SUBJECTS];
size_t num_missing;

/* BoringSSL's. */
static const struct bulla_engine *const reference = &bulla_engine_boringssl;
static _Alignas(64) uint8_t reference_context[BULLA_ENGINE_CONTEXT_MAX];
static _Alignas(64) uint8_t reference_xaes_key[BULLA_ENGINE_CONTEXT_MAX];

/* What is being done, for who must say what went wrong. */
static struct {
  const char *step;
  const struct subject *subject;
  const struct message *message;
  size_t bit;
  uint8_t key[32];
} now = {.step = "start"};

static void print_hex(const char *name, const uint8_t *bytes, size_t len) {
  printf("#   %s ", name);
  for (size_t i = 0; i < len && i < 64; i++) {
    printf("%02x", bytes[i]);
  }
  printf("\n");
}

_Noreturn static void fail(const char *what) {
  const struct message *message = now.message;
  printf("# %s: %s%s\n", now.subject != NULL ? now.subject->engine->name : "boringssl", now.step, what);
  print_hex("key", now.key, sizeof(now.key));
  if (message != NULL) {
    printf("#   %zu bytes, %zu of additional data, its head %zu, nonce %zu, layout %u, bit %zu\n", message->text.len,
           message->data.len, message->split, message->nonce.len, message->layout, now.bit);
    print_hex("nonce", message->nonce.data, message->nonce.len);
    print_hex("text", message->text.data, message->text.len);
    print_hex("data", message->data.data, message->data.len);
  }
  fflush(stdout);
  _exit(1);
}

/* What it calls is not safe in a handler, but the program ends here. */
static void touched(int signal) {
  fail(signal == SIGSEGV ? ": touches what is not in its buffers" : ": ends by a signal");
}

static uint8_t *new_room(void) {
  uint8_t *pages = mmap(NULL, ROOM_LEN + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED || mprotect(pages + PAGE, ROOM_LEN, PROT_READ | PROT_WRITE) != 0) {
    perror("mmap");
    exit(2);
  }
  return pages + PAGE;
}

static void find_subjects(void) {
  static const struct {
    enum bulla_engine_choice choice;
    const char *name;
  } choices[MAX_SUBJECTS] = {{BULLA_ENGINE_VAES_512, "vaes-512"}, {BULLA_ENGINE_VAES_256, "vaes-256"}};
  for (size_t i = 0; i < MAX_SUBJECTS; i++) {
    struct subject *subject = &subjects[num_subjects];
    if (bulla_engine_choose(choices[i].choice) != BULLA_OK ||
        bulla_engine_for(&subject->engine, BULLA_KEY_LEN) != BULLA_OK) {
      missing[num_missing++] = choices[i].name;
      continue;
    }
    /* Both end right before a guard page, as far as they are aligned. */
    const struct bulla_engine *engine = subject->engine;
    subject->context = rooms[ROOM_CONTEXTS + 2 * i] + (ROOM_LEN - engine->context_len) / 64 * 64;
    subject->xaes_key = rooms[ROOM_CONTEXTS + 2 * i + 1] + (ROOM_LEN - engine->xaes_len) / 64 * 64;
    num_subjects++;
  }
}

void rooms_start(void) {
  const struct sigaction action = {.sa_handler = touched};
  for (int i = 0; i < NUM_ROOMS; i++) {
    rooms[i] = new_room();
  }
  for (int i = 0; i < 3; i++) {
    sigaction((const int[]){SIGSEGV, SIGBUS, SIGILL}[i], &action, NULL);
  }
  if (!reference->is_usable()) {
    fail(": there is no BoringSSL");
  }
  find_subjects();
  random_seed(1);
  for (size_t i = 0; i < sizeof(noise); i++) {
    noise[i] = (uint8_t)random_below(256);
  }
}

void random_seed(uint64_t seed) {
  state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* xorshift64* */
uint32_t random_below(uint32_t num) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (uint32_t)((state * UINT64_C(0x2545f4914f6cdd1d) >> 32) * num >> 32);
}

const uint8_t *random_bytes(size_t len) {
  return noise + random_below((uint32_t)(sizeof(noise) - len));
}

static void check(enum bulla_status status, const char *what) {
  if (status != BULLA_OK) {
    fail(what);
  }
}

void use_key(const uint8_t *key) {
  memcpy(now.key, key, sizeof(now.key));
  memset(reference_context, 0, sizeof(reference_context));
  memset(reference_xaes_key, 0, sizeof(reference_xaes_key));
  check(reference->expand(reference_context, bulla_span(key, BULLA_KEY_LEN)), ": expand");
  check(reference->expand_xaes(reference_xaes_key, key), ": expand_xaes");
  for (size_t i = 0; i < num_subjects; i++) {
    const struct bulla_engine *engine = subjects[i].engine;
    now.subject = &subjects[i];
    now.step = "expand";
    memset(subjects[i].context, 0, engine->context_len);
    check(engine->expand(subjects[i].context, bulla_span(key, BULLA_KEY_LEN)), " fails");
    now.step = "expand_xaes";
    memset(subjects[i].xaes_key, 0, engine->xaes_len);
    check(engine->expand_xaes(subjects[i].xaes_key, key), " fails");
  }
}

void derive_key(const uint8_t *nonce, size_t len) {
  now.message = NULL;
  now.step = "derive";
  memset(reference_context, 0, sizeof(reference_context));
  check(reference->derive(reference_context, reference_xaes_key, nonce, len), " fails");
  for (size_t i = 0; i < num_subjects; i++) {
    now.subject = &subjects[i];
    memset(subjects[i].context, 0, subjects[i].engine->context_len);
    check(subjects[i].engine->derive(subjects[i].context, subjects[i].xaes_key, nonce, len), " fails");
  }
}

void expect(const struct message *message) {
  const struct bulla_aad aad = {message->data.data, message->data.len, NULL, 0};
  now.subject = NULL;
  now.message = message;
  now.step = "seal";
  check(reference->seal(reference_context, expected, expected_tag, message->nonce.data, message->nonce.len,
                        message->text.data, message->text.len, &aad),
        " fails");
}

/* Where |len| bytes lie in |room|, of which |bit| of the layout says whether it is at the end. */
static uint8_t *place_in(enum room room, size_t len, unsigned layout, unsigned bit) {
  if ((layout & UNGUARDED) != 0) {
    return rooms[room] + PAGE + len % 64;
  }
  return rooms[room] + ((layout & bit) != 0 ? ROOM_LEN - len : 0);
}

static uint8_t *place(enum room room, const uint8_t *bytes, size_t len, unsigned layout, unsigned bit) {
  uint8_t *at = place_in(room, len, layout, bit);
  if (len > 0) {
    memcpy(at, bytes, len);
  }
  return at;
}

struct placed {
  struct bulla_aad aad;
  uint8_t *head;
  uint8_t *tail;
  uint8_t *nonce;
  uint8_t *tag;
  uint8_t *in;
  uint8_t *out;
};

static struct placed place_message(const struct message *message, const uint8_t *text) {
  unsigned layout = message->layout;
  size_t head_len = message->split;
  size_t tail_len = message->data.len - head_len;
  size_t len = message->text.len;
  struct placed placed = {
      .head = place(ROOM_HEAD, message->data.data, head_len, layout, HEAD_AT_END),
      .tail = place(ROOM_TAIL, message->data.data + head_len, tail_len, layout, TAIL_AT_END),
      .nonce = place(ROOM_NONCE, message->nonce.data, message->nonce.len, layout, REST_AT_END),
      .tag = place(ROOM_TAG, expected_tag, BULLA_TAG_LEN, layout, REST_AT_END),
      .in = place(ROOM_IN, text, len, layout, IN_AT_END),
  };
  placed.aad = (struct bulla_aad){placed.head, head_len, placed.tail, tail_len};
  placed.out = placed.in;
  if ((layout & IN_PLACE) == 0) {
    placed.out = place_in(ROOM_OUT, len, layout, OUT_AT_END);
    memset(placed.out, 0xa5, len);
  }
  if ((layout & NULL_IF_EMPTY) != 0) {
    placed.aad.head = head_len > 0 ? placed.aad.head : NULL;
    placed.aad.tail = tail_len > 0 ? placed.aad.tail : NULL;
    placed.in = len > 0 ? placed.in : NULL;
    placed.out = len > 0 ? placed.out : NULL;
  }
  return placed;
}

static bool is_same(const uint8_t *a, const uint8_t *b, size_t len) {
  return len == 0 || memcmp(a, b, len) == 0;
}

/* Opens what lies in |placed|. */
static enum bulla_status open_placed(const struct subject *subject, const struct message *message,
                                     const struct placed *placed) {
  return subject->engine->open(subject->context, placed->out, placed->tag, placed->nonce, message->nonce.len,
                               placed->in, message->text.len, &placed->aad);
}

void compare(const struct subject *subject, const struct message *message) {
  now.subject = subject;
  now.message = message;
  now.step = "seal";
  size_t len = message->text.len;
  struct placed placed = place_message(message, message->text.data);
  memset(placed.tag, 0xa5, BULLA_TAG_LEN);
  check(subject->engine->seal(subject->context, placed.out, placed.tag, placed.nonce, message->nonce.len, placed.in,
                              len, &placed.aad),
        " fails");
  if (!is_same(placed.out, expected, len)) {
    fail(": another ciphertext");
  }
  if (!is_same(placed.tag, expected_tag, BULLA_TAG_LEN)) {
    fail(": another tag");
  }
  now.step = "open";
  placed = place_message(message, expected);
  check(open_placed(subject, message, &placed), " refuses it");
  if (!is_same(placed.out, message->text.data, len)) {
    fail(": another plaintext");
  }
}

bool refuse(const struct subject *subject, const struct message *message, size_t bit) {
  now.subject = subject;
  now.message = message;
  now.step = "open of a forgery";
  now.bit = bit;
  struct placed placed = place_message(message, expected);
  const struct {
    uint8_t *bytes;
    size_t len;
  } parts[] = {{placed.tag, BULLA_TAG_LEN},
               {placed.in, message->text.len},
               {placed.head, placed.aad.head_len},
               {placed.tail, placed.aad.tail_len},
               {placed.nonce, message->nonce.len}};
  size_t byte = bit / 8;
  for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    if (byte < parts[i].len) {
      parts[i].bytes[byte] ^= (uint8_t)(1 << bit % 8);
      if (open_placed(subject, message, &placed) != BULLA_REFUSED) {
        fail(" opens");
      }
      return true;
    }
    byte -= parts[i].len;
  }
  return false;
}
