"""What an erasure that has begun still has to do: written first, gone once nothing is found."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from pipelines import versions, workspace
from pipelines.erasure import tombstones
from pipelines.erasure.search import Token
from pipelines.errors import Exit, UserError
from pipelines.publish import write_private

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from pipelines.erasure.tombstones import Record, Tombstone


def read(
    private: Path, key_id: str, before: Collection[str]
) -> tuple[list[Token], tuple[Tombstone, ...]]:
    """What is looked for and the tombstones to be set, none where no erasure has begun.

    ``before`` are ids of earlier keys that are at hand. Raises :class:`UserError` where the
    tombstones were made with another.
    """
    file = private / tombstones.UNFINISHED
    told: Any = workspace.read_json(file, "erasing") if file.is_file() else {}
    told = {"tokens": told} if isinstance(told, list) else told  # the first version
    stones = tuple(map(tombstones.parsed, told.get("tombstones", ())))
    if not {s.key_id for s in stones} <= {key_id, *before}:
        fix = "Restore the key that belongs to this folder, then run `mentorlift erase` again."
        raise UserError(f"{file}: begun with another key than those at hand", fix, Exit.PROJECT)
    return [Token(**t) for t in told.get("tokens", ())], tombstones.under(key_id, stones)


def write(
    private: Path, record: Record, tokens: Iterable[Token], stones: Iterable[Tombstone]
) -> None:
    """Write down both, in one step, before anything else is changed."""
    told = {
        "tokens": [{"kind": t.kind, "text": t.text} for t in tokens],
        "tombstones": [asdict(replace(s, key_id=s.key_id or record.key_id)) for s in stones],
    }
    text = json.dumps(versions.stamped("erasing", told), ensure_ascii=False)
    write_private(private / tombstones.UNFINISHED, text)
