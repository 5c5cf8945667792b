/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* jwe encrypt, inspect. The plaintext is in locked memory as a whole, hence the room for it; jwe decrypt, beside, has
 * the same. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/jwe_input.h"
#include "cli/jwe_options.h"
#include "cli/jwk_file.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/text.h"
#include "core/json.h"

/* The keys of one message. */
struct recipients {
  struct bulla_jwk *jwks[BULLA_JWE_MAX_RECIPIENTS];
  struct bulla_jwe_key *keys[BULLA_JWE_MAX_RECIPIENTS];
  enum bulla_jwe_alg algs[BULLA_JWE_MAX_RECIPIENTS];
  size_t num;
  bool is_direct; /* one of them is for dir, ECDH-ES or HPKE, which send no key */
  bool agrees;    /* one of them is for ECDH-ES, and "apu" and "apv" mean something */
};

static void recipients_free(struct recipients *recipients) {
  for (size_t i = 0; i < recipients->num; i++) {
    bulla_jwe_key_free(&recipients->keys[i]);
    bulla_jwk_free(&recipients->jwks[i]);
  }
}

/* add_recipient reads the file |path| of --jwk and pins its key. All of them encrypt the content with one |*enc|. */
static enum bulla_status add_recipient(struct bulla_cli *cli, struct recipients *recipients, const char *path,
                                       const char *alg_name, enum bulla_jwe_enc *enc) {
  size_t i = recipients->num++;
  enum bulla_jwe_alg alg = 0;
  BULLA_TRY(bulla_jwk_file_at(cli, "jwk", bulla_option_count(cli, "jwk") > 1 ? i + 1 : 0, path));
  BULLA_TRY(bulla_jwk_file_read(cli, &recipients->jwks[i], path));
  BULLA_TRY(bulla_jwk_option_alg(cli, &alg, "alg", alg_name));
  BULLA_TRY(bulla_jwk_pin(cli, &recipients->keys[i], recipients->jwks[i], &alg, enc));
  recipients->algs[i] = alg;
  recipients->is_direct =
      recipients->is_direct || alg == BULLA_JWE_DIR || alg == BULLA_JWE_ECDH_ES || alg == BULLA_JWE_DRAFT_HPKE;
  recipients->agrees = recipients->agrees || (alg >= BULLA_JWE_ECDH_ES && alg <= BULLA_JWE_ECDH_ES_A256KW);
  return BULLA_OK;
}

/* A reader finds its part by "alg" and, if its key has one, "kid". */
static bool are_told_apart(const struct recipients *recipients) {
  for (size_t i = 0; i < recipients->num; i++) {
    for (size_t j = 0; j < i; j++) {
      struct bulla_span kids[] = {bulla_jwk_kid(recipients->jwks[i]), bulla_jwk_kid(recipients->jwks[j])};
      if (recipients->algs[i] == recipients->algs[j] &&
          (kids[0].len == 0 || kids[1].len == 0 || bulla_span_equal(kids[0], kids[1]))) {
        return false;
      }
    }
  }
  return true;
}

/* read_recipients takes each --jwk with its --alg: there is one for each, one for all, or none. */
static enum bulla_status read_recipients(struct bulla_cli *cli, struct recipients *recipients) {
  size_t num_keys = bulla_option_count(cli, "jwk");
  size_t num_algs = bulla_option_count(cli, "alg");
  enum bulla_jwe_enc enc = 0;
  const char *path = NULL;
  const char *alg = NULL;
  size_t at_alg = 0;
  if (num_keys > BULLA_JWE_MAX_RECIPIENTS) {
    return bulla_cli_usage(cli, "--jwk is given more than %d times", BULLA_JWE_MAX_RECIPIENTS);
  }
  if (num_algs > 1 && num_algs != num_keys) {
    return bulla_cli_usage(cli, "--alg is given once for all, or once for each --jwk, in their order");
  }
  BULLA_TRY(bulla_jwk_option_enc(cli, &enc, "enc", bulla_option_value(cli, "enc")));
  for (size_t at = 0; bulla_option_next(cli, "jwk", &at, &path);) {
    (void)bulla_option_next(cli, "alg", &at_alg, &alg);
    BULLA_TRY(add_recipient(cli, recipients, path, alg, &enc));
  }
  if (num_keys > 1 && recipients->is_direct) {
    return bulla_cli_usage(cli,
                           "dir and ECDH-ES are for one --jwk, since they send no key: take ECDH-ES+A256KW, or A256KW");
  }
  if (!are_told_apart(recipients)) {
    return bulla_cli_usage(
        cli,
        "each --jwk of one \"alg\" needs a \"kid\" of its own, by which its owner finds it; bulla jwk "
        "from-pem --kid gives one");
  }
  if (!recipients->agrees && bulla_option_count(cli, "apu") + bulla_option_count(cli, "apv") > 0) {
    return bulla_cli_usage(cli, "--apu and --apv are for ECDH-ES");
  }
  return BULLA_OK;
}

