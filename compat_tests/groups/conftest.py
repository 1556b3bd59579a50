"""A broker without sockets for each test, which must leave no timer behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from compat_tests.groups.fake_clients import FakeBroker


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    fake = FakeBroker()
    yield fake
    fake.broker.cluster.close()
