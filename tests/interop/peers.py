# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The libraries on the other side, each behind a driver that is started once: see line.h."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NODE_MODULES = "/usr/share/nodejs"

# In the order of the page's columns: the name, and Debian's package of it.
PACKAGES = {
    "cjose": "libcjose-dev",
    "rhonabwy": "librhonabwy-dev",
    "latchset": "jose",
    "jwcrypto": "python3-jwcrypto",
    "panva": "node-jose",
    "webcrypto": "nodejs",
}
SHOWN = {
    "cjose": "cjose",
    "rhonabwy": "rhonabwy",
    "latchset": "latchset jose",
    "jwcrypto": "jwcrypto",
    "panva": "panva jose",
    "webcrypto": "WebCrypto (Node)",
}


def python_with(module):
    """Returns a Python that has |module|: packages of the system are not in each Python that is found first."""
    for python in sys.executable, "/usr/bin/python3":
        if shutil.which(python) and subprocess.run([python, "-c", f"import {module}"], capture_output=True,
                                                   check=False).returncode == 0:
            return python
    return None


def commands(folder):
    """Returns for each driver its command; |folder| has those that were compiled. None: its library is not here."""
    jwcrypto = python_with("jwcrypto")
    node = shutil.which("node")
    found = {name: [folder / f"peer-{name}"] if (folder / f"peer-{name}").exists() else None
             for name in ("bulla", "cjose", "rhonabwy")}
    found["latchset"] = [sys.executable, HERE / "peer_latchset.py"] if shutil.which("jose") else None
    found["jwcrypto"] = [jwcrypto, HERE / "peer_jwcrypto.py"] if jwcrypto else None
    found["panva"] = found["webcrypto"] = [node, HERE / "peer_node.js"] if node else None
    return found


class Driver:
    """A process that answers. One that dies over a request is started again for the next."""

    def __init__(self, command):
        self.command = command
        self.process = None

    def ask(self, request):
        if self.process is None:
            environment = os.environ | {"NODE_PATH": os.environ.get("NODE_PATH", NODE_MODULES)}
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                            env=environment)
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        status = self.process.wait()
        self.process = None
        return {"why": f"it died with status {status}", "died": True}

    def close(self):
        """Ends the process and returns its status; None if there is none."""
        if self.process is None:
            return None
        self.process.stdin.close()
        status = self.process.wait()
        self.process = None
        return status


class Peers:
    """All drivers, by name."""

    def __init__(self, folder):
        self.shared = {}
        self.drivers = {}
        self.versions = {}
        self.missing = {}
        for name, command in commands(folder).items():
            if command is None:
                self.missing[name] = f"there is no {SHOWN.get(name, name)}: install {PACKAGES.get(name, 'bulla')}"
                continue
            self.drivers[name] = self.shared.setdefault(str(command), Driver(command))
            answer = self.ask(name, op="hello")
            if "version" in answer:
                self.versions[name] = answer["version"]
            else:
                self.missing[name] = (f"{SHOWN.get(name, name)} of {PACKAGES.get(name, 'this folder')} does not start: "
                                      f"{answer['why'].splitlines()[0]}")

    def ask(self, peer, **request):
        """Returns the answer of |peer|: with "why" if it could not."""
        return self.drivers[peer].ask(request | {"library": peer})

    def close(self):
        """Ends all and returns their statuses, by name."""
        statuses = {driver: driver.close() for driver in self.shared.values()}
        return {name: statuses[driver] for name, driver in self.drivers.items()}
