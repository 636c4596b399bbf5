"""Persons above identifiers: what joins, what is told apart, what waits for a decision."""

from __future__ import annotations

import datetime as dt

from pipelines.ingest.identity.normal import DAMAGED, SEVERAL, UNFIT, UNKNOWN
from tests.unit.crosswalked import SYSTEMS, joined

JAN, FEB, MAR = "2024-01-31", "2024-02-29", "2024-03-31"


def one_person(*carried: str) -> set[frozenset[str]]:
    return {frozenset(carried)}


# What joins


def test_identifiers_in_one_row_are_one_person():
    found = joined("""
        number  mail       name
        E1      ann@a.com  Ann Lee
        E2      bob@a.com  Bob Ray
    """)
    assert found.persons == {
        frozenset({"number E1", "mail ann@a.com", "name ann lee"}),
        frozenset({"number E2", "mail bob@a.com", "name bob ray"}),
    }
    assert not found.cases


def test_a_lifelong_identifier_joins_several_numbers_even_at_one_time():
    found = joined("""
        external  number
        P7        u100
        P7        u200
    """)
    assert found.persons == one_person("external P7", "number u100", "number u200")


def test_a_mail_joins_the_platform_to_the_personnel_file():
    found = joined(
        ("hr", JAN, "number  mail\nE1  ann@a.com"),
        ("platform", JAN, "role  mail\nR10  ANN@a.com\nR11  ann@a.com"),
        systems={**SYSTEMS, "role": {"kind": "text", "several": True}},
    )
    # one role id a programme: two programmes, one person
    assert found.persons == one_person("number E1", "mail ann@a.com", "role R10", "role R11")


def test_a_person_in_many_programmes_is_no_shared_mailbox():
    roles = "\n".join(f"R{i}  ann@a.com" for i in range(40))
    found = joined(
        ("hr", JAN, "number  mail\nE1  ann@a.com"),
        ("platform", JAN, "role  mail\n" + roles),
        systems={**SYSTEMS, "role": {"kind": "text", "several": True}},
        ask=(("role", "R39"), ("mail", "ann@a.com")),
    )
    assert found.answers == ["E1", "E1"] and not found.cases


def test_aliases_are_one_person():
    found = joined(
        """
        number  mail
        E1      ann@a.com; ann.lee@b.com
        E2      ["bob@a.com"]
    """.replace('"', "")
    )
    assert found.holders["mail ann.lee@b.com"] == ["E1"]
    assert found.holders["mail bob@a.com"] == ["E2"]


def test_a_changed_number_is_joined_by_the_mail_that_stayed():
    found = joined(
        ("hr", JAN, "number  mail  name\nC77  ann@a.com  Ann Lee"),  # contractor
        ("hr", FEB, "number  mail  name\nE12  ann@a.com  Ann Lee"),  # employee
    )
    assert found.persons == one_person("number C77", "number E12", "mail ann@a.com", "name ann lee")
    assert not found.cases


def test_a_changed_name_and_mail_stay_one_person_under_one_number():
    found = joined(
        ("hr", JAN, "number  mail  name  from\nE1  ann.lee@a.com  Ann Lee  2019-01-01"),
        ("hr", FEB, "number  mail  name  from\nE1  ann.fox@a.com  Ann Fox  2019-01-01"),
    )
    assert len(found.persons) == 1 and not found.cases


def test_a_rehire_under_the_old_number_is_one_person():
    found = joined("""
        number  mail       name     from        to
        E1      ann@a.com  Ann Lee  2015-01-01  2018-06-30
        E1      ann@a.com  Ann Lee  2021-01-01  -
    """)
    assert len(found.persons) == 1 and not found.cases


def test_a_rehire_under_a_new_number_is_joined_by_the_mail():
    found = joined("""
        number  mail       name     from        to
        E1      ann@a.com  Ann Lee  2015-01-01  2018-06-30
        E9      ann@a.com  Ann Lee  2021-01-01  -
    """)
    assert len(found.persons) == 1 and not found.cases


