/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Statements, and the rows that have them. Entry points: bulla_vault_statement_read and _write, those of tenants and
 * lanes, bulla_check_signed, bulla_check_tenant, bulla_tenant_secret.
 *
 * The input is a byte that chooses the kind of statement, and what is wrong with the row, one that says where, and the
 * statement. The target has the signing key, and signs whatever can be read: so the fuzzer's statements get past the
 * signature, which is checked as ever. The oracle: a plain model says of every byte string whether it is a statement;
 * what is read is written as the same bytes; a tenant's row is taken just if it is of this vault and says what its
 * statement says; with one bit of statement or signature changed it never is, nor with another id, name or key, whether
 * the row was seen before or not; and of its secrets those open that the statement lists with their version, that are
 * what their id says, and that are not pending. A row is taken, and a secret opens, only to the keys that the statement
 * commits to: each is made of the same 32 bytes here, so that inputs can have what commits to it. */

#include "core/box.h"
#include "core/crypto.h"
#include "core/signature.h"
#include "fuzz/fuzz.h"
#include "fuzz/model_parts.h"
#include "store/directory.h"
#include "store/names.h"
#include "store/tenant_secret.h"
#include "store/wrap.h"

enum kind { VAULT, TENANT, LANE, NUM_KINDS };

/* What a statement is made of: a letter for each part. */
static const struct form {
  const char *label;
  const char *parts; /* up to the number of what follows */
  const char *each;  /* of what follows, as often */
  int64_t max;
} forms[NUM_KINDS] = {
    {"bulla/v2/vault", "innkkkkpppppC", "iKMxn", BULLA_ROOTS_MAX},
    {"bulla/v2/tenant", "iiTlngvddppppppppppc", "viskkim", BULLA_SECRETS_MAX},
    {"bulla/v2/lane", "inionf", "", 0},
};

/* What the model remembers of a statement on its way. */
struct model {
  bool has_name;
  bool removed;
  bool shredded;
  bool recipient;
  int64_t num;
  int64_t generation;
  int64_t last_version;
  int64_t version;
  int64_t num_active;
};

static bool is_version(struct model *model, struct bulla_span part) {
  int64_t before = model->version;
  if (model->num == 0) { /* the last one that was given */
    return model_is_number(&model->last_version, part);
  }
  return model_is_number(&model->version, part) && model->version > before && model->version <= model->last_version;
}

static bool is_part(struct model *model, char letter, struct bulla_span part, int64_t max) {
  int64_t number;
  switch (letter) {
    case 'i':
      return part.len == 16;
    case 'k':
      return part.len == 32;
    case 'f':
      return part.len == 80;
    case 'o':
      return part.len == 0 || part.len == 16;
    case 'n':
      return model_is_number(&number, part);
    case 'p': /* of a ring, or an epoch */
      return model_is_number(&number, part) && number > 0;
    case 'g':
      return model_is_number(&model->generation, part);
    case 'm': /* made with a generation */
      return model_is_number(&number, part) && number <= model->generation;
    case 'v':
      return is_version(model, part);
    case 'd': /* the id of a key, which is gone if it is shredded */
      return part.len == (model->shredded ? 0 : 16);
    case 'c':
      return model_is_number(&model->num, part) && model->num <= max;
    case 'C': /* at least one */
      return model_is_number(&model->num, part) && model->num > 0 && model->num <= max;
    case 't':
      return model_is_name(part);
    case 'T': /* empty if it is shredded */
      model->has_name = part.len > 0;
      return part.len == 0 || model_is_name(part);
    case 'M':
      return part.len == 0 || model_is_name(part);
    case 'l':
      model->shredded = !model->has_name;
      model->removed = model_is_text(part, model->has_name ? "removed" : "shredded");
      return model->removed || (model->has_name && model_is_text(part, "live"));
    case 's':
      model->num_active += model_is_text(part, "active") ? 1 : 0;
      return model_is_text(part, "pending") || model_is_text(part, "active") || model_is_text(part, "decrypt-only");
    case 'K':
      model->recipient = model_is_text(part, "recipient");
      return model->recipient || model_is_text(part, "key") || model_is_text(part, "passphrase") ||
             model_is_text(part, "program");
    default:
      return part.len == (model->recipient ? 32 : 0);
  }
}

static bool take_parts(struct model *model, struct bulla_span *rest, const char *letters, int64_t max) {
  struct bulla_span part;
  for (; *letters != '\0'; letters++) {
    if (!model_take_part(rest, &part) || !is_part(model, *letters, part, max)) {
      return false;
    }
  }
  return true;
}

