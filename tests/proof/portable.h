/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Included before all else by Frama-C, which knows no intrinsics: the sources then choose what a processor without
 * vectors would run. It knows neither alignment nor atomic types; what is proved has one thread. */

#undef __x86_64__
#undef __SSE2__
#define _Alignas(alignment)
#define _Atomic
#define __FC_STDATOMIC
#define memory_order_relaxed 0
#define atomic_load_explicit(object, order) (*(object))
#define atomic_store_explicit(object, value, order) (*(object) = (value))
