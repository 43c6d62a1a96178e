# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Job templates and workflows for AWX: what awx.awx takes, what AWX demands of a survey, and what the roles know."""

from __future__ import annotations

import pathlib
import typing as t
from collections.abc import Iterator, Mapping

import pytest
import yaml

from tests.running_cluster import ROOT

AWX = ROOT / "extensions" / "awx"
TEMPLATES: dict[str, t.Any] = yaml.safe_load((AWX / "templates.yml").read_text(encoding="utf-8"))
JOBS: dict[str, dict[str, t.Any]] = {job["name"]: job for job in TEMPLATES["controller_templates"]}
WORKFLOWS: dict[str, dict[str, t.Any]] = {flow["name"]: flow for flow in TEMPLATES["controller_workflows"]}

# Source: https://github.com/ansible/awx, awx_collection/plugins/modules/job_template.py, argument_spec.
JOB_TEMPLATE = {
    *("name", "description", "organization", "job_type", "inventory", "project", "playbook", "credentials"),
    *("execution_environment", "instance_groups", "forks", "limit", "verbosity", "extra_vars", "job_tags", "timeout"),
    *("ask_diff_mode_on_launch", "ask_variables_on_launch", "ask_limit_on_launch", "ask_tags_on_launch"),
    *("ask_job_type_on_launch", "ask_verbosity_on_launch", "ask_inventory_on_launch", "ask_credential_on_launch"),
    *("ask_execution_environment_on_launch", "ask_forks_on_launch", "ask_instance_groups_on_launch"),
    *("ask_job_slice_count_on_launch", "ask_labels_on_launch", "ask_timeout_on_launch", "survey_enabled"),
    *("survey_spec", "diff_mode", "allow_simultaneous", "job_slice_count", "labels", "state"),
}
# Source: the same, workflow_job_template.py, argument_spec and the suboptions of workflow_nodes.
WORKFLOW = {
    *("name", "description", "organization", "inventory", "limit", "extra_vars", "survey_enabled", "survey_spec"),
    *("allow_simultaneous", "ask_variables_on_launch", "ask_inventory_on_launch", "ask_limit_on_launch", "state"),
    *("ask_labels_on_launch", "ask_tags_on_launch", "labels", "workflow_nodes", "destroy_current_nodes"),
}
NODE = {
    *("identifier", "unified_job_template", "job_type", "related", "extra_data", "inventory", "limit", "forks"),
    *("all_parents_must_converge", "job_slice_count", "timeout", "diff_mode", "verbosity", "state"),
}
# Source: https://github.com/ansible/awx, awx/api/views/__init__.py, JobTemplateSurveySpec._validate_spec_data.
QUESTION = {"question_name", "variable", "type", "required"}
QUESTION_MAY = {"question_description", "default", "min", "max", "choices"}
TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "textarea": (str,),
    "multiplechoice": (str,),
    "integer": (int,),
    "float": (float, int),
}


def surveys() -> list[t.Any]:
    return [pytest.param(one["survey_spec"], id=name) for name, one in (JOBS | WORKFLOWS).items()]


