/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The table of sub-commands: their options, their help, the function that runs each. */

#include "cli/commands.h"

#include <stdint.h>

#include "cli/command_options.h"
#include "cli/opener.h"

const struct bulla_option bulla_global_options[] = {
    {.name = "vault",
     .value = "URL",
     .help = "sqlite:PATH or postgres://USER@HOST/DATABASE; default BULLA_VAULT, or sqlite:bulla.db"},
    {.name = "root", .value = "PROVIDER", .help = "the root key; default BULLA_ROOT (" BULLA_OPENER_ROOTS ")"},
    {.name = "as",
     .value = "PROVIDER",
     .help = "in its place the key of an actor; default BULLA_ACTOR (" BULLA_OPENER_ACTORS ")"},
    {.name = "vault-id",
     .value = "ID",
     .help = "the id that init printed; any other vault is refused; default BULLA_VAULT_ID"},
    {.name = "fingerprint",
     .value = "HEX",
     .help = "the fingerprint that info prints; any other vault is refused; default BULLA_FINGERPRINT"},
    {.name = "generation",
     .value = "N",
     .help = "the generation that status prints; a vault of an earlier one is refused; default BULLA_GENERATION"},
    {.name = "actor",
     .value = "NAME",
     .help = "who is asking, or on whose behalf with --as, for the audit log; default the user of this process"},
    {.name = "json", .help = "print JSON: a list as one array, a log as one object per line, all else as one object"},
    {.name = "help", .help = "print the help"},
    {.name = "version", .help = "print the version"},
    END};

static const struct bulla_option no_options[] = {END};

static const struct bulla_option reason_options[] = {REASON_OPTION, END};
static const struct bulla_option tenant_options[] = {TENANT_OPTION, END};
#define REVISION_OPTION \
  { .name = "revision", .value = "N", .help = "a former revision of the field, as history prints it" }
static const struct bulla_option get_options[] = {REVISION_OPTION, REASON_MANDATORY, END};

static const struct bulla_option init_options[] = {
    {.name = "reuse-root", .help = "use the existing key file of --root file:PATH"}, END};

static const struct bulla_option export_options[] = {
    {ROOT_OF("target")},
    {.name = "reuse-root", .help = "make the target under the existing key file of --target-root file:PATH"},
    {.name = "reason", .value = "TEXT", .help = "why, for both audit logs; default \"export\""},
    END};

static const struct bulla_option import_vault_options[] = {
    {ROOT_OF("source")},
    {.name = "reuse-root", .help = "make the vault under the existing key file of --root file:PATH"},
    {.name = "reason", .value = "TEXT", .help = "why, for both audit logs; default \"import vault\""},
    END};

static const struct bulla_option put_options[] = {
    {.name = "secret", .value = "FIELD", .help = "a secret field, from stdin or a prompt", .repeated = true},
    {.name = "secret-file", .value = "FIELD=PATH", .help = "a secret field, from a file", .repeated = true},
    {.name = "generate",
     .value = "FIELD[=POLICY]",
     .help = "a secret field that is made up; alnum:32, or ascii, hex, base64url, :LENGTH",
     .repeated = true},
    {.name = "mask", .value = "M", .help = "what is shown of secrets: none, last4 (default), fixed"},
    {.name = "padding", .value = "P", .help = "hide how long secrets are: buckets (default), none"},
    {.name = "expires", .value = "DATE", .help = "when to replace secrets: 2030-01-31, +90d, never"},
    {.name = "canary", .help = "secrets that nobody uses: who asks for one is recorded, and not found"},
    {.name = "new", .help = "only if there are no such fields"},
    {.name = "if-revision", .value = "N", .help = "only if the fields have this revision, 0 for none"},
    {.name = "keep", .value = "N", .help = "keep N former revisions of each field of the entry from now on"},
    REASON_OPTION,
    END};

static const struct bulla_option import_options[] = {
    {.name = "key-env", .value = "NAME", .help = "the variable whose SHA-256 is the key"},
    {.name = "key", .value = "FILE", .help = KEY_FILE_HELP},
    TENANT_MANDATORY,
    {.name = "encoding", .value = "E", .help = "encoding of the three parts: hex (default), base64, base64url"},
    {.name = "order", .value = "O", .help = "iv:authTag:ciphertext (default), iv:ciphertext:authTag"},
    {.name = "aad", .value = "TEXT", .help = "the additional data that every value was encrypted with"},
    REASON_OPTION,
    END};

