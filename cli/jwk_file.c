/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/jwk_file.h. What was read stays in locked memory, a public key too: whether it is one is known only then. */

#include "cli/jwk_file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/jwk_set_fault.h"
#include "core/jwk.h"

/* How files begin that people have in the place of a key, which is no secret, and what they are. */
static const struct {
  const char *begin;
  const char *remedy;
} others[] = {
    {"-----BEGIN CERTIFICATE-----", "it is a certificate: openssl x509 -pubkey -noout takes out its key, in PEM"},
    {"-----BEGIN ENCRYPTED PRIVATE KEY-----", "it is an encrypted key in PEM: openssl pkey decrypts it"},
    {"-----BEGIN OPENSSH PRIVATE KEY-----", "it is a key of OpenSSH: ssh-keygen -p -m PKCS8 -f changes a copy to PEM"},
};

static bool begins(struct bulla_span text, struct bulla_span begin) {
  return text.len >= begin.len && bulla_span_equal(bulla_span(text.data, begin.len), begin);
}

/* remedy_of says what |text| is in the place of a key, and what makes PEM of it; NULL if that is not known. */
static const char *remedy_of(struct bulla_span text) {
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    if (begins(text, bulla_text(others[i].begin))) {
      return others[i].remedy;
    }
  }
  return NULL;
}

/* explain_other notes |remedy| in the place of what the parser has logged, which says no more. */
static enum bulla_status explain_other(struct bulla_cli *cli, enum bulla_status status, const char *remedy,
                                       const char *then) {
  cli->detail[0] = '\0';
  return bulla_cli_error(cli, status, "%s%s", remedy, then);
}

enum bulla_status bulla_jwk_pem_explain(struct bulla_cli *cli, enum bulla_status status, struct bulla_span text) {
  const char *remedy = remedy_of(text);
  if (status != BULLA_OK && remedy != NULL) {
    return explain_other(cli, status, remedy, "");
  }
  return status == BULLA_INVALID_TEXT
             ? bulla_cli_error(cli, status, "it is not one PEM block with a key that is not encrypted")
             : bulla_jwk_file_explain(cli, status, "PEM file", bulla_span(NULL, 0));
}

enum bulla_status bulla_jwk_file_explain(struct bulla_cli *cli, enum bulla_status status, const char *what,
                                         struct bulla_span text) {
  if (status == BULLA_INVALID_TEXT && begins(text, BULLA_LITERAL("-----BEGIN "))) {
    const char *remedy = remedy_of(text);
    return explain_other(
        cli, status, remedy != NULL ? remedy : "it is PEM",
        remedy != NULL ? "; bulla jwk from-pem makes a JWK of that" : ": bulla jwk from-pem makes a JWK of it");
  }
  switch (status) {
    case BULLA_INVALID_TEXT:
      return bulla_cli_error(cli, status, "it is not a well-formed %s", what);
    case BULLA_REFUSED:
      return bulla_cli_error(cli, status, "refused: this %s is not safe to use as it stands", what);
    case BULLA_UNSUPPORTED:
      return bulla_cli_error(cli, status,
                             "bulla uses other keys than this: \"oct\", \"EC\" on P-256, P-384 or P-521, \"OKP\" with "
                             "X25519, \"RSA\" with two primes");
    default:
      return status;
  }
}

enum bulla_status bulla_jwk_file_at(struct bulla_cli *cli, const char *option, size_t number, const char *path) {
  bool is_there = access(path, F_OK) == 0;
  if (!is_there && strcmp(path, "-") == 0) {
    return bulla_cli_usage(cli, "--%s - names no file: standard input has what is encrypted or decrypted", option);
  }
  if (!is_there && strncmp(path, "fd:", 3) == 0) {
    return bulla_cli_usage(cli, "--%s takes a path: that of descriptor 3 is /dev/fd/3", option);
  }
  if (!is_there && strncmp(path, "file:", 5) == 0) {
    return bulla_cli_usage(cli, "--%s takes a path, without file:", option);
  }
  if (number == 0) {
    bulla_cli_at(cli, "the file of --%s", option);
  } else {
    bulla_cli_at(cli, "file %zu of --%s%s%s", number, option, is_there ? ", " : "", is_there ? path : "");
  }
  return BULLA_OK;
}

