"""Keyed pseudonyms: the same person gets the same one, and nobody can go back without the key."""

from __future__ import annotations

import hmac

import pyarrow as pa


class Pseudonyms:
    """HMAC-SHA-256 of identifiers under one key; each distinct identifier is computed once."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str | None, str | None] = {None: None}

    def of(self, identifiers: pa.StringArray) -> pa.DictionaryArray:
        """The pseudonyms of a column, as 64 hexadecimal digits; missing stays missing."""
        coded = identifiers.dictionary_encode()
        values = [self._one(text) for text in coded.dictionary.to_pylist()]
        return pa.DictionaryArray.from_arrays(coded.indices, pa.array(values, pa.string()))

    def _one(self, text: str | None) -> str | None:
        if text not in self._known:
            message = f"person:{text}".encode()
            self._known[text] = hmac.digest(self._key, message, "sha256").hex()
        return self._known[text]
