"""A sorted list that is a value: to add or take away makes another, which shares all but one block with it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

_FULL = 512


class Order:
    """Texts in ascending order, each once."""

    __slots__ = ("_blocks", "_firsts", "_length")

    def __init__(self, blocks: tuple[tuple[str, ...], ...] = (), length: int = 0) -> None:
        self._blocks, self._length = blocks, length
        self._firsts = [block[0] for block in blocks]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Order:
        """The order of these texts."""
        there = sorted(set(texts))
        half = _FULL // 2
        return cls(tuple(tuple(there[at : at + half]) for at in range(0, len(there), half)), len(there))

    def with_(self, text: str) -> Order:
        """The order with this text too."""
        if text in self:
            return self
        if not self._blocks:
            return Order(((text,),), 1)
        number = self._block_of(text)
        block = self._blocks[number]
        at = bisect_left(block, text)
        return self._replaced(number, (*block[:at], text, *block[at:]), self._length + 1)

    def without(self, text: str) -> Order:
        """The order without this text."""
        if text not in self:
            return self
        number = self._block_of(text)
        block = self._blocks[number]
        at = bisect_left(block, text)
        return self._replaced(number, block[:at] + block[at + 1 :], self._length - 1)

    def descending(self, before: str | None = None) -> Iterator[str]:
        """The texts from the last on, or from the last that comes before `before`."""
        if before is None:
            for block in reversed(self._blocks):
                yield from reversed(block)
            return
        number = self._block_of(before)
        if number < len(self._blocks):
            block = self._blocks[number]
            yield from reversed(block[: bisect_left(block, before)])
        for block in reversed(self._blocks[:number]):
            yield from reversed(block)

    def between(self, after: str, to: str) -> Iterator[str]:
        """The texts that come after `after` and not after `to`."""
        for number in range(self._block_of(after), len(self._blocks)):
            for text in self._blocks[number]:
                if text > to:
                    return
                if text > after:
                    yield text

    def __contains__(self, text: object) -> bool:
        if not isinstance(text, str) or not self._blocks:
            return False
        block = self._blocks[self._block_of(text)]
        at = bisect_left(block, text)
        return at < len(block) and block[at] == text

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[str]:
        for block in self._blocks:
            yield from block

    def _block_of(self, text: str) -> int:
        """The number of the last block that begins no later than the text, or of the first."""
        at = bisect_left(self._firsts, text)
        return at if at < len(self._firsts) and self._firsts[at] == text else max(0, at - 1)

    def _replaced(self, number: int, block: Sequence[str], length: int) -> Order:
        """The order with another block in place of one: cut in two when it is full, gone when it is empty."""
        half = len(block) // 2
        halves = [block] if len(block) < _FULL else [block[:half], block[half:]]
        new = tuple(tuple(half) for half in halves if half)
        return Order((*self._blocks[:number], *new, *self._blocks[number + 1 :]), length)
