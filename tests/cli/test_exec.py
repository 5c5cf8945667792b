# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""exec: what the command gets and what it does not, and what the exit status says of whom."""

import fcntl
import os
import resource
import signal
import subprocess

from command import BULLA, SANITIZED, Skip, run_as_nobody, run_tests, test

SECRET = b"s3cret-of-acme-0123456789"
EXEC = ("exec", "--env", "PW=acme/db:password", "--reason", "x", "--")


@test
def a_command_gets_just_the_variables_that_were_asked_for(box):
    box.put_secret(secret=SECRET)
    box.run("put", "acme/db", "host=db.example")
    digits = box.path("root.key").read_text().strip()
    environment = {"ROOT_DIGITS": digits, "BULLA_ROOT": "env:ROOT_DIGITS", "KEPT": "yes", "PW": "old"}
    options = ["exec", "--env", "PW=acme/db:password", "--env", "HOST=acme/db:host", "--reason", "test", "--"]
    seen = box.run(*options, "cat", "/proc/self/environ", env=environment)
    wanted = [b"PATH=" + os.environb[b"PATH"], b"KEPT=yes", b"PW=" + SECRET, b"HOST=db.example"]
    assert sorted(seen.split(b"\0")) == sorted([*wanted, b""]), seen
    assert SECRET not in box.run(*options, "cat", "/proc/self/cmdline", env=environment)


@test
def a_command_gets_no_variable_that_any_root_key_is_read_from(box):
    box.put_secret(secret=SECRET)
    digits = box.path("root.key").read_text().strip()
    environment = {"FIRST": digits, "BULLA_ROOT": "sha256-env:SECOND", "SECOND": "x", "SECONDS": "kept"}
    seen = box.run("exec", "--root", "env:FIRST", "--env", "PW=acme/db:password", "--reason", "x", "--", "env",
                   env=environment).decode()
    names = sorted(line.split("=")[0] for line in seen.splitlines())
    assert names == ["PATH", "PW", "SECONDS"], names


@test
def a_command_gets_no_descriptor_that_the_root_key_is_read_from(box):
    box.put_secret(secret=SECRET)
    with open(box.path("root.key")) as key:
        number = fcntl.fcntl(key, fcntl.F_DUPFD, 50)
        seen = box.run("exec", "--root", f"fd:{number}", "--env", "PW=acme/db:password", "--reason", "x", "--",
                       "ls", "/proc/self/fd", pass_fds=[number]).decode().split()
    assert {"0", "1", "2"} <= set(seen) and str(number) not in seen, seen


@test
def a_command_gets_nothing_that_leads_to_the_private_key_of_a_recipient(box):
    box.put_secret(secret=SECRET)
    box.path("held").mkdir()
    key = box.path("held/key")
    box.run("root", "add", box.run("root", "recipient", f"file:{key}").decode().strip(), "--name", "recovery")
    digits = key.read_text().strip()
    given = {"KEY": digits, "CREDENTIALS_DIRECTORY": "held", "BULLA_FINGERPRINT": box.json("info")["fingerprint"]}
    with open(key) as opened:
        number = fcntl.fcntl(opened, fcntl.F_DUPFD, 50)
        script = f'echo "${{KEY-no}} ${{CREDENTIALS_DIRECTORY-no}}"; readlink /proc/$$/fd/{number} || echo no'
        for provider, wanted in (("env:KEY", f"no held {key}"),
                                 (f"fd:{number}", f"{digits} no no"), ("cred:key", f"{digits} no no")):
            root = f"recipient:{provider}"
            for words, env in ((["exec", "--root", root], given), (["exec"], {**given, "BULLA_ROOT": root})):
                seen = box.run(*words, *EXEC[1:], "sh", "-c", script, env=env, pass_fds=[number])
                assert seen.decode().split() == wanted.split(), (root, seen)
                os.lseek(number, 0, os.SEEK_SET)
        os.close(number)


@test
def a_command_gets_its_signals_arguments_input_and_status(box):
    box.put_secret(secret=SECRET)
    options = ["exec", "--env", "PW=acme/db:password", "--reason", "x", "--"]
    run = box.start(*options, "sh", "-c", 'read line; echo "$line $1 $2"; kill -PIPE $$', "sh", "--json", "a b",
                    stdin=-1, stdout=-1)
    assert run.communicate(b"input\n")[0] == b"input --json a b\n" and run.returncode == -signal.SIGPIPE
    assert box.start(*options, "sh", "-c", "exit 42").wait() == 42


