"""What several results of a donor's tests amount to: the gravest counts, and only what was said to be done was done."""

from hypothesis import given
from hypothesis import strategies as st

from coi.journey.donor import DonorTests, contradiction, read_tests, taken_together
from tests.journey.story import Story

DONE = DonorTests("negative", complete=True)
results = st.builds(
    DonorTests, st.sampled_from(["unknown", "not_tested", "negative", "reactive"]), st.booleans(),
    st.lists(st.sampled_from(["hbv", "hcv", "hiv"]), unique=True).map(sorted).map(tuple),
    st.booleans(),
)  # fmt: skip


def test_a_result_is_incomplete_unless_it_says_otherwise():
    assert read_tests({"result": "negative"}) == DonorTests("negative")
    assert read_tests({"result": "negative", "panel": "complete"}) == DONE
    assert read_tests({"result": "not_tested", "panel": "complete"}).complete is False
    assert read_tests({"result": "reactive", "reactive": ["hiv", "hbv"], "risk": True}) == DonorTests(
        "reactive", agents=("hbv", "hiv"), risk=True
    )


def test_what_contradicts_itself_is_said_in_a_sentence():
    assert contradiction({"result": "negative", "reactive": ["hbv"]}).endswith(".")
    assert contradiction({"result": "not_tested", "panel": "complete"}).endswith(".")
    for values in ({"result": "negative"}, {"result": "reactive"}, {"result": "reactive", "reactive": ["hbv"]}):
        assert contradiction(values) is None


@given(st.lists(results, min_size=1))
def test_several_results_are_complete_when_all_of_them_are_and_lose_nothing_grave(several):
    found = taken_together(several)
    assert found.complete is all(one.complete for one in several)
    assert found.risk is any(one.risk for one in several)
    assert set(found.agents) == {agent for one in several for agent in one.agents}
    assert (found.result == "reactive") is any(one.result == "reactive" for one in several)


def test_nothing_is_known_of_nothing():
    assert taken_together([]) == DonorTests()


def test_a_result_from_before_the_collection_counts_until_the_donation_has_its_own():
    story = Story()
    coi = story.enrol()
    story.do("demo-physician", "donor.tested", coi=coi, values={"result": "negative", "panel": "complete"})
    assert story.therapy(coi).donor() == DONE
    story.do("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi)
    story.do("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    assert story.therapy(coi).donor() == DONE
    story.do("demo-physician", "donor.tested", coi=coi, values={"result": "reactive", "reactive": ["hbv"]})
    assert story.therapy(coi).donor() == DonorTests("reactive", agents=("hbv",))
