# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remedies for failures of Kerberos on the controller.

Their texts: krb5_err.et, kinit and the GSS-API library of MIT Kerberos, which pykerberos and pyspnego pass on.
"""

from __future__ import annotations

_ACCOUNT = "the domain says that this account is disabled, locked or expired: have its administrator look at it"
_NEW_PASSWORD = "the password has expired: change it, then set ansible_password"
_ASKS_FOR_NEW_PASSWORD = f"kinit asked for a new password: {_NEW_PASSWORD}"
_NEW_TICKET = "run kinit again where Ansible runs"
_REALM = "check the realm in ansible_user, which is the domain in capitals, and the controller's krb5.conf"
_WRONG_PASSWORD = "the password is wrong: check ansible_password"
# The first that fits counts: what is said of all credentials comes after what is said of one.
_CURES = {
    "Can't find client principal": (
        "no ticket is of this name: ansible_user must read as klist shows it, as in name@REALM.EXAMPLE with the realm "
        "in capitals; if klist shows none, there is no ticket: run kinit where Ansible runs, or set ansible_password"
    ),
    "KDC reply did not match expectations": (
        "the domain knows this user by another name: write ansible_user as name@REALM.EXAMPLE, the realm in capitals"
    ),
    "Cannot read password while getting initial credentials": _ASKS_FOR_NEW_PASSWORD,
    "Password expired": _NEW_PASSWORD,
    "Password has expired": _NEW_PASSWORD,
    "credentials have been revoked": _ACCOUNT,
    "entry in database has expired": _ACCOUNT,
    "Decrypt integrity check failed": _WRONG_PASSWORD,
    "Password incorrect": _WRONG_PASSWORD,
    "Preauthentication failed": _WRONG_PASSWORD,
    "Ticket expired": _NEW_TICKET,
    "credential has expired": _NEW_TICKET,
    "credentials have expired": _NEW_TICKET,
    "context has expired": _NEW_TICKET,
    "No credentials were supplied": "there is no ticket: run kinit where Ansible runs, or set ansible_password",
    "Clock skew too great": "set the clocks of the controller, the node and the domain controller to one time",
    "Cannot contact any KDC": _REALM,
    "Cannot find KDC": _REALM,
    "'NoneType' object has no attribute 'name'": (
        "pywinrm cannot bind a login to a certificate that is signed with Ed25519: set ansible_winrm_send_cbt to "
        "false, or give the node a certificate that is signed with RSA or ECDSA"
    ),
}


def with_cure(text: str, user: str, called: str) -> str:
    """Return the text of a failed login with what to do about it, where it is one of Kerberos that is known.

    ``called``: the inventory variable that holds the node's name for Kerberos.
    """
    cure = _unknown(text, user, called) if "not found in Kerberos database" in text else _known(text, user)
    return f"{text.rstrip('.')}; {cure}" if cure else text


def refuses_account(text: str) -> bool:
    """Return whether the domain refused the user or the password that it was asked with: another try does not help."""
    cures = (_WRONG_PASSWORD, _ACCOUNT, _NEW_PASSWORD, _ASKS_FOR_NEW_PASSWORD)
    return any(words in text for words, cure in _CURES.items() if cure in cures)


def _known(text: str, user: str) -> str:
    cure = next((cure for words, cure in _CURES.items() if words in text), "")
    return _without_backslash(user) if cure.startswith("no ticket is of") and "\\" in user else cure


def _unknown(text: str, user: str, called: str) -> str:
    """Return the cure where the domain does not know the user, or the service of the node."""
    if "Server " not in text:
        return _without_backslash(user) or (
            "the domain does not know this user: check ansible_user, as in name@REALM.EXAMPLE"
        )
    cure = (
        "Kerberos knows a node by the DNS name that is registered for it (setspn -L NODE): set ansible_host to that "
        f"name, or {called}"
    )
    if "WSMAN/" in text:
        cure += "; a computer by that name without a service WSMAN has HTTP: set ansible_psrp_negotiate_service to HTTP"
    return cure


def _without_backslash(user: str) -> str:
    """Return what to write for a user whose backslash Kerberos takes for the mark of a special character."""
    name = user.rpartition("\\")[2]
    return f"Kerberos drops the backslash: write ansible_user as {name}@REALM.EXAMPLE" if "\\" in user else ""


def is_about_a_long_token(status: int, body: bytes) -> bool:
    """Return whether an HTTP error is that of Windows for headers that are too long, as a login with a long token has.

    http.sys then closes the connection before WinRM sees the request (Microsoft, "HTTP 400 Bad Request (Request Header
    too long) responses to HTTP requests").
    """
    return status in {400, 431} and b"too long" in body.lower()


def explain_long_token(address: str, user: str) -> str:
    """Return the sentence for it. Its numbers are from tokens of Samba: 12.5 KB with 1000 groups, delegated 25 KB."""
    return (
        f"{address} turned the login of user {user!r} away because its HTTP headers are too long. The Kerberos token "
        "of an account in many groups is: about 1350 fill the 16 KB that Windows takes, or 560 where the ticket is "
        "delegated. Use an account in fewer groups, switch delegation off, or raise MaxFieldLength and MaxRequestBytes "
        "under HKLM\\System\\CurrentControlSet\\Services\\HTTP\\Parameters on the node, which takes a restart of it."
    )
