# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What is exchanged: every alg, curve, enc and form of bulla in both directions, and some contents beside."""

import dataclasses
import hashlib

ENCS = {"A128GCM": 128, "A192GCM": 192, "A256GCM": 256,
        "A128CBC-HS256": 256, "A192CBC-HS384": 384, "A256CBC-HS512": 512}
CURVES = ("P-256", "P-384", "P-521", "X25519")
SYMMETRIC = ("dir", "A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW")
AGREED = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")
RSA = ("RSA-OAEP", "RSA-OAEP-256")
ROWS = ([(alg, "") for alg in SYMMETRIC] + [(alg, curve) for alg in AGREED for curve in CURVES] +
        [(alg, "") for alg in RSA])
FORMS = ("compact", "flattened", "general")
# "reads": the peer, with a key that it made, reads what bulla wrote; "writes": bulla reads, with a key of its making.
DIRECTIONS = ("reads", "writes")
SIZES = {"empty": 0, "1 byte": 1, "16 bytes": 16, "64 KiB": 65536}
# What is special of a case.
WRITERS_KEY = "key of the writer's making"
LEADING_ZERO = "coordinate that begins with zero"
THUMBPRINT = "thumbprint (RFC 7638)"
DIFFERENT = "recipients of different algs"
SECRET_ZERO = "agreed secret that begins with zero"


@dataclasses.dataclass(frozen=True)
class Case:
    """One JWE from one side to the other. |feature| names what is special of it, if anything is. |others| are the alg
    and the curve of each recipient after the first, if they are of another alg."""
    peer: str
    direction: str
    alg: str
    curve: str
    enc: str
    form: str
    feature: str = ""
    size: int = 233
    bits: int = 2048
    aad: bytes = b""
    apu: bytes = b""
    apv: bytes = b""
    kid: str = "one"
    others: tuple = ()

    def __str__(self):
        words = [self.peer, self.direction, self.alg, self.curve, *sum(self.others, ()), self.enc, self.form,
                 self.feature]
        return " ".join(word for word in words if word)

    @property
    def reader(self):
        return self.peer if self.direction == "reads" else "bulla"

    @property
    def writer(self):
        return "bulla" if self.direction == "reads" else self.peer

    @property
    def recipients(self):
        """Each recipient's alg, curve and kid: the general form has two where the alg has (RFC 7516 §5.1)."""
        several = self.form == "general" and self.alg not in ("dir", "ECDH-ES")
        others = self.others or (((self.alg, self.curve),) if several else ())
        return [(self.alg, self.curve, self.kid), *((alg, curve, "two") for alg, curve in others)]

    @property
    def key_bits(self):
        if self.alg in RSA:
            return self.bits
        return ENCS[self.enc] if self.alg == "dir" else 0 if self.alg in AGREED else int(self.alg[1:4])

    @property
    def payload(self):
        """Bytes of all values, the same in each run."""
        return hashlib.shake_128(str(self).encode()).digest(self.size)


def of_algorithms(peer, full):
    """Yields a case for each alg, curve, enc, form and direction; |full|: also for longer RSA keys and other sizes."""
    for alg, curve in ROWS:
        for enc in ENCS:
            for form in FORMS:
                for direction in DIRECTIONS:
                    case = Case(peer, direction, alg, curve, enc, form)
                    yield case
                    if not full:
                        continue
                    for name, size in SIZES.items():
                        yield dataclasses.replace(case, feature=name, size=size)
                    for bits in (3072, 4096) if alg in RSA else ():
                        yield dataclasses.replace(case, feature=f"{bits} bits", bits=bits)


def of_features(peer, full):
    """Yields cases of other contents and keys, each of some algorithms; |full|: also those that take long to find."""
    for direction in DIRECTIONS:
        for enc in ENCS:
            for name, size in SIZES.items():
                for form in FORMS if size == 0 else FORMS[:1]:
                    yield Case(peer, direction, "A256KW", "", enc, form, feature=name, size=size)
        for form in FORMS[1:]:
            for enc in "A256GCM", "A128CBC-HS256":
                yield Case(peer, direction, "A256KW", "", enc, form, feature="aad", aad=bytes(range(100)))
        for curve in CURVES:
            for alg in "ECDH-ES", "ECDH-ES+A256KW":
                yield Case(peer, direction, alg, curve, "A256GCM", "compact", feature="apu and apv",
                           apu=b"Alice \xff\x00", apv="Боб".encode())
                yield Case(peer, direction, alg, curve, "A128CBC-HS256", "compact", feature="apu and apv", apv=b"Bob")
        for form in FORMS:
            yield Case(peer, direction, "A256KW", "", "A256GCM", form, feature="kid beyond ASCII",
                       kid='ключ № 1, "€" \\ \U0001f511')
        for alg, curve in ROWS:
            yield Case(peer, direction, alg, curve, "A256GCM", "compact", feature=WRITERS_KEY)
        for alg, curve in (("A256KW", ""), ("RSA-OAEP", ""), *(("ECDH-ES", curve) for curve in CURVES)):
            yield Case(peer, direction, alg, curve, "A256GCM", "compact", feature=THUMBPRINT)
        for alg, other in (("A256KW", ("RSA-OAEP", "")), ("A128GCMKW", ("ECDH-ES+A256KW", "P-256"))):
            for enc in "A256GCM", "A128CBC-HS256":
                yield Case(peer, direction, alg, "", enc, "general", feature=DIFFERENT, others=(other,))
        if direction == "reads" or peer == "rhonabwy" or full:
            for name in LEADING_ZERO, SECRET_ZERO:
                yield Case(peer, direction, "ECDH-ES", "P-256", "A256GCM", "compact", feature=name)
        for alg, bits in zip(RSA, (3072, 4096)):
            yield Case(peer, direction, alg, "", "A256GCM", "compact", feature="RSA of 3072 and 4096 bits", bits=bits)
