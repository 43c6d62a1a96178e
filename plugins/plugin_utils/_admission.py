# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks whether the computer that answers is the one that the inventory lists.

An IP address and an alias say nothing of a computer's name, so whoever answers there is taken for who it says it is, as
long as the hosts next to it are not of another cluster. Everything else is compared. A name with a domain means that
domain, unless the inventory itself shows that it lists hosts in other DNS domains than their own: a host next to it in
its group is of the same cluster, and is listed rightly or in yet another domain, and none there is of another cluster
or really in that domain.
"""

from __future__ import annotations

from collections.abc import Callable

from ._connection.inventory import CLUSTER, NODE, Inventory, Listing
from ._hostnames import domain_of, first_label, is_address
from ._hyperv.cluster.identity import Identity, WrongMachine
from ._hyperv.failure.errors import HyperVError
from ._wsman.errors import NoAnswer

_MOST_ASKED = 8  # hosts that are asked whether an alias or a name in another domain is right


def admit(listing: Listing, identity: Identity, inventory: Inventory, ask: Callable[[str], Identity]) -> None:
    """Let a machine pass as the host that the inventory lists. Raises WrongMachine, Fault and TransportError.

    ``ask`` returns who answers for another inventory host, and raises where nobody does. One request where names
    agree, two where the host is listed by an alias.
    """
    computer = identity.computer
    if listing.cluster and (identity.cluster is None or not identity.cluster.is_meant_by(listing.cluster)):
        raise WrongMachine(
            f"Inventory host {listing} is {identity}, and not a node of the cluster {listing.cluster}. Nothing was "
            f"changed. Correct its address in the inventory or in DNS, or its variable {CLUSTER}."
        )
    for name in listing.names:
        if not computer.is_called(name):
            _refuse_name_of_another(listing, identity, inventory, name, ask)
    for name in listing.names:
        if not listing.cluster and not identity.has_name_in_domain(name):
            _refuse_other_domain(listing, identity, inventory, name, ask)


def is_listed_by_its_cluster(listing: Listing, identity: Identity) -> bool:
    """Tell whether a computer is listed by its cluster's name, whose address moves with the core group.

    Asks nothing where it is listed by its own name or by an address. Raises Fault and TransportError.
    """
    names = [name for name in listing.names if not is_address(name)]
    if not names or any(map(identity.computer.is_called, names)) or identity.cluster is None:
        return False
    return any(map(identity.cluster.is_meant_by, names))


def _refuse_name_of_another(
    listing: Listing, identity: Identity, inventory: Inventory, name: str, ask: Callable[[str], Identity]
) -> None:
    """Refuse a name that is no alias: another node's, or that of a host beside which this computer is listed."""
    label = first_label(name)
    if any(first_label(node) == label for node in identity.node_names):
        raise _wrong(listing, identity, name)
    if identity.cluster is not None and identity.cluster.is_meant_by(name):
        return
    for host in inventory.labelled(first_label(identity.computer.name)):
        other = inventory.listing(host)
        may_be_alias = identity.cluster is not None and not domain_of(name)
        if not identity.computer.domain and host not in inventory.closest(listing.host):
            continue  # its name is all that is known of it, and others may bear that
        if not may_be_alias and other.place != listing.place and _agrees(other, identity):
            raise _wrong(listing, identity, name, host)
    _refuse_alias_among_others(listing, identity, inventory, name, ask)


def _refuse_alias_among_others(
    listing: Listing, identity: Identity, inventory: Inventory, name: str, ask: Callable[[str], Identity]
) -> None:
    """Refuse an alias where all hosts next to it are of another cluster and listed by their own names.

    The first one that is of its cluster, or listed by an alias as well, is enough to let it pass.
    """
    beside = [one for one in map(inventory.listing, inventory.closest(listing.host)) if one.place != listing.place]
    labels = {first_label(node) for node in identity.node_names}
    if identity.cluster is None or len(beside) > _MOST_ASKED:
        return
    if any(first_label(one) in labels and identity.has_name_in_domain(one) for other in beside for one in other.names):
        return
    strangers: list[str] = []
    for other in beside:
        try:
            there = ask(other.host)
            if there.cluster is None or there.is_of_the_cluster_of(identity):
                return
            if not other.names or not _agrees(other, there):
                return
            strangers.append(f"{other.host} ({there})")
        except (HyperVError, NoAnswer):
            continue
    if strangers:
        raise _wrong(listing, identity, f"{name}, which the inventory lists next to {', '.join(strangers)}")


def _refuse_other_domain(
    listing: Listing, identity: Identity, inventory: Inventory, name: str, ask: Callable[[str], Identity]
) -> None:
    full_name = identity.computer.full_name
    for host in inventory.labelled(first_label(full_name)):
        other = inventory.listing(host)
        if other.place != listing.place and any(one.lower() == full_name.lower() for one in other.names):
            raise _wrong(listing, identity, name, host)
    if not _is_vouched_for(listing, identity, inventory, name, ask):
        raise _wrong(listing, identity, name)


def _is_vouched_for(
    listing: Listing, identity: Identity, inventory: Inventory, name: str, ask: Callable[[str], Identity]
) -> bool:
    """Ask the hosts next to one whether it is listed in another DNS domain than its own because they are, too."""
    vouched = False
    for host in inventory.closest(listing.host)[:_MOST_ASKED]:
        other = inventory.listing(host)
        if other.place == listing.place:
            continue
        try:
            there = ask(host)
            is_of_the_same = there.is_of_the_cluster_of(identity)
            if there.computer.domain == domain_of(name) or (there.cluster is not None and not is_of_the_same):
                return False
            agrees = _agrees(other, there) or all(domain_of(one) != domain_of(name) for one in other.names)
            vouched = vouched or (agrees and is_of_the_same)
        except (HyperVError, NoAnswer):
            continue
    return vouched


def refuse_namesake(listing: Listing, identity: Identity, inventory: Inventory, ask: Callable[[str], Identity]) -> None:
    """Refuse a node of another cluster that is called as a node of the one that the hosts next to it are of.

    Names without a DNS domain cannot tell the two apart. One host is asked where it answers. Raises WrongMachine.
    """
    if identity.cluster is None or listing.cluster or any(map(domain_of, listing.names)):
        return
    strangers = []
    for other in map(inventory.listing, inventory.next_to(listing.host)[:_MOST_ASKED]):
        try:
            there = ask(other.host)
            if there.is_of_the_cluster_of(identity):
                return
            if other.place != listing.place and any(identity.computer.is_called(node) for node in there.node_names):
                strangers.append(f"{other.host} ({there})")
        except (HyperVError, NoAnswer):
            continue
    if strangers:
        raise _wrong(listing, identity, f"the node of that name next to {', '.join(strangers)}")


def _agrees(listing: Listing, identity: Identity) -> bool:
    """Return whether all that a listing says of a computer's name and domain is so."""
    return all(identity.computer.is_called(name) and identity.has_name_in_domain(name) for name in listing.names)


def _wrong(listing: Listing, identity: Identity, meant: str, listed_as: str = "") -> WrongMachine:
    elsewhere = f", which the inventory lists as {listed_as}" if listed_as else ""
    for_all = f"; or, for all hosts of its group, {CLUSTER}: {identity.cluster}" if identity.cluster is not None else ""
    return WrongMachine(
        f"Inventory host {listing} is {identity}{elsewhere}, and not {meant}. Nothing "
        "was changed. Correct its address in the inventory or in DNS. If it is the right computer, say so with its own "
        f"name: {NODE}: {identity.computer}{for_all}."
    )
