/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Engines, one instruction at a time: what valgrind does not know, VAES and AVX-512, the processor steps through by
 * itself. Each call is made several times, of the same lengths and with the same buffers, and each time with other
 * secrets. At each step the instruction pointer must be what it was, lest something jumps by a secret; and all general
 * registers too, of which addresses are made. No secret comes into one, but for whether the tag was right.
 *
 * Usage: traced FILE, to which go the places of all instructions that were executed: tests/ct/traced.py compares them
 * with what there is. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <bulla/jose.h>

#include "core/crypto.h"
#include "core/cursor.h"
#include "core/engine.h"

enum { MAX_STEPS = 1 << 18, NUM_REGISTERS = 16, MAX_LEN = 4096, MAX_DATA = 2048, MAX_CODE = 1 << 24, MAX_TRIES = 3 };

/* In the order of ucontext_t. */
static const char *const names[NUM_REGISTERS] = {"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
                                                 "rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx", "rsp"};

struct step {
  uint64_t at;
  uint64_t registers[NUM_REGISTERS];
};

/* The linker's: where the program begins. */
extern const char __executable_start[];

static struct step *first; /* what the first call of several did */
static size_t num_steps;
static size_t at_step;
static bool is_first;
static bool only_places; /* registers may differ */
static int num_tries = MAX_TRIES;
static bool differs;
static char told[256];
static uint8_t executed[MAX_CODE];

static void note(const ucontext_t *context) {
  struct step step = {.at = (uint64_t)context->uc_mcontext.gregs[REG_RIP]};
  for (int i = 0; i < NUM_REGISTERS; i++) {
    step.registers[i] = (uint64_t)context->uc_mcontext.gregs[i];
  }
  size_t place = (size_t)(step.at - (uint64_t)__executable_start);
  if (place < MAX_CODE) {
    executed[place] = 1;
  }
  if (is_first && at_step < MAX_STEPS) {
    first[at_step] = step;
    num_steps = at_step + 1;
  } else if (at_step >= num_steps || first[at_step].at != step.at) {
    if (!differs) {
      snprintf(told, sizeof(told), "step %zu of %zu is at %zx", at_step, num_steps, place);
    }
    differs = true;
  }
  for (int i = 0; i < NUM_REGISTERS && !differs && !only_places; i++) {
    if (first[at_step].registers[i] != step.registers[i]) {
      snprintf(told, sizeof(told), "before step %zu at %zx there is another %s", at_step, place, names[i]);
      differs = true;
    }
  }
  at_step++;
}

static void stepped(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  note(context);
}

/* Calls |function| with eight arguments and the trap flag; what the caller's registers hold is not seen. */
uint64_t trace_call(void (*function)(void), const uint64_t arguments[8]);
__asm__(
    ".text\n"
    ".type trace_call, @function\n"
    "trace_call:\n"
    "  pushq %rbx\n  pushq %rbp\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  subq $8, %rsp\n"
    "  movq %rdi, %r11\n  movq %rsi, %r10\n"
    "  pushq 56(%r10)\n  pushq 48(%r10)\n"
    "  movq (%r10), %rdi\n  movq 8(%r10), %rsi\n  movq 16(%r10), %rdx\n"
    "  movq 24(%r10), %rcx\n  movq 32(%r10), %r8\n  movq 40(%r10), %r9\n"
    "  xorl %eax, %eax\n  xorl %ebx, %ebx\n  xorl %ebp, %ebp\n  xorl %r12d, %r12d\n  xorl %r13d, %r13d\n"
    "  xorl %r14d, %r14d\n  xorl %r15d, %r15d\n"
    "  pushfq\n  orq $0x100, (%rsp)\n  popfq\n"
    "  call *%r11\n"
    "  pushfq\n  andq $~0x100, (%rsp)\n  popfq\n"
    "  addq $24, %rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbp\n  popq %rbx\n"
    "  ret\n"
    ".size trace_call, . - trace_call\n");