/* is_statement says whether |bytes| are a statement of that kind. */
static bool is_statement(enum kind kind, struct bulla_span bytes) {
  const struct form *form = &forms[kind];
  struct bulla_span rest = bytes;
  struct bulla_span label;
  struct model model = {.num = 0};
  bool good = bytes.len <= BULLA_STATEMENT_MAX && model_take_part(&rest, &label) && model_is_text(label, form->label) &&
              take_parts(&model, &rest, form->parts, form->max);
  for (int64_t i = 0; good && i < model.num; i++) {
    good = take_parts(&model, &rest, form->each, form->max);
  }
  bool states = kind != TENANT || (model.removed ? model.num == 0 : model.num_active == 1);
  return good && rest.len == 0 && states;
}

/* What was read. */
union said {
  struct bulla_vault_statement vault;
  struct bulla_tenant_statement tenant;
  struct bulla_lane_statement lane;
};

static enum bulla_status read(union said *said, enum kind kind, struct bulla_span bytes) {
  return kind == VAULT    ? bulla_vault_statement_read(&said->vault, bytes)
         : kind == TENANT ? bulla_tenant_statement_read(&said->tenant, bytes)
                          : bulla_lane_statement_read(&said->lane, bytes);
}

static struct bulla_keyring keyring;

/* What commits to the keys that are wrapped in rows: all are of the bytes of the vault key. */
static struct {
  uint8_t key_id[BULLA_KEY_ID_LEN];
  uint8_t secret_id[BULLA_ID_LEN];
  uint8_t value_public[BULLA_BOX_PUBLIC_LEN];
  uint8_t mask_public[BULLA_BOX_PUBLIC_LEN];
  uint8_t apikey_id[BULLA_KEY_ID_LEN];
} ours;

static void expand(uint8_t *out, size_t len, struct bulla_span from, const char *label) {
  FUZZ_ASSERT(bulla_hkdf_expand(out, len, from, bulla_span(label, strlen(label))) == BULLA_OK);
}

static void expand_public(uint8_t *public_key, const char *label, const char *private_label) {
  uint8_t key[BULLA_KEY_LEN];
  uint8_t private_key[BULLA_BOX_PRIVATE_LEN];
  expand(key, sizeof(key), bulla_secret_bytes(keyring.vault_secret), label);
  expand(private_key, sizeof(private_key), bulla_span(key, sizeof(key)), private_label);
  FUZZ_ASSERT(bulla_x25519_public(public_key, private_key) == BULLA_OK);
}

static void set_up_ours(void) {
  struct bulla_span material = bulla_secret_bytes(keyring.vault_secret);
  uint8_t key[BULLA_KEY_LEN];
  expand(ours.key_id, sizeof(ours.key_id), material, "bulla/v1/key-id");
  expand(ours.secret_id, sizeof(ours.secret_id), material, "bulla/v2/secret-id");
  expand_public(ours.value_public, "bulla/v2/field-key", "bulla/v2/value-private");
  expand_public(ours.mask_public, "bulla/v2/mask-key", "bulla/v2/mask-private");
  expand(key, sizeof(key), material, "bulla/v2/apikey-key");
  expand(ours.apikey_id, sizeof(ours.apikey_id), bulla_span(key, sizeof(key)), "bulla/v1/key-id");
}

static void set_up(void) {
  memset(keyring.uuid, 'u', sizeof(keyring.uuid));
  /* What it expands to is the same each time: inputs have the id. */
  FUZZ_ASSERT(bulla_secret_new(&keyring.vault_secret, BULLA_KEY_LEN) == BULLA_OK);
  memset(bulla_secret_data(keyring.vault_secret), 'v', BULLA_KEY_LEN);
  FUZZ_ASSERT(bulla_keyring_expand(&keyring) == BULLA_OK);
  set_up_ours();
  FUZZ_ASSERT(bulla_secret_random(&keyring.signing_seed, BULLA_SIGNATURE_SEED_LEN) == BULLA_OK);
  FUZZ_ASSERT(bulla_signature_public(keyring.signing_public, keyring.signing_seed) == BULLA_OK);
}

