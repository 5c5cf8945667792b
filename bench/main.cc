// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The bulla authors

// Hands the tables of bench/shim.h to Google Benchmark. A benchmark that fails makes the exit status 1; one that
// the machine has not got what it needs for is left out with a note.

#include <benchmark/benchmark.h>
#include <bulla/core.h>

#include <atomic>
#include <cstdint>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>

#include "bench/shim.h"

namespace {

std::atomic<bool> failed = false;

// What the threads of one run share: the state of the first that came. No thread tears down before all have come,
// since they wait for each other at both ends of the loop.
struct Meeting {
  std::mutex mutex;
  int present = 0;
  void *first = nullptr;
};

const char *Enter(Meeting &meeting, void **prepared, const bench &bench) {
  const std::lock_guard<std::mutex> lock(meeting.mutex);
  const char *error = bench.set_up(prepared, &bench, meeting.first);
  if (error == nullptr && meeting.present++ == 0) {
    meeting.first = *prepared;
  }
  return error;
}

void Leave(Meeting &meeting, void *prepared, const bench &bench) {
  const std::lock_guard<std::mutex> lock(meeting.mutex);
  if (--meeting.present == 0) {
    meeting.first = nullptr;
  }
  bench.tear_down(prepared);
}

const char *Run(benchmark::State &state, const bench &bench, void *prepared) {
  if (bench.run_elsewhere != nullptr) {
    double seconds = 0;
    while (state.KeepRunningBatch(state.max_iterations)) {
      const char *error = bench.run_elsewhere(prepared, &seconds, static_cast<size_t>(state.max_iterations));
      if (error != nullptr) {
        return error;
      }
      state.SetIterationTime(seconds);
    }
    return nullptr;
  }
  if (bench.batch > 0) {
    while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(bench.batch))) {
      const char *error = bench.run(prepared);
      if (error != nullptr) {
        return error;
      }
    }
    return nullptr;
  }
  for ([[maybe_unused]] auto iteration : state) {
    const char *error = bench.run(prepared);
    if (error != nullptr) {
      return error;
    }
  }
  return nullptr;
}

void Measure(benchmark::State &state, Meeting &meeting, const bench &bench) {
  void *prepared = nullptr;
  const char *error = Enter(meeting, &prepared, bench);
  if (error != nullptr) {
    failed = failed || !bench.optional;
    state.SkipWithError(error);
    return;
  }
  const size_t allocations = bench_allocations();
  error = Run(state, bench, prepared);
  if (error != nullptr) {
    failed = true;
    state.SkipWithError(error);
  }
  const auto allocated = static_cast<double>(bench_allocations() - allocations);
  Leave(meeting, prepared, bench);
  if (bench.run_elsewhere == nullptr) {
    state.counters["allocs"] = benchmark::Counter(allocated, benchmark::Counter::kAvgIterations);
  }
  if (bench.size > 0) {
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bench.size));
  }
}

void Register(const bench &bench) {
  std::string name = bench.name;
  if (bench.size > 0) {
    name += "/" + std::to_string(bench.size);
  }
  for (int threads = 1; threads <= (bench.threads ? 2 : 1); threads++) {
    auto meeting = std::make_shared<Meeting>();
    auto *registered = benchmark::RegisterBenchmark(
        name.c_str(), [meeting, &bench](benchmark::State &state) { Measure(state, *meeting, bench); });
    if (threads > 1) {
      registered->Threads(threads);
    }
    if (bench.run_elsewhere != nullptr) {
      registered->UseManualTime();
    }
  }
}

// Takes --engine=NAME, the last argument, from Google Benchmark; says whether that engine is there.
bool ChooseEngine(int &argc, char **argv) {
  const std::string last = argc > 1 ? argv[argc - 1] : "";
  if (last.rfind("--engine=", 0) != 0) {
    return true;
  }
  argv[--argc] = nullptr;
  for (int choice = BULLA_ENGINE_BORINGSSL; choice <= BULLA_ENGINE_VAES_256; choice++) {
    if (bulla_engine_choose(static_cast<bulla_engine_choice>(choice)) == BULLA_OK &&
        last == std::string("--engine=") + bulla_engine_name()) {
      return true;
    }
  }
  return false;
}

}  // namespace

int main(int argc, char **argv) {
  if (!ChooseEngine(argc, argv)) {
    std::cerr << "bulla-bench: there is no such engine here: --engine=boringssl, vaes-256 or vaes-512\n";
    return 2;
  }
  bench_table table;
  for (size_t subject = 0; bench_subject(&table, subject); subject++) {
    for (size_t i = 0; i < table.num_benches; i++) {
      Register(table.benches[i]);
    }
  }
  benchmark::AddCustomContext("engine", bulla_engine_name());
  benchmark::AddCustomContext("limit_vector_bits", std::to_string(bench_limit_bits()));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  const size_t num_run = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return failed || num_run == 0 ? 1 : 0;
}
