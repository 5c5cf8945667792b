# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""exec --mask: what of the output is hidden in which forms, and that all else is as without it: bytes, streams, signals,
statuses, the terminal."""

import base64
import binascii
import contextlib
import fcntl
import json
import os
import pty
import random
import select
import signal
import struct
import subprocess
import termios
import time
import urllib.parse

from command import BULLA, run_tests, test

SECRET = b"s3cret-of-acme-0123456789"
STARS = b"********"
MASK = ("exec", "--env-all", "acme/db", "--mask", "--reason", "x", "--")


def put(box, *values):
    for number, value in enumerate(values):
        box.put_secret("acme/db", f"f{number}", value)


def masked(box, output, size=1 << 20):
    """Returns what is left of |output| if the command writes |size| bytes at a time."""
    box.write("out", output)
    return box.run(*MASK, "dd", "if=out", f"bs={size}", "status=none")


def forms(value):
    """All forms of |value| that are hidden wholly."""
    text = value.decode("latin-1")
    found = {value, value.hex().encode(), value.hex().upper().encode(), urllib.parse.quote(value).encode(),
             urllib.parse.quote_plus(value).encode(), urllib.parse.quote(value, "").encode(),
             "".join(f"%{byte:02x}" for byte in value).encode(), base64.b64encode(value).rstrip(b"="),
             base64.urlsafe_b64encode(value).rstrip(b"=")}
    with contextlib.suppress(UnicodeDecodeError):
        found.add(json.dumps(value.decode())[1:-1].encode())
    found.add(json.dumps(text)[1:-1].encode())
    if value.isascii():
        found |= {json.dumps(text)[1:-1].encode(), json.dumps(text)[1:-1].replace("/", "\\/").encode(),
                  "".join(f"\\u{byte:04x}" for byte in value).encode()}
    return sorted(found)


VALUES = (SECRET, b"a+b/c d%e\"f\\g\th~<&>", bytes(range(1, 256)), b"\xff\xfe\xfb\xef\xbe\xfa", b"p?>~q?>~?", "pä\u20acß\U0001f511".encode(), b"four")


@test
def a_value_is_hidden_in_every_form_wherever_writes_are_cut(box):
    put(box, *VALUES)
    for size in (1 << 20, 7, 1):
        parts = [form for value in VALUES for form in forms(value)]
        seen = masked(box, b"\0".join(parts), size)
        assert seen == b"\0".join([STARS] * len(parts)), [
            (part, left) for part, left in zip(parts, seen.split(b"\0")) if left != STARS]


@test
def of_base64_only_digits_that_are_partly_of_other_bytes_are_left(box):
    put(box, SECRET, b"four")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for value in (SECRET, b"four"):
            for before in range(3):
                text = encode(b"?" * before + value + b"?" * 6)
                left = {0: 0, 1: 2, 2: 3}[before]
                tail = text[(8 * (before + len(value)) + 5) // 6:]
                seen = masked(box, text)
                wanted = text[:left] + STARS + tail
                assert seen == wanted, (seen, wanted)


@test
def a_value_is_hidden_without_the_line_breaks_at_its_end(box):
    values = [SECRET + b"\n", b"another\r\n", "xk\u00e4\U0001f511y".encode() * 300 + b"\n\n"]
    put(box, *values)
    parts = [form for value in values for kept in (value, value[:-1], value.rstrip()) for form in forms(kept)]
    for size in (1 << 20, 7):
        seen = masked(box, b"|".join(parts), size)
        left = [(part, was) for part, was in zip(seen.split(b"|"), parts) if not part.startswith(STARS) or len(part) > 14]
        assert not left, left


@test
def a_value_is_hidden_where_lines_are_broken(box):
    key = b"-----BEGIN KEY-----\n" + b"\n".join([b"QUJD" * 16] * 3) + b"\n-----END KEY-----"
    put(box, SECRET * 4, key)
    for text in (base64.encodebytes(b"?" + SECRET * 4), b"\n".join(binascii.hexlify(SECRET * 4)[at:at + 60] for at in (0, 60, 120, 180)),
                 key.replace(b"\n", b"\r\n"), key.replace(b"\n", b"\n\n"), base64.encodebytes(key).replace(b"\n", b"\r\n")):
        for size in (1 << 20, 1):
            seen = masked(box, b"<" + text + b">", size)
            assert seen.count(STARS) == 1 and len(seen) < len(STARS) + 10, seen
    put(box, b"a\n\n\nb")
    process = box.start(*MASK, "printf", "ab <a\n\n\nb>", stdout=-1, stderr=-1)
    assert process.communicate()[0] == b"ab <" + STARS + b">"


@test
def a_long_value_is_hidden_wholly_and_in_pieces(box):
    value = random.Random(1).randbytes(65536).replace(b"\0", b"\1")
    put(box, value)
    assert masked(box, b"<" + value + b">" + value.hex().encode() + b">" + base64.b64encode(value).rstrip(b"="), 1000) == (
        b"<" + STARS + b">" + STARS + b">" + STARS)
    cut = masked(box, value[:30000])
    assert cut.startswith(STARS) and len(cut) < 1100 and cut[len(STARS):] == value[30000 - len(cut) + len(STARS):30000]
    assert len(masked(box, base64.b64encode(b"?" + value)[:20000])) < 1500


@test
def of_values_that_overlap_or_begin_alike_all_are_hidden(box):
    put(box, b"abcdef", b"defghi", b"abcdefghijkl", b"xyxyxyz")
    for size in (1 << 20, 1):
        for text, wanted in ((b"-abcdefghi-", b"-*-"), (b"-abcdefghijkl-", b"-*-"), (b"-abcdefghijk-", b"-*jk-"),
                             (b"-abcdef", b"-*"), (b"abcdefabcdef-abcde", b"*-abcde"), (b"xyxyxyxyz", b"xy*"),
                             (b"-xyxyxy", b"-xyxyxy"), (b"", b"")):
            assert masked(box, text, size) == wanted.replace(b"*", STARS), (text, size)


@test
def what_is_no_value_passes_byte_for_byte(box):
    put(box, *VALUES)
    chance = random.Random(2)
    noise = chance.randbytes(300000) + b"\r\n" * 20000 + base64.b64encode(chance.randbytes(100000))
    almost = b"".join(form[:-1] + b"." + form[1:] for form in forms(SECRET))
    assert masked(box, noise) == noise
    for size in (1 << 20, 1):
        assert masked(box, almost + b"\nPass", size) == almost + b"\nPass"
    mixed = b"".join(chance.choice((SECRET, SECRET[:9], SECRET.hex().encode(), b"s", b"\n", b"=s3c")) for _ in range(400))
    assert masked(box, mixed) == masked(box, mixed, 1) == masked(box, mixed, 5) != mixed


@test
def plain_fields_and_texts_are_not_hidden_and_short_values_with_a_warning(box):
    put(box, SECRET)
    box.put_secret("acme/db", "pin", b"123\n")
    box.run("put", "acme/db", "host=db.example")
    box.write("list", "TEXT=some-text")
    process = box.start("exec", "--env-file", "list", *MASK[1:], "sh", "-c", "echo $F0 $HOST $PIN $TEXT", stdout=-1,
                        stderr=-1)
    out, errors = process.communicate()
    assert out == STARS + b" db.example 123 some-text\n" and process.returncode == 0, out
    assert errors.count(b"\n") == 1 and b"acme/db:pin: " in errors and b"less than 4 bytes" in errors, errors


@test
def both_streams_are_hidden_apart_and_in_order_if_they_are_one(box):
    put(box, SECRET)
    script = "for n in 1 2 3; do printf %s.$n $F0; printf %s,$n $F0 >&2; done"
    process = box.start(*MASK, "sh", "-c", script, stdout=-1, stderr=-1)
    assert process.communicate() == (STARS.join([b"", b".1", b".2", b".3"]), STARS.join([b"", b",1", b",2", b",3"]))
    process = box.start(*MASK, "sh", "-c", script, stdout=-1, stderr=subprocess.STDOUT)
    assert process.communicate()[0] == STARS.join([b"", b".1", b",1", b".2", b",2", b".3", b",3"])
    late = "(sleep 0.2; echo late $F0) & echo early"
    assert box.run(*MASK, "sh", "-c", late) == b"early\nlate " + STARS + b"\n"


@test
def input_signals_and_statuses_pass(box):
    put(box, SECRET)
    process = box.start(*MASK, "sh", "-c", 'read a; echo "$a $1"; kill -PIPE $$', "sh", "--mask", stdin=-1, stdout=-1)
    assert process.communicate(b"input\n")[0] == b"input --mask\n" and process.returncode == -signal.SIGPIPE
    for status in (0, 3, 125, 255):
        assert box.start(*MASK, "sh", "-c", f"exit {status}").wait() == status
    box.run(*MASK, "no-such-command", status=127)
    box.run(*MASK, "/", status=126)
    ready = 'trap "echo got $F0; exit 9" {}; echo ready; while :; do sleep 0.05; done'
    for number, name in ((signal.SIGTERM, "TERM"), (signal.SIGINT, "INT"), (signal.SIGHUP, "HUP"),
                         (signal.SIGUSR1, "USR1")):
        process = box.start(*MASK, "sh", "-c", ready.format(name), stdout=-1)
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.communicate()[0] == b"got " + STARS + b"\n" and process.returncode == 9, name
    process = box.start(*MASK, "sh", "-c", "echo ready; exec sleep 60", stdout=-1)
    assert process.stdout.readline() == b"ready\n"
    process.terminate()
    assert process.wait() == -signal.SIGTERM


@test
def a_reader_that_left_ends_the_command_and_a_full_disk_is_an_error(box):
    put(box, SECRET)
    process = box.start(*MASK, "sh", "-c", "while echo $F0; do :; done 2>/dev/null; exit 8", stdout=-1,
                        preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN), restore_signals=False)
    assert process.stdout.read(len(STARS)) == STARS
    process.stdout.close()
    assert process.wait(20) == 8
    with open("/dev/full", "wb") as full:
        box.run(*MASK, "echo", "x", stdout=full, status=125, told="standard output: ")


class Terminal:
    """bulla exec --mask at a terminal of its own."""

    def __init__(self, box, *command, words=MASK, size=(33, 77), start=None, **streams):
        self.master, slave = pty.openpty()
        self.resize(*size)
        self.modes = termios.tcgetattr(self.master)
        self.output = b""
        streams = {"stdin": slave, "stdout": slave, "stderr": slave, **streams}
        self.process = (start or box.start)(*words, *command, start_new_session=True, **streams, preexec_fn=lambda: fcntl.ioctl(
            slave, termios.TIOCSCTTY, 0))
        os.close(slave)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text)

    def read(self, until=None, seconds=20):
        """Reads until there is that text, or for |seconds|, or to the end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (until is None or until not in self.output):
            if select.select([self.master], [], [], 0.02)[0]:
                try:
                    self.output += os.read(self.master, 65536)
                except OSError:
                    break
        assert until is None or until in self.output, (until, self.output)
        return self.output

    def end(self, status=0):
        """Returns all output, once the command has ended; the modes of the terminal are as they were."""
        assert self.process.wait(20) == status, (self.process.returncode, self.output)
        assert termios.tcgetattr(self.master) == self.modes
        self.read()
        os.close(self.master)
        return self.output


