"""The tree over the whole log: hashing, roots, proofs and their verification, as RFC 6962 section 2.1 has them.

A leaf hash is SHA-256 over 0x00 and the leaf, a node is SHA-256 over 0x01 and its two children; the root of nothing is
SHA-256 of nothing. A tree of any size is a row of complete subtrees, from the largest to the smallest (its
*frontier*); a complete subtree is named by its level (0 are the leaves) and its index from the left, and never changes
once it is complete. So a log keeps each complete subtree once and answers every proof of every size from them.

Verification follows RFC 9162 sections 2.1.3.2 and 2.1.4.2 and answers False for whatever is malformed; it never raises.
This module knows nothing of entries, signatures or stores.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()

Node = tuple[int, int]  # (level, index from the left); level 0 are the leaves


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The complete subtrees of a tree of `size` leaves, the largest first: one for each bit of the size."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a row of hashes that no tree of this size has."""
        if self.size < 0 or self.size.bit_count() != len(self.hashes):
            raise ValueError(f"A tree of {self.size} leaves does not have {len(self.hashes)} complete subtrees.")

    def root(self) -> bytes:
        """Return the root of the tree."""
        return joined(self.hashes) if self.hashes else EMPTY_ROOT

    def grown(self, leaf: bytes) -> tuple["Frontier", list[bytes]]:
        """Return the frontier with one more leaf hash, and the hashes of the nodes which that completes, upwards."""
        hashes, size, completed = list(self.hashes), self.size, []
        top = leaf
        while size & 1:
            top = node_hash(hashes.pop(), top)
            completed.append(top)
            size >>= 1
        return Frontier(self.size + 1, (*hashes, top)), completed


def joined(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over complete subtrees that lie side by side, the largest first."""
    top = hashes[-1]
    for left in reversed(hashes[:-1]):
        top = node_hash(left, top)
    return top


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier, _ = frontier.grown(leaf)
    return frontier.root()


def proof_of_the_next(before: Frontier, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the proof of `leaves[0]` in the tree that `leaves` make of `before`; nothing else is needed for it.

    What lies to the left of a new leaf is just what the frontier holds.
    """
    left = {index << level: found for (level, index), found in zip(complete_nodes(0, before.size), before.hashes,
                                                                   strict=True)}  # fmt: skip
    ranges = inclusion_ranges(before.size, before.size + len(leaves))
    return [left[start] if start < before.size else root_of(leaves[start - before.size : end - before.size])
            for start, end in ranges]  # fmt: skip


def complete_nodes(start: int, end: int) -> list[Node]:
    """Return the complete subtrees that cover the leaves from `start` up to, not with, `end`, from left to right.

    `start` must be one where a subtree of at least that width begins, as it does for every range of a proof.
    """
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def completed_at(node: Node) -> int:
    """Return the position of the leaf that completes a node."""
    level, index = node
    return ((index + 1) << level) - 1


def inclusion_ranges(position: int, size: int) -> list[tuple[int, int]]:
    """Return, upwards, the ranges of leaves whose hashes prove the leaf at `position` in a tree of `size`.

    Raises ValueError when there is no such leaf.
    """
    if not 0 <= position < size:
        raise ValueError(f"A tree of {size} entries has no position {position}.")
    ranges, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if position < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves whose hashes prove that the tree of `first` leaves begins the one of `second`.

    Raises ValueError unless 0 < first <= second: from an empty tree there is nothing to prove.
    """
    if not 0 < first <= second:
        raise ValueError(f"There is no proof from a tree of {first} to one of {second} entries.")
    ranges, start, end, whole = [], 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


def _split(width: int) -> int:
    """Return the largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def verify_inclusion(*, leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `proof` shows that the leaf hash `leaf` stands at `position` in the tree of `size` with `root`."""
    if not (_are_sizes(position, size) and position < size and _is_row(proof) and _are_hashes(leaf, root, *proof)):
        return False
    here, last, top = position, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            top = node_hash(sibling, top)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            top = node_hash(top, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and top == root


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether `proof` shows that the tree of `first` leaves is the beginning of the tree of `second` leaves.

    Two equal sizes need an empty proof and equal roots. From an empty tree to a larger one nothing can be shown.
    """
    if not _are_sizes(first, second) or first > second or not _is_row(proof):
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0 or not proof or not _are_hashes(first_root, second_root, *proof):
        return False
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and before == first_root and after == second_root


def _are_sizes(*numbers: object) -> bool:
    return all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers)


def _is_row(proof: object) -> bool:
    return isinstance(proof, list | tuple)


def _are_hashes(*hashes: object) -> bool:
    return all(isinstance(found, bytes) and len(found) == HASH_BYTES for found in hashes)
