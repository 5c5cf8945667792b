/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The limits that are set, as a process keeps them in memory. */

#ifndef BULLA_STORE_LIMIT_RULES_H
#define BULLA_STORE_LIMIT_RULES_H

#include <bulla/store.h>

#include "store/db.h"
#include "store/limit_bucket.h"

#define BULLA_LIMIT_KINDS 3  /* that enum bulla_limit_kind has, from 1 on */
#define BULLA_LIMIT_SCOPES 3 /* likewise */

struct bulla_limit_rule {
  enum bulla_limit_kind kind;
  enum bulla_limit_scope scope;
  struct bulla_limit_rate rate;
  size_t name_len; /* 0 for each that has no limit of its own */
  uint8_t name[BULLA_NAME_MAX];
};

/* All of them. Begin zeroed. */
struct bulla_limit_rules {
  struct bulla_limit_rule *rules;
  size_t num;
  bool has[BULLA_LIMIT_KINDS + 1][BULLA_LIMIT_SCOPES + 1]; /* whether there is one of that kind and scope */
};

/* bulla_limit_rules_take replaces |rules| by what |statement|, of BULLA_QUERY_LIST_LIMITS, gives, and says whether they
 * are others. Returns BULLA_REFUSED for what nobody can have set, and then leaves |rules| as they are. */
BULLA_NODISCARD enum bulla_status bulla_limit_rules_take(struct bulla_limit_rules *rules, bool *changed,
                                                         struct bulla_statement *statement);

/* bulla_limit_rules_find returns the limit of |name|, or that of each, or NULL. */
const struct bulla_limit_rule *bulla_limit_rules_find(const struct bulla_limit_rules *rules, enum bulla_limit_kind kind,
                                                      enum bulla_limit_scope scope, struct bulla_span name);

void bulla_limit_rules_free(struct bulla_limit_rules *rules);

#endif
