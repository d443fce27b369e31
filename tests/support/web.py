"""The dashboard's HTTP, asked as a browser, a program or a stranger would."""

import http.client
import json
import socket

from case import DaemonCase
from daemon import Daemon, free_port

PASSWORD = "correct horse battery"
TOKEN = "token-of-sixteen-and-more"
ORIGIN = {"Content-Type": "application/json", "X-Sallyport": "1", "Sec-Fetch-Site": "same-origin"}


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.text = body.decode()

    def json(self):
        return json.loads(self.text)


class Web:
    """A client of one daemon's page; it keeps its cookie, if it got one."""

    def __init__(self, port, address="127.0.0.1"):
        self.port = port
        self.address = address
        self.cookie = None

    def ask(self, path, body=None, method=None, headers=None, source="127.0.0.1", timeout=20):
        headers = dict(headers or {})
        if self.cookie and "Cookie" not in headers:
            headers["Cookie"] = self.cookie
        connection = http.client.HTTPConnection(self.address, self.port, timeout=timeout, source_address=(source, 0))
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
            connection.request(method or ("GET" if body is None else "POST"), path, body, headers)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask(path, headers={key.replace("_", "-"): value for key, value in headers.items()})

    def post(self, path, body, headers=None):
        """As the page itself does."""
        return self.ask(path, body, headers=dict(ORIGIN, **(headers or {})))

    def bearer(self, path, token=TOKEN, body=None):
        headers = {"Authorization": "Bearer " + token}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.ask(path, body, headers=headers)

    def sign_in(self, password=PASSWORD):
        answer = self.post("/api/sign-in", {"password": password})
        if answer.status == 200:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer

    def raw(self, data, source="127.0.0.1", timeout=20):
        """Bytes as they are; returns what comes until the other side closes."""
        with socket.create_connection((self.address, self.port), timeout, (source, 0)) as connection:
            try:
                connection.sendall(data)
            except ConnectionError:
                pass
            said = b""
            while True:
                try:
                    piece = connection.recv(65536)
                except ConnectionError:
                    return said
                if not piece:
                    return said
                said += piece


class WebCase(DaemonCase):
    def web(self, settings=None, with_password=True, with_token=True, **options):
        """A daemon with a page, and a client of it: (daemon, Web)."""
        port = free_port()
        daemon = Daemon(dict({"web.listen": port}, **(settings or {})), **options)
        self.addCleanup(daemon.stop)
        if with_password:
            daemon.write_config(web__password_file=daemon.write_file("password", PASSWORD + "\n", 0o600))
        if with_token:
            daemon.write_config(web__token_file=daemon.write_file("token", TOKEN + "\n", 0o600))
        return daemon.start(), Web(port)