/* Makes the |try|th of several calls that must not differ. */
static uint64_t traced(int try, void (*function)(void), const uint64_t arguments[8]) {
  at_step = 0;
  is_first = try == 0;
  uint64_t result = trace_call(function, arguments);
  if (!differs && at_step != num_steps) {
    snprintf(told, sizeof(told), "%zu steps, not %zu", at_step, num_steps);
    differs = true;
  }
  return result;
}

#define CALL(try, function, ...) traced(try, (void (*)(void))(function), (const uint64_t[8]){__VA_ARGS__})
#define ADDRESS(pointer) ((uint64_t)(pointer))

static const struct bulla_engine *engine;
static _Alignas(64) uint8_t context[BULLA_ENGINE_CONTEXT_MAX];
static _Alignas(64) uint8_t xaes_key[BULLA_ENGINE_CONTEXT_MAX];
static uint8_t key[BULLA_KEY_LEN];
static uint8_t nonce[64];
static uint8_t plaintext[MAX_LEN];
static uint8_t ciphertext[MAX_LEN];
static uint8_t opened[MAX_LEN];
static uint8_t tag[BULLA_TAG_LEN];
static uint8_t data[MAX_DATA];
static struct bulla_aad aad;

static void die(const char *what) {
  printf("# %s: %s\n", engine->name, what);
  exit(2);
}

/* Other secrets, of which some are all zeroes or all ones. */
static void draw(int try, uint8_t *bytes, size_t len) {
  memset(bytes, try == 1 ? 0x00 : 0xff, len);
  if (try != 1 && try != 2 && bulla_random(bytes, len) != BULLA_OK) {
    die("no random bytes");
  }
}

static void expand(int try) {
  draw(try, key, sizeof(key));
  memset(context, 0, sizeof(context));
  if (engine->expand(context, bulla_span(key, sizeof(key))) != BULLA_OK) {
    die("expand");
  }
}

static void try_keys(void) {
  for (int try = 0; try < num_tries; try++) {
    draw(try, key, sizeof(key));
    memset(context, 0, sizeof(context));
    memset(xaes_key, 0, sizeof(xaes_key));
    CALL(try, engine->expand, ADDRESS(context), ADDRESS(key), sizeof(key));
  }
  for (int try = 0; try < num_tries; try++) {
    draw(try, key, sizeof(key));
    CALL(try, engine->expand_xaes, ADDRESS(xaes_key), ADDRESS(key));
  }
}

/* Other powers of the hash key for other lengths. */
static void try_derivation(size_t len) {
  for (int try = 0; try < num_tries; try++) {
    draw(try, key, sizeof(key));
    memset(xaes_key, 0, sizeof(xaes_key));
    memset(context, 0, sizeof(context));
    if (engine->expand_xaes(xaes_key, key) != BULLA_OK) {
      die("expand_xaes");
    }
    CALL(try, engine->derive, ADDRESS(context), ADDRESS(xaes_key), ADDRESS(nonce), len);
  }
}

static void try_seal(size_t nonce_len, size_t len) {
  for (int try = 0; try < num_tries; try++) {
    expand(try);
    draw(try, plaintext, len);
    CALL(try, engine->seal, ADDRESS(context), ADDRESS(ciphertext), ADDRESS(tag), ADDRESS(nonce), nonce_len,
         ADDRESS(plaintext), len, ADDRESS(&aad));
  }
}

/* The tag is right, or |wrong_byte| of it is not; that may show as the verdict, but not the byte as another way. */
static void try_open(size_t nonce_len, size_t len, bool right) {
  only_places = !right;
  for (int try = 0; try < num_tries; try++) {
    expand(try);
    draw(try, plaintext, len);
    if (engine->seal(context, ciphertext, tag, nonce, nonce_len, plaintext, len, &aad) != BULLA_OK) {
      die("seal");
    }
    tag[try * 7] ^= right ? 0 : 1;
    uint64_t status = CALL(try, engine->open, ADDRESS(context), ADDRESS(opened), ADDRESS(tag), ADDRESS(nonce),
                           nonce_len, ADDRESS(ciphertext), len, ADDRESS(&aad));
    if ((uint32_t)status != (right ? BULLA_OK : BULLA_REFUSED)) {
      die("open");
    }
  }
  only_places = false;
}

