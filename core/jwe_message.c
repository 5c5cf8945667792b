/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The parser of RFC 7516 §7, see core/jwe_message.h. */

#include "core/jwe_message.h"

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/jwe_compact.h"

enum { MAX_TOP_MEMBERS = 32 };

/* §7.1 */
static enum bulla_status parse_compact(struct bulla_jwe_message *message, struct bulla_span jwe) {
  struct bulla_jwe_parts parts;
  BULLA_TRY(bulla_jwe_split(&parts, jwe));
  message->protected_header = parts.header;
  message->encrypted_key = parts.encrypted_key;
  message->iv = parts.iv;
  message->ciphertext = parts.ciphertext;
  message->tag = parts.tag;
  return BULLA_OK;
}

/* A member of a JSON form: its type, and where its text goes. */
struct member {
  struct bulla_span name;
  enum bulla_json_type type;
  struct bulla_span *text;
};

/* Reads the members of the object |json| that |known| lists, each at most once, strings without escapes. Others are
 * ignored (§7.2.1). A |text| of an absent one stays as it is. */
static enum bulla_status read_members(const struct member *known, size_t num_known, struct bulla_span json) {
  struct bulla_json_member members[MAX_TOP_MEMBERS];
  struct bulla_span names[MAX_TOP_MEMBERS];
  size_t num_members = 0;
  if (bulla_json_read(members, &num_members, MAX_TOP_MEMBERS, json) != BULLA_OK || num_members > MAX_TOP_MEMBERS) {
    return BULLA_REFUSED;
  }
  for (size_t i = 0; i < num_known; i++) {
    names[i] = known[i].name;
  }
  for (size_t i = 0; i < num_members; i++) {
    if (bulla_jose_is_misspelled(&members[i].name, names, num_known)) {
      return BULLA_REFUSED;
    }
    for (size_t j = 0; j < num_known; j++) {
      if (bulla_span_equal(members[i].name.text, known[j].name)) {
        if (members[i].value.type != known[j].type || members[i].value.escaped) {
          return BULLA_REFUSED;
        }
        *known[j].text = members[i].value.text;
      }
    }
  }
  return BULLA_OK;
}

/* §7.2.1, and the members of §7.2.2 that stand in place of "recipients". */
static enum bulla_status parse_json(struct bulla_jwe_message *message, struct bulla_span jwe) {
  const struct member known[] = {
      {BULLA_LITERAL("protected"), BULLA_JSON_STRING, &message->protected_header},
      {BULLA_LITERAL("unprotected"), BULLA_JSON_OBJECT, &message->unprotected},
      {BULLA_LITERAL("iv"), BULLA_JSON_STRING, &message->iv},
      {BULLA_LITERAL("aad"), BULLA_JSON_STRING, &message->aad},
      {BULLA_LITERAL("ciphertext"), BULLA_JSON_STRING, &message->ciphertext},
      {BULLA_LITERAL("tag"), BULLA_JSON_STRING, &message->tag},
      {BULLA_LITERAL("recipients"), BULLA_JSON_ARRAY, &message->recipients},
      {BULLA_LITERAL("header"), BULLA_JSON_OBJECT, &message->header},
      {BULLA_LITERAL("encrypted_key"), BULLA_JSON_STRING, &message->encrypted_key},
  };
  BULLA_TRY(read_members(known, sizeof(known) / sizeof(known[0]), jwe));
  bool is_general = message->recipients.data != NULL;
  bool is_flattened = message->header.data != NULL || message->encrypted_key.data != NULL;
  if (message->unprotected.len > BULLA_JWE_HEADER_MAX || message->header.len > BULLA_JWE_HEADER_MAX ||
      (is_general && is_flattened) || message->ciphertext.data == NULL ||
      (message->aad.data != NULL && message->aad.len == 0)) {
    return BULLA_REFUSED;
  }
  message->form = is_general ? BULLA_JWE_GENERAL : BULLA_JWE_FLATTENED;
  return BULLA_OK;
}

enum bulla_status bulla_jwe_parse(struct bulla_jwe_message *message, struct bulla_span jwe) {
  *message = (struct bulla_jwe_message){.form = BULLA_JWE_COMPACT};
  if (jwe.len == 0 || jwe.len > BULLA_JWE_MAX) {
    return BULLA_REFUSED;
  }
  return jwe.data[0] == '{' ? parse_json(message, jwe) : parse_compact(message, jwe);
}

struct bulla_jwe_walk bulla_jwe_walk(const struct bulla_jwe_message *message) {
  return (struct bulla_jwe_walk){message, message->recipients, 0, BULLA_OK};
}

static enum bulla_status read_recipient(struct bulla_jwe_recipient *recipient, const struct bulla_json_value *element) {
  const struct member known[] = {
      {BULLA_LITERAL("header"), BULLA_JSON_OBJECT, &recipient->header},
      {BULLA_LITERAL("encrypted_key"), BULLA_JSON_STRING, &recipient->encrypted_key},
  };
  if (element->type != BULLA_JSON_OBJECT) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(read_members(known, sizeof(known) / sizeof(known[0]), element->text));
  return recipient->header.len <= BULLA_JWE_HEADER_MAX ? BULLA_OK : BULLA_REFUSED;
}

bool bulla_jwe_next(struct bulla_jwe_walk *walk, struct bulla_jwe_recipient *recipient) {
  const struct bulla_jwe_message *message = walk->message;
  struct bulla_json_value element;
  *recipient = (struct bulla_jwe_recipient){message->header, message->encrypted_key};
  if (message->form != BULLA_JWE_GENERAL) {
    return walk->num++ == 0;
  }
  if (!bulla_json_next(&walk->rest, &element)) {
    return false;
  }
  walk->status = walk->num++ < BULLA_JWE_MAX_RECIPIENTS ? read_recipient(recipient, &element) : BULLA_REFUSED;
  return walk->status == BULLA_OK;
}

enum bulla_status bulla_jwe_read_shared(struct bulla_jwe_shared *shared, uint8_t *room,
                                        const struct bulla_jwe_message *message) {
  size_t len = bulla_base64url_decoded_len(message->protected_header.len);
  shared->protected_json = bulla_span(room, len);
  shared->names.num = 0;
  shared->header = (struct bulla_jose_header){.names = &shared->names};
  if (len > BULLA_JWE_HEADER_MAX || !bulla_base64url_decode(room, message->protected_header)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_jose_read(&shared->header, BULLA_JOSE_PROTECTED, shared->protected_json));
  if (message->unprotected.data != NULL) {
    BULLA_TRY(bulla_jose_read(&shared->header, BULLA_JOSE_UNPROTECTED, message->unprotected));
  }
  shared->num_names = shared->names.num;
  return BULLA_OK;
}

enum bulla_status bulla_jwe_read_header_of(struct bulla_jose_header *header, struct bulla_jwe_shared *shared,
                                           const struct bulla_jwe_recipient *recipient) {
  *header = shared->header;
  shared->names.num = shared->num_names;
  if (recipient->header.data != NULL) {
    BULLA_TRY(bulla_jose_read(header, BULLA_JOSE_RECIPIENT, recipient->header));
  }
  return header->alg.text.len > 0 ? BULLA_OK : BULLA_REFUSED;
}
