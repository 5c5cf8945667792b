/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See bench/spoken.h. */

#include "bench/spoken.h"

#include <string.h>

/* The bytes that are left of a message. What is missing is read as zeros, and |failed| then. */
struct reader {
  const uint8_t *bytes;
  size_t len;
  bool failed;
};

static const uint8_t *take(struct reader *reader, size_t len) {
  static const uint8_t zeros[4];
  if (len > reader->len) {
    reader->failed = true;
    return len <= sizeof(zeros) ? zeros : NULL;
  }
  const uint8_t *taken = reader->bytes;
  reader->bytes += len;
  reader->len -= len;
  return taken;
}

static int take_16(struct reader *reader) {
  const uint8_t *bytes = take(reader, 2);
  return bytes[0] << 8 | bytes[1];
}

static int32_t take_32(struct reader *reader) {
  const uint8_t *bytes = take(reader, 4);
  return (int32_t)((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3]);
}

static const char *take_text(struct reader *reader) {
  const char *text = (const char *)reader->bytes;
  const uint8_t *end = memchr(reader->bytes, 0, reader->len);
  if (end == NULL) {
    reader->failed = true;
    return "";
  }
  (void)take(reader, (size_t)(end - reader->bytes) + 1);
  return text;
}

static int at_most(struct reader *reader, int num) {
  if (num > SPOKEN_PARAMETERS) {
    reader->failed = true;
    return 0;
  }
  return num;
}

static void read_parse(struct spoken_step *step, struct reader *reader) {
  step->name = take_text(reader);
  step->text = take_text(reader);
  step->num_parameters = at_most(reader, take_16(reader));
  for (int i = 0; i < step->num_parameters; i++) {
    step->types[i] = (Oid)take_32(reader);
  }
}

/* One format for all, or one for each. */
static void read_bind(struct spoken_step *step, struct reader *reader) {
  int formats[SPOKEN_PARAMETERS] = {0};
  (void)take_text(reader);
  step->name = take_text(reader);
  int num_formats = at_most(reader, take_16(reader));
  for (int i = 0; i < num_formats; i++) {
    formats[i] = take_16(reader);
  }
  step->num_parameters = at_most(reader, take_16(reader));
  for (int i = 0; i < step->num_parameters; i++) {
    int32_t len = take_32(reader);
    step->formats[i] = formats[num_formats == 1 ? 0 : i];
    step->lens[i] = len > 0 ? len : 0;
    step->values[i] = len >= 0 ? (const char *)take(reader, (size_t)len) : NULL;
  }
  step->result_format = take_16(reader) > 0 ? take_16(reader) : 0;
}

static struct spoken_step *find(struct spoken_step *steps, size_t num, const char *name) {
  for (size_t i = num; i-- > 0;) {
    if (steps[i].kind == SPOKEN_PARSE && strcmp(steps[i].name, name) == 0) {
      return &steps[i];
    }
  }
  return NULL;
}

/* Completes what runs a statement by what prepared it. */
static bool know(struct spoken *spoken, struct spoken_step *step) {
  const struct spoken_step *parse = find(spoken->steps, spoken->num_steps, step->name);
  parse = parse != NULL ? parse : find(spoken->prepared, spoken->num_prepared, step->name);
  if (parse == NULL) {
    return false;
  }
  step->text = parse->text;
  memcpy(step->types, parse->types, sizeof(step->types));
  return true;
}

/* A statement that was prepared before the mark. */
static bool keep_prepared(struct spoken *spoken, const struct spoken_step *step) {
  struct spoken_step *known = find(spoken->prepared, spoken->num_prepared, step->name);
  if (known == NULL && spoken->num_prepared == SPOKEN_STEPS) {
    return false;
  }
  *(known != NULL ? known : &spoken->prepared[spoken->num_prepared++]) = *step;
  return true;
}

static bool read_message(struct spoken *spoken, int kind, struct reader *message, bool is_marked) {
  struct spoken_step step = {.kind = (enum spoken_kind)kind, .name = "", .text = ""};
  switch (kind) {
    case SPOKEN_QUERY:
      step.text = take_text(message);
      break;
    case SPOKEN_PARSE:
      read_parse(&step, message);
      break;
    case SPOKEN_BIND:
      read_bind(&step, message);
      break;
    case SPOKEN_FLUSH:
    case SPOKEN_SYNC:
      break;
    default:
      return kind == 'D' || kind == 'E'; /* they follow each Bind */
  }
  if (message->failed) {
    return false;
  }
  if (!is_marked) {
    return kind != SPOKEN_PARSE || keep_prepared(spoken, &step);
  }
  if (spoken->num_steps == SPOKEN_STEPS || (kind == SPOKEN_BIND && !know(spoken, &step))) {
    return false;
  }
  spoken->steps[spoken->num_steps++] = step;
  return true;
}

