/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the parts of the command share: its table of sub-commands, the state of one run, and the one way in
 * which a run fails. A function that fails returns a status; what it was busy with has been noted in the run
 * before, and bulla_cli_run() prints both in one line. So no function prints an error, and none is printed
 * twice. */

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

/* The table, ended by one without a name, and the options that every sub-command takes. */
extern const struct bulla_command bulla_commands[];
extern const struct bulla_option bulla_global_options[];

/* One option as it was given. */
struct bulla_given {
  const struct bulla_option *option;
  const char *value; /* NULL if it takes none */
};

/* One run of the command. */
struct bulla_cli {
  const struct bulla_command *command; /* NULL while it is not known */
  const char *group;                   /* the first word of a command of two, while it is not known */
  struct bulla_given *given;
  size_t num_given;
  char **operands; /* ended by NULL */
  size_t num_operands;
  bool help;
  bool json;
  char what[512];             /* what it is busy with, for the error line */
  char text[256];             /* what went wrong, if the status does not say it best */
  char detail[256];           /* what the library's log said last, */
  enum bulla_status detailed; /* and of which status */
  bool reader_left;           /* standard output is a pipe that nobody reads any more */
  int exit_status;            /* if not 0, what bulla_cli_run() returns for a failure */
};

/* bulla_cli_run runs the command line and returns the exit status. */
int bulla_cli_run(int argc, char **argv);

/* bulla_cli_at notes what the run is busy with. */
void bulla_cli_at(struct bulla_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bulla_cli_error notes what went wrong and returns |status|. */
enum bulla_status bulla_cli_error(struct bulla_cli *cli, enum bulla_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* bulla_cli_usage is bulla_cli_error for a command line that cannot be run; it points to the help. Arguments
 * are named by their place and not repeated: one of them may be a secret. */
enum bulla_status bulla_cli_usage(struct bulla_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bulla_cli_errno notes the system's error |code| and returns the status that it stands for. */
enum bulla_status bulla_cli_errno(struct bulla_cli *cli, int code);

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
