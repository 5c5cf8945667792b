/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A PostgreSQL server for the vault of fuzz/vault.h, inside the process of the target. It speaks the protocol with
 * libpq by a socket, and answers from the vault's SQLite database: both back ends have the same queries
 * (store/queries.h). What else bulla asks a server for, it answers as one does that bulla takes. Nothing is tied to the
 * number or the order of what is asked. Of what it sends, the input changes some (fuzz/server_edits.h).
 *
 * There is no thread: the linker's --wrap leads poll(2) here, and where the client waits, the server works. Where it
 * has nothing more to say it closes the connection, since a client that waits until its deadline takes 15 seconds. */

#ifndef BULLA_FUZZ_SERVER_H
#define BULLA_FUZZ_SERVER_H

#include "core/cursor.h"

/* What has happened since fuzz_server_begin. */
struct fuzz_server_seen {
  size_t num_records; /* records of the log that it was to insert */
  size_t num_asked;   /* commits that it was asked for */
  size_t num_told;    /* how often what it sent has the tag of one */
  size_t num_sure;    /* how often it has confirmed one that was done, without a warning */
  size_t num_struck;  /* edits that have changed something */
  bool has_lied;      /* one of them was more than a lost connection, a notice or a loss */
  bool has_forgotten; /* what was committed */
};

/* fuzz_server_set_up begins to listen, for as long as the process lives, in the abstract namespace of Unix sockets. The
 * vault is closed by now. */
void fuzz_server_set_up(void);

/* fuzz_server_url returns what bulla calls the vault. */
const char *fuzz_server_url(void);

/* fuzz_server_begin makes the database as it was at fuzz_server_set_up; |edits| must stay until the end. */
void fuzz_server_begin(struct bulla_span edits);

/* fuzz_server_seen returns what was seen so far. */
const struct fuzz_server_seen *fuzz_server_seen(void);

/* fuzz_server_close ends every connection. */
void fuzz_server_close(void);

/* fuzz_server_num_committed returns how many records are in the database. No call is under way. */
int64_t fuzz_server_num_committed(void);

#endif
