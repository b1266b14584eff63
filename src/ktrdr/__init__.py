"""ktrdr: one strategy file in, one trading model out that its user can trust."""


def __getattr__(name: str) -> str:
    """Return ``__version__``, looked up when it is asked for: reading package metadata is slow at start-up."""
    if name == "__version__":
        from importlib.metadata import version

        return version("ktrdr")
    raise AttributeError(f"module 'ktrdr' has no attribute {name!r}")
