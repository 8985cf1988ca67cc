"""A curl line sent by the standard library, for machines that have no curl."""

from __future__ import annotations

import shlex
import urllib.error
import urllib.request


def send(line: str, base_url: str | None = None) -> tuple[int, str]:
    """Status and body of a curl line with a URL, -X, -H and -d; `base_url` stands in for the line's own."""
    _, *words = shlex.split(line)
    options: dict[str, list[str]] = {"-X": [], "-H": [], "-d": []}
    url = ""
    while words:
        word = words.pop(0)
        if word in options:
            options[word].append(words.pop(0))
        else:
            url = word
    if base_url:
        url = base_url + "/" + url.split("/", 3)[3]
    headers = dict(header.split(": ", 1) for header in options["-H"])
    body = options["-d"][0].encode() if options["-d"] else None
    request = urllib.request.Request(url, body, headers, method=options["-X"][0] if options["-X"] else None)
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
