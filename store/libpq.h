/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The functions of libpq. The only file that includes libpq-fe.h. Private: for store/db_postgres.c, _io.c,
 * _connect.c and _dump.c alone.
 *
 * libpq is loaded when a vault on a server is first named: it brings OpenSSL, Kerberos and LDAP into the process, which
 * those who keep their vault in a file need not have. */

#ifndef BULLA_STORE_LIBPQ_H
#define BULLA_STORE_LIBPQ_H

#include <bulla/core.h>
#include <libpq-fe.h>

#define BULLA_LIBPQ_FUNCTIONS(EACH) \
  EACH(PQbackendPID)                \
  EACH(PQclear)                     \
  EACH(PQcmdStatus)                 \
  EACH(PQcmdTuples)                 \
  EACH(PQconninfo)                  \
  EACH(PQconninfoFree)              \
  EACH(PQconninfoParse)             \
  EACH(PQconnectPoll)               \
  EACH(PQconnectStartParams)        \
  EACH(PQconsumeInput)              \
  EACH(PQenterPipelineMode)         \
  EACH(PQerrorMessage)              \
  EACH(PQexitPipelineMode)          \
  EACH(PQfinish)                    \
  EACH(PQflush)                     \
  EACH(PQfreemem)                   \
  EACH(PQftype)                     \
  EACH(PQgetResult)                 \
  EACH(PQgetisnull)                 \
  EACH(PQgetlength)                 \
  EACH(PQgetvalue)                  \
  EACH(PQisBusy)                    \
  EACH(PQlibVersion)                \
  EACH(PQnfields)                   \
  EACH(PQntuples)                   \
  EACH(PQpipelineSync)              \
  EACH(PQresultErrorField)          \
  EACH(PQresultStatus)              \
  EACH(PQsendFlushRequest)          \
  EACH(PQsendPrepare)               \
  EACH(PQsendQuery)                 \
  EACH(PQsendQueryParams)           \
  EACH(PQsendQueryPrepared)         \
  EACH(PQsetErrorVerbosity)         \
  EACH(PQsetNoticeReceiver)         \
  EACH(PQsetnonblocking)            \
  EACH(PQsocket)                    \
  EACH(PQsslInUse)                  \
  EACH(PQstatus)                    \
  EACH(PQtransactionStatus)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name in parentheses cannot be declared. */
#define BULLA_LIBPQ_DECLARE(function) __typeof__(function) *function;

/* bulla_pq has them once bulla_need_libpq has returned BULLA_OK. */
extern struct bulla_pq { BULLA_LIBPQ_FUNCTIONS(BULLA_LIBPQ_DECLARE) } bulla_pq;

/* bulla_need_libpq loads libpq unless it is. Returns BULLA_UNSUPPORTED if it cannot be. */
BULLA_NODISCARD enum bulla_status bulla_need_libpq(void);

#endif
