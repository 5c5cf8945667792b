/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A small service: it stores a password in a vault and uses it, gives a worker a key of its own, creates an API key,
 * mints and verifies tokens in two threads, and revokes a session and the key.
 *
 *   cc service.c $(pkg-config --cflags --libs bulla) -pthread -o service && ./service FOLDER
 *
 * FOLDER, which must have none of them, gets a root key, a vault and the worker's key. A real service opens a vault
 * that is there, and reads its key from elsewhere: cred:NAME, cmd:PROGRAM. */

#include <bulla/service.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Returns from the function if |call| fails. */
#define TRY(call)                       \
  do {                                  \
    enum bulla_status status_ = (call); \
    if (status_ != BULLA_OK) {          \
      return status_;                   \
    }                                   \
  } while (0)

/* For the log. A real service names who asked, and with a vault on a server the machine in the origin. */
static const struct bulla_who who = {.actor = {(const uint8_t *)"service", 7},
                                     .origin = {(const uint8_t *)"example", 7},
                                     .reason = {(const uint8_t *)"demonstration", 13}};

/* The log function: says why a call fails, without secrets. */
static void tell(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  (void)arg;
  fprintf(stderr, "service: %s: %s: %s\n", level == BULLA_LOG_ERROR ? "error" : "warning", bulla_status_name(status),
          detail);
}

static enum bulla_status open_vault(struct bulla_vault **vault, const char *folder) {
  char provider[512];
  char url[512];
  struct bulla_root *root = NULL;
  snprintf(provider, sizeof(provider), "file:%s/root.key", folder);
  snprintf(url, sizeof(url), "sqlite:%s/vault.db", folder);
  TRY(bulla_root_create(&root, provider));
  enum bulla_status status = bulla_vault_create(url, root);
  if (status == BULLA_OK) {
    status = bulla_vault_open(vault, url, root, NULL);
  }
  bulla_root_free(&root);
  return status;
}

/* Gets the password in locked memory, only while it runs. */
static enum bulla_status connect_database(void *arg, struct bulla_span password) {
  (void)arg;
  printf("connected with a password of %zu bytes\n", password.len);
  return BULLA_OK;
}

static enum bulla_status store_and_use(struct bulla_vault *vault) {
  struct bulla_place place = {.tenant = bulla_text("acme"), .entry = bulla_text("db")};
  const struct bulla_field fields[] = {
      {.name = bulla_text("host"), .value = bulla_text("db.internal")},
      {.name = bulla_text("password"), .value = bulla_text("correct horse"), .secret = true},
  };
  TRY(bulla_vault_put(vault, &who, &place, fields, 2));
  place.field = bulla_text("password");
  return bulla_vault_use(vault, &who, &place, connect_database, NULL);
}

/* Makes an actor that may use what acme has, and writes its key to |path|, which only its owner can read. It is what
 * the command does with: bulla actor create worker; bulla grant worker use acme. */
static enum bulla_status enroll(struct bulla_vault *vault, const char *path) {
  struct bulla_secret *key = NULL;
  TRY(bulla_vault_actor_create(vault, &key, &who, bulla_text("worker")));
  struct bulla_span text = bulla_secret_bytes(key);
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  ssize_t written = file < 0 ? -1 : write(file, text.data, text.len);
  int closed = file < 0 ? -1 : close(file);
  bulla_secret_free(&key);
  if (written != BULLA_ACTOR_KEY_LEN || closed != 0) {
    return BULLA_IO;
  }
  return bulla_vault_grant(vault, &who, bulla_text("worker"), BULLA_ROLE_USE, bulla_text("acme"));
}

/* Another program, which never sees the root: it can use the password, and nothing but what it was granted. */
static enum bulla_status work(const char *url, const char *provider) {
  struct bulla_place place = {.tenant = bulla_text("acme"), .entry = bulla_text("db"), .field = bulla_text("password")};
  struct bulla_actor *actor = NULL;
  struct bulla_vault *vault = NULL;
  TRY(bulla_actor_open(&actor, provider));
  enum bulla_status status = bulla_vault_open_as(&vault, url, actor, NULL);
  bulla_actor_free(&actor);
  if (status == BULLA_OK) {
    status = bulla_vault_use(vault, &who, &place, connect_database, NULL);
  }
  if (status == BULLA_OK) {
    place.field = bulla_span(NULL, 0);
    printf("worker removes it: %s\n", bulla_status_name(bulla_vault_remove(vault, &who, &place)));
  }
  bulla_vault_close(&vault);
  return status;
}

static enum bulla_status employ(struct bulla_vault *vault, const char *folder) {
  char url[512];
  char path[512];
  char provider[520];
  snprintf(url, sizeof(url), "sqlite:%s/vault.db", folder);
  snprintf(path, sizeof(path), "%s/worker.key", folder);
  snprintf(provider, sizeof(provider), "file:%s", path);
  TRY(enroll(vault, path));
  return work(url, provider);
}

/* Mints a token with a user, a permission and an attribute. */
static enum bulla_status mint(struct bulla_minter *minter, struct bulla_buffer *token, const char *jti) {
  uint8_t perms_room[64];
  uint8_t attrs_room[128];
  struct bulla_builder builder;
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  claims.org = bulla_text("acme");
  claims.sub = bulla_text("alice");
  claims.jti = bulla_text(jti);
  claims.iat = (int64_t)time(NULL);
  bulla_build_array(&builder, perms_room, sizeof(perms_room));
  bulla_build_item(&builder, bulla_text("dashboard:read"));
  TRY(bulla_built(&builder, &claims.perms));
  bulla_build_object(&builder, attrs_room, sizeof(attrs_room));
  bulla_build_text(&builder, bulla_text("region"), bulla_text("eu-west"));
  TRY(bulla_built(&builder, &claims.attrs));
  return bulla_token_mint(minter, token, &claims);
}

