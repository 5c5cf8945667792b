/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/doctor_rows.h. */

#include "cli/doctor_rows.h"

#include <stdarg.h>
#include <stdio.h>

enum { VALUE_MAX = 512 };

enum bulla_status bulla_doctor_add(void *arg, const struct bulla_finding *finding) {
  static const char *const verdicts[] = {"ok", "warning", "problem"};
  struct bulla_doctor *doctor = arg;
  doctor->num_problems += finding->verdict == BULLA_VERDICT_PROBLEM ? 1 : 0;
  const struct bulla_cell cells[] = {
      bulla_cell_string(verdicts[finding->verdict]),
      bulla_cell_text(finding->name),
      bulla_cell_text(finding->value),
      finding->remedy.len > 0 ? bulla_cell_text(finding->remedy) : bulla_cell(BULLA_CELL_NONE, 0),
  };
  return bulla_rows_add(&doctor->rows, cells);
}

enum bulla_status bulla_doctor_tell(struct bulla_doctor *doctor, const char *name, enum bulla_verdict verdict,
                                    const char *remedy, const char *format, ...) {
  char value[VALUE_MAX];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(value, sizeof(value), format, arguments);
  va_end(arguments);
  const struct bulla_finding finding = {
      .name = bulla_text(name),
      .verdict = verdict,
      .value = bulla_text(value),
      .remedy = verdict != BULLA_VERDICT_OK ? bulla_text(remedy) : bulla_span(NULL, 0)};
  return bulla_doctor_add(doctor, &finding);
}
