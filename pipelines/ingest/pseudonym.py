"""Keyed pseudonyms: the same person gets the same one, and nobody can go back without the key."""

from __future__ import annotations

import hmac

import pyarrow as pa


class Pseudonyms:
    """HMAC-SHA-256 of identifiers under one key; each distinct identifier is computed once."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._places: dict[str, int] = {}
        self._values = pa.array([], pa.string())

    def of(self, identifiers: pa.StringArray) -> pa.DictionaryArray:
        """The pseudonyms of a column, as 64 hexadecimal digits; missing stays missing."""
        coded = identifiers.dictionary_encode()
        texts = coded.dictionary.to_pylist()
        places = list(map(self._places.get, texts))
        if None in places:
            self._learn([t for t, place in zip(texts, places, strict=True) if place is None])
            places = list(map(self._places.get, texts))
        values = self._values.take(pa.array(places, pa.int64()))
        return pa.DictionaryArray.from_arrays(coded.indices, values)

    def _learn(self, texts: list[str]) -> None:
        """Compute the pseudonyms of identifiers that have not been seen before."""
        for text in texts:
            self._places[text] = len(self._places)
        made = [hmac.digest(self._key, f"person:{t}".encode(), "sha256").hex() for t in texts]
        self._values = pa.concat_arrays([self._values, pa.array(made, pa.string())])
