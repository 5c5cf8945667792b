# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Where secrets go and where they do not: files, arguments, errors, the terminal."""

import fcntl
import os
import pathlib
import pty
import re
import resource
import select
import signal
import sqlite3
import subprocess
import sys
import termios
import time

from command import BULLA, SANITIZED, Skip, run_as_nobody, run_tests, test, test_without_vault

SECRET = b"s3cret-of-acme-0123456789"


def everything_written(box):
    """Returns the bytes of all files in the box, the vault's own among them."""
    return b"".join(path.read_bytes() for path in box.folder.rglob("*") if path.is_file())


@test
def secrets_are_in_no_file(box):
    box.put_secret(secret=SECRET)
    box.get()
    box.put_secret("acme/db", "password", SECRET[::-1])
    box.run("rm", "acme/db")
    written = everything_written(box)
    assert len(written) > 10000 and b"acme" in written
    for form in (SECRET, SECRET[::-1], SECRET.hex().encode(), SECRET[:12], SECRET[-12:]):
        assert form not in written
    assert box.path("root.key").read_bytes()[:64] not in written.replace(box.path("root.key").read_bytes(), b"")


@test
def secrets_are_in_no_file_while_the_vault_is_in_use(box):
    """A reader keeps the write-ahead log from being folded into the vault."""
    reader = sqlite3.connect(box.path("bulla.db"))
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM sqlite_schema").fetchall()
    box.put_secret("acme/db", "password", SECRET)
    box.get()
    assert box.path("bulla.db-wal").stat().st_size > 0
    assert SECRET not in everything_written(box) and SECRET[:12] not in everything_written(box)
    reader.close()


@test
def the_string_of_an_api_key_is_in_no_file(box):
    string = box.run("apikey", "create", "--tenant", "acme").strip()
    written = everything_written(box)
    secret = string.split(b"_")[2]
    for start in range(0, len(secret) - 16, 8):
        piece = secret[start:start + 16]
        assert piece not in written and bytes.fromhex(piece.decode()) not in written


def start_reading(box, **options):
    """Starts a process that has read a secret and waits for more."""
    process = box.start("put", "acme/db", "--secret", "password", stdin=-1, **options)
    process.stdin.write(SECRET)
    process.stdin.flush()
    time.sleep(0.3)
    return process, pathlib.Path(f"/proc/{process.pid}")


@test
def a_secret_that_is_being_read_is_in_locked_memory_alone(box):
    if os.geteuid() != 0:
        raise Skip("only root can read the memory of a process that hides it")
    if SANITIZED:
        raise Skip("a sanitizer's shadow of the memory is too large to be read")
    process, proc = start_reading(box)
    found = []
    with open(proc / "mem", "rb", buffering=0) as memory:
        for header, flags in re.findall(r"^([0-9a-f]+-\S+ r.*)$[^-]*?^VmFlags: (.*)$",
                                        proc.joinpath("smaps").read_text(), re.MULTILINE):
            first, last = (int(address, 16) for address in header.split()[0].split("-"))
            try:
                memory.seek(first)
                found += [(header, flags)] if SECRET[:16] in memory.read(last - first) else []
            except OSError:  # nobody reads what memfd_secret(2) holds
                assert "secretmem" in header or "[v" in header, header
    process.stdin.close()
    assert process.wait(60) == 0 and box.get() == SECRET
    assert all("lo" in flags.split() and "dd" in flags.split() for _, flags in found), found


@test_without_vault
def a_process_that_holds_secrets_hides_from_its_own_user_and_dumps_no_core(box):
    def allow_core_dumps():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    process = box.start("token", "inspect", stdin=-1, stderr=-1, preexec_fn=allow_core_dumps, **run_as_nobody())
    time.sleep(0.3)
    proc = pathlib.Path(f"/proc/{process.pid}")
    owner = proc.joinpath("environ").stat().st_uid
    core = next(line for line in proc.joinpath("limits").read_text().splitlines() if "core file" in line)
    process.communicate(b"")
    assert owner == 0 and core.split()[4] == "0", (owner, core)