static enum bulla_status read_key(struct bulla_cli *cli, struct bulla_secret **text, bool *is_exposed, const char *path,
                                  size_t max_len) {
  BULLA_TRY(bulla_input_any_key_file(cli, text, is_exposed, path, max_len));
  return bulla_secret_bytes(*text).len > 0 ? BULLA_OK : bulla_cli_error(cli, BULLA_INVALID_TEXT, "it is empty");
}

static const char take_another[] = "take another key";

enum bulla_status bulla_jwk_file_read(struct bulla_cli *cli, struct bulla_jwk **jwk, const char *path) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  bool is_exposed = false;
  BULLA_TRY(read_key(cli, &text, &is_exposed, path, BULLA_JWK_MAX));
  struct bulla_span bytes = bulla_secret_bytes(text);
  BULLA_TRY(bulla_jwk_file_explain(cli, bulla_jwk_parse(jwk, bytes), "JWK", bytes));
  if (is_exposed && bulla_jwk_has_private(*jwk)) {
    bulla_jwk_free(jwk);
    return bulla_input_exposed(cli, take_another);
  }
  return BULLA_OK;
}

/* explain_set names the key of |text| that makes it no set. What the library has logged of the whole stays. */
static enum bulla_status explain_set(struct bulla_cli *cli, enum bulla_status status, struct bulla_span text) {
  if (status == BULLA_OK) {
    return BULLA_OK;
  }
  char detail[sizeof(cli->detail)];
  memcpy(detail, cli->detail, sizeof(detail));
  size_t number = status == BULLA_INVALID_TEXT || status == BULLA_REFUSED ? bulla_jwk_set_fault(text) : 0;
  memcpy(cli->detail, detail, sizeof(detail));
  cli->detailed = status;
  (void)bulla_jwk_file_explain(cli, status, "JWK Set", text);
  if (number > 0) {
    size_t len = strlen(cli->text);
    (void)snprintf(cli->text + len, sizeof(cli->text) - len, ", for its key number %zu", number);
  }
  return status;
}

static bool has_private(const struct bulla_jwk_set *set) {
  const struct bulla_jwk *jwk = NULL;
  for (size_t i = 0; (jwk = bulla_jwk_set_at(set, i)) != NULL; i++) {
    if (bulla_jwk_has_private(jwk)) {
      return true;
    }
  }
  return false;
}

enum bulla_status bulla_jwk_set_file_read(struct bulla_cli *cli, struct bulla_jwk_set **set, const char *path) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  bool is_exposed = false;
  BULLA_TRY(read_key(cli, &text, &is_exposed, path, BULLA_JWK_SET_MAX));
  struct bulla_span bytes = bulla_secret_bytes(text);
  BULLA_TRY(explain_set(cli, bulla_jwk_set_parse(set, bytes), bytes));
  if (is_exposed && has_private(*set)) {
    bulla_jwk_set_free(set);
    return bulla_input_exposed(cli, take_another);
  }
  return BULLA_OK;
}

/* The names of all algorithms, for an error. */
struct name_list {
  char text[192];
  size_t len;
};

static void add_name(struct name_list *list, const char *name) {
  if (list->len < sizeof(list->text)) {
    list->len += (size_t)snprintf(list->text + list->len, sizeof(list->text) - list->len, "%s%s",
                                  list->len > 0 ? ", " : "", name);
  }
}

