#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Runs the constant-time check and its canaries, and compares its table with the headers. A program that was built
with MemorySanitizer runs by itself, any other under valgrind. Usage: run.py PROGRAM SOURCE_FOLDER"""

import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.append(str(FOLDER.parent))
import tap  # noqa: E402 (it lies in the folder above)

FOUND = 99  # exit status when valgrind or MemorySanitizer has found something

# What touches no secret, by header. A function is in the table of tests/ct/calls_*.c or here, or the check fails.
NO_SECRET = {
    "bulla/core.h": """bulla_version bulla_status_text bulla_status_name bulla_status_class bulla_text bulla_memory_init bulla_engine_choose bulla_engine_name
        bulla_engine_version
        bulla_key_id bulla_key_suite bulla_sealed_len bulla_ring_new bulla_ring_find bulla_blob_parse
        bulla_blob_write bulla_blob_text_len bulla_blob_to_text bulla_blob_from_text bulla_triple_len
        bulla_triple_check bulla_log_set bulla_span bulla_buffer bulla_written bulla_box_key_id
        bulla_box_key_public bulla_signing_key_public bulla_verify""",
    # Names, headers, lengths, and public halves of keys.
    "bulla/jose.h": """bulla_jwe_alg_name bulla_jwe_alg_named bulla_jwe_enc_name bulla_jwe_enc_named bulla_jwe_header_text
        bulla_jwe_inspect bulla_jwe_inspect_header bulla_jwe_len bulla_jwe_len_for bulla_jwk_has_private bulla_jwk_kid
        bulla_jwk_set_at bulla_jwk_set_find bulla_jwk_write_public""",
    # A revocation by jti or key id and the generation are looked up by what is public.
    # Of a secret that is opened it is looked whether a newline ends it.
    # An upgrade happens once in the life of a vault, and opens and seals by what is checked of the others.
    "bulla/store.h": """bulla_vault_upgrade bulla_vault_generation bulla_vault_apikey_live bulla_vault_id bulla_vault_fingerprint
        bulla_vault_examine bulla_secret_open bulla_role_name bulla_vault_directory""",
    # Claims of an authentic token count as public: docs/THREATS.md, "Timing".
    "bulla/token.h": """bulla_apikey_id bulla_claims_permit bulla_claims_session_end bulla_claims_next_perm
        bulla_claims_attr_text bulla_claims_attr_int bulla_claims_attr_bool bulla_claims_attr_json bulla_claims_own_text
        bulla_claims_own_int bulla_claims_own_bool bulla_claims_own_json bulla_build_object bulla_build_array
        bulla_build_text bulla_build_int bulla_build_bool bulla_build_texts bulla_build_item bulla_built
        bulla_token_inspect""",
    # What it calls of the other two is checked there.
    "bulla/service.h": """bulla_vault_verifier_new bulla_vault_apikey_create bulla_vault_apikey_jwk
        bulla_vault_session_revoke""",
    # scrypt's memory accesses depend on the passphrase by design (RFC 7914 §13): it is named, and not checked.
    # Whoever verifies a signature has nothing secret.
    "core/crypto.h": "bulla_scrypt bulla_ed25519_verify",
    "core/signature.h": "bulla_signature_verify",
    # What it clears, it does not look at, and whether BoringSSL did its work is told to the caller.
    "core/crypto_boringssl.h": "bulla_boringssl_need bulla_boringssl_succeeded",
    # Primes are drawn until one is good, by rejection: what is drawn counts as secret once it is a key.
    "core/crypto_keys.h": "bulla_curve_check bulla_curve_len bulla_point_len bulla_rsa_check_public bulla_rsa_generate",
    "core/der.h": "bulla_oid_curve",
    # Public halves, names, purposes, and places in the text.
    "core/jwk.h": "bulla_jwk_public_point bulla_jwk_put_point bulla_jwk_is_here",
    "core/jwk_members.h": "bulla_jwk_has bulla_jwk_member bulla_jwk_read_members",
    "core/jwk_parts.h": """bulla_curve_name bulla_curve_type bulla_jwk_kind bulla_jwk_kind_at bulla_jwk_open_part
        bulla_jwk_put_key_ops bulla_jwk_read_key_ops bulla_jwk_read_use bulla_jwk_set_purposes""",
    "core/jwe_header.h": "*",
    "core/jwe_key.h": "bulla_jwe_key_is_here",
    "core/jwe_len.h": "bulla_jwe_take_options",
    "core/jwe_message.h": "*",
    "core/jwe_table.h": "bulla_jwe_algorithm bulla_jwe_encryption",
    # Headers and contexts.
    "core/blob.h": "bulla_blob_fits bulla_blob_begin bulla_blob_bound_to bulla_boxed_for",
    # Which engine there is. Additional data is public.
    "core/engine.h": "bulla_engine_for",
    "core/aad.h": "*",
    "core/base64url.h": """bulla_base64url_encoded_len bulla_base64url_decoded_len bulla_base64url_encode
        bulla_base64url_decode bulla_base64url_decode_two bulla_base64_without_padding""",
    "core/base64url_variants.h": "bulla_base64url_variants",
    "core/cursor.h": """bulla_reader bulla_take_until bulla_span_equal bulla_without_newline bulla_writer bulla_give bulla_put_be
        bulla_take_number bulla_take_prefixed bulla_put_number""",
    # JSON is headers of tokens, and claims.
    "core/json*.h": "*",
    "core/digits.h": "*",
    "core/places.h": "*",
    "core/jwe_compact.h": """bulla_jwe_split bulla_jwe_read_header bulla_jwe_compact_len
        bulla_jwe_payload_offset""",
    "core/key.h": "bulla_blob_header",
    "core/seal_count.h": "bulla_seal_count_start bulla_count_seal bulla_count_seals",
    # What is hashed for a place in a table: key ids, headers, digests of revoked tokens.
    "core/keyed_hash.h": "bulla_keyed_hash",
    "core/log.h": "bulla_explain bulla_warn bulla_log_name",
    "core/lock.h": "bulla_lock bulla_unlock bulla_hold_cancel bulla_allow_cancel",
    "core/nonce.h": "bulla_nonce_mixed bulla_fresh_word",
    # What it clears, it does not look at. What is hidden is a number like others.
    "core/mask.h": "bulla_unknown_zero bulla_mask",
    "core/scrub.h": "bulla_scrub_below bulla_scrub",
    "core/shard.h": "bulla_my_shard",
    # Whole structures of callers: none holds a secret, some point to one.
    "core/sized.h": "bulla_sized_take bulla_sized_read bulla_sized_give bulla_sized_clear bulla_sized_is_zero",
    "core/slab.h": "bulla_fork_epoch bulla_slab_usage",
    "core/symbol.h": "bulla_symbol",
}

DECLARED = re.compile(r"^(?!#|typedef)[A-Za-z_][^;{}=()]*?\b(bulla_\w+)\(", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
ATTRIBUTE = re.compile(r"^__attribute__\(\(\w+\)\) ", re.MULTILINE)


def headers(source):
    """Returns the functions that each public header declares, each of core/, and each other one with a key in text."""
    found = {}
    for folder, pattern in ((source / "include", "bulla/*.h"), (source, "core/*.h"),
                            (source, "store/actor_*.h"), (source, "store/wrapper_text.h")):
        for path in sorted(folder.glob(pattern)):
            text = ATTRIBUTE.sub("", COMMENT.sub("", path.read_text())).replace("BULLA_CLEANUP(", "")
            names = set(DECLARED.findall(text))
            if names:
                found[str(path.relative_to(folder))] = names
    return found


def check_table(program, source):
    """Checks that every function is in the table, or said to touch no secret, and not both."""
    rows = subprocess.run([program, "--list"], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    table = {name for row in rows for name in row.split("\t")[0].split()}
    incomplete = [row for row in rows if len([part for part in row.split("\t") if part]) != 3]
    tap.check("every row says what is secret and what may show", rows and not incomplete, incomplete)
    declared = headers(source)
    unknown, both = set(), set()
    for header, names in declared.items():
        free = {name for pattern, listed in NO_SECRET.items() if fnmatch.fnmatch(header, pattern)
                for name in listed.split()}
        free = names - table if free == {"*"} else free
        unknown |= names - table - free
        unknown |= free - names
        both |= free & table
    everything = set().union(*declared.values())
    tap.check("every function of the headers is in the table or touches no secret", len(everything) > 100
              and not unknown, unknown)
    tap.check("no function is in both", not both, both)
    tap.check("every function of the table is declared", table <= everything, table - everything)


def runner(program):
    """Returns the command that watches |program|, and its environment."""
    environment = dict(os.environ, MSAN_OPTIONS=f"exit_code={FOUND}:poison_in_malloc=0:poison_in_free=0")
    # A sanitizer's names are in the program itself.
    if b"__msan_poison" in pathlib.Path(program).read_bytes():
        return [program], environment
    return ["valgrind", "--quiet", f"--error-exitcode={FOUND}", "--error-limit=no", "--num-callers=20",
            f"--suppressions={FOLDER / 'verdict.supp'}", program], environment


def main(program, source):
    command, environment = runner(program)
    if command[0] == "valgrind" and shutil.which("valgrind") is None:
        print("SKIPPED: there is no valgrind: no constant-time check", file=sys.stderr)
        tap.skip("nothing branches on a secret, or looks something up by one", "there is no valgrind")
        tap.finish()

    def run(*arguments):
        return subprocess.run([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=environment)

    check_table(program, pathlib.Path(source))
    canaries = subprocess.run([program, "--canaries"], check=True, stdout=subprocess.PIPE, text=True)
    for line in canaries.stdout.splitlines():
        name = line.split("\t")[0]
        if name == "boringssl-counter" and command[0] != "valgrind":
            continue  # it is in assembly, which MemorySanitizer does not see
        watched = run(name)
        tap.check(f"the canary {name} is reported", watched.returncode == FOUND, watched.stdout)
    everything = run()
    calls = re.findall(r"^(\d+) calls on .*$", everything.stdout, re.MULTILINE)
    tap.check("nothing branches on a secret, or looks something up by one",
              everything.returncode == 0 and calls and "0" not in calls, everything.stdout)
    print("".join(f"# {line}\n" for line in everything.stdout.splitlines() if " calls on " in line), end="")
    tap.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
