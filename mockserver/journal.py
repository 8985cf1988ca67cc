"""The journal of a world: its last requests and replies, kept raw until somebody looks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.entry import Entry
    from mockserver.exchange import Reply, Request
    from mockserver.world import Keys

MOST = 1000


class Journal:
    """The last requests of a world, oldest first."""

    def __init__(self) -> None:
        # As tuples that share what they can, so that a thousand take little memory and are dropped quickly: an entry is
        # made of one when somebody looks.
        self._entries: deque[tuple[Any, ...]] = deque(maxlen=MOST)
        self.number = self.cleared = self._began_after = 0

    def add(self, at: datetime, request: Request, reply: Reply, milliseconds: float, keys: Mapping[str, Keys]) -> None:
        """Write one request down."""
        self.number += 1
        self._entries.append(
            (
                self.number, at, request.vendor, request.operation, request.method, request.path, request.path_values,
                request.raw_query, request.headers, request.key, request.owner, request.body, reply.status, reply.rule,
                reply.problems, request.disturbances, reply.body, milliseconds, keys,
            )
        )  # fmt: skip

    def clear(self) -> None:
        """Forget all; numbers go on."""
        self.cleared += 1
        self._entries.clear()
        self._began_after = self.number

    @property
    def evicted(self) -> int:
        """How many were dropped to make room since it was empty."""
        return self.number - self._began_after - len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        from mockserver.entry import Entry

        return iter([Entry(*raw) for raw in self._entries])

    def __len__(self) -> int:
        return len(self._entries)
