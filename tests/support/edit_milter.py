"""A milter that does what a test tells it, to learn what an MTA makes of it.

It speaks the protocol by itself (independent of libmilter), answers "continue"
to everything, and at the end of a message sends the changes it was given.
"""

import os
import socket
import struct
import threading

HDR_LEADSPC = 0x100000  # header values come and go with the blank behind the colon

ACTIONS = 0x1 | 0x10 | 0x20  # add and change headers, quarantine
ONE_WAY = b"DAKQ"  # macros, abort, quit: nobody waits for an answer


def insert(index, name, value):
    return b"i" + struct.pack(">I", index) + field(name, value)


def add(name, value):
    return b"h" + field(name, value)


def change(index, name, value):
    return b"m" + struct.pack(">I", index) + field(name, value)


def delete(index, name):
    return change(index, name, "")


def quarantine(reason):
    return b"q" + reason.encode() + b"\0"


def field(name, value):
    return name.encode() + b"\0" + value.encode() + b"\0"


class EditMilter:
    def __init__(self, path, steps=0):
        """Listens on that Unix socket; `steps`: what it asks for in negotiation."""
        self.steps = steps
        self.offered = None  # (version, actions, steps) of the MTA
        self.heard = []  # (name, value) of the last message's header fields
        self.changes = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.socket.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as packets:
            while True:
                length = packets.read(4)
                if len(length) < 4:
                    return
                data = packets.read(struct.unpack(">I", length)[0])
                self.answer(connection, data[:1], data[1:])

    def answer(self, connection, command, data):
        if command in ONE_WAY:
            return
        if command == b"O":
            self.offered = struct.unpack(">III", data[:12])
            self.put(connection, b"O" + struct.pack(">III", 6, ACTIONS, self.steps & self.offered[2]))
            return
        if command == b"M":
            self.heard = []
        if command == b"L":
            self.heard.append(tuple(part.decode() for part in data.split(b"\0")[:2]))
        if command == b"E":
            for change_packet in self.changes:
                self.put(connection, change_packet)
        self.put(connection, b"c")

    @staticmethod
    def put(connection, packet):
        connection.sendall(struct.pack(">I", len(packet)) + packet)
