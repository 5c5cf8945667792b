/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Notes on what went wrong. None of these prints: bulla_cli_run() does, once, at the end. */

#ifndef BULLA_CLI_ERROR_H
#define BULLA_CLI_ERROR_H

#include "cli/cli.h"

/* bulla_cli_at notes what the run is doing. */
void bulla_cli_at(struct bulla_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bulla_cli_error notes what went wrong and returns |status|. */
enum bulla_status bulla_cli_error(struct bulla_cli *cli, enum bulla_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* bulla_cli_usage is bulla_cli_error for a command line that cannot be run; it points to the help. Arguments
 * are named by their place and not repeated: one of them may be a secret. */
enum bulla_status bulla_cli_usage(struct bulla_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bulla_cli_errno notes the system's error |code| and returns its status. */
enum bulla_status bulla_cli_errno(struct bulla_cli *cli, int code);

/* bulla_cli_keep_detail notes the library's log message of a failure. Pass it to bulla_log_set, with the run. */
void bulla_cli_keep_detail(void *cli, enum bulla_log_level level, enum bulla_status status, const char *detail);

/* bulla_cli_error_line returns the error line for |status|:
 *
 *   bulla: WHAT: TEXT (DETAIL): REMEDY; NOTE
 *
 * The text is the command's own, which includes the remedy, or else the library's, followed by the remedy of
 * cli/remedy.h. Text from outside cannot break the line or control the terminal. */
#define BULLA_ERROR_LINE_MAX 2048
struct bulla_span bulla_cli_error_line(const struct bulla_cli *cli, enum bulla_status status,
                                       uint8_t room[BULLA_ERROR_LINE_MAX]);

/* bulla_cli_limited_line is the error line for BULLA_LIMITED with --json: an object with the members error, message and
 * retry_after, in seconds, or null if no wait helps. */
struct bulla_span bulla_cli_limited_line(const struct bulla_cli *cli, uint8_t room[BULLA_ERROR_LINE_MAX]);

#endif
