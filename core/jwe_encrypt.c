/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Encryption, RFC 7516 §5.1, and the three serializations of §7. */

#include <stdlib.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/jwe_content.h"
#include "core/jwe_key.h"
#include "core/jwe_len.h"
#include "core/log.h"
#include "core/slab.h"

/* What is found out of a message before it is written. */
struct rooms {
  uint8_t header[(BULLA_JWE_HEADER_MAX + 2) / 3 * 4];
  uint8_t encrypted_key[BULLA_JWE_ENCRYPTED_KEY_MAX_LEN];
};

/* One message. */
struct job {
  struct rooms *rooms; /* of the caller, who need not fill them */
  struct bulla_jwe_key *const *keys;
  size_t num_keys;
  const struct bulla_jwe_encryption *enc;
  struct bulla_jwe_options options;
  struct bulla_jwe_parties parties;
  struct bulla_span header; /* BASE64URL(UTF8(JWE Protected Header)) */
  struct bulla_span joined; /* the additional data: that, and if there is "aad" a dot and its base64url */
  uint8_t *encrypted_key;   /* its digits in the output, of the last recipient */
  uint8_t *joined_room;     /* for |joined|, on the heap, or NULL */
  struct bulla_jwe_content *content;
  struct bulla_jwe_integrated integrated; /* what |content| is with a management that encrypts itself */
  void *cek; /* in the slab, of BULLA_CEK_MAX_LEN bytes; NULL with a shared key, whose content is the key's own */
};

static void job_free(struct job *job) {
  if (job->cek != NULL) {
    job->enc->cipher->free(&job->content);
    bulla_slab_free(&job->cek, BULLA_CEK_MAX_LEN);
  }
  free(job->joined_room);
}

/* Members that bulla writes itself, or that it refuses. */
static bool is_reserved(struct bulla_span name) {
  static const char *const open[] = {"typ", "cty", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"};
  for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
    if (bulla_span_equal(name, bulla_text(open[i]))) {
      return false;
    }
  }
  return bulla_jose_is_registered(name);
}

/* Members that bulla writes beside those of the caller at most: alg, enc, kid, apu, apv, epk. What the reader bounds,
 * it bounds with them. */
enum { MAX_OWN_MEMBERS = 6 };

/* Reads the members that the caller wants in the protected header. */
static enum bulla_status take_members(struct bulla_json_member *members, size_t *num_members, struct bulla_span json) {
  struct bulla_jose_header header = {.alg = {.type = BULLA_JSON_NULL}};
  *num_members = 0;
  if (json.len == 0) {
    return BULLA_OK;
  }
  if (bulla_json_read_behind(members, num_members, BULLA_JOSE_MAX_MEMBERS, MAX_OWN_MEMBERS, json) != BULLA_OK ||
      *num_members > BULLA_JOSE_MAX_MEMBERS - MAX_OWN_MEMBERS ||
      bulla_jose_read(&header, BULLA_JOSE_PROTECTED, json) != BULLA_OK) {
    return BULLA_INVALID_ARGUMENT;
  }
  for (size_t i = 0; i < *num_members; i++) {
    if (is_reserved(members[i].name.text)) {
      return BULLA_INVALID_ARGUMENT;
    }
  }
  return BULLA_OK;
}

/* Finds the content encryption key: a shared one, one that is drawn, or one that put_recipient() will agree. */
static enum bulla_status begin_key(struct job *job) {
  const struct bulla_jwe_key *first = job->keys[0];
  if (first->alg->management->is_shared) {
    job->content = first->content;
    return BULLA_OK;
  }
  if (first->alg->integrated != NULL) {
    job->integrated = (struct bulla_jwe_integrated){first->keep, job->rooms->encrypted_key, 0};
    job->content = (struct bulla_jwe_content *)(void *)&job->integrated;
    return BULLA_OK;
  }
  BULLA_TRY(bulla_slab_new(&job->cek, BULLA_CEK_MAX_LEN));
  return first->alg->management->is_direct ? BULLA_OK : bulla_random(job->cek, job->enc->cek_len);
}

