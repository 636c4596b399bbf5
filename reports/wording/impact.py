"""The sentences of the draft impact assessment: what the product does, what is left to say."""

from __future__ import annotations

from reports.numbers import many

TITLE = "Data-protection impact assessment, draft"
STATUS = (
    "Made from the project file and the last run. It describes what the product does; it is no "
    "legal advice and no approval. What the company must add is marked TO BE FILLED IN."
)
TO_FILL_IN = "TO BE FILLED IN:"
NONE = "none declared"
NO_BACKUPS = "none; an erasure cannot name copies that the project file does not list"

PURPOSE_TITLE = "1. Purpose and lawful basis"
BASIS_OPEN = (
    "controller, data protection officer and their advice; the balancing of interests or the works "
    "agreement behind the lawful basis, with date; whether national law on employees' data asks "
    "for more."
)
DATA_TITLE = "2. Data"
DATA = (
    "A column that is not listed is not loaded. Identifiers become keyed pseudonyms while a file "
    "is being read; the delivered files stay with their owner."
)
DATA_HEAD = ("Header in the file", "Read as")
PULLED, DELIVERED = "pulled from PostgreSQL", "delivered as files"
IDENTIFIERS = (
    "Identifiers, mails and names of these systems are kept in `private/identity.duckdb` alone, to "
    "lead rows of one person together:"
)
SPECIAL = (
    "whether a column holds or reveals special categories (Art. 9: health, union, religion, "
    "origin), such as a reason of exit or of absence, or free text; if so, why it is read."
)
PEOPLE_TITLE = "3. People"
PEOPLE_HEAD = ("Stands in the data as", "People (rounded)")
NO_RUN = "No run has been published yet; counts of people and columns left unread come with it."
PEOPLE_OPEN = (
    "how these people were told (Art. 13, 14), and whether any of them need special protection."
)

FLOWS_TITLE = "4. Flows"
SEEN_TITLE = "5. Who sees what"
SEEN_HEAD = ("Place", "Holds", "Meant for")
SEEN = (
    ("report.html, findings.json, report.xlsx, site/", "released figures of groups", "readers"),
    ("analyst.duckdb", "pseudonymous rows, no pseudonyms and no names", "people who may see rows"),
    ("warehouse/, runs/", "pseudonymous rows, figures of earlier runs", "the operator"),
    (
        "private/",
        "who is who, tombstones of erased persons, and what earlier reports rested on",
        "the owner of the data",
    ),
    ("quarantine/", "rows as delivered that could not be loaded", "HR, to correct them"),
    ("the key file, outside the results", "the key of the pseudonyms", "the owner of the data"),
)
WHO_HOLDS = "the persons or roles for each line, and where the machine and its backups stand."

NEEDED_TITLE = "6. Necessity and proportionality"
NEEDED = (
    "Whether a programme works can be told from groups only by following the same people before "
    "and after; so rows of persons are needed, names are not. Nobody is scored, ranked or "
    "predicted, and no figure is about one person. A study is written down before outcomes are "
    "read.",
)
WHY_NEEDED = (
    "why each source in section 2 is needed for the questions in section 1, and why a smaller one "
    "would not do."
)

RISKS_TITLE = "7. Risks and measures in force"
RISKS = "The project is protected: the rules below bind every report."
PUBLISHED = (
    "The project is declared public: its data are published, so counts are exact and the rules "
    "about small groups do not apply."
)
RISKS_HEAD = ("Risk", "Measure in force")
RESIDUAL = (
    "likelihood and severity of each risk as it is left, who accepts it, and whether the authority "
    "is to be consulted (Art. 36)."
)
RIGHTS_TITLE = "8. Rights of the people"
RIGHTS = (
    "Erasure: `mentorlift erase PERSON` rebuilds everything without the person and searches every "
    "byte of the results. Access: landed and derived rows of a person are found by pseudonym in "
    "the warehouse in service. Objection: an erased person stays out of every later run.",
)
HOW_RIGHTS = "where people turn to, who answers, and within what time; how an objection is decided."
OPEN_TITLE = "9. To be decided"
OPEN = (
    "views of the people concerned or their representatives (Art. 35(9)), with date.",
    "encryption of the disk on which the results lie, and who can reach the machine.",
    "day of the next review, and what would bring it forward (a new source, a new study).",
)


