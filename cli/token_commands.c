/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* token mint, verify, refresh, inspect. */

#include <bulla/token.h>
#include <time.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "cli/text.h"
#include "cli/token_claims.h"
#include "cli/token_session.h"

static enum bulla_status read_apikey(struct bulla_cli *cli, struct bulla_apikey **apikey) {
  struct bulla_secret *string BULLA_CLEANUP(bulla_secret_free) = NULL;
  bulla_cli_at(cli, "the file of --apikey-file"); /* a path may turn out to be the key itself */
  enum bulla_status status = bulla_input_key_file(cli, &string, bulla_option_value(cli, "apikey-file"),
                                                  BULLA_APIKEY_LEN + 2, "revoke the API key");
  if (status == BULLA_OK) {
    status = bulla_apikey_parse(apikey, bulla_secret_bytes(string));
  }
  return status == BULLA_REFUSED || status == BULLA_TOO_LARGE
             ? bulla_cli_error(cli, BULLA_REFUSED, "it holds no API key, or a damaged one")
             : status;
}

enum bulla_status bulla_run_token_mint(struct bulla_cli *cli) {
  struct bulla_minted_claims minted BULLA_CLEANUP(bulla_minted_claims_free) = {.file = NULL};
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_minter *minter BULLA_CLEANUP(bulla_minter_free) = NULL;
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_minted_claims_read(cli, &minted));
  BULLA_TRY(read_apikey(cli, &apikey));
  bulla_cli_at(cli, "claims");
  BULLA_TRY(bulla_minter_new(&minter, apikey));
  BULLA_TRY(bulla_secret_new(&room, BULLA_TOKEN_MAX));
  struct bulla_buffer token = bulla_buffer(bulla_secret_data(room), BULLA_TOKEN_MAX);
  BULLA_TRY(bulla_token_mint(minter, &token, &minted.claims));
  return bulla_output_line(cli, bulla_written(&token));
}

/* read_expectations fills |options| with what verify and refresh have in common. */
static enum bulla_status read_expectations(struct bulla_cli *cli, struct bulla_verifier_options *options) {
  options->aud = bulla_option_span(cli, "aud");
  options->iss = bulla_option_span(cli, "iss");
  BULLA_TRY(bulla_option_number(cli, "leeway", &options->leeway));
  return options->leeway <= BULLA_TOKEN_LEEWAY_MAX
             ? BULLA_OK
             : bulla_cli_usage(cli, "--leeway takes 0 to %d seconds", BULLA_TOKEN_LEEWAY_MAX);
}

/* print_claims prints claims as one line, however whoever minted the token has set them. */
static enum bulla_status print_claims(struct bulla_cli *cli, struct bulla_span claims) {
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = NULL;
  size_t size = BULLA_TEXT_GROWTH * claims.len;
  BULLA_TRY(bulla_secret_new(&room, size));
  struct bulla_buffer line = bulla_buffer(bulla_secret_data(room), size);
  struct bulla_writer writer = bulla_writer(&line);
  bulla_text_put_json(&writer, claims);
  return bulla_output_line(cli, bulla_written(&line));
}

enum bulla_status bulla_run_token_verify(struct bulla_cli *cli) {
  struct bulla_token_session session BULLA_CLEANUP(bulla_token_session_close) = {.vault = NULL};
  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .max_keys = 1};
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  BULLA_TRY(read_expectations(cli, &options));
  BULLA_TRY(bulla_token_session_open(cli, &session, &options, 0, "token verify"));
  enum bulla_status status = bulla_token_verify(session.verifier, &claims, &session.payload,
                                                bulla_secret_bytes(session.token), (int64_t)time(NULL));
  BULLA_TRY(bulla_token_explain(cli, status));
  return print_claims(cli, bulla_written(&session.payload));
}

enum bulla_status bulla_run_token_refresh(struct bulla_cli *cli) {
  struct bulla_token_session session BULLA_CLEANUP(bulla_token_session_close) = {.vault = NULL};
  struct bulla_verifier_options options = {
      .size = sizeof(struct bulla_verifier_options), .session = BULLA_SESSION_DEFAULT, .max_keys = 1};
  BULLA_TRY(read_expectations(cli, &options));
  BULLA_TRY(bulla_option_number(cli, "session", &options.session));
  if (options.session < 1 || options.session > BULLA_SESSION_MAX) {
    return bulla_cli_usage(cli, "--session takes 1 to %d seconds", BULLA_SESSION_MAX);
  }
  BULLA_TRY(bulla_token_session_open(cli, &session, &options, BULLA_TOKEN_MAX, "token refresh"));
  enum bulla_status status = bulla_token_refresh(session.verifier, &session.fresh, &session.payload,
                                                 bulla_secret_bytes(session.token), (int64_t)time(NULL));
  BULLA_TRY(bulla_token_explain(cli, status));
  return bulla_output_line(cli, bulla_written(&session.fresh));
}

enum bulla_status bulla_run_token_inspect(struct bulla_cli *cli) {
  static const char *const names[] = {"key_id", "day", "day_begins", "ciphertext_bytes", NULL};
  struct bulla_secret *token BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
  BULLA_TRY(bulla_token_input(cli, &token));
  if (bulla_token_inspect(&outline, bulla_secret_bytes(token)) != BULLA_OK) {
    return bulla_cli_error(cli, BULLA_REFUSED, "refused: it does not have the form of a token");
  }
  const struct bulla_cell cells[] = {bulla_cell_text(bulla_span(outline.key_id, sizeof(outline.key_id))),
                                     bulla_cell_number(outline.day),
                                     bulla_cell(BULLA_CELL_SECONDS, outline.day * BULLA_SECONDS_PER_DAY),
                                     bulla_cell_number((int64_t)outline.ciphertext_len)};
  return bulla_rows_one(cli, names, cells);
}
