/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What doctor has found so far: a row for each thing that it looked at. */

#ifndef BULLA_CLI_DOCTOR_ROWS_H
#define BULLA_CLI_DOCTOR_ROWS_H

#include <bulla/store.h>

#include "cli/rows.h"

struct bulla_doctor {
  struct bulla_cli *cli;
  struct bulla_rows rows;
  int num_problems;
};

/* bulla_doctor_tell adds what was found of |name|. The |remedy| is left out if it is good. */
BULLA_NODISCARD enum bulla_status bulla_doctor_tell(struct bulla_doctor *doctor, const char *name,
                                                    enum bulla_verdict verdict, const char *remedy, const char *format,
                                                    ...) __attribute__((format(printf, 5, 6)));

/* bulla_doctor_add adds |finding| to the doctor |arg|. Of type bulla_finding_fn. */
enum bulla_status bulla_doctor_add(void *arg, const struct bulla_finding *finding);

#endif
