/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Numbers of key material, most significant byte first. */

#ifndef BULLA_CORE_NUMBER_H
#define BULLA_CORE_NUMBER_H

#include <bulla/core.h>

/* bulla_number_zeroes returns how many bytes of |number| are zeroes before its first other one, and not its last. Time
 * and addresses tell nothing else of it. */
size_t bulla_number_zeroes(struct bulla_span number);

#endif
