/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The reader judged against RFC 8259, whose clauses are meant where no other RFC is named, and RFC 7493, which is
 * stricter: a table of texts, each row of one verdict for one reason. */

#include "core/json.h"
#include "tests/support.h"

enum verdict {
  GOOD,       /* read */
  NOT_JSON,   /* refused by RFC 8259 */
  NOT_I_JSON, /* allowed there, refused by RFC 7493 */
  NOT_OURS,   /* allowed by both, past what core/json.h says: one object at the top, no NUL, bounds of numbers */
};

enum { MAX_TEXTS = 32 };

struct row {
  enum verdict verdict;
  const char *why;
  struct bulla_span texts[MAX_TEXTS + 1]; /* up to the first without data */
};

/* A literal, NULs in it included. */
#define T(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }

static const struct row texts[] = {
    /* What stands at the top. */
    {GOOD, "§4: an object may be empty", {T("{}")}},
    {GOOD, "§4", {T("{\"a\":1}")}},
    {GOOD, "§2: space around the value", {T(" {\"a\":1} ")}},
    {GOOD, "§2: space around each of the six marks", {T("\t\n\r {\t\n\r \"a\"\t\n\r :\t\n\r 1\t\n\r }\t\n\r ")}},
    {GOOD, "§2", {T("\r\n{}\r\n\r\n")}},
    {NOT_OURS, "an array, which §2 allows at the top", {T("[]")}},
    {NOT_OURS, "an array", {T("[{\"a\":1}]")}},
    {NOT_OURS, "a string", {T("\"a\"")}},
    {NOT_OURS, "a number", {T("0"), T("-1.5e3")}},
    {NOT_OURS, "a literal", {T("true"), T("false"), T("null")}},
    {NOT_JSON, "§2: a text is a value", {T(""), T(" "), T("\n\t\r")}},
    {NOT_JSON, "§2: one value", {T("{}{}"), T("{} {}"), T("{},{}")}},
    {NOT_JSON, "§2: one value; what is between lines is another format", {T("{}\n{}")}},
    {NOT_JSON, "§2: nothing behind it", {T("{},"), T("{};"), T("{}}"), T("{}]"), T("{}null"), T("{}\"\"")}},
    {NOT_JSON, "§2: nothing behind it, a NUL neither", {T("{}\x00")}},
    {NOT_JSON, "§2: a NUL is no space", {T("\x00{}"), T("{\x00}")}},
    {NOT_JSON, "§2: nothing before it", {T(",{}"), T("x{}"), T(")]}',\n{}")}},
    {NOT_JSON, "§2: nothing around it", {T("({})"), T("callback({})")}},
    {NOT_JSON, "§2: a record separator (RFC 7464) is no space", {T("\x1e{}\n")}},
    /* Bytes that are taken for space. */
    {NOT_JSON, "§2: a vertical tab is no space", {T("\x0b{}"), T("{}\x0b"), T("{\"a\"\x0b:1}")}},
    {NOT_JSON,
     "§2: a form feed is no space",
     {T("\x0c{}"), T("{\x0c\"a\":1}"),
      T("{\"a\":\x0c"
        "1}")}},
    {NOT_JSON, "§2: a control character is no space", {T("{}\x1f")}},
    {NOT_JSON, "§2: a backspace is no space", {T("{\x08}")}},
    {NOT_JSON, "§2: a delete is no space", {T("{}\x7f")}},
    {NOT_JSON,
     "§2: U+00A0 is no space",
     {T("{\xc2\xa0}"), T("{\"a\":\xc2\xa0"
                         "1}")}},
    {NOT_JSON, "§2: U+0085 is no space", {T("{\xc2\x85}")}},
    {NOT_JSON, "§2: U+2028 is no space", {T("{\xe2\x80\xa8}")}},
    {NOT_JSON, "§2: U+2029 is no space", {T("{}\xe2\x80\xa9")}},
    {NOT_JSON, "§2: U+3000 is no space", {T("{\xe3\x80\x80}")}},
    {NOT_JSON, "§2: U+2003 is no space", {T("{\xe2\x80\x83\"a\":1}")}},
    {NOT_JSON, "§2: U+200B is no space", {T("{\xe2\x80\x8b}")}},
    {NOT_JSON, "§2: U+2060 is no space", {T("{\xe2\x81\xa0}")}},
    {NOT_JSON, "§8.1: no UTF-8, of a Latin-1 space", {T("{\xa0}")}},
    /* Encodings. */
    {NOT_JSON, "§8.1: no byte order mark", {T("\xef\xbb\xbf{}")}},
    {NOT_JSON, "§2: U+FEFF is no space", {T("{}\xef\xbb\xbf"), T("{\xef\xbb\xbf}"), T(" \xef\xbb\xbf{}")}},
    {NOT_JSON, "§8.1: half a byte order mark", {T("\xef\xbb{}")}},
    {NOT_JSON, "§8.1: UTF-16", {T("\xff\xfe{\x00}\x00"), T("\xfe\xff\x00{\x00}")}},
    {NOT_JSON, "§8.1: UTF-16 without a mark", {T("{\x00}\x00"), T("\x00{\x00}")}},
    {NOT_JSON, "§8.1: UTF-32", {T("{\x00\x00\x00}\x00\x00\x00")}},
    {NOT_JSON, "§8.1: UTF-7", {T("+/v8-{}")}},
    {NOT_JSON, "§8.1: the mark of UTF-EBCDIC", {T("\xddsfs{}")}},
    /* Comments. */
    {NOT_JSON,
     "§2: no comments",
     {T("{}//"), T("{}# x"), T("{/**/}"), T("/* x */{}"), T("{\"a\":/**/1}"), T("{\"a\":1/**/}"), T("{\"a\"://\n1}"),
      T("{<!-- -->}"), T("{\"a\":1--\n}")}},
    /* Objects. */
    {GOOD, "§4", {T("{\"a\":1,\"b\":2}")}},
    {GOOD, "§4: in any order", {T("{\"b\":2,\"a\":1}")}},
    {GOOD, "§4: a name may be empty", {T("{\"\":1}")}},
    {GOOD,
     "§4: a name is any string",
     {T("{\" \":1}"), T("{\"a b\":1,\"a\\nb\":2}"), T("{\"null\":1,\"true\":2,\"0\":3}"),
      T("{\"__proto__\":{},\"constructor\":1}")}},
    {GOOD, "§4: marks inside a string are none", {T("{\"{}\":1,\"[]\":2,\",\":3,\":\":4}")}},
    {GOOD, "§8.3: names are compared by code units, not normalised", {T("{\"\xc3\xa9\":1,\"e\xcc\x81\":2}")}},
    {GOOD, "§8.3: in another case another name", {T("{\"a\":1,\"A\":2}")}},
    {GOOD, "§8.3: space counts", {T("{\"a\":1,\"a \":2,\" a\":3}")}},
    {GOOD, "§4: one name may begin as another", {T("{\"a\":1,\"ab\":2,\"abc\":3}")}},
    {GOOD,
     "§4: one name in several objects",
     {T("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"), T("{\"a\":[{\"a\":1},{\"a\":1}]}")}},
    {GOOD, "§4: a name of an inner object is free outside", {T("{\"a\":{\"b\":1},\"b\":1}")}},
    {GOOD, "§4: values may be the same", {T("{\"a\":\"a\",\"b\":\"a\"}")}},
    {NOT_JSON, "§4: it ends with a brace", {T("{"), T("{]"), T("{\"a\":1"), T("{\"a\":1]"), T("{\"a\":1)")}},
    {NOT_JSON, "§4: it begins with a brace", {T("}")}},
    {NOT_JSON, "§4: a member has a value", {T("{\"a\"}"), T("{\"a\":}"), T("{\"a\":,\"b\":1}"), T("{\"a\",\"b\"}")}},
    {NOT_JSON, "§4: a colon between name and value", {T("{\"a\" 1}"), T("{\"a\"=1}"), T("{\"a\"=>1}")}},
    {NOT_JSON, "§4: one colon", {T("{\"a\"::1}"), T("{\"a\":1:2}")}},
    {NOT_JSON, "§4: a member has a name", {T("{:1}"), T("{\"a\":1,:2}")}},
    {NOT_JSON, "§4: commas stand between members", {T("{,}"), T("{,\"a\":1}"), T("{\"a\":1,}"), T("{\"a\":1, }")}},
    {NOT_JSON, "§4: one comma", {T("{\"a\":1,,\"b\":2}")}},
    {NOT_JSON, "§4: a comma between members", {T("{\"a\":1 \"b\":2}"), T("{\"a\":1;\"b\":2}")}},
    {NOT_JSON, "§4: a comma, not a line", {T("{\"a\":1\n\"b\":2}")}},
    {NOT_JSON, "§4: a name is a string", {T("{[\"a\"]:1}"), T("{{}:1}"), T("{1:1}"), T("{null:1}"), T("{true:1}")}},
    {NOT_JSON, "§4: a name is a string, with quotes", {T("{a:1}")}},
    {NOT_JSON, "§7: a string has double quotes", {T("{'a':1}"), T("{`a`:1}")}},
    {NOT_JSON, "§7: a string ends with a quote", {T("{\"a:1}")}},
    {NOT_JSON, "§7: a string begins with a quote", {T("{a\":1}")}},
    {NOT_JSON,
     "§7: nothing is escaped outside of strings",
     {T("{\\\"a\\\":1}"), T("{\\u0022a\\u0022:1}"), T("\\u007b\\u007d")}},
    {NOT_JSON, "§4: members", {T("{...}")}},
    {NOT_JSON, "§2: nothing behind it", {T("{\"a\":1}\"b\"")}},
    {NOT_JSON,
     "§7: a string has double quotes, no others",
     {T("{\xe2\x80\x9c"
        "a\xe2\x80\x9d:1}")}},
    {NOT_JSON,
     "§2: a colon, no full-width one",
     {T("{\"a\"\xef\xbc\x9a"
        "1}")}},
    {NOT_JSON, "§2: a comma, no full-width one", {T("{\"a\":1\xef\xbc\x8c\"b\":2}")}},
    {NOT_JSON, "§2: braces, no full-width ones", {T("\xef\xbd\x9b\xef\xbd\x9d")}},
    /* One name twice. */
    {NOT_I_JSON,
     "RFC 7493 §2.3",
     {T("{\"a\":1,\"a\":1}"), T("{\"a\":1,\"a\":2}"), T("{\"a\":1,\"b\":2,\"a\":3}"), T("{\"\":1,\"\":1}"),
      T("{\"a\":null,\"a\":null}")}},
    {NOT_I_JSON, "RFC 7493 §2.3, after unescaping (RFC 8259 §8.3)", {T("{\"a\":1,\"\\u0061\":1}")}},
    {NOT_I_JSON,
     "RFC 7493 §2.3, after unescaping",
     {T("{\"\\u0061\":1,\"a\":1}"), T("{\"a/b\":1,\"a\\/b\":1}"), T("{\"\\t\":1,\"\\u0009\":1}"),
      T("{\"\\\\\":1,\"\\u005c\":1}"), T("{\"\\\"\":1,\"\\u0022\":1}"), T("{\"\xc3\xa9\":1,\"\\u00e9\":1}"),
      T("{\"\xf0\x9f\x98\x80\":1,\"\\uD83D\\uDE00\":1}"), T("{\"alg\":1,\"\\u0061\\u006c\\u0067\":1}")}},
    {NOT_I_JSON, "RFC 7493 §2.3: digits in another case", {T("{\"\\u00E9\":1,\"\\u00e9\":1}")}},
    {NOT_I_JSON, "RFC 7493 §2.3: a long one", {T("{\"abcdefghijklmnop\":1,\"abcdefghijklmnop\":2}")}},
    {NOT_I_JSON,
     "RFC 7493 §2.3: inside",
     {T("{\"a\":{\"b\":1,\"b\":1}}"), T("{\"a\":[1,{\"b\":1,\"b\":1}]}"), T("{\"a\":{\"b\":{\"c\":1,\"c\":1}}}")}},
    {NOT_I_JSON,
     "RFC 7493 §2.3: behind an object",
     {T("{\"a\":{\"b\":1},\"a\":1}"), T("{\"a\":{\"b\":{\"c\":1}},\"b\":1,\"a\":2}")}},
    {NOT_I_JSON, "RFC 7493 §2.3: behind an array", {T("{\"a\":[{\"b\":1},{\"b\":1}],\"a\":1}")}},
    {NOT_I_JSON, "RFC 7493 §2.3: behind an object, inside", {T("{\"a\":{\"b\":{\"x\":1},\"c\":2,\"b\":3}}")}},
};

