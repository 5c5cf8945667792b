/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/mutate_vault.h. Offsets are of SQLite's file format, https://sqlite.org/fileformat2.html. */

#include "fuzz/mutate_vault.h"

#include "fuzz/vault_script.h"

enum { FILE_HEADER_LEN = 100, PAGE_HEADER_MAX = 12, MIN_PAGE = 512 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* libFuzzer has a better one. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {
  (void)max_size;
  if (size > 0) {
    data[(unsigned)rand() % size] = (uint8_t)rand(); /* NOLINT(cert-msc*): not for secrets */
  }
  return size;
}

static unsigned draw(unsigned *seed, unsigned num) {
  return (unsigned)rand_r(seed) % num;
}

/* What a byte becomes: a neighbour, a bound, another bit, anything. */
static uint8_t other_byte(uint8_t byte, unsigned *seed) {
  static const uint8_t bounds[] = {0, 1, 2, 5, 10, 13, 0x7f, 0x80, 0x81, 0xff};
  switch (draw(seed, 4)) {
    case 0:
      return (uint8_t)(byte + (draw(seed, 2) == 0 ? 1 : -1));
    case 1:
      return bounds[draw(seed, sizeof(bounds))];
    case 2:
      return (uint8_t)(byte ^ 1U << draw(seed, 8));
    default:
      return (uint8_t)draw(seed, 256);
  }
}

/* choose_offset returns a place in a database that leads SQLite somewhere. */
static size_t choose_offset(const uint8_t *data, size_t size, unsigned *seed) {
  size_t page_size = (size_t)data[16] << 8 | data[17];
  page_size = page_size < MIN_PAGE || page_size > size ? MIN_PAGE : page_size;
  size_t page = draw(seed, (unsigned)(size / page_size + 1)) * page_size;
  size_t header = page == 0 ? FILE_HEADER_LEN : page;
  size_t pointers = header + (header + 4 < size && data[header] < 10 ? 12 : 8);
  size_t pointer = pointers + 2 * (size_t)draw(seed, 8);
  switch (draw(seed, 4)) {
    case 0:
      return header + draw(seed, PAGE_HEADER_MAX);
    case 1:
      return pointer + draw(seed, 2);
    case 2: /* the beginning of the cell that the pointer is of */
      return pointer + 1 < size ? page + ((size_t)data[pointer] << 8 | data[pointer + 1]) + draw(seed, 24) : size;
    default:
      return page == 0 ? draw(seed, FILE_HEADER_LEN) : page + draw(seed, (unsigned)page_size);
  }
}

static void mutate_image(uint8_t *data, size_t size, unsigned *seed) {
  for (unsigned left = 1 + draw(seed, 3); left > 0; left--) {
    size_t at = choose_offset(data, size, seed);
    if (at < size) {
      data[at] = other_byte(data[at], seed);
    }
  }
}

size_t fuzz_mutate_vault(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  struct bulla_span input = bulla_span(data, size);
  if (fuzz_script_image(input)) {
    if (draw(&seed, 8) == 0) {
      return LLVMFuzzerMutate(data, size, max_size);
    }
    mutate_image(data, size, &seed);
    return size;
  }
  if (draw(&seed, 16) != 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  (void)fuzz_script_load(input);
  struct bulla_buffer image = fuzz_vault_image();
  if (image.len <= max_size) {
    memcpy(data, image.data, image.len);
    mutate_image(data, image.len, &seed);
    size = image.len;
  }
  free(image.data);
  return size;
}