def test_a_rehire_under_a_new_number_is_joined_as_his_exit_becomes_known():
    """Files tell it one after the other: employed, left, and there again."""
    header = "number  mail  name  from  to\n"
    employed = "E1  ann@a.com  Ann Lee  2015-01-01  -"
    left = "E1  ann@a.com  Ann Lee  2015-01-01  2024-02-10"
    again = "E9  ann@a.com  Ann Lee  2024-03-01  -"
    found = joined(
        ("hr", JAN, header + employed),
        ("hr", FEB, header + left),
        ("hr", MAR, f"{header}{left}\n{again}"),
    )
    assert len(found.persons) == 1 and not found.cases


def test_two_number_systems_of_merged_companies_are_joined_by_the_mail():
    systems = {"number": {"kind": "text"}, "other": {"kind": "text"}, "mail": {"kind": "mail"}}
    found = joined(
        ("hr", JAN, "number  mail\nE1  ann@a.com"),
        ("bought", JAN, "other  mail\nX5  ann@a.com"),
        systems=systems,
    )
    assert found.persons == one_person("number E1", "other X5", "mail ann@a.com")


# What is told apart


def test_a_number_issued_again_leads_to_its_holder_of_the_day():
    rows = """
        number  mail       name     from        to
        E1      ann@a.com  Ann Lee  2015-01-01  2018-06-30
        E1      bob@a.com  Bob Ray  2020-01-01  -
    """
    days = (dt.date(2014, 1, 1), dt.date(2018, 1, 1), dt.date(2020, 1, 1), dt.date(2024, 1, 1))
    found = joined(rows, ask=tuple(("number", "E1", day) for day in days))
    assert found.holders["mail ann@a.com"] == ["E1"]
    assert found.holders["mail bob@a.com"] == ["E1:2"]
    first, again, second, last = found.answers
    assert (first, again, second, last) == ("E1", "E1", "E1:2", "E1:2")
    assert not found.cases


def test_a_number_is_free_once_the_last_word_is_that_its_holder_left():
    header = "number  mail  name  from  to\n"
    ann = "E1  ann@a.com  Ann Lee  2015-01-01  {}"
    bob = "E1  bob@a.com  Bob Ray  2024-03-01  -"
    ask = (("number", "E1", dt.date(2023, 1, 1)), ("number", "E1", dt.date(2024, 3, 15)))
    told = {("-", "2024-02-10"): ["E1", "E1:2"], ("2024-02-10", "-"): [SEVERAL] * 2}
    for (first, last), answers in told.items():
        found = joined(
            ("hr", JAN, header + ann.format(first)),
            ("hr", MAR, f"{header}{ann.format(last)}\n{bob}"),
            ask=ask,
        )
        assert found.answers == answers
        assert bool(found.cases) == (SEVERAL in answers)


def test_who_has_no_first_day_held_a_number_before_his_end():
    rows = """
        external  number  from        to
        P1        u1      -           2018-06-30
        P2        u1      2020-01-01  -
    """
    days = (dt.date(2018, 1, 1), dt.date(2020, 1, 1), dt.date(2024, 3, 31))
    ask = (("external", "P1"), ("external", "P2"), *(("number", "u1", day) for day in days))
    one, two, *held = joined(rows, ask=ask).answers
    assert one != two and held == [one, two, two]


def test_an_end_before_the_first_day_does_not_tell_two_people_apart():
    rows = """
        external  number  from        to
        P1        u1      2015-01-01  -
        P2        u1      2020-01-01  {}
    """
    for end in ("-", "2012-06-30"):
        assert joined(rows.format(end), ask=(("number", "u1"),)).answers == [SEVERAL]


def test_two_people_under_one_number_at_one_time_are_nobody_until_decided():
    rows = """
        number  mail       name     from
        E1      ann@a.com  Ann Lee  2015-01-01
        E1      bob@a.com  Bob Ray  2016-01-01
    """
    ask = (("number", "E1"), ("mail", "ann@a.com"), ("mail", "bob@a.com"))
    found = joined(rows, ask=ask)
    assert found.answers[0] == SEVERAL
    assert found.answers[1] != found.answers[2]
    assert found.doubts == {("contested number", "ann@a.com", "bob@a.com")}


