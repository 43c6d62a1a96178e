# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The classes of each namespace, as compiled from the MOF files beside this one."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import types
import typing as t
from collections.abc import Iterable, Mapping

import pywbem

_FOLDER = pathlib.Path(__file__).parent / "mof"
_FILES: dict[str, tuple[str, ...]] = {
    "root/HyperVCluster/v2": ("cim", "hyperv", "hypervcluster"),
    "root/virtualization/v2": ("cim", "hyperv", "virtualization", "management", "vm_hardware"),
    "root/MSCluster": ("mscluster",),
    "root/cimv2": ("cimv2", "hardware"),
    "root/interop": ("interop",),
    "root/Microsoft/Windows/Storage": ("storage",),
    "root/Microsoft/Windows/Hgs": ("hgs",),
    "root/Microsoft/Windows/DeviceGuard": ("deviceguard",),
}


@dataclasses.dataclass(frozen=True)
class CimType:
    """The type of a property or parameter.

    Attributes:
        name: the CIM type in lower case (``uint16``, ``string``, ``datetime``, ``reference``, ...).
        embedded_class: class of an embedded instance, else None.
        is_object: whether the embedded instance travels as elements (WMI type ``object``) and not as CIM-XML text.
        reference_class: class that a reference points to, else None.
    """

    name: str
    is_array: bool = False
    embedded_class: str | None = None
    is_object: bool = False
    reference_class: str | None = None


@dataclasses.dataclass(frozen=True)
class Property:
    """A property as one class declares or inherits it. ``since_build``: the Windows build that brought it, or 0."""

    name: str
    type: CimType
    is_key: bool
    since_build: int = 0


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A parameter of a method; it may go in, out or both ways."""

    name: str
    type: CimType
    is_in: bool
    is_out: bool


@dataclasses.dataclass(frozen=True)
class Method:
    """A method. ``return_type`` is None for WMI's void."""

    name: str
    return_type: CimType | None
    is_static: bool
    parameters: Mapping[str, Parameter]


@dataclasses.dataclass(frozen=True, eq=False)
class ClassDefinition:
    """A class with all it inherits. ``ancestors`` begins with the nearest, ``properties`` are in the order of the wire.

    ``since_build``: the Windows build that brought it, or 0.
    """

    namespace: str
    name: str
    ancestors: tuple[str, ...]
    is_association: bool
    properties: Mapping[str, Property]
    methods: Mapping[str, Method]
    since_build: int = 0

    @functools.cached_property
    def keys(self) -> tuple[str, ...]:
        """The names of the key properties in alphabetical order."""
        return tuple(name for name, declared in self.properties.items() if declared.is_key)

    @functools.cached_property
    def references(self) -> tuple[Property, ...]:
        """The reference properties."""
        return tuple(declared for declared in self.properties.values() if declared.type.name == "reference")

    @functools.cached_property
    def _by_lower_name(self) -> Mapping[str, Property]:
        return {name.lower(): declared for name, declared in self.properties.items()}

    def find_property(self, name: str) -> Property | None:
        """Return the property called ``name`` in any letter case, or None."""
        return self._by_lower_name.get(name.lower())

    def is_a(self, class_name: str) -> bool:
        """Tell whether this is ``class_name`` or derived from it, in any letter case."""
        return class_name.lower() in self._lineage

    @functools.cached_property
    def _lineage(self) -> frozenset[str]:
        return frozenset(name.lower() for name in (self.name, *self.ancestors))


class Namespace:
    """The classes of one namespace; names are found in any letter case, as WMI finds them."""

    def __init__(self, name: str, classes: Iterable[ClassDefinition]) -> None:
        self.name = name
        self._classes = {definition.name.lower(): definition for definition in classes}
        self._families: dict[str, list[ClassDefinition]] = {}

    def find(self, class_name: str) -> ClassDefinition | None:
        """Return the class, or None."""
        return self._classes.get(class_name.lower())

    def family(self, definition: ClassDefinition) -> list[ClassDefinition]:
        """Return the class and all that are derived from it."""
        name = definition.name
        if name not in self._families:
            self._families[name] = [member for member in self._classes.values() if member.is_a(name)]
        return self._families[name]

    @functools.cached_property
    def associations(self) -> tuple[ClassDefinition, ...]:
        """The association classes."""
        return tuple(definition for definition in self._classes.values() if definition.is_association)


