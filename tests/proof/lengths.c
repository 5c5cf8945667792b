/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The arithmetic of lengths, over every length that each function takes. Here an unsigned overflow is an alarm. */

#include "tests/proof/proof.h"

#include "core/base64url.h"
#include "core/jwe_compact.h"

void prove(void) {
  size_t any = any_len(SIZE_MAX);
  size_t half = any_len(SIZE_MAX / 2);
  size_t eighth = any_len(SIZE_MAX / 8);
  size_t other_eighth = any_len(SIZE_MAX / 8);
  size_t len = bulla_base64url_decoded_len(any);
  //@ assert len <= 13835058055282163711;
  len = bulla_base64url_encoded_len(half);
  //@ assert len <= 12297829382473034412;
  len = bulla_jwe_compact_len(eighth, other_eighth);
  len = bulla_sealed_len(Frama_C_interval(0, 255), any);
  len = bulla_triple_len(any);
  len = bulla_blob_text_len(half);
  (void)len;
}
