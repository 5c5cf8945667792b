/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* SQLite's driver (store/db_driver.h), failing as that of a server does where it is told to. The linker's --wrap puts
 * it in the place of the driver. As on a server, what is asked ahead is answered when it is looked at, and what became
 * of a record is told with the next answer. For one thread. */

#ifndef BULLA_FUZZ_FAULTY_DRIVER_H
#define BULLA_FUZZ_FAULTY_DRIVER_H

#include "store/db_driver.h"

/* What fails. All but FUZZ_SERVER_GOOD strike at the nth answer; those of commits at the nth commit. */
enum fuzz_server_fault {
  FUZZ_SERVER_GOOD,
  FUZZ_SERVER_LOST,    /* the connection is, and the transaction with it */
  FUZZ_SERVER_DOWN,    /* and so is every other that is made from then on */
  FUZZ_SERVER_BUSY,    /* the transaction is void, for a deadlock or the like */
  FUZZ_SERVER_STANDBY, /* nothing can be written from the nth beginning on */
  FUZZ_SERVER_UNDONE,  /* a commit is answered as one of a transaction that had failed */
  FUZZ_SERVER_UNHEARD, /* the connection is lost before a commit comes to the server */
  FUZZ_SERVER_SILENT,  /* or behind it; or the answer warns that a standby was not waited for */
  FUZZ_NUM_SERVER_FAULTS,
};

/* fuzz_driver_set_up makes the driver, before anything is opened. */
void fuzz_driver_set_up(void);

/* fuzz_driver_arm has |fault| strike at the answer number |countdown|, counted from 0. fuzz_driver_disarm takes it
 * back, and says whether it has struck. */
void fuzz_driver_arm(enum fuzz_server_fault fault, unsigned countdown);
bool fuzz_driver_disarm(void);

#endif
