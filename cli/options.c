/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reads the command line. An argument that is not understood may be a secret that slipped in, so errors name
 * its place and never repeat it; of an unknown option they repeat a name of plain letters, without its value. */

#include "cli/options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/error.h"
#include "cli/suggest.h"
#include "cli/word.h"

static const struct bulla_option *find_option(const struct bulla_option *options, struct bulla_span name) {
  for (; options->name != NULL; options++) {
    if (bulla_span_equal(bulla_text(options->name), name)) {
      return options;
    }
  }
  return NULL;
}

static bool all_of(struct bulla_span text, const char *allowed) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] == 0 || strchr(allowed, text.data[i]) == NULL) {
      return false;
    }
  }
  return true;
}

static enum bulla_status unknown_option(struct bulla_cli *cli, struct bulla_span name) {
  if (name.len > 32 || !all_of(name, "abcdefghijklmnopqrstuvwxyz-")) {
    return bulla_cli_usage(cli, "unknown option");
  }
  return bulla_cli_usage(cli, "unknown option --%.*s", (int)name.len, (const char *)name.data);
}

/* parse_option takes the option at argv[*at], and argv[*at + 1] if that is its value. */
static enum bulla_status parse_option(struct bulla_cli *cli, char **argv, int *at) {
  struct bulla_span name;
  struct bulla_span inline_value;
  bool has_inline = bulla_word_split(&name, &inline_value, argv[*at] + 2, '=');

  /* A sub-command may have an option of its own in place of a global one. */
  const struct bulla_option *option = cli->command != NULL ? find_option(cli->command->options, name) : NULL;
  if (option == NULL) {
    option = find_option(cli->global_options, name);
  }
  if (option == NULL) {
    return unknown_option(cli, name);
  }
  if (!option->repeated && bulla_option_count(cli, option->name) > 0) {
    return bulla_cli_usage(cli, "--%s is given twice", option->name);
  }

  struct bulla_given *given = &cli->given[cli->num_given++];
  given->option = option;
  if (option->value == NULL) {
    return has_inline ? bulla_cli_usage(cli, "--%s takes no value", option->name) : BULLA_OK;
  }
  if (has_inline) {
    given->value = (const char *)inline_value.data;
  } else {
    /* A value that looks like an option is a forgotten value: "--reason -- CMD" must not run CMD. */
    if (argv[*at + 1] == NULL || strncmp(argv[*at + 1], "--", 2) == 0) {
      return bulla_cli_usage(cli, "--%s needs %s; one that begins with two hyphens is written --%s=%s", option->name,
                             option->value, option->name, option->value);
    }
    *at += 1;
    given->value = argv[*at];
  }
  return given->value[0] == '\0' ? bulla_cli_usage(cli, "--%s is empty", option->name) : BULLA_OK;
}

/* take_command takes |word| as the sub-command or its first word, or returns false if it is none. */
static bool take_command(struct bulla_cli *cli, const char *word) {
  for (const struct bulla_command *command = cli->commands; command->name != NULL; command++) {
    size_t first_len = strcspn(command->name, " ");
    const char *second = command->name[first_len] == ' ' ? command->name + first_len + 1 : NULL;
    if (cli->group != NULL) {
      if (second != NULL && strncmp(command->name, cli->group, first_len) == 0 && cli->group[first_len] == '\0' &&
          strcmp(second, word) == 0) {
        cli->command = command;
        return true;
      }
    } else if (strncmp(command->name, word, first_len) == 0 && word[first_len] == '\0') {
      cli->group = second == NULL ? NULL : word;
      cli->command = second == NULL ? command : NULL;
      return true;
    }
  }
  return false;
}

/* take_longer takes |word|, the first one behind a sub-command of one word, as the second word of another: "grant list"
 * grants nothing to an actor of that name, "grant -- list" would. */
static enum bulla_status take_longer(struct bulla_cli *cli, bool *taken, const char *word) {
  size_t len = strlen(cli->command->name);
  const struct bulla_command *command = cli->commands;
  while (command->name != NULL && (strncmp(command->name, cli->command->name, len) != 0 || command->name[len] != ' ' ||
                                   strcmp(command->name + len + 1, word) != 0)) {
    command++;
  }
  *taken = command->name != NULL;
  if (!*taken) {
    return BULLA_OK;
  }
  const struct bulla_option *own = cli->command->options;
  cli->command = command;
  for (; own->name != NULL; own++) {
    /* What stands between the two words may be an option of the first alone. */
    struct bulla_span name = bulla_text(own->name);
    if (bulla_option_count(cli, own->name) > 0 && find_option(command->options, name) == NULL) {
      return unknown_option(cli, name);
    }
  }
  return BULLA_OK;
}

