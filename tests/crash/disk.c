/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See tests/crash/disk.h. */

#include "tests/crash/disk.h"

#include <string.h>

enum { SECTOR = 512, MAX_NAMES = 32, LIES_AFTER = 6 };

struct file {
  uint8_t *bytes;
  size_t len;
  size_t room;
};

struct name {
  char text[CRASH_NAME_MAX];
  size_t file;
};

struct names {
  struct name all[MAX_NAMES];
  size_t num;
};

/* What is durable, and the events of which it is not known. */
struct crash_disk {
  const struct crash_trace *trace;
  bool lies;
  size_t num_done; /* operations */
  size_t at;
  struct file *files;
  struct names names;
  const struct crash_event **pending;
  size_t num_pending;
};

/* How much is left of what is pending: each sector, name and length is asked for in turn. */
enum how { NOTHING, ALL, FIRST, LAST, ALL_BUT_ONE, ONE, HALF, FEW, MOST, NUM_HOWS };

struct chooser {
  struct crash_random *random;
  enum how how;
  size_t at;
  size_t cut;
  bool tears; /* a sector may be written by half */
};

static bool is_kept(struct chooser *chooser) {
  size_t at = chooser->at++;
  switch (chooser->how) {
    case NOTHING:
      return false;
    case ALL:
      return true;
    case FIRST:
      return at < chooser->cut;
    case LAST:
      return at >= chooser->cut;
    case ALL_BUT_ONE:
      return at != chooser->cut;
    case ONE:
      return at == chooser->cut;
    case HALF:
      return crash_below(chooser->random, 2) == 0;
    case FEW:
      return crash_below(chooser->random, 8) == 0;
    default:
      return crash_below(chooser->random, 8) != 0;
  }
}

/* Makes |file| as long as |len|, with |fill| where there was nothing. */
static void resize(struct file *file, size_t len, uint8_t fill) {
  if (len > file->room) {
    file->room = len + len / 2;
    file->bytes = crash_check_pointer(realloc(file->bytes, file->room));
  }
  if (len > file->len) {
    memset(file->bytes + file->len, fill, len - file->len);
  }
  file->len = len;
}

/* Writes from |from| on as much of |event| as is in one sector; returns where the next begins. */
static size_t write_sector(struct file *file, const struct crash_event *event, size_t from, struct chooser *chooser,
                           uint8_t fill) {
  size_t next = (from / SECTOR + 1) * SECTOR;
  size_t end = next < event->at + event->len ? next : event->at + event->len;
  if (chooser == NULL || is_kept(chooser)) {
    size_t len = end - from;
    if (chooser != NULL && chooser->tears && crash_below(chooser->random, 8) == 0) {
      len = (len + 1) / 2;
    }
    if (file->len < from + len) {
      resize(file, from + len, fill);
    }
    memcpy(file->bytes + from, event->bytes + (from - event->at), len);
  }
  return end;
}

static size_t find_name(const struct names *names, const char *text) {
  size_t i = 0;
  while (i < names->num && strcmp(names->all[i].text, text) != 0) {
    i++;
  }
  return i;
}

static void remove_name(struct names *names, const char *text) {
  size_t i = find_name(names, text);
  if (i < names->num) {
    names->all[i] = names->all[--names->num];
  }
}

static void set_name(struct names *names, const char *text, size_t file) {
  size_t i = find_name(names, text);
  if (i == names->num) {
    CRASH_ASSERT(names->num++ < MAX_NAMES);
    memcpy(names->all[i].text, text, CRASH_NAME_MAX);
  }
  names->all[i].file = file;
}

static bool is_of_folder(const struct crash_event *event) {
  return event->kind == CRASH_NAMED || event->kind == CRASH_RENAMED || event->kind == CRASH_UNNAMED;
}

static void change_names(struct names *names, const struct crash_event *event) {
  if (event->kind == CRASH_NAMED) {
    set_name(names, event->name, event->file);
  } else if (event->kind == CRASH_UNNAMED) {
    remove_name(names, event->name);
  } else {
    size_t i = find_name(names, event->old_name);
    if (i < names->num) {
      size_t file = names->all[i].file;
      remove_name(names, event->old_name);
      set_name(names, event->name, file);
    }
  }
}

/* Applies |event|; with a |chooser| what it keeps of it. */
static void apply(struct names *names, struct file *files, const struct crash_event *event, struct chooser *chooser,
                  uint8_t fill) {
  if (is_of_folder(event)) {
    if (chooser == NULL || is_kept(chooser)) {
      change_names(names, event);
    }
  } else if (event->kind == CRASH_RESIZED) {
    if (chooser == NULL || is_kept(chooser)) {
      resize(&files[event->file], event->len, fill);
    }
  } else {
    for (size_t at = event->at; at < event->at + event->len;) {
      at = write_sector(&files[event->file], event, at, chooser, fill);
    }
  }
}

