"""The formats that the schemas use, each defined once and given to both validators."""

import re
from collections.abc import Callable
from functools import cache, lru_cache

# Without look-around, so that they mean the same to every engine; the fast validator runs them without calling Python.
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_YEAR = r"(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LONG_MONTH, _SHORT_MONTH = r"(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])", r"(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_DAY_OF_ANY_YEAR = rf"(?:{_LONG_MONTH}|{_SHORT_MONTH}|02-(?:0[1-9]|1[0-9]|2[0-8]))"
_LEAP_DAY = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
PATTERNS = {
    "uuid": f"^{_UUID}$",
    "date-time": f"^(?:{_YEAR}-{_DAY_OF_ANY_YEAR}|{_LEAP_DAY})T{_TIME}$",
}
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?=.{{1,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
# Present in some time zone databases and not names of zones.
_NOT_ZONES = ("posix/", "right/", "posixrules", "localtime", "Factory")
# Twice as long as the longest that there is; what clients send must not fill the cache below.
_LONGEST_ZONE = 64


def is_uuid(text: str) -> bool:
    """Eight, four, four, four and twelve hexadecimal digits in either case; any version."""
    return _compiled("uuid").fullmatch(text) is not None


def is_date_time(text: str) -> bool:
    """RFC 3339 with capital T and Z or an offset, of a day that exists; no leap seconds, no year 0000."""
    return _compiled("date-time").fullmatch(text) is not None


def is_email(text: str) -> bool:
    """A dot-atom of ASCII, an @ and a domain of at least two labels; no quoting, no comments."""
    return _EMAIL.fullmatch(text) is not None


def is_iana_timezone(text: str) -> bool:
    """A name of the IANA time zone database, as in Europe/Lisbon."""
    return len(text) <= _LONGEST_ZONE and not text.startswith(_NOT_ZONES) and _is_zone(text)


@cache
def _compiled(name: str) -> re.Pattern[str]:
    """For the reference validator; what is only served needs none."""
    return re.compile(PATTERNS[name][1:-1])


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


FORMATS: dict[str, Callable[[str], bool]] = {
    "uuid": is_uuid,
    "date-time": is_date_time,
    "email": is_email,
    "iana-timezone": is_iana_timezone,
}
