/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a JWE says without a key, and members of headers. */

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/jwe_message.h"

static enum bulla_status inspect(struct bulla_jwe_outline *outline, struct bulla_span jwe) {
  uint8_t room[BULLA_JWE_HEADER_MAX];
  struct bulla_jwe_message message;
  struct bulla_jwe_recipient recipient;
  struct bulla_jose_header header;
  struct bulla_jwe_shared shared;
  BULLA_TRY(bulla_jwe_parse(&message, jwe));
  BULLA_TRY(bulla_jwe_read_shared(&shared, room, &message));
  struct bulla_jwe_walk walk = bulla_jwe_walk(&message);
  while (bulla_jwe_next(&walk, &recipient)) {
    BULLA_TRY(bulla_jwe_read_header_of(&header, &shared, &recipient));
  }
  if (walk.status != BULLA_OK || walk.num == 0) {
    return BULLA_REFUSED;
  }
  outline->form = message.form;
  outline->num_recipients = message.form == BULLA_JWE_GENERAL ? walk.num : 1;
  outline->ciphertext_len = bulla_base64url_decoded_len(message.ciphertext.len);
  return BULLA_OK;
}

enum bulla_status bulla_jwe_inspect(struct bulla_jwe_outline *outline, struct bulla_span jwe) {
  *outline = (struct bulla_jwe_outline){.form = BULLA_JWE_COMPACT};
  enum bulla_status status = inspect(outline, jwe);
  if (status != BULLA_OK) {
    *outline = (struct bulla_jwe_outline){.form = BULLA_JWE_COMPACT};
  }
  return status;
}

/* Writes the members of the checked object |json|, which may be absent. */
static void put_members(struct bulla_json_writer *out, struct bulla_span json) {
  struct bulla_json_member member;
  while (bulla_json_next_member(&json, &member)) {
    bulla_json_member(out, &member);
  }
}

static enum bulla_status inspect_header(struct bulla_buffer *json, struct bulla_span jwe, size_t i) {
  uint8_t room[BULLA_JWE_HEADER_MAX];
  struct bulla_jwe_outline outline;
  struct bulla_jwe_message message;
  struct bulla_jwe_recipient recipient;
  struct bulla_jwe_shared shared;
  BULLA_TRY(inspect(&outline, jwe));
  BULLA_TRY(bulla_jwe_parse(&message, jwe));
  BULLA_TRY(bulla_jwe_read_shared(&shared, room, &message));
  struct bulla_jwe_walk walk = bulla_jwe_walk(&message);
  while (bulla_jwe_next(&walk, &recipient)) {
    if (i-- == 0) {
      struct bulla_json_writer out = bulla_json_writer(json);
      bulla_json_begin(&out, '{');
      put_members(&out, shared.protected_json);
      put_members(&out, message.unprotected);
      put_members(&out, recipient.header);
      bulla_json_end(&out, '}');
      return bulla_json_finish(&out);
    }
  }
  return BULLA_NOT_FOUND;
}

enum bulla_status bulla_jwe_inspect_header(struct bulla_buffer *header, struct bulla_span jwe, size_t i) {
  enum bulla_status status = inspect_header(header, jwe, i);
  return status == BULLA_OK ? BULLA_OK : bulla_fail(header, status);
}

static enum bulla_status header_text(struct bulla_buffer *text, struct bulla_span header, struct bulla_span name) {
  struct bulla_json_member members[BULLA_JOSE_MAX_MEMBERS];
  size_t num_members = 0;
  if (bulla_json_read(members, &num_members, BULLA_JOSE_MAX_MEMBERS, header) != BULLA_OK ||
      num_members > BULLA_JOSE_MAX_MEMBERS) {
    return BULLA_INVALID_TEXT;
  }
  for (size_t i = 0; i < num_members; i++) {
    if (bulla_json_equal(&members[i].name, name)) {
      if (members[i].value.type != BULLA_JSON_STRING) {
        return BULLA_INVALID_TEXT;
      }
      struct bulla_writer out = bulla_writer(text);
      bulla_json_unescape(&out, &members[i].value);
      return bulla_writer_finish(&out);
    }
  }
  return BULLA_NOT_FOUND;
}

enum bulla_status bulla_jwe_header_text(struct bulla_buffer *text, struct bulla_span header, struct bulla_span name) {
  enum bulla_status status = header_text(text, header, name);
  return status == BULLA_OK ? BULLA_OK : bulla_fail(text, status);
}
