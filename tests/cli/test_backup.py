# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""backup and restore of a vault in a file that is in use, and what must not come of it. BULLA_KILLS is how often each is
killed; 15 unless it is set."""

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import time

from command import run_as_nobody, run_tests, test

KILLS = int(os.environ.get("BULLA_KILLS", "15"))
NEW = ("--vault", "sqlite:new.db")


@contextlib.contextmanager
def in_use(box):
    """Has a process with the vault open, which waits for its input: what others write stays in the -wal. Nothing is put
    by it, since the input is empty."""
    process = box.start("put", "acme/held", "--secret", "x", stdin=-1, stderr=-1)
    while not box.path("bulla.db-shm").exists():  # which is made after the -wal
        assert process.poll() is None, "it does not run"
    try:
        yield process
    finally:
        process.communicate(b"", timeout=60)


def names(box):
    return sorted(path.name for path in box.folder.iterdir())


def entries(box, *options):
    return [entry["entry"] for entry in box.json("list", *options)]


def verify(box, *options):
    return box.json("audit", "verify", *options)


def refuse(box, *args, status, told, **options):
    """Runs what must fail and leave the folder as it was."""
    before = names(box)
    box.run(*args, status=status, told=told, **options)
    assert names(box) == before, (args, names(box))


@test
def a_vault_in_use_is_backed_up_and_restored(box):
    with in_use(box):
        box.put_secret()
        box.get()
        made = box.json("backup", "b", "--reason", "nightly")
        box.put_secret("acme/later")
    assert made == {"file": "b", "bytes": box.path("b").stat().st_size, "records": verify(box)["records"] - 1, "lanes": 1,
                    "id": made["id"], "time": made["time"], "heads": made["heads"]} and len(made["id"]) == 32, made
    assert box.path("b").stat().st_mode & 0o777 == 0o600
    lane, seq, mac = made["heads"].split(" ")
    assert (lane, seq) == ("0", str(made["records"])) and len(mac) == 64
    told = box.json("restore", "b", *NEW)
    assert told == {"vault": "sqlite:new.db", "file": "b", "bytes": made["bytes"], "records": made["records"], "lanes": 1,
                    "id": made["id"], "time": made["time"], "missing": None}, told
    assert verify(box, *NEW) == {"records": made["records"] + 2, "lanes": 2, "bad_lane": None, "bad_seq": None}
    old, new = box.log(), box.log(*NEW)
    assert new[:-2] == old[:-1] and (old[-2]["op"], old[-2]["entry"], old[-2]["reason"]) == ("backup", made["id"], "nightly")
    assert [(r["op"], r["entry"]) for r in new[-2:]] == [("restore-vault", made["id"]), ("lane-open", "1")], new
    assert new[-2]["field"][:19] == made["time"][:19], new[-2]
    assert entries(box, *NEW) == ["db"] and box.get("acme/db", "password", env={"BULLA_VAULT": "sqlite:new.db"}) == b"s3cret-of-acme"
    assert box.path("new.db").stat().st_mode & 0o777 == 0o600
    # The last to have had it open has only used a value: its record may be in the log alone.
    assert names(box) == ["b", "bulla.db", "new.db", "new.db-shm", "new.db-wal", "root.key"], names(box)


@test
def a_restore_says_what_is_missing(box):
    key = box.apikey()
    box.run("actor", "create", "front")
    box.run("backup", "b")
    box.run("apikey", "revoke", key)
    box.run("audit", "anchor", "--out", "anchor")
    box.run("actor", "revoke", "front")
    out = box.run("restore", "b", *NEW, "--anchor", "anchor").decode()
    assert [a["state"] for a in box.json("actor", "list", *NEW) + box.json("actor", "list")] == ["active", "revoked"]
    assert "revoke again the API keys, tokens, actors and grants" in out, out
    assert "2 records that the anchor knows of are missing" in out, out
    box.run("audit", "verify", *NEW, "--anchor", "anchor", status=1, told="a vault restored from a backup older than")
    assert box.json("apikey", "list", *NEW)[0]["revoked"] is None and box.json("apikey", "list")[0]["revoked"] is not None
    # Another log, as long as what was anchored.
    for i in range(3):
        box.run("put", f"acme/e{i}", "a=b", *NEW)
    box.run("backup", "c", *NEW)
    refuse(box, "restore", "c", "--vault", "sqlite:third.db", "--anchor", "anchor", status=1, told="another than the anchored")
    box.run("backup", "d")
    assert box.json("restore", "d", "--vault", "sqlite:third.db", "--anchor", "anchor")["missing"] == 0
    box.write("anchor", box.path("anchor").read_bytes().replace(b"bulla/", b"bulle/"))
    refuse(box, "restore", "d", "--vault", "sqlite:4.db", "--anchor", "anchor", status=1, told="the anchor is none of this")


@test
def what_was_deleted_is_not_in_a_backup(box):
    box.run("put", "acme/db", "host=gone-long-ago.example", "other=stays.example")
    box.run("rm", "acme/db", "host")
    box.run("backup", "b")
    content = box.path("b").read_bytes()
    assert b"gone-long-ago" not in content and b"stays.example" in content


def write_on(box):
    i = 0
    while not box.path("enough").exists():
        i += 1
        box.run("put", "acme/db", f"a={i}", f"b={i}")


@test
def a_backup_is_of_one_state_while_others_write(box):
    box.run("put", "acme/db", "a=0", "b=0")
    box.write("large", "x" * 60000)
    for i in range(2):  # so that making a backup takes some time
        box.run("put", f"acme/large{i}", *(f"--secret-file=f{j}=large" for j in range(60)))
    if os.fork() == 0:
        try:
            write_on(box)
        finally:
            os._exit(0)
    made = 0
    stop = time.monotonic() + 1.5
    try:
        while made < 4 or time.monotonic() < stop:
            box.run("backup", f"b{made}")
            made += 1
    finally:
        box.write("enough", "")
        os.wait()
    values = []
    for i in {0, made // 2, made - 1}:
        at = ("--vault", f"sqlite:new{i}.db")
        box.run("restore", f"b{i}", *at)
        assert verify(box, *at)["bad_seq"] is None
        fields = {field["field"]: field["value"] for field in box.json("show", "acme/db", *at)}
        assert fields["a"] == fields["b"], fields
        values.append(int(fields["a"]))
    assert max(values) > 0


def flipped(content, at):
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]


@test
def what_is_no_whole_backup_is_refused(box):
    box.put_secret()
    box.run("backup", "b")
    content = box.path("b").read_bytes()
    damaged = [("cut", content[:-1]), ("cut", content[:5000]), ("cut", b""), ("too short", b"x")]
    damaged.append(("damaged", content[:4096] + content[8192:]))
    places = [*range(len(content) - 300, len(content), 19), *(random.randrange(len(content)) for _ in range(10))]
    damaged += [(("than it was", "damaged", "no end", "later bulla"), flipped(content, at)) for at in places]
    for told, bad in damaged:
        box.write("bad", bad)
        before = names(box)
        process = box.start("restore", "bad", *NEW, stdout=-1, stderr=-1)
        error = process.communicate(timeout=60)[1].decode()
        assert process.returncode == (4 if "later bulla" in error else 1), (process.returncode, error)
        assert ("take another" in error) == ("later bulla" not in error), error
        told = ("cut", "too short") if told == "cut" else told
        assert any(t in error for t in ((told,) if isinstance(told, str) else told)), (told, error)
        assert names(box) == before, names(box)
    box.write("bad", content.replace(b"bulla/v2/backup", b"bulla/v3/backup"))
    refuse(box, "restore", "bad", *NEW, status=4, told="later bulla")
    shutil.copy(box.path("bulla.db"), box.path("copy"))
    refuse(box, "restore", "copy", *NEW, status=1, told=("no end of a backup", "bulla backup makes a backup of it"))
    with in_use(box):
        refuse(box, "restore", "bulla.db", *NEW, status=4, told="a vault in use")
    refuse(box, "restore", "b", "--vault", "new.db", status=2, told="write sqlite:PATH")
    refuse(box, "restore", "none", *NEW, status=4, told="no such file")
    refuse(box, "restore", ".", *NEW, status=4, told="not a regular file")
    refuse(box, "list", "--vault", "sqlite:b", status=4, told="it is a backup: bulla restore makes a vault of it")
    box.run("restore", "b", *NEW)


@test
def a_backup_of_another_vault_is_refused(box):
    box.run("backup", "b")
    pins = box.json("info")
    other = "0" * 32
    refuse(box, "restore", "b", *NEW, "--vault-id", other, status=1, told="not known to be of the vault")
    refuse(box, "restore", "b", *NEW, "--fingerprint", other * 2, status=1, told="not known to be of the vault")
    box.run("init", "--root", "file:other.key", "--vault", "sqlite:other.db")
    refuse(box, "restore", "b", *NEW, "--root", "file:other.key", status=1, told="root")
    box.run("restore", "b", *NEW, "--vault-id", pins["id"], "--fingerprint", pins["fingerprint"])


@test
def what_is_there_already_stays(box):
    box.write("b", "mine")
    refuse(box, "backup", "b", status=2, told="left as it is")
    assert box.path("b").read_bytes() == b"mine"
    os.symlink("nowhere", box.path("link"))
    refuse(box, "backup", "link", status=2, told="left as it is")
    box.run("backup", "c")
    before = box.path("bulla.db").read_bytes()
    refuse(box, "restore", "c", status=2, told="exists already")
    assert box.path("bulla.db").read_bytes() == before
    box.write("new.db-wal", "of another")
    refuse(box, "restore", "c", *NEW, status=2, told="exists already")
    refuse(box, "backup", "none/b", status=4, told="backup none/b")
    for end in ("-wal", "-shm", "-journal"):  # SQLite would delete it
        refuse(box, "backup", f"bulla.db{end}", status=2, told="part of another database")
        refuse(box, "backup", f"x{end}", status=2, told="part of another database")
    assert [record["op"] for record in box.log()].count("backup") == 1  # all of that is found before there is a record


@test
def of_two_backups_at_once_to_one_name_one_is_made(box):
    for i in range(5):
        both = [box.start("backup", f"b{i}", stdout=-1, stderr=-1) for _ in range(2)]
        ends = [process.communicate(timeout=60) for process in both]
        statuses = sorted(process.returncode for process in both)
        assert statuses == [0, 2], ends
        box.run("restore", f"b{i}", "--vault", f"sqlite:n{i}.db")
    assert not [name for name in names(box) if ".new-" in name]


@test
def a_folder_that_cannot_be_written_to_is_told(box):
    box.path("closed").mkdir(mode=0o755)
    nobody = run_as_nobody()
    if nobody:
        os.chown(box.folder, 65534, 65534)
        for name in names(box):
            if name != "closed":
                os.chown(box.path(name), 65534, 65534)
    else:
        box.path("closed").chmod(0o555)
    box.run("backup", "closed/b", status=4, told="permission", **nobody)
    box.run("backup", "b", **nobody)
    box.run("restore", "b", "--vault", "sqlite:closed/new.db", status=4, told="permission", **nobody)
    assert not list(box.path("closed").iterdir())


def limit(size):
    def set_limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return set_limit


@test
def a_full_disk_leaves_nothing(box):
    for i in range(8):
        box.run("put", f"acme/e{i}", "v=" + "x" * 60000)
    box.run("backup", "b")
    for size in (300000, 500000):
        refuse(box, "backup", "c", status=4, told="full", preexec_fn=limit(size))
        refuse(box, "restore", "b", *NEW, status=4, told="full", preexec_fn=limit(size))
    # Room for the database, and none for what follows it.
    refuse(box, "backup", "c", status=4, told="full, and no backup was made", preexec_fn=limit(box.path("bulla.db").stat().st_size))
    told = [(record["entry"], record["outcome"]) for record in box.log("--op", "backup")]
    assert len(told) == 7, told
    assert [outcome for _, outcome in told] == ["done"] + 3 * ["done", "failed"], told
    assert all(told[i][0] == told[i + 1][0] != told[i - 1][0] for i in (1, 3, 5)), told
    assert box.json("status")["summary"]["last_backup"][:19] == box.log("--op", "backup")[0]["time"][:19]
    box.run("backup", "d")  # of a log whose last record told of a failure
    box.run("restore", "d", "--vault", "sqlite:d.db")
    box.run("restore", "b", *NEW)


def run_and_kill(box, *args, within):
    process = box.start(*args, stdout=-1, stderr=-1)
    time.sleep(random.uniform(0, within))
    process.kill()
    process.communicate(timeout=60)


def check_draft(box, name):
    """What a restore that was killed leaves is no vault, or one that says that it was restored."""
    process = box.start("audit", "log", "--json", "--vault", f"sqlite:{name}", stdout=-1, stderr=-1)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 4 or [json.loads(line)["op"] for line in out.splitlines()][-2] == "restore-vault", (name, out)


def time_of(run):
    start = time.monotonic()
    run()
    return time.monotonic() - start


@test
def who_is_killed_leaves_a_whole_one_or_none(box):
    for i in range(4):
        box.run("put", f"acme/e{i}", "v=" + "x" * 60000)
    backup = time_of(lambda: box.run("backup", "b"))
    restore = time_of(lambda: box.run("restore", "b", "--vault", "sqlite:0.db"))
    whole = 0
    for i in range(KILLS):
        run_and_kill(box, "backup", "k", within=backup * 1.5)
        if box.path("k").exists():
            whole += 1
            box.run("restore", "k", *NEW)
            box.path("new.db").unlink()
            box.path("k").unlink()
        run_and_kill(box, "restore", "b", *NEW, within=restore * 1.5)
        if box.path("new.db").exists():
            whole += 1
            assert verify(box, *NEW)["bad_seq"] is None and box.log(*NEW)[-2]["op"] == "restore-vault"
        for path in box.folder.glob("new.db.new-*"):
            if len(path.name) == len("new.db.new-") + 32:
                check_draft(box, path.name)
        for path in box.folder.glob("new.db*"):
            path.unlink()
    print(f"# {2 * KILLS} kills, {whole} of them too late")
    assert verify(box)["bad_seq"] is None


@test
def a_plain_copy_of_a_vault_in_use_lacks_what_the_number_of_records_tells(box):
    """Why the manual warns of cp(1): the copy is a valid vault."""
    with in_use(box):
        box.put_secret("acme/db", "password", b"s3cret-of-acme")
        records = verify(box)["records"]
        shutil.copy(box.path("bulla.db"), box.path("copy.db"))
        copied = verify(box, "--vault", "sqlite:copy.db")
        assert copied == {"records": 1, "lanes": 1, "bad_lane": None, "bad_seq": None} and records > 1, (copied, records)
        assert entries(box, "--vault", "sqlite:copy.db") == []


@test
def who_has_the_vault_open_notices_a_restore_in_its_place(box):
    with in_use(box) as process:
        box.put_secret("acme/db", "password", b"s3cret-of-acme")
        box.run("backup", "b")
        box.run("restore", "b", *NEW)
        for end in ("-wal", "-shm"):
            box.path(f"bulla.db{end}").unlink(missing_ok=True)
        os.replace(box.path("new.db"), box.path("bulla.db"))
        _, errors = process.communicate(b"value", timeout=60)
        assert process.returncode == 4 and b"moved, replaced or removed" in errors, errors
    assert entries(box) == ["db"]


@test
def a_damaged_vault_has_no_backup(box):
    box.put_secret()
    box.sql("UPDATE audit SET detail = zeroblob(90) WHERE seq = 1")
    refuse(box, "backup", "b", status=1, told="tampered")


run_tests()
