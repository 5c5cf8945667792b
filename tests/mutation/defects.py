#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The lists of planted defects, and what it takes to plant one.

A list is text: '#' begins a comment, an empty line ends a defect, and a defect is

    defect: a name of its own
    file: the file that it is planted in
    means: what it would mean for somebody who relies on bulla
    first: the tests to try first, if not those named after the file
    explained: why it may survive, if it does
    - the text to find, which must occur exactly once; how lines are broken and indented does not count
    + the text to put there

Lines that begin with '-' are one text of several lines, and so are those with '+'; without '+' the text goes."""

import dataclasses
import pathlib
import re

FIELDS = ("defect", "file", "means", "first", "explained")


class Invalid(Exception):
    """A list that is not in the form, or a defect that does not fit the source."""


@dataclasses.dataclass
class Defect:
    name: str
    file: str
    means: str
    first: list
    explained: str
    find: str
    replacement: str


def _parse(block, where):
    fields, find, replacement = {}, [], []
    for line in block:
        name, colon, text = line.partition(": ")
        if line[:2] in ("- ", "-"):
            find.append(line[2:])
        elif line[:2] in ("+ ", "+"):
            replacement.append(line[2:])
        elif colon and name in FIELDS and name not in fields:
            fields[name] = text.strip()
        else:
            raise Invalid(f"{where}: {line}")
    if not find or not all(fields.get(name) for name in FIELDS[:3]):
        raise Invalid(f"{where}: needs {', '.join(FIELDS[:3])} and a text to find")
    return Defect(fields["defect"], fields["file"], fields["means"], fields.get("first", "").split(),
                  fields.get("explained", ""), "\n".join(find), "\n".join(replacement))


def read(path):
    """Returns the defects of one list."""
    defects, block = [], []
    for number, line in enumerate([*pathlib.Path(path).read_text().splitlines(), ""], 1):
        if line.startswith("#"):
            continue
        if line.strip():
            block.append(line)
        elif block:
            defects.append(_parse(block, f"{path}:{number - len(block)}"))
            block = []
    return defects


def plant(defect, text):
    """Returns |text| with |defect| in it."""
    found = list(re.finditer(r"\s+".join(map(re.escape, defect.find.split())), text))
    if len(found) != 1:
        raise Invalid(f"{defect.name}: what it looks for is in {defect.file} {len(found)} times, not once")
    return text[: found[0].start()] + defect.replacement + text[found[0].end() :]


def problems(defects, root):
    """Says what is wrong with |defects| and the sources below |root|, a line each."""
    found, names = [], set()
    for defect in defects:
        if defect.name in names:
            found.append(f"{defect.name}: there are two of this name")
        names.add(defect.name)
        try:
            plant(defect, (root / defect.file).read_text())
        except (Invalid, OSError) as error:
            found.append(str(error))
    return found
