/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Setting, removing and listing limits, and asking them how long to wait. These changes are not limited: whoever may
 * set a limit can always raise it. */

#include <stdio.h>

#include "core/log.h"
#include "store/change.h"
#include "store/clock.h"
#include "store/may.h"
#include "store/names.h"
#include "store/self.h"

enum { PERIOD_MAX_S = 86400, SECOND_US = 1000000, TEXT_MAX = 96 };

static enum bulla_status check_key(const struct bulla_limit *limit) {
  bool known = limit->kind >= BULLA_LIMIT_USE && limit->kind <= BULLA_LIMIT_MISS && limit->scope >= BULLA_LIMIT_ACTOR &&
               limit->scope <= BULLA_LIMIT_ORIGIN;
  return known ? bulla_text_check(limit->name, BULLA_NAME_MAX)
               : bulla_explain(BULLA_INVALID_ARGUMENT,
                               "a limit is of uses, changes or misses of an actor, a tenant or "
                               "an origin");
}

static enum bulla_status check_numbers(const struct bulla_limit *limit) {
  if (limit->rate < 0 || limit->burst < 0 || limit->period < 1 || limit->period > PERIOD_MAX_S) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "a limit is so many in 1 to %d seconds", PERIOD_MAX_S);
  }
  if (limit->rate > BULLA_LIMIT_MAX || limit->burst > BULLA_LIMIT_MAX) {
    return bulla_explain(BULLA_TOO_LARGE, "a rate or a burst is at most %d", BULLA_LIMIT_MAX);
  }
  return limit->rate > 0 || limit->burst == 0
             ? BULLA_OK
             : bulla_explain(BULLA_INVALID_ARGUMENT, "with a rate of 0 nothing passes, and there is no burst");
}

static void bind_key(struct bulla_statement *statement, const struct bulla_limit *limit) {
  bulla_bind_int(statement, (int64_t)limit->kind);
  bulla_bind_int(statement, (int64_t)limit->scope);
  bulla_bind_text(statement, limit->name);
}

static enum bulla_status store(struct bulla_vault *vault, const struct bulla_limit *limit) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_PUT_LIMIT);
  bind_key(&statement, limit);
  bulla_bind_int(&statement, limit->rate);
  bulla_bind_int(&statement, limit->period);
  bulla_bind_int(&statement, limit->burst > 0 ? limit->burst : limit->rate);
  return bulla_finish(&statement);
}

/* Appends the record: the name is its entry, what was set its field. */
static enum bulla_status tell(struct bulla_change *change, struct bulla_span op, const struct bulla_limit *limit,
                              bool has_numbers) {
  static const char *const kinds[] = {"", "use", "change", "miss"};
  static const char *const scopes[] = {"", "actor", "tenant", "origin"};
  char text[TEXT_MAX];
  int len = has_numbers ? snprintf(text, sizeof(text), "%s %s %lld/%lld burst %lld", kinds[limit->kind],
                                   scopes[limit->scope], (long long)limit->rate, (long long)limit->period,
                                   (long long)(limit->burst > 0 ? limit->burst : limit->rate))
                        : snprintf(text, sizeof(text), "%s %s", kinds[limit->kind], scopes[limit->scope]);
  return bulla_change_tell(change, op, bulla_span(NULL, 0), limit->name,
                           bulla_span((const uint8_t *)text, len > 0 ? (size_t)len : 0));
}

/* A limit that is set twice is one: only what is counted afterwards can be too many. */
static enum bulla_status check_number(struct bulla_vault *vault) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LIST_LIMITS);
  bool row = true;
  for (size_t num = 0; row; num++) {
    if (num > BULLA_LIMITS_MAX) {
      return bulla_explain(BULLA_TOO_LARGE, "a vault has at most %d limits", BULLA_LIMITS_MAX);
    }
    BULLA_TRY(bulla_step(&statement, &row));
  }
  return BULLA_OK;
}

static enum bulla_status commit(struct bulla_change *change) {
  BULLA_TRY(bulla_change_commit(change));
  change->vault->limits.read = 0; /* this process sees it at once */
  return BULLA_OK;
}

enum bulla_status bulla_vault_limit_set(struct bulla_vault *vault, const struct bulla_who *who,
                                        const struct bulla_limit *limit) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(BULLA_CHECK_RESERVED(limit->reserved));
  BULLA_TRY(check_key(limit));
  BULLA_TRY(check_numbers(limit));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("limit-set"), NULL));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
  BULLA_TRY(store(vault, limit));
  BULLA_TRY(check_number(vault));
  BULLA_TRY(tell(&change, BULLA_LITERAL("limit-set"), limit, true));
  return commit(&change);
}