def test_one_mail_with_two_numbers_at_one_time_is_not_a_merger():
    rows = "number  mail\nE1  desk@a.com\nE2  desk@a.com"
    ask = (("number", "E1"), ("number", "E2"), ("mail", "desk@a.com"))
    found = joined(rows, ask=ask)
    assert found.answers == ["E1", "E2", SEVERAL]
    assert found.doubts == {("contested mail", "E1", "E2")}


def test_a_mail_of_many_is_nobodys():
    rows = "number  mail\n" + "\n".join(f"E{i}  info@a.com" for i in range(30))
    found = joined(rows, ask=(("mail", "info@a.com"), ("number", "E3")))
    assert found.answers == [SEVERAL, "E3"]
    assert found.doubts == {("shared mail", "info@a.com", "info@a.com")}


def test_a_chain_through_the_platform_does_not_merge_two_people():
    found = joined(
        ("hr", JAN, "number  mail\nE1  ann@a.com\nE2  bob@a.com"),
        ("platform", JAN, "role  mail\nR1  ann@a.com;bob@a.com"),
        systems={**SYSTEMS, "role": {"kind": "text", "several": True}},
        ask=(("number", "E1"), ("number", "E2"), ("mail", "ann@a.com")),
    )
    assert found.answers == ["E1", "E2", SEVERAL]
    assert {kind for kind, _, _ in found.doubts} == {"contested mail"}


def test_one_number_with_two_lifelong_identifiers_is_two_people():
    found = joined(
        ("hr", JAN, "external  number\nP1  u1"),
        ("hr", MAR, "external  number\nP2  u1"),
        ask=(("number", "u1", dt.date(2024, 2, 1)), ("number", "u1", dt.date(2024, 3, 31))),
    )
    assert len(found.persons) == 2
    assert found.answers[0] != found.answers[1]


# Names only propose


def test_a_name_alone_never_joins():
    found = joined(
        ("hr", JAN, "number  mail  name\nE1  ann@a.com  Ann Lee"),
        ("platform", JAN, "mail  name\nann.lee@home.org  Ann Lee"),
    )
    assert len(found.persons) == 2
    assert found.doubts == {("likely one person", "E1", "ann.lee@home.org")}


def test_a_near_name_and_the_same_first_day_are_proposed():
    found = joined(
        ("hr", JAN, "number  name  from\nE1  Katharina Meier  2019-03-01"),
        ("survey", JAN, "mail  name  from\nkm@b.com  Katarina Meier  2019-03-01"),
    )
    assert found.doubts == {("likely one person", "E1", "km@b.com")}


def test_one_name_and_first_day_under_a_new_number_are_proposed():
    head = "number  mail  name  from\n"
    before = ("hr", JAN, head + "E1  ann@old.com  Ann Lee  2016-01-30")
    after = ("hr", MAR, head + "E9  ann@new.com  Ann Lee  2016-01-30")
    proposed = {("likely one person", "E1", "E9")}
    assert joined(before, after).doubts == proposed
    assert joined(before, ("acquired", JAN, after[2])).doubts == proposed
    other_day = ("hr", MAR, head + "E9  ann@new.com  Ann Lee  2018-05-01")
    assert not joined(before, other_day).cases


def test_one_name_and_first_day_in_one_file_are_two_people():
    head = "number  mail  name  from\n"
    rows = head + "E1  ann@a.com  Ann Lee  2016-01-30\nE9  ann2@a.com  Ann Lee  2016-01-30"
    assert not joined(rows).cases
    before = ("hr", JAN, "external  name  from\nP1  Ann Lee  2016-01-30")
    after = ("hr", MAR, "external  name  from\nP2  Ann Lee  2016-01-30")
    assert not joined(before, after).cases  # one for ever, so two are two people


def test_a_name_leads_to_a_person_who_alone_carries_it_on_that_day():
    rows = """
        number  name     from
        E1      Ann Lee  2015-01-01
        E2      Ann Lee  2022-01-01
        E3      Bob Ray  2016-01-01
    """
    ask = (
        ("name", "Ray, Bob"),
        ("name", "ANN  LEE", dt.date(2018, 1, 1)),
        ("name", "Ann Lee", dt.date(2023, 1, 1)),
        ("name", "Zoe Fox"),
        ("name", "Bob Rey"),
    )
    found = joined(rows, ask=ask)
    assert found.answers == ["E3", "E1", SEVERAL, UNKNOWN, UNKNOWN]
    assert found.doubts == {("name of nobody", "bob ray", "bob rey")}


