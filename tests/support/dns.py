"""A DNS server for scenarios: zones as a dict, delays, silence, lies, and a list
of what was asked. UDP and TCP, on a free port of 127.0.0.1, in a thread.

    server = dns.Server({
        "mx.example.org": {"A": "192.0.2.7", "MX": ["10 mx.example.org"]},
        "*.zen.example.net": {"A": "127.0.0.2"},       # below it, whatever
        "dead.example.org": dns.SILENT,                # every type of it
        "slow.example.org": {"A": dns.after(50, "192.0.2.8")},
        "cut.example.org": {"TXT": dns.after(0, "x" * 50, dns.TRUNCATED)},
    })
    server.address     "127.0.0.1@5353", for dns.server
    server.delay_ms    on top of every answer
    server.trick       dns.SILENT and so on for every question; None: honest
    server.asked       [("mx.example.org", "A"), ...], without our own probes
    server.close()

A name that is not there is NXDOMAIN, a type that is not there NODATA. Data as
in a zone file, without the quotes of TXT; bytes are raw record data; a name may
have "\\." for a dot within a label. A PTR is asked for under dns.reverse(IP).
The zones may be changed at any time.
"""

import heapq
import ipaddress
import select
import socket
import struct
import threading
import time

SILENT, SERVFAIL, REFUSED, WRONG_ID, GARBAGE, TRUNCATED = range(1, 7)

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
TTL_SEC = 300
UDP_MAX = 1200


class after:  # pylint: disable=invalid-name,too-few-public-methods
    """Records that come late, or with a trick."""

    def __init__(self, delay_ms, records, trick=None):
        self.delay_ms, self.records, self.trick = delay_ms, records, trick


def reverse(address, zone=None):
    """The name of an address: for PTR, or in a list's zone."""
    name = ipaddress.ip_address(address).reverse_pointer
    return name if zone is None else name.rsplit(".", 2)[0] + "." + zone


def wire_name(name):
    wire = b""
    for label in name.replace("\\.", "\0").rstrip(".").split("."):
        label = label.replace("\0", ".").encode("latin-1")
        wire += bytes([len(label)]) + label if label else b""
    return wire + b"\0"


def wire_data(kind, data):
    if isinstance(data, bytes):
        return data
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(data).packed
    if kind == "MX":
        preference, target = data.split()
        return struct.pack(">H", int(preference)) + wire_name(target)
    if kind == "TXT":
        text = data.encode("latin-1")
        parts = [text[at:at + 255] for at in range(0, len(text), 255)] or [b""]
        return b"".join(bytes([len(part)]) + part for part in parts)
    return wire_name(data)


def wire_record(owner, kind, data):
    return owner + struct.pack(">HHIH", TYPES[kind], 1, TTL_SEC, len(data)) + data


def read_question(packet):
    """(name, type, end of the question); IndexError, struct.error when cut."""
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += packet[at] + 1
    number, = struct.unpack_from(">H", packet, at + 1)
    return ".".join(labels).lower(), NAMES.get(number, str(number)), at + 5


