/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/pem.h. */

#include "core/pem.h"

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "core/scrub.h"

#define TEXT(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }

enum { LINE_DIGITS = 64, LINE_BYTES = 48 };

static const struct {
  enum bulla_der form;
  struct bulla_span label;
} labels[] = {
    {BULLA_DER_PKCS8, TEXT("PRIVATE KEY")},         {BULLA_DER_EC, TEXT("EC PRIVATE KEY")},
    {BULLA_DER_RSA, TEXT("RSA PRIVATE KEY")},       {BULLA_DER_SPKI, TEXT("PUBLIC KEY")},
    {BULLA_DER_RSA_PUBLIC, TEXT("RSA PUBLIC KEY")},
};

#define NUM_LABELS (sizeof(labels) / sizeof(labels[0]))

static const struct bulla_span parameters = TEXT("EC PARAMETERS");

static enum bulla_status malformed(const char *what) {
  return bulla_explain(BULLA_INVALID_TEXT, "PEM: %s", what);
}

/* Takes |text|, or returns false and changes nothing. */
static bool take_text(struct bulla_reader *in, struct bulla_span text) {
  struct bulla_reader ahead = *in;
  struct bulla_span taken;
  if (!bulla_take(&ahead, &taken, text.len) || !bulla_span_equal(taken, text)) {
    return false;
  }
  *in = ahead;
  return true;
}

/* Takes the line that begins a block: |*newline| is how it ends. */
static bool take_begin(struct bulla_reader *in, struct bulla_span *label, struct bulla_span *newline) {
  struct bulla_span line;
  if (!take_text(in, BULLA_LITERAL("-----BEGIN ")) || !bulla_take_until(in, &line, '\n')) {
    return false;
  }
  bool has_return = line.len > 0 && line.data[line.len - 1] == '\r';
  *newline = has_return ? BULLA_LITERAL("\r\n") : BULLA_LITERAL("\n");
  line.len -= has_return ? 1 : 0;
  struct bulla_span dashes = BULLA_LITERAL("-----");
  if (line.len < dashes.len || !bulla_span_equal(bulla_span(line.data + line.len - dashes.len, dashes.len), dashes)) {
    return false;
  }
  *label = bulla_span(line.data, line.len - dashes.len);
  return true;
}

static bool take_end(struct bulla_reader *in, struct bulla_span label) {
  return take_text(in, BULLA_LITERAL("-----END ")) && take_text(in, label) && take_text(in, BULLA_LITERAL("-----"));
}

/* Takes what is left of a block of EC PARAMETERS, which are no secret: the key says its curve again. */
static bool take_parameters(struct bulla_reader *in, struct bulla_span newline) {
  struct bulla_span line;
  while (!take_end(in, parameters)) {
    uint8_t bytes[LINE_BYTES];
    if (!bulla_take_until(in, &line, '\n') || line.len < newline.len - 1 || line.len > LINE_DIGITS + newline.len - 1) {
      return false;
    }
    struct bulla_span digits = bulla_span(line.data, line.len - (newline.len - 1));
    if (digits.len == 0 || !bulla_base64_decode_secret(bytes, bulla_base64_without_padding(digits))) {
      return false;
    }
  }
  return take_text(in, newline);
}

static enum bulla_status find_form(enum bulla_der *form, struct bulla_span label) {
  for (size_t i = 0; i < NUM_LABELS; i++) {
    if (bulla_span_equal(labels[i].label, label)) {
      *form = labels[i].form;
      return BULLA_OK;
    }
  }
  return bulla_explain(BULLA_UNSUPPORTED, "PEM: %s",
                       bulla_span_equal(label, BULLA_LITERAL("ENCRYPTED PRIVATE KEY"))
                           ? "an encrypted key; openssl pkey decrypts it"
                           : "no key of a kind that is known");
}

/* Takes from |in| what stands before the line that ends the block of |label|, which is the last. */
static bool take_body(struct bulla_reader *in, struct bulla_span *body, struct bulla_span label) {
  size_t end_len = label.len + sizeof("-----END -----") - 1;
  return in->left >= end_len && bulla_take(in, body, in->left - end_len) && take_end(in, label);
}

