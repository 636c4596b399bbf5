"""Numbers by the decimal mark a source declares."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipelines.sources.numbers import canonical_numbers


@pytest.mark.parametrize(
    ("decimal", "given", "number"),
    [
        (",", "1.234,56", "1234.56"),
        (",", "1 234,56", "1234.56"),
        (",", "1\u00a0234,56", "1234.56"),
        (",", "1\u202f234\u202f567", "1234567"),
        (",", "1'234,56", "1234.56"),
        (",", "1’234’567,8", "1234567.8"),
        (",", "-0,5", "-0.5"),
        (",", "\u22120,5", "-0.5"),
        (",", "1.234,56-", "-1234.56"),
        (",", "1.234", "1234"),
        (",", "12345", "12345"),
        (",", "1,5e-3", "1.5e-3"),
        (".", "1,234.56", "1234.56"),
        (".", "1'234.56", "1234.56"),
        (".", "1.234", "1.234"),
        (".", "12345", "12345"),
    ],
)
def test_numbers_as_people_write_them(decimal, given, number):
    assert canonical_numbers(pa.array([given]), decimal).to_pylist() == [number]


@pytest.mark.parametrize(
    ("decimal", "given"),
    [
        (",", "1.5"),  # a decimal point, or a group cut short
        (",", "1.23.456"),
        (",", "1,2,3"),
        (",", "1.234'567"),
        (".", "1,5"),
        (".", "1.234.567"),
        (",", "5 €"),
        (",", "45 %"),
        (",", "nan"),
        (",", "five"),
    ],
)
def test_what_is_no_such_number_cannot_pass_for_one(decimal, given):
    (text,) = canonical_numbers(pa.array([given]), decimal).to_pylist()
    with pytest.raises(ValueError, match="could not convert"):
        float(text)


def test_nothing_stays_nothing():
    assert canonical_numbers(pa.array([None, ""], pa.string()), ",").to_pylist() == [None, ""]
