/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The table that the whole command is: what there is, what each takes, and what its help says. */

#include "cli/commands.h"

#include <stdint.h>

#include "cli/session.h"

#define END \
  { .name = NULL }

const struct bulla_option bulla_global_options[] = {
    {.name = "vault", .value = "URL", .help = "the vault; else BULLA_VAULT, else sqlite:bulla.db"},
    {.name = "root", .value = "PROVIDER", .help = "the root key; else BULLA_ROOT (" BULLA_SESSION_PROVIDERS ")"},
    {.name = "vault-id",
     .value = "ID",
     .help = "the id that init printed: another vault is refused; else BULLA_VAULT_ID"},
    {.name = "actor", .value = "NAME", .help = "who asks, for the audit log; else the user of this process"},
    {.name = "json", .help = "print lists as one JSON array, logs and reports as one object a line"},
    {.name = "help", .help = "print the help"},
    {.name = "version", .help = "print the version"},
    END};

static const struct bulla_option no_options[] = {END};

#define REASON_OPTION \
  { .name = "reason", .value = "TEXT", .help = "why, for the audit log" }
#define REASON_MANDATORY \
  { .name = "reason", .value = "TEXT", .help = "why, for the audit log", .mandatory = true }
#define KEY_FILE_HELP "the file with the key itself, 64 hexadecimal digits or base64; others must not read it"
#define TENANT_OPTION \
  { .name = "tenant", .value = "T", .help = "of this tenant alone" }
#define TENANT_MANDATORY \
  { .name = "tenant", .value = "T", .help = "the tenant", .mandatory = true }

static const struct bulla_option reason_options[] = {REASON_OPTION, END};
static const struct bulla_option tenant_options[] = {TENANT_OPTION, END};
static const struct bulla_option get_options[] = {REASON_MANDATORY, END};

static const struct bulla_option init_options[] = {
    {.name = "reuse-root", .help = "take the key file of --root file:PATH that is there already"}, END};

static const struct bulla_option put_options[] = {
    {.name = "secret", .value = "FIELD", .help = "a secret field, from stdin or a prompt", .repeated = true},
    {.name = "secret-file", .value = "FIELD=PATH", .help = "a secret field, from a file", .repeated = true},
    REASON_OPTION,
    END};

static const struct bulla_option exec_options[] = {{.name = "env",
                                                    .value = "NAME=TENANT/ENTRY:FIELD",
                                                    .help = "a variable and the field that it is set to",
                                                    .mandatory = true,
                                                    .repeated = true},
                                                   REASON_MANDATORY,
                                                   END};

static const struct bulla_option import_options[] = {
    {.name = "key-env", .value = "NAME", .help = "the variable whose SHA-256 is the key"},
    {.name = "key", .value = "FILE", .help = KEY_FILE_HELP},
    TENANT_MANDATORY,
    {.name = "encoding", .value = "E", .help = "of the three parts: hex (the default), base64, base64url"},
    {.name = "order", .value = "O", .help = "iv:authTag:ciphertext (the default), iv:ciphertext:authTag"},
    {.name = "aad", .value = "TEXT", .help = "the additional data that every value was sealed with"},
    REASON_OPTION,
    END};

static const struct bulla_option log_options[] = {
    {.name = "from", .value = "SEQ", .help = "from this record on; 1 if it is not given"}, TENANT_OPTION, END};

static const struct bulla_option revoke_key_options[] = {TENANT_OPTION, REASON_OPTION, END};

static const struct bulla_option create_options[] = {
    TENANT_MANDATORY, {.name = "name", .value = "N", .help = "what the key is called"}, REASON_OPTION, END};

