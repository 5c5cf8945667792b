/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a driver finds where a vault is: see bulla_vault_examine. */

#ifndef BULLA_STORE_EXAMINE_H
#define BULLA_STORE_EXAMINE_H

#include <bulla/store.h>

enum { BULLA_FINDINGS_MAX = 24, BULLA_FINDING_VALUE_MAX = 256 };

/* The findings so far. They are kept, so that nothing is locked while somebody is told. */
struct bulla_examination {
  size_t num;
  struct bulla_finding findings[BULLA_FINDINGS_MAX];
  char values[BULLA_FINDINGS_MAX][BULLA_FINDING_VALUE_MAX];
};

/* bulla_examine_tell adds a finding. |remedy| is for what is not good. It and |name| are constants. */
void bulla_examine_tell(struct bulla_examination *examination, const char *name, enum bulla_verdict verdict,
                        const char *remedy, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
