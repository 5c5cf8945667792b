/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* token revoke: by the token, or by its jti. A token that has expired, or is not valid yet, is revoked too as long
 * as some verifier, with whatever leeway, may take it, or what it was refreshed to. */

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/token_session.h"

/* has_input says whether standard input has something to read, without reading it: it may be the rest of a list
 * that a loop of the shell reads. */
static bool has_input(void) {
  struct stat status;
  int num_bytes = 0;
  if (fstat(STDIN_FILENO, &status) != 0) {
    return false;
  }
  if (S_ISREG(status.st_mode)) {
    return lseek(STDIN_FILENO, 0, SEEK_CUR) < status.st_size;
  }
  return (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)) && ioctl(STDIN_FILENO, FIONREAD, &num_bytes) == 0 &&
         num_bytes > 0;
}

/* last_end returns when the last token that may be good now, or may become good by some verifier's leeway, and all
 * that it is refreshed to, are at their end. */
static int64_t last_end(int64_t now) {
  int64_t iat = now + BULLA_TOKEN_LEEWAY_MAX;
  const struct bulla_claims claims = {
      .size = sizeof(struct bulla_claims), .iat = iat, .orig_iat = iat, .exp = iat + BULLA_TOKEN_LIFETIME_MAX};
  return bulla_claims_session_end(&claims);
}

static enum bulla_status revoke_named(struct bulla_cli *cli) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  struct bulla_span tenant = bulla_option_span(cli, "tenant");
  struct bulla_span jti = bulla_option_span(cli, "jti");
  if (tenant.len == 0 || jti.len == 0) {
    return bulla_cli_usage(cli, "--jti and --tenant go together, in place of a token on standard input");
  }
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "token revoke");
  if (has_input()) {
    return bulla_cli_usage(cli,
                           "give the token or its --jti: with --jti nothing may be on standard input (</dev/null)");
  }
  bulla_session_at_tenant(cli, tenant, "--tenant");
  enum bulla_status status = bulla_vault_token_revoke(vault, &me.who, tenant, jti, last_end((int64_t)time(NULL)));
  if (status == BULLA_INVALID_ARGUMENT && jti.len > BULLA_JTI_MAX) {
    bulla_cli_at(cli, "--jti");
    return bulla_cli_error(cli, status, "a jti has at most %d bytes", BULLA_JTI_MAX);
  }
  return status;
}

/* What is looked for among the API keys. */
struct search {
  struct bulla_span id;
  bool found;
  bool revoked;
};

static enum bulla_status look_at(void *arg, const struct bulla_apikey_view *apikey) {
  struct search *search = (struct search *)arg;
  if (bulla_span_equal(apikey->id, search->id)) {
    search->found = true;
    search->revoked = apikey->revoked != 0;
  }
  return BULLA_OK;
}

/* explain_refused says why a token is not authentic, as far as its API key tells. Who revokes may list those. */
static enum bulla_status explain_refused(struct bulla_cli *cli, struct bulla_token_session *session) {
  struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
  if (bulla_token_inspect(&outline, bulla_secret_bytes(session->token)) != BULLA_OK) {
    return bulla_cli_error(cli, BULLA_REFUSED, "refused: it does not have the form of a token");
  }
  struct search search = {.id = bulla_span(outline.key_id, sizeof(outline.key_id))};
  BULLA_TRY(bulla_vault_apikey_list(session->vault, bulla_span(NULL, 0), look_at, &search));
  int len = (int)search.id.len;
  const char *id = (const char *)search.id.data;
  if (!search.found) {
    return bulla_cli_error(cli, BULLA_REFUSED, "refused: it names API key %.*s, which is not in this vault", len, id);
  }
  return search.revoked
             ? bulla_cli_error(cli, BULLA_REFUSED,
                               "API key %.*s was revoked: its tokens are refused already, there is nothing to revoke",
                               len, id)
             : bulla_cli_error(cli, BULLA_REFUSED, "refused: it is not authentic, although it names API key %.*s", len,
                               id);
}

static enum bulla_status explain_no_jti(struct bulla_cli *cli, const struct bulla_token_session *session) {
  struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
  BULLA_TRY(bulla_token_inspect(&outline, bulla_secret_bytes(session->token)));
  return bulla_cli_error(cli, BULLA_INVALID_ARGUMENT,
                         "it has no jti: only revoking its API key ends it: bulla apikey revoke %.*s",
                         (int)sizeof(outline.key_id), (const char *)outline.key_id);
}

static enum bulla_status revoke_given(struct bulla_cli *cli) {
  struct bulla_token_session session BULLA_CLEANUP(bulla_token_session_close) = {.vault = NULL};
  BULLA_TRY(bulla_token_session_open(cli, &session, NULL, 0, "token revoke"));
  enum bulla_status status = bulla_vault_session_revoke(session.vault, session.verifier, &session.me.who,
                                                        bulla_secret_bytes(session.token), (int64_t)time(NULL));
  switch (status) {
    case BULLA_REFUSED:
      return explain_refused(cli, &session);
    case BULLA_EXPIRED:
      return bulla_cli_error(cli, BULLA_EXPIRED,
                             "it has expired, and so has everything it was refreshed to: there is nothing to revoke");
    case BULLA_INVALID_ARGUMENT:
      return explain_no_jti(cli, &session);
    default:
      return status;
  }
}

enum bulla_status bulla_run_token_revoke(struct bulla_cli *cli) {
  bool named = bulla_option_count(cli, "jti") + bulla_option_count(cli, "tenant") > 0;
  return named ? revoke_named(cli) : revoke_given(cli);
}
