"""A mail of somebody who has signed in to the mail server."""

from milter import CONTINUE, session

NUMBERS = iter(range(10**6))


def submit(sally, login, count=1, address="198.51.100.7"):
    """One mail to so many; returns how many recipients are let in."""
    link = session(sally.socket_path, address)
    try:
        if link.mail("<somebody@here.example>", {"{auth_authen}": login})[0] != CONTINUE:
            return 0
        let_in = sum(link.rcpt(f"<r{number}@far.example>")[0] == CONTINUE for number in range(count))
        link.body(b"This is mail number %d\r\n" % next(NUMBERS))  # the same one again is a retry
        if let_in:
            link.end()
        return let_in
    finally:
        link.quit()
