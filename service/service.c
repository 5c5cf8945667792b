/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Store and token together, see bulla/service.h: the one place where both are known. Only what the public headers
 * declare is used of either. */

#include <bulla/service.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/json.h"
#include "core/log.h"
#include "core/sized.h"

_Static_assert(BULLA_RECORD_ID_LEN == BULLA_APIKEY_ID_LEN, "records are found by the ids of API keys");
_Static_assert(BULLA_RECORD_HASH_LEN == BULLA_APIKEY_HASH_LEN, "records hold the hashes of API keys");
_Static_assert(BULLA_TOKEN_ORG_MAX >= BULLA_NAME_MAX, "\"org\" is the name of a tenant");

/* What a verifier's callbacks are given. */
struct source {
  struct bulla_vault *vault;
  struct bulla_who who; /* spans are of |names| */
  uint8_t names[3 * BULLA_WHO_MAX];
};

static enum bulla_status take_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  struct bulla_token_key *key = arg;
  if (tenant.len > sizeof(key->org)) {
    return BULLA_TOO_LARGE;
  }
  memcpy(key->org, tenant.data, tenant.len);
  key->org_len = tenant.len;
  return bulla_secret_copy(&key->root, root);
}

/* A key that the actor may not open is as good as none: a token that names it may be anybody's. */
static enum bulla_status find_key(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  const struct source *source = arg;
  enum bulla_status status = bulla_vault_apikey_use(source->vault, &source->who, key_id, take_root, key);
  if (status == BULLA_REVOKED) {
    return BULLA_DENIED; /* the actor was: of a token it would say that its "jti" was */
  }
  return status == BULLA_DENIED ? BULLA_NOT_FOUND : status;
}

static enum bulla_status is_revoked(void *arg, struct bulla_span org, struct bulla_span jti) {
  const struct source *source = arg;
  bool revoked;
  BULLA_TRY(bulla_vault_token_revoked(source->vault, &revoked, org, jti));
  return revoked ? BULLA_REVOKED : BULLA_OK;
}

static uint64_t generation(void *arg) {
  const struct source *source = arg;
  return bulla_vault_generation(source->vault);
}

/* What the actor may open no more is forgotten at once: who looks for it again is told why. */
static enum bulla_status is_live(void *arg, struct bulla_span key_id) {
  const struct source *source = arg;
  enum bulla_status status = bulla_vault_apikey_live(source->vault, key_id);
  return status == BULLA_DENIED || status == BULLA_REVOKED ? BULLA_NOT_FOUND : status;
}

static struct bulla_span keep(struct bulla_writer *out, struct bulla_span text) {
  const uint8_t *at = out->out->data + out->out->len;
  bulla_put(out, text);
  return bulla_span(at, text.len);
}

/* What the log of the vault takes: a verifier with anything else would refuse every token. */
static enum bulla_status check_text(struct bulla_span text) {
  if (text.len > BULLA_WHO_MAX) {
    return bulla_explain(BULLA_TOO_LARGE, "actor, origin and reason have at most %d bytes each", BULLA_WHO_MAX);
  }
  return bulla_json_valid_string(text) ? BULLA_OK
                                       : bulla_explain(BULLA_INVALID_TEXT, "actor, origin or reason is not UTF-8");
}

/* Makes |*source| of |vault| with a copy of |who|. */
static enum bulla_status make_source(struct source **source, struct bulla_vault *vault, const struct bulla_who *who) {
  BULLA_TRY(check_text(who->actor));
  BULLA_TRY(check_text(who->origin));
  BULLA_TRY(check_text(who->reason));
  if (who->actor.len == 0 || who->reason.len == 0 || (who->reserved[0] | who->reserved[1]) != 0) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "a verifier opens API keys: it needs an actor and a reason");
  }
  struct source *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_buffer room = bulla_buffer(made->names, sizeof(made->names));
  struct bulla_writer out = bulla_writer(&room);
  made->vault = vault;
  made->who = *who;
  made->who.actor = keep(&out, who->actor);
  made->who.origin = keep(&out, who->origin);
  made->who.reason = keep(&out, who->reason);
  *source = made;
  return BULLA_OK;
}

