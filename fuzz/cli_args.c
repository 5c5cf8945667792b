/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The command. Entry point: bulla_cli_run, which is main() but for the preparation of the process.
 *
 * The input is text: a line for each argument, an empty line, and standard input. A word between percent signs
 * stands for what only this process knows: %TOKEN% is a token that verifies, %SECRET% a secret on its way in, see
 * the table. A vault, key files and variables are prepared with secrets of their own. Whatever the arguments: the
 * exit status is 0 to 4, or 125 to 127 from `exec`; an error is one printable line on standard error; no secret is
 * on either output, but the value of a field on standard output of `get`, the plaintext on that of `open` and
 * `jwe decrypt`, and what `jwe encrypt` was told to send in clear; nor is what was given as an argument and may have
 * been meant as a secret in an error. What `exec` would run gets the values that were asked for, and nothing that leads
 * to the root key. */

#include <bulla/jose.h>
#include <bulla/token.h>
#include <errno.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/command.h"
#include "fuzz/sqlite_pool.h"

enum { MAX_ARGUMENTS = 24, MAX_TEXT = 1 << 14 };

#define VALUE_A "the password of acme, 4f9a"
#define VALUE_B "the token of beta, 7e6d"
#define IMPORT_KEY "the key that imports open with"
#define BLOB_DIGITS "5ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea1"
#define JWK_DIGITS "c3VtbWVyLW5pZ2h0LXNreS1vdmVyLWEtc2hlZHMtZWQ"
#define JWK "{\"kty\":\"oct\",\"kid\":\"k\",\"alg\":\"A256GCM\",\"k\":\"" JWK_DIGITS "\"}"
#define PLAINTEXT "what was sealed, 6d5b"
#define SECRET "a secret on its way in, 9c8d"
#define FILE_SECRET "a secret in a file, 2b3c"
#define LISTED "a text of a list"
#define ARGUMENT_PART "sup3r s3cret"
#define ARGUMENT ARGUMENT_PART "=pass/word"

/* Words of the input, and what they stand for. */
static struct {
  const char *word;
  char text[BULLA_TOKEN_MAX + 1];
} words[] = {
    {"%F%", ""},
    {"%TOKEN%", ""},
    {"%ID%", ""},
    {"%APIKEY%", ""},
    {"%BLOB%", ""},
    {"%HEX%", ""},
    {"%TRIPLE%", ""},
    {"%JWE%", ""},
    {"%SECRET%", SECRET},
    {"%ARG%", ARGUMENT},
    {"%ROOT%", FUZZ_ROOT_DIGITS},
};
enum { FOLDER, TOKEN, ID, APIKEY, BLOB, HEX, TRIPLE, JWE, NUM_MADE };
enum { NUM_WORDS = sizeof(words) / sizeof(words[0]) };

static struct bulla_buffer image;
static char *arguments[MAX_ARGUMENTS + 2];
static int num_arguments;

/* The arena is made once in a process, which is once in a run of the command; here it is there already.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-*): what the linker calls it. */
enum bulla_status __wrap_bulla_memory_init(const struct bulla_memory_options *options);

enum bulla_status __wrap_bulla_memory_init(const struct bulla_memory_options *options) {
  FUZZ_ASSERT(options != NULL);
  return BULLA_OK;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-*) */

static bool has_argument(const char *text) {
  for (int i = 1; i < num_arguments; i++) {
    if (strcmp(arguments[i], text) == 0) {
      return true;
    }
  }
  return false;
}

static bool in_arguments(const char *text) {
  for (int i = 1; i < num_arguments; i++) {
    if (fuzz_shows(fuzz_text(arguments[i]), fuzz_text(text))) {
      return true;
    }
  }
  return false;
}

/* Whether all that `exec` would have run has got what it should. */
static bool exec_was_good = true;

static bool is_due(const char *line) {
  for (size_t i = 0; environ[i] != NULL; i++) {
    if (environ[i] == line) {
      return strncmp(line, "BULLA_ROOT=", 11) != 0 && strstr(line, FUZZ_ROOT_DIGITS) == NULL;
    }
  }
  const char *value = strchr(line, '=') + 1;
  return strcmp(value, VALUE_A) == 0 || strcmp(value, VALUE_B) == 0 || strcmp(value, "db.example") == 0 ||
         strcmp(value, LISTED) == 0 || (strncmp(value, "/proc/self/fd/", 14) == 0 && has_argument("--file"));
}

static void look_at(const char *file, char *const argv[], char *const envp[]) {
  exec_was_good = exec_was_good && has_argument("exec") && argv[0] == file;
  for (size_t i = 0; envp[i] != NULL; i++) {
    exec_was_good = exec_was_good && is_due(envp[i]);
  }
}

