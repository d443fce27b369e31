"""The mails of the bench in which everything is checked, and the DNS behind them.

    world = mails.write(folder, domains=20, clients=254)    what is seen every day
    world = mails.write_unseen(folder, count=400)           senders seen once
    world.index       for load --mix
    world.zone        for dns-server's "zone FILE"

Each of the 20 domains has a key of its own and sends six mails: 2, 10 and 100 KB,
each signed (RSA-2048, relaxed/relaxed) and unsigned. A quarter of the domains each
publish SPF as addresses, one include, two nested includes, "a mx include"; DMARC
none, none, quarantine, reject, and one in ten nothing. One client in eight is none
of its domain's: SPF fails. Nothing here is random from run to run but the keys.
"""

import base64
import os
import random
import subprocess

KINDS = ["2k signed", "2k", "10k signed", "10k", "100k signed", "100k"]
BYTES = {"2k": 2060, "10k": 10100, "100k": 101500}
HEADER_BYTES = 1300  # without the signature, and with boundaries
SELECTOR = "mail2026"
FOREIGN_ONE_IN = 8
WORDS = ("der die und Plan Zahlen folgen Angebot bitte Montag Termin Rechnung anbei Dank weiter Team Woche Projekt "
         "Stand liefern Frage Antwort kurz heute morgen wegen ohne nach Haus Stadt Markt offen neu").split()


class World:
    """Where the files are."""

    def __init__(self, folder):
        self.folder = folder
        self.index = os.path.join(folder, "index")
        self.zone = os.path.join(folder, "zone")
        os.mkdir(folder)


class Key:
    def __init__(self, path):
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", path, "2048"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", path, "-pubout", "-outform", "DER"], check=True,
                                capture_output=True).stdout
        with open(path, "rb") as file:
            self.private = file.read()
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()


def sign(message, domain, key):
    import dkim  # only who generates needs it
    return dkim.sign(message, SELECTOR.encode(), domain.encode(), key.private, canonicalize=(b"relaxed", b"relaxed"),
                     include_headers=[b"from", b"to", b"subject", b"date", b"message-id", b"mime-version",
                                      b"content-type", b"reply-to"]) + message


def prose(chance, size):
    """Lines of words, of about that many bytes."""
    lines, length = [], 0
    while length < size:
        line = " ".join(chance.choice(WORDS) for _ in range(chance.randint(8, 12)))
        lines.append(line)
        length += len(line) + 2
    return "\r\n".join(lines) + "\r\n"


def page(chance, domain, size):
    """A page as newsletters have it."""
    rows, length = [], 0
    while length < size:
        row = (f'<tr><td style="padding:8px;font-family:sans-serif"><a href="https://www.{domain}/{chance.randint(1, 9999)}">'
               f"{chance.choice(WORDS)}</a></td>\r\n<td><p>{' '.join(chance.choice(WORDS) for _ in range(14))}</p></td></tr>")
        rows.append(row)
        length += len(row) + 2
    return "<html><head><title>Neues</title></head><body>\r\n<table>\r\n" + "\r\n".join(rows) + "\r\n</table></body></html>\r\n"


