/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The vault that the hostile ones are made from, and what an attacker does to it by SQL. */

#ifndef BULLA_FUZZ_VAULT_SCRIPT_H
#define BULLA_FUZZ_VAULT_SCRIPT_H

#include "fuzz/vault.h"

/* A field that was put, once or more. */
struct fuzz_known {
  const char *tenant;
  const char *entry;
  const char *field;
  bool secret;
  int revisions;
};

enum { FUZZ_NUM_KNOWN = 8, FUZZ_NUM_APIKEYS = 3, FUZZ_KNOWN_MAX = 80, FUZZ_IMAGE_MAX = 1 << 16 };

extern const struct fuzz_known fuzz_known[FUZZ_NUM_KNOWN];

/* fuzz_known_value writes what |known| was at |revision| to |room| of FUZZ_KNOWN_MAX bytes. It says where it
 * belongs, and so do the last four bytes of it. */
struct bulla_span fuzz_known_value(char *room, const struct fuzz_known *known, int revision);

/* An API key that was made. */
struct fuzz_apikey {
  const char *id;
  const char *tenant;
  bool revoked;
  uint8_t root; /* each byte of its token root */
};

extern const struct fuzz_apikey fuzz_apikeys[FUZZ_NUM_APIKEYS];

/* What is sealed in the records of the log. */
enum { FUZZ_MAX_RECORDS = 19, FUZZ_DETAIL_MAX = 80 };

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

/* fuzz_script_set_up makes the images: of the good vault, and of the same vault when it was younger. */
void fuzz_script_set_up(void);

/* fuzz_script_load makes the hostile vault that |input| stands for: a database if it begins like one, else the
 * good vault and, after one byte that means nothing, a list of edits, of six bytes each. An edit that SQLite refuses
 * changes nothing. Returns false if the edits have left a schema that is another than that of the good vault. */
bool fuzz_script_load(struct bulla_span input);

/* fuzz_script_signed_changed says whether the edits that were loaded last have left a statement or signature of the
 * vault or its first lane that there never was. */
bool fuzz_script_signed_changed(void);

/* fuzz_script_image says whether |input| is a database as it is. */
bool fuzz_script_image(struct bulla_span input);

#endif
