/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The builder of JSON for minting: core's writer, which between two calls is in a structure of the caller's. */

#include <bulla/token.h>

#include "core/json.h"

static void begin(struct bulla_builder *builder, void *room, size_t size, bool is_object) {
  *builder = (struct bulla_builder){.json = bulla_buffer(room, size), .is_object = is_object};
  struct bulla_json_writer writer = bulla_json_writer(&builder->json);
  bulla_json_begin(&writer, is_object ? '{' : '[');
  builder->overflow = writer.bytes.overflow;
}

void bulla_build_object(struct bulla_builder *builder, void *room, size_t size) {
  begin(builder, room, size, true);
}

void bulla_build_array(struct bulla_builder *builder, void *room, size_t size) {
  begin(builder, room, size, false);
}

/* The writer as it was left. */
static struct bulla_json_writer resume(struct bulla_builder *builder) {
  return (struct bulla_json_writer){
      .bytes = {&builder->json, builder->overflow}, .comma = builder->comma, .invalid = builder->invalid};
}

/* Begins the member |name|, or an item of an array if that is NULL. */
static struct bulla_json_writer begin_value(struct bulla_builder *builder, const struct bulla_span *name) {
  struct bulla_json_writer writer = resume(builder);
  builder->misplaced = builder->misplaced || builder->is_object != (name != NULL);
  if (name != NULL) {
    bulla_json_name(&writer, *name);
  }
  return writer;
}

static void end_value(struct bulla_builder *builder, const struct bulla_json_writer *writer) {
  builder->overflow = writer->bytes.overflow;
  builder->comma = writer->comma;
  builder->invalid = writer->invalid;
}

void bulla_build_text(struct bulla_builder *builder, struct bulla_span name, struct bulla_span text) {
  struct bulla_json_writer writer = begin_value(builder, &name);
  bulla_json_string(&writer, text);
  end_value(builder, &writer);
}

void bulla_build_int(struct bulla_builder *builder, struct bulla_span name, int64_t number) {
  struct bulla_json_writer writer = begin_value(builder, &name);
  bulla_json_int(&writer, number);
  end_value(builder, &writer);
}

void bulla_build_bool(struct bulla_builder *builder, struct bulla_span name, bool value) {
  struct bulla_json_writer writer = begin_value(builder, &name);
  bulla_json_bool(&writer, value);
  end_value(builder, &writer);
}

void bulla_build_texts(struct bulla_builder *builder, struct bulla_span name, const struct bulla_span *texts,
                       size_t num_texts) {
  struct bulla_json_writer writer = begin_value(builder, &name);
  bulla_json_begin(&writer, '[');
  for (size_t i = 0; i < num_texts; i++) {
    bulla_json_string(&writer, texts[i]);
  }
  bulla_json_end(&writer, ']');
  end_value(builder, &writer);
}

void bulla_build_item(struct bulla_builder *builder, struct bulla_span text) {
  struct bulla_json_writer writer = begin_value(builder, NULL);
  bulla_json_string(&writer, text);
  end_value(builder, &writer);
}

enum bulla_status bulla_built(struct bulla_builder *builder, struct bulla_span *json) {
  struct bulla_json_writer writer = resume(builder);
  bulla_json_end(&writer, builder->is_object ? '}' : ']');
  enum bulla_status status = bulla_json_finish(&writer);
  if (status == BULLA_OK && builder->misplaced) {
    status = bulla_fail(&builder->json, BULLA_INVALID_ARGUMENT);
  }
  /* A builder that has ended takes nothing more. */
  builder->misplaced = true;
  *json = bulla_written(&builder->json);
  return status;
}
