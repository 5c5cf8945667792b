/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/token_session.h. */

#include "cli/token_session.h"

#include <string.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/session.h"

enum bulla_status bulla_token_input(struct bulla_cli *cli, struct bulla_secret **token) {
  bulla_cli_at(cli, "token");
  enum bulla_status status = bulla_input_secret(cli, token, STDIN_FILENO, BULLA_TOKEN_MAX + 2);
  if (status == BULLA_TOO_LARGE) {
    return BULLA_REFUSED; /* like any other that is none */
  }
  BULLA_TRY(status);
  bulla_input_line(*token);
  return bulla_secret_bytes(*token).len > 0
             ? BULLA_OK
             : bulla_cli_error(cli, BULLA_REFUSED, "standard input is empty: give the token there");
}

enum bulla_status bulla_token_session_open(struct bulla_cli *cli, struct bulla_token_session *session,
                                           const struct bulla_verifier_options *options, size_t fresh_len,
                                           const char *reason) {
  BULLA_TRY(bulla_session_vault(cli, &session->vault));
  bulla_session_identify(&session->me, cli, reason);
  BULLA_TRY(bulla_token_input(cli, &session->token));
  BULLA_TRY(bulla_vault_verifier_new(&session->verifier, session->vault, &session->me.who, options));
  /* As much as include/bulla/token.h asks for: each page of locked memory takes long to get. */
  size_t payload_len = bulla_secret_bytes(session->token).len * 3 / 2 + 1;
  BULLA_TRY(bulla_secret_new(&session->room, payload_len + fresh_len));
  uint8_t *room = bulla_secret_data(session->room);
  session->payload = bulla_buffer(room, payload_len);
  session->fresh = bulla_buffer(room + payload_len, fresh_len);
  return BULLA_OK;
}

enum bulla_status bulla_token_explain(struct bulla_cli *cli, enum bulla_status status) {
  return status == BULLA_REFUSED && cli->is_actor
             ? bulla_cli_error(cli, status, "%s, or of a tenant for which this actor has not the role verify",
                               bulla_status_text(status))
             : status;
}

void bulla_token_session_close(struct bulla_token_session *session) {
  bulla_verifier_free(&session->verifier);
  bulla_vault_close(&session->vault);
  bulla_secret_free(&session->token);
  bulla_secret_free(&session->room);
}
