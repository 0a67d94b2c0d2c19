"""Fields: how each type of value is asked for on a page, and how what was sent is read back.

A row here draws nothing and refuses nothing: `coi.journey.values` reads the value strictly afterwards, and its sentence
is shown beside the input. So what cannot be understood is passed on as it was typed, never corrected or guessed.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from coi.journey.identity import normalise_typed
from coi.journey.values import (
    Amount,
    Choice,
    Code,
    EntryId,
    Field,
    Flag,
    Identifier,
    Inner,
    Moment,
    Sealed,
    Several,
    Whole,
)
from coi.web import words
from coi.web.choices import Choices, Option

TILES = 6  # up to so many options are shown as big tiles, more as a list


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One value as the page asks for it. `control` names the way it is drawn; `given` are the texts it holds."""

    name: str
    control: str
    label: str
    required: bool = False
    filled: bool = False  # something is sent even when the person touches nothing
    given: Sequence[str] = ()
    options: Sequence[Option] = ()
    low: int | None = None
    high: int | None = None
    hint: str = ""
    errors: Sequence[str] = ()


def input_of(field: Field, *, given: Sequence[str] | None, choices: Choices, errors: Sequence[str] = ()) -> Input:
    """Return the input for `field`, holding what was `given`, or its default when nothing was sent yet."""
    texts = _defaults(field) if given is None else given
    drawn = _CONTROLS[type(field)](field, choices)
    return Input(
        name=f"value.{field.name}",
        label=field.text,
        required=field.required,
        filled=field.default is not None,
        given=texts,
        errors=errors,
        **drawn,
    )


def _defaults(field: Field) -> Sequence[str]:
    if field.default is None or field.default is False:
        return ()
    return ("on",) if field.default is True else (str(field.default),)


def _choice(field: Any, choices: Choices) -> dict[str, Any]:  # noqa: ARG001 - one shape for all controls
    options = [Option(option, words.spaced(option).capitalize()) for option in field.options]
    return {"control": "tiles" if len(options) <= TILES else "list", "options": options}


def _picked(options: Sequence[Option], hint: str) -> dict[str, Any]:
    return {"control": "list", "options": options} if options else {"control": "text", "hint": hint}


def _identifier(field: Any, choices: Choices) -> dict[str, Any]:
    return _picked(choices.of_type.get(field.type, ()), f"It begins with {field.type.value}-.")


def _code(field: Any, choices: Choices) -> dict[str, Any]:
    options = choices.of_name.get(field.name, ())
    if options and field.name == "to":  # things go to a place, or to one person
        return {"control": "list_or_text", "options": options}
    return _picked(options, f"Such as {field.example}.")


def _entry(field: Any, choices: Choices) -> dict[str, Any]:
    return _picked(choices.of_name.get(field.name, ()), "The id of an entry; the history shows it.")


def _whole(field: Any, choices: Choices) -> dict[str, Any]:  # noqa: ARG001 - one shape for all controls
    return {"control": "number", "low": field.low, "high": field.high, "hint": f"From {field.low} to {field.high}."}


def _amount(field: Any, choices: Choices) -> dict[str, Any]:  # noqa: ARG001 - one shape for all controls
    return {"control": "amount", "hint": f"In {field.unit}, with a point before decimals, such as 212.5."}


def _several(field: Any, choices: Choices) -> dict[str, Any]:
    inner = _CONTROLS[type(field.of)](field.of, choices)
    options = choices.of_name.get(field.name) or inner.get("options")
    if options:
        return {"control": "checks", "options": options}
    return {"control": "lines", "hint": "One a line."}


def _plain(control: str, hint: str = "") -> Callable[[Any, Choices], dict[str, Any]]:
    return lambda field, choices: {"control": control, "hint": hint}  # noqa: ARG005 - one shape for all controls


_CONTROLS: dict[type[Field], Callable[[Any, Choices], dict[str, Any]]] = {
    Choice: _choice,
    Code: _code,
    Identifier: _identifier,
    EntryId: _entry,
    Whole: _whole,
    Amount: _amount,
    Flag: _plain("flag"),
    Moment: _plain("moment", "In the time of your site."),
    Sealed: _plain("text", "It is kept in the vault, not in the log."),
    Several: _several,
    Inner: _plain("json", 'As a JSON object, such as {"volume_ml": "212.5"}.'),
}


def value_of(field: Field, texts: Sequence[str], *, zone: tzinfo) -> Any:
    """Return what the form sent for `field`: None when it was left empty, else a value for the field to judge."""
    if isinstance(field, Flag):
        return bool(texts)
    filled = [text.strip() for text in texts if text.strip()]
    if not filled:
        return None
    if isinstance(field, Several):
        lines = [line.strip() for text in filled for line in text.splitlines() if line.strip()]
        return [value_of(field.of, [line], zone=zone) for line in lines]
    read = _READ.get(type(field))
    return read(filled[-1], zone) if read else filled[-1]


def _read_whole(text: str, zone: tzinfo) -> Any:  # noqa: ARG001 - one shape for all readers
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("9999999999") else text


def _read_identifier(text: str, zone: tzinfo) -> str:  # noqa: ARG001 - one shape for all readers
    return normalise_typed(text)


def _read_moment(text: str, zone: tzinfo) -> str:
    """Read a local time as the browser sends it, in the site's zone; anything else is left for the field to refuse."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()
    except (ValueError, OverflowError):
        return text


def _read_json(text: str, zone: tzinfo) -> Any:  # noqa: ARG001 - one shape for all readers
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()  # half of a surrogate pair can be written nowhere
    except (ValueError, RecursionError):
        return text
    return found


_READ: dict[type[Field], Callable[[str, tzinfo], Any]] = {
    Whole: _read_whole,
    Identifier: _read_identifier,
    Moment: _read_moment,
    Inner: _read_json,
}
