/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Texts, numbers and strings of JSON, good and bad: for the reader itself, and for all that reads JSON by it. */

#ifndef BULLA_TESTS_JSON_ROWS_H
#define BULLA_TESTS_JSON_ROWS_H

#include <stdio.h>

#include "tests/support.h"

#define ROWS static const __attribute__((unused))

ROWS char *const bad_texts[] = {
    /* Not an object at the top. */
    "",
    " ",
    "null",
    "true",
    "0",
    "\"a\"",
    "[]",
    "[{}]",
    /* Structure. */
    "{",
    "}",
    "{{}",
    "{}}",
    "{]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\" 1}",
    "{:1}",
    "{1:1}",
    "{a:1}",
    "{'a':1}",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{\"a\":1,,\"b\":2}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1;\"b\":2}",
    "{\"a\":1",
    "{\"a\":",
    "{\"a\"",
    "{\"a",
    "{\"",
    "{\"a\":[1}",
    "{\"a\":[1,]}",
    "{\"a\":[,1]}",
    "{\"a\":[1 2]}",
    "{\"a\":[1,2}]}",
    "{\"a\":]}",
    "{\"a\":[}",
    "{\"a\":[}}",
    "{\"a\":[1}}",
    "{\"a\":{\"b\":1]}",
    "{\"a\":[{\"b\":1]]}",
    "{\"a\":{]}",
    "{\"a\"::1}",
    "{\"a\":1:2}",
    "{\"a\",\"b\"}",
    "{null:1}",
    "{\"a\":[\"b\":1]}",
    /* Behind the end. */
    "{}{}",
    "{} {}",
    "{},",
    "{}x",
    "{}]",
    "{}\"",
    "{}0",
    "{}//",
    /* Other white space, comments, byte order mark. */
    "{\v}",
    "{\f}",
    "{\xc2\xa0}",
    "{/**/}",
    "{}//x",
    "\xef\xbb\xbf{}",
    "{}\xef\xbb\xbf",
    "{\xe2\x80\xa8}",
    /* Literals. */
    "{\"a\":nul}",
    "{\"a\":nulll}",
    "{\"a\":Null}",
    "{\"a\":TRUE}",
    "{\"a\":tru}",
    "{\"a\":fals}",
    "{\"a\":undefined}",
    "{\"a\":NaN}",
    "{\"a\":Infinity}",
    "{\"a\":-Infinity}",
    "{\"a\":truefalse}",
    "{\"a\":'b'}",
    /* Names twice, however they are written and wherever they are. */
    "{\"a\":1,\"a\":1}",
    "{\"a\":1,\"b\":2,\"a\":3}",
    "{\"\":1,\"\":1}",
    "{\"a\":1,\"\\u0061\":1}",
    "{\"\\u0061\":1,\"\\u0061\":1}",
    "{\"\\u00e9\":1,\"\xc3\xa9\":1}",
    "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}",
    "{\"\\n\":1,\"\\u000a\":1}",
    "{\"\\/\":1,\"/\":1}",
    "{\"a\":{\"b\":1,\"b\":1}}",
    "{\"a\":[{\"b\":1,\"b\":1}]}",
    "{\"a\":{\"x\":1},\"b\":2,\"a\":3}",
    "{\"a\":[{\"x\":1}],\"a\":3}",
    "{\"a\":{\"b\":{},\"c\":[],\"b\":{}}}",
};
enum { NUM_BAD_TEXTS = sizeof(bad_texts) / sizeof(*bad_texts) };

ROWS struct {
  const char *text;
  bool good;
  bool integer;
  int64_t value;
} json_numbers[] = {
    {"0", true, true, 0},
    {"-0", true, true, 0},
    {"7", true, true, 7},
    {"-7", true, true, -7},
    {"10", true, true, 10},
    {"1234567890", true, true, 1234567890},
    {"9223372036854775807", true, true, INT64_MAX},
    {"-9223372036854775808", true, true, INT64_MIN},
    {"9223372036854775808", false, false, 0},
    {"-9223372036854775809", false, false, 0},
    {"9223372036854775810", false, false, 0},
    {"18446744073709551615", false, false, 0},
    {"18446744073709551616", false, false, 0},
    {"18446744073709551617", false, false, 0},
    {"92233720368547758070", false, false, 0},
    {"100000000000000000000000000000000000000000", false, false, 0},
    {"0.0", true, false, 0},
    {"-0.0", true, false, 0},
    {"1.5", true, false, 0},
    {"1e5", true, false, 0},
    {"1E5", true, false, 0},
    {"1e+5", true, false, 0},
    {"1e-5", true, false, 0},
    {"0e0", true, false, 0},
    {"1e05", true, false, 0},
    {"-1.25E-07", true, false, 0},
    {"1e250", true, false, 0},
    {"1e-250", true, false, 0},
    {"1e251", false, false, 0},
    {"1e-251", false, false, 0},
    {"1e400", false, false, 0},
    {"1e18446744073709551617", false, false, 0},
    {"1e99999999999999999999999999999999999", false, false, 0},
    {"0.12345678901234567890123456789012345678", true, false, 0},   /* 40 characters */
    {"0.123456789012345678901234567890123456789", false, false, 0}, /* 41 */
    {"9223372036854775808.0", true, false, 0},
    {"01", false, false, 0},
    {"-01", false, false, 0},
    {"00", false, false, 0},
    {"1.", false, false, 0},
    {".5", false, false, 0},
    {"-.5", false, false, 0},
    {"1.e5", false, false, 0},
    {"1e", false, false, 0},
    {"1e+", false, false, 0},
    {"1e+-5", false, false, 0},
    {"1e5.0", false, false, 0},
    {"+1", false, false, 0},
    {"-", false, false, 0},
    {"--1", false, false, 0},
    {"- 1", false, false, 0},
    {"1 2", false, false, 0},
    {"1-2", false, false, 0},
    {"0x10", false, false, 0},
    {"1_000", false, false, 0},
    {"1,5", false, false, 0},
    {"\xd9\xa1", false, false, 0},
};
enum { NUM_NUMBERS = sizeof(json_numbers) / sizeof(*json_numbers) };

ROWS struct {
  const char *text; /* with its quotes */
  bool good;
} json_strings[] = {
    {"\"\"", true},
    {"\"plain\"", true},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", true},
    {"\"\\u0041\\u00e9\\u20AC\\uFFFD\"", true},
    {"\"\\ud83d\\ude00\\uD83D\\uDE00\\uDBFF\\uDFFD\"", true},
    {"\"\\u0001\\u001f\\u007f\\u0080\"", true},
    {"\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbd\"", true},
    {"\"\xef\xb7\x8f\xef\xb7\xb0\"", true}, /* around the noncharacters */
    {"\"\xef\xbb\xbf\"", true},             /* U+FEFF is a character inside a string */
    /* Quotes and escapes. */
    {"\"", false},
    {"\"\\\"", false},
    {"\"\\\\\"\"", false},
    {"\"\\a\"", false},
    {"\"\\v\"", false},
    {"\"\\0\"", false},
    {"\"\\x41\"", false},
    {"\"\\'\"", false},
    {"\"\\U0041\"", false},
    {"\"\\u\"", false},
    {"\"\\u004\"", false},
    {"\"\\u00g0\"", false},
    {"\"\\u+041\"", false},
    {"\"\\u 041\"", false},
    {"\"\\\n\"", false},
    /* Control characters. */
    {"\"\x01\"", false},
    {"\"\n\"", false},
    {"\"\t\"", false},
    {"\"\x1f\"", false},
    {"\"\\u0000\"", false},
    /* Surrogates, alone or in the wrong order. */
    {"\"\\ud800\"", false},
    {"\"\\udbff\"", false},
    {"\"\\udc00\"", false},
    {"\"\\udfff\"", false},
    {"\"\\ud83dx\"", false},
    {"\"\\ud83d\\n\"", false},
    {"\"\\ud83d\\u0041\"", false},
    {"\"\\ud83d\\ud83d\"", false},
    {"\"\\ude00\\ud83d\"", false},
    {"\"\\ud83d\\u\"", false},
    {"\"\\ud83d\\ue000\"", false},
    {"\"\\ud83d\xed\xb8\x80\"", false},
    {"\"\xed\xa0\x80\"", false},
    {"\"\xed\xbf\xbf\"", false},
    {"\"\xed\xa0\xbd\xed\xb8\x80\"", false},
    /* Noncharacters. */
    {"\"\\ufffe\"", false},
    {"\"\\uffff\"", false},
    {"\"\\ufdd0\"", false},
    {"\"\\ufdef\"", false},
    {"\"\\ud83f\\udffe\"", false},
    {"\"\\udbff\\udfff\"", false},
    {"\"\xef\xbf\xbe\"", false},
    {"\"\xef\xbf\xbf\"", false},
    {"\"\xef\xb7\x90\"", false},
    {"\"\xef\xb7\xaf\"", false},
    {"\"\xf0\x9f\xbf\xbe\"", false},
    {"\"\xf4\x8f\xbf\xbf\"", false},
    /* UTF-8 in another form than the shortest, cut off, or past U+10FFFF. */
    {"\"\x80\"", false},
    {"\"\xbf\"", false},
    {"\"\xc0\x80\"", false},
    {"\"\xc1\xbf\"", false},
    {"\"\xc3\"", false},
    {"\"\xc3\x28\"", false},
    {"\"\xc3\xc3\"", false},
    {"\"\xe0\x80\x80\"", false},
    {"\"\xe0\x9f\xbf\"", false},
    {"\"\xe2\x82\"", false},
    {"\"\xe2\x28\xa1\"", false},
    {"\"\xe2\x82\x28\"", false},
    {"\"\xf0\x80\x80\x80\"", false},
    {"\"\xf0\x8f\xbf\xbf\"", false},
    {"\"\xf0\x9f\x98\"", false},
    {"\"\xf4\x90\x80\x80\"", false},
    {"\"\xf5\x80\x80\x80\"", false},
    {"\"\xf8\x88\x80\x80\x80\"", false},
    {"\"\xfe\"", false},
    {"\"\xff\"", false},
};
enum { NUM_STRINGS = sizeof(json_strings) / sizeof(*json_strings) };

/* bad_text returns the bad text number |i| with |members| as the first in its object, if it has one. It lasts until
 * the next call. */
__attribute__((unused)) static const char *bad_text(size_t i, const char *members) {
  static char text[400];
  const char *bad = bad_texts[i];
  if (bad[0] != '{') {
    return bad;
  }
  bool alone = strchr("}]/\v\f\xc2\xe2", bad[1]) != NULL;
  cr_assert_lt(snprintf(text, sizeof(text), "{%s%s%s", members, alone ? "" : ",", bad + 1), (int)sizeof(text));
  return text;
}

/* json_nested returns |open|, |num| times, then |innermost|, then |close| as often. */
__attribute__((unused)) static struct bulla_span json_nested(size_t num, const char *open, const char *innermost,
                                                             const char *close) {
  struct bulla_span text = test_text(innermost);
  for (size_t i = 0; i < num; i++) {
    text = test_concat(test_text(open), test_concat(text, test_text(close)));
  }
  return text;
}

#endif
