"""A Kafka broker in one Python process that answers as Apache Kafka 4.3 does, and says why."""

__version__ = "0.1.0"
