/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The import of a foreign system's values. Entry points: `bulla import hex` with the input on standard input, and
 * so the reader of lines in cli/import.c and bulla_vault_import.
 *
 * A plain model reads the same bytes. It knows the few triples that were ever sealed under the key; a triple that
 * is none of them must be refused, and what has not the form of one before any is opened. The command must come to
 * the same exit status and name the same line, all rows or none must be in the vault, each with its value, and
 * neither a value, nor the key, nor what is in a column of triples may be in an error. */

#include <ctype.h>
#include <strings.h>

#include "fuzz/command.h"
#include "fuzz/sqlite_pool.h"

#define KEY "correct horse battery staple: the key"

enum { MAX_ROWS = 64, MAX_LINE = 2 * 129 + 2 * 32 + 2 + 2 * 65536, MAX_TRIPLE = 2 * 32 + 2 + 2 * 65536 };

/* Triples under SHA-256 of KEY: of an IV of 16 bytes and of one of 12, of a value, of none. */
static const struct {
  const char *triple;
  const char *value;
} known[] = {
    {"101112131415161718191a1b1c1d1e1f:506fd1b3d0932ca4bd225896f406cc0e:"
     "5e7c788fb4f08ce065eeaf748124db4a221d62ff",
     "sk-live-4f9a8c7e6d5b"},
    {"202122232425262728292a2b:74ed3c866f56a3f03f74937304a40a11:"
     "bfef4c56a4e39d9935de4f0e52b5f4aa8b27f8ac",
     "sk-test-0123456789ab"},
    {"303132333435363738393a3b3c3d3e3f:aaa198e6fea1eb9e93b9815b6ee7ca1f:"
     "",
     ""},
};
enum { NUM_KNOWN = sizeof(known) / sizeof(known[0]) };

static struct bulla_buffer image;

/* What the model makes of the input. */
struct verdict {
  int exit_status;
  size_t line; /* at fault, 0 if none is */
  size_t num_rows;
  struct {
    size_t line;
    struct bulla_span entry;
    struct bulla_span field;
    struct bulla_span triple;
    int known; /* -1 if it opens under no key of ours */
  } rows[MAX_ROWS];
};

static void set_up(void) {
  fuzz_sqlite_pool();
  fuzz_vault_set_up();
  fuzz_command_set_up();
  FUZZ_ASSERT(setenv("IMPORT_KEY", KEY, 1) == 0);
  struct bulla_vault *vault = fuzz_vault_open();
  fuzz_vault_put(vault, "acme", "taken", "password", BULLA_LITERAL("was there before"), true);
  bulla_vault_close(&vault);
  image = fuzz_vault_image();
}

static bool is_name(struct bulla_span text) {
  if (text.len < 1 || text.len > 128 || text.data[0] == '.' || text.data[0] == '-') {
    return false;
  }
  for (size_t i = 0; i < text.len; i++) {
    int c = text.data[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '@' && c != '+' && c != '-') {
      return false;
    }
  }
  return true;
}

static int find_known(struct bulla_span triple) {
  for (int i = 0; i < NUM_KNOWN; i++) {
    if (triple.len == strlen(known[i].triple) &&
        strncasecmp((const char *)triple.data, known[i].triple, triple.len) == 0) {
      return i;
    }
  }
  return -1;
}

static bool is_hex(struct bulla_span text) {
  for (size_t i = 0; i < text.len; i++) {
    if (!isxdigit(text.data[i])) {
      return false;
    }
  }
  return true;
}

/* is_formed says whether |triple| has the form of one. */
static bool is_formed(struct bulla_span triple) {
  const uint8_t *first = triple.len > 0 ? memchr(triple.data, ':', triple.len) : NULL;
  const uint8_t *end = triple.data + triple.len;
  const uint8_t *second = first != NULL ? memchr(first + 1, ':', (size_t)(end - first) - 1) : NULL;
  if (second == NULL) {
    return false;
  }
  struct bulla_span iv = bulla_span(triple.data, (size_t)(first - triple.data));
  struct bulla_span tag = bulla_span(first + 1, (size_t)(second - first) - 1);
  struct bulla_span ciphertext = bulla_span(second + 1, (size_t)(end - second) - 1);
  return (iv.len == 24 || iv.len == 32) && tag.len == 32 && ciphertext.len % 2 == 0 && is_hex(iv) && is_hex(tag) &&
         is_hex(ciphertext);
}

