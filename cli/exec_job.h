/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What one run of `exec` is to give its command: a list of variables, and what each of them is set to. */

#ifndef BULLA_CLI_EXEC_JOB_H
#define BULLA_CLI_EXEC_JOB_H

#include <bulla/store.h>

#include "cli/cli.h"
#include "cli/environment.h"

enum bulla_exec_kind {
  BULLA_EXEC_VALUE, /* the value of a field */
  BULLA_EXEC_FILE,  /* the path of a file with that value */
  BULLA_EXEC_PLAIN, /* a text from --env-file */
};

/* One variable. */
struct bulla_exec_item {
  enum bulla_exec_kind kind;
  struct bulla_span name;
  struct bulla_place place;   /* of the field; empty for a text */
  struct bulla_span plain;    /* the text */
  size_t file_number;         /* of the --env-file that it is from, from 1, or 0 */
  size_t line_number;         /* there */
  bool looked;                /* the field was looked at, and */
  bool is_public;             /* it is a plain one */
  size_t value_len;           /* of its value as it was then, or longer */
  struct bulla_secret *bytes; /* in locked memory: NAME=VALUE and a NUL, or the value for a file */
  struct bulla_span value;    /* the value in |bytes| */
  char *line;                 /* the variable of a file or a text, NAME=TEXT */
  int fd;                     /* of the file, or -1 */
};

struct bulla_exec_job {
  struct bulla_cli *cli;
  struct bulla_exec_item *items;
  size_t num_items;
  size_t num_fields; /* of them, those that are not texts */
  void **kept;       /* what names and texts lie in, for free() */
  size_t num_kept;
  struct bulla_environment env;
};

/* bulla_exec_job_free wipes and frees all of it, and closes its files. For BULLA_CLEANUP. */
void bulla_exec_job_free(struct bulla_exec_job *job);

/* bulla_exec_keep hands |memory| to |job|, which frees it, also if this fails. NULL is BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_exec_keep(struct bulla_exec_job *job, void *memory);

/* bulla_exec_add appends |item|. Returns BULLA_INVALID_ARGUMENT, and names both, if there is one of the same variable,
 * or with too many fields for one commit. */
BULLA_NODISCARD enum bulla_status bulla_exec_add(struct bulla_exec_job *job, const struct bulla_exec_item *item);

/* bulla_exec_is_variable returns whether |name| is one that shells can use. */
bool bulla_exec_is_variable(struct bulla_span name);

/* bulla_exec_take_place splits TENANT/ENTRY and, behind |mark|, FIELD, or returns false. */
bool bulla_exec_take_place(struct bulla_place *place, struct bulla_span text, uint8_t mark);

#endif
