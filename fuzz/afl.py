# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""AFL++ at work on a target, watched as libFuzzer is. What it finds goes to the same places."""

import os
import shutil
import subprocess
import threading
import time

import libfuzzer

# It asks for a machine of its own: processors at full speed, and no program that is handed core dumps.
SETTINGS = {
    "AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1", "AFL_FUZZER_STATS_UPDATE_INTERVAL": "1",
    "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_BENCH_UNTIL_CRASH": "1",
}


class Run(libfuzzer.Run):
    """As libfuzzer.Run. Coverage is edges; there are no features, and what the processor did is not known."""

    def __init__(self, target, seconds):
        super().__init__(target, seconds)
        self.output = target.tree.root / "build-afl/out" / target.name
        self.log = target.tree.logs / f"{target.name}.afl.log"

    def command(self):
        options = dict(option.lstrip("-").split("=", 1) for option in self.target.options())
        command = ["afl-fuzz", "-i", self.target.seeds, "-o", self.output, "-V", self.seconds, "-m", "none",
                   "-t", f"{1000 * int(options.get('timeout', 5))}+"]
        for ours, theirs in (("max_len", "-G"), ("dict", "-x")):
            if ours in options:
                command += [theirs, options[ours]]
        return [*map(str, command), "--", str(self.target.tree.root / "build-afl/fuzz" / self.target.name)]

    def start(self):
        shutil.rmtree(self.output, ignore_errors=True)
        self.output.mkdir(parents=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **SETTINGS})
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        while self.process.poll() is None:
            time.sleep(0.5)
            self.sample()
        self.ended = time.monotonic()
        self.sample()
        crashes = sorted(self.output.glob("default/crashes/id*")) + sorted(self.output.glob("default/hangs/id*"))
        self.artifact = crashes[0] if crashes else None
        # What adds coverage to AFL++ may add some to libFuzzer.
        self.corpus.mkdir(parents=True, exist_ok=True)
        for file in self.output.glob("default/queue/id*"):
            shutil.copy(file, self.corpus / f"afl-{file.name.split(',')[0].replace(':', '-')}")

    def sample(self):
        try:
            lines = (self.output / "default/fuzzer_stats").read_text().splitlines()
        except FileNotFoundError:
            return
        stats = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        if "corpus_count" in stats:
            self.samples.append((time.monotonic() - self.started, int(stats["execs_done"]),
                                 int(stats["edges_found"]), 0, int(stats["corpus_count"]), 0))
