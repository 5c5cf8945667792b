# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""docs/FORMAT-1.md once more, on top of tests/bulla_format.py: contexts, names and the log of format 1. Section
numbers are the document's."""

import hmac

from bulla_format import expand, number, prefixed


# §3

def context(label, uuid, *parts):
    return prefixed(b"bulla/v1/" + label, uuid, *parts)


# §4

def name_proof(key, *parts):
    """|parts| are the vault's uuid, the tenant's id, the entry's id or nothing, the name."""
    return hmac.digest(key, context(b"name", *parts), "sha256")


# §5

def ratchet(key):
    return expand(key, b"bulla/v1/audit-ratchet")


def record_mac(key, uuid, seq, previous, time, *texts):
    """|texts| are tenant, actor, origin, reason, op, entry, field, outcome."""
    message = prefixed(b"bulla/v1/audit", uuid, number(seq), previous, number(time), *texts)
    return hmac.digest(key, message, "sha256")


def head_tag(key, uuid, seq, mac):
    return hmac.digest(key, prefixed(b"bulla/v1/audit-head", uuid, number(seq), mac), "sha256")
