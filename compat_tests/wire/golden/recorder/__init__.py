"""The parts of ``record_golden.py``: a real broker, a recording relay, and what is said to it."""
