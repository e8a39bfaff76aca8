"""What can be set from outside."""

from typing import Self

from pydantic import PositiveFloat, PositiveInt, SecretStr, field_validator, model_validator

from seawall.auth import TokenIssuer
from seawall.settings import ServiceSettings


class AccountsSettings(ServiceSettings):
    """The environment of the service: names have the prefix SEAWALL_, secrets may come from <NAME>_FILE."""

    database_url: SecretStr
    signing_key: SecretStr
    valkey_url: SecretStr | None = None
    replicas: PositiveInt = 1
    # No more than 100 wrong guesses in a row (NIST SP 800-63B, 5.2.2), and then one every 15 s.
    sign_in_attempts: PositiveInt = 100
    sign_in_period_seconds: PositiveFloat = 1500.0
    operator_email: str | None = None
    operator_password: SecretStr | None = None

    @field_validator("signing_key")
    @classmethod
    def _signing_key_is_usable(cls, value: SecretStr) -> SecretStr:
        TokenIssuer(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _operator_is_whole(self) -> Self:
        if (self.operator_email is None) != (self.operator_password is None):
            raise ValueError("operator_email and operator_password belong together")
        return self
