"""Vertical lines within one gutter: which net takes which track, so that few lines cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_MOST_ROUNDS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What one net does in a gutter: ends that come from the left and from the right, by height."""

    net: int
    left: tuple[int, ...]
    right: tuple[int, ...]

    @property
    def top(self) -> int:
        return min(self.left + self.right)

    @property
    def bottom(self) -> int:
        return max(self.left + self.right)

    @property
    def straight(self) -> bool:
        return self.top == self.bottom

    def meets(self, other: Bundle) -> bool:
        """Whether both would touch on one track."""
        return self.top <= other.bottom and other.top <= self.bottom


def assign(bundles: list[Bundle]) -> dict[int, int]:
    """A track for each net that needs one, counted from the left from 0; straight lines need none."""
    bent = sorted(
        (bundle for bundle in bundles if not bundle.straight),
        key=lambda bundle: (bundle.top, bundle.bottom, bundle.net),
    )
    order = _least_crossings(bent)
    tracks: dict[int, int] = {}
    for place, bundle in enumerate(order):
        before = [tracks[other.net] for other in order[:place] if other.meets(bundle)]
        tracks[bundle.net] = max(before, default=-1) + 1
    return tracks


def _crossings(left: Bundle, right: Bundle) -> int:
    """How often two nets cross if the first has its track left of the second."""
    return sum(right.top < y < right.bottom for y in left.right) + sum(
        left.top < y < left.bottom for y in right.left
    )


def _least_crossings(bundles: list[Bundle]) -> list[Bundle]:
    """Move single nets to better places for as long as that helps. Deterministic; good, not perfect."""
    order = list(bundles)
    cost = {(a.net, b.net): _crossings(a, b) for a in order for b in order if a is not b}
    for _ in range(_MOST_ROUNDS):
        moved = False
        for bundle in bundles:
            rest = [other for other in order if other is not bundle]
            price = sum(cost[bundle.net, other.net] for other in rest)
            prices = [price]
            for other in rest:
                price += cost[other.net, bundle.net] - cost[bundle.net, other.net]
                prices.append(price)
            now = order.index(bundle)
            best = min(range(len(prices)), key=lambda place: (prices[place], abs(place - now)))
            if prices[best] < prices[now]:
                order = [*rest[:best], bundle, *rest[best:]]
                moved = True
        if not moved:
            break
    return order
