"""One PostgreSQL server for the whole run, and a fresh database with Absurd's schema for every test.

The server is started by the process that the user started (under xdist: the
controller). $ABSURD_TUI_TEST_DSN names a server to use instead; its role must be
allowed to create databases.
"""

import gc
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from absurd_server import SERVER, Database, Server
from hypothesis import HealthCheck, settings
from parsed_once import parse_style_sheets_once

from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.errors import CannotStart

BROUGHT = "ABSURD_TUI_TEST_DSN"
KEPT_VARIABLES = {BROUGHT, "ABSURD_TUI_PG_BIN"}
MEMORY = "/dev/shm"
ROOMY = 2 * 10**9
AS_EVER, RARELY = gc.get_threshold(), (20_000, 20, 20)
"""The garbage collector's thresholds. With Python's own it takes a quarter of the time of a test with a screen."""

COLOUR_VARIABLES = {"NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "COLUMNS", "LINES"}

# a shared machine is slow at times, and a promise about speed is for the benchmarks; the examples are the same each
# time, so that one run says what the next will say: --hypothesis-profile default looks for others
settings.register_profile(
    "suite", deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

parse_style_sheets_once()

# the user's own connection and colour settings must not decide what a test sees
for variable in {*os.environ} - KEPT_VARIABLES:
    if variable in COLOUR_VARIABLES or variable.startswith(("PG", "ABSURD_", "TEXTUAL_")):
        del os.environ[variable]


def memory_is_roomy() -> bool:
    """Is there a file system in memory that programs may be run from, with room for every server of the tests?"""
    if not os.access(MEMORY, os.W_OK):
        return False
    system = os.statvfs(MEMORY)
    return system.f_bavail * system.f_frsize > ROOMY and not system.f_flag & os.ST_NOEXEC


# a new database is 300 new files, which a disk makes five to twenty times more slowly
if "TMPDIR" not in os.environ and memory_is_roomy():
    os.environ["TMPDIR"] = MEMORY
    tempfile.tempdir = None


POSTGRES = pytest.StashKey[LocalPostgres]()
READY_AFTER = pytest.StashKey[float]()
SHARED = "absurd_test_server"


def pytest_configure(config: pytest.Config) -> None:
    handed_over = getattr(config, "workerinput", {}).get(SHARED)
    if handed_over:
        config.stash[SERVER] = Server(**handed_over)
    elif not config.option.collectonly:
        config.stash[SERVER] = _prepare(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    server = node.config.stash[SERVER]
    node.workerinput[SHARED] = {"admin_dsn": server.admin_dsn, "template": server.template, "strategy": server.strategy}


def pytest_collection_finish() -> None:
    """Have the garbage collector leave alone what has been loaded for good, and look less often through the rest."""
    _leave_alone_what_is_here()
    gc.set_threshold(*RARELY)


def pytest_report_header(config: pytest.Config) -> str | None:
    if READY_AFTER not in config.stash:
        return None
    return f"postgres: ready with Absurd's schema after {config.stash[READY_AFTER]:.2f} s"


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    if POSTGRES in config.stash:
        config.stash[POSTGRES].stop()
    elif SERVER in config.stash:
        config.stash[SERVER].drop_template()


@pytest.fixture
def collected_as_ever() -> Iterator[None]:
    """The garbage collector as it is in the program, for a test of how long something holds up all else.

    The program has nothing to look through that thousands of tests before it have left.
    """
    _leave_alone_what_is_here()
    gc.set_threshold(*AS_EVER)
    yield
    gc.set_threshold(*RARELY)


@pytest.fixture
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A fresh database with Absurd's schema, dropped afterwards."""
    async with request.config.stash[SERVER].fresh_database() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A database as `database`, for all tests of a module that only read it."""
    async with request.config.stash[SERVER].fresh_database() as made:
        yield made


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """An open connection to `database`."""
    connection = await asyncpg.connect(database.dsn)
    try:
        yield connection
    finally:
        await connection.close()


def _leave_alone_what_is_here() -> None:
    gc.collect()
    gc.freeze()


def _prepare(config: pytest.Config) -> Server:
    started = time.monotonic()
    if brought := os.environ.get(BROUGHT):
        # a server with fsync on copies files slowly: leave the strategy to it
        server = Server(brought, f"absurd_tui_template_{os.getpid()}", "")
    else:
        postgres = LocalPostgres()
        try:
            postgres.start()
        except CannotStart as error:
            raise pytest.UsageError(str(error)) from error
        config.stash[POSTGRES] = postgres
        server = Server(postgres.dsn(), "absurd_template", "STRATEGY file_copy")
    server.make_template()
    config.stash[READY_AFTER] = time.monotonic() - started
    return server