@test
def a_command_that_cannot_be_run_gives_127_or_126(box):
    box.put_secret(secret=SECRET)
    box.write("file", "no program", 0o600)
    options = ["exec", "--env", "PW=acme/db:password", "--reason", "x", "--"]
    box.run(*options, "no-such-command", status=127)
    box.run(*options, "./file", status=126)


@test
def nothing_runs_if_one_value_is_refused(box):
    box.put_secret(secret=SECRET)
    box.put_secret("acme/db", "binary", b"a\0b")
    touch = ["--", "touch", box.path("ran")]
    good = ["--env", "A=acme/db:password"]
    box.run("exec", *good, "--env", "B=acme/db:nothing", "--reason", "x", *touch, status=125)
    box.run("exec", *good, "--env", "B=acme/db:binary", "--reason", "x", *touch, status=125)
    box.run("exec", *good, "--env", "A=acme/db:password", "--reason", "x", *touch, status=125)
    box.run("exec", *good, "--env", "1B=acme/db:password", "--reason", "x", *touch, status=125)
    box.run("exec", *good, *touch, status=125)
    box.run("exec", *good, "--reason", *touch, status=125)
    box.run("exec", *good, "--reason", "--json", *touch, status=125)
    box.run("exec", *good, "--reason", "x", "touch", box.path("ran"), status=125)
    assert not box.path("ran").exists()
    box.run("exec", *good, "--reason", "x", *touch)
    assert box.path("ran").exists()


def leave_traces():
    """What a process may be given, and bulla changes of itself or could."""
    for number in (signal.SIGXFSZ, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGTERM])
    os.umask(0o027)
    resource.setrlimit(resource.RLIMIT_NOFILE, (99, 99))
    os.nice(1)


def ignore_pipe():
    leave_traces()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)


def close_input():
    os.close(0)


LOOK = """grep -E '^(Umask|Sig[BIC]|ShdPnd|NoNewPrivs|Seccomp|Cap)' /proc/self/status; cut -d" " -f 19 /proc/self/stat
         grep -v core /proc/self/limits; pwd; for fd in /proc/self/fd/*; do echo $fd; done
         env | grep -v -e ^PW= -e ^BULLA_ROOT= | sort"""


def look(box, words, prepare):
    """Returns what a shell sees of its process that is run by |words|."""
    with open(box.path("kept"), "wb") as kept:
        number = fcntl.fcntl(kept, fcntl.F_DUPFD, 40)
        process = subprocess.run([*words, "sh", "-c", LOOK], stdout=-1, preexec_fn=prepare, pass_fds=[number],
                                 timeout=60, check=True, restore_signals=False, **box.options({"KEPT": "a\nb"}))
        os.close(number)
    lines = process.stdout.decode().splitlines()
    # Signals 32 and 33 are the C library's own; its posix_spawn(3) may leave them ignored.
    return [f"{line[:8]}{int(line[8:], 16) & ~(3 << 31):x}" if line.startswith("SigIgn:") else line for line in lines]


@test
def a_command_gets_its_process_as_bulla_was_given_it(box):
    box.put_secret(secret=SECRET)
    for prepare in (lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL), leave_traces, ignore_pipe, close_input):
        direct = look(box, [], prepare)
        assert len(direct) > 25, direct
        for more in ((), ("--mask",)):
            through = look(box, [BULLA, *EXEC[:-1], *more, "--"], prepare)
            assert through == direct, set(through) ^ set(direct)


@test
def a_command_whose_parent_ignores_broken_pipes_can_write_on(box):
    box.put_secret(secret=SECRET)
    reader, writer = os.pipe()
    os.close(reader)
    process = box.start(*EXEC, "sh", "-c", "echo lost 2>/dev/null; echo $? >wrote", stdout=writer,
                        preexec_fn=ignore_pipe)
    os.close(writer)
    assert process.wait(60) == 0 and box.path("wrote").read_text() != "0\n"


