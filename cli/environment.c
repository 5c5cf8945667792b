/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/environment.h. */

#include "cli/environment.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/word.h"
#include "store/provider.h"

static const char credentials[] = "CREDENTIALS_DIRECTORY";

enum bulla_status bulla_environment_new(struct bulla_environment *env, size_t num_more) {
  size_t num = 0;
  while (environ[num] != NULL) {
    num++;
  }
  env->lines = (char **)calloc(num + num_more + 1, sizeof(char *));
  if (env->lines == NULL) {
    return BULLA_NO_MEMORY;
  }
  memcpy(env->lines, environ, num * sizeof(char *));
  env->num_lines = num;
  return BULLA_OK;
}

void bulla_environment_free(struct bulla_environment *env) {
  free(env->lines);
  *env = (struct bulla_environment){NULL, 0};
}

static bool sets(const char *line, struct bulla_span name) {
  return strncmp(line, (const char *)name.data, name.len) == 0 && line[name.len] == '=';
}

void bulla_environment_drop(struct bulla_environment *env, struct bulla_span name) {
  size_t kept = 0;
  for (size_t i = 0; i < env->num_lines; i++) {
    if (!sets(env->lines[i], name)) {
      env->lines[kept++] = env->lines[i];
    }
  }
  env->num_lines = kept;
  env->lines[kept] = NULL;
}

void bulla_environment_set(struct bulla_environment *env, struct bulla_span name, char *line) {
  bulla_environment_drop(env, name);
  env->lines[env->num_lines++] = line;
  env->lines[env->num_lines] = NULL;
}

/* read_descriptor reads a descriptor's number, or returns false. */
static bool read_descriptor(int *fd, const char *number) {
  if (number[0] == '\0' || strspn(number, "0123456789") != strlen(number)) {
    return false;
  }
  long value = strtol(number, NULL, 10);
  *fd = (int)value;
  return value <= INT_MAX;
}

/* split does as bulla_provider_split, of the key of a recipient by the provider that it is read from. */
static enum bulla_provider split(const char **rest, const char *provider) {
  const char *of_recipient = bulla_provider_of_recipient(provider);
  return bulla_provider_split(rest, of_recipient != NULL ? of_recipient : provider);
}

/* find_file fills |path| with the file that |provider| names, or returns false. */
static bool find_file(char path[PATH_MAX], const char *provider) {
  const char *folder = getenv(credentials);
  const char *rest = NULL;
  int len = -1;
  int fd;
  switch (split(&rest, provider)) {
    case BULLA_PROVIDER_FD:
      len = read_descriptor(&fd, rest) ? snprintf(path, PATH_MAX, "/proc/self/fd/%d", fd) : -1;
      break;
    case BULLA_PROVIDER_FILE:
      len = snprintf(path, PATH_MAX, "%s", rest);
      break;
    case BULLA_PROVIDER_CRED:
      len = folder != NULL ? snprintf(path, PATH_MAX, "%s/%s", folder, rest) : -1;
      break;
    case BULLA_PROVIDER_ENV:
    case BULLA_PROVIDER_HASHED_ENV:
    case BULLA_PROVIDER_CMD:
    case BULLA_PROVIDER_WRAP:
    case BULLA_PROVIDER_NONE:
      break;
  }
  return len >= 0 && len < PATH_MAX;
}

static bool is_same(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* is_below says whether |path|, all links in it followed, is |folder| or leads through it. */
static bool is_below(const struct stat *folder, const char *path) {
  char real[PATH_MAX];
  struct stat part;
  if (realpath(path, real) == NULL) {
    return false;
  }
  for (char *end = real + strlen(real); end != NULL; end = strrchr(real, '/')) {
    *end = '\0';
    if (stat(real[0] != '\0' ? real : "/", &part) == 0 && is_same(&part, folder)) {
      return true;
    }
  }
  return false;
}

/* holds says whether an entry of the folder |name| is |file|, or a link to it. */
static bool holds(const char *name, const struct stat *file) {
  struct stat other;
  bool found = false;
  DIR *folder = opendir(name);
  if (folder == NULL) {
    return false;
  }
  for (const struct dirent *entry = readdir(folder); entry != NULL && !found; entry = readdir(folder)) {
    found = fstatat(dirfd(folder), entry->d_name, &other, 0) == 0 && is_same(&other, file);
  }
  (void)closedir(folder);
  return found;
}

/* Whether |provider| reads the root key from the folder of systemd's credentials, under whatever name. */
static bool is_credential(const char *provider) {
  char path[PATH_MAX];
  struct stat folder;
  struct stat file;
  const char *named = getenv(credentials);
  const char *rest = NULL;
  if (split(&rest, provider) == BULLA_PROVIDER_CRED) {
    return true;
  }
  if (named == NULL || stat(named, &folder) != 0 || !find_file(path, provider)) {
    return false;
  }
  if (is_below(&folder, path) || (stat(path, &file) == 0 && holds(named, &file))) {
    return true;
  }
  char *end = strrchr(path, '/');
  if (end != NULL) {
    end[1] = '\0';
  }
  return is_below(&folder, end != NULL ? path : ".");
}

void bulla_environment_hide(struct bulla_environment *env, const char *provider) {
  if (provider == NULL) {
    return;
  }
  const char *name = NULL;
  enum bulla_provider kind = split(&name, provider);
  if (name != NULL && (kind == BULLA_PROVIDER_ENV || kind == BULLA_PROVIDER_HASHED_ENV)) {
    bulla_environment_drop(env, bulla_text(name));
  }
  if (is_credential(provider)) {
    bulla_environment_drop(env, bulla_text(credentials));
  }
}

static void hide_descriptor(int fd) {
  if (fd > STDERR_FILENO) {
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    return;
  }
  /* Without a standard stream, the command's first file would be taken for it. */
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || dup2(null, fd) < 0) {
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  (void)close(null);
}

/* hide_same hides all descriptors of |file|, which may have been opened more than once. */
static void hide_same(const struct stat *file) {
  struct stat other;
  DIR *folder = opendir("/proc/self/fd");
  if (folder == NULL) {
    return;
  }
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    int fd = (int)strtol(entry->d_name, NULL, 10);
    if (entry->d_name[0] != '.' && fstat(fd, &other) == 0 && is_same(&other, file)) {
      hide_descriptor(fd);
    }
  }
  (void)closedir(folder);
}

void bulla_descriptors_hide(const char *provider) {
  char path[PATH_MAX];
  struct stat file;
  int fd = -1;
  if (provider == NULL) {
    return;
  }
  const char *rest = NULL;
  bool found = find_file(path, provider) && stat(path, &file) == 0;
  if (split(&rest, provider) == BULLA_PROVIDER_FD && read_descriptor(&fd, rest)) {
    hide_descriptor(fd);
  }
  /* A terminal is not the key's alone. */
  if (found && (S_ISREG(file.st_mode) || S_ISFIFO(file.st_mode))) {
    hide_same(&file);
  }
}
