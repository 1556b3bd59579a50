"""Client quotas (KIP-546): what is set for users, client ids and addresses.

An entity is of one user, one client id, both, or one address; a name that is null stands for the default
entity, which all others of its kind follow. The byte rates are enforced
(:mod:`kafkashim.throttling`), the other quotas are only kept. The checks and their order are those of
``ClientQuotaControlManager`` and ``ClientQuotasImage``.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kafka_codecs.errors import ErrorCode
from kafkashim.config import Config
from kafkashim.java_hash import in_map_order
from kafkashim.refused import MOST_RECORDS, Refused
from kafkashim.throttling import ABSENT, ByteRates

USER, CLIENT_ID, IP = "user", "client-id", "ip"
PRODUCER_BYTE_RATE, CONSUMER_BYTE_RATE = "producer_byte_rate", "consumer_byte_rate"
# QuotaConfig: the most a quota may be when it has to be a whole number, None when it may be a fraction.
USER_QUOTAS: dict[str, int | None] = {
    PRODUCER_BYTE_RATE: 2**63 - 1,
    CONSUMER_BYTE_RATE: 2**63 - 1,
    "request_percentage": None,
    "controller_mutation_rate": None,
}
IP_QUOTAS: dict[str, int | None] = {"connection_creation_rate": 2**31 - 1}
TYPE_NAMES = {2**63 - 1: "a LONG", 2**31 - 1: "an INT"}
SMALLEST_FRACTION = 1e-6
MATCH_EXACT, MATCH_DEFAULT, MATCH_SPECIFIED = 0, 1, 2
MATCH_NAMES = {MATCH_DEFAULT: "MATCH_TYPE_DEFAULT", MATCH_SPECIFIED: "MATCH_TYPE_SPECIFIED"}
# What InetAddress.getByName reads without asking anybody: one to four numbers, the last one filling up.
NUMBERS = re.compile(r"\d+(\.\d+){0,3}")

# Kind of an entity -> its name, null for the default one.
Entity = Mapping[str, str | None]
# An entity as it is kept: hashable, and the same in whatever order it was told.
Key = frozenset[tuple[str, str | None]]


class Op(NamedTuple):
    """A quota that is to be set, or removed when the value is ``None``."""

    name: str
    value: float | None


class Component(NamedTuple):
    """A part of a filter: a kind of entity, and which of the kind."""

    entity_type: str
    match_type: int
    match: str | None


class ClientQuotas:
    """The quotas of all entities, and the rates of those that are enforced."""

    def __init__(self, config: Config) -> None:
        self._quotas: dict[Key, dict[str, float]] = {}
        self._rates = {
            name: ByteRates(
                config.get_int("quota.window.num"), config.get_int("quota.window.size.seconds")
            )
            for name in (PRODUCER_BYTE_RATE, CONSUMER_BYTE_RATE)
        }

    def rates(self, name: str) -> ByteRates | None:
        """The rates of a byte quota; ``None`` while it is set for nobody."""
        rates = self._rates[name]
        return rates if rates.limited else None

    def alter(
        self, alterations: Sequence[tuple[Entity, Sequence[Op]]], validate_only: bool
    ) -> list[tuple[Entity, Refused | None]]:
        """Set and remove quotas; gives every entity once, with what is wrong with it.

        Of an entity named twice the first mention counts and the last one is answered, as Kafka does it.

        Raises:
            Refused: nothing was altered, because too much was to be.
        """
        outcomes: dict[Key, tuple[Entity, Refused | None]] = {}
        changes: list[tuple[Key, Op]] = []
        for entity, ops in alterations:
            key = frozenset(entity.items())
            names = {op.name for op in ops}
            if key in outcomes or len(names) < len(ops):
                # A quota named twice is answered with the same words (alterClientQuotas).
                error = _invalid(f"Ignoring duplicate entity {_shown(entity)}")
                outcomes[key] = (entity, error)
                continue
            try:
                changes += self._changes(key, entity, ops)
            except Refused as refused:
                outcomes[key] = (entity, refused)
            else:
                outcomes[key] = (entity, None)
        if len(changes) > MOST_RECORDS:
            raise Refused(
                ErrorCode.POLICY_VIOLATION,
                "Request parameters do not satisfy the configured policy.",
            )
        if not validate_only:
            for key, op in changes:
                self._apply(key, op)
        return list(outcomes.values())

    def _changes(self, key: Key, entity: Entity, ops: Sequence[Op]) -> list[tuple[Key, Op]]:
        """What altering an entity would change.

        Raises:
            Refused: the entity or a quota is not as it should be.
        """
        allowed = _allowed_quotas(entity)
        current = self._quotas.get(key, {})
        wanted = {op.name: op for op in ops}
        changes: list[tuple[Key, Op]] = []
        # Of several wrong quotas the first in the order of a hash map is told.
        for name in in_map_order(wanted, len(ops)):
            op = wanted[name]
            if op.value is None:
                if name in current:
                    changes.append((key, op))
                continue
            _check_quota(allowed, name, op.value)
            if current.get(name) != op.value:
                changes.append((key, op))
        return changes

    def _apply(self, key: Key, op: Op) -> None:
        if op.value is None:
            quotas = self._quotas[key]
            del quotas[op.name]
            if not quotas:
                del self._quotas[key]
        else:
            self._quotas.setdefault(key, {})[op.name] = op.value
        rates = self._rates.get(op.name)
        if rates is not None:
            entity = dict(key)
            rates.limit(entity.get(USER, ABSENT), entity.get(CLIENT_ID, ABSENT), op.value)

    def describe(
        self, components: Iterable[Component], strict: bool
    ) -> list[tuple[Entity, Mapping[str, float]]]:
        """The entities that match a filter, and their quotas.

        Raises:
            Refused: the filter is not as it should be.
        """
        exact: dict[str, str | None] = {}
        any_of: set[str] = set()
        for component in components:
            _check_component(component, exact, any_of)
            if component.match_type == MATCH_SPECIFIED:
                any_of.add(component.entity_type)
            else:
                exact[component.entity_type] = component.match
        kinds = any_of.union(exact)
        if IP in kinds and len(kinds) > 1:
            raise _invalid(
                "Invalid entity filter component combination. IP filter component should not be"
                " used with user or clientId filter component."
            )
        found: list[tuple[Entity, Mapping[str, float]]] = []
        for key, quotas in self._quotas.items():
            entity = dict(key)
            fits = entity.keys() == kinds if strict else entity.keys() >= kinds
            if fits and all(entity[kind] == name for kind, name in exact.items()):
                found.append((entity, quotas))
        return found


def _allowed_quotas(entity: Entity) -> Mapping[str, int | None]:
    """The quotas an entity may have.

    Raises:
        Refused: there is no such entity.
    """
    if not entity:
        raise _invalid("Invalid empty client quota entity")
    for kind in in_map_order(entity, len(entity)):
        if kind not in (USER, CLIENT_ID, IP):
            raise _invalid(f"Unhandled client quota entity type: {kind}")
        if entity[kind] == "":
            raise _invalid(f"Empty {kind} not supported")
    if IP not in entity:
        return USER_QUOTAS
    if len(entity) > 1:
        # Kafka's words, with no space between "should" and "not".
        raise _invalid(
            "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId"
        )
    address = entity[IP]
    if address is not None and not _is_address(address):
        raise _invalid(f"{address} is not a valid IP or resolvable host.")
    return IP_QUOTAS


def _check_quota(allowed: Mapping[str, int | None], name: str, value: float) -> None:
    """Whether a quota may be set to a value.

    Raises:
        Refused: it may not.
    """
    if name not in allowed:
        raise _invalid(f"Invalid configuration key {name}")
    if value <= 0:
        raise _invalid(f"Quota {name} must be greater than 0")
    most = allowed[name]
    if most is None:
        return
    # Compared as Java compares them, as floating point numbers.
    if value > float(most):
        raise _invalid(f"Proposed value for {name} is too large for {TYPE_NAMES[most]}.")
    if value % 1 > SMALLEST_FRACTION:
        raise _invalid(f"{name} cannot be a fractional value.")


def _check_component(
    component: Component, exact: Mapping[str, str | None], any_of: set[str]
) -> None:
    kind, match_type, match = component
    if not kind:
        raise _invalid("Invalid empty entity type.")
    if kind in exact or kind in any_of:
        raise _invalid(f"Entity type {kind} cannot appear more than once in the filter.")
    if kind not in (USER, CLIENT_ID, IP):
        raise Refused(ErrorCode.UNSUPPORTED_VERSION, f"Unsupported entity type {kind}")
    if match_type == MATCH_EXACT:
        if match is None:
            raise _invalid("Request specified MATCH_TYPE_EXACT, but set match string to null.")
    elif match_type not in MATCH_NAMES:
        raise _invalid(f"Unknown match type {match_type}")
    elif match is not None:
        raise _invalid(
            f"Request specified {MATCH_NAMES[match_type]}, but also specified a match string."
        )


def _is_address(text: str) -> bool:
    """Whether a text is an address, or a name of this machine; no other name is looked up."""
    if NUMBERS.fullmatch(text):
        *parts, last = map(int, text.split("."))
        return all(part < 256 for part in parts) and last < 256 ** (4 - len(parts))
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
        if ":" not in text:
            return False
    if ":" in text:
        address, percent, zone = text.partition("%")
        try:
            socket.inet_pton(socket.AF_INET6, address)
        except OSError:
            return False
        # A zone that is named would have to be that of an interface with such an address.
        return not percent or zone.isdecimal()
    return text.lower() in ("localhost", socket.gethostname().lower())


def _shown(entity: Entity) -> str:
    """An entity as ``ClientQuotaEntity`` prints it."""
    names = (
        f"{kind}={'null' if entity[kind] is None else entity[kind]}"
        for kind in in_map_order(entity, len(entity))
    )
    return f"ClientQuotaEntity(entries={{{', '.join(names)}}})"


def _invalid(message: str) -> Refused:
    return Refused(ErrorCode.INVALID_REQUEST, message)