@test
def a_standard_stream_that_the_root_key_is_read_from_is_dev_null(box):
    box.put_secret(secret=SECRET)
    script = 'for n in 0 1 2; do all="$all$(readlink /proc/$$/fd/$n)\n"; done; printf "$all" >seen; cat <&$0 >read'
    for number in (0, 1, 2):
        streams = [subprocess.DEVNULL, open(box.path("1"), "wb"), open(box.path("2"), "wb")]
        with open(box.path("root.key"), "rb") as key:
            streams[number] = key
            process = box.start("exec", "--root", f"fd:{number}", *EXEC[1:], "sh", "-c", script, str(number),
                                stdin=streams[0], stdout=streams[1], stderr=streams[2])
            assert process.wait(60) == 0
        seen = box.path("seen").read_text().splitlines()
        assert len(seen) == 3 and seen[number] == "/dev/null" and box.path("read").read_bytes() == b"", seen
        assert [name for n, name in enumerate(seen) if n != number] == [
            name for n, name in enumerate(("/dev/null", str(box.path("1")), str(box.path("2")))) if n != number], seen


@test
def a_command_gets_no_other_descriptor_of_the_root_keys_file_or_pipe(box):
    box.put_secret(secret=SECRET)
    digits = box.path("root.key").read_bytes().strip()
    script = 'for n; do readlink /proc/$$/fd/$n || echo none; done'
    with open(box.path("root.key"), "rb") as key, open(box.path("root.key"), "rb") as again:
        numbers = [fcntl.fcntl(key, fcntl.F_DUPFD, 50), fcntl.fcntl(again, fcntl.F_DUPFD, 50)]
        for root in (f"fd:{numbers[0]}", "file:root.key"):
            process = box.start("exec", "--root", root, *EXEC[1:], "sh", "-c", script, "sh", "0", *map(str, numbers),
                                stdin=again, stdout=-1, pass_fds=numbers)
            assert process.communicate()[0] == b"/dev/null\nnone\nnone\n", root
        for number in numbers:
            os.close(number)
    reader, writer = os.pipe()
    os.write(writer, digits)
    os.close(writer)
    process = box.start("exec", "--root", "fd:0", *EXEC[1:], "sh", "-c", f"readlink /proc/$$/fd/{reader} || echo none",
                        stdin=reader, stdout=-1, pass_fds=[reader])
    assert process.communicate()[0] == b"none\n"
    os.close(reader)


@test
def a_command_does_not_learn_where_credentials_lie_that_the_root_key_is_among(box):
    box.put_secret(secret=SECRET)
    folder = box.path("credentials")
    folder.mkdir()
    folder.joinpath("root").write_bytes(box.path("root.key").read_bytes())
    folder.joinpath("root").chmod(0o600)
    given = {"CREDENTIALS_DIRECTORY": str(folder)}
    shown = ("sh", "-c", 'echo "$CREDENTIALS_DIRECTORY"')
    sub = folder / "sub" / "deeper"
    sub.mkdir(parents=True)
    sub.joinpath("root").write_bytes(box.path("root.key").read_bytes())
    sub.joinpath("root").chmod(0o600)
    folder.joinpath("out").symlink_to(box.path("elsewhere.key"))
    box.write("elsewhere.key", box.path("root.key").read_bytes())
    folder.joinpath("loop").symlink_to("loop")
    for name, target in (("link", folder / "root"), ("chain", "link"), ("to-sub", sub), ("to-folder", folder),
                         ("to-out", folder / "out")):
        box.path(name).symlink_to(target)
    os.link(folder / "root", box.path("hard"))
    roots = ["cred:root", f"file:{folder}/root", f"file:{folder}/../credentials/root", "file:credentials/sub/deeper/root",
             "file:link", "file:chain", "file:to-sub/root", "file:to-folder/root", "file:to-folder/sub/deeper/root",
             "file:to-out", "file:hard", "file:elsewhere.key", f"file:{folder}/out", "cred:out"]
    for root in roots:
        for named in (str(folder), "credentials/", "to-folder"):
            given["CREDENTIALS_DIRECTORY"] = named
            assert box.run("exec", "--root", root, *EXEC[1:], *shown, env=given) == b"\n", root
            assert box.run(*EXEC, *shown, env={**given, "BULLA_ROOT": root}) == b"\n", root
    given["CREDENTIALS_DIRECTORY"] = str(folder)
    with open(sub / "root") as key:
        number = fcntl.fcntl(key, fcntl.F_DUPFD, 50)
        assert box.run("exec", "--root", f"fd:{number}", *EXEC[1:], *shown, env=given, pass_fds=[number]) == b"\n"
        os.close(number)
    assert box.run(*EXEC, *shown, env=given).decode().strip() == str(folder)
    assert box.run(*EXEC, *shown, env={"CREDENTIALS_DIRECTORY": "none"}) == b"none\n"


