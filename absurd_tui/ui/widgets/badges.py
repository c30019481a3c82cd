"""The badges of the header and of the verdict, and what each means in two sentences. Pure."""

from enum import Enum


class Badge(Enum):
    """A word that says what is out of the ordinary; its value is the word and the role of its text."""

    PRODUCTION = (" PRODUCTION ", "block-production")
    READ_ONLY = (" READ ONLY ", "reversed")
    STANDBY = (" STANDBY ", "reversed")
    FAKE_CLOCK = (" FAKE CLOCK ", "block-degraded")
    SUPERUSER = ("SUPERUSER", "caution")
    POOLED = ("via pooler", "muted")
    NEWER_SCHEMA = ("NEWER SCHEMA", "caution")
    CONNECTING = ("CONNECTING", "muted")
    LOST = ("LOST", "block-degraded")
    FROZEN = ("FROZEN", "block-unknown")
    STALE = ("STALE", "block-degraded")
    SLOWED = ("read less often", "warning")
    WELL = ("OK", "well")
    UNKNOWN = ("UNKNOWN", "block-unknown")

    @property
    def word(self) -> str:
        """What it is called."""
        return self.value[0]

    @property
    def role(self) -> str:
        """How it looks."""
        return self.value[1]


EXPLAINED_BADGES = {
    Badge.PRODUCTION: (
        "The program was started with --production. What cannot be undone is confirmed by typing the end of an id,"
        " a name or a number, never by one key."
    ),
    Badge.READ_ONLY: (
        "Nothing can be written from here: the program was started with --read-only, or is shown in a browser."
        " Keys that write keep their places and are struck through."
    ),
    Badge.STANDBY: (
        "This server only follows another one, and takes no writes until it is promoted. It may lag behind, so that"
        " what is shown need not be the newest."
    ),
    Badge.FAKE_CLOCK: (
        "The setting absurd.fake_now is there, so that Absurd's functions go by that time while ages and times left"
        " here go by the real clock. Nothing is written from here until it is gone."
    ),
    Badge.SUPERUSER: (
        "No grant and no row security holds for this role, so that a slip can do anything. A role of its own is safer:"
        " absurd-tui doctor --grants ROLE writes what it needs."
    ),
    Badge.POOLED: (
        "A pooler in transaction mode stands between, so that each transaction may run on another of the server's"
        " connections. Readings and writes are made for that and leave nothing there; only what bounds them is set"
        " anew each time."
    ),
    Badge.NEWER_SCHEMA: (
        "This Absurd is newer than the program knows, and is read as far as it is as known. A key writes only where"
        " the function that it calls has the arguments that are expected, which does not prove that it does the same."
    ),
    Badge.CONNECTING: (
        "The first connection is being made, and nothing has been read yet. That says nothing about the tasks."
    ),
    Badge.LOST: (
        "The last reading failed, for want of a connection or for a lock in its way, and all that is shown is from"
        " before. It is tried again by itself, R tries at once; it does not prove that workers cannot reach the"
        " database."
    ),
    Badge.FROZEN: (
        "f holds the screen still while reading goes on, and f lets it go. Dialogs and keys that write go by the"
        " newest reading, which may differ from what stands here."
    ),
    Badge.STALE: (
        "The connection lives, but no answer has come for that long: the database may be busy, or a lock is in the"
        " way. What has happened since is not known."
    ),
    Badge.SLOWED: (
        "A part of the readings, or all of them, costs the database so much that it is read less often than asked for."
        " C shows what each part costs."
    ),
    Badge.WELL: (
        "Nothing that is looked for is wrong in the queues that can be read. It does not know what the tasks should"
        " do, and a worker that holds no run is not seen at all."
    ),
    Badge.UNKNOWN: (
        "Nothing was read that could be judged: there is no answer, or no queue is readable. It neither proves that"
        " something is wrong nor that all is well."
    ),
}
"""What each badge means; of findings it is `absurd_tui.observe.finding.EXPLAINED`."""

SIGNS = (
    ("!", "before a queue: a finding is about it; 0 and ? explain it"),
    ("0  –", "none; not known"),
    ("9+", "at least so many: counting stops there, or a queue was not read"),
    ("~9", "counted on from an older count, and being recounted"),
    ("▲ 3 newer", "rows that came above the cursor; home goes there"),
    ("5 of 6 queues", "the others could not be read"),
    ("row security", "rules of the database hide rows from this role"),
    ("9/min by claim", "of what was claimed in the last minute so many attempts failed"),
    ("as of 14:02:40", "nothing was read since; what stands there is from then"),
)
"""What else is written beside numbers and rows, and what it means."""
