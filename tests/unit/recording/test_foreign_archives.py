# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An archive that is none, or not a whole one, is refused in one sentence with what to do; nothing is unpacked."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import typing as t
import zipfile

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.archive import pack
from ansible_collections.hyperv.migration.plugins.plugin_utils._recording.exchanges import Exchange, Tape

from tests.simulator.recordings import read_recording
from tests.simulator.scenario_reader import ScenarioError

ONE = Exchange("m", "NODE1", 0.0, 0.1, 200, {}, "asked", "", "told", "", "")
ROOT = pathlib.Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return an archive as the collection writes it."""
    found = tmp_path / "recording.zip"
    texts = {"asked": "<a>x</a>", "told": "<b>" + "y" * 3000 + "</b>"}
    found.write_bytes(pack(Tape(texts, [ONE]), [], {}).content)
    assert len(read_recording(found).exchanges) == 1
    return found


def changed(path: pathlib.Path, **members: str | None) -> None:
    """Write members of the archive anew, or without those that are None."""
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name).decode() for name in archive.namelist()}
    kept |= {name.replace("__", "."): text for name, text in members.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in kept.items():
            if text is not None:
                archive.writestr(name, text)


def refused(path: pathlib.Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        read_recording(path)
    told = str(caught.value)
    assert str(path) in told
    assert "\n" not in told
    return told


@pytest.mark.parametrize("size", [0, 10, 200, -30])
def test_a_part_of_an_archive(path: pathlib.Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])
    assert "transfer it as a binary file" in refused(path)


def test_an_archive_with_bytes_of_another(path: pathlib.Path) -> None:
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo("texts.jsonl").header_offset + 60
    content = bytearray(path.read_bytes())
    content[place : place + 8] = bytes(8)
    path.write_bytes(content)
    assert "transfer it as a binary file" in refused(path)


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x03\x04 and no more", b"\x1f\x8b\x08"])
def test_what_is_no_archive(path: pathlib.Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "is no ZIP file" in refused(path)


def test_what_is_not_there_or_a_folder(tmp_path: pathlib.Path) -> None:
    assert "does not exist. Name the archive that record_cluster wrote" in refused(tmp_path / "missing.zip")
    assert "Is a directory" in refused(tmp_path)


@pytest.mark.parametrize("form", [2, "1", None, [1] * 100])
def test_another_format_is_named_before_anything_else_is_read(path: pathlib.Path, form: t.Any) -> None:
    changed(path, manifest__json=json.dumps({"format": form}), texts__jsonl=None)
    told = refused(path)
    assert f"the format {form!r:.40}, and this version reads 1" in told
    assert "Check out the version" in told


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt", "..\\outside.txt", "manifest.json/x", "other.txt"])
def test_a_member_that_no_recording_has(path: pathlib.Path, name: str) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), "harmless")
    assert "outside" in refused(path) or name in refused(path)
    assert [one.name for one in path.parent.iterdir()] == ["recording.zip"]
    assert not (path.parents[1] / "outside.txt").exists()


def test_two_manifests(path: pathlib.Path) -> None:
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("manifest.json", json.dumps({"format": 1}))
    assert "manifest.json more than once" in refused(path)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"manifest__json": None}, "no manifest.json"),
        ({"manifest__json": "[]"}, "names no format"),
        ({"manifest__json": "{"}, "manifest.json is no JSON"),
        ({"manifest__json": "[" * 100000}, "manifest.json is no JSON"),
        ({"texts__jsonl": None}, "lacks texts.jsonl"),
        ({"exchanges__jsonl": None}, "lacks exchanges.jsonl"),
        ({"exchanges__jsonl": "{}\n"}, "exchanges.jsonl, line 1 lacks one of task, host"),
        ({"exchanges__jsonl": '\n"x"\n'}, "exchanges.jsonl, line 2 lacks one of task, host"),
        ({"texts__jsonl": "{\n"}, "texts.jsonl, line 1 is no JSON"),
        ({"texts__jsonl": ""}, "texts.jsonl lacks 2 texts"),
    ],
)
def test_a_recording_that_is_not_whole(path: pathlib.Path, members: dict[str, str | None], said: str) -> None:
    changed(path, **members)
    assert said in refused(path)


@pytest.mark.parametrize("program", [("tests.rehearse", "--recording"), ("tests.doubts",)])
def test_the_commands_say_it_in_one_line(path: pathlib.Path, program: tuple[str, ...]) -> None:
    path.write_bytes(path.read_bytes()[:200])
    command = [sys.executable, "-m", *program, str(path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert "is no ZIP file" in ended.stderr
