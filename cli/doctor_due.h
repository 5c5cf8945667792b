/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The part of doctor that is about time: what is due, and what was not done for long. */

#ifndef BULLA_CLI_DOCTOR_DUE_H
#define BULLA_CLI_DOCTOR_DUE_H

#include "cli/doctor_rows.h"

/* bulla_doctor_look_after tells what somebody has to do for the vault from time to time, and has not done: new keys,
 * secrets past their date, a root for recovery, anchors, backups. */
BULLA_NODISCARD enum bulla_status bulla_doctor_look_after(struct bulla_doctor *doctor, struct bulla_vault *vault);

#endif
