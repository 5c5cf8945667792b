/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The roots of a vault: several of each kind, added and removed. */

#include "tests/vault_support.h"

TestSuite(roots, .init = build_house, .fini = leave_house, .timeout = 60);

/* create_recipient makes one whose private key is in the file |name|. */
static struct bulla_root *create_recipient(const char *name) {
  struct bulla_root *recipient;
  char provider[500];
  snprintf(provider, sizeof(provider), "file:%s", in_house(name));
  TEST_OK(bulla_recipient_create(&recipient, provider));
  return recipient;
}

static void fill_house(void) {
  TEST_OK(put("acme", "db", "password", "hunter2", true));
}

/* open_root opens the root of "env:", for which it sets a key of |byte|. */
static struct bulla_root *root_of(uint8_t byte) {
  struct bulla_root *root = NULL;
  char digits[65];
  for (size_t i = 0; i < 32; i++) {
    snprintf(digits + 2 * i, 3, "%02x", byte);
  }
  setenv("BULLA_TEST_ROOT", digits, 1);
  TEST_OK(bulla_root_open(&root, "env:BULLA_TEST_ROOT"));
  return root;
}

static enum bulla_status add(const struct bulla_root *root, const char *name) {
  return bulla_vault_root_add(house.vault, &who, root, test_text(name));
}

static enum bulla_status remove_root(const char *which) {
  return bulla_vault_root_remove(house.vault, &who, test_text(which));
}

/* opens returns what opening the vault with |root| gives, and with its |fingerprint|, if that is not NULL. */
static enum bulla_status opens(const struct bulla_root *root, const uint8_t *fingerprint) {
  struct bulla_vault *vault = NULL;
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  options.fingerprint = bulla_span(fingerprint, fingerprint == NULL ? 0 : BULLA_VAULT_FINGERPRINT_LEN);
  enum bulla_status status = bulla_vault_open(&vault, house.url, root, &options);
  if (status == BULLA_OK) {
    int calls = 0;
    status = bulla_vault_use(vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), count_value, &calls);
    cr_expect_eq(calls, 1);
  }
  bulla_vault_close(&vault);
  return status;
}

/* hex_of_root fills |id| with that of the first root that is a key. */
static void hex_of_root(char id[33]) {
  for (int i = 0; i < 32; i++) {
    char sql[200];
    snprintf(sql, sizeof(sql),
             "SELECT unicode(substr(lower(hex(id)), %d, 1)) FROM root WHERE length(wrapped) = 90 ORDER BY id", i + 1);
    id[i] = (char)run_sql(sql);
  }
  id[32] = '\0';
}

static enum bulla_status note_root(void *arg, const struct bulla_root_view *root) {
  note(arg, "%.*s %.*s;", S(root->kind), S(root->name));
  cr_expect_eq(root->id.len, 16);
  cr_expect_gt(root->created, 1700000000);
  return BULLA_OK;
}

static void assert_roots(const char *wanted) {
  struct bulla_buffer list = test_room(1000);
  TEST_OK(bulla_vault_root_list(house.vault, note_root, &list));
  TEST_SPAN(bulla_written(&list), test_text(wanted), "%.*s", S(bulla_written(&list)));
}

Test(roots, each_of_several_opens_the_vault_and_one_that_was_removed_does_not) {
  struct bulla_root *passphrase = NULL;
  struct bulla_root *second = root_of(2);
  struct bulla_root *third = root_of(3);
  fill_house();
  TEST_OK(bulla_root_passphrase(&passphrase, TEXT("open sesame")));
  TEST_OK(add(second, "second"));
  TEST_OK(add(passphrase, "by-heart"));
  assert_roots("key ;key second;passphrase by-heart;");
  TEST_OK(opens(house.root, NULL));
  TEST_OK(opens(second, NULL));
  TEST_OK(opens(passphrase, NULL));
  TEST_STATUS(opens(third, NULL), BULLA_ROOT_WRONG);
  TEST_OK(remove_root("second"));
  assert_roots("key ;passphrase by-heart;");
  cr_expect_eq(run_sql("SELECT count(*) FROM root"), 2, "what was wrapped for it is gone");
  TEST_STATUS(opens(second, NULL), BULLA_ROOT_WRONG);
  TEST_OK(opens(house.root, NULL));
  TEST_OK(opens(passphrase, NULL));
  bulla_root_free(&second);
  bulla_root_free(&third);
  bulla_root_free(&passphrase);
}

