/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Which sub-command, or which of some words, somebody may have meant who typed another word. */

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

/* unlikeness compares |word| with |name| and with its two parts, before and behind |separator|; FAR if they have little
 * in common. */
static size_t unlikeness(const char *name, char separator, struct bulla_span word) {
  struct bulla_span first = bulla_text(name);
  struct bulla_span second = bulla_span(NULL, 0);
  size_t best = distance(word, first);
  if (bulla_word_split(&first, &second, name, separator)) {
    best = smaller(best, smaller(distance(word, first), distance(word, second)));
  }
  return best <= 2 && 2 * best < word.len ? best : FAR;
}

static bool is_of(const struct bulla_command *command, const char *group) {
  size_t len = strlen(group);
  return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

static void append(char names[BULLA_SUGGEST_MAX], const char *name) {
  size_t len = strlen(names);
  (void)snprintf(names + len, BULLA_SUGGEST_MAX - len, "%s%s", len > 0 ? ", " : "", name);
}

/* keep_likest appends |name| to |names| if it is as like the word as any before, and as the only one if it is liker. */
static void keep_likest(char names[BULLA_SUGGEST_MAX], size_t *best, const char *name, size_t unlike) {
  if (unlike < *best) {
    *best = unlike;
    names[0] = '\0';
  }
  if (unlike == *best) {
    append(names, name);
  }
}

/* name_like puts the names of all commands into |names| that are as like |word| as any. */
static void name_like(const struct bulla_cli *cli, char names[BULLA_SUGGEST_MAX], struct bulla_span word) {
  size_t best = FAR - 1;
  for (const struct bulla_command *command = cli->commands; command->name != NULL; command++) {
    keep_likest(names, &best, command->name, unlikeness(command->name, ' ', word));
  }
}

void bulla_suggest(char names[BULLA_SUGGEST_MAX], const char *const *words, struct bulla_span word) {
  size_t best = FAR - 1;
  names[0] = '\0';
  for (; *words != NULL; words++) {
    keep_likest(names, &best, *words, unlikeness(*words, '-', word));
  }
}

enum bulla_status bulla_unknown_command(struct bulla_cli *cli, const char *word) {
  char names[BULLA_SUGGEST_MAX] = "";
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
