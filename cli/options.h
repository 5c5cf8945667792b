/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The command line, parsed by the tables of the run. Options are "--name value" or "--name=value" and may stand
 * before or after the operands; global ones also before the sub-command. "--" ends them. */

#ifndef BULLA_CLI_OPTIONS_H
#define BULLA_CLI_OPTIONS_H

#include "cli/cli.h"

/* bulla_options_parse finds the sub-command and fills |cli| with its options and operands, or with help set
 * if help was asked for. It checks them against the table: no unknown option, no missing or empty value, no
 * option repeated that must not be, no mandatory option missing, the right number of operands. bulla_options_free frees
 * what it fills, also after a failure. */
BULLA_NODISCARD enum bulla_status bulla_options_parse(struct bulla_cli *cli, int argc, char **argv);

void bulla_options_free(struct bulla_cli *cli);

/* bulla_option_value returns the value of the option |name|, or NULL if it was not given; of a repeated one,
 * the value given last. */
const char *bulla_option_value(const struct bulla_cli *cli, const char *name);

/* bulla_option_span is bulla_option_value as a span, empty if it was not given. */
struct bulla_span bulla_option_span(const struct bulla_cli *cli, const char *name);

/* bulla_option_next sets |value| to the next value of |name| from |*at| on, which is 0 at first, or returns false
 * after the last. */
bool bulla_option_next(const struct bulla_cli *cli, const char *name, size_t *at, const char **value);

/* bulla_option_count returns how many times |name| was given. */
size_t bulla_option_count(const struct bulla_cli *cli, const char *name);

/* bulla_option_number fills |number| from the value of |name|, decimal digits only, and leaves it unchanged if
 * there is none. */
BULLA_NODISCARD enum bulla_status bulla_option_number(struct bulla_cli *cli, const char *name, int64_t *number);

/* bulla_option_choice sets |index| to the index of the value of |name| in |choices|, ended by NULL, and leaves it
 * unchanged if there is none. */
BULLA_NODISCARD enum bulla_status bulla_option_choice(struct bulla_cli *cli, const char *name,
                                                      const char *const *choices, int *index);

#endif
