#!/usr/bin/env bash
# The JUnit report of a run tells of the first time only that a handler ran on a host. What becomes of it the second time,
# as after flush_handlers between two steps of a maintenance, is left out: a run that fails there has a report of passes.
#
# The documentation of the callback ansible.builtin.junit says that a failed task shows up as a failure or an error. It
# names no exception for handlers, and running them more than once is what the documentation has flush_handlers for.
# The callback keeps one result for each task and host, and refuses another; a handler is one task however often it runs.
# That is a warning on the screen, which speaks of a duplicate host callback. Exit code and recap are right.
# In ansible's issues nothing was found on handlers; 50168 (closed) met the refusal in nested includes, and 63962 (closed)
# is on unreachable hosts, which are not in the report either.
#
# Seen: ansible-core 2.19.14 on Python 3.11, and the same with 2.16.19 and 2.21.5. Where the first restart fails, the
# report has 2 tests and 1 failure; where the second does, it has 4 tests, one of them the first restart, and none failed.
# The run fails each time, with exit code 2. Exits 1 if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install -qq --disable-pip-version-check ansible-core==2.19.14
export ANSIBLE_HOME="$folder/home" ANSIBLE_CALLBACKS_ENABLED=ansible.builtin.junit
cat >play.yml <<'PLAY'
- hosts: all
  connection: local
  gather_facts: false
  vars:
    step: first
  tasks:
    - name: Take the first step
      ansible.builtin.debug:
      changed_when: true
      notify: Restart
    - name: Restart now if need be
      ansible.builtin.meta: flush_handlers
    - name: Go on
      ansible.builtin.set_fact:
        step: second
    - name: Take the second step
      ansible.builtin.debug:
      changed_when: true
      notify: Restart
  handlers:
    - name: Restart
      ansible.builtin.debug:
        msg: "{{ step }} restart"
      failed_when: step == failing
PLAY
cat >count.py <<'PYTHON'
import sys
import xml.etree.ElementTree as ElementTree

cases = list(ElementTree.parse(sys.argv[1]).iter("testcase"))
failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
restarts = [case for case in cases if "Restart" in case.get("name")]
print(f"{len(cases)} tests, {len(failed)} failed, {len(restarts)} of Restart")
PYTHON
# Prints what the run comes to whose first or second restart fails.
run() {
    code=0
    JUNIT_OUTPUT_DIR="$folder/$1" venv/bin/ansible-playbook -i node1, -e failing="$1" play.yml >said 2>&1 || code=$?
    recap=$(grep -oE ' failed=[0-9]+' said)
    echo "exit code $code,$recap in the recap; report: $(python3 count.py "$1"/*.xml)"
}
first=$(run first)
second=$(run second)
echo "The first restart fails: $first"
echo "The second restart fails: $second"
grep -o 'duplicate host callback: node1' said || true
[ "$first" = "exit code 2, failed=1 in the recap; report: 2 tests, 1 failed, 1 of Restart" ] || exit 1
[ "$second" = "exit code 2, failed=1 in the recap; report: 4 tests, 0 failed, 1 of Restart" ] || exit 1
