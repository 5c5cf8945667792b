/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Places in a vault, and who asks for them, as the tests have them. */

#ifndef BULLA_TESTS_PLACE_H
#define BULLA_TESTS_PLACE_H

#include <bulla/store.h>

/* AT(tenant, entry) and AT(tenant, entry, field) are places, for one call. */
#define AT(...) (&(const struct bulla_place){__VA_ARGS__})

#define ACME BULLA_LITERAL("acme")
#define ENTRY BULLA_LITERAL("warehouse")
#define PASSWORD BULLA_LITERAL("password")
#define RECORD_ID BULLA_LITERAL("0123456789abcdef")

static const __attribute__((unused)) struct bulla_who who = {
    {(const uint8_t *)"tester", 6}, {(const uint8_t *)"here", 4}, {(const uint8_t *)"to test", 7}};

#endif
