# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What bench/table.py says about sealing and opening: promises, and figures beside the peers."""

SIZES = [16, 64, 256, 1024, 4096, 16384, 65536, 1048576]
OPERATIONS = ['seal', 'open']
IPSEC_MB = 'raw/ipsec_mb/{}/{}'  # Debian's
PEERS = ['boringssl', 'aws_lc', 'ipsec_mb']  # of today, given by their prefixes
FIGURES = [
    ('bulla', '{}/aes256gcm/{}'), ('bulla, a batch of 64', '{}_many/aes256gcm/{}'), ('bulla, XAES', '{}/xaes256gcm/{}'),
    ('bulla\'s engine, bare', 'raw/engine/{}/{}'), ('the same, and clearing what it leaves', 'raw/bulla/{}/{}'),
    ('ipsec-mb, bare', IPSEC_MB), ('BoringSSL, bare', 'raw/boringssl/{}/{}'),
    ('ipsec-mb of today', 'peer/ipsec_mb/{}/{}'), ('BoringSSL of today', 'peer/boringssl/{}/{}'),
    ('AWS-LC of today', 'peer/aws_lc/{}/{}'), ('OpenSSL', 'peer/openssl/{}/{}'), ('libsodium', 'peer/sodium/{}/{}'),
    ('the limit', 'limit/gcm/{1}'),
]

# Rows of the promises; the figures need all there are. And rows that are compared with another version.
NEEDED = (r'^(seal|open|seal_many)/aes256gcm/(16|256|16384)(/|$)|^raw/(ipsec_mb|boringssl)/(seal|open)/(16|256|16384)|'
          r'^raw/(engine|bulla)/|^peer/(boringssl|aws_lc|ipsec_mb)/(seal|open)|^limit/gcm/16384')
SINCE_ROWS = ['seal/xaes256gcm/16', 'open/xaes256gcm/256']
SINCE = '^(' + '|'.join(SINCE_ROWS) + ')$'


def over_peer(run, ours, peer, operation):
    """The size at which |ours| is the least ahead of a peer, and how much it is."""
    ratios = [(run.ratio(f'peer/{peer}/{operation}/{size}', f'raw/{ours}/{operation}/{size}'), size) for size in SIZES]
    return min(((ratio, size) for ratio, size in ratios if ratio is not None), default=(None, 'none'))


def promises(run):
    """Rows: what, target, whether at most or at least, the ratio."""
    for name, operation, size, target in (
            ('seal/aes256gcm/16', 'seal', 16, 2.5), ('seal/aes256gcm/256', 'seal', 256, 1.9),
            ('seal_many/aes256gcm/16', 'seal', 16, 1.5), ('seal_many/aes256gcm/256', 'seal', 256, 1.3),
            ('open/aes256gcm/256', 'open', 256, 1.1)):
        bare = IPSEC_MB.format(operation, size)
        yield f'{name} to {bare}', target, 'most', run.ratio(name, bare)
    for name in SINCE_ROWS:
        yield (f'{name} of {run.context.get("since") or "version 0.1.0"} to this one', 2.2, 'least',
               run.ratio(name + '/since', name + '/now'))
    yield 'limit/gcm/16384 to seal/aes256gcm/16384', 0.9, 'least', run.ratio('limit/gcm/16384', 'seal/aes256gcm/16384')
    yield ('limit/gcm/16384 to raw/ipsec_mb/seal/16384', None, 'least',
           run.ratio('limit/gcm/16384', 'raw/ipsec_mb/seal/16384'))
    for ours, target in ('engine', 1), ('bulla', None):
        for peer in PEERS:
            for operation in OPERATIONS:
                ratio, size = over_peer(run, ours, peer, operation)
                yield f'peer/{peer}/{operation} to raw/{ours}/{operation}, least: at {size} B', target, 'least', ratio


def print_figures(run, nanoseconds):
    """Prints a table of each operation; |nanoseconds| formats a time."""
    for operation in OPERATIONS:
        print(f'\n| {operation}, ns | ' + ' | '.join(f'{size} B' for size in SIZES) + ' |')
        print('|---' * (len(SIZES) + 1) + '|')
        for label, name in FIGURES:
            times = [run.median(name.format(operation, size)) for size in SIZES]
            if any(time is not None for time in times):
                print(f'| {label} | ' + ' | '.join(nanoseconds(time) for time in times) + ' |')
