/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The keys of an open vault, without any database. docs/FORMAT.md §7:
 *
 *   root         wraps  vault key
 *   vault key    wraps  signing key, audit key, the vault's detail key,
 *                       and of each tenant its label key, its detail key and its secrets
 *                and expands to  limit key
 *   a secret     expands to  field key, mask key, API-key key; of the first two, each to a key pair
 *
 * What was unwrapped for a tenant stays in a cache, by the row that it was checked for. */

#ifndef BULLA_STORE_KEYRING_H
#define BULLA_STORE_KEYRING_H

#include <stdatomic.h>

#include "core/box.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/signature.h"
#include "store/signed.h"

#define BULLA_ID_LEN 16         /* bytes of the random, immutable ids of a vault, a tenant, an entry, a lane */
#define BULLA_WRAPPED_MAX 128   /* bytes of a sealed key at most */
#define BULLA_CACHED_TENANTS 64 /* in the cache */
#define BULLA_CACHED_SECRETS 64
#define BULLA_KNOWN_WRITERS 16
#define BULLA_BUCKETS_LEN (256 * BULLA_SHA256_LEN) /* bytes of the digests of all buckets: store/leaves.h */

/* The actor as which the vault was opened: see store/self.h. */
struct bulla_self {
  uint8_t id[BULLA_ID_LEN];
  int64_t number;
  char name[BULLA_NAME_MAX];
  size_t name_len;
  struct bulla_secret *box_private; /* opens what is sealed to it */
  struct bulla_secret *signing_seed;
  struct bulla_signing_key *signing_key; /* of that seed, for what it puts: not expanded for each value */
  uint8_t signing_public[BULLA_SIGNATURE_PUBLIC_LEN];
  struct bulla_key *head_key;           /* seals the heads of its lanes */
  uint8_t checked[BULLA_SIGNATURE_LEN]; /* the signature of the vault's statement with which its row was looked at */
  int64_t rings[BULLA_NUM_ROLES];       /* of its grants for all tenants, then: 0 not looked for, below 0 none */
  struct bulla_secret *ring_keys[BULLA_NUM_ROLES]; /* that they gave, or NULL */
};

/* A tenant whose row was checked. Who has the vault may use it until it lets go of the vault or keeps
 * BULLA_CACHED_TENANTS others; who holds it, until it lets go of it. */
struct bulla_tenant {
  struct bulla_tenant *self;    /* for those who have it const */
  struct bulla_tenant *retired; /* the next one that is */
  _Atomic unsigned holders;     /* the cache among them */
  int64_t checked;              /* the generation of the directory in which its statement was the newest */
  uint8_t id[BULLA_ID_LEN];
  uint8_t *bytes; /* statement and signature of the row */
  size_t len;
  struct bulla_tenant_statement said; /* with spans in |bytes| */
  struct bulla_secret *label_key; /* proves names of entries, and plain values; NULL if no role of an actor gives it */
  struct bulla_key *detail_key;   /* seals the details of its records */
  unsigned roles;                 /* bits, 1 << role: what an actor may do with it; all of them for a root */
  struct bulla_key *role_keys[BULLA_NUM_ROLES]; /* of an actor: opens the handouts of a role (store/roles.h), or NULL */
};

/* An unwrapped secret of a tenant, as the keys that it expands to, and what commits to them. Valid as a tenant is. What
 * the roles of an actor do not give is NULL. */
struct bulla_tenant_secret {
  struct bulla_tenant_secret *self;
  struct bulla_tenant_secret *retired; /* the next one that is */
  _Atomic unsigned holders;
  uint8_t id[BULLA_ID_LEN];
  uint8_t tenant_id[BULLA_ID_LEN];
  int64_t version;
  uint8_t value_public[BULLA_BOX_PUBLIC_LEN]; /* of the pair that the field key expands to */
  uint8_t mask_public[BULLA_BOX_PUBLIC_LEN];
  struct bulla_key *field_key;
  struct bulla_key *mask_key;
  struct bulla_key *apikey_key;
  struct bulla_box_key *value_box; /* with the field key: opens values that actors have put (store/posting.h) */
  struct bulla_box_key *mask_box;  /* with the mask key: opens masks of those */
};

/* An actor that has put values of a tenant, as it stood in the directory with the signature |checked|. */
struct bulla_known_writer {
  uint8_t checked[BULLA_SIGNATURE_LEN]; /* zeros: nothing is known */
  uint8_t id[BULLA_ID_LEN];
  uint8_t tenant_id[BULLA_ID_LEN];
  uint8_t signing_public[BULLA_SIGNATURE_PUBLIC_LEN];
  bool may_put; /* it is active, and a grant for that tenant is in force */
};