static const struct row values[] = {
    /* Literals. */
    {GOOD, "§3", {T("true"), T("false"), T("null")}},
    {NOT_JSON,
     "§3: literals are lower case",
     {T("True"), T("TRUE"), T("tRUE"), T("False"), T("FALSE"), T("Null"), T("NULL")}},
    {NOT_JSON, "§3: half a literal", {T("tru"), T("fals"), T("nul"), T("t"), T("f"), T("n")}},
    {NOT_JSON, "§3: more than a literal", {T("truee"), T("falsey"), T("nulls"), T("true1")}},
    {NOT_JSON, "§3: one literal", {T("truefalse")}},
    {NOT_JSON, "§3: one value", {T("true false")}},
    {NOT_JSON,
     "§3: no literal of JSON",
     {T("yes"), T("on"), T("None"), T("nil"), T("undefined"), T("nan"), T("NaN"), T("inf"), T("Infinity"),
      T("-Infinity"), T("+Infinity")}},
    {NOT_JSON, "§7: nothing is escaped outside of strings", {T("tr\\u0075e")}},
    {NOT_JSON, "§3: of ASCII letters", {T("\xef\xbd\x94\xef\xbd\x92\xef\xbd\x95\xef\xbd\x85")}},
    /* Numbers. */
    {GOOD, "§6", {T("0"),       T("1"),     T("-1"),    T("10"),    T("0.0"),  T("-0.0"), T("0.5"),
                  T("1.0"),     T("10.01"), T("1e0"),   T("1e1"),   T("1E1"),  T("1e+1"), T("1e-1"),
                  T("1E+1"),    T("1E-1"),  T("0e0"),   T("0e+00"), T("0e-0"), T("-0e0"), T("1.5e3"),
                  T("-1.5E-3"), T("0.1e1"), T("1e250"), T("1e-250")}},
    {GOOD, "§6: minus zero", {T("-0")}},
    {GOOD, "§6: 18 digits", {T("123456789012345678")}},
    {GOOD, "§6, RFC 7493 §2.2: 2^53 - 1, exact in a double", {T("9007199254740991")}},
    {GOOD, "§6: RFC 7493 §2.2 advises against it, int64 holds it", {T("9007199254740993")}},
    {GOOD, "§6: the greatest int64", {T("9223372036854775807")}},
    {GOOD, "§6: the least int64", {T("-9223372036854775808")}},
    {GOOD, "§6: zeros behind", {T("1.50")}},
    {GOOD, "§6: an exponent may begin with zeros", {T("1e01"), T("1e0000000001")}},
    {NOT_OURS,
     "past int64",
     {T("9223372036854775808"), T("-9223372036854775809"), T("123456789012345678901234567890")}},
    {NOT_OURS, "past int64, by 2^64", {T("18446744073709551616")}},
    {NOT_OURS, "past int64, by a digit", {T("10000000000000000000")}},
    {NOT_OURS, "an exponent past 250", {T("1e251"), T("1e-251")}},
    {NOT_OURS, "an exponent past 250, and a double (RFC 7493 §2.2)", {T("1e309")}},
    {NOT_OURS, "more than 40 characters", {T("0.00000000000000000000000000000000000000001")}},
    {NOT_OURS, "an exponent past int64", {T("1e18446744073709551617")}},
    {NOT_JSON, "§6: no zeros before", {T("00"), T("01"), T("-00"), T("-01"), T("00.5"), T("007"), T("01e1")}},
    {NOT_JSON, "§6: no plus", {T("+0"), T("+1"), T("+-1"), T("-+1")}},
    {NOT_JSON, "§6: a digit", {T("-")}},
    {NOT_JSON, "§6: one minus", {T("--1")}},
    {NOT_JSON, "§6: no space in a number", {T("- 1"), T("1. 5"), T("1 .5"), T("1e +1")}},
    {NOT_JSON, "§2: one value", {T("1 0"), T("1\"a\""), T("1[]"), T("1{}")}},
    {NOT_JSON, "§6: a digit before the point", {T("."), T(".5"), T("-.5"), T(".e1")}},
    {NOT_JSON, "§6: a digit behind the point", {T("1."), T("-1."), T("1.e1"), T("0."), T("1.-2"), T("1.+2")}},
    {NOT_JSON, "§6: one point", {T("1.2.3"), T("1..2")}},
    {NOT_JSON, "§6: a digit before the exponent", {T("e1"), T("-e1")}},
    {NOT_JSON, "§6: a digit in the exponent", {T("1e"), T("1E"), T("1e+"), T("1e-"), T("1.5e")}},
    {NOT_JSON, "§6: an exponent is whole", {T("1e1.5")}},
    {NOT_JSON, "§6: one exponent", {T("1e1e1")}},
    {NOT_JSON, "§6: one e", {T("1ee1"), T("1eE1")}},
    {NOT_JSON, "§6: one sign", {T("1e++1"), T("1e+-1"), T("1e--1")}},
    {NOT_JSON, "§6: decimal", {T("0x1"), T("0X1F"), T("0b1"), T("0o7"), T("1f"), T("1F")}},
    {NOT_JSON,
     "§6: nothing behind the digits",
     {T("1L"), T("1n"), T("1u"), T("1d"), T("1m"), T("1%"), T("1a"), T("1true")}},
    {NOT_JSON, "§6: nothing between the digits", {T("1_000"), T("1'000")}},
    {NOT_JSON, "§6: nothing before the digits", {T("$1"), T("#1")}},
    {NOT_JSON, "§6: no fractions", {T("1/2")}},
    {NOT_JSON, "§6: no sums", {T("1+1"), T("1-1")}},
    {NOT_JSON, "§6: no brackets", {T("(1)")}},
    {NOT_JSON, "§6: ASCII digits, no Arabic ones", {T("\xd9\xa1")}},
    {NOT_JSON, "§6: ASCII digits, no full-width ones", {T("\xef\xbc\x91")}},
    {NOT_JSON,
     "§6: a minus, no U+2212",
     {T("\xe2\x88\x92"
        "1")}},
    {NOT_JSON, "§6: ASCII digits", {T("\xc2\xbd"), T("1\xd9\xa0"), T("\xe2\x88\x9e")}},
    {NOT_JSON, "§7: nothing is escaped outside of strings", {T("\\u0031")}},
    {NOT_JSON, "§6: a NUL is no space", {T("1\x00")}},
    {NOT_JSON, "§8.1: no UTF-8, of a Latin-1 digit", {T("\xb2")}},
    /* Arrays and objects. */
    {GOOD,
     "§5",
     {T("[]"), T("[ ]"), T("[\t\n\r]"), T("[1]"), T("[1,2]"), T("[ 1 , 2 ]"), T("[[]]"), T("[[],[]]"), T("[{}]"),
      T("[{},{}]"), T("[[[[]]]]"), T("[null,true,false,0,\"\",[],{}]"), T("[1,\"1\",[1],{\"1\":1}]"), T("[1,1,1]"),
      T("[\"]\",\"[\",\"{\",\"}\",\",\"]")}},
    {GOOD, "§4", {T("{}"), T("{ }"), T("{\"a\":{}}"), T("{\"a\":[]}"), T("{\"a\":[{\"b\":[{}]}]}")}},
    {NOT_JSON,
     "§5: it ends with a bracket",
     {T("["), T("[1"), T("[1,"), T("[[]"), T("[}"), T("[1}"), T("[1)"), T("{\"a\":[}]")}},
    {NOT_JSON, "§4: it ends with a brace", {T("[{]}")}},
    {NOT_JSON, "§5: it begins with a bracket", {T("]"), T("1]"), T("[]]"), T("[1]]")}},
    {NOT_JSON,
     "§5: commas stand between elements",
     {T("[,]"), T("[,1]"), T("[1,]"), T("[1, ]"), T("[,,]"), T("[1,\n]")}},
    {NOT_JSON, "§5: one comma", {T("[1,,2]")}},
    {NOT_JSON,
     "§5: a comma between elements",
     {T("[1 2]"), T("[1;2]"), T("[1\n2]"), T("[\"a\" \"b\"]"), T("[\"a\"\"b\"]"), T("[[][]]"), T("[{}{}]"),
      T("[1:2]")}},
    {NOT_JSON, "§5: elements have no names", {T("[\"a\":1]")}},
    {NOT_JSON, "§3: no literal of JSON", {T("[a]"), T("new Date()"), T("function(){}")}},
    {NOT_JSON, "§5: values", {T("[...]")}},
    {NOT_JSON, "§3: no brackets but [ and {", {T("()"), T("<>"), T("(1,2)")}},
    {NOT_JSON, "§3", {T("@"), T("\\"), T("&"), T("*"), T("~"), T("=")}},
    {NOT_JSON, "§4: a member has a value", {T("")}},
};

