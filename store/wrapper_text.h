/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The lines that bulla and a program that wraps keys exchange (docs/PROGRAMS.md), without the program. */

#ifndef BULLA_STORE_WRAPPER_TEXT_H
#define BULLA_STORE_WRAPPER_TEXT_H

#include "core/base64url.h"

#define BULLA_WRAPPER_DATA_MAX 1024   /* bytes of a wrapped key */
#define BULLA_WRAPPER_MESSAGE_MAX 200 /* bytes of why a program refuses */
#define BULLA_WRAPPER_ID_LEN 16       /* bytes of the vault's id */
#define BULLA_WRAPPER_ANSWER_MAX 1387 /* bytes: the longest data between its two lines */

/* What is asked for. */
enum bulla_wrapper_operation {
  BULLA_WRAPPER_WRAP,
  BULLA_WRAPPER_UNWRAP,
};

/* bulla_wrapper_request creates |*text|, the three lines that a program reads: |data| of at most BULLA_WRAPPER_DATA_MAX
 * bytes is what is to be wrapped or unwrapped. Its time does not depend on |data|. */
BULLA_NODISCARD enum bulla_status bulla_wrapper_request(struct bulla_secret **text,
                                                        enum bulla_wrapper_operation operation, struct bulla_span id,
                                                        struct bulla_span data);

/* How many bytes an answer may have. */
struct bulla_wrapper_limits {
  size_t least;
  size_t most; /* at most BULLA_WRAPPER_DATA_MAX */
};

/* What a program answered: one of these. */
struct bulla_wrapper_answer {
  struct bulla_secret *data;                   /* freed by the caller, or NULL */
  char message[BULLA_WRAPPER_MESSAGE_MAX + 1]; /* why it refuses, fit for a log; or empty */
  const char *fault; /* what is wrong with the form of the answer, without any of it; or NULL */
};

/* bulla_wrapper_read reads |text| to |*answer|. Every byte string is exactly one of an answer with data, a refusal, or
 * a fault, and an answer with data has one form. Its time depends on lengths, on which of those it is, and on the bytes
 * of a refusal. Returns BULLA_OK for data, BULLA_REFUSED for a refusal, BULLA_INVALID_TEXT for a fault. */
BULLA_NODISCARD enum bulla_status bulla_wrapper_read(struct bulla_wrapper_answer *answer, struct bulla_span text,
                                                     const struct bulla_wrapper_limits *limits);

#endif