struct bulla_keyring {
  uint8_t uuid[BULLA_ID_LEN];           /* of the vault */
  int64_t generation;                   /* of its directory, the highest that was seen */
  uint8_t checked[BULLA_SIGNATURE_LEN]; /* the signature of the vault's statement that |buckets| belong to */
  int64_t checked_generation;           /* what that statement says, or 0 while there is none */
  uint8_t buckets[BULLA_BUCKETS_LEN];
  struct bulla_self *self;           /* NULL for a root. An actor has none of the keys that follow but the limit key;
                                      * with the role of an auditor of all tenants also audit_private and detail_key */
  struct bulla_secret *vault_secret; /* what roots wrap, and the vault key made of it */
  struct bulla_key *vault_key;
  struct bulla_secret *limit_key; /* names the buckets of limits */
  struct bulla_secret *signing_seed;
  uint8_t signing_public[BULLA_SIGNATURE_PUBLIC_LEN];
  struct bulla_secret *audit_private;
  uint8_t audit_public[BULLA_BOX_PUBLIC_LEN];
  struct bulla_key *detail_key; /* of records that no tenant owns */
  bool audit_is_over;           /* an actor's audit_private and detail_key are wiped once nobody uses them any more */
  _Atomic unsigned auditors;    /* who use them without having the vault */
  struct bulla_tenant *tenants[BULLA_CACHED_TENANTS];
  size_t next_tenant; /* the place that is given out next */
  struct bulla_tenant_secret *secrets[BULLA_CACHED_SECRETS];
  size_t next_secret;
  struct bulla_tenant *retired; /* by bulla_keyring_retire */
  struct bulla_tenant_secret *retired_secrets;
  uint8_t beside[BULLA_SIGNATURE_LEN]; /* the signature of the vault's statement beside the tenant that was read last */
  struct bulla_known_writer writers[BULLA_KNOWN_WRITERS];
  size_t next_writer;
};

/* bulla_keyring_uuid returns the uuid of the vault. */
static inline struct bulla_span bulla_keyring_uuid(const struct bulla_keyring *keyring) {
  return bulla_span(keyring->uuid, sizeof(keyring->uuid));
}

/* bulla_keyring_knows returns whether |signature| is that of the vault's statement which was checked last, and no later
 * one is known of. */
static inline bool bulla_keyring_knows(const struct bulla_keyring *keyring, struct bulla_span signature) {
  return keyring->checked_generation > 0 && keyring->checked_generation >= keyring->generation &&
         bulla_span_equal(signature, bulla_span(keyring->checked, sizeof(keyring->checked)));
}

/* bulla_keyring_head_key returns what seals the heads of the lanes that this process writes. */
static inline struct bulla_key *bulla_keyring_head_key(const struct bulla_keyring *keyring) {
  return keyring->self != NULL ? keyring->self->head_key : keyring->vault_key;
}

/* bulla_tenant_id returns the id of |tenant|. */
static inline struct bulla_span bulla_tenant_id(const struct bulla_tenant *tenant) {
  return bulla_span(tenant->id, sizeof(tenant->id));
}

/* bulla_keyring_expand makes the keys that follow from |vault_secret| and |uuid|, which |keyring| has. */
BULLA_NODISCARD enum bulla_status bulla_keyring_expand(struct bulla_keyring *keyring);

/* bulla_keyring_free wipes and frees all keys; |keyring| may be zeroed. */
void bulla_keyring_free(struct bulla_keyring *keyring);

/* bulla_keyring_forget wipes and frees the keys of tenants. bulla_keyring_retire has nobody find them any more, while
 * who has the vault may use those that it found; bulla_keyring_let_go is called as it lets go of the vault; it wipes
 * the keys of an auditor whose time is over. */
void bulla_keyring_forget(struct bulla_keyring *keyring);
void bulla_keyring_retire(struct bulla_keyring *keyring);
void bulla_keyring_let_go(struct bulla_keyring *keyring);

/* bulla_keyring_find_tenant returns the tenant of this id whose row has this statement and signature, or NULL if it is
 * not cached. */
const struct bulla_tenant *bulla_keyring_find_tenant(const struct bulla_keyring *keyring, struct bulla_span id,
                                                     struct bulla_span statement, struct bulla_span signature);

/* bulla_keyring_tenant_generation returns the generation of the cached tenant of this id, or 0. */
int64_t bulla_keyring_tenant_generation(const struct bulla_keyring *keyring, struct bulla_span id);

/* bulla_keyring_keep_tenant copies |statement|, which says |said|, and |signature|, moves the two keys into |keyring|
 * and sets them to NULL. Returns BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_keyring_keep_tenant(const struct bulla_tenant **tenant,
                                                            struct bulla_keyring *keyring, struct bulla_span statement,
                                                            struct bulla_span signature,
                                                            struct bulla_secret **label_key,
                                                            struct bulla_key **detail_key);

/* bulla_keyring_find_secret returns the secret of this id, or NULL if it is not cached. */
const struct bulla_tenant_secret *bulla_keyring_find_secret(const struct bulla_keyring *keyring, struct bulla_span id);

/* bulla_keyring_keep_secret moves |made|, with its keys, into |keyring|. Returns NULL without memory, when the caller
 * still has them. */
const struct bulla_tenant_secret *bulla_keyring_keep_secret(struct bulla_keyring *keyring,
                                                            const struct bulla_tenant_secret *made);

/* bulla_tenant_secret_is says whether |secret| is the one that |entry| is signed to be: its id, its version, and each
 * of the keys that it has. The state does not matter. */
bool bulla_tenant_secret_is(const struct bulla_tenant_secret *secret, const struct bulla_secret_entry *entry);

/* bulla_tenant_secret_free frees the keys of one that is not cached. For BULLA_CLEANUP. */
void bulla_tenant_secret_free(struct bulla_tenant_secret *secret);

/* bulla_tenant_hold and bulla_tenant_secret_hold hold one more time what is held or cached; the _release functions let
 * go of it, unless it is NULL, and set it to NULL. The last one wipes its keys. Holding is for those who have the
 * vault; any thread may release. */
void bulla_tenant_hold(const struct bulla_tenant *tenant);
void bulla_tenant_release(const struct bulla_tenant **tenant);
void bulla_tenant_secret_hold(const struct bulla_tenant_secret *secret);
void bulla_tenant_secret_release(const struct bulla_tenant_secret **secret);

#endif