/* sign writes what was read, which gives the bytes that were read, and signs it. */
static void sign(struct bulla_signed *made, const union said *said, enum kind kind) {
  FUZZ_ASSERT((kind == VAULT    ? bulla_sign_vault(made, &keyring, &said->vault)
               : kind == TENANT ? bulla_sign_tenant(made, &keyring, &said->tenant)
                                : bulla_sign_lane(made, &keyring, &said->lane)) == BULLA_OK);
}

static void flip(uint8_t *bytes, size_t len, unsigned where) {
  bytes[where / 8 % len] ^= (uint8_t)(1U << where % 8);
}

static void check_signature(struct bulla_signed *made, unsigned where) {
  struct bulla_span statement = bulla_written(&made->statement);
  struct bulla_span signature = bulla_span(made->signature, sizeof(made->signature));
  FUZZ_ASSERT(bulla_check_signed(&keyring, statement, signature) == BULLA_OK);
  uint8_t *bytes = where % 2 == 0 ? made->bytes : made->signature;
  size_t len = where % 2 == 0 ? statement.len : signature.len;
  flip(bytes, len, where / 2);
  FUZZ_ASSERT(bulla_check_signed(&keyring, statement, signature) == BULLA_REFUSED);
  flip(bytes, len, where / 2);
}

static struct bulla_span wrap_key(uint8_t *room, enum bulla_wrapped what, struct bulla_span id, int64_t number,
                                  const struct bulla_secret *key) {
  struct bulla_buffer wrapped = bulla_buffer(room, BULLA_WRAPPED_MAX);
  struct bulla_context context;
  FUZZ_ASSERT(bulla_context_wrapped(&context, &keyring, what, id, number) == BULLA_OK);
  FUZZ_ASSERT(bulla_wrap(&wrapped, keyring.vault_key, key, &context) == BULLA_OK);
  return bulla_written(&wrapped);
}

static struct bulla_span wrap(uint8_t *room, enum bulla_wrapped what, struct bulla_span id, int64_t number) {
  return wrap_key(room, what, id, number, keyring.vault_secret);
}

/* The ways in which a row differs from its statement. */
enum { OTHER_ID, OTHER_NAME, OTHER_LIFE, STATEMENT_BIT, SIGNATURE_BIT, SHORTER, OTHER_KEY, WRONG_KEY, NUM_WAYS };

/* spoil makes |row| another. What |room| holds is changed in place of what the row pointed at. */
static void spoil(struct bulla_tenant_row *row, uint8_t *room, unsigned way, unsigned where) {
  const struct bulla_span old = way == OTHER_ID ? row->id : way == STATEMENT_BIT ? row->statement : row->signature;
  memcpy(room, old.data, old.len);
  switch (way) {
    case OTHER_ID:
      flip(room, old.len, where);
      row->id.data = room;
      break;
    case OTHER_NAME:
      row->name =
          row->has_name && bulla_span_equal(row->name, BULLA_LITERAL("x")) ? BULLA_LITERAL("y") : BULLA_LITERAL("x");
      row->has_name = true;
      break;
    case OTHER_LIFE:
      row->has_name = !row->has_name;
      break;
    case STATEMENT_BIT:
      flip(room, old.len, where);
      row->statement.data = room;
      break;
    case SIGNATURE_BIT:
      flip(room, old.len, where);
      row->signature.data = room;
      break;
    case SHORTER:
      row->statement.len--;
      break;
    case WRONG_KEY: { /* in the right place */
      bool is_label = where % 2 == 0;
      row->has_keys = true;
      *(is_label ? &row->label_key : &row->detail_key) = wrap_key(
          room, is_label ? BULLA_WRAPPED_LABEL_KEY : BULLA_WRAPPED_DETAIL_KEY, row->id, 0, keyring.signing_seed);
      break;
    }
    default: {
      struct bulla_span label_key = row->label_key;
      row->label_key = row->detail_key;
      row->detail_key = label_key;
      row->has_keys = true;
      break;
    }
  }
}

#define IS(span, bytes) bulla_span_equal((span), bulla_span((bytes), sizeof(bytes)))

