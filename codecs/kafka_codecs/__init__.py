"""Bytes to messages and back, for the Apache Kafka protocol.

Knows nothing of brokers: every message is declared once (:mod:`kafka_codecs.messages`), and from
that declaration come the ``construct`` layout people read, the flat code that serves, and the
explanation of a frame field by field.
"""
