"""Which identifiers stand together in the rows of the link sources: one profile a combination."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.engine import quote_identifier as ident
from pipelines.engine import quote_text as text
from pipelines.errors import Exit, UserError
from pipelines.ingest import rules
from pipelines.ingest.headers import fold
from pipelines.ingest.identity.normal import (
    clean_sql,
    code_sql,
    fault_sql,
    name_sql,
    short_sql,
)

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.identity import Identity, Link
    from pipelines.ingest.files import DeliveredFile
    from pipelines.sources import Batch, SourceTable

_TABLES = """
create table sighting (
    key uhugeint, ids varchar[], name varchar, valid_from date, valid_to date, source varchar,
    file varchar, row_number bigint, place varchar, first_seen date, last_seen date, decided boolean
);
create table unfit (source varchar, system varchar, rule varchar, cells bigint);
create temp table line (
    row_number bigint, ids varchar[], name varchar, valid_from date, valid_to date
);
"""
_KEEP = """
create or replace temp table delivered as
select
    md5_number(concat_ws(chr(30), $source, array_to_string(ids, chr(31)), coalesce(name, chr(29)),
        coalesce(cast(valid_from as varchar), ''), coalesce(cast(valid_to as varchar), ''))) as key,
    any_value(ids) as ids, any_value(name) as name, any_value(valid_from) as valid_from,
    any_value(valid_to) as valid_to, min(row_number) as row_number
from line
where len(ids) > 0
group by 1;
"""
_UPDATE = """
update sighting set last_seen = cast($day as date)
where key in (select key from delivered)
"""
_INSERT = """
insert into sighting
select key, ids, name, valid_from, valid_to, $source, $file, row_number, {place},
    cast($day as date), cast($day as date), false
from delivered where key not in (select key from sighting)
"""
# Stands behind the code of a number that was given without its zeros, until all issued numbers are
# known: where two of them differ in zeros alone, it could be either and is no evidence.
_SHORT = "chr(30)"
_FITS = """
create table fits (short varchar, issued varchar);
"""
_FITTING = """
insert into fits
with issued as (
    select distinct code, ltrim(code[3:], '0') as digits
    from (select unnest(ids) as code from sighting where not decided)
    where left(code, 2) = $code and not ends_with(code, chr(30))
)
select $code || lpad(digits, $width, '0'), code
from issued
where length(digits) < $width
qualify count(*) over (partition by digits) > 1
"""
_SETTLE = f"""
update sighting
set ids = list_sort(list_distinct(list_transform(
    list_filter(ids, lambda i: not list_contains($ambiguous, i)), lambda i: rtrim(i, {_SHORT})
)))
where len(list_filter(ids, lambda i: ends_with(i, {_SHORT}))) > 0
"""
# The same identifiers and name are one profile, whatever their days and sources. When a spell ends
# is what its source said last: who was there in one delivery and had left in the next has left.
_PROFILES = """
create table profile as
with spell as (
    select
        ids, name, source, valid_from,
        min(struct_pack(first_seen, source, file, row_number, place)) as origin,
        min(first_seen) as first_seen, max(last_seen) as last_seen,
        max(struct_pack(last_seen, day := coalesce(valid_to, date '9999-12-31'))).day as valid_to,
        bool_or(decided) as decided
    from sighting
    group by ids, name, source, valid_from
),
grouped as (
    select
        ids, name, md5_number(concat_ws(chr(30), array_to_string(ids, chr(31)), name)) as key,
        min(origin) as origin, min(first_seen) as first_seen, max(last_seen) as last_seen,
        list_sort(list_distinct(list(valid_from) filter (where valid_from is not null))) as starts,
        case when count(valid_from) = count(*) then min(valid_from) end as valid_from,
        nullif(max(valid_to), date '9999-12-31') as valid_to,
        bool_or(list_contains($master, source)) as in_master,
        bool_or(decided) as decided
    from spell
    group by ids, name
)
select
    row_number() over (order by first_seen, key) - 1 as profile, key, name, first_seen, last_seen,
    starts, valid_from, valid_to, in_master, decided, $name_code || name as name_code,
    origin.source as source, origin.file as file, origin.row_number as row_number,
    origin.place as place,
    list_filter(ids, lambda i: list_contains($lifelong, left(i, 2))) as lifelong,
    list_filter(ids, lambda i: list_contains($numbers, left(i, 2))) as numbers,
    list_filter(ids, lambda i: list_contains($others, left(i, 2))) as others,
    list_filter(ids, lambda i: list_contains($mails, left(i, 2))) as mails,
    ids
