/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Settings of the process, so that secrets stay in it and no signal interrupts it, and how they are restored. */

#ifndef BULLA_CLI_PROCESS_H
#define BULLA_CLI_PROCESS_H

#include <stdbool.h>

/* bulla_process_harden keeps secrets out of core dumps and debuggers, and turns a closed pipe or a file size
 * limit into an error like others. Closed standard streams are opened on /dev/null, so that using them fails: otherwise
 * the vault could get their descriptor and be overwritten. */
void bulla_process_harden(void);

/* bulla_process_take_memory has the system map in one go what opening a vault and using a value touch, of the heap and
 * of the program: page by page as each is first touched takes longer, on a virtual machine much longer. */
void bulla_process_take_memory(void);

/* bulla_process_load_ahead has a thread load the library of primitives, if there is a processor for it, while this one
 * reads a key and opens a vault. bulla_process_loaded waits for its end. */
void bulla_process_load_ahead(void);
void bulla_process_loaded(void);

/* bulla_process_hide_urls moves each URL of a server among the arguments, which may contain a password, to where other
 * users of the machine cannot read it, as they can what a process was started with. */
void bulla_process_hide_urls(char **argv);

/* bulla_process_hand_on restores the signals for the command that this process runs. The replacements of closed
 * streams are closed on exec. Core dumps stay off: the command's would contain secrets. */
void bulla_process_hand_on(void);

/* bulla_process_take_back sets them again as bulla_process_harden did, once a command runs beside this process. */
void bulla_process_take_back(void);

/* bulla_process_end_by ends the process by |signal_number|, as a command of its has ended. */
void bulla_process_end_by(int signal_number);

/* bulla_process_end_by_pipe ends the process by SIGPIPE, as it would have ended without bulla_process_harden, or
 * returns if that signal was ignored when it was started. */
void bulla_process_end_by_pipe(void);

/* bulla_process_end_softly has SIGINT, SIGTERM and SIGHUP interrupt what waits, instead of ending the process, once, if
 * they were not ignored. bulla_process_is_to_end returns whether one of them came since. */
void bulla_process_end_softly(void);
bool bulla_process_is_to_end(void);

#endif