class Schema:
    """All namespaces."""

    def __init__(self, namespaces: Iterable[Namespace]) -> None:
        self._namespaces = {namespace.name.lower(): namespace for namespace in namespaces}

    def find(self, name: str) -> Namespace | None:
        """Return the namespace called ``name`` (``root/...``) in any letter case, or None."""
        return self._namespaces.get(name.lower())

    def find_anywhere(self, class_name: str, first: str) -> ClassDefinition | None:
        """Return the class as the namespace ``first`` has it, else as any other one has it, else None."""
        order = sorted(self._namespaces.values(), key=lambda namespace: namespace.name.lower() != first.lower())
        return next((found for namespace in order if (found := namespace.find(class_name))), None)


@functools.cache
def load() -> Schema:
    """Return the schema; the MOF is compiled at the first call in a process. Raises pywbem.MOFCompileError."""
    return Schema(_compile(name, files) for name, files in _FILES.items())


def wire_order(name: str) -> str:
    """Return what property names are sorted by on the wire: recorded hosts sort them without regard to letter case."""
    return name.lower()


def _compile(name: str, files: tuple[str, ...]) -> Namespace:
    repository = pywbem.MOFWBEMConnection()
    compiler = pywbem.MOFCompiler(repository, log_func=None)
    for file in ("qualifiers", "system", *files):
        compiler.compile_file(str(_FOLDER / f"{file}.mof"), name)
    compiled = repository.classes[name]
    return Namespace(name, (_definition(name, compiled, class_name) for class_name in compiled))


def _definition(namespace: str, compiled: Mapping[str, t.Any], class_name: str) -> ClassDefinition:
    lineage = [compiled[class_name]]
    while lineage[-1].superclass is not None:
        lineage.append(compiled[lineage[-1].superclass])
    properties: dict[str, Property] = {}
    methods: dict[str, Method] = {}
    for ancestor in reversed(lineage):
        for declared in ancestor.properties.values():
            inherited = properties.get(declared.name)
            is_key = _flag(declared, "Key") or (inherited is not None and inherited.is_key)
            since = int(_text(declared, "SinceBuild") or 0)
            properties[declared.name] = Property(declared.name, _type(declared), is_key, since)
        methods.update((declared.name, _method(declared)) for declared in ancestor.methods.values())
    return ClassDefinition(
        namespace,
        class_name,
        tuple(ancestor.classname for ancestor in lineage[1:]),
        any(_flag(ancestor, "Association") for ancestor in lineage),
        types.MappingProxyType({name: properties[name] for name in sorted(properties, key=wire_order)}),
        types.MappingProxyType(methods),
        int(_text(lineage[0], "SinceBuild") or 0),
    )


def _method(declared: t.Any) -> Method:
    parameters = {
        parameter.name: Parameter(
            parameter.name, _type(parameter), _flag(parameter, "In", True), _flag(parameter, "Out")
        )
        for parameter in declared.parameters.values()
    }
    return_type = None if _flag(declared, "Void") else CimType(declared.return_type)
    return Method(declared.name, return_type, _flag(declared, "Static"), types.MappingProxyType(parameters))


def _type(declared: t.Any) -> CimType:
    cim_type = _text(declared, "CIMTYPE") or ""
    is_object = cim_type.startswith("object:")
    embedded = cim_type.removeprefix("object:") if is_object else _text(declared, "EmbeddedInstance")
    return CimType(declared.type, bool(declared.is_array), embedded, is_object, declared.reference_class)


def _text(declared: t.Any, qualifier: str) -> str | None:
    found = declared.qualifiers.get(qualifier)
    return None if found is None else str(found.value)


def _flag(declared: t.Any, qualifier: str, default: bool = False) -> bool:
    found = declared.qualifiers.get(qualifier)
    return default if found is None else bool(found.value)