/* In place of the C library's: they look at what the command would get, and say that it cannot be found. Standard
 * error is the command's here, so that whatever is wrong is told later. */
int execvpe(const char *file, char *const argv[], char *const envp[]) {
  look_at(file, argv, envp);
  errno = ENOENT;
  return -1;
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]) {
  (void)pid;
  /* A program that a root key is asked of has all variables. */
  if (envp != environ) {
    exec_was_good = exec_was_good && has_argument("--mask") && actions != NULL && attributes != NULL;
    look_at(file, argv, envp);
  }
  return ENOENT;
}

static void set_word(int word, struct bulla_span text) {
  FUZZ_ASSERT(text.len < sizeof(words[word].text));
  memcpy(words[word].text, text.data, text.len);
  words[word].text[text.len] = '\0';
}

static void make_token(struct bulla_vault *vault) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_secret *string = NULL;
  struct bulla_minter *minter = NULL;
  uint8_t room[BULLA_TOKEN_MAX];
  struct bulla_buffer token = bulla_buffer(room, sizeof(room));
  const struct bulla_claims claims = {.size = sizeof(struct bulla_claims),
                                      .org = BULLA_LITERAL("acme"),
                                      .sub = BULLA_LITERAL("alice"),
                                      .jti = BULLA_LITERAL("session-1"),
                                      .iat = (int64_t)time(NULL),
                                      .exp = (int64_t)time(NULL) + BULLA_TOKEN_LIFETIME_MAX};
  FUZZ_ASSERT(bulla_apikey_generate(&apikey, &string) == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_apikey_put(vault, &fuzz_who,
                                     &(const struct bulla_apikey_record){.tenant = BULLA_LITERAL("acme"),
                                                                         .id = bulla_apikey_id(apikey),
                                                                         .name = BULLA_LITERAL("embed"),
                                                                         .hash = bulla_apikey_hash(apikey),
                                                                         .root = bulla_apikey_token_root(apikey)}) ==
              BULLA_OK);
  FUZZ_ASSERT(bulla_minter_new(&minter, apikey) == BULLA_OK);
  FUZZ_ASSERT(bulla_token_mint(minter, &token, &claims) == BULLA_OK);
  set_word(TOKEN, bulla_written(&token));
  set_word(ID, bulla_apikey_id(apikey));
  set_word(APIKEY, bulla_secret_bytes(string));
  fuzz_command_file("apikey", bulla_secret_bytes(string));
  bulla_minter_free(&minter);
  bulla_secret_free(&string);
  bulla_apikey_free(&apikey);
}

/* make_sealed makes what `open` and `import hex` read. */
static void make_sealed(void) {
  struct bulla_secret *material = NULL;
  struct bulla_key *key = NULL;
  uint8_t bytes[256];
  uint8_t digits[512];
  struct bulla_buffer blob = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_buffer text = bulla_buffer(digits, sizeof(digits));
  FUZZ_ASSERT(bulla_secret_new(&material, BULLA_KEY_LEN) == BULLA_OK);
  for (size_t i = 0; i < BULLA_KEY_LEN; i += 2) {
    memcpy(bulla_secret_data(material) + i, "\x5e\xa1", 2);
  }
  FUZZ_ASSERT(bulla_key_new(&key, BULLA_XAES_256_GCM, material) == BULLA_OK);
  FUZZ_ASSERT(bulla_seal(key, &blob, BULLA_LITERAL(PLAINTEXT), bulla_span(NULL, 0)) == BULLA_OK);
  FUZZ_ASSERT(bulla_blob_to_text(&text, bulla_written(&blob)) == BULLA_OK);
  set_word(BLOB, bulla_written(&text));
  FUZZ_ASSERT(bulla_triple_seal(material, &text, BULLA_LITERAL(PLAINTEXT)) == BULLA_OK);
  set_word(HEX, bulla_written(&text));
  /* Of SHA-256 of IMPORT_KEY. */
  set_word(TRIPLE, BULLA_LITERAL("404142434445464748494a4b4c4d4e4f:9f05372bdc2010a0d547c678bc8a71cf:"
                                 "41fd2f1842ef0eb4c7faf28396c6d92aa45e7c3deb"));
  bulla_key_free(&key);
  bulla_secret_free(&material);
}