/* split_row takes a line apart into the next row, or returns false. */
static bool split_row(struct verdict *verdict, struct bulla_span line, size_t number) {
  const uint8_t *first = memchr(line.data, ',', line.len);
  const uint8_t *end = line.data + line.len;
  const uint8_t *second = first != NULL ? memchr(first + 1, ',', (size_t)(end - first) - 1) : NULL;
  if (line.len > MAX_LINE || second == NULL || memchr(line.data, '"', line.len) != NULL) {
    return false;
  }
  FUZZ_ASSERT(verdict->num_rows < MAX_ROWS);
  size_t row = verdict->num_rows;
  verdict->rows[row].line = number;
  verdict->rows[row].entry = bulla_span(line.data, (size_t)(first - line.data));
  verdict->rows[row].field = bulla_span(first + 1, (size_t)(second - first) - 1);
  verdict->rows[row].triple = bulla_span(second + 1, (size_t)(end - second) - 1);
  verdict->rows[row].known = find_known(verdict->rows[row].triple);
  verdict->num_rows++;
  return is_formed(verdict->rows[row].triple);
}

/* is_there says whether the field of |row| is in the vault, or in a row before. */
static bool is_there(const struct verdict *verdict, size_t row) {
  struct bulla_span entry = verdict->rows[row].entry;
  struct bulla_span field = verdict->rows[row].field;
  bool there = bulla_span_equal(entry, BULLA_LITERAL("taken")) && bulla_span_equal(field, BULLA_LITERAL("password"));
  for (size_t i = 0; i < row; i++) {
    there =
        there || (bulla_span_equal(entry, verdict->rows[i].entry) && bulla_span_equal(field, verdict->rows[i].field));
  }
  return there;
}

/* judge_form is for what is looked at in all rows before the first is opened. */
static int judge_form(const struct verdict *verdict, size_t row) {
  bool good = is_name(verdict->rows[row].entry) && is_name(verdict->rows[row].field) &&
              verdict->rows[row].triple.len <= MAX_TRIPLE;
  return good ? BULLA_CLASS_OK : BULLA_CLASS_USAGE;
}

static int judge_value(const struct verdict *verdict, size_t row) {
  if (verdict->rows[row].known < 0) {
    return BULLA_CLASS_REFUSED;
  }
  return is_there(verdict, row) ? BULLA_CLASS_USAGE : BULLA_CLASS_OK;
}

/* take_line takes the next line of |text| without its ending. */
static struct bulla_span take_line(struct bulla_span *text) {
  const uint8_t *newline = memchr(text->data, '\n', text->len);
  size_t len = newline != NULL ? (size_t)(newline - text->data) : text->len;
  size_t whole = newline != NULL ? len + 1 : len;
  struct bulla_span line = bulla_span(text->data, len);
  if (newline != NULL && len > 0 && text->data[len - 1] == '\r') {
    line.len--;
  }
  *text = bulla_span(text->data + whole, text->len - whole);
  return line;
}

/* judge_mark passes over the mark of UTF-8, or returns false for one of UTF-16. */
static bool judge_mark(struct bulla_span *text) {
  if (text->len >= 3 && memcmp(text->data, "\xEF\xBB\xBF", 3) == 0) {
    *text = bulla_span(text->data + 3, text->len - 3);
    return true;
  }
  return text->len < 2 || (memcmp(text->data, "\xFF\xFE", 2) != 0 && memcmp(text->data, "\xFE\xFF", 2) != 0);
}

/* judge_lines returns false at the first line that has not the form of a row. */
static bool judge_lines(struct verdict *verdict, struct bulla_span text) {
  static const char header[] = "entry,field,iv:authTag:ciphertext";
  bool first = true;
  for (size_t number = 1; text.len > 0; number++) {
    struct bulla_span line = take_line(&text);
    if (line.len == 0) {
      continue;
    }
    if (!(first && bulla_span_equal(line, fuzz_text(header))) && !split_row(verdict, line, number)) {
      verdict->line = number;
      return false;
    }
    first = false;
  }
  return true;
}

