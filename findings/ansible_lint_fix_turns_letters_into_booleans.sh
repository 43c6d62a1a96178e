#!/usr/bin/env bash
# "ansible-lint --fix" changes what a playbook means that ansible-lint has no objection to: the letters y and n, as
# drives or coordinates have them, become true and false, as values, in lists and as keys.
#
# For Ansible they are texts: PyYAML, which it reads with, omits these two from the booleans of YAML 1.1. ansible-lint
# rewrites files with ruamel.yaml as YAML 1.1, since that is what Ansible reads, and there they are booleans.
# Neither run has a failure or warning to report, and yaml[truthy] does not look at these letters. The documentation
# ("Autofix") says that files are reformatted and rules are fixed, not that values change. Quoted letters stay. PyYAML's
# issue 247 is on what it leaves out; on what ansible-lint makes of that nothing was found.
#
# Seen: ansible-lint 26.10.1 with ansible-core 2.19.14, ruamel.yaml 0.19.1 and PyYAML 6.0.3, Python 3.11: the same
# playbook prints "Y MNXY 2" before and "True MFalseXTrue gone" after. Exits 1 if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install -qq --disable-pip-version-check \
    ansible-lint==26.10.1 ansible-core==2.19.14 ruamel.yaml==0.19.1 pyyaml==6.0.3
export PATH="$folder/venv/bin:$PATH" ANSIBLE_HOME="$folder/home" NO_COLOR=1
cat >play.yml <<'PLAY'
---
- name: Give drives their letters
  hosts: localhost
  connection: local
  gather_facts: false
  vars:
    drive: Y
    free_drives: [M, N, X, Y]
    place:
      x: 1
      y: 2
  tasks:
    - name: Show what is read
      ansible.builtin.debug:
        msg: "[{{ drive }} {{ free_drives | join }} {{ place.y | default('gone') }}]"
PLAY
lint() {
    ansible-lint --offline "$@" play.yml >said 2>&1 || true  # with --fix it has a code of its own for a changed file
    grep -oE 'Passed: 0 failure\(s\), 0 warning\(s\)|Modified . file' said | paste -sd ,
}
play() {
    ansible-playbook -i localhost, play.yml 2>/dev/null | grep -o '\[[^]]*\]"' | tr -d '"'
}
cp play.yml before.yml
first=$(lint)
before=$(play)
second=$(lint --fix)
after=$(play)
echo "ansible-lint: $first"
echo "ansible-lint --fix: $second"
diff before.yml play.yml || true
echo "Before: $before, after: $after"
[ "$first" = "Passed: 0 failure(s), 0 warning(s)" ] || exit 1
[ "$second" = "Modified 1 file,Passed: 0 failure(s), 0 warning(s)" ] || exit 1
[ "$before" = "[Y MNXY 2]" ] || exit 1
[ "$after" = "[True MFalseXTrue gone]" ] || exit 1
