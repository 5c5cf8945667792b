/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The start of most sub-commands: the root key, the vault, and who is asking. */

#ifndef BULLA_CLI_SESSION_H
#define BULLA_CLI_SESSION_H

#include <bulla/store.h>

#include "cli/cli.h"

#define BULLA_SESSION_URL_MAX 256

/* bulla_session_url returns the vault that --vault, BULLA_VAULT or the default names, or the other one. */
const char *bulla_session_url(const struct bulla_cli *cli);

/* bulla_session_other has all that follows work on another vault than that of --vault, without pins: its URL is the
 * first operand, which the help calls |url_name|, and |root_option| names the provider of its root key. */
void bulla_session_other(struct bulla_cli *cli, const char *url_name, const char *root_option);

/* bulla_session_first has what follows work on the vault of --vault again. */
void bulla_session_first(struct bulla_cli *cli);

/* bulla_session_shown_url returns it as it may be shown, in |room| if it is that of a server: without a password. */
const char *bulla_session_shown_url(const struct bulla_cli *cli, char room[BULLA_SESSION_URL_MAX]);

/* bulla_session_at_vault and bulla_session_at_root note that the run works on the vault or the root key, and
 * name it only if the name cannot be a secret. */
void bulla_session_at_vault(struct bulla_cli *cli);
void bulla_session_at_root(struct bulla_cli *cli, const char *provider);

/* bulla_session_root opens the root key of |provider|; it prompts for a passphrase, twice if |fresh|. */
BULLA_NODISCARD enum bulla_status bulla_session_root(struct bulla_cli *cli, struct bulla_root **root,
                                                     const char *provider, bool fresh);

/* bulla_session_explain returns the status of opening or creating a vault, and notes a text where the status says too
 * little. */
BULLA_NODISCARD enum bulla_status bulla_session_explain(struct bulla_cli *cli, enum bulla_status status);

/* Locked memory: what every run needs, for the vault's keys, a value and the rest; and what a secret takes besides its
 * bytes. */
#define BULLA_WORKING_ROOM ((size_t)1 << 20)
#define BULLA_SLOT_ROOM ((size_t)256)

/* bulla_session_memory creates the arena, before anything that needs it, with room for |values_len| bytes of values
 * besides what every run needs. If so much cannot be locked, it has room for half, and so on: values may be smaller.
 * Statuses of bulla_memory_init. */
BULLA_NODISCARD enum bulla_status bulla_session_memory(size_t values_len);

/* bulla_session_arena_full notes that |values_len| bytes of values do not fit, and returns BULLA_ARENA_FULL. */
enum bulla_status bulla_session_arena_full(struct bulla_cli *cli, size_t values_len);

/* bulla_session_at_tenant notes that the run works on |tenant|, or on |what| of the command line if |tenant| is not a
 * name, which is not repeated. An empty one stands for all. */
void bulla_session_at_tenant(struct bulla_cli *cli, struct bulla_span tenant, const char *what);

/* bulla_session_tenant returns BULLA_NOT_FOUND if there is no |tenant|; an empty one stands for all. An actor is told
 * so by the call that it is for. */
BULLA_NODISCARD enum bulla_status bulla_session_tenant(const struct bulla_cli *cli, struct bulla_vault *vault,
                                                       struct bulla_span tenant);

/* What is known of the vault beforehand. */
struct bulla_session_pins {
  uint8_t id_bytes[BULLA_VAULT_ID_LEN];
  uint8_t fingerprint_bytes[BULLA_VAULT_FINGERPRINT_LEN];
  struct bulla_span id; /* empty if it is not given; so is |fingerprint| */
  struct bulla_span fingerprint;
  int64_t generation; /* the least that the directory may have; 0 for any */
};

/* bulla_session_pins reads --vault-id or BULLA_VAULT_ID, --fingerprint or BULLA_FINGERPRINT, and --generation or
 * BULLA_GENERATION. */
BULLA_NODISCARD enum bulla_status bulla_session_pins(struct bulla_cli *cli, struct bulla_session_pins *pins);

/* bulla_session_vault opens the vault, with the key of a root or of an actor (cli/opener.h); it must be the one that is
 * pinned. The caller closes it. */
BULLA_NODISCARD enum bulla_status bulla_session_vault(struct bulla_cli *cli, struct bulla_vault **vault);

/* bulla_session_root_vault is bulla_session_vault for what makes a file before it comes to what no actor may do: it
 * opens the vault with a root only. bulla_session_vault_by is that for those who need the |*root| again. The caller
 * frees it. */
BULLA_NODISCARD enum bulla_status bulla_session_root_vault(struct bulla_cli *cli, struct bulla_vault **vault);
BULLA_NODISCARD enum bulla_status bulla_session_vault_by(struct bulla_cli *cli, struct bulla_vault **vault,
                                                         struct bulla_root **root);

/* bulla_session_known opens the root and reads what is known of a vault that is not open yet. */
BULLA_NODISCARD enum bulla_status bulla_session_known(struct bulla_cli *cli, struct bulla_root **root,
                                                      struct bulla_session_pins *pins);

/* Who is asking, with the room for the names. */
struct bulla_session_who {
  char actor[BULLA_WHO_MAX];
  char origin[BULLA_WHO_MAX];
  struct bulla_who who;
};

/* bulla_session_identify fills |me|: the actor is --actor, or the user that the system knows for this process;
 * the origin is the terminal, or the process, and the machine if the vault is on a server; the reason is --reason, or
 * |reason| if that was not given. */
void bulla_session_identify(struct bulla_session_who *me, const struct bulla_cli *cli, const char *reason);

/* bulla_session_at notes that the run works on the field of |place|. */
void bulla_session_at(struct bulla_cli *cli, const struct bulla_place *place);

/* bulla_session_place splits |text|, from the operand |index|, into the tenant and entry of |place|, without a field;
 * bulla_session_entry splits the whole operand. */
BULLA_NODISCARD enum bulla_status bulla_session_place(struct bulla_cli *cli, struct bulla_place *place,
                                                      struct bulla_span text, size_t index);

BULLA_NODISCARD enum bulla_status bulla_session_entry(struct bulla_cli *cli, struct bulla_place *place, size_t index);

/* bulla_session_field takes TENANT/ENTRY FIELD, or TENANT/ENTRY:FIELD as `exec` has it: all of the operands. */
BULLA_NODISCARD enum bulla_status bulla_session_field(struct bulla_cli *cli, struct bulla_place *place);

#endif
