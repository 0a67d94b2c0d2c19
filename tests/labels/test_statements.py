"""The decision table of statements, row by row: relation, donor, country and market in; words in their order out."""

from dataclasses import replace
from itertools import product

import pytest

from labels import TEMPLATES, LabelContent, LabelError, lay_out
from labels.law import MARKETS, RELATIONS, SHIPPED
from labels.statements import Donor, Situation, statements_of, symbols_of

AUTO, NOT = "FOR AUTOLOGOUS USE ONLY", "NOT EVALUATED FOR INFECTIOUS SUBSTANCES"
BIO, EU_BIO, DIRECTED = "BIOHAZARD", "BIOLOGICAL HAZARD", "FOR THE INTENDED RECIPIENT ONLY"
ADVISE = "WARNING: Advise patient of communicable disease risks"
NEW_DRUG = "CAUTION: New Drug - Limited by Federal (or United States) law to investigational use."
TRIAL, RX, HUMAN = "FOR CLINICAL TRIAL USE ONLY", "Rx only", "Contains cells of human origin"
NEGATIVE, UNKNOWN = Donor(complete=True), Donor()
HBV, BOTH = Donor(complete=True, reactive=("HBV",)), Donor(complete=True, reactive=("HBV", "HIV"), risk=True)
HBV_OPEN, RISK, RISK_OPEN = Donor(reactive=("HBV",)), Donor(complete=True, risk=True), Donor(risk=True)
NAMELESS = Donor(complete=True, is_reactive=True)


def reactive(*agents):
    return f"WARNING: Reactive test results for {', '.join(agents)}"


TABLE = [
    # 21 CFR 1271.90(c): autologous
    ("us", "autologous", NEGATIVE, [AUTO]),
    ("us", "autologous", UNKNOWN, [AUTO, NOT]),
    ("us", "autologous", HBV, [AUTO, BIO, reactive("HBV")]),
    ("us", "autologous", BOTH, [AUTO, BIO, reactive("HBV", "HIV")]),
    ("us", "autologous", HBV_OPEN, [AUTO, BIO, reactive("HBV"), NOT]),
    ("us", "autologous", RISK, [AUTO, BIO]),
    ("us", "autologous", RISK_OPEN, [AUTO, BIO, NOT]),
    ("us", "autologous", NAMELESS, [AUTO, BIO, reactive("an agent that was not named")]),
    # 21 CFR 1271.60(d)(2) and .65(b)(2): not autologous
    ("us", "allogeneic", NEGATIVE, []),
    ("us", "allogeneic", UNKNOWN, [NOT, ADVISE]),
    ("us", "allogeneic", HBV, [BIO, reactive("HBV"), ADVISE]),
    ("us", "allogeneic", HBV_OPEN, [BIO, reactive("HBV"), NOT, ADVISE]),
    ("us", "allogeneic", RISK, [BIO, ADVISE]),
    ("us", "directed", NEGATIVE, [DIRECTED]),
    ("us", "directed", RISK_OPEN, [DIRECTED, BIO, NOT, ADVISE]),
    # Directive 2006/86/EC, Annex II.E.1
    ("de", "autologous", NEGATIVE, [AUTO]),
    ("de", "autologous", UNKNOWN, [AUTO]),
    ("de", "autologous", HBV, [AUTO, EU_BIO]),
    ("de", "autologous", RISK, [AUTO]),
    ("fr", "directed", HBV, [DIRECTED, EU_BIO]),
    ("gb", "allogeneic", HBV_OPEN, [EU_BIO]),
    ("gb", "allogeneic", NEGATIVE, []),
    # a country that is not known here gets the most careful words
    ("xa", "autologous", UNKNOWN, [AUTO, NOT]),
    (None, "autologous", HBV_OPEN, [AUTO, BIO, reactive("HBV"), NOT]),
    ("jp", "allogeneic", RISK_OPEN, [EU_BIO, NOT]),
    ("jp", "directed", HBV, [DIRECTED, EU_BIO, reactive("HBV")]),
]  # fmt: skip


def situation(country="us", relation="autologous", donor=NEGATIVE, **more):
    return Situation(**{"country": country, "relation": relation, "donor": donor, "market": "commercial", **more})


