"""What a role lacks for a write about a whole queue: rights on the list of queues, in the schema, or the tables."""

from absurd_tui.observe.identifiers import identifier
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import Refused
from absurd_tui.operations.standing import Fetch

_MISSING = """
select array(select p.privilege from unnest($1::text[]) with ordinality p(privilege, place)
              where not has_table_privilege(q.oid, p.privilege) order by p.place) as on_queues,
       has_schema_privilege(n.oid, 'CREATE') as may_create,
       (select pg_get_userbyid(c.relowner) from pg_class c
         where c.relnamespace = n.oid and c.relname in ('t_' || $2, 'r_' || $2, 'c_' || $2, 'e_' || $2, 'w_' || $2)
           and not pg_has_role(c.relowner, 'USAGE') limit 1) as owner
  from pg_namespace n join pg_class q on q.relnamespace = n.oid and q.relname = 'queues' where n.nspname = 'absurd'"""


async def lacking_of_queues(fetch: Fetch, needs: Needs, queue: str, role: str) -> Refused | None:
    """Say what is missing and what grants it; None where nothing of this kind is."""
    for row in await fetch(_MISSING, list(needs.on_queues), queue):
        if needs.owns and row["owner"] is not None:
            return Refused(f"The tables of queue {queue} belong to {row['owner']}; only their owner may do this.")
        missing = []
        if needs.creates and not row["may_create"]:
            missing.append(("CREATE on schema absurd", "CREATE ON SCHEMA absurd"))
        if row["on_queues"]:
            rights = ", ".join(row["on_queues"])
            missing.append((f"{row['on_queues'][0]} on absurd.queues", f"{rights} ON absurd.queues"))
        if missing:
            grants = " ".join(f"GRANT {what} TO {identifier(role)};" for _, what in missing)
            return Refused(f"Role {role} has no {missing[0][0]}.", grants)
    return None
