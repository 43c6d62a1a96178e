# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The archive of a recording as a file that anybody may have made: what it lacks is said, and nothing is unpacked."""

from __future__ import annotations

import collections
import dataclasses
import json
import pathlib
import typing as t
import zipfile
import zlib
from collections.abc import Mapping, Sequence

from .scenario_reader import ScenarioError

FORMAT = 1
_MANIFEST, _TEXTS, _EXCHANGES = "manifest.json", "texts.jsonl", "exchanges.jsonl"
_MEMBERS = (_MANIFEST, _TEXTS, _EXCHANGES)
_OTHERS = ("README.txt", "review.txt")
# The recorder keeps 256 MB of texts; in JSON a letter of Japanese takes six bytes instead of one.
_MOST_BYTES = 2 * 1024 * 1024 * 1024
_AGAIN = "Ask for the file again, or record again; transfer it as a binary file."
# What zipfile raises at a damaged archive: also for a method of compression or a password that damage made up.
_BROKEN = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


@dataclasses.dataclass(frozen=True)
class Archive:
    """What is in an archive.

    Attributes:
        texts: requests and answers by their keys.
        exchanges: each with the keys of its texts; all have the keys of ``KEYS``.
    """

    manifest: Mapping[str, t.Any]
    texts: Mapping[str, str]
    exchanges: Sequence[Mapping[str, t.Any]]


KEYS = ("task", "host", "status", "seconds", "request", "context", "answer", "next_context", "error")


def read_archive(path: pathlib.Path) -> Archive:
    """Return what an archive holds. Raises ScenarioError, which names the file, what is wrong, and what to do."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(path, archive)
            texts = _lines(path, archive, _TEXTS, ("text", "content"))
            exchanges = _lines(path, archive, _EXCHANGES, KEYS)
    except FileNotFoundError as error:
        raise ScenarioError(f"{path} does not exist. Name the archive that record_cluster wrote") from error
    except zipfile.BadZipFile as error:
        raise ScenarioError(f"{path} is no ZIP file, or a part of one ({error}). {_AGAIN}") from error
    except _BROKEN as error:
        raise ScenarioError(f"{path} cannot be read: {error}. {_AGAIN}") from error
    found = {line["text"]: line["content"] for line in texts}
    missing = {one[key] for one in exchanges for key in ("request", "answer") if one[key]} - set(found)
    if missing:
        raise ScenarioError(f"{path}: {_TEXTS} lacks {len(missing)} texts that {_EXCHANGES} names. {_AGAIN}")
    return Archive(manifest, found, exchanges)


def _manifest(path: pathlib.Path, archive: zipfile.ZipFile) -> Mapping[str, t.Any]:
    """Return the manifest, once it is known that this version can read the rest. Raises ScenarioError."""
    names = collections.Counter(archive.namelist())
    twice = sorted(name for name, times in names.items() if times > 1)
    if twice:
        raise ScenarioError(f"{path} has {', '.join(twice)} more than once, as no recording has. {_AGAIN}")
    if _MANIFEST not in names:
        raise ScenarioError(
            f"{path} is no recording: it has no {_MANIFEST}. Name the archive that record_cluster wrote"
        )
    manifest = _json(path, _MANIFEST, _content(path, archive, _MANIFEST))
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise ScenarioError(f"{path} is no recording: its {_MANIFEST} names no format. {_AGAIN}")
    if manifest["format"] != FORMAT:
        raise ScenarioError(
            f"{path} has the format {manifest['format']!r:.40}, and this version reads {FORMAT}. Check out the version "
            "of the collection that wrote it, or a newer one"
        )
    strange = sorted(set(names) - {*_MEMBERS, *_OTHERS})
    lacking = [name for name in _MEMBERS if name not in names]
    if strange or lacking:
        said = [*(f"has {name!r:.80}" for name in strange[:1]), *(f"lacks {name}" for name in lacking)]
        raise ScenarioError(f"{path} is no recording as record_cluster writes it: it {' and '.join(said)}. {_AGAIN}")
    return manifest


def _lines(path: pathlib.Path, archive: zipfile.ZipFile, name: str, keys: Sequence[str]) -> list[dict[str, t.Any]]:
    found = []
    for number, line in enumerate(_content(path, archive, name).split("\n"), 1):
        if not line:
            continue
        content = _json(path, f"{name}, line {number}", line)
        if not isinstance(content, dict) or not set(keys) <= set(content):
            raise ScenarioError(f"{path}: {name}, line {number} lacks one of {', '.join(keys)}. {_AGAIN}")
        found.append(content)
    return found


def _content(path: pathlib.Path, archive: zipfile.ZipFile, name: str) -> str:
    size = archive.getinfo(name).file_size
    if size > _MOST_BYTES:
        raise ScenarioError(f"{path}: {name} would have {size} bytes, and a recording has {_MOST_BYTES} at most")
    try:
        return archive.read(name).decode()
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: {name} is not in UTF-8. {_AGAIN}") from error


def _json(path: pathlib.Path, where: str, text: str) -> t.Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScenarioError(f"{path}: {where} is no JSON ({error}). {_AGAIN}") from error
