/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The statements of actors and grants, and what is sealed to an actor. Entry points: bulla_actor_statement_read and
 * _write, those of grants, bulla_sign_actor, bulla_check_actor, bulla_common_box_seal and _open, and those of grants.
 *
 * The input is a byte that chooses the kind of statement, one that says what is changed and where, and the statement.
 * The target has the signing key, and signs whatever can be read.
 *
 * Oracle: a plain model says of every byte string whether it is a statement; what is read is written as the same bytes;
 * signed, it is taken just if it is of this vault, and with one bit of statement or signature changed it never is; what
 * is sealed to the actor, where the statement has a box, opens with its key, and not once anything is changed that the
 * box is bound to. */

#include "core/signature.h"
#include "fuzz/fuzz.h"
#include "fuzz/model_parts.h"
#include "store/actor_box.h"
#include "store/directory.h"

/* What a statement is made of: a letter for each part. */
static const struct form {
  const char *label;
  const char *parts;
} forms[] = {
    {"bulla/v2/actor", "iiNtlnnkkkb"},
    {"bulla/v2/grant", "iiiornngeb"},
};

/* What the model remembers of a statement on its way. */
struct model {
  int64_t generation;
  bool is_over;
};

static bool is_word(struct bulla_span part, const char *const *words, size_t num) {
  bool good = false;
  for (size_t i = 0; i < num; i++) {
    good = good || model_is_text(part, words[i]);
  }
  return good;
}

static bool is_part(struct model *model, char letter, struct bulla_span part) {
  static const char *const roles[] = {"audit", "put", "show", "use", "verify"};
  int64_t number;
  bool good;
  switch (letter) {
    case 'i':
      return part.len == 16;
    case 'k':
      return part.len == 32;
    case 'o':
      return part.len == 0 || part.len == 16;
    case 't':
      return model_is_name(part);
    case 'n':
      return model_is_number(&number, part);
    case 'N': /* of an actor: 64 of its lanes have numbers */
      return model_is_number(&number, part) && number > 0 && number < (INT64_C(1) << 57) - 1;
    case 'g':
      return model_is_number(&model->generation, part);
    case 'e': /* 0, or when it ended */
      good = model_is_number(&number, part) && number <= model->generation;
      model->is_over = good && number != 0;
      return good;
    case 'l':
      model->is_over = model_is_text(part, "revoked");
      return model->is_over || model_is_text(part, "active");
    case 'r':
      return is_word(part, roles, sizeof(roles) / sizeof(roles[0]));
    default:
      return part.len == (model->is_over ? 0 : 80);
  }
}

/* is_statement says whether |bytes| are a statement of that form. */
static bool is_statement(const struct form *form, struct bulla_span bytes) {
  struct bulla_span rest = bytes;
  struct bulla_span part;
  struct model model = {.generation = 0};
  bool good = bytes.len <= BULLA_STATEMENT_MAX && model_take_part(&rest, &part) && model_is_text(part, form->label);
  for (const char *letter = form->parts; good && *letter != '\0'; letter++) {
    good = model_take_part(&rest, &part) && is_part(&model, *letter, part);
  }
  return good && rest.len == 0;
}

static struct bulla_keyring keyring;
static struct bulla_secret *box_private;
static uint8_t box_public[BULLA_BOX_PUBLIC_LEN];

static void set_up(void) {
  memset(keyring.uuid, 'u', sizeof(keyring.uuid));
  FUZZ_ASSERT(bulla_secret_random(&keyring.signing_seed, BULLA_SIGNATURE_SEED_LEN) == BULLA_OK);
  FUZZ_ASSERT(bulla_signature_public(keyring.signing_public, keyring.signing_seed) == BULLA_OK);
  FUZZ_ASSERT(bulla_secret_random(&box_private, BULLA_BOX_PRIVATE_LEN) == BULLA_OK);
  FUZZ_ASSERT(bulla_box_public(box_public, box_private) == BULLA_OK);
}

static void flip(uint8_t *bytes, size_t len, unsigned where) {
  bytes[where / 8 % len] ^= (uint8_t)(1U << where % 8);
}

/* What was read. */
struct said {
  bool is_grant;
  struct bulla_actor_statement actor;
  struct bulla_grant_statement grant;
};

static enum bulla_status read(struct said *said, struct bulla_span bytes) {
  return said->is_grant ? bulla_grant_statement_read(&said->grant, bytes)
                        : bulla_actor_statement_read(&said->actor, bytes);
}

static enum bulla_status check(struct said *said, const struct bulla_signed *made) {
  struct bulla_span statement = bulla_written(&made->statement);
  struct bulla_span signature = bulla_span(made->signature, sizeof(made->signature));
  return said->is_grant ? bulla_check_grant(&said->grant, &keyring, statement, signature)
                        : bulla_check_actor(&said->actor, &keyring, statement, signature);
}

