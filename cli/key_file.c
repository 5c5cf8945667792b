/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reads raw keys. No form is tried where another might be meant: of 32 bytes nobody can say whether they are the
 * key or half of its digits. */

#include "cli/key_file.h"

#include "cli/error.h"
#include "cli/input.h"
#include "cli/options.h"
#include "core/base64url.h"
#include "core/hex.h"

enum { HEX_DIGITS = 2 * BULLA_KEY_LEN, BASE64_DIGITS = 43, MAX_TEXT = 1024 };

static enum bulla_status malformed(struct bulla_cli *cli, size_t len) {
  if (len == BULLA_KEY_LEN) {
    return bulla_cli_error(cli, BULLA_ROOT_MALFORMED,
                           "32 bytes may be the key itself or a half of its digits: write it as 64 hexadecimal digits "
                           "or as base64");
  }
  return bulla_cli_error(cli, BULLA_ROOT_MALFORMED,
                         "not a key: it has %zu bytes; a key is 64 hexadecimal digits, or 43 or 44 of base64", len);
}

static enum bulla_status decode(struct bulla_cli *cli, struct bulla_secret *key, struct bulla_span text) {
  struct bulla_span digits = bulla_base64_without_padding(text);
  if (text.len == HEX_DIGITS) {
    return bulla_hex_decode(bulla_secret_data(key), text)
               ? BULLA_OK
               : bulla_cli_error(cli, BULLA_ROOT_MALFORMED,
                                 "not a key: not all of its 64 characters are hexadecimal digits");
  }
  if (digits.len != BASE64_DIGITS) {
    return malformed(cli, text.len);
  }
  /* Where a key has none of the four digits in which the alphabets differ, both give the same. */
  if (bulla_base64_decode_secret(bulla_secret_data(key), digits) ||
      bulla_base64url_decode_secret(bulla_secret_data(key), digits)) {
    return BULLA_OK;
  }
  return bulla_cli_error(cli, BULLA_ROOT_MALFORMED, "not a key: it is neither base64 nor base64url of 32 bytes");
}

enum bulla_status bulla_key_file_read(struct bulla_cli *cli, struct bulla_secret **key) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *made BULLA_CLEANUP(bulla_secret_free) = NULL;
  bulla_cli_at(cli, "the file of --key"); /* a path may turn out to be the key itself */
  enum bulla_status status =
      bulla_input_key_file(cli, &text, bulla_option_value(cli, "key"), MAX_TEXT, "take another key");
  if (status == BULLA_TOO_LARGE) {
    return bulla_cli_error(cli, BULLA_ROOT_MALFORMED, "not a key: it has more than %d bytes", MAX_TEXT);
  }
  BULLA_TRY(status);
  BULLA_TRY(bulla_secret_new(&made, BULLA_KEY_LEN));
  struct bulla_span bytes = bulla_secret_bytes(text);
  size_t least = bytes.len >= HEX_DIGITS ? HEX_DIGITS : BASE64_DIGITS;
  BULLA_TRY(decode(cli, made, bulla_without_newline(bytes, least)));
  *key = made;
  made = NULL;
  return BULLA_OK;
}
