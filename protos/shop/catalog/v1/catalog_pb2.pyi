from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SaleScheduled(_message.Message):
    __slots__ = ("sale_id", "title", "opens_at_ms", "closes_at_ms", "items")
    SALE_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    OPENS_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CLOSES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    sale_id: str
    title: str
    opens_at_ms: int
    closes_at_ms: int
    items: _containers.RepeatedCompositeFieldContainer[SaleItem]
    def __init__(self, sale_id: _Optional[str] = ..., title: _Optional[str] = ..., opens_at_ms: _Optional[int] = ..., closes_at_ms: _Optional[int] = ..., items: _Optional[_Iterable[_Union[SaleItem, _Mapping]]] = ...) -> None: ...

class SaleItem(_message.Message):
    __slots__ = ("sku", "name", "stock", "price_minor", "currency", "per_customer_cap")
    SKU_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STOCK_FIELD_NUMBER: _ClassVar[int]
    PRICE_MINOR_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    PER_CUSTOMER_CAP_FIELD_NUMBER: _ClassVar[int]
    sku: str
    name: str
    stock: int
    price_minor: int
    currency: str
    per_customer_cap: int
    def __init__(self, sku: _Optional[str] = ..., name: _Optional[str] = ..., stock: _Optional[int] = ..., price_minor: _Optional[int] = ..., currency: _Optional[str] = ..., per_customer_cap: _Optional[int] = ...) -> None: ...