# How identifiers are written


def test_spaces_invisible_signs_and_unicode_forms_do_not_make_another_person():
    rows = "number  mail  name\n" + "E1  jose\u0301@a.com  Jose\u0301 Lee"
    ask = (
        ("number", " E1 "),
        ("number", "\u00a0E1\u200b"),
        ("mail", "JOS\u00c9@A.COM"),
        ("name", "Jos\u00e9 Lee"),
    )
    assert joined(rows, ask=ask).answers == ["E1"] * 4


def test_look_alike_identifiers_are_proposed_and_not_merged():
    cyrillic = "\u0415100"
    found = joined("number\nE100", ask=(("number", cyrillic), ("number", "e100")), master=["hr"])
    assert found.answers == [UNKNOWN, UNKNOWN]
    assert found.doubts == {("look-alike", "E100", cyrillic), ("look-alike", "E100", "e100")}


def test_zeros_are_padded_only_where_the_width_is_declared():
    rows = "number  mail\n004711  ann@a.com\n000012  bob@a.com"
    ask = (("number", "4711"), ("number", "004711"), ("number", "12"))
    plain = {"number": {"kind": "number"}, "mail": {"kind": "mail"}}
    found = joined(rows, ask=ask, systems=plain, master=["hr"])
    assert found.answers == [UNKNOWN, "004711", UNKNOWN]
    assert found.advice == ["2 ids of number would match if padded to 6 digits: declare width: 6"]
    assert ("leading zeros", "004711", "4711") in found.doubts
    wide = {"number": {"kind": "number", "width": 6}, "mail": {"kind": "mail"}}
    padded = joined(rows, ask=ask, systems=wide, master=["hr"])
    assert padded.answers == ["004711", "004711", "000012"]
    assert not padded.advice and not padded.cases


WIDE = {
    "number": {"kind": "number", "width": 6},
    "external": {"kind": "text", "lifelong": True},
    "mail": {"kind": "mail", "without_at": "number"},
}


def test_a_number_without_its_zeros_fits_several_people_or_is_given_them_back():
    rows = "number  mail\n004711  ann@a.com\n0004711  bob@a.com\n000012  cat@a.com"
    ask = (
        ("number", "4711"),
        ("number", "04711"),
        ("mail", "4711"),  # a number in the mail column
        ("number", "004711"),
        ("number", "0004711"),
        ("number", "12"),
        ("number", "99"),
    )
    found = joined(rows, ask=ask, systems=WIDE, master=["hr"])
    assert found.answers == [SEVERAL, SEVERAL, SEVERAL, "004711", "0004711", "000012", UNKNOWN]
    assert found.repaired == 1
    assert ("leading zeros", "0004711", "004711") in found.doubts


def test_two_numbers_of_one_person_may_differ_in_zeros():
    rows = "external  number\nP7  004711\nP7  0004711"
    found = joined(rows, ask=(("number", "4711"), ("external", "P7")), systems=WIDE)
    assert found.answers[0] == found.answers[1] and found.repaired == 1
    files = (("hr", JAN, "number  mail\n004711  ann@a.com\n0004711  bob@a.com"),)
    decided = [("number", "004711", "number", "0004711", "same")]
    assert joined(*files, ask=(("number", "4711"),), systems=WIDE, decisions=decided).answers == [
        "0004711"
    ]


