/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A vault under load: a field is used, again as soon as the value is there. In a SQLite file, or on the server that
 * BULLA_BENCH_URL leads to, which must have no vault yet. See bench/load_run.c for the arguments. */

#include "bench/load.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench/vault.h"

static int flush(int file, long call) {
  long milliseconds = load_commit_ms();
  if (milliseconds < 0) {
    return (int)syscall(call, file);
  }
  struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  return nanosleep(&pause, NULL);
}

/* SQLite calls these by their names, and finds the program's own before libc's. */
__attribute__((visibility("default"))) int fdatasync(int fildes) {
  return flush(fildes, SYS_fdatasync);
}

__attribute__((visibility("default"))) int fsync(int fd) {
  return flush(fd, SYS_fsync);
}

/* Each process opens it for itself. */
static const char *make(void *place) {
  struct bench_vault *made = place;
  const char *error = bench_vault_make(made, getenv("BULLA_BENCH_URL"));
  if (error == NULL) {
    bulla_vault_close(&made->vault);
  }
  return error;
}

static const char *open_vault(void **process, void *place) {
  *process = place;
  return bench_vault_open(place);
}

/* The threads share it. */
static const char *begin(void **thread, void *process) {
  *thread = process;
  return NULL;
}

static const char *use(void *thread) {
  return bench_vault_use(thread);
}

static const char *put(void *thread) {
  return bench_vault_put(thread);
}

static void end(void *thread) {
  (void)thread;
}

static void close_vault(void *process) {
  bulla_vault_close(&((struct bench_vault *)process)->vault);
}

static void remove_vault(void *place) {
  bench_vault_remove(place);
}

int main(int argc, char **argv) {
  static const struct load_work work = {make, open_vault, begin, use, put, end, close_vault, remove_vault};
  struct bench_vault made;
  return load_main(argc, argv, &work, &made);
}
