/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is in the vault that the hostile ones are made from. */

#ifndef BULLA_FUZZ_VAULT_KNOWN_H
#define BULLA_FUZZ_VAULT_KNOWN_H

#include "fuzz/vault.h"

/* A field that was put, once or more. */
struct fuzz_known {
  const char *tenant;
  const char *entry;
  const char *field;
  bool secret;
  int revisions;
};

enum { FUZZ_NUM_KNOWN = 8, FUZZ_NUM_APIKEYS = 3, FUZZ_KNOWN_MAX = 80 };

extern const struct fuzz_known fuzz_known[FUZZ_NUM_KNOWN];

/* fuzz_known_value writes what |known| was at |revision| to |room| of FUZZ_KNOWN_MAX bytes. It says where it
 * belongs, and so do the last four bytes of it. */
struct bulla_span fuzz_known_value(char *room, const struct fuzz_known *known, int revision);

/* fuzz_known_has says whether |value| was put there, as a secret or not, or if |mask|, is a mask of what was put. */
bool fuzz_known_has(const char *tenant, const char *entry, const char *field, struct bulla_span value, bool secret,
                    bool mask);

/* An API key that was made. */
struct fuzz_apikey {
  const char *id;
  const char *tenant;
  bool revoked;
  uint8_t root; /* each byte of its token root */
};

extern const struct fuzz_apikey fuzz_apikeys[FUZZ_NUM_APIKEYS];

/* What is sealed in the records of the log. */
enum { FUZZ_MAX_RECORDS = 21, FUZZ_DETAIL_MAX = 80 };

struct fuzz_known_record {
  char tenant[FUZZ_DETAIL_MAX];
  char actor[FUZZ_DETAIL_MAX];
  char entry[FUZZ_DETAIL_MAX];
  char field[FUZZ_DETAIL_MAX];
};

extern struct fuzz_known_record fuzz_known_records[FUZZ_MAX_RECORDS];
extern size_t fuzz_num_records;

/* The id of the token of "acme" that was revoked. */
#define FUZZ_JTI "session-1"

/* fuzz_known_put_young fills an empty vault; fuzz_known_put_good goes on with it, to what is known. */
void fuzz_known_put_young(void);
void fuzz_known_put_good(void);

#endif
