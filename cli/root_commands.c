/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* info, root list|add|rm|recipient: what opens the vault, and by what it is known. */

#include "cli/root_commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "cli/scrub.h"
#include "cli/session.h"
#include "core/hex.h"
#include "store/provider.h"
#include "store/root.h"

enum { ID_DIGITS = 32, DIGITS_ROOM = 2 * BULLA_VAULT_FINGERPRINT_LEN + 1 };

static enum bulla_status print_root(void *arg, const struct bulla_root_view *root) {
  struct bulla_rows *rows = (struct bulla_rows *)arg;
  char digits[ID_DIGITS];
  bulla_hex_encode((uint8_t *)digits, root->id);
  const struct bulla_cell cells[] = {bulla_cell_text(bulla_span(digits, sizeof(digits))), bulla_cell_text(root->kind),
                                     bulla_cell_text(root->name), bulla_cell(BULLA_CELL_SECONDS, root->created)};
  return bulla_rows_add(rows, cells);
}

enum bulla_status bulla_run_root_list(struct bulla_cli *cli) {
  static const char *const names[] = {"id", "kind", "name", "created", NULL};
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  bulla_rows_begin(&rows, cli, names, true);
  BULLA_TRY(bulla_session_vault(cli, &vault));
  BULLA_TRY(bulla_vault_root_list(vault, print_root, &rows));
  return bulla_rows_end(&rows);
}

enum bulla_status bulla_root_to_add(struct bulla_cli *cli, struct bulla_root **root, const char *given) {
  const char *path = NULL;
  if (bulla_option_count(cli, "create") > 0) {
    if (bulla_provider_split(&path, given) != BULLA_PROVIDER_FILE) {
      return bulla_cli_usage(cli, "--create makes the file of file:PATH alone");
    }
    bulla_session_at_root(cli, given);
    return bulla_root_create(root, given);
  }
  if (strncmp(given, "bullar_", strlen("bullar_")) == 0) {
    bulla_cli_at(cli, "recipient");
    return bulla_root_recipient(root, bulla_text(given));
  }
  enum bulla_status status = bulla_session_root(cli, root, given, true);
  if (status != BULLA_SECRET_UNAVAILABLE) {
    return status;
  }
  bool is_missing = bulla_provider_split(&path, given) == BULLA_PROVIDER_FILE && access(path, F_OK) != 0;
  return bulla_cli_error(cli, status,
                         is_missing ? "there is no such file: give --create to make it, with a new key"
                                    : "it gives no root key: fix that first");
}

/* add adds |root|, and says in words of its own what the statuses of doing so say of names and lengths. */
static enum bulla_status add(struct bulla_cli *cli, struct bulla_vault *vault, const struct bulla_who *who,
                             const struct bulla_root *root) {
  enum bulla_status status = bulla_vault_root_add(vault, who, root, bulla_option_span(cli, "name"));
  if (status == BULLA_EXISTS) {
    return bulla_cli_error(cli, status, "this root, or one of this name, is there already");
  }
  return status == BULLA_TOO_LARGE ? bulla_cli_error(cli, status, "remove another root first") : status;
}

/* write_fingerprint fills |digits| with the vault's fingerprint, and a NUL. */
static enum bulla_status write_fingerprint(char digits[DIGITS_ROOM], const struct bulla_vault *vault) {
  uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];
  BULLA_TRY(bulla_vault_fingerprint(vault, fingerprint));
  bulla_hex_encode((uint8_t *)digits, bulla_span(fingerprint, sizeof(fingerprint)));
  digits[DIGITS_ROOM - 1] = '\0';
  return BULLA_OK;
}

/* tell_fingerprint prints what a recipient and a program open the vault only with. */
static enum bulla_status tell_fingerprint(struct bulla_cli *cli, struct bulla_vault *vault) {
  static const char *const names[] = {"fingerprint", NULL};
  char digits[DIGITS_ROOM];
  BULLA_TRY(write_fingerprint(digits, vault));
  if (cli->json) {
    const struct bulla_cell cells[] = {bulla_cell_string(digits)};
    return bulla_rows_one(cli, names, cells);
  }
  return bulla_output_text(cli, "it opens the vault only with --fingerprint ", digits,
                           "\nkeep that where it is not changed with the vault\n");
}

