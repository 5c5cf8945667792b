# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""docs/FORMAT.md once more, in another language and on another library: AES, X25519 and Ed25519 come from
python3-cryptography (that is, OpenSSL), the rest from Python itself. Written from the document; it shares no line
with bulla. Section numbers are the document's."""

import base64
import hashlib
import hmac
import itertools
import json
import struct

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

AES_256_GCM, XAES_256_GCM, BOXED = 1, 2, 4
NONCE_LEN = {AES_256_GCM: 12, XAES_256_GCM: 24}


class Refused(Exception):
    """What does not open."""


def require(condition):
    if not condition:
        raise Refused


# §1

def prefixed(*parts):
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def number(value):
    return value.to_bytes(8, "big")


def parts_of(data):
    """The parts of which |data| is the list."""
    parts = []
    while data:
        length = int.from_bytes(data[:4], "big")
        require(len(data) >= 4 + length)
        parts.append(data[4:4 + length])
        data = data[4 + length:]
    return parts


def expand(key, info, length=32):
    """HKDF-Expand, RFC 5869 §2.3, for at most one block."""
    return hmac.digest(key, info + b"\x01", "sha256")[:length]


def gcm_seal(key, nonce, plaintext, additional_data):
    return AESGCM(key).encrypt(nonce, plaintext, additional_data)


def gcm_open(key, nonce, sealed, additional_data):
    try:
        return AESGCM(key).decrypt(nonce, sealed, additional_data)
    except InvalidTag:
        raise Refused from None


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def from_base64url(text):
    data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    require(base64url(data) == text)
    return data


# §2

def key_id(material):
    return expand(material, b"bulla/v1/key-id", 16)


def aead_key(material, suite):
    return expand(material, b"bulla/v1/seal" + bytes([suite]))


def xaes_key(key, nonce):
    """The AES-256-GCM key of C2SP XAES-256-GCM for |nonce|."""
    aes = Cipher(algorithms.AES(key), modes.ECB())

    def encrypt(block):
        encryptor = aes.encryptor()
        return encryptor.update(block) + encryptor.finalize()

    doubled = int.from_bytes(encrypt(bytes(16)), "big") << 1
    k1 = (doubled ^ (0x87 if doubled >> 128 else 0)) & (1 << 128) - 1
    blocks = (bytes([0, i]) + b"X\x00" + nonce[:12] for i in (1, 2))
    return b"".join(encrypt((int.from_bytes(block, "big") ^ k1).to_bytes(16, "big")) for block in blocks)


def aes_gcm_inputs(material, suite, nonce):
    key = aead_key(material, suite)
    return (key, nonce) if suite == AES_256_GCM else (xaes_key(key, nonce), nonce[12:])


def seal(material, suite, nonce, plaintext, context):
    header = bytes([0xB1, suite]) + key_id(material)
    return header + nonce + gcm_seal(*aes_gcm_inputs(material, suite, nonce), plaintext, header + context)


def open_blob(material, blob, context):
    require(len(blob) >= 2 and blob[0] == 0xB1 and blob[1] in NONCE_LEN)
    body = 18 + NONCE_LEN[blob[1]]
    require(len(blob) >= body + 16 and blob[2:18] == key_id(material))
    return gcm_open(*aes_gcm_inputs(material, blob[1], blob[18:body]), blob[body:], blob[:18] + context)


def boxed_id(public):
    return hashlib.sha256(prefixed(b"bulla/v2/boxed-for", public)).digest()[:16]


def boxed_seal(public, ephemeral, plaintext, bound_to):
    header = bytes([0xB1, BOXED]) + boxed_id(public)
    return header + box_seal(public, ephemeral, plaintext, header + bound_to)


def boxed_open(private, blob, bound_to):
    require(len(blob) >= 66 and blob[:18] == bytes([0xB1, BOXED]) + boxed_id(box_public(private)))
    return box_open(private, blob[18:], blob[:18] + bound_to)


# §3

def blob_text(blob):
    return b"bulla1:" + base64url(blob)


# §4

def triple_open(key, text):
    iv, tag, ciphertext = (bytes.fromhex(part) for part in text.decode().split(":"))
    require(len(iv) in (12, 16) and len(tag) == 16)
    return gcm_open(key, iv, ciphertext + tag, b"")


