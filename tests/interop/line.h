/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The protocol of the drivers in this folder: a JSON object a line, a request on standard input and its answer on
 * standard output, so that a library is started once and not for each JWE. Bytes are in hexadecimal.
 *
 *   {"op": "hello"}                                              {"version": "1.2.3"}
 *   {"op": "generate", "alg", "enc", "crv", "bits", "kid"}       {"jwk": {…}}, with its private part
 *   {"op": "encrypt", "keys": [{…}], "alg", "enc", "form",
 *    "payload", "aad", "apu", "apv", "kid"}                      {"jwe": "…"}
 *                                                               with "algs" for several recipients, one for each key,
 *                                                               which then stand in the recipients' own headers
 *   {"op": "decrypt", "key": {…}, "alg", "enc", "jwe"}           {"payload": "…", "aad": "…"}
 *                                                               "aad" only if the library gives it out
 *   {"op": "thumbprint", "key": {…}}                             {"thumbprint": "…"}, by SHA-256, in base64url
 *
 * "form" is compact, flattened or general. What could not be done is answered {"why": "…"}, in the library's words. */

#ifndef BULLA_TESTS_INTEROP_LINE_H
#define BULLA_TESTS_INTEROP_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What a driver does. Each takes the request, which it does not own, and returns an answer, which it does. */
struct driver {
  const char *version;
  json_t *(*generate)(json_t *request);
  json_t *(*encrypt)(json_t *request);
  json_t *(*decrypt)(json_t *request);
  json_t *(*thumbprint)(json_t *request); /* NULL if the library has none */
};

/* line_serve answers requests up to the end of standard input; it returns the exit status. */
int line_serve(const struct driver *driver);

/* line_text returns the member |name|, which lives as long as |request|, or "" if there is none. */
const char *line_text(json_t *request, const char *name);

/* line_alg returns the alg of recipient |i| in "algs", or NULL if all have "alg". */
const char *line_alg(json_t *request, size_t i);

/* line_is returns whether the member |name| is |text|. */
bool line_is(json_t *request, const char *name, const char *text);

/* line_bytes returns the bytes of the member |name|, which the caller frees, or ends the driver if they are none. Of an
 * absent one there are 0; the address is never NULL. */
uint8_t *line_bytes(size_t *len, json_t *request, const char *name);

/* line_hex returns a string of |len| bytes, for an answer. */
json_t *line_hex(const void *data, size_t len);

/* line_base64url returns |len| bytes in base64url (RFC 7515 §2), which the caller frees; line_base64url_of those of the
 * member |name|. */
char *line_base64url(const uint8_t *bytes, size_t len);
char *line_base64url_of(json_t *request, const char *name);

/* line_why returns the answer that |why| tells, or an unknown reason if it is NULL. */
json_t *line_why(const char *why);

#endif
