# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The machine around the command: files that are missing, foreign, locked or not to be written, disks that are
full, readers that go away, processes that are killed, and what each exit status says about it."""

import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import time

from command import BULLA, SANITIZED, Skip, run_as_nobody, run_tests, test, test_without_vault


USAGE_ERRORS = """put
nothing
token
token nothing
put acme/db
put acme/db a=1 a=2
put acme/db a=1 --secret a
put bad!/db a=1
get acme/db
show acme
list a b
list bad!
list -x
list --no-such
list --json=yes
list --json --json
list --vault
list --vault --json
list --vault=
list --vault mysql://host/db
list --root vault:x
list --vault-id
list --vault-id x
mv acme
mv acme/db x
rm acme/db bad!
apikey revoke
import hex --tenant acme
audit log --from -1
audit log --from=-1
audit log --from=99999999999999999999"""


@test
def each_exit_status_says_what_it_means(box):
    box.put_secret()
    box.write("other.key", "5a" * 32)
    assert box.get(status=0)
    box.run("list", "--root", "file:other.key", status=1)
    box.run(status=2)
    for usage in USAGE_ERRORS.splitlines():
        box.run(*usage.split(), status=2)
    box.run("get", "acme/db", "bad name", "--reason", "x", status=2)
    box.run("put", "acme/db", "--secret", "a", "--secret", "b", stdin="x", status=2, told="--secret-file")
    box.run("list", env={"BULLA_ROOT": None}, status=2, told=("--root", "BULLA_ROOT"))
    for missing in (["show", "acme/none"], ["audit", "log", "--tenant", "none"], ["rm", "acme/db", "none"],
                    ["mv", "acme/none", "acme/x"], ["show", "none/db"], ["rm", "acme/none"], ["list", "none"]):
        box.run(*missing, status=3)
    box.run("list", "--vault", "sqlite:none.db", status=4)
    assert "bulla init" in box.errors and not box.path("none.db").exists()


@test
def an_empty_secret_is_refused(box):
    box.write("empty", "")
    box.run("put", "acme/db", "--secret", "password", stdin="", status=2)
    box.run("put", "acme/db", "--secret-file", "password=empty", status=2)
    assert box.json("list") == []


@test
def a_secret_past_64_KiB_is_refused(box):
    box.run("put", "acme/db", "--secret", "password", stdin=b"x" * 65537, status=2)
    box.run("put", "acme/db", "--secret", "password", stdin=b"x" * (1 << 22), status=2)
    assert box.json("list") == []


@test
def a_root_key_that_cannot_be_had_is_named(box):
    for root in ("env:UNSET", "sha256-env:UNSET", "file:none.key", "file:.", "fd:77", "cred:root.key"):
        box.run("list", "--root", root, status=4, told=f"root key {root}:")


@test
def a_file_that_holds_no_root_key_is_refused(box):
    good = box.path("root.key").read_bytes().strip()
    for content in (b"", b"\n", good[:-1], good + b"0", good + b"\n\n", b" " + good, b"g" + good[1:], bytes(32),
                    b"x" * 100000):
        box.write("bad.key", content)
        box.run("list", "--root", "file:bad.key", status=2)
        box.run("seal", "--key", "bad.key", status=2)
    box.write("exposed.key", good, 0o644)
    box.run("list", "--root", "file:exposed.key", status=4)
    box.write("newline.key", good + b"\n")
    box.run("list", "--root", "file:newline.key")


@test
def files_that_are_no_vault_are_refused_and_left_alone(box):
    box.sql("CREATE TABLE vault(id INTEGER)", name="foreign.db")
    box.write("empty.db", "")
    box.write("text.db", "this is a text\n" * 1000)
    vault = box.path("bulla.db").read_bytes()
    box.write("cut.db", vault[:len(vault) // 2])
    box.write("header.db", vault[:100])
    box.write("noise.db", vault[:4096] + os.urandom(len(vault) - 4096))
    for name in ("foreign.db", "empty.db", "text.db", "cut.db", "header.db", "noise.db", "."):
        before = box.path(name).read_bytes() if name != "." else b""
        box.run("list", "--vault", f"sqlite:{name}", status=4)
        assert name == "." or box.path(name).read_bytes() == before
        box.run("init", "--vault", f"sqlite:{name}", status=2)


@test
def a_vault_of_a_newer_version_is_refused_and_left_alone(box):
    box.put_secret()
    box.sql("PRAGMA user_version = 99")
    before = box.path("bulla.db").read_bytes()
    box.get(status=4)
    assert "newer" in box.errors and box.path("bulla.db").read_bytes() == before


@test
def a_locked_vault_is_busy_and_answers_when_it_is_free(box):
    box.put_secret()
    with contextlib.closing(sqlite3.connect(box.path("bulla.db"), isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        assert box.get(status=4) == b""
        assert "locked" in box.errors and time.monotonic() - started > 1
        waiting = box.start("get", "acme/db", "password", "--reason", "x", stdout=-1)
        time.sleep(0.5)
        database.execute("ROLLBACK")
        assert waiting.communicate()[0] == b"s3cret-of-acme" and waiting.returncode == 0


@test
def a_folder_that_is_not_to_be_written_is_told(box):
    box.put_secret()
    options = run_as_nobody()
    for path in (box.folder, *box.folder.iterdir()):
        if options:
            os.chown(path, options["user"], 0)
    box.folder.chmod(0o500)
    try:
        box.run("init", "--vault", "sqlite:new.db", status=4, **options)
        box.run("init", "--vault", "sqlite:new.db", "--root", "file:new.key", status=4, **options)
        box.get(status=4, **options, told="not writable")
        assert not box.path("new.db").exists() and not box.path("new.key").exists()
    finally:
        box.folder.chmod(0o700)
    assert box.get(**options) == b"s3cret-of-acme"


@contextlib.contextmanager
def small_disk(box, size):
    """Mounts a file system of |size| in the box, and gives its folder."""
    folder = box.path("disk")
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if mount.returncode != 0:
        raise Skip("a small file system can be mounted by root alone")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@test_without_vault
def a_full_disk_is_told_and_loses_nothing(box):
    with small_disk(box, "512k") as disk:
        box.environment["BULLA_VAULT"] = f"sqlite:{disk}/bulla.db"
        box.run("init")
        box.put_secret()
        # A reader that holds on to the present state makes every write take new room in the write-ahead log.
        reader = sqlite3.connect(disk / "bulla.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM sqlite_schema").fetchall()
        assert box.get() == b"s3cret-of-acme"
        with open(disk / "filler", "ab", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(b"x" * 4096)
        box.write("big", os.urandom(65536))
        box.run("put", "acme/db", "--secret-file", "password=big", status=4, told="disk is full")
        assert box.get(status=4) == b"", "opened without an audit record"
        assert "disk is full" in box.errors, box.errors
        reader.close()
        os.unlink(disk / "filler")
        assert box.get() == b"s3cret-of-acme"
        box.run("audit", "verify")


@test_without_vault
def a_full_disk_leaves_no_half_made_vault(box):
    with small_disk(box, "16k") as disk:
        box.environment["BULLA_VAULT"] = f"sqlite:{disk}/bulla.db"
        box.run("init", "--root", f"file:{disk}/root.key", status=4)
        assert {path.name for path in disk.iterdir()} <= {"root.key"}


@test
def a_limit_on_the_size_of_files_is_an_error_like_others(box):
    box.put_secret()
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))
    box.run("keygen", preexec_fn=limit)
    box.run("put", "acme/db", "--secret", "password", stdin=b"x" * 60000, status=4, preexec_fn=limit)
    assert "disk is full" in box.errors, box.errors
    assert box.get() == b"s3cret-of-acme"


@test
def standard_output_that_cannot_be_written_is_status_4(box):
    box.put_secret()
    box.apikey()
    token = box.mint()
    prints = [["--help"], ["--version"], ["list"], ["--json", "list"], ["show", "acme/db"], ["audit", "log"],
              ["audit", "verify"], ["get", "acme/db", "password", "--reason", "x"], ["keygen"], ["apikey", "list"],
              ["apikey", "create", "--tenant", "acme"], ["token", "verify"], ["token", "inspect"],
              ["token", "mint", "--apikey-file", "key", "--org", "acme", "--sub", "alice"],
              ["seal", "--key", "root.key"]]
    for args in prints:
        with open("/dev/full", "wb") as full:
            box.run(*args, stdin=token, stdout=full, status=4, told="standard output: No space")
        # The vault's file must not be opened in the place of standard output and written over.
        box.run(*args, stdin=token, stdout=None, preexec_fn=lambda: os.close(1), status=4, told="standard output: ")
    assert box.get() == b"s3cret-of-acme"
    keys = box.json("apikey", "list")
    assert sum(key["revoked"] is None for key in keys) == 1, "a key that nobody has seen is still good"


@test
def what_prints_nothing_needs_no_standard_output(box):
    box.run("put", "acme/db", "a=b", stdout=None, preexec_fn=lambda: os.close(1))
    box.run("put", "acme/db", "--secret", "c", stdin=None, stdout=None, preexec_fn=lambda: os.close(0), status=4)
    box.start("rm", "acme/db", preexec_fn=lambda: os.closerange(0, 3)).wait(60)
    assert box.json("list") == []


@test
def an_input_that_cannot_be_read_is_named(box):
    box.run("put", "acme/db", "--secret-file", "a=none", status=4, told="--secret-file a=: No such file")
    box.run("put", "acme/db", "--secret-file", "a=.", status=4)
    with open(box.path("out"), "wb") as write_only:
        box.run("put", "acme/db", "--secret", "a", stdin=write_only, status=4)
    assert box.json("list") == []


@test
def many_processes_write_at_once(box):
    writers = [box.start("put", f"acme/e{n % 4}", f"f{n}=v{n}", stderr=-1) for n in range(16)]
    for writer in writers:
        errors = writer.communicate()[1]
        assert writer.returncode == 0, errors
    fields = [f["field"] for n in range(4) for f in box.json("show", f"acme/e{n}")]
    assert sorted(fields) == sorted(f"f{n}" for n in range(16))
    box.run("audit", "verify")
    assert len(box.log()) == 17


@test
def a_killed_process_leaves_what_was_committed_and_nothing_half_done(box):
    loop = 'n=0; while n=$((n+1)); do "$0" put acme/db a=$n b=$n && echo $n; done'
    for delay in (0.1, 0.13, 0.17, 0.21, 0.25):
        shell = subprocess.Popen(["sh", "-c", loop, BULLA], stdout=subprocess.PIPE, start_new_session=True,
                                 **box.options({}))
        time.sleep(delay)
        os.killpg(shell.pid, signal.SIGKILL)
        done = shell.communicate()[0].split()
        box.run("audit", "verify")
        fields = {f["field"]: f["value"] for f in box.json("show", "acme/db")} if done else {}
        assert fields.get("a") == fields.get("b"), fields
        assert not done or int(fields["a"]) >= int(done[-1]), (fields, done[-1])


@test_without_vault
def a_killed_init_leaves_nothing_that_is_taken_for_a_vault(box):
    for n in range(40):
        vault, root = box.path(f"{n}.db"), box.path(f"{n}.key")
        options = ("--vault", f"sqlite:{vault}", "--root", f"file:{root}")
        maker = box.start("init", *options, stdout=-1, stderr=-1)
        time.sleep(n * 0.001)
        maker.kill()
        maker.communicate()
        if not os.path.exists(vault):
            box.run("init", "--reuse-root", *options)
        box.run("audit", "verify", *options)


@test_without_vault
def memory_that_cannot_be_locked_is_told_with_its_remedy(box):
    if SANITIZED:
        raise Skip("sanitizers turn mlock(2) off")
    def forbid_locking():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    box.run("keygen", status=4, preexec_fn=forbid_locking, **run_as_nobody(), told=("RLIMIT_MEMLOCK", "ulimit -l 2048"))


@test_without_vault
def the_memory_of_the_advice_is_enough_to_seal_and_open(box):
    if SANITIZED:
        raise Skip("sanitizers turn mlock(2) off")
    nobody = run_as_nobody()
    box.write("key", "5a" * 32)
    for path in (box.folder, box.path("key")):
        os.chown(path, nobody.get("user", -1), -1)

    def follow_advice():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (2 << 20, 2 << 20))
    sealed = box.run("seal", "--key", "key", stdin=b"short", preexec_fn=follow_advice, **nobody)
    assert box.run("open", "--key", "key", stdin=sealed, preexec_fn=follow_advice, **nobody) == b"short"


@test
def a_log_that_was_taken_from_a_living_service_is_named_and_not_a_broken_disk(box):
    box.put_secret("acme/db", "password", b"s3cret")
    with sqlite3.connect(box.path("bulla.db")) as living:
        living.execute("SELECT count(*) FROM audit").fetchall()
        for i in range(3):
            box.put_secret(f"acme/db{i}", "password", b"s3cret")
        box.path("bulla.db-wal").unlink()
        box.run("audit", "verify", status=4, told="moved, replaced or removed")
    living.close()


@test
def a_database_that_was_put_beside_the_log_of_another_is_named_with_what_to_do(box):
    box.put_secret("acme/db", "password", b"s3cret")
    older = box.path("bulla.db").read_bytes()
    box.put_secret("acme/db2", "password", b"s3cret")
    box.get("acme/db", "password")
    newer, log = box.path("bulla.db").read_bytes(), box.path("bulla.db-wal").read_bytes()
    box.path("bulla.db").write_bytes(older)
    for args in (("list",), ("get", "acme/db", "password", "--reason", "x"), ("audit", "verify"), ("backup", "b")):
        box.run(*args, status=4, told="or, if this one is to stay, move what ends in -wal and -shm away")
    assert (box.path("bulla.db").read_bytes(), box.path("bulla.db-wal").read_bytes()) == (older, log)
    box.path("bulla.db").write_bytes(newer)
    assert [entry["entry"] for entry in box.json("list")] == ["db", "db2"]
    box.path("bulla.db").write_bytes(older)
    for ending in ("-wal", "-shm"):
        box.path(f"bulla.db{ending}").unlink()
    assert [entry["entry"] for entry in box.json("list")] == ["db"]
    assert box.json("audit", "verify")["bad_seq"] is None


run_tests()
