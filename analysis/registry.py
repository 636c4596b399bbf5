"""Is this the question that was registered? A study is held against those answered before.

A study is registered when it is first answered. What decides its number may not change afterwards
without being declared: an answer to a question chosen after looking is exploratory, whatever its
interval says (Nosek et al. 2018, PNAS 115:2600).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from analysis.canonical import canonical, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.study import StudySpec

# Words about the question, and the day up to which data are read: a scheduled run moves that on.
_WORDS = {"study", "title", "question", "as_of", "amended"}
_EXCLUDED: dict[str, Any] = {
    **dict.fromkeys(_WORDS, True),
    "outcome": {"label": True, "objective": {"label": True}},
    "specifications": {"__all__": {"note": True}},
}
# Lists whose order says nothing.
_SETS = ("adjust_for", "negative_controls", "subgroups", "dose", "practices", "start_dates_within")
# Kinds of outcome under which one figure of a person may be analysed.
FIGURES = ("continuous", "count", "rating")
_UNSET = "not set"

State = Literal["registered", "amended", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A study as it was answered: one entry of the registry. Dates are ISO; no clock is read.

    ``meaning`` is all that decides the number, ``known_at`` the latest delivery that was read when
    it was first answered so. ``departs_from`` is the :attr:`id` of the entry of which this is a
    changed version, empty where it is none.
    """

    project: str
    study: str
    question: str
    meaning: dict[str, Any]
    as_of: str
    known_at: str
    run: str
    code_version: str
    code_hash: str
    inputs_hash: str
    departs_from: str = ""
    amended: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of the meaning in canonical JSON."""
        return sha256_of(self.meaning)

    @property
    def id(self) -> str:
        """SHA-256 of the whole entry in canonical JSON."""
        return sha256_of({name: getattr(self, name) for name in ENTRY_FIELDS})


ENTRY_FIELDS = tuple(Entry.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A key of the study, what was registered under it, and what stands there now."""

    key: str
    registered: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How a study stands to the one registered; study text and hashes only, nothing of people.

    ``remark`` says what is wrong with the registry itself; ``doubted`` that it was altered, so that
    nothing is proven by it.
    """

    state: State
    question_hash: str
    registered_as: str
    registered_hash: str
    registered_question: str
    registered_on: str  # as known at
    registered_as_of: str
    first_run: str
    first_code: str
    changes: tuple[Change, ...] = ()
    amended: str = ""
    remark: str = ""
    doubted: bool = False

    @property
    def exploratory(self) -> bool:
        """Whether the question was changed, or asked again under another name."""
        return self.state != "registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The registration of a study, the entry it stands in, and whether that is still to write."""

    registration: Registration
    entry: Entry
    original: Entry
    new: bool = False


def meaning(spec: StudySpec) -> dict[str, Any]:
    """Everything of a study that decides its number, without keys left at their defaults.

    Without names, titles and wording, and without ``as_of``: new data are no new question.
    """
    data = spec.model_dump(mode="json", exclude_defaults=True, exclude=_EXCLUDED)
    for key in _SETS:
        if key in data:
            data[key] = sorted(data[key], key=canonical)
    for values in (data.get("population") or {}).values():
        if isinstance(values, list):
            values.sort()
    if (
        spec.estimator
        and spec.estimator == spec.model_copy(update={"estimator": None}).primary_estimator
    ):
        del data["estimator"]  # written out or not, it is the same
    return data


def judge(mine: Entry, entries: Sequence[Entry]) -> Verdict:
    """``mine`` as it would be registered now, held against the ``entries`` of the registry.

    It is compared with the first version of the study of its name or, for a new name, with the
    first study that asks for the same outcome of the same arms of the same programme. Studies
    registered in the same run are no earlier ones. The registry is that of one project folder,
    whatever the project was called: another name for it is no clean start.
    """
    original = _original(mine, entries)
    found = _changes(original, mine) if original else ()
    if found and original:
        mine = replace(mine, departs_from=original.id)
    known = _known(mine, entries, found)
    entry, first = known or mine, original or known or mine
    state: State = "registered" if not found else "amended" if mine.amended else "changed"
    registration = Registration(
        state=state,
        question_hash=mine.hash,
        registered_as=first.study,
        registered_hash=first.hash,
        registered_question=first.question,
        registered_on=first.known_at,
        registered_as_of=first.as_of,
        first_run=first.run,
        first_code=first.code_version,
        changes=found,
        amended=mine.amended if found else "",
    )
    return Verdict(registration=registration, entry=entry, original=first, new=known is None)


def registration_from(saved: dict[str, Any] | None) -> Registration | None:
    """A registration as it was written to JSON."""
    if saved is None:
        return None
    changes = tuple(Change(**change) for change in saved["changes"])
    return Registration(**{**saved, "changes": changes})


def _original(mine: Entry, entries: Iterable[Entry]) -> Entry | None:
    """The entry that ``mine`` has to equal."""
    entries = list(entries)
    by_id = {e.id: e for e in entries}
    own = [e for e in entries if e.study == mine.study]
    near = [e for e in entries if e.run != mine.run and _about(e) == _about(mine)]
    found = own or [e for e in near if e.hash == mine.hash] or near
    if not found:
        return None
    return by_id.get(found[0].departs_from, found[0])


def _about(entry: Entry) -> str:
    """Programme, outcome and arms: who asks for these again asks the same question.

    Arms exchanged are the same arms, and where they are names of the author's own (roll-outs, and
    exits of people who start by themselves) they say nothing. Nor does it make another outcome of
    one figure to look at it as a count.
    """
    outcome, arms = entry.meaning["outcome"], entry.meaning["arms"]
    kind, design = outcome.get("kind", "continuous"), entry.meaning["design"]
    own_names = design == "rollout" or (kind == "exit" and design != "randomised")
    compared = [] if own_names else sorted([*arms["treated"], arms["comparison"]])
    kind = "continuous" if kind in FIGURES else kind
    return json.dumps([entry.meaning["programme"], kind, outcome["metric"], compared])


def _known(mine: Entry, entries: Iterable[Entry], found: tuple[Change, ...]) -> Entry | None:
    """The entry in which this version of the study is already registered."""
    earlier = any(c.key == "as_of" for c in found)
    for e in entries:
        same = (e.study, e.hash, e.departs_from) == (mine.study, mine.hash, mine.departs_from)
        declared = not found or e.amended == mine.amended
        if same and declared and (not earlier or e.as_of == mine.as_of):
            return e
    return None


def _changes(first: Entry, mine: Entry) -> tuple[Change, ...]:
    found = []
    if first.study != mine.study:
        found.append(Change(key="study", registered=first.study, now=mine.study))
    if mine.as_of < first.as_of:  # later is the schedule; earlier is a choice of data
        found.append(Change(key="as_of", registered=first.as_of, now=mine.as_of))
    old, new = dict(_flat(first.meaning)), dict(_flat(mine.meaning))
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key, _UNSET), new.get(key, _UNSET)
        if was != now:
            found.append(Change(key=key, registered=was, now=now))
    return tuple(found)


def _flat(value: dict[str, Any], above: str = "") -> Iterable[tuple[str, str]]:
    for name, inner in value.items():
        key = f"{above}.{name}".lstrip(".")
        if isinstance(inner, dict):
            yield from _flat(inner, key)
        else:
            yield key, inner if isinstance(inner, str) else canonical(inner).replace('"', "")
