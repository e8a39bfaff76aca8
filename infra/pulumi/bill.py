"""The monthly bill of what a program asks for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from claims import unread, volumes
from price_table import PriceTable, Unpriced
from quantities import BY_USE, READINGS, Quantity
from recording import Resource

# Within the cluster, and paid for by its nodes, but for the volumes of pods (claims.py).
INSIDE = ("kubernetes:", "pulumi:")


@dataclass(frozen=True)
class Line:
    """So many of something, and the dollars of a month from the least to the most of it."""

    quantity: Quantity
    low: float
    high: float
    by_use: bool = False


def bill_of(resources: Iterable[Resource], table: PriceTable, region: str) -> list[Line]:
    """The lines, by component and key. Raises Unpriced for all that has no price, each with its name."""
    found = [each for each in resources if each.is_custom]
    strange = [f"{each.type} ({each.name})" for each in found if not _is_known(each, table)]
    strange += [place for each in found for place in unread(each)]
    if strange:
        raise Unpriced(sorted(strange))
    counted = [(each, False) for each in _added(q for r in found for q in (*_quantities(r), *volumes(r)))]
    return [
        _line(quantity, table, region, by_use=by_use)
        for quantity, by_use in [*counted, *((each, True) for each in _used(found, table))]
    ]


def _is_known(resource: Resource, table: PriceTable) -> bool:
    type_ = resource.type
    return type_.startswith(INSIDE) or type_ in READINGS or type_ in BY_USE or type_ in table.free


def _quantities(resource: Resource) -> Iterable[Quantity]:
    reading = READINGS.get(resource.type)
    return reading(resource) if reading else ()


def _added(quantities: Iterable[Quantity]) -> list[Quantity]:
    sums: dict[tuple[str, str, bool], tuple[float, float]] = {}
    for each in quantities:
        least, most = sums.get((each.component, each.key, each.spot), (0, 0))
        sums[each.component, each.key, each.spot] = (least + each.least, most + each.most)
    return [Quantity(*key[:2], *sums[key], spot=key[2]) for key in sorted(sums)]


def _used(resources: Sequence[Resource], table: PriceTable) -> list[Quantity]:
    """What is guessed, once for each kind of thing that there is."""
    there = {each.type for each in resources if each.type != "kubernetes:core/v1:Service"}
    there |= {each.type for each in resources if each.type not in there and list(_quantities(each))}
    return [
        Quantity(component, key, *table.use[key])
        for type_, (component, keys) in sorted(BY_USE.items())
        if type_ in there
        for key in keys
    ]


def _line(quantity: Quantity, table: PriceTable, region: str, *, by_use: bool) -> Line:
    one = table.monthly(quantity.key, region) * (table.spot.share if quantity.spot else 1)
    return Line(quantity, quantity.least * one, quantity.most * one, by_use)
