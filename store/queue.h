/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The queue of those who want a vault: one has it at a time, in the order in which they came. A mutex alone is not
 * fair: who lets go of it takes it again before others are awake.
 *
 * Who only appends records may be served by another: the one who has the vault takes such callers out of the queue,
 * does for them what they came for, and wakes them (store/group.h). The others keep their places, and whoever is first
 * has the vault next, so nobody waits longer than those who were there before. */

#ifndef BULLA_STORE_QUEUE_H
#define BULLA_STORE_QUEUE_H

#include <pthread.h>
#include <semaphore.h>

#include <bulla/core.h>

enum bulla_waiting {
  BULLA_WAITS,  /* in the queue */
  BULLA_ENTERS, /* has the vault */
  BULLA_SERVED, /* another serves it, and has done so when it wakes */
};

/* One who waits, on its own stack. */
struct bulla_waiter {
  size_t num_records; /* that another may append for it; 0 if it wants the vault to itself */
  enum bulla_waiting state;
  int waited; /* milliseconds */
  pthread_t thread;
  sem_t woken;
  struct bulla_waiter *next;
};

struct bulla_queue {
  pthread_mutex_t mutex; /* held for moments, never while anything is waited for */
  bool held;             /* somebody has the vault, */
  pthread_t holder;      /* namely this thread */
  struct bulla_waiter *first;
};

/* bulla_queue_begin prepares a zeroed |queue|; bulla_queue_end frees it. */
void bulla_queue_begin(struct bulla_queue *queue);
void bulla_queue_end(struct bulla_queue *queue);

/* bulla_queue_enter waits until |waiter|, zeroed but for its num_records, has the vault (BULLA_ENTERS) or was served
 * (BULLA_SERVED). Returns BULLA_BUSY after |patience| milliseconds, with nothing done for it; once it is taken it waits
 * for the outcome, however long. Returns BULLA_INVALID_ARGUMENT if this thread has the vault. The thread must not be
 * cancelled meanwhile. */
BULLA_NODISCARD enum bulla_status bulla_queue_enter(struct bulla_queue *queue, struct bulla_waiter *waiter,
                                                    int patience);

/* bulla_queue_take takes those out of the queue for whom no more than |room| records are to be appended, first come,
 * first served, and returns them as a list. Only for the thread that has the vault, which must serve each. */
struct bulla_waiter *bulla_queue_take(struct bulla_queue *queue, size_t room);

/* bulla_queue_is_wanted returns whether anybody waits. */
bool bulla_queue_is_wanted(struct bulla_queue *queue);

/* bulla_queue_wake tells one who was taken that it has been served. It may be gone when this returns. */
void bulla_queue_wake(struct bulla_waiter *waiter);

/* bulla_queue_leave gives the vault to whoever is first. */
void bulla_queue_leave(struct bulla_queue *queue);

#endif