def encrypted(*, on: bool) -> str:
    """Whether the file with identifiers, mails and names is encrypted, and what is not."""
    file, others = "`private/identity.duckdb`", "identity_review.csv and quarantine/"
    if on:
        return (
            f"{file} is encrypted (AES-GCM) with a key derived from that of the project: "
            f"`identity: encrypt` is on. {others} are not."
        )
    return f"{file} is not encrypted by the product: `identity: encrypt` is off."


def kept_for(months: int) -> str:
    """How long personal data are kept."""
    return f"{many(months, 'month')} after the last employment of a person ended"


def rows(count: str) -> str:
    """How many rows a source has, rounded."""
    return f"{count} rows"


def not_read(headers: tuple[str, ...]) -> str:
    """The columns of a source that are not loaded."""
    if not headers:
        return "Not read: none; every column that is delivered is used. Could fewer be delivered?"
    return f"Not read, and better not delivered: {', '.join(headers)}."


def surveys(instruments: tuple[str, ...]) -> str:
    """The questionnaires that are scored."""
    return f"Questionnaires that are scored, for groups alone: {', '.join(instruments)}."


def as_of(run: str, known_at: str) -> str:
    """Which run the counts are of."""
    return f"In run {run}, as known at {known_at}. One person may stand in several lines."


def kept_out(quarantined: str, erased: str) -> str:
    """Rows that were not loaded, and persons left out for good."""
    return f"Rows held back for HR to correct: {quarantined}. Persons erased so far: {erased}."


def flows(*, joined: bool) -> tuple[str, ...]:
    """The way of the data, a paragraph each."""
    who = (
        "who is who is settled in `private/identity.duckdb` and nowhere else"
        if joined
        else "one identifier stands in all files, and no name or mail is read"
    )
    return (
        "Files or database -> landed rows under pseudonyms -> cleaned tables -> tables for "
        "analysts -> estimates -> release -> report. All on one machine; nothing is sent anywhere, "
        "and the report loads nothing.",
        f"While files are read, {who}. Files with rows are for their owner alone (mode 600); they "
        "are as safe as the disk they lie on.",
    )


def risks(min_group: int, months: int) -> tuple[tuple[str, str], ...]:
    """What may go wrong, and what stands against it."""
    return (
        (
            "A figure is about one person or a few",
            f"Nothing is shown about fewer than {min_group} people, nor about the rest of a total; "
            "counts are rounded; a figure rests on at least 10 people a side.",
        ),
        (
            "Two reports together tell what neither tells alone",
            "What earlier reports rested on is remembered as keyed hashes, and compared before a "
            "figure of nearly the same people is shown again.",
        ),
        (
            "A pseudonym is led back to a person",
            "Keyed hashes (HMAC-SHA-256); the key lies outside the results and can be changed "
            "(`mentorlift rotate-key`); the crosswalk lies apart.",
        ),
        (
            "Somebody reads files who should not",
            "Modes for the owner alone; questions are asked of a copy without pseudonyms, in a "
            "process that can read nothing else.",
        ),
        (
            "Data are kept for too long",
            f"`mentorlift erase --expired` takes who left more than {many(months, 'month')} ago "
            "out of everything, by rebuild and search.",
        ),
        (
            "An erased person comes back with an old file",
            "A keyed hash stays (tombstone), by which every later delivery is checked.",
        ),
        (
            "A wrong conclusion is drawn about a programme",
            "Checks decide the grade of a claim; a design that fails them shows no number.",
        ),
    )
