/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The heads of the log's lanes, and anchors made of them: see store/anchor.h. */

#include <stdlib.h>

#include "core/log.h"
#include "store/anchor.h"
#include "store/audit_rows.h"
#include "store/change.h"
#include "store/heads.h"
#include "store/lane_owner.h"
#include "store/may.h"
#include "store/names.h"

enum { LABEL_MAX = 32, HEAD_LEN = 12 + 12 + 4 + BULLA_MAC_LEN }; /* bytes that are digested */

/* The log to read a lane by. What this process has written is known only under the lock of the vault, which whoever has
 * another connection need not have. */
static struct bulla_audit_log log_of(struct bulla_vault *vault, struct bulla_db *db, int64_t number) {
  return db == vault->db ? *bulla_vault_log(vault, number)
                         : (struct bulla_audit_log){.db = db, .keyring = &vault->keyring};
}

/* Reads the head of the lane |number| into |anchored|. That of another's lane is taken as the database has it, since
 * its tag is checked with a key that only the whole lane leads to: whoever verifies does that. */
static enum bulla_status read_head(struct bulla_anchored *anchored, struct bulla_vault *vault, struct bulla_db *db,
                                   int64_t number) {
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.lane = {.number = number}};
  struct bulla_audit_stored stored;
  const struct bulla_audit_log log = log_of(vault, db, number);
  BULLA_TRY(bulla_audit_lane_load(&head.lane, NULL, &log));
  BULLA_TRY(bulla_lane_is_own(&vault->keyring, number) ? bulla_audit_load(&head, &log)
                                                       : bulla_audit_see(&head, &stored, &log));
  anchored->lane = number;
  anchored->seq = head.seq;
  memcpy(anchored->mac, head.mac, sizeof(anchored->mac));
  return BULLA_OK;
}

enum bulla_status bulla_heads_read(struct bulla_anchor *anchor, struct bulla_vault *vault, struct bulla_db *db) {
  int64_t number = 0;
  bool found = false;
  for (;;) {
    struct bulla_anchored anchored;
    BULLA_TRY(bulla_audit_next_lane(&number, &found, db));
    if (!found) {
      return anchor->num > 0 ? BULLA_OK : BULLA_AUDIT_BROKEN;
    }
    BULLA_TRY(read_head(&anchored, vault, db, number));
    enum bulla_status status = bulla_anchor_add(anchor, &anchored);
    BULLA_TRY(status == BULLA_TOO_LARGE ? bulla_explain(BULLA_AUDIT_BROKEN, "the log has more lanes than bulla makes")
                                        : status);
  }
}

enum bulla_status bulla_heads_digest(uint8_t *digest, const struct bulla_anchor *anchor) {
  size_t size = LABEL_MAX + anchor->num * HEAD_LEN;
  uint8_t *bytes = malloc(size);
  if (bytes == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_buffer buffer = bulla_buffer(bytes, size);
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v2/heads"));
  for (size_t i = 0; i < anchor->num; i++) {
    bulla_put_number(&writer, anchor->lanes[i].lane);
    bulla_put_number(&writer, anchor->lanes[i].seq);
    bulla_put_prefixed(&writer, bulla_span(anchor->lanes[i].mac, sizeof(anchor->lanes[i].mac)));
  }
  enum bulla_status status = bulla_writer_finish(&writer);
  status = status == BULLA_OK ? bulla_sha256(digest, bulla_written(&buffer)) : status;
  free(bytes);
  return status;
}

/* Reads all heads in one state of the database. */
static enum bulla_status read_heads_now(struct bulla_anchor *anchor, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_check_whole(vault->db));
  BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
  return bulla_heads_read(anchor, vault, vault->db);
}

enum bulla_status bulla_vault_audit_heads(struct bulla_vault *vault, bulla_audit_head_fn each, void *arg) {
  struct bulla_anchor anchor BULLA_CLEANUP(bulla_anchor_free) = {.num = 0};
  BULLA_TRY(bulla_may_audit(vault, BULLA_LITERAL("audit-heads"), bulla_span(NULL, 0)));
  BULLA_TRY(read_heads_now(&anchor, vault));
  for (size_t i = 0; i < anchor.num; i++) {
    const struct bulla_audit_head_view view = {
        .lane = anchor.lanes[i].lane,
        .seq = anchor.lanes[i].seq,
        .mac = bulla_span(anchor.lanes[i].mac, sizeof(anchor.lanes[i].mac)),
    };
    BULLA_TRY(each(arg, &view));
  }
  return BULLA_OK;
}

/* Commits a record that says that the log was anchored, and returns the heads with it. */
static enum bulla_status checkpoint(struct bulla_anchor *anchor, struct bulla_vault *vault,
                                    const struct bulla_who *who) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
  BULLA_TRY(bulla_heads_read(anchor, vault, vault->db));
  BULLA_TRY(bulla_change_tell(&change, BULLA_LITERAL("checkpoint"), bulla_span(NULL, 0), bulla_span(NULL, 0),
                              bulla_span(NULL, 0)));
  for (size_t i = 0; i < anchor->num; i++) {
    if (anchor->lanes[i].lane == change.head.lane.number) {
      anchor->lanes[i].seq = change.head.seq;
      memcpy(anchor->lanes[i].mac, change.head.mac, sizeof(anchor->lanes[i].mac));
    }
  }
  return bulla_change_commit(&change);
}

enum bulla_status bulla_vault_audit_anchor(struct bulla_vault *vault, struct bulla_buffer *anchor,
                                           const struct bulla_who *who) {
  struct bulla_anchor heads BULLA_CLEANUP(bulla_anchor_free) = {.num = 0};
  anchor->len = 0;
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("checkpoint"), NULL));
  if (anchor->size < BULLA_ANCHOR_MAX) {
    return BULLA_BUFFER_TOO_SMALL;
  }
  BULLA_TRY(checkpoint(&heads, vault, who));
  return bulla_anchor_write(anchor, &vault->keyring, &heads);
}