/* make_jwe makes what `jwe decrypt` reads with the key that lies beside. */
static void make_jwe(void) {
  struct bulla_jwk *jwk = NULL;
  struct bulla_jwe_key *key = NULL;
  uint8_t bytes[512];
  struct bulla_buffer jwe = bulla_buffer(bytes, sizeof(bytes));
  FUZZ_ASSERT(bulla_jwk_parse(&jwk, BULLA_LITERAL(JWK)) == BULLA_OK);
  FUZZ_ASSERT(bulla_jwe_key_from_jwk(&key, jwk, 0, 0) == BULLA_OK);
  FUZZ_ASSERT(bulla_jwe_encrypt(key, &jwe, BULLA_LITERAL(PLAINTEXT)) == BULLA_OK);
  set_word(JWE, bulla_written(&jwe));
  bulla_jwe_key_free(&key);
  bulla_jwk_free(&jwk);
}

static void set_up(void) {
  fuzz_sqlite_pool();
  fuzz_vault_set_up();
  fuzz_command_set_up();
  fuzz_command_file("root.key", BULLA_LITERAL(FUZZ_ROOT_DIGITS));
  fuzz_command_file("blob.key", BULLA_LITERAL(BLOB_DIGITS "\n"));
  fuzz_command_file("jwk", BULLA_LITERAL(JWK));
  fuzz_command_file("jwks", BULLA_LITERAL("{\"keys\":[" JWK "]}"));
  fuzz_command_file("list", BULLA_LITERAL("TEXT=" LISTED "\nREF=bulla://acme/db/password\n"));
  fuzz_command_file("secret", BULLA_LITERAL(FILE_SECRET));
  fuzz_command_file("claims", BULLA_LITERAL("{\"perms\":[\"read\"],\"team\":7}"));
  FUZZ_ASSERT(setenv("IMPORT_KEY", IMPORT_KEY, 1) == 0);
  struct bulla_vault *vault = fuzz_vault_open();
  fuzz_vault_put(vault, "acme", "db", "password", BULLA_LITERAL(VALUE_A), true);
  fuzz_vault_put(vault, "acme", "db", "host", BULLA_LITERAL("db.example"), false);
  fuzz_vault_put(vault, "beta", "db", "token", BULLA_LITERAL(VALUE_B), true);
  make_token(vault);
  bulla_vault_close(&vault);
  make_sealed();
  make_jwe();
  set_word(FOLDER, fuzz_text(fuzz_vault_folder()));
  image = fuzz_vault_image();
}

/* expand writes |text| with its words replaced; what does not fit is left out. */
static void expand(struct bulla_writer *writer, struct bulla_span text) {
  while (text.len > 0) {
    int word = 0;
    size_t len = 0;
    for (; word < NUM_WORDS; word++) {
      len = strlen(words[word].word);
      if (text.len >= len && memcmp(text.data, words[word].word, len) == 0) {
        break;
      }
    }
    bool found = word < NUM_WORDS;
    struct bulla_span put = found ? fuzz_text(words[word].text) : bulla_span(text.data, 1);
    if (put.len < writer->out->size - writer->out->len) {
      bulla_put(writer, put);
    }
    text = bulla_span(text.data + (found ? len : 1), text.len - (found ? len : 1));
  }
}

/* tame keeps an argument from leading out of the folder, or to a descriptor that is none of the command's. What
 * may be written to is put there; what may be read is where the process is, and relative. */
static void tame(struct bulla_writer *writer, struct bulla_span argument) {
  static const char *const schemes[] = {"sqlite:", "file:"};
  for (size_t i = 0; i < argument.len; i++) {
    uint8_t byte = argument.data[i];
    uint8_t before = i > 0 ? argument.data[i - 1] : 0;
    bool inside = before == '%' || (before >= '0' && before <= '9') || (before >= 'A' && before <= 'Z') ||
                  (before >= 'a' && before <= 'z');
    bulla_put_byte(writer, byte == 0 || (byte == '/' && !inside) ? '_' : byte);
    for (size_t j = 0; j < 2; j++) {
      size_t len = strlen(schemes[j]);
      if (i + 1 >= len && memcmp(argument.data + i + 1 - len, schemes[j], len) == 0) {
        bulla_put(writer, fuzz_text(fuzz_vault_folder()));
        bulla_put_byte(writer, '/');
      }
    }
    if (i >= 2 && memcmp(argument.data + i - 2, "fd:", 3) == 0) {
      bulla_put_byte(writer, '0');
      break;
    }
  }
}

static char *make_argument(struct bulla_span line) {
  struct bulla_buffer tamed = bulla_buffer(fuzz_alloc(MAX_TEXT), MAX_TEXT);
  struct bulla_buffer text = bulla_buffer(fuzz_alloc(MAX_TEXT), MAX_TEXT);
  struct bulla_writer writer = bulla_writer(&tamed);
  tame(&writer, line);
  struct bulla_span bytes = bulla_written(&tamed);
  writer = bulla_writer(&text);
  expand(&writer, bytes);
  char *argument = (char *)fuzz_alloc(text.len + 1);
  memcpy(argument, text.data, text.len);
  argument[text.len] = '\0';
  free(tamed.data);
  free(text.data);
  return argument;
}

