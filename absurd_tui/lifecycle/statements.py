"""The SQL of every call, by name.

Everything goes in and comes out as text, so that codecs of the connection's owner
on other types are never used. Functions, types and operators are schema-qualified:
a hostile search_path changes nothing here.
"""

from typing import Final


def _interval_columns(column: str) -> str:
    """Two columns: the interval's fields (year month day hour minute microsecond; NULL when infinite) and its text."""
    fields = ("year", "month", "day", "hour", "minute", "microseconds")
    parts = ", ".join(f"extract({field} from {column})::bigint" for field in fields)
    return (
        f"case when pg_catalog.isfinite({column}) then pg_catalog.concat_ws(' ', {parts}) end as {column}_fields, "
        f"{column}::pg_catalog.text as {column}_text"
    )


SPAWN: Final = """
    select task_id::pg_catalog.text, run_id::pg_catalog.text, attempt::pg_catalog.text, created::pg_catalog.text
      from absurd.spawn_task($1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text::pg_catalog.jsonb,
                             $4::pg_catalog.text::pg_catalog.jsonb)"""

CLAIM: Final = """
    select run_id::pg_catalog.text, task_id::pg_catalog.text, attempt::pg_catalog.text, task_name,
           params::pg_catalog.text, retry_strategy::pg_catalog.text, max_attempts::pg_catalog.text,
           headers::pg_catalog.text, wake_event, event_payload::pg_catalog.text
      from absurd.claim_task($1::pg_catalog.text, $2::pg_catalog.text,
                             $3::pg_catalog.text::integer, $4::pg_catalog.text::integer)"""

COMPLETE: Final = """
    select absurd.complete_run($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid,
                               $3::pg_catalog.text::pg_catalog.jsonb)"""

FAIL: Final = """
    select absurd.fail_run($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid,
                           $3::pg_catalog.text::pg_catalog.jsonb,
                           $4::pg_catalog.text::timestamp with time zone)"""

CANCEL: Final = """
    select absurd.cancel_task($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid)"""

RETRY: Final = """
    select task_id::pg_catalog.text, run_id::pg_catalog.text, attempt::pg_catalog.text, created::pg_catalog.text
      from absurd.retry_task($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid,
                             $3::pg_catalog.text::pg_catalog.jsonb)"""

EXTEND_CLAIM: Final = """
    select absurd.extend_claim($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid,
                               $3::pg_catalog.text::integer)"""

SCHEDULE_RUN: Final = """
    select absurd.schedule_run($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid,
               absurd.current_time() operator(pg_catalog.+)
               pg_catalog.make_interval(secs => $3::pg_catalog.text::double precision))"""

GET_RESULT: Final = """
    select state, result::pg_catalog.text, failure_reason::pg_catalog.text
      from absurd.get_task_result($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid)"""

EMIT_EVENT: Final = """
    select absurd.emit_event($1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text::pg_catalog.jsonb)"""

AWAIT_EVENT: Final = """
    select should_suspend::pg_catalog.text, payload::pg_catalog.text
      from absurd.await_event($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid,
                              $3::pg_catalog.text::pg_catalog.uuid, $4::pg_catalog.text, $5::pg_catalog.text,
                              $6::pg_catalog.text::integer)"""

SET_CHECKPOINT: Final = """
    select absurd.set_task_checkpoint_state($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid,
               $3::pg_catalog.text, $4::pg_catalog.text::pg_catalog.jsonb,
               $5::pg_catalog.text::pg_catalog.uuid, $6::pg_catalog.text::integer)"""

GET_CHECKPOINT: Final = """
    select checkpoint_name, state::pg_catalog.text, status, owner_run_id::pg_catalog.text,
           extract(epoch from updated_at)::double precision::pg_catalog.text as updated_at
      from absurd.get_task_checkpoint_state($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid,
                                            $3::pg_catalog.text, $4::pg_catalog.text::boolean)"""

GET_CHECKPOINTS: Final = """
    select checkpoint_name, state::pg_catalog.text, status, owner_run_id::pg_catalog.text,
           extract(epoch from updated_at)::double precision::pg_catalog.text as updated_at
      from absurd.get_task_checkpoint_states($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.uuid,
                                             $3::pg_catalog.text::pg_catalog.uuid)"""

CREATE_QUEUE: Final = "select absurd.create_queue($1::pg_catalog.text)"

CREATE_QUEUE_STORED_AS: Final = "select absurd.create_queue($1::pg_catalog.text, $2::pg_catalog.text)"

DROP_QUEUE: Final = "select absurd.drop_queue($1::pg_catalog.text)"

LIST_QUEUES: Final = "select queue_name from absurd.list_queues()"

GET_QUEUE_POLICY: Final = f"""
    select queue_name, storage_mode, default_partition, {_interval_columns("partition_lookahead")},
           {_interval_columns("partition_lookback")}, {_interval_columns("cleanup_ttl")},
           cleanup_limit::pg_catalog.text, detach_mode, {_interval_columns("detach_min_age")}
      from absurd.get_queue_policy($1::pg_catalog.text)"""

SET_QUEUE_POLICY: Final = """
    select absurd.set_queue_policy($1::pg_catalog.text, $2::pg_catalog.text::pg_catalog.jsonb)"""

CLEANUP_TASKS: Final = """
    select absurd.cleanup_tasks($1::pg_catalog.text,
               $2::pg_catalog.text::integer, $3::pg_catalog.text::integer)::pg_catalog.text as deleted"""

CLEANUP_EVENTS: Final = """
    select absurd.cleanup_events($1::pg_catalog.text,
               $2::pg_catalog.text::integer, $3::pg_catalog.text::integer)::pg_catalog.text as deleted"""

CLEANUP_ALL_QUEUES: Final = """
    select queue_name, tasks_deleted::pg_catalog.text, events_deleted::pg_catalog.text
      from absurd.cleanup_all_queues($1::pg_catalog.text)"""

GET_SCHEMA_VERSION: Final = "select absurd.get_schema_version() as version"

ENSURE_PARTITIONS: Final = "select absurd.ensure_partitions($1::pg_catalog.text)"

LIST_DETACH_CANDIDATES: Final = """
    select queue_name, parent_table, partition_table from absurd.list_detach_candidates($1::pg_catalog.text)"""

ENABLE_CRON: Final = """
    select job_name, job_id::pg_catalog.text
      from absurd.enable_cron($1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text, $4::pg_catalog.text)"""

DISABLE_CRON: Final = "select job_name, job_id::pg_catalog.text from absurd.disable_cron($1::pg_catalog.text)"
