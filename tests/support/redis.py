"""Redis, as much as the tests need: a client, and a server of one's own."""

import os
import socket
import subprocess
import tempfile
import shutil

from daemon import eventually, free_port


class RedisError(Exception):
    pass


class Redis:
    """A connection to a Unix socket or a port of 127.0.0.1."""

    def __init__(self, where):
        if isinstance(where, int):
            self.socket = socket.create_connection(("127.0.0.1", where), 5)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(5)
            self.socket.connect(where)
        self.file = self.socket.makefile("rb")

    def command(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words)
                            + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        return self.reply()

    def reply(self):
        line = self.file.readline()
        if not line:
            raise RedisError("closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode(errors="replace")
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return rest.decode()

    def keys(self):
        return self.command("KEYS", "*")

    def close(self):
        self.file.close()
        self.socket.close()


class RedisServer:
    """A redis-server on a TCP port, with what is asked for on its command line."""

    def __init__(self, *words):
        self.folder = tempfile.mkdtemp(prefix="sallyport-redis-")
        self.port = free_port()
        self.words = words
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder,
             "--save", "", *self.words],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        eventually(self.answers, "answer of redis-server")
        return self

    def answers(self):
        try:
            self.client().close()
            return True
        except OSError:
            return False

    def client(self):
        return Redis(self.port)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def is_running(pid):
    return bool(pid) and os.path.exists(f"/proc/{pid}")