from grouped
"""


def start(engine: Engine) -> None:
    """Make the empty tables of the first pass."""
    engine.run(_TABLES)


def read(engine: Engine, identity: Identity, link: Link, file: DeliveredFile, table: SourceTable):
    """Take the combinations of identifiers of one file of a link source."""
    link = _spelled(link, table)
    engine.run("delete from line")
    for batch in table.batches():
        engine.register("link_batch", _texts(link, file, batch))
        engine.run(f"create or replace temp table clean as {_clean_sql(link)}")
        engine.unregister("link_batch")
        engine.run(_line_sql(identity, link))
        for name in link.ids:
            _count_unfit(engine, identity, link, name)
    origin = {"source": link.source, "day": file.delivered_on}
    engine.run(_KEEP, {"source": link.source})
    engine.run(_UPDATE, {"day": file.delivered_on})
    insert = _INSERT.format(place=_place_sql(table.reading.tabs))
    engine.run(insert, {**origin, "file": file.name})


def finish(engine: Engine, identity: Identity) -> None:
    """Make the tables ``profile``, ``carried`` and ``fits`` of all that was read.

    ``fits`` holds the numbers without zeros that several issued numbers fit, with each of these.
    """
    engine.run(_FITS)
    for name, system in identity.systems.items():
        if system.width:
            engine.run(_FITTING, {"code": identity.code(name), "width": system.width})
    ambiguous = [row[0] for row in engine.rows(f"select distinct short || {_SHORT} from fits")]
    engine.run(_SETTLE, {"ambiguous": ambiguous})
    engine.run("delete from sighting where len(ids) = 0")
    engine.run(
        _PROFILES,
        {
            "master": list(identity.master),
            "lifelong": list(identity.lifelong),
            "numbers": list(identity.numbers),
            "others": list(identity.others),
            "mails": list(identity.codes("mail")),
            "name_code": (identity.codes("name") or ("",))[0],
        },
    )
    engine.run("drop table sighting")
    engine.run("create table carried as select unnest(ids) as code, profile from profile")


def _place_sql(tabs: list[tuple[str, int]]) -> str:
    """SQL for a row as a spreadsheet shows it; see :meth:`Reading.place`."""
    cases = [
        f"when row_number > {above} then {text(tab)} || '!' || (row_number - {above})"
        for tab, above in reversed(tabs)
    ]
    return f"case {' '.join(cases)} end" if cases else "cast(row_number as varchar)"


def _headers(link: Link, name: str) -> tuple[str, ...]:
    headers = link.ids[name]
    return (headers,) if isinstance(headers, str) else headers


def _spelled(link: Link, table: SourceTable) -> Link:
    """The link with the headers as the file spells them, compared as those of a load are."""
    folded: dict[str, list[str]] = {}
    for header in table.header:
        folded.setdefault(fold(header), []).append(header)

    def own(header: str) -> str:
        alike = [header] if header in table.header else folded.get(fold(header), [])
        if len(alike) == 1:
            return alike[0]
        what = f"are several columns like {header!r}" if alike else f"is no column {header!r}"
        close = difflib.get_close_matches(fold(header), folded, n=1)
        fix = f"Did you mean {folded[close[0]][0]!r}? " if close else ""
        fix += f"Correct identity: links: {link.source} in the project file."
        raise UserError(f"{table.file}: there {what}, which identity reads.", fix, Exit.DATA)

    ids = {name: tuple(map(own, _headers(link, name))) for name in link.ids}
    days = {
        key: own(header)
        for key, header in (("valid_from", link.valid_from), ("valid_to", link.valid_to))
        if header
    }
    return link.model_copy(update={"ids": ids, **days})


def _texts(link: Link, file: DeliveredFile, batch: Batch) -> pa.Table:
    """The columns of the link as trimmed text without null words, by position."""
    null_words = pa.array(list(file.source.null_words), pa.string())
    headers = {h for name in link.ids for h in _headers(link, name)}
    headers |= set(filter(None, (link.valid_from, link.valid_to)))
    columns = {"row_number": batch.rows}
    for header in sorted(headers):
        trimmed = pc.utf8_trim_whitespace(batch.columns[header])
        missing = pc.is_in(trimmed, value_set=null_words)
        columns[f"h:{header}"] = pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)
    return pa.table(columns)


def _clean_sql(link: Link) -> str:
    """SQL for one cleaned column a header; a name's parts are joined."""
    columns = ["row_number"]
    for name in link.ids:
        for i, header in enumerate(_headers(link, name)):
            columns.append(f"{clean_sql(ident('h:' + header))} as {ident(f'{name}:{i}')}")
    for key, header in (("from", link.valid_from), ("to", link.valid_to)):
        day = "cast(null as date)"
        if header:
            given, form = ident("h:" + header), link.date_format
            day = rules.date_sql(given, form, "identity: date_format", pivot=link.pivot)
        columns.append(f"{day} as {ident('valid_' + key)}")
    return f"select {', '.join(columns)} from link_batch"


