/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* jwe decrypt. The key is chosen and pinned before anything of the input is believed; of a JWK Set by "kid", which no
 * key is tried for. All that is printed or written to files has been authenticated. */

#include <stdlib.h>
#include <string.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/jwe_input.h"
#include "cli/jwe_options.h"
#include "cli/jwk_file.h"
#include "cli/options.h"
#include "cli/out_file.h"
#include "cli/output.h"

/* The key, and what it was read from. */
struct chosen {
  struct bulla_jwk *own;
  struct bulla_jwk_set *set;
  const struct bulla_jwk *jwk; /* one of these */
};

static void chosen_free(struct chosen *chosen) {
  bulla_jwk_free(&chosen->own);
  bulla_jwk_set_free(&chosen->set);
}

static enum bulla_status read_keys(struct bulla_cli *cli, struct chosen *chosen) {
  const char *jwk = bulla_option_value(cli, "jwk");
  const char *set = bulla_option_value(cli, "jwks");
  if ((jwk == NULL) == (set == NULL)) {
    return bulla_cli_usage(cli, "give either --jwk or --jwks");
  }
  BULLA_TRY(bulla_jwk_file_at(cli, jwk != NULL ? "jwk" : "jwks", 0, jwk != NULL ? jwk : set));
  BULLA_TRY(jwk != NULL ? bulla_jwk_file_read(cli, &chosen->own, jwk)
                        : bulla_jwk_set_file_read(cli, &chosen->set, set));
  chosen->jwk = chosen->own;
  return chosen->own == NULL || bulla_jwk_has_private(chosen->own)
             ? BULLA_OK
             : bulla_cli_error(cli, BULLA_INVALID_ARGUMENT,
                               "this key is public and only encrypts: give the one with its private part");
}

/* named_by returns the key of |set| that the header of the recipient number |i| names, or NULL. |room| is as long as
 * |jwe|. */
static const struct bulla_jwk *named_by(const struct bulla_jwk_set *set, struct bulla_buffer *room,
                                        struct bulla_span jwe, size_t i) {
  uint8_t bytes[BULLA_JWE_HEADER_MAX];
  struct bulla_buffer kid = bulla_buffer(bytes, sizeof(bytes));
  if (bulla_jwe_inspect_header(room, jwe, i) != BULLA_OK ||
      bulla_jwe_header_text(&kid, bulla_written(room), BULLA_LITERAL("kid")) != BULLA_OK) {
    return NULL;
  }
  return bulla_jwk_set_find(set, bulla_written(&kid));
}

/* choose finds the one key of the set that a recipient of |jwe| names. */
static enum bulla_status choose(struct bulla_cli *cli, struct chosen *chosen, struct bulla_span jwe) {
  struct bulla_jwe_outline outline = {.num_recipients = 0};
  struct bulla_buffer room BULLA_CLEANUP(bulla_input_free) = bulla_buffer(malloc(jwe.len), jwe.len);
  if (room.data == NULL) {
    return BULLA_NO_MEMORY;
  }
  if (bulla_jwe_inspect(&outline, jwe) != BULLA_OK) {
    return bulla_cli_error(cli, BULLA_REFUSED,
                           "refused: it is malformed, or has a header that bulla refuses whatever the key");
  }
  for (size_t i = 0; i < outline.num_recipients; i++) {
    const struct bulla_jwk *jwk = named_by(chosen->set, &room, jwe, i);
    if (jwk != NULL && chosen->jwk != NULL) {
      return bulla_cli_error(cli, BULLA_REFUSED, "refused: it names more than one key of the set: give one with --jwk");
    }
    chosen->jwk = jwk != NULL ? jwk : chosen->jwk;
  }
  if (chosen->jwk == NULL) {
    return bulla_cli_error(cli, BULLA_REFUSED, "refused: it names no key of the set by \"kid\", and none is tried");
  }
  return bulla_jwk_has_private(chosen->jwk)
             ? BULLA_OK
             : bulla_cli_error(cli, BULLA_REFUSED, "refused: the key that it names has no private part in the set");
}

static enum bulla_status pin(struct bulla_cli *cli, struct bulla_jwe_key **key, const struct bulla_jwk *jwk) {
  enum bulla_jwe_alg alg = 0;
  enum bulla_jwe_enc enc = 0;
  BULLA_TRY(bulla_jwk_option_alg(cli, &alg, "alg", bulla_option_value(cli, "alg")));
  BULLA_TRY(bulla_jwk_option_enc(cli, &enc, "enc", bulla_option_value(cli, "enc")));
  return bulla_jwk_pin(cli, key, jwk, &alg, &enc);
}

/* What is required, and what is asked for beside the plaintext. */
struct wanted {
  struct bulla_buffer aad; /* of --aad */
  struct bulla_out_file header_out;
  struct bulla_out_file aad_out;
};

static void wanted_free(struct wanted *wanted) {
  bulla_input_free(&wanted->aad);
  bulla_out_file_drop(&wanted->header_out);
  bulla_out_file_drop(&wanted->aad_out);
}

