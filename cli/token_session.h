/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The start of sub-commands that verify a token: the vault, a verifier over it, and the token from standard input. A
 * token is as sensitive as a password, and so are its claims until they are printed: both stay in locked memory. */

#ifndef BULLA_CLI_TOKEN_SESSION_H
#define BULLA_CLI_TOKEN_SESSION_H

#include <bulla/service.h>

#include "cli/session.h"

struct bulla_token_session {
  struct bulla_vault *vault;
  struct bulla_session_who me;
  struct bulla_verifier *verifier; /* over the vault, with revocation */
  struct bulla_secret *token;
  struct bulla_secret *room;
  struct bulla_buffer payload; /* enough of |room| for the token's claims */
  struct bulla_buffer fresh;   /* the rest */
};

/* bulla_token_session_open fills |session|, which must be zero; its verifier has |options|, which may be NULL. A
 * fresh token may have |fresh_len| bytes. |reason| is for the audit log without --reason. Call
 * bulla_token_session_close also after a failure. */
BULLA_NODISCARD enum bulla_status bulla_token_session_open(struct bulla_cli *cli, struct bulla_token_session *session,
                                                           const struct bulla_verifier_options *options,
                                                           size_t fresh_len, const char *reason);

void bulla_token_session_close(struct bulla_token_session *session);

/* bulla_token_input reads |*token| from standard input. */
BULLA_NODISCARD enum bulla_status bulla_token_input(struct bulla_cli *cli, struct bulla_secret **token);

/* bulla_token_explain returns |status| of a token. One of a tenant for which an actor has not the role is refused like
 * one that was forged, so that whoever sent it learns nothing: that a grant may be missing is said here. */
BULLA_NODISCARD enum bulla_status bulla_token_explain(struct bulla_cli *cli, enum bulla_status status);

#endif
