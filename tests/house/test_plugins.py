"""The test run refuses to pass over a test under CI, and leaves evidence when asked."""

import json

import pytest

SKIPS = """
    import pytest
    def test_that_runs(): pass
    @pytest.mark.skip(reason="no printer here")
    def test_marked(): pass
    def test_inside(): pytest.skip("no printer here")
    @pytest.fixture
    def printer(): pytest.skip("no printer here")
    def test_in_its_fixture(printer): pass
    @pytest.mark.xfail(reason="no printer here")
    def test_expected_to_fail(): assert False
"""


@pytest.fixture(autouse=True)
def _only_our_plugins(monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.mark.parametrize("word", ["true", "1"])
def test_under_ci_every_skip_is_a_failure_that_says_why(pytester, monkeypatch, word):
    monkeypatch.setenv("CI", word)
    pytester.makepyfile(SKIPS)
    ran = pytester.runpytest("-p", "tests.no_skips")
    outcomes = ran.parseoutcomes()
    assert outcomes.pop("passed") == 1
    assert outcomes.pop("failed", 0) + outcomes.pop("error", outcomes.pop("errors", 0)) == 4
    assert outcomes == {}
    ran.stdout.fnmatch_lines(["*was skipped under CI, expected every test to run: *no printer here*"])


def test_under_ci_a_module_that_skips_itself_is_a_failure(pytester, monkeypatch):
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile("import pytest\nno = pytest.importorskip('no_such_module')\ndef test_x(): pass")
    ran = pytester.runpytest("-p", "tests.no_skips")
    assert ran.ret != pytest.ExitCode.OK
    assert ran.parseoutcomes() == {"errors": 1}


@pytest.mark.parametrize("word", ["", "false", "0"])
def test_elsewhere_a_skip_is_a_skip(pytester, monkeypatch, word):
    monkeypatch.setenv("CI", word)
    pytester.makepyfile(SKIPS)
    assert pytester.runpytest("-p", "tests.no_skips").parseoutcomes() == {"passed": 1, "skipped": 3, "xfailed": 1}


def test_evidence_holds_outcome_duration_and_measures_of_every_test(pytester):
    pytester.makepyfile(
        """
        def test_races(record_property):
            record_property("pairs", 200)
        def test_broken(): assert 1 == 2
        """
    )
    pytester.runpytest("-p", "tests.evidence", "--evidence", "docs/evidence/2.json")
    said = json.loads((pytester.path / "docs" / "evidence" / "2.json").read_text("utf-8"))
    assert said["recorded_at"].endswith("+00:00")
    assert [(row["test"].split("::")[1], row["outcome"], row["measured"]) for row in said["tests"]] == [
        ("test_races", "passed", {"pairs": 200}),
        ("test_broken", "failed", {}),
    ]


def test_no_evidence_is_written_for_a_run_without_tests(pytester):
    pytester.runpytest("-p", "tests.evidence", "--evidence", "2.json")
    assert not (pytester.path / "2.json").exists()
