"""SCRAM credentials by clients nobody changed, and what is kept of a password."""

from __future__ import annotations

import base64
import hashlib
import hmac

from compat_tests.conftest import BrokerUnderTest, need
from kafkashim.scram_credentials import ScramCredentials, Upsertion

SHA_256 = 1
# The example of RFC 7677: user "user", password "pencil".
SALT, ITERATIONS = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
PROOF = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
SERVER_SIGNATURE = base64.b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def test_what_is_kept_checks_a_password() -> None:
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", SALT, ITERATIONS)
    credentials = ScramCredentials()
    credentials.alter([], [Upsertion("user", SHA_256, ITERATIONS, SALT, salted)])
    kept = credentials.credential("user", SHA_256)
    assert kept is not None
    message = (
        f"n=user,r={NONCE[:20]},r={NONCE},s={base64.b64encode(SALT).decode()},i={ITERATIONS},"
        f"c=biws,r={NONCE}"
    ).encode()
    signature = hmac.digest(kept.stored_key, message, "sha256")
    client_key = bytes(a ^ b for a, b in zip(PROOF, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == kept.stored_key
    assert hmac.digest(kept.server_key, message, "sha256") == SERVER_SIGNATURE


def test_confluent_kafka(broker: BrokerUnderTest, name: str) -> None:
    admin = need("confluent_kafka.admin")
    client = admin.AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    info = admin.ScramCredentialInfo(admin.ScramMechanism.SCRAM_SHA_512, 5000)
    upsertion = admin.UserScramCredentialUpsertion(name, info, b"secret")
    client.alter_user_scram_credentials([upsertion])[name].result(10)
    described = client.describe_user_scram_credentials([name])[name].result(10)
    (found,) = described.scram_credential_infos
    assert (found.mechanism, found.iterations) == (admin.ScramMechanism.SCRAM_SHA_512, 5000)
    assert name in client.describe_user_scram_credentials().result(10)
    deletion = admin.UserScramCredentialDeletion(name, admin.ScramMechanism.SCRAM_SHA_512)
    client.alter_user_scram_credentials([deletion])[name].result(10)
    assert name not in client.describe_user_scram_credentials().result(10)
