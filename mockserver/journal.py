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
    """The last requests of a world, oldest first; how many were dropped to make room is `evicted`."""

    def __init__(self) -> None:
        # As tuples that share what they can: an entry is made of one when somebody looks.
        self._entries: deque[tuple[Any, ...]] = deque(maxlen=MOST)
        self.number = self.evicted = self.cleared = 0

    def add(
        self, at: datetime, request: Request, query: str, reply: Reply, milliseconds: float, keys: Mapping[str, Keys]
    ) -> None:
        """Write one request down."""
        self.number += 1
        self.evicted += len(self._entries) == MOST
        operation = request.operation.name if request.operation else None
        self._entries.append(
            (
                self.number, at, request.vendor, operation, request.method, request.path, request.path_values, query,
                request.headers, request.key, request.owner, request.body, int(reply.status), reply.rule,
                reply.problems, request.disturbances, reply.body, milliseconds, keys,
            )
        )  # fmt: skip

    def clear(self) -> None:
        """Forget all; numbers go on."""
        self.cleared += 1
        self._entries.clear()
        self.evicted = 0

    def __iter__(self) -> Iterator[Entry]:
        from mockserver.entry import Entry

        return iter([Entry(*raw) for raw in self._entries])

    def __len__(self) -> int:
        return len(self._entries)
