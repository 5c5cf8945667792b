/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/generate.h. A random byte is taken if it is below the greatest multiple of the alphabet's size, so that no
 * character is likelier than another. Which bytes are left out says nothing of those that are taken. */

#include "cli/generate.h"

#include <string.h>

#include "cli/error.h"
#include "core/mask.h"

enum { LEN_DEFAULT = 32, LEN_MAX = 1024, BITS_MIN = 80, RANDOM_AT_ONCE = 256 };

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static const struct {
  const char *name;
  const char *alphabet;
  size_t least; /* characters that have BITS_MIN bits */
} policies[] = {
    {"alnum", DIGITS LETTERS, 14},
    {"ascii", DIGITS LETTERS "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", 13},
    {"hex", DIGITS "abcdef", 20},
    {"base64url", DIGITS LETTERS "-_", 14},
};

enum { NUM_POLICIES = sizeof(policies) / sizeof(policies[0]) };

/* Reads a decimal length. Anything else is 0. */
static size_t read_len(struct bulla_span digits) {
  size_t len = 0;
  for (size_t i = 0; i < digits.len; i++) {
    if (digits.data[i] < '0' || digits.data[i] > '9' || len > LEN_MAX) {
      return 0;
    }
    len = 10 * len + (size_t)(digits.data[i] - '0');
  }
  return len;
}

enum bulla_status bulla_policy_read(struct bulla_cli *cli, struct bulla_policy *policy, struct bulla_span text) {
  const uint8_t *colon = text.len > 0 ? (const uint8_t *)memchr(text.data, ':', text.len) : NULL;
  struct bulla_span name = colon != NULL ? bulla_span(text.data, (size_t)(colon - text.data)) : text;
  for (size_t i = 0; i < NUM_POLICIES; i++) {
    if (bulla_span_equal(name, bulla_text(policies[i].name))) {
      policy->alphabet = policies[i].alphabet;
      policy->len = colon == NULL ? LEN_DEFAULT : read_len(bulla_span(colon + 1, text.len - name.len - 1));
      if (policy->len >= policies[i].least && policy->len <= LEN_MAX) {
        return BULLA_OK;
      }
      return bulla_cli_usage(cli, "a secret of --generate %s has %zu to %d characters", policies[i].name,
                             policies[i].least, LEN_MAX);
    }
  }
  return bulla_cli_usage(cli, "--generate takes FIELD, or FIELD=POLICY: alnum, ascii, hex or base64url, and :LENGTH");
}

/* The character of |alphabet| at |index|, which is secret: all of them are looked at. */
static uint8_t pick(const char *alphabet, uint32_t size, uint32_t index) {
  uint32_t picked = 0;
  for (uint32_t i = 0; i < size; i++) {
    uint32_t same = bulla_mask(((i ^ index) - 1U) >> 31); /* 1 for |index| alone */
    picked |= (uint32_t)(uint8_t)alphabet[i] & (0U - same);
  }
  return (uint8_t)picked;
}

enum bulla_status bulla_generate(struct bulla_secret **secret, const struct bulla_policy *policy) {
  const uint32_t size = (uint32_t)strlen(policy->alphabet);
  const uint32_t end = 256 - 256 % size;
  struct bulla_secret *made BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&made, policy->len));
  for (size_t done = 0; done < policy->len;) {
    struct bulla_secret *bytes BULLA_CLEANUP(bulla_secret_free) = NULL;
    BULLA_TRY(bulla_secret_random(&bytes, RANDOM_AT_ONCE));
    const uint8_t *byte = bulla_secret_data(bytes);
    for (size_t i = 0; i < RANDOM_AT_ONCE && done < policy->len; i++) {
      if (byte[i] < end) {
        bulla_secret_data(made)[done++] = pick(policy->alphabet, size, byte[i] % size);
      }
    }
  }
  *secret = made;
  made = NULL;
  return BULLA_OK;
}
