"""Identifiers taken as they stand: damaged ones found, near ones counted, forgotten ones named."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.identity.normal import DAMAGED, SCIENTIFIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.config import Settings
    from pipelines.models import Contract

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))


def damage(texts: pa.Array) -> pa.Array:
    """The rule that each text breaks when a spreadsheet has made a number of it, else null."""
    found = pc.match_substring_regex(texts, f"^{SCIENTIFIC}$")
    return pc.if_else(found, DAMAGED, pa.scalar(None, pa.string()))


def near(identifiers: Iterable[str]) -> list[str]:
    """How many identifiers differ from another one by zeros, case or the form of letters alone."""
    numbers: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for text in identifiers:
        if text.isdigit():
            numbers[text.lstrip("0")] += 1
        else:
            others[_folded(text)] += 1
    counted = {
        "by leading zeros": sum(numbers.values()) - len(numbers),
        "by case, spaces or the form of letters": sum(others.values()) - len(others),
    }
    told = [f"{count:,} differ from another one {how} alone" for how, count in counted.items()]
    told = [text for text, count in zip(told, counted.values(), strict=True) if count]
    if not told:
        return []
    fix = "they count as different people; a section `identity` of the project file joins them"
    return [f"identifiers: {', '.join(told)}: {fix}"]


def forgotten(settings: Settings, tables: Mapping[str, Contract]) -> list[str]:
    """The identifiers that no load leads to a system of the section identity, by source."""
    if settings.identity is None:
        return []
    remarks = []
    for source in settings.sources:
        plain = [
            f"{load.table}.{column.name}"
            for load in source.loads
            for column in tables[load.table].columns
            if column.role == "identifier"
            and column.name in {*load.columns, *load.aliases}
            and column.name not in load.id_systems
        ]
        if plain:
            remarks.append(
                f"identity: source {source.name}: {', '.join(plain)} name no system under "
                "id_systems: they are taken as they stand and join nobody"
            )
    return remarks


def _folded(text: str) -> str:
    seen = unicodedata.normalize("NFC", text).translate(_UNSEEN)
    return " ".join(seen.casefold().split())
