/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* For cli/commands.c: options that several sub-commands have in the same words, and those of exec, actors, grants, the
 * audit log, API keys, tokens, sealed blobs and JOSE. */

#ifndef BULLA_CLI_COMMAND_OPTIONS_H
#define BULLA_CLI_COMMAND_OPTIONS_H

#include "cli/cli.h"

#define END \
  { .name = NULL }

#define REASON_OPTION \
  { .name = "reason", .value = "TEXT", .help = "why, for the audit log" }
#define REASON_MANDATORY \
  { .name = "reason", .value = "TEXT", .help = "why, for the audit log", .mandatory = true }
#define REASON_DEFAULT(text) \
  { .name = "reason", .value = "TEXT", .help = "why, for the audit log; default \"" text "\"" }
#define ROOT_OF(which) \
  .name = which "-root", .value = "PROVIDER", .help = "the root key of the " which ", as for --root", .mandatory = true
#define KEY_FILE_HELP "the file that holds the key, 64 hexadecimal digits or base64; readable by its owner only"
#define TENANT_OPTION \
  { .name = "tenant", .value = "T", .help = "only this tenant" }
#define TENANT_MANDATORY \
  { .name = "tenant", .value = "T", .help = "the tenant", .mandatory = true }

extern const struct bulla_option bulla_actor_options[];
extern const struct bulla_option bulla_actor_revoke_options[];
extern const struct bulla_option bulla_grant_options[];
extern const struct bulla_option bulla_grant_list_options[];
extern const struct bulla_option bulla_apikey_revoke_options[];
extern const struct bulla_option bulla_apikey_create_options[];
extern const struct bulla_option bulla_token_mint_options[];
extern const struct bulla_option bulla_token_verify_options[];
extern const struct bulla_option bulla_token_refresh_options[];
extern const struct bulla_option bulla_token_revoke_options[];
extern const struct bulla_option bulla_apikey_jwk_options[];
extern const struct bulla_option bulla_seal_options[];
extern const struct bulla_option bulla_exec_options[];
extern const struct bulla_option bulla_log_options[];
extern const struct bulla_option bulla_report_options[];
extern const struct bulla_option bulla_anchor_options[];
extern const struct bulla_option bulla_audit_verify_options[];
extern const struct bulla_option bulla_jwe_encrypt_options[];
extern const struct bulla_option bulla_jwe_decrypt_options[];
extern const struct bulla_option bulla_keygen_options[];
extern const struct bulla_option bulla_jwk_from_pem_options[];
extern const struct bulla_option bulla_jwk_to_pem_options[];

#endif
