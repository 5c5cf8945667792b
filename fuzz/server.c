/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/server.h. */

#include "fuzz/server.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz/server_edits.h"
#include "fuzz/server_protocol.h"
#include "fuzz/vault.h"

enum { NUM_CONNECTIONS = 4 };
enum { MAX_POLLS = 20000, MAX_ACCEPTED = 500 /* for one input */ };

static struct fuzz_connection connections[NUM_CONNECTIONS];
static int listening;
static char url[128];
static struct fuzz_server_seen seen;
static int num_polls;
static int num_accepted;

void fuzz_server_set_up(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *name = strrchr(fuzz_vault_folder(), '/') + 1;
  int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s/.s.PGSQL.5432", name);
  (void)snprintf(url, sizeof(url), "postgres:///vault?host=%%40%s&user=fuzzer", name);
  listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  FUZZ_ASSERT(listening > 0);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
  FUZZ_ASSERT(bind(listening, (const struct sockaddr *)&address, size) == 0 && listen(listening, NUM_CONNECTIONS) == 0);
  fuzz_sql_set_up();
}

const char *fuzz_server_url(void) {
  return url;
}

const struct fuzz_server_seen *fuzz_server_seen(void) {
  seen.num_struck = fuzz_edits_struck();
  seen.has_lied = fuzz_edits_lied();
  return &seen;
}

static void end_connection(struct fuzz_connection *connection) {
  if (connection->socket > 0) {
    (void)close(connection->socket);
    connection->socket = 0;
    fuzz_sql_undo(&connection->transaction);
  }
}

void fuzz_server_close(void) {
  for (size_t i = 0; i < NUM_CONNECTIONS; i++) {
    end_connection(&connections[i]);
  }
}

void fuzz_server_begin(struct bulla_span edits) {
  fuzz_server_close();
  fuzz_sql_begin();
  fuzz_edits_begin(edits);
  memset(&seen, 0, sizeof(seen));
  num_polls = 0;
  num_accepted = 0;
}

/* Every connection leads to another server, which has only what there was at first. */
static void forget(void) {
  seen.has_forgotten = true;
  for (size_t i = 0; i < NUM_CONNECTIONS; i++) {
    connections[i].is_closing = true;
    fuzz_sql_undo(&connections[i].transaction);
  }
  fuzz_sql_begin();
}

static void flush(struct fuzz_connection *connection) {
  while (connection->sent < connection->out.len) {
    ssize_t len = send(connection->socket, connection->out.data + connection->sent,
                       connection->out.len - connection->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (len < 0) {
      connection->is_closing = connection->is_closing || errno != EAGAIN;
      break;
    }
    connection->sent += (size_t)len;
  }
  bool is_done = connection->sent == connection->out.len;
  if (is_done) {
    connection->sent = 0;
    connection->out.len = 0;
  }
  if (connection->is_closing && (is_done || errno != EAGAIN)) {
    end_connection(connection);
  }
}

static void serve(struct fuzz_connection *connection) {
  ssize_t len =
      recv(connection->socket, connection->in + connection->in_len, FUZZ_IN_MAX - connection->in_len, MSG_DONTWAIT);
  if (len == 0 || (len < 0 && errno != EAGAIN)) {
    end_connection(connection);
    return;
  }
  connection->in_len += len > 0 ? (size_t)len : 0;
  fuzz_protocol_take(connection);
  if (connection->forgets) {
    connection->forgets = false;
    forget();
  }
  flush(connection);
}

static void accept_all(void) {
  int socket = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
  for (size_t i = 0; socket > 0 && i < NUM_CONNECTIONS; i++) {
    struct fuzz_connection *connection = &connections[i];
    if (connection->socket == 0) {
      FUZZ_ASSERT(num_accepted++ < MAX_ACCEPTED);
      memset(connection, 0, offsetof(struct fuzz_connection, names));
      connection->seen = &seen;
      connection->out = bulla_buffer(connection->out_bytes, sizeof(connection->out_bytes));
      connection->socket = socket;
      socket = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    }
  }
  FUZZ_ASSERT(socket < 0);
}

static void serve_all(void) {
  for (size_t i = 0; i < NUM_CONNECTIONS; i++) {
    if (connections[i].socket > 0) {
      serve(&connections[i]);
    }
  }
}

int64_t fuzz_server_num_committed(void) {
  serve_all();
  return fuzz_sql_num_records();
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-*): what the linker calls them. */
int __real_poll(struct pollfd *sockets, nfds_t num, int timeout);
int __wrap_poll(struct pollfd *sockets, nfds_t num, int timeout);

int __wrap_poll(struct pollfd *sockets, nfds_t num, int timeout) {
  if (listening == 0) {
    return __real_poll(sockets, num, timeout);
  }
  FUZZ_ASSERT(num_polls++ < MAX_POLLS);
  serve_all();
  int ready = __real_poll(sockets, num, 0);
  if (ready == 0) {
    accept_all();
    serve_all();
    ready = __real_poll(sockets, num, 0);
  }
  if (ready == 0) {
    fuzz_server_close();
    ready = __real_poll(sockets, num, 0);
  }
  return ready;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-*) */