static const struct bulla_option mint_options[] = {
    {.name = "apikey-file", .value = "F", .help = "the file that holds the API key string", .mandatory = true},
    {.name = "org", .value = "T", .help = "the tenant that owns the API key", .mandatory = true},
    {.name = "sub", .value = "S", .help = "the user", .mandatory = true},
    {.name = "perm", .value = "P", .help = "a permission", .repeated = true},
    {.name = "attr", .value = "K=V", .help = "an attribute, a string", .repeated = true},
    {.name = "ttl", .value = "SECONDS", .help = "lifetime, 1 to 86400; 3600 if it is not given"},
    {.name = "claims", .value = "FILE", .help = "a JSON object of further claims"},
    {.name = "iss", .value = "ISSUER", .help = "the issuer"},
    {.name = "aud", .value = "AUDIENCE", .help = "the audience"},
    {.name = "jti", .value = "ID", .help = "the token's own id, by which it can be revoked"},
    {.name = "nbf", .value = "SECONDS", .help = "not valid before, in seconds since 1970; earlier than its end"},
    END};

#define VERIFY_OPTIONS                                                                                         \
  {.name = "aud", .value = "AUDIENCE", .help = "insist on this audience"},                                     \
      {.name = "iss", .value = "ISSUER", .help = "insist on this issuer"}, {                                   \
    .name = "leeway", .value = "SECONDS", .help = "how far clocks may differ, 0 to 3600; 0 if it is not given" \
  }

static const struct bulla_option verify_options[] = {
    VERIFY_OPTIONS,
    {.name = "reason", .value = "TEXT", .help = "why, for the audit log; \"token verify\" if it is not given"},
    END};

static const struct bulla_option refresh_options[] = {
    {.name = "session",
     .value = "SECONDS",
     .help = "from the first token to the last second, 1 to 2592000; 43200 if it is not given"},
    VERIFY_OPTIONS,
    {.name = "reason", .value = "TEXT", .help = "why, for the audit log; \"token refresh\" if it is not given"},
    END};

static const struct bulla_option revoke_options[] = {
    {.name = "jti", .value = "ID", .help = "the token's own id, with --tenant, in place of the token"},
    {.name = "tenant", .value = "T", .help = "the tenant whose token --jti names"},
    {.name = "reason", .value = "TEXT", .help = "why, for the audit log; \"token revoke\" if it is not given"},
    END};

static const struct bulla_option jwk_options[] = {
    {.name = "day",
     .value = "D",
     .help = "YYYY-MM-DD, days since 1970-01-01, yesterday, today or tomorrow; in UTC",
     .mandatory = true},
    {.name = "any-day", .help = "take a day other than yesterday, today and tomorrow"},
    {.name = "reason", .value = "TEXT", .help = "why, for the audit log; \"apikey jwk\" if it is not given"},
    END};

static const struct bulla_option seal_options[] = {
    {.name = "key", .value = "FILE", .help = KEY_FILE_HELP, .mandatory = true},
    {.name = "suite", .value = "SUITE", .help = "aes256gcm, xaes256gcm (the default)"},
    {.name = "context", .value = "TEXT", .help = "what the blob is bound to; opening needs the same"},
    {.name = "format", .value = "FORMAT", .help = "blob (the default), text (bulla1:…), hex (iv:authTag:ciphertext)"},
    END};

static const char vault_group[] = "Vault";
static const char use_group[] = "Use";
static const char audit_group[] = "Audit";
static const char token_group[] = "Tokens";
static const char seal_group[] = "Sealed blobs";
static const char other_group[] = "Other";

