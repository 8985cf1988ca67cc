"""Aura's rate limits, where the world keeps them: requests a minute for each key and each organization."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mockserver.exchange import Refused, Request, Vendor
from mockserver.world import World

PER_KEY, PER_ORGANIZATION = 100, 1000


def rate_is_kept(request: Request, vendor: Vendor, world: World) -> None:
    """Neither the key nor its organization has spent its minute; headers tell of the one that is nearer to it."""
    if world.windows is None:
        return
    now = world.clock.now()
    windows = [(limit, world.windows.current(bucket, now)) for bucket, limit in _buckets(request, vendor, world)]
    limit, nearest = min(windows, key=lambda pair: pair[0] - pair[1].spent)
    spent = nearest.spent >= limit
    for _, window in windows:
        window.spent += not spent
    request.reply_headers = {
        **request.reply_headers,
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(limit - nearest.spent),
        "X-RateLimit-Reset": str(math.ceil(nearest.ends.timestamp())),
    }
    if spent:
        wait = max(1, math.ceil((nearest.ends - now).total_seconds()))
        words = f"{limit} requests a minute are spent; the next may be sent in {wait} seconds"
        raise Refused("rate_exceeded", words, headers={"Retry-After": str(wait)})


def _buckets(request: Request, vendor: Vendor, world: World) -> Iterator[tuple[str, int]]:
    """A key has one, known or not, and so has having none; the organization is known by its key."""
    yield f"key {request.key}", PER_KEY
    keys = world.keys[vendor.contract.vendor]
    owner = keys.without_key if request.key is None else keys.owners.get(request.key)
    if owner:
        yield f"organization {owner}", PER_ORGANIZATION
