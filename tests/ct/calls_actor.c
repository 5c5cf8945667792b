/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The constant-time check of the keys of actors, of what is sealed to them, and of what they do in a vault. */

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "store/actor_box.h"
#include "store/actor_key.h"
#include "tests/ct/ct.h"
#include "tests/place.h"

/* Spells |key|, as a whole, by a seed that is one digit off, and by what is no digit. */
static void read_key(const struct bulla_actor_key *key) {
  struct bulla_actor_key read;
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *garbage BULLA_CLEANUP(bulla_secret_free) = ct_secret(BULLA_ACTOR_KEY_LEN);
  CT_OK(bulla_actor_key_write(&text, key));
  CT_ASSERT(bulla_secret_bytes(text).len == BULLA_ACTOR_KEY_LEN);
  uint8_t *digits = bulla_secret_data(text) + 40;
  CT_ARRIVED(digits, 64);
  CT_OK(bulla_actor_key_read(&read, bulla_secret_bytes(text)));
  CT_ARRIVED(bulla_secret_bytes(read.seed).data, BULLA_KEY_LEN);
  bulla_actor_key_free(&read);
  memset(digits, '0', 2);
  ct_poison(digits, 2);
  CT_ASSERT(bulla_actor_key_read(&read, bulla_secret_bytes(text)) == BULLA_ROOT_WRONG);
  CT_ASSERT(bulla_actor_key_read(&read, bulla_secret_bytes(garbage)) == BULLA_ROOT_MALFORMED);
}

static void keep_actor(void) {
  static const uint8_t fingerprint[BULLA_SHA256_LEN] = {1};
  uint8_t room[BULLA_ACTOR_BOX_LEN];
  struct bulla_buffer box = bulla_buffer(room, sizeof(room));
  struct bulla_keyring keyring = {.generation = 1};
  struct bulla_actor_keys keys BULLA_CLEANUP(bulla_actor_keys_free);
  struct bulla_actor_key key BULLA_CLEANUP(bulla_actor_key_free);
  struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
  CT_OK(bulla_actor_key_new(&key, fingerprint));
  CT_ARRIVED(bulla_secret_bytes(key.seed).data, BULLA_KEY_LEN);
  read_key(&key);
  CT_OK(bulla_actor_key_expand(&keys, &key));
  CT_ARRIVED(bulla_secret_bytes(keys.box_private).data, BULLA_BOX_PRIVATE_LEN);
  CT_ARRIVED(bulla_secret_bytes(keys.signing_seed).data, BULLA_SIGNATURE_SEED_LEN);
  struct bulla_actor_statement actor = {.box_public = bulla_span(keys.box_public, sizeof(keys.box_public))};
  struct bulla_grant_statement grant = {.role = BULLA_ROLE_USE};
  CT_OK(bulla_common_box_seal(&box, &keyring, &actor, key.seed));
  actor.common_box = bulla_written(&box);
  CT_OK(bulla_common_box_open(&opened, &keyring, keys.box_private, &actor));
  bulla_secret_free(&opened);
  CT_OK(bulla_grant_box_seal(&box, &keyring, &actor, &grant, key.seed));
  grant.box = bulla_written(&box);
  CT_OK(bulla_grant_box_open(&opened, &keyring, keys.box_private, &grant));
  CT_ARRIVED(bulla_secret_bytes(opened).data, BULLA_KEY_LEN);
}

/* Where the files of a vault with actors are. */
static const char *in_folder(char path[PATH_MAX + 40], const char *prefix, const char *folder, const char *name) {
  (void)snprintf(path, PATH_MAX + 40, "%s%.3100s/%s", prefix, folder, name);
  return path;
}