static int num_checks;
static int num_failed;

static void report(const char *what) {
  printf("%s %d - %s: %s\n", differs ? "not ok" : "ok", ++num_checks, engine->name, what);
  if (differs) {
    printf("# %s\n", told);
    num_failed++;
  }
  differs = false;
}

/* Texts around what is done at once, and the two parts of additional data in each way that they end and begin. */
static const size_t lens[] = {0,   1,   3,   5,   9,   16,  17,  19,  21,  26,   32,   33,  48,
                              49,  63,  64,  65,  80,  112, 127, 128, 192, 200,  240,  255, 256,
                              257, 300, 384, 500, 513, 600, 700, 769, 900, 1023, 1100, 1300};
static const size_t heads[] = {0, 3, 5, 9, 16, 18, 19, 21, 25, 30, 32, 50, 100, 200};
static const size_t tails[] = {0, 2, 5, 10, 16, 18, 20, 26, 31, 32, 64, 600};
enum {
  NUM_LENS = sizeof(lens) / sizeof(lens[0]),
  NUM_HEADS = sizeof(heads) / sizeof(heads[0]),
  NUM_TAILS = sizeof(tails) / sizeof(tails[0]),
};

/* Takes |step| through texts of many lengths, and through each way that additional data is put together: with
 * a short text, with a long one, and, if |with_long_data|, where the data is long itself. Now and then the nonce has
 * not 12 bytes. */
static void try_lengths(void (*step)(size_t nonce_len, size_t len), bool with_long_data) {
  num_tries = 2;
  for (size_t len = 0; len <= 160; len++) {
    aad = (struct bulla_aad){0};
    step(BULLA_NONCE_LEN, len);
    if (len % 5 == 0) {
      step(BULLA_NONCE_LEN, 640 + len);
    }
  }
  for (size_t i = 0; i < NUM_LENS; i++) {
    aad = (struct bulla_aad){data, 18 * (i % 2), data + 20, 64 * (i / 2 % 2)};
    step(i % 8 == 3 ? i : BULLA_NONCE_LEN, lens[i]);
  }
  for (size_t i = 0; i < NUM_HEADS * NUM_TAILS; i++) {
    aad = (struct bulla_aad){data, heads[i % NUM_HEADS], data + 1024, tails[i / NUM_HEADS]};
    step(i % 4 == 3 ? i / 4 : BULLA_NONCE_LEN, 11 * i % 40);
    if (i % 3 == 0) {
      step(BULLA_NONCE_LEN, 700);
    }
    if (i % 3 == 0 && with_long_data) {
      aad.head_len += 640;
      step(BULLA_NONCE_LEN, 1);
    }
  }
  num_tries = MAX_TRIES;
}

static void open_right(size_t nonce_len, size_t len) {
  try_open(nonce_len, len, true);
}

static void open_wrong(size_t nonce_len, size_t len) {
  try_open(nonce_len, len, false);
}

/* A message whose encrypted key does not unwrap, and one whose tag is wrong: the same way, RFC 7516 §11.5. */
static void try_unwrapping(enum bulla_jwe_alg alg, enum bulla_jwe_enc enc) {
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  struct bulla_jwk *jwk = NULL;
  struct bulla_jwe_key *jwe_key = NULL;
  struct bulla_buffer text = bulla_buffer(ciphertext, sizeof(ciphertext));
  struct bulla_buffer out = bulla_buffer(opened, sizeof(opened));
  options.alg = alg;
  if (bulla_jwk_generate(&jwk, &options) != BULLA_OK || bulla_jwe_key_from_jwk(&jwe_key, jwk, alg, enc) != BULLA_OK ||
      bulla_jwe_encrypt(jwe_key, &text, BULLA_LITERAL("plaintext")) != BULLA_OK ||
      bulla_jwe_decrypt(jwe_key, &out, bulla_span(ciphertext, text.len)) != BULLA_OK) {
    die("no JWE");
  }
  uint8_t *const places[] = {memchr(ciphertext, '.', text.len), memrchr(ciphertext, '.', text.len)};
  only_places = true;
  for (int try = 0; try < 4; try++) {
    uint8_t *digit = places[try & 1] + 3;
    uint8_t was = *digit;
    *digit = was == 'A' ? 'B' : 'A';
    uint64_t status = CALL(try, bulla_jwe_decrypt, ADDRESS(jwe_key), ADDRESS(&out), ADDRESS(ciphertext), text.len);
    *digit = was;
    if ((uint32_t)status != BULLA_REFUSED) {
      die("decrypt");
    }
  }
  only_places = false;
  bulla_jwe_key_free(&jwe_key);
  bulla_jwk_free(&jwk);
}

