"""What a lib says where the extra of the wheel that it needs is not installed."""

from seawall.extras.missing import MissingExtra, extra

__all__ = ["MissingExtra", "extra"]