def options(role: str) -> dict[str, t.Any]:
    file = ROOT / "roles" / role / "meta" / "argument_specs.yml"
    known: dict[str, t.Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    return known


KNOWN = {
    **{
        name: option
        for role in ("evacuate_node", "restore_node", "rolling_maintenance")
        for name, option in options(role).items()
    },
    "rolling_maintenance_hosts": {"type": "str", "default": "hyperv_nodes"},  # of the playbook
}


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_template_is_what_awx_takes_and_a_dry_run_by_default(job: Mapping[str, t.Any]) -> None:
    assert set(job) <= JOB_TEMPLATE
    assert (job["job_type"], job["ask_job_type_on_launch"]) == ("check", True)
    assert set(job.get("extra_vars", {})) <= set(KNOWN)


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_the_playbook_of_a_job_template_is_one_of_the_collection(job: Mapping[str, t.Any]) -> None:
    playbook = AWX / "project" / job["playbook"]
    imported = yaml.safe_load(playbook.read_text(encoding="utf-8"))[0]["ansible.builtin.import_playbook"]
    assert imported == f"hyperv.migration.{playbook.stem}"
    assert (ROOT / "playbooks" / playbook.name).is_file()


@pytest.mark.parametrize("survey", surveys())
def test_a_survey_is_valid_and_asks_for_what_the_roles_know(survey: Mapping[str, t.Any]) -> None:
    assert set(survey) == {"name", "description", "spec"}
    variables = [question["variable"] for question in survey["spec"]]
    assert variables
    assert len(set(variables)) == len(variables)
    assert set(variables) <= set(KNOWN)
    for question in survey["spec"]:
        assert set(question) >= QUESTION
        assert set(question) <= QUESTION | QUESTION_MAY
        if "default" in question:
            assert isinstance(question["default"], TYPES[question["type"]])
        if question["type"] == "multiplechoice":
            assert question["default"] in question["choices"]


@pytest.mark.parametrize("survey", surveys())
def test_an_answer_that_was_left_as_it_was_means_the_default_of_the_role(survey: Mapping[str, t.Any]) -> None:
    words = {True: "yes", False: "no"}
    assert survey["spec"]
    for question in survey["spec"]:
        default = KNOWN[question["variable"]].get("default", "")
        expected = words[default] if isinstance(default, bool) else default if default != [] else ""
        assert question.get("default", "") == expected


@pytest.mark.parametrize("survey", surveys())
def test_no_survey_asks_for_what_the_jobs_of_a_workflow_hand_on(survey: Mapping[str, t.Any]) -> None:
    # In AWX the variables of a workflow win over the artifacts of its jobs.
    artifacts = {"evacuate_node_plan", "evacuate_node_ledger", "restore_node_ledger"}
    assert not artifacts & {question["variable"] for question in survey["spec"]}


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_the_nodes_of_a_workflow_are_what_awx_takes(workflow: Mapping[str, t.Any]) -> None:
    assert set(workflow) <= WORKFLOW
    identifiers = {node["identifier"] for node in workflow["workflow_nodes"]}
    assert len(identifiers) == len(workflow["workflow_nodes"])
    for node in workflow["workflow_nodes"]:
        assert set(node) <= NODE
        template = node["unified_job_template"]
        if template["type"] == "workflow_approval":
            assert set(template) == {"name", "description", "type", "timeout"}
        else:
            assert template["type"] == "job_template"
            assert template["name"] in JOBS
        related = node.get("related", {})
        assert set(related) <= {"success_nodes", "failure_nodes", "always_nodes"}
        assert {one["identifier"] for nodes in related.values() for one in nodes} <= identifiers


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_nothing_is_changed_before_somebody_approved_of_a_plan(workflow: Mapping[str, t.Any]) -> None:
    steps = list(path(workflow))
    assert len(steps) == len(workflow["workflow_nodes"])
    kinds = [node.get("job_type", node["unified_job_template"]["type"]) for node in steps]
    assert kinds[:3] == ["check", "workflow_approval", "run"]
    assert steps[0]["unified_job_template"] == steps[2]["unified_job_template"]


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_a_workflow_asks_its_first_job_nothing_that_it_leaves_open(workflow: Mapping[str, t.Any]) -> None:
    asked = {question["variable"] for question in workflow["survey_spec"]["spec"]}
    first = JOBS[workflow["workflow_nodes"][0]["unified_job_template"]["name"]]
    needed = {question["variable"] for question in first["survey_spec"]["spec"] if question["required"]}
    assert needed <= asked


def path(workflow: Mapping[str, t.Any]) -> Iterator[Mapping[str, t.Any]]:
    """Follow success from the node that no other one leads to."""
    nodes = {node["identifier"]: node for node in workflow["workflow_nodes"]}
    after = {
        name: [one["identifier"] for one in node.get("related", {}).get("success_nodes", [])]
        for name, node in nodes.items()
    }
    (name,) = set(nodes) - {one for following in after.values() for one in following}
    while True:
        yield nodes[name]
        if not after[name]:
            return
        (name,) = after[name]


def test_the_execution_environment_needs_what_the_collection_needs() -> None:
    definition = yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text(encoding="utf-8"))
    listed = (ROOT / pathlib.PurePosixPath(definition["dependencies"]["python"])).read_text(encoding="utf-8")
    needed = [line for line in listed.splitlines() if line and not line.startswith("#")]
    product = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert set(needed) == {"pywinrm>=0.4.3", "pypsrp>=0.8,<1.0"}
    assert all(one in product for one in needed)
