"""The kit's seeded randomness (kernel-lib/src/core/random.ts): equal labels give equal draws in both trainers."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")
MASK = 0xFFFFFFFF


class SeededRandom:
    """xoshiro128**, seeded by hashing labels: independent streams for different labels."""

    def __init__(self, *labels: str | int) -> None:
        # JSON.stringify: no spaces, no escapes beyond JSON's own.
        text = json.dumps(labels, separators=(",", ":"), ensure_ascii=False)
        digest = sha256(text.encode()).digest()
        self._state = [int.from_bytes(digest[at : at + 4], "little") for at in (0, 4, 8, 12)]

    def bits(self) -> int:
        """32 random bits."""
        a, b, c, d = self._state
        product = (b * 5) & MASK
        result = ((((product << 7) | (product >> 25)) & MASK) * 9) & MASK
        t = (b << 9) & MASK
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= t
        d = ((d << 11) | (d >> 21)) & MASK
        self._state = [a, b, c, d]
        return result

    def next(self) -> float:
        """Uniform in [0, 1), 53 bits."""
        return ((self.bits() >> 5) * 67108864 + (self.bits() >> 6)) / 9007199254740992

    def below(self, bound: int) -> int:
        """Uniform integer in [0, bound)."""
        return math.floor(self.next() * bound)

    def normal(self) -> float:
        """Standard normal (Box-Muller)."""
        radius = math.sqrt(-2 * math.log(1 - self.next()))
        return radius * math.cos(2 * math.pi * self.next())

    def shuffle(self, items: Sequence[T]) -> list[T]:
        """A shuffled copy (Fisher-Yates)."""
        copy = list(items)
        for i in range(len(copy) - 1, 0, -1):
            j = self.below(i + 1)
            copy[i], copy[j] = copy[j], copy[i]
        return copy