static const struct bulla_option limit_options[] = {
    {.name = "burst", .value = "N", .help = "how many may pass at once after a pause; default RATE"},
    REASON_OPTION,
    END};

static const struct bulla_option doctor_options[] = {
    {.name = "anchor", .value = "FILE", .help = "an anchor that the log must contain", .repeated = true}, END};

static const struct bulla_option upgrade_options[] = {
    {.name = "backup", .value = "PATH", .help = "where the old vault is kept; default PATH-format1 beside it"},
    REASON_OPTION,
    END};

static const struct bulla_option backup_options[] = {REASON_DEFAULT("backup"), END};

static const struct bulla_option restore_options[] = {
    REVISION_OPTION,
    {.name = "anchor",
     .value = "FILE",
     .help = "an anchor newer than the backup: how many records are missing is told"},
    {.name = "reason", .value = "TEXT", .help = "why, for the audit log; of a vault, default \"restore\""},
    END};

static const struct bulla_option root_add_options[] = {
    {.name = "name", .value = "N", .help = "a name for the root"},
    {.name = "create", .help = "make a new key in the file of file:PATH"},
    REASON_OPTION,
    END};

static const struct bulla_option rotate_options[] = {
    {.name = "tenant", .value = "T", .help = "new keys for this tenant"},
    {.name = "root",
     .value = "PROVIDER",
     .help = "the new root, if BULLA_ROOT names the one in use; with another option, the one in use"},
    {.name = "new-root", .value = "PROVIDER", .help = "the root that takes the place of the one in use"},
    {.name = "create", .help = "make a new key in the file of file:PATH"},
    {.name = "name", .value = "N", .help = "a name for the new root; default the former one's"},
    {.name = "all", .help = "new keys for all, in a new vault: after a breach"},
    {.name = "reuse-root", .help = "with --all, make the new vault under an existing key file"},
    REASON_OPTION,
    END};

static const struct bulla_option rewrap_options[] = {
    TENANT_OPTION, {.name = "destroy", .help = "destroy the versions under which nothing is left"}, REASON_OPTION, END};

static const struct bulla_option status_options[] = {
    {.name = "due", .value = "AGE", .help = "when a version is to be rotated: 90d (default), 12w, or a date"},
    {.name = "check", .help = "exit with 5 if something is due or past its date, or a backup or an anchor is late"},
    {.name = "backup", .value = "AGE", .help = "with --check, how old the last backup may be, and that there is one"},
    {.name = "anchor", .value = "AGE", .help = "likewise the last anchor; default of both 2d, if there ever was one"},
    END};

static const struct bulla_option shred_options[] = {
    {.name = "yes", .help = "do it: it cannot be undone"}, REASON_OPTION, END};

static const char vault_group[] = "Vault";
static const char use_group[] = "Use";
static const char actors_group[] = "Actors";
static const char audit_group[] = "Audit";
static const char token_group[] = "Tokens";
static const char seal_group[] = "Sealed blobs";
static const char jose_group[] = "JOSE";
static const char other_group[] = "Other";

