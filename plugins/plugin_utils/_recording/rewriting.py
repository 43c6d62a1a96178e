# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Replaces what is private in messages. Two passes: the first finds all names, the second replaces them everywhere."""

from __future__ import annotations

import collections
import ipaddress
import random
import re
import typing as t
from collections.abc import Iterable, Mapping

from .pseudonyms import Address, Addresses, Words
from .vocabulary import BASE64, COMMON, FOLDERS, KEPT, MICROSOFT, NAMES, PLAIN, PREFIXES, SAME_EVERYWHERE, TEXTS
from .xml_texts import change_values

_HEX = "[0-9A-Fa-f]"
_GUID = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_MAC = rf"(?<![\w:-]){_HEX}{{2}}(?P<by>[:-]){_HEX}{{2}}(?:(?P=by){_HEX}{{2}}){{4}}(?![\w:-])"
_SID = r"(?<!\w)S-1-5-21(?:-\d+){3,4}"
_IPV4 = r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)"
_IPV6 = rf"(?<![\w:])(?:{_HEX}{{0,4}}:){{2,7}}{_HEX}{{0,4}}(?![\w:])"
_PATTERNS = re.compile(rf"(?P<guid>{_GUID})|(?P<sid>{_SID})|(?P<mac>{_MAC})|(?P<ip>{_IPV4}|{_IPV6})")
_BARE_MAC = re.compile(rf"{_HEX}{{12}}")
# Symbols, such as an emoji, are words as well: some VMs have no other name.
_WORDS = re.compile(r"[A-Za-z0-9]+|[^\W_A-Za-z0-9]+|[^\w\s\x00-\x7f]+")
_QUOTED = re.compile(r"(\w+)(\s*(?:=|<>|!=|LIKE|>=|<=)\s*)('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", re.IGNORECASE)
# What WMI says of the operation that failed: a query, a class or a namespace, beside object paths.
_QUERY = re.compile(r"SELECT\s.+\sFROM\s|(?:Msvm|MSCluster|MSFT|Win32|CIM)_\w+$|root\\", re.IGNORECASE | re.DOTALL)
_XPATH_TEXT = re.compile(r"(['\"])(.*?)\1", re.DOTALL)
_OBJECT_PATH = re.compile(r"(?:\\\\[^\\]+\\)?(?:root\\[^:]+:)?[A-Za-z]+_\w+\.\w+\s*=\s*\"", re.IGNORECASE)
_URL = re.compile(r"(https?://)([^/:]+|\[[^\]]+\])((?::\d+)?(?:/.*)?)")
_SCHEMA = re.compile(r"https?://schemas\.", re.IGNORECASE)
_FAULT_CODE = re.compile(r"\w+:\w+")
_PATH = re.compile(r"[A-Za-z]:\\|\\\\")
# In a sentence: a path up to a quote, an account with its domain, an account as an address.
_IN_SENTENCES = re.compile(
    r"(?P<path>(?<!\w)[A-Za-z]:\\[^'\"<>|\r\n]*|\\\\[^'\"<>|\s]+)"
    r"|(?P<account>(?<![\w.\\-])[\w.-]+\\[\w.$-]+|(?<![\w.-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
)
_SHORTEST = 3  # letters of a name that is replaced in sentences too; shorter ones are, between quotes


