/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Wiping bytes, wherever they lie. */

#include <string.h>

#include <bulla/core.h>

void bulla_wipe(void *data, size_t len) {
  if (len > 0) {
    explicit_bzero(data, len);
  }
}