/* check_secret opens the secret that |entry| is, as one of |version|, twice: the second time it is in the cache. */
static void check_secret(const struct bulla_tenant *tenant, const struct bulla_secret_entry *entry, int64_t version) {
  uint8_t room[BULLA_WRAPPED_MAX];
  const struct bulla_secret_row row = {
      .id = entry->id,
      .version = version,
      .wrapped = wrap(room, BULLA_WRAPPED_TENANT_SECRET, bulla_tenant_id(tenant), version),
  };
  bool good = false;
  for (size_t i = 0; i < tenant->said.num_secrets; i++) {
    const struct bulla_secret_entry *other = &tenant->said.secrets[i];
    good = good ||
           (other->version == version && other->state != BULLA_SECRET_PENDING && bulla_span_equal(other->id, row.id) &&
            IS(other->id, ours.secret_id) && IS(other->value_public, ours.value_public) &&
            IS(other->mask_public, ours.mask_public) && IS(other->apikey_id, ours.apikey_id));
  }
  for (int i = 0; i < 2; i++) {
    const struct bulla_tenant_secret *secret = NULL;
    /* One of another version is in the cache, and is not this one. */
    const struct bulla_tenant_secret *cached = bulla_keyring_find_secret(&keyring, row.id);
    bool taken = good && (cached == NULL || cached->version == version);
    FUZZ_ASSERT(bulla_tenant_secret(&secret, &keyring, tenant, &row) == (taken ? BULLA_OK : BULLA_REFUSED));
    FUZZ_ASSERT((secret != NULL) == taken && (!taken || secret->version == version));
  }
}

static void check_tenant(const struct bulla_tenant_statement *said, const struct bulla_signed *made, unsigned way,
                         unsigned where) {
  uint8_t keys[2][BULLA_WRAPPED_MAX];
  uint8_t room[BULLA_STATEMENT_MAX];
  const struct bulla_tenant *tenant = NULL;
  const struct bulla_tenant *again = NULL;
  const struct bulla_tenant_row row = {
      .id = said->id,
      .has_name = !said->removed,
      .name = said->name,
      .has_keys = !said->shredded,
      .statement = bulla_written(&made->statement),
      .signature = bulla_span(made->signature, sizeof(made->signature)),
      .label_key = wrap(keys[0], BULLA_WRAPPED_LABEL_KEY, said->id, 0),
      .detail_key = wrap(keys[1], BULLA_WRAPPED_DETAIL_KEY, said->id, 0),
  };
  struct bulla_tenant_row other = row;
  bool good = bulla_span_equal(said->uuid, bulla_keyring_uuid(&keyring)) &&
              (said->shredded || (IS(said->label_key_id, ours.key_id) && IS(said->detail_key_id, ours.key_id)));
  spoil(&other, room, way % NUM_WAYS, where);
  bulla_keyring_forget(&keyring);
  FUZZ_ASSERT(bulla_check_tenant(&again, &keyring, &other) == BULLA_REFUSED);
  FUZZ_ASSERT(bulla_check_tenant(&tenant, &keyring, &row) == (good ? BULLA_OK : BULLA_REFUSED));
  if (!good) {
    return;
  }
  FUZZ_ASSERT(bulla_span_equal(bulla_tenant_id(tenant), said->id) && bulla_span_equal(tenant->said.name, said->name));
  FUZZ_ASSERT(said->shredded
                  ? tenant->label_key == NULL && tenant->detail_key == NULL
                  : bulla_span_equal(bulla_secret_bytes(tenant->label_key), bulla_secret_bytes(keyring.vault_secret)));
  FUZZ_ASSERT(bulla_check_tenant(&again, &keyring, &row) == BULLA_OK && again == tenant);
  for (size_t i = 0; i < said->num_secrets; i++) {
    check_secret(tenant, &tenant->said.secrets[i], said->secrets[i].version + (where % 3 == 0 ? 1 : 0));
  }
  if (way % NUM_WAYS != OTHER_KEY && way % NUM_WAYS != WRONG_KEY) { /* which are unwrapped once */
    FUZZ_ASSERT(bulla_check_tenant(&again, &keyring, &other) == BULLA_REFUSED);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (keyring.vault_key == NULL) {
    set_up();
  }
  if (size < 2) {
    return 0;
  }
  enum kind kind = (enum kind)(data[0] % NUM_KINDS);
  struct bulla_span bytes = bulla_span(data + 2, size - 2);
  union said said;
  bool good = is_statement(kind, bytes);
  FUZZ_ASSERT(read(&said, kind, bytes) == (good ? BULLA_OK : BULLA_REFUSED));
  if (!good) {
    return 0;
  }
  struct bulla_signed made;
  sign(&made, &said, kind);
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&made.statement), bytes));
  unsigned where = data[1] * 37U;
  check_signature(&made, where);
  if (kind == TENANT) {
    check_tenant(&said.tenant, &made, data[0] / NUM_KINDS, where);
  }
  return 0;
}
