/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A network of a known round trip between clients and a server on one machine: what either says to the other comes
 * half a round trip later. It takes connections to the Unix socket LISTEN, and connects each to TARGET.
 *
 * usage: slow-wire LISTEN TARGET MILLISECONDS
 *
 * It prints a line when it listens, and runs until SIGTERM; then how often a client has spoken after its server had:
 * that many round trips there were. Everything is delayed by the same time, so what came first is due first: one queue
 * is enough. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PAIRS = 512, CHUNK_MAX = 65536, NS_OF_S = 1000000000 };

/* A client and its connection to the server. Slot 0 of |polled| listens; pair i has the two after 2 * i. */
static struct pollfd polled[1 + 2 * MAX_PAIRS];
static int num_ended[MAX_PAIRS]; /* of its two directions */
static size_t num_pairs;
static bool client_has_spoken[MAX_PAIRS]; /* last */
static long num_turns;
static volatile sig_atomic_t ends;

/* What is under way; without bytes, the end of what one side has to say. */
struct chunk {
  struct chunk *next;
  int64_t due;
  size_t to; /* in |polled| */
  size_t len;
  uint8_t bytes[];
};

static struct chunk *first_due;
static struct chunk **end_of_queue = &first_due;

static int64_t now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * NS_OF_S + now.tv_nsec;
}

static bool address_of(struct sockaddr_un *address, const char *path) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  int len = snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);
  return len > 0 && (size_t)len < sizeof(address->sun_path);
}

static int connect_to(const struct sockaddr_un *address) {
  int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made >= 0 && connect(made, (const struct sockaddr *)address, sizeof(*address)) != 0) {
    (void)close(made);
    return -1;
  }
  return made;
}

static size_t free_pair(void) {
  for (size_t i = 0; i < num_pairs; i++) {
    if (num_ended[i] == 2) {
      return i;
    }
  }
  return num_pairs;
}

static void take_client(const struct sockaddr_un *target) {
  int client = accept4(polled[0].fd, NULL, NULL, SOCK_CLOEXEC);
  int server = client >= 0 ? connect_to(target) : -1;
  size_t pair = free_pair();
  if (server < 0 || pair == MAX_PAIRS) {
    (void)close(client);
    (void)close(server);
    return;
  }
  num_pairs += pair == num_pairs ? 1 : 0;
  num_ended[pair] = 0;
  client_has_spoken[pair] = true; /* what it begins with answers nothing */
  polled[1 + 2 * pair] = (struct pollfd){.fd = client, .events = POLLIN};
  polled[2 + 2 * pair] = (struct pollfd){.fd = server, .events = POLLIN};
}

/* The other side of the pair. */
static size_t other(size_t i) {
  return i % 2 == 1 ? i + 1 : i - 1;
}

static void count_turn(size_t i) {
  size_t pair = (i - 1) / 2;
  bool is_client = i % 2 == 1;
  num_turns += is_client && !client_has_spoken[pair] ? 1 : 0;
  client_has_spoken[pair] = is_client;
}

/* Takes what side |i| has said. */
static bool take(size_t i, int64_t delay) {
  static uint8_t bytes[CHUNK_MAX];
  ssize_t len = recv(polled[i].fd, bytes, sizeof(bytes), MSG_DONTWAIT);
  if (len < 0 && (errno == EINTR || errno == EAGAIN)) {
    return true;
  }
  if (len <= 0) {
    polled[i].events = 0;
    polled[i].fd = ~polled[i].fd; /* poll ignores it, and nothing is lost of it */
    len = 0;
  }
  if (len > 0) {
    count_turn(i);
  }
  struct chunk *chunk = malloc(sizeof(*chunk) + (size_t)len);
  if (chunk == NULL) {
    return false;
  }
  *chunk = (struct chunk){.due = now_ns() + delay, .to = other(i), .len = (size_t)len};
  memcpy(chunk->bytes, bytes, (size_t)len);
  *end_of_queue = chunk;
  end_of_queue = &chunk->next;
  return true;
}

static int socket_at(size_t i) {
  return polled[i].fd >= 0 ? polled[i].fd : ~polled[i].fd;
}

static void pass_on_end(size_t to) {
  size_t pair = (to - 1) / 2;
  (void)shutdown(socket_at(to), SHUT_WR);
  if (++num_ended[pair] == 2) {
    for (size_t i = 1 + 2 * pair; i <= 2 + 2 * pair; i++) {
      (void)close(socket_at(i));
      polled[i] = (struct pollfd){.fd = -1};
    }
  }
}

/* Whoever has gone away gets no more: its own end is under way too. */
static void pass_on(const struct chunk *chunk) {
  if (chunk->len == 0) {
    pass_on_end(chunk->to);
    return;
  }
  for (size_t done = 0; done < chunk->len;) {
    ssize_t sent = send(socket_at(chunk->to), chunk->bytes + done, chunk->len - done, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) {
      return;
    }
    done += sent > 0 ? (size_t)sent : 0;
  }
}

static void pass_on_what_is_due(void) {
  while (first_due != NULL && first_due->due <= now_ns()) {
    struct chunk *chunk = first_due;
    first_due = chunk->next;
    end_of_queue = first_due == NULL ? &first_due : end_of_queue;
    pass_on(chunk);
    free(chunk);
  }
}

/* Waits until somebody says something, or until something is due. */
static int wait_for_more(void) {
  int64_t left = first_due != NULL ? first_due->due - now_ns() : 0;
  left = left > 0 ? left : 0;
  struct timespec pause = {left / NS_OF_S, left % NS_OF_S};
  return ppoll(polled, 1 + 2 * num_pairs, first_due != NULL ? &pause : NULL, NULL);
}

static int serve(const struct sockaddr_un *target, int64_t delay) {
  while (ends == 0) {
    if (wait_for_more() < 0) {
      continue; /* a signal */
    }
    for (size_t i = 1; i < 1 + 2 * num_pairs; i++) {
      if (polled[i].revents != 0 && !take(i, delay)) {
        return 1;
      }
    }
    if (polled[0].revents != 0) {
      take_client(target);
    }
    pass_on_what_is_due();
  }
  (void)printf("%ld\n", num_turns);
  return 0;
}

static void end(int number) {
  (void)number;
  ends = 1;
}

int main(int argc, char **argv) {
  struct sockaddr_un listens;
  struct sockaddr_un target;
  double milliseconds = argc == 4 ? strtod(argv[3], NULL) : -1;
  if (milliseconds < 0 || milliseconds > 10000 || !address_of(&listens, argv[1]) || !address_of(&target, argv[2])) {
    (void)fprintf(stderr, "usage: slow-wire LISTEN TARGET MILLISECONDS\n");
    return 2;
  }
  /* The kernel would wake it up to 50 microseconds late. */
  (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  polled[0] = (struct pollfd){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .events = POLLIN};
  if (bind(polled[0].fd, (const struct sockaddr *)&listens, sizeof(listens)) != 0 || listen(polled[0].fd, 256) != 0) {
    perror("slow-wire");
    return 1;
  }
  (void)signal(SIGTERM, end);
  (void)printf("listening\n");
  (void)fflush(stdout);
  return serve(&target, (int64_t)(milliseconds / 2 * 1000000));
}
