/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include "tests/interop/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void give_up(const char *why) {
  fprintf(stderr, "interop: %s\n", why);
  exit(2);
}

static void *room(size_t len) {
  void *made = malloc(len + 1);
  if (made == NULL) {
    give_up("no memory");
  }
  return made;
}

const char *line_text(json_t *request, const char *name) {
  const char *text = json_string_value(json_object_get(request, name));
  return text == NULL ? "" : text;
}

const char *line_alg(json_t *request, size_t i) {
  return json_string_value(json_array_get(json_object_get(request, "algs"), i));
}

bool line_is(json_t *request, const char *name, const char *text) {
  return strcmp(line_text(request, name), text) == 0;
}

static unsigned nibble(char digit) {
  static const char digits[] = "0123456789abcdef";
  const char *found = digit == 0 ? NULL : strchr(digits, digit);
  if (found == NULL) {
    give_up("bytes that are not hexadecimal");
  }
  return (unsigned)(found - digits);
}

uint8_t *line_bytes(size_t *len, json_t *request, const char *name) {
  const char *text = line_text(request, name);
  *len = strlen(text) / 2;
  uint8_t *bytes = room(*len);
  for (size_t i = 0; i < *len; i++) {
    bytes[i] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
  }
  return bytes;
}

json_t *line_hex(const void *data, size_t len) {
  static const char digits[] = "0123456789abcdef";
  const uint8_t *bytes = data;
  char *text = room(2 * len);
  for (size_t i = 0; i < len; i++) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  json_t *string = json_stringn(text, 2 * len);
  free(text);
  return string;
}

char *line_base64url(const uint8_t *bytes, size_t len) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  char *text = room(len * 4 / 3 + 2);
  size_t written = 0;
  unsigned bits = 0;
  unsigned num_bits = 0;
  for (size_t i = 0; i < len; i++) {
    bits = bits << 8 | bytes[i];
    for (num_bits += 8; num_bits >= 6; num_bits -= 6) {
      text[written++] = digits[bits >> (num_bits - 6) & 63];
    }
    bits &= 63;
  }
  if (num_bits > 0) {
    text[written++] = digits[bits << (6 - num_bits) & 63];
  }
  text[written] = 0;
  return text;
}

char *line_base64url_of(json_t *request, const char *name) {
  size_t len = 0;
  uint8_t *bytes = line_bytes(&len, request, name);
  char *text = line_base64url(bytes, len);
  free(bytes);
  return text;
}

/* A library's words may hold bytes of its memory: what is no ASCII is left out. */
json_t *line_why(const char *why) {
  char clean[200];
  size_t len = 0;
  for (const char *at = why == NULL ? "" : why; *at != 0 && len + 1 < sizeof(clean); at++) {
    if (*at >= ' ' && *at <= '~') {
      clean[len++] = *at;
    }
  }
  clean[len] = 0;
  return json_pack("{ss}", "why", len == 0 ? "it does not say" : clean);
}

static json_t *answer(const struct driver *driver, json_t *request) {
  if (line_is(request, "op", "hello")) {
    return json_pack("{ss}", "version", driver->version);
  }
  if (line_is(request, "op", "generate")) {
    return driver->generate(request);
  }
  if (line_is(request, "op", "encrypt")) {
    return driver->encrypt(request);
  }
  if (line_is(request, "op", "decrypt")) {
    return driver->decrypt(request);
  }
  return line_is(request, "op", "thumbprint") && driver->thumbprint != NULL ? driver->thumbprint(request)
                                                                            : line_why("there is no such op");
}

int line_serve(const struct driver *driver) {
  char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, stdin) > 0) {
    json_error_t error;
    json_t *request = json_loads(line, 0, &error);
    if (request == NULL) {
      give_up(error.text);
    }
    json_t *answered = answer(driver, request);
    if (answered == NULL || json_dumpf(answered, stdout, JSON_COMPACT) != 0) {
      give_up("no answer");
    }
    putchar('\n');
    fflush(stdout);
    json_decref(answered);
    json_decref(request);
  }
  free(line);
  return 0;
}