static void judge(struct verdict *verdict, struct bulla_span text) {
  verdict->num_rows = 0;
  verdict->line = 0;
  verdict->exit_status = BULLA_CLASS_USAGE;
  if (!judge_mark(&text) || !judge_lines(verdict, text) || verdict->num_rows == 0) {
    return;
  }
  int (*const judges[])(const struct verdict *, size_t) = {judge_form, judge_value};
  for (size_t i = 0; i < 2; i++) {
    for (size_t row = 0; row < verdict->num_rows; row++) {
      verdict->exit_status = judges[i](verdict, row);
      if (verdict->exit_status != 0) {
        verdict->line = verdict->rows[row].line;
        return;
      }
    }
  }
}

static enum bulla_status compare_value(void *arg, struct bulla_span value) {
  FUZZ_ASSERT(bulla_span_equal(value, fuzz_text(known[*(const int *)arg].value)));
  return BULLA_OK;
}

static enum bulla_status count_fields(void *arg, const struct bulla_entry_view *entry) {
  *(int64_t *)arg += entry->num_fields;
  return BULLA_OK;
}

/* check_vault sees to it that all rows are there, or none. */
static void check_vault(const struct verdict *verdict) {
  struct bulla_vault *vault = fuzz_vault_open();
  int64_t num_fields = 0;
  FUZZ_ASSERT(bulla_vault_list(vault, BULLA_LITERAL("acme"), count_fields, &num_fields) == BULLA_OK);
  FUZZ_ASSERT(num_fields == 1 + (verdict->exit_status == 0 ? (int64_t)verdict->num_rows : 0));
  for (size_t i = 0; verdict->exit_status == 0 && i < verdict->num_rows; i++) {
    int which = verdict->rows[i].known;
    FUZZ_ASSERT(bulla_vault_use(vault, &fuzz_who,
                                AT(BULLA_LITERAL("acme"), verdict->rows[i].entry, verdict->rows[i].field),
                                compare_value, &which) == BULLA_OK);
  }
  bulla_vault_close(&vault);
}

static void check_outputs(const struct verdict *verdict, const struct fuzz_outcome *outcome) {
  FUZZ_ASSERT(!fuzz_shows(outcome->err, fuzz_text(KEY)) && !fuzz_shows(outcome->out, fuzz_text(KEY)));
  for (int i = 0; i < NUM_KNOWN; i++) {
    if (known[i].value[0] != '\0') {
      FUZZ_ASSERT(!fuzz_shows(outcome->err, fuzz_text(known[i].value)));
      FUZZ_ASSERT(!fuzz_shows(outcome->out, fuzz_text(known[i].value)));
    }
  }
  for (size_t i = 0; i < verdict->num_rows; i++) {
    struct bulla_span triple = verdict->rows[i].triple;
    FUZZ_ASSERT(triple.len < 40 || memmem(outcome->err.data, outcome->err.len, triple.data, triple.len) == NULL);
  }
  char line[32];
  int len = snprintf(line, sizeof(line), "bulla: line %zu: ", verdict->line);
  if (verdict->line > 0) {
    FUZZ_ASSERT(outcome->err.len > (size_t)len && memcmp(outcome->err.data, line, (size_t)len) == 0);
  }
  len = snprintf(line, sizeof(line), "imported %zu\n", verdict->num_rows);
  FUZZ_ASSERT(bulla_span_equal(outcome->out, bulla_span(line, outcome->exit_status == 0 ? (size_t)len : 0)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *arguments[] = {"bulla", "import", "hex", "--key-env", "IMPORT_KEY", "--tenant", "acme", NULL};
  if (image.data == NULL) {
    set_up();
  }
  size_t num_lines = 0;
  for (size_t i = 0; i < size; i++) {
    num_lines += data[i] == '\n' ? 1 : 0;
  }
  if (num_lines >= MAX_ROWS) {
    return -1;
  }
  struct verdict verdict;
  judge(&verdict, bulla_span(data, size));
  fuzz_vault_load(bulla_written(&image));
  struct fuzz_outcome outcome = fuzz_command(7, arguments, bulla_span(data, size));
  FUZZ_ASSERT(outcome.exit_status == verdict.exit_status);
  check_outputs(&verdict, &outcome);
  check_vault(&verdict);
  return 0;
}