/* check_out finds a file that could not be written, before any other is. */
static enum bulla_status check_out(struct bulla_cli *cli, const struct wanted *wanted) {
  const char *const paths[] = {wanted->header_out.path, wanted->aad_out.path};
  if (paths[0] != NULL && paths[1] != NULL && strcmp(paths[0], paths[1]) == 0) {
    return bulla_cli_usage(cli, "--header-out and --aad-out name one file: take two");
  }
  for (size_t i = 0; i < 2; i++) {
    if (paths[i] != NULL && strcmp(paths[i], "-") == 0) {
      return bulla_cli_usage(cli, "--%s takes a new file: standard output has the plaintext",
                             i == 0 ? "header-out" : "aad-out");
    }
  }
  return BULLA_OK;
}

/* check_wanted compares what was authenticated with --typ and --aad. */
static enum bulla_status check_wanted(struct bulla_cli *cli, const struct wanted *wanted,
                                      const struct bulla_jwe_opened *opened) {
  uint8_t bytes[BULLA_JWE_HEADER_MAX];
  struct bulla_buffer typ = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_span required = bulla_option_span(cli, "typ");
  if (required.len > 0 &&
      (bulla_jwe_header_text(&typ, bulla_written(&opened->header), BULLA_LITERAL("typ")) != BULLA_OK ||
       !bulla_span_equal(bulla_written(&typ), required))) {
    return bulla_cli_error(cli, BULLA_CLAIM_REFUSED, "authentic, but its \"typ\" is not that of --typ");
  }
  return wanted->aad.len == 0 || bulla_span_equal(bulla_written(&opened->aad), bulla_written(&wanted->aad))
             ? BULLA_OK
             : bulla_cli_error(cli, BULLA_CLAIM_REFUSED, "authentic, but its \"aad\" is not that of --aad");
}

static enum bulla_status write_out(struct bulla_out_file *out, struct bulla_span bytes) {
  if (out->path == NULL) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_out_file_open(out));
  BULLA_TRY(bulla_out_file_write(out, bytes));
  return bulla_out_file_publish(out);
}

static enum bulla_status explain_decrypt(struct bulla_cli *cli, enum bulla_status status) {
  return status != BULLA_REFUSED ? status
                                 : bulla_cli_error(cli, status,
                                                   "refused: it is damaged, not for this key, or of another \"alg\" or "
                                                   "\"enc\" than the key is pinned to: bulla jwe inspect shows both");
}

/* decrypt prints the plaintext of |jwe|, behind the files that were asked for: a reader that has it has them. */
static enum bulla_status decrypt(struct bulla_cli *cli, struct wanted *wanted, const struct bulla_jwe_key *key,
                                 struct bulla_span jwe) {
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_buffer aad BULLA_CLEANUP(bulla_input_free) = bulla_buffer(malloc(jwe.len), jwe.len);
  uint8_t header[BULLA_JWE_HEADER_MAX];
  struct bulla_jwe_opened opened = BULLA_JWE_OPENED_INIT;
  if (aad.data == NULL) {
    return BULLA_NO_MEMORY;
  }
  BULLA_TRY(bulla_secret_new(&room, jwe.len));
  struct bulla_buffer plaintext = bulla_buffer(bulla_secret_data(room), jwe.len);
  opened.header = bulla_buffer(header, sizeof(header));
  opened.aad = aad;
  BULLA_TRY(explain_decrypt(cli, bulla_jwe_decrypt_any(key, &plaintext, &opened, jwe)));
  BULLA_TRY(check_wanted(cli, wanted, &opened));
  BULLA_TRY(write_out(&wanted->header_out, bulla_written(&opened.header)));
  BULLA_TRY(write_out(&wanted->aad_out, bulla_written(&opened.aad)));
  return bulla_output_bytes(cli, bulla_written(&plaintext));
}

enum bulla_status bulla_run_jwe_decrypt(struct bulla_cli *cli) {
  struct chosen chosen BULLA_CLEANUP(chosen_free) = {.jwk = NULL};
  struct bulla_jwe_key *key BULLA_CLEANUP(bulla_jwe_key_free) = NULL;
  struct bulla_buffer text BULLA_CLEANUP(bulla_input_free) = {NULL, 0, 0};
  struct wanted wanted BULLA_CLEANUP(wanted_free) = {.header_out = bulla_out_file(cli, "header-out"),
                                                     .aad_out = bulla_out_file(cli, "aad-out")};
  struct bulla_span jwe;
  BULLA_TRY(check_out(cli, &wanted));
  BULLA_TRY(bulla_jwe_memory());
  BULLA_TRY(read_keys(cli, &chosen));
  if (chosen.jwk != NULL) {
    BULLA_TRY(pin(cli, &key, chosen.jwk));
  }
  BULLA_TRY(bulla_jwe_aad_read(cli, &wanted.aad));
  BULLA_TRY(bulla_jwe_input(cli, &text, &jwe));
  if (chosen.jwk == NULL) {
    BULLA_TRY(choose(cli, &chosen, jwe));
    struct bulla_span kid = bulla_jwk_kid(chosen.jwk);
    bulla_cli_at(cli, "the key \"%.*s\" of --jwks", (int)kid.len, (const char *)kid.data);
    BULLA_TRY(pin(cli, &key, chosen.jwk));
    bulla_cli_at(cli, "standard input");
  }
  return decrypt(cli, &wanted, key, jwe);
}
