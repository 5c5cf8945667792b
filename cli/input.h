/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Input. Secrets go from read(2) straight into locked memory. */

#ifndef BULLA_CLI_INPUT_H
#define BULLA_CLI_INPUT_H

#include "cli/cli.h"

/* bulla_input_secret reads all of |fd| into |*secret|, byte for byte. Returns BULLA_TOO_LARGE past
 * |max_len| bytes, BULLA_IO, and the statuses of bulla_secret_new. */
BULLA_NODISCARD enum bulla_status bulla_input_secret(struct bulla_cli *cli, struct bulla_secret **secret, int fd,
                                                     size_t max_len);

/* bulla_input_secret_file is bulla_input_secret for the file at |path|. */
BULLA_NODISCARD enum bulla_status bulla_input_secret_file(struct bulla_cli *cli, struct bulla_secret **secret,
                                                          const char *path, size_t max_len);

/* bulla_input_key_file is bulla_input_secret_file for a file that others must not be able to read, or a pipe. Returns
 * BULLA_SECRET_EXPOSED if they can; |remedy| says what to do then besides chmod. */
BULLA_NODISCARD enum bulla_status bulla_input_key_file(struct bulla_cli *cli, struct bulla_secret **secret,
                                                       const char *path, size_t max_len, const char *remedy);

/* bulla_input_any_key_file is bulla_input_secret_file for a file that may hold a public key, and says whether others
 * can read it. If it turns out to be a secret one, the caller returns what bulla_input_exposed does. */
BULLA_NODISCARD enum bulla_status bulla_input_any_key_file(struct bulla_cli *cli, struct bulla_secret **secret,
                                                           bool *is_exposed, const char *path, size_t max_len);

/* bulla_input_exposed notes that others can read a secret, with |remedy| as above, and returns BULLA_SECRET_EXPOSED. */
enum bulla_status bulla_input_exposed(struct bulla_cli *cli, const char *remedy);

/* bulla_input_line removes one newline, LF or CRLF, from the end of |secret|. */
void bulla_input_line(struct bulla_secret *secret);

/* bulla_input_public fills |text|, which bulla_input_free frees, with all of |fd|, which is not secret. Returns
 * BULLA_TOO_LARGE past |max_len| bytes, BULLA_IO, BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_input_public(struct bulla_cli *cli, struct bulla_buffer *text, int fd,
                                                     size_t max_len);

/* bulla_input_anchor reads the anchor in the file |path|, unless that is NULL, as bulla_input_public does. */
BULLA_NODISCARD enum bulla_status bulla_input_anchor(struct bulla_cli *cli, struct bulla_buffer *anchor,
                                                     const char *path);

/* bulla_input_free frees the bytes of |text|. */
void bulla_input_free(struct bulla_buffer *text);

#endif
