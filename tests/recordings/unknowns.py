# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the product does not understand of a recording."""

from __future__ import annotations

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.codes import RETURN_CODES
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.envelopes import read_answer
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import NoAnswer
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.instances import Instance, read_instance
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.items import read_page

from tests.rehearse.recorded import scenario_of
from tests.simulator.recordings import MESSAGE, Recorded, Recording
from tests.simulator.wsman import describe

_BEGUN = (0, 4096)


def unknowns(recording: Recording) -> list[str]:
    """Return what cannot be read, and return values of the migration service that no table has."""
    found = [problem for one in recording.exchanges if one.answer and (problem := _unknown(one))]
    scenario_of(recording)
    return found


def _unknown(one: Recorded) -> str:
    asked = describe(one.request.encode("utf-8", "surrogateescape"))
    operation = asked.operation if asked else ""
    try:
        body = read_answer(one.answer.encode("utf-8", "surrogateescape"), MESSAGE)
        if operation in ("Enumerate", "Pull"):
            read_page(body)
        elif operation == "Get":
            read_instance(body)
        elif operation.startswith("Invoke ") and "Migra" in operation:
            return _unknown_value(operation, read_instance(body))
    except Fault as fault:
        return "" if fault.code or fault.subcode else f"{one.host}: {operation}: a fault without a code"
    except (NoAnswer, ValueError) as error:
        return f"{one.host}: {operation}: {error}"
    return ""


def _unknown_value(operation: str, output: Instance) -> str:
    value = output.integer("ReturnValue")
    is_known = value in (None, *_BEGUN) or value in RETURN_CODES
    return "" if is_known else f"{operation}: return value {value}"
