# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What other libraries do not do, and why: the first row that matches a case counts."""

import dataclasses
import fnmatch

# For which versions the rows were written. Others may have fewer holes.
VERSIONS = {"cjose": "0.6.2.1", "rhonabwy": "1.1.11", "latchset": "11", "jwcrypto": "1.1", "panva": "4.11.4",
            "webcrypto": "20"}


@dataclasses.dataclass(frozen=True)
class Hole:
    """Cases of |peer| whose fields match all of |where|, patterns with | between them."""
    peer: str
    why: str
    where: dict


def hole(peer, why, **where):
    return Hole(peer, why, where)


ONE_IS_FLATTENED = "writes one recipient only in the flattened form"
ENCRYPTED = "|[!t]*"  # every feature but the thumbprint
NO_OAEP = "has no RSA-OAEP as Debian builds it: `jose alg` does not list it"
ALONE = "dir|ECDH-ES"  # has no "encrypted_key"

ROWS = [
    hole("cjose", "has no thumbprints", feature="thumbprint*"),
    hole("cjose", "has no AES-GCM key wrap", alg="A*GCMKW"),
    hole("cjose", "has `ECDH-ES` only without key wrap", alg="ECDH-ES+*"),
    hole("cjose", "has no X25519", curve="X25519"),
    hole("cjose", "has no `RSA-OAEP-256`", alg="RSA-OAEP-256"),
    hole("cjose", "has no `aad`", feature="aad"),
    hole("cjose", ONE_IS_FLATTENED, alg=ALONE, form="general", direction="writes"),
    hole("cjose", "reads the JSON forms of `dir` and `ECDH-ES` only with an empty `encrypted_key`, which RFC 7516 "
         "§7.2.1 leaves out", alg=ALONE, form="flattened|general", direction="reads"),
    hole("cjose", "refuses an empty `ciphertext` in the JSON forms", enc="A???GCM", form="flattened|general",
         feature="empty", direction="reads"),

    hole("rhonabwy", "has no `ECDH-ES` on P-521", curve="P-521", feature=ENCRYPTED),
    hole("rhonabwy", "makes X25519 keys whose public half is not that of the private one, and does not read them "
         "itself: in the other rows its keys are made by bulla", curve="X25519", feature="key of the writer's making",
         direction="writes"),
    hole("rhonabwy", "writes no `alg` in the flattened form of `dir`", alg="dir", form="flattened", direction="writes"),
    hole("rhonabwy", "encrypts the general form of `dir` with another key than the shared one", alg="dir",
         form="general", direction="writes"),
    hole("rhonabwy", "has no general form of `ECDH-ES`", alg="ECDH-ES", form="general", direction="writes"),
    hole("rhonabwy", "reads the general form only with an `encrypted_key` for each recipient", alg=ALONE,
         form="general", direction="reads"),
    hole("rhonabwy", "derives no keys of more than 32 bytes: it has one round of RFC 7518's Concat KDF", alg="ECDH-ES",
         enc="A192CBC-HS384|A256CBC-HS512"),
    hole("rhonabwy", "refuses an empty plaintext", feature="empty"),
    hole("rhonabwy", "neither writes nor removes the padding of whole blocks (RFC 7518 §5.2.2.1)",
         enc="*CBC-HS*", feature="16 bytes|64 KiB"),
    hole("rhonabwy", "leaves leading zeros of coordinates out (RFC 7518 §6.2.1.2), which bulla refuses",
         feature="coordinate that begins with zero", direction="writes"),
    hole("rhonabwy", "leaves leading zeros of the agreed secret out (RFC 7518 §4.6.2, SP 800-56A §5.7.1.2): one in 256 "
         "does not open elsewhere", feature="agreed secret that begins with zero"),

    hole("latchset", "has no X25519", curve="X25519"),
    hole("latchset", NO_OAEP, alg="RSA-OAEP*", feature=ENCRYPTED),
    hole("latchset", NO_OAEP, alg="A256KW", feature="recipients of different algs"),
    hole("latchset", ONE_IS_FLATTENED, alg=ALONE, form="general", direction="writes"),
    hole("latchset", "authenticates with AES-GCM as many bytes of `aad` as `protected` has", enc="A???GCM",
         feature="aad"),

    hole("jwcrypto", ONE_IS_FLATTENED, alg=ALONE, form="general", direction="writes"),
    hole("jwcrypto", "refuses an empty plaintext", feature="empty", direction="reads"),
]


def maker(case):
    """Returns who makes the reader's key: the reader, unless its keys are wrong, or take long to make."""
    is_wrong = case.reader == "rhonabwy" and case.curve == "X25519"
    return "bulla" if is_wrong or case.bits > 2048 else case.reader


def matches(case, row):
    return case.peer == row.peer and all(
        any(fnmatch.fnmatchcase(getattr(case, field), pattern) for pattern in patterns.split("|"))
        for field, patterns in row.where.items())


def of(case):
    """Returns the row for |case|, or None."""
    return next((row for row in ROWS if matches(case, row)), None)
