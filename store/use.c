/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/use.h. A power cut at any point leaves at worst a record of something that was not opened after all;
 * never something opened without a record. */

#include "store/use.h"

#include <stdlib.h>

#include "core/log.h"
#include "store/columns.h"
#include "store/entry.h"
#include "store/field.h"
#include "store/group.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"
#include "store/reseal.h"
#include "store/tenant.h"

/* Uses that are recorded together. */
struct asking {
  struct bulla_request request;
  struct bulla_use *uses;
  size_t num;
  size_t failed;  /* the use that could not be looked up */
  size_t limited; /* the use that a limit refused, or |num| */
};

/* Lets go of what was found. */
static void let_go(struct bulla_use *use) {
  bulla_tenant_release(&use->field.owner);
  bulla_tenant_secret_release(&use->field.keys);
  bulla_statement_end(&use->found);
}

/* Checks the row, and holds what it is opened with: by then this thread does not have the vault. */
static enum bulla_status check(struct bulla_use *use, struct bulla_vault *vault) {
  enum bulla_status status = use->kind->check(use, vault);
  if (status != BULLA_OK) {
    use->field.owner = NULL;
    use->field.keys = NULL;
    return status;
  }
  bulla_tenant_hold(use->field.owner);
  if (use->field.keys != NULL) {
    bulla_tenant_secret_hold(use->field.keys);
  }
  return BULLA_OK;
}

/* Whether an actor has not the role that it takes, which is told before anything that is wrong with the row. */
static bool is_denied(struct bulla_use *use, const struct bulla_vault *vault) {
  if (use->checked == BULLA_OK || use->checked == BULLA_DENIED) {
    use->looked = bulla_may(vault, use->field.owner, BULLA_MAY(use->kind->role));
  }
  return use->looked == BULLA_DENIED;
}

/* Says why there is no row. Who may not use the tenant is told no more of what is there and what is not. */
static enum bulla_status look_for_why(struct bulla_use *use, struct bulla_vault *vault) {
  const struct bulla_tenant *owner = NULL;
  if (vault->keyring.self != NULL) {
    enum bulla_status status = bulla_tenant_look(&owner, vault, use->record.tenant);
    if (status == BULLA_OK || status == BULLA_DENIED) {
      use->looked = bulla_may(vault, owner, BULLA_MAY(use->kind->role));
    }
  }
  use->looked = use->looked == BULLA_OK ? use->kind->missing(vault, &use->record) : use->looked;
  return use->looked == BULLA_NOT_FOUND || use->looked == BULLA_REFUSED || use->looked == BULLA_DENIED ? BULLA_OK
                                                                                                       : use->looked;
}

/* Looks up, copies the row and checks it; what is wrong with it is told once there is a record. No row is held any more
 * as the transaction ends: a commit beside a reader moves nothing out of the -wal. */
static enum bulla_status look_for(struct bulla_use *use, struct bulla_vault *vault) {
  struct bulla_statement *found = &use->found;
  bool row;
  BULLA_TRY(bulla_step(found, &row));
  use->looked = BULLA_OK;
  if (row) {
    BULLA_TRY(bulla_statement_keep(found));
    use->checked = check(use, vault);
    if (is_denied(use, vault)) {
      let_go(use);
      return BULLA_OK;
    }
    if (!use->is_canary) {
      /* Whether its tenant is as it is said is asked of the database: without an answer nothing goes on. */
      return use->checked == BULLA_REFUSED ? BULLA_OK : use->checked;
    }
    let_go(use);
  }
  bulla_statement_end(found);
  return look_for_why(use, vault);
}

static void ask_for_all(struct bulla_request *request, struct bulla_vault *vault) {
  struct asking *asking = (struct asking *)request;
  for (size_t i = 0; i < asking->num; i++) {
    struct bulla_use *use = &asking->uses[i];
    let_go(use);
    use->is_canary = false;
    use->found = bulla_statement(vault->db, use->kind->query);
    use->kind->find(&use->found, use);
    bulla_statement_ahead(&use->found);
  }
}

/* Takes what the limits ask for all uses. Where one is refused, nothing is looked for, so that nobody learns what is
 * there. */
