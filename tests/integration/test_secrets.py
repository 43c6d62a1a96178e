# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No password and no key of a certificate is told: not on the screen at -vvvvv, nor in any file that a run leaves.

The files that hold the secrets because the user or the simulator has put them there lie in a folder of their own;
everything else that Ansible, ansible-runner and the collection write goes to another one, which is searched, its
temporary files also while the commands run.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import tempfile
import threading
from collections.abc import Iterator

import pytest

from tests.integration.awx_jobs import Controller
from tests.integration.commands import Ansible, Answer
from tests.integration.secured import KERBEROS_PASSWORD, PASSWORD, Secured, needs_kerberos, secured
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

LOUD = "-vvvvv"
WRONG = "Marked-Thr33-Passw0rd"
LOGINS = ["ntlm", "basic", "certificate", "credssp", pytest.param("kerberos", marks=needs_kerberos)]


@pytest.fixture(scope="module")
def cluster_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("secrets")) as written:
        yield written


@pytest.fixture(scope="module")
def simulator(cluster_files: Secured) -> Iterator[RunningCluster]:
    with running_cluster(cluster_files.scenario, cluster_files.folder) as cluster:
        yield cluster


class Traces:
    """The folder for all that the commands write, and what was found in it."""

    def __init__(self, folder: pathlib.Path, temporary: pathlib.Path, secrets: list[str]) -> None:
        self.folder = folder
        self.temporary = temporary
        self._secrets = [secret.encode() for secret in (*secrets, WRONG)]
        self.found: set[str] = set()
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._look_again, daemon=True)

    def __enter__(self) -> Traces:
        self._watch.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._stop.set()
        self._watch.join()

    def _look_again(self) -> None:
        while not self._stop.wait(0.02):
            self.look(self.temporary)

    def look(self, folder: pathlib.Path) -> int:
        """Search every file in ``folder``; return how many there were."""
        files = 0
        for path in folder.rglob("*"):
            try:
                content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
            except FileNotFoundError:  # it was a temporary one
                continue
            if content is not None:
                files += 1
                self.say(str(path), content)
        return files

    def say(self, where: str, content: bytes) -> None:
        """Keep ``where`` if there is a secret in ``content``."""
        if any(secret in content for secret in self._secrets):
            self.found.add(where)


@pytest.fixture
def traces(cluster_files: Secured, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Traces]:
    monkeypatch.setenv("HOME", str(tmp_path))
    # ansible-core 2.22 keeps a socket in it, and the path of a socket has 107 characters at most: unix(7).
    with tempfile.TemporaryDirectory() as name, Traces(tmp_path, pathlib.Path(name), cluster_files.secrets) as searched:
        monkeypatch.setenv("TMPDIR", name)
        yield searched
        assert searched.look(tmp_path) > 0
        searched.look(searched.temporary)
        assert searched.found == set()


@pytest.fixture
def loud(traces: Traces, simulator: RunningCluster, plugin: str) -> Ansible:
    """Commands whose log is a file in the folder that is searched."""
    ansible = Ansible(traces.folder, simulator.inventory, plugin)
    (traces.folder / "ansible.cfg").write_text(f"[defaults]\nlog_path = {traces.folder}/ansible.log\n")
    return ansible


def heard(traces: Traces, answer: Answer) -> Answer:
    traces.say(f"the output of a command: {answer.text}", answer.text.encode())
    return answer


@pytest.mark.over_psrp
@pytest.mark.parametrize("login", LOGINS)
def test_a_move_tells_no_secret(
    cluster: RunningCluster, loud: Ansible, cluster_files: Secured, plugin: str, traces: Traces, login: str
) -> None:
    sources = ["-i", cluster_files.inventory(login, plugin), LOUD]
    move = "name=web01 destination_host=NODE2 poll_interval=0.1"

    answers = [
        heard(traces, loud.ad_hoc("NODE1", "hyperv_vm_migrate", move, *sources)),
        heard(traces, loud.ad_hoc("NODE1", "hyperv_cim_info", "class_name=Msvm_ComputerSystem", *sources)),
    ]

    assert [answer.code for answer in answers] == [0, 0], answers
    assert "WS-Management requests sent to" in answers[0].text
    assert cluster.owners()["web01"] == "NODE2"


