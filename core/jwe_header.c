/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The JOSE header, see core/jwe_header.h. */

#include "core/jwe_header.h"

#include "core/base64url.h"

#define NAME(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }

/* RFC 7516 §4.1 and RFC 7518 §4. */
static const struct bulla_span registered[] = {
    NAME("alg"), NAME("enc"), NAME("zip"), NAME("jku"),      NAME("jwk"),  NAME("kid"), NAME("x5u"),
    NAME("x5c"), NAME("x5t"), NAME("typ"), NAME("x5t#S256"), NAME("crit"), NAME("cty"), NAME("epk"),
    NAME("apu"), NAME("apv"), NAME("iv"),  NAME("tag"),      NAME("p2s"),  NAME("p2c"),
};

/* Extensions and algorithms that bulla does not have. */
static const struct bulla_span refused[] = {NAME("crit"), NAME("zip"), NAME("p2s"), NAME("p2c")};

static bool is_among(struct bulla_span name, const struct bulla_span *names, size_t num_names) {
  for (size_t i = 0; i < num_names; i++) {
    if (bulla_span_equal(name, names[i])) {
      return true;
    }
  }
  return false;
}

bool bulla_jose_is_registered(struct bulla_span name) {
  return is_among(name, registered, sizeof(registered) / sizeof(registered[0]));
}

bool bulla_jose_is_misspelled(const struct bulla_json_value *name, const struct bulla_span *names, size_t num_names) {
  for (size_t i = 0; i < num_names; i++) {
    if (bulla_json_is_misspelled(name, names[i])) {
      return true;
    }
  }
  return name->escaped;
}

static bool is_acceptable(const struct bulla_json_value *name) {
  return !bulla_jose_is_misspelled(name, registered, sizeof(registered) / sizeof(registered[0])) &&
         !is_among(name->text, refused, sizeof(refused) / sizeof(refused[0]));
}

/* A member that bulla knows: where it goes, and the places where it may not stand. */
struct slot {
  struct bulla_json_value *value;
  enum bulla_json_type type;
  enum bulla_jose_place last_place;
};

static struct slot slot_for(struct bulla_jose_header *header, struct bulla_span name) {
  const struct {
    struct bulla_span name;
    struct slot slot;
  } slots[] = {
      {NAME("alg"), {&header->alg, BULLA_JSON_STRING, BULLA_JOSE_RECIPIENT}},
      {NAME("enc"), {&header->enc, BULLA_JSON_STRING, BULLA_JOSE_PROTECTED}},
      {NAME("kid"), {&header->kid, BULLA_JSON_STRING, BULLA_JOSE_UNPROTECTED}},
      {NAME("typ"), {&header->typ, BULLA_JSON_STRING, BULLA_JOSE_UNPROTECTED}},
      {NAME("epk"), {&header->epk, BULLA_JSON_OBJECT, BULLA_JOSE_UNPROTECTED}},
      {NAME("apu"), {&header->apu, BULLA_JSON_STRING, BULLA_JOSE_UNPROTECTED}},
      {NAME("apv"), {&header->apv, BULLA_JSON_STRING, BULLA_JOSE_UNPROTECTED}},
      {NAME("iv"), {&header->iv, BULLA_JSON_STRING, BULLA_JOSE_UNPROTECTED}},
      {NAME("tag"), {&header->tag, BULLA_JSON_STRING, BULLA_JOSE_UNPROTECTED}},
  };
  for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
    if (bulla_span_equal(name, slots[i].name)) {
      return slots[i].slot;
    }
  }
  return (struct slot){NULL, BULLA_JSON_NULL, BULLA_JOSE_UNPROTECTED};
}

/* Adds |name| to |names|, which may be NULL, or returns false if it is among them: RFC 7516 §7.2.1. */
static bool note(struct bulla_jose_names *names, struct bulla_span name) {
  if (names == NULL) {
    return true;
  }
  if (names->num == sizeof(names->names) / sizeof(names->names[0]) || is_among(name, names->names, names->num)) {
    return false;
  }
  names->names[names->num++] = name;
  return true;
}

static bool take_member(struct bulla_jose_header *header, enum bulla_jose_place place,
                        const struct bulla_json_member *member) {
  if (!is_acceptable(&member->name) || !note(header->names, member->name.text)) {
    return false;
  }
  struct slot slot = slot_for(header, member->name.text);
  if (slot.value == NULL) {
    return true;
  }
  if (place > slot.last_place || member->value.type != slot.type || slot.value->type != BULLA_JSON_NULL) {
    return false;
  }
  *slot.value = member->value;
  return true;
}

enum bulla_status bulla_jose_read(struct bulla_jose_header *header, enum bulla_jose_place place,
                                  struct bulla_span json) {
  struct bulla_json_member members[BULLA_JOSE_MAX_MEMBERS];
  size_t num_members = 0;
  if (bulla_json_read(members, &num_members, BULLA_JOSE_MAX_MEMBERS, json) != BULLA_OK ||
      num_members > BULLA_JOSE_MAX_MEMBERS) {
    return BULLA_REFUSED;
  }
  for (size_t i = 0; i < num_members; i++) {
    if (!take_member(header, place, &members[i])) {
      return BULLA_REFUSED;
    }
  }
  return BULLA_OK;
}

void bulla_jose_put_digits(struct bulla_json_writer *out, struct bulla_span name, struct bulla_span bytes) {
  bulla_json_name(out, name);
  bulla_put_byte(&out->bytes, '"');
  uint8_t *digits = bulla_give(&out->bytes, bulla_base64url_encoded_len(bytes.len));
  if (digits != NULL) {
    bulla_base64url_encode(digits, bytes);
  }
  bulla_put_byte(&out->bytes, '"');
  out->comma = true;
}

bool bulla_jose_take_digits(uint8_t *bytes, size_t len, struct bulla_span text) {
  return text.len == bulla_base64url_encoded_len(len) && bulla_base64url_decode(bytes, text);
}
