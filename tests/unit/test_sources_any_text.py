"""Any table written as text comes back as it was, and any bytes are read or refused."""

from __future__ import annotations

import csv
import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import UserError
from tests.unit.reading import Read, written

# All that has a meaning in a delimited file, and letters of one, two, three and four bytes.
CELLS = st.text(alphabet="ab1 ,;\t|'\"\n\r.é€Ω🙂", max_size=6)
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUICK
@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8
        )
    ),
    delimiter=st.sampled_from(",;\t|"),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_a_table_comes_back_as_it_was(tmp_path, table, delimiter, newline, encoding, quoting):
    text = io.StringIO(newline="")
    header = [f"c{i}" for i in range(len(table[0]))]
    if any(end in cell for line in table for cell in line for end in "\r\n"):
        quoting = csv.QUOTE_ALL  # csv itself leaves ends of line bare that are not the file's own
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([header, *table])
    path = written(tmp_path, text.getvalue().encode(encoding))
    filled = {row: tuple(line) for row, line in enumerate(table, start=2) if any(line)}
    if not filled:
        return
    read = Read(path, delimiter=delimiter)
    assert read.header == tuple(header)
    assert dict(zip(read.rows, read.lines, strict=True)) == filled
    assert read.not_data.get("blank rows", 0) == len(table) - len(filled)


@QUICK
@given(
    data=st.one_of(
        st.binary(max_size=80),
        st.text(alphabet="ab,;\"'\n\r\0\ufeffé", max_size=60).map(lambda t: t.encode("utf-8")),
        st.text(alphabet='ab,"\n\ré', max_size=60).map(lambda t: t.encode("cp1252")),
        st.text(alphabet='ab,"\n', max_size=60).map(lambda t: t.encode("utf-16")[:-1]),
    ),
    header_row=st.integers(1, 3),
    footer=st.sampled_from([(), ("^a",)]),
)
def test_any_bytes_are_read_or_refused(tmp_path, data, header_row, footer):
    path = written(tmp_path, data)
    try:
        read = Read(path, header_row=header_row, footer=footer)
    except UserError as error:
        assert error.problem.startswith("people.csv: ")
    else:
        assert read.lines
        assert read.rows == sorted(set(read.rows))
        apart = sum(read.not_data.values())
        assert read.rows[-1] <= len(read.lines) + apart
