# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What bench/table.py says about JWE and JWKs: promises, and figures beside the peers."""

from measured import Promise

ENCS = ['A128GCM', 'A192GCM', 'A256GCM', 'A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512']
GCM, CBC = ENCS[:3], ENCS[3:]
AES_KW = ['A128KW', 'A192KW', 'A256KW']
GCM_KW = ['A128GCMKW', 'A192GCMKW', 'A256GCMKW']
SYMMETRIC = ['dir'] + AES_KW + GCM_KW
CURVES = ['P-256', 'P-384', 'P-521', 'X25519']
ECDH = ['ECDH-ES:' + curve for curve in CURVES]
ECDH_KW = ['ECDH-ES+A128KW:P-256', 'ECDH-ES+A192KW:P-256', 'ECDH-ES+A256KW:P-256']
RSA = ['RSA-OAEP', 'RSA-OAEP-256']
HPKE = 'draft-HPKE-X25519-HKDF-SHA256-A256GCM:X25519'
OPERATIONS = ['encrypt', 'decrypt']
WHO = ['bulla', 'cjose', 'rhonabwy', 'panva']
KEYS = ['oct:32', 'P-256', 'P-384', 'P-521', 'X25519', 'RSA']

# Rows of the promises; the figures need all there are.
NEEDED = (r'^jwe/(dir|A[0-9]+(GCM)?KW)/|^peer/cjose/jwe/(dir|A[0-9]+KW)/|^jwe/(ECDH-ES:.*|RSA.*)/A256GCM/|^jwe/draft|'
          r'^raw/boringssl/(ecdh|rsa)/|^raw/boringssl/box|^jwk/parse/oct')
EVERY = r'jwe|jwk'


def row(alg, enc, operation):
    return f'jwe/{alg}/{enc}/{operation}/233'


def over_cjose(run, algs, encs):
    """The case that is the least ahead of cjose, and how much it is."""
    ratios = [(run.ratio('peer/cjose/' + name, name), name)
              for name in (row(alg, enc, operation) for alg in algs for enc in encs for operation in OPERATIONS)]
    return min(((ratio, name) for ratio, name in ratios if ratio is not None), default=(None, 'none'))


def allocations(run):
    counts = [run.median(row(alg, enc, operation), 'allocs')
              for alg in SYMMETRIC for enc in ENCS for operation in OPERATIONS]
    return None if None in counts else max(counts)


def promises(run):
    """Rows: what, target, whether at most or at least, the ratio."""
    for label, algs, encs in (
            ('dir, GCM', ['dir'], GCM), ('dir, A128CBC-HS256', ['dir'], CBC[:1]),
            ('dir, CBC with SHA-384 or SHA-512', ['dir'], CBC[1:]),
            ('A*KW, GCM', AES_KW, GCM), ('A*KW, A128CBC-HS256', AES_KW, CBC[:1]),
            ('A*KW, CBC with SHA-384 or SHA-512', AES_KW, CBC[1:])):
        least, name = over_cjose(run, algs, encs)
        yield f'{label} over cjose, least: {name}', 10, 'least', least
    yield Promise('symmetric JWE, allocations, most', 0, 'most', allocations(run), exact=True)
    for curve in CURVES:
        for operation, bare in ('encrypt', 'generate_agree'), ('decrypt', 'agree'):
            name = row('ECDH-ES:' + curve, 'A256GCM', operation)
            yield f'{name} to its bare calls', 1.15, 'most', run.ratio(name, f'raw/boringssl/ecdh/{curve}/{bare}')
    for alg in RSA:
        name = row(alg, 'A256GCM', 'encrypt')
        yield f'{name} to its bare call', 1.15, 'most', run.ratio(name, 'raw/boringssl/rsa/2048/encrypt')
        name = row(alg, 'A256GCM', 'decrypt')
        yield (f'{name} to its bare call with a fresh key', 1.15, 'most',
               run.ratio(name, 'raw/boringssl/rsa/2048/decrypt_fresh'))
        yield (f'{name} to its bare call with a key that stays', None, 'most',
               run.ratio(name, 'raw/boringssl/rsa/2048/decrypt'))
    for operation, bare in ('encrypt', 'box_seal'), ('decrypt', 'box_open'):
        name = row(HPKE, 'none', operation)
        yield f'{name} to its bare calls', 1.15, 'most', run.ratio(name, f'raw/boringssl/{bare}/256')
    for name in 'jwe/dir/A256GCM/decrypt', 'jwe/dir/A128CBC-HS256/decrypt', 'jwe/A256KW/A256GCM/decrypt_flattened':
        yield f'{name}/233000 to a tenth of it', 11, 'most', run.ratio(name + '/233000', name + '/23300')
    parse = run.median('jwk/parse/oct:32')
    yield 'jwk/parse/oct:32, µs', 5, 'most', None if parse is None else parse / 1000


def peers(run, name):
    """The times of a row: bulla's and the peers'. Node measures itself."""
    return [run.median(name), run.median('peer/cjose/' + name), run.median('peer/rhonabwy/' + name),
            run.median(f'peer/panva/{name}/manual_time', 'real_time')]


def print_figures(run, nanoseconds):
    """Prints a table of all cases, and one of the keys; |nanoseconds| formats a time."""
    print('\n| JWE of 233 bytes, ns | enc | ' +
          ' | '.join(f'{who}, {operation}' for operation in OPERATIONS for who in WHO) + ' |')
    print('|---' * 10 + '|')
    for alg in SYMMETRIC + ECDH + ECDH_KW + RSA + [HPKE]:
        for enc in ENCS + ['none']:
            times = [time for operation in OPERATIONS for time in peers(run, row(alg, enc, operation))]
            if times[0] is not None:
                print(f'| {alg} | {enc} | ' + ' | '.join(nanoseconds(time) for time in times) + ' |')
    print('\n| reading a JWK, ns | bulla | cjose | rhonabwy |\n|---|---|---|---|')
    for key in KEYS:
        times = peers(run, 'jwk/parse/' + key)[:3]
        print(f'| {key} | ' + ' | '.join(nanoseconds(time) for time in times) + ' |')
    print('\n| BoringSSL, bare | ns |\n|---|---|')
    for name in sorted(name for name in run.samples if name.startswith(('raw/boringssl/ecdh', 'raw/boringssl/rsa'))):
        print(f'| {name} | {nanoseconds(run.median(name))} |')
