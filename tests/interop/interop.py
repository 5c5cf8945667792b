#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""JWE and JWK to and from other libraries: every alg, curve, enc and form, in both directions.

What a library has not, or does otherwise than the RFCs, stands in holes.py with the reason, and is tried all the same:
that it still fails is what is checked. docs/INTEROP.md has the outcome as a table; --write writes it.

Usage: interop.py DRIVERS PAGE [--full] [--write] [--only PEER]. DRIVERS is the folder of the compiled drivers."""

import argparse
import dataclasses
import json
import pathlib
import sys

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent.parent))

import cases
import holes
import page
import peers
import points
import tap

PRIVATE = {"d", "p", "q", "dp", "dq", "qi"}
MOST_TRIES = 5000


def public(jwk):
    """Returns what the sender of a JWE has of the recipient's key."""
    return {name: value for name, value in jwk.items() if jwk["kty"] == "oct" or name not in PRIVATE}


def ephemeral(jwe):
    """Returns the public keys that a JWE brings."""
    if jwe.startswith("{"):
        members = json.loads(jwe)
        headers = [json.loads(points.decoded(members["protected"]))] if "protected" in members else []
        headers += [part["header"] for part in [members, *members.get("recipients", [])] if "header" in part]
    else:
        headers = [json.loads(points.decoded(jwe.split(".")[0]))]
    return [header["epk"] for header in headers if "epk" in header]


def fits(case, keys, jwe):
    """Returns whether points and secrets begin with zeros where |case| is about that, and only there."""
    found = ephemeral(jwe)
    if case.feature == cases.LEADING_ZERO:
        return any(points.begins_with_zero(epk) for epk in found)
    is_zero = any(points.agrees_on_zero(key, epk) for key in keys for epk in found if points.is_whole(epk))
    return all(points.is_whole(epk) for epk in found) and is_zero == (case.feature == cases.SECRET_ZERO)


class Exchange:
    """Exchanges JWEs with the libraries. Keys are made once."""

    def __init__(self, found):
        self.peers = found
        self.keys = {}

    def key(self, case, alg, curve, kid):
        """Returns a private JWK for a recipient of |case|, or the reason why not."""
        case = dataclasses.replace(case, alg=alg, curve=curve)
        maker = case.writer if case.feature == cases.WRITERS_KEY else holes.maker(case)
        # bulla writes into a key what it is for; those of others are for each alg of a kind.
        kind = case.alg if maker == "bulla" else case.alg[:4]
        which = (maker, kind, case.curve, case.key_bits, kid, case.enc if case.alg == "dir" else "")
        for _ in range(MOST_TRIES):
            if which in self.keys:
                break
            answer = self.peers.ask(maker, op="generate", alg=case.alg, enc=case.enc, crv=case.curve,
                                    bits=case.key_bits, kid=kid)
            if "why" in answer or points.is_whole(answer["jwk"]):
                self.keys[which] = answer
        return self.keys[which]

    def sealed(self, case, keys):
        """Returns the answer of the writer: a JWE whose points are as |case| has them."""
        algs = {"algs": [alg for alg, _, _ in case.recipients]} if case.others else {}
        for _ in range(MOST_TRIES):
            answer = self.peers.ask(case.writer, op="encrypt", **algs, keys=[public(key) for key in keys], alg=case.alg,
                                    enc=case.enc, form=case.form, payload=case.payload.hex(), aad=case.aad.hex(),
                                    apu=case.apu.hex(), apv=case.apv.hex(), kid=case.kid if len(keys) == 1 else "")
            if "why" in answer or fits(case, keys, answer["jwe"]):
                return answer
        return {"why": f"not in {MOST_TRIES} tries"}

    def compare_thumbprints(self, case, key):
        """Returns None if both sides name |key| the same, or what they say."""
        ours, theirs = (self.peers.ask(side, op="thumbprint", key=public(key)) for side in ("bulla", case.peer))
        return None if ours == theirs and "thumbprint" in ours else f"bulla: {ours}, {case.peer}: {theirs}"

    def run(self, case):
        """Returns None if all went well, or what did not."""
        made = [self.key(case, *recipient) for recipient in case.recipients]
        for key in made:
            if "why" in key:
                return f"no key: {key['why']}"
        keys = [key["jwk"] for key in made]
        if case.feature == cases.THUMBPRINT:
            return self.compare_thumbprints(case, keys[0])
        sealed = self.sealed(case, keys)
        if "why" in sealed:
            return f"{case.writer} does not encrypt: {sealed['why']}"
        for key, (alg, _, _) in zip(keys, case.recipients):
            opened = self.peers.ask(case.reader, op="decrypt", key=key, alg=alg, enc=case.enc, jwe=sealed["jwe"])
            if "why" in opened:
                return f"{case.reader} does not decrypt: {opened['why']}\n{sealed['jwe'][:2000]}"
            if opened["payload"] != case.payload.hex():
                return f"{case.reader} decrypts something else"
            if opened.get("aad", case.aad.hex()) != case.aad.hex():
                return f"{case.reader} has another aad: {opened['aad']}"
        return None


def try_all(exchange, which, known):
    """Checks each case of |which|; returns what was found, a hole or None by case. |known|: the version is that for
    which the holes were written, so that each must still be there."""
    found = {}
    for case in which:
        hole = holes.of(case)
        failure = exchange.run(case)
        if hole is None:
            tap.check(str(case), failure is None, failure)
        elif known:
            tap.check(f"{case}: not, {hole.why}", failure is not None, "it does: take the row from holes.py")
        elif failure is not None:
            tap.skip(str(case), hole.why)
        else:
            tap.check(str(case), True)
        found[case] = hole
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drivers", type=pathlib.Path)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--full", action="store_true", help="every size and RSA modulus with every algorithm")
    parser.add_argument("--write", action="store_true", help="write the page's tables")
    parser.add_argument("--only", choices=peers.PACKAGES, help="one library")
    options = parser.parse_args()

    found = peers.Peers(options.drivers)
    exchange = Exchange(found)
    outcome = {}
    tap.check("bulla's driver answers", "bulla" in found.versions, found.missing.get("bulla"))
    for peer in found.drivers if options.only is None else [options.only]:
        if peer != "bulla" and peer in found.versions and "bulla" in found.versions:
            known = found.versions[peer] == holes.VERSIONS[peer]
            which = dict.fromkeys([*cases.of_algorithms(peer, options.full), *cases.of_features(peer, options.full)])
            outcome |= try_all(exchange, which, known)
    for peer, why in found.missing.items():
        if peer != "bulla":
            print(f"interop: NOT TESTED: {why}", file=sys.stderr)
            tap.skip(peer, why)
    if options.only is None:
        page.check(options.page, outcome, found.versions, options.write)
    statuses = found.close()
    tap.check("bulla's driver ends well", statuses.get("bulla") == 0, statuses)
    tap.finish()


if __name__ == "__main__":
    main()
