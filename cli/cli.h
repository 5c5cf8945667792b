/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Shared by the parts of the command: sub-commands, and the state of one run. A function that fails returns a status.
 * Before, it has noted in the run what it was doing (cli/error.h), and bulla_cli_run() prints both in one line. So no
 * other function prints errors, and none is printed twice. */

#ifndef BULLA_CLI_CLI_H
#define BULLA_CLI_CLI_H

#include "core/cleanup.h"
#include "core/cursor.h"

struct bulla_cli;

/* An option, of a sub-command or global. */
struct bulla_option {
  const char *name;  /* without its two hyphens */
  const char *value; /* the name of its value in the help, or NULL if it takes none */
  const char *help;
  bool mandatory;
  bool repeated; /* may be given more than once */
};

/* A sub-command. */
struct bulla_command {
  const char *name;     /* one word or two: "put", "token mint" */
  const char *group;    /* its heading in the help */
  const char *operands; /* the operands in the usage line, or "" */
  const char *summary;  /* one sentence */
  const char *details;  /* more help, or NULL */
  const char *example;
  const struct bulla_option *options; /* ended by one without a name */
  size_t min_operands;
  size_t max_operands;
  enum bulla_status (*run)(struct bulla_cli *cli);
  int failure; /* the exit status of all its failures, or 0 for that of the status's class */
};

/* The exit status of `exec` if it fails before it runs the command, as for env(1). */
#define BULLA_EXEC_FAILED 125

/* The exit status of `doctor` if it finds a problem, and of `status --check` if something is due. */
#define BULLA_DOCTOR_PROBLEM 5

/* One option as it was given. */
struct bulla_given {
  const struct bulla_option *option;
  const char *value; /* NULL if it takes none */
};

/* One run of the command. */
struct bulla_cli {
  const struct bulla_command *commands;      /* all of them, ended by one without a name */
  const struct bulla_option *global_options; /* options of every command, ended likewise */
  const struct bulla_command *command;       /* NULL until it is known */
  const char *group;                         /* the first word of a two-word command, until it is known */
  struct bulla_given *given;
  size_t num_given;
  char **operands; /* ended by NULL */
  size_t num_operands;
  bool help;
  bool json;
  bool is_actor;              /* the vault is opened as an actor */
  const char *other_url;      /* the vault in hand, in place of that of --vault, or NULL */
  const char *other_provider; /* and of its root */
  const char *url_name;       /* what names the vault in hand on the command line, if not --vault, or NULL */
  const char *root_name;      /* and its root, if not --root */
  char what[512];             /* what the run is doing, for the error line */
  char text[256];             /* what went wrong, if the status text is not specific enough */
  const char *note;           /* a final note for the error line, or NULL */
  char detail[256];           /* the last message of the library's log, */
  enum bulla_status detailed; /* and its status */
  bool reader_left;           /* standard output is a pipe without a reader */
  int exit_status;            /* what bulla_cli_run() returns; for a failure, if it is not 0 */
};

/* bulla_cli_run runs the command line and returns the exit status. */
int bulla_cli_run(int argc, char **argv);

/* The sub-commands. */
enum bulla_status bulla_run_help(struct bulla_cli *cli);
enum bulla_status bulla_run_init(struct bulla_cli *cli);
enum bulla_status bulla_run_info(struct bulla_cli *cli);
enum bulla_status bulla_run_doctor(struct bulla_cli *cli);
enum bulla_status bulla_run_upgrade(struct bulla_cli *cli);
enum bulla_status bulla_run_backup(struct bulla_cli *cli);
enum bulla_status bulla_run_restore_backup(struct bulla_cli *cli);
enum bulla_status bulla_run_root_list(struct bulla_cli *cli);
enum bulla_status bulla_run_root_add(struct bulla_cli *cli);
enum bulla_status bulla_run_root_rm(struct bulla_cli *cli);
enum bulla_status bulla_run_root_recipient(struct bulla_cli *cli);
enum bulla_status bulla_run_rotate(struct bulla_cli *cli);
enum bulla_status bulla_run_rewrap(struct bulla_cli *cli);
enum bulla_status bulla_run_shred(struct bulla_cli *cli);
enum bulla_status bulla_run_put(struct bulla_cli *cli);
enum bulla_status bulla_run_show(struct bulla_cli *cli);
enum bulla_status bulla_run_list(struct bulla_cli *cli);
enum bulla_status bulla_run_rm(struct bulla_cli *cli);
enum bulla_status bulla_run_mv(struct bulla_cli *cli);
enum bulla_status bulla_run_history(struct bulla_cli *cli);
enum bulla_status bulla_run_keep(struct bulla_cli *cli);
enum bulla_status bulla_run_restore(struct bulla_cli *cli);
enum bulla_status bulla_run_get(struct bulla_cli *cli);
enum bulla_status bulla_run_exec(struct bulla_cli *cli);
enum bulla_status bulla_run_import_hex(struct bulla_cli *cli);
enum bulla_status bulla_run_import_vault(struct bulla_cli *cli);
enum bulla_status bulla_run_export(struct bulla_cli *cli);
enum bulla_status bulla_run_actor_create(struct bulla_cli *cli);
enum bulla_status bulla_run_actor_list(struct bulla_cli *cli);
enum bulla_status bulla_run_actor_revoke(struct bulla_cli *cli);
enum bulla_status bulla_run_grant(struct bulla_cli *cli);
enum bulla_status bulla_run_grant_list(struct bulla_cli *cli);
enum bulla_status bulla_run_grant_rm(struct bulla_cli *cli);
enum bulla_status bulla_run_limit_set(struct bulla_cli *cli);
enum bulla_status bulla_run_limit_list(struct bulla_cli *cli);
enum bulla_status bulla_run_limit_rm(struct bulla_cli *cli);
enum bulla_status bulla_run_status(struct bulla_cli *cli);
enum bulla_status bulla_run_audit_log(struct bulla_cli *cli);
enum bulla_status bulla_run_audit_verify(struct bulla_cli *cli);
enum bulla_status bulla_run_audit_report(struct bulla_cli *cli);
enum bulla_status bulla_run_audit_anchor(struct bulla_cli *cli);
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
enum bulla_status bulla_run_jwe_encrypt(struct bulla_cli *cli);
enum bulla_status bulla_run_jwe_decrypt(struct bulla_cli *cli);
enum bulla_status bulla_run_jwe_inspect(struct bulla_cli *cli);
enum bulla_status bulla_run_jwk_public(struct bulla_cli *cli);
enum bulla_status bulla_run_jwk_thumbprint(struct bulla_cli *cli);
enum bulla_status bulla_run_jwk_from_pem(struct bulla_cli *cli);
enum bulla_status bulla_run_jwk_to_pem(struct bulla_cli *cli);

#endif
