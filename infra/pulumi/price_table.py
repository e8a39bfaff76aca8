"""What things cost: `prices.yaml`, typed."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, model_validator

from settings import Strict

PRICES = Path(__file__).with_name("prices.yaml")
Amount = Annotated[float, Field(gt=0)]


class Unpriced(Exception):
    """What has no price; a line for each, which names it."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__("\n".join(f"no price: {name}; add it to {PRICES.name}" for name in names))


class Source(Strict):
    """Where a price is from, and when it was so."""

    what: str
    date: date


class Price(Strict):
    """By the hour or by the month."""

    hour: Amount | None = None
    month: Amount | None = None
    source: str
    everywhere: bool = False

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if (self.hour is None) == (self.month is None):
            raise ValueError("hour or month, and one of them")
        return self


class Spot(Strict):
    """The share of the on-demand price."""

    share: Annotated[float, Field(gt=0, le=1)]
    source: str


class PriceTable(Strict):
    """Prices by key, for one region; `regions` says by how much others are dearer."""

    region: str
    hours_in_a_month: int
    regions: dict[str, Amount]
    sources: dict[str, Source]
    spot: Spot
    prices: dict[str, Price]
    use: dict[str, tuple[float, float]]
    free: frozenset[str]

    @model_validator(mode="after")
    def _every_source_is_told(self) -> Self:
        for key, price in self.prices.items():
            if price.source not in self.sources:
                raise ValueError(f"prices.{key}.source: {price.source} is not in sources")
        return self

    def monthly(self, key: str, region: str) -> float:
        """Dollars for one of `key` for a month in a region. Raises Unpriced."""
        if region not in self.regions:
            raise Unpriced([f"region {region}"])
        if key not in self.prices:
            raise Unpriced([key])
        price = self.prices[key]
        for_one = (price.hour or 0) * self.hours_in_a_month + (price.month or 0)
        return for_one * (1 if price.everywhere else self.regions[region])


def price_table() -> PriceTable:
    """The table of this repository. Raises pydantic's ValidationError."""
    return PriceTable.model_validate(yaml.safe_load(PRICES.read_text()))
