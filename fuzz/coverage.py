# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Source coverage: clang's counters, written by programs that replay corpora, read with llvm-cov."""

import json
import os
import pathlib
import subprocess

LAYERS = "core", "token", "store"


class Figures:
    """How many there are of something, and how many were reached."""

    def __init__(self, count=0, covered=0):
        self.count, self.covered = count, covered

    def __add__(self, other):
        return Figures(self.count + other.count, self.covered + other.covered)

    def percent(self):
        return 100 * self.covered / self.count if self.count else None

    def __str__(self):
        return "      -" if self.count == 0 else f"{self.percent():6.1f}%"


class Replay:
    """The build in which every line counts, and what was counted."""

    def __init__(self, build):
        self.build = pathlib.Path(build)
        self.profiles = self.build / "profiles"
        self.profile = self.build / "fuzzing.profdata"
        # All that is in it, also the functions that no target calls, is in the shared library.
        self.library = self.build / "libbulla.so"

    def run(self, corpora):
        """Replays {target: folders} and returns the targets that did not come to their end."""
        self.profiles.mkdir(exist_ok=True)
        for stale in self.profiles.iterdir():
            stale.unlink()
        failed = []
        for name, folders in corpora.items():
            folders = [str(folder) for folder in folders if folder.is_dir() and any(folder.iterdir())]
            environment = dict(os.environ, LLVM_PROFILE_FILE=str(self.profiles / f"{name}.profraw"))
            log = self.build / f"replay-{name}.log"
            with log.open("wb") as output:
                replay = subprocess.run([self.build / "fuzz" / name, *folders], stdin=subprocess.DEVNULL,
                                        stdout=output, stderr=output, env=environment, check=False)
            if replay.returncode != 0:
                failed.append(name)
        subprocess.run(["llvm-profdata", "merge", "-sparse", "-o", self.profile, *self.profiles.glob("*.profraw")],
                       check=True)
        return failed

    def cov(self, command, *arguments):
        # It warns of inline functions that a source includes and does not call.
        return subprocess.run(["llvm-cov", command, self.library, f"-instr-profile={self.profile}", *arguments],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout

    def files(self, root):
        """Returns {file: (lines, branches)} of the library's sources."""
        exported = json.loads(self.cov("export", "-summary-only"))["data"][0]["files"]
        found = {}
        for file in exported:
            path = pathlib.Path(os.path.relpath(file["filename"], root))
            if path.parts[0] in LAYERS and file["summary"]["lines"]["count"] > 0:
                found[str(path)] = tuple(Figures(file["summary"][kind]["count"], file["summary"][kind]["covered"])
                                         for kind in ("lines", "branches"))
        return dict(sorted(found.items(), key=lambda item: (LAYERS.index(item[0].split("/")[0]), item[0])))

    def pages(self, folder):
        """Writes every source file with its counts as HTML."""
        self.cov("show", "-format=html", f"-output-dir={folder}", "-show-branches=count")


def total(files, *layers):
    """Adds up the figures of |layers|."""
    chosen = [figures for name, figures in files.items() if name.split("/")[0] in layers]
    return tuple(sum((figures[i] for figures in chosen), Figures()) for i in range(2))


def totals(files):
    """Returns the sums that are promised, and those of each layer."""
    there = [layer for layer in LAYERS if any(name.startswith(f"{layer}/") for name in files)]
    sums = {f"{layer}/": total(files, layer) for layer in there}
    if {"core", "token"} <= set(there):
        sums["core/ and token/"] = total(files, "core", "token")
    return sums
