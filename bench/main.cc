// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The bulla authors

// Hands the tables of bench/shim.h to Google Benchmark. A benchmark that fails makes the exit status 1.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "bench/shim.h"

namespace {

bool failed = false;

void Fail(benchmark::State &state, const char *error) {
  failed = true;
  state.SkipWithError(error);
}

void Measure(benchmark::State &state, const bench &bench) {
  void *prepared = nullptr;
  const char *error = bench.set_up(&prepared, &bench);
  if (error != nullptr) {
    Fail(state, error);
    return;
  }
  for ([[maybe_unused]] auto iteration : state) {
    error = bench.run(prepared);
    if (error != nullptr) {
      Fail(state, error);
      break;
    }
  }
  bench.tear_down(prepared);
  if (bench.size > 0) {
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bench.size));
  }
}

void Register(const bench_table &table) {
  for (size_t i = 0; i < table.num_benches; i++) {
    const bench &bench = table.benches[i];
    std::string name = bench.name;
    if (bench.size > 0) {
      name += "/" + std::to_string(bench.size);
    }
    benchmark::RegisterBenchmark(name.c_str(), [&bench](benchmark::State &state) { Measure(state, bench); });
  }
}

}  // namespace

int main(int argc, char **argv) {
  Register(bench_core());
  Register(bench_token());
  Register(bench_vault());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  const size_t num_run = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return failed || num_run == 0 ? 1 : 0;
}