def words(found):
    return [one.text for one in found]


@pytest.mark.parametrize(("country", "relation", "donor", "said"), TABLE)
def test_the_table_says_exactly_this(country, relation, donor, said):
    found = statements_of(SHIPPED, situation(country, relation, donor))
    assert words(found) == said
    assert symbols_of(found) == (("biohazard",) if {BIO, EU_BIO} & set(said) else ())


@pytest.mark.parametrize(
    ("country", "market", "said"),
    [("US", "commercial", RX), ("US", "trial", NEW_DRUG), ("DE", "commercial", HUMAN), ("DE", "trial", TRIAL),
     ("GB", "trial", TRIAL), ("JP", "trial", TRIAL)],
)  # fmt: skip
def test_the_final_product_says_for_which_market_it_is_and_nothing_else_does(country, market, said):
    last = situation(country, market=market, final=True)
    assert words(statements_of(SHIPPED, last)) == [AUTO, said]
    assert words(statements_of(SHIPPED, replace(last, final=False))) == [AUTO]


@pytest.mark.parametrize("country", ["us", "de", "xa"])
def test_a_sample_carries_what_warns_those_who_handle_it_and_none_of_the_rest(country):
    sample = situation(country, donor=HBV_OPEN, sample=True)
    said = words(statements_of(SHIPPED, sample))
    assert set(said) <= {BIO, EU_BIO, reactive("HBV")}
    assert said
    assert statements_of(SHIPPED, replace(sample, donor=UNKNOWN)) == ()


def test_every_statement_names_its_source_and_what_is_from_memory_is_not_called_verified():
    assert all(row.source for row in SHIPPED.statements)
    us = {
        row.code: row.verified for row in SHIPPED.statements if row.relations == ("autologous",) and "us" in row.regimes
    }
    assert us == {"autologous": False, "biohazard": False, "reactive": False, "not-evaluated": False}
    eu = {said.text: said.row.verified for said in statements_of(SHIPPED, situation("de", donor=HBV))}
    assert eu == {AUTO: True, EU_BIO: True}


def test_no_situation_is_without_an_answer_and_no_statement_is_said_twice():
    donors = (NEGATIVE, UNKNOWN, HBV, HBV_OPEN, RISK, RISK_OPEN, NAMELESS)
    for relation, market, country, donor, final in product(
        RELATIONS, MARKETS, ("us", "de", "gb", "kr"), donors, (0, 1)
    ):
        found = statements_of(SHIPPED, situation(country, relation, donor, market=market, final=bool(final)))
        assert len({one.row.code for one in found}) == len(found) == len(set(words(found)))
        assert (AUTO in words(found)) is (relation == "autologous")


@pytest.mark.parametrize("change", [{"relation": "own"}, {"market": "free"}])
def test_a_word_that_the_law_does_not_have_is_refused(change):
    with pytest.raises(LabelError, match="expected one of"):
        statements_of(SHIPPED, situation(**change))


SOMEBODY = {
    "code": "LBL-EBNJFW8MSZ946", "coi": "COI AN54 XCBA J9V3 6", "container": "CTR AN54 XCBA J9V3 6",
    "serial": "LBL EBNJ FW8M SZ94 6", "number": 1, "total": 2, "title": "Final product, dose", "position": "bag",
    "generation": 1,
}  # fmt: skip


@pytest.mark.parametrize("donor", [UNKNOWN, NEGATIVE, HBV, HBV_OPEN, BOTH, RISK_OPEN, NAMELESS])
@pytest.mark.parametrize("country", ["US", "DE", "JP", None])
def test_whatever_the_law_asks_for_has_its_place_on_the_label_of_a_bag(country, donor):
    for relation, market, final in product(RELATIONS, MARKETS, (True, False)):
        told = Situation(relation=relation, market=market, country=country, donor=donor, final=final)
        texts = tuple(said.text for said in statements_of(SHIPPED, told))
        if texts:
            layout = lay_out(LabelContent(**SOMEBODY, statements=texts), TEMPLATES["container-100x100"])
            shown = [text for text in layout.texts if text.field.startswith("statement")]
            assert [" ".join(row.text for row in one.rows) for one in shown] == list(texts)
            assert min(row.size for one in shown for row in one.rows) >= 1.9
