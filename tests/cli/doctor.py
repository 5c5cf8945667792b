# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What doctor finds, for the tests of both back ends."""

import json

PROBLEM = 5  # its exit status


def examine(box, status=0, args=(), **options):
    """Returns what doctor finds as {what: (verdict, value, remedy)}."""
    printed = json.loads(box.run("doctor", "--json", *args, status=status, **options))
    found = {each["what"]: (each["verdict"], each["value"], each["remedy"]) for each in printed}
    assert len(found) == len(printed), printed
    problems = sum(each[0] == "problem" for each in found.values())
    said = "1 problem: what to do is said beside it" if problems == 1 else f"{problems} problems: what to do is said beside each"
    assert (f"bulla: doctor: {said}\n" if problems else "") == box.errors, box.errors
    for verdict, _, remedy in found.values():
        assert verdict in ("ok", "warning", "problem") and (remedy is None) == (verdict == "ok"), printed
    return found


# What nobody has done yet for a vault that was just made: warnings.
NEW = {"recovery", "last anchor", "last backup"}


def only(box, what, verdict, *words, besides=(), **options):
    """Nothing but |what| is found, which is a |verdict| with these |words|, and what is in |besides| or NEW."""
    found = examine(box, status=PROBLEM if verdict == "problem" else 0, **options)
    assert {name for name, each in found.items() if each[0] != "ok"} - set(besides) - NEW == {what}, found
    text = " ".join(found[what][1:])
    assert found[what][0] == verdict and all(word in text for word in words), found[what]