enum bulla_status bulla_vault_verifier_new(struct bulla_verifier **verifier, struct bulla_vault *vault,
                                           const struct bulla_who *who, const struct bulla_verifier_options *options) {
  *verifier = NULL;
  struct bulla_verifier_options taken = BULLA_VERIFIER_OPTIONS_INIT;
  if (options != NULL) {
    BULLA_TRY(bulla_sized_take(&taken, sizeof(taken), options, BULLA_SIZE_TO(struct bulla_verifier_options, max_keys)));
  }
  if (vault == NULL || who == NULL || taken.is_revoked != NULL || taken.generation != NULL || taken.is_live != NULL ||
      taken.release != NULL) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "a verifier over a vault has callbacks of its own: set none");
  }
  taken.is_revoked = is_revoked;
  taken.generation = generation;
  taken.is_live = is_live;
  taken.release = free;
  struct source *source = NULL;
  BULLA_TRY(make_source(&source, vault, who));
  enum bulla_status status = bulla_verifier_new(verifier, &taken, find_key, source);
  if (status != BULLA_OK) {
    free(source);
  }
  return status;
}

enum bulla_status bulla_vault_apikey_create(struct bulla_vault *vault, struct bulla_secret **string,
                                            uint8_t id[BULLA_APIKEY_ID_LEN], const struct bulla_who *who,
                                            struct bulla_span tenant, struct bulla_span name) {
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_secret *made BULLA_CLEANUP(bulla_secret_free) = NULL;
  *string = NULL;
  memset(id, 0, BULLA_APIKEY_ID_LEN);
  BULLA_TRY(bulla_apikey_generate(&apikey, &made));
  const struct bulla_apikey_record record = {
      .tenant = tenant,
      .id = bulla_apikey_id(apikey),
      .name = name,
      .hash = bulla_apikey_hash(apikey),
      .root = bulla_apikey_token_root(apikey),
  };
  BULLA_TRY(bulla_vault_apikey_put(vault, who, &record));
  memcpy(id, record.id.data, BULLA_APIKEY_ID_LEN);
  *string = made;
  made = NULL;
  return BULLA_OK;
}

/* What an exported root is made into. */
struct export {
  struct bulla_secret *jwk;
  struct bulla_span id;
  int64_t day;
};

static enum bulla_status make_jwk(void *arg, struct bulla_span tenant, struct bulla_span root) {
  struct export *export = arg;
  struct bulla_secret *copy BULLA_CLEANUP(bulla_secret_free) = NULL;
  (void)tenant;
  BULLA_TRY(bulla_secret_copy(&copy, root));
  return bulla_apikey_day_jwk(&export->jwk, copy, export->id, export->day);
}

enum bulla_status bulla_vault_apikey_jwk(struct bulla_vault *vault, struct bulla_secret **jwk,
                                         const struct bulla_who *who, struct bulla_span id, int64_t day) {
  struct export export = {.id = id, .day = day};
  enum bulla_status status = bulla_vault_apikey_export(vault, who, id, day, make_jwk, &export);
  *jwk = export.jwk;
  return status;
}

enum bulla_status bulla_vault_session_revoke(struct bulla_vault *vault, struct bulla_verifier *verifier,
                                             const struct bulla_who *who, struct bulla_span token, int64_t now) {
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&room, BULLA_PAYLOAD_SIZE));
  struct bulla_buffer payload = bulla_buffer(bulla_secret_data(room), BULLA_PAYLOAD_SIZE);
  BULLA_TRY(bulla_token_authenticate(verifier, &claims, &payload, token));
  int64_t end = bulla_claims_session_end(&claims);
  if (now >= end) {
    return BULLA_EXPIRED;
  }
  if (claims.jti.len == 0) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "the token has no \"jti\"");
  }
  return bulla_vault_token_revoke(vault, who, claims.org, claims.jti, end);
}
