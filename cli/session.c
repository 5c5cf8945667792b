/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Opens the vault for a sub-command. The actor is taken from the system, not from USER or LOGNAME, which any
 * user can set to any name; SUDO_USER counts only where the process is root's, who could say anything anyway. */

#include "cli/session.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/opener.h"
#include "cli/options.h"
#include "cli/process.h"
#include "cli/prompt.h"
#include "cli/word.h"
#include "core/hex.h"
#include "core/json.h"
#include "core/log.h"
#include "store/db.h"
#include "store/provider.h"
#include "store/root.h"

/* The one provider that the command has by itself: it asks. */
static const char passphrase_provider[] = "passphrase";

static const char *option_or_variable(const struct bulla_cli *cli, const char *option, const char *variable) {
  const char *value = bulla_option_value(cli, option);
  if (value == NULL) {
    value = getenv(variable);
  }
  return value != NULL && value[0] != '\0' ? value : NULL;
}

void bulla_session_other(struct bulla_cli *cli, const char *url_name, const char *root_option) {
  cli->other_url = cli->operands[0];
  cli->other_provider = bulla_option_value(cli, root_option + strlen("--"));
  cli->url_name = url_name;
  cli->root_name = root_option;
}

void bulla_session_first(struct bulla_cli *cli) {
  cli->other_url = NULL;
  cli->other_provider = NULL;
  cli->url_name = NULL;
  cli->root_name = NULL;
}

const char *bulla_session_url(const struct bulla_cli *cli) {
  const char *url = cli->other_url != NULL ? cli->other_url : option_or_variable(cli, "vault", "BULLA_VAULT");
  return url == NULL ? "sqlite:bulla.db" : url;
}

/* Of a server the host, the port and the database are shown, if they are certainly that: what is not encoded may be a
 * part of a password, also where there is no '@'. */
const char *bulla_session_shown_url(const struct bulla_cli *cli, char room[BULLA_SESSION_URL_MAX]) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const char *url = bulla_session_url(cli);
  const char *place = strstr(url, "://");
  if (bulla_db_url_is_public(url)) {
    return url;
  }
  if (place == NULL || strncmp(url, "postgres", 8) != 0) {
    return "";
  }
  place += 3;
  const char *at = strchr(place, '@');
  const char *host = at != NULL ? at + 1 : place;
  const char *end = host + strspn(host, plain);
  end += *end == ':' ? 1 + strspn(end + 1, "0123456789") : 0;
  end += *end == '/' ? 1 + strspn(end + 1, plain) : 0;
  bool is_clear = *end == '\0' || *end == '?';
  (void)snprintf(room, BULLA_SESSION_URL_MAX, "postgres://%.*s", is_clear ? (int)(end - host) : 0, host);
  return room;
}

void bulla_session_at_vault(struct bulla_cli *cli) {
  char room[BULLA_SESSION_URL_MAX];
  const char *url = bulla_session_shown_url(cli, room);
  bulla_cli_at(cli, "vault%s%s", url[0] != '\0' ? " " : "", url);
}

/* at_key notes that the run works on the key of |provider|, which is |what|. */
static void at_key(struct bulla_cli *cli, const char *what, const char *provider) {
  const char *rest = NULL;
  enum bulla_provider kind = bulla_provider_split(&rest, provider);
  /* The key itself, written where its name belongs, must not reach a log. */
  if (kind == BULLA_PROVIDER_NONE || strspn(rest, "0123456789abcdefABCDEF") >= (size_t)(2 * BULLA_KEY_LEN) ||
      strstr(rest, "bullaa_") != NULL) {
    bulla_cli_at(cli, "%s", what);
    return;
  }
  /* Nor what a program is given behind its name. */
  bool is_program = kind == BULLA_PROVIDER_CMD || kind == BULLA_PROVIDER_WRAP;
  size_t len = is_program ? strcspn(rest, " ") : strlen(rest);
  bulla_cli_at(cli, "%s %.*s%.*s", what, (int)(rest - provider), provider, (int)len, rest);
}

void bulla_session_at_root(struct bulla_cli *cli, const char *provider) {
  at_key(cli, "root key", provider);
}