def test_a_number_that_fits_several_people_is_no_evidence_in_a_link_source():
    issued = ("hr", JAN, "number  mail\n004711  ann@a.com\n0004711  bob@a.com")
    stripped = ("hr", FEB, "number  mail\n4711  bob@a.com\n4711  -")
    ask = (("number", "004711"), ("number", "0004711"), ("mail", "bob@a.com"))
    found = joined(issued, stripped, ask=ask, systems=WIDE)
    assert found.answers == ["004711", "0004711", "0004711"]
    assert found.persons == {
        frozenset({"number 004711", "mail ann@a.com"}),
        frozenset({"number 0004711", "mail bob@a.com"}),
    }
    alone = ("hr", JAN, "number  mail\n004711  ann@a.com")
    joins = joined(alone, ("hr", FEB, "number  mail\n4711  ann@b.com"), systems=WIDE)
    assert joins.persons == one_person("number 004711", "mail ann@a.com", "mail ann@b.com")


def test_what_a_spreadsheet_damaged_is_never_repaired():
    wide = {"number": {"kind": "number", "width": 6}, "mail": {"kind": "mail"}}
    ask = (
        ("number", "1.0E+05"),
        ("number", "1,0E+05"),
        ("number", "100000.0"),
        ("number", "E100"),
        ("mail", "no address"),
    )
    found = joined("number  mail\n100000  ann@a.com", ask=ask, systems=wide)
    assert found.answers == [DAMAGED, DAMAGED, "100000", UNFIT, UNFIT]


def test_a_number_in_the_mail_column_is_read_as_the_declared_system():
    systems = {"number": {"kind": "text"}, "mail": {"kind": "mail", "without_at": "number"}}
    found = joined("number  mail\nE1  ann@a.com\nE2  E2", ask=(("mail", "E2"),), systems=systems)
    assert found.answers == ["E2"]


# Anchors and decisions


def test_the_anchor_stays_when_later_files_arrive():
    first = ("platform", JAN, "mail\nann@a.com")
    later = ("hr", FEB, "number  mail\nE1  ann@a.com")
    other = ("hr", MAR, "number  mail\nE2  ann@a.com")
    ask = (("mail", "ann@a.com"),)
    answers = {
        tuple(joined(*files, ask=ask).answers)
        for files in ((first,), (first, later), (first, later, other))
    }
    assert answers == {("mail:ann@a.com",)}


def test_the_first_holder_keeps_the_anchor_of_a_number_issued_again():
    ann = ("hr", JAN, "number  mail  name  from\nE1  ann@a.com  Ann Lee  2015-01-01")
    bob = ("hr", MAR, "number  mail  name  from\nE1  bob@a.com  Bob Ray  2024-03-01")
    assert joined(ann, ask=(("mail", "ann@a.com"),)).answers == ["E1"]
    both = joined(ann, bob, ask=(("mail", "ann@a.com"), ("mail", "bob@a.com")))
    assert both.answers == ["E1", "E1:2"]


def test_what_the_owner_decides_is_applied():
    rows = "number  mail\nE1  desk@a.com\nE2  desk@a.com"
    ask = (("number", "E1"), ("number", "E2"), ("mail", "desk@a.com"))
    same = joined(rows, ask=ask, decisions=[("number", "E1", "number", "E2", "same")])
    assert same.answers == ["E1", "E1", "E1"] and not same.doubts
    apart = joined(rows, ask=ask, decisions=[("number", "E1", "number", "E2", "different")])
    assert apart.answers == ["E1", "E2", SEVERAL] and not apart.doubts


def test_the_owner_can_join_an_identifier_no_link_source_holds():
    ask = (("number", "4711"),)
    rows = "number  mail\n004711  ann@a.com"
    decided = [("number", "4711", "number", "004711", "same")]
    assert joined(rows, ask=ask, master=["hr"]).answers == [UNKNOWN]
    assert joined(rows, ask=ask, master=["hr"], decisions=decided).answers == ["004711"]


def test_whoever_the_master_does_not_hold_is_unknown_unless_loaded_all_the_same():
    files = (("hr", JAN, "number  mail\nE1  ann@a.com"), ("platform", JAN, "mail\nmax@b.com"))
    ask = (("mail", "max@b.com"), ("mail", "zoe@b.com"))
    assert joined(*files, ask=ask, master=["hr"]).answers == [UNKNOWN, UNKNOWN]
    loaded = joined(*files, ask=ask, master=["hr"], unknown_person="load")
    assert loaded.answers == ["mail:max@b.com", "mail:zoe@b.com"]