class Server:
    def __init__(self, zones):
        self.zones = zones
        self.delay_ms = 0
        self.trick = None
        self.asked = []
        self._late = []  # (when, number, packet, peer)
        self._open()
        self.address = f"127.0.0.1@{self.port}"
        self._is_closing = False
        self._has_died = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def count(self, name, kind=None):
        """How often it was asked for, retries included."""
        return sum(name.lower() == asked and kind in (None, asked_kind)
                   for asked, asked_kind in list(self.asked))

    def close(self):
        self._is_closing = True
        self._thread.join()
        self._udp.close()
        self._tcp.close()
        if self._has_died:  # what it was asked later was met by silence
            raise self._has_died

    def _open(self):
        while True:
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self._udp.bind(("127.0.0.1", 0))
            self.port = self._udp.getsockname()[1]
            self._tcp = socket.socket()
            try:
                self._tcp.bind(("127.0.0.1", self.port))
                break
            except OSError:  # free for UDP only
                self._udp.close()
                self._tcp.close()
        self._udp.setblocking(False)
        self._tcp.listen(64)

    def _find(self, name):
        """The zone's entry for the name; None: there is none."""
        if name in self.zones:
            return self.zones[name]
        labels = name.split(".")
        for at in range(1, len(labels)):
            entry = self.zones.get("*." + ".".join(labels[at:]))
            if entry is not None:
                return entry
        return None

    def _records(self, name, kind):
        """(rcode, [(type, data)], delay, trick)"""
        entry = self._find(name)
        if entry is None:
            return 3, [], 0, None
        if not isinstance(entry, dict):
            return 0, [], 0, entry
        if kind not in entry and "CNAME" in entry:
            kind = "CNAME"
        found = entry.get(kind, [])
        if not isinstance(found, after):
            found = after(0, found)
        records = found.records if isinstance(found.records, (list, tuple)) else [found.records]
        return 0, [(kind, data) for data in records], found.delay_ms, found.trick

    def _answer(self, packet, is_tcp):
        """(the answer or None, its delay)"""
        name, kind, end = read_question(packet)
        if not name.startswith("sp-"):
            self.asked.append((name, kind))
        rcode, records, delay_ms, trick = self._records(name, kind)
        trick = self.trick or trick
        if trick == SILENT:
            return None, 0
        if trick in (SERVFAIL, REFUSED):
            rcode, records = {SERVFAIL: 2, REFUSED: 5}[trick], []
        body = b"".join(wire_record(b"\xc0\x0c", of, wire_data(of, data)) for of, data in records)
        if not records:  # makes "there is none" cacheable
            body = wire_record(wire_name(name.rsplit(".", 1)[-1]), "SOA",
                               b"\0\0" + struct.pack(">5I", *[TTL_SEC] * 5))
        flags = 0x8480 | rcode
        counts = (1, len(records), 0 if records else 1, 0)
        if not is_tcp and (trick == TRUNCATED or end + len(body) > UDP_MAX):
            flags, counts, body = flags | 0x0200, (1, 0, 0, 0), b""
        own_id = packet[:2] if trick != WRONG_ID else bytes(byte ^ 0x55 for byte in packet[:2])
        answer = own_id + struct.pack(">5H", flags, *counts) + packet[12:end] + body
        if trick == GARBAGE:
            answer = answer[:3] + bytes(at * 151 + 7 & 255 for at in range(3, len(answer)))
        return answer, delay_ms + self.delay_ms

    def _take_udp(self):
        while True:
            try:
                packet, peer = self._udp.recvfrom(65535)
            except BlockingIOError:
                return
            try:
                answer, delay_ms = self._answer(packet, False)
            except (IndexError, struct.error):
                continue
            if answer is not None:
                heapq.heappush(self._late, (time.monotonic() + delay_ms / 1000,
                                            len(self.asked), answer, peer))

    def _take_tcp(self, link):
        link.settimeout(1)
        try:
            with link, link.makefile("rb") as stream:
                size, = struct.unpack(">H", stream.read(2))
                answer, delay_ms = self._answer(stream.read(size), True)
                if answer is not None:
                    time.sleep(delay_ms / 1000)
                    link.sendall(struct.pack(">H", len(answer)) + answer)
        except (OSError, IndexError, struct.error):
            pass

    def _serve(self):
        try:
            self._serve_until_closed()
        except Exception as error:
            self._has_died = error

    def _serve_until_closed(self):
        while not self._is_closing:
            wait_sec = 0.02
            if self._late:
                wait_sec = min(wait_sec, max(0, self._late[0][0] - time.monotonic()))
            ready, _, _ = select.select([self._udp, self._tcp], [], [], wait_sec)
            if self._udp in ready:
                self._take_udp()
            if self._tcp in ready:
                link, _ = self._tcp.accept()
                threading.Thread(target=self._take_tcp, args=(link,), daemon=True).start()
            while self._late and self._late[0][0] <= time.monotonic():
                _, _, answer, peer = heapq.heappop(self._late)
                self._udp.sendto(answer, peer)
