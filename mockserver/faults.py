"""Faults: which requests they hit, and what happens to those; decided by counts and seeds, never by races."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.clock import duration, written

if TYPE_CHECKING:
    from mockserver.exchange import Request

# What a fault can do to a request; it does one of them.
EFFECTS = ("status", "delay", "drop", "malformed", "truncated", "dribble")
_TWO_TO_64 = float(2**64)


class Disturbance(NamedTuple):
    """What happens to one reply on its way: seconds of delay, and how it is damaged, if it is."""

    fault: str
    hit: int
    delay: float = 0.0
    damage: str | None = None
    dribble: float = 0.0

    @property
    def header(self) -> str:
        """The fault as the `Mock-Fault` header cites it."""
        return f"{self.fault}; n={self.hit}"


@dataclass(slots=True)
class Fault:
    """One fault as it was asked for (schemas/mock/add_fault/request.json), and how often it was met and hit."""

    id: str
    asked: Mapping[str, Any]
    seed: int
    until: datetime | None = None
    met: int = 0
    hits: int = 0
    _ordinals: Counter[bytes] = field(default_factory=Counter)

    @property
    def effect(self) -> str:
        """Which of EFFECTS it has."""
        return next(name for name in EFFECTS if name in self.asked)

    @property
    def missed(self) -> str | None:
        """What an expected fault still waits for, None if it was used or nobody expects it."""
        wanted = self.asked.get("first", 1)
        if not self.asked.get("expected") or self.hits >= wanted:
            return None
        return f"{self.id} was expected to hit {wanted} of its requests and hit {self.hits}: {dict(self.asked)}"

    def matches(self, request: Request, now: datetime) -> bool:
        """Whether the request is one that this fault is for, at a time at which it holds."""
        operation, asked = request.operation, self.asked
        if operation is None or (self.until and now >= self.until):
            return False
        ours = {"operation": operation.name, "vendor": operation.vendor, "key": request.key}
        if any(asked.get(name, value) != value for name, value in ours.items()):
            return False
        return "id" not in asked or asked["id"].lower() in map(str.lower, request.path_values.values())

    def strike(self, request: Request) -> Disturbance | None:
        """What this fault does to a request that it matches; None where it lets it pass."""
        self.met += 1
        draw = self._draw(request) if self._draws else 0.0
        if not self._due(draw):
            return None
        self.hits += 1
        return self._disturbance(draw)

    def as_json(self) -> dict[str, Any]:
        """What was asked for, with id, counts and end."""
        until = {"until": written(self.until)} if self.until else {}
        return {"id": self.id, **self.asked, **until, "met": self.met, "hits": self.hits}

    @property
    def _draws(self) -> bool:
        return "probability" in self.asked or isinstance(self.asked.get("delay"), list)

    def _due(self, draw: float) -> bool:
        first, every = self.asked.get("first", self.met), self.asked.get("every", 1)
        likely: float = self.asked.get("probability", 2)
        return self.met <= first and self.met % every == 0 and draw < likely

    def _draw(self, request: Request) -> float:
        """A number from 0 to 1 that depends on the request and on how often the same was sent before, and on no race.

        The same request is the same idempotency key or, without one, the same method, path, query and body;
        in both cases by the same caller.
        """
        sent = request.headers.get(b"idempotency-key") or repr(
            (request.method, request.path, sorted(request.query_pairs), request.body)
        ).encode("utf-8", "surrogateescape")
        identity = blake2b(sent, digest_size=16, key=(request.key or "").encode("utf-8", "replace")[:64]).digest()
        self._ordinals[identity] += 1
        operation = request.operation.name if request.operation else ""
        drawn = f"{self.seed} {operation} {identity.hex()} {self._ordinals[identity]}".encode()
        return int.from_bytes(blake2b(drawn, digest_size=8).digest()) / _TWO_TO_64

    def _disturbance(self, draw: float) -> Disturbance:
        effect, asked = self.effect, self.asked
        if effect == "delay":
            # Of the draws below the probability, each is as likely as any other.
            return Disturbance(self.id, self.hits, delay=_seconds(asked["delay"], draw / asked.get("probability", 1)))
        if effect == "dribble":
            return Disturbance(self.id, self.hits, dribble=duration(asked["dribble"]).total_seconds())
        damage = asked["drop"] if effect == "drop" else effect if effect != "status" else None
        return Disturbance(self.id, self.hits, damage=damage)


class Faults:
    """The faults of one world, in the order in which they were added."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.clear()

    def clear(self) -> None:
        """Take all of them away."""
        self.by_id: dict[str, Fault] = {}
        self._added = 0

    def add(self, asked: Mapping[str, Any], now: datetime) -> Fault:
        """Add a fault that fits its schema; raises ValueError unless it has one effect, or with an unknown status."""
        effects = [name for name in EFFECTS if name in asked]
        if len(effects) != 1:
            raise ValueError(
                f"received {' and '.join(effects) or 'none'} of {', '.join(EFFECTS)}; a fault has one of them"
            )
        HTTPStatus(asked.get("status", HTTPStatus.OK))
        until = now + duration(asked["lasting"]) if "lasting" in asked else None
        self._added += 1
        fault = Fault(f"fault-{self._added}", dict(asked), asked.get("seed", self._seed + self._added), until)
        self.by_id[fault.id] = fault
        return fault

    def remove(self, fault_id: str) -> Fault:
        """Take one away; raises KeyError where there is none with this id."""
        return self.by_id.pop(fault_id)

    def striking(self, request: Request, now: datetime) -> Iterator[tuple[Fault, Disturbance]]:
        """What happens to a request: at most one delay and one other effect, of the faults that were added first."""
        taken: set[bool] = set()
        for fault in self.by_id.values():
            delays = fault.effect == "delay"
            if delays in taken or not fault.matches(request, now):
                continue
            if disturbance := fault.strike(request):
                taken.add(delays)
                yield fault, disturbance

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self.by_id.values()))

    def __len__(self) -> int:
        return len(self.by_id)


def _spans(asked: str | list[str]) -> list[str]:
    return [asked] if isinstance(asked, str) else asked


def _seconds(asked: str | list[str], draw: float) -> float:
    """A fixed delay, or one between two, in seconds."""
    shortest, longest = (duration(span).total_seconds() for span in (_spans(asked) * 2)[:2])
    return shortest + (longest - shortest) * draw