static enum bulla_status claim_all(struct asking *asking, struct bulla_vault *vault) {
  struct bulla_limit_claim *refused;
  for (size_t i = 0; i < asking->num; i++) {
    struct bulla_use *use = &asking->uses[i];
    use->claim = (struct bulla_limit_claim){.record = &use->record};
    use->claim.next = i + 1 < asking->num ? &use[1].claim : NULL;
  }
  enum bulla_status status = bulla_limits_claim(&vault->limits, &refused, &asking->uses->claim, BULLA_LIMIT_USE);
  asking->limited = 0;
  while (asking->limited < asking->num && &asking->uses[asking->limited].claim != refused) {
    asking->limited++;
  }
  for (size_t i = 0; status != BULLA_OK && i < asking->num; i++) {
    let_go(&asking->uses[i]);
  }
  asking->failed = asking->num;
  return status == BULLA_LIMITED ? BULLA_OK : status;
}

/* What is not there is a miss. */
static enum bulla_status look_and_count(struct bulla_use *use, struct bulla_vault *vault) {
  BULLA_TRY(look_for(use, vault));
  return use->looked == BULLA_OK ? BULLA_OK : bulla_limits_missed(&vault->limits, &use->record);
}

static enum bulla_status look_for_all(struct bulla_request *request, struct bulla_vault *vault) {
  struct asking *asking = (struct asking *)request;
  BULLA_TRY(claim_all(asking, vault));
  if (asking->limited < asking->num) {
    return BULLA_OK;
  }
  for (asking->failed = 0; asking->failed < asking->num; asking->failed++) {
    struct bulla_use *use = &asking->uses[asking->failed];
    enum bulla_status status = look_and_count(use, vault);
    if (status != BULLA_OK) {
      let_go(use);
      return status;
    }
  }
  return BULLA_OK;
}

/* Who may not use the tenant has not come by a canary either, though one that may show it can tell which is one. */
static struct bulla_span outcome_of(const struct bulla_use *use) {
  if (use->looked == BULLA_DENIED) {
    return BULLA_OUTCOME_DENIED;
  }
  if (use->is_canary) {
    return BULLA_OUTCOME_CANARY;
  }
  return use->looked == BULLA_OK ? BULLA_OUTCOME_GRANTED : BULLA_OUTCOME_NOT_FOUND;
}

static enum bulla_status append_all(struct bulla_request *request, struct bulla_change *change) {
  const struct asking *asking = (const struct asking *)request;
  if (asking->limited < asking->num) {
    struct bulla_use *use = &asking->uses[asking->limited];
    return bulla_limited_tell(change, &use->claim, &use->record);
  }
  BULLA_TRY(bulla_limited_tell(change, NULL, NULL));
  for (size_t i = 0; i < asking->num; i++) {
    struct bulla_use *use = &asking->uses[i];
    use->record.outcome = outcome_of(use);
    /* The tenant of a good row need not be looked for again. */
    BULLA_TRY(use->field.owner != NULL ? bulla_change_append_for(change, &use->record, use->field.owner)
                                       : bulla_change_append(change, &use->record));
  }
  return BULLA_OK;
}

static void ask_for_nothing(struct bulla_request *request, struct bulla_vault *vault) {
  (void)request;
  (void)vault;
}

static enum bulla_status look_for_nothing(struct bulla_request *request, struct bulla_vault *vault) {
  (void)request;
  (void)vault;
  return BULLA_OK;
}

static enum bulla_status append_failure(struct bulla_request *request, struct bulla_change *change) {
  struct bulla_audit_record *record = &((struct asking *)request)->uses->record;
  record->outcome = BULLA_OUTCOME_FAILED;
  return bulla_change_append(change, record);
}

/* Records that what was granted did not open. */
static enum bulla_status record_failure(struct bulla_vault *vault, struct bulla_use *use) {
  static const struct bulla_request_kind kind = {ask_for_nothing, look_for_nothing, append_failure};
  struct asking failure = {.request = bulla_request(&kind, 1), .uses = use, .num = 1};
  return bulla_group_commit(vault, &failure.request);
}

static enum bulla_status grant_all(size_t *failed, struct bulla_vault *vault, struct bulla_use *uses, size_t num) {
  static const struct bulla_request_kind kind = {ask_for_all, look_for_all, append_all};
  struct asking asking = {
      .request = bulla_request(&kind, num), .uses = uses, .num = num, .failed = num, .limited = num};
  enum bulla_status status = bulla_group_commit(vault, &asking.request);
  *failed = asking.failed;
  BULLA_TRY(status);
  if (asking.limited < num) {
    *failed = asking.limited;
    return BULLA_LIMITED;
  }
  for (*failed = 0; *failed < num; ++*failed) {
    BULLA_TRY(uses[*failed].looked);
  }
  return BULLA_OK;
}

