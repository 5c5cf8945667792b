/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the options of jwe encrypt and jwe decrypt say beside the keys. */

#ifndef BULLA_CLI_JWE_OPTIONS_H
#define BULLA_CLI_JWE_OPTIONS_H

#include <bulla/jose.h>

#include "cli/cli.h"

/* The options of jwe encrypt, and what was read of their files. */
struct bulla_jwe_given {
  struct bulla_jwe_options options;
  struct bulla_buffer file;   /* of --header */
  struct bulla_buffer header; /* that with --typ and --cty */
  struct bulla_buffer aad;    /* of --aad */
};

/* bulla_jwe_given_read fills |given|, which must be zero, for |num_keys| keys. Its spans are valid until
 * bulla_jwe_given_free. */
BULLA_NODISCARD enum bulla_status bulla_jwe_given_read(struct bulla_cli *cli, struct bulla_jwe_given *given,
                                                       size_t num_keys);

void bulla_jwe_given_free(struct bulla_jwe_given *given);

/* bulla_jwe_aad_read reads the file of --aad to |aad|, which bulla_input_free frees; it stays empty without. */
BULLA_NODISCARD enum bulla_status bulla_jwe_aad_read(struct bulla_cli *cli, struct bulla_buffer *aad);

#endif
