/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the benchmarks' C files share. What is ours and what it is compared with work on the same bytes. */

#ifndef BULLA_BENCH_SUPPORT_H
#define BULLA_BENCH_SUPPORT_H

#include <bulla/core.h>
#include <stdint.h>
#include <string.h>

#include "bench/shim.h"

enum {
  BENCH_CONTEXT_LEN = 64,
  BENCH_BLOB_DATA_LEN = 2 + BULLA_KEY_ID_LEN + BENCH_CONTEXT_LEN, /* what a blob authenticates beside its bytes */
  BENCH_BATCH = 64,
  BENCH_CLAIMS_LEN = 233,
  BENCH_HEADER_LEN = 96, /* base64url digits of a token's header, on a day of five digits */
};

/* Rows of one size, and of all sizes. Those of others' libraries are optional. */
#define BENCH_ROW_IF(optional, name, size, variant, run) \
  { name, size, variant, (size) == 256, optional, set_up, run, tear_down }
#define BENCH_SIZES_IF(optional, name, variant, run)                                                       \
  BENCH_ROW_IF(optional, name, 16, variant, run), BENCH_ROW_IF(optional, name, 64, variant, run),          \
      BENCH_ROW_IF(optional, name, 256, variant, run), BENCH_ROW_IF(optional, name, 1024, variant, run),   \
      BENCH_ROW_IF(optional, name, 4096, variant, run), BENCH_ROW_IF(optional, name, 16384, variant, run), \
      BENCH_ROW_IF(optional, name, 65536, variant, run), BENCH_ROW_IF(optional, name, 1048576, variant, run)
#define BENCH_ROW(name, size, variant, run) BENCH_ROW_IF(true, name, size, variant, run)
#define BENCH_SIZES(name, variant, run) BENCH_SIZES_IF(true, name, variant, run)

#define BENCH_TABLE(benches)                     \
  (struct bench_table) {                         \
    benches, sizeof(benches) / sizeof *(benches) \
  }

/* Each is the table of the file of that name. */
struct bench_table bench_audit(void);
struct bench_table bench_core(void);
struct bench_table bench_box(void);
struct bench_table bench_token(void);
struct bench_table bench_jwe(void);
struct bench_table bench_jwk_keys(void);
struct bench_table bench_text_forms(void);
struct bench_table bench_vault(void);
struct bench_table bench_vault_actor(void);
struct bench_table bench_vault_bare(void);
struct bench_table bench_vault_rewrap(void);
struct bench_table bench_vault_postgres(void);
struct bench_table bench_raw_bulla(void);
struct bench_table bench_raw_boringssl(void);
struct bench_table bench_raw_boringssl_box(void);
struct bench_table bench_raw_boringssl_keys(void);
struct bench_table bench_raw_ipsec_mb(void);
struct bench_table bench_limit(void);
struct bench_table bench_seal_many(void);
struct bench_table bench_peer_aws_lc(void);
struct bench_table bench_peer_boringssl(void);
struct bench_table bench_peer_ipsec_mb(void);
struct bench_table bench_peer_sodium(void);
struct bench_table bench_peer_openssl(void);
struct bench_table bench_peer_cjose(void);
struct bench_table bench_peer_cjose_jwe(void);
struct bench_table bench_peer_panva(void);
struct bench_table bench_peer_rhonabwy(void);
struct bench_table bench_peer_rhonabwy_jwe(void);

/* bench_result turns a status into the text, or NULL, that a benchmark returns. */
static inline const char *bench_result(enum bulla_status status) {
  return status == BULLA_OK ? NULL : bulla_status_text(status);
}

/* bench_touch fills |len| bytes. What nobody has written has no memory of its own: reading it would read one page of
 * zeros again and again, and the first writing would measure the kernel. */
static inline void bench_touch(uint8_t *bytes, size_t len) {
  memset(bytes, 'm', len);
}

static inline struct bulla_span bench_text(const char *string) {
  return bulla_span(string, strlen(string));
}

/* The parts of the claims that every token here carries: BENCH_CLAIMS_LEN bytes of JSON. */
#define BENCH_ORG "acme"
#define BENCH_SUB "user-4711@acme.example"
#define BENCH_ISS "https://acme.example"
#define BENCH_AUD "embed"
#define BENCH_JTI "6f1c2a90b7d84e53a1c4"
#define BENCH_PERMS "[\"dashboards:read\",\"charts:read\"]"
#define BENCH_ATTRS "{\"region\":\"emea\",\"tier\":\"gold\"}"

/* bench_claims_json fills |json|, BENCH_CLAIMS_LEN bytes and a final NUL, with the claims of a token that is
 * minted at |now|. Returns false if they do not have that many bytes. */
bool bench_claims_json(char json[BENCH_CLAIMS_LEN + 1], int64_t now);

#endif
