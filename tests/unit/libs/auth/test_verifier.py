import asyncio
from base64 import urlsafe_b64encode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from seawall.auth import (
    InvalidToken,
    KeySet,
    KeysUnavailable,
    TokenIssuer,
    TokenVerifier,
    generate_signing_key,
)
from seawall.resilience import bind_deadline, current_deadline

NOW = 1_800_000_000


class Clock:
    def __init__(self, now=float(NOW)):
        self.now = now

    def __call__(self):
        return self.now


class Issuer:
    """An issuer whose JWK Set can be changed, broken and slowed down; counts what it is asked."""

    def __init__(self, clock):
        self.tokens = TokenIssuer(generate_signing_key(), clock=clock, ttl_seconds=60)
        self.document = self.tokens.jwks()
        self.broken = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = 0

    async def fetch(self):
        self.asked += 1
        await self.gate.wait()
        if self.broken:
            raise OSError("gone")
        return self.document


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def issuer(clock):
    return Issuer(clock)


@pytest.fixture
def keys(issuer, clock):
    return KeySet(issuer.fetch, clock=clock)


@pytest.fixture
def verifier(keys, clock):
    return TokenVerifier(keys, issuer="seawall-accounts", audience="seawall", max_cached=2, clock=clock)


async def reason(verifier, token):
    with pytest.raises(InvalidToken) as refused:
        await verifier.verify(token)
    return refused.value.reason


def signed(key, claims, algorithm="ES256", **headers):
    base = {"iss": "seawall-accounts", "aud": "seawall", "sub": "c", "iat": NOW, "exp": NOW + 60}
    return jwt.encode({**base, **claims}, key, algorithm=algorithm, headers=headers)


async def test_a_token_is_verified_with_one_fetch_of_the_keys(verifier, issuer):
    """Many tokens, one question to the issuer."""
    for customer in ("a", "b", "c"):
        claims = await verifier.verify(issuer.tokens.issue(customer))
        assert claims["sub"] == customer
    assert issuer.asked == 1


async def test_concurrent_callers_share_a_fetch_which_no_one_of_them_ends(verifier, issuer):
    """The first is cancelled; the others get their answer."""
    issuer.gate.clear()
    calls = [asyncio.create_task(verifier.verify(issuer.tokens.issue(str(n)))) for n in range(10)]
    await asyncio.sleep(0)
    calls[0].cancel()
    issuer.gate.set()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert [claims["sub"] for claims in answers[1:] if isinstance(claims, dict)] == [
        str(n) for n in range(1, 10)
    ]
    assert issuer.asked == 1


async def test_the_shared_fetch_has_no_deadline_of_a_caller(issuer):
    """Who came first may give up; the keys are fetched for all."""
    deadlines = []

    async def fetch():
        deadlines.append(current_deadline())
        return issuer.document

    with bind_deadline(60):
        await KeySet(fetch).get(issuer.document["keys"][0]["kid"])
    assert deadlines == [None]


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"iss": "somebody"}, "issuer"),
        ({"aud": "another"}, "audience"),
        ({"exp": NOW - 11}, "expired"),
        ({"iat": NOW + 11, "exp": NOW + 60}, "early"),
        ({"nbf": NOW + 11}, "early"),
        ({"exp": "tomorrow"}, "claims"),
        ({"exp": float("nan")}, "claims"),
        ({"exp": 10**400}, "claims"),
        ({"exp": True}, "claims"),
    ],
)
async def test_a_token_that_says_the_wrong_thing_is_refused(verifier, issuer, claims, expected):
    """Each with its reason."""
    kid = issuer.document["keys"][0]["kid"]
    assert await reason(verifier, signed(issuer.tokens._key, claims, kid=kid)) == expected


async def test_a_token_expires_even_if_it_was_verified_before(verifier, issuer, clock):
    """Remembering it does not lengthen its life."""
    token = issuer.tokens.issue("c")
    await verifier.verify(token)
    clock.now += 69
    await verifier.verify(token)
    clock.now += 1
    assert await reason(verifier, token) == "expired"