Test(roots, another_process_has_the_key_of_a_vault_whose_root_is_removed) {
  struct bulla_root *second = root_of(2);
  fill_house();
  TEST_OK(add(second, "second"));
  close_vault();
  TEST_OK(bulla_vault_open(&house.vault, house.url, second, NULL));
  struct bulla_vault *other = NULL;
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  TEST_OK(bulla_vault_root_remove(other, &who, TEXT("second")));
  bulla_vault_close(&other);
  assert_use("acme", "db", "password", "hunter2");
  TEST_OK(remove_root("second") == BULLA_NOT_FOUND ? BULLA_OK : BULLA_IO);
  bulla_root_free(&second);
}

Test(roots, a_row_that_is_put_back_opens_nothing) {
  struct bulla_root *second = root_of(2);
  fill_house();
  TEST_OK(add(second, "second"));
  run_sql("CREATE TABLE kept AS SELECT * FROM root");
  TEST_OK(remove_root("second"));
  close_vault();
  run_sql("INSERT INTO root SELECT * FROM kept WHERE id NOT IN (SELECT id FROM root); DROP TABLE kept");
  cr_assert_eq(run_sql("SELECT count(*) FROM root"), 2);
  TEST_STATUS(opens(second, NULL), BULLA_ROOT_WRONG);
  TEST_OK(opens(house.root, NULL));
  bulla_root_free(&second);
}

Test(roots, a_row_or_an_entry_that_is_changed_is_refused) {
  static const struct {
    const char *sql;
    enum bulla_status status;
  } tries[] = {
      {"UPDATE root SET wrapped = zeroblob(90)", BULLA_REFUSED},
      {"DELETE FROM root", BULLA_REFUSED},
      {"UPDATE root SET scrypt_salt = zeroblob(16), scrypt_log_n = 17", BULLA_ROOT_WRONG},
      {"UPDATE root SET scrypt_salt = zeroblob(16), scrypt_log_n = NULL", BULLA_REFUSED},
      {"UPDATE vault SET statement = zeroblob(300)", BULLA_NOT_A_VAULT},
      {"UPDATE vault SET signature = zeroblob(64)", BULLA_REFUSED},
      {"UPDATE vault SET signing_key = audit_key", BULLA_REFUSED},
      {"UPDATE vault SET audit_key = detail_key", BULLA_REFUSED},
      {"UPDATE vault SET detail_key = zeroblob(90)", BULLA_REFUSED},
      {"DELETE FROM vault", BULLA_NOT_A_VAULT},
  };
  fill_house();
  struct bulla_span whole = image();
  for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
    close_vault();
    put_back(whole);
    run_sql(tries[i].sql);
    enum bulla_status status = opens(house.root, NULL);
    cr_expect_eq(status, tries[i].status, "%s: %s", tries[i].sql, bulla_status_name(status));
  }
}

Test(roots, adding_is_refused_where_it_makes_no_sense) {
  struct bulla_root *second = root_of(2);
  TEST_STATUS(add(house.root, "again"), BULLA_EXISTS);
  TEST_OK(add(second, "second"));
  TEST_STATUS(add(second, ""), BULLA_EXISTS);
  struct bulla_root *third = root_of(3);
  TEST_STATUS(add(third, "second"), BULLA_EXISTS);
  TEST_STATUS(add(third, "not a name"), BULLA_INVALID_NAME);
  TEST_STATUS(add(NULL, "none"), BULLA_INVALID_ARGUMENT);
  TEST_OK(add(third, ""));
  bulla_root_free(&third);
  for (uint8_t i = 4; i <= BULLA_ROOTS_MAX; i++) {
    struct bulla_root *root = root_of(i);
    TEST_OK(add(root, ""));
    bulla_root_free(&root);
  }
  struct bulla_root *ninth = root_of(9);
  TEST_STATUS(add(ninth, ""), BULLA_TOO_LARGE);
  bulla_root_free(&ninth);
  bulla_root_free(&second);
  assert_unbroken(BULLA_ROOTS_MAX);
}

