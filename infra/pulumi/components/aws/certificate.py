"""The certificate of the shop's name."""

import pulumi
import pulumi_aws as aws


class Certificate(pulumi.ComponentResource):
    """A certificate of AWS for `domain`, which proves its right to it by DNS and is renewed by itself."""

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, *, domain: str, hosted_zone_id: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("seawall:aws:Certificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        certificate = aws.acm.Certificate(
            name,
            domain_name=domain,
            validation_method="DNS",
            key_algorithm="EC_prime256v1",
            opts=child,
        )
        wanted = certificate.domain_validation_options[0]
        record = aws.route53.Record(
            name,
            zone_id=hosted_zone_id,
            name=wanted.resource_record_name.apply(str),
            type=wanted.resource_record_type.apply(str),
            records=[wanted.resource_record_value.apply(str)],
            ttl=300,
            opts=child,
        )
        validated = aws.acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            opts=child,
        )
        self.arn = validated.certificate_arn
        self.register_outputs({"arn": self.arn})