async def test_a_withdrawn_key_ends_its_tokens(verifier, issuer, clock):
    """With the first fetch after the rotation, remembered or not."""
    token = issuer.tokens.issue("c")
    await verifier.verify(token)
    successor = TokenIssuer(generate_signing_key(), clock=clock, ttl_seconds=60)
    issuer.document = successor.jwks()
    clock.now += 6
    assert (await verifier.verify(successor.issue("d")))["sub"] == "d"
    assert await reason(verifier, token) == "key"


async def test_invented_keys_do_not_make_a_flood(verifier, issuer, clock):
    """The issuer is asked once per pause, whatever the tokens say."""
    for n in range(50):
        assert await reason(verifier, signed(issuer.tokens._key, {}, kid=f"no-{n}")) == "key"
    assert issuer.asked == 1
    clock.now += 5
    await reason(verifier, signed(issuer.tokens._key, {}, kid="no"))
    assert issuer.asked == 2


async def test_keys_are_kept_while_the_issuer_is_away(verifier, issuer, clock):
    """Tokens go on being verified by the keys that were fetched last."""
    await verifier.verify(issuer.tokens.issue("a"))
    issuer.broken = True
    clock.now += 301
    for customer in ("b", "c"):
        assert (await verifier.verify(issuer.tokens.issue(customer)))["sub"] == customer
        await asyncio.sleep(0)
    assert issuer.asked == 2


async def test_without_any_key_nobody_can_tell(verifier, issuer, clock):
    """It is not the caller's fault; when the issuer is back it goes on."""
    issuer.broken = True
    token = issuer.tokens.issue("c")
    with pytest.raises(KeysUnavailable):
        await verifier.verify(token)
    issuer.broken = False
    clock.now += 5
    assert (await verifier.verify(token))["sub"] == "c"


async def test_the_algorithm_is_the_keys_not_the_tokens(verifier, issuer):
    """Neither `none`, nor HMAC with the public key as its secret."""
    kid = issuer.document["keys"][0]["kid"]
    nothing = signed(None, {}, algorithm="none", kid=kid)
    secret = issuer.document["keys"][0]["x"]
    confused = signed(secret, {}, algorithm="HS256", kid=kid)
    assert [await reason(verifier, token) for token in (nothing, confused)] == ["algorithm"] * 2


async def test_an_ed25519_key_is_as_good(verifier, issuer):
    """The set may hold keys of both kinds; those that are of neither are left out."""
    private = ed25519.Ed25519PrivateKey.generate()
    raw = private.public_key().public_bytes_raw()
    x = urlsafe_b64encode(raw).rstrip(b"=").decode()
    edwards = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "ed", "x": x}
    shared = {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "shared"}
    issuer.document = {"keys": [shared, {"kty": "?", "kid": "odd"}, edwards, *issuer.document["keys"]]}
    assert (await verifier.verify(signed(private, {}, "EdDSA", kid="ed")))["sub"] == "c"
    assert await reason(verifier, signed("secret" * 6, {}, "HS256", kid="shared")) == "key"


async def test_a_forged_signature_is_refused(verifier, issuer):
    """A key of one's own under the issuer's kid."""
    kid = issuer.document["keys"][0]["kid"]
    forger = TokenIssuer(generate_signing_key())
    assert await reason(verifier, signed(forger._key, {}, kid=kid)) == "signature"


async def test_no_more_tokens_are_remembered_than_allowed(verifier, issuer):
    """The one that was used least recently goes."""
    first, second, third = (issuer.tokens.issue(name) for name in "abc")
    for token in (first, second, first, third):
        await verifier.verify(token)
    assert list(verifier._verified) == [first, third]


@given(st.one_of(st.text(max_size=200), st.text("ey.AJ0_-", max_size=80), st.just("a" * 9000)))
def test_whatever_is_sent_is_refused_and_nothing_else_is_raised(token):
    """Anybody may send anything."""

    async def check():
        clock = Clock()
        issuer = Issuer(clock)
        verifier = TokenVerifier(
            KeySet(issuer.fetch, clock=clock), issuer="seawall-accounts", audience="seawall", clock=clock
        )
        assert await reason(verifier, token) in {"malformed", "key"}

    asyncio.run(check())
