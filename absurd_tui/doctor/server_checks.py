"""What the doctor says of the connection, the server and the schema, from what was read of them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from absurd_tui.conninfo import ConnSpec
from absurd_tui.database.capabilities import Functions
from absurd_tui.doctor.grants import OPERATIONS
from absurd_tui.doctor.records import Check, Level
from absurd_tui.observe.branches import Row
from absurd_tui.observe.identifiers import identifier
from absurd_tui.observe.versions import KNOWN, is_newer
from absurd_tui.operations.needs import unknown_function

CONNECTION, SERVER, SCHEMA = "connection", "server", "schema"
SKEWED = 5.0
"""Seconds between two clocks from which on they are not kept alike."""

_OF_WORKERS = (
    "await_event",
    "claim_task",
    "complete_run",
    "create_queue",
    "emit_event",
    "fail_run",
    "get_task_checkpoint_state",
    "schedule_run",
    "set_task_checkpoint_state",
    "spawn_task",
)
"""The functions that every release has and no worker does without."""


@dataclass(frozen=True, slots=True)
class Link:
    """How the server was reached; `skew` is how far its clock is ahead, give or take `within` seconds."""

    has_tls: bool | None
    tls_version: str | None
    is_pooled: bool
    skew: float
    within: float


def of_connection(spec: ConnSpec, probe: Row, link: Link) -> Iterator[Check]:
    """Say where we are, as whom, and by which way."""
    yield Check(CONNECTION, "address", Level.FINE, spec.label, facts={"database": probe["database"]})
    yield _tls(spec, link)
    if link.is_pooled:
        told = "through a pooler: another process answers than the one that was connected to"
        yield Check(CONNECTION, "pooler", Level.NOTE, told)
    role, is_superuser = probe["role"], probe["is_superuser"]
    facts = {"role": role, "is_superuser": is_superuser}
    if is_superuser:
        yield Check(CONNECTION, "role", Level.NOTE, f"{role}, a superuser: no right stops it", facts=facts)
    else:
        yield Check(CONNECTION, "role", Level.FINE, role, facts=facts)


def _tls(spec: ConnSpec, link: Link) -> Check:
    if link.is_pooled or link.has_tls is None:
        return Check(CONNECTION, "TLS", Level.NOTE, "not known: only the server's own end can be asked")
    if link.has_tls:
        return Check(CONNECTION, "TLS", Level.FINE, link.tls_version or "on", facts={"tls": True})
    if spec.is_local:
        return Check(CONNECTION, "TLS", Level.FINE, "none: a Unix socket", facts={"tls": False})
    return Check(CONNECTION, "TLS", Level.NOTE, "none: everything crosses the network readably", facts={"tls": False})


def of_server(probe: Row, link: Link) -> Iterator[Check]:
    """Say what is particular about the server and its clock."""
    version = probe["version"]
    yield Check(SERVER, "PostgreSQL", Level.FINE, version, facts={"version": version})
    if probe["is_standby"]:
        yield Check(SERVER, "standby", Level.NOTE, "a standby: it can only be read", facts={"is_standby": True})
    yield _skew(link)
    if (fake := probe["fake_now"]) is not None:
        told = f"absurd.fake_now is set to {fake}: Absurd's functions go by it, and nothing is written from here"
        remedy = f"ALTER DATABASE {identifier(probe['database'])} RESET absurd.fake_now;  -- or where else it is set"
        yield Check(SERVER, "fake clock", Level.PROBLEM, told, remedy, {"fake_now": fake})


def _skew(link: Link) -> Check:
    ahead = "ahead of" if link.skew > 0 else "behind"
    told = f"{abs(link.skew):.1f}s {ahead} this machine's, within {link.within:.1f}s"
    is_skewed = abs(link.skew) - link.within > SKEWED
    facts = {"skew_seconds": round(link.skew, 3), "within_seconds": round(link.within, 3)}
    return Check(SERVER, "clock", Level.PROBLEM if is_skewed else Level.FINE, told, facts=facts)


def of_absence(spec: ConnSpec, probe: Row) -> Check | None:
    """Say what keeps everything else from being read, with its cure; None where nothing does."""
    database, role = probe["database"], probe["role"]
    if not probe["has_schema"]:
        told = f"there is no Absurd schema in database {database}"
        return Check(SCHEMA, "absurd", Level.PROBLEM, told, f"absurdctl init {spec.target}")
    if not probe["has_usage"]:
        told, remedy = (
            f"role {role} lacks USAGE on schema absurd",
            f"GRANT USAGE ON SCHEMA absurd TO {identifier(role)};",
        )
        return Check(SCHEMA, "absurd", Level.PROBLEM, told, remedy)
    if not probe["has_queues"]:
        told = "the schema absurd has no table queues"
        return Check(SCHEMA, "absurd", Level.PROBLEM, told, f"absurdctl init {spec.target}")
    if not probe["may_list"]:
        told, remedy = (
            f"role {role} may not read absurd.queues",
            f"GRANT SELECT ON absurd.queues TO {identifier(role)};",
        )
        return Check(SCHEMA, "absurd", Level.PROBLEM, told, remedy)
    return None


def of_schema(version: str | None, functions: Functions) -> Iterator[Check]:
    """Say which schema it is, what of it is missing, and which operations it knows."""
    yield _version(version)
    names = {function.name for function in functions}
    if missing := [name for name in _OF_WORKERS if name not in names]:
        told = f"incomplete: no {', '.join(missing)}"
        yield Check(SCHEMA, "functions", Level.PROBLEM, told, facts={"missing": missing})
    else:
        yield Check(SCHEMA, "functions", Level.FINE, "everything that workers call is there")
    for operation, needs in OPERATIONS.items():
        if unknown := unknown_function(functions, needs):
            yield Check(SCHEMA, operation, Level.NOTE, unknown.reason, facts={"wanted": str(needs.function)})


def _version(version: str | None) -> Check:
    facts = {"version": version, "known": KNOWN}
    if version is None:
        told = "the schema does not say its version, or failed to"
        return Check(SCHEMA, "version", Level.NOTE, told, facts=facts)
    if is_newer(version):
        return Check(SCHEMA, "version", Level.NOTE, f"{version}, newer than this program knows ({KNOWN})", facts=facts)
    return Check(SCHEMA, "version", Level.FINE, version, facts=facts)


def of_execute(role: str, functions: Functions) -> Sequence[Check]:
    """Say which functions of the operations the role may not execute."""
    lacking = {needs.function for needs in OPERATIONS.values() if functions.get(needs.function) is False}
    return [
        Check(
            SCHEMA,
            function.name,
            Level.NOTE,
            f"role {role} may not EXECUTE it",
            f"GRANT EXECUTE ON FUNCTION absurd.{function} TO {identifier(role)};",
        )
        for function in sorted(lacking, key=str)
    ]
