#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The lists of planted defects, and what it takes to plant one.

A list is text: '#' begins a comment, empty lines are nothing, and a defect is

    [the file that this and the next ones are planted in] the tests to try first, if not those named after it
    a name of its own: what it would mean for somebody who relies on bulla
    - the text to find, which must occur exactly once; how lines are broken and indented does not count
    + the text to put there

Lines that begin with '-' are one text of several lines, and so are those with '+'; without '+' the text goes."""

import dataclasses
import pathlib
import re


class Invalid(Exception):
    """A list that is not in the form, or a defect that does not fit the source."""


@dataclasses.dataclass
class Defect:
    name: str
    file: str
    first: list
    means: str
    find: str = ""
    replacement: str = ""


def read(path):
    """Returns the defects of one list."""
    defects, file, first = [], "", []
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        sign, text = line[:2].rstrip(), line[2:]
        if sign == "" or sign.startswith("#"):
            continue
        if sign == "-" and defects and not defects[-1].replacement:
            defects[-1].find += text + "\n"
        elif sign == "+" and defects and defects[-1].find:
            defects[-1].replacement += text + "\n"
        elif match := re.fullmatch(r"\[(\S+)\](.*)", line):
            file, first = match[1], match[2].split()
        elif match := file and re.fullmatch(r"([a-z0-9-]+): (.+)", line):
            defects.append(Defect(match[1], file, first, match[2]))
        else:
            raise Invalid(f"{path}:{number}: {line}")
    return defects


def plant(defect, text):
    """Returns |text| with |defect| in it."""
    found = list(re.finditer(r"\s+".join(map(re.escape, defect.find.split())), text))
    if len(found) != 1:
        raise Invalid(f"{defect.name}: what it looks for is in {defect.file} {len(found)} times, not once")
    return text[: found[0].start()] + defect.replacement.rstrip("\n") + text[found[0].end() :]


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
