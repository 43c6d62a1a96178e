#!/bin/sh
# A template that renders to nothing is the text "None" for whoever trims it, with ansible-core 2.19.
#
# lookup('ansible.builtin.template', FILE) of a file whose only content is a condition that is false gives an empty text
# (a line break) with ansible-core 2.16, and None with 2.19, where the result of a template is a native value. Filters
# that make text of their input then say "None", without an error or a warning: "| trim", "~" and the like. With
# "| default('', true)" before them both versions give an empty text.
#
# Seen: 2.16.19 prints [], 2.19.14 prints [None]; with default('', true) both print [].
# Exits 1 if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{%% if false %%}text{%% endif %%}\n' >empty.j2
cat >play.yml <<'PLAY'
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "trimmed [{{ lookup('ansible.builtin.template', 'empty.j2') | trim }}]"
    - ansible.builtin.debug:
        msg: "guarded [{{ lookup('ansible.builtin.template', 'empty.j2') | default('', true) | trim }}]"
PLAY
said() {
    python3 -m venv "$1"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check "ansible-core==$1"
    ANSIBLE_HOME=$folder/home "$1/bin/ansible-playbook" -i localhost, play.yml 2>/dev/null | grep -o '\(trimmed\|guarded\) \[[^]]*\]' | tr '\n' ' '
}
before=$(said 2.16.19)
after=$(said 2.19.14)
echo "ansible-core 2.16.19: $before"
echo "ansible-core 2.19.14: $after"
[ "$before" = "trimmed [] guarded [] " ] || exit 1
[ "$after" = "trimmed [None] guarded [] " ] || exit 1
