"""Authentication-Results as somebody else reads them: python3-authres."""

import re

import authres
import authres.dkim_b
import authres.dmarc
from authres.core import AuthenticationResultsHeader


def parse(value):
    """The name and [(method, result, reason, {property: value})] of a field's
    value, folded or not; whatever cannot be read is an error."""
    context = authres.FeatureContext(authres.dkim_b, authres.dmarc)
    header = AuthenticationResultsHeader(context, strict=True)
    header._parse_text = re.sub(r"\n(?=[ \t])", "", value).strip()
    header._parse()
    return header.authserv_id, [
        (one.method, one.result, one.reason and str(one.reason),
         {f"{found.type}.{found.name}": str(found.value) for found in one.properties}) for one in header.results]
