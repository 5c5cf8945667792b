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

const struct bulla_option bulla_exec_options[] = {
    {.name = "env",
     .value = "NAME=TENANT/ENTRY:FIELD",
     .help = "a variable and the field to set it to",
     .repeated = true},
    {.name = "env-all",
     .value = "TENANT/ENTRY",
     .help = "a variable for each field of an entry, named after it in upper case",
     .repeated = true},
    {.name = "prefix",
     .value = "P",
     .help = "behind --env-all: what the names of its variables begin with",
     .repeated = true},
    {.name = "file",
     .value = "NAME=TENANT/ENTRY:FIELD",
     .help = "a variable, and the field to put into the file whose path it is set to",
     .repeated = true},
    {.name = "env-file",
     .value = "FILE",
     .help = "a file of lines NAME=VALUE, where bulla://TENANT/ENTRY/FIELD stands for a field",
     .repeated = true},
    {.name = "mask", .help = "hide the secret values in the output of the command"},
    REASON_MANDATORY,
    END};

#define SINCE_OPTION \
  { .name = "since", .value = "TIME", .help = "only what was recorded then or later" }
#define UNTIL_OPTION \
  { .name = "until", .value = "TIME", .help = "only what was recorded before" }

const struct bulla_option bulla_log_options[] = {
    SINCE_OPTION,
    UNTIL_OPTION,
    {.name = "tenant", .value = "T", .help = "only of this tenant", .repeated = true},
    {.name = "entry", .value = "[T/]E", .help = "only of this entry, of tenant T or of all", .repeated = true},
    {.name = "actor", .value = "NAME", .help = "only of this actor", .repeated = true},
    {.name = "op", .value = "OP", .help = "only this operation, as use", .repeated = true},
    {.name = "outcome", .value = "O", .help = "only this outcome, as failed", .repeated = true},
    {.name = "last", .value = "N", .help = "only the last N of these, at most 100000"},
    {.name = "from", .value = "SEQ", .help = "the first record to print, in each lane; default 1"},
    {.name = "follow", .help = "go on, and print records as they are written"},
    END};

const struct bulla_option bulla_report_options[] = {
    {.name = "since", .value = "TIME", .help = "what happened then or later; default 30d, with --breach always"},
    UNTIL_OPTION,
    TENANT_OPTION,
    {.name = "breach", .value = "WHAT", .help = "what was exposed: root, tenant:T, actor:NAME, backup:TIME"},
    {.name = "html", .value = "FILE", .help = "write it to this new file as a page, instead of printing text"},
    END};

const struct bulla_option bulla_anchor_options[] = {
    {.name = "out", .value = "FILE", .help = "write it to this new file; default standard output"}, REASON_OPTION, END};

const struct bulla_option bulla_audit_verify_options[] = {
    {.name = "anchor", .value = "FILE", .help = "an anchor that the log must contain"}, END};

const struct bulla_option bulla_jwe_encrypt_options[] = {
    {.name = "jwk",
     .value = "FILE",
     .help = "the recipient's key; several make one JWE for each of them",
     .mandatory = true,
     .repeated = true},
    {.name = "alg",
     .value = "ALG",
     .help = "key management algorithm, if the JWK has none; once for all or for each",
     .repeated = true},
    {.name = "enc", .value = "ENC", .help = "content encryption (JWE \"enc\"), as A256GCM, if the JWK has none"},
    {.name = "form", .value = "FORM", .help = "compact (default), flattened, general (default for several)"},
    {.name = "typ", .value = "TEXT", .help = "what the JWE is, in its header, as JWT"},
    {.name = "cty", .value = "TEXT", .help = "what the plaintext is, as application/json"},
    {.name = "header", .value = "FILE", .help = "a JSON object of more members of the protected header"},
    {.name = "aad", .value = "FILE", .help = "what is sent in clear and authenticated, byte for byte; JSON forms only"},
    {.name = "apu", .value = "TEXT", .help = "who sends it, for ECDH-ES"},
    {.name = "apv", .value = "TEXT", .help = "who is to read it, for ECDH-ES"},
    END};

const struct bulla_option bulla_jwe_decrypt_options[] = {
    {.name = "jwk", .value = "FILE", .help = "the key, with its private part"},
    {.name = "jwks", .value = "FILE", .help = "a JWK Set in its place: the key that the JWE names by its kid"},
    {.name = "alg", .value = "ALG", .help = "key management algorithm (JWE \"alg\"), if the JWK has none"},
    {.name = "enc", .value = "ENC", .help = "content encryption (JWE \"enc\"), if the JWK has none"},
    {.name = "typ", .value = "TEXT", .help = "require this typ in the protected header"},
    {.name = "aad", .value = "FILE", .help = "require this aad"},
    {.name = "header-out", .value = "FILE", .help = "write the protected header to this new file"},
    {.name = "aad-out", .value = "FILE", .help = "write the aad to this new file"},
    END};

const struct bulla_option bulla_keygen_options[] = {
    {.name = "jwk", .value = "ALG", .help = "a JWK for this alg, as ECDH-ES+A256KW, or enc, as A256GCM"},
    {.name = "enc", .value = "ENC", .help = "with --jwk dir, what the key is for"},
    {.name = "curve", .value = "CURVE", .help = "of ECDH-ES: X25519 (default), P-256, P-384, P-521"},
    {.name = "bits", .value = "N", .help = "of RSA-OAEP: 2048 to 4096; default 3072"},
    {.name = "kid", .value = "TEXT", .help = "the key's id; default the thumbprint, of a shared key none"},
    END};

const struct bulla_option bulla_jwk_from_pem_options[] = {
    {.name = "kid", .value = "TEXT", .help = "the key's id; default none"},
    {.name = "alg", .value = "ALG", .help = "what it is for, as RSA-OAEP-256; default none"},
    END};

const struct bulla_option bulla_jwk_to_pem_options[] = {{.name = "public", .help = "without the private part"}, END};
