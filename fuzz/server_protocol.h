/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The protocol of the server of fuzz/server.h: what is sent to one connection. */

#ifndef BULLA_FUZZ_SERVER_PROTOCOL_H
#define BULLA_FUZZ_SERVER_PROTOCOL_H

#include "fuzz/server.h"
#include "fuzz/server_sql.h"

enum { FUZZ_NAMES = 128, FUZZ_NAME_MAX = 16, FUZZ_TEXT_MAX = 8192, FUZZ_IN_MAX = 1 << 18, FUZZ_OUT_MAX = 1 << 20 };

/* A prepared statement. */
struct fuzz_named {
  char name[FUZZ_NAME_MAX];
  char text[FUZZ_TEXT_MAX];
  size_t num;
  uint32_t types[FUZZ_PARAMETERS];
};

/* Where in a message the bytes are that are sent, as libpq takes them apart. */
struct fuzz_frame {
  uint8_t type;
  size_t head_len; /* bytes of type and length that were there */
  uint32_t len;
  size_t left;  /* of the body */
  bool in_rows; /* before the end of a result */
  bool is_lost; /* libpq gives the connection up */
};

/* Must begin as zeros, but for |seen|, |out| and what follows |num_names|. */
struct fuzz_connection {
  struct fuzz_server_seen *seen;
  int socket; /* 0 if there is none */
  bool has_begun;
  bool skips;      /* to the next Sync, behind an error */
  bool is_closing; /* nothing more is sent than is in |out| */
  bool forgets;    /* the database is to be as it was first */
  enum fuzz_transaction transaction;
  struct fuzz_answer answer; /* to what was bound last */
  struct fuzz_frame frame;
  struct bulla_buffer out;
  size_t sent; /* of |out| */
  size_t in_len;
  size_t num_names;
  struct fuzz_named names[FUZZ_NAMES];
  uint8_t in[FUZZ_IN_MAX];
  uint8_t out_bytes[FUZZ_OUT_MAX];
  uint8_t rows[FUZZ_IN_MAX];
};

/* fuzz_protocol_take takes all that has come, and writes what is said to it. */
void fuzz_protocol_take(struct fuzz_connection *connection);

#endif