/* Makes durable what |sync| syncs, or all if it is NULL. */
static void settle(struct crash_disk *disk, const struct crash_event *sync) {
  size_t left = 0;
  for (size_t i = 0; i < disk->num_pending; i++) {
    const struct crash_event *event = disk->pending[i];
    bool synced =
        sync == NULL ||
        (sync->kind == CRASH_FOLDER_SYNCED ? is_of_folder(event) : !is_of_folder(event) && event->file == sync->file);
    if (synced) {
      apply(&disk->names, disk->files, event, NULL, 0);
    } else {
      disk->pending[left++] = event;
    }
  }
  disk->num_pending = left;
}

struct crash_disk *crash_disk_new(const struct crash_trace *trace, bool lies) {
  struct crash_disk *disk = crash_check_pointer(calloc(1, sizeof(*disk)));
  disk->trace = trace;
  disk->files = crash_check_pointer(calloc(trace->num_files + 1, sizeof(*disk->files)));
  disk->pending = crash_check_pointer(calloc(trace->num + 1, sizeof(*disk->pending)));
  while (disk->at < trace->num_found) {
    crash_disk_step(disk);
  }
  disk->lies = lies;
  return disk;
}

static void free_files(struct file *files, size_t num) {
  for (size_t i = 0; i < num; i++) {
    free(files[i].bytes);
  }
  free(files);
}

void crash_disk_free(struct crash_disk *disk) {
  free_files(disk->files, disk->trace->num_files);
  free(disk->pending);
  free(disk);
}

const struct crash_event *crash_disk_step(struct crash_disk *disk) {
  if (disk->at == disk->trace->num) {
    return NULL;
  }
  const struct crash_event *event = &disk->trace->events[disk->at++];
  if (event->kind == CRASH_SYNCED || event->kind == CRASH_FOLDER_SYNCED) {
    if (!disk->lies || disk->num_done < LIES_AFTER) {
      settle(disk, event);
    }
  } else if (event->kind == CRASH_DONE) {
    disk->num_done++;
  } else if (event->kind < CRASH_BEGAN) {
    disk->pending[disk->num_pending++] = event;
  }
  return event;
}

static size_t count_pending(const struct crash_disk *disk) {
  size_t num = 0;
  for (size_t i = 0; i < disk->num_pending; i++) {
    num += disk->pending[i]->kind == CRASH_WROTE ? disk->pending[i]->len / SECTOR + 1 : 1;
  }
  return num;
}

static uint64_t hash(uint64_t state, const void *bytes, size_t len) {
  const uint8_t *at = bytes;
  for (; len > 0; at += 8) {
    uint64_t word = 0;
    size_t part = len < 8 ? len : 8;
    memcpy(&word, at, part);
    state = (state ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    state ^= state >> 32;
    len -= part;
  }
  return state;
}

static struct file *copy_files(const struct crash_disk *disk) {
  struct file *files = crash_check_pointer(calloc(disk->trace->num_files + 1, sizeof(*files)));
  for (size_t i = 0; i < disk->trace->num_files; i++) {
    if (disk->files[i].len > 0) {
      resize(&files[i], disk->files[i].len, 0);
      memcpy(files[i].bytes, disk->files[i].bytes, files[i].len);
    }
  }
  return files;
}

/* The length that a file was given may be durable where its bytes are not. */
static void lengthen(struct file *files, const struct crash_event *event, uint8_t fill) {
  if (event->kind == CRASH_WROTE && files[event->file].len < event->at + event->len) {
    resize(&files[event->file], event->at + event->len, fill);
  }
}

uint64_t crash_disk_write(const struct crash_disk *disk, struct crash_random *random, const char *folder) {
  struct names names = disk->names;
  struct file *files = copy_files(disk);
  uint8_t fill = crash_below(random, 2) == 0 ? 0 : 0xa5;
  struct chooser chooser = {.random = random,
                            .how = (enum how)crash_below(random, NUM_HOWS),
                            .cut = crash_below(random, count_pending(disk) + 1),
                            .tears = crash_below(random, 3) == 0};
  bool are_long = crash_below(random, 3) == 0;
  for (size_t i = 0; i < disk->num_pending; i++) {
    apply(&names, files, disk->pending[i], &chooser, fill);
    if (are_long) {
      lengthen(files, disk->pending[i], fill);
    }
  }
  uint64_t sum = 0;
  crash_empty_folder(folder);
  for (size_t i = 0; i < names.num; i++) {
    char path[CRASH_PATH_MAX];
    const struct file *file = &files[names.all[i].file];
    crash_path(path, folder, names.all[i].text);
    crash_write_file(path, file->bytes, file->len);
    sum += hash(hash(1, names.all[i].text, strlen(names.all[i].text)), file->bytes, file->len);
  }
  free_files(files, disk->trace->num_files);
  return sum;
}
