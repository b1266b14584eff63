"""ktrdr: one strategy file in, one trading model out that its user can trust."""

from importlib.metadata import version

__version__ = version("ktrdr")