static void try_engine(void) {
  try_keys();
  for (size_t i = 0; i < NUM_LENS; i++) {
    try_derivation(lens[i]);
  }
  report("nothing of how a key is expanded or derived shows it");
  try_lengths(try_seal, true);
  report("nothing of how a message is sealed shows key or plaintext");
  try_lengths(open_right, false);
  report("nothing of how a message is opened shows key or plaintext");
  for (size_t len = 0; len <= 320; len += 80) {
    open_wrong(BULLA_NONCE_LEN, len);
  }
  report("nothing of how a message is refused shows what was wrong");
  try_unwrapping(BULLA_JWE_A256GCMKW, BULLA_JWE_A256GCM);
  report("A256GCMKW: nothing shows whether key or tag was wrong");
  try_unwrapping(BULLA_JWE_A128GCMKW, BULLA_JWE_A256GCM);
  report("A128GCMKW: nothing shows whether key or tag was wrong");
  try_unwrapping(BULLA_JWE_A256KW, BULLA_JWE_A128CBC_HS256);
  report("A256KW: nothing shows whether key or tag was wrong");
}

/* What leaks must be found out: a jump, and an address. */
static uint8_t looked_at;

static __attribute__((noinline)) void jump_by(const uint8_t *bytes) {
  if (*(const volatile uint8_t *)bytes > 0x80) {
    looked_at++;
  }
}

static __attribute__((noinline)) void look_up(const uint8_t *bytes) {
  looked_at = ((const volatile uint8_t *)plaintext)[*bytes];
}

static void try_control(const char *name, void (*leak)(const uint8_t *bytes), bool places) {
  only_places = places;
  for (int try = 0; try < 3; try++) {
    draw(try, key, sizeof(key));
    CALL(try, leak, ADDRESS(key));
  }
  only_places = false;
  printf("%s %d - %s is found out\n", differs ? "ok" : "not ok", ++num_checks, name);
  num_failed += differs ? 0 : 1;
  differs = false;
}

int main(int argc, char **argv) {
  static uint8_t stack[1 << 16];
  static const enum bulla_engine_choice choices[] = {BULLA_ENGINE_VAES_512, BULLA_ENGINE_VAES_256};
  const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
  const struct sigaction action = {.sa_sigaction = stepped, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  FILE *file = argc == 2 ? fopen(argv[1], "we") : NULL;
  first = calloc(MAX_STEPS, sizeof(first[0]));
  if (file == NULL || first == NULL || sigaltstack(&other, NULL) != 0 || sigaction(SIGTRAP, &action, NULL) != 0) {
    fputs("usage: traced FILE\n", stderr);
    return 2;
  }
  try_control("a jump by a secret", jump_by, true);
  try_control("an address by a secret", look_up, false);
  for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
    if (bulla_engine_choose(choices[i]) != BULLA_OK || bulla_engine_for(&engine, BULLA_KEY_LEN) != BULLA_OK) {
      printf("ok %d - engine %d # SKIP this processor or this build has it not\n", ++num_checks, (int)choices[i]);
      fprintf(stderr, "SKIPPED: engine %d: this processor or this build has it not\n", (int)choices[i]);
      continue;
    }
    try_engine();
  }
  for (size_t i = 0; i < MAX_CODE; i++) {
    if (executed[i] != 0) {
      fprintf(file, "%zx\n", i);
    }
  }
  fclose(file);
  printf("1..%d\n", num_checks);
  return num_failed == 0 ? 0 : 1;
}
