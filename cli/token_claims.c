/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Puts claims together from --perm, --attr, --claims and the options of one value. What a claims file holds is
 * checked by the strict reader before any of it is copied, so no text in it can close the object that it is put
 * into and bring in claims of its own. */

#include "cli/token_claims.h"

#include <string.h>
#include <time.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/word.h"
#include "token/claims.h"

void bulla_minted_claims_free(struct bulla_minted_claims *minted) {
  bulla_secret_free(&minted->file);
  bulla_secret_free(&minted->room);
}

static enum bulla_status finish(struct bulla_cli *cli, struct bulla_json_writer *writer, const char *option) {
  bulla_cli_at(cli, "%s", option);
  enum bulla_status status = bulla_json_finish(writer);
  return status == BULLA_BUFFER_TOO_SMALL ? BULLA_TOO_LARGE : status;
}

/* build_perms writes the --perm options as a JSON array. */
static enum bulla_status build_perms(struct bulla_cli *cli, struct bulla_buffer *json) {
  struct bulla_json_writer writer = bulla_json_writer(json);
  const char *value = NULL;
  bulla_json_begin(&writer, '[');
  for (size_t at = 0; bulla_option_next(cli, "perm", &at, &value);) {
    bulla_json_string(&writer, bulla_text(value));
  }
  bulla_json_end(&writer, ']');
  return finish(cli, &writer, "--perm");
}

/* build_attrs writes the --attr options as a JSON object of strings. Its strings are good once it is finished: if
 * it cannot be read, it has a name twice, or more names than any object may have. */
static enum bulla_status build_attrs(struct bulla_cli *cli, struct bulla_buffer *json) {
  struct bulla_json_writer writer = bulla_json_writer(json);
  struct bulla_span name;
  struct bulla_span text;
  const char *value = NULL;
  bulla_json_begin(&writer, '{');
  for (size_t at = 0; bulla_option_next(cli, "attr", &at, &value);) {
    if (!bulla_word_split(&name, &text, value, '=')) {
      return bulla_cli_usage(cli, "--attr takes K=V");
    }
    bulla_json_name(&writer, name);
    bulla_json_string(&writer, text);
  }
  bulla_json_end(&writer, '}');
  BULLA_TRY(finish(cli, &writer, "--attr"));
  size_t num_names;
  enum bulla_status status = bulla_json_read(NULL, &num_names, 0, bulla_written(json));
  return status == BULLA_OK          ? BULLA_OK
         : status == BULLA_TOO_LARGE ? bulla_cli_error(cli, status, "more than %d attributes", BULLA_JSON_MAX_NAMES)
                                     : bulla_cli_usage(cli, "--attr takes each name once");
}

/* take_nested takes "perms" or "attrs" of the file, which the |option| must not have said too. */
static enum bulla_status take_nested(struct bulla_cli *cli, struct bulla_span *claim,
                                     const struct bulla_json_member *member, const char *option, bool good,
                                     const char *kind) {
  if (claim->len > 0) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "\"%ss\" are given with --%s already: give them once", option,
                           option);
  }
  if (!good) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "its \"%ss\" must be %s", option, kind);
  }
  *claim = member->value.text;
  return BULLA_OK;
}

/* refuse_known tells of a member of the file that is said in another way. */
static enum bulla_status refuse_known(struct bulla_cli *cli, const char *name) {
  if (strcmp(name, "iat") == 0 || strcmp(name, "orig_iat") == 0) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "it must not have \"%s\": minting sets the time", name);
  }
  return bulla_cli_error(cli, BULLA_INVALID_TEXT, "it must not have \"%s\": that has an option of its own, --%s", name,
                         strcmp(name, "exp") == 0 ? "ttl" : name);
}

/* take_member takes a member of the file: "perms", "attrs", or one of the caller's own. */
static enum bulla_status take_member(struct bulla_cli *cli, struct bulla_claims *claims, struct bulla_json_writer *more,
                                     const struct bulla_json_member *member) {
  if (bulla_json_equal(&member->name, BULLA_LITERAL("perms"))) {
    bool good = member->value.type == BULLA_JSON_ARRAY && member->value.all_strings;
    return take_nested(cli, &claims->perms, member, "perm", good, "an array of strings");
  }
  if (bulla_json_equal(&member->name, BULLA_LITERAL("attrs"))) {
    return take_nested(cli, &claims->attrs, member, "attr", member->value.type == BULLA_JSON_OBJECT, "an object");
  }
  size_t known = bulla_claims_find(&member->name);
  if (known != BULLA_CLAIMS_KNOWN) {
    return refuse_known(cli, bulla_claims_name(known));
  }
  bulla_json_member(more, member);
  return BULLA_OK;
}

/* take_file takes "perms" and "attrs" from the file of --claims, and all its other members as they stand. Whether
 * they are too many beside the other claims is seen as the token is minted. */
