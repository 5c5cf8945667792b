/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Object identifiers of keys, see core/der.h. */

#include "core/der.h"

const struct bulla_oid bulla_oid_rsa = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01}};
const struct bulla_oid bulla_oid_ec = {7, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01}};
const struct bulla_oid bulla_oid_x25519 = {3, {0x2b, 0x65, 0x6e}};

static const struct bulla_oid curves[] = {
    [BULLA_CURVE_P256] = {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}},
    [BULLA_CURVE_P384] = {5, {0x2b, 0x81, 0x04, 0x00, 0x22}},
    [BULLA_CURVE_P521] = {5, {0x2b, 0x81, 0x04, 0x00, 0x23}},
};

const struct bulla_oid *bulla_oid_curve(enum bulla_curve curve) {
  return &curves[curve];
}