@pytest.mark.over_psrp
@pytest.mark.parametrize("login", [one for one in LOGINS if one != "certificate"])
def test_a_login_that_fails_tells_no_secret(
    cluster: RunningCluster, loud: Ansible, cluster_files: Secured, plugin: str, traces: Traces, login: str
) -> None:
    sources = ["-i", cluster_files.inventory(login, plugin, ansible_password=WRONG), LOUD]

    answer = heard(traces, loud.ad_hoc("NODE1", "hyperv_cluster_node_info", "", *sources))

    assert "NODE1 | UNREACHABLE!" in answer.text
    assert cluster.counters()["requests"] == {}


@pytest.mark.over_psrp
@pytest.mark.parametrize("login", ["ntlm", pytest.param("kerberos", marks=needs_kerberos)])
def test_a_maintenance_tells_no_secret(
    cluster: RunningCluster, loud: Ansible, cluster_files: Secured, plugin: str, traces: Traces, login: str
) -> None:
    ledger, report = traces.folder / "ledger.json", traces.folder / "report.html"
    sources = [*loud.sources, "-i", cluster_files.inventory(login, plugin), LOUD]
    out = {
        "evacuate_node_name": "NODE1",
        "evacuate_node_ledger_path": str(ledger),
        "evacuate_node_report_path": str(report),
        "evacuate_node_poll_interval": 0.1,
    }
    back = {"restore_node_ledger_path": str(ledger), "restore_node_poll_interval": 0.1}

    for playbook, settings in (("evacuate_node", out), ("restore_node", back)):
        command = ["ansible-playbook", *sources, f"hyperv.migration.{playbook}", "-e", json.dumps(settings)]
        answer = heard(traces, loud.run(*command))
        assert answer.code == 0, answer.text

    assert ledger.stat().st_size > 0
    assert report.stat().st_size > 0
    assert (traces.folder / "ansible.log").stat().st_size > 0


@pytest.mark.parametrize("login", ["ntlm", pytest.param("kerberos", marks=needs_kerberos)])
def test_a_job_of_awx_leaves_no_secret_in_its_artifacts(
    cluster: RunningCluster, cluster_files: Secured, plugin: str, traces: Traces, login: str
) -> None:
    inventory = cluster_files.folder / f"of_{login}_jobs_over_{plugin}"
    inventory.mkdir()
    shutil.copy(cluster.inventory, inventory / "1.yml")
    shutil.copy(cluster_files.inventory(login, plugin), inventory / "2.json")

    answers = {"evacuate_node_name": "NODE1", "evacuate_node_poll_interval": "0.1"}
    job = Controller(traces.folder, inventory).launch("evacuate_node", answers, LOUD)

    assert job.status == "successful", job.text
    traces.say("the output of the job", job.text.encode())
    traces.say("the events of the job", json.dumps(job.events, default=str).encode())
    assert list(traces.folder.glob("job*/artifacts/*/job_events/*.json"))


def test_the_search_finds_a_secret_where_there_is_one(cluster_files: Secured, tmp_path: pathlib.Path) -> None:
    searched = Traces(tmp_path, tmp_path, cluster_files.secrets)
    for number, secret in enumerate((PASSWORD, KERBEROS_PASSWORD, WRONG)):
        (tmp_path / str(number)).write_text(f"the password is {secret}")
    shutil.copy(cluster_files.key, tmp_path / "3")
    assert searched.look(tmp_path) == 4
    assert searched.found == {str(tmp_path / str(number)) for number in range(4)}