def triple_seal(key, iv, plaintext):
    sealed = gcm_seal(key, iv, plaintext, b"")
    return ":".join(part.hex() for part in (iv, sealed[-16:], sealed[:-16])).encode()


# §5

def apikey_string(identity, secret):
    beginning = b"bulla_" + identity.hex().encode() + b"_" + secret.hex().encode()
    return beginning + hashlib.sha256(beginning).hexdigest()[:8].encode()


def apikey_hash(string):
    return hashlib.sha256(string).digest()


def token_root(secret):
    return expand(secret, b"bulla/v1/token-root")


# §6

def day_cek(root, day):
    return expand(root, b"bulla/v1/token" + day.to_bytes(4, "big"))


def token_header(identity, day):
    return f'{{"alg":"dir","enc":"A256GCM","typ":"JWT","kid":"{identity.hex()}.{day}"}}'.encode()


def token_seal(root, identity, iv, claims):
    day = json.loads(claims)["iat"] // 86400
    header = base64url(token_header(identity, day))
    sealed = gcm_seal(day_cek(root, day), iv, claims, header)
    return b".".join((header, b"", base64url(iv), base64url(sealed[:-16]), base64url(sealed[-16:])))


def token_open(root, token):
    header, encrypted_key, iv, ciphertext, tag = token.split(b".")
    require(encrypted_key == b"")
    day = int(json.loads(from_base64url(header))["kid"].partition(".")[2])
    sealed = from_base64url(ciphertext) + from_base64url(tag)
    return gcm_open(day_cek(root, day), from_base64url(iv), sealed, header)


# §7

def context(label, uuid, *parts):
    return prefixed(b"bulla/v2/" + label, uuid, *parts)


def key_context(label, uuid, owner=b"", count=0):
    return context(label, uuid, owner, number(count))


def secret_id(material):
    return expand(material, b"bulla/v2/secret-id", 16)


def secret_key(material, kind):
    """|kind| is field, mask or apikey."""
    return expand(material, b"bulla/v2/" + kind + b"-key")


def pair_private(material, kind):
    """The private key that the field key or the mask key of a secret expands to."""
    label = {b"field": b"value", b"mask": b"mask"}[kind]
    return expand(secret_key(material, kind), b"bulla/v2/" + label + b"-private")


def secret_commitments(material):
    """What a statement has of a secret's keys."""
    pairs = (box_public(pair_private(material, kind)) for kind in (b"field", b"mask"))
    return [*pairs, key_id(secret_key(material, b"apikey"))]


def limit_key(vault_key, uuid):
    return expand(vault_key, prefixed(b"bulla/v2/limit-key", uuid))


def limit_subject(key, uuid, kind, scope, name):
    return expand(key, context(b"limit-subject", uuid, number(kind), number(scope), name), 16)


def proof(label_key, message):
    return hmac.digest(label_key, message, "sha256")


def mask(value):
    tail = value[-4:]
    return b"*" * 8 + (tail if len(value) >= 16 and all(0x20 <= byte <= 0x7E for byte in tail) else b"")


def bucket(length):
    return next(size for size in itertools.chain((64, 128, 256, 512), itertools.count(1024, 1024)) if size >= length)


def pad(value, buckets=True):
    padded = prefixed(value)
    return padded.ljust(bucket(len(padded)), b"\0") if buckets else padded


def unpad(padded):
    value = padded[4:4 + int.from_bytes(padded[:4], "big")]
    require(padded in (pad(value), pad(value, False)))
    return value


MASKS = {1: lambda value: b"", 2: mask, 3: lambda value: b"*" * 8}


def traits(value, policy=2, padding=1, canary=0, expires=0):
    text = MASKS[policy](value)
    return bytes((1, policy, padding, canary)) + struct.pack(">q3xB16s", expires, len(text), text)


def read_traits(opened, value):
    """What is said of the field with |value|: mask, policy, padding, whether it is a canary, when it expires."""
    policy, padding, canary = opened[1:4]
    expires, length, text = struct.unpack(">q3xB16s", opened[4:])
    require(policy in MASKS and padding in (1, 2) and canary in (0, 1) and expires >= 0)
    require(opened == traits(value, policy, padding, canary, expires))
    return text[:length], policy, padding, canary, expires