/* Adds to the header of |key|'s recipient what its "alg" needs, and fills |encrypted_key|, |*len| bytes. */
static enum bulla_status wrap_for(struct job *job, const struct bulla_jwe_key *key, uint8_t *encrypted_key, size_t *len,
                                  struct bulla_json_writer *header) {
  const struct bulla_jwe_management *management = key->alg->management;
  *len = 0;
  if (management->is_shared) {
    return BULLA_OK;
  }
  if (management->has_parties) {
    if (job->parties.apu.len > 0) {
      bulla_jose_put_digits(header, BULLA_LITERAL("apu"), job->parties.apu);
    }
    if (job->parties.apv.len > 0) {
      bulla_jose_put_digits(header, BULLA_LITERAL("apv"), job->parties.apv);
    }
  }
  *len = management->encrypted_key_len(key->keep, job->enc->cek_len);
  if (key->alg->integrated != NULL) {
    job->integrated.len = *len;
    memset(encrypted_key, 0, *len); /* until it is found out */
    return BULLA_OK;
  }
  return management->wrap(key->keep, job->cek, job->enc->cek_len, encrypted_key, header, &job->parties);
}

/* Writes what stands in the header of every message of |key|. */
static void put_own(struct bulla_json_writer *out, const struct bulla_jwe_key *key) {
  bulla_put(&out->bytes, bulla_span(key->json, key->json_len));
  out->comma = true;
}

/* Writes the protected header to |json|, and if there is one recipient wraps the key for it. */
static enum bulla_status compose_header(struct job *job, struct bulla_buffer *json, uint8_t *encrypted_key,
                                        size_t *encrypted_key_len) {
  struct bulla_json_member members[BULLA_JOSE_MAX_MEMBERS];
  size_t num_members;
  struct bulla_json_writer out = bulla_json_writer(json);
  BULLA_TRY(take_members(members, &num_members, job->options.header));
  *encrypted_key_len = 0;
  if (job->num_keys == 1) {
    put_own(&out, job->keys[0]);
    BULLA_TRY(wrap_for(job, job->keys[0], encrypted_key, encrypted_key_len, &out));
  } else {
    bulla_json_begin(&out, '{');
    bulla_json_name(&out, BULLA_LITERAL("enc"));
    bulla_json_string(&out, job->enc->name);
  }
  for (size_t i = 0; i < num_members; i++) {
    bulla_json_member(&out, &members[i]);
  }
  bulla_json_end(&out, '}');
  return bulla_json_finish(&out) == BULLA_OK ? BULLA_OK : BULLA_INVALID_ARGUMENT;
}

static uint8_t *give_digits(struct bulla_writer *out, size_t len) {
  return bulla_give(out, bulla_base64url_encoded_len(len));
}

/* Writes |bytes|, and returns where. */
static uint8_t *put_digits(struct bulla_writer *out, struct bulla_span bytes) {
  uint8_t *digits = give_digits(out, bytes.len);
  if (digits != NULL && bytes.len > 0) {
    bulla_base64url_encode(digits, bytes);
  }
  return digits;
}

/* Where the IV, the ciphertext and the tag go. */
struct places {
  uint8_t *iv;
  uint8_t *ciphertext;
  uint8_t *tag;
};

/* Encrypts |plaintext| to |places|. */
static enum bulla_status seal_content(const struct job *job, const struct places *places, struct bulla_span plaintext) {
  uint8_t iv[BULLA_JWE_IV_MAX_LEN];
  uint8_t tag[BULLA_JWE_TAG_MAX_LEN];
  if (job->enc->iv_len > 0) {
    BULLA_TRY(bulla_nonce(iv, job->enc->iv_len));
  }
  if (places->ciphertext == NULL) {
    return BULLA_BUFFER_TOO_SMALL;
  }
  if (plaintext.len > 0) {
    memcpy(places->ciphertext, plaintext.data, plaintext.len);
  }
  BULLA_TRY(bulla_jwe_seal_digits(job->enc, job->content, places->ciphertext, plaintext.len, tag, iv, job->joined));
  if (places->iv != NULL && places->tag != NULL) {
    bulla_base64url_encode(places->iv, bulla_span(iv, job->enc->iv_len));
    bulla_base64url_encode(places->tag, bulla_span(tag, job->enc->tag_len));
  }
  if (job->integrated.keep != NULL) {
    bulla_base64url_encode(job->encrypted_key, bulla_span(job->integrated.encrypted_key, job->integrated.len));
  }
  return BULLA_OK;
}

