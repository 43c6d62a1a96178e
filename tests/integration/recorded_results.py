# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that modules say of a cluster, in one play, and the same texts with the pseudonyms of a recording."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import yaml

from tests.integration.commands import Ansible

Asks = Sequence[tuple[str, Mapping[str, t.Any]]]
# GUIDs, addresses of IPv4, and words.
_ADDRESSES = r"[\dA-Fa-f]{8}(?:-[\dA-Fa-f]{4}){3}-[\dA-Fa-f]{12}|\d+\.\d+\.\d+\.\d+"
_TOKENS = re.compile(rf"{_ADDRESSES}|[A-Za-z0-9]+|[^\W_A-Za-z0-9]+")
# Times of the run itself: the moment at which a state was made, or when a run began.
_NOW = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


class Renaming:
    """What replaced the names of a cluster, of the file beside the recording.

    Of sentences it replaces ``known`` names, GUIDs and addresses.
    """

    def __init__(self, names: Mapping[str, str], known: Iterable[str]) -> None:
        self._names = names
        self._tokens: dict[str, str] = {}
        for name, new in names.items():
            old_tokens, new_tokens = _TOKENS.findall(name), _TOKENS.findall(new)
            if len(old_tokens) == len(new_tokens):
                pairs = zip(old_tokens, new_tokens, strict=True)
                self._tokens |= {old.lower(): new.lower() for old, new in pairs if old.lower() != new.lower()}
        longest_first = sorted(known, key=len, reverse=True)
        written = "|".join([*(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])" for name in longest_first), _ADDRESSES])
        self._known = re.compile(written, re.IGNORECASE)

    def text(self, text: str) -> str:
        """Return a text of a result with pseudonyms."""
        return self._names.get(text) or self._known.sub(lambda found: _TOKENS.sub(self._token, found[0]), text)

    def value(self, value: t.Any) -> t.Any:
        """Return data with the pseudonyms in each of its texts."""
        if isinstance(value, Mapping):
            return {self._names.get(key, key): self.value(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.value(one) for one in value]
        return self.text(value) if isinstance(value, str) else value

    def _token(self, found: re.Match[str]) -> str:
        old = found[0]
        new = self._tokens.get(old.lower(), old)
        if len(new) != len(old) or old.count("-") == 4:
            return new.upper() if old == old.upper() else new
        return "".join(after.upper() if before.isupper() else after for before, after in zip(old, new, strict=True))


def names_in(scenario: Mapping[str, t.Any]) -> set[str]:
    """Return the names that a scenario gives, those of ``count`` VMs too."""
    cluster = scenario.get("cluster", {"name": "HVC1", "fqdn": "hvc1.corp.example"})  # hosts have its domain as well
    found = {cluster["name"], cluster["fqdn"], cluster["fqdn"].partition(".")[2]}
    for kind in ("nodes", "vms", "roles", "affinity_rules"):
        for one in scenario.get(kind, ()):
            numbers = range(1, one.get("count", 0) + 1)
            found |= {f"{one['name']}{number:02}" for number in numbers} or {one["name"]}
            found |= {*one.get("anti_affinity", ()), *one.get("fault_domain", ())}
            found |= {word for place in one.get("attachments", ()) for word in _TOKENS.findall(place["path"])}
    storage = scenario.get("storage", {})
    found |= {*storage.get("bad_disks", ()), *storage.get("redirected", ())}
    return found - {"Available Storage"}  # every cluster has it


def as_text(answer: t.Any) -> str:
    """Return an answer as text, without the time of day."""
    return _NOW.sub("NOW", json.dumps(answer, sort_keys=True, ensure_ascii=False, indent=1))


def asked(ansible: Ansible, home: str, asks: Asks, folder: pathlib.Path, recording: str = "") -> list[t.Any]:
    """Return what modules answer on the host ``home`` in one dry run, recorded to the folder ``recording`` if given."""
    results = folder / "results.json"
    tasks: list[dict[str, t.Any]] = [
        {f"hyperv.migration.{module}": dict(options), "register": f"answer_{number}", "ignore_errors": True}
        for number, (module, options) in enumerate(asks)
    ]
    answers = ", ".join(f"answer_{number}" for number in range(len(asks)))
    written = {"content": f"{{{{ [{answers}] | to_json }}}}", "dest": str(results)}
    tasks.append({"ansible.builtin.copy": written, "delegate_to": "localhost", "check_mode": False})
    play = folder / "asks.yml"
    play.write_text(yaml.safe_dump([{"hosts": home, "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    ended = ansible.run(
        "ansible-playbook", *ansible.sources, str(play), "--check", warns=True, HYPERV_MIGRATION_RECORDING=recording
    )
    assert ended.code == 0, ended.text
    return t.cast("list[t.Any]", json.loads(results.read_text(encoding="utf-8")))
