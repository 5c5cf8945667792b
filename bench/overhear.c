/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See bench/overhear.h. A thread takes connections, and each has one of its own. */

#include "bench/overhear.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_WIRES = 16, READ_MAX = 16384 };

/* A client's connection and the one to the server for it. */
struct wire {
  struct overheard *overheard;
  pthread_t thread;
  int client;
  int server;
  uint8_t *said;
  size_t len;
  size_t marked;
};

struct overheard {
  pthread_mutex_t mutex; /* over what was said */
  pthread_t thread;
  int listens;
  struct sockaddr_un server;
  struct wire wires[MAX_WIRES];
  size_t num_wires;
};

static void note(struct wire *wire, const uint8_t *bytes, size_t len) {
  pthread_mutex_lock(&wire->overheard->mutex);
  uint8_t *said = realloc(wire->said, wire->len + len);
  if (said != NULL) {
    memcpy(said + wire->len, bytes, len);
    wire->said = said;
    wire->len += len;
  }
  pthread_mutex_unlock(&wire->overheard->mutex);
}

/* Returns whether there may be more. */
static bool pass_on(struct wire *wire, int from, int to) {
  uint8_t bytes[READ_MAX];
  ssize_t len = recv(from, bytes, sizeof(bytes), 0);
  if (len <= 0) {
    return false;
  }
  if (from == wire->client) {
    note(wire, bytes, (size_t)len);
  }
  return send(to, bytes, (size_t)len, MSG_NOSIGNAL) == len;
}

static void *serve(void *arg) {
  struct wire *wire = arg;
  struct pollfd ends[] = {{wire->client, POLLIN, 0}, {wire->server, POLLIN, 0}};
  bool goes_on = true;
  while (goes_on && poll(ends, 2, -1) > 0) {
    goes_on = (ends[0].revents == 0 || pass_on(wire, wire->client, wire->server)) &&
              (ends[1].revents == 0 || pass_on(wire, wire->server, wire->client));
  }
  (void)close(wire->client);
  (void)close(wire->server);
  return NULL;
}

static bool connect_wire(struct wire *wire) {
  const struct sockaddr_un *server = &wire->overheard->server;
  wire->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (wire->server >= 0 && connect(wire->server, (const struct sockaddr *)server, sizeof(*server)) == 0 &&
      pthread_create(&wire->thread, NULL, serve, wire) == 0) {
    return true;
  }
  (void)close(wire->server);
  return false;
}

static void *take_clients(void *arg) {
  struct overheard *overheard = arg;
  int client;
  while ((client = accept4(overheard->listens, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
    pthread_mutex_lock(&overheard->mutex);
    struct wire *wire = &overheard->wires[overheard->num_wires];
    bool has_room = overheard->num_wires < MAX_WIRES;
    if (has_room) {
      *wire = (struct wire){.overheard = overheard, .client = client};
    }
    if (has_room && connect_wire(wire)) {
      overheard->num_wires++;
    } else {
      (void)close(client);
    }
    pthread_mutex_unlock(&overheard->mutex);
  }
  return NULL;
}

static bool address_of(struct sockaddr_un *address, const char *path) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  int len = snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);
  return len > 0 && (size_t)len < sizeof(address->sun_path);
}

const char *overhear_begin(struct overheard **overheard, const char *path, const char *server) {
  struct sockaddr_un address;
  struct overheard *made = calloc(1, sizeof(*made));
  if (made == NULL || !address_of(&address, path) || !address_of(&made->server, server)) {
    free(made);
    return "no memory, or too long a path of a socket";
  }
  pthread_mutex_init(&made->mutex, NULL);
  made->listens = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(made->listens, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(made->listens, 16) != 0 ||
      pthread_create(&made->thread, NULL, take_clients, made) != 0) {
    (void)close(made->listens);
    free(made);
    return "no socket could be listened on";
  }
  *overheard = made;
  return NULL;
}

void overhear_mark(struct overheard *overheard) {
  pthread_mutex_lock(&overheard->mutex);
  for (size_t i = 0; i < overheard->num_wires; i++) {
    overheard->wires[i].marked = overheard->wires[i].len;
  }
  pthread_mutex_unlock(&overheard->mutex);
}

const char *overhear_take(struct overheard *overheard, uint8_t **bytes, size_t *len, size_t *marked) {
  const struct wire *most = NULL;
  pthread_mutex_lock(&overheard->mutex);
  for (size_t i = 0; i < overheard->num_wires; i++) {
    const struct wire *wire = &overheard->wires[i];
    if (most == NULL || wire->len - wire->marked > most->len - most->marked) {
      most = wire;
    }
  }
  *bytes = most != NULL ? malloc(most->len + 1) : NULL;
  if (*bytes != NULL) {
    memcpy(*bytes, most->said, most->len);
    *len = most->len;
    *marked = most->marked;
  }
  pthread_mutex_unlock(&overheard->mutex);
  return *bytes != NULL ? NULL : "nothing was overheard";
}

void overhear_end(struct overheard **overheard) {
  struct overheard *ending = *overheard;
  *overheard = NULL;
  if (ending == NULL) {
    return;
  }
  (void)shutdown(ending->listens, SHUT_RDWR);
  pthread_join(ending->thread, NULL);
  (void)close(ending->listens);
  for (size_t i = 0; i < ending->num_wires; i++) {
    pthread_join(ending->wires[i].thread, NULL);
    free(ending->wires[i].said);
  }
  pthread_mutex_destroy(&ending->mutex);
  free(ending);
}