static enum bulla_status ask_passphrase(struct bulla_cli *cli, struct bulla_root **root, bool fresh) {
  struct bulla_secret *passphrase BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *again BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_prompt(cli, &passphrase, fresh ? "new passphrase" : "passphrase of the vault", BULLA_PASSPHRASE_MAX));
  if (bulla_secret_bytes(passphrase).len == 0) {
    return bulla_cli_error(cli, BULLA_ROOT_MALFORMED, "a passphrase has 1 to %d bytes: try again",
                           BULLA_PASSPHRASE_MAX);
  }
  if (fresh) {
    BULLA_TRY(bulla_prompt(cli, &again, "the same passphrase again", BULLA_PASSPHRASE_MAX));
    if (!bulla_secret_equal(bulla_secret_bytes(passphrase), bulla_secret_bytes(again))) {
      return bulla_cli_error(cli, BULLA_ROOT_MALFORMED, "the two passphrases differ: try again");
    }
  }
  return bulla_root_passphrase(root, bulla_secret_bytes(passphrase));
}

enum bulla_status bulla_session_root(struct bulla_cli *cli, struct bulla_root **root, const char *provider,
                                     bool fresh) {
  bulla_session_at_root(cli, provider);
  if (strcmp(provider, passphrase_provider) == 0) {
    return ask_passphrase(cli, root, fresh);
  }
  enum bulla_status status = bulla_root_open(root, provider);
  return status == BULLA_UNSUPPORTED
             ? bulla_cli_error(cli, status, "--root or BULLA_ROOT takes one of " BULLA_OPENER_ROOTS)
             : status;
}

enum bulla_status bulla_session_memory(size_t values_len) {
  struct bulla_memory_options memory = {.size = sizeof(struct bulla_memory_options)};
  for (;;) {
    memory.arena_size = BULLA_WORKING_ROOM + values_len;
    enum bulla_status status = bulla_memory_init(&memory);
    if ((status != BULLA_LOCK_LIMIT && status != BULLA_TOO_LARGE) || values_len == 0) {
      return status;
    }
    values_len /= 2;
  }
}

enum bulla_status bulla_session_arena_full(struct bulla_cli *cli, size_t values_len) {
  return bulla_cli_error(cli, BULLA_ARENA_FULL,
                         "%zu KiB of values do not fit into the memory that may be locked: take fewer at a time, or "
                         "raise the limit to %zu KiB (ulimit -l)",
                         values_len / 1024 + 1, (2 * BULLA_WORKING_ROOM + values_len) / 1024);
}

/* read_pin fills |len| |bytes| from the option |name| or from |variable| and sets |*given| to them, or to nothing. A
 * variable that is set but empty is no pin: what was to be pinned must not go unpinned. */
static enum bulla_status read_pin(struct bulla_cli *cli, struct bulla_span *given, uint8_t *bytes, size_t len,
                                  const char *name, const char *variable) {
  const char *text = bulla_option_value(cli, name);
  text = text != NULL ? text : getenv(variable);
  *given = bulla_span(bytes, text == NULL ? 0 : len);
  if (text == NULL) {
    return BULLA_OK;
  }
  struct bulla_span digits = bulla_without_newline(bulla_text(text), 0);
  if (digits.len != 2 * len || !bulla_hex_decode(bytes, digits)) {
    return bulla_cli_usage(cli, "--%s or %s is not %s of %zu hexadecimal digits", name, variable,
                           len == BULLA_VAULT_ID_LEN ? "a vault id" : "a fingerprint", 2 * len);
  }
  return BULLA_OK;
}

/* read_generation reads the floor of the directory, or 0. */
static enum bulla_status read_generation(struct bulla_cli *cli, int64_t *generation) {
  const char *text = bulla_option_value(cli, "generation");
  text = text != NULL ? text : getenv("BULLA_GENERATION");
  *generation = 0;
  bool is_read = text == NULL || (bulla_word_digits(generation, &text) && *text == '\0' && *generation < INT64_MAX);
  return is_read ? BULLA_OK
                 : bulla_cli_usage(cli, "--generation or BULLA_GENERATION is not a number, as bulla status prints it");
}