enum bulla_status bulla_run_root_add(struct bulla_cli *cli) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_session_who me;
  /* The vault first: where it does not open, no key file is made. */
  BULLA_TRY(bulla_session_root_vault(cli, &vault));
  BULLA_TRY(bulla_root_to_add(cli, &root, cli->operands[0]));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "new root");
  enum bulla_status status = add(cli, vault, &me.who, root);
  if (status != BULLA_OK && bulla_option_count(cli, "create") > 0) {
    /* Nobody can know whether it is not wanted. */
    cli->note = "the new key file stays, and opens nothing";
  }
  BULLA_TRY(status);
  return bulla_root_is_proof(root) ? BULLA_OK : tell_fingerprint(cli, vault);
}

enum bulla_status bulla_run_root_rm(struct bulla_cli *cli) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "root to remove");
  enum bulla_status status = bulla_vault_root_remove(vault, &me.who, bulla_text(cli->operands[0]));
  if (status == BULLA_IN_USE) {
    return bulla_cli_error(cli, status, "add another one, and open the vault with that");
  }
  BULLA_TRY(status);
  return bulla_scrub(cli, vault);
}

enum bulla_status bulla_run_root_recipient(struct bulla_cli *cli) {
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  char text[BULLA_RECIPIENT_TEXT_LEN + 1];
  bulla_session_at_root(cli, cli->operands[0]);
  enum bulla_status status = bulla_recipient_create(&root, cli->operands[0]);
  if (status == BULLA_UNSUPPORTED) {
    return bulla_cli_error(cli, status, "the private key is written to file:PATH");
  }
  BULLA_TRY(status);
  BULLA_TRY(bulla_recipient_text(root, text));
  return bulla_output_line(cli, bulla_text(text));
}

static enum bulla_status count_root(void *arg, const struct bulla_root_view *root) {
  (void)root;
  (*(int64_t *)arg)++;
  return BULLA_OK;
}

enum bulla_status bulla_run_info(struct bulla_cli *cli) {
  static const char *const names[] = {"vault",  "id",      "fingerprint", "roots", "back_end",
                                      "format", "version", "engine",      NULL};
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  char id[2 * BULLA_VAULT_ID_LEN];
  char digits[DIGITS_ROOM];
  char room[BULLA_SESSION_URL_MAX];
  const char *url = bulla_session_shown_url(cli, room);
  const char *back_end = strncmp(url, "sqlite:", 7) == 0 ? "SQLite" : "PostgreSQL";
  int64_t num_roots = 0;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  if (!cli->is_actor) {
    BULLA_TRY(bulla_vault_root_list(vault, count_root, &num_roots));
  }
  BULLA_TRY(write_fingerprint(digits, vault));
  bulla_hex_encode((uint8_t *)id, bulla_vault_id(vault));
  if (cli->json) {
    const struct bulla_cell cells[] = {bulla_cell_string(url),
                                       bulla_cell_text(bulla_span(id, sizeof(id))),
                                       bulla_cell_string(digits),
                                       bulla_cell(cli->is_actor ? BULLA_CELL_NONE : BULLA_CELL_NUMBER, num_roots),
                                       bulla_cell_string(back_end),
                                       bulla_cell_number(BULLA_VAULT_FORMAT),
                                       bulla_cell_string(bulla_version()),
                                       bulla_cell_string(bulla_engine_name())};
    return bulla_rows_one(cli, names, cells);
  }
  BULLA_TRY(bulla_output_text(cli, "vault        ", url, "\n"));
  printf("id           %.*s\nfingerprint  %s\n", (int)sizeof(id), id, digits);
  if (!cli->is_actor) {
    printf("roots        %lld\n", (long long)num_roots);
  }
  printf("back end     %s\nformat       %d\nversion      %s\nengine       %s\n", back_end, BULLA_VAULT_FORMAT,
         bulla_version(), bulla_engine_name());
  return BULLA_OK;
}
