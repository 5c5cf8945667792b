/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The log of changes beside a database, its -wal, when nobody has the vault open.
 *
 * Who has written more than records of uses moves the log into the database, flushes that, and removes the log. That
 * takes two flushes, and to make the log anew takes the next process two more. So who has only appended records leaves
 * a short log: the next process appends to it, with one flush. What is in the log is written to the database too, but
 * not flushed: so the one file has everything for those who copy or move it, while after a power cut it is the log that
 * has it. It is never begun anew before all of it was flushed to the database. Who only reads leaves a log that was
 * left in this way.
 *
 * SQLite takes any log of that name for the database's own. To tell whether it is, the first transaction in a log also
 * writes the database's first page: a change counter is in that page (https://www.sqlite.org/fileformat.html, section
 * 1.3.7). A connection that reads the page and writes it counts one further, and not again before it reads it anew. So
 * in a database that the log is of, the counter is the one before that of the first image of the page, or that of an
 * image. Another vault, or a copy that went another way, may have the same counter. So a number that is drawn is
 * written too, and the one that it replaces: in the schema cookie (section 1.3.9), which SQLite compares with what it
 * remembers of the schema and nothing else.
 *
 * When another connection has moved the log away, a transaction that does not know of it may begin the log anew without
 * a mark. The next one marks it, and who closes before that leaves no log. Who is killed before that leaves one without
 * a mark: it is read, since after a crash it is all that has the last record. */

#ifndef BULLA_STORE_DB_SQLITE_LOG_H
#define BULLA_STORE_DB_SQLITE_LOG_H

#include "store/db_sqlite.h"

/* bulla_sqlite_log_check returns BULLA_VAULT_MOVED if the log is that of another database, or of another state of this
 * one. Without an image of the first page nothing is known. For a connection that has read, or tried to. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_log_check(struct bulla_sqlite *sqlite);

/* bulla_sqlite_log_mark has the transaction, which is one for writing, write such an image, if there is none. Before it
 * began, bulla_sqlite_forget_pages was called. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_log_mark(struct bulla_sqlite *sqlite);

/* bulla_sqlite_log_leave decides what becomes of the log when |sqlite|, which is then to be closed, is the last
 * connection to have it open. */
void bulla_sqlite_log_leave(struct bulla_sqlite *sqlite);

#endif