const char *spoken_read(struct spoken *spoken, const uint8_t *bytes, size_t len, size_t marked) {
  struct reader reader = {bytes, len, false};
  *spoken = (struct spoken){.num_steps = 0};
  (void)take(&reader, 0);
  for (bool is_first = true; reader.len > 0; is_first = false) {
    bool is_marked = (size_t)(reader.bytes - bytes) >= marked;
    int kind = is_first ? 0 : *take(&reader, 1); /* what starts a connection has no type */
    size_t body = (size_t)take_32(&reader) - 4;
    struct reader message = {reader.bytes, body, false};
    (void)take(&reader, body);
    if (reader.failed) {
      return "what was said ends in a message";
    }
    if (!is_first && !read_message(spoken, kind, &message, is_marked)) {
      return "something was said that bench/spoken.c does not know";
    }
  }
  return spoken->num_steps > 0 ? NULL : "nothing was said";
}

bool spoken_equal(const struct spoken *one, const struct spoken *other) {
  bool equal = one->num_steps == other->num_steps;
  for (size_t i = 0; equal && i < one->num_steps; i++) {
    const struct spoken_step *a = &one->steps[i];
    const struct spoken_step *b = &other->steps[i];
    equal = a->kind == b->kind && strcmp(a->name, b->name) == 0 && strcmp(a->text, b->text) == 0 &&
            a->num_parameters == b->num_parameters && a->result_format == b->result_format &&
            memcmp(a->lens, b->lens, sizeof(a->lens)) == 0 && memcmp(a->formats, b->formats, sizeof(a->formats)) == 0;
  }
  return equal;
}

const char *spoken_prepare(const struct spoken *spoken, PGconn *connection) {
  for (size_t i = 0; i < spoken->num_prepared; i++) {
    const struct spoken_step *step = &spoken->prepared[i];
    if (step->name[0] == '\0') {
      continue;
    }
    PGresult *result = PQprepare(connection, step->name, step->text, step->num_parameters, step->types);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (!good) {
      return "a statement was not prepared";
    }
  }
  return NULL;
}

static bool is_good(PGresult *result) {
  ExecStatusType status = PQresultStatus(result);
  const char *tag = status == PGRES_COMMAND_OK ? PQcmdStatus(result) : "";
  return (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) && strcmp(tag, "INSERT 0 0") != 0 &&
         strcmp(tag, "UPDATE 0") != 0 && strcmp(tag, "ROLLBACK") != 0;
}

/* Takes what answers |*num| statements. */
static const char *take_answers(PGconn *connection, int *num) {
  for (; *num > 0; --*num) {
    PGresult *result = PQgetResult(connection);
    bool good = is_good(result);
    PQclear(result);
    if (!good || PQgetResult(connection) != NULL) {
      return "a statement failed, or changed nothing";
    }
  }
  return NULL;
}

static const char *say_query(PGconn *connection, const char *text) {
  (void)PQexitPipelineMode(connection);
  PGresult *result = PQexec(connection, text);
  bool good = is_good(result);
  PQclear(result);
  return good ? NULL : "a query failed";
}

static void say_statement(PGconn *connection, const struct spoken_step *step) {
  (void)PQenterPipelineMode(connection);
  if (step->name[0] != '\0') {
    (void)PQsendQueryPrepared(connection, step->name, step->num_parameters, step->values, step->lens, step->formats,
                              step->result_format);
  } else {
    (void)PQsendQueryParams(connection, step->text, step->num_parameters, step->types, step->values, step->lens,
                            step->formats, step->result_format);
  }
}

static const char *sync(PGconn *connection, int *num_awaited) {
  (void)PQpipelineSync(connection);
  const char *error = take_answers(connection, num_awaited);
  PGresult *result = error == NULL ? PQgetResult(connection) : NULL;
  bool good = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
  PQclear(result);
  return error != NULL || good ? error : "the pipeline did not end";
}

const char *spoken_say(const struct spoken *spoken, PGconn *connection) {
  const char *error = NULL;
  int num_awaited = 0;
  for (size_t i = 0; error == NULL && i < spoken->num_steps; i++) {
    const struct spoken_step *step = &spoken->steps[i];
    switch (step->kind) {
      case SPOKEN_QUERY:
        error = say_query(connection, step->text);
        break;
      case SPOKEN_BIND:
        say_statement(connection, step);
        num_awaited++;
        break;
      case SPOKEN_FLUSH:
        (void)PQsendFlushRequest(connection);
        error = take_answers(connection, &num_awaited);
        break;
      case SPOKEN_SYNC:
        error = sync(connection, &num_awaited);
        break;
      case SPOKEN_PARSE: /* libpq says it again with what runs it */
        break;
    }
  }
  return error;
}