@test
def failures_of_bulla_and_of_the_command_are_told_apart(box):
    box.put_secret(secret=SECRET)
    box.write("other.key", "5a" * 32)
    box.write("interpreted", "#!/no/such/interpreter\n", 0o700)
    box.path("folder").mkdir()
    for options, env in ((["--bad"], {}), (["--env", "PW", "--reason", "x"], {}), (["--reason", "x"], {}),
                         (["--env", "PW=acme/db:password"], {}), (["--env", "PW=no/db:password", "--reason", "x"], {}),
                         (EXEC[1:5], {"BULLA_ROOT": None}), (EXEC[1:5], {"BULLA_ROOT": "file:other.key"}),
                         (EXEC[1:5], {"BULLA_VAULT": "sqlite:none.db"}), (EXEC[1:5], {"BULLA_ROOT": "file:none"})):
        box.run("exec", *options, "--", "true", env=env, status=125)
    box.run(*EXEC, status=125)
    for command, status in (("no-such-command", 127), ("./no/such", 127), ("", 127), ("./other.key", 126),
                            ("./folder", 126), ("./other.key/x", 126), ("./interpreted", 126)):
        box.run(*EXEC, command, status=status)
    for status in (0, 1, 2, 3, 4, 42, 125):
        assert box.start(*EXEC, "sh", "-c", f"exit {status}").wait(60) == status
    assert "125" in box.run("exec", "--help").decode()


def put_values(box, number, length):
    """Puts |number| values of |length| bytes and returns the options that ask for all of them."""
    box.write("value", b"v" * length)
    box.run("put", "acme/many", *(f"--secret-file=f{n}=value" for n in range(number)))
    return [word for n in range(number) for word in ("--env", f"V{n}=acme/many:f{n}")] + ["--reason", "many", "--"]


def uses(box):
    return [record for record in box.log() if record["op"] == "use"]


@test
def many_and_large_values_are_handed_on(box):
    for number, length in ((16, 65536), (25, 65536), (200, 5000), (1000, 10)):
        options = put_values(box, number, length)
        printed = box.run("exec", *options, "sh", "-c", "env | grep -c '^V[0-9]*=v*$'; printenv V7 | wc -c")
        assert printed.split() == [b"%d" % number, b"%d" % (length + 1)], printed
        box.run("rm", "acme/many")


@test
def values_that_no_command_can_be_handed_are_refused_before_any_is_opened(box):
    options = put_values(box, 200, 65536)
    box.run("exec", *options, "true", status=125)
    assert "ulimit -s" in box.errors and uses(box) == [], box.errors
    options = put_values(box, 1, 65536)
    options[1] = "N" * 70000 + options[1]
    box.run("exec", *options, "true", status=125)
    assert "128 KiB" in box.errors and uses(box) == [], box.errors
    box.run("exec", *put_values(box, 40, 65536), "true", status=125)
    assert uses(box) == []


@test
def values_that_do_not_fit_into_locked_memory_are_refused_before_any_is_opened(box):
    if SANITIZED:
        raise Skip("sanitizers turn mlock(2) off")
    # Whoever is asked to take it: a key file must be the user's own.
    box.environment.update(BULLA_KEY=box.path("root.key").read_text(), BULLA_ROOT="env:BULLA_KEY")
    large = put_values(box, 16, 65536)
    box.run("put", "acme/small", "--secret", "f", stdin="s")
    nobody = run_as_nobody()
    for path in (box.folder, *box.folder.iterdir()):
        if nobody:
            os.chown(path, nobody["user"], 0)

    def limit_locking():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (1500 * 1024, 1500 * 1024))

    box.run("exec", *large, "true", status=125, preexec_fn=limit_locking, **nobody)
    assert "ulimit -l" in box.errors and uses(box) == [], box.errors
    names = [word for n in range(16) for word in ("--env", f"V{n}=acme/small:f")]
    assert box.run("exec", *names, "--reason", "x", "--", "printenv", "V15", preexec_fn=limit_locking,
                   **nobody) == b"s\n"
    assert len(uses(box)) == 16
    box.run("put", "acme/more", *(f"--secret-file=f{n}=value" for n in range(24)), status=4,
            preexec_fn=limit_locking, **nobody)
    assert "ulimit -l" in box.errors and [e["entry"] for e in box.json("list")] == ["many", "small"], box.errors


run_tests()
