# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The archive of a recording: exchanges without names, what they are of, and what a person should look at."""

from __future__ import annotations

import dataclasses
import io
import json
import random
import re
import typing as t
import zipfile
from collections.abc import Callable, Mapping, Sequence

from .exchanges import Exchange, Tape, key_of
from .rewriting import Rewriter, pseudonymous

FORMAT = 1
_PRODUCT = re.compile(r"<(?:\w+:)?ProductVersion>([^<]*)<")
_VERSION = re.compile(r"<(?:\w+:)?(?:Version|BuildNumber)>(\d[\d.]*)<")
_MOST_SENTENCES = 1000  # that are listed; the rest is counted
# Options of modules whose values no person has given.
_PUBLIC_OPTIONS = frozenset({"class_name", "format", "method", "namespace", "outcome", "properties", "state"})
_README = """\
A recording of a cluster by the collection hyperv.migration: requests, and what nodes answered.

manifest.json    what was recorded, and with what
exchanges.jsonl  each request in its order, with host, time and HTTP status; the texts are in the next file
texts.jsonl      requests and answers; names, addresses, GUIDs, SIDs and paths are pseudonyms
review.txt       what nobody could judge: please look at it before you give this file to anybody

In a checkout of the collection: make rehearse RECORDING=FILE, make doubts RECORDING=FILE
"""


@dataclasses.dataclass(frozen=True)
class Step:
    """One part of a recording: a module with its options, and the error that it ended with; empty for none.

    Attributes:
        was_read: it has read all that it wanted; an error is what it says of that.
    """

    task: str
    options: Mapping[str, t.Any]
    problem: str = ""
    was_read: bool = True


@dataclasses.dataclass(frozen=True)
class Packed:
    """What came of a recording.

    Attributes:
        content: the archive's bytes.
        names: each name that was found with its pseudonym, for the owner of the cluster alone.
        manifest: as in the archive.
        review: what a person should look at, line by line.
    """

    content: bytes
    names: Mapping[str, str]
    manifest: Mapping[str, t.Any]
    review: Sequence[str]
    rewriter: Rewriter


def pack(
    tape: Tape,
    steps: Sequence[Step],
    controller: Mapping[str, str],
    names: Sequence[str] = (),
    chance: random.Random | None = None,
) -> Packed:
    """Return the archive of what was recorded.

    Args:
        controller: versions of the libraries by name, and the connection plugins.
        names: further names that may be in texts.
    """
    hosts = sorted({exchange.host for exchange in tape.exchanges})
    given: list[str] = []  # of an option that no node knows, such as a VM that does not exist
    for step in steps:
        _options(step.options, given.append)
    rewriter = pseudonymous(tape.texts.values(), [*hosts, *names, *given], chance or random.SystemRandom())
    texts, keys = _rewritten(tape, rewriter)
    exchanges = [
        dataclasses.replace(
            one,
            host=rewriter.name(one.host),
            request=keys.get(one.request, ""),
            answer=keys.get(one.answer, ""),
            error=rewriter.sentence(one.error),
        )
        for one in tape.exchanges
    ]
    manifest = {
        "format": FORMAT,
        "controller": dict(controller),
        "hosts": [_host(host, exchanges, texts) for host in sorted({one.host for one in exchanges})],
        "steps": [_step(step, rewriter) for step in steps],
        "exchanges": len(exchanges),
        "left_out": tape.left_out,
    }
    review = _review(rewriter)
    files = {
        "README.txt": _README,
        "manifest.json": json.dumps(manifest, indent=1) + "\n",
        "exchanges.jsonl": "".join(json.dumps(dataclasses.asdict(one)) + "\n" for one in exchanges),
        "texts.jsonl": "".join(json.dumps({"text": key, "content": text}) + "\n" for key, text in texts.items()),
        "review.txt": "\n".join(review) + "\n",
    }
    return Packed(_zipped(files), rewriter.names(), manifest, review, rewriter)


def _rewritten(tape: Tape, rewriter: Rewriter) -> tuple[dict[str, str], dict[str, str]]:
    """Return the new texts by their keys, and the new key for each old one."""
    texts, keys = {}, {}
    for key, text in tape.texts.items():
        new = rewriter.rewrite(text)
        keys[key] = key_of(new)
        texts[keys[key]] = new
    return texts, keys


def _step(step: Step, rewriter: Rewriter) -> dict[str, t.Any]:
    return {
        "task": step.task,
        "options": _options(step.options, rewriter.name),
        "problem": rewriter.sentence(step.problem),
    }


def _options(value: t.Any, change: Callable[[str], t.Any], name: str = "") -> t.Any:
    """Return options of a module with everything changed that is not a word of the collection or of Windows."""
    if isinstance(value, Mapping):
        return {key: _options(one, change, key) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_options(one, change, name) for one in value]
    return change(value) if isinstance(value, str) and name not in _PUBLIC_OPTIONS else value


def _host(host: str, exchanges: Sequence[Exchange], texts: Mapping[str, str]) -> dict[str, t.Any]:
    own = [one for one in exchanges if one.host == host]
    answers = [(texts.get(one.request, ""), texts.get(one.answer, "")) for one in own]
    product = next((found[1] for unused, text in answers if (found := _PRODUCT.search(text))), "")
    windows = next(
        (found[1] for asked, text in answers if "Win32_OperatingSystem" in asked and (found := _VERSION.search(text))),
        "",
    )
    return {
        "host": host,
        "requests": len(own),
        "seconds": round(sum(one.seconds for one in own), 3),
        "winrm": product,
        "windows": windows,
        "server": next((one.headers["Server"] for one in own if "Server" in one.headers), ""),
        "content_type": next((one.headers["Content-Type"] for one in own if "Content-Type" in one.headers), ""),
    }


def _review(rewriter: Rewriter) -> list[str]:
    """Return what nobody could judge."""
    lines = ["Properties that no list knows. Their values were replaced; each with one of the pseudonyms:"]
    lines += [f"  {name}: {new}" for name, new in sorted(rewriter.guessed.items())] or ["  none"]
    lines += ["", "Properties with bytes in base64. Nobody looked into them, and they are as the node sent them:"]
    lines += [f"  {name}" for name in sorted(rewriter.untouched)] or ["  none"]
    lines += ["", "Sentences of Windows as they are in the archive. Is there a name that was not replaced?"]
    sentences = sorted({re.sub(r"\d+", "#", " ".join(one.split())) for one in rewriter.sentences})
    lines += [f"  {one}" for one in sentences[:_MOST_SENTENCES]] or ["  none"]
    if len(sentences) > _MOST_SENTENCES:
        lines.append(f"  and {len(sentences) - _MOST_SENTENCES} more in texts.jsonl")
    return lines


def _zipped(files: Mapping[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text.encode(), zipfile.ZIP_DEFLATED)
    return content.getvalue()