const struct bulla_command bulla_commands[] = {
    {"init", vault_group, "", "Make a vault and, with --root file:PATH, the root key.",
     "If the vault is there, nothing is touched. A key file that is there is another vault's, as a rule: it is "
     "taken\n"
     "only with --reuse-root. One that was made stays even if the vault cannot be made. The id that is printed "
     "tells\n"
     "this vault from every other, also of the same root key: pin it with --vault-id or BULLA_VAULT_ID.\n"
     "Keep a copy of the root key elsewhere: nothing opens the vault without it. The first record of the log is\n"
     "bulla's own, and the id is drawn at random: --actor, --vault-id and BULLA_VAULT_ID are refused.",
     "bulla init --root file:root.key", init_options, 0, 0, bulla_run_init},
    {"put", vault_group, "TENANT/ENTRY [FIELD=VALUE]…", "Write fields of an entry, plain or secret, all or none.",
     "FIELD=VALUE writes a plain field. The value of a secret is never an argument. At a terminal each --secret\n"
     "is asked for without echo; otherwise one --secret takes all of standard input, byte for byte: a newline at\n"
     "its end is part of it, so use printf and not echo. An empty secret is refused.",
     "printf %s \"$PASSWORD\" | bulla put acme/warehouse host=db.acme.example --secret password", put_options, 1,
     SIZE_MAX, bulla_run_put},
    {"show", vault_group, "TENANT/ENTRY", "Show the fields of an entry, the secret ones masked.", NULL,
     "bulla show acme/warehouse --json", no_options, 1, 1, bulla_run_show},
    {"list", vault_group, "[TENANT]", "List the entries of a tenant, or of all tenants.", NULL, "bulla list acme",
     no_options, 0, 1, bulla_run_list},
    {"rm", vault_group, "TENANT[/ENTRY [FIELD]…]", "Remove an entry, fields of it, or a tenant that has no entries.",
     "An entry goes with its last field. A tenant goes if its API keys are revoked; its records in the log stay.",
     "bulla rm acme/warehouse pasword", reason_options, 1, SIZE_MAX, bulla_run_rm},
    {"mv", vault_group, "TENANT[/ENTRY [FIELD]] NAME", "Give a tenant, an entry or a field another name.",
     "An entry's new name is written TENANT/NAME, of the same tenant. A tenant with API keys that are not revoked "
     "keeps\n"
     "its name, since their tokens say it.",
     "bulla mv acme/warehouse pasword password", reason_options, 2, 3, bulla_run_mv},
    {"import hex", vault_group, "", "Import iv:authTag:ciphertext values as secret fields, all or none.",
     "Standard input has lines of three columns without quotes: entry,field,iv:authTag:ciphertext. The first\n"
     "line may be just that header; empty lines are passed over. Errors name the line. One of --key-env and "
     "--key\n"
     "is needed. Nothing is guessed: what is not as the options say is refused.",
     "bulla import hex --key-env ENCRYPTION_KEY --tenant acme < keys.csv", import_options, 0, 0, bulla_run_import_hex},

    {"get", use_group, "TENANT/ENTRY FIELD", "Print the value of a field, after writing it to the audit log.",
     "The value goes to standard output byte for byte, with nothing added. TENANT/ENTRY:FIELD, as exec has it,\n"
     "does as well.",
     "bulla get acme/warehouse password --reason \"ticket 4711\"", get_options, 1, 2, bulla_run_get},
    {"exec", use_group, "-- COMMAND [ARGUMENT]…", "Run a command with secrets in its environment, each audited first.",
     "If one of them is refused nothing runs, and if they cannot all be handed on none is opened. The command gets\n"
     "the signals, descriptors and variables that bulla was given, but nothing that leads to the root key: not\n"
     "BULLA_ROOT, nor the variable or descriptor that it was read from, nor CREDENTIALS_DIRECTORY if it lies there.\n"
     "Its core dumps are off. The exit status is the command's; 125 if bulla fails before, 126 if the command\n"
     "cannot be run, 127 if it is not found.",
     "bulla exec --env PGPASSWORD=acme/warehouse:password --reason backup -- pg_dump -h db.acme.example", exec_options,
     0, SIZE_MAX, bulla_run_exec, .failure = BULLA_EXEC_FAILED},

    {"audit log", audit_group, "", "Print the audit log, oldest first.",
     "With --json it is one object a line, for jq or json.tool --json-lines.", "bulla audit log --tenant acme --json",
     log_options, 0, 0, bulla_run_audit_log},
    {"audit verify", audit_group, "", "Check the chain of the audit log from its first record to its head.",
     "If a record was changed, removed, added or swapped, its number is named and the exit status is 1.",
     "bulla audit verify", no_options, 0, 0, bulla_run_audit_verify},

    {"apikey create", token_group, "", "Make an API key and print its string, once.",
     "The vault keeps what verifying needs, never the string. Print it into a file that nobody else can read.",
     "(umask 077; bulla apikey create --tenant acme --name embed > apikey)", create_options, 0, 0,
     bulla_run_apikey_create},
    {"apikey list", token_group, "", "List API keys, oldest first.", NULL, "bulla apikey list --tenant acme",
     tenant_options, 0, 0, bulla_run_apikey_list},
    {"apikey revoke", token_group, "ID|NAME", "Revoke an API key: its tokens are refused from now on.",
     "A name must be that of one API key alone that is not revoked; --tenant T says whose. Programs that verify "
     "tokens\n"
     "with the library see it at once too, if they ask for the vault's generation.",
     "bulla apikey revoke 0123456789abcdef", revoke_key_options, 1, 1, bulla_run_apikey_revoke},
    {"apikey jwk", token_group, "ID", "Print the key of an API key's tokens of one day as a JWK, audited first.",
     "Libraries for JOSE read that day's tokens with it. Whoever has it can forge them, so the log has a record\n"
     "of its own for it, apikey-export with the day. A day further off than tomorrow or yesterday needs --any-day.",
     "bulla apikey jwk 0123456789abcdef --day today > day.jwk", jwk_options, 1, 1, bulla_run_apikey_jwk},
    {"token mint", token_group, "", "Mint a token with an API key; needs no vault.",
     "The file of --claims may hold perms and attrs, unless the options say them, and claims of your own; the\n"
     "other known claims have their options. That --org owns the key is checked at verifying. Without --jti a "
     "token\n"
     "can only be ended by revoking the API key.",
     "bulla token mint --apikey-file apikey --org acme --sub alice --perm read --attr region=EU --ttl 600",
     mint_options, 0, 0, bulla_run_token_mint},
    {"token verify", token_group, "", "Verify the token on standard input and print its claims as JSON.", NULL,
     "bulla token verify --aud dashboards < token", verify_options, 0, 0, bulla_run_token_verify},
    {"token refresh", token_group, "", "Print a new token for the one on standard input, which must still be good.",
     "It has the same claims and lives as long as the old one did, but not beyond the session, which began with\n"
     "the first of its tokens.",
     "bulla token refresh --session 28800 < token > next", refresh_options, 0, 0, bulla_run_token_refresh},
    {"token revoke", token_group, "", "Revoke the token on standard input, by its jti, and all it was refreshed to.",
     "It must be authentic. It may have expired or been refreshed: it is revoked as long as a verifier or a refresh\n"
     "could take it or what it was refreshed to, 30 days and an hour from the first token of its session. With\n"
     "--jti and --tenant no token is needed, and the revocation is kept for 30 days and two hours: as long as any\n"
     "token with that jti that may be good now can be refreshed. A token without jti can only be ended by revoking\n"
     "its API key.",
     "bulla token revoke --reason logout < token", revoke_options, 0, 0, bulla_run_token_revoke},
    {"token inspect", token_group, "", "Show what the token on standard input says in the open; proves nothing.", NULL,
     "bulla token inspect < token", no_options, 0, 0, bulla_run_token_inspect},

    {"seal", seal_group, "", "Seal standard input, at most 1 MiB, to standard output.", NULL,
     "bulla seal --key blob.key --context invoice/17 < invoice.pdf > invoice.sealed", seal_options, 0, 0,
     bulla_run_seal},
    {"open", seal_group, "", "Open what seal has made, from standard input to standard output.", NULL,
     "bulla open --key blob.key --context invoice/17 < invoice.sealed > invoice.pdf", seal_options, 0, 0,
     bulla_run_open},
    {"keygen", seal_group, "", "Print a new random key, 64 hexadecimal digits.", NULL,
     "(umask 077; bulla keygen > blob.key)", no_options, 0, 0, bulla_run_keygen},

    {"help", other_group, "[COMMAND]", "Print the help of a command, or of all.", NULL, "bulla help token mint",
     no_options, 0, 2, bulla_run_help},
    END};