/* Makes an actor |name| that has each role for acme, and opens it by a file. */
static struct bulla_actor *enroll(struct bulla_vault *vault, const char *folder, struct bulla_span name) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_actor *actor = NULL;
  char path[PATH_MAX + 40];
  CT_OK(bulla_vault_actor_create(vault, &text, &who, name));
  for (int role = 0; role < BULLA_NUM_ROLES; role++) {
    CT_OK(bulla_vault_grant(vault, &who, name, (enum bulla_role)role, ACME));
  }
  CT_OK(bulla_vault_grant(vault, &who, name, BULLA_ROLE_SHOW, bulla_text("")));
  CT_ARRIVED(bulla_secret_bytes(text).data + 40, 64);
  int file = open(in_folder(path, "", folder, "actor"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  CT_ASSERT(file >= 0);
  CT_ASSERT(write(file, bulla_secret_bytes(text).data, BULLA_ACTOR_KEY_LEN) == BULLA_ACTOR_KEY_LEN);
  CT_ASSERT(close(file) == 0);
  CT_OK(bulla_actor_open(&actor, in_folder(path, "file:", folder, "actor")));
  return actor;
}

static enum bulla_status see_value(void *arg, struct bulla_span value) {
  CT_ARRIVED(value.data, value.len);
  *(int *)arg += 1;
  return BULLA_OK;
}

static enum bulla_status see_grant(void *arg, const struct bulla_grant_view *grant) {
  CT_ASSERT(bulla_role_name(grant->role).len > 0);
  *(int *)arg += 1;
  return BULLA_OK;
}

static enum bulla_status see_actor(void *arg, const struct bulla_actor_view *actor) {
  CT_ASSERT(actor->number == 1);
  *(int *)arg += 1;
  return BULLA_OK;
}

/* Puts and uses a value as |actor|. */
static void act(int *num_seen, const char *url, const struct bulla_actor *actor) {
  struct bulla_vault *vault = NULL;
  /* Shorter than 16 bytes: no mask shows anything of it. */
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = ct_secret(12);
  const struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true};
  CT_OK(bulla_vault_open_as(&vault, url, actor, NULL));
  CT_OK(bulla_vault_put(vault, &who, AT(ACME, ENTRY), &field, 1));
  CT_OK(bulla_vault_use(vault, &who, AT(ACME, ENTRY, PASSWORD), see_value, num_seen));
  CT_OK(bulla_vault_put(vault, &who, AT(ACME, ENTRY), &field, 1));
  bulla_vault_close(&vault);
}

static void live_as_actor(void) {
  static const struct bulla_span name = {(const uint8_t *)"worker", 6};
  static const struct bulla_span other = {(const uint8_t *)"other", 5};
  static const char *const names[] = {"v.db", "v.db-wal", "v.db-shm", "root", "actor"};
  const char *base = getenv("TMPDIR");
  char folder[PATH_MAX];
  char url[PATH_MAX + 40];
  char path[PATH_MAX + 40];
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  const struct bulla_field plain = {other, other, false};
  int num_seen = 0;
  int64_t num;
  (void)snprintf(folder, sizeof(folder), "%.3000s/bulla-ct-XXXXXX", base != NULL ? base : "/tmp");
  CT_ASSERT(mkdtemp(folder) != NULL);
  ct_rules.reads_are_secret = true;
  in_folder(url, "sqlite:", folder, "v.db");
  CT_OK(bulla_root_create(&root, in_folder(path, "file:", folder, "root")));
  CT_OK(bulla_vault_create(url, root));
  CT_OK(bulla_vault_open(&vault, url, root, NULL));
  CT_OK(bulla_vault_put(vault, &who, AT(ACME, ENTRY), &plain, 1));
  struct bulla_actor *actor BULLA_CLEANUP(bulla_actor_free) = enroll(vault, folder, name);
  act(&num_seen, url, actor);
  CT_OK(bulla_vault_grant_end(vault, &who, name, BULLA_ROLE_USE, ACME));
  CT_OK(bulla_vault_grant_end(vault, &who, name, BULLA_ROLE_SHOW, bulla_text("")));
  CT_OK(bulla_vault_actor_revoke(vault, &num, &who, name, false, NULL, NULL));
  CT_ASSERT(num == 1);
  CT_OK(bulla_vault_use(vault, &who, AT(ACME, ENTRY, PASSWORD), see_value, &num_seen));
  CT_OK(bulla_vault_grant_list(vault, name, see_grant, &num_seen));
  CT_OK(bulla_vault_actor_list(vault, see_actor, &num_seen));
  bulla_vault_close(&vault);
  bulla_root_free(&root);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    (void)unlink(in_folder(path, "", folder, names[i]));
  }
  CT_ASSERT(rmdir(folder) == 0);
  CT_ASSERT(num_seen == 2 + BULLA_NUM_ROLES + 1 + 1);
}

const struct ct_call ct_actor_calls[] = {
    {"bulla_vault_actor_create bulla_vault_actor_list bulla_vault_actor_revoke bulla_vault_grant bulla_vault_grant_end "
     "bulla_vault_grant_list bulla_actor_open bulla_actor_free bulla_vault_open_as",
     "the key of an actor, all keys of the vault, what the actor puts and uses",
     "what is stored: blobs, boxes, signatures, key ids; whether what was stored is authentic", live_as_actor},
    {"bulla_actor_key_new bulla_actor_key_read bulla_actor_key_write bulla_actor_key_expand bulla_actor_key_free "
     "bulla_actor_keys_free bulla_common_box_seal bulla_common_box_open bulla_grant_box_seal bulla_grant_box_open",
     "the seed of an actor and its digits, all that it expands to, what is sealed to the actor, and all that is given "
     "in place of the text of a key",
     "whether the text has its form, and its checksum fits; public keys; boxes", keep_actor},
    {0},
};
