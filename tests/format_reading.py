# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A vault that is read by docs/FORMAT.md alone, by a root or by an actor: every sealed byte, every signature and every MAC
is checked. Whatever is not as the document has it raises Refused. For format_vault.py and format_roles.py."""

import sys
import traceback
from types import SimpleNamespace

import tap

import bulla_format as model

LANES = 64  # of an actor


def from_number(part):
    model.require(len(part) == 8)
    return int.from_bytes(part, "big")


def unwrap(key, wrapped, *parts):
    return model.open_blob(key, wrapped, model.key_context(*parts))


class Signed:
    """What needs no key but the vault's public ones: signed rows, and whether each is the newest."""

    def __init__(self, db):
        self.db = db
        self.statement, self.signature = db.execute("SELECT statement, signature FROM vault").fetchone()
        label, self.uuid, created, generation, *keys = model.parts_of(self.statement)
        self.signing_public, self.audit_public, self.first_lane, self.leaves, *keys = keys
        rings, (num, *roots) = keys[:len(model.ROLES)], keys[len(model.ROLES):]
        model.require(label == b"bulla/v2/vault" and len(self.uuid) == 16 and len(created) == 8)
        self.generation = from_number(generation)
        self.rings = {role: from_number(ring) for role, ring in zip(model.ROLES, rings)}
        model.require(min(self.rings.values()) >= 1)
        self.roots = {roots[i]: roots[i + 1:i + 5] for i in range(0, len(roots), 5)}
        model.require(len(self.roots) == from_number(num) and len(roots) == 5 * len(self.roots))

    def check_vault(self):
        model.check_signature(self.signing_public, self.statement, self.signature)

    def parts_signed(self, label, statement, signature):
        """The parts behind the uuid of a statement that the vault signed."""
        model.check_signature(self.signing_public, statement, signature)
        said, uuid, *parts = model.parts_of(statement)
        model.require((said, uuid) == (b"bulla/v2/" + label, self.uuid))
        return parts

    def require_newest(self, identity, statement):
        first = identity[0]
        rows = dict(self.db.execute("SELECT number, bytes FROM directory WHERE number IN (?, 256)", (first,)))
        buckets, stored = rows[256], rows[first]
        model.require(model.digest(model.prefixed(b"bulla/v2/directory") + buckets) == self.leaves)
        leaves = {stored[at:at + 16]: stored[at + 16:at + 48] for at in range(0, len(stored), 48)}
        model.require(model.stored_leaves(leaves) == stored)
        model.require(model.bucket_digest(leaves) == buckets[32 * first:32 * first + 32])
        model.require(leaves.get(identity) == model.digest(statement))

    def said_of_tenant(self, identity, name, statement, signature):
        said_id, said_name, life, _, generation, last, label_id, detail_id, *rest = self.parts_signed(
            b"tenant", statement, signature)
        pairs, (num, *secrets) = rest[:10], rest[10:]
        model.require(said_id == identity)
        model.require(life in (b"removed", b"shredded") if name is None else life == b"live")
        model.require(name in (None, said_name.decode()) and (life == b"shredded") == (said_name == b""))
        signed = from_number(generation)
        model.require(signed <= self.generation)
        roles = {role: (from_number(pairs[2 * i]), from_number(pairs[2 * i + 1])) for i, role in enumerate(model.ROLES)}
        model.require(all(1 <= ring <= self.rings[role] and epoch >= 1 for role, (ring, epoch) in roles.items()))
        each = model.SECRET_PARTS
        model.require(len(secrets) == each * from_number(num))
        rows = [secrets[i:i + each] for i in range(0, len(secrets), each)]
        model.require(all(before[0] < after[0] for before, after in zip(rows, rows[1:])))
        model.require(all(version <= last for version, *_ in rows))
        model.require([state for _, _, state, *_ in rows].count(b"active") == (0 if name is None else 1))
        model.require(all(0 < from_number(made) <= signed for *_, made in rows))
        secrets = {secret: SimpleNamespace(version=from_number(version), state=state, commitments=commitments,
                                           made=from_number(made))
                   for version, secret, state, *commitments, made in rows}
        self.require_newest(identity, statement)
        return SimpleNamespace(name=said_name, life=life, label_id=label_id, detail_id=detail_id, roles=roles,
                               secrets=secrets)

    def said_of_actor(self, identity, number, name, statement, signature):
        said_id, said_number, said_name, life, _, generation, signing, box, lane, common = self.parts_signed(
            b"actor", statement, signature)
        model.require((said_id, from_number(said_number), said_name.decode()) == (identity, number, name))
        model.require(number >= 1 and from_number(generation) <= self.generation and len(signing) == len(box) == 32)
        model.require(len(common) == {b"active": 80, b"revoked": 0}[life] and len(lane) == 32)
        self.require_newest(identity, statement)
        created = model.parts_of(statement)[6]
        info = model.context(b"actor-common", self.uuid, identity, created)
        return SimpleNamespace(id=identity, number=number, name=name, active=life == b"active", signing_public=signing,
                               box_public=box, first_lane=lane, common=common, info=info)

    def said_of_grant(self, identity, actor, tenant, role, ended, statement, signature):
        said_id, said_actor, said_tenant, said_role, epoch, _, generation, said_ended, box = self.parts_signed(
            b"grant", statement, signature)
        model.require((said_id, said_actor, said_tenant, said_role) == (identity, actor, tenant, role.encode()))
        model.require(from_number(said_ended) == ended <= from_number(generation) <= self.generation)
        model.require(said_role in model.ROLES and len(tenant) in (0, 16) and len(box) == (80 if ended == 0 else 0))
        self.require_newest(identity, statement)
        info = model.context(b"grant-key", self.uuid, identity, actor, tenant, said_role, epoch)
        return SimpleNamespace(actor=actor, tenant=tenant, role=said_role, epoch=from_number(epoch), ended=ended, box=box,
                               info=info)

    def read_actors(self):
        columns = "id, number, name, statement, signature"
        self.actors = {row[0]: self.said_of_actor(*row) for row in self.db.execute(f"SELECT {columns} FROM actor")}
        columns = "id, actor, tenant, role, ended, statement, signature"
        self.grants = {row[0]: self.said_of_grant(*row) for row in self.db.execute(f"SELECT {columns} FROM actor_grant")}
        model.require(all(self.actors[grant.actor].active for grant in self.grants.values() if grant.ended == 0))

    def check_put(self, place, secret, writer, signature, value, mask):
        """That |value| and |mask| were put by an actor that may; |place| is tenant, entry, field, revision."""
        tenant = place[0]
        actor = self.actors[writer]
        model.require(actor.active and any(grant.ended == 0 and (grant.actor, grant.role) == (writer, b"put") and
                                           grant.tenant in (tenant, b"") for grant in self.grants.values()))
        message = model.put_message(self.uuid, *place, secret, writer, value, mask)
        model.check_signature(actor.signing_public, message, signature)

    def open_field(self, keys, place, secret, sealed, writer, signature):
        """The value and the traits of a secret field. |keys| are field key and mask key; of what there is None, None
        comes out."""
        if writer is None:
            model.require(signature is None)
            tenant, entry, field, revision = place
            place = tenant, entry, field, model.number(revision)
            opened = [key and model.open_blob(key, blob, model.context(label, self.uuid, *place))
                      for key, blob, label in zip(keys, sealed, (b"field", b"mask"))]
        else:
            self.check_put(place, secret, writer, signature, *sealed)
            labels = b"bulla/v2/value-private", b"bulla/v2/mask-private"
            contexts = model.put_contexts(self.uuid, *place, secret, writer)
            opened = [key and model.boxed_open(model.expand(key, label), blob, context)
                      for key, label, blob, context in zip(keys, labels, sealed, contexts)]
        padded, traits = opened
        return padded and model.unpad(padded), traits

    def lane_said(self, number, statement, signature):
        """Of a lane: its id, its owner, its first key as it is sealed."""
        owner = None if number < LANES else next(a for a in self.actors.values() if a.number == number // LANES)
        by_vault = owner is None or number % LANES == 0
        model.check_signature(self.signing_public if by_vault else owner.signing_public, statement, signature)
        label, uuid, said, lane, said_owner, _, first_key = model.parts_of(statement)
        model.require((label, uuid, from_number(said)) == (b"bulla/v2/lane", self.uuid, number))
        model.require(said_owner == (owner.id if owner else b"") and len(first_key) == 80)
        first = self.first_lane if number == 0 else owner.first_lane if owner and by_vault else None
        model.require(first in (None, model.digest(statement)))
        return lane, owner, first_key


class Reading(Signed):
    """A vault by a key that is one of its roots, and perhaps by strings of its actors."""

    def __init__(self, db, root_id, root, strings=()):
        super().__init__(db)
        model.require(self.roots[root_id][0] == b"key")
        self.vault_key = unwrap(root, db.execute("SELECT wrapped FROM root WHERE id = ?", (root_id,)).fetchone()[0],
                                b"vault-key", self.uuid, root_id)
        labels = b"signing-key", b"audit-key", b"detail-key"
        wrapped = db.execute("SELECT signing_key, audit_key, detail_key FROM vault").fetchone()
        seed, self.audit_key, self.detail_key = (unwrap(self.vault_key, blob, name, self.uuid)
                                                 for name, blob in zip(labels, wrapped))
        model.require(self.signing_public == model.signing_public(seed))
        model.require(self.audit_public == model.box_public(self.audit_key))
        self.check_vault()
        self.tenants, self.said, self.secrets, self.digests = {}, {}, {}, {b"": model.digest(self.statement)}
        self.seeds = {identity: seed for identity, seed, _ in map(model.actor_of_string, strings)}

    def check_all(self):
        self.check_roots()
        for row in self.db.execute("SELECT id, name, statement, signature, label_key, detail_key FROM tenant"):
            self.check_tenant(*row)
        self.read_actors()
        self.check_boxes()
        self.check_leaves()
        num = self.db.execute("SELECT count(*) FROM tenant_secret").fetchone()[0]
        model.require(num == len(self.secrets))
        self.check_handouts()
        self.check_names()
        self.read_fields()
        self.check_past()
        self.check_log()
        self.check_revocations()

    def check_leaves(self):
        leaves = {}
        for table in "tenant", "actor", "actor_grant":
            leaves |= {row[0]: model.digest(row[1]) for row in self.db.execute(f"SELECT id, statement FROM {table}")}
        model.require(self.leaves == model.leaves_digest(leaves))
        stored = dict(self.db.execute("SELECT number, bytes FROM directory"))
        model.require(stored.pop(256) == model.buckets(leaves))
        model.require(sorted(stored) == sorted({identity[0] for identity in leaves}))
        model.require(all(rows == model.stored_leaves({identity: leaf for identity, leaf in leaves.items()
                                                       if identity[0] == first}) for first, rows in stored.items()))

    def check_roots(self):
        rows = self.db.execute("SELECT id, wrapped, scrypt_salt, scrypt_log_n FROM root").fetchall()
        model.require({row[0] for row in rows} == self.roots.keys())
        for identity, wrapped, salt, log_n in rows:
            kind, _, public, _ = self.roots[identity]
            model.require((kind == b"passphrase") == (salt is not None and len(salt) == 16 and 17 <= log_n <= 20))
            if kind == b"program":
                model.require(public == b"" and 1 <= len(wrapped) <= 1024)
            elif kind == b"recipient":
                model.require(identity == model.recipient_id(public) and len(wrapped) == 80)
            else:
                model.require(public == b"" and wrapped[2:18] == identity and len(wrapped) == 90)

    def check_tenant(self, identity, name, statement, signature, *wrapped):
        said = self.said_of_tenant(identity, name, statement, signature)
        if said.life == b"shredded":
            model.require(wrapped == (None, None) and said.label_id == said.detail_id == b"")
            keys = None, None
        else:
            keys = tuple(unwrap(self.vault_key, blob, kind, self.uuid, identity)
                         for kind, blob in zip((b"label-key", b"detail-key"), wrapped))
            model.require((said.label_id, said.detail_id) == tuple(map(model.key_id, keys)))
        for secret, entry in said.secrets.items():
            row = self.db.execute("SELECT tenant, version, state, wrapped FROM tenant_secret WHERE id = ?", (secret,))
            owner, number, state, blob = row.fetchone()
            model.require((owner, number, state.encode()) == (identity, entry.version, entry.state))
            material = unwrap(self.vault_key, blob, b"tenant-secret", self.uuid, identity, number)
            model.require(model.secret_id(material) == secret)
            model.require(entry.commitments == model.secret_commitments(material))
            self.secrets[secret] = material
        self.tenants[identity] = *keys, said.name
        self.said[identity] = said
        self.digests[identity] = model.digest(statement)

    def ring_key(self, role, ring=None):
        return model.ring_key(self.vault_key, self.uuid, role, ring or self.rings[role])

    def role_key(self, tenant, role):
        ring, epoch = self.said[tenant].roles[role]
        return model.role_key(self.ring_key(role, ring), self.uuid, tenant, role, epoch)

    def check_boxes(self):
        """What is sealed to the actors whose seeds are known is what it should be."""
        for actor in self.actors.values():
            if actor.active and actor.id in self.seeds:
                opened = model.box_open(model.actor_key(self.seeds[actor.id], b"box"), actor.common, actor.info)
                model.require(opened == model.limit_key(self.vault_key, self.uuid))
        for grant in self.grants.values():
            if grant.ended:
                continue
            model.require(grant.epoch == (self.said[grant.tenant].roles[grant.role][1] if grant.tenant
                                          else self.rings[grant.role]))
            if grant.actor in self.seeds:
                key = self.role_key(grant.tenant, grant.role) if grant.tenant else self.ring_key(grant.role)
                opened = model.box_open(model.actor_key(self.seeds[grant.actor], b"box"), grant.box, grant.info)
                model.require(opened == key)

    def wanted_handouts(self):
        """Yields where each is, under which key, and what it opens to."""
        for role in model.ROLES:
            for older, key, opened in model.ring_handouts(self.vault_key, self.uuid, role, self.rings[role]):
                yield b"", role, older, key, opened
        key = model.role_key(self.ring_key(b"audit"), self.uuid, b"", b"audit")
        yield b"", b"audit", b"", key, self.audit_key + self.detail_key
        for tenant, (label_key, detail_key, _) in self.tenants.items():
            if self.said[tenant].life != b"shredded":
                for role in model.ROLES:
                    both = label_key + detail_key if role in (b"put", b"show", b"use") else detail_key
                    yield tenant, role, b"", self.role_key(tenant, role), both
            for secret in self.said[tenant].secrets:
                field, mask, apikey = (model.secret_key(self.secrets[secret], kind)
                                       for kind in (b"field", b"mask", b"apikey"))
                for role, opened in (b"show", mask), (b"use", field + mask), (b"verify", apikey):
                    yield tenant, role, secret, self.role_key(tenant, role), opened

    def check_handouts(self):
        stored = {(tenant, role.encode(), secret): sealed for tenant, role, secret, sealed in
                  self.db.execute("SELECT tenant, role, secret, sealed FROM handout")}
        for tenant, role, secret, key, wanted in self.wanted_handouts():
            sealed = stored.pop((tenant, role, secret), b"")
            model.require(model.open_blob(key, sealed, model.handout_context(self.uuid, tenant, role, secret)) == wanted)
        model.require(not stored)

    def prove(self, tenant, label, *parts):
        return model.proof(self.tenants[tenant][0], model.context(label, self.uuid, tenant, *parts))

    def check_names(self):
        for identity, tenant, name, proof in self.db.execute("SELECT id, tenant, name, name_proof FROM entry"):
            model.require(proof == self.prove(tenant, b"entry-name", identity, name.encode()))

    def check_past(self):
        """No row is of a revision that is too old."""
        rows = self.db.execute(
            "SELECT max(f.revision) - min(f.revision), coalesce(e.keep, v.keep) FROM field f JOIN vault v "
            "JOIN entry e ON e.id = f.entry GROUP BY f.entry, f.name").fetchall()
        model.require(all(before <= keep <= 100 for before, keep in rows))

    def read_fields(self):
        """Opens every row of field: the values and the traits of the secret ones and the values of the others, by their
        name and, if they are past, their revision; and the names of those that actors have put."""
        rows = self.db.execute(
            "SELECT e.tenant, e.id, f.name, f.revision, f.secret, f.value, f.mask, f.secret_id, f.writer, f.signature, "
            "f.revision = max(f.revision) OVER (PARTITION BY f.entry, f.name) FROM field f JOIN entry e ON e.id = f.entry"
            ).fetchall()
        model.require(len(rows) == self.db.execute("SELECT count(*) FROM field").fetchone()[0])
        self.values, self.masks, self.plain = now = {}, {}, {}
        self.past, self.writers = ({}, {}, {}), {}
        for tenant, entry, name, revision, secret, value, mask, secret_id, writer, signature, is_last in rows:
            place = tenant, entry, name.encode(), revision
            values, masks, plain = now if is_last else self.past
            name = name if is_last else (name, revision)
            if secret:
                keys = [model.secret_key(self.secrets[secret_id], kind) for kind in (b"field", b"mask")]
                values[name], traits = self.open_field(keys, place, secret_id, (value, mask), writer, signature)
                masks[name] = model.read_traits(traits, values[name])
            else:
                model.require(secret_id is writer is signature is None)
                model.require(mask == self.prove(tenant, b"plain", *place[1:3], model.number(revision),
                                                 model.digest(value)))
                plain[name] = value.decode()
            if writer is not None:
                self.writers[name] = self.actors[writer].name

    def token_root(self, identity):
        """The token root of a live API key."""
        tenant, sealed, secret_id = self.db.execute("SELECT tenant, sealed, secret_id FROM apikey WHERE id = ?",
                                                    (identity,)).fetchone()
        return model.open_blob(model.secret_key(self.secrets[secret_id], b"apikey"), sealed,
                               model.context(b"apikey", self.uuid, tenant, identity.encode()))

    def check_revocations(self):
        rows = self.db.execute("SELECT number, tenant, apikey, jti FROM revocation ORDER BY number").fetchall()
        model.require([row[0] for row in rows] == list(range(1, len(rows) + 1)))
        for _, tenant, apikey, jti in rows:
            model.require(len(tenant) == 16 and (apikey is None) != (jti is None))
            model.require(len(apikey) == 16 if jti is None else len(jti) == 32)
        revoked = {apikey for _, _, apikey, _ in rows}
        for identity, when, sealed, secret_id in self.db.execute("SELECT id, revoked, sealed, secret_id FROM apikey"):
            model.require((when != 0) == (identity in revoked) == (sealed is None) == (secret_id is None))
            model.require(when != 0 or len(self.token_root(identity)) == 32)

    def check_log(self):
        """The records of each lane, all of which follow: tenant, operation, outcome, and the parts of the detail. Those
        of lane 0 are |records|."""
        rows = self.db.execute("SELECT number, statement, signature FROM lane ORDER BY number").fetchall()
        numbers = {number for table in ("audit", "audit_head")
                   for number, in self.db.execute(f"SELECT lane FROM {table}")}
        model.require({row[0] for row in rows} == numbers and 0 in numbers)
        model.require({LANES * actor.number for actor in self.actors.values()} <= numbers)
        self.macs = {row[0]: [model.digest(row[1])] for row in rows}
        self.lanes = {row[0]: self.check_lane(*row) for row in rows}
        self.records = self.lanes[0]
        for number, records in self.lanes.items():
            self.check_mentioned(number, records)
        self.check_ends()

    def check_lane(self, number, statement, signature):
        lane, owner, first_key = self.lane_said(number, statement, signature)
        uuid, mac = self.uuid, model.digest(statement)
        key = model.box_open(self.audit_key, first_key, model.key_context(b"lane-key", uuid, lane))
        records = []
        columns = "seq, time, tenant, op, outcome, detail, mac"
        for seq, when, tenant, op, outcome, sealed, stored in self.db.execute(
                f"SELECT {columns} FROM audit WHERE lane = ? ORDER BY seq", (number,)):
            if model.epoch(seq) != model.epoch(len(records)):
                key = model.ratchet(key)
            clear = when, tenant, op.encode(), outcome.encode()
            mac = model.record_mac(key, uuid, lane, seq, mac, *clear, sealed)
            model.require(seq == len(records) + 1 and stored == mac)
            self.macs[number].append(mac)
            model.require(number >= LANES or sealed[1] != model.BOXED)
            records.append((tenant, op, outcome, *self.detail(sealed, tenant, lane, seq, *clear)))
        self.check_head(number, lane, owner, len(records), mac, key)
        return records

    def detail(self, sealed, tenant, *place):
        bound_to = model.detail_context(self.uuid, *place[:3], tenant, *place[4:])
        if sealed[1] == model.BOXED:
            model.require(tenant == b"")
            opened = model.boxed_open(self.audit_key, sealed, bound_to)
        else:
            opened = model.open_blob(self.tenants[tenant][1] if tenant else self.detail_key, sealed, bound_to)
        parts = model.parts_of(opened)
        model.require(len(parts) == 7 and len(parts[6]) in (0, 32))
        return parts

    def check_head(self, number, lane, owner, seq, mac, key):
        (said_seq, said_mac, tag, sealed), = self.db.execute(
            "SELECT seq, mac, tag, key FROM audit_head WHERE lane = ?", (number,)).fetchall()
        model.require((said_seq, said_mac) == (seq, mac))
        wrapped, (generation,) = sealed[:-12], model.parts_of(sealed[-12:])
        seen = from_number(generation)
        model.require(seen <= self.generation and tag == model.head_tag(key, self.uuid, lane, seq, mac, seen))
        if owner is None or owner.id in self.seeds:
            head_key = model.actor_key(self.seeds[owner.id], b"head") if owner else self.vault_key
            opened = model.open_blob(head_key, wrapped, model.key_context(b"head-key", self.uuid, lane, model.epoch(seq)))
            model.require(opened == key)

    def check_mentioned(self, number, records):
        """What the records of lane |number| say of other lanes holds."""
        for _, op, _, _, _, _, _, entry, field, digest in records:
            if op in ("lane-open", "lane-at", "lane-end") and (number == 0 or int(entry) // LANES == number // LANES):
                model.require(number % LANES == 0)
                model.require(self.macs[int(entry)][int(field or b"0")] == digest)

    def check_ends(self):
        """Of each actor that was revoked, and no other, it is said where its first lane was, and where each lane was that
        this one had opened by then."""
        told = [(op, outcome, entry, field) for _, op, outcome, _, _, _, _, entry, field, _ in self.records]
        ends = {int(entry): int(field) for op, _, entry, field in told if op == "lane-end"}
        first = {actor.name: LANES * actor.number for actor in self.actors.values() if not actor.active}
        model.require({number for number in ends if number % LANES == 0} == set(first.values()))
        for (op, outcome, name, _), (next_op, _, lane, _) in zip(told, told[1:] + [("",) * 4]):
            if (op, outcome) == ("actor-revoke", "done"):
                model.require(next_op == "lane-end" and int(lane) == first[name.decode()])
        for number in first.values():
            opened = [int(record[7]) for record in self.lanes[number][:ends[number]] if record[1] == "lane-open"]
            model.require(all(lane in ends for lane in opened))

    def told(self, tenant):
        """Whether the last statement that the log tells of is the tenant's."""
        told = [record[-1] for record in self.records if record[0] == tenant and record[-1]]
        return bool(told) and told[-1] == self.digests[tenant]


class AsActor(Signed):
    """A vault by the string of an actor, which is all that it has."""

    def __init__(self, db, string):
        identity, seed, known = model.actor_of_string(string)
        super().__init__(db)
        model.require(model.fingerprint(self.uuid, self.signing_public) == known)
        self.check_vault()
        self.box_private, self.head_key = model.actor_key(seed, b"box"), model.actor_key(seed, b"head")
        row = db.execute("SELECT id, number, name, statement, signature FROM actor WHERE id = ?", (identity,)).fetchone()
        model.require(row is not None)
        self.me = self.said_of_actor(*row)
        model.require(self.me.active)
        model.require(self.me.signing_public == model.signing_public(model.actor_key(seed, b"signing")))
        model.require(self.me.box_public == model.box_public(self.box_private))
        self.read_actors()
        self.check_lane()
        self.limit_key = model.box_open(self.box_private, self.me.common, self.me.info)

    def check_lane(self):
        """The first lane is its own, and so is the head."""
        number = LANES * self.me.number
        row = self.db.execute("SELECT statement, signature FROM lane WHERE number = ?", (number,)).fetchone()
        lane, owner, _ = self.lane_said(number, *row)
        model.require(owner.id == self.me.id)
        seq, mac, tag, sealed = self.db.execute("SELECT seq, mac, tag, key FROM audit_head WHERE lane = ?",
                                                (number,)).fetchone()
        bound_to = model.key_context(b"head-key", self.uuid, lane, model.epoch(seq))
        key, seen = model.open_blob(self.head_key, sealed[:-12], bound_to), from_number(*model.parts_of(sealed[-12:]))
        model.require(seen <= self.generation and tag == model.head_tag(key, self.uuid, lane, seq, mac, seen))

    def handed_out(self, key, tenant, role, what=b""):
        row = self.db.execute("SELECT sealed FROM handout WHERE tenant = ? AND role = ? AND secret = ?",
                              (tenant, role.decode(), what)).fetchone()
        model.require(row is not None)
        return model.open_blob(key, row[0], model.handout_context(self.uuid, tenant, role, what))

    def ring_key(self, grant, role, ring):
        """The key of |ring|, by a grant for all."""
        key = model.box_open(self.box_private, grant.box, grant.info)
        for older in range(grant.epoch - 1, ring - 1, -1):
            key = self.handed_out(model.role_key(key, self.uuid, b"", role), b"", role, model.number(older))
        return key

    def role_keys(self, tenant, roles):
        """The role keys that the grants give for a tenant with these rings and epochs."""
        grants = {(grant.tenant, grant.role): grant for grant in self.grants.values()
                  if grant.actor == self.me.id and grant.ended == 0}
        for role, (ring, epoch) in roles.items():
            own, of_all = grants.get((tenant, role)), grants.get((b"", role))
            if own:
                model.require(own.epoch == epoch)
                yield role, model.box_open(self.box_private, own.box, own.info)
            elif of_all:
                model.require(of_all.epoch >= ring)
                yield role, model.role_key(self.ring_key(of_all, role, ring), self.uuid, tenant, role, epoch)

    def keys_of(self, name):
        """What the roles for a tenant give: the keys by their names, and those of its secrets by these and their ids. Each
        is the one that was signed."""
        row = self.db.execute("SELECT id, name, statement, signature FROM tenant WHERE name = ?", (name,)).fetchone()
        said = self.said_of_tenant(*row)
        keys = {}
        for role, key in self.role_keys(row[0], said.roles):
            both = self.handed_out(key, row[0], role)
            model.require(len(both) == (64 if role in (b"put", b"show", b"use") else 32))
            model.require(model.key_id(both[-32:]) == said.detail_id)
            keys["detail"] = both[-32:]
            if len(both) == 64:
                model.require(model.key_id(both[:32]) == said.label_id)
                keys["label"] = both[:32]
            if role not in (b"show", b"use", b"verify"):
                continue
            for secret, entry in said.secrets.items():
                opened = self.handed_out(key, row[0], role, secret)
                kinds = {b"show": ("mask",), b"use": ("field", "mask"), b"verify": ("apikey",)}[role]
                model.require(len(opened) == 32 * len(kinds))
                for i, kind in enumerate(kinds):
                    material = opened[32 * i:32 * i + 32]
                    public = {"field": b"value", "mask": b"mask"}.get(kind)
                    commitment = (model.box_public(model.expand(material, b"bulla/v2/" + public + b"-private")) if public
                                  else model.key_id(material))
                    model.require(entry.commitments[("field", "mask", "apikey").index(kind)] == commitment)
                    keys[kind, secret] = material
        return row[0], keys

    def fields(self, name):
        """Of the secret fields of a tenant's entries, values and masks as far as there are keys, or None."""
        tenant, keys = self.keys_of(name)
        rows = self.db.execute(
            "SELECT e.id, f.name, max(f.revision), f.value, f.mask, f.secret_id, f.writer, f.signature FROM field f "
            "JOIN entry e ON e.id = f.entry WHERE e.tenant = ? AND f.secret = 1 GROUP BY f.entry, f.name", (tenant,))
        return {field: self.open_field([keys.get((kind, secret)) for kind in ("field", "mask")],
                                       (tenant, entry, field.encode(), revision), secret, (value, mask), writer, signature)
                for entry, field, revision, value, mask, secret, writer, signature in rows.fetchall()}

    def audit_keys(self):
        """The audit key and the detail key of the vault, by `audit` for all; else Refused."""
        grant, = (grant for grant in self.grants.values()
                  if (grant.actor, grant.tenant, grant.role, grant.ended) == (self.me.id, b"", b"audit", 0))
        key = self.ring_key(grant, b"audit", self.rings[b"audit"])
        opened = self.handed_out(model.role_key(key, self.uuid, b"", b"audit"), b"", b"audit")
        model.require(len(opened) == 64 and model.box_public(opened[:32]) == self.audit_public)
        return opened[:32], opened[32:]


def read(db, which, root_id, root, strings=()):
    """The vault, of which every row was checked."""
    what = f"every row of the vault {which} is signed, proven or sealed as the document has it"
    try:
        vault = Reading(db, root_id, root, strings)
        vault.check_all()
    except (model.Refused, KeyError, ValueError, StopIteration):
        tap.check(what, False, traceback.format_exc())
        tap.finish()
        sys.exit(1)
    tap.check(what, True)
    return vault
