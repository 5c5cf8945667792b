/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Puts claims together from --perm, --attr, --claims and the options of one value. What a claims file holds is
 * checked by the strict reader before any of it is copied, so no text in it can close the object that it is put
 * into and bring in claims of its own. */

#include "cli/token_claims.h"

#include <time.h>

#include "cli/input.h"
#include "cli/options.h"
#include "core/json.h"

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
    bulla_json_string(&writer, bulla_text_span(value));
  }
  bulla_json_end(&writer, ']');
  return finish(cli, &writer, "--perm");
}

/* build_attrs writes the --attr options as a JSON object of strings. Its strings are good once it is finished: if it
 * cannot be read, it has a name twice, or more names than an object may have. */
static enum bulla_status build_attrs(struct bulla_cli *cli, struct bulla_buffer *json) {
  struct bulla_json_writer writer = bulla_json_writer(json);
  struct bulla_span name;
  struct bulla_span text;
  const char *value = NULL;
  bulla_json_begin(&writer, '{');
  for (size_t at = 0; bulla_option_next(cli, "attr", &at, &value);) {
    if (!bulla_text_split(&name, &text, value, '=')) {
      return bulla_cli_usage(cli, "--attr takes K=V");
    }
    bulla_json_name(&writer, name);
    bulla_json_string(&writer, text);
  }
  bulla_json_end(&writer, '}');
  BULLA_TRY(finish(cli, &writer, "--attr"));
  struct bulla_json_value whole;
  return bulla_json_read_inside(&whole, bulla_written(json))
             ? BULLA_OK
             : bulla_cli_usage(cli, "--attr takes each name once, and at most %d",
                               BULLA_JSON_MAX_NAMES - BULLA_JSON_MAX_OUTER);
}

/* take_member takes "perms" or "attrs" of the file, which the options must not have said too. */
static bool take_member(struct bulla_span *claim, const struct bulla_json_member *member, const char *name,
                        enum bulla_json_type type) {
  if (claim->len > 0 || member->value.type != type || !bulla_json_equal(&member->name, bulla_text_span(name))) {
    return false;
  }
  *claim = member->value.text;
  return true;
}

/* take_file takes "perms" and "attrs" from the file of --claims, and all its other members as they stand. Whether
 * any of them is one too many is seen as the token is minted. */
static enum bulla_status take_file(struct bulla_claims *claims, struct bulla_buffer *more,
                                   struct bulla_span file) {
  struct bulla_json_member members[BULLA_JSON_MAX_NAMES];
  size_t num_members = 0;
  BULLA_TRY(bulla_json_read(members, &num_members, BULLA_JSON_MAX_NAMES, file));
  if (num_members > BULLA_JSON_MAX_NAMES) {
    return BULLA_TOO_LARGE;
  }
  struct bulla_json_writer writer = bulla_json_writer(more);
  bulla_json_begin(&writer, '{');
  for (size_t i = 0; i < num_members; i++) {
    if (!take_member(&claims->perms, &members[i], "perms", BULLA_JSON_ARRAY) &&
        !take_member(&claims->attrs, &members[i], "attrs", BULLA_JSON_OBJECT)) {
      bulla_json_member(&writer, &members[i]);
    }
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
  return BULLA_OK;
}

enum bulla_status bulla_minted_claims_read(struct bulla_cli *cli, struct bulla_minted_claims *minted) {
  struct bulla_claims *claims = &minted->claims;
  claims->org = bulla_option_span(cli, "org");
  claims->sub = bulla_option_span(cli, "sub");
  claims->iss = bulla_option_span(cli, "iss");
  claims->aud = bulla_option_span(cli, "aud");
  claims->jti = bulla_option_span(cli, "jti");
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
  BULLA_TRY(bulla_input_secret_file(cli, &minted->file, path, BULLA_TOKEN_MAX));
  return take_file(claims, &more, bulla_secret_bytes(minted->file));
}