class Rewriter:
    """Finds and replaces what is private.

    Attributes:
        guessed: properties that no list knows and whose values were replaced, with one of the pseudonyms.
        sentences: texts whose known names were replaced, as they are in the archive.
        untouched: properties with bytes in base64, which nobody looked into.
    """

    def __init__(self, random: random.Random) -> None:
        self._random = random
        self._found: dict[str, set[str]] = {kind: set() for kind in ("word", "guid", "sid", "mac")}
        self._addresses: set[Address] = set()
        self._names: set[str] = set()
        self._replaces = False
        self.guessed: dict[str, str] = {}
        self.sentences: set[str] = set()
        self.untouched: set[str] = set()

    def find(self, message: str) -> None:
        """Take up the names of a message."""
        change_values(message, self.value)

    def find_name(self, name: str) -> None:
        """Take up a name."""
        self._name(name)

    def settle(self) -> None:
        """Choose the pseudonyms: all names are known."""
        found = self._found
        self._words = Words(found["word"], self._random)
        self._guids = Words(found["guid"], self._random, hexadecimal=True)
        self._macs = Words(found["mac"], self._random, hexadecimal=True)
        self._sids = Words(found["sid"], self._random)
        self._new_addresses = Addresses(self._addresses, self._random)
        self._distinctive = (
            {word.lower() for word in found["word"] if len(word) >= _SHORTEST and not word.isdigit()} - FOLDERS - COMMON
        )
        self._by_beginning: dict[str, list[str]] = collections.defaultdict(list)
        for name in sorted(self._names, key=lambda one: (-len(one), one)):
            beginning = _WORDS.search(name)
            if beginning and len(name) >= _SHORTEST and not PLAIN.fullmatch(name):
                self._by_beginning[beginning[0].lower()].append(name.lower())
        foreign = sorted((name for name in self._names if not name.isascii() and len(name) > 1), key=len, reverse=True)
        self._foreign = re.compile("|".join(map(re.escape, foreign)), re.IGNORECASE) if foreign else None
        self._replaces = True

    def rewrite(self, message: str) -> str:
        """Return a message without its names."""
        return change_values(message, self.value)

    def name(self, name: str) -> str:
        """Return the pseudonym of a name."""
        return self._name(name)

    def sentence(self, text: str) -> str:
        """Return a text in which known names, and what looks like an address, a path or an account, are replaced."""
        return self._sentence(text)

    def names(self) -> Mapping[str, str]:
        """Return each name that was found with its pseudonym."""
        return {name: self._name(name) for name in sorted(self._names)}

    def value(self, name: str, value: str) -> str:
        """Return what a value of the property ``name`` becomes."""
        stripped = value.strip()
        if stripped.startswith("<") and stripped.endswith(">"):
            return change_values(value, self.value)
        if _is_public(name, stripped):
            return value
        if name == "Filter" or _OBJECT_PATH.match(stripped) or (name == "ParameterInfo" and _QUERY.match(stripped)):
            return self._query(value)
        if name == "Select":  # of a query list for event logs, in XPath
            return _XPATH_TEXT.sub(lambda found: found[1] + self._told(found[2]) + found[1], value)
        if url := _URL.fullmatch(stripped):
            return url[1] + self._name(url[2]) + url[3]
        if name in TEXTS:
            return self._told(value)
        if name not in NAMES and BASE64.fullmatch(stripped):  # a long name without spaces has the form of bytes
            self.untouched.add(name)
            return value
        if MICROSOFT.match(stripped):
            return self._sentence(value)
        new = self._name(value)
        if name not in NAMES and not _PATTERNS.fullmatch(stripped):
            self.guessed[name] = new
        return new

    def _told(self, value: str) -> str:
        new = self._sentence(value)
        if self._replaces and re.search(r"[^\W\d_]", new):
            self.sentences.add(new)
        return new

    def _query(self, text: str) -> str:
        """Return a query or an object path with other values between its quotes, and another host before it."""

        def literal(match: re.Match[str]) -> str:
            quote, written = match[3][0], match[3][1:-1]
            value = re.sub(r"\\(.)", r"\1", written)
            new = self.value(match[1], value)
            if new == value:
                return match[0]
            return match[1] + match[2] + quote + new.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote

        host = re.match(r"\\\\([^\\]+)(?=\\)", text)
        rest = _QUOTED.sub(literal, text[host.end() :] if host else text)
        return "\\\\" + self._name(host[1]) + rest if host else rest

    def _name(self, value: str) -> str:
        """Return a name with other words and addresses in it."""
        prefix = PREFIXES.match(value)
        start = prefix.end() if prefix else 0
        if {value.strip().lower(), value[start:].strip().lower()} & SAME_EVERYWHERE:
            return value
        if not self._replaces and value[start:].strip():
            self._names.add(value[start:].strip())
        is_path = bool(_PATH.match(value))
        if _BARE_MAC.fullmatch(value):
            return self._leaf("mac", value)
        return value[:start] + self._between_patterns(value[start:], lambda part: self._in_words(part, is_path=is_path))

    def _in_words(self, part: str, *, is_path: bool) -> str:
        def word(match: re.Match[str]) -> str:
            kept = is_path and (match[0].lower() in FOLDERS or part[match.end() : match.end() + 2] == ":\\")
            return match[0] if kept else self._leaf("word", match[0])

        return _WORDS.sub(word, part)

    def _sentence(self, text: str) -> str:
        written, end = [], 0
        for match in _IN_SENTENCES.finditer(text):
            written += [self._between_patterns(text[end : match.start()], self._known_names), self._name(match[0])]
            end = match.end()
        return "".join([*written, self._between_patterns(text[end:], self._known_names)])

    def _between_patterns(self, text: str, rest: t.Callable[[str], str]) -> str:
        written, end = [], 0
        for match in _PATTERNS.finditer(text):
            written += [rest(text[end : match.start()]), self._pattern(match)]
            end = match.end()
        return "".join([*written, rest(text[end:])])

    def _pattern(self, match: re.Match[str]) -> str:
        text = match[0]
        if match["ip"]:
            return self._address(text)
        kind = "guid" if match["guid"] else "sid" if match["sid"] else "mac"
        if kind == "guid" and len(set(text.lower()) - {"-"}) == 1:  # of zeros or of Fs
            return text
        if kind == "sid":
            return text[:9] + self._leaf("sid", text[9:])
        return self._leaf(kind, text)

    def _address(self, text: str) -> str:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return text
        if not self._replaces:
            self._addresses.add(address)
            return text
        new = self._new_addresses.of(address)
        return text if new == address else str(new)

    def _leaf(self, kind: str, text: str) -> str:
        if not self._replaces:
            self._found[kind].add(text)
            return text
        words = {"word": self._words, "guid": self._guids, "sid": self._sids, "mac": self._macs}
        return words[kind].of(text)

    def _known_names(self, text: str) -> str:
        """Return text that is no name itself with the names in it replaced."""
        if not self._replaces:
            return text
        if self._foreign is None:
            return self._ascii_names(text)
        written, end = [], 0
        for match in self._foreign.finditer(text):
            written += [self._ascii_names(text[end : match.start()]), self._name(match[0])]
            end = match.end()
        return "".join([*written, self._ascii_names(text[end:])])

    def _ascii_names(self, text: str) -> str:
        written, end, low = [], 0, text.lower()
        if len(low) != len(text):
            low = text
        for match in _WORDS.finditer(text):
            start = match.start()
            if start < end:
                continue
            name = next((one for one in self._by_beginning.get(match[0].lower(), ()) if _stands(one, low, start)), "")
            if name:
                new, after = self._name(text[start : start + len(name)]), start + len(name)
            elif match[0].lower() in self._distinctive or (_is_quoted(text, match) and match[0] in self._names):
                new, after = self._leaf("word", match[0]), match.end()
            else:
                continue
            written += [text[end:start], new]
            end = after
        return "".join([*written, text[end:]])


def _is_public(name: str, value: str) -> bool:
    """Tell whether a value is one that is the same on every cluster, or says nothing without a name beside it."""
    if name in KEPT or _SCHEMA.match(value) or value.lower() in SAME_EVERYWHERE:
        return True
    if name in ("Value", "Subcode") and _FAULT_CODE.fullmatch(value):
        return True
    return name not in NAMES and bool(PLAIN.fullmatch(value))


def _stands(name: str, text: str, start: int) -> bool:
    """Tell whether a name stands at a place of a text, and does not go on there."""
    end = start + len(name)
    if not text.startswith(name, start):
        return False
    following = text[end : end + 1]
    return not (following.isascii() and following.isalnum() and name[-1].isascii())


def _is_quoted(text: str, match: re.Match[str]) -> bool:
    return text[match.start() - 1 : match.start()] in ("'", '"') and text[match.end() : match.end() + 1] in ("'", '"')


def pseudonymous(messages: Iterable[str], names: Iterable[str], random: random.Random) -> Rewriter:
    """Return what replaces the names of all messages, and further ones."""
    rewriter = Rewriter(random)
    for message in messages:
        rewriter.find(message)
    for name in names:
        rewriter.find_name(name)
    rewriter.settle()
    return rewriter
