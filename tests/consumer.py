#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Builds and runs the project in tests/consumer in all the ways in which a project may take bulla: as a subproject and
installed, static and shared. Everything happens in a temporary folder. Usage: run.py BULLA_SOURCE_FOLDER"""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

import tap

source = pathlib.Path(sys.argv[1])
consumer = source / "tests" / "consumer"


def run(name, folder, environment):
    """Runs the consumer in |folder| with an empty folder for its vault."""
    with tempfile.TemporaryDirectory() as vault:
        tap.succeeds(name, folder / "consumer", vault, env=environment)


def linked(folder):
    """Returns the names of the shared libraries that the consumer in |folder| asks for."""
    listing = subprocess.run(["readelf", "-d", folder / "consumer"], check=True, stdout=subprocess.PIPE, text=True)
    return [line for line in listing.stdout.splitlines() if "(NEEDED)" in line]


def optimisation(folder, source):
    """Returns the options -O with which a file whose name ends in |source| is compiled in |folder|."""
    commands = json.loads((folder / "compile_commands.json").read_text())
    return [word for entry in commands if entry["file"].endswith(source) for word in shlex.split(entry["command"])
            if word.startswith("-O")]


def build(kind, project, folder, environment, *options):
    """Builds |project| in |folder| and runs it; |kind|, static or shared, is how it must take bulla."""
    name = folder.name
    if tap.succeeds(f"{name}: set up", "meson", "setup", folder, project, *options, env=environment):
        if tap.succeeds(f"{name}: build", "ninja", "-C", folder, env=environment):
            needed = linked(folder)
            tap.check(f"{name}: {kind}", (kind == "shared") == any("libbulla.so.0" in line for line in needed), needed)
            run(f"{name}: run", folder, environment)


def compiles(name, folder, environment, command):
    """Runs |command|, a line of shell in which $0 is the folder of the consumer's sources, in |folder|."""
    folder.mkdir(exist_ok=True)
    return tap.succeeds(name, "sh", "-ec", command, consumer, cwd=folder, env=environment)


def with_plugins(folder, environment):
    """Copies of bulla in one process: the archive in the program, the library or the archive in its plugins."""
    compiled = compiles("plugins: build", folder, environment, """
      archive="$(pkg-config --variable=libdir bulla)/libbulla.a $(pkg-config --static --libs bulla | sed 's/-lbulla //')"
      cflags="$(pkg-config --cflags bulla) -fPIC"
      cc $cflags -shared -Dmain=consume "$0/main.c" $(pkg-config --libs bulla) -o shared.so
      for name in static another; do
        cc $cflags -shared -Dmain=consume "$0/main.c" $archive -o $name.so
      done
      cc $cflags "$0/host.c" $archive -ldl -o host
      cc $cflags -rdynamic "$0/host.c" $archive -ldl -o exporting-host""")
    for host in ("host", "exporting-host"):
        for plugins in (("shared",), ("static",), ("shared", "static", "another"), ("another", "static", "shared")):
            with tempfile.TemporaryDirectory() as vaults:
                arguments = []
                for plugin in plugins:
                    vault = pathlib.Path(vaults, plugin)
                    vault.mkdir()
                    arguments += [folder / f"{plugin}.so", vault]
                if compiled:
                    tap.succeeds(f"{host} with plugins {', '.join(plugins)}: run", folder / host, *arguments,
                                 env=environment)


def throwing(folder, environment):
    """Callbacks in C++ that throw through the library and through the archive."""
    compiled = compiles("throws: build", folder, environment, """
      set -- -std=c++17 -pthread "$0/throws.cc" $(pkg-config --cflags bulla)
      c++ "$@" $(pkg-config --libs bulla) -o shared
      c++ "$@" "$(pkg-config --variable=libdir bulla)/libbulla.a" \
        $(pkg-config --static --libs bulla | sed 's/-lbulla //') -o static""")
    for name in ("shared", "static"):
        if compiled:
            tap.succeeds(f"throws, {name}: run", folder / name, env=environment)


def sanitized(folder, environment):
    """A program under AddressSanitizer takes the library as it is, also where it has OpenSSL."""
    for name, more in (("asan", ""), ("asan-openssl", "-Wl,--no-as-needed -lcrypto")):
        command = f'cc -g -fsanitize=address "$0/main.c" $(pkg-config --cflags --libs bulla) {more} -o {name}'
        if compiles(f"{name}: build", folder, environment, command):
            with tempfile.TemporaryDirectory() as vault:
                tap.succeeds(f"{name}: run", folder / name, vault, env=environment)


with tempfile.TemporaryDirectory(prefix="bulla-consumer-") as temporary:
    there = pathlib.Path(temporary)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MESON")}

    project = there / "project"
    shutil.copytree(consumer, project)
    (project / "subprojects").mkdir()
    (project / "subprojects" / "bulla").symlink_to(source)
    for kind in ("static", "shared"):
        build(kind, project, there / f"subproject-{kind}", plain, f"-Ddefault_library={kind}")
    options = {name: optimisation(there / "subproject-static", name) for name in ("/core/aead.c", "main.c")}
    tap.check("a subproject is optimised though the project is not",
              options == {"/core/aead.c": ["-O2"], "main.c": ["-O0"]}, options)
    built = {path.name for path in (there / "subproject-shared" / "subprojects" / "bulla").iterdir()}
    tap.check("a subproject builds neither command nor tests", not built & {"cli", "tests", "fuzz", "bench"}, built)

    prefix = there / "prefix"
    library = there / "library"
    features = [f"-D{feature}=disabled" for feature in ("cli", "tests", "bench")]
    if tap.succeeds("library: set up", "meson", "setup", library, source, f"--prefix={prefix}", "--libdir=lib",
                    "--buildtype=release", "-Ddefault_library=both", *features, env=plain):
        tap.succeeds("library: install", "meson", "install", "-C", library, env=plain)
        found = {**plain, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig"), "LD_LIBRARY_PATH": str(prefix / "lib")}
        for kind in ("static", "shared"):
            prefer = f"-Dprefer_static={'true' if kind == 'static' else 'false'}"
            build(kind, consumer, there / f"installed-{kind}", found, prefer, "--wrap-mode=nofallback")
        with_plugins(there / "plugins", found)
        throwing(there / "throwing", found)
        sanitized(there / "sanitized", found)
        by_hand = there / "by-hand"
        by_hand.mkdir()
        command = 'cc "$0" $(pkg-config --cflags --libs bulla) -o consumer'
        if tap.succeeds(f"by-hand: {command}", "sh", "-c", command, consumer / "main.c", cwd=by_hand, env=found):
            run("by-hand: run", by_hand, found)
tap.finish()
