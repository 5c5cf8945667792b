/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/limit_rules.h. Nothing signs them: a row that makes no sense is refused, and so is all that asks whether it
 * is limited. */

#include "store/limit_rules.h"

#include <stdlib.h>

#include "core/log.h"

enum { SECOND_US = 1000000, PERIOD_MAX_S = 86400 };

static bool is_within(int64_t number, int64_t min, int64_t max) {
  return number >= min && number <= max;
}

/* Reads the row of |statement|. */
static enum bulla_status take_rule(struct bulla_limit_rule *rule, struct bulla_statement *statement) {
  int64_t kind = bulla_column_int(statement);
  int64_t scope = bulla_column_int(statement);
  struct bulla_span name = bulla_column_text(statement, sizeof(rule->name));
  int64_t rate = bulla_column_int(statement);
  int64_t period = bulla_column_int(statement);
  int64_t burst = bulla_column_int(statement);
  bool good = bulla_columns_good(statement) && is_within(kind, 1, BULLA_LIMIT_KINDS) &&
              is_within(scope, 1, BULLA_LIMIT_SCOPES) && is_within(rate, 0, BULLA_LIMIT_MAX) &&
              is_within(period, 1, PERIOD_MAX_S) && is_within(burst, 0, BULLA_LIMIT_MAX) && (rate == 0) == (burst == 0);
  if (!good) {
    return bulla_explain(BULLA_REFUSED, "a limit in the database is none that can be set: set or remove it anew");
  }
  *rule = (struct bulla_limit_rule){.kind = (enum bulla_limit_kind)kind,
                                    .scope = (enum bulla_limit_scope)scope,
                                    .rate = {.tokens = rate, .period = period * SECOND_US, .burst = burst},
                                    .name_len = name.len};
  if (name.len > 0) {
    memcpy(rule->name, name.data, name.len);
  }
  return BULLA_OK;
}

static enum bulla_status take_all(struct bulla_limit_rules *taken, struct bulla_statement *statement) {
  for (;;) {
    bool row;
    BULLA_TRY(bulla_step(statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    if (taken->num == BULLA_LIMITS_MAX) {
      return bulla_explain(BULLA_REFUSED, "the vault has more limits than can be set");
    }
    struct bulla_limit_rule rule = {.name_len = 0};
    BULLA_TRY(take_rule(&rule, statement));
    struct bulla_limit_rule *more = realloc(taken->rules, (taken->num + 1) * sizeof(*more));
    if (more == NULL) {
      return BULLA_NO_MEMORY;
    }
    taken->rules = more;
    taken->rules[taken->num] = rule;
    taken->has[rule.kind][rule.scope] = true;
    taken->num++;
  }
}

static struct bulla_span name_of(const struct bulla_limit_rule *rule) {
  return bulla_span(rule->name, rule->name_len);
}

static bool is_same_rule(const struct bulla_limit_rule *one, const struct bulla_limit_rule *other) {
  return one->kind == other->kind && one->scope == other->scope && one->rate.tokens == other->rate.tokens &&
         one->rate.period == other->rate.period && one->rate.burst == other->rate.burst &&
         bulla_span_equal(name_of(one), name_of(other));
}

static bool is_same(const struct bulla_limit_rules *one, const struct bulla_limit_rules *other) {
  bool same = one->num == other->num;
  for (size_t i = 0; same && i < one->num; i++) {
    same = is_same_rule(&one->rules[i], &other->rules[i]);
  }
  return same;
}

enum bulla_status bulla_limit_rules_take(struct bulla_limit_rules *rules, bool *changed,
                                         struct bulla_statement *statement) {
  struct bulla_limit_rules taken BULLA_CLEANUP(bulla_limit_rules_free) = {.num = 0};
  *changed = false;
  BULLA_TRY(take_all(&taken, statement));
  *changed = !is_same(rules, &taken);
  if (*changed) {
    struct bulla_limit_rules before = *rules;
    *rules = taken;
    taken = before;
  }
  return BULLA_OK;
}

const struct bulla_limit_rule *bulla_limit_rules_find(const struct bulla_limit_rules *rules, enum bulla_limit_kind kind,
                                                      enum bulla_limit_scope scope, struct bulla_span name) {
  const struct bulla_limit_rule *found = NULL;
  for (size_t i = 0; i < rules->num; i++) {
    const struct bulla_limit_rule *rule = &rules->rules[i];
    if (rule->kind != kind || rule->scope != scope) {
      continue;
    }
    if (rule->name_len == 0) {
      found = rule; /* the first of its kind and scope */
    } else if (bulla_span_equal(name_of(rule), name)) {
      return rule;
    }
  }
  return found;
}

void bulla_limit_rules_free(struct bulla_limit_rules *rules) {
  free(rules->rules);
  rules->rules = NULL;
  rules->num = 0;
}
