"""Why the database does not let this role write, and the statement that would."""

from collections.abc import Sequence

import asyncpg

from absurd_tui.database.writing import Place, WriteSession
from absurd_tui.errors import Denied
from absurd_tui.observe.queries import quoted, table
from absurd_tui.operations.outcomes import Refused
from absurd_tui.operations.work import Work

FAKE_CLOCK = "The database runs on a fake clock (absurd.fake_now): nothing is written from here."
STANDBY = "This server is a standby: it can only be read."

_MISSING = """
select p.letter, p.privilege
  from unnest($2::text[], $3::text[]) with ordinality p(letter, privilege, place)
  join pg_class c on c.relname = p.letter || '_' || $1 and not has_table_privilege(c.oid, p.privilege)
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'absurd'
 order by p.place"""
_USAGE = "select coalesce(has_schema_privilege(oid, 'USAGE'), false) as may from pg_namespace where nspname = 'absurd'"


def at_once(place: Place) -> Refused | None:
    """Refuse a write because of where the connection has ended up, before anything is sent."""
    if place.is_standby:
        return Refused(STANDBY)
    return Refused(FAKE_CLOCK) if place.fake_now is not None else None


async def denied(session: WriteSession, place: Place | None, work: Work, error: Denied) -> Refused:
    """Say which rights are missing and what grants them; the server's own words where it is not about rights."""
    if error.sqlstate == "25006" or place is None or not session.is_open:
        return Refused(f"The session is read-only for role {place.role}." if place else str(error))
    try:
        usage = await session.fetch(_USAGE)
        if usage and not usage[0]["may"]:
            return Refused(
                f"Role {place.role} lacks USAGE on schema absurd.",
                f"GRANT USAGE ON SCHEMA absurd TO {quoted(place.role)};",
            )
        wanted = [(letter, privilege) for letter, privileges in work.rights for privilege in privileges]
        letters, privileges = [letter for letter, _ in wanted], [privilege for _, privilege in wanted]
        missing = [
            (row["letter"], row["privilege"]) for row in await session.fetch(_MISSING, work.queue, letters, privileges)
        ]
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        missing = []
    if not missing:
        return Refused(f"Role {place.role} may not do this: {error}.")
    letter, privilege = missing[0]
    return Refused(
        f"Role {place.role} has no {privilege} on absurd.{letter}_{work.queue}.",
        " ".join(_grants(missing, work.queue, place.role)),
    )


def _grants(missing: Sequence[tuple[str, str]], queue: str, role: str) -> list[str]:
    by_table: dict[str, list[str]] = {}
    for letter, privilege in missing:
        by_table.setdefault(letter, []).append(privilege)
    return [
        f"GRANT {', '.join(privileges)} ON {table(letter, queue)} TO {quoted(role)};"
        for letter, privileges in by_table.items()
    ]
