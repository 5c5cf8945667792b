/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/scan.h. */

#include "fuzz/scan.h"

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct bulla_span trim(struct bulla_span text) {
  while (text.len > 0 && is_space(text.data[0])) {
    text = bulla_span(text.data + 1, text.len - 1);
  }
  while (text.len > 0 && is_space(text.data[text.len - 1])) {
    text.len--;
  }
  return text;
}

/* Returns the index behind the string whose opening quote is at |at|. */
static size_t skip_string(struct bulla_span text, size_t at) {
  for (at++; at < text.len && text.data[at] != '"'; at++) {
    at += text.data[at] == '\\' ? 1 : 0;
  }
  return at < text.len ? at + 1 : text.len;
}

static struct scan_member member_of(struct bulla_span whole) {
  struct scan_member member = {.whole = whole, .value = whole};
  if (whole.data[0] == '"') {
    size_t end = skip_string(whole, 0);
    struct bulla_span rest = trim(bulla_span(whole.data + end, whole.len - end));
    if (rest.len > 0 && rest.data[0] == ':') {
      member.name = bulla_span(whole.data + 1, end - 2);
      member.value = trim(bulla_span(rest.data + 1, rest.len - 1));
    }
  }
  return member;
}

size_t scan_members(struct scan_member *members, size_t max_members, struct bulla_span text) {
  size_t num = 0;
  size_t depth = 0;
  size_t start = 0;
  size_t at = 0;
  while (at < text.len && num < max_members) {
    uint8_t c = text.data[at];
    if (c == '"') {
      at = skip_string(text, at);
      continue;
    }
    bool closes = c == '}' || c == ']';
    if (depth == 1 && (c == ',' || closes)) {
      struct bulla_span whole = trim(bulla_span(text.data + start, at - start));
      if (whole.len > 0) {
        members[num++] = member_of(whole);
      }
      start = at + 1;
    }
    if (c == '{' || c == '[') {
      depth++;
      start = depth == 1 ? at + 1 : start;
    } else if (closes && depth > 0) {
      depth--;
    }
    at++;
  }
  return num;
}

static bool is_numeric(uint8_t c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

bool scan_number(struct bulla_span *number, struct bulla_span text) {
  size_t at = 0;
  while (at < text.len) {
    uint8_t c = text.data[at];
    if (c == '"') {
      at = skip_string(text, at);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      size_t start = at;
      while (at < text.len && is_numeric(text.data[at])) {
        at++;
      }
      *number = bulla_span(text.data + start, at - start);
      return true;
    } else {
      at++;
    }
  }
  return false;
}
