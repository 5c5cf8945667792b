/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The vectors of docs/FORMAT.md §11, by their names. That they follow from the document is for
 * tests/format_vectors.py. */

#ifndef BULLA_TESTS_VECTORS_H
#define BULLA_TESTS_VECTORS_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/support.h"

/* vector_document returns the page, which ends with a NUL. */
static inline const char *vector_document(void) {
  static char document[1 << 18];
  if (document[0] == '\0') {
    FILE *file = fopen(BULLA_SOURCE_FOLDER "/docs/FORMAT.md", "re");
    cr_assert_not_null(file, "no docs/FORMAT.md");
    size_t len = fread(document, 1, sizeof(document) - 1, file);
    document[len] = '\0';
    fclose(file);
  }
  return document;
}

/* vector_line returns what is behind "NAME = ". */
static inline struct bulla_span vector_line(const char *name) {
  char start[100];
  snprintf(start, sizeof(start), "\n%s = ", name);
  const char *found = strstr(vector_document(), start);
  cr_assert_not_null(found, "no vector %s", name);
  found += strlen(start);
  return bulla_span(found, strcspn(found, "\n"));
}

static inline struct bulla_span vector_bytes(const char *name) {
  return test_hex((const char *)test_concat(vector_line(name), bulla_span("", 1)).data);
}

static inline struct bulla_span vector_text(const char *name) {
  struct bulla_span quoted = vector_line(name);
  cr_assert(quoted.len >= 2 && quoted.data[0] == '"' && quoted.data[quoted.len - 1] == '"', "%s", name);
  return bulla_span(quoted.data + 1, quoted.len - 2);
}

static inline int64_t vector_number(const char *name) {
  return strtoll((const char *)vector_line(name).data, NULL, 10);
}

/* vector_of returns the name of the vector |member| of |whole|. */
static inline const char *vector_of(const char *whole, const char *member) {
  struct bulla_span start = test_concat(test_text(whole), test_text("."));
  return (const char *)test_concat(start, bulla_span(member, strlen(member) + 1)).data;
}

#endif
