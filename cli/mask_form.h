/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The forms in which a secret value may stand in the output of a command: as it is, in hexadecimal, in base64, encoded
 * for a URL, and as a JSON string. A form is not stored: it is recognised with the value alone, so that a large value
 * takes no more locked memory than it has bytes. */

#ifndef BULLA_CLI_MASK_FORM_H
#define BULLA_CLI_MASK_FORM_H

#include "core/cursor.h"

enum bulla_mask_kind {
  BULLA_MASK_RAW,    /* its bytes; a line break in it may be another one */
  BULLA_MASK_HEX,    /* digits of either case, in as many lines as one likes */
  BULLA_MASK_BASE64, /* of either alphabet, padded or not, likewise */
  BULLA_MASK_URL,    /* bytes, or %XX of either case for any of them, and + for a space */
  BULLA_MASK_JSON,   /* bytes, escaped as in a JSON string where they must be or may be, and \uXXXX for characters */
};

struct bulla_mask_form {
  struct bulla_span value;
  enum bulla_mask_kind kind;
  uint8_t before;   /* of base64: how many bytes before the value share its first group, 0 to 2 */
  bool has_lines;   /* of its bytes: the value has line breaks */
  size_t least_len; /* the shortest that this form can be */
};

/* The shortest value that is looked for: a shorter one is found everywhere. */
#define BULLA_MASK_LEAST 4

/* bulla_mask_text_len returns how many bytes of |value| are no line breaks. If these are less than BULLA_MASK_LEAST,
 * it can be found as it was stored alone. */
size_t bulla_mask_text_len(struct bulla_span value);

/* bulla_mask_without_end returns |value| without line breaks at its end. */
struct bulla_span bulla_mask_without_end(struct bulla_span value);

/* The most forms that a value has. */
#define BULLA_MASK_FORMS_MAX 7

/* bulla_mask_forms fills |forms| with those of |value| that are worth looking for, and returns their number. |value|
 * has BULLA_MASK_LEAST bytes at least, and must live as long as they. */
size_t bulla_mask_forms(struct bulla_mask_form forms[BULLA_MASK_FORMS_MAX], struct bulla_span value);

/* What is found at the beginning of some output. */
struct bulla_mask_match {
  size_t len;   /* how many bytes a value has there, or 0 */
  bool is_open; /* with more output, a value, or a longer one, may begin there */
};

/* bulla_mask_form_match looks for |form| at the beginning of |output|. */
struct bulla_mask_match bulla_mask_form_match(const struct bulla_mask_form *form, struct bulla_span output);

#endif