@test
def secrets_are_in_no_argument(box):
    process, proc = start_reading(box)
    arguments = proc.joinpath("cmdline").read_bytes()
    process.stdin.close()
    assert process.wait(60) == 0 and SECRET not in arguments and b"password" in arguments


LEAKING_LINES = f"""SECRET
token mint --apikey-file bulla_SECRET --org acme --sub a
seal --key SECRET
put acme/db --secret-file a=SECRET
token SECRET
help SECRET
keygen SECRET
keygen --jwk SECRET
keygen --jwk A128KW --enc SECRET
keygen --jwk ECDH-ES --curve SECRET
jwk public SECRET
jwe encrypt --jwk SECRET
jwe encrypt --jwk root.key --enc A256GCM --alg SECRET
jwe encrypt --jwk root.key --form SECRET
jwe encrypt --jwk root.key --header SECRET
jwe decrypt --jwks SECRET
jwe decrypt --jwk root.key --enc SECRET
put acme/db SECRET
put SECRET a=b
put SECRET/x! a=b
put acme/db --secret password=SECRET
put acme/db --secrte=SECRET
put acme/db --SECRET
put acme/db -SECRET
put acme/db --secret-file SECRET
list acme SECRET
show acme/db SECRET
get acme/db a/SECRET --reason x
--json=SECRET list
list --root SECRET
list --root env:{"5a" * 32}
list --vault postgres://user:SECRET@host/db
exec --reason x --env SECRET -- true
exec --reason x SECRET
apikey revoke SECRET
audit log --from SECRET
token verify --leeway SECRET
token mint --apikey-file root.key --org o --sub s --attr SECRET
seal --key root.key --format SECRET"""


@test
def errors_repeat_no_argument_that_may_be_a_secret(box):
    for line in LEAKING_LINES.splitlines():
        errors = box.fail(*line.split())
        assert "SECRET" not in errors and "5a5a" not in errors, (line, errors)


@test
def errors_repeat_nothing_of_what_was_read(box):
    box.write("short.key", "c0ffee")
    box.write("bad.key", "c0ffee" + "z" * 58)
    for args in (["list", "--root", "file:short.key"], ["list", "--root", "file:bad.key"],
                 ["list", "--root", "env:KEY"], ["seal", "--key", "bad.key"], ["seal", "--key", "short.key"],
                 ["token", "mint", "--apikey-file", "short.key", "--org", "o", "--sub", "s"],
                 ["token", "mint", "--apikey-file", "key", "--org", "o", "--sub", "s", "--claims", "bad.key"]):
        assert "c0ffee" not in box.fail(*args, env={"KEY": "c0ffee"})