def stretch(passphrase, salt, log_n=17):
    return hashlib.scrypt(passphrase, salt=salt, n=1 << log_n, r=8, p=1, maxmem=1 << 28, dklen=32)


def recipient_id(public):
    return hashlib.sha256(prefixed(b"bulla/v2/recipient", public)).digest()[:16]


def recipient_text(public):
    checksum = hashlib.sha256(prefixed(b"bulla/v2/recipient-text", public)).hexdigest()[:8]
    return b"bullar_" + public.hex().encode() + checksum.encode()


def raw_public(private):
    return private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def box_public(private):
    return raw_public(X25519PrivateKey.from_private_bytes(private))


def diffie_hellman(private, public):
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise Refused from None


class Hpke:
    """RFC 9180 §4 and §5.1, in mode_base."""

    KEM, SUITE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"

    @staticmethod
    def extract(suite, salt, label, material):
        return hmac.digest(salt, b"HPKE-v1" + suite + label + material, "sha256")

    @staticmethod
    def expand(suite, key, label, info, length):
        return expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)

    @classmethod
    def aes_gcm_inputs(cls, shared, encapsulated, public, info):
        """The key and the nonce of the first message."""
        prk = cls.extract(cls.KEM, b"", b"eae_prk", shared)
        shared_secret = cls.expand(cls.KEM, prk, b"shared_secret", encapsulated + public, 32)
        schedule = (b"\x00" + cls.extract(cls.SUITE, b"", b"psk_id_hash", b"") +
                    cls.extract(cls.SUITE, b"", b"info_hash", info))
        secret = cls.extract(cls.SUITE, shared_secret, b"secret", b"")
        return (cls.expand(cls.SUITE, secret, b"key", schedule, 32),
                cls.expand(cls.SUITE, secret, b"base_nonce", schedule, 12))


def box_seal(public, ephemeral, plaintext, info):
    """|ephemeral| is the private key whose public half the box begins with."""
    encapsulated = box_public(ephemeral)
    shared = diffie_hellman(ephemeral, public)
    return encapsulated + gcm_seal(*Hpke.aes_gcm_inputs(shared, encapsulated, public, info), plaintext, b"")


def box_open(private, box, info):
    encapsulated = box[:32]
    shared = diffie_hellman(private, encapsulated)
    return gcm_open(*Hpke.aes_gcm_inputs(shared, encapsulated, box_public(private), info), box[32:], b"")


# §8

ROOT_PARTS, SECRET_PARTS = 5, 7


def signing_public(seed):
    return raw_public(Ed25519PrivateKey.from_private_bytes(seed))


def sign(seed, statement):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(statement)


def check_signature(public, statement, signature):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, statement)
    except InvalidSignature:
        raise Refused from None


def statement(label, *items):
    """|items| are bytes, numbers, and lists of lists of them, before which their number stands."""
    parts = [b"bulla/v2/" + label]

    def put(item):
        if isinstance(item, list):
            put(len(item))
            for row in item:
                for cell in row:
                    put(cell)
        else:
            parts.append(number(item) if isinstance(item, int) else item)

    for item in items:
        put(item)
    return prefixed(*parts)


def digest(data):
    return hashlib.sha256(data).digest()


def bucket_digest(leaves):
    """Of the leaves of one bucket, a dict of digests of statements by id."""
    if not leaves:
        return bytes(32)
    first = next(iter(leaves))[0]
    return digest(prefixed(b"bulla/v2/bucket") + prefixed(number(first)) + stored_leaves(leaves))


def stored_leaves(leaves):
    return b"".join(identity + leaves[identity] for identity in sorted(leaves))


def buckets(leaves):
    return b"".join(bucket_digest({identity: leaf for identity, leaf in leaves.items() if identity[0] == first})
                    for first in range(256))


def leaves_digest(leaves):
    return digest(prefixed(b"bulla/v2/directory") + buckets(leaves))


def fingerprint(uuid, public):
    return digest(prefixed(b"bulla/v2/fingerprint", uuid, public))


