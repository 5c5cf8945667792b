/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The buffers of bench/raw.h, and what every library is to make of them. */

#include <dlfcn.h>

#include "bench/raw.h"

/* The first bytes of each message's tag, as Python's cryptography has them: a library that is called in a wrong way
 * would be measured at something else. */
static const struct {
  size_t len;
  uint8_t start[8];
} tags[] = {
    {16, {0x69, 0xac, 0xdc, 0x03, 0x85, 0xa2, 0xc0, 0x4c}},
    {64, {0x65, 0xd2, 0x83, 0xa1, 0x4f, 0x83, 0x92, 0x73}},
    {256, {0x4e, 0x6a, 0xc3, 0x6e, 0x12, 0x42, 0x4b, 0xb1}},
    {1024, {0x3f, 0xbe, 0x78, 0xe2, 0x43, 0x58, 0x68, 0x50}},
    {4096, {0xba, 0x43, 0x08, 0xd1, 0x55, 0x7b, 0x9d, 0xf6}},
    {16384, {0x87, 0x13, 0xc3, 0x4c, 0xb5, 0x24, 0x81, 0xcd}},
    {65536, {0x63, 0x80, 0xef, 0x73, 0x83, 0x3e, 0x1d, 0x04}},
    {1048576, {0x74, 0x20, 0x03, 0xc8, 0xff, 0xa7, 0x28, 0x80}},
    {BENCH_CLAIMS_LEN, {0xb8, 0x6f, 0x9c, 0x40, 0xa8, 0x53, 0xe9, 0x85}},
};

void bench_raw_free(struct bench_raw *raw) {
  free(raw->plaintext);
  free(raw->ciphertext);
}

bool bench_raw_make(struct bench_raw *raw, const struct bench *bench) {
  const bool token = bench->variant == BENCH_RAW_TOKEN;
  memset(raw, 0, sizeof(*raw));
  memset(raw->key, 0x4b, sizeof(raw->key));
  memset(raw->data, 0x61, sizeof(raw->data));
  raw->data_len = token ? (size_t)BENCH_HEADER_LEN : (size_t)BENCH_BLOB_DATA_LEN;
  raw->len = token ? BENCH_CLAIMS_LEN : bench->size;
  raw->plaintext = malloc(raw->len);
  raw->ciphertext = malloc(raw->len);
  if (raw->plaintext == NULL || raw->ciphertext == NULL) {
    bench_raw_free(raw);
    return false;
  }
  bench_touch(raw->plaintext, raw->len);
  bench_touch(raw->ciphertext, raw->len);
  return true;
}

static bool has_right_tag(const struct bench_raw *raw) {
  for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
    if (tags[i].len == raw->len) {
      return memcmp(tags[i].start, raw->tag, sizeof(tags[i].start)) == 0;
    }
  }
  return false;
}

const char *bench_raw_try(struct bench_raw *raw, const char *(*seal)(void *state), const char *(*open)(void *state),
                          void *state) {
  const char *error = seal(state);
  if (error != NULL) {
    return error;
  }
  if (!has_right_tag(raw)) {
    return "what the library made is not AES-256-GCM";
  }
  const uint8_t first = raw->plaintext[0];
  memset(raw->plaintext, 0, raw->len);
  error = open(state);
  if (error != NULL) {
    return error;
  }
  for (size_t i = 0; i < raw->len; i++) {
    if (raw->plaintext[i] != first) {
      return "what the library opened is not what it sealed";
    }
  }
  return has_right_tag(raw) ? NULL : "the library opened with another tag";
}

void *bench_load(const char *path) {
  return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
}

bool bench_find(void *library, void *function, const char *name) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof(symbol));
  return symbol != NULL;
}
