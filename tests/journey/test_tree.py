"""The tree over the log: known roots, every proof of every size, and every malformed proof refused."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coi.journey.tree import (
    EMPTY_ROOT,
    Frontier,
    complete_nodes,
    consistency_ranges,
    inclusion_ranges,
    node_hash,
    proof_of_the_next,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The inputs and roots that the reference implementation of RFC 6962 is tested with.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves(count):
    return [hashlib.sha256(b"\x00" + str(number).encode()).digest() for number in range(count)]


def naive_root(hashes):
    """The definition, word for word."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(naive_root(hashes[:split]), naive_root(hashes[split:]))


def proof(ranges, hashes):
    return [naive_root(hashes[start:end]) for start, end in ranges]


def test_the_well_known_tree_of_eight_leaves_has_the_known_roots():
    hashes = [hashlib.sha256(b"\x00" + bytes.fromhex(text)).digest() for text in INPUTS]
    assert [root_of(hashes[: size + 1]).hex() for size in range(8)] == ROOTS
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.integers(0, 300))
def test_a_tree_that_grows_has_the_root_of_the_definition(size):
    assert root_of(leaves(size)) == naive_root(leaves(size))


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_complete_nodes_cover_a_range_once(first, second):
    start, end = 0, max(first, second)
    covered = [(index << level, (index + 1) << level) for level, index in complete_nodes(start, end)]
    assert [start for start, _ in covered] == [0, *(end for _, end in covered)][: len(covered)]
    assert (covered[-1][1] if covered else 0) == end


def test_every_proof_of_every_entry_in_every_small_tree_is_right_and_of_no_other_entry():
    for size in range(1, 40):
        hashes = leaves(size)
        root = naive_root(hashes)
        for position in range(size):
            found = proof(inclusion_ranges(position, size), hashes)
            said = {"leaf": hashes[position], "position": position, "size": size, "root": root}
            assert verify_inclusion(**said, proof=found)
            assert not verify_inclusion(**{**said, "position": position + 1}, proof=found)
            assert not verify_inclusion(**{**said, "leaf": hashes[position - 1]}, proof=found) or size == 1
            assert not verify_inclusion(**said, proof=[*found, root])
            assert not verify_inclusion(**said, proof=found[:-1]) or size == 1
            assert not verify_inclusion(**said, proof=found[::-1]) or found == found[::-1]


def test_every_consistency_proof_between_all_small_trees_is_right_and_no_other_is():
    hashes = leaves(34)
    for second in range(1, 34):
        for first in range(1, second + 1):
            found = proof(consistency_ranges(first, second), hashes[:second])
            said = {"first": first, "second": second, "first_root": naive_root(hashes[:first]),
                    "second_root": naive_root(hashes[:second])}  # fmt: skip
            assert verify_consistency(**said, proof=found)
            assert not verify_consistency(**said, proof=[*found, hashes[0]])
            assert not verify_consistency(**{**said, "second_root": hashes[0]}, proof=found) or second == 1
            assert not verify_consistency(**{**said, "first_root": hashes[1]}, proof=found)
            if found:
                assert not verify_consistency(**said, proof=found[:-1])
                assert not verify_consistency(**said, proof=[])


@given(st.integers(1, 5000), st.data())
def test_proofs_of_large_trees_are_right(size, data):
    hashes = leaves(size)
    position = data.draw(st.integers(0, size - 1))
    root = root_of(hashes)
    found = [root_of(hashes[start:end]) for start, end in inclusion_ranges(position, size)]
    assert verify_inclusion(leaf=hashes[position], position=position, size=size, proof=found, root=root)


@given(st.integers(0, 200), st.integers(1, 20))
def test_the_proof_of_a_new_entry_comes_from_the_frontier_alone(before, new):
    hashes = leaves(before + new)
    frontier = Frontier()
    for leaf in hashes[:before]:
        frontier, _ = frontier.grown(leaf)
    found = proof_of_the_next(frontier, hashes[before:])
    assert verify_inclusion(leaf=hashes[before], position=before, size=before + new, proof=found, root=root_of(hashes))


@given(st.integers(2, 60), st.data())
def test_one_flipped_bit_anywhere_is_refused(size, data):
    hashes = leaves(size)
    position = data.draw(st.integers(0, size - 1))
    found = proof(inclusion_ranges(position, size), hashes)
    which, bit = data.draw(st.integers(0, len(found) - 1)), data.draw(st.integers(0, 255))
    found[which] = (int.from_bytes(found[which], "big") ^ (1 << bit)).to_bytes(32, "big")
    assert not verify_inclusion(
        leaf=hashes[position], position=position, size=size, proof=found, root=naive_root(hashes)
    )


MALFORMED = [-1, 1.0, "1", None, True, 2**70, b"1"]


@pytest.mark.parametrize("number", MALFORMED, ids=repr)
def test_what_is_no_size_or_position_is_refused_and_never_raises(number):
    (leaf,) = leaves(1)
    assert not verify_inclusion(leaf=leaf, position=number, size=1, proof=[], root=leaf)
    assert not verify_inclusion(leaf=leaf, position=0, size=number, proof=[], root=leaf) or number is True
    assert not verify_consistency(first=number, second=2, first_root=leaf, second_root=leaf, proof=[leaf])
    assert not verify_consistency(first=1, second=number, first_root=leaf, second_root=leaf, proof=[leaf])


@pytest.mark.parametrize("given_proof", [None, "text", 7, [None], ["00"], [b"short"], [b"x" * 33], {}], ids=repr)
def test_what_is_no_proof_is_refused_and_never_raises(given_proof):
    hashes = leaves(2)
    root = naive_root(hashes)
    assert not verify_inclusion(leaf=hashes[0], position=0, size=2, proof=given_proof, root=root)
    assert not verify_consistency(first=1, second=2, first_root=hashes[0], second_root=root, proof=given_proof)


def test_size_nought_proves_nothing():
    (leaf,) = leaves(1)
    assert not verify_inclusion(leaf=leaf, position=0, size=0, proof=[], root=EMPTY_ROOT)
    assert not verify_consistency(first=0, second=1, first_root=EMPTY_ROOT, second_root=leaf, proof=[])
    assert not verify_consistency(first=0, second=1, first_root=EMPTY_ROOT, second_root=EMPTY_ROOT, proof=[EMPTY_ROOT])
    assert not verify_consistency(first=0, second=0, first_root=EMPTY_ROOT, second_root=leaf, proof=[])
    assert not verify_consistency(first=0, second=0, first_root=EMPTY_ROOT, second_root=EMPTY_ROOT, proof=[leaf])
    assert verify_consistency(first=0, second=0, first_root=EMPTY_ROOT, second_root=EMPTY_ROOT, proof=[])
    assert not verify_consistency(first=2, second=1, first_root=leaf, second_root=leaf, proof=[])
    for ranges in (lambda: inclusion_ranges(0, 0), lambda: inclusion_ranges(1, 1), lambda: consistency_ranges(0, 1),
                   lambda: consistency_ranges(2, 1)):  # fmt: skip
        with pytest.raises(ValueError, match="tree"):
            ranges()


def test_a_frontier_that_no_tree_of_its_size_has_is_refused():
    with pytest.raises(ValueError, match="complete subtrees"):
        Frontier(3, (b"x" * 32,))
