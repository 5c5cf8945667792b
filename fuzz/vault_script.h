/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The vault that the hostile ones are made from, and what an attacker does to it by SQL. */

#ifndef BULLA_FUZZ_VAULT_SCRIPT_H
#define BULLA_FUZZ_VAULT_SCRIPT_H

#include "fuzz/vault_known.h"

enum { FUZZ_IMAGE_MAX = 1 << 16 }; /* bytes of a database */

/* fuzz_script_set_up makes the images: of the good vault, and of the same vault when it was younger. |put_young| fills
 * an empty vault, |put_good| goes on with it. */
void fuzz_script_set_up(void (*put_young)(void), void (*put_good)(void));

/* fuzz_script_load makes the hostile vault that |input| stands for: a database if it begins like one, else the
 * good vault and, after one byte that means nothing, a list of edits, of six bytes each. An edit that SQLite refuses
 * changes nothing. Returns false if the edits have left a schema that is another than that of the good vault. */
bool fuzz_script_load(struct bulla_span input);

/* fuzz_script_signed_changed says whether the edits that were loaded last have left a statement or signature of the
 * vault or its first lane that there never was. */
bool fuzz_script_signed_changed(void);

/* fuzz_script_image says whether |input| is a database as it is. */
bool fuzz_script_image(struct bulla_span input);

#endif