static enum bulla_status open_all(size_t *failed, struct bulla_vault *vault, struct bulla_use *uses, size_t num) {
  for (*failed = 0; *failed < num; ++*failed) {
    struct bulla_use *use = &uses[*failed];
    enum bulla_status status = use->checked == BULLA_OK ? use->kind->open(use, &vault->keyring) : use->checked;
    if (status != BULLA_OK) {
      /* Why it did not open is what the caller must hear of, even if that cannot be recorded. */
      enum bulla_status ignored = record_failure(vault, use);
      (void)ignored;
      return status;
    }
  }
  return BULLA_OK;
}

/* What was sealed under an older version is sealed anew, so that a version that is used is soon needed no more. Former
 * revisions are left to bulla_vault_rewrap. */
static void renew_all(struct bulla_vault *vault, struct bulla_use *uses, size_t num) {
  for (size_t i = 0; i < num && !vault->db->read_only; i++) {
    if (uses[i].place == NULL && bulla_reseal_is_due(&uses[i].field)) {
      bulla_reseal_used(vault, &uses[i].field, uses[i].kind->is_apikey ? uses[i].record.entry : bulla_span(NULL, 0));
    }
  }
}

enum bulla_status bulla_use_all(size_t *failed, struct bulla_vault *vault, struct bulla_use *uses, size_t num) {
  enum bulla_status status = grant_all(failed, vault, uses, num);
  status = status == BULLA_OK ? open_all(failed, vault, uses, num) : status;
  if (status == BULLA_OK) {
    renew_all(vault, uses, num);
  }
  for (size_t i = 0; status != BULLA_OK && i < num; i++) {
    bulla_secret_free(&uses[i].opened);
  }
  return status;
}

void bulla_use_end(struct bulla_use *use) {
  bulla_secret_free(&use->opened);
  let_go(use);
}

static void find_field(struct bulla_statement *found, const struct bulla_use *use) {
  bulla_bind_text(found, use->record.tenant);
  bulla_bind_text(found, use->record.entry);
  bulla_bind_text(found, use->record.field);
}

static enum bulla_status missing_field(struct bulla_vault *vault, const struct bulla_audit_record *record) {
  return bulla_field_missing(vault, record->tenant, record->entry);
}

/* An index that is damaged or tampered with leads to rows that were not asked for. So what is proven of the row
 * are the names that were asked for, not its own, and the value must be bound to the field that was. */
static enum bulla_status check_copied(struct bulla_use *use, struct bulla_vault *vault) {
  const struct bulla_audit_record *record = &use->record;
  use->field = (struct bulla_stored_field){.tenant = record->tenant, .entry = record->entry};
  BULLA_TRY(bulla_columns_field(&use->field, &vault->keyring, &use->found));
  use->field.binding.field = record->field;
  return BULLA_OK;
}

/* The mask alone tells a canary: it is opened, the value is not. */
static enum bulla_status check_field(struct bulla_use *use, struct bulla_vault *vault) {
  BULLA_TRY(check_copied(use, vault));
  return bulla_field_is_canary(&use->is_canary, &vault->keyring, &use->field);
}

static enum bulla_status open_field(struct bulla_use *use, const struct bulla_keyring *keyring) {
  return bulla_field_open(&use->opened, keyring, &use->field);
}

const struct bulla_use_kind bulla_use_field = {.query = BULLA_QUERY_FIND_FIELD,
                                               .find = find_field,
                                               .missing = missing_field,
                                               .check = check_field,
                                               .open = open_field,
                                               .role = BULLA_ROLE_USE};

const struct bulla_use_kind bulla_use_copied = {.query = BULLA_QUERY_FIND_FIELD,
                                                .find = find_field,
                                                .missing = missing_field,
                                                .check = check_copied,
                                                .open = open_field,
                                                .role = BULLA_ROLE_USE};

static void find_revision(struct bulla_statement *found, const struct bulla_use *use) {
  bulla_bind_text(found, use->place->tenant);
  bulla_bind_text(found, use->place->entry);
  bulla_bind_text(found, use->place->field);
  bulla_bind_int(found, use->place->revision);
}

