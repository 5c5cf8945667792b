/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The two ends of every failing call: outputs are wiped, and say that they hold nothing. */

#include "core/cursor.h"

enum bulla_status bulla_fail(struct bulla_buffer *out, enum bulla_status status) {
  bulla_wipe(out->data, out->size);
  out->len = 0;
  return status;
}

enum bulla_status bulla_writer_finish(struct bulla_writer *writer) {
  return writer->overflow ? bulla_fail(writer->out, BULLA_BUFFER_TOO_SMALL) : BULLA_OK;
}
