/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The queries of store/queries.h: one text for every back end. */

#include <ctype.h>

#include "store/queries.h"
#include "tests/vault_support.h"

TestSuite(queries, .init = build_house, .fini = leave_house);

/* The number behind a '$' at |text|, and past it. */
static unsigned parameter(const char **text) {
  unsigned number = 0;
  for (*text += 1; isdigit((unsigned char)**text); *text += 1) {
    number = 10 * number + (unsigned)(**text - '0');
  }
  return number;
}

/* SQLite numbers parameters by their first appearance, PostgreSQL by what is written. */
Test(queries, parameters_first_appear_in_order_without_gaps) {
  for (int query = 0; query < BULLA_NUM_QUERIES; query++) {
    const char *text = bulla_query_text((enum bulla_query)query);
    unsigned seen = 0;
    cr_assert_not_null(text, "query %d", query);
    for (const char *at = strchr(text, '$'); at != NULL; at = strchr(at, '$')) {
      unsigned number = parameter(&at);
      cr_assert(number >= 1 && number <= seen + 1, "$%u behind $%u: %s", number, seen, text);
      seen = number > seen ? number : seen;
    }
  }
}

/* Whether |word| stands in |text|, in whatever case, not within another word. */
static bool has(const char *text, const char *word) {
  size_t len = strlen(word);
  for (const char *at = strcasestr(text, word); at != NULL; at = strcasestr(at + 1, word)) {
    bool begins = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
    bool ends = !(isalnum((unsigned char)at[len]) || at[len] == '_') || !isalpha((unsigned char)word[len - 1]);
    if (begins && ends) {
      return true;
    }
  }
  return false;
}

/* What only one back end takes, or each takes in its own way. */
Test(queries, nothing_is_asked_for_in_the_words_of_one_back_end) {
  static const char *const words[] = {
      "rowid",
      "oid",
      "_rowid_",
      "PRAGMA",
      "sqlite_schema",
      "INSERT OR",
      "REPLACE",
      "IFNULL",
      "CROSS",
      "GLOB",
      "LIKE",
      "COLLATE",
      "INDEXED",
      "AUTOINCREMENT",
      "quote",
      "hex",
      "zeroblob",
      "random",
      "ILIKE",
      "FOR",
      "DISTINCT ON",
      "ANY",
      "unnest",
      "now",
      "coalesce",
      "::",
      "==",
      "\"",
      "`",
      "[",
      "x'",
      ";",
  };
  for (int query = 0; query < BULLA_NUM_QUERIES; query++) {
    const char *text = bulla_query_text((enum bulla_query)query);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
      cr_expect_not(has(text, words[i]), "%s in: %s", words[i], text);
    }
    /* In SQLite max() of two values is no aggregate. */
    const char *max = strstr(text, "max(");
    cr_expect(max == NULL || strcspn(max, ",") > strcspn(max, ")"), "%s", text);
  }
}

Test(queries, sqlite_takes_each_and_goes_by_an_index) {
  SQLITE_ONLY();
  for (int query = 0; query < BULLA_QUERY_1_FIRST; query++) {
    const char *text = bulla_query_text((enum bulla_query)query);
    const char *scanned = sqlite_scans(text);
    /* All limits are asked for. All who have revoked tokens are asked for; there is no index of API keys by their
     * tenant, nor of revocations by them; and the revoked tokens of one tenant, or all rows, are counted through. */
    bool may = query == BULLA_QUERY_LIST_REVOKED_TOKENS || query == BULLA_QUERY_DELETE_APIKEYS ||
               query == BULLA_QUERY_COUNT_LIVE_APIKEYS || query == BULLA_QUERY_IS_REVOCATION_TOLD ||
               query == BULLA_QUERY_TELL_REVOCATIONS || query == BULLA_QUERY_TELL_LIVE_APIKEYS ||
               query == BULLA_QUERY_COUNT_ROWS || query == BULLA_QUERY_LIST_LIMITS;
    /* What is given is read through. */
    may = may || (query == BULLA_QUERY_REWRAP_FIELDS && strcmp(scanned, "SCAN v") == 0);
    cr_expect(scanned == NULL || may, "%s: %s", scanned, text);
  }
}

/* Those of format 1 are asked once in the life of a vault. */
Test(queries, sqlite_takes_each_of_format_1) {
  SQLITE_ONLY();
  close_vault();
  write_file(house.path, read_file(BULLA_SOURCE_FOLDER "/tests/data/format1/small.db"));
  for (int query = BULLA_QUERY_1_FIRST; query < BULLA_NUM_QUERIES; query++) {
    (void)sqlite_scans(bulla_query_text((enum bulla_query)query)); /* asserts that it is taken */
  }
}

/* The types of the parameters of a query, where what they are compared with does not tell. */
#define ROW ", bytea, bytea, bigint"
static const char *types_of(enum bulla_query query) {
  return query == BULLA_QUERY_REWRAP_FIELDS ? "(bytea" ROW ROW ROW ROW ROW ROW ROW ROW ", bytea)" : "";
}

Test(queries, postgresql_takes_each) {
  char sql[2000];
  if (!postgres_is_tested()) {
    TEST_SKIP("this is a test of PostgreSQL: see queries-postgres");
  }
  for (int query = 0; query < BULLA_QUERY_1_FIRST; query++) {
    const char *text = bulla_query_text((enum bulla_query)query);
    cr_assert_lt(snprintf(sql, sizeof(sql), "SET search_path = bulla, pg_temp; PREPARE it%s AS %s",
                          types_of((enum bulla_query)query), text),
                 (int)sizeof(sql));
    let_go(hold(sql)); /* asserts that it is taken */
  }
}