/* Verifies |token| and reads the attribute for row-level security. */
static enum bulla_status verify(struct bulla_verifier *verifier, struct bulla_buffer *region, struct bulla_span token) {
  uint8_t payload_room[BULLA_PAYLOAD_SIZE];
  struct bulla_buffer payload = bulla_buffer(payload_room, sizeof(payload_room));
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  TRY(bulla_token_verify(verifier, &claims, &payload, token, (int64_t)time(NULL)));
  if (!bulla_claims_permit(&claims, bulla_text("dashboard:read"))) {
    return BULLA_CLAIM_REFUSED;
  }
  return bulla_claims_attr_text(&claims, region, bulla_text("region"));
}

/* Shared by the threads: all of it may be used by several at once. */
struct service {
  struct bulla_vault *vault;
  struct bulla_verifier *verifier;
  struct bulla_minter *minter;
};

/* Serves a thousand requests. */
static void *serve(void *arg) {
  struct service *service = arg;
  uint8_t token_room[BULLA_TOKEN_MAX];
  uint8_t region_room[32];
  for (int i = 0; i < 1000; i++) {
    struct bulla_buffer token = bulla_buffer(token_room, sizeof(token_room));
    struct bulla_buffer region = bulla_buffer(region_room, sizeof(region_room));
    if (mint(service->minter, &token, "session-1") != BULLA_OK ||
        verify(service->verifier, &region, bulla_written(&token)) != BULLA_OK) {
      return service; /* anything but NULL */
    }
  }
  return NULL;
}

static enum bulla_status run_threads(struct service *service) {
  pthread_t threads[2];
  void *failed[2] = {NULL, NULL};
  for (int i = 0; i < 2; i++) {
    if (pthread_create(&threads[i], NULL, serve, service) != 0) {
      return BULLA_NO_MEMORY;
    }
  }
  for (int i = 0; i < 2; i++) {
    pthread_join(threads[i], &failed[i]);
  }
  printf("2 threads verified %s\n", failed[0] == NULL && failed[1] == NULL ? "2000 tokens" : "in vain");
  return failed[0] == NULL && failed[1] == NULL ? BULLA_OK : BULLA_REFUSED;
}

/* Revokes a session, then the API key; each time the next token is refused. A jti that was revoked stays so: a real
 * service takes a new one, at random, for each session. */
static enum bulla_status end_both(struct service *service, struct bulla_span key_id) {
  uint8_t token_room[BULLA_TOKEN_MAX];
  uint8_t region_room[32];
  struct bulla_buffer token = bulla_buffer(token_room, sizeof(token_room));
  struct bulla_buffer region = bulla_buffer(region_room, sizeof(region_room));
  TRY(mint(service->minter, &token, "session-1"));
  TRY(bulla_vault_session_revoke(service->vault, service->verifier, &who, bulla_written(&token), (int64_t)time(NULL)));
  printf("session-1: %s\n", bulla_status_name(verify(service->verifier, &region, bulla_written(&token))));
  TRY(mint(service->minter, &token, "session-2"));
  printf("session-2: %s\n", bulla_status_name(verify(service->verifier, &region, bulla_written(&token))));
  TRY(bulla_vault_apikey_revoke(service->vault, &who, key_id));
  printf("session-2: %s\n", bulla_status_name(verify(service->verifier, &region, bulla_written(&token))));
  return BULLA_OK;
}

/* The string is for the customer, whose server mints with it; here the service does. */
static enum bulla_status make_minter(struct service *service, uint8_t key_id[BULLA_APIKEY_ID_LEN]) {
  struct bulla_secret *string = NULL;
  struct bulla_apikey *apikey = NULL;
  TRY(bulla_vault_apikey_create(service->vault, &string, key_id, &who, bulla_text("acme"), bulla_text("web")));
  enum bulla_status status = bulla_apikey_parse(&apikey, bulla_secret_bytes(string));
  bulla_secret_free(&string);
  if (status == BULLA_OK) {
    status = bulla_minter_new(&service->minter, apikey);
  }
  bulla_apikey_free(&apikey);
  return status;
}

static enum bulla_status run(struct service *service, const char *folder) {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  TRY(open_vault(&service->vault, folder));
  TRY(store_and_use(service->vault));
  TRY(employ(service->vault, folder));
  TRY(make_minter(service, key_id));
  TRY(bulla_vault_verifier_new(&service->verifier, service->vault, &who, NULL));
  TRY(run_threads(service));
  return end_both(service, bulla_span(key_id, sizeof(key_id)));
}

int main(int argc, char **argv) {
  struct service service = {NULL, NULL, NULL};
  if (argc != 2) {
    fprintf(stderr, "usage: service FOLDER\n");
    return BULLA_CLASS_USAGE;
  }
  bulla_log_set(tell, NULL);
  enum bulla_status status = run(&service, argv[1]);
  if (status != BULLA_OK) {
    fprintf(stderr, "service: %s\n", bulla_status_text(status));
  }
  bulla_minter_free(&service.minter);
  bulla_verifier_free(&service.verifier);
  bulla_vault_close(&service.vault);
  return (int)bulla_status_class(status);
}
