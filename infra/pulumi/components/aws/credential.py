"""A password that nobody has chosen and that no program writes down."""

import json

import pulumi
import pulumi_aws as aws

LENGTH = 40


class Credential(pulumi.ComponentResource):
    """A user and a password made by AWS once, in Secrets Manager, as `{"username", "password"}`.

    Letters and digits only, so that it needs no quoting in a URL. Who rotates it there is not undone by
    the next `pulumi up`.
    """

    arn: pulumi.Output[str]
    secret_name: pulumi.Output[str]
    password: pulumi.Output[str]

    def __init__(
        self,
        label: str,
        *,
        secret_name: str,
        username: str,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:Credential", label, None, opts)
        made = aws.secretsmanager.get_random_password_output(
            password_length=LENGTH, exclude_punctuation=True, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        secret = aws.secretsmanager.Secret(
            label, name=secret_name, kms_key_id=key_arn, opts=pulumi.ResourceOptions(parent=self)
        )
        version = aws.secretsmanager.SecretVersion(
            label,
            secret_id=secret.id,
            secret_string=pulumi.Output.json_dumps({"username": username, "password": made.random_password}),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["secretString"]),
        )
        self.arn = version.secret_id.apply(lambda _: secret.arn)
        self.secret_name = secret.name
        # As it was made, not as AWS would make it today.
        self.password = pulumi.Output.secret(version.secret_string.apply(_password_in))
        self.register_outputs({"arn": self.arn})


def _password_in(text: str | None) -> str:
    return str(json.loads(text or "{}")["password"])
