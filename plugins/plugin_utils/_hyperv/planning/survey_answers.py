# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists as people write them: as data, or as the one text of a survey's answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..._hostnames import first_label
from ..failure.errors import HyperVError
from .strategies import STRATEGIES, Strategy, read_strategies


def read_names(answer: object, option: str) -> tuple[str, ...]:
    """Return names given as a list, or as text with commas, semicolons, blanks or line breaks between them.

    Raises HyperVError naming ``option`` for anything else.
    """
    if answer is None:
        return ()
    if isinstance(answer, str):
        return tuple(re.findall(r"[^\s,;]+", answer))
    if isinstance(answer, (list, tuple)) and all(isinstance(name, str) and name.strip() for name in answer):
        return tuple(name.strip() for name in answer)
    raise HyperVError(
        f"{option} is {answer!r}, which is neither a list of names nor a text. Give names with commas between them."
    )


def read_strategy_list(answer: object, option: str = "strategies") -> tuple[Strategy, ...]:
    """Return strategies given as a list of ``{vm, strategy}``, or as text ``VM=STRATEGY`` with commas or line breaks.

    A name in a text may hold blanks. Raises HyperVError naming ``option`` for anything else.
    """
    if answer is None:
        return ()
    if isinstance(answer, str):
        return read_strategies([_pair(entry, option) for entry in re.split(r"[,;\n]", answer) if entry.strip()])
    if isinstance(answer, (list, tuple)):
        return read_strategies([_entry(entry, option) for entry in answer])
    raise HyperVError(f"{option} is {answer!r}, which is neither a list nor a text. Give text such as web*=shutdown.")


def read_link_rates(written: Mapping[str, object]) -> dict[str, int]:
    """Return the MB a second of each node's link, by the first label of its name.

    Raises HyperVError for what is no such number.
    """
    rates = {}
    for node, rate in written.items():
        if not str(rate).isdecimal() or not int(str(rate)):
            raise HyperVError(
                f"link_rates has {rate!r} for {node}. Give whole MB a second, such as 1200 for 10 Gbit/s."
            )
        rates[first_label(str(node).strip())] = int(str(rate))
    return rates


def _pair(entry: str, option: str) -> Mapping[str, str]:
    vm, sign, strategy = (part.strip() for part in entry.partition("="))
    if not sign or not vm or not strategy or "=" in strategy:
        raise HyperVError(
            f"{option} holds {entry.strip()!r}. As text it is VM=STRATEGY, with commas or line breaks between entries; "
            f"a strategy is one of {', '.join(STRATEGIES)}."
        )
    return {"vm": vm, "strategy": strategy}


def _entry(entry: object, option: str) -> Mapping[str, object]:
    if isinstance(entry, Mapping) and {"vm", "strategy"} == set(entry):
        return entry
    raise HyperVError(f"{option} holds {entry!r}. Each entry has vm and strategy, such as vm: web*, strategy: stay.")
