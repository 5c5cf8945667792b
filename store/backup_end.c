/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/backup_end.h. */

#include "store/backup_end.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "core/signature.h"
#include "store/file.h"

enum { CHUNK = 65536, FOOTER_LEN = 16, CHUNKS_BETWEEN = 16 /* that are read before progress is told again */ };

#define MARK BULLA_LITERAL("bulla-backup")
#define LABEL BULLA_LITERAL("bulla/v2/backup")

static enum bulla_status damaged(const char *why) {
  return bulla_explain(BULLA_REFUSED, "%s: take another backup", why);
}

static enum bulla_status read_at(int file, uint8_t *bytes, size_t len, int64_t offset) {
  for (size_t num = 0; num < len;) {
    ssize_t got = pread(file, bytes + num, len - num, offset + (int64_t)num);
    if (got <= 0) {
      return got == 0 ? damaged("it was cut while it was read") : bulla_file_status(errno);
    }
    num += (size_t)got;
  }
  return BULLA_OK;
}

/* The digest of the first |len| bytes: that of a piece is of the one before and the piece, so that the file need not be
 * in memory. |room| has BULLA_SHA256_LEN + CHUNK bytes. */
static enum bulla_status digest_by(uint8_t *digest, uint8_t *room, int file, int64_t len, bulla_progress_fn progress,
                                   void *arg) {
  int64_t num_chunks = 0;
  memset(digest, 0, BULLA_SHA256_LEN);
  for (int64_t at = 0; at < len; num_chunks++) {
    size_t num = len - at < CHUNK ? (size_t)(len - at) : CHUNK;
    memcpy(room, digest, BULLA_SHA256_LEN);
    BULLA_TRY(read_at(file, room + BULLA_SHA256_LEN, num, at));
    BULLA_TRY(bulla_sha256(digest, bulla_span(room, BULLA_SHA256_LEN + num)));
    at += (int64_t)num;
    if (progress != NULL && num_chunks % CHUNKS_BETWEEN == 0) {
      progress(arg, at, len);
    }
  }
  return BULLA_OK;
}

static enum bulla_status digest_file(uint8_t *digest, int file, int64_t len, bulla_progress_fn progress, void *arg) {
  uint8_t *room = malloc(BULLA_SHA256_LEN + CHUNK);
  if (room == NULL) {
    return BULLA_NO_MEMORY;
  }
  enum bulla_status status = digest_by(digest, room, file, len, progress, arg);
  free(room);
  return status;
}

static enum bulla_status write_end(struct bulla_buffer *end, const struct bulla_keyring *keyring,
                                   const struct bulla_backup_said *said) {
  uint8_t signature[BULLA_SIGNATURE_LEN];
  struct bulla_writer writer = bulla_writer(end);
  if (keyring->signing_seed == NULL) {
    return BULLA_DENIED;
  }
  bulla_put_prefixed(&writer, LABEL);
  bulla_put_prefixed(&writer, said->uuid);
  bulla_put_prefixed(&writer, bulla_span(keyring->signing_public, sizeof(keyring->signing_public)));
  bulla_put_prefixed(&writer, said->kind);
  bulla_put_prefixed(&writer, said->id);
  bulla_put_number(&writer, said->time);
  bulla_put_number(&writer, said->len);
  bulla_put_prefixed(&writer, said->digest);
  size_t len = end->len;
  BULLA_TRY(bulla_signature_sign(signature, keyring->signing_seed, bulla_span(end->data, len)));
  bulla_put(&writer, bulla_span(signature, sizeof(signature)));
  bulla_put(&writer, MARK);
  bulla_put_be(&writer, len, 4);
  return bulla_writer_finish(&writer);
}

static enum bulla_status open_to_append(int *file, int64_t *len, const char *path) {
  struct stat seen;
  *file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (*file < 0 || fstat(*file, &seen) != 0) {
    return bulla_file_status(errno);
  }
  *len = seen.st_size;
  return BULLA_OK;
}

enum bulla_status bulla_backup_end_write(int64_t *len, const char *path, const struct bulla_keyring *keyring,
                                         const struct bulla_backup_said *said) {
  int file BULLA_CLEANUP(bulla_file_close) = -1;
  uint8_t digest[BULLA_SHA256_LEN];
  uint8_t bytes[BULLA_BACKUP_END_MAX];
  struct bulla_buffer end = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_backup_said all = *said;
  BULLA_TRY(open_to_append(&file, &all.len, path));
  BULLA_TRY(digest_file(digest, file, all.len, NULL, NULL));
  all.digest = bulla_span(digest, sizeof(digest));
  BULLA_TRY(write_end(&end, keyring, &all));
  ssize_t put = pwrite(file, end.data, end.len, all.len);
  if (put != (ssize_t)end.len) {
    return put < 0 ? bulla_file_status(errno) : BULLA_DISK_FULL;
  }
  *len = all.len + (int64_t)end.len;
  return fsync(file) == 0 ? BULLA_OK : bulla_file_status(errno);
}

