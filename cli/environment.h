/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The environment of the command that `exec` runs: the variables and descriptors of this process, without those that
 * lead to the key of a root or an actor. */

#ifndef BULLA_CLI_ENVIRONMENT_H
#define BULLA_CLI_ENVIRONMENT_H

#include "cli/cli.h"

/* Lines NAME=VALUE, ended by NULL. It does not own the lines. */
struct bulla_environment {
  char **lines;
  size_t num_lines;
};

/* bulla_environment_new fills |env| with the variables of this process, and makes room for |num_more|. The caller
 * frees it with bulla_environment_free. */
BULLA_NODISCARD enum bulla_status bulla_environment_new(struct bulla_environment *env, size_t num_more);

void bulla_environment_free(struct bulla_environment *env);

/* bulla_environment_drop removes the variable |name|. */
void bulla_environment_drop(struct bulla_environment *env, struct bulla_span name);

/* bulla_environment_set sets the variable |name| to |line|, "NAME=VALUE". */
void bulla_environment_set(struct bulla_environment *env, struct bulla_span name, char *line);

/* bulla_environment_hide removes the variable that |provider| reads a key from, and CREDENTIALS_DIRECTORY if the
 * key lies there. NULL stands for no provider. */
void bulla_environment_hide(struct bulla_environment *env, const char *provider);

/* bulla_descriptors_hide hides the descriptors of the key of |provider| from the command: the one that it names,
 * and all others of the same file or pipe. They are closed on exec; a standard stream becomes /dev/null. Call it after
 * the key was read. */
void bulla_descriptors_hide(const char *provider);

#endif