/* §7.1 */
static struct places write_compact(struct bulla_writer *out, struct job *job, struct bulla_span encrypted_key,
                                   size_t plaintext_len) {
  struct places places;
  bulla_put(out, job->header);
  bulla_put_byte(out, '.');
  job->encrypted_key = put_digits(out, encrypted_key);
  bulla_put_byte(out, '.');
  places.iv = give_digits(out, job->enc->iv_len);
  bulla_put_byte(out, '.');
  places.ciphertext = give_digits(out, job->enc->cipher->sealed_len(plaintext_len));
  bulla_put_byte(out, '.');
  places.tag = give_digits(out, job->enc->tag_len);
  return places;
}

/* Writes a member whose |name| stands between a comma and the quote before its |len| bytes in base64url. */
static uint8_t *give_member(struct bulla_writer *out, struct bulla_span name, size_t len) {
  bulla_put(out, name);
  uint8_t *digits = give_digits(out, len);
  bulla_put_byte(out, '"');
  return digits;
}

static void put_encrypted_key(struct bulla_writer *out, struct job *job, struct bulla_span encrypted_key) {
  bulla_put(out, BULLA_LITERAL("\"encrypted_key\":\""));
  job->encrypted_key = put_digits(out, encrypted_key);
  bulla_put_byte(out, '"');
}

/* The recipient of |key|, one of several: what a single one has in the protected header is in its own. */
static enum bulla_status put_recipient(struct bulla_writer *out, struct job *job, const struct bulla_jwe_key *key) {
  uint8_t room[BULLA_JWE_HEADER_MAX];
  uint8_t encrypted_key[BULLA_JWE_ENCRYPTED_KEY_MAX_LEN];
  size_t len;
  struct bulla_buffer json = bulla_buffer(room, sizeof(room));
  struct bulla_json_writer header = bulla_json_writer(&json);
  bulla_json_begin(&header, '{');
  bulla_json_name(&header, BULLA_LITERAL("alg"));
  bulla_json_string(&header, key->alg->name);
  if (key->key_id_len > 0) {
    bulla_json_name(&header, BULLA_LITERAL("kid"));
    bulla_json_string(&header, bulla_span(key->key_id, key->key_id_len));
  }
  BULLA_TRY(wrap_for(job, key, encrypted_key, &len, &header));
  bulla_json_end(&header, '}');
  BULLA_TRY(bulla_json_finish(&header));
  bulla_put(out, BULLA_LITERAL("{\"header\":"));
  bulla_put(out, bulla_written(&json));
  bulla_put_byte(out, ',');
  put_encrypted_key(out, job, bulla_span(encrypted_key, len));
  bulla_put_byte(out, '}');
  return BULLA_OK;
}

static enum bulla_status put_recipients(struct bulla_writer *out, struct job *job, struct bulla_span encrypted_key) {
  bulla_put(out, BULLA_LITERAL(",\"recipients\":["));
  for (size_t i = 0; i < job->num_keys && job->num_keys > 1; i++) {
    bulla_put(out, bulla_span(",", i > 0 ? 1 : 0));
    BULLA_TRY(put_recipient(out, job, job->keys[i]));
  }
  if (job->num_keys == 1) {
    bulla_put_byte(out, '{');
    if (encrypted_key.len > 0) {
      put_encrypted_key(out, job, encrypted_key);
    }
    bulla_put_byte(out, '}');
  }
  bulla_put_byte(out, ']');
  return BULLA_OK;
}

/* §7.2 */
static enum bulla_status write_json(struct places *places, struct bulla_writer *out, struct job *job,
                                    struct bulla_span encrypted_key, size_t plaintext_len) {
  const struct bulla_jwe_encryption *enc = job->enc;
  bulla_put(out, BULLA_LITERAL("{\"protected\":\""));
  bulla_put(out, job->header);
  bulla_put_byte(out, '"');
  if (job->options.form == BULLA_JWE_GENERAL) {
    BULLA_TRY(put_recipients(out, job, encrypted_key));
  } else if (encrypted_key.len > 0) {
    bulla_put_byte(out, ',');
    put_encrypted_key(out, job, encrypted_key);
  }
  if (job->options.aad.len > 0) {
    bulla_put(out, BULLA_LITERAL(",\"aad\":\""));
    (void)put_digits(out, job->options.aad);
    bulla_put_byte(out, '"');
  }
  /* What is empty is absent. */
  if (enc->iv_len > 0) {
    places->iv = give_member(out, BULLA_LITERAL(",\"iv\":\""), enc->iv_len);
  }
  places->ciphertext = give_member(out, BULLA_LITERAL(",\"ciphertext\":\""), enc->cipher->sealed_len(plaintext_len));
  if (enc->tag_len > 0) {
    places->tag = give_member(out, BULLA_LITERAL(",\"tag\":\""), enc->tag_len);
  }
  bulla_put_byte(out, '}');
  return BULLA_OK;
}

