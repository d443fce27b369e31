"""Tests in front of a real Postfix (mta_case.py)."""

from case import needs_root
from mta_case import FreshMtaCase, MtaCase
from postfix import Postfix


@needs_root
class PostfixCase(MtaCase):
    mta_type = Postfix


@needs_root
class FreshPostfixCase(FreshMtaCase):
    mta_type = Postfix
