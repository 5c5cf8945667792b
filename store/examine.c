/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/examine.h. */

#include "store/examine.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/cursor.h"

void bulla_examine_tell(struct bulla_examination *examination, const char *name, enum bulla_verdict verdict,
                        const char *remedy, const char *format, ...) {
  if (examination->num == BULLA_FINDINGS_MAX) {
    return;
  }
  char *value = examination->values[examination->num];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(value, BULLA_FINDING_VALUE_MAX, format, args);
  va_end(args);
  for (char *at = value; *at != '\0'; at++) { /* a server's names are whatever it says */
    *at = (char)(*at < ' ' || *at > '~' ? '?' : *at);
  }
  examination->findings[examination->num++] = (struct bulla_finding){
      .name = bulla_text(name),
      .verdict = verdict,
      .value = bulla_text(value),
      .remedy = verdict != BULLA_VERDICT_OK ? bulla_text(remedy) : bulla_span(NULL, 0),
  };
}
