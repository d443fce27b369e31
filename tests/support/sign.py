"""DKIM signatures, by dkimpy: what a sender of the tests signs with.

    key = sign.Key()                      RSA, 2048 bits
    key.record                            for SELECTOR._domainkey.DOMAIN TXT
    key.sign(message, "a.example")        the message with its signature on top
"""

import base64
import os
import subprocess
import tempfile

import dkim


class Key:
    def __init__(self, bits=2048):
        with tempfile.TemporaryDirectory(prefix="sallyport-") as folder:
            path = os.path.join(folder, "key.pem")
            subprocess.run(["openssl", "genrsa", "-traditional", "-out", path, str(bits)], check=True,
                           capture_output=True)
            with open(path, "rb") as file:
                self.private = file.read()
            public = subprocess.run(["openssl", "rsa", "-in", path, "-pubout", "-outform", "DER"], check=True,
                                    capture_output=True).stdout
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()

    def sign(self, message, domain, selector="sel", how=(b"relaxed", b"relaxed"), **options):
        """`message`: text with LF; so is what comes back."""
        wire = message.replace("\n", "\r\n").encode("latin-1")
        field = dkim.sign(wire, selector.encode(), domain.encode(), self.private, canonicalize=how, **options)
        return (field + wire).replace(b"\r\n", b"\n").decode("latin-1")
