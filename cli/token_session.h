/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the sub-commands that verify a token begin with: the vault, a verifier over it, and the token of standard
 * input. A token is as good as a password, and so are its claims until it is shown them openly: both stay in
 * locked memory. */

#ifndef BULLA_CLI_TOKEN_SESSION_H
#define BULLA_CLI_TOKEN_SESSION_H

#include <bulla/service.h>

#include "cli/session.h"

struct bulla_token_session {
  struct bulla_vault *vault;
  struct bulla_session_who me;
  struct bulla_verifier *verifier; /* which consults the list of revoked tokens */
  struct bulla_secret *token;
  struct bulla_secret *room;
  struct bulla_buffer payload; /* BULLA_PAYLOAD_SIZE bytes of |room| */
  struct bulla_buffer fresh;   /* BULLA_TOKEN_MAX bytes of |room| */
};

/* bulla_token_session_open fills |session|, which must be zero; its verifier insists on |options|, which may be NULL.
 * |reason| is what the audit log is told without --reason. bulla_token_session_close is due also when it fails. */
BULLA_NODISCARD enum bulla_status bulla_token_session_open(struct bulla_cli *cli, struct bulla_token_session *session,
                                                           const struct bulla_verifier_options *options,
                                                           const char *reason);

void bulla_token_session_close(struct bulla_token_session *session);

/* bulla_token_input makes |*token| from standard input. */
BULLA_NODISCARD enum bulla_status bulla_token_input(struct bulla_cli *cli, struct bulla_secret **token);

#endif
