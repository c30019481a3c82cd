"""The part of the app that takes a document out of it whole, however large: into the pager, or into a file."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from textual.app import App

from absurd_tui import units
from absurd_tui.database.faults import sentence
from absurd_tui.observe.slices import DocumentAt, NotWhole, Slice, document_at, payload_at
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.json_stream import JsonStream
from absurd_tui.ui.pager import NoPager, pager_command, show_in_pager
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.screens.payload import PayloadScreen
from absurd_tui.ui.screens.reading import ReadingScreen
from absurd_tui.ui.screens.task import TaskScreen
from absurd_tui.ui.sides import Source
from absurd_tui.ui.watch import Watch

PAGER, FILE = "pager", "to file"
_FOLDER = "absurd-tui-"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A document that a screen shows, and how a file of it is called: by its kind and an id, never by a name."""

    asker: TaskScreen | PayloadScreen
    document: DocumentAt
    file_name: str


class TakesOut(App[int]):
    """What of the app takes documents out; `_folder` is where files go, None for a new one each time."""

    _source: Source
    _watch: Watch
    _folder: Path | None
    _is_taking = False

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        raise NotImplementedError

    def action_take_out(self, where: str) -> None:
        """Take the document that is shown out, or say why not."""
        screen = self.screen
        if not isinstance(screen, ActingScreen | ReadingScreen):
            return
        wanted = _wanted(screen)
        if wanted is None:
            screen.say(plain(f"{where}: there is no such document."))
        elif self._is_taking:
            screen.say(plain(f"{where}: another document is being read; leaving its page stops that."))
        elif not self._watch.is_live:
            screen.say(plain(f"{where}: there is no connection."))
        elif where == PAGER and (self.is_web or self._watch.is_read_only):
            screen.say(plain("pager: read only; a pager can run other programs. :to-file writes a file."))
        elif self.is_web:
            screen.say(plain("to file: there is no file of yours where this runs."))
        else:
            self._is_taking = True
            self._begin(self._take_out(wanted, where))

    async def _take_out(self, wanted: _Wanted, where: str) -> None:
        try:
            said = await (self._page(wanted) if where == PAGER else self._write(wanted))
        except NoPager as error:
            said = say("pager: {why}.", why=str(error))
        except NotWhole as error:
            said = say("{where}: {why}; nothing of it is kept.", where=where, why=str(error))
        except OSError as error:
            said = say("{where}: {why}; nothing of it is kept.", where=where, why=error.strerror or str(error))
        except Exception as error:
            said = say("{where}: {why}", where=where, why=sentence(error))
        finally:
            self._is_taking = False
        if wanted.asker.is_attached:
            wanted.asker.say(said)

    async def _page(self, wanted: _Wanted) -> Plain:
        command = pager_command(os.environ)
        folder = Path(tempfile.mkdtemp(prefix=_FOLDER))
        try:
            path = folder / wanted.file_name
            stream = JsonStream(is_ascii=self._watch.is_ascii)
            if not await self._fill(wanted, _created(path), stream):
                return Plain("")
            if self.screen is not wanted.asker:
                return plain("pager: its page was covered meanwhile; O begins again.")
            return await show_in_pager(self, command, path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _write(self, wanted: _Wanted) -> Plain:
        folder = self._folder or Path(tempfile.mkdtemp(prefix=_FOLDER))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = _created(folder / wanted.file_name)
        made = os.fstat(file.fileno())
        is_whole = False
        try:
            is_whole = await self._fill(wanted, file, None)
        finally:
            if not is_whole:
                _remove(file.name)
        if is_whole and not _is_there(file.name, made):
            raise OSError("the file was taken away meanwhile")
        return say("Written as it is stored: {path}", path=file.name) if is_whole else Plain("")

    async def _fill(self, wanted: _Wanted, file: TextIO, stream: JsonStream | None) -> bool:
        """Read a document into a file, laid out where it is for a pager; False where nobody looks at it any more."""
        with file:
            async for piece in self._source.slices(wanted.document):
                if not wanted.asker.is_attached:
                    return False
                await asyncio.to_thread(_add, file, stream, piece.text)
                wanted.asker.say(_progress(piece))
            if stream is not None:
                file.write(stream.end())
        return True


def _wanted(screen: ActingScreen | ReadingScreen[Any]) -> _Wanted | None:
    if isinstance(screen, TaskScreen) and (part := screen.shown_part) is not None:
        document = document_at(screen.queue, screen.task_id, part)
        of = document.names[-1] if document.kind == "failure" else screen.task_id
        return _Wanted(screen, document, f"{document.kind}-{of}.json")
    if isinstance(screen, PayloadScreen) and screen.found is not None and screen.found.text is not None:
        return _Wanted(screen, payload_at(screen.question.queue, screen.question.name), "payload.json")
    return None


def _created(path: Path) -> TextIO:
    """Make a new file that nobody else may read; where there is one of its name, under the next one."""
    number = 1
    while True:
        beside = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        try:
            return open(beside, "x", encoding="utf-8", errors="replace", newline="", opener=_for_its_owner)
        except FileExistsError:
            number += 1


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _is_there(path: str, made: os.stat_result) -> bool:
    """Whether what bears this name is the file that was made."""
    try:
        return os.path.samestat(os.lstat(path), made)
    except OSError:
        return False


def _remove(path: str) -> None:
    with suppress(OSError):
        Path(path).unlink()


def _add(file: TextIO, stream: JsonStream | None, text: str) -> None:
    file.write(text if stream is None else stream.feed(text))


def _progress(piece: Slice) -> Plain:
    if piece.read >= piece.characters:
        return Plain("")
    read, all_of_it = units.size(piece.read), units.size(piece.characters)
    return say("Reading it whole: {read} of {all}. esc leaves, and stops it.", read=read, all=all_of_it)
