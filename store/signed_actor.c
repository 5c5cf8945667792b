/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/signed_actor.h. */

#include "store/signed_actor.h"

#include "core/crypto.h"
#include "core/signature.h"
#include "store/names.h"
#include "store/parts.h"

#define ACTOR BULLA_LITERAL("bulla/v2/actor")
#define GRANT BULLA_LITERAL("bulla/v2/grant")
#define ACTIVE BULLA_LITERAL("active")
#define REVOKED BULLA_LITERAL("revoked")

enum { ID_LEN = 16 };

static const char *const role_names[BULLA_NUM_ROLES] = {"put", "show", "use", "verify", "audit"};

struct bulla_span bulla_role_name(enum bulla_role role) {
  return bulla_span(role_names[role], strlen(role_names[role]));
}

enum bulla_status bulla_actor_statement_write(struct bulla_buffer *bytes, const struct bulla_actor_statement *said) {
  struct bulla_writer writer = bulla_writer(bytes);
  bulla_put_prefixed(&writer, ACTOR);
  bulla_put_prefixed(&writer, said->uuid);
  bulla_put_prefixed(&writer, said->id);
  bulla_put_number(&writer, said->number);
  bulla_put_prefixed(&writer, said->name);
  bulla_put_prefixed(&writer, said->revoked ? REVOKED : ACTIVE);
  bulla_put_number(&writer, said->created);
  bulla_put_number(&writer, said->generation);
  bulla_put_prefixed(&writer, said->signing_public);
  bulla_put_prefixed(&writer, said->box_public);
  bulla_put_prefixed(&writer, said->first_lane);
  bulla_put_prefixed(&writer, said->common_box);
  return bulla_parts_finish(&writer);
}

static bool take_life(struct bulla_reader *reader, bool *revoked) {
  struct bulla_span part;
  if (!bulla_take_prefixed(reader, &part)) {
    return false;
  }
  *revoked = bulla_span_equal(part, REVOKED);
  return *revoked || bulla_span_equal(part, ACTIVE);
}

/* Revoked actors and ended grants have an empty box. */
static bool take_box(struct bulla_reader *reader, struct bulla_span *box, bool is_over) {
  return bulla_take_exact(reader, box, is_over ? 0 : BULLA_ACTOR_BOX_LEN);
}

enum bulla_status bulla_actor_statement_read(struct bulla_actor_statement *said, struct bulla_span bytes) {
  struct bulla_reader reader = bulla_reader(bytes);
  bool good = bytes.len <= BULLA_STATEMENT_MAX && bulla_take_word(&reader, ACTOR) &&
              bulla_take_exact(&reader, &said->uuid, ID_LEN) && bulla_take_exact(&reader, &said->id, ID_LEN) &&
              bulla_take_count(&reader, &said->number) && said->number > 0 && said->number <= BULLA_ACTOR_NUMBER_MAX &&
              bulla_take_prefixed(&reader, &said->name) && bulla_name_check(said->name) == BULLA_OK &&
              take_life(&reader, &said->revoked) && bulla_take_count(&reader, &said->created) &&
              bulla_take_count(&reader, &said->generation) &&
              bulla_take_exact(&reader, &said->signing_public, BULLA_SIGNATURE_PUBLIC_LEN) &&
              bulla_take_exact(&reader, &said->box_public, BULLA_BOX_PUBLIC_LEN) &&
              bulla_take_exact(&reader, &said->first_lane, BULLA_SHA256_LEN) &&
              take_box(&reader, &said->common_box, said->revoked);
  return good && reader.left == 0 ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_grant_statement_write(struct bulla_buffer *bytes, const struct bulla_grant_statement *said) {
  struct bulla_writer writer = bulla_writer(bytes);
  bulla_put_prefixed(&writer, GRANT);
  bulla_put_prefixed(&writer, said->uuid);
  bulla_put_prefixed(&writer, said->id);
  bulla_put_prefixed(&writer, said->actor_id);
  bulla_put_prefixed(&writer, said->tenant_id);
  bulla_put_prefixed(&writer, bulla_role_name(said->role));
  bulla_put_number(&writer, said->epoch);
  bulla_put_number(&writer, said->created);
  bulla_put_number(&writer, said->generation);
  bulla_put_number(&writer, said->ended);
  bulla_put_prefixed(&writer, said->box);
  return bulla_parts_finish(&writer);
}

static bool take_role(struct bulla_reader *reader, enum bulla_role *role) {
  struct bulla_span part;
  if (!bulla_take_prefixed(reader, &part)) {
    return false;
  }
  unsigned number = 0;
  while (number < BULLA_NUM_ROLES && !bulla_span_equal(part, bulla_role_name((enum bulla_role)number))) {
    number++;
  }
  if (number == BULLA_NUM_ROLES) {
    return false;
  }
  *role = (enum bulla_role)number;
  return true;
}

enum bulla_status bulla_grant_statement_read(struct bulla_grant_statement *said, struct bulla_span bytes) {
  struct bulla_reader reader = bulla_reader(bytes);
  bool good = bytes.len <= BULLA_STATEMENT_MAX && bulla_take_word(&reader, GRANT) &&
              bulla_take_exact(&reader, &said->uuid, ID_LEN) && bulla_take_exact(&reader, &said->id, ID_LEN) &&
              bulla_take_exact(&reader, &said->actor_id, ID_LEN) && bulla_take_prefixed(&reader, &said->tenant_id) &&
              (said->tenant_id.len == 0 || said->tenant_id.len == ID_LEN) && take_role(&reader, &said->role) &&
              bulla_take_count(&reader, &said->epoch) && bulla_take_count(&reader, &said->created) &&
              bulla_take_count(&reader, &said->generation) && bulla_take_count(&reader, &said->ended) &&
              said->ended <= said->generation && take_box(&reader, &said->box, said->ended > 0);
  return good && reader.left == 0 ? BULLA_OK : BULLA_REFUSED;
}