static enum bulla_status take_file(struct bulla_cli *cli, struct bulla_claims *claims, struct bulla_buffer *more,
                                   struct bulla_span file) {
  struct bulla_json_member members[BULLA_JSON_MAX_NAMES];
  size_t num_members = 0;
  enum bulla_status status = bulla_json_read(members, &num_members, BULLA_JSON_MAX_NAMES, file);
  if (status == BULLA_TOO_LARGE) {
    return bulla_cli_error(cli, status,
                           "a token has at most %d claims, in at most %d levels with %d names open at once",
                           BULLA_CLAIMS_MAX, BULLA_JSON_MAX_DEPTH, BULLA_JSON_MAX_NAMES);
  }
  if (status != BULLA_OK) {
    return bulla_cli_error(cli, status, "it must hold one object in strict JSON: UTF-8, no name twice");
  }
  struct bulla_json_writer writer = bulla_json_writer(more);
  bulla_json_begin(&writer, '{');
  for (size_t i = 0; i < num_members; i++) {
    BULLA_TRY(take_member(cli, claims, &writer, &members[i]));
  }
  bulla_json_end(&writer, '}');
  claims->more = bulla_written(more);
  return bulla_json_finish(&writer) == BULLA_OK ? BULLA_OK : BULLA_TOO_LARGE;
}

static enum bulla_status set_times(struct bulla_cli *cli, struct bulla_claims *claims) {
  int64_t ttl = BULLA_TOKEN_LIFETIME;
  BULLA_TRY(bulla_option_number(cli, "ttl", &ttl));
  BULLA_TRY(bulla_option_number(cli, "nbf", &claims->nbf));
  if (ttl < 1 || ttl > BULLA_TOKEN_LIFETIME_MAX) {
    return bulla_cli_usage(cli, "--ttl takes 1 to %d seconds", BULLA_TOKEN_LIFETIME_MAX);
  }
  claims->iat = (int64_t)time(NULL);
  claims->exp = claims->iat + ttl;
  return claims->nbf < claims->exp
             ? BULLA_OK
             : bulla_cli_usage(cli, "--nbf is not before the token ends, at %lld", (long long)claims->exp);
}

/* check_texts says which option has a text that no claim may have. */
static enum bulla_status check_texts(struct bulla_cli *cli) {
  static const char *const names[] = {"org", "sub", "iss", "aud", "jti"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (!bulla_json_valid_string(bulla_option_span(cli, names[i]))) {
      bulla_cli_at(cli, "--%s", names[i]);
      return bulla_cli_error(cli, BULLA_INVALID_TEXT, "it must be UTF-8, without noncharacters");
    }
  }
  return bulla_option_span(cli, "org").len <= BULLA_TOKEN_ORG_MAX
             ? BULLA_OK
             : bulla_cli_usage(cli, "--org takes %d bytes at most", BULLA_TOKEN_ORG_MAX);
}

enum bulla_status bulla_minted_claims_read(struct bulla_cli *cli, struct bulla_minted_claims *minted) {
  struct bulla_claims *claims = &minted->claims;
  *claims = (struct bulla_claims)BULLA_CLAIMS_INIT;
  claims->org = bulla_option_span(cli, "org");
  claims->sub = bulla_option_span(cli, "sub");
  claims->iss = bulla_option_span(cli, "iss");
  claims->aud = bulla_option_span(cli, "aud");
  claims->jti = bulla_option_span(cli, "jti");
  BULLA_TRY(check_texts(cli));
  BULLA_TRY(set_times(cli, claims));

  BULLA_TRY(bulla_secret_new(&minted->room, 3 * (size_t)BULLA_TOKEN_MAX));
  uint8_t *room = bulla_secret_data(minted->room);
  struct bulla_buffer perms = bulla_buffer(room, BULLA_TOKEN_MAX);
  struct bulla_buffer attrs = bulla_buffer(room + BULLA_TOKEN_MAX, BULLA_TOKEN_MAX);
  struct bulla_buffer more = bulla_buffer(room + 2 * (size_t)BULLA_TOKEN_MAX, BULLA_TOKEN_MAX);
  if (bulla_option_count(cli, "perm") > 0) {
    BULLA_TRY(build_perms(cli, &perms));
    claims->perms = bulla_written(&perms);
  }
  if (bulla_option_count(cli, "attr") > 0) {
    BULLA_TRY(build_attrs(cli, &attrs));
    claims->attrs = bulla_written(&attrs);
  }
  const char *path = bulla_option_value(cli, "claims");
  if (path == NULL) {
    return BULLA_OK;
  }
  bulla_cli_at(cli, "the file of --claims");
  enum bulla_status status = bulla_input_secret_file(cli, &minted->file, path, BULLA_TOKEN_MAX);
  if (status == BULLA_TOO_LARGE) {
    return bulla_cli_error(cli, status, "it has more bytes than a token, %d", BULLA_TOKEN_MAX);
  }
  BULLA_TRY(status);
  return take_file(cli, claims, &more, bulla_secret_bytes(minted->file));
}
