/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The three ways to crash. Each says what it finds by crash_report and counts what it does. */

#ifndef BULLA_TESTS_CRASH_CRASH_H
#define BULLA_TESTS_CRASH_CRASH_H

#include "tests/crash/support.h"

/* crash_power makes a vault, works with it as |seed| says, and looks at what could be left at each point if the power
 * went. A disk that |lies| about what it has synced is one that must be found out. */
void crash_power(uint64_t seed, bool lies);

/* crash_fail makes the n-th call of each kind fail in each operation, for every n, or, if |stride| is not 1, for some:
 * about one of |stride|. */
extern const bool crash_fails_allocations; /* not under a sanitizer */
void crash_fail(uint64_t seed, size_t stride);

/* crash_kill has processes work with a vault, and kills one after another |num| times. With |hasty| ones, which
 * acknowledge before they are done, something must be found lost. */
void crash_kill(uint64_t seed, unsigned num, bool hasty);

#endif
