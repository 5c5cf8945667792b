/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the command changes of its process, so that secrets stay in it and no signal ends it halfway, and how that
 * is set back. */

#ifndef BULLA_CLI_PROCESS_H
#define BULLA_CLI_PROCESS_H

/* bulla_process_harden keeps secrets out of core dumps and debuggers, and makes a reader that went away, or a
 * limit on the size of files, an error like others. Standard streams that are closed are given to /dev/null,
 * opened so that using them fails: otherwise the vault would be opened in their place and written over. */
void bulla_process_harden(void);

/* bulla_process_hand_on sets back, for the command that replaces this process, what was found: the signals. The
 * stand-ins for closed streams close by themselves. Core dumps stay off: the command's would hold secrets. */
void bulla_process_hand_on(void);

/* bulla_process_end_by_pipe ends the process by SIGPIPE, as it would have ended without bulla_process_harden, or
 * returns if whoever started it had that signal ignored. */
void bulla_process_end_by_pipe(void);

#endif