@test
def at_a_terminal_the_command_has_one_of_the_same_size_and_modes(box):
    put(box, SECRET)
    script = 'test -t 0 && test -t 1 && test -t 2 && stty size && stty -a && tty && printf "\\033[1m$F0\n" >/dev/tty; exit 5'
    terminal = Terminal(box, "sh", "-c", script)
    seen = terminal.end(5)
    assert seen.startswith(b"33 77\r\n") and b"icanon" in seen and b"-echo " not in seen and b"/dev/pts/" in seen, seen
    assert seen.endswith(b"\033[1m" + STARS + b"\r\n"), seen
    terminal = Terminal(box, "sh", "-c", 'trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.05; done')
    terminal.read(b"ready")
    terminal.resize(12, 34)
    os.kill(terminal.process.pid, signal.SIGWINCH)
    assert b"12 34" in terminal.end()
    terminal = Terminal(box, "no-such-command")
    assert b"no such program" in terminal.end(127)


COUNT = """import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
tty = os.open("/dev/tty", os.O_WRONLY)
os.write(tty, b"ready")
signal.sigwait([signal.SIGINT])
os.write(tty, b"once")
sys.exit(1 if signal.sigtimedwait([signal.SIGINT], 0.3) is None else 2)"""


@test
def what_is_typed_reaches_the_command_and_its_signals_do(box):
    put(box, SECRET)
    terminal = Terminal(box, "sh", "-c", 'echo ready; read a; echo "<$a>"; cat; stty -echo; echo more; read b; exit $b')
    terminal.read(b"ready")
    terminal.type(b"typed " + SECRET + b"\r")
    terminal.read(b"<typed " + STARS + b">")
    terminal.type(b"line\r\x04")
    terminal.read(b"more")
    terminal.type(b"42\r")
    seen = terminal.end(42)
    assert seen.count(b"typed " + STARS) == 2 and seen.count(b"line") == 2 and b"42" not in seen, seen
    terminal = Terminal(box, "sh", "-c", 'trap "echo int; exit 3" INT; echo ready; while :; do sleep 0.05; done')
    terminal.read(b"ready")
    terminal.type(b"\x03")
    assert b"int" in terminal.end(3)
    # With a pipe both are in the foreground of one terminal, whose signals reach the command without bulla, once.
    terminal = Terminal(box, "python3", "-c", COUNT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    terminal.read(b"ready")
    os.kill(terminal.process.pid, signal.SIGSTOP)
    terminal.type(b"\x03")
    terminal.read(b"once")
    os.kill(terminal.process.pid, signal.SIGCONT)
    terminal.end(1)
    for number in (signal.SIGTERM, signal.SIGHUP):
        terminal = Terminal(box, "sh", "-c", "echo ready; exec sleep 60")
        terminal.read(b"ready")
        os.kill(terminal.process.pid, number)
        terminal.end(-number)


@test
def a_stop_stops_both_and_leaves_the_terminal_as_it_was(box):
    put(box, SECRET)
    terminal = Terminal(box, "sh", "-c", "echo $$; read a; echo on $a")
    command = int(terminal.read(b"\n").split()[0])
    assert termios.tcgetattr(terminal.master) != terminal.modes
    os.kill(terminal.process.pid, signal.SIGTSTP)
    assert os.WIFSTOPPED(os.waitpid(terminal.process.pid, os.WUNTRACED)[1])
    assert termios.tcgetattr(terminal.master) == terminal.modes
    with open(f"/proc/{command}/stat") as stat:
        assert stat.read().split()[2] == "T"
    os.kill(terminal.process.pid, signal.SIGCONT)
    terminal.type(b"again\r")
    assert b"on again" in terminal.end()


@test
def a_command_that_comes_to_the_foreground_gets_the_modes_that_are_there_then(box):
    put(box, SECRET)
    shell = Terminal(box, "bash", "--norc", "--noprofile", "-i", words=(), start=lambda *words, **options: subprocess.Popen(
        words, **box.options({"PS1": "ready\\#", "TERM": "dumb", "BULLA": BULLA}), **options))
    shell.read(b"ready1")
    script = "; ".join(("echo be''gun", "read a", 'echo "<$a>"', "cat"))
    shell.type(b"$BULLA " + " ".join(MASK).encode() + b" sh -c '" + script.encode() + b"' &\r")
    shell.read(b"ready2")
    shell.read(b"begun")
    shell.type(b"fg\r")
    time.sleep(0.3)
    shell.type(b"typed\r")
    shell.read(b"<typed>")
    shell.type(b"\x04")
    shell.read(b"ready3")
    shell.type(b"echo status-$?; exit\r")
    assert b"status-0" in shell.end()


@test
def a_stream_that_is_no_terminal_is_none_for_the_command(box):
    put(box, SECRET)
    box.write("in", b"input")
    with open(box.path("errors"), "wb") as errors, open(box.path("in"), "rb") as source:
        terminal = Terminal(box, "sh", "-c", "test -t 1 && ! test -t 2 && ! test -t 0 && wc -c && echo $F0 >&2",
                            stdin=source, stderr=errors)
        assert terminal.end() == b"5\r\n", terminal.output
    assert box.path("errors").read_bytes() == STARS + b"\n"


@test
def at_a_terminal_prompts_and_echoes_appear_and_no_more_of_a_value_than_its_beginning(box):
    put(box, b"Pass-of-acme", b"$ of", b"Pass-of-acme-longer")
    terminal = Terminal(box, "sh", "-c", 'printf "name$ "; read a; printf P; read b; printf Pa; read b; printf Pas; read b;'
                        'printf Pass; read b; printf "%s" "$F0"; read b; echo end')
    terminal.read(b"name")
    time.sleep(0.2)
    assert b"name$" not in terminal.read(seconds=0.05)
    terminal.type(b"\r")
    for text in (b"name$ \r\nP", b"\r\nPa", b"\r\nPas"):
        terminal.read(text)
        terminal.type(b"\r")
    assert not terminal.read(seconds=0.3).endswith(b"Pass")
    terminal.type(b"\r")
    terminal.read(b"Pass\r\n" + STARS)
    terminal.type(b"\r")
    assert terminal.end().endswith(b"Pass\r\n" + STARS + b"\r\nend\r\n"), terminal.output
    slowly = 'for c in P a s s - o f - a c m e .; do printf %s $c; sleep 0.08; done'
    shown, _, rest = Terminal(box, "sh", "-c", slowly).end().partition(STARS)
    assert b"Pas".startswith(shown) and rest == b".", (shown, rest)
    assert box.run(*MASK, "sh", "-c", slowly) == STARS + b"."


run_tests()
