"""Why a page cannot be what was asked for.

ShopError
    ApiUnavailable   no answer in time, or a 502..504 of the API
    ApiProblem       the API refused; `type`, `title`, `detail` as its problem document says
        SignInNeeded the API does not know the customer (401)
    CrossSiteForm    a form came from another site
"""


class ShopError(Exception):
    """Anything that becomes a page of its own."""


class ApiUnavailable(ShopError):
    """The API gave no answer; what was asked of it may or may not have been done."""

    def __init__(self, reason: str, retry_after_seconds: int = 5) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class ApiProblem(ShopError):
    """The API answered with a problem document; `type` is its last part, such as `sold-out`."""

    def __init__(self, status: int, type: str, title: str, detail: str, field: str | None = None) -> None:  # noqa: A002
        super().__init__(f"{status} {type}: {detail or title}")
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.field = field


class SignInNeeded(ApiProblem):
    """No valid session: sign in first."""


class CrossSiteForm(ShopError):
    """A form that did not come from one of our pages."""
