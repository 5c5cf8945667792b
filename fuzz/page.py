#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Writes what docs/FUZZING.md says of each target, from the comment that the target's source begins with and, with
--figures, from the last run of `./dev fuzz all` and `./dev fuzz-coverage`.
Usage: page.py [--check | --figures], in the folder of the sources"""

import json
import pathlib
import re
import sys

PAGE = pathlib.Path("docs/FUZZING.md")
FORM = """the first comment behind the licence must have this form, with a blank line between its parts:
/* What is called: functions, or a header.
 *
 * Input: what the bytes are.
 *
 * Oracle: what the result is compared with. */"""
REPORT = pathlib.Path("build-fuzz/report")


def targets():
    table = re.search(r"^targets = \{\n(.*?)^\}", pathlib.Path("fuzz/meson.build").read_text(), re.M | re.S)
    return re.findall(r"^  '(\w+)':", table[1], re.M)


def comment(name):
    """Returns the paragraphs of the first comment behind the licence, each on one line."""
    before, _, _ = pathlib.Path(f"fuzz/{name}.c").read_text().partition("\n#include")
    body = re.search(r"^/\* (?!SPDX)(.*?)\*/", before, re.M | re.S)
    if body is None:
        sys.exit(f"fuzz/{name}.c: {FORM}")
    lines = [re.sub(r"^ \* ?", "", line).strip() for line in body[1].splitlines()]
    return [" ".join(paragraph.split("\n")) for paragraph in "\n".join(lines).strip().split("\n\n")]


def marked(text):
    """Marks names of functions and files as code."""
    return re.sub(r"(?<![\w`/(])((?:bulla|fuzz)_[a-z0-9_]+|(?:core|fuzz|store|cli|docs)/[\w/]+\.(?:[ch]|md))(?![\w`])",
                  r"`\1`", text)


def described():
    parts = []
    for name in targets():
        paragraphs = comment(name)
        parts.append(f"**`{name}`**: {marked(paragraphs[0])}")
        for paragraph in paragraphs[1:]:
            for part in re.split(r" (?=Oracle: )", paragraph):
                parts.append(marked(re.sub(r"^(Input|Oracle): ", r"*\1:* ", part)))
    return "\n\n".join(wrap(part) for part in parts)


def wrap(text, width=115):
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines)


def table(name, columns):
    """Returns the figures of the last run as a table of Markdown."""
    head, rows = json.loads((REPORT / f"{name}.json").read_text())
    rows = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row[:columns]] for row in rows]
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in [head[:columns], *rows]]
    lines.insert(1, "|---" + "|---:" * (columns - 1) + "|")
    return "\n".join(lines)


def replaced(page, mark, text):
    begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    if not after:
        sys.exit(f"{PAGE} has no place for {mark}")
    return f"{before}{begin}\n{text}\n\n{end}{after}"


def main():
    old = PAGE.read_text()
    page = replaced(old, "targets", described())
    if "--check" in sys.argv:
        if page != old:
            sys.exit(f"{PAGE} is not what the targets say: run python3 fuzz/page.py")
        return
    if "--figures" in sys.argv:
        page = replaced(page, "speed", table("fuzzing", 7))
        page = replaced(page, "coverage", table("coverage", 3))
        for name, image in ("fuzzing", "fuzzing"), ("coverage", "fuzz-coverage"):
            pathlib.Path(f"docs/img/{image}.svg").write_text((REPORT / f"{name}.svg").read_text())
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
