"""What befalls the program, one at a time, each with what it was in words. All of it is over when the call returns."""

import os
import signal
import time
from collections.abc import Callable
from random import Random

import psycopg
from psycopg import sql
from soak.stage import OURS, QUEUES, Stage, table

Misfortune = Callable[[Stage, Random], str]

HOSTILE = ("\x1b]52;c;UFdORUQ=\x07", "[@click=app.quit]x[/]", "\x9b2J\x85\u202e", "a" + "\u0301" * 60, "x" * 5_000)
FLOOD, BATCH = 3_000, 500
MOST_QUEUES = 12
_SPAWN = """
select count(*) from generate_series(1, %s) n, lateral absurd.spawn_task(%s, %s, jsonb_build_object('number', n))
"""
_ALTERED = "select pg_get_functiondef(p.oid) from pg_proc p where p.pronamespace = 'absurd'::regnamespace"


def restarted_fast(stage: Stage, random: Random) -> str:
    return _restarted(stage, random, at_once=False)


def restarted_after_a_crash(stage: Stage, random: Random) -> str:
    return _restarted(stage, random, at_once=True)


def _restarted(stage: Stage, random: Random, *, at_once: bool) -> str:
    away = random.uniform(0, 4)
    stage.stop(at_once=at_once)
    time.sleep(away)
    stage.postgres.start()
    return f"the server was {'killed' if at_once else 'stopped'}, and started {away:.1f} s later"


def silent(stage: Stage, random: Random) -> str:
    seconds = random.uniform(1, 12)
    stage.proxy.swallow()
    stage.silenced_until = time.monotonic() + seconds
    time.sleep(seconds)
    stage.proxy.heal()
    return f"the network swallowed everything for {seconds:.1f} s and then delivered it"


def reset(stage: Stage, random: Random) -> str:
    number = random.randint(1, 4)
    for _ in range(number):
        stage.proxy.reset()
        time.sleep(random.uniform(0.1, 1.5))
    return f"the connections were reset {number} times"


def paused(stage: Stage, random: Random) -> str:
    seconds, pids = random.uniform(0.5, 8), stage.backends()
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        if number is signal.SIGSTOP:
            time.sleep(seconds)
    return f"the program's backends stood still for {seconds:.1f} s"


def ended(stage: Stage, random: Random) -> str:
    number = random.randint(1, 3)
    for _ in range(number):
        with stage.connected() as connection:
            connection.execute(f"select pg_terminate_backend(pid) {OURS}")
        time.sleep(random.uniform(0.1, 2))
    return f"the program's backends were ended {number} times"


def altered(stage: Stage, random: Random) -> str:
    queue, column = random.choice(stage.queues()), f"added_{random.randrange(10**6)}"
    told = []
    with stage.connected() as connection:
        for prefix in random.sample("tre", 2):
            name = table(queue, prefix)
            connection.execute(
                sql.SQL("alter table {} add column {} int default 7").format(name, sql.Identifier(column))
            )
            if random.random() < 0.5:
                connection.execute(sql.SQL("alter table {} drop column {}").format(name, sql.Identifier(column)))
            told.append(f"{prefix}_{queue}")
    return f"a column was added to {told!r}"


def made_anew(stage: Stage, random: Random) -> str:
    queue, pause = random.choice(QUEUES), random.uniform(0, 4)
    stage.drop_queue(queue)
    time.sleep(pause)
    stage.create_queue(queue)
    return f"queue {queue!r} was dropped, and made anew {pause:.1f} s later"


def more_queues(stage: Stage, random: Random) -> str:
    there = [name for name in stage.queues() if name not in QUEUES]
    if len(there) >= MOST_QUEUES - len(QUEUES):
        stage.drop_queue(gone := random.choice(there))
        return f"queue {gone!r} was dropped"
    name = random.choice(("plain", "[/]", "\x1b[2J", "new\nline", "日本")) + str(random.randrange(1000))
    if name not in there:
        stage.create_queue(name)
    return f"queue {name!r} was created"


def functions_replaced(stage: Stage, random: Random) -> str:
    with stage.connected() as connection:
        functions = [text for (text,) in connection.execute(_ALTERED)]
        for text in random.sample(functions, 10):
            connection.execute(text)
    return "10 functions of Absurd were replaced by what they were"


def flooded(stage: Stage, random: Random) -> str:
    queue, names = random.choice(stage.queues()), random.sample(HOSTILE, 3)
    with stage.connected() as connection:
        for _ in range(FLOOD // BATCH):
            connection.execute(_SPAWN, (BATCH, queue, random.choice(names)))
    return f"{FLOOD} tasks with hostile names were spawned in {queue!r}"


def locked(stage: Stage, random: Random) -> str:
    queue, seconds = random.choice(stage.queues()), random.uniform(0.3, 7)
    prefix = random.choice("trw")
    with stage.connected() as connection, connection.transaction():
        connection.execute(sql.SQL("lock table {} in access exclusive mode").format(table(queue, prefix)))
        time.sleep(seconds)
    return f"{prefix}_{queue!r} was locked for {seconds:.1f} s"


def cleaned_up(stage: Stage, random: Random) -> str:
    queue, ttl = random.choice(stage.queues()), random.choice((0, 5, 60))
    with stage.connected() as connection:
        row = connection.execute("select absurd.cleanup_tasks(%s, %s, 2000)", (queue, ttl)).fetchone()
    return f"{row[0] if row else 0} ended tasks of {queue!r} were deleted"


def cancelled(stage: Stage, random: Random) -> str:
    queue, share = random.choice(stage.queues()), random.choice((0.1, 1.0))
    found = sql.SQL("select task_id from {} where state in ('pending', 'running', 'sleeping')").format(table(queue))
    number = 0
    with stage.connected() as connection:
        for (task,) in connection.execute(found).fetchall():
            if random.random() < share:
                connection.execute("select absurd.cancel_task(%s, %s)", (queue, task))
                number += 1
    return f"{number} tasks of {queue!r} were cancelled"


def at_rest(stage: Stage, random: Random) -> str:
    seconds = random.uniform(2, 8)
    stage.signal_workers(signal.SIGSTOP)
    time.sleep(seconds)
    stage.signal_workers(signal.SIGCONT)
    return f"the workers stood still for {seconds:.1f} s"


MISFORTUNES: tuple[Misfortune, ...] = (
    restarted_fast,
    restarted_after_a_crash,
    silent,
    reset,
    paused,
    ended,
    altered,
    made_anew,
    more_queues,
    functions_replaced,
    flooded,
    locked,
    cleaned_up,
    cancelled,
    at_rest,
)

HOLDING_UP = frozenset({restarted_fast, restarted_after_a_crash, silent, reset, paused, ended, locked})
"""Those that a reading may have to wait for; the others make nothing older than it is."""


def befall(stage: Stage, misfortune: Misfortune, random: Random) -> str:
    """Let it happen. Where it comes to nothing, because a worker held what it needed, that is what is told."""
    try:
        return misfortune(stage, random)
    except psycopg.Error as error:
        return f"{misfortune.__name__} came to nothing: {str(error).splitlines()[0]}"
