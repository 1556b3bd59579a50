"""ACLs by clients nobody changed, and the configurations that turn them on."""

from __future__ import annotations

import logging

import pytest

from compat_tests.admin.conftest import Start
from compat_tests.conftest import need
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_29_describe_acls import DescribeAclsRequest
from kafkashim.config import Config, ConfigError
from kafkashim.testing import KafkaShim

AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "allow.everyone.if.no.acl.found": "true",
}
EVERYTHING = DescribeAclsRequest(
    resource_type_filter=1,
    resource_name_filter=None,
    pattern_type_filter=1,
    principal_filter=None,
    host_filter=None,
    operation=1,
    permission_type=1,
)


def test_confluent_kafka() -> None:
    admin = need("confluent_kafka.admin")
    with KafkaShim(config=AUTHORIZER) as shim:
        client = admin.AdminClient({"bootstrap.servers": shim.bootstrap_servers})

        def binding(name: str, kind: str, cls: str = "AclBinding") -> object:
            return getattr(admin, cls)(
                admin.ResourceType.TOPIC,
                name,
                getattr(admin.ResourcePatternType, kind),
                "User:alice",
                "*",
                admin.AclOperation.READ,
                admin.AclPermissionType.ALLOW,
            )

        mine = {binding("orders", "LITERAL"), binding("ord", "PREFIXED"), binding("*", "LITERAL")}
        for future in client.create_acls([*mine, binding("other", "LITERAL")]).values():
            future.result(10)
        matching = binding("orders", "MATCH", "AclBindingFilter")
        assert set(client.describe_acls(matching).result(10)) == mine
        deleted = client.delete_acls([matching])[matching].result(10)
        assert set(deleted) == mine
        assert client.describe_acls(matching).result(10) == []


def test_kafka_python() -> None:
    admin = need("kafka.admin")
    with KafkaShim(config=AUTHORIZER) as shim:
        client = admin.KafkaAdminClient(bootstrap_servers=shim.bootstrap_servers)
        try:
            acl = admin.ACL(
                principal="User:bob",
                host="*",
                operation=admin.ACLOperation.WRITE,
                permission_type=admin.ACLPermissionType.DENY,
                resource_pattern=admin.ResourcePattern(admin.ResourceType.GROUP, "g"),
            )
            assert client.create_acls([acl]) == {"succeeded": [acl], "failed": []}
            wanted = admin.ACLFilter(
                principal="User:bob",
                host=None,
                operation=admin.ACLOperation.ANY,
                permission_type=admin.ACLPermissionType.ANY,
                resource_pattern=admin.ResourcePatternFilter(
                    admin.ResourceType.ANY, None, admin.ACLResourcePatternType.ANY
                ),
            )
            found, _ = client.describe_acls(wanted)
            assert found == [acl]
            ((_, (deleted,), _),) = client.delete_acls([wanted])
            assert deleted == acl
            assert client.describe_acls(wanted)[0] == []
        finally:
            client.close()


@pytest.mark.parametrize("config", [AUTHORIZER, {}])
def test_an_authorizer_is_what_makes_them(config: dict[str, str], start: Start) -> None:
    answer = start(config).ask(EVERYTHING, 3)
    assert answer.error_code == (0 if config else ErrorCode.SECURITY_DISABLED)


def test_that_they_are_not_enforced_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "kafkashim"), KafkaShim(config=AUTHORIZER):
        pass
    assert ["everything is allowed to everybody" in line for line in caplog.messages] == [True]


def test_another_authorizer_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"authorizer\.class\.name"):
        Config({"authorizer.class.name": "org.example.Authorizer"})