Test(roots, the_last_one_that_opens_by_itself_stays) {
  struct bulla_root *recipient;
  struct bulla_root *public_half = NULL;
  char text[BULLA_RECIPIENT_TEXT_LEN + 1];
  char id[33] = {0};
  recipient = create_recipient("recovery");
  TEST_OK(bulla_recipient_text(recipient, text));
  TEST_OK(bulla_root_recipient(&public_half, test_text(text)));
  TEST_OK(add(public_half, "recovery"));
  TEST_STATUS(remove_root("nobody"), BULLA_NOT_FOUND);
  TEST_STATUS(remove_root(""), BULLA_NOT_FOUND);
  hex_of_root(id);
  TEST_STATUS(remove_root(id), BULLA_IN_USE);
  TEST_OK(remove_root("recovery"));
  assert_roots("key ;");
  bulla_root_free(&recipient);
  bulla_root_free(&public_half);
}

Test(roots, a_recipient_opens_the_vault_with_its_fingerprint_alone) {
  struct bulla_root *private_half;
  struct bulla_root *public_half = NULL;
  struct bulla_root *opened = NULL;
  struct bulla_root *stranger;
  char text[BULLA_RECIPIENT_TEXT_LEN + 1];
  uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];
  char provider[400];
  fill_house();
  private_half = create_recipient("recovery");
  TEST_OK(bulla_recipient_text(private_half, text));
  TEST_OK(bulla_root_recipient(&public_half, test_text(text)));
  TEST_STATUS(add(private_half, "recovery"), BULLA_INVALID_ARGUMENT);
  TEST_OK(add(public_half, "recovery"));
  TEST_OK(bulla_vault_fingerprint(house.vault, fingerprint));
  snprintf(provider, sizeof(provider), "recipient:file:%s", in_house("recovery"));
  TEST_OK(bulla_root_open(&opened, provider));
  TEST_OK(opens(opened, fingerprint));
  TEST_STATUS(opens(opened, NULL), BULLA_WRONG_VAULT);
  fingerprint[7] ^= 1;
  TEST_STATUS(opens(opened, fingerprint), BULLA_WRONG_VAULT);
  TEST_STATUS(opens(house.root, fingerprint), BULLA_WRONG_VAULT);
  fingerprint[7] ^= 1;
  TEST_OK(opens(house.root, fingerprint));
  TEST_STATUS(opens(public_half, fingerprint), BULLA_ROOT_WRONG);
  stranger = create_recipient("stranger");
  TEST_STATUS(opens(stranger, fingerprint), BULLA_ROOT_WRONG);
  bulla_root_free(&stranger);
  bulla_root_free(&opened);
  bulla_root_free(&private_half);
  bulla_root_free(&public_half);
}

/* Anybody can make a vault of the same id and seal its key to a public key. */
Test(roots, a_vault_that_somebody_else_made_for_the_recipient_is_not_opened) {
  struct bulla_root *private_half;
  struct bulla_root *public_half = NULL;
  struct bulla_vault *forged = NULL;
  char text[BULLA_RECIPIENT_TEXT_LEN + 1];
  uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];
  struct bulla_root *mallory = root_of(66);
  private_half = create_recipient("key");
  TEST_OK(bulla_recipient_text(private_half, text));
  TEST_OK(bulla_root_recipient(&public_half, test_text(text)));
  TEST_OK(add(public_half, ""));
  TEST_OK(bulla_vault_fingerprint(house.vault, fingerprint));
  close_vault();
  remove_vault();
  TEST_OK(bulla_vault_create(house.url, mallory));
  TEST_OK(bulla_vault_open(&forged, house.url, mallory, NULL));
  TEST_OK(bulla_vault_root_add(forged, &who, public_half, TEXT("")));
  bulla_vault_close(&forged);
  TEST_STATUS(opens(private_half, fingerprint), BULLA_WRONG_VAULT);
  TEST_STATUS(opens(private_half, NULL), BULLA_WRONG_VAULT);
  bulla_root_free(&mallory);
  bulla_root_free(&private_half);
  bulla_root_free(&public_half);
}