static const struct row strings[] = {
    /* Quotes and escapes. */
    {GOOD,
     "§7",
     {T(""), T("a"), T(" "), T("\\\""), T("\\\\"), T("\\b\\f\\n\\r\\t"), T("\\u0041"), T("\\u000a"), T("\\u007f"),
      T("{\\\"a\\\":1}")}},
    {GOOD, "§7: the other quote", {T("'")}},
    {GOOD, "§7: a solidus needs no escape", {T("/")}},
    {GOOD, "§7: but may have one", {T("\\/")}},
    {GOOD, "§7: two escapes", {T("\\\\\\\"")}},
    {GOOD, "§7: digits in either case", {T("\\u00e9\\u00E9"), T("\\uAbCd")}},
    {GOOD, "§7: no escape of a letter", {T("\\\\u0041")}},
    {GOOD, "§7: what is unescaped is not unescaped again", {T("\\u005cu0041")}},
    {GOOD, "§7: a quote", {T("\\u0022")}},
    {GOOD, "§7: a delete is no control character", {T("\x7f")}},
    {GOOD, "§7: no comment", {T("//"), T("/*")}},
    {GOOD, "§7: nothing else is unescaped", {T("&lt;"), T("%41")}},
    {NOT_JSON, "§7: a quote ends it", {T("\""), T("a\"b")}},
    {NOT_JSON, "§7: the quote behind it is escaped", {T("\\"), T("\\\\\\")}},
    {NOT_JSON,
     "§7: no such escape",
     {T("\\a"), T("\\v"), T("\\0"), T("\\e"), T("\\x41"), T("\\101"), T("\\'"), T("\\`"), T("\\ "), T("\\N"), T("\\B"),
      T("\\T"), T("\\U0041"), T("\\U00000041"), T("\\\n"), T("\\\xc3\xa9")}},
    {NOT_JSON,
     "§7: four digits",
     {T("\\u{41}"), T("\\u"), T("\\u0"), T("\\u00"), T("\\u004"), T("\\u004 "), T("\\u 041"), T("\\u+041"),
      T("\\u-041"), T("\\u0x41"), T("\\u004g"), T("\\uG041"), T("\\u\\u0041")}},
    {NOT_JSON, "§7: ASCII digits", {T("\\u00\xef\xbc\x94\xef\xbc\x91")}},
    /* Control characters. */
    {NOT_JSON,
     "§7: control characters only escaped",
     {T("\x01"), T("\x02"), T("\x03"), T("\x04"), T("\x05"), T("\x06"), T("\x07"), T("\x08"),
      T("\t"),   T("\n"),   T("\x0b"), T("\x0c"), T("\r"),   T("\x0e"), T("\x0f"), T("\x10"),
      T("\x11"), T("\x12"), T("\x13"), T("\x14"), T("\x15"), T("\x16"), T("\x17"), T("\x18"),
      T("\x19"), T("\x1a"), T("\x1b"), T("\x1c"), T("\x1d"), T("\x1e"), T("\x1f"), T("\x00")}},
    {NOT_OURS, "a NUL, which ends strings of C", {T("\\u0000"), T("a\\u0000b")}},
    /* UTF-8 and what it means. */
    {GOOD, "§8.1: the first of two bytes", {T("\xc2\x80")}},
    {GOOD, "§8.1: the last of two bytes", {T("\xdf\xbf")}},
    {GOOD, "§8.1: the first of three bytes", {T("\xe0\xa0\x80")}},
    {GOOD, "§8.1: before the surrogates", {T("\xed\x9f\xbf")}},
    {GOOD, "§8.1: behind the surrogates", {T("\xee\x80\x80")}},
    {GOOD, "§8.1: the last of three bytes", {T("\xef\xbf\xbd")}},
    {GOOD, "§8.1: the first of four bytes", {T("\xf0\x90\x80\x80")}},
    {GOOD, "§8.1: the last of four bytes", {T("\xf4\x8f\xbf\xbd")}},
    {GOOD, "§8.1: around noncharacters", {T("\xef\xb7\x8f\xef\xb7\xb0")}},
    {GOOD, "§8.1: U+FEFF is no mark inside", {T("\xef\xbb\xbf")}},
    {GOOD, "§7: only control characters need escapes", {T("\xe2\x80\xa8\xe2\x80\xa9")}},
    {GOOD, "§7", {T("\xe2\x80\x8d"), T("\xe2\x80\xae"), T("\xf3\xa0\x80\x81")}},
    {GOOD, "§7: a pair", {T("\\ud800\\udc00"), T("\\uDBFF\\uDFFD")}},
    {NOT_JSON, "§8.1: alone", {T("\x80"), T("\xbf"), T("a\x80")}},
    {NOT_JSON, "§8.1: cut off", {T("\xc2"), T("\xdf"), T("\xe0\xa0"), T("\xef\xbf"), T("\xf0\x90\x80"), T("\xf4\x8f")}},
    {NOT_JSON,
     "§8.1: cut off by a letter",
     {T("\xc2"
        "A"),
      T("\xe2\x82"
        "A"),
      T("\xf0\x9f\x98"
        "A")}},
    {NOT_JSON, "§8.1: cut off by a lead", {T("\xc2\xc2\x80")}},
    {NOT_JSON,
     "§8.1: too long a form",
     {T("\xc0\xaf"), T("\xe0\x80\xaf"), T("\xe0\x9f\xbf"), T("\xf0\x80\x80\xaf"), T("\xf0\x8f\xbf\xbf")}},
    {NOT_JSON, "§8.1: too long a form, of NUL", {T("\xc0\x80")}},
    {NOT_JSON, "§8.1: too long a form, of a quote", {T("\xc0\xa2")}},
    {NOT_JSON, "§8.1: too long a form, of a reverse solidus", {T("\xc1\x9c")}},
    {NOT_JSON, "§8.1: a surrogate", {T("\xed\xa0\x80"), T("\xed\xaf\xbf"), T("\xed\xb0\x80"), T("\xed\xbf\xbf")}},
    {NOT_JSON, "§8.1: a pair of surrogates", {T("\xed\xa0\x80\xed\xb0\x80")}},
    {NOT_JSON, "§8.1: past U+10FFFF", {T("\xf4\x90\x80\x80"), T("\xf5\x80\x80\x80")}},
    {NOT_JSON, "§8.1: five bytes", {T("\xf8\x88\x80\x80\x80")}},
    {NOT_JSON, "§8.1: six bytes", {T("\xfc\x84\x80\x80\x80\x80")}},
    {NOT_JSON, "§8.1: no byte of UTF-8", {T("\xfe"), T("\xff")}},
    {NOT_JSON, "§8.1: Latin-1", {T("\xe9")}},
    {NOT_I_JSON,
     "RFC 7493 §2.1: a surrogate alone",
     {T("\\ud800"), T("\\udbff"), T("\\udc00"), T("\\udfff"), T("\\ud800a"), T("\\ud800\\n"), T("\\ud800\\u0041")}},
    {NOT_I_JSON, "RFC 7493 §2.1: two of the first kind", {T("\\ud800\\ud800")}},
    {NOT_I_JSON, "RFC 7493 §2.1: the wrong way round", {T("\\udc00\\ud800")}},
    {NOT_I_JSON, "RFC 7493 §2.1: two of the second kind", {T("\\udc00\\udc00")}},
    {NOT_I_JSON, "RFC 7493 §2.1: one before a pair", {T("\\ud800\\ud800\\udc00")}},
    {NOT_I_JSON, "RFC 7493 §2.1: one behind a pair", {T("\\ud800\\udc00\\udc00")}},
    {NOT_I_JSON,
     "RFC 7493 §2.1: a noncharacter",
     {T("\xef\xb7\x90"), T("\xef\xb7\xaf"), T("\xef\xbf\xbe"), T("\xef\xbf\xbf"), T("\xf0\x9f\xbf\xbe"),
      T("\xf4\x8f\xbf\xbf"), T("\\ufdd0"), T("\\uffff"), T("\\ud83f\\udfff")}},
};

