/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/vault_fields.h. */

#include "fuzz/vault_fields.h"

void fuzz_field_put(struct fuzz_field *field, struct fuzz_value value) {
  memmove(&field->former[1], &field->former[0], sizeof(field->former) - sizeof(field->former[0]));
  field->former[0] = field->now;
  if (field->revision == 0 || (value.secret && !field->now.secret)) {
    field->num_former = 0; /* nothing is kept of what was plain */
  } else if (field->num_former < FUZZ_KEPT) {
    field->num_former++;
  }
  field->now = value;
  field->revision++;
}

void fuzz_field_seal(struct fuzz_field *field, uint8_t version) {
  field->now.version = field->now.secret ? version : 0;
  for (int i = 0; i < field->num_former; i++) {
    field->former[i].version = field->former[i].secret ? version : 0;
  }
}

int64_t fuzz_field_former(const struct fuzz_field *field, const struct fuzz_call *call) {
  int64_t revision = field->revision - 1 - call->to;
  return revision > 1 ? revision : 1;
}

/* A walk through the fields of an entry, beside the model: as they are, or with their past. */
struct walk {
  const struct fuzz_field *fields;
  int next;
  int64_t past; /* revisions before that of |next| */
  bool same;
};

/* The next field that the model has, or none. */
static const struct fuzz_field *at(struct walk *walk) {
  while (walk->next < FUZZ_FIELDS && walk->fields[walk->next].revision == 0) {
    walk->next++;
  }
  walk->same = walk->same && walk->next < FUZZ_FIELDS;
  return walk->next < FUZZ_FIELDS ? &walk->fields[walk->next] : NULL;
}

static bool is_shown(const struct fuzz_value *value, bool secret, struct bulla_span shown) {
  uint8_t *bytes = fuzz_model_value(value->len, value->fill);
  struct bulla_span text = bulla_span(bytes, value->len);
  uint8_t mask[12] = "********";
  if (value->secret) {
    memset(mask + 8, value->fill, 4);
    text = bulla_span(mask, value->len >= 16 ? 12 : 8);
  }
  bool same = secret == value->secret && bulla_span_equal(shown, text);
  free(bytes);
  return same;
}

static enum bulla_status compare_field(void *arg, const struct bulla_field_view *view) {
  struct walk *walk = (struct walk *)arg;
  const struct fuzz_field *field = at(walk);
  if (field != NULL) {
    walk->same = walk->same && view->revision == field->revision && is_shown(&field->now, view->secret, view->text) &&
                 bulla_span_equal(view->name, fuzz_text(fuzz_fields[walk->next]));
    walk->next++;
  }
  return BULLA_OK;
}

static enum bulla_status compare_revision(void *arg, const struct bulla_revision_view *view) {
  struct walk *walk = (struct walk *)arg;
  const struct fuzz_field *field = at(walk);
  if (field != NULL) {
    const struct fuzz_value *value = walk->past == 0 ? &field->now : &field->former[walk->past - 1];
    walk->same = walk->same && view->revision == field->revision - walk->past && view->current == (walk->past == 0) &&
                 is_shown(value, view->secret, view->text) &&
                 bulla_span_equal(view->field, fuzz_text(fuzz_fields[walk->next]));
    bool is_last = walk->past == field->num_former;
    walk->next += is_last ? 1 : 0;
    walk->past = is_last ? 0 : walk->past + 1;
  }
  return BULLA_OK;
}

/* Whether a walk with |status| has seen all, of an entry that is there if the model has it. */
static bool has_ended(struct walk *walk, enum bulla_status status, bool is_there) {
  bool same = walk->same && walk->past == 0;
  FUZZ_ASSERT(status == BULLA_OK || status == BULLA_NOT_FOUND);
  return same && at(walk) == NULL && (status == BULLA_OK) == is_there;
}

bool fuzz_fields_match(const struct fuzz_model *model, struct bulla_vault *vault, int tenant, int entry) {
  const struct fuzz_field *fields = model->fields[tenant][entry];
  struct walk shown = {.fields = fields, .same = true};
  struct walk past = {.fields = fields, .same = true};
  const struct bulla_place *place = AT(fuzz_text(fuzz_tenants[tenant]), fuzz_text(fuzz_entries[entry]));
  bool is_there = model->entries[tenant][entry];
  return has_ended(&shown, bulla_vault_show(vault, place, compare_field, &shown), is_there) &&
         has_ended(&past, bulla_vault_history(vault, place, compare_revision, &past), is_there);
}