const struct bulla_command bulla_commands[] = {
    {"init", vault_group, "", "Make a vault and, with --root file:PATH, the root key.",
     "If the vault exists already, nothing is changed. An existing key file usually belongs to another vault: it is\n"
     "used only with --reuse-root. A key file that was created stays even if the vault cannot be made. The printed\n"
     "id distinguishes this vault from every other, also of the same root key: pin it with --vault-id or\n"
     "BULLA_VAULT_ID. Keep a copy of the root key elsewhere: nothing opens the vault without it. The first audit\n"
     "record is bulla's own, id and fingerprint are random: --actor, --vault-id and --fingerprint are refused.",
     "bulla init --root file:root.key", init_options, 0, 0, bulla_run_init},
    {"info", vault_group, "", "Print the vault's id and fingerprint.",
     "The fingerprint stands for the id and for the key that signs what the vault says of itself. Keep it with the\n"
     "private key of a recipient: that opens the vault only with --fingerprint or BULLA_FINGERPRINT.",
     "bulla info", no_options, 0, 0, bulla_run_info},
    {"doctor", vault_group, "", "Look for what may be wrong with this machine, the place of the vault, and its log.",
     "A warning may be meant so; a problem is something on which what bulla promises rests. Each comes with a remedy.\n"
     "The exit status is 5 if there is a problem. Warnings are also: keys that are due, secrets past their date, no\n"
     "anchor or backup within 30 days, no root for recovery; bulla status says more of them. Nothing is changed or\n"
     "recorded.",
     "bulla doctor --anchor 2026-01-31.anchor", doctor_options, 0, 0, bulla_run_doctor},
    {"upgrade", vault_group, "", "Turn a vault of an older format into one of this format.",
     "The old vault is copied first, and the copy stays. All of it is authenticated, its audit log is verified and\n"
     "kept; --vault-id is compared, an older vault has no --fingerprint. It is one transaction: if it fails, the\n"
     "vault is as before. Stop programs of older versions: they cannot use it afterwards.",
     "bulla upgrade", upgrade_options, 0, 0, bulla_run_upgrade},
    {"backup", vault_group, "FILE", "Make a backup of the vault in a new file, while others use the vault.",
     "It is verified before the file gets its name: opened with the root, the database checked, the audit log\n"
     "verified to its head. No value is opened. A backup has everything, sealed: whoever has it and a root has the\n"
     "vault. Of a vault on a server, pg_dump makes it. A plain copy of a vault in use, as by cp, lacks the newest\n"
     "records.",
     "bulla backup /backups/2026-01-31.bulla", backup_options, 1, 1, bulla_run_backup},
    {"restore", vault_group, "FILE | TENANT/ENTRY FIELD",
     "Make a vault of a backup, or put the value of a former revision again.",
     "A vault is made where there is none: --vault names the new one. All of the backup is verified first. The audit\n"
     "log of the new vault goes on with a record, restore-vault, which names the backup, and a new lane: programs\n"
     "that remember the lost vault refuse it. What was done after the backup is missing, revocations too: revoke\n"
     "again. With --revision a field gets a former value with its next revision; the one it had is kept as any other.\n"
     "Its date, mask and padding stay as they are now.",
     "bulla restore /backups/2026-01-31.bulla --vault sqlite:new.db\n"
     "  bulla restore acme/warehouse password --revision 3 --reason \"undo\"",
     restore_options, 1, 2, bulla_run_restore},
    {"root list", vault_group, "", "List the roots: each of them opens the vault.", NULL, "bulla root list", no_options,
     0, 0, bulla_run_root_list},
    {"root add", vault_group, "PROVIDER|RECIPIENT", "Add a root: a key, a passphrase, or a recipient's public half.",
     "A vault has at most 8. RECIPIENT is what root recipient printed, on another machine or earlier. A recipient and\n"
     "a program (wrap:) open the vault only with its fingerprint, which is printed: keep it apart from the vault.",
     "bulla root add file:spare.key --create --name spare", root_add_options, 1, 1, bulla_run_root_add},
    {"root rm", vault_group, "NAME|ID", "Remove a root.",
     "It opens this database no more. Copies that were made before it still opens. The root that opened the vault for\n"
     "this command stays, so that one is left that opens it, and so does the last one that is no recipient.",
     "bulla root rm spare", reason_options, 1, 1, bulla_run_root_rm},
    {"root recipient", vault_group, "file:PATH",
     "Make a recipient: the private key in a file, the public half printed.",
     "Needs no vault. Give what it prints to root add; keep the file away from the machine, with the fingerprint of\n"
     "the vault. To open with it: --root recipient:file:PATH --fingerprint HEX.",
     "bulla root recipient file:recovery.key", no_options, 1, 1, bulla_run_root_recipient},
    {"rotate", vault_group, "[TARGET_URL]", "Put new keys in the place of old ones: of a tenant, the root, or all.",
     "With --tenant new values are sealed under a new version of its secret from now on; what the former versions\n"
     "have sealed is sealed anew when it is next used, or by rewrap. With --root NEW, and the root in use in\n"
     "BULLA_ROOT, or with --new-root NEW, the new root opens the vault and the former one no more: it still opens\n"
     "older copies. After a breach --all copies the vault into a new one, TARGET_URL, with new keys for everything\n"
     "under --new-root, and says what is left to do.",
     "bulla rotate --tenant acme", rotate_options, 0, 1, bulla_run_rotate},
    {"status", vault_group, "[TENANT]", "Show the age of keys, what is due, what expires and what nobody uses.",
     "Versions are active: they seal new values, or decrypt-only: they open former ones until rewrap --destroy. What\n"
     "is to be done has its command beside it. Secrets past their date (put --expires) are told, and those within 30\n"
     "days. Never used are those without a granted use in the audit log, which is read whole; renamings in it are\n"
     "followed. A copy of a vault begins a log of its own. Canaries are shown here: keep the output to yourself. No\n"
     "value is opened, nothing is changed or recorded. With --check, for cron: the exit status is 5 if a key is due,\n"
     "a secret is past its date, or the last backup or anchor is older than two days, or than --backup and --anchor\n"
     "say: with these also if there never was one.",
     "bulla status --check --backup 2d --anchor 1h", status_options, 0, 1, bulla_run_status},
    {"rewrap", vault_group, "", "Seal anew what is sealed under older versions of tenants' keys.",
     "Others can use the vault meanwhile. Ctrl-C ends it between two batches; run again, it goes on. With --destroy\n"
     "the versions that nothing needs any more are destroyed, and nothing of them is left in the vault's files.",
     "bulla rewrap --tenant acme --destroy", rewrap_options, 0, 0, bulla_run_rewrap},
    {"shred", vault_group, "TENANT", "Destroy all keys of a tenant, and all that it has.",
     "Entries, history, API keys and revoked tokens are deleted, and the details of its audit records become noise;\n"
     "the log still verifies. Backups from before still hold what they hold: destroy them too.",
     "bulla shred acme --yes --reason \"contract ended\"", shred_options, 1, 1, bulla_run_shred},
    {"put", vault_group, "TENANT/ENTRY [FIELD=VALUE]…", "Write fields of an entry, plain or secret, all or none.",
     "FIELD=VALUE writes a plain field. The value of a secret is never an argument. At a terminal each --secret is\n"
     "prompted for twice without echo; otherwise one --secret reads all of standard input, byte for byte: a trailing\n"
     "newline is part of the value, so use printf, not echo. An empty secret is refused.\n"
     "A field keeps its mask, padding and date until others are given, and a canary stays one until it is removed.",
     "printf %s \"$PASSWORD\" | bulla put acme/warehouse host=db.acme.example --secret password", put_options, 1,
     SIZE_MAX, bulla_run_put},
    {"history", vault_group, "TENANT/ENTRY [FIELD]", "Show the revisions of a field that are kept, secret ones masked.",
     "The newest of each field, which is the current one, comes first. TENANT/ENTRY:FIELD works as well. To open one:\n"
     "bulla get --revision. To put it again: bulla restore --revision. Revisions that are not kept any more are gone.",
     "bulla history acme/warehouse password", no_options, 1, 2, bulla_run_history},
    {"keep", vault_group, "[TENANT/ENTRY] [N|vault]", "Say how many former revisions of a field are kept: 0 to 100.",
     "Without an entry, what the vault keeps: 3 unless another number was set; fields that have more lose them when\n"
     "they are put next. An entry may have a number of its own, which holds at once; vault takes it away. Without a\n"
     "number, it is printed. Sealed as they are, former revisions still are in the database until they are deleted.",
     "bulla keep acme/warehouse 0", reason_options, 0, 2, bulla_run_keep},
    {"show", vault_group, "TENANT/ENTRY", "Show the fields of an entry, the secret ones masked.", NULL,
     "bulla show acme/warehouse --json", no_options, 1, 1, bulla_run_show},
    {"list", vault_group, "[TENANT]", "List the entries of a tenant, or of all tenants.", NULL, "bulla list acme",
     no_options, 0, 1, bulla_run_list},
    {"rm", vault_group, "TENANT[/ENTRY [FIELD]…]", "Remove an entry, some of its fields, or a tenant without entries.",
     "Removing its last field removes the entry. A tenant can be removed once its API keys are revoked; its audit\n"
     "records stay.",
     "bulla rm acme/warehouse pasword", reason_options, 1, SIZE_MAX, bulla_run_rm},
    {"mv", vault_group, "TENANT[/ENTRY [FIELD]] NAME", "Rename a tenant, an entry or a field.",
     "Write an entry's new name as TENANT/NAME, with the same tenant. A tenant with live API keys cannot be renamed,\n"
     "because their tokens contain its name.",
     "bulla mv acme/warehouse pasword password", reason_options, 2, 3, bulla_run_mv},
    {"import hex", vault_group, "", "Import iv:authTag:ciphertext values as secret fields, all or none.",
     "Standard input has lines of three columns without quotes: entry,field,iv:authTag:ciphertext. The first line\n"
     "may be exactly that header; empty lines are skipped. Errors name the line. Give either --key-env or --key.\n"
     "Nothing is guessed: input that does not match the options is refused.",
     "bulla import hex --key-env ENCRYPTION_KEY --tenant acme < keys.csv", import_options, 0, 0, bulla_run_import_hex},
    {"export", vault_group, "TARGET_URL", "Copy all of the vault into another one, under keys of its own.",
     "The target is made if there is none, with its root key, as init does. Values are opened and sealed anew in\n"
     "locked memory, and each is recorded in the vault's audit log first. API keys and tokens stay valid. The log is\n"
     "not copied. If it was interrupted, the same command goes on. At the end the rows of both are counted. Stop\n"
     "whoever writes to the vault before, or run it twice and stop them before the second time. A target with\n"
     "anything of its own is refused.",
     "bulla export postgres:///vault --target-root file:server.key", export_options, 1, 1, bulla_run_export},
    {"import vault", vault_group, "SOURCE_URL", "Copy all of another vault into this one, as export does.",
     "The vault is made if there is none. See bulla export --help.",
     "bulla import vault postgres:///vault --source-root file:server.key --vault sqlite:copy.db", import_vault_options,
     1, 1, bulla_run_import_vault},

    {"get", use_group, "TENANT/ENTRY FIELD", "Print the value of a field; the audit record is written first.",
     "The value goes to standard output byte for byte, with nothing added. TENANT/ENTRY:FIELD works as well.",
     "bulla get acme/warehouse password --reason \"ticket 4711\"", get_options, 1, 2, bulla_run_get},
    {"exec", use_group, "-- COMMAND [ARGUMENT]…", "Run a command with secrets in its environment, each audited first.",
     "All fields are opened under one commit, at most 1024. If one of them is refused, nothing runs. If they cannot\n"
     "all be passed on, none is opened. A variable that is set twice is an error. --env-all turns pass.word into\n"
     "PASS_WORD; --prefix is put before it. The file of --file has no name but /proc/self/fd/N, and cannot be\n"
     "changed: the command and whatever inherits its descriptors read it. In the file of --env-file, blank lines and\n"
     "lines that begin with # are skipped; a value may stand between two \" or two ', without escapes.\n"
     "With --mask bulla stays, and writes ******** for the secret values in the output, also if they are in base64,\n"
     "hexadecimal, URL or JSON form or cut across writes; values of less than 4 bytes are not hidden. At a terminal\n"
     "the command has one of its own. It hides slips, not what the command hides from it.\n"
     "The command inherits bulla's signals, descriptors and variables, except those that lead to a key of the vault:\n"
     "BULLA_ROOT, BULLA_ACTOR, the variable or descriptor it was read from, and CREDENTIALS_DIRECTORY if it lies\n"
     "there; with a vault on a server also BULLA_VAULT and PGPASSWORD. Core dumps are off. The exit status is the "
     "command's; 125 if\n"
     "bulla fails first, 126 if the command cannot be run, 127 if it is not found.",
     "bulla exec --env PGPASSWORD=acme/warehouse:password --reason backup -- pg_dump -h db.acme.example",
     bulla_exec_options, 0, SIZE_MAX, bulla_run_exec, .failure = BULLA_EXEC_FAILED},

    {"limit set", use_group, "KIND SCOPE[:NAME] RATE[/s|/m|/h|/d]", "Limit how often something may be done.",
     "KIND is use (fields and API keys that are opened), change (calls that change something) or miss (uses of a\n"
     "field that is not there: after too many, no use passes). SCOPE is actor, tenant or origin, with its NAME or\n"
     "each one that has no limit of its own. RATE 0 lets nothing pass, none removes the limit. All processes together\n"
     "keep to it. What a limit refuses ends with status 1 and says how long to wait; with --json the line is an\n"
     "object, with retry_after in seconds, or null for never. Who may write to the database can lift limits.",
     "bulla limit set use actor 100/m --burst 20", limit_options, 3, 3, bulla_run_limit_set},
    {"limit list", use_group, "", "List the limits.", NULL, "bulla limit list", no_options, 0, 0, bulla_run_limit_list},
    {"limit rm", use_group, "KIND SCOPE[:NAME]", "Remove a limit.", NULL, "bulla limit rm use actor", reason_options, 2,
     2, bulla_run_limit_rm},

    {"actor create", actors_group, "NAME", "Make an actor, with a key of its own, and print that key, once.",
     "The vault stores what it needs to know the actor by, never the key. Write it to a file that nobody else can "
     "read.\n"
     "It is for this vault alone: another one in its place is refused, and nothing is sealed to that. An actor may do\n"
     "what bulla grant gives it, and cannot compute more. Nobody gets its name again. Takes the root, as all of these.",
     "(umask 077; bulla actor create front > front.key)\n"
     "  bulla list --as file:front.key",
     bulla_actor_options, 1, 1, bulla_run_actor_create},
    {"actor list", actors_group, "", "List the actors, also those that were revoked.", NULL, "bulla actor list",
     no_options, 0, 0, bulla_run_actor_list},
    {"actor revoke", actors_group, "NAME", "Revoke an actor: its key opens the vault no more.",
     "All its grants end. What it has put is checked, and sealed as if the root had put it; with --distrust it is "
     "not,\n"
     "and does not open any more. What the actor could open stays known to it in copies of the vault, and until new "
     "keys\n"
     "are made: those of its tenants are due, as bulla status says, and --now makes them. Then bulla rewrap "
     "--destroy,\n"
     "and change at their origin the values that it opened: bulla audit report --breach actor:NAME.",
     "bulla actor revoke front --now --reason \"host was broken into\"", bulla_actor_revoke_options, 1, 1,
     bulla_run_actor_revoke},
    {"grant", actors_group, "NAME ROLE [TENANT]", "Give an actor a role on a tenant, or with --all-tenants on all.",
     "ROLE is a key, and what it is for:\n"
     "  put     write values, plain and secret, and read back no secret, not even what it wrote\n"
     "  show    list entries, show them with masks\n"
     "  use     open values, each audited first; show is in it\n"
     "  verify  verify and refresh tokens; whoever can could mint them too\n"
     "  audit   read the audit log of the tenant; of all, also verify it\n"
     "A tenant must be there. Those that are made later are in --all-tenants. An actor of the name list or rm: bulla\n"
     "grant -- list use acme.",
     "bulla grant front put acme\n  bulla grant sync use --all-tenants", bulla_grant_options, 2, 3, bulla_run_grant},
    {"grant list", actors_group, "[NAME]", "List grants, of one actor or of all.",
     "Those that are in force, or with --ended also the others. \"*\" is all tenants.", "bulla grant list front",
     bulla_grant_list_options, 0, 1, bulla_run_grant_list},
    {"grant rm", actors_group, "NAME ROLE [TENANT]", "End a grant.",
     "The actor gets no key of it that is made from now on. What it could open until now is due, as after actor "
     "revoke.",
     "bulla grant rm sync use acme", bulla_grant_options, 2, 3, bulla_run_grant_rm},

    {"audit log", audit_group, "", "Print the audit log, oldest first.",
     "TIME is in UTC: YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS, today, seconds since 1970, or how long ago: 90s 30m 2h 7d 4w.\n"
     "An option that is given several times takes any of its values. --follow ends by SIGINT, or when nobody reads\n"
     "any more. With --json, one object per line, for jq or json.tool --json-lines.",
     "bulla audit log --since 7d --tenant acme --outcome failed --outcome not-found --json", bulla_log_options, 0, 0,
     bulla_run_audit_log},
    {"audit report", audit_group, "", "Say what was opened, by whom and from where, and what is unusual in it.",
     "Canaries first. Then, compared with all of the log before: bursts (an hour with more than 20 tries, and more\n"
     "than 4 times as many as in the actor's busiest hour before), openings in an hour of the day in which the actor\n"
     "never opened anything before, and what was seen for the first time. Times as for audit log, in UTC.\n"
     "--breach says what a leaked root, a tenant's secret, an actor or a backup of a date exposed, which values and\n"
     "API keys must be changed, which were changed since, and what to do. --json prints one object. The page of\n"
     "--html needs no network and runs no script.",
     "bulla audit report --since 7d --html week.html", bulla_report_options, 0, 0, bulla_run_audit_report},
    {"audit verify", audit_group, "", "Check the chain of the audit log from its first record to its head.",
     "If a record was changed, removed, added or swapped, its number is printed and the exit status is 1. The head is\n"
     "printed: it stands for all records. With --anchor also a log that was cut or replaced since is found.",
     "bulla audit verify --anchor 2026-01-31.anchor", bulla_audit_verify_options, 0, 0, bulla_run_audit_verify},
    {"audit anchor", audit_group, "", "Print a signed note of where the audit log ends now.",
     "Keep it where nobody who can write to the vault can: audit verify --anchor finds a log that is shorter than, or\n"
     "another than, the anchored one. A record, checkpoint, is written first.",
     "bulla audit anchor --out 2026-01-31.anchor", bulla_anchor_options, 0, 0, bulla_run_audit_anchor},

    {"apikey create", token_group, "", "Make an API key and print its string, once.",
     "The vault stores what verifying needs, never the string. Write it to a file that nobody else can read.",
     "(umask 077; bulla apikey create --tenant acme --name embed > apikey)", bulla_apikey_create_options, 0, 0,
     bulla_run_apikey_create},
    {"apikey list", token_group, "", "List API keys, oldest first.", NULL, "bulla apikey list --tenant acme",
     tenant_options, 0, 0, bulla_run_apikey_list},
    {"apikey revoke", token_group, "ID|NAME", "Revoke an API key: its tokens are refused from now on.",
     "A name must belong to exactly one live API key; --tenant T narrows the search. Programs that verify tokens with\n"
     "the library, on any machine if the vault is on a server, refuse them at once too, if they use the vault's\n"
     "verifier or its generation.",
     "bulla apikey revoke 0123456789abcdef", bulla_apikey_revoke_options, 1, 1, bulla_run_apikey_revoke},
    {"apikey jwk", token_group, "ID", "Print one day's token key of an API key as a JWK; audited first.",
     "Any JOSE library reads that day's tokens with it, and can forge them: the audit log has a record of its own,\n"
     "apikey-export with the day. Days other than yesterday, today and tomorrow need --any-day.",
     "(umask 077; bulla apikey jwk 0123456789abcdef --day today > day.jwk)", bulla_apikey_jwk_options, 1, 1,
     bulla_run_apikey_jwk},
    {"token mint", token_group, "", "Mint a token with an API key; needs no vault.",
     "The file of --claims may hold perms and attrs, unless given as options, and custom claims; the other known\n"
     "claims have options of their own. Whether --org owns the key is checked when verifying. Without --jti a token\n"
     "can be ended only by revoking its API key.",
     "bulla token mint --apikey-file apikey --org acme --sub alice --perm read --attr region=EU --ttl 600",
     bulla_token_mint_options, 0, 0, bulla_run_token_mint},
    {"token verify", token_group, "", "Verify the token on standard input and print its claims as JSON.", NULL,
     "bulla token verify --aud dashboards < token", bulla_token_verify_options, 0, 0, bulla_run_token_verify},
    {"token refresh", token_group, "", "Refresh the token on standard input, which must still be good.",
     "It has the same claims and lifetime as the old one, but does not outlive the session, which began with its\n"
     "first token.",
     "bulla token refresh --session 28800 < token > next", bulla_token_refresh_options, 0, 0, bulla_run_token_refresh},
    {"token revoke", token_group, "", "Revoke the session of the token on standard input, by its jti.",
     "The token must be authentic. It may have expired or been refreshed: it can be revoked as long as any verifier\n"
     "or refresh could accept it or what it was refreshed to, which is 30 days and an hour from the first token of\n"
     "its session. With --jti and --tenant no token is needed, and the revocation is kept for 30 days and two hours:\n"
     "as long as any token with that jti that may be good now can be refreshed. A token without jti can be ended\n"
     "only by revoking its API key.",
     "bulla token revoke --reason logout < token", bulla_token_revoke_options, 0, 0, bulla_run_token_revoke},
    {"token inspect", token_group, "", "Show the unencrypted part of the token on standard input; proves nothing.",
     NULL, "bulla token inspect < token", no_options, 0, 0, bulla_run_token_inspect},

    {"seal", seal_group, "", "Seal standard input, at most 1 MiB, to standard output.", NULL,
     "bulla seal --key blob.key --context invoice/17 < invoice.pdf > invoice.sealed", bulla_seal_options, 0, 0,
     bulla_run_seal},
    {"open", seal_group, "", "Open what seal has made, from standard input to standard output.", NULL,
     "bulla open --key blob.key --context invoice/17 < invoice.sealed > invoice.pdf", bulla_seal_options, 0, 0,
     bulla_run_open},
    {"keygen", seal_group, "", "Print a new random key: 64 hexadecimal digits, or with --jwk a JSON Web Key.",
     "A JWK has its private part and an \"alg\": give others what bulla jwk public makes of it. Its \"kid\" is the\n"
     "thumbprint, of a shared key none, unless --kid is given. Its \"alg\" names an enc only for a shared (dir) key,\n"
     "such as A256GCM.",
     "(umask 077; bulla keygen > blob.key)\n"
     "  (umask 077; bulla keygen --jwk ECDH-ES+A256KW > alice.jwk)\n"
     "  (umask 077; bulla keygen --jwk A256GCM --kid 2026-01 > shared.jwk)",
     bulla_keygen_options, 0, 0, bulla_run_keygen},

    {"jwe encrypt", jose_group, "", "Encrypt standard input for a JSON Web Key; the JWE goes to standard output.",
     "ALG is dir, A128KW, A192KW, A256KW, A128GCMKW, A192GCMKW, A256GCMKW, ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A192KW,\n"
     "ECDH-ES+A256KW, RSA-OAEP or RSA-OAEP-256; ENC is A128GCM, A192GCM, A256GCM, A128CBC-HS256, A192CBC-HS384 or\n"
     "A256CBC-HS512. --alg may be omitted if the JWK has one, and must not differ. A public key is enough, and all\n"
     "may read its file. The plaintext has at most about 785,000 bytes, the JWE 1 MiB. No newline follows it, except\n"
     "on a terminal: many libraries refuse one. Needs no vault.",
     "bulla jwe encrypt --jwk alice.pub --enc A256GCM < note > note.jwe\n"
     "  bulla jwe encrypt --jwk alice.pub --jwk bob.pub --enc A256GCM --aad to.txt < note > note.json",
     bulla_jwe_encrypt_options, 0, 0, bulla_run_jwe_encrypt},
    {"jwe decrypt", jose_group, "", "Decrypt the JWE on standard input, in any form, to standard output.",
     "The key is pinned to one alg and one enc before anything in the input is trusted: by the \"alg\" of the JWK,\n"
     "--alg and --enc. From a JWK Set the key is the one whose kid the JWE names; keys are never tried in turn.\n"
     "Whatever does not open ends with status 1, and nothing is printed. The files of --header-out and --aad-out have\n"
     "what was authenticated beside the plaintext; without these options, --typ or --aad, the header and the aad go\n"
     "unread. Needs no vault.",
     "bulla jwe decrypt --jwk alice.jwk --enc A256GCM < note.jwe > note\n"
     "  bulla jwe decrypt --jwks keys.json --enc A256GCM --typ JWT < token",
     bulla_jwe_decrypt_options, 0, 0, bulla_run_jwe_decrypt},
    {"jwe inspect", jose_group, "", "Show what the JWE on standard input says before it is decrypted; proves nothing.",
     "A line about its form, and for each recipient the members of all its headers. With --json one object: form,\n"
     "ciphertext_bytes, headers. What is malformed, or has a header that is refused whatever the key, ends with "
     "status\n"
     "1.",
     "bulla jwe inspect < note.jwe", no_options, 0, 0, bulla_run_jwe_inspect},
    {"jwk public", jose_group, "", "Print the JWK on standard input without its private part.", NULL,
     "bulla jwk public < alice.jwk > alice.pub", no_options, 0, 0, bulla_run_jwk_public},
    {"jwk thumbprint", jose_group, "", "Print the thumbprint, RFC 7638 with SHA-256, of the JWK on standard input.",
     "In base64url. It is the same for a key with its private part and without. That of a shared key is a hash of it:\n"
     "do not show it for a key that is not random.",
     "bulla jwk thumbprint < alice.pub", no_options, 0, 0, bulla_run_jwk_thumbprint},
    {"jwk from-pem", jose_group, "", "Print as a JWK the key on standard input, which is in PEM.",
     "PRIVATE KEY, EC PRIVATE KEY, RSA PRIVATE KEY, PUBLIC KEY or RSA PUBLIC KEY, not encrypted. PEM says neither\n"
     "\"kid\" nor \"alg\". Without --alg the JWK is good for each ALG of its kind, which is given where it is used. "
     "Keys\n"
     "of one ALG that one JWE is encrypted for need a kid each.",
     "openssl x509 -pubkey -noout < partner.crt | bulla jwk from-pem --kid partner --alg RSA-OAEP-256 > partner.pub\n"
     "  (umask 077; bulla jwk from-pem < server.pem > server.jwk)",
     bulla_jwk_from_pem_options, 0, 0, bulla_run_jwk_from_pem},
    {"jwk to-pem", jose_group, "", "Print the JWK on standard input in PEM: PRIVATE KEY, or PUBLIC KEY.", NULL,
     "bulla jwk to-pem --public < alice.jwk", bulla_jwk_to_pem_options, 0, 0, bulla_run_jwk_to_pem},

    {"help", other_group, "[COMMAND]", "Print the help of a command, or of all.", NULL, "bulla help token mint",
     no_options, 0, 2, bulla_run_help},
    END};
