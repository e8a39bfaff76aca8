"""Refuses in expand what takes away, or locks, something that the last release uses.

The migrations are run without a database, and their SQL is read: what is not known to be harmless is
refused. Source: PostgreSQL, "ALTER TABLE", notes; squawk and strong_migrations, their rules.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script

from seawall.sql.branches import CONTRACT, EXPAND, scripts

_NAME: Final = r'(?:only )?(?:if (?:not )?exists )?(?P<table>[\w."]+)'
_CREATED: Final = re.compile(rf"create (?:unlogged )?table {_NAME}")
# What is done to a table; one that the same migration creates is nobody's yet.
_ON_TABLE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"alter table {_NAME}",
        rf"create (?:unique )?index .*? on {_NAME}",
        rf"create (?:constraint )?trigger .*? on {_NAME}",
        rf"(?:insert into|update|delete from|comment on table) {_NAME}",
        r'comment on column (?P<table>[\w"]+)\.',
    )
)
_REFUSED: Final = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"alter .* rename ", "the last release knows it by its old name"),
        (r"alter table .* alter (?:column )?\S+ (?:set data )?type ", "a change of type rewrites the table"),
        (r"alter table .* set not null", "the last release may leave it empty, and the table is scanned"),
        (r"alter table .* alter ", "the last release may rely on how the column is"),
        (r"drop |alter table .* drop ", "the last release may use it: drop it in contract"),
        (r"truncate|delete |update ", "rows are moved by a job, in small transactions"),
        (r"create unique index", "the last release may write duplicates: make it unique in contract"),
        (r"create index (?!concurrently)", "an index that is not built CONCURRENTLY stops all writes"),
        (r"alter table .* add (?!column)", "the last release may break a constraint: add it in contract"),
        (r"create (?:constraint )?trigger", "a trigger changes what the last release's writes do"),
        (r"lock|vacuum|cluster|reindex|alter table .* set (?:un)?logged", "it locks the table"),
    )
)
_HARMLESS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"create (?:unlogged )?table ",
        r"create index concurrently ",
        r"create (?:sequence|type|view|function|schema) ",
        r"alter table \S+ add column ",
        r"alter table \S+ set \(",
        r"alter type \S+ add value ",
        r"insert into ",
        r"comment on ",
        r"set local |commit$|begin$",
    )
)
_CONSTANT: Final = re.compile(r"''(?:::[\w\[\] ]+)?|-?\d[\d.]*|true|false|null|now\(\)|current_timestamp")


@dataclass(frozen=True)
class Violation:
    """A statement of an expand migration that is refused, and why."""

    migration: str
    statement: str
    reason: str

    def __str__(self) -> str:
        return f"{self.migration}: {self.statement}: {self.reason}"


def lint_expand(migrations: Path) -> list[Violation]:
    """What is wrong with `migrations/expand/*.py`, and with how the branches hang together.

    A statement is excused by `excused = {"alter table t drop constraint c": "why"}` in its migration.
    """
    script = scripts(migrations)
    found = [v for branch in (EXPAND, CONTRACT) for v in _shape(script.walk_revisions(), migrations, branch)]
    for revision in reversed(list(script.walk_revisions())):
        if Path(revision.path).parent.name == EXPAND:
            found += _lint(revision)
    return found


def _shape(revisions: Iterator[Script], migrations: Path, branch: str) -> Iterator[Violation]:
    ours = [r for r in revisions if Path(r.path).parent == migrations / branch]
    for revision in ours:
        if branch not in revision.branch_labels:
            yield _of(revision, "", f"it is not of the branch {branch}")
        if branch == CONTRACT and revision.is_base and not revision.dependencies:
            yield _of(revision, "", "contract depends on the expand migration that made it possible")
    heads = [revision for revision in ours if not revision.nextrev]
    if len(heads) > 1:
        yield _of(heads[0], "", f"the branch {branch} has more than one end")


def _lint(revision: Script) -> Iterator[Violation]:
    excused = dict(getattr(revision.module, "excused", {}))
    new: set[str] = set()
    try:
        statements = _statements(revision)
    except Exception as error:
        yield _of(revision, "", f"it cannot be read without a database: {error!r}")
        return
    for statement in statements:
        if created := _CREATED.match(statement):
            new.add(created["table"])
        reason = reason_to_refuse(statement, new)
        excuse = next((text for text in excused if statement.startswith(text)), None)
        if reason is not None and excuse is not None:
            del excused[excuse]
        elif reason is not None:
            yield _of(revision, statement, reason)
    for text in excused:
        yield _of(revision, text, "what is excused does not occur")


def _of(revision: Script, statement: str, reason: str) -> Violation:
    return Violation(Path(revision.path).name, statement[:100], reason)


class _Recorder:
    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)

    def flush(self) -> None:
        """Nothing is held back."""


def _statements(revision: Script) -> list[str]:
    recorder = _Recorder()
    options: dict[str, Any] = {"as_sql": True, "output_buffer": recorder}
    with Operations.context(MigrationContext.configure(dialect_name="postgresql", opts=options)):
        revision.module.upgrade()
    return [plain for text in recorder.written if (plain := normal(text))]


def normal(statement: str) -> str:
    """Lower case, single spaces, without comments, the contents of literals, and needless quotes."""
    text = re.sub(r"(\$\w*\$).*?\1", "''", statement, flags=re.DOTALL)
    text = re.sub(r"'(?:[^']|'')*'", "''", text)
    text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    text = re.sub(r'"([a-z_][a-z0-9_]*)"', r"\1", text.lower())
    return " ".join(text.split()).rstrip("; ")


def reason_to_refuse(statement: str, new: "set[str] | frozenset[str]" = frozenset()) -> str | None:
    """Why a normalised statement is refused; None if it does no harm. `new` are tables nobody uses yet."""
    if ";" in statement:
        return "more than one statement at once"
    if any((on := pattern.match(statement)) and on["table"] in new for pattern in _ON_TABLE):
        return None
    for pattern, reason in _REFUSED:
        if pattern.match(statement):
            return reason
    if not any(pattern.match(statement) for pattern in _HARMLESS):
        return "it is not known to be harmless"
    if " add column " in statement:
        return _column(statement.partition(" add column ")[2])
    return None


def _column(definition: str) -> str | None:
    if re.search(r", (?:add|drop|alter|rename|set|validate) ", definition):
        return "one change a statement"
    if re.search(r"\b(?:unique|primary key|references|check|generated|\w*serial)\b", definition):
        return "a constraint or a computed value scans or rewrites the table, under an exclusive lock"
    default = re.search(r"\bdefault (.+?)(?: not null| null)?$", definition)
    if default is not None and not _CONSTANT.fullmatch(default[1]):
        return "a default that is not constant rewrites the table"
    if " not null" in definition and default is None:
        return "the last release does not know the column: without a default its inserts fail"
    return None
