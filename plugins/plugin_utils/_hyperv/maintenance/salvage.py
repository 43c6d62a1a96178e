# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps at the end of a maintenance that are all to be taken, whichever of them fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..failure.errors import with_remedy
from ..failure.finding import full_stop
from ..migration.move_record import MoveRecord
from ..scheduling.move_results import cut_off
from . import wording
from .controller import Controller
from .observation import UNREADABLE


class Salvage:
    """Takes steps one after the other, and keeps what went wrong.

    Attributes:
        troubles: sentences for people.
        is_cut_off: the task's time limit has come.
    """

    def __init__(self, controller: Controller, take_new_sessions: Callable[[str], None]) -> None:
        """``take_new_sessions`` is called with the reason when the task is cut off."""
        self.troubles: list[str] = []
        self.is_cut_off = False
        self._controller = controller
        self._take_new_sessions = take_new_sessions

    def cut_off(self, error: BaseException) -> str:
        """Return why an exception cuts the task off, after what there is to do then; empty for any other."""
        why = self._controller.cut_off(error)
        if why:
            self.is_cut_off = True
            self._take_new_sessions(why)
        return why

    def explain(self, error: BaseException, what: str, records: Callable[[], Sequence[MoveRecord]]) -> str:
        """Return why ``what`` ends in the middle. Raises the error again where nothing more is to be done.

        ``records`` returns what became of its moves; it is called when those that were cut off were read again.
        """
        if isinstance(error, self._controller.gone):
            raise error
        why = self.cut_off(error)
        if why:
            return cut_off(why, list(records()))
        if isinstance(error, Exception):
            return wording.broke_off(what, error)
        raise error

    def attempt(self, step: Callable[[], None], trouble: str = "") -> None:
        """Take a step. ``trouble`` says what it means if it fails; where it is empty, that need not be said.

        Raises what ends the process.
        """
        try:
            step()
        except UNREADABLE as error:
            text = f"{trouble}: {full_stop(with_remedy(error))}"
            if trouble and text not in self.troubles:
                self.troubles.append(text)
        except BaseException as error:
            why = self.cut_off(error)
            if not why:
                raise
            self.troubles.append(full_stop(why))
