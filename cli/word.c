/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/word.h. */

#include "cli/word.h"

#include <string.h>

#include "core/cursor.h"
#include "store/names.h"

bool bulla_word_split(struct bulla_span *before, struct bulla_span *after, const char *text, char mark) {
  const char *found = strchr(text, mark);
  if (found == NULL) {
    *before = bulla_text(text);
    *after = bulla_span(NULL, 0);
    return false;
  }
  *before = bulla_span(text, (size_t)(found - text));
  *after = bulla_text(found + 1);
  return true;
}

int bulla_word_index(const char *const *words, struct bulla_span word) {
  for (int i = 0; words[i] != NULL; i++) {
    if (bulla_span_equal(bulla_text(words[i]), word)) {
      return i;
    }
  }
  return -1;
}

bool bulla_word_digits(int64_t *number, const char **text) {
  const char *first = *text;
  *number = 0;
  for (; **text >= '0' && **text <= '9'; ++*text) {
    if (__builtin_mul_overflow(*number, 10, number) || __builtin_add_overflow(*number, **text - '0', number)) {
      *number = INT64_MAX;
    }
  }
  return *text > first;
}

bool bulla_word_is_name(struct bulla_span text) {
  return bulla_name_check(text) == BULLA_OK;
}