/* §5.1 step 14 */
static enum bulla_status join(struct job *job) {
  struct bulla_span aad = job->options.aad;
  job->joined = job->header;
  if (aad.len == 0) {
    return BULLA_OK;
  }
  size_t len = job->header.len + 1 + bulla_base64url_encoded_len(aad.len);
  job->joined_room = malloc(len);
  if (job->joined_room == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_buffer joined = bulla_buffer(job->joined_room, len);
  struct bulla_writer out = bulla_writer(&joined);
  bulla_put(&out, job->header);
  bulla_put_byte(&out, '.');
  (void)put_digits(&out, aad);
  job->joined = bulla_written(&joined);
  return BULLA_OK;
}

/* Says whether the protected header is the one that the key wrote beforehand. */
static bool has_own_header(const struct job *job) {
  return job->num_keys == 1 && !job->keys[0]->alg->management->adds_header && job->options.header.len == 0;
}

static enum bulla_status encrypt(struct job *job, struct bulla_buffer *jwe, struct bulla_span plaintext) {
  uint8_t room[BULLA_JWE_HEADER_MAX];
  uint8_t *encrypted_key = job->rooms->encrypted_key;
  size_t encrypted_key_len = 0;
  struct places places = {NULL, NULL, NULL};
  struct bulla_buffer json = bulla_buffer(room, sizeof(room));
  struct bulla_writer out = bulla_writer(jwe);
  BULLA_TRY(begin_key(job));
  if (has_own_header(job)) {
    struct bulla_json_writer none = bulla_json_writer(&json);
    BULLA_TRY(wrap_for(job, job->keys[0], encrypted_key, &encrypted_key_len, &none));
    job->header = bulla_span(job->keys[0]->header, job->keys[0]->header_len);
  } else {
    BULLA_TRY(compose_header(job, &json, encrypted_key, &encrypted_key_len));
    bulla_base64url_encode(job->rooms->header, bulla_written(&json));
    job->header = bulla_span(job->rooms->header, bulla_base64url_encoded_len(json.len));
  }
  BULLA_TRY(join(job));
  struct bulla_span wrapped = bulla_span(encrypted_key, encrypted_key_len);
  if (job->options.form == BULLA_JWE_COMPACT) {
    places = write_compact(&out, job, wrapped, plaintext.len);
  } else {
    BULLA_TRY(write_json(&places, &out, job, wrapped, plaintext.len));
  }
  BULLA_TRY(bulla_writer_finish(&out));
  if (jwe->len > BULLA_JWE_MAX) {
    return BULLA_TOO_LARGE;
  }
  if (job->cek != NULL) {
    BULLA_TRY(job->enc->cipher->expand(&job->content, bulla_span(job->cek, job->enc->cek_len)));
  }
  return seal_content(job, &places, plaintext);
}

/* Says whether what is for |key| might be taken for what is for |other|: decryption knows a recipient by "alg" and, if
 * its key has one, "kid", and refuses a message in which it is not alone. */
static bool is_confused_with(const struct bulla_jwe_key *key, const struct bulla_jwe_key *other) {
  return key->alg == other->alg &&
         (key->key_id_len == 0 ||
          bulla_span_equal(bulla_span(key->key_id, key->key_id_len), bulla_span(other->key_id, other->key_id_len)));
}

static bool are_told_apart(const struct job *job) {
  for (size_t i = 0; i < job->num_keys; i++) {
    for (size_t j = 0; j < job->num_keys; j++) {
      if (i != j && is_confused_with(job->keys[i], job->keys[j])) {
        return false;
      }
    }
  }
  return true;
}

static enum bulla_status does_not_fit(const char *what) {
  return bulla_explain(BULLA_INVALID_ARGUMENT, "JWE: %s", what);
}

static enum bulla_status check_options(const struct job *job) {
  const struct bulla_jwe_options *options = &job->options;
  if (job->num_keys == 0 || job->num_keys > BULLA_JWE_MAX_RECIPIENTS) {
    return does_not_fit("it is for 1 to 64 recipients");
  }
  if (options->form > BULLA_JWE_GENERAL || (job->num_keys > 1 && options->form != BULLA_JWE_GENERAL)) {
    return does_not_fit("several recipients need the general form");
  }
  if (options->aad.len > 0 && options->form == BULLA_JWE_COMPACT) {
    return does_not_fit("the compact form has no additional data");
  }
  return job->parties.apu.len > BULLA_JWE_MAX_PARTY || job->parties.apv.len > BULLA_JWE_MAX_PARTY
             ? does_not_fit("\"apu\" and \"apv\" have at most 256 bytes")
             : BULLA_OK;
}

static enum bulla_status check_key(const struct job *job, const struct bulla_jwe_key *key) {
  bool has_parties = job->parties.apu.len > 0 || job->parties.apv.len > 0;
  if (!bulla_jwe_key_is_here(key)) {
    return BULLA_FORKED;
  }
  if (!key->can_encrypt) {
    return does_not_fit("by its \"key_ops\" a key is not to encrypt with");
  }
  if (key->enc != job->enc) {
    return does_not_fit("the keys are for more than one \"enc\"");
  }
  if (job->num_keys > 1 && key->alg->management->is_direct) {
    return does_not_fit("a key that is shared or agreed is for one recipient alone");
  }
  return has_parties && !key->alg->management->has_parties ? does_not_fit("\"apu\" and \"apv\" are for ECDH-ES")
                                                           : BULLA_OK;
}

/* Says whether keys and options fit each other. */
static enum bulla_status check(const struct job *job) {
  BULLA_TRY(check_options(job));
  for (size_t i = 0; i < job->num_keys; i++) {
    BULLA_TRY(check_key(job, job->keys[i]));
  }
  return are_told_apart(job) ? BULLA_OK : does_not_fit("keys of one \"alg\" need a \"kid\" each, another for each");
}

static enum bulla_status count(const struct job *job) {
  for (size_t i = 0; i < job->num_keys; i++) {
    BULLA_TRY(bulla_count_seal(&job->keys[i]->seals));
  }
  return BULLA_OK;
}

static enum bulla_status encrypt_job(struct job *job, struct bulla_buffer *jwe, struct bulla_span plaintext) {
  BULLA_TRY(check(job));
  if (plaintext.len > BULLA_JWE_MAX || job->options.aad.len > BULLA_JWE_MAX) {
    return BULLA_TOO_LARGE;
  }
  BULLA_TRY(count(job));
  return encrypt(job, jwe, plaintext);
}

enum bulla_status bulla_jwe_encrypt_for(struct bulla_jwe_key *const *keys, size_t num_keys, struct bulla_buffer *jwe,
                                        struct bulla_span plaintext, const struct bulla_jwe_options *options) {
  struct rooms rooms;
  struct job job BULLA_CLEANUP(job_free) = {.rooms = &rooms, .keys = keys, .num_keys = num_keys};
  enum bulla_status status = BULLA_OK;
  if (options != NULL) {
    status = bulla_jwe_take_options(&job.options, options);
  }
  if (status == BULLA_OK) {
    job.enc = num_keys > 0 ? keys[0]->enc : NULL;
    job.parties = (struct bulla_jwe_parties){job.options.apu, job.options.apv};
    status = encrypt_job(&job, jwe, plaintext);
  }
  return status == BULLA_OK ? BULLA_OK : bulla_fail(jwe, status);
}

enum bulla_status bulla_jwe_encrypt(struct bulla_jwe_key *key, struct bulla_buffer *token,
                                    struct bulla_span plaintext) {
  size_t len = bulla_jwe_len(key, plaintext.len);
  if (!bulla_jwe_key_is_here(key)) {
    return bulla_fail(token, BULLA_FORKED);
  }
  if (len == 0 || len > BULLA_JWE_MAX) {
    return bulla_fail(token, BULLA_TOO_LARGE);
  }
  return token->size < len ? bulla_fail(token, BULLA_BUFFER_TOO_SMALL)
                           : bulla_jwe_encrypt_for(&key, 1, token, plaintext, NULL);
}
