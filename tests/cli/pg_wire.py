# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""PostgreSQL's protocol, as far as the tests of a vault on a server need it: a pipe that stalls, a proxy that knows where
messages end, and a server that says what it is told to."""

import contextlib
import select
import socket
import struct
import threading


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def first_message(data, typed):
    """The first whole message of |data|, or None. The one that starts a connection has no type."""
    at = 1 if typed else 0
    if len(data) < at + 4:
        return None
    size = at + struct.unpack_from("!I", data, at)[0]
    return data[:size] if len(data) >= size else None


class Listener:
    """Serves each connection to a Unix socket in a thread of its own, as libpq finds it in the folder."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(folder / ".s.PGSQL.5432"))
        (folder / ".s.PGSQL.5432").chmod(0o777)
        self.socket.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            with contextlib.suppress(OSError):
                client, _ = self.socket.accept()
                threading.Thread(target=self.guard, args=(client,), daemon=True).start()

    def guard(self, client):
        with client, contextlib.suppress(OSError):
            self.serve(client)


class Pipe(Listener):
    """Forwards bytes both ways, until it is told to stall: then it keeps what is connected, lets more connect, and hands
    nothing on. When it is dropped, what was not handed on is lost."""

    def __init__(self, folder, server):
        self.server = server
        self.flows = threading.Event()
        self.dropped = False
        self.go_on()
        super().__init__(folder)

    def stall(self):
        self.flows.clear()

    def go_on(self):
        self.flows.set()

    def drop(self):
        self.dropped = True
        self.go_on()

    def serve(self, client):
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self.server / ".s.PGSQL.5432"))
            while True:
                for source in select.select([client, server], [], [])[0]:
                    read = source.recv(65536)
                    self.flows.wait()
                    if not read or self.dropped:
                        return
                    (server if source is client else client).sendall(read)


class Proxy(Listener):
    """Forwards messages, and counts them in both directions. When |cut_at| of them have passed since the last arm(), or
    |after_commit| of them from the first of a COMMIT on, it forwards |part| of the next, a share, and cuts the connection.
    It knows how far a COMMIT came. With |ask|, a query, it
    asks the server that before it forwards a COMMIT, and keeps the answer in |told|. With |forge|, it gives that as the
    answer to a COMMIT in the place of the server's."""

    def __init__(self, folder, server):
        self.server = server
        self.ask = self.told = self.forge = None
        self.sockets = []
        self.rest = b""
        self.arm()
        super().__init__(folder)

    def arm(self, cut_at=None, part=0.0, after_commit=None):
        self.cut_at, self.part, self.after_commit, self.passed = cut_at, part, after_commit, 0
        self.commit_came = self.commit_sent = self.answered = self.has_cut = False

    def drop(self):
        """Cuts what is connected now."""
        for ends in self.sockets:
            for end in ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self.sockets = []

    def serve(self, client):
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self.server / ".s.PGSQL.5432"))
            self.sockets.append((client, server))
            data, typed = {client: b"", server: b""}, {client: False, server: True}
            while True:
                for source in select.select([client, server], [], [])[0]:
                    read = source.recv(65536)
                    if not read:
                        return
                    data[source] += read
                    while whole := first_message(data[source], typed[source]):
                        data[source] = data[source][len(whole):]
                        typed[source] = True
                        self.rest = data[source] if source is client else b""
                        if not self.forward(whole, source is client, client, server):
                            return

    def forward(self, whole, from_client, client, server):
        kind = whole[:1] if from_client else b""
        commits = kind == b"P" and whole[5:].startswith(b"\0COMMIT\0")
        if commits and self.after_commit is not None:
            self.cut_at = self.passed + self.after_commit
        self.commit_came |= commits
        if commits and self.ask:
            self.told = self.query(client, server, self.ask)
        if self.passed == self.cut_at:
            # A part is never the whole.
            (server if from_client else client).sendall(whole[:min(int(len(whole) * self.part), len(whole) - 1)])
            self.has_cut = True
            # What the client sent behind it, before it knew: a COMMIT may be among it.
            while from_client and select.select([client], [], [], 0.05)[0] and (read := client.recv(65536)):
                self.rest += read
            self.commit_came |= b"\0COMMIT\0" in self.rest
            return False
        self.passed += 1
        self.answered |= self.commit_sent and whole[:1] == b"Z" and not from_client
        # It is done with Execute, before the server has read Sync.
        self.commit_sent |= self.commit_came and kind == b"E"
        (server if from_client else client).sendall(whole)
        if self.commit_sent and kind == b"S" and self.forge:
            client.sendall(self.read_to_commit(server) + self.forge)
        return True

    @staticmethod
    def read_to_commit(server):
        """Reads to the end of an answer, and returns what comes before that to a COMMIT, which is parsed each time."""
        data, whole = b"", []
        while not whole or whole[-1][:1] != b"Z":
            if one := first_message(data, True):
                data = data[len(one):]
                whole.append(one)
            else:
                data += server.recv(65536)
        parsed = [at for at, one in enumerate(whole) if one[:1] == b"1"]
        return b"".join(whole[:parsed[-1]] if parsed else [])

    @staticmethod
    def read_to_ready(server, client=None):
        """Reads to the end of an answer, and returns its rows. What comes before it is for the |client|."""
        data, rows, begun = b"", [], client is None
        while True:
            while whole := first_message(data, True):
                data = data[len(whole):]
                begun = begun or whole[:1] in b"TE"
                if not begun:
                    client.sendall(whole)
                if whole[:1] == b"D":
                    rows.append(whole[11:].decode())
                if whole[:1] == b"Z":
                    return rows
            data += server.recv(65536)

    def query(self, client, server, text):
        """The one column of the rows of |text|."""
        server.sendall(message(b"Q", text.encode() + b"\0"))
        return self.read_to_ready(server, client)


class Fake(Listener):
    """Lets everybody in, and answers each query with what answer(text) returns: bytes, or any number of them."""

    READY = message(b"Z", b"I")
    HELLO = message(b"R", struct.pack("!I", 0)) + message(b"K", struct.pack("!II", 1, 2)) + READY

    def __init__(self, folder, answer, hello=HELLO):
        self.answer, self.hello = answer, hello
        super().__init__(folder)

    def serve(self, client):
        data, typed = b"", False
        while read := client.recv(65536):
            data += read
            while whole := first_message(data, typed):
                data = data[len(whole):]
                answer = self.hello if not typed else self.answer(whole[5:-1].decode()) if whole[:1] == b"Q" else b""
                for part in [answer] if isinstance(answer, bytes) else answer:
                    client.sendall(part)
                typed = True

    @staticmethod
    def rows(*rows, type=25):
        """The answer to a query that has |rows|, of texts or None, which is NULL."""
        columns = [b"c\0" + struct.pack("!IhIhih", 0, 0, type, -1, -1, 0) for _ in rows[0]]
        answer = message(b"T", struct.pack("!h", len(columns)) + b"".join(columns))
        for row in rows:
            values = b"".join(struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value.encode()
                              for value in row)
            answer += message(b"D", struct.pack("!h", len(row)) + values)
        return answer + message(b"C", b"SELECT 1\0") + Fake.READY
