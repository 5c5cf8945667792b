# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""exec: the variables and files of whole entries, of --file and of --env-file, all under one commit."""

import fcntl
import os
import subprocess

from command import run_tests, test

SECRET = b"s3cret-of-acme-0123456789"
REASON = ("--reason", "x", "--")
SHOW = ("sh", "-c", "env | grep ^X_ | sort")


def uses(box):
    return [(record["field"], record["outcome"]) for record in box.log() if record["op"] == "use"]


@test
def every_field_of_an_entry_is_a_variable_named_after_it(box):
    box.put_secret("acme/db", "Pass.word", SECRET)
    box.put_secret("acme/api", "token", b"t0ken")
    box.run("put", "acme/db", "host-name=db.example", "2nd=b")
    seen = box.run("exec", "--env-all", "acme/db", "--prefix", "X_a", "--env-all", "acme/api", "--prefix=X_", *REASON,
                   *SHOW)
    assert seen == b"X_TOKEN=t0ken\nX_a2ND=b\nX_aHOST_NAME=db.example\nX_aPASS_WORD=" + SECRET + b"\n", seen
    assert sorted(uses(box)) == [("2nd", "granted"), ("Pass.word", "granted"), ("host-name", "granted"),
                                 ("token", "granted")]
    box.run("rm", "acme/db", "2nd")
    seen = box.run("exec", "--env-all", "acme/db", "--prefix", "X_", "--env-all", "acme/api", *REASON, "env").split()
    assert b"TOKEN=t0ken" in seen and b"X_PASS_WORD=" + SECRET in seen, seen


@test
def an_entry_with_a_canary_is_refused_and_told(box):
    box.put_secret(secret=SECRET)
    box.run("put", "acme/db", "--secret", "trap", "--canary", stdin="lure")
    box.run("exec", "--env-all", "acme/db", *REASON, "touch", "ran", status=125, told="acme/db:trap: not found")
    assert sorted(uses(box)) == [("password", "granted"), ("trap", "canary")] and not box.path("ran").exists()


@test
def of_two_sources_of_a_variable_neither_is_taken(box):
    box.put_secret("acme/db", "pass.word", SECRET)
    box.run("put", "acme/db", "pass-word=b", "other=o")
    box.write("list", "\nPASS_WORD=x\n")
    touch = [*REASON, "touch", "ran"]
    for options, told in ((["--env-all", "acme/db"], ("acme/db:pass-word", "acme/db:pass.word")),
                          (["--env-all", "acme/db", "--env", "OTHER=acme/db:pass.word"],
                           ("variable OTHER", "acme/db:other", "acme/db:pass.word")),
                          (["--file", "A=acme/db:other", "--env", "A=acme/db:pass-word"],
                           ("variable A", "acme/db:other", "acme/db:pass-word")),
                          (["--env-file", "list", "--env", "PASS_WORD=acme/db:other"],
                           ("line 2 of --env-file 1", "acme/db:other")),
                          (["--env-file", "list", "--env-file", "list"],
                           ("line 2 of --env-file 1", "line 2 of --env-file 2"))):
        box.run("exec", *options, *touch, status=125, told=told)
    assert uses(box) == [] and not box.path("ran").exists()


@test
def an_entry_or_a_prefix_that_makes_no_variables_is_refused(box):
    box.run("put", "acme/db", "2nd=b")
    for options, told in ((["--env-all", "acme/db"], ("acme/db: ", "2nd", "--prefix")),
                          (["--env-all", "acme/none"], "acme/none: "),
                          (["--env-all", "acme"], "TENANT/ENTRY"), (["--env-all", "acme/d!b"], "TENANT/ENTRY"),
                          (["--env-all", "acme/db:2nd"], "TENANT/ENTRY"),
                          (["--env-all", "acme/db", "--prefix", "2"], "first no digit"),
                          (["--env-all", "acme/db", "--prefix", "A="], "letters"),
                          (["--prefix", "A", "--env-all", "acme/db"], "behind"),
                          (["--env-all", "acme/db", "--prefix", "A", "--prefix", "B"], "behind"),
                          (["--mask"], "--env-file is missing")):
        box.run("exec", *options, *REASON, "true", status=125, told=told)
    assert uses(box) == []


LOOK = """import fcntl, os, sys
path = os.environ["F"]
fd = int(path.rsplit("/")[-1])
assert path == f"/proc/self/fd/{fd}" and fd >= 10, path
assert os.read(fd, 9) == open(path, "rb").read()[:9]
sys.stdout.buffer.write(open(path, "rb").read())
sys.stdout.flush()
assert fcntl.fcntl(fd, fcntl.F_GET_SEALS) & 15 == 15 and os.fstat(fd).st_mode & 0o777 == 0o400
for attempt in (lambda: os.write(fd, b"x"), lambda: os.ftruncate(fd, 0), lambda: os.pwrite(fd, b"x", 0)):
    try:
        attempt()
    except OSError:
        continue
    raise AssertionError
assert os.execvp("cat", ["cat", path])"""


@test
def a_file_holds_the_value_is_inherited_and_cannot_be_changed(box):
    for value in (SECRET, b"a\0b\nc", b"v" * 65536):
        box.put_secret(secret=value)
        seen = box.run("exec", "--file", "F=acme/db:password", *REASON, "python3", "-c", LOOK)
        assert seen == 2 * value, (len(seen), len(value))
    assert SECRET not in box.run("exec", "--file", "F=acme/db:password", *REASON, "cat", "/proc/self/environ")
    folder = box.run("exec", "--file", "F=acme/db:password", "--file", "G=acme/db:password", *REASON, "sh", "-c",
                     "ls /proc/self/fd").split()
    assert len([number for number in folder if int(number) >= 10]) == 2, folder


