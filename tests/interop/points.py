# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Octets of points and of agreed secrets: their number is fixed, and one library leaves leading zeros out."""

import base64

from cryptography.hazmat.primitives.asymmetric import ec

SIZES = {"P-256": 32, "P-384": 48, "P-521": 66}
CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def coordinates(jwk):
    """Returns the octets of the coordinates, and of the private key, on a curve where their number is fixed."""
    return [decoded(jwk[name]) for name in ("x", "y", "d") if name in jwk and jwk.get("crv") in SIZES]


def is_whole(jwk):
    """Returns whether no coordinate lacks an octet (RFC 7518 §6.2.1.2)."""
    return all(len(octets) == SIZES[jwk["crv"]] for octets in coordinates(jwk))


def begins_with_zero(jwk):
    """Returns whether a coordinate begins with a zero, be it left out."""
    return not is_whole(jwk) or any(octets[0] == 0 for octets in coordinates(jwk))


def agrees_on_zero(jwk, epk):
    """Returns whether the secret of |jwk| and |epk| begins with a zero; False where that is not rare: on P-521 every
    second does."""
    curve = CURVES.get(epk["crv"])
    if curve is None or jwk.get("crv") != epk["crv"]:
        return False
    x, y, d = (int.from_bytes(decoded(text), "big") for text in (epk["x"], epk["y"], jwk["d"]))
    public = ec.EllipticCurvePublicNumbers(x, y, curve).public_key()
    return ec.derive_private_key(d, curve).exchange(ec.ECDH(), public)[0] == 0