def base64_lines(chance, size):
    raw = base64.b64encode(chance.randbytes(size * 3 // 4)).decode()
    return "\r\n".join(raw[i:i + 76] for i in range(0, len(raw), 76)) + "\r\n"


def part(kind, text, *more):
    return "--part\r\nContent-Type: " + kind + "\r\n" + "".join(line + "\r\n" for line in more) + "\r\n" + text


def body_of(chance, domain, size_name):
    """(Content-Type, body), a bit shorter than the message has to be."""
    size = BYTES[size_name] - HEADER_BYTES
    if size_name == "2k":
        return "text/plain; charset=utf-8", prose(chance, size)
    if size_name == "10k":
        return 'multipart/alternative; boundary="part"', (
            part("text/plain; charset=utf-8", prose(chance, size // 4)) +
            part("text/html; charset=utf-8", page(chance, domain, size * 3 // 4 - 400)) + "--part--\r\n")
    attachment = base64_lines(chance, size - 2000)
    return 'multipart/mixed; boundary="part"', (
        part("text/plain; charset=utf-8", prose(chance, 800)) +
        part('application/pdf; name="plan.pdf"', attachment, "Content-Transfer-Encoding: base64") + "--part--\r\n")


def message(chance, number, domain, size_name):
    """12 to 16 header fields, with the signature's."""
    content_type, body = body_of(chance, domain, size_name)
    fields = [
        f"Received: from app.{domain} (app.{domain} [192.0.2.44])\r\n\tby out.{domain} (Postfix) with ESMTPS id 4XyZ{number:06}\r\n"
        "\tfor <otto@here.example>; Sat, 21 Nov 2026 21:00:02 +0000 (UTC)",
        f"Received: by app.{domain} (Postfix, from userid 33)\r\n\tid 4XyA{number:06}; Sat, 21 Nov 2026 21:00:01 +0000 (UTC)",
        "Date: Sat, 21 Nov 2026 21:00:00 +0000",
        f'From: "Anna Beispiel" <anna@{domain}>',
        "To: Otto <otto@here.example>",
        "Subject: =?UTF-8?Q?Die_Unterlagen_f=C3=BCr_Montag?=",
        f"Message-ID: <20261121210000.{number:06}@{domain}>",
        "MIME-Version: 1.0",
        "Content-Type: " + content_type,
        "Content-Language: de-DE",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
        f"Reply-To: <antwort@{domain}>",
        f"References: <20261120101010.1a2b3c4d@here.example>\r\n\t<20261120111111.5e6f7a8b@{domain}>",
        f"In-Reply-To: <20261120111111.5e6f7a8b@{domain}>",
        f"List-Unsubscribe: <https://www.{domain}/u?id={number}>",
    ]
    return ("\r\n".join(fields[:11 + number % 5]) + "\r\n\r\n" + body).encode()


def spf_of(domain, kind, network):
    """Lines of the zone. `kind`: 0 to 3."""
    last = f"ip4:{network}"
    return [
        [f"{domain} TXT v=spf1 {last} -all"],
        [f"{domain} TXT v=spf1 include:_spf.{domain} -all", f"_spf.{domain} TXT v=spf1 {last} ~all"],
        [f"{domain} TXT v=spf1 include:_spf.{domain} -all", f"_spf.{domain} TXT v=spf1 include:_net.{domain} ~all",
         f"_net.{domain} TXT v=spf1 {last} ~all"],
        [f"{domain} TXT v=spf1 a mx include:_spf.{domain} -all", f"_spf.{domain} TXT v=spf1 {last} ~all"],
    ][kind]


def zone_of(domain, number, network, key):
    lines = [f"{domain} A 192.0.2.80", f"{domain} MX mx.{domain}", f"mx.{domain} A 192.0.2.25",
             f"{SELECTOR}._domainkey.{domain} TXT {key.record}"]
    if number % 10 != 7:
        policy = ("none", "none", "quarantine", "reject")[number // 4 % 4]
        lines.append(f"_dmarc.{domain} TXT v=DMARC1; p={policy}; rua=mailto:dmarc@{domain}")
    return lines + spf_of(domain, number % 4, network)


def write_mail(world, name, data):
    path = os.path.join(world.folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def mail_line(group, kind, domain, path):
    return f"mail\t{group}\t{kind}\t<anna@{domain}>\t<otto@here.example>\t{path}"


def client_line(group, address, is_own=True):
    """By the rules of dns-server.c, the address leads to that name, and back."""
    a, b, c, d = map(int, address.split("."))
    return f"client\t{group}\t{address}\thost.c{a << 24 | b << 16 | c << 8 | d}.example\t{'own' if is_own else 'foreign'}"


def finish(world, index, zone):
    for path, lines in ((world.index, index), (world.zone, zone)):
        with open(path, "w", encoding="ascii") as file:
            file.write("".join(line + "\n" for line in lines))
    return world


def write(folder, domains=20, clients=254):
    world = World(folder)
    chance = random.Random(4)
    index, zone = [], []
    for number in range(domains):
        domain = f"mix{number:02}.example"
        key = Key(os.path.join(folder, "key"))
        zone += zone_of(domain, number, f"61.{100 + number}.1.0/24", key)
        for place, kind in enumerate(KINDS):
            size_name, *signed = kind.split()
            data = message(chance, number * len(KINDS) + place, domain, size_name)
            if signed:
                data = sign(data, domain, key)
            index.append(mail_line(number, kind.replace(" ", "-"), domain, write_mail(world, f"{number}-{place}", data)))
    for place in range(clients):
        number = place % domains
        is_own = (place // domains + place) % FOREIGN_ONE_IN != 5
        index.append(client_line(number, f"{61 if is_own else 62}.{100 + number}.1.{1 + place % 254}", is_own))
    return finish(world, index, zone)


def write_unseen(folder, count):
    """Every mail of a domain, and from a client, of its own; all signed."""
    world = World(folder)
    chance = random.Random(5)
    key = Key(os.path.join(folder, "key"))
    index, zone = [], []
    for number in range(count):
        domain = f"once{number}.example"
        network = f"63.{number >> 8}.{number & 255}"
        size_name = ("2k", "10k", "100k")[number % 3]
        zone += zone_of(domain, number, network + ".0/24", key)
        data = sign(message(chance, number, domain, size_name), domain, key)
        index.append(mail_line(number, size_name, domain, write_mail(world, str(number), data)))
        index.append(client_line(number, network + ".25"))
    return finish(world, index, zone)