Test(roots, the_text_of_a_recipient_is_read_whole_or_not_at_all) {
  struct bulla_root *private_half;
  struct bulla_root *read = NULL;
  char text[BULLA_RECIPIENT_TEXT_LEN + 1];
  char again[BULLA_RECIPIENT_TEXT_LEN + 1];
  private_half = create_recipient("key");
  TEST_OK(bulla_recipient_text(private_half, text));
  cr_assert_eq(strlen(text), (size_t)BULLA_RECIPIENT_TEXT_LEN);
  TEST_OK(bulla_root_recipient(&read, test_text(text)));
  TEST_OK(bulla_recipient_text(read, again));
  cr_expect_str_eq(again, text);
  bulla_root_free(&read);
  for (size_t len = 0; len < strlen(text); len++) {
    TEST_STATUS(bulla_root_recipient(&read, bulla_span((const uint8_t *)text, len)), BULLA_ROOT_MALFORMED);
    cr_expect_null(read);
  }
  for (size_t i = 0; i < strlen(text); i++) {
    char changed[BULLA_RECIPIENT_TEXT_LEN + 1];
    memcpy(changed, text, sizeof(changed));
    changed[i] = changed[i] == '0' ? '1' : '0';
    TEST_STATUS(bulla_root_recipient(&read, test_text(changed)), BULLA_ROOT_MALFORMED);
  }
  TEST_STATUS(bulla_recipient_text(house.root, again), BULLA_INVALID_ARGUMENT);
  bulla_root_free(&private_half);
}

/* A program that turns letters into those of the other case, and back. */
static const char program[] =
    "read -r protocol operation; read -r vault; read -r data\n"
    "case $operation in\n"
    "  wrap) answer=$(printf %s \"$data\" | tr A-Za-z a-zA-Z)A ;;\n"
    "  unwrap) answer=$(printf %s \"${data%A}\" | tr A-Za-z a-zA-Z) ;;\n"
    "esac\n"
    "printf 'bulla-wrap-1 ok\\n%s\\nend\\n' \"$answer\"\n";

Test(roots, a_program_opens_the_vault_with_its_fingerprint) {
  struct bulla_root *root = NULL;
  struct bulla_root *other = NULL;
  uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];
  char provider[500];
  fill_house();
  TEST_OK(bulla_vault_fingerprint(house.vault, fingerprint));
  snprintf(provider, sizeof(provider), "wrap:%s", test_script(house.folder, "program", program));
  TEST_OK(bulla_root_open(&root, provider));
  snprintf(provider, sizeof(provider), "wrap:%s",
           test_script(house.folder, "refuses", "printf 'bulla-wrap-1 refused\\nno card\\nend\\n'; exit 1\n"));
  TEST_OK(bulla_root_open(&other, provider));
  TEST_STATUS(bulla_vault_create(url_of("new"), root), BULLA_INVALID_ARGUMENT);
  TEST_OK(add(root, "card"));
  TEST_OK(opens(root, fingerprint));
  TEST_STATUS(opens(root, NULL), BULLA_WRONG_VAULT);
  TEST_STATUS(add(other, "broken"), BULLA_SECRET_UNAVAILABLE);
  TEST_STATUS(opens(other, fingerprint), BULLA_SECRET_UNAVAILABLE);
  assert_roots("key ;program card;");
  TEST_STATUS(bulla_root_open(&other, "wrap:"), BULLA_INVALID_ARGUMENT);
  TEST_OK(remove_root("card"));
  TEST_STATUS(opens(root, fingerprint), BULLA_ROOT_WRONG);
  bulla_root_free(&root);
  bulla_root_free(&other);
}

