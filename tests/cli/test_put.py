# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The options of put: masks, padding, dates, canaries, revisions, and secrets that are made up."""

import collections
import re

from command import run_tests, test


def put(box, *options, field="f", value="a value that is long", **more):
    return box.run("put", "acme/db", "--secret", field, *options, stdin=value.encode(), **more)


def shown(box):
    return {field["field"]: field["value"] for field in box.json("show", "acme/db")}


@test
def a_mask_is_what_was_asked_for_and_stays(box):
    for policy, mask in (("none", ""), ("fixed", "*" * 8), ("last4", "*" * 8 + "long")):
        put(box, "--mask", policy)
        assert shown(box) == {"f": mask}, policy
        put(box)
        assert shown(box) == {"f": mask}, policy
    put(box, "--mask", "all", status=2)


@test
def the_length_of_the_blob_is_that_of_the_bucket_unless_it_is_to_tell(box):
    def lengths():
        return box.sql("SELECT length(value) - 58, length(mask) - 58 FROM field ORDER BY revision DESC LIMIT 1")
    for value, options, length in (("v", (), 64), ("v" * 61, (), 128), ("v", ("--padding", "none"), 5),
                                   ("v" * 9, (), 13), ("v", ("--padding", "buckets"), 64)):
        put(box, *options, value=value)
        assert lengths() == [(length, 32)], lengths()


@test
def a_date_is_a_day_or_days_from_now_and_nothing_else(box):
    for good in ("2030-01-31", "+1d", "+36500d", "never"):
        put(box, "--expires", good)
    for bad in ("2030-02-30", "2030-1-31", "2030-01-31x", "+0d", "+90", "90d", "+-1d", "+36501d",
                "+99999999999999999999d", "1969-12-31", "Never"):
        put(box, "--expires", bad, status=2)
    box.run("put", "acme/db", "plain=1", "--expires", "+1d", status=2, told="are for secrets")


@test
def a_canary_is_listed_and_whoever_asks_for_it_is_told_that_it_is_not_there(box):
    put(box, "--canary", field="lure1")
    put(box, field="real1")
    assert shown(box)["lure1"] == shown(box)["real1"]
    told = []
    for field in ("lure1", "none1"):
        box.get("acme/db", field, status=3)
        told.append(box.errors.replace(field, "FIELD"))
        box.run("exec", "--env", f"V=acme/db:{field}", "--reason", "t", "--", "true", status=125)
        told.append(box.errors.replace(field, "FIELD"))
    assert told[:2] == told[2:], told
    outcomes = [record["outcome"] for record in box.log() if record["op"] == "use" and record["field"] == "lure1"]
    assert outcomes == ["canary"] * 2, outcomes
    put(box, field="lure1", value="another")
    box.get("acme/db", "lure1", status=3)


@test
def a_change_that_somebody_else_overtook_is_refused(box):
    put(box, "--if-revision", "1", status=2, told="another revision")
    put(box, "--new")
    put(box, "--new", status=2, told="already exists")
    put(box, "--if-revision", "0", status=2, told="already exists")
    put(box, "--if-revision", "1")
    put(box, "--if-revision", "1", status=2, told=("another revision", "it has revision 2"))
    put(box, "--if-revision", "2", "--new", status=2, told="exclude each other")
    assert [field["revision"] for field in box.json("show", "acme/db")] == [2]


@test
def what_is_made_up_has_its_form_is_new_each_time_and_is_not_printed(box):
    forms = {"": "[0-9A-Za-z]{32}", "=alnum:14": "[0-9A-Za-z]{14}", "=hex:64": "[0-9a-f]{64}",
             "=base64url:43": "[0-9A-Za-z_-]{43}", "=ascii:1024": "[!-~]{1024}"}
    for policy, form in forms.items():
        made = set()
        for _ in range(2):
            printed = box.run("put", "acme/db", "--generate", "f" + policy)
            value = box.get("acme/db", "f")
            assert re.fullmatch(form, value.decode()) and value not in printed, policy
            made.add(value)
        assert len(made) == 2
    for bad in ("f=alnum:13", "f=hex:19", "f=alnum:1025", "f=alnum:", "f=alnum:x", "f=words", "f=", "=alnum", "f=:20"):
        box.run("put", "acme/db", "--generate", bad, status=2)
    box.run("put", "acme/db", "f=1", "--generate", "f", status=2, told="given twice")


@test
def no_character_of_what_is_made_up_is_likelier_than_another(box):
    """Of 62 characters, those that a byte modulo 62 reaches once more would come 1.25 times as often as the others."""
    box.run("put", "acme/db", *(word for i in range(60) for word in ("--generate", f"f{i}=alnum:1024")))
    counts = collections.Counter()
    for i in range(60):
        counts.update(box.get("acme/db", f"f{i}"))
    total = sum(counts.values())
    chi_square = sum((counts[c] - total / 62) ** 2 / (total / 62) for c in
                     b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    assert total == 60 * 1024 and len(counts) == 62 and chi_square < 150, chi_square


run_tests()