/* hint says what to make of the |name| of no algorithm that is taken; "" if nothing is known of it. */
static const char *hint(const char *name) {
  static const struct {
    const char *name;
    const char *hint;
  } known[] = {
      {"RSA1_5", "; RSA1_5 is refused on purpose: docs/JOSE.md"},
      {"PBES2-", "; PBES2 is refused on purpose: docs/JOSE.md"},
      {"RSA", "; for RSA take RSA-OAEP-256"},
      {"EC", "; for EC take ECDH-ES+A256KW"},
      {"P-", "; for a curve take ECDH-ES+A256KW"},
      {"X25519", "; for X25519 take ECDH-ES+A256KW"},
  };
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    size_t len = strlen(known[i].name);
    if (strncasecmp(name, known[i].name, len) == 0 && (name[len] == '\0' || known[i].name[len - 1] == '-')) {
      return known[i].hint;
    }
  }
  for (int i = BULLA_JWE_DIR; i <= BULLA_JWE_RSA_OAEP_256; i++) {
    if (strcasecmp(name, bulla_jwe_alg_name((enum bulla_jwe_alg)i)) == 0) {
      return "; upper and lower case differ";
    }
  }
  return "";
}

enum bulla_status bulla_jwk_option_alg(struct bulla_cli *cli, enum bulla_jwe_alg *alg, const char *option,
                                       const char *name) {
  *alg = bulla_jwe_alg_named(bulla_text(name));
  if (*alg != 0 || name == NULL) {
    return BULLA_OK;
  }
  struct name_list list = {.len = 0};
  for (int i = BULLA_JWE_DIR; i <= BULLA_JWE_RSA_OAEP_256; i++) { /* without the draft */
    add_name(&list, bulla_jwe_alg_name((enum bulla_jwe_alg)i));
  }
  return bulla_cli_usage(cli, "--%s takes one of %s%s", option, list.text, hint(name));
}

enum bulla_status bulla_jwk_option_enc(struct bulla_cli *cli, enum bulla_jwe_enc *enc, const char *option,
                                       const char *name) {
  *enc = bulla_jwe_enc_named(bulla_text(name));
  if (*enc != 0 || name == NULL) {
    return BULLA_OK;
  }
  struct name_list list = {.len = 0};
  for (int i = BULLA_JWE_A128GCM; i <= BULLA_JWE_A256CBC_HS512; i++) {
    add_name(&list, bulla_jwe_enc_name((enum bulla_jwe_enc)i));
  }
  return bulla_cli_usage(cli, "--%s takes one of %s", option, list.text);
}

enum bulla_status bulla_jwk_pin(struct bulla_cli *cli, struct bulla_jwe_key **key, const struct bulla_jwk *jwk,
                                enum bulla_jwe_alg *alg, enum bulla_jwe_enc *enc) {
  *alg = *alg != 0 ? *alg : jwk->alg;
  *enc = *enc != 0 ? *enc : jwk->enc;
  if (*alg == 0 && !jwk->other_alg) {
    return bulla_cli_error(cli, BULLA_INVALID_ARGUMENT, "the JWK has no \"alg\": give --alg");
  }
  if (*enc == 0 && *alg != BULLA_JWE_DRAFT_HPKE && !jwk->other_alg) {
    return bulla_cli_error(cli, BULLA_INVALID_ARGUMENT,
                           "the JWK does not say how the content is encrypted: give --enc, as A256GCM");
  }
  enum bulla_status status = bulla_jwe_key_from_jwk(key, jwk, *alg, *enc);
  if (status == BULLA_INVALID_ARGUMENT) {
    return bulla_cli_error(cli, status, "a JWK of this kind or length is not for %s %s", bulla_jwe_alg_name(*alg),
                           bulla_jwe_enc_name(*enc));
  }
  if (status != BULLA_REFUSED) {
    return status;
  }
  if (jwk->alg != 0 && (jwk->alg != *alg || (jwk->enc != 0 && jwk->enc != *enc))) {
    return bulla_cli_error(cli, status, "refused: its \"alg\" is %s, and so it is for something else than %s %s",
                           jwk->enc != 0 ? bulla_jwe_enc_name(jwk->enc) : bulla_jwe_alg_name(jwk->alg),
                           bulla_jwe_alg_name(*alg), bulla_jwe_enc_name(*enc));
  }
  return bulla_cli_error(cli, status,
                         "refused: its \"alg\", \"use\" or \"key_ops\" says that it is for something else");
}
