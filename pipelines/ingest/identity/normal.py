"""The normal form of an identifier, as SQL; nothing is repaired by guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_text as text

if TYPE_CHECKING:
    from pipelines.identity import Identity, IdSystem

DAMAGED = "identifier damaged by a spreadsheet"
UNFIT = "not an identifier of the declared kind"
SEVERAL = "identifier fits several people"
UNKNOWN = "unknown person"

# What Excel makes of a long number: 1.0E+05, in German 1,0E+05.
_SCIENTIFIC = r"[0-9]([.,][0-9]+)?[eE]\+[0-9]+"
# A float without a fraction is the same number, as far as a float is exact.
_DIGITS = r"[0-9]+|[0-9]{1,15}\.0+"
_MAIL = r"[^@\s;,]+@[^@\s;,]+"
# Characters nobody sees: zero-width ones, the byte order mark, the soft hyphen.
_INVISIBLE = r"[\x{200B}-\x{200F}\x{2060}\x{FEFF}\x{00AD}]"
_FAMILY_NAME_FIRST = r"^([^,]+),\s*(.+)$"


def clean_sql(given: str) -> str:
    """SQL for the text in composed Unicode (NFC) without invisible characters."""
    visible = f"regexp_replace(nfc_normalize({given}), {text(_INVISIBLE)}, '', 'g')"
    return f"regexp_replace({visible}, '^[\\s\\p{{Z}}]+|[\\s\\p{{Z}}]+$', '', 'g')"


def code_sql(identity: Identity, name: str, clean: str) -> str:
    """SQL for the code (two digits of the system, then the normal form); null where unfit."""
    system = identity.systems[name]
    code = text(identity.code(name))
    if system.kind == "mail":
        other = "null"
        if system.without_at:
            without = code_sql(identity, system.without_at, clean)
            other = f"case when not contains({clean}, '@') then {without} end"
        mail = f"regexp_full_match({clean}, {text(_MAIL)})"
        return f"case when {mail} then {code} || lower({clean}) else {other} end"
    return f"{code} || {_normal(system, clean)}"


def short_sql(identity: Identity, name: str, clean: str) -> str:
    """SQL for whether a text is a number with fewer digits than its system declares."""
    system = identity.systems[name]
    if system.kind == "mail" and system.without_at:
        return short_sql(identity, system.without_at, clean)
    if not system.width:
        return "false"
    digits = f"length(regexp_extract({clean}, '^[0-9]+'))"
    return f"(regexp_full_match({clean}, {text(_DIGITS)}) and {digits} < {system.width})"


def name_sql(clean: str) -> str:
    """SQL for a name: given names first, small letters, one space, no dots."""
    turned = f"regexp_replace({clean}, {text(_FAMILY_NAME_FIRST)}, '\\2 \\1')"
    words = f"regexp_replace(lower({turned}), '[\\s\\p{{Z}}.,]+', ' ', 'g')"
    return f"nullif(trim({words}), '')"


def fault_sql(identity: Identity, name: str, clean: str) -> str:
    """SQL for the rule that a text breaks as an identifier of the system; null when it is one."""
    damaged = f"regexp_full_match({clean}, {text(_SCIENTIFIC)})"
    unfit = f"{code_sql(identity, name, clean)} is null"
    return f"case when {damaged} then {text(DAMAGED)} when {unfit} then {text(UNFIT)} end"


def _normal(system: IdSystem, clean: str) -> str:
    if system.kind == "name":
        return name_sql(clean)
    whole = f"not regexp_full_match({clean}, {text(_SCIENTIFIC)})"
    if system.kind == "text":
        return f"case when {whole} then nullif({clean}, '') end"
    digits = f"regexp_extract({clean}, '^[0-9]+')"
    padded = digits
    if system.width:
        short = f"length({digits}) < {system.width}"
        padded = f"case when {short} then lpad({digits}, {system.width}, '0') else {digits} end"
    return f"case when regexp_full_match({clean}, {text(_DIGITS)}) then {padded} end"