def actor_string(identity, seed, vault_fingerprint):
    beginning = b"_".join((b"bullaa", *(part.hex().encode() for part in (identity, seed, vault_fingerprint))))
    return beginning + digest(prefixed(b"bulla/v2/actor-text", beginning)).hex()[:8].encode()


def actor_of_string(string):
    """The id, the seed and the fingerprint that |string| is of."""
    beginning, identity, seed, rest = string.split(b"_")
    parts = [bytes.fromhex(part.decode()) for part in (identity, seed, rest[:64])]
    require(beginning == b"bullaa" and actor_string(*parts) == string)
    return parts


def actor_key(seed, kind):
    """|kind| is box, signing or head."""
    return expand(seed, b"bulla/v2/actor-" + kind)


ROLES = b"put", b"show", b"use", b"verify", b"audit"


def ring_key(vault_key, uuid, role, ring):
    return expand(vault_key, context(b"ring-key", uuid, role, number(ring)))


def role_key(ring_key, uuid, tenant, role, epoch=1):
    """|tenant| is empty for what belongs to the vault."""
    return expand(ring_key, context(b"role-key", uuid, tenant, role, number(epoch)))


def handout_context(uuid, tenant, role, what=b""):
    """|what| is the id of a secret, or a ring as 8 bytes, or empty."""
    return context(b"handout", uuid, tenant, role, what)


def ring_handouts(vault_key, uuid, role, ring):
    """Yields what leads from the key of |ring| to those before it: the ring, what it is sealed under, and its key."""
    for older in range(1, ring):
        newer = ring_key(vault_key, uuid, role, older + 1)
        yield number(older), role_key(newer, uuid, b"", role), ring_key(vault_key, uuid, role, older)


def put_contexts(uuid, *place):
    """Of value and mask that an actor puts: |place| is tenant, entry, field, revision, secret and actor."""
    tenant, entry, field, revision, secret, actor = place
    return [context(label, uuid, tenant, entry, field, number(revision), secret, actor)
            for label in (b"put-value", b"put-mask")]


def put_message(uuid, tenant, entry, field, revision, secret, actor, value, mask):
    """What the actor signs."""
    return context(b"put", uuid, tenant, entry, field, number(revision), secret, actor, digest(value), digest(mask))


# §9

def epoch(seq):
    return (seq - 1) // 64 if seq > 0 else 0


def ratchet(key):
    return expand(key, b"bulla/v2/audit-ratchet")


def detail_context(uuid, lane, seq, time, tenant, op, outcome):
    return context(b"detail", uuid, lane, number(seq), number(time), tenant, op, outcome)


def record_mac(key, uuid, lane, seq, previous, time, tenant, op, outcome, detail):
    message = context(b"record", uuid, lane, number(seq), previous, number(time), tenant, op, outcome, detail)
    return hmac.digest(key, message, "sha256")


def head_tag(key, uuid, lane, seq, mac, generation):
    return hmac.digest(key, context(b"head", uuid, lane, number(seq), mac, number(generation)), "sha256")


def backup_digest(database):
    value = bytes(32)
    for at in range(0, len(database), 65536):
        value = digest(value + database[at:at + 65536])
    return value


def backup(seed, uuid, kind, identity, time, database):
    """The file of a backup."""
    said = prefixed(b"bulla/v2/backup", uuid, signing_public(seed), kind, identity, number(time), number(len(database)),
                    backup_digest(database))
    return database + said + sign(seed, said) + b"bulla-backup" + len(said).to_bytes(4, "big")


def heads(lanes):
    return digest(prefixed(b"bulla/v2/heads", *(part for lane, seq, mac in lanes for part in (number(lane), number(seq), mac))))


def anchor(seed, uuid, lanes):
    """The note of |lanes|: number, seq and mac of each."""
    name = b"bulla/" + uuid.hex().encode()
    lines = (f"{number} {seq} {mac.hex()}\n".encode() for number, seq, mac in lanes)
    text = b"bulla audit anchor\n" + name + b"\n" + b"".join(lines)
    key_hash = digest(name + b"\n\x01" + signing_public(seed))[:4]
    signature = base64.b64encode(key_hash + sign(seed, text))
    return text + "\n\u2014 ".encode() + name + b" " + signature + b"\n"
