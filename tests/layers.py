#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Checks that arrows between the folders run one way, that the named folders have no circle inside, and that a
library's headers stay in the files that wrap it. Usage: layers.py BUILD FOLDER…

A module is X.c and X.h of one folder. An arrow is an include of another module's header, or the use of a symbol that
another module defines: nm(1) reads those from the object files of BUILD, whatever way a call is written."""

import collections
import fnmatch
import json
import pathlib
import re
import subprocess
import sys

# What each folder may use beside itself.
BELOW = {"core": (), "store": ("core",), "token": ("core",), "service": ("store", "token", "core"),
         "cli": ("service", "store", "token", "core")}
# Which files may include a library's headers, or what wraps them.
WRAPPED = {"openssl/": ("core/crypto*.c", "core/crypto_boringssl.h"), "core/crypto_boringssl.h": ("core/crypto_boringssl*.c",),
           "intel-ipsec-mb.h": (),
           "sqlite3.h": ("store/db_sqlite.c", "store/db_sqlite_vfs.c"),
           "libpq-fe.h": ("store/libpq.h",),
           "store/libpq.h": ("store/libpq.c", "store/db_postgres.c", "store/db_postgres_connect.c", "store/db_postgres_dump.c",
                             "store/db_postgres_io.c")}

root = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)', re.MULTILINE)


def module(path):
    """Returns folder/name of a source or header, or None if it is of no folder here."""
    folder, _, name = path.partition("/")
    return f"{folder}/{name.rsplit('.', 1)[0]}" if folder in BELOW else None


def includes(arrows, faults):
    for path in sorted(file for folder in BELOW for file in (root / folder).glob("*.[ch]")):
        name = str(path.relative_to(root))
        for header in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if module(header):
                arrows[module(name)].setdefault(module(header), f"{name} includes {header}")
            public = re.fullmatch(r"bulla/(\w+)\.h", header)
            layer = public and {"jose": "core"}.get(public[1], public[1])
            if public and layer not in (name.split("/")[0], *BELOW[name.split("/")[0]]):
                faults.append(f"{name} includes {header}")
            for library, files in WRAPPED.items():
                if header.startswith(library) and not any(fnmatch.fnmatch(name, file) for file in files):
                    faults.append(f"{name} includes {header}, which is for {' '.join(files)} alone")


def symbols(build, arrows):
    users, homes = [], {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        source = (build / entry["file"]).resolve()
        home = module(str(source.relative_to(root))) if root in source.parents else None
        if home is not None:
            read = subprocess.run(["nm", "-g", "-P", build / entry["output"]], check=True, stdout=subprocess.PIPE,
                                  text=True)
            for name, kind in (line.split()[:2] for line in read.stdout.splitlines()):
                if kind in "Uvw":
                    users.append((home, name))
                else:
                    homes[name] = home
    for user, name in users:
        if homes.get(name, user) != user:
            arrows[user].setdefault(homes[name], f"{user} uses {name} of {homes[name]}")
    return len(homes)


def circle(arrows, start):
    """Returns the shortest way from |start| back to it, or None."""
    ways = collections.deque([[start]])
    seen = set()
    while ways:
        way = ways.popleft()
        for to in arrows.get(way[-1], ()):
            if to == start:
                return way + [to]
            if to not in seen and to.split("/")[0] == start.split("/")[0]:
                seen.add(to)
                ways.append(way + [to])
    return None


def main(build, folders):
    arrows, faults = collections.defaultdict(dict), []
    includes(arrows, faults)
    if symbols(build, arrows) < 100:
        faults.append(f"{build} has hardly any object files: build it first")
    for user in list(arrows):
        arrows[user].pop(user, None)
        for to, why in arrows[user].items():
            here, there = user.split("/")[0], to.split("/")[0]
            if here != there and there not in BELOW[here]:
                faults.append(f"{here} must not know {there}: {why}")
    told = set()
    for start in sorted(arrows):
        way = circle(arrows, start) if start.split("/")[0] in folders and start not in told else None
        if way:
            told.update(way)
            faults.append("a circle:\n" + "\n".join(f"  {arrows[a][b]}" for a, b in zip(way, way[1:])))
    for fault in faults:
        print(f"layers: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]))
