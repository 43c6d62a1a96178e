# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""In what the methods differ for whoever judges a move: which words about it are Hyper-V's own."""

from __future__ import annotations

import types
import typing as t

from ..migration.vocabulary import CLUSTER_GROUP, HOST, SYSTEM, MethodName


class Traits(t.NamedTuple):
    """What is known of a method.

    Attributes:
        has_check: Hyper-V checks a move by it beforehand; without its verdict it is not known whether the move works.
            The cluster has no such check, and moves a group wherever its owners allow.
        has_job: the job that is watched is Hyper-V's own: its success says that the VM was migrated, and its error why
            it was not. What stands for the job of a group's move succeeds with its owner, by whatever the VM came
            there, and shows an HRESULT at most; the hosts' own jobs say more.
    """

    has_check: bool = True
    has_job: bool = True


_TRAITS: t.Final = types.MappingProxyType[MethodName, Traits](
    {SYSTEM: Traits(), HOST: Traits(), CLUSTER_GROUP: Traits(has_check=False, has_job=False)}
)


def traits_of(method: MethodName) -> Traits:
    """Return what is known of a method."""
    return _TRAITS[method]
