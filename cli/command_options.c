/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/command_options.h. Each table is ended by an option without a name. */

#include "cli/command_options.h"

const struct bulla_option bulla_actor_options[] = {REASON_OPTION, END};

const struct bulla_option bulla_actor_revoke_options[] = {
    {.name = "distrust", .help = "let nothing that it has put be opened any more"},
    {.name = "now", .help = "rotate the tenants whose keys ended grants gave"},
    REASON_OPTION,
    END};

const struct bulla_option bulla_grant_options[] = {
    {.name = "all-tenants", .help = "in place of TENANT: all, also those that are made later"}, REASON_OPTION, END};

const struct bulla_option bulla_grant_list_options[] = {{.name = "ended", .help = "also those that have ended"}, END};

const struct bulla_option bulla_apikey_revoke_options[] = {TENANT_OPTION, REASON_OPTION, END};

const struct bulla_option bulla_apikey_create_options[] = {
    TENANT_MANDATORY, {.name = "name", .value = "N", .help = "a name for the key"}, REASON_OPTION, END};

const struct bulla_option bulla_token_mint_options[] = {
    {.name = "apikey-file", .value = "F", .help = "the file that holds the API key string", .mandatory = true},
    {.name = "org", .value = "T", .help = "the tenant that owns the API key", .mandatory = true},
    {.name = "sub", .value = "S", .help = "the user", .mandatory = true},
    {.name = "perm", .value = "P", .help = "a permission", .repeated = true},
    {.name = "attr", .value = "K=V", .help = "an attribute, a string", .repeated = true},
    {.name = "ttl", .value = "SECONDS", .help = "lifetime, 1 to 86400; default 3600"},
    {.name = "claims", .value = "FILE", .help = "a JSON object of own claims, which are added"},
    {.name = "iss", .value = "ISSUER", .help = "the issuer"},
    {.name = "aud", .value = "AUDIENCE", .help = "the audience"},
    {.name = "jti", .value = "ID", .help = "the token's id, by which it can be revoked"},
    {.name = "nbf", .value = "SECONDS", .help = "not valid before this time, in seconds since 1970"},
    END};

#define VERIFY_OPTIONS                                                                              \
  {.name = "aud", .value = "AUDIENCE", .help = "require this audience"},                            \
      {.name = "iss", .value = "ISSUER", .help = "require this issuer"}, {                          \
    .name = "leeway", .value = "SECONDS", .help = "how far clocks may differ, 0 to 3600; default 0" \
  }

const struct bulla_option bulla_token_verify_options[] = {VERIFY_OPTIONS, REASON_DEFAULT("token verify"), END};

const struct bulla_option bulla_token_refresh_options[] = {
    {.name = "session",
     .value = "SECONDS",
     .help = "length of the session from its first token, 1 to 2592000; default 43200"},
    VERIFY_OPTIONS,
    REASON_DEFAULT("token refresh"),
    END};

const struct bulla_option bulla_token_revoke_options[] = {
    {.name = "jti", .value = "ID", .help = "the token's id; with --tenant, instead of a token"},
    {.name = "tenant", .value = "T", .help = "the tenant that the token of --jti belongs to"},
    REASON_DEFAULT("token revoke"),
    END};

const struct bulla_option bulla_apikey_jwk_options[] = {
    {.name = "day",
     .value = "D",
     .help = "YYYY-MM-DD, days since 1970-01-01, yesterday, today or tomorrow; in UTC",
     .mandatory = true},
    {.name = "any-day", .help = "allow a day other than yesterday, today and tomorrow"},
    REASON_DEFAULT("apikey jwk"),
    END};

const struct bulla_option bulla_seal_options[] = {
    {.name = "key", .value = "FILE", .help = KEY_FILE_HELP, .mandatory = true},
    {.name = "suite", .value = "SUITE", .help = "aes256gcm, xaes256gcm (default)"},
    {.name = "context", .value = "TEXT", .help = "the context the blob is bound to; opening needs the same"},
    {.name = "format", .value = "FORMAT", .help = "blob (default), text (bulla1:…), hex (iv:authTag:ciphertext)"},
    END};
