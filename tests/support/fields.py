"""The header of a delivered message."""

import re


def fields_of(message):
    """[(name, value)] of all header fields, values as they stand: with what is
    between colon and text, and with their folding."""
    head = re.split(r"\n(?![ \t])", message.split("\n\n", 1)[0])
    return [tuple(field.split(":", 1)) for field in head if ":" in field]


def unfolded(value):
    return re.sub(r"\n[ \t]+", " ", value).strip()


def headers_of(message, name):
    """The values of one header field, unfolded."""
    return [unfolded(value) for found, value in fields_of(message) if found.strip().lower() == name.lower()]
