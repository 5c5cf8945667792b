/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Does anything of a secret stay behind? A child calls bulla and stops after each call; its parent looks through
 * all that the child can write to, registers too, for the secrets that the child has named, in every form that
 * they may have taken. This is what the two say to each other.
 *
 * The child keeps its own copies of secrets in bulla's locked memory alone, from where write(2) takes them, so
 * that whatever is found elsewhere was left there by bulla. */

#ifndef BULLA_TESTS_LINGERING_LINGERING_H
#define BULLA_TESTS_LINGERING_LINGERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulla/core.h>

enum {
  TO_PARENT = 3, /* descriptors of the child */
  TO_CHILD = 4,
  DAY = 19675, /* of all tokens here */
  NAME_LEN = 56,
  BYTES_MAX = 512,
  WINDOW = 8, /* so many bytes in a row of a secret are a find */
};

enum kind {
  /* A secret: */
  SECRET_TEXT,     /* a value, or another secret that is not used as a key */
  SECRET_KEY,      /* a key of AES, HMAC or HKDF */
  SECRET_MATERIAL, /* what keys of suites are derived from */
  SECRET_ROOT,     /* what the day keys of tokens are derived from */
  SECRET_SEED,     /* a private key of Ed25519 */
  SECRET_PRIVATE,  /* a private key of X25519 */
  SECRET_NUMBER,   /* a private key of a curve, a number of RSA: most significant byte first */
  MESSAGE,         /* public, but makes the nonce of a signature by the last seed */
  BOX,             /* public, but makes the key of a box, for the last private key */
  BOXED,           /* the same of a blob that is sealed to a public key */
  BLOB_NONCE,      /* public, but makes keys of materials: 12 or 24 bytes, and behind them the tag */
  LONG_NONCE,      /* public, but makes the first counter under the last key: 16 bytes */
  CIPHERTEXT,      /* public, but makes the key stream of the "plaintext" */
  /* Where the next stop will be: */
  CHECK_LIVE,  /* handles live: bulla's locked memory may hold secrets, nothing else may */
  CHECK_FREED, /* all is freed: nothing may */
  CHECK_FORK,  /* there is a child of the child, whose pid is in |bytes|: nothing of it may */
  CHECK_CORES, /* the child goes on untraced, is dumped, and then dumps itself: nothing of the dumps may */
};

/* A message: this, and |len| bytes. */
struct message {
  enum kind kind;
  uint32_t len;
  char name[NAME_LEN];
};

/* run_child does what |scenario| says, and returns the exit status. The scenarios are in the order of
 * scenario_name, which returns NULL past the last. */
int run_child(const char *scenario, const char *engine);
const char *scenario_name(size_t i);

/* The info that boxes are bound to here, and the context of blobs that are sealed to a public key. */
#define BOX_INFO "context"

/* Needles: what is looked for. */
struct needles;

struct needles *needles_new(void);
void needles_free(struct needles *needles);

/* needles_add adds every form of a secret. */
void needles_add(struct needles *needles, enum kind kind, const char *name, struct bulla_span secret);

/* needles_find looks for WINDOW bytes in a row of any needle, and returns how often it found some. It describes
 * the first in |what|, with the place within |haystack|. */
size_t needles_find(const struct needles *needles, struct bulla_span haystack, char what[128], size_t *place);

/* The memory and the registers of a stopped process. */
struct snapshot;

struct snapshot *snapshot_take(int pid, bool with_registers);
void snapshot_free(struct snapshot *snapshot);

/* snapshot_search looks through it and prints each place where there is a hit, as comments of TAP. Returns how
 * many there are. |live| leaves out the memory that is locked and not dumped. */
size_t snapshot_search(const struct snapshot *snapshot, const struct needles *needles, bool live);

/* verdict prints a line of TAP; skip does so of what cannot be looked at here, and says it loudly. */
void verdict(bool good, const char *scenario, const char *where, const char *name);
void skip(const char *what, const char *why);

/* play_commands runs the command at |bulla| in |folder|. */
void play_commands(const char *bulla, const char *folder);

#endif