static void check_signature(const struct said *said, struct bulla_span bytes, unsigned where) {
  struct bulla_signed made;
  struct said again = {.is_grant = said->is_grant};
  struct bulla_span uuid = said->is_grant ? said->grant.uuid : said->actor.uuid;
  bool ours = bulla_span_equal(uuid, bulla_keyring_uuid(&keyring));
  FUZZ_ASSERT((said->is_grant ? bulla_sign_grant(&made, &keyring, &said->grant)
                              : bulla_sign_actor(&made, &keyring, &said->actor)) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&made.statement), bytes));
  FUZZ_ASSERT(check(&again, &made) == (ours ? BULLA_OK : BULLA_REFUSED));
  flip(where % 2 == 0 ? made.bytes : made.signature, where % 2 == 0 ? bytes.len : sizeof(made.signature), where / 2);
  FUZZ_ASSERT(check(&again, &made) == BULLA_REFUSED);
}

/* opens says whether the box that the statement has opens, to what was sealed. */
static bool opens(const struct said *said) {
  struct bulla_secret *opened = NULL;
  enum bulla_status status = said->is_grant ? bulla_grant_box_open(&opened, &keyring, box_private, &said->grant)
                                            : bulla_common_box_open(&opened, &keyring, box_private, &said->actor);
  FUZZ_ASSERT(status == BULLA_OK || (status == BULLA_REFUSED && opened == NULL));
  bool good = status == BULLA_OK && bulla_secret_equal(bulla_secret_bytes(opened), bulla_secret_bytes(box_private));
  FUZZ_ASSERT(good == (status == BULLA_OK));
  bulla_secret_free(&opened);
  return good;
}

/* change changes what the box is bound to, or the box; the ids are then in |room|. */
static void change(struct said *said, uint8_t room[80], unsigned where) {
  struct bulla_span *ids[] = {&said->actor.id, &said->actor.id, &said->actor.common_box};
  struct bulla_span *of_grant[] = {&said->grant.id, &said->grant.actor_id, &said->grant.box};
  unsigned what = where % 6;
  if (what < 3) {
    struct bulla_span *part = said->is_grant ? of_grant[what] : ids[what];
    memcpy(room, part->data, part->len);
    flip(room, part->len, where / 6);
    *part = bulla_span(room, part->len);
  } else if (!said->is_grant) {
    said->actor.created ^= INT64_C(1) << where / 6 % 62;
  } else if (what == 3) {
    said->grant.epoch ^= INT64_C(1) << where / 6 % 62;
  } else if (what == 4) {
    said->grant.role = (enum bulla_role)((said->grant.role + 1 + where / 6 % 4) % BULLA_NUM_ROLES);
  } else {
    memset(room, 't', 16);
    said->grant.tenant_id = said->grant.tenant_id.len > 0 ? bulla_span(room, 0) : bulla_span(room, 16);
  }
}

static void check_box(const struct said *as_read, unsigned where) {
  struct said said = *as_read;
  uint8_t bytes[BULLA_ACTOR_BOX_LEN];
  uint8_t room[80];
  struct bulla_buffer box = bulla_buffer(bytes, sizeof(bytes));
  if (said.is_grant) {
    const struct bulla_actor_statement actor = {.id = said.grant.actor_id,
                                                .box_public = bulla_span(box_public, sizeof(box_public))};
    FUZZ_ASSERT(bulla_grant_box_seal(&box, &keyring, &actor, &said.grant, box_private) == BULLA_OK);
    FUZZ_ASSERT(!opens(&said));
    said.grant.box = bulla_written(&box);
  } else {
    said.actor.box_public = bulla_span(box_public, sizeof(box_public));
    FUZZ_ASSERT(bulla_common_box_seal(&box, &keyring, &said.actor, box_private) == BULLA_OK);
    FUZZ_ASSERT(!opens(&said));
    said.actor.common_box = bulla_written(&box);
  }
  FUZZ_ASSERT(opens(&said));
  change(&said, room, where);
  FUZZ_ASSERT(!opens(&said));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (box_private == NULL) {
    set_up();
  }
  if (size < 2) {
    return 0;
  }
  struct said said = {.is_grant = data[0] % 2 == 1};
  struct bulla_span bytes = bulla_span(data + 2, size - 2);
  bool good = is_statement(&forms[data[0] % 2], bytes);
  FUZZ_ASSERT(read(&said, bytes) == (good ? BULLA_OK : BULLA_REFUSED));
  if (!good) {
    return 0;
  }
  unsigned where = data[1] + data[0] / 2 * 256U;
  check_signature(&said, bytes, where);
  if (said.is_grant ? said.grant.ended == 0 : !said.actor.revoked) {
    check_box(&said, where);
  }
  return 0;
}
