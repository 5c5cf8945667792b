#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Reads what the compiler made of core/vaes.c, and runs tests/ct/traced.c, which steps through it. Usage: traced.py
PROGRAM, which has core/vaes.c in it.

By reading: no gather and no scatter, nothing whose time depends on operands, no flag of a vector that a jump looks at,
and no way from a vector to a general register but for the verdict of who opens. By stepping: the same instructions and
the same general registers whatever the secrets are. And the latter must have come to most of what jumps or has an
address, so that what was read is what was run."""

import collections
import pathlib
import re
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.append(str(FOLDER.parent))
import tap  # noqa: E402 (it lies in the folder above)

SOURCE = "vaes.c"
OPEN = ("is_usable", "is_wide_enough", "version")  # they are given nothing
GENERAL = re.compile(r"%(?:[re]?(?:[abcd]x|[sd]i|[sb]p)|[abcd][lh]|(?:[sd]i|[sb]p)l|r\d+[dwb]?)$")
INDIRECT = re.compile(r"\*")
# What sets flags or a general register by what is in a vector or a mask.
OF_VECTORS = re.compile(r"v?p?(?:movmsk\w+|extr\w)$|v?ptest$|v?(?:movd|movq|extractps)$|v?u?comis\w|v?cvtt?s[sd]2u?si\w?|"
                        r"vtestp\w|k(?:or)?test\w|kmov\w|vpcmp[ei]str\w|v?pcmp[ei]str\w")
FLAGS_OF_VECTORS = re.compile(r"v?ptest$|vtestp\w|k(?:or)?test\w|v?u?comis\w|v?pcmp[ei]str\w")
FLAGS = re.compile(r"(?:cmp|test|add|sub|inc|dec|neg|and|or|xor|sh[lr]|sa[lr]|bt|adc|sbb|popcnt|[lt]zcnt|bs[fr]|"
                   r"imul|mul|bzhi|andn|bls\w+|bextr|ro[lr]|cmpxchg\w*|xadd)[bwlq]?$")
NEVER = re.compile(r"v?p?(?:gather|scatter)\w*|i?div[bwlq]?$|vpcompress\w+|vpexpand\w+|rep\w*|xlat\w*|call.*\*")
VERDICTS = 2  # ways from a vector to a general register in what opens: the verdict, and both halves of it at most

Instruction = collections.namedtuple("Instruction", "place name operands text")


def functions(program):
    """Returns the name, place and length of each function of SOURCE: of every time that it was compiled."""
    symbols = subprocess.run(["readelf", "-sW", program], check=True, stdout=subprocess.PIPE, text=True).stdout
    found, here = [], False
    for line in symbols.splitlines():
        words = line.split()
        if len(words) == 8 and words[3] == "FILE":
            here = words[7] == SOURCE
        elif here and len(words) == 8 and words[3] == "FUNC" and words[4] == "LOCAL" and words[7] not in OPEN:
            found.append((words[7], int(words[1], 16), int(words[2], 0)))
    return found


def disassemble(program, place, length):
    listing = subprocess.run(["objdump", "-dw", "--no-show-raw-insn", f"--start-address={place}",
                              f"--stop-address={place + length}", program], check=True, stdout=subprocess.PIPE,
                             text=True).stdout
    for line in listing.splitlines():
        if match := re.match(r"\s+([0-9a-f]+):\s+((?:notrack |rep[nz]* |lock |\{evex\} )*)(\S+)\s*([^#<]*)", line):
            operands = [word.strip() for word in re.split(r",(?![^(]*\))", match[4].strip()) if word.strip()]
            yield Instruction(int(match[1], 16), (match[2] + match[3]).strip(), operands, line.strip())


def is_padding(instruction):
    return re.search(r"\bnop|\bint3", instruction.text) is not None


def matters(instruction):
    """Says whether it jumps or has an address, so that it must be stepped through: some ends of functions are never."""
    return instruction.name.startswith("j") or ("(" in "".join(instruction.operands) and instruction.name != "lea")


def is_kept(code, index):
    """Says whether what goes to a general register came from one, which a compiler that was short of them kept in a
    vector: the last instruction that names the vector says so."""
    vector = re.sub(r"\D", "", code[index].operands[0])
    for before in reversed(code[:index]):
        if re.search(rf"%[xyz]mm{vector}\b", before.text) and not to_general(before):
            return (re.match(r"vmov[dq]$", before.name) is not None and GENERAL.match(before.operands[0]) is not None)
    return False


def to_general(instruction):
    """Says whether something goes from a vector or a mask to a general register or a flag."""
    if FLAGS_OF_VECTORS.match(instruction.name):
        return True
    return (OF_VECTORS.match(instruction.name) is not None and len(instruction.operands) > 1
            and GENERAL.match(instruction.operands[-1]) is not None)


def faults(name, code):
    """Says what must not be in one function."""
    num_verdicts, flags = 0, None
    for index, instruction in enumerate(code):
        if NEVER.match(instruction.name) or "*" in "".join(instruction.operands):
            yield f"{name}: {instruction.text}"
        if to_general(instruction) and not is_kept(code, index):
            num_verdicts += 1
            if num_verdicts > (VERDICTS if "open" in name else 0):
                yield f"{name}: a vector shows in a general register or a flag: {instruction.text}"
        if FLAGS.match(instruction.name) or FLAGS_OF_VECTORS.match(instruction.name):
            flags = instruction
        elif re.match(r"j(?!mp)", instruction.name) and (flags is None or FLAGS_OF_VECTORS.match(flags.name)):
            yield f"{name}: a jump by a vector: {instruction.text}"


def main(program):
    found = functions(program)
    with tempfile.NamedTemporaryFile("r") as places:
        run = subprocess.run([program, places.name], stdout=subprocess.PIPE, text=True)
        executed = {int(line, 16) for line in places.read().split()}
    for line in run.stdout.splitlines():
        if match := re.match(r"(not ok|ok) \d+ - (.*?)(?: # SKIP (.*))?$", line):
            tap.skip(match[2], match[3]) if match[3] else tap.check(match[2], match[1] == "ok")
        elif line.startswith("#"):
            print(line)
    tap.check("the stepping ends", run.returncode in (0, 1), f"exit status {run.returncode}")
    if not found:
        tap.skip("what was compiled of core/vaes.c is read", "there is no such engine in this build")
        tap.finish()
    bad, missed, jumps, total, reached = [], [], 0, 0, 0
    for name, place, length in found:
        code = [instruction for instruction in disassemble(program, place, length) if not is_padding(instruction)]
        bad += faults(name, code)
        jumps += sum(instruction.name.startswith("j") for instruction in code)
        total += sum(map(matters, code))
        reached += any(instruction.place in executed for instruction in code)
        missed += [f"{name}: {instruction.text}" for instruction in code
                   if instruction.place not in executed and matters(instruction)]
    tap.check("nothing goes from a vector to a jump, an address or a general register, but the verdict", not bad,
              "\n".join(bad))
    if "# SKIP" in run.stdout:
        tap.skip("four in five that jump or have an address were stepped through, and some of each function", "this processor has not all engines")
    else:
        # What loads a part of a vector has ways for lengths that do not come where it is inlined.
        tap.check("four in five that jump or have an address were stepped through, and some of each function",
                  len(missed) < total / 5 and reached == len(found), "\n".join(missed))
    print(f"# {len(found)} functions, {jumps} jumps; {total - len(missed)} of {total} that jump or have an address")
    tap.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