LIST = b"""# what the service needs
 X_PLAIN=as it is\x20
X_REF=bulla://acme/db/password\r
\t
X_QUOTED=" $HOME 'kept' # "
X_SINGLE='bulla://acme/db/host'
X_EMPTY=
X_HASH=a#b
X_EQUALS=a=b"""


@test
def a_list_has_references_and_texts(box):
    box.put_secret(secret=SECRET)
    box.run("put", "acme/db", "host=db.example")
    box.write("list", LIST)
    box.write("more", "X_MORE=\"more\"\n")
    seen = box.run("exec", "--env-file", "list", "--env-file", "more", "--env", "X_Z=acme/db:host", *REASON,
                   *SHOW).splitlines()
    assert seen == sorted([b"X_PLAIN=as it is", b"X_REF=" + SECRET, b"X_QUOTED= $HOME 'kept' # ",
                           b"X_SINGLE=db.example", b"X_EMPTY=", b"X_HASH=a#b", b"X_EQUALS=a=b", b"X_MORE=more",
                           b"X_Z=db.example"]), seen
    assert sorted(uses(box)) == [("host", "granted")] * 2 + [("password", "granted")]
    assert box.run("exec", "--env-file", "more", *REASON, *SHOW) == b"X_MORE=more\n"


@test
def a_hostile_list_is_refused_with_the_number_of_the_line(box):
    box.put_secret(secret=SECRET)
    for line, told in (("A", "NAME=VALUE"), ("A =x", "NAME=VALUE"), ("export A=x", "NAME=VALUE"), ("=x", "NAME=VALUE"),
                       ("1A=x", "NAME=VALUE"), ("A\0=x", "NUL"), ("A=x\0", "NUL"), ("Ä=x", "NAME=VALUE"),
                       ("A=\"x", "quote"), ("A='x'y", "quote"), ("A=\"x\" # y", "quote"), ("A=x # y", "comment"),
                       ("A=bulla://acme/db", "reference"), ("A=bulla://acme/db/password/", "reference"),
                       ("A=bulla://acme/db:password", "reference"), ("A=x bulla://acme/db/password", "reference"),
                       ("A=bulla://acme/../password", "reference"), ("A=bulla:///db/password", "reference"),
                       ("A=bulla://", "reference")):
        box.write("list", f"OK=1\n\n{line}\nB=bulla://acme/db/password\n")
        box.run("exec", "--env-file", "list", *REASON, "true", status=125, told=(told, "line 3 of --env-file 1: "))
    box.write("list", b"A=" + b"x" * (1 << 20))
    box.run("exec", "--env-file", "list", *REASON, "true", status=125, told="at most 1048576 bytes")
    box.write("list", "".join(f"A{n}=\n" for n in range(5000)))
    box.run("exec", "--env-file", "list", *REASON, "true", status=125, told="at most 4096")
    box.write("list", b"A=" + b"x" * 200000)
    box.run("exec", "--env-file", "list", *REASON, "true", status=125, told="128 KiB")
    box.run("exec", "--env-file", "-", *REASON, "true", status=125, told="--env-file 1: ", stdin="A=x")
    box.run("exec", "--env-file", ".", *REASON, "true", status=125, told="--env-file 1: ")
    assert uses(box) == []


@test
def all_that_is_asked_for_is_one_commit(box):
    box.put_secret(secret=SECRET)
    box.run("put", "acme/all", *(f"f{n}=v" for n in range(900)))
    box.write("list", "".join(f"L{n}=bulla://acme/db/password\n" for n in range(100)))
    options = ["--env", "A=acme/db:nothing", "--file", "F=acme/db:password", "--env-file", "list", "--env-all", "acme/all"]
    box.run("exec", *options, *REASON, "touch", "ran", status=125, told="acme/db:nothing: ")
    outcomes = [outcome for _, outcome in uses(box)]
    assert outcomes.count("not-found") == 1 and outcomes.count("granted") == 1001 and not box.path("ran").exists()
    assert box.run("exec", *options[2:], *REASON, "printenv", "F899", "L99") == b"v\n" + SECRET + b"\n"
    many = [word for n in range(125) for word in ("--env", f"V{n}=acme/db:password")]
    before = len(box.log())
    box.run("exec", *many, *options[4:], *REASON, "true", status=125, told="at most 1024")
    assert len(box.log()) == before


@test
def only_what_was_asked_for_is_inherited(box):
    box.put_secret(secret=SECRET)
    look = "for fd in /proc/$$/fd/*; do readlink $fd; done; env | grep BULLA"
    for mask in ((), ("--mask",)):
        with open(box.path("root.key")) as key:
            number = fcntl.fcntl(key, fcntl.F_DUPFD, 50)
            process = box.start("exec", "--root", f"fd:{number}", "--file", "F=acme/db:password", *mask, *REASON, "sh",
                                "-c", look, stdin=subprocess.DEVNULL, stdout=-1, stderr=subprocess.DEVNULL,
                                pass_fds=[number])
            seen = process.communicate()[0].splitlines()
            os.close(number)
        others = [line for line in seen if not line.startswith(b"pipe:") and line != b"/dev/null"]
        assert others == [b"/memfd:bulla (deleted)"], seen


run_tests()
