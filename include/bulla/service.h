/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Store and token together: a verifier over a vault, API keys in one call, ending sessions. All of it could be written
 * with store.h and token.h; here revocation is on by default.
 *
 *   struct bulla_who who = {.actor = bulla_text("web"), .reason = bulla_text("verify tokens")};
 *   struct bulla_verifier *verifier = NULL;
 *   status = bulla_vault_verifier_new(&verifier, vault, &who, NULL);
 *   ...
 *   status = bulla_token_verify(verifier, &claims, &payload, token, time(NULL));  // any number of threads
 *   ...
 *   bulla_verifier_free(&verifier);  // before the vault is closed
 *
 * docs/examples/service.c is a whole program. */

#ifndef BULLA_SERVICE_H
#define BULLA_SERVICE_H

#include <bulla/store.h>
#include <bulla/token.h>

#ifdef __cplusplus
extern "C" {
#endif

/* bulla_vault_verifier_new creates |*verifier| over |vault|, which must stay open as long as it. It opens each API key
 * once, recorded as |who|, which it copies. A verification that begins after a revocation has returned, in any process
 * on any machine, refuses the revoked key or token; other keys are kept without opening them again. To a vault that was
 * opened as an actor a key is unknown whose tenant's tokens the actor may not verify: BULLA_REFUSED. Once the actor was
 * revoked itself, its verifiers return BULLA_DENIED. |options| may be NULL; its callbacks must be NULL. Returns
 * BULLA_INVALID_ARGUMENT for callbacks or for a |who| without actor or reason, BULLA_TOO_LARGE if |who| is too long,
 * and the statuses of bulla_verifier_new. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_verifier_new(struct bulla_verifier **verifier,
                                                                     struct bulla_vault *vault,
                                                                     const struct bulla_who *who,
                                                                     const struct bulla_verifier_options *options);

/* bulla_vault_apikey_create creates an API key of |tenant|, which is created if needed, and stores its record under
 * |name|, which may be empty. |*string| is the only copy of the API key string, BULLA_APIKEY_LEN bytes, for its owner;
 * the caller frees it. |id| gets the BULLA_APIKEY_ID_LEN bytes of its id. On failure there is no key. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_create(struct bulla_vault *vault,
                                                                      struct bulla_secret **string,
                                                                      uint8_t id[BULLA_APIKEY_ID_LEN],
                                                                      const struct bulla_who *who,
                                                                      struct bulla_span tenant, struct bulla_span name);

/* bulla_vault_apikey_jwk creates |*jwk| for the API key |id| and |day|, as bulla_apikey_day_jwk does, for somebody who
 * reads that day's tokens with another library. It is recorded as bulla_vault_apikey_export, whose statuses it returns.
 */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_jwk(struct bulla_vault *vault, struct bulla_secret **jwk,
                                                                   const struct bulla_who *who, struct bulla_span id,
                                                                   int64_t day);

/* bulla_vault_session_revoke ends the session of |token|: it revokes the token and every token with the same "jti",
 * which it was refreshed from or to. |token| may be expired, not yet valid, or for another audience. |verifier| is over
 * |vault|. Revoking a session again succeeds. Returns
 *   BULLA_REFUSED            it is not authentic
 *   BULLA_CLAIM_REFUSED      "org" is not the tenant that owns the key
 *   BULLA_EXPIRED            no verifier accepts it, or anything it was refreshed to, at |now| or later
 *   BULLA_INVALID_ARGUMENT   it has no "jti": only revoking its API key ends it */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_session_revoke(struct bulla_vault *vault,
                                                                       struct bulla_verifier *verifier,
                                                                       const struct bulla_who *who,
                                                                       struct bulla_span token, int64_t now);

#ifdef __cplusplus
}
#endif

#endif