/* Encrypts without authenticating: what another program wrapped it takes for something else. */
Test(roots, a_program_finds_its_own_row_among_those_of_others) {
  static const char shifts[] =
      "read -r protocol operation; read -r vault; read -r data\n"
      "case $operation in\n"
      "  wrap) answer=$(printf %s \"$data\" | tr A-Za-z B-ZAb-za)A ;;\n"
      "  unwrap) answer=$(printf %s \"${data%A}\" | tr B-ZAb-za A-Za-z) ;;\n"
      "esac\n"
      "printf 'bulla-wrap-1 ok\\n%s\\nend\\n' \"$answer\"\n";
  struct bulla_root *first = NULL;
  struct bulla_root *second = NULL;
  uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];
  char provider[500];
  fill_house();
  TEST_OK(bulla_vault_fingerprint(house.vault, fingerprint));
  snprintf(provider, sizeof(provider), "wrap:%s", test_script(house.folder, "program", program));
  TEST_OK(bulla_root_open(&first, provider));
  snprintf(provider, sizeof(provider), "wrap:%s", test_script(house.folder, "shifts", shifts));
  TEST_OK(bulla_root_open(&second, provider));
  TEST_OK(add(first, "first"));
  TEST_OK(add(second, "second"));
  TEST_OK(opens(first, fingerprint));
  TEST_OK(opens(second, fingerprint));
  TEST_OK(remove_root("second"));
  cr_expect_neq(opens(second, fingerprint), BULLA_OK);
  bulla_root_free(&first);
  bulla_root_free(&second);
}

/* Who writes to the database takes away the row of the other root. */
Test(roots, the_one_that_the_vault_was_opened_with_stays) {
  struct bulla_root *second = root_of(2);
  struct bulla_vault *by_second = NULL;
  char id[33] = {0};
  fill_house();
  hex_of_root(id);
  TEST_OK(add(second, "second"));
  TEST_OK(bulla_vault_open(&by_second, house.url, second, NULL));
  TEST_STATUS(remove_root(id), BULLA_IN_USE);
  TEST_STATUS(bulla_vault_root_remove(by_second, &who, TEXT("second")), BULLA_IN_USE);
  TEST_OK(remove_root("second"));
  TEST_STATUS(bulla_vault_root_remove(by_second, &who, test_text(id)), BULLA_IN_USE); /* its own root is gone */
  TEST_OK(add(second, "second"));
  char sql[100];
  snprintf(sql, sizeof(sql), "DELETE FROM root WHERE lower(hex(id)) != '%s'", id);
  run_sql(sql);
  TEST_STATUS(add(second, "again"), BULLA_EXISTS);
  TEST_STATUS(remove_root(id), BULLA_IN_USE);
  TEST_OK(opens(house.root, NULL));
  bulla_vault_close(&by_second);
  bulla_root_free(&second);
}

Test(roots, no_name_looks_like_an_id) {
  struct bulla_root *second = root_of(2);
  char id[33] = {0};
  hex_of_root(id);
  TEST_STATUS(add(second, id), BULLA_INVALID_NAME);
  TEST_STATUS(add(second, "0123456789abcdef0123456789abcdef"), BULLA_INVALID_NAME);
  TEST_OK(add(second, "0123456789abcdef0123456789abcde"));
  assert_roots("key ;key 0123456789abcdef0123456789abcde;");
  bulla_root_free(&second);
}

Test(roots, changes_are_recorded_with_what_was_signed) {
  struct bulla_root *second = root_of(2);
  TEST_OK(add(second, "second"));
  TEST_OK(remove_root("second"));
  cr_expect_eq(count_records("op = 'root-add' AND seq = 2"), 1);
  cr_expect_eq(count_records("op = 'root-remove' AND seq = 3"), 1);
  assert_unbroken(3);
  bulla_root_free(&second);
}
