/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The claims that ours and the peers' tokens carry. */

#include <stdio.h>

#include "bench/support.h"

bool bench_claims_json(char json[BENCH_CLAIMS_LEN + 1], int64_t now) {
  int len = snprintf(json, BENCH_CLAIMS_LEN + 1,
                     "{\"org\":\"" BENCH_ORG "\",\"sub\":\"" BENCH_SUB "\",\"iss\":\"" BENCH_ISS
                     "\",\"aud\":\"" BENCH_AUD "\",\"iat\":%lld,\"exp\":%lld,\"jti\":\"" BENCH_JTI
                     "\",\"perms\":" BENCH_PERMS ",\"attrs\":" BENCH_ATTRS "}",
                     (long long)now, (long long)now + 3600);
  return len == BENCH_CLAIMS_LEN;
}
