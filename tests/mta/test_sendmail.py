"""The main job, in front of a real Sendmail."""

import unittest

import cases
from sendmail_case import FreshSendmailCase, SendmailCase


class Greylisting(cases.Greylisting, SendmailCase):
    pass


class Sessions(cases.Sessions, SendmailCase):
    code_without_recipients = 503


class Access(cases.Access, SendmailCase):
    pass


class Forgery(cases.Forgery, SendmailCase):
    pass


class Observing(cases.Observing, SendmailCase):
    pass


class ObservingGreylistOnly(cases.ObservingGreylistOnly, SendmailCase):
    pass


class Submission(cases.Submission, SendmailCase):
    pass


class Restart(cases.Restart, FreshSendmailCase):
    pass


class Outage(cases.Outage, FreshSendmailCase):
    pass


class InetSocket(cases.InetSocket, FreshSendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
