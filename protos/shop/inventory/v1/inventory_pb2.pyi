from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HoldOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOLD_OUTCOME_UNSPECIFIED: _ClassVar[HoldOutcome]
    HOLD_OUTCOME_HELD: _ClassVar[HoldOutcome]
    HOLD_OUTCOME_SOLD_OUT: _ClassVar[HoldOutcome]
    HOLD_OUTCOME_CUSTOMER_CAP: _ClassVar[HoldOutcome]
    HOLD_OUTCOME_UNKNOWN_ITEM: _ClassVar[HoldOutcome]
HOLD_OUTCOME_UNSPECIFIED: HoldOutcome
HOLD_OUTCOME_HELD: HoldOutcome
HOLD_OUTCOME_SOLD_OUT: HoldOutcome
HOLD_OUTCOME_CUSTOMER_CAP: HoldOutcome
HOLD_OUTCOME_UNKNOWN_ITEM: HoldOutcome

class HoldManyRequest(_message.Message):
    __slots__ = ("holds",)
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    holds: _containers.RepeatedCompositeFieldContainer[HoldRequest]
    def __init__(self, holds: _Optional[_Iterable[_Union[HoldRequest, _Mapping]]] = ...) -> None: ...

class HoldRequest(_message.Message):
    __slots__ = ("order_id", "sale_id", "sku", "customer_id", "quantity")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SALE_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    sale_id: str
    sku: str
    customer_id: str
    quantity: int
    def __init__(self, order_id: _Optional[str] = ..., sale_id: _Optional[str] = ..., sku: _Optional[str] = ..., customer_id: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class HoldManyResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[HoldResult]
    def __init__(self, results: _Optional[_Iterable[_Union[HoldResult, _Mapping]]] = ...) -> None: ...

class HoldResult(_message.Message):
    __slots__ = ("order_id", "outcome")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    outcome: HoldOutcome
    def __init__(self, order_id: _Optional[str] = ..., outcome: _Optional[_Union[HoldOutcome, str]] = ...) -> None: ...

class ReserveStock(_message.Message):
    __slots__ = ("order_id", "sale_id", "sku", "customer_id", "quantity")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SALE_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    sale_id: str
    sku: str
    customer_id: str
    quantity: int
    def __init__(self, order_id: _Optional[str] = ..., sale_id: _Optional[str] = ..., sku: _Optional[str] = ..., customer_id: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class CommitStock(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class ReleaseStock(_message.Message):
    __slots__ = ("order_id", "sale_id", "sku", "customer_id", "quantity")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SALE_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    sale_id: str
    sku: str
    customer_id: str
    quantity: int
    def __init__(self, order_id: _Optional[str] = ..., sale_id: _Optional[str] = ..., sku: _Optional[str] = ..., customer_id: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class StockReserved(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class StockRefused(_message.Message):
    __slots__ = ("order_id", "reason")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    reason: str
    def __init__(self, order_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class StockCommitted(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class StockReleased(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...
