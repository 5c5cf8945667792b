/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/queue.h. */

#include "store/queue.h"

#include <errno.h>
#include <time.h>

void bulla_queue_begin(struct bulla_queue *queue) {
  pthread_mutex_init(&queue->mutex, NULL);
}

void bulla_queue_end(struct bulla_queue *queue) {
  pthread_mutex_destroy(&queue->mutex);
}

/* Milliseconds since |start|. */
static int since(const struct timespec *start) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int)((now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000);
}

/* The time of day in |ms|, which is what sem_timedwait(3) goes by. */
static struct timespec time_in(int ms) {
  struct timespec time;
  (void)clock_gettime(CLOCK_REALTIME, &time);
  time.tv_sec += ms / 1000;
  time.tv_nsec += ms % 1000 * 1000000;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

/* Takes |waiter| out of the queue, unless somebody has done so. */
static bool give_up(struct bulla_queue *queue, struct bulla_waiter *waiter) {
  pthread_mutex_lock(&queue->mutex);
  bool waits = waiter->state == BULLA_WAITS;
  if (waits) {
    struct bulla_waiter **at = &queue->first;
    while (*at != waiter) {
      at = &(*at)->next;
    }
    *at = waiter->next;
  }
  pthread_mutex_unlock(&queue->mutex);
  return waits;
}

/* Waits until |waiter| is woken. A clock that is set forward ends no wait. ThreadSanitizer does not know
 * sem_clockwait(3) everywhere. */
static enum bulla_status wait_in_line(struct bulla_queue *queue, struct bulla_waiter *waiter, int patience) {
  struct timespec start;
  (void)clock_gettime(CLOCK_MONOTONIC, &start);
  bool patient = true;
  for (;;) {
    struct timespec end = time_in(waiter->waited < patience ? patience - waiter->waited : 0);
    int result = patient ? sem_timedwait(&waiter->woken, &end) : sem_wait(&waiter->woken);
    waiter->waited = since(&start);
    if (result == 0) {
      return BULLA_OK;
    }
    if (patient && errno == ETIMEDOUT && waiter->waited >= patience) {
      if (give_up(queue, waiter)) {
        return BULLA_BUSY;
      }
      /* Its records are being written now, or the vault was handed to it: it has to know how that ends. */
      patient = false;
    }
  }
}

/* Has the vault if it is free, or joins the queue, where its state is no longer its own to look at. */
static enum bulla_status join(struct bulla_queue *queue, struct bulla_waiter *waiter, bool *entered) {
  enum bulla_status status = BULLA_OK;
  pthread_mutex_lock(&queue->mutex);
  *entered = !queue->held;
  if (*entered) {
    queue->held = true;
    queue->holder = waiter->thread;
    waiter->state = BULLA_ENTERS;
  } else if (pthread_equal(queue->holder, waiter->thread)) {
    status = BULLA_INVALID_ARGUMENT;
  } else {
    struct bulla_waiter **at = &queue->first;
    while (*at != NULL) {
      at = &(*at)->next;
    }
    sem_init(&waiter->woken, 0, 0);
    *at = waiter;
  }
  pthread_mutex_unlock(&queue->mutex);
  return status;
}

enum bulla_status bulla_queue_enter(struct bulla_queue *queue, struct bulla_waiter *waiter, int patience) {
  waiter->thread = pthread_self();
  bool entered;
  enum bulla_status status = join(queue, waiter, &entered);
  if (status != BULLA_OK || entered) {
    return status;
  }
  status = wait_in_line(queue, waiter, patience);
  sem_destroy(&waiter->woken);
  return status;
}

struct bulla_waiter *bulla_queue_take(struct bulla_queue *queue, size_t room) {
  struct bulla_waiter *taken = NULL;
  struct bulla_waiter **end = &taken;
  pthread_mutex_lock(&queue->mutex);
  for (struct bulla_waiter **at = &queue->first; *at != NULL;) {
    struct bulla_waiter *waiter = *at;
    if (waiter->num_records == 0 || waiter->num_records > room) {
      at = &waiter->next;
      continue;
    }
    room -= waiter->num_records;
    *at = waiter->next;
    waiter->next = NULL;
    waiter->state = BULLA_SERVED;
    *end = waiter;
    end = &waiter->next;
  }
  pthread_mutex_unlock(&queue->mutex);
  return taken;
}

bool bulla_queue_is_wanted(struct bulla_queue *queue) {
  (void)pthread_mutex_lock(&queue->mutex);
  bool wanted = queue->first != NULL;
  (void)pthread_mutex_unlock(&queue->mutex);
  return wanted;
}

void bulla_queue_wake(struct bulla_waiter *waiter) {
  sem_post(&waiter->woken);
}

void bulla_queue_leave(struct bulla_queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  struct bulla_waiter *next = queue->first;
  queue->held = next != NULL;
  if (next != NULL) {
    queue->first = next->next;
    next->next = NULL;
    queue->holder = next->thread;
    next->state = BULLA_ENTERS;
  }
  pthread_mutex_unlock(&queue->mutex);
  if (next != NULL) {
    sem_post(&next->woken);
  }
}
