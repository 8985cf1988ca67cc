"""A sorted list that is a value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver import order
from mockserver.order import Order

texts = st.text("abc", max_size=4)


@given(st.lists(texts), st.lists(st.tuples(st.booleans(), texts), max_size=60), texts, texts)
def test_it_is_what_a_sorted_set_is(begin: list[str], changes: list[tuple[bool, str]], one: str, other: str):
    """Whatever is added and taken away, however small its blocks, and every earlier order stays as it was."""
    full, order._FULL = order._FULL, 4
    try:
        there, expected = Order.of(begin), set(begin)
        for adds, text in changes:
            before, kept = there, list(there)
            there = there.with_(text) if adds else there.without(text)
            expected = expected | {text} if adds else expected - {text}
            assert list(before) == kept
        assert list(there) == sorted(expected)
        assert len(there) == len(expected)
        assert list(there.descending()) == sorted(expected, reverse=True)
        assert list(there.descending(one)) == sorted((text for text in expected if text < one), reverse=True)
        assert list(there.between(one, other)) == sorted(text for text in expected if one < text <= other)
        assert all((text in there) is (text in expected) for text in ["", one, other, *begin])
    finally:
        order._FULL = full