static enum bulla_status check_command(struct bulla_cli *cli) {
  if (cli->command == NULL) {
    return cli->group == NULL ? bulla_cli_usage(cli, "no command is given") : bulla_unknown_command(cli, NULL);
  }
  for (const struct bulla_option *option = cli->command->options; option->name != NULL; option++) {
    if (option->mandatory && bulla_option_count(cli, option->name) == 0) {
      return bulla_cli_usage(cli, "--%s %s is missing", option->name, option->value);
    }
  }
  if (cli->num_operands < cli->command->min_operands) {
    return bulla_cli_usage(cli, "too few arguments: it takes %s", cli->command->operands);
  }
  if (cli->num_operands > cli->command->max_operands) {
    if (cli->command->max_operands == 0 && strstr(cli->command->summary, "standard input") != NULL) {
      return bulla_cli_usage(cli, "argument 1 is too many: it reads standard input, as from < FILE");
    }
    bool takes_any = cli->command->operands[0] != '\0';
    return bulla_cli_usage(cli, "argument %zu is too many%s%s", cli->command->max_operands + 1,
                           takes_any ? ": it takes " : "", cli->command->operands);
  }
  return BULLA_OK;
}

/* takes_dashes says whether all operands of |command| stand behind "--", so that their options are not taken for
 * its own. */
static bool takes_dashes(const struct bulla_command *command) {
  return strncmp(command->operands, "-- ", 3) == 0;
}

enum bulla_status bulla_options_parse(struct bulla_cli *cli, int argc, char **argv) {
  cli->given = (struct bulla_given *)calloc((size_t)argc + 1, sizeof(*cli->given));
  cli->operands = (char **)calloc((size_t)argc + 1, sizeof(*cli->operands));
  if (cli->given == NULL || cli->operands == NULL) {
    return BULLA_NO_MEMORY;
  }

  bool dashes = false;
  for (int i = 1; i < argc; i++) {
    bool taken = false;
    if (!dashes && strcmp(argv[i], "--") == 0) {
      dashes = true;
    } else if (!dashes && strcmp(argv[i], "-h") == 0) {
      cli->help = true;
    } else if (!dashes && strncmp(argv[i], "--", 2) == 0) {
      BULLA_TRY(parse_option(cli, argv, &i));
    } else if (!dashes && argv[i][0] == '-' && argv[i][1] != '\0') {
      return bulla_cli_usage(cli, "options begin with two hyphens");
    } else if (cli->command == NULL) {
      if (!take_command(cli, argv[i])) {
        return bulla_unknown_command(cli, argv[i]);
      }
    } else if (!dashes && takes_dashes(cli->command)) {
      return bulla_cli_usage(cli, "the command to run goes after --: bulla %s … %s", cli->command->name,
                             cli->command->operands);
    } else {
      if (!dashes && cli->num_operands == 0) {
        BULLA_TRY(take_longer(cli, &taken, argv[i]));
      }
      if (!taken) {
        cli->operands[cli->num_operands++] = argv[i];
      }
    }
  }

  cli->help = cli->help || bulla_option_count(cli, "help") > 0;
  cli->json = bulla_option_count(cli, "json") > 0;
  if (cli->help || bulla_option_count(cli, "version") > 0) {
    return BULLA_OK;
  }
  return check_command(cli);
}

void bulla_options_free(struct bulla_cli *cli) {
  free(cli->given);
  free(cli->operands);
  cli->given = NULL;
  cli->operands = NULL;
}

bool bulla_option_next(const struct bulla_cli *cli, const char *name, size_t *at, const char **value) {
  for (; *at < cli->num_given; *at += 1) {
    if (strcmp(cli->given[*at].option->name, name) == 0) {
      *value = cli->given[*at].value;
      *at += 1;
      return true;
    }
  }
  return false;
}

const char *bulla_option_value(const struct bulla_cli *cli, const char *name) {
  assert(find_option(cli->global_options, bulla_text(name)) != NULL ||
         find_option(cli->command->options, bulla_text(name)) != NULL);
  const char *value = NULL;
  size_t at = 0;
  while (bulla_option_next(cli, name, &at, &value)) {
  }
  return value;
}

struct bulla_span bulla_option_span(const struct bulla_cli *cli, const char *name) {
  const char *value = bulla_option_value(cli, name);
  return value == NULL ? bulla_span(NULL, 0) : bulla_text(value);
}

size_t bulla_option_count(const struct bulla_cli *cli, const char *name) {
  const char *value = NULL;
  size_t at = 0;
  size_t count = 0;
  while (bulla_option_next(cli, name, &at, &value)) {
    count++;
  }
  return count;
}

enum bulla_status bulla_option_number(struct bulla_cli *cli, const char *name, int64_t *number) {
  const char *text = bulla_option_value(cli, name);
  if (text == NULL) {
    return BULLA_OK;
  }
  int64_t sum;
  if (!bulla_word_digits(&sum, &text) || *text != '\0' || sum == INT64_MAX) {
    return bulla_cli_usage(cli, "--%s takes a number, in decimal digits", name);
  }
  *number = sum;
  return BULLA_OK;
}

enum bulla_status bulla_option_choice(struct bulla_cli *cli, const char *name, const char *const *choices, int *index) {
  const char *value = bulla_option_value(cli, name);
  char list[128];
  size_t len = 0;
  for (int i = 0; value != NULL && choices[i] != NULL; i++) {
    if (strcmp(value, choices[i]) == 0) {
      *index = i;
      return BULLA_OK;
    }
    len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i > 0 ? ", " : "", choices[i]);
  }
  return value == NULL ? BULLA_OK : bulla_cli_usage(cli, "--%s takes one of %s", name, list);
}
