/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Store and token together: verifying tokens by the API keys of a vault, and making, handing out and ending what hangs
 * on them. All of it could be written with store.h and token.h; here it is written once, with revocation on by default.
 *
 *   struct bulla_who who = {.actor = bulla_text("web"), .reason = bulla_text("verify tokens")};
 *   struct bulla_verifier *verifier = NULL;
 *   status = bulla_vault_verifier_new(&verifier, vault, &who, NULL);
 *   ...
 *   status = bulla_token_verify(verifier, &claims, &payload, token, time(NULL));     any number of threads
 *   ...
 *   bulla_verifier_free(&verifier);                                                 before the vault is closed
 *
 * docs/examples/service.c is a whole program. */

#ifndef BULLA_SERVICE_H
#define BULLA_SERVICE_H

#include <bulla/store.h>
#include <bulla/token.h>

#ifdef __cplusplus
extern "C" {
#endif

/* bulla_vault_verifier_new makes |*verifier| over |vault|, which must stay open as long as it. It opens each API key
 * once, recorded as |who|, which it copies; refuses what was revoked, key or token, in whatever process, from the
 * verification that begins after the revocation has returned; and keeps the other keys without opening them again.
 * |options| may be NULL; its callbacks must be. Returns BULLA_INVALID_ARGUMENT for callbacks, or for a |who| without
 * actor or reason, and the statuses of bulla_verifier_new. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_verifier_new(struct bulla_verifier **verifier,
                                                                     struct bulla_vault *vault,
                                                                     const struct bulla_who *who,
                                                                     const struct bulla_verifier_options *options);

/* bulla_vault_apikey_create makes an API key of |tenant|, which is made if it is not there, keeps its record under
 * |name|, which may be empty, and sets |*string| to the only copy of what its owner is to keep, BULLA_APIKEY_LEN bytes
 * that the caller frees. |id| is filled with its BULLA_APIKEY_ID_LEN bytes. Returns the statuses of
 * bulla_vault_apikey_put; on failure there is no key. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_create(struct bulla_vault *vault,
                                                                      struct bulla_secret **string,
                                                                      uint8_t id[BULLA_APIKEY_ID_LEN],
                                                                      const struct bulla_who *who,
                                                                      struct bulla_span tenant, struct bulla_span name);

/* bulla_vault_apikey_jwk makes |*jwk| of the API key |id| and |day|, see bulla_apikey_day_jwk, to be handed to somebody
 * who reads that day's tokens with another library. It is recorded as bulla_vault_apikey_export says, whose statuses it
 * returns. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_jwk(struct bulla_vault *vault, struct bulla_secret **jwk,
                                                                   const struct bulla_who *who, struct bulla_span id,
                                                                   int64_t day);

/* bulla_vault_session_revoke ends the session of |token|: the token, what it was refreshed from and what it was or will
 * be refreshed to. It may have expired, be for another audience, or not be valid yet. |verifier| is over |vault|.
 * Returns BULLA_OK also if it was revoked before, BULLA_REFUSED if it is not authentic, BULLA_EXPIRED if no verifier
 * takes it at |now| or later anyway, BULLA_INVALID_ARGUMENT if it has no "jti" (revoking its API key ends it), and the
 * statuses of bulla_token_authenticate and bulla_vault_token_revoke. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_session_revoke(struct bulla_vault *vault,
                                                                       struct bulla_verifier *verifier,
                                                                       const struct bulla_who *who,
                                                                       struct bulla_span token, int64_t now);

#ifdef __cplusplus
}
#endif

#endif
