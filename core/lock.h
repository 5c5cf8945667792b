/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Mutexes that no thread can die with. pthread_cancel(3) ends a thread where it waits, and a mutex that it held
 * would stay locked for ever: so whoever holds one cannot be cancelled. A cancellation that comes meanwhile acts at
 * the thread's next chance afterwards. */

#ifndef BULLA_CORE_LOCK_H
#define BULLA_CORE_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Zero holds nothing. */
struct bulla_lock {
  pthread_mutex_t *mutex;
  int cancel_state; /* what this thread had before */
};

/* bulla_lock holds off the cancelling of this thread and locks |mutex|, for bulla_unlock to end both. Returns false
 * with nothing changed where |mutex| is of a kind that refuses. Where locks are nested the inner one ends first. */
static inline bool bulla_lock(struct bulla_lock *lock, pthread_mutex_t *mutex) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &lock->cancel_state);
  lock->mutex = pthread_mutex_lock(mutex) == 0 ? mutex : NULL;
  if (lock->mutex == NULL) {
    pthread_setcancelstate(lock->cancel_state, NULL);
  }
  return lock->mutex != NULL;
}

/* bulla_unlock ends what bulla_lock began, if |lock| holds anything. It fits BULLA_CLEANUP. */
static inline void bulla_unlock(struct bulla_lock *lock) {
  if (lock->mutex != NULL) {
    pthread_mutex_unlock(lock->mutex);
    lock->mutex = NULL;
    pthread_setcancelstate(lock->cancel_state, NULL);
  }
}

/* bulla_hold_cancel holds off the cancelling of this thread where no mutex is held, for what must not end halfway.
 * bulla_allow_cancel takes what it returned. */
static inline int bulla_hold_cancel(void) {
  int state;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
  return state;
}

static inline void bulla_allow_cancel(int state) {
  pthread_setcancelstate(state, NULL);
}

#endif
