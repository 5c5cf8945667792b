/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* seal, open: sealed blobs without a vault. The plaintext is in locked memory as a whole, hence its
 * bound. */

#include <stdlib.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/key_file.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/session.h"

enum {
  MAX_PLAINTEXT = 1 << 20,
  MAX_SEALED = 2 * MAX_PLAINTEXT + 256, /* hexadecimal is the longest format */
};

enum format { FORMAT_BLOB, FORMAT_TEXT, FORMAT_HEX };

/* What the options of seal and open say. */
struct job {
  struct bulla_secret *material;
  struct bulla_key *key; /* NULL for FORMAT_HEX, which takes the material */
  enum format format;
  enum bulla_suite suite;
  struct bulla_span context;
};

static void job_free(struct job *job) {
  bulla_key_free(&job->key);
  bulla_secret_free(&job->material);
}

static enum bulla_status begin(struct bulla_cli *cli, struct job *job) {
  static const char *const formats[] = {"blob", "text", "hex", NULL};
  static const char *const suites[] = {"aes256gcm", "xaes256gcm", NULL};
  int format = FORMAT_BLOB;
  int suite = BULLA_XAES_256_GCM - 1;
  BULLA_TRY(bulla_option_choice(cli, "format", formats, &format));
  BULLA_TRY(bulla_option_choice(cli, "suite", suites, &suite));
  job->format = (enum format)format;
  job->suite = (enum bulla_suite)(suite + 1);
  job->context = bulla_option_span(cli, "context");
  if (job->format == FORMAT_HEX && bulla_option_count(cli, "context") + bulla_option_count(cli, "suite") > 0) {
    return bulla_cli_usage(cli, "the format hex has neither a context nor a suite");
  }
  BULLA_TRY(bulla_session_memory((size_t)MAX_PLAINTEXT / 2 * 3)); /* what was read and its copy */
  BULLA_TRY(bulla_key_file_read(cli, &job->material));
  if (job->format != FORMAT_HEX) {
    bulla_cli_at(cli, "%s", cli->command->name);
    BULLA_TRY(bulla_key_new(&job->key, job->suite, job->material));
  }
  bulla_cli_at(cli, "standard input");
  return BULLA_OK;
}

enum bulla_status bulla_run_seal(struct bulla_cli *cli) {
  struct job job BULLA_CLEANUP(job_free) = {.material = NULL};
  struct bulla_secret *plaintext BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_buffer sealed BULLA_CLEANUP(bulla_input_free) = {NULL, 0, 0};
  struct bulla_buffer text BULLA_CLEANUP(bulla_input_free) = {NULL, 0, 0};
  BULLA_TRY(begin(cli, &job));
  BULLA_TRY(bulla_input_secret(cli, &plaintext, STDIN_FILENO, MAX_PLAINTEXT));
  struct bulla_span bytes = bulla_secret_bytes(plaintext);

  sealed.size = job.format == FORMAT_HEX ? bulla_triple_len(bytes.len) : bulla_sealed_len(job.suite, bytes.len);
  sealed.data = (uint8_t *)malloc(sealed.size);
  text.size = bulla_blob_text_len(sealed.size);
  text.data = (uint8_t *)malloc(text.size);
  if (sealed.data == NULL || text.data == NULL) {
    return BULLA_NO_MEMORY;
  }
  BULLA_TRY(job.format == FORMAT_HEX ? bulla_triple_seal(job.material, &sealed, bytes)
                                     : bulla_seal(job.key, &sealed, bytes, job.context));
  if (job.format != FORMAT_TEXT) {
    return job.format == FORMAT_HEX ? bulla_output_line(cli, bulla_written(&sealed))
                                    : bulla_output_bytes(cli, bulla_written(&sealed));
  }
  BULLA_TRY(bulla_blob_to_text(&text, bulla_written(&sealed)));
  return bulla_output_line(cli, bulla_written(&text));
}

/* open_job opens |sealed|, which is in |blob| if it had to be decoded. */
static enum bulla_status open_job(const struct job *job, struct bulla_buffer *plaintext, struct bulla_buffer *blob,
                                  struct bulla_span sealed) {
  if (job->format == FORMAT_HEX) {
    return bulla_triple_open(job->material, plaintext, sealed, NULL);
  }
  if (job->format == FORMAT_TEXT) {
    *blob = bulla_buffer(malloc(sealed.len + 1), sealed.len);
    if (blob->data == NULL) {
      return BULLA_NO_MEMORY;
    }
    BULLA_TRY(bulla_blob_from_text(blob, sealed));
    sealed = bulla_written(blob);
  }
  return bulla_open(job->key, plaintext, sealed, job->context);
}

static enum bulla_status explain_open(struct bulla_cli *cli, const struct job *job, enum bulla_status status) {
  if (status == BULLA_BUFFER_TOO_SMALL) {
    return bulla_cli_error(cli, BULLA_TOO_LARGE, "too large: it holds more than %d bytes", MAX_PLAINTEXT);
  }
  return status != BULLA_REFUSED ? status
                                 : bulla_cli_error(cli, status, "refused: it is damaged, or was sealed with another %s",
                                                   job->format == FORMAT_HEX ? "--key or --format"
                                                                             : "--key, --context, --suite or --format");
}

enum bulla_status bulla_run_open(struct bulla_cli *cli) {
  struct job job BULLA_CLEANUP(job_free) = {.material = NULL};
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_buffer text BULLA_CLEANUP(bulla_input_free) = {NULL, 0, 0};
  struct bulla_buffer blob BULLA_CLEANUP(bulla_input_free) = {NULL, 0, 0};
  BULLA_TRY(begin(cli, &job));
  BULLA_TRY(bulla_input_public(cli, &text, STDIN_FILENO, MAX_SEALED));
  struct bulla_span sealed = bulla_written(&text);
  if (job.format != FORMAT_BLOB) {
    sealed = bulla_without_newline(sealed, 0);
  }
  BULLA_TRY(bulla_secret_new(&room, MAX_PLAINTEXT));
  struct bulla_buffer plaintext = bulla_buffer(bulla_secret_data(room), MAX_PLAINTEXT);
  BULLA_TRY(explain_open(cli, &job, open_job(&job, &plaintext, &blob, sealed)));
  return bulla_output_bytes(cli, bulla_written(&plaintext));
}
