"""Writes small databases in MaxMind's format, whole ones and odd ones.

https://maxmind.github.io/MaxMind-DB/ tells of it: a binary tree of networks, a
section of values, and metadata behind a marker. test_geo.py holds what is
written here against another reader."""

import ipaddress
import struct

MARKER = b"\xab\xcd\xefMaxMind.com"
SEPARATOR = b"\0" * 16

STRING, BYTES, UINT16, UINT32, MAP, INT32, UINT64, UINT128, ARRAY, BOOLEAN = 2, 4, 5, 6, 7, 8, 9, 10, 11, 14


class Raw(bytes):
    """A value that is written as it stands."""


class Pointer(int):
    """A pointer to that offset of the data section."""


class Uint(int):
    """A number with the type that its class says."""
    kind = UINT32


class Uint16(Uint):
    kind = UINT16


class Uint64(Uint):
    kind = UINT64


def control(kind, size):
    """The head of a value."""
    if size < 29:
        low, more = size, b""
    elif size < 285:
        low, more = 29, struct.pack(">B", size - 29)
    elif size < 65821:
        low, more = 30, struct.pack(">H", size - 285)
    else:
        low, more = 31, struct.pack(">I", size - 65821)[1:]
    if kind > 7:
        return bytes([low, kind - 7]) + more
    return bytes([kind << 5 | low]) + more


def pointer(offset):
    if offset < 2048:
        return bytes([1 << 5 | offset >> 8, offset & 255])
    if offset < 2048 + (1 << 19):
        offset -= 2048
        return bytes([1 << 5 | 1 << 3 | offset >> 16]) + struct.pack(">H", offset & 0xffff)
    if offset < 526336 + (1 << 27):
        offset -= 526336
        return bytes([1 << 5 | 2 << 3 | offset >> 24]) + struct.pack(">I", offset)[1:]
    return bytes([1 << 5 | 3 << 3]) + struct.pack(">I", offset)


def encode(value):
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, Pointer):
        return pointer(value)
    if isinstance(value, bool):
        return control(BOOLEAN, int(value))
    if isinstance(value, int):
        number = value.to_bytes((value.bit_length() + 7) // 8, "big")
        return control(value.kind if isinstance(value, Uint) else UINT32, len(number)) + number
    if isinstance(value, str):
        text = value.encode()
        return control(STRING, len(text)) + text
    if isinstance(value, bytes):
        return control(BYTES, len(value)) + value
    if isinstance(value, (list, tuple)):
        return control(ARRAY, len(value)) + b"".join(encode(item) for item in value)
    return control(MAP, len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())


class Database:
    """`entries`: {"192.0.2.0/24": {"country": {"iso_code": "DE"}}}. A tree of IPv6
    has the IPv4 ones below ::/96; `aliases` leads ::ffff:0:0/96 and 2002::/16
    there too, as MaxMind's do."""

    def __init__(self, entries, version=6, record_bits=28, **options):
        self.version = version
        self.record_bits = record_bits
        self.options = options
        self.nodes = [[None, None]]
        self.data = bytes(options.get("data", b""))
        self.offsets = {}
        for network, value in entries.items():
            self.add(ipaddress.ip_network(network), self.store(value))
        if options.get("aliases"):
            self.alias("::ffff:0:0/96")
            self.alias("2002::/16")

    def store(self, value):
        """Each different value once."""
        written = encode(value)
        if written not in self.offsets:
            self.offsets[written] = len(self.data)
            self.data += written
        return ("data", self.offsets[written])

    def bits_of(self, network):
        bits, prefix = int(network.network_address), network.prefixlen
        width = 32 if network.version == 4 else 128
        way = [bits >> (width - 1 - i) & 1 for i in range(prefix)]
        return [0] * 96 + way if network.version == 4 and self.version == 6 else way

    def walk(self, way):
        node = 0
        for bit in way:
            if self.nodes[node][bit] is None:
                self.nodes.append([None, None])
                self.nodes[node][bit] = len(self.nodes) - 1
            node = self.nodes[node][bit]
            assert isinstance(node, int), "one network within another"
        return node

    def add(self, network, record):
        *way, last = self.bits_of(network)
        self.nodes[self.walk(way)][last] = record

    def alias(self, network):
        *way, last = self.bits_of(ipaddress.ip_network(network))
        self.nodes[self.walk(way)][last] = self.walk([0] * 96)

    def number(self, record):
        if record is None:
            return len(self.nodes)
        if isinstance(record, int):
            return record
        kind, offset = record
        return offset if kind == "raw" else len(self.nodes) + len(SEPARATOR) + offset

    def tree(self):
        written = bytearray()
        for node in self.nodes:
            left, right = (self.number(record) for record in node)
            if self.record_bits == 24:
                written += struct.pack(">I", left)[1:] + struct.pack(">I", right)[1:]
            elif self.record_bits == 28:
                middle = (left >> 24 & 15) << 4 | right >> 24 & 15
                written += struct.pack(">I", left)[1:] + bytes([middle]) + struct.pack(">I", right)[1:]
            else:
                written += struct.pack(">II", left, right)
        return bytes(written)

    def metadata(self):
        said = {
            "binary_format_major_version": Uint16(2),
            "binary_format_minor_version": Uint16(0),
            "build_epoch": Uint64(self.options.get("built", 1700000000)),
            "database_type": self.options.get("type", "Test-Country"),
            "description": {"en": "made for a test"},
            "ip_version": Uint16(self.version),
            "languages": ["en"],
            "node_count": Uint(len(self.nodes)),
            "record_size": Uint16(self.record_bits),
        }
        said.update(self.options.get("metadata", {}))
        return encode({key: value for key, value in said.items() if value is not None})

    def parts(self):
        """Where each part ends, for those who cut a file there."""
        return [("tree", self.tree()), ("separator", SEPARATOR), ("data", self.data),
                ("marker", MARKER), ("metadata", self.metadata())]

    def bytes(self):
        return b"".join(written for _, written in self.parts())

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.bytes())
        return path


def country(code):
    """As GeoLite2 and DB-IP have it, with what else stands there."""
    return {"continent": {"code": "EU", "names": {"en": "Europe"}},
            "country": {"geoname_id": Uint(2921044), "iso_code": code, "names": {"en": "Somewhere", "de": "Irgendwo"}},
            "registered_country": {"iso_code": "ZZ"}}


def asn(number):
    return {"autonomous_system_number": Uint(number), "autonomous_system_organization": "Example Networks"}