/* take_arguments fills |arguments| with the first lines of |input|. */
static void take_arguments(struct bulla_reader *input) {
  struct bulla_span line;
  num_arguments = 0;
  arguments[num_arguments++] = make_argument(BULLA_LITERAL("bulla"));
  while (num_arguments < MAX_ARGUMENTS && bulla_take_until(input, &line, '\n') && line.len > 0) {
    arguments[num_arguments++] = make_argument(line);
  }
  arguments[num_arguments] = NULL;
}

/* may_name says whether |text|, or its hexadecimal digits, stand in the arguments where a name is expected or a
 * file is named, and may be repeated. */
static bool may_name(const char *text) {
  for (int i = 1; i < num_arguments; i++) {
    bool found = fuzz_shows(fuzz_text(arguments[i]), fuzz_text(text));
    bool alone = strcmp(arguments[i], text) == 0;
    if (found && (!alone || strcmp(arguments[i - 1], "--secret") == 0 || has_argument("get"))) {
      return true;
    }
  }
  return false;
}

/* check_hidden sees to it that |secret| is not printed, nor repeated from the arguments in an error. */
static void check_hidden(const struct fuzz_outcome *outcome, const char *secret, bool may_print) {
  FUZZ_ASSERT(!fuzz_shows(outcome->err, fuzz_text(secret)) || may_name(secret));
  FUZZ_ASSERT(may_print || in_arguments(secret) || !fuzz_shows(outcome->out, fuzz_text(secret)));
}

static void check_outputs(const struct fuzz_outcome *outcome) {
  FUZZ_ASSERT(exec_was_good);
  bool get = has_argument("get");
  check_hidden(outcome, VALUE_A, get);
  check_hidden(outcome, VALUE_B, get);
  check_hidden(outcome, PLAINTEXT, has_argument("open") || has_argument("decrypt"));
  check_hidden(outcome, IMPORT_KEY, false);
  bool sends_file = in_arguments("--aad") || in_arguments("--header");
  check_hidden(outcome, BLOB_DIGITS, sends_file);
  check_hidden(outcome, JWK_DIGITS, sends_file);
  check_hidden(outcome, FUZZ_ROOT_DIGITS, sends_file);
  check_hidden(outcome, words[APIKEY].text, sends_file);
  check_hidden(outcome, SECRET, false);
  check_hidden(outcome, FILE_SECRET, sends_file);
  bool from_exec = outcome->exit_status >= 125 && outcome->exit_status <= 127 && has_argument("exec");
  bool names_place = in_arguments("sqlite:") || in_arguments("file:") || in_arguments("env:") || in_arguments("cred:");
  if (!names_place && !from_exec) {
    /* As it is: its digits would be a name, and may be repeated. So may a program that cannot be run. */
    FUZZ_ASSERT(memmem(outcome->err.data, outcome->err.len, ARGUMENT_PART, strlen(ARGUMENT_PART)) == NULL);
  }
  FUZZ_ASSERT((outcome->exit_status >= 0 && outcome->exit_status <= 4) || from_exec);
}

/* clean_up removes what `init` has made. */
static void clean_up(void) {
  static const char *const names[] = {"v.db",   "v.db-generation", "root.key", "blob.key", "secret",
                                      "claims", "apikey",          "list",     "jwk",      "jwks"};
  fuzz_vault_keep(names, sizeof(names) / sizeof(names[0]));
}

/* is_left_out returns whether the command would not end, or think for a second about an RSA key, or write a file where
 * the process is. */
static bool is_left_out(void) {
  return in_arguments("--follow") || in_arguments("--html") || in_arguments("--out") || in_arguments("--header-out") ||
         in_arguments("--aad-out") || (in_arguments("keygen") && in_arguments("RSA"));
}

static void run(struct bulla_span input) {
  fuzz_vault_load(bulla_written(&image));
  struct fuzz_outcome outcome = fuzz_command(num_arguments, arguments, input);
  check_outputs(&outcome);
  if (has_argument("init")) {
    clean_up();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (image.data == NULL) {
    set_up();
  }
  struct bulla_reader reader = bulla_reader(bulla_span(data, size));
  struct bulla_buffer input = bulla_buffer(fuzz_alloc(MAX_TEXT), MAX_TEXT);
  struct bulla_writer writer = bulla_writer(&input);
  take_arguments(&reader);
  expand(&writer, bulla_span(reader.at, reader.left));
  if (!is_left_out()) {
    run(bulla_written(&input));
  }
  for (int i = 0; i < num_arguments; i++) {
    free(arguments[i]);
  }
  free(input.data);
  return 0;
}
