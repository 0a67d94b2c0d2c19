"""Functions and modules stay short enough to be held in the head."""

import ast
import warnings

from tests.house.source import lengths, module, modules, spread

MEDIAN, NINE_IN_TEN = 13, 40
GOOD_MODULE, LONGEST_MODULE = 300, 400
TABLES = {"coi/journey/steps.py": "_ROWS"}  # the registry is looked up row by row, and is better in one place than cut
ALONE = "coi/exports/coi_verify.py"  # one file because it has to stand alone: its code counts, not what explains it


def longest(found):
    return "longest: " + ", ".join(
        f"{each.where} {each.code}" for each in sorted(found, key=lambda each: -each.code)[:10]
    )


def table_lines(module):
    """Lines of the one assignment in a module that may be long because it is a table."""
    assigned = [node for node in module.tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    lines = {
        ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0]): node.end_lineno
        - node.lineno
        + 1
        for node in assigned
    }
    return lines.get(TABLES.get(module.path), 0)


def explaining_lines(module):
    """Blank lines and docstrings of the module that has to be one file."""
    if module.path != ALONE:
        return 0
    of = ast.Module | ast.ClassDef | ast.FunctionDef
    told = [node.body[0] for node in ast.walk(module.tree) if isinstance(node, of) and ast.get_docstring(node)]
    docstrings = sum(node.end_lineno - node.lineno + 1 for node in told)
    return docstrings + sum(not line.strip() for line in module.text.splitlines())


def test_half_of_the_functions_are_within_13_lines_and_nine_in_ten_within_40(record_property):
    found = [each for found in modules() for each in lengths(found)]
    code, whole = spread(each.code for each in found), spread(each.whole for each in found)
    record_property("functions", len(found))
    record_property("code lines: median, nine in ten", code)
    record_property("all lines: median, nine in ten", whole)
    assert code[0] <= MEDIAN, longest(found)
    assert code[1] <= NINE_IN_TEN, longest(found)
    assert whole[0] <= MEDIAN, f"with docstrings, comments and blanks: {whole}; {longest(found)}"
    assert whole[1] <= NINE_IN_TEN, f"with docstrings, comments and blanks: {whole}; {longest(found)}"


def test_no_module_is_longer_than_400_lines_and_those_over_300_are_named():
    found = {each.path: len(each.text.splitlines()) - table_lines(each) - explaining_lines(each) for each in modules()}
    over = {path: lines for path, lines in found.items() if lines > GOOD_MODULE}
    if over:
        warnings.warn(f"modules over {GOOD_MODULE} lines: {over}", stacklevel=1)
    assert {path: lines for path, lines in over.items() if lines > LONGEST_MODULE} == {}


def test_a_function_is_counted_as_a_reader_would():
    text = '''
@decorated
def one(
    a,
):
    """Says
    what."""

    # why
    return """
# not a comment

"""


class Two:
    """Prose."""

    async def two(self):
        def three():
            return 3
        return three
'''
    found = {each.where.split()[1]: each for each in lengths(module("coi/x.py", text))}
    assert (found["one"].code, found["one"].whole) == (6, 11)
    assert (found["two"].code, found["three"].code) == (4, 2)


def test_an_empty_house_has_no_lengths():
    assert spread([]) == (0, 0)
    assert spread([1, 2, 50]) == (2, 50)
