/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Puts the protected header's own members together from --header, --typ and --cty. What the file holds is checked by
 * the strict reader before it is copied; which members are not for it the library says. */

#include "cli/jwe_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/options.h"
#include "core/json.h"
#include "store/file.h"

/* What include/bulla/jose.h has room for. */
enum { MAX_MEMBERS = 26, MAX_PARTY_LEN = 256 };

void bulla_jwe_given_free(struct bulla_jwe_given *given) {
  bulla_input_free(&given->file);
  bulla_input_free(&given->header);
  bulla_input_free(&given->aad);
}

/* read_file reads the file of |option|, which is not secret, if it was given. */
static enum bulla_status read_file(struct bulla_cli *cli, struct bulla_buffer *bytes, const char *option,
                                   size_t max_len) {
  const char *path = bulla_option_value(cli, option);
  if (path == NULL) {
    return BULLA_OK;
  }
  bulla_cli_at(cli, "the file of --%s", option);
  int fd BULLA_CLEANUP(bulla_file_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  BULLA_TRY(fd < 0 ? bulla_cli_errno(cli, errno) : bulla_input_public(cli, bytes, fd, max_len));
  return bytes->len > 0 ? BULLA_OK : bulla_cli_error(cli, BULLA_INVALID_TEXT, "it is empty");
}

enum bulla_status bulla_jwe_aad_read(struct bulla_cli *cli, struct bulla_buffer *aad) {
  return read_file(cli, aad, "aad", BULLA_JWE_MAX);
}

/* put_option writes the value of |name| as a member, if it was given. */
static enum bulla_status put_option(struct bulla_cli *cli, struct bulla_json_writer *writer, const char *name) {
  struct bulla_span value = bulla_option_span(cli, name);
  if (value.len == 0) {
    return BULLA_OK;
  }
  if (!bulla_json_valid_string(value)) {
    return bulla_cli_usage(cli, "--%s must be UTF-8, without noncharacters", name);
  }
  bulla_json_name(writer, bulla_text(name));
  bulla_json_string(writer, value);
  return BULLA_OK;
}

/* put_file writes the members of the file of --header. */
static enum bulla_status put_file(struct bulla_cli *cli, struct bulla_json_writer *writer, struct bulla_span file) {
  static const char *const own[] = {"typ", "cty"};
  struct bulla_json_member members[MAX_MEMBERS];
  size_t num_members = 0;
  enum bulla_status status = bulla_json_read(members, &num_members, MAX_MEMBERS, file);
  bulla_cli_at(cli, "the file of --header");
  if (status != BULLA_OK) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "it must hold one object in strict JSON: UTF-8, no name twice");
  }
  if (num_members + bulla_option_count(cli, "typ") + bulla_option_count(cli, "cty") > MAX_MEMBERS) {
    return bulla_cli_error(cli, BULLA_TOO_LARGE, "with --typ and --cty a header has at most %d members", MAX_MEMBERS);
  }
  for (size_t i = 0; i < num_members; i++) {
    for (size_t j = 0; j < sizeof(own) / sizeof(own[0]); j++) {
      if (bulla_option_count(cli, own[j]) > 0 && bulla_json_equal(&members[i].name, bulla_text(own[j]))) {
        return bulla_cli_error(cli, BULLA_INVALID_TEXT, "\"%s\" is given with --%s already: give it once", own[j],
                               own[j]);
      }
    }
    bulla_json_member(writer, &members[i]);
  }
  return BULLA_OK;
}

static enum bulla_status read_header(struct bulla_cli *cli, struct bulla_jwe_given *given) {
  if (bulla_option_count(cli, "typ") + bulla_option_count(cli, "cty") + bulla_option_count(cli, "header") == 0) {
    return BULLA_OK;
  }
  BULLA_TRY(read_file(cli, &given->file, "header", BULLA_JWE_HEADER_MAX));
  given->header = bulla_buffer(malloc(BULLA_JWE_HEADER_MAX), BULLA_JWE_HEADER_MAX);
  if (given->header.data == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_json_writer writer = bulla_json_writer(&given->header);
  bulla_json_begin(&writer, '{');
  BULLA_TRY(put_option(cli, &writer, "typ"));
  BULLA_TRY(put_option(cli, &writer, "cty"));
  if (given->file.len > 0) {
    BULLA_TRY(put_file(cli, &writer, bulla_written(&given->file)));
  }
  bulla_json_end(&writer, '}');
  given->options.header = bulla_written(&given->header);
  return bulla_json_finish(&writer) == BULLA_OK
             ? BULLA_OK
             : bulla_cli_error(cli, BULLA_TOO_LARGE, "a header has at most %d bytes", BULLA_JWE_HEADER_MAX);
}

/* read_form reads --form: of several keys the general one is meant, since no other has room for them. */
static enum bulla_status read_form(struct bulla_cli *cli, struct bulla_jwe_given *given, size_t num_keys) {
  static const char *const forms[] = {"compact", "flattened", "general", NULL};
  int form = num_keys > 1 ? BULLA_JWE_GENERAL : BULLA_JWE_COMPACT;
  BULLA_TRY(bulla_option_choice(cli, "form", forms, &form));
  if (num_keys > 1 && form != BULLA_JWE_GENERAL) {
    return bulla_cli_usage(cli, "--form %s has room for one --jwk: take general", forms[form]);
  }
  if (form == BULLA_JWE_COMPACT && bulla_option_count(cli, "aad") > 0) {
    return bulla_cli_usage(cli, "the compact form has no room for --aad: add --form flattened");
  }
  given->options.form = (enum bulla_jwe_form)form;
  return BULLA_OK;
}

enum bulla_status bulla_jwe_given_read(struct bulla_cli *cli, struct bulla_jwe_given *given, size_t num_keys) {
  given->options = (struct bulla_jwe_options)BULLA_JWE_OPTIONS_INIT;
  given->options.apu = bulla_option_span(cli, "apu");
  given->options.apv = bulla_option_span(cli, "apv");
  if (given->options.apu.len > MAX_PARTY_LEN || given->options.apv.len > MAX_PARTY_LEN) {
    return bulla_cli_usage(cli, "--apu and --apv take at most %d bytes", MAX_PARTY_LEN);
  }
  BULLA_TRY(read_form(cli, given, num_keys));
  BULLA_TRY(bulla_jwe_aad_read(cli, &given->aad));
  given->options.aad = bulla_written(&given->aad);
  return read_header(cli, given);
}
