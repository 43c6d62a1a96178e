# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What to do about the failures of Kerberos on the controller. Private to this collection.

Their texts: krb5_err.et and the GSS-API library of MIT Kerberos, which pykerberos and pyspnego pass on.
"""

from __future__ import annotations

_CURES = {
    "Server ": (
        "Kerberos knows a node by the DNS name that is registered for it (setspn -L NODE): set ansible_host to that "
        "name, or {called}"
    ),
    "Client ": "the domain does not know this user: check ansible_user, as in name@REALM.EXAMPLE",
    "Decrypt integrity check failed": "the password is wrong: check ansible_password",
    "Preauthentication failed": "the password is wrong: check ansible_password",
    "No credentials were supplied": "there is no ticket: run kinit where Ansible runs, or set ansible_password",
    "Ticket expired": "run kinit again where Ansible runs",
    "Clock skew too great": "set the clocks of the controller, the node and the domain controller to one time",
    "Cannot contact any KDC": "check the realm in ansible_user and the controller's krb5.conf",
    "Cannot find KDC": "check the realm in ansible_user and the controller's krb5.conf",
}


def with_cure(text: str, called: str) -> str:
    """Return the text of a failed login with what to do about it, where it is one of Kerberos that is known.

    ``called``: the inventory variable that holds the node's name for Kerberos.
    """
    for words, cure in _CURES.items():
        asked = words.endswith(" ")
        if words in text and (not asked or "not found in Kerberos database" in text):
            return f"{text.rstrip('.')}; {cure.format(called=called)}"
    return text
