/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/log.h. */

#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_LEN = 512 };

static struct {
  bulla_log_fn log;
  void *arg;
} told;

void bulla_log_set(bulla_log_fn log, void *arg) {
  told.log = log;
  told.arg = arg;
}

__attribute__((format(printf, 3, 0))) static void tell(enum bulla_log_level level, enum bulla_status status,
                                                       const char *format, va_list args) {
  char line[LINE_MAX_LEN];
  int error = errno;
  if (told.log != NULL && vsnprintf(line, sizeof(line), format, args) >= 0) {
    /* One line, whatever the words of the system or of SQLite have in them. */
    for (char *at = line; *at != '\0'; at++) {
      if (*at < ' ' || *at > '~') {
        *at = '?';
      }
    }
    told.log(told.arg, level, status, line);
  }
  errno = error;
}

enum bulla_status bulla_explain(enum bulla_status status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  tell(BULLA_LOG_ERROR, status, format, args);
  va_end(args);
  return status;
}

void bulla_warn(enum bulla_status status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  tell(BULLA_LOG_WARNING, status, format, args);
  va_end(args);
}

static bool may_show(uint8_t byte) {
  return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '.' ||
         byte == '_' || byte == '-';
}

const char *bulla_log_name(char text[BULLA_LOG_NAME_MAX], struct bulla_span name) {
  size_t len = 0;
  for (; len < name.len && len < BULLA_LOG_NAME_MAX - 1; len++) {
    text[len] = '?';
    if (may_show(name.data[len])) {
      memcpy(text + len, name.data + len, 1);
    }
  }
  text[len] = '\0';
  return text;
}