class Terminal:
    """A pseudo-terminal and bulla, or another |program| that starts it, in a session of its own at it."""

    def __init__(self, box, *args, program=(BULLA,)):
        try:
            self.fd, self.other = pty.openpty()
        except OSError as error:
            raise Skip(f"there are no pseudo-terminals: {error}") from error
        self.seen = b""

        def prepare():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            # Whoever started the tests may have had them ignored.
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)

        self.process = subprocess.Popen(
            [*program, *args], stdin=self.other, stdout=self.other, stderr=self.other, start_new_session=True,
            preexec_fn=prepare, **box.options({}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)
        os.close(self.other)

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def expect(self, text):
        while text not in self.seen:
            assert select.select([self.fd], [], [], 20)[0], f"no {text} in {self.seen}"
            self.seen += os.read(self.fd, 4096)

    def answer(self, prompt, line):
        """Types |line| at the |prompt|, which must not echo it."""
        self.expect(prompt)
        assert not self.echoes()
        self.seen = b""
        os.write(self.fd, line)

    def wait(self):
        """Returns the exit status, and has seen all that was printed. The echo must be on again."""
        status = self.process.wait(60)
        while select.select([self.fd], [], [], 0)[0]:
            self.seen += os.read(self.fd, 4096)
        assert self.echoes()
        return status


@test
def a_prompt_shows_nothing_and_sets_the_terminal_back(box):
    with Terminal(box, "put", "acme/db", "--secret", "password", "--secret", "token") as terminal:
        for field, line in (b"password", SECRET), (b"token", SECRET[::-1]):
            terminal.answer(b"acme/db:%s: " % field, line + b"\n")
            terminal.answer(b"acme/db:%s again: " % field, line + b"\n")
        assert terminal.wait() == 0 and terminal.seen.strip() == b"", terminal.seen
    assert box.get() == SECRET and box.get(field="token") == SECRET[::-1]


@test
def an_empty_or_overlong_line_at_a_prompt_is_refused(box):
    for line in (b"\n", b"x" * 4095 + b"\n", b"x" * 5000 + b"\n"):
        with Terminal(box, "put", "acme/db", "--secret", "password") as terminal:
            terminal.answer(b"acme/db:password: ", line)
            assert terminal.wait() == 2, terminal.seen
    assert box.json("list") == []


@test
def a_secret_that_is_typed_in_two_ways_is_asked_for_three_times(box):
    with Terminal(box, "put", "acme/db", "--secret", "password") as terminal:
        for again in (b"another\n", SECRET + b"\n"):
            terminal.answer(b"acme/db:password: ", SECRET + b"\n")
            terminal.answer(b"acme/db:password again: ", again)
        assert terminal.wait() == 0, terminal.seen
    assert box.get() == SECRET
    with Terminal(box, "put", "acme/db", "--secret", "password") as terminal:
        for _ in range(3):
            terminal.answer(b"acme/db:password: ", b"one\n")
            terminal.answer(b"acme/db:password again: ", b"two\n")
        assert terminal.wait() == 2 and b"differs" in terminal.seen, terminal.seen
    assert box.get() == SECRET


@test
def an_interrupted_prompt_sets_the_terminal_back_and_dies_of_the_signal(box):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGXCPU, signal.SIGPROF):
        with Terminal(box, "put", "acme/db", "--secret", "password") as terminal:
            terminal.answer(b"acme/db:password: ", b"half a secr" + (b"\x03" if number == signal.SIGINT else b""))
            if number != signal.SIGINT:
                terminal.process.send_signal(number)
            assert terminal.wait() == -number, terminal.seen
            assert b"secr" not in terminal.seen


# A shell of sorts, with the command in the foreground.
FOREGROUND = """
import os, signal, subprocess, sys, termios

def to_the_foreground():
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)

"""

STOPPED_AND_CONTINUED = FOREGROUND + """
child = subprocess.Popen(sys.argv[1:], preexec_fn=to_the_foreground)
assert os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1])
assert termios.tcgetattr(0)[3] & termios.ECHO
print("stopped with echo on", flush=True)
os.kill(child.pid, signal.SIGCONT)
sys.exit(child.wait())
"""


@test
def a_stopped_prompt_sets_the_terminal_back_and_asks_again(box):
    program = (sys.executable, "-c", STOPPED_AND_CONTINUED, BULLA)
    with Terminal(box, "put", "acme/db", "--secret", "password", program=program) as terminal:
        terminal.answer(b"acme/db:password: ", b"half a secr\x1a")
        terminal.expect(b"stopped with echo on")
        terminal.answer(b"acme/db:password: ", SECRET + b"\n")
        terminal.answer(b"acme/db:password again: ", SECRET + b"\n")
        assert terminal.wait() == 0, terminal.seen
    assert box.get() == SECRET


IN_THE_BACKGROUND = """
import os, signal, subprocess, sys, termios

def to_the_background():
    os.setpgid(0, 0)
    if DISPOSITION is not None:
        signal.signal(signal.SIGTTOU, DISPOSITION)
        signal.signal(signal.SIGTTIN, DISPOSITION)

child = subprocess.Popen(sys.argv[1:], preexec_fn=to_the_background, stderr=subprocess.PIPE)
errors = child.stderr.read()
print("ended", child.wait(), b"foreground" in errors, bool(termios.tcgetattr(0)[3] & termios.ECHO), flush=True)
print("read", input(), flush=True)
"""


