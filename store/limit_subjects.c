/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/limit_subjects.h. */

#include "store/limit_subjects.h"

#include <stdlib.h>

#include "core/crypto.h"
#include "core/cursor.h"
#include "store/tag.h"

enum { MESSAGE_MAX = 400, PROVEN_ACTOR = 4 /* a scope of buckets, of no limit */ };

struct bulla_span bulla_limit_actor_name(const struct bulla_keyring *keyring, struct bulla_span given) {
  const struct bulla_self *self = keyring->self;
  return self != NULL ? bulla_span((const uint8_t *)self->name, self->name_len) : given;
}

int64_t bulla_limit_bucket_scope(const struct bulla_keyring *keyring, enum bulla_limit_scope scope) {
  return keyring->self != NULL && scope == BULLA_LIMIT_ACTOR ? PROVEN_ACTOR : (int64_t)scope;
}

enum bulla_status bulla_limit_subject_id(uint8_t *id, const struct bulla_keyring *keyring, enum bulla_limit_kind kind,
                                         enum bulla_limit_scope scope, struct bulla_span name) {
  uint8_t message[MESSAGE_MAX];
  struct bulla_buffer buffer = bulla_buffer(message, sizeof(message));
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v2/limit-subject"));
  bulla_put_prefixed(&writer, bulla_keyring_uuid(keyring));
  bulla_put_number(&writer, (int64_t)kind);
  bulla_put_number(&writer, bulla_limit_bucket_scope(keyring, scope));
  bulla_put_prefixed(&writer, name);
  BULLA_TRY(bulla_writer_finish(&writer));
  return bulla_hkdf_expand(id, BULLA_ID_LEN, bulla_secret_bytes(keyring->limit_key), bulla_written(&buffer));
}

static struct bulla_limit_subject **place_of(struct bulla_limit_subjects *subjects, uint64_t tag) {
  return &subjects->places[tag % BULLA_LIMIT_SUBJECTS];
}

static struct bulla_limit_subject *find(struct bulla_limit_subjects *subjects, uint64_t tag, enum bulla_limit_kind kind,
                                        enum bulla_limit_scope scope, struct bulla_span name) {
  struct bulla_limit_subject *subject = *place_of(subjects, tag);
  while (subject != NULL && !(subject->tag == tag && subject->kind == kind && subject->scope == scope &&
                              bulla_span_equal(bulla_span(subject->name, subject->name_len), name))) {
    subject = subject->next;
  }
  return subject;
}

static void take_out(struct bulla_limit_subjects *subjects, const struct bulla_limit_subject *subject) {
  struct bulla_limit_subject **at = place_of(subjects, subject->tag);
  while (*at != subject) {
    at = &(*at)->next;
  }
  *at = subject->next;
}

/* Takes one out that may be forgotten: rather one with nothing to tell. A transaction touches fewer than there are. */
static struct bulla_limit_subject *forget_one(struct bulla_limit_subjects *subjects) {
  struct bulla_limit_subject *found = NULL;
  for (size_t i = 0; i < 2 * (size_t)BULLA_LIMIT_SUBJECTS && found == NULL; i++) {
    struct bulla_limit_subject *subject = subjects->all[subjects->hand++ % BULLA_LIMIT_SUBJECTS];
    bool may = !subject->is_touched && (subject->now.refused == 0 || i >= BULLA_LIMIT_SUBJECTS);
    found = may ? subject : NULL;
  }
  if (found != NULL) {
    take_out(subjects, found);
  }
  return found;
}

static struct bulla_limit_subject *make(struct bulla_limit_subjects *subjects) {
  if (subjects->num == BULLA_LIMIT_SUBJECTS) {
    return forget_one(subjects);
  }
  struct bulla_limit_subject *made = malloc(sizeof(*made));
  if (made != NULL) {
    subjects->all[subjects->num++] = made;
  }
  return made;
}

static void touch(struct bulla_limit_subjects *subjects, struct bulla_limit_subject *subject) {
  if (!subject->is_touched) {
    subject->is_touched = true;
    subject->before = subject->now;
    subject->next_touched = subjects->touched;
    subjects->touched = subject;
  }
}

enum bulla_status bulla_limit_subjects_touch(struct bulla_limit_subject **subject,
                                             struct bulla_limit_subjects *subjects, const struct bulla_keyring *keyring,
                                             enum bulla_limit_kind kind, enum bulla_limit_scope scope,
                                             struct bulla_span name) {
  uint8_t id[BULLA_ID_LEN];
  if (subjects->random == 0) {
    BULLA_TRY(bulla_random((uint8_t *)&subjects->random, sizeof(subjects->random)));
  }
  uint64_t tag = bulla_tag(subjects->random + 8 * (uint64_t)kind + (uint64_t)scope, name);
  struct bulla_limit_subject *found = find(subjects, tag, kind, scope, name);
  if (found == NULL) {
    BULLA_TRY(bulla_limit_subject_id(id, keyring, kind, scope, name));
    found = make(subjects);
    if (found == NULL) {
      return BULLA_NO_MEMORY;
    }
    *found = (struct bulla_limit_subject){
        .next = *place_of(subjects, tag), .tag = tag, .kind = kind, .scope = scope, .name_len = name.len};
    memcpy(found->id, id, sizeof(id));
    if (name.len > 0) {
      memcpy(found->name, name.data, name.len);
    }
    *place_of(subjects, tag) = found;
  }
  touch(subjects, found);
  *subject = found;
  return BULLA_OK;
}

static void settle(struct bulla_limit_subject *subject, enum bulla_limit_end end) {
  struct bulla_limit_holding counted = subject->now;
  if (end != BULLA_LIMIT_COMMITTED) {
    subject->now = subject->before;
  }
  if (end == BULLA_LIMIT_NOTHING) {
    subject->now.refused = counted.refused;
    subject->now.closed = counted.closed;
    subject->now.seen = counted.seen;
  }
  if (end == BULLA_LIMIT_UNCERTAIN) {
    subject->now.tokens = 0;
  }
  subject->now.tell = 0;
  subject->is_touched = false;
}

void bulla_limit_subjects_settle(struct bulla_limit_subjects *subjects, enum bulla_limit_end end) {
  struct bulla_limit_subject *next;
  for (struct bulla_limit_subject *subject = subjects->touched; subject != NULL; subject = next) {
    next = subject->next_touched;
    settle(subject, end);
  }
  subjects->touched = NULL;
}

void bulla_limit_subjects_free(struct bulla_limit_subjects *subjects) {
  for (size_t i = 0; i < subjects->num; i++) {
    free(subjects->all[i]);
  }
  *subjects = (struct bulla_limit_subjects){.num = 0};
}
