/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a function that has worked with secrets leaves behind without knowing: words of them in registers, and on
 * the stack where its frames were. Whoever calls such a function clears both afterwards. Intel's ipsec-mb does so
 * by itself. */

#ifndef BULLA_CORE_SCRUB_H
#define BULLA_CORE_SCRUB_H

#include <bulla/core.h>

/* Bytes below the caller's frame that are cleared: more than twice as deep as Debian's BoringSSL was seen to leave
 * something, which is 768. */
#define BULLA_SCRUB_DEPTH 2048

/* bulla_scrub_registers clears all registers that a call need not preserve: vectors above all. */
void bulla_scrub_registers(void);

/* bulla_scrub clears them, and BULLA_SCRUB_DEPTH bytes of the stack below the caller's frame. */
void bulla_scrub(void);

#endif
