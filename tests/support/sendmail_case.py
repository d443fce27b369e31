"""Tests in front of a real Sendmail (mta_case.py)."""

from case import needs_root
from mta_case import FreshMtaCase, MtaCase
from sendmail import Sendmail


@needs_root
class SendmailCase(MtaCase):
    mta_type = Sendmail


@needs_root
class FreshSendmailCase(FreshMtaCase):
    mta_type = Sendmail
