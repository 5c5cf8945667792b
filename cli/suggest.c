/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Which sub-command somebody may have meant who typed another word. */

#include "cli/suggest.h"

#include <stdio.h>
#include <string.h>

#include "cli/error.h"
#include "cli/word.h"

enum { WORD_MAX = 16, FAR = 99 };

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* distance returns how many letters have to be put in, left out, changed, or swapped with the next, to make |a| of
 * |b| (optimal string alignment). */
static size_t distance(struct bulla_span a, struct bulla_span b) {
  size_t rows[WORD_MAX + 1][WORD_MAX + 1];
  if (a.len > WORD_MAX || b.len > WORD_MAX) {
    return FAR;
  }
  for (size_t i = 0; i <= a.len; i++) {
    for (size_t j = 0; j <= b.len; j++) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      size_t changed = rows[i - 1][j - 1] + (a.data[i - 1] == b.data[j - 1] ? 0 : 1);
      rows[i][j] = smaller(changed, smaller(rows[i - 1][j], rows[i][j - 1]) + 1);
      if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1]) {
        rows[i][j] = smaller(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.len][b.len];
}

/* unlikeness compares |word| with each word of the name of |command|; FAR if they have little in common. */
static size_t unlikeness(const struct bulla_command *command, struct bulla_span word) {
  struct bulla_span first = bulla_text(command->name);
  struct bulla_span second = bulla_span(NULL, 0);
  (void)bulla_word_split(&first, &second, command->name, ' ');
  size_t best = smaller(distance(word, first), second.len > 0 ? distance(word, second) : FAR);
  return best <= 2 && 2 * best < word.len ? best : FAR;
}

static bool is_of(const struct bulla_command *command, const char *group) {
  size_t len = strlen(group);
  return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

static void append(char names[256], const char *name) {
  size_t len = strlen(names);
  (void)snprintf(names + len, 256 - len, "%s%s", len > 0 ? ", " : "", name);
}

/* name_like puts the names of all commands into |names| that are as like |word| as any. */
static void name_like(const struct bulla_cli *cli, char names[256], struct bulla_span word) {
  size_t best = FAR - 1;
  for (const struct bulla_command *command = cli->commands; command->name != NULL; command++) {
    size_t unlike = unlikeness(command, word);
    if (unlike < best) {
      best = unlike;
      names[0] = '\0';
    }
    if (unlike == best) {
      append(names, command->name);
    }
  }
}

enum bulla_status bulla_unknown_command(struct bulla_cli *cli, const char *word) {
  char names[256] = "";
  if (cli->group == NULL) {
    name_like(cli, names, bulla_text(word));
    return names[0] == '\0' ? bulla_cli_usage(cli, "unknown command")
                            : bulla_cli_usage(cli, "unknown command: did you mean %s?", names);
  }
  for (const struct bulla_command *command = cli->commands; command->name != NULL; command++) {
    if (is_of(command, cli->group)) {
      append(names, command->name + strlen(cli->group) + 1);
    }
  }
  return bulla_cli_usage(cli, word == NULL ? "the second word is missing: %s" : "unknown second word: it takes %s",
                         names);
}
