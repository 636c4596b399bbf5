"""Numbers as people write them, by the decimal mark a source declares, as plain number text."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

# Groups of three digits are set apart by the other mark, an apostrophe or any kind of space.
_SPACES = " \u00a0\u2007\u2009\u202f"
_APOSTROPHES = "'\u2019"


def canonical_numbers(array: pa.Array, decimal: str) -> pa.Array:
    """Texts such as 1.234,56 or 1 234,56 as 1234.56; what is no such number is none afterwards.

    A sign may stand in front or, as SAP writes it, behind. The decimal mark is declared and never
    guessed: 1.234 is a number with three decimals or a thousand, depending on it.
    """
    other = "." if decimal == "," else ","
    mark = f"[{decimal}]"
    groups = "|".join(rf"\d{{1,3}}(?:[{s}]\d{{3}})+" for s in (other, _SPACES, _APOSTROPHES))
    number = rf"(?:{groups}|\d+)(?:{mark}\d*)?(?:[eE][+-]?\d+)?|{mark}\d+"
    sign = "[+\u2212-]?"
    written = pc.utf8_trim_whitespace(array)
    is_number = pc.match_substring_regex(written, rf"^(?:{sign}(?:{number})|(?:{number})[+-])$")
    plain = pc.replace_substring_regex(written, rf"[{other}{_SPACES}{_APOSTROPHES}]", "")
    plain = pc.replace_substring(plain, ",", ".")
    plain = pc.replace_substring(plain, "\u2212", "-")
    plain = pc.replace_substring_regex(plain, r"^(.*[^eE])([+-])$", r"\2\1")
    # 1.5 is no number where the comma is declared, and must not pass for one in the warehouse.
    refused = pc.binary_join_element_wise(written, "?", "")
    return pc.if_else(pc.or_(is_number, pc.equal(written, "")), plain, refused)
