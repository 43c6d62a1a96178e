# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two builds side by side: in turn, pair by pair, against their targets."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator, Mapping

import pytest

from tests.bench import against, cases
from tests.bench.builds import Build
from tests.bench.cases import Lacks
from tests.bench.pairs import Compared, Target

OLD, NEW = Build("0ldbu1ld", pathlib.Path("/old")), Build("here", pathlib.Path("/new"))
HALF = Target(0.5, is_ratio=True)


@pytest.mark.parametrize(
    ("before", "here", "target", "met"),
    [
        ((4, 4, 4), (2, 2, 3), HALF, True),  # the median of the pairs counts
        ((4, 4, 4), (2, 3, 3), HALF, False),
        ((4, 8), (2, 4), HALF, True),  # of each pair, whatever the machine did meanwhile
        ((), (2,), HALF, None),
        ((0, 0), (2, 2), HALF, None),
        ((), (2,), Target(2), True),
        ((9,), (2.1,), Target(2), False),
        ((), (99,), Target(99, at_least=True), True),
        ((), (98.9,), Target(99, at_least=True), False),
        ((4,), (400,), None, None),
    ],
)
def test_a_target_is_met_or_missed_or_not_to_be_told(
    before: tuple[float, ...], here: tuple[float, ...], target: Target | None, met: bool | None
) -> None:
    assert Compared("a case", before, here, target=target).is_met is met


def test_the_row_shows_both_medians_the_ratio_and_its_spread() -> None:
    row = Compared("a case", (4, 10, 6), (1, 5, 3), "s", HALF)
    assert row.cells() == ("a case", "6 s", "3 s", "0.5 x", "0.25 to 0.5", "<= 0.5 x", "yes")


def test_what_the_other_build_lacks_is_told_of_this_one_alone() -> None:
    row = Compared("a case", (), (1, 5, 3), "s", Target(2))
    assert row.cells() == ("a case", "lacks it", "3 s", "", "1 to 5", "<= 2", "NO")


def with_case(monkeypatch: pytest.MonkeyPatch, answers: Mapping[Build, object]) -> list[Build]:
    """Let a case "made up" answer each build so; return the list of the builds that are measured."""
    measured: list[Build] = []

    def measure(build: Build) -> Mapping[str, float]:
        measured.append(build)
        answer = answers[build]
        if isinstance(answer, Exception):
            raise answer
        return {"seconds": float(str(answer))}

    @contextlib.contextmanager
    def made_up() -> Iterator[cases.Case]:
        yield measure

    monkeypatch.setattr(against, "CASES", {"made up": made_up})
    return measured


def test_both_builds_are_measured_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = with_case(monkeypatch, {OLD: 4, NEW: 1})
    (compared,) = against.compare("made up", OLD, NEW, 3)
    assert measured == [OLD, NEW] * 3
    assert (compared.before, compared.here) == ([4, 4, 4], [1, 1, 1])


def test_a_build_that_lacks_the_case_is_asked_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = with_case(monkeypatch, {OLD: Lacks("No module named tests.bench.edge"), NEW: 1})
    (compared,) = against.compare("made up", OLD, NEW, 2)
    assert measured == [OLD, NEW, NEW]
    assert (compared.before, compared.here) == ((), [1, 1])
    assert "0ldbu1ld lacks the case made up: No module named tests.bench.edge" in capsys.readouterr().err


def test_a_case_that_fails_here_is_no_gap_of_the_other_build(monkeypatch: pytest.MonkeyPatch) -> None:
    with_case(monkeypatch, {OLD: 4, NEW: Lacks("it broke")})
    with pytest.raises(Lacks, match="it broke"):
        against.compare("made up", OLD, NEW, 1)


@pytest.mark.parametrize(("limit", "code"), [(0.5, 0), (0.1, 1)])
def test_the_exit_code_tells_of_a_missed_target(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, limit: float, code: int
) -> None:
    with_case(monkeypatch, {OLD: 4, NEW: 1})
    monkeypatch.setattr(against, "build_of", lambda commit: OLD)
    monkeypatch.setattr(against, "this_build", lambda: NEW)
    monkeypatch.setattr(against, "TARGETS", {"seconds": Target(limit, is_ratio=True)})
    assert against.main(["0ldbu1ld", "--pairs", "1", "--output", str(tmp_path / "bench.json")]) == code
    assert (tmp_path / "bench.json").is_file()
