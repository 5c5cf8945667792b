/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the parts of the command share: what a sub-command is, and the state of one run. A function that fails returns
 * a status; what it was busy with has been noted in the run before (cli/error.h), and bulla_cli_run() prints both in
 * one line. So no function prints an error, and none is printed twice. */

#ifndef BULLA_CLI_CLI_H
#define BULLA_CLI_CLI_H

#include "core/cleanup.h"
#include "core/cursor.h"

struct bulla_cli;

/* An option, of a sub-command or global. */
struct bulla_option {
  const char *name;  /* without its two hyphens */
  const char *value; /* what its value is called in the help, or NULL if it takes none */
  const char *help;
  bool mandatory;
  bool repeated; /* may be given more than once */
};

/* A sub-command. */
struct bulla_command {
  const char *name;     /* one word or two: "put", "token mint" */
  const char *group;    /* its heading in the help */
  const char *operands; /* what follows the options in the usage line, or "" */
  const char *summary;  /* one sentence */
  const char *details;  /* what else there is to know, or NULL */
  const char *example;
  const struct bulla_option *options; /* ended by one without a name */
  size_t min_operands;
  size_t max_operands;
  enum bulla_status (*run)(struct bulla_cli *cli);
  int failure; /* the exit status of every failure of its own, or 0 for that of the status's class */
};

/* What `exec` ends with if it does not come to run the command, as env(1) does. */
#define BULLA_EXEC_FAILED 125

/* One option as it was given. */
struct bulla_given {
  const struct bulla_option *option;
  const char *value; /* NULL if it takes none */
};

/* One run of the command. */
struct bulla_cli {
  const struct bulla_command *commands;      /* all there are, ended by one without a name */
  const struct bulla_option *global_options; /* that each of them takes, ended likewise */
  const struct bulla_command *command;       /* NULL while it is not known */
  const char *group;                         /* the first word of a command of two, while it is not known */
  struct bulla_given *given;
  size_t num_given;
  char **operands; /* ended by NULL */
  size_t num_operands;
  bool help;
  bool json;
  char what[512];             /* what it is busy with, for the error line */
  char text[256];             /* what went wrong, if the status does not say it best */
  const char *note;           /* what else is to be known, behind all, or NULL */
  char detail[256];           /* what the library's log said last, */
  enum bulla_status detailed; /* and of which status */
  bool reader_left;           /* standard output is a pipe that nobody reads any more */
  int exit_status;            /* if not 0, what bulla_cli_run() returns for a failure */
};

/* bulla_cli_run runs the command line and returns the exit status. */
int bulla_cli_run(int argc, char **argv);

/* The sub-commands. */
enum bulla_status bulla_run_help(struct bulla_cli *cli);
enum bulla_status bulla_run_init(struct bulla_cli *cli);
enum bulla_status bulla_run_put(struct bulla_cli *cli);
enum bulla_status bulla_run_show(struct bulla_cli *cli);
enum bulla_status bulla_run_list(struct bulla_cli *cli);
enum bulla_status bulla_run_rm(struct bulla_cli *cli);
enum bulla_status bulla_run_mv(struct bulla_cli *cli);
enum bulla_status bulla_run_get(struct bulla_cli *cli);
enum bulla_status bulla_run_exec(struct bulla_cli *cli);
enum bulla_status bulla_run_import_hex(struct bulla_cli *cli);
enum bulla_status bulla_run_audit_log(struct bulla_cli *cli);
enum bulla_status bulla_run_audit_verify(struct bulla_cli *cli);
enum bulla_status bulla_run_apikey_create(struct bulla_cli *cli);
enum bulla_status bulla_run_apikey_list(struct bulla_cli *cli);
enum bulla_status bulla_run_apikey_revoke(struct bulla_cli *cli);
enum bulla_status bulla_run_apikey_jwk(struct bulla_cli *cli);
enum bulla_status bulla_run_token_mint(struct bulla_cli *cli);
enum bulla_status bulla_run_token_verify(struct bulla_cli *cli);
enum bulla_status bulla_run_token_refresh(struct bulla_cli *cli);
enum bulla_status bulla_run_token_revoke(struct bulla_cli *cli);
enum bulla_status bulla_run_token_inspect(struct bulla_cli *cli);
enum bulla_status bulla_run_seal(struct bulla_cli *cli);
enum bulla_status bulla_run_open(struct bulla_cli *cli);
enum bulla_status bulla_run_keygen(struct bulla_cli *cli);

#endif
