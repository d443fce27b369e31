"""The milter protocol from the MTA's side, spoken by hand: well, or badly.

Independent of the C client on purpose: what both agree on is the protocol.
"""

import socket
import struct

# Steps that a milter does not want (NO_*) or does not answer (NR_*).
NO = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20, "N": 0x40, "U": 0x100, "T": 0x200}
NR = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "U": 0x20000,
      "N": 0x40000, "B": 0x80000}
ALL_ACTIONS = 0x1FF
ALL_STEPS = 0x1FFFFF

CONTINUE, ACCEPT, DISCARD, TEMPFAIL, REJECT = b"c", b"a", b"d", b"t", b"r"
REPLYCODE, PROGRESS, SKIP = b"y", b"p", b"s"
CHANGES = b"+-hmiebq2"

MACRO_STAGES = {"C": 0, "H": 1, "M": 2, "R": 3, "T": 4, "E": 5, "N": 6}


class Closed(Exception):
    """The milter ended the connection."""


def packet(command, data=b""):
    return struct.pack(">I", len(data) + 1) + command + data


def to_bytes(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


class Milter:
    """A connection to a milter: `where` is a Unix socket's path or a port."""

    def __init__(self, where, timeout=20.0):
        if isinstance(where, int):
            self.socket = socket.create_connection(("127.0.0.1", where), timeout)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(where)
        self.steps = 0
        self.wanted_macros = {}
        self.changes = []

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ----------------------------------------------------------------- packets

    def send_raw(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Closed() from None

    def send(self, command, data=b""):
        self.send_raw(packet(to_bytes(command), data))

    def receive_bytes(self, count):
        data = b""
        while len(data) < count:
            try:
                piece = self.socket.recv(count - len(data))
            except ConnectionResetError:
                piece = b""
            if not piece:
                raise Closed()
            data += piece
        return data

    def receive(self):
        length = struct.unpack(">I", self.receive_bytes(4))[0]
        data = self.receive_bytes(length)
        return data[:1], data[1:]

    def answer(self):
        """The next answer (kind, text); changes are put aside."""
        while True:
            kind, data = self.receive()
            if kind == PROGRESS:
                continue
            if kind in CHANGES:
                self.changes.append((kind.decode(), data))
                continue
            return kind, data.rstrip(b"\0").decode("latin-1")

    # ------------------------------------------------------------------ events

    def negotiate(self, version=6, actions=ALL_ACTIONS, steps=ALL_STEPS):
        self.send("O", struct.pack(">III", version, actions, steps))
        kind, data = self.receive()
        assert kind == b"O", kind
        self.version, self.actions, self.steps = struct.unpack(">III", data[:12])
        rest = data[12:]
        while len(rest) > 4:
            stage = struct.unpack(">I", rest[:4])[0]
            names, rest = rest[4:].split(b"\0", 1)
            self.wanted_macros[stage] = names.decode().split()
        return self

    def macros(self, command, pairs):
        if pairs:
            data = b"".join(to_bytes(name) + b"\0" + to_bytes(value) + b"\0" for name, value in pairs.items())
            self.send("D", to_bytes(command) + data)

    def event(self, command, data=b"", macros=None):
        """Send one event; its answer, or CONTINUE where there is none."""
        if self.steps & NO.get(command, 0):
            return CONTINUE, ""
        self.macros(command, macros)
        self.send(command, data)
        if self.steps & NR.get(command, 0):
            return CONTINUE, ""
        return self.answer()

    def connect_client(self, address="192.0.2.1", name=None, port=4321, macros=None):
        family = b"6" if ":" in address else b"4"
        return self.event("C", to_bytes(name or f"[{address}]") + b"\0" + family + struct.pack(">H", port)
                          + to_bytes(address) + b"\0", macros)

    def helo(self, name="mail.example.org", macros=None):
        return self.event("H", to_bytes(name) + b"\0", macros)

    def mail(self, sender="<a@example.org>", macros=None):
        return self.event("M", to_bytes(sender) + b"\0", macros)

    def rcpt(self, recipient="<b@test.example>", macros=None):
        return self.event("R", to_bytes(recipient) + b"\0", macros)

    def data(self, macros=None):
        return self.event("T", b"", macros)

    def header(self, name, value):
        return self.event("L", to_bytes(name) + b"\0" + to_bytes(value) + b"\0")

    def end_of_headers(self, macros=None):
        return self.event("N", b"", macros)

    def body(self, text=b"Hello\r\n"):
        return self.event("B", to_bytes(text))

    def end(self, macros=None):
        self.changes = []
        self.macros("E", macros)
        self.send("E")
        return self.answer()

    def abort(self):
        self.send("A")

    def quit(self):
        try:
            self.send("Q")
        except Closed:
            pass
        self.close()

    # --------------------------------------------------------------- whole mails

    def whole_mail(self, sender="<a@example.org>", recipients=("<b@test.example>",), headers=()):
        """MAIL to end of message; the answers of the recipients and the end.
        The end is None when no recipient was let in."""
        kind, text = self.mail(sender)
        if kind not in (CONTINUE, ACCEPT):
            return [(kind, text)], None
        answers = [self.rcpt(recipient) for recipient in recipients]
        if all(answer[0] != CONTINUE for answer in answers):
            self.abort()
            return answers, None
        self.data()
        for name, value in headers or [("Subject", " test")]:
            self.header(name, value)
        self.end_of_headers()
        self.body()
        return answers, self.end()


def session(where, address="192.0.2.1", helo="mail.example.org", own_name=None, **options):
    """A negotiated connection with client and HELO said."""
    milter = Milter(where, **options)
    milter.negotiate()
    milter.connect_client(address, macros={"j": own_name} if own_name else None)
    milter.helo(helo)
    return milter


def added_headers(changes):
    """[(name, value)] of the headers that a milter added or inserted, without
    the space behind the colon, which it brings when both agreed on that."""
    found = []
    for kind, data in changes:
        if kind == "i":
            data = data[4:]
        if kind in "hi":
            name, value = data.split(b"\0")[:2]
            found.append((name.decode(), value.decode("latin-1").removeprefix(" ")))
    return found
