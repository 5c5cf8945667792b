/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_out.h. */

#include "cli/report_out.h"

#include <stdlib.h>

void bulla_report_sink_free(struct bulla_report_sink **sink) {
  if (*sink != NULL) {
    bulla_rows_free(&(*sink)->rows);
    free(*sink);
    *sink = NULL;
  }
}

enum bulla_status bulla_report_out_begin(struct bulla_report_out *out, const struct bulla_report_head *head) {
  for (size_t i = 0; i < out->num; i++) {
    out->sinks[i]->head = head;
    BULLA_TRY(out->sinks[i]->type->begin(out->sinks[i], head));
  }
  return BULLA_OK;
}

enum bulla_status bulla_report_out_facts(struct bulla_report_out *out, const struct bulla_report_fact *facts,
                                         size_t num) {
  for (size_t i = 0; i < out->num; i++) {
    BULLA_TRY(out->sinks[i]->type->facts(out->sinks[i], facts, num));
  }
  return BULLA_OK;
}

enum bulla_status bulla_report_out_plots(struct bulla_report_out *out, const struct bulla_report *report) {
  for (size_t i = 0; i < out->num; i++) {
    BULLA_TRY(out->sinks[i]->type->plots != NULL ? out->sinks[i]->type->plots(out->sinks[i], report) : BULLA_OK);
  }
  return BULLA_OK;
}

enum bulla_status bulla_report_out_open(struct bulla_report_out *out, const struct bulla_report_section *section) {
  for (size_t i = 0; i < out->num; i++) {
    out->sinks[i]->section = section;
    out->sinks[i]->num_rows = 0;
    BULLA_TRY(out->sinks[i]->type->open != NULL ? out->sinks[i]->type->open(out->sinks[i], section) : BULLA_OK);
  }
  return BULLA_OK;
}

enum bulla_status bulla_report_out_row(struct bulla_report_out *out, const struct bulla_cell *cells) {
  for (size_t i = 0; i < out->num; i++) {
    BULLA_TRY(out->sinks[i]->type->row(out->sinks[i], cells));
    out->sinks[i]->num_rows++;
  }
  return BULLA_OK;
}

enum bulla_status bulla_report_out_close(struct bulla_report_out *out) {
  for (size_t i = 0; i < out->num; i++) {
    BULLA_TRY(out->sinks[i]->type->close(out->sinks[i]));
  }
  return BULLA_OK;
}

enum bulla_status bulla_report_out_end(struct bulla_report_out *out) {
  for (size_t i = 0; i < out->num; i++) {
    BULLA_TRY(out->sinks[i]->type->end != NULL ? out->sinks[i]->type->end(out->sinks[i]) : BULLA_OK);
  }
  return BULLA_OK;
}
