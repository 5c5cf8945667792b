# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""What the tests of the command share. A test is a function marked with @test that takes a Box: a temporary
folder with a new vault and its root key, which is the current one of every command run in it, and a clean
environment. One that is marked with @test_without_vault finds the folder empty. BULLA names the executable."""

import contextlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

BULLA = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ["BULLA"])
ROOT = "file:root.key"
SANITIZED = b"__asan_report_load" in pathlib.Path(BULLA).read_bytes()

_tests = []


class Skip(Exception):
    """Says why a test cannot be run here."""


def run_as_nobody():
    """Returns the options that run a process as a user without rights, whom root's tests need for some things."""
    if os.geteuid() != 0:
        return {}
    try:
        subprocess.run([BULLA, "--version"], user=65534, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise Skip("another user cannot run the executable where it lies") from None
    return {"user": 65534}


def test(function):
    def with_vault(box):
        box.run("init")
        function(box)
    with_vault.__name__ = function.__name__
    _tests.append(with_vault)


def test_without_vault(function):
    _tests.append(function)


def run_tests():
    for function in _tests:
        name = function.__name__.replace("_", " ")
        try:
            with tempfile.TemporaryDirectory() as folder:
                function(Box(pathlib.Path(folder)))
            tap.check(name, True)
        except Skip as why:
            tap.skip(name, why)
        except Exception:  # an assertion, or a program that is missing: both are told with their place
            tap.check(name, False, traceback.format_exc())
    tap.finish()


class Box:
    def __init__(self, folder):
        self.folder = folder
        self.environment = {"PATH": os.environ["PATH"], "BULLA_ROOT": ROOT}

    def path(self, name):
        return self.folder / name

    def write(self, name, content, mode=0o600):
        path = self.path(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def options(self, env):
        environment = {**self.environment, **env}
        return {"cwd": self.folder, "env": {k: v for k, v in environment.items() if v is not None}}

    def run(self, *args, stdin=b"", env={}, status=0, told=(), **options):
        """Runs bulla, insists on its exit |status|, on the form of its errors, and that they have the text or texts
        |told| in them, and returns standard output."""
        stdin = stdin.encode() if isinstance(stdin, str) else stdin
        source = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
        options = {"stdout": subprocess.PIPE, **options}
        run = subprocess.run([BULLA, *args], stderr=subprocess.PIPE, timeout=60, **source, **self.options(env),
                             **options)
        self.errors = run.stderr.decode()
        assert run.returncode == status, f"{args}: exit status {run.returncode}, not {status}: {self.errors}"
        if status == 0:
            assert self.errors == "", self.errors
        else:
            assert re.fullmatch(r"bulla: [^\n]+: [^\n]+\n", self.errors), repr(self.errors)
        for text in (told,) if isinstance(told, str) else told:
            assert text in self.errors, f"{args}: {text} is not in {self.errors}"
        return run.stdout

    def fail(self, *args, **options):
        """Runs bulla, which must fail, and returns its error line."""
        process = self.start(*args, stdin=subprocess.DEVNULL, stdout=-1, stderr=-1, **options)
        out, errors = process.communicate(timeout=60)
        assert process.returncode in (1, 2, 3, 4, 125) and out == b"", (args, process.returncode, out)
        assert re.fullmatch(rb"bulla: [^\n]+: [^\n]+\n", errors), errors
        return errors.decode()

    def start(self, *args, env={}, **options):
        """Starts bulla and returns its process."""
        return subprocess.Popen([BULLA, *args], **self.options(env), **options)

    def json(self, *args, **options):
        """Returns the one value that bulla prints with --json."""
        return json.loads(self.run("--json", *args, **options))

    def log(self, *args):
        return [json.loads(line) for line in self.run("audit", "log", "--json", *args).splitlines()]

    def sql(self, text, *values, name="bulla.db"):
        """Runs statements behind bulla's back, each with the |values|, and returns the rows of the last."""
        with contextlib.closing(sqlite3.connect(self.path(name), isolation_level=None)) as database:
            return [database.execute(statement, values).fetchall() for statement in text.split("; ")][-1]

    def put_secret(self, entry="acme/db", field="password", secret=b"s3cret-of-acme"):
        self.run("put", entry, "--secret", field, stdin=secret)

    def get(self, entry="acme/db", field="password", **options):
        return self.run("get", entry, field, "--reason", "test", **options)

    def apikey(self, tenant="acme", name="key"):
        """Makes an API key in the file |name| and returns its id."""
        string = self.run("apikey", "create", "--tenant", tenant)
        self.write(name, string)
        return string.decode().split("_")[1]

    def mint(self, *args, key="key", org="acme", sub="alice", **options):
        return self.run("token", "mint", "--apikey-file", key, "--org", org, "--sub", sub, *args, **options)

    def verify(self, token, *args, **options):
        return json.loads(self.run("token", "verify", *args, stdin=token, **options))

    def refuse(self, token, *args, **options):
        self.run("token", "verify", *args, stdin=token, status=1, **options)