static enum bulla_status explain_encrypt(struct bulla_cli *cli, enum bulla_status status) {
  if (status == BULLA_TOO_LARGE) {
    return bulla_cli_error(cli, status, "too large: a JWE has at most %d bytes, and so about 785,000 of plaintext%s",
                           BULLA_JWE_MAX, bulla_option_count(cli, "aad") > 0 ? " and --aad" : "");
  }
  if (status != BULLA_INVALID_ARGUMENT || bulla_option_count(cli, "header") == 0) {
    return status;
  }
  bulla_cli_at(cli, "the file of --header");
  return bulla_cli_error(
      cli, status,
      "it has a member that is not for it (\"alg\", \"enc\", \"kid\" and what else bulla writes, \"crit\", "
      "\"zip\", \"p2s\", \"p2c\"), or is too long beside those: a header has at most %d bytes",
      BULLA_JWE_HEADER_MAX);
}

enum bulla_status bulla_run_jwe_encrypt(struct bulla_cli *cli) {
  struct recipients recipients BULLA_CLEANUP(recipients_free) = {.num = 0};
  struct bulla_jwe_given given BULLA_CLEANUP(bulla_jwe_given_free) = {.file = {NULL, 0, 0}};
  struct bulla_secret *plaintext BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_buffer jwe BULLA_CLEANUP(bulla_input_free) = {NULL, 0, 0};
  BULLA_TRY(bulla_jwe_memory());
  BULLA_TRY(bulla_jwe_given_read(cli, &given, bulla_option_count(cli, "jwk")));
  BULLA_TRY(read_recipients(cli, &recipients));
  bulla_cli_at(cli, "standard input");
  BULLA_TRY(explain_encrypt(cli, bulla_input_secret(cli, &plaintext, STDIN_FILENO, BULLA_JWE_MAX)));
  struct bulla_span bytes = bulla_secret_bytes(plaintext);
  jwe.size = bulla_jwe_len_for(recipients.keys, recipients.num, bytes.len, &given.options);
  jwe.data = (uint8_t *)malloc(jwe.size + 1);
  if (jwe.data == NULL) {
    return BULLA_NO_MEMORY;
  }
  BULLA_TRY(explain_encrypt(cli, bulla_jwe_encrypt_for(recipients.keys, recipients.num, &jwe, bytes, &given.options)));
  return bulla_output_whole(cli, bulla_written(&jwe));
}

/* print_header prints the header of the recipient number |i| as one line, however whoever made it has set it. */
static enum bulla_status print_header(struct bulla_span jwe, size_t i) {
  struct bulla_buffer header BULLA_CLEANUP(bulla_input_free) = bulla_buffer(malloc(jwe.len), jwe.len);
  struct bulla_buffer line BULLA_CLEANUP(bulla_input_free) = {NULL, 0, 0};
  if (header.data == NULL) {
    return BULLA_NO_MEMORY;
  }
  BULLA_TRY(bulla_jwe_inspect_header(&header, jwe, i));
  size_t size = BULLA_TEXT_GROWTH * header.len;
  line = bulla_buffer(malloc(size), size);
  if (line.data == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_writer writer = bulla_writer(&line);
  bulla_text_put_json(&writer, bulla_written(&header));
  (void)fwrite(line.data, 1, line.len, stdout);
  return BULLA_OK;
}

enum bulla_status bulla_run_jwe_inspect(struct bulla_cli *cli) {
  static const char *const forms[] = {"compact", "flattened", "general"};
  struct bulla_buffer text BULLA_CLEANUP(bulla_input_free) = {NULL, 0, 0};
  struct bulla_jwe_outline outline = {.form = BULLA_JWE_COMPACT};
  struct bulla_span jwe;
  BULLA_TRY(bulla_jwe_input(cli, &text, &jwe));
  if (bulla_jwe_inspect(&outline, jwe) != BULLA_OK) {
    return bulla_cli_error(cli, BULLA_REFUSED,
                           "refused: it is malformed, or has a header that bulla refuses whatever the key");
  }
  const char *plural = outline.num_recipients == 1 ? "" : "s";
  printf(cli->json ? "{\"form\":\"%s\",\"ciphertext_bytes\":%zu,\"headers\":[" : "%s, %zu bytes of ciphertext, ",
         forms[outline.form], outline.ciphertext_len);
  if (!cli->json) {
    printf("%zu recipient%s; nothing of this is authenticated\n", outline.num_recipients, plural);
  }
  for (size_t i = 0; i < outline.num_recipients; i++) {
    (void)fputs(cli->json && i > 0 ? "," : "", stdout);
    BULLA_TRY(print_header(jwe, i));
    (void)fputs(cli->json ? "" : "\n", stdout);
  }
  (void)fputs(cli->json ? "]}\n" : "", stdout);
  return BULLA_OK;
}