/* Decodes the digits of |body| to |bytes|. Where lines end follows from its length; only there bytes are looked at. */
static bool decode_body(uint8_t *bytes, size_t *len, struct bulla_span body, struct bulla_span newline) {
  struct bulla_reader in = bulla_reader(body);
  *len = 0;
  while (in.left > 0) {
    bool is_last = in.left <= LINE_DIGITS + newline.len;
    struct bulla_span digits;
    if (!bulla_take(&in, &digits, is_last ? in.left - newline.len : LINE_DIGITS) || !take_text(&in, newline) ||
        digits.len == 0 || digits.len % 4 != 0) {
      return false;
    }
    digits = is_last ? bulla_base64_without_padding(digits) : digits;
    if (!bulla_base64_decode_secret(bytes + *len, digits)) {
      return false;
    }
    *len += bulla_base64url_decoded_len(digits.len);
  }
  return *len > 0;
}

static enum bulla_status read_body(struct bulla_secret **der, struct bulla_span body, struct bulla_span newline) {
  struct bulla_reader in = bulla_reader(body);
  /* No digit is a dash, so that this tells nothing of a key. */
  if (take_text(&in, BULLA_LITERAL("Proc-"))) {
    return bulla_explain(BULLA_UNSUPPORTED, "PEM: an encrypted key; openssl pkey decrypts it");
  }
  size_t len = 0;
  BULLA_TRY(bulla_secret_new(der, body.len));
  bool good = decode_body(bulla_secret_data(*der), &len, body, newline);
  bulla_scrub(BULLA_SCRUB_DEPTH);
  if (!good) {
    bulla_secret_free(der);
    return malformed("the lines are not base64 of 64 digits each");
  }
  bulla_secret_truncate(*der, len);
  return BULLA_OK;
}

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bulla_span without_space(struct bulla_span text) {
  size_t len = text.len;
  while (len > 0 && is_space(text.data[len - 1])) {
    len--;
  }
  return bulla_span(text.data, len);
}

enum bulla_status bulla_pem_read(struct bulla_secret **der, enum bulla_der *form, struct bulla_span pem) {
  struct bulla_reader in = bulla_reader(without_space(pem));
  struct bulla_span label;
  struct bulla_span newline;
  struct bulla_span body;
  *der = NULL;
  do {
    if (!take_begin(&in, &label, &newline)) {
      return malformed("it does not begin with -----BEGIN, a label, -----");
    }
    if (!bulla_span_equal(label, parameters)) {
      BULLA_TRY(find_form(form, label));
      return take_body(&in, &body, label) ? read_body(der, body, newline)
                                          : malformed("it does not end with -----END, the same label, -----");
    }
  } while (take_parameters(&in, newline));
  return malformed("the block of EC PARAMETERS");
}

static void put_boundary(struct bulla_writer *out, struct bulla_span which, struct bulla_span label) {
  bulla_put(out, which);
  bulla_put(out, label);
  bulla_put(out, BULLA_LITERAL("-----\n"));
}

static void put_line(struct bulla_writer *out, struct bulla_span bytes) {
  size_t num_digits = bulla_base64url_encoded_len(bytes.len);
  uint8_t *room = bulla_give(out, num_digits);
  if (room != NULL) {
    bulla_base64_encode_secret(room, bytes);
  }
  bulla_put(out, bulla_span("==", (4 - num_digits % 4) % 4));
  bulla_put_byte(out, '\n');
}

static struct bulla_span label_of(enum bulla_der form) {
  size_t i = 0;
  while (i + 1 < NUM_LABELS && labels[i].form != form) {
    i++;
  }
  return labels[i].label;
}

enum bulla_status bulla_pem_write(struct bulla_secret **pem, enum bulla_der form, struct bulla_span der) {
  size_t size = 128 + (der.len / LINE_BYTES + 1) * (LINE_DIGITS + 1);
  BULLA_TRY(bulla_secret_new(pem, size));
  struct bulla_buffer room = bulla_buffer(bulla_secret_data(*pem), size);
  struct bulla_writer out = bulla_writer(&room);
  struct bulla_reader in = bulla_reader(der);
  put_boundary(&out, BULLA_LITERAL("-----BEGIN "), label_of(form));
  while (in.left > 0) {
    struct bulla_span bytes;
    if (bulla_take(&in, &bytes, in.left < LINE_BYTES ? in.left : LINE_BYTES)) {
      put_line(&out, bytes);
    }
  }
  put_boundary(&out, BULLA_LITERAL("-----END "), label_of(form));
  enum bulla_status status = bulla_writer_finish(&out);
  bulla_scrub(BULLA_SCRUB_DEPTH);
  if (status != BULLA_OK) {
    bulla_secret_free(pem);
    return status;
  }
  bulla_secret_truncate(*pem, room.len);
  return BULLA_OK;
}
