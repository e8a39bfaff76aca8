import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from seawall.auth import TokenIssuer, generate_signing_key
from seawall.auth.tokens import thumbprint

NOW = 1_800_000_000


def claims_of(token, issuer, options=None):
    key = jwt.PyJWK(issuer.jwks()["keys"][0])
    return jwt.decode(token, key, algorithms=["ES256"], audience="seawall", options=options)


def test_a_token_is_verified_with_the_published_key():
    """Whoever fetches the JWK Set can verify a token and reads who it is about."""
    issuer = TokenIssuer(generate_signing_key())
    claims = claims_of(issuer.issue("customer-1", role="operator"), issuer)
    assert (claims["sub"], claims["role"], claims["iss"]) == ("customer-1", "operator", "seawall-accounts")


def test_a_token_names_the_key_that_signed_it():
    """The header's kid is the published key's kid, and the same after a restart with the same key."""
    pem = generate_signing_key()
    issuer = TokenIssuer(pem)
    assert jwt.get_unverified_header(issuer.issue("c"))["kid"] == TokenIssuer(pem).jwks()["keys"][0]["kid"]


def test_the_kid_is_the_rfc_7638_thumbprint():
    """RFC 7638's own example gives its thumbprint."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n"
        "3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zg"
        "dAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFC"
        "ur-kEgU8awapJzKnqDKgw"
    )
    expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert thumbprint({"e": "AQAB", "kty": "RSA", "n": modulus}) == expected


def test_a_token_ends_after_its_time_to_live():
    """exp is ttl_seconds after iat, in whole seconds."""
    issuer = TokenIssuer(generate_signing_key(), ttl_seconds=60, clock=lambda: NOW + 0.9)
    claims = claims_of(issuer.issue("c"), issuer, {"verify_exp": False, "verify_iat": False})
    assert (claims["iat"], claims["exp"]) == (NOW, NOW + 60)


def test_a_token_of_another_key_is_refused():
    """A forged token does not verify."""
    forged = TokenIssuer(generate_signing_key()).issue("customer-1")
    with pytest.raises(jwt.InvalidSignatureError):
        claims_of(forged, TokenIssuer(generate_signing_key()))


def test_claims_cannot_replace_the_standard_ones():
    """A further claim named like a standard one loses."""
    issuer = TokenIssuer(generate_signing_key())
    claims = claims_of(issuer.issue("c", "customer", iss="somebody", email="a@b.example"), issuer)
    assert (claims["iss"], claims["email"]) == ("seawall-accounts", "a@b.example")


def test_no_private_part_is_published():
    """The JWK Set has exactly the public members of an EC key."""
    (key,) = TokenIssuer(generate_signing_key()).jwks()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "use", "alg", "kid"}


def pem_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "not a key",
        pem_of(ec.generate_private_key(ec.SECP384R1())),
        pem_of(ed25519.Ed25519PrivateKey.generate()),
    ],
)
def test_an_unusable_key_is_refused_at_once(pem):
    """Text that is no key, and keys that ES256 cannot use, raise ValueError."""
    with pytest.raises(ValueError, match="signing key"):
        TokenIssuer(pem)
