"""A milter that notes what a real MTA tells it, lets everything pass, and makes
the changes that a test wants to see the MTA make.

For what has to be known of an MTA before the daemon can be told to rely on it.
"""

import os
import shutil
import socket
import struct
import tempfile
import threading

from milter import CONTINUE, NO, NR, packet

ADD_HEADERS, CHANGE_HEADERS, QUARANTINE, SET_MACROS = 0x1, 0x10, 0x20, 0x100
HEADER_SPACES = 0x100000  # a step: values come and go with the blank behind the colon (SMFIP_HDR_LEADSPC)
STAGES = {"C": 0, "H": 1, "M": 2, "R": 3, "E": 5}


# ------------------------------------------------ changes, at the end of a mail

def insert(index, name, value):
    return packet(b"i", struct.pack(">I", index) + field(name, value))


def add(name, value):
    return packet(b"h", field(name, value))


def change(index, name, value):
    return packet(b"m", struct.pack(">I", index) + field(name, value))


def delete(index, name):
    return change(index, name, "")


def quarantine(reason):
    return packet(b"q", reason.encode() + b"\0")


def field(name, value):
    return name.encode() + b"\0" + value.encode() + b"\0"


class Session:
    """One connection of the MTA's: where its client is, and its mails."""

    def __init__(self):
        self.port = None
        self.address = None
        self.macros = {}
        self.headers = []  # (name, value) of the mail under way
        self.mails = []    # (macros, headers) of those that came to their end


class MilterServer:
    """Listens on a Unix socket; `path` is its place, in a folder `under` that.
    `changes` are made to each mail; `steps` are asked for beside its own; `last`
    is what it says at the end of a mail. They may be set anew between sessions."""

    def __init__(self, macros="", changes=(), under=None):
        self.folder = tempfile.mkdtemp(prefix="sallyport-milter-", dir=under)
        os.chmod(self.folder, 0o755)
        self.path = os.path.join(self.folder, "milter")
        self.macros = macros
        self.changes = changes
        self.steps = 0
        self.last = CONTINUE
        self.offered = None  # (version, actions, steps) of the MTA
        self.sessions = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def mails(self):
        """(session, macros, headers) of all mails so far."""
        return [(session, *mail) for session in list(self.sessions) for mail in list(session.mails)]

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        session = Session()
        self.sessions.append(session)
        with connection, connection.makefile("rb") as stream:
            while True:
                head = stream.read(5)
                if len(head) < 5:
                    return
                length, command = struct.unpack(">Ic", head)
                answer = self.answer(session, command.decode(), stream.read(length - 1))
                if answer is None:
                    return
                if answer:
                    connection.sendall(answer)

    def negotiate(self, data):
        self.offered = struct.unpack(">III", data[:12])
        actions = ADD_HEADERS | CHANGE_HEADERS | QUARANTINE | SET_MACROS
        steps = self.steps | NO["B"] | NO["T"] | NO["N"] | NO["U"] | NR["C"] | NR["H"] | NR["M"] | NR["R"] | NR["L"]
        wanted = b"".join(struct.pack(">I", stage) + self.macros.encode() + b"\0" for stage in STAGES.values()) \
            if self.macros else b""
        return packet(b"O", struct.pack(">III", 6, actions, steps) + wanted)

    def answer(self, session, command, data):
        """What is said to one packet; nothing to most. None: the end."""
        if command == "O":
            return self.negotiate(data)
        if command == "D":
            names = data[1:].decode("latin-1").split("\0")
            session.macros.update(zip(names[::2], names[1::2]))
        elif command == "C":
            rest = data.split(b"\0", 1)[1]
            if rest[:1] in b"46":
                session.port, = struct.unpack(">H", rest[1:3])
                session.address = rest[3:-1].decode()
        elif command == "M":
            session.headers = []
        elif command == "L":
            name, value = data.decode("latin-1").split("\0")[:2]
            session.headers.append((name, value))
        elif command == "E":
            session.mails.append((dict(session.macros), session.headers))
            return b"".join(self.changes) + packet(self.last)
        return None if command == "Q" else b""