/* check_who looks at what the log is to say, so that it is not taken for a fault of what is to be done. */
static enum bulla_status check_who(struct bulla_cli *cli) {
  static const char *const options[] = {"actor", "reason"};
  for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
    const char *value = NULL;
    size_t at = 0;
    while (bulla_option_next(cli, options[i], &at, &value)) {
      struct bulla_span text = bulla_text(value);
      bulla_cli_at(cli, "--%s", options[i]);
      if (text.len > BULLA_WHO_MAX) {
        return bulla_cli_error(cli, BULLA_TOO_LARGE, "too large: at most %d bytes", BULLA_WHO_MAX);
      }
      if (!bulla_json_valid_string(text)) {
        return bulla_cli_error(cli, BULLA_INVALID_TEXT, "it is not valid UTF-8, or has a noncharacter");
      }
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_session_pins(struct bulla_cli *cli, struct bulla_session_pins *pins) {
  if (cli->other_url != NULL) {
    pins->id = bulla_span(NULL, 0);
    pins->fingerprint = bulla_span(NULL, 0);
    pins->generation = 0;
    return BULLA_OK;
  }
  BULLA_TRY(read_generation(cli, &pins->generation));
  BULLA_TRY(read_pin(cli, &pins->id, pins->id_bytes, sizeof(pins->id_bytes), "vault-id", "BULLA_VAULT_ID"));
  return read_pin(cli, &pins->fingerprint, pins->fingerprint_bytes, sizeof(pins->fingerprint_bytes), "fingerprint",
                  "BULLA_FINGERPRINT");
}

enum bulla_status bulla_session_known(struct bulla_cli *cli, struct bulla_root **root,
                                      struct bulla_session_pins *pins) {
  const char *provider = NULL;
  BULLA_TRY(check_who(cli));
  BULLA_TRY(bulla_session_pins(cli, pins));
  BULLA_TRY(bulla_opener_root(cli, &provider));
  bulla_process_load_ahead();
  return bulla_session_root(cli, root, provider, false);
}

static struct bulla_vault_options options_of(const struct bulla_session_pins *pins) {
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  options.id = pins->id;
  options.fingerprint = pins->fingerprint;
  options.generation = pins->generation;
  return options;
}

/* explain_key returns the status of reading an actor's key, and notes a text where the status is about roots. */
static enum bulla_status explain_key(struct bulla_cli *cli, enum bulla_status status) {
  switch (status) {
    case BULLA_UNSUPPORTED:
      return bulla_cli_error(cli, status, "--as or BULLA_ACTOR takes one of " BULLA_OPENER_ACTORS);
    case BULLA_SECRET_UNAVAILABLE:
      return bulla_cli_error(cli, status, "%s: fix that, or give another with --as", bulla_status_text(status));
    case BULLA_ROOT_MALFORMED:
      return bulla_cli_error(cli, status,
                             "not the key of an actor: copy it once more, whole, as bulla actor create printed it");
    case BULLA_ROOT_WRONG:
      return bulla_cli_error(cli, status,
                             "not the key of an actor: copy it once more, whole, or have a new actor made");
    default:
      return status;
  }
}

/* explain_actor does so of opening the vault as an actor. */
static enum bulla_status explain_actor(struct bulla_cli *cli, enum bulla_status status) {
  switch (status) {
    case BULLA_ROOT_WRONG:
      return bulla_cli_error(cli, status,
                             "this vault has no such actor: restore it from a newer backup, or have a new actor made");
    case BULLA_REVOKED:
      return bulla_cli_error(
          cli, status, "the actor was revoked: have a new one made by whoever has the root, with bulla actor create");
    case BULLA_WRONG_VAULT:
      return bulla_cli_error(cli, status,
                             "not the vault that this key is for, or that is pinned: name that one with --vault, and "
                             "find out who put this vault there");
    default:
      return bulla_session_explain(cli, status);
  }
}

/* open_as opens the vault as the actor whose key |provider| gives. */
static enum bulla_status open_as(struct bulla_cli *cli, struct bulla_vault **vault, const char *provider) {
  struct bulla_actor *actor BULLA_CLEANUP(bulla_actor_free) = NULL;
  struct bulla_session_pins pins;
  BULLA_TRY(bulla_session_pins(cli, &pins));
  at_key(cli, "actor's key", provider);
  bulla_process_load_ahead();
  BULLA_TRY(explain_key(cli, bulla_actor_open(&actor, provider)));
  bulla_session_at_vault(cli);
  const struct bulla_vault_options options = options_of(&pins);
  cli->is_actor = true;
  return explain_actor(cli, bulla_vault_open_as(vault, bulla_session_url(cli), actor, &options));
}

enum bulla_status bulla_session_vault(struct bulla_cli *cli, struct bulla_vault **vault) {
  struct bulla_opener opener;
  BULLA_TRY(check_who(cli));
  BULLA_TRY(bulla_opener_find(cli, &opener));
  return opener.is_actor ? open_as(cli, vault, opener.provider) : bulla_session_root_vault(cli, vault);
}

enum bulla_status bulla_session_root_vault(struct bulla_cli *cli, struct bulla_vault **vault) {
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  return bulla_session_vault_by(cli, vault, &root);
}

enum bulla_status bulla_session_vault_by(struct bulla_cli *cli, struct bulla_vault **vault, struct bulla_root **root) {
  struct bulla_session_pins pins;
  BULLA_TRY(bulla_session_known(cli, root, &pins));
  bulla_session_at_vault(cli);
  const struct bulla_vault_options options = options_of(&pins);
  enum bulla_status status = bulla_vault_open(vault, bulla_session_url(cli), *root, &options);
  if (status == BULLA_WRONG_VAULT && pins.fingerprint.len == 0 && !bulla_root_is_proof(*root)) {
    return cli->other_url != NULL
               ? bulla_cli_error(cli, status,
                                 "a recipient's key or a program opens it only with its fingerprint: name this vault "
                                 "by BULLA_VAULT and BULLA_FINGERPRINT, and copy the other way")
               : bulla_cli_error(
                     cli, status,
                     "a recipient's key or a program opens it only with --fingerprint or BULLA_FINGERPRINT: info "
                     "prints it where the vault opens by another root, and root add printed it");
  }
  return bulla_session_explain(cli, status);
}

static bool is_on_server(const struct bulla_cli *cli) {
  return strncmp(bulla_session_url(cli), "postgres", strlen("postgres")) == 0;
}

static bool is_passphrase(struct bulla_cli *cli) {
  const char *provider = NULL;
  return bulla_opener_root(cli, &provider) == BULLA_OK && strcmp(provider, passphrase_provider) == 0;
}

/* Whether what was refused is older than the options say, which the detail begins with: store/open.c. */
static bool is_of_generation(const struct bulla_cli *cli) {
  static const char start[] = "the directory has generation ";
  return strncmp(cli->detail, start, sizeof(start) - 1) == 0;
}

/* Whether the database was put beside the log of another: store/db_sqlite_log.c. */
static bool is_of_log(const struct bulla_cli *cli) {
  static const char start[] = "the log beside it, ";
  return strncmp(cli->detail, start, sizeof(start) - 1) == 0;
}

enum bulla_status bulla_session_explain(struct bulla_cli *cli, enum bulla_status status) {
  bool is_server = is_on_server(cli);
  switch (status) {
    case BULLA_UNSUPPORTED:
      return bulla_cli_error(cli, status, "%s",
                             is_server
                                 ? "not supported: docs/POSTGRESQL.md says what a URL and a server must be"
                                 : "write sqlite:PATH or postgres://HOST/DATABASE with --vault or in BULLA_VAULT");
    case BULLA_NO_VAULT:
      return is_server ? bulla_cli_error(cli, status,
                                         "there is no vault here: make the database with createdb and the vault with "
                                         "bulla init, or name another with --vault")
                       : status;
    case BULLA_EXISTS:
      return bulla_cli_error(cli, status, "a %s exists already and is left as it is: name another vault with --vault",
                             is_server ? "schema \"bulla\" in this database" : "file");
    case BULLA_ROOT_WRONG:
      return is_passphrase(cli)
                 ? bulla_cli_error(cli, status, "this vault was made with another passphrase or root key: try again")
                 : status;
    case BULLA_AUDIT_BROKEN:
      return is_of_generation(cli)
                 ? bulla_cli_error(cli, status,
                                   "older than --generation or BULLA_GENERATION says: correct that if it is a slip; "
                                   "else the vault was restored from a backup, or somebody put an older one back")
                 : status;
    case BULLA_VAULT_MOVED:
      return is_of_log(cli) ? bulla_cli_error(cli, status,
                                              "the log beside it, which ends in -wal, is that of another database, or "
                                              "of another state: put back the one that it is of, or, if this one is "
                                              "to stay, move what ends in -wal and -shm away")
                            : status;
    default:
      return status;
  }
}

/* Ends the walk of bulla_session_tenant at the first entry. */
static enum bulla_status stop(void *arg, const struct bulla_entry_view *entry) {
  (void)arg;
  (void)entry;
  return BULLA_EXISTS;
}

void bulla_session_at_tenant(struct bulla_cli *cli, struct bulla_span tenant, const char *what) {
  if (bulla_word_is_name(tenant)) {
    bulla_cli_at(cli, "tenant %.*s", (int)tenant.len, (const char *)tenant.data);
  } else {
    bulla_cli_at(cli, "%s", tenant.len > 0 ? what : cli->command->name);
  }
}

enum bulla_status bulla_session_tenant(const struct bulla_cli *cli, struct bulla_vault *vault,
                                       struct bulla_span tenant) {
  /* An actor may need another role for a look than for what it is about. */
  if (tenant.len == 0 || cli->is_actor) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_vault_list(vault, tenant, stop, NULL);
  return status == BULLA_EXISTS ? BULLA_OK : status;
}

static void name_actor(char *actor, size_t size) {
  uid_t uid = getuid();
  const char *sudo_user = getenv("SUDO_USER");
  if (uid == 0 && sudo_user != NULL && sudo_user[0] != '\0') {
    (void)snprintf(actor, size, "%s", sudo_user);
    return;
  }
  const struct passwd *user = getpwuid(uid);
  if (user != NULL) {
    (void)snprintf(actor, size, "%s", user->pw_name);
  } else {
    (void)snprintf(actor, size, "uid %u", (unsigned)uid);
  }
}

/* Adds the name of this machine, whoever gave it which. */
static void name_machine(char *origin, size_t size) {
  char machine[HOST_NAME_MAX + 1] = "";
  char text[BULLA_LOG_NAME_MAX];
  (void)gethostname(machine, sizeof(machine) - 1);
  size_t len = strlen(origin);
  (void)snprintf(origin + len, size - len, " on %s", bulla_log_name(text, bulla_text(machine)));
}

static void name_origin(char *origin, size_t size, bool from_far) {
  (void)snprintf(origin, size, "cli pid %ld", (long)getpid());
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    char terminal[128];
    if (ttyname_r(fd, terminal, sizeof(terminal)) == 0) {
      (void)snprintf(origin, size, "cli %s", terminal);
      break;
    }
  }
  if (from_far) {
    name_machine(origin, size);
  }
}

void bulla_session_identify(struct bulla_session_who *me, const struct bulla_cli *cli, const char *reason) {
  name_actor(me->actor, sizeof(me->actor));
  name_origin(me->origin, sizeof(me->origin), is_on_server(cli));
  me->who = (struct bulla_who){
      .actor = bulla_option_span(cli, "actor"),
      .origin = bulla_text(me->origin),
      .reason = bulla_option_span(cli, "reason"),
  };
  if (me->who.actor.len == 0) {
    me->who.actor = bulla_text(me->actor);
  }
  if (me->who.reason.len == 0) {
    me->who.reason = bulla_text(reason);
  }
}

void bulla_session_at(struct bulla_cli *cli, const struct bulla_place *place) {
  bulla_cli_at(cli, "%.*s/%.*s:%.*s", (int)place->tenant.len, (const char *)place->tenant.data, (int)place->entry.len,
               (const char *)place->entry.data, (int)place->field.len, (const char *)place->field.data);
}

enum bulla_status bulla_session_place(struct bulla_cli *cli, struct bulla_place *place, struct bulla_span text,
                                      size_t index) {
  struct bulla_reader reader = bulla_reader(text);
  *place = (struct bulla_place){.field = bulla_span(NULL, 0)};
  bool split = bulla_take_until(&reader, &place->tenant, '/');
  place->entry = bulla_span(reader.at, reader.left);
  bool good_tenant = bulla_word_is_name(place->tenant);
  if (split && good_tenant && bulla_word_is_name(place->entry)) {
    return BULLA_OK;
  }
  bulla_cli_at(cli, "argument %zu", index + 1);
  bool again = split && place->entry.len > 0 && memchr(place->entry.data, '/', place->entry.len) != NULL;
  return !split || again ? bulla_cli_error(cli, BULLA_INVALID_NAME, "it must be TENANT/ENTRY, and has %s",
                                           again ? "more than one slash" : "no slash")
                         : bulla_cli_error(cli, BULLA_INVALID_NAME, "it must be TENANT/ENTRY, and its %s is %s",
                                           good_tenant ? "entry" : "tenant", bulla_status_text(BULLA_INVALID_NAME));
}

enum bulla_status bulla_session_entry(struct bulla_cli *cli, struct bulla_place *place, size_t index) {
  return bulla_session_place(cli, place, bulla_text(cli->operands[index]), index);
}

enum bulla_status bulla_session_field(struct bulla_cli *cli, struct bulla_place *place) {
  struct bulla_span entry = bulla_text(cli->operands[0]);
  struct bulla_span field;
  bool joined = bulla_word_split(&entry, &field, cli->operands[0], ':');
  if (joined == (cli->num_operands == 2)) {
    return bulla_cli_usage(cli, "it takes either TENANT/ENTRY FIELD or TENANT/ENTRY:FIELD");
  }
  BULLA_TRY(bulla_session_place(cli, place, entry, 0));
  place->field = joined ? field : bulla_text(cli->operands[1]);
  if (!bulla_word_is_name(place->field)) {
    bulla_cli_at(cli, joined ? "argument 1" : "argument 2");
    return BULLA_INVALID_NAME;
  }
  return BULLA_OK;
}