static void judge(struct bulla_span before, struct bulla_span text, struct bulla_span behind, const struct row *row) {
  struct bulla_json_member member;
  size_t num_members;
  struct bulla_span whole = test_copy(test_concat(before, test_concat(text, behind)));
  enum bulla_status status = bulla_json_read(&member, &num_members, 1, whole);
  cr_expect_eq(status, row->verdict == GOOD ? BULLA_OK : BULLA_INVALID_TEXT, "%.*s: %s, of \"%s\"", (int)whole.len,
               (const char *)whole.data, bulla_status_text(status), row->why);
}

/* Judges each text of |rows| in each of |num_places|, between what stands before it and behind it. */
static size_t judge_all(const struct row *rows, size_t num_rows, const char *const places[][2], size_t num_places) {
  size_t num_texts = 0;
  for (size_t i = 0; i < num_rows; i++) {
    for (const struct bulla_span *text = rows[i].texts; text->data != NULL; text++) {
      num_texts++;
      for (size_t place = 0; place < num_places; place++) {
        judge(test_text(places[place][0]), *text, test_text(places[place][1]), &rows[i]);
      }
    }
  }
  return num_texts;
}

#define NUM(array) (sizeof(array) / sizeof(*(array)))

Test(json_cases, texts_are_judged_as_the_standards_do) {
  static const char *const places[][2] = {{"", ""}, {" \t", "\r\n"}};
  cr_expect_geq(judge_all(texts, NUM(texts), places, NUM(places)), 158);
}

Test(json_cases, values_are_judged_as_the_standards_do_wherever_they_stand) {
  static const char *const places[][2] = {
      {"{\"a\":", "}"},       {"{\"z\":0,\"a\": ", "\n}"},        {"{\"a\":{\"a\":", "}}"},
      {"{\"a\":[[0,", "]]}"}, {"{\"a\":[{\"a\":", ",\"b\":0}]}"},
  };
  cr_expect_geq(judge_all(values, NUM(values), places, NUM(places)), 220);
}

Test(json_cases, strings_are_judged_as_the_standards_do_values_and_names_alike) {
  static const char *const places[][2] = {
      {"{\"a\":\"", "\"}"},
      {"{\"", "\":1}"},
      {"{\"a\":[\"", "\"]}"},
      {"{\"z\":{\"0123456789abcdef0123456789abcdef", "\":1}}"},
      {"{\"z\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "\"}"},
  };
  cr_expect_geq(judge_all(strings, NUM(strings), places, NUM(places)), 162);
}
