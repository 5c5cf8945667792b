/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/audit_edits.h. */

#include "fuzz/audit_edits.h"

#include <stdarg.h>
#include <stdio.h>

#include "fuzz/fuzz.h"
#include "tests/behind.h"

static const char *const columns[] = {"seq", "time", "tenant", "op", "outcome", "detail", "mac", "lane"};
enum { NUM_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* Lanes that there are not, but for the first. */
static const char *const numbers[] = {"0", "1", "2", "-1", "9223372036854775807", "-9223372036854775807 - 1"};
enum { NUM_NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

static void edit(const struct fuzz_audit_edit *asked, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* edit runs SQL by the vault's own connection. What SQLite refuses changes nothing. */
static void edit(const struct fuzz_audit_edit *asked, const char *format, ...) {
  char text[2048];
  va_list arguments;
  va_start(arguments, format);
  /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the analyzer loses it where it follows a call to here. */
  int len = vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  FUZZ_ASSERT(len >= 0 && (size_t)len < sizeof(text));
  (void)behind_run(asked->db, text);
}

static void change_cell(const struct fuzz_audit_edit *asked) {
  static const char *const changes[] = {
      "%s + 1",
      "%s - 1000000",
      "%s || 'x'",
      "substr(%s, 2)",
      "upper(%s)",
      "''",
      "x''",
      "CAST(substr(%1$s, 1, 31) || x'00' AS BLOB)",
      "CAST(%s || x'00' AS BLOB)",
      "'granted'",
      "zeroblob(32)",
      "NULL",
      "zeroblob(16)",
      "CAST(substr(%1$s, 1, 40) || x'5a' || substr(%1$s, 42) AS BLOB)",
  };
  const char *column = columns[asked->other % NUM_COLUMNS];
  char change[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  (void)snprintf(change, sizeof(change), changes[asked->number % (sizeof(changes) / sizeof(changes[0]))], column);
#pragma GCC diagnostic pop
  edit(asked, "UPDATE audit SET %s = %s WHERE seq = %d", column, change, asked->row);
}

/* change_head puts something of the head back to an earlier moment. */
static void change_head(const struct fuzz_audit_edit *asked) {
  const struct fuzz_moment *moment = asked->moment;
  switch (asked->number % 9) {
    case 0:
      edit(asked, "UPDATE audit_head SET seq = %d", asked->row);
      break;
    case 1:
      edit(asked, "UPDATE audit_head SET tag = %s", moment->tag);
      break;
    case 2:
      edit(asked, "UPDATE audit_head SET key = %s", moment->key);
      break;
    case 3:
      edit(asked, "UPDATE audit_head SET mac = %s", moment->mac);
      break;
    case 4:
      edit(asked, "UPDATE audit_head SET seq = 0, mac = zeroblob(32)");
      break;
    case 5:
      edit(asked, "UPDATE audit_head SET seq = %d, mac = %s, tag = %s, key = %s", asked->row, moment->mac, moment->tag,
           moment->key);
      break;
    case 6: /* the one thing that cannot be found */
      edit(asked, "UPDATE audit_head SET seq = %d, mac = %s, tag = %s, key = %s; DELETE FROM audit WHERE seq > %d",
           asked->row, moment->mac, moment->tag, moment->key, asked->row);
      break;
    case 7: /* another one beside it */
      edit(asked, "INSERT INTO audit_head(lane, seq, mac, tag, key) VALUES (%s, %d, %s, %s, %s)",
           numbers[asked->other % NUM_NUMBERS], asked->row, moment->mac, moment->tag, moment->key);
      break;
    default:
      edit(asked, "DELETE FROM audit_head");
      break;
  }
}

/* change_lane changes the list of lanes, or has records and heads that are in none of it. */
static void change_lane(const struct fuzz_audit_edit *asked) {
  const char *number = numbers[asked->other % NUM_NUMBERS];
  switch (asked->number % 9) {
    case 0:
      edit(asked, "UPDATE lane SET number = %s", number);
      break;
    case 1:
      edit(asked, "INSERT INTO lane SELECT %s, statement, signature FROM lane", number);
      break;
    case 2:
      edit(asked, "DELETE FROM lane");
      break;
    case 3:
      edit(asked,
           "UPDATE lane SET statement = CAST(substr(statement, 1, %d) || x'5a' || substr(statement, %d) AS BLOB)",
           asked->row, asked->row + 2);
      break;
    case 4:
      edit(asked,
           "UPDATE lane SET signature = CAST(substr(signature, 1, %d) || x'5a' || substr(signature, %d) AS BLOB)",
           asked->row, asked->row + 2);
      break;
    case 5: /* signed, and not of a lane */
      edit(asked, "UPDATE lane SET (statement, signature) = (SELECT statement, signature FROM %s)",
           asked->other % 2 == 0 ? "vault" : "tenant");
      break;
    case 6:
      edit(asked, "UPDATE audit SET lane = %s WHERE seq >= %d", number, asked->row);
      break;
    case 7:
      edit(asked, "INSERT INTO audit SELECT %s, seq, time, tenant, op, outcome, detail, mac FROM audit WHERE seq <= %d",
           number, asked->row);
      break;
    default:
      edit(asked, "UPDATE audit_head SET lane = %s", number);
      break;
  }
}

void fuzz_audit_edit(const struct fuzz_audit_edit *asked) {
  switch (asked->what % 11) {
    case 0:
      change_cell(asked);
      break;
    case 1: {
      const char *column = columns[asked->number % NUM_COLUMNS];
      edit(asked, "UPDATE audit SET %s = (SELECT %s FROM audit WHERE seq = %d) WHERE seq = %d", column, column,
           asked->other, asked->row);
      break;
    }
    case 2:
      edit(asked, "DELETE FROM audit WHERE seq = %d", asked->row);
      break;
    case 3:
      edit(asked, "DELETE FROM audit WHERE seq > %d", asked->row);
      break;
    case 4:
      edit(asked,
           "UPDATE audit SET seq = -1 WHERE seq = %d; UPDATE audit SET seq = %d WHERE seq = %d; "
           "UPDATE audit SET seq = %d WHERE seq = -1",
           asked->row, asked->row, asked->other, asked->other);
      break;
    case 5: /* a record is taken out and the later ones close ranks, or one is put in */
      edit(asked,
           "DELETE FROM audit WHERE seq = %d; UPDATE audit SET seq = seq - 1000 WHERE seq > %d; "
           "UPDATE audit SET seq = seq + %d WHERE seq < 0",
           asked->number % 2 == 0 ? asked->row : 0, asked->row, asked->number % 2 == 0 ? 999 : 1001);
      break;
    case 6:
      edit(asked, "INSERT INTO audit SELECT lane, %d, time, tenant, op, outcome, detail, mac FROM audit WHERE seq = %d",
           asked->other - 1, asked->row);
      break;
    case 7:
      change_lane(asked);
      break;
    default:
      change_head(asked);
      break;
  }
}
