"""Why the database does not let this role write, and the statement that would."""

import asyncpg

from absurd_tui.database.writing import Place, WriteSession
from absurd_tui.errors import Denied
from absurd_tui.observe.identifiers import identifier
from absurd_tui.operations.needs import Needs, no_execute, no_right, unknown_function
from absurd_tui.operations.outcomes import Refused
from absurd_tui.operations.queue_rights import lacking_of_queues
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


def at_once(place: Place, needs: Needs) -> Refused | None:
    """Refuse a write because of where the connection has ended up, before anything is sent."""
    if place.is_standby:
        return Refused(STANDBY)
    if place.fake_now is not None:
        return Refused(FAKE_CLOCK)
    return unknown_function(place.functions, needs) or no_execute(place.role, place.functions, needs)


async def denied(session: WriteSession, place: Place | None, work: Work, error: Denied) -> Refused:
    """Say which rights are missing and what grants them; the server's own words where it is not about rights."""
    if error.sqlstate == "25006" or place is None or not session.is_open:
        return Refused(f"The session is read-only for role {place.role}." if place else str(error))
    try:
        usage = await session.fetch(_USAGE)
        if usage and not usage[0]["may"]:
            return Refused(
                f"Role {place.role} lacks USAGE on schema absurd.",
                f"GRANT USAGE ON SCHEMA absurd TO {identifier(place.role)};",
            )
        if (refused := await lacking_of_queues(session.fetch, work.needs, work.queue, place.role)) is not None:
            return refused
        wanted = [(letter, privilege) for letter, privileges in work.needs.rights for privilege in privileges]
        letters, privileges = [letter for letter, _ in wanted], [privilege for _, privilege in wanted]
        missing = [
            (row["letter"], row["privilege"]) for row in await session.fetch(_MISSING, work.queue, letters, privileges)
        ]
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        missing = []
    if not missing:
        return Refused(f"Role {place.role} may not do this: {error}.")
    return no_right(missing, work.queue, place.role)
