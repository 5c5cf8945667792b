#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Hands made-up measurements to the table of benchmarks, and looks at its verdicts. Usage: bench_table.py SOURCE_FOLDER"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import tap

bench = pathlib.Path(sys.argv[1]) / "bench"
sys.path.append(str(bench))
import machine  # noqa: E402

STEADY = [100] * 30
UNSTEADY = [100] * 5 + [130] * 25
BUSY = "not judged: the machine was busy"
LIMIT = "limit/gcm/16384 to seal/aes256gcm/16384"
SEAL = "seal/aes256gcm/256 to raw/ipsec_mb/seal/256"


def printed(others, steady, rows):
    """What the table says of a report with |rows|, the times of each by its name."""
    times = {"limit/gcm/16384": steady, "raw/ipsec_mb/seal/256": [10] * 30, **rows}
    report = {"context": {"engine": "boringssl", "num_cpus": 2, "processor": "P (family 1, model 2)", "others": others,
                          "limit_vector_bits": "512"},
              "benchmarks": [{"name": name, "run_type": "iteration", "cpu_time": time, "real_time": time, "allocs": 0}
                             for name, all_times in times.items() for time in all_times]}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(report, file)
        file.flush()
        run = subprocess.run([sys.executable, bench / "table.py", "--bench", "none", "--from", file.name],
                             capture_output=True, text=True, check=False, timeout=60)
    return run.stdout + run.stderr


def verdict(said, what):
    for line in said.splitlines():
        cells = line.strip("| ").split(" | ")
        if cells[0] == what:
            return cells[-1]
    return None


for name, times, wanted in (("at the target", [19] * 30, "met"), ("past it", [19.1] * 30, "**missed**"),
                            ("whose median is past it", [1] * 10 + [19.1] * 20, "**missed**"),
                            ("whose median is at the target", [19] * 29 + [1000], "met")):
    said = printed(0.01, STEADY, {"seal/aes256gcm/256": times})
    tap.check(f"a ratio {name} is {wanted.strip('*')}", verdict(said, SEAL) == wanted, said)
for name, time_of_seal, wanted in (("at", 111, "met"), ("below", 112, "**missed**")):
    said = printed(0.01, STEADY, {"seal/aes256gcm/16384": [time_of_seal] * 30})
    tap.check(f"what is to be at least so much and is {name} it is {wanted.strip('*')}", verdict(said, LIMIT) == wanted, said)
tap.check("it says what it ran on", said.startswith("P (family 1, model 2), 2 processors, engine boringssl, limit with "
                                                    "vectors of 512 bits; others took 1.0 %"), said)
for name, others, steady in (("others take the processors", 0.051, STEADY), ("the steady row is not", 0.01, UNSTEADY),
                             ("nothing tells how steady it was", 0.01, STEADY[:8])):
    said = printed(others, steady, {"seal/aes256gcm/256": [19] * 30, "token/mint/233": [1] * 30})
    tap.check(f"no time is judged where {name}", verdict(said, SEAL) == BUSY and "Not judged, since" in said, said)
    tap.check(f"what is counted is judged even where {name}",
              verdict(said, "token/mint/233, allocations") == "met", said)
tap.check("what is missing was not measured", verdict(said, "open/aes256gcm/256 to raw/ipsec_mb/open/256") ==
          "not measured", said)
said = printed(0.01, STEADY, {"raw/engine/seal/16": [20] * 30, "raw/engine/seal/1024": [60] * 30,
                              "peer/aws_lc/seal/16": [30] * 30, "peer/aws_lc/seal/1024": [59] * 30})
tap.check("of all sizes the least lead over a peer is judged",
          verdict(said, "peer/aws_lc/seal to raw/engine/seal, least: at 1024 B") == "**missed**", said)

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "cpuinfo"
    block = "processor\t: 0\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\nstepping\t: 1\n\n"
    path.write_text(block + block.replace("EPYC", "other"), encoding="utf-8")
    named = machine.processor(path)
    tap.check("a processor is named with its numbers", named == "AMD EPYC (family 26, model 2, stepping 1)", named)
    tap.check("where nothing names it, that is said", machine.processor(path / "none") == "unknown processor")

watch = machine.Watch()
began = watch.began
watch.began = began[0] - 10, began[1] - 10 * os.cpu_count() * 0.5, began[2] - 10 * os.cpu_count() * 0.4
part = watch.others()
tap.check("what this program and its children took is not others'", 0.09 < part < 0.11, part)
watch = machine.Watch()
spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
time.sleep(1.5)
part = watch.others()
for process in spinning:
    process.kill()
    process.wait()
tap.check("a machine under load is too busy", part > machine.MOST_OTHERS and
          machine.too_busy(part, {"limit/gcm/16384": STEADY}), part)
tap.check("an idle one is not", machine.too_busy(0.01, {"limit/gcm/16384": STEADY}) is None)
tap.finish()
