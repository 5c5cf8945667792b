/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Prints the help. Nothing in here knows a sub-command by name. */

#include "cli/help.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/error.h"
#include "cli/options.h"

static bool has_option(const struct bulla_option *options, const char *name) {
  for (; options != NULL && options->name != NULL; options++) {
    if (strcmp(options->name, name) == 0) {
      return true;
    }
  }
  return false;
}

/* Prints |options|, but for those that have the names of |others|, which may be NULL. */
static void print_options(const char *heading, const struct bulla_option *options, const struct bulla_option *others) {
  if (options->name != NULL) {
    printf("\n%s:\n", heading);
  }
  for (; options->name != NULL; options++) {
    if (has_option(others, options->name)) {
      continue;
    }
    char left[64];
    (void)snprintf(left, sizeof(left), "--%s%s%s%s", options->name, options->value == NULL ? "" : " ",
                   options->value == NULL ? "" : options->value, options->repeated ? " …" : "");
    printf("  %-*s  %s%s\n", options->repeated ? 28 : 26, left, options->help,
           options->mandatory ? " (mandatory)" : "");
  }
}

static void print_usage(const struct bulla_command *command) {
  printf("  bulla %s", command->name);
  bool more = false;
  for (const struct bulla_option *option = command->options; option->name != NULL; option++) {
    more = more || !option->mandatory;
    if (option->mandatory) {
      printf(" --%s %s%s", option->name, option->value, option->repeated ? " …" : "");
    }
  }
  printf("%s%s%s\n", more ? " [OPTION]…" : "", command->operands[0] == '\0' ? "" : " ", command->operands);
}

static void print_statuses(void) {
  printf(
      "\nExit statuses:\n"
      "  0  done\n"
      "  1  refused: authentication, integrity, a role that is missing, expiry, revocation\n"
      "  2  usage: the command line or the input is wrong\n"
      "  3  not found\n"
      "  4  environment: memory, files, disk, database\n"
      "  5  only doctor, and status --check: there is something to do\n"
      "exec exits with the command's status, or 125 if bulla fails first, 126 if the command cannot be run,\n"
      "127 if it is not found.\n");
}

static void print_command(const struct bulla_cli *cli) {
  const struct bulla_command *command = cli->command;
  printf("%s\n\nUsage:\n", command->summary);
  print_usage(command);
  if (command->details != NULL) {
    printf("\n%s\n", command->details);
  }
  print_options("Options", command->options, NULL);
  print_options("Options of every command", cli->global_options, command->options);
  printf("\nExample%s:\n  %s\n", strchr(command->example, '\n') == NULL ? "" : "s", command->example);
  print_statuses();
}

static bool in_group(const struct bulla_command *command, const char *group) {
  size_t len = group == NULL ? 0 : strlen(group);
  return group == NULL || (strncmp(command->name, group, len) == 0 && command->name[len] == ' ');
}

static void print_commands(const struct bulla_cli *cli) {
  printf(
      "bulla seals secrets at rest and mints encrypted tokens.\n\n"
      "Usage:\n  bulla COMMAND [OPTION]… [ARGUMENT]…\n  bulla help COMMAND\n");
  const char *heading = "";
  for (const struct bulla_command *command = cli->commands; command->name != NULL; command++) {
    if (!in_group(command, cli->group)) {
      continue;
    }
    if (strcmp(heading, command->group) != 0) {
      heading = command->group;
      printf("\n%s:\n", heading);
    }
    printf("  %-15s %s\n", command->name, command->summary);
  }
  print_options("Options of every command", cli->global_options, NULL);
  print_statuses();
}

void bulla_help_print(const struct bulla_cli *cli) {
  if (cli->command != NULL) {
    print_command(cli);
  } else {
    print_commands(cli);
  }
}

enum bulla_status bulla_run_help(struct bulla_cli *cli) {
  /* "bulla help token mint" is "bulla token mint --help". */
  char *argv[] = {(char *)"bulla", (char *)"--help", cli->operands[0], cli->operands[1], NULL};
  struct bulla_cli asked = {.commands = cli->commands, .global_options = cli->global_options};
  enum bulla_status status = bulla_options_parse(&asked, (int)cli->num_operands + 2, argv);
  if (status == BULLA_OK) {
    bulla_help_print(&asked);
  } else {
    bulla_cli_at(cli, "%s", asked.what);
    (void)bulla_cli_error(cli, status, "%s", asked.text);
  }
  bulla_options_free(&asked);
  return status;
}
