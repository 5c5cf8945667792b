/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JSON Web Keys from files and standard input, and the "alg" and "enc" that the options pin them to. */

#ifndef BULLA_CLI_JWK_FILE_H
#define BULLA_CLI_JWK_FILE_H

#include <bulla/jose.h>

#include "cli/cli.h"

/* bulla_jwk_file_at has errors name the file |path| of |option|, the |number|th from 1 of several, or 0. The path
 * itself is named if there is such a file: otherwise it may turn out to be the key. Returns BULLA_INVALID_ARGUMENT for
 * what stands for a file elsewhere, and is none here: "-", "fd:3", "file:key". */
BULLA_NODISCARD enum bulla_status bulla_jwk_file_at(struct bulla_cli *cli, const char *option, size_t number,
                                                    const char *path);

/* bulla_jwk_file_read creates |*jwk| from the file |path|, which others may be able to read only if it has no private
 * part. bulla_jwk_set_file_read is the same for a JWK Set. */
BULLA_NODISCARD enum bulla_status bulla_jwk_file_read(struct bulla_cli *cli, struct bulla_jwk **jwk, const char *path);
BULLA_NODISCARD enum bulla_status bulla_jwk_set_file_read(struct bulla_cli *cli, struct bulla_jwk_set **set,
                                                          const char *path);

/* bulla_jwk_file_explain notes what is wrong with |text|, which was parsed as a |what|, and returns |status|. Text of
 * another form is told by how it begins, with the command that changes it. */
enum bulla_status bulla_jwk_file_explain(struct bulla_cli *cli, enum bulla_status status, const char *what,
                                         struct bulla_span text);

/* bulla_jwk_pem_explain is the same for a PEM file. */
enum bulla_status bulla_jwk_pem_explain(struct bulla_cli *cli, enum bulla_status status, struct bulla_span text);

/* bulla_jwk_option_alg and bulla_jwk_option_enc set what |name|, the value of the option |option|, stands for, or 0 for
 * NULL. Returns BULLA_INVALID_ARGUMENT for another name, and notes those that there are. */
BULLA_NODISCARD enum bulla_status bulla_jwk_option_alg(struct bulla_cli *cli, enum bulla_jwe_alg *alg,
                                                       const char *option, const char *name);
BULLA_NODISCARD enum bulla_status bulla_jwk_option_enc(struct bulla_cli *cli, enum bulla_jwe_enc *enc,
                                                       const char *option, const char *name);

/* bulla_jwk_pin creates |*key| from |jwk|, for |*alg| and |*enc|, of which either may be 0 if the JWK says it: then it
 * is set. Otherwise the option that is missing is named. */
BULLA_NODISCARD enum bulla_status bulla_jwk_pin(struct bulla_cli *cli, struct bulla_jwe_key **key,
                                                const struct bulla_jwk *jwk, enum bulla_jwe_alg *alg,
                                                enum bulla_jwe_enc *enc);

#endif