def _line_sql(identity: Identity, link: Link) -> str:
    """SQL that adds the lines; an end before the first day (of an earlier spell) ends nothing."""
    codes, names = [], []
    for name in link.ids:
        kind = identity.systems[name].kind
        cells = [ident(f"{name}:{i}") for i in range(len(_headers(link, name)))]
        if kind == "name":
            names.append(name_sql(f"concat_ws(' ', {', '.join(cells)})"))
        elif kind == "mail":
            codes += [_mails_sql(identity, name, cell) for cell in cells]
        else:
            codes.append(f"[{_claimed_sql(identity, name, cells[0])}]")
    every = f"flatten([{', '.join(codes)}])" if codes else "cast([] as varchar[])"
    return f"""
insert into line
select
    row_number,
    list_sort(list_distinct(list_filter({every}, lambda i: i is not null))),
    {f"coalesce({', '.join(names)})" if names else "null"}, valid_from,
    case when valid_to >= coalesce(valid_from, valid_to) then valid_to end
from clean
"""


def _claimed_sql(identity: Identity, name: str, cell: str) -> str:
    """SQL for the code of a cell, marked where the number stands there without its zeros."""
    mark = f"case when {short_sql(identity, name, cell)} then {_SHORT} else '' end"
    return f"{code_sql(identity, name, cell)} || {mark}"


def _mails_sql(identity: Identity, name: str, cell: str) -> str:
    """SQL for the list of codes in a cell that may hold several addresses."""
    parts = f"string_split({cell}, {text(identity.aliases_split)})"
    bare = r"regexp_replace(part, '[\[\]\s\"'']', '', 'g')"
    one = _claimed_sql(identity, name, bare)
    return f"coalesce(list_transform({parts}, lambda part: {one}), [])"


def _count_unfit(engine: Engine, identity: Identity, link: Link, name: str) -> None:
    if identity.systems[name].kind == "name":
        return
    cell = ident(f"{name}:0")
    several = f"contains({cell}, {text(identity.aliases_split)})"
    if identity.systems[name].kind != "mail":
        several = "false"
    engine.run(
        f"insert into unfit select $source, $system, {fault_sql(identity, name, cell)}, count(*) "
        f"from clean where {cell} is not null and not {several} "
        f"and {fault_sql(identity, name, cell)} is not null group by all",
        {"source": link.source, "system": name},
    )
