# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ASSOCIATORS OF and REFERENCES OF: what hangs together with one instance (Microsoft docs, "Querying with WQL")."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping

from .cim import ObjectPath
from .faults import Code, Fault
from .resources import Found, Resource, Resources, path_of, same_object
from .schema import ClassDefinition, Namespace
from .wql import AssociatorsOf, ReferencesOf


class Associations:
    """Answers association queries in one namespace."""

    def __init__(self, resources: Resources, resource: Resource) -> None:
        self._resources = resources
        self._namespace: Namespace = resource.namespace
        self._indexes: dict[str, Mapping[t.Hashable, Found]] = {}

    def find(self, query: ReferencesOf) -> list[Found]:
        """Return the associations (REFERENCES OF) or the instances at their other end. Raises Fault."""
        if query.class_defs_only or query.keys_only or query.required_qualifier is not None:
            raise Fault(Code.NOT_CAPABLE)
        if isinstance(query, AssociatorsOf):
            if query.required_assoc_qualifier is not None:
                raise Fault(Code.NOT_CAPABLE)
            return list(self._associators(query))
        return [found for found, unused in self._references(query, query.result_class)]

    def _associators(self, query: AssociatorsOf) -> Iterator[Found]:
        result_class = query.result_class and self._definition(query.result_class).name
        seen: set[t.Hashable] = set()
        for (definition, association), role in self._references(query, query.assoc_class):
            for reference in definition.references:
                path = association.get(reference.name)
                if (
                    reference.name == role
                    or not isinstance(path, ObjectPath)
                    or not _named(query.result_role, reference.name)
                ):
                    continue
                found = self._lookup(path)
                identity = same_object(path, self._namespace.name)
                if found is None or identity in seen or (result_class and not found[0].is_a(result_class)):
                    continue
                seen.add(identity)
                yield found

    def _references(self, query: ReferencesOf, association_class: str | None) -> Iterator[tuple[Found, str]]:
        """Yield the associations that refer to the object of the query, each with the property that does."""
        wanted = association_class and self._definition(association_class).name
        source = self._lookup(query.path)
        if source is None:
            raise Fault(Code.WBEM_NOT_FOUND, "", "ExecQuery", query.path.class_name)
        identity = same_object(path_of(*source), self._namespace.name)
        for definition in self._namespace.associations:
            if wanted and not definition.is_a(wanted):
                continue
            provider = self._resources.provider(self._namespace)
            for association in provider.instances(definition.name):
                for reference in definition.references:
                    path = association.get(reference.name)
                    refers = isinstance(path, ObjectPath) and same_object(path, self._namespace.name) == identity
                    if refers and _named(query.role, reference.name):
                        yield (definition, association), reference.name
                        break

    def _definition(self, class_name: str) -> ClassDefinition:
        return self._resources.definition(self._namespace, class_name)

    def _lookup(self, path: ObjectPath) -> Found | None:
        if path.namespace and path.namespace.lower() != self._namespace.name.lower():
            return None
        definition = self._definition(path.class_name)
        if definition.name not in self._indexes:
            self._indexes[definition.name] = {
                _key(path_of(*found)): found for found in self._resources.instances(self._namespace, definition)
            }
        return self._indexes[definition.name].get(_key(path))


def _key(path: ObjectPath) -> t.Hashable:
    return frozenset((name.lower(), value.lower()) for name, value in path.keys.items())


def _named(wanted: str | None, name: str) -> bool:
    return wanted is None or wanted.lower() == name.lower()
