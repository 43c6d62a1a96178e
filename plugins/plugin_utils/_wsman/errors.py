# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a request may come to instead of an answer that can be read.

::

    WsmanError
    ├── UnsendableText                 not sent: a text that XML cannot carry
    ├── TooMany                        more instances than the caller wants to read
    └── NoAnswer                       nothing is known of what was asked
        ├── Fault (faults.py)          the node answered and refused
        ├── TransportError             no answer came
        │   ├── Unreachable            nothing was carried out: no connection, no trust, no login
        │   │   ├── LoginRefused       no login: the host or its domain says that user or password are wrong
        │   │   └── UnsupportedConnection (_connection)
        │   ├── NodeBusy               nothing was carried out: turned away with 503
        │   └── AnswerLost             it may have been carried out, or not
        └── UnreadableAnswer           an answer came that WS-Management does not allow
            └── UnexpectedValue        one with a value that is not of its CIM type

What was asked for and cannot be is a HyperVError (_hyperv/failure/errors.py), which has no common base with these: code
that goes on after a node gave no answer must not go on after a wish that makes no sense.
"""

from __future__ import annotations


class WsmanError(Exception):
    """Any error of this package."""


class UnsendableText(WsmanError, ValueError):
    """A text holds a character that XML cannot carry."""


class TooMany(WsmanError):
    """There are more instances than the caller wants to read."""


class NoAnswer(WsmanError):
    """A request did not lead to an answer that can be used."""


class TransportError(NoAnswer):
    """No answer came from the node."""


class Unreachable(TransportError):
    """The request was not carried out: no connection, no trust, or no permission. The text says what to check."""


class LoginRefused(Unreachable):
    """User and password were refused, which may count as one of the failed logins that lock an account."""


class AnswerLost(TransportError):
    """The connection broke after the request was on its way: it may have been carried out, or not."""


class NodeBusy(TransportError):
    """The node's HTTP layer turned the request away before anything was done (503): repeat it later."""


class UnreadableAnswer(NoAnswer):
    """An answer is not what WS-Management allows: no XML, no envelope, or an answer to something else."""


class UnexpectedValue(UnreadableAnswer, ValueError):
    """A value does not have the form that its CIM type requires; the text says which."""


def is_about_login(error: BaseException | None) -> bool:
    """Tell whether a refused login is what an error is about; Windows counts each towards the limit of an account."""
    while error is not None and not isinstance(error, LoginRefused):
        error = error.__cause__
    return error is not None