static enum bulla_status missing_revision(struct bulla_vault *vault, const struct bulla_audit_record *record) {
  const struct bulla_tenant *owner;
  uint8_t entry_id[BULLA_ID_LEN];
  BULLA_TRY(bulla_entry_find(&owner, entry_id, vault, record->tenant, record->entry));
  return bulla_explain(BULLA_NOT_FOUND, "the field has no such revision, or keeps it no more");
}

/* The value must be bound to the field and the revision that were asked for. */
static enum bulla_status check_revision(struct bulla_use *use, struct bulla_vault *vault) {
  const struct bulla_place *place = use->place;
  use->field = (struct bulla_stored_field){.tenant = place->tenant, .entry = place->entry};
  BULLA_TRY(bulla_columns_field(&use->field, &vault->keyring, &use->found));
  use->field.binding.field = place->field;
  use->field.binding.revision = place->revision;
  return bulla_field_is_canary(&use->is_canary, &vault->keyring, &use->field);
}

static const struct bulla_use_kind use_revision = {.query = BULLA_QUERY_FIND_REVISION,
                                                   .find = find_revision,
                                                   .missing = missing_revision,
                                                   .check = check_revision,
                                                   .open = open_field,
                                                   .role = BULLA_ROLE_USE};

/* |use| must stay where it is, and |place| as it is. */
static void begin_use(struct bulla_use *use, const struct bulla_who *who, const struct bulla_place *place) {
  *use = (struct bulla_use){.kind = &bulla_use_field};
  use->record = bulla_audit_record(who, BULLA_LITERAL("use"), place->tenant, place->entry);
  use->record.field = place->field;
  if (place->revision > 0) {
    use->kind = &use_revision;
    use->place = place;
    use->record.field = bulla_told_revision(use->told, place);
  }
}

enum bulla_status bulla_vault_read(struct bulla_vault *vault, struct bulla_secret **value, const struct bulla_who *who,
                                   const struct bulla_place *place) {
  size_t failed;
  *value = NULL;
  BULLA_TRY(bulla_may_who(vault, who, true));
  BULLA_TRY(bulla_place_check_revision(place));
  struct bulla_use use BULLA_CLEANUP(bulla_use_end) = {.kind = NULL};
  begin_use(&use, who, place);
  BULLA_TRY(bulla_use_all(&failed, vault, &use, 1));
  *value = use.opened;
  use.opened = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_vault_use(struct bulla_vault *vault, const struct bulla_who *who,
                                  const struct bulla_place *place, bulla_use_fn use, void *arg) {
  struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_vault_read(vault, &opened, who, place));
  return use(arg, bulla_secret_bytes(opened));
}

struct several {
  struct bulla_use *uses;
  size_t num;
};

static void several_free(struct several *several) {
  for (size_t i = 0; i < several->num; i++) {
    bulla_use_end(&several->uses[i]);
  }
  free(several->uses);
}

/* Checks all places before any of them is looked for. */
static enum bulla_status take_places(struct several *several, size_t *failed, struct bulla_vault *vault,
                                     const struct bulla_who *who, const struct bulla_place *places, size_t num_places) {
  *failed = num_places;
  BULLA_TRY(bulla_may_who(vault, who, true));
  if (num_places == 0 || num_places > BULLA_PLACES_MAX) {
    return num_places == 0 ? BULLA_INVALID_ARGUMENT : BULLA_TOO_LARGE;
  }
  for (*failed = 0; *failed < num_places; ++*failed) {
    BULLA_TRY(bulla_place_check_revision(&places[*failed]));
  }
  several->uses = calloc(num_places, sizeof(*several->uses));
  if (several->uses == NULL) {
    return BULLA_NO_MEMORY;
  }
  for (; several->num < num_places; several->num++) {
    begin_use(&several->uses[several->num], who, &places[several->num]);
  }
  return BULLA_OK;
}

enum bulla_status bulla_vault_use_many(struct bulla_vault *vault, size_t *failed_place, const struct bulla_who *who,
                                       const struct bulla_place *places, size_t num_places, bulla_use_many_fn use,
                                       void *arg) {
  struct bulla_span values[BULLA_PLACES_MAX];
  struct several several BULLA_CLEANUP(several_free) = {.num = 0};
  BULLA_TRY(take_places(&several, failed_place, vault, who, places, num_places));
  BULLA_TRY(bulla_use_all(failed_place, vault, several.uses, num_places));
  for (size_t i = 0; i < num_places; i++) {
    values[i] = bulla_secret_bytes(several.uses[i].opened);
  }
  return use(arg, values, num_places);
}
