"""SMTP by hand: what smtplib is too polite to do."""

import base64
import socket
import ssl


class Smtp:
    """A client's connection; every command returns (code, text)."""

    def __init__(self, port, address=None, helo="mail.example.org", login=None, timeout=20.0):
        """With `address` the server is told that we come from there, with
        `login` that we are that user: in a way of its own."""
        self.helo_name = helo
        self.socket = self.dial(port, address, timeout)
        self.file = self.socket.makefile("rb")
        self.banner = self.reply()
        self.introduce(address, login)

    def dial(self, port, _address, timeout):
        return socket.create_connection(("127.0.0.1", port), timeout)

    def introduce(self, address, login):
        """Postfix has XCLIENT."""
        if address:
            self.xclient(address, login)
        elif self.helo_name:
            self.helo(self.helo_name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def drop(self):
        """Gone, without a word."""
        self.close()

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode("latin-1"))

    def reply(self):
        lines = []
        while True:
            line = self.file.readline().decode("latin-1").rstrip("\r\n")
            if not line:
                raise AssertionError("the server closed the connection; before: " + " / ".join(lines))
            lines.append(line[4:])
            if line[3:4] != "-":
                return int(line[:3]), "\n".join(lines)

    def command(self, line):
        self.send(line + "\r\n")
        return self.reply()

    def pipeline(self, *lines):
        """All commands in one write, then all replies."""
        self.send("".join(line + "\r\n" for line in lines))
        return [self.reply() for _ in lines]

    # ---------------------------------------------------------------- commands

    def xclient(self, address, login=None, name="[UNAVAILABLE]"):
        self.command("EHLO tests")
        shown = "IPV6:" + address if ":" in address else address
        code, text = self.command(f"XCLIENT NAME={name} REVERSE_NAME={name} ADDR={shown} PORT=4321"
                                  + (f" LOGIN={login}" if login else ""))
        if code != 220:
            raise AssertionError(f"XCLIENT was answered {code} {text}")
        return self.helo(self.helo_name) if self.helo_name else None

    def helo(self, name):
        return self.command("EHLO " + name)

    def starttls(self):
        """TLS with whoever answers; greets again, as RFC 3207 wants it."""
        code, text = self.command("STARTTLS")
        if code != 220:
            raise AssertionError(f"STARTTLS was answered {code} {text}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.file.close()
        self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")
        return self.helo(self.helo_name)

    def auth_plain(self, user, password):
        token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        return self.command("AUTH PLAIN " + token)

    def mail(self, sender="a@example.org"):
        return self.command(f"MAIL FROM:<{sender}>")

    def rcpt(self, recipient="b@test.example"):
        return self.command(f"RCPT TO:<{recipient}>")

    def data(self, message="Subject: test\r\n\r\nHello\r\n"):
        code, text = self.command("DATA")
        if code != 354:
            return code, text
        dotted = message.replace("\r\n.", "\r\n..")
        self.send(dotted + ("" if dotted.endswith("\r\n") else "\r\n") + ".\r\n")
        return self.reply()

    def rset(self):
        return self.command("RSET")

    def quit(self):
        answer = self.command("QUIT")
        self.close()
        return answer

    def whole_mail(self, sender="a@example.org", recipients=("b@test.example",), message=None):
        """The recipients' replies, and the end's: None when none was let in."""
        self.mail(sender)
        replies = [self.rcpt(recipient) for recipient in recipients]
        if not any(code == 250 for code, _ in replies):
            self.rset()
            return replies, None
        return replies, self.data(message) if message else self.data()
