/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/wrapper.h. The key goes from locked memory into a pipe, and from a pipe into locked memory; nothing of what
 * the program was given or answered is logged but the message of a refusal. */

#include "store/wrapper.h"

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "store/program.h"
#include "store/wrapper_text.h"

_Static_assert(BULLA_PROGRAM_WRAPPED_MAX == BULLA_WRAPPER_DATA_MAX, "what is wrapped fits into a request");
_Static_assert(BULLA_VAULT_ID_LEN == BULLA_WRAPPER_ID_LEN, "the id fits into a request");

/* One run of the program. */
struct question {
  const char *command;
  struct bulla_span id;
  int patience_ms;
  enum bulla_wrapper_operation operation;
  struct bulla_span data;
  struct bulla_wrapper_limits limits; /* of the answer */
};

/* What the run came to. A refusal counts whatever the program's exit status, since it says more. */
static enum bulla_status judge(struct bulla_wrapper_answer *answer, const struct question *question,
                               struct bulla_span output, const struct bulla_program_end *end) {
  char name[BULLA_PROGRAM_NAME_MAX];
  enum bulla_status status = bulla_wrapper_read(answer, output, &question->limits);
  if (status == BULLA_REFUSED) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "%s refuses: %s", bulla_program_name(name, question->command),
                         answer->message);
  }
  BULLA_TRY(bulla_program_judge(question->command, end));
  if (status == BULLA_INVALID_TEXT) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE,
                         "%s does not speak the protocol of wrap:, %s; one that prints the key itself is for cmd:",
                         bulla_program_name(name, question->command), answer->fault);
  }
  return status;
}

static enum bulla_status ask(struct bulla_secret **data, const struct question *question) {
  struct bulla_secret *request BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *output BULLA_CLEANUP(bulla_secret_free) = NULL;
  if (question->patience_ms < 0) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(bulla_wrapper_request(&request, question->operation, question->id, question->data));
  struct bulla_program program = {
      .command = question->command,
      .input = bulla_secret_bytes(request),
      .max_len = BULLA_WRAPPER_ANSWER_MAX,
      .patience_ms = question->patience_ms > 0 ? question->patience_ms : BULLA_PROGRAM_WRAP_PATIENCE,
  };
  struct bulla_program_end end;
  enum bulla_status status = bulla_program_run(&output, &end, &program);
  if (status == BULLA_TOO_LARGE) {
    char name[BULLA_PROGRAM_NAME_MAX];
    return bulla_explain(BULLA_SECRET_UNAVAILABLE,
                         "%s does not speak the protocol of wrap:, it answers more than %d bytes",
                         bulla_program_name(name, question->command), BULLA_WRAPPER_ANSWER_MAX);
  }
  BULLA_TRY(status);
  struct bulla_wrapper_answer answer;
  status = judge(&answer, question, bulla_secret_bytes(output), &end);
  if (status != BULLA_OK) {
    bulla_secret_free(&answer.data);
    return status;
  }
  *data = answer.data;
  return BULLA_OK;
}

/* Whether |part| stands anywhere in |bytes|, in a time that depends on the lengths alone. */
static bool holds(struct bulla_span bytes, struct bulla_span part) {
  bool found = false;
  for (size_t at = 0; at + part.len <= bytes.len; at++) {
    found |= bulla_secret_equal(bulla_span(bytes.data + at, part.len), part);
  }
  return found;
}

/* A program that hands back what it was given wraps nothing: the vault would hold its own key. */
static enum bulla_status check_hidden(const char *command, struct bulla_span wrapped, struct bulla_span key) {
  char name[BULLA_PROGRAM_NAME_MAX];
  struct bulla_secret *digits BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&digits, bulla_base64url_encoded_len(key.len)));
  bulla_base64url_encode_secret(bulla_secret_data(digits), key);
  return !holds(wrapped, key) && !holds(wrapped, bulla_secret_bytes(digits))
             ? BULLA_OK
             : bulla_explain(BULLA_SECRET_UNAVAILABLE, "%s hands back the key that it is to wrap, and does not wrap it",
                             bulla_program_name(name, command));
}

static enum bulla_status check_round(const char *command, struct bulla_span wrapped, struct bulla_span key,
                                     struct bulla_span id, int patience_ms) {
  char name[BULLA_PROGRAM_NAME_MAX];
  struct bulla_secret *again BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_program_unwrap(&again, command, wrapped, id, patience_ms));
  return bulla_secret_equal(bulla_secret_bytes(again), key)
             ? BULLA_OK
             : bulla_explain(BULLA_SECRET_UNAVAILABLE,
                             "%s unwraps another key than it has wrapped: nothing would open with it",
                             bulla_program_name(name, command));
}

static enum bulla_status wrap(struct bulla_secret **data, const char *command, struct bulla_span key,
                              struct bulla_span id, int patience_ms) {
  struct question question = {command, id, patience_ms, BULLA_WRAPPER_WRAP, key, {1, BULLA_PROGRAM_WRAPPED_MAX}};
  BULLA_TRY(ask(data, &question));
  struct bulla_span wrapped = bulla_secret_bytes(*data);
  BULLA_TRY(check_hidden(command, wrapped, key));
  return check_round(command, wrapped, key, id, patience_ms);
}

enum bulla_status bulla_program_wrap(struct bulla_buffer *wrapped, const char *command, const struct bulla_secret *key,
                                     struct bulla_span id, int patience_ms) {
  struct bulla_secret *data BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_span bytes = bulla_secret_bytes(key);
  if (bytes.data == NULL) {
    return bulla_fail(wrapped, BULLA_FORKED);
  }
  if (bytes.len != BULLA_KEY_LEN || command == NULL) {
    return bulla_fail(wrapped, BULLA_INVALID_ARGUMENT);
  }
  if (wrapped->size < BULLA_PROGRAM_WRAPPED_MAX) {
    return bulla_fail(wrapped, BULLA_BUFFER_TOO_SMALL);
  }
  enum bulla_status status = wrap(&data, command, bytes, id, patience_ms);
  if (status != BULLA_OK) {
    return bulla_fail(wrapped, status);
  }
  struct bulla_writer writer = bulla_writer(wrapped);
  bulla_put(&writer, bulla_secret_bytes(data));
  return bulla_writer_finish(&writer);
}

enum bulla_status bulla_program_unwrap(struct bulla_secret **key, const char *command, struct bulla_span wrapped,
                                       struct bulla_span id, int patience_ms) {
  struct question question = {command, id, patience_ms, BULLA_WRAPPER_UNWRAP, wrapped, {BULLA_KEY_LEN, BULLA_KEY_LEN}};
  *key = NULL;
  return command == NULL || wrapped.len < 1 ? BULLA_INVALID_ARGUMENT : ask(key, &question);
}