@test
def a_prompt_in_the_background_leaves_the_foreground_its_echo_and_input(box):
    for disposition in ("None", "signal.SIG_IGN"):
        program = (sys.executable, "-c", IN_THE_BACKGROUND.replace("DISPOSITION", disposition), BULLA)
        for args in (["put", "acme/db", "--secret", "password"], ["list", "--root", "passphrase"]):
            with Terminal(box, *args, program=program) as terminal:
                os.write(terminal.fd, b"for the foreground\n")
                assert terminal.wait() == 0, terminal.seen
                assert b"ended 4 True True" in terminal.seen, terminal.seen
                assert b"read for the foreground" in terminal.seen, terminal.seen
                assert b"password: " not in terminal.seen and b"passphrase" not in terminal.seen, terminal.seen
    assert box.json("list") == []


SENT_TO_THE_BACKGROUND = FOREGROUND + """
child = subprocess.Popen(sys.argv[1:], preexec_fn=to_the_foreground, stderr=subprocess.PIPE)
assert os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1])
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
os.tcsetpgrp(0, os.getpgrp())
os.kill(child.pid, signal.SIGCONT)
print("ended", child.wait(), bool(termios.tcgetattr(0)[3] & termios.ECHO), flush=True)
"""


@test
def a_stopped_prompt_that_goes_on_in_the_background_asks_no_more(box):
    program = (sys.executable, "-c", SENT_TO_THE_BACKGROUND, BULLA)
    with Terminal(box, "put", "acme/db", "--secret", "password", program=program) as terminal:
        terminal.answer(b"acme/db:password: ", b"half a secr\x1a")
        assert terminal.wait() == 0 and b"ended 4 True" in terminal.seen, terminal.seen
    assert box.json("list") == []


@test_without_vault
def a_passphrase_is_asked_for_twice_at_init_and_opens_the_vault(box):
    box.environment["BULLA_ROOT"] = "passphrase"
    for again, status in ((b"another phrase\n", 2), (b"one phrase\n", 0)):
        with Terminal(box, "init") as terminal:
            terminal.answer(b"new passphrase: ", b"one phrase\n")
            terminal.answer(b"again: ", again)
            assert terminal.wait() == status, terminal.seen
        assert box.path("bulla.db").exists() == (status == 0)
    for phrase, status in ((b"another phrase\n", 1), (b"one phrase\n", 0)):
        with Terminal(box, "list", "--json") as terminal:
            terminal.answer(b"passphrase of the vault: ", phrase)
            assert terminal.wait() == status and (b"[]" in terminal.seen) == (status == 0), terminal.seen
            assert (b"another passphrase" in terminal.seen) == (status == 1), terminal.seen
    with Terminal(box, "list") as terminal:
        terminal.answer(b"passphrase of the vault: ", b"\n")
        assert terminal.wait() == 2 and b"1 to 1024 bytes: try again" in terminal.seen, terminal.seen


@test_without_vault
def without_a_terminal_nothing_is_asked(box):
    box.run("init", "--root", "passphrase", stdin="a phrase\na phrase\n", status=4, start_new_session=True)
    assert "no terminal" in box.errors
    assert list(box.folder.iterdir()) == []


@test
def an_api_key_is_alone_on_standard_output_and_a_terminal_shows_its_id_beside_it(box):
    assert len(box.run("apikey", "create", "--tenant", "acme")) == 96
    with Terminal(box, "apikey", "create", "--tenant", "acme") as terminal:
        assert terminal.wait() == 0
        string, reminder = terminal.seen.replace(b"\r", b"").splitlines()
    assert len(string) == 95 and string.split(b"_")[1] in reminder and string.split(b"_")[2] not in reminder


run_tests()
