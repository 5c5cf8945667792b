#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs fuzz/oss-fuzz/build.sh on a copy of the tree, as OSS-Fuzz would, and looks at what it leaves: every target
with its seeds, dictionary and options, running where nothing else is but the C library.
Usage: oss_fuzz.py SOURCE_FOLDER BUILD_FOLDER, of a build for production"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile

import tap

source, production = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])

# What OSS-Fuzz's base-builder sets for its address sanitizer and libFuzzer; -stdlib=libc++ it has itself.
FLAGS = ("-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION "
         "-fsanitize=address -fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link")
SETTINGS = {
    "CC": "clang", "CXX": "clang++", "CFLAGS": FLAGS, "CXXFLAGS": FLAGS, "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer",
    "SANITIZER": "address", "FUZZING_ENGINE": "libfuzzer", "FUZZING_LANGUAGE": "c", "ARCHITECTURE": "x86_64",
}

# The C library, which a runner has. Everything else must come along.
GLIBC = r"(ld-linux|libc|libm|libdl|libpthread|librt)[-.].*"


def targets():
    table = re.search(r"^targets = \{\n(.*?)^\}", (source / "fuzz/meson.build").read_text(), re.M | re.S)
    return re.findall(r"^  '(\w+)':", table[1], re.M)


def listed():
    """Returns what git would take into a commit; nothing where there is no git, or where it ignores all this."""
    try:
        return subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=source, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return []


def copy_tree(to):
    """Copies what git lists; if it lists nothing, all but the builds."""
    names = [name for name in listed() if (source / name).is_file()]
    if not names:
        shutil.copytree(source, to, ignore=lambda folder, names: [
            name for name in names if pathlib.Path(folder) == source and re.match(r"build|\.git$", name)])
    for name in names:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, to / name)


def build(work):
    for name in ("src", "out", "work"):
        (work / name).mkdir()
    copy_tree(work / "src/bulla")
    places = {"SRC": str(work / "src"), "OUT": str(work / "out"), "WORK": str(work / "work")}
    return tap.succeeds("build.sh builds", "bash", "-eu", work / "src/bulla/fuzz/oss-fuzz/build.sh",
                        env={**os.environ, **SETTINGS, **places}, cwd=work / "src/bulla")


def defines(build, root):
    """Returns {source: what its compiler's command defines}."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if file.is_relative_to(root) and file.relative_to(root).parts[0] in ("core", "store", "token"):
            found[str(file.relative_to(root))] = {
                word for word in shlex.split(entry["command"]) if word.startswith("-D")}
    return found


def check_defines(work):
    """Nothing may be defined that production does not know. That BoringSSL is linked, not loaded, is one definition
    less, and so are libc's checked copies, whose work sanitizers do; the one more changes nothing, as production.py
    proves."""
    fuzzed, plain = defines(work / "work/build", work / "src/bulla"), defines(production, source)
    different = {file: words ^ fuzzed.get(file, set()) for file, words in plain.items()}
    known = re.compile(r"-DBULLA_BORINGSSL_PATH=.*|-D_FORTIFY_SOURCE=[23]|-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION")
    unknown = {file: words for file, words in different.items()
               if any(not known.fullmatch(word) for word in words)}
    tap.check("the sources are compiled as for production",
              plain.keys() == fuzzed.keys() and plain and not unknown, f"{plain.keys() ^ fuzzed.keys()} {unknown}")


def libraries(program):
    """Returns {library: path} of what the loader takes for |program|."""
    listing = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    return dict(re.findall(r"^\s*(\S+)(?: => (\S+|not found))? \(0x", listing, re.M))


def root_folder(folder, runner):
    """Puts what a runner has into |folder|: the C library, the loader, and $OUT."""
    runner.rename(folder / "out")
    for program in targets():
        for name, path in libraries(folder / "out" / program).items():
            real = pathlib.Path(path or name)
            if real.exists() and re.fullmatch(GLIBC, real.name):
                there = folder / str(real).lstrip("/")
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(real, there)
    for name in ("tmp", "proc", "dev"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "dev/null").touch()
    (folder / "dev/urandom").write_bytes(os.urandom(4096))


def check_target(name, out):
    program = out / name
    if not tap.check(f"{name} is there, a program", program.is_file() and os.access(program, os.X_OK)):
        return
    seeds = {file.read_bytes() for file in (source / "fuzz/corpus" / name).iterdir()}
    with zipfile.ZipFile(out / f"{name}_seed_corpus.zip") as archive:
        packed = {archive.read(member) for member in archive.namelist()}
    tap.check(f"{name}: all seeds are packed", packed == seeds and seeds, len(packed))
    for kind in ("dict", "options"):
        ours, theirs = source / f"fuzz/{name}.{kind}", out / f"{name}.{kind}"
        if ours.exists():
            tap.check(f"{name}.{kind} is there", theirs.exists() and theirs.read_text() == ours.read_text())
    elsewhere = {library: path for library, path in libraries(program).items()
                 if path and not pathlib.Path(path).is_relative_to(out) and
                 not re.fullmatch(GLIBC, pathlib.Path(path).name)}
    tap.check(f"{name}: its libraries came along", not elsewhere, elsewhere)
    symbols = subprocess.run(["nm", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    for wanted in ("__asan_init", "LLVMFuzzerRunDriver", "LLVMFuzzerTestOneInput"):
        tap.check(f"{name} has {wanted}", re.search(rf" T {wanted}$", symbols, re.M))


# The loader finds out by /proc where the program lies.
ENTER = 'mount --rbind /proc "$1/proc" && exec chroot "$@"'


def check_runs(folder):
    """Runs the programs where they find nothing else. For that one must be root, be it in one's own name space."""
    own = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ENTER, "sh", str(folder)]
    real = ["unshare", "--mount", "sh", "-c", ENTER, "sh", str(folder)]
    ways = [way for way in (own, real)
            if subprocess.run([*way, "/none"], stderr=subprocess.DEVNULL, check=False).returncode == 127]
    if not ways:
        tap.skip("the programs where there is only the C library",
                 "neither root nor a user's name space is to be had")
        return
    enter = ways[0]
    for name in targets():
        seed = next((source / "fuzz/corpus" / name).iterdir())
        shutil.copy(seed, folder / "tmp/seed")
        run = subprocess.run([*enter, f"/out/{name}", "-runs=1", "/tmp/seed"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                             env={"PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0"}, check=False)
        tap.check(f"{name} runs where there is only the C library",
                  run.returncode == 0 and "Executed" in run.stdout, f"status {run.returncode}\n{run.stdout[-3000:]}")


if not shutil.which("clang"):
    tap.skip("the build for OSS-Fuzz", "clang is missing; ./dev fuzz installs it")
    tap.finish()
with tempfile.TemporaryDirectory() as temporary:
    place = pathlib.Path(temporary)
    place.chmod(0o755)
    if build(place):
        tap.check("the table has targets", len(targets()) >= 4, targets())
        for target in targets():
            check_target(target, place / "out")
        check_defines(place)
        # Away from where they were built, and what was built gone.
        shutil.rmtree(place / "src")
        shutil.rmtree(place / "work")
        (place / "runner").mkdir()
        root_folder(place / "runner", place / "out")
        check_runs(place / "runner")
tap.finish()