static enum bulla_status delete_row(struct bulla_vault *vault, const struct bulla_limit *limit) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_DELETE_LIMIT);
  bind_key(&statement, limit);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  return row ? BULLA_OK : bulla_explain(BULLA_NOT_FOUND, "there is no such limit");
}

enum bulla_status bulla_vault_limit_remove(struct bulla_vault *vault, const struct bulla_who *who,
                                           const struct bulla_limit *limit) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(check_key(limit));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("limit-remove"), NULL));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
  BULLA_TRY(delete_row(vault, limit));
  BULLA_TRY(tell(&change, BULLA_LITERAL("limit-remove"), limit, false));
  return commit(&change);
}

/* Reads the limits as they are now. */
static enum bulla_status read_rules(struct bulla_limit_rules *rules, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  bool changed;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_db_check_whole(vault->db));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LIST_LIMITS);
  return bulla_limit_rules_take(rules, &changed, &statement);
}

enum bulla_status bulla_vault_limit_list(struct bulla_vault *vault, bulla_limit_fn each, void *arg) {
  struct bulla_limit_rules rules BULLA_CLEANUP(bulla_limit_rules_free) = {.num = 0};
  BULLA_TRY(bulla_may_root(vault, NULL, BULLA_LITERAL("limit-list"), NULL));
  BULLA_TRY(read_rules(&rules, vault));
  for (size_t i = 0; i < rules.num; i++) {
    const struct bulla_limit_rule *rule = &rules.rules[i];
    const struct bulla_limit limit = {.kind = rule->kind,
                                      .scope = rule->scope,
                                      .name = bulla_span(rule->name, rule->name_len),
                                      .rate = rule->rate.tokens,
                                      .period = rule->rate.period / SECOND_US,
                                      .burst = rule->rate.burst};
    BULLA_TRY(each(arg, &limit));
  }
  return BULLA_OK;
}

/* Raises |*wait| to that of the bucket of |name|. What this process holds of it is not asked for. */
static enum bulla_status wait_for(int64_t *wait, struct bulla_vault *vault, const struct bulla_limit_rules *rules,
                                  const struct bulla_limit *key) {
  struct bulla_limit_row row;
  struct bulla_limit_subject subject = {.kind = key->kind, .scope = key->scope};
  int64_t now = bulla_clock_us();
  subject.rule = bulla_limit_rules_find(rules, key->kind, key->scope, key->name);
  if (subject.rule == NULL || (key->scope == BULLA_LIMIT_TENANT && key->name.len == 0)) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_limit_subject_id(subject.id, &vault->keyring, key->kind, key->scope, key->name));
  BULLA_TRY(bulla_limits_look(&row, &vault->limits, &subject, now));
  int64_t its = bulla_limit_wait(&row.bucket, &subject.rule->rate, 1, now);
  *wait = its > *wait ? its : *wait;
  return BULLA_OK;
}

static enum bulla_status wait_for_all(int64_t *wait, struct bulla_vault *vault, const struct bulla_limit_rules *rules,
                                      const struct bulla_who *who, enum bulla_limit_kind kind,
                                      struct bulla_span tenant) {
  const struct bulla_limit keys[] = {
      {.kind = kind, .scope = BULLA_LIMIT_ACTOR, .name = bulla_limit_actor_name(&vault->keyring, who->actor)},
      {.kind = kind, .scope = BULLA_LIMIT_TENANT, .name = tenant},
      {.kind = kind, .scope = BULLA_LIMIT_ORIGIN, .name = who->origin}};
  for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
    BULLA_TRY(wait_for(wait, vault, rules, &keys[i]));
  }
  return BULLA_OK;
}

enum bulla_status bulla_vault_limit_wait(struct bulla_vault *vault, int64_t *microseconds, const struct bulla_who *who,
                                         enum bulla_limit_kind kind, struct bulla_span tenant) {
  struct bulla_limit_rules rules BULLA_CLEANUP(bulla_limit_rules_free) = {.num = 0};
  *microseconds = 0;
  BULLA_TRY(bulla_may_who(vault, who, false));
  if (kind < BULLA_LIMIT_USE || kind > BULLA_LIMIT_MISS) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(read_rules(&rules, vault));
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_self_look(&vault->keyring, vault->db, bulla_span(NULL, 0)));
  BULLA_TRY(wait_for_all(microseconds, vault, &rules, who, kind, tenant));
  return kind == BULLA_LIMIT_USE ? wait_for_all(microseconds, vault, &rules, who, BULLA_LIMIT_MISS, tenant) : BULLA_OK;
}
