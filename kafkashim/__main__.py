"""``python -m kafkashim`` is ``kafkashim``."""

from kafkashim.cli import main

if __name__ == "__main__":
    main()
