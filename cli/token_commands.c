/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* token mint, verify, inspect. A token is as good as a password, and so are its claims until it is shown them
 * openly: both stay in locked memory. */

#include <bulla/token.h>
#include <time.h>
#include <unistd.h>

#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/token_claims.h"

static enum bulla_status read_apikey(struct bulla_cli *cli, struct bulla_apikey **apikey) {
  struct bulla_secret *string BULLA_CLEANUP(bulla_secret_free) = NULL;
  const char *path = bulla_option_value(cli, "apikey-file");
  bulla_cli_at(cli, "API key file %s", path);
  enum bulla_status status = bulla_input_secret_file(cli, &string, path, BULLA_APIKEY_LEN + 2);
  if (status == BULLA_TOO_LARGE) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(status);
  bulla_input_line(string);
  return bulla_apikey_parse(apikey, bulla_secret_bytes(string));
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

/* read_token fills |token| from standard input. A longer one than there is is refused like any other that is
 * none. */
static enum bulla_status read_token(struct bulla_cli *cli, struct bulla_secret **token) {
  bulla_cli_at(cli, "token");
  enum bulla_status status = bulla_input_secret(cli, token, STDIN_FILENO, BULLA_TOKEN_MAX + 2);
  if (status == BULLA_TOO_LARGE) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(status);
  bulla_input_line(*token);
  return BULLA_OK;
}

/* Where a verifier finds keys. */
struct finder {
  struct bulla_vault *vault;
  const struct bulla_who *who;
};

static enum bulla_status take_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  struct bulla_token_key *key = (struct bulla_token_key *)arg;
  if (tenant.len > sizeof(key->org)) {
    return BULLA_TOO_LARGE;
  }
  memcpy(key->org, tenant.data, tenant.len);
  key->org_len = tenant.len;
  return bulla_secret_copy(&key->root, root);
}

static enum bulla_status find_key(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  const struct finder *finder = (const struct finder *)arg;
  return bulla_vault_apikey_use(finder->vault, finder->who, key_id, take_root, key);
}

enum bulla_status bulla_run_token_verify(struct bulla_cli *cli) {
  struct bulla_verifier_options options = {.aud = bulla_option_span(cli, "aud"),
                                           .iss = bulla_option_span(cli, "iss")};
  BULLA_TRY(bulla_option_number(cli, "leeway", &options.leeway));
  if (options.leeway > BULLA_TOKEN_LEEWAY_MAX) {
    return bulla_cli_usage(cli, "--leeway takes 0 to %d seconds", BULLA_TOKEN_LEEWAY_MAX);
  }

  struct bulla_secret *token BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_verifier *verifier BULLA_CLEANUP(bulla_verifier_free) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "token verify");
  BULLA_TRY(read_token(cli, &token));

  struct finder finder = {vault, &me.who};
  struct bulla_claims claims;
  BULLA_TRY(bulla_verifier_new(&verifier, &options, find_key, &finder));
  BULLA_TRY(bulla_secret_new(&room, BULLA_PAYLOAD_SIZE));
  struct bulla_buffer payload = bulla_buffer(bulla_secret_data(room), BULLA_PAYLOAD_SIZE);
  BULLA_TRY(bulla_token_verify(verifier, &claims, &payload, bulla_secret_bytes(token), (int64_t)time(NULL)));
  return bulla_output_line(cli, bulla_written(&payload));
}

enum bulla_status bulla_run_token_inspect(struct bulla_cli *cli) {
  static const char *const names[] = {"key_id", "day", "day_begins", "ciphertext_bytes", NULL};
  struct bulla_secret *token BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  struct bulla_token_outline outline;
  bulla_rows_begin(&rows, cli, names, false);
  BULLA_TRY(read_token(cli, &token));
  BULLA_TRY(bulla_token_inspect(&outline, bulla_secret_bytes(token)));
  const struct bulla_cell cells[] = {bulla_cell_text(bulla_span(outline.key_id, sizeof(outline.key_id))),
                                     bulla_cell(BULLA_CELL_NUMBER, outline.day),
                                     bulla_cell(BULLA_CELL_SECONDS, outline.day * 86400),
                                     bulla_cell(BULLA_CELL_NUMBER, (int64_t)outline.ciphertext_len)};
  return bulla_rows_add(&rows, cells);
}