/* Reads the statement and its signature, which end the |len| bytes of |file|. */
static enum bulla_status read_end(struct bulla_backup_end *end, int file, int64_t len) {
  uint8_t footer[FOOTER_LEN];
  BULLA_TRY(len >= FOOTER_LEN ? read_at(file, footer, FOOTER_LEN, len - FOOTER_LEN) : damaged("it is too short"));
  if (!bulla_span_equal(bulla_span(footer, MARK.len), MARK)) {
    return bulla_explain(BULLA_REFUSED,
                         "it has no end of a backup, so it was cut or is none: take another backup; if it is "
                         "a whole vault, bulla backup makes a backup of it");
  }
  size_t said = (size_t)footer[12] << 24 | (size_t)footer[13] << 16 | (size_t)footer[14] << 8 | footer[15];
  size_t all = said + BULLA_SIGNATURE_LEN;
  if (said > BULLA_BACKUP_STATEMENT_MAX || (int64_t)all > len - FOOTER_LEN) {
    return damaged("its end is damaged");
  }
  BULLA_TRY(read_at(file, end->bytes, all, len - FOOTER_LEN - (int64_t)all));
  end->statement = bulla_span(end->bytes, said);
  end->signature = bulla_span(end->bytes + said, BULLA_SIGNATURE_LEN);
  end->said.len = len - FOOTER_LEN - (int64_t)all; /* as it must be said */
  return BULLA_OK;
}

/* Whether |label| is that of a later format. */
static bool is_later(struct bulla_span label) {
  return label.len == LABEL.len && label.data[7] > '2' && label.data[7] <= '9' &&
         memcmp(label.data, "bulla/v", 7) == 0 && memcmp(label.data + 8, "/backup", 7) == 0;
}

static enum bulla_status parse(struct bulla_backup_end *end) {
  struct bulla_backup_said *said = &end->said;
  struct bulla_reader reader = bulla_reader(end->statement);
  struct bulla_span label = bulla_span(NULL, 0);
  const int64_t len = said->len;
  if (bulla_take_prefixed(&reader, &label) && is_later(label)) {
    return bulla_explain(BULLA_NEWER_VAULT, "a later bulla made the backup");
  }
  bool good = bulla_span_equal(label, LABEL) && bulla_take_prefixed(&reader, &said->uuid) &&
              said->uuid.len == BULLA_ID_LEN && bulla_take_prefixed(&reader, &said->signer) &&
              said->signer.len == BULLA_SIGNATURE_PUBLIC_LEN && bulla_take_prefixed(&reader, &said->kind) &&
              bulla_take_prefixed(&reader, &said->id) && said->id.len == BULLA_BACKUP_ID_LEN &&
              bulla_take_number(&reader, &said->time) && bulla_take_number(&reader, &said->len) &&
              bulla_take_prefixed(&reader, &said->digest) && said->digest.len == BULLA_SHA256_LEN && reader.left == 0 &&
              said->len == len;
  BULLA_TRY(good ? BULLA_OK : damaged("its end is damaged, or bytes before it are missing"));
  enum bulla_status status = bulla_signature_verify(said->signer.data, end->signature.data, end->statement);
  return status == BULLA_REFUSED ? damaged("its end is damaged") : status;
}

enum bulla_status bulla_backup_end_read(struct bulla_backup_end *end, int file, bulla_progress_fn progress, void *arg) {
  struct stat seen;
  uint8_t digest[BULLA_SHA256_LEN];
  if (fstat(file, &seen) != 0) {
    return bulla_file_status(errno);
  }
  if (!S_ISREG(seen.st_mode)) {
    return bulla_explain(BULLA_NOT_A_VAULT, "it is not a regular file");
  }
  BULLA_TRY(read_end(end, file, seen.st_size));
  BULLA_TRY(parse(end));
  BULLA_TRY(digest_file(digest, file, end->said.len, progress, arg));
  return bulla_span_equal(end->said.digest, bulla_span(digest, sizeof(digest)))
             ? BULLA_OK
             : damaged("a byte of it is another than it was written with");
}

enum bulla_status bulla_backup_end_fingerprint(uint8_t *fingerprint, const struct bulla_backup_end *end) {
  struct bulla_keyring claimed = {.generation = 0};
  memcpy(claimed.uuid, end->said.uuid.data, sizeof(claimed.uuid));
  memcpy(claimed.signing_public, end->said.signer.data, sizeof(claimed.signing_public));
  return bulla_fingerprint(fingerprint, &claimed);
}

int64_t bulla_backup_end_len(const struct bulla_backup_end *end) {
  return (int64_t)(end->statement.len + end->signature.len) + FOOTER_LEN;
}
