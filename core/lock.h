/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Mutexes that cancellation cannot leave locked. pthread_cancel(3) ends a thread where it waits, and a mutex that it
 * holds would stay locked for ever. So a thread that holds one cannot be cancelled; a cancellation that arrives
 * meanwhile takes effect at the next cancellation point afterwards. */

#ifndef BULLA_CORE_LOCK_H
#define BULLA_CORE_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Zero holds nothing. */
struct bulla_lock {
  pthread_mutex_t *mutex;
  int cancel_state; /* the previous state of this thread */
};

/* bulla_lock disables cancellation of this thread and locks |mutex|; bulla_unlock ends both. Returns false with
 * nothing changed if |mutex| reports an error. Nested locks are released in reverse order. */
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

/* bulla_hold_cancel disables cancellation of this thread without a mutex, for operations that must not be interrupted.
 * bulla_allow_cancel restores the state that it returned. */
static inline int bulla_hold_cancel(void) {
  int state;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
  return state;
}

static inline void bulla_allow_cancel(int state) {
  pthread_setcancelstate(state, NULL);
}

#endif
