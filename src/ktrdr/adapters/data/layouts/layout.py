"""What a layout is: how a vendor's table is known, and which of its columns is which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VWAP = "vwap"
"""Role of an average price, by which columns without names are known."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One vendor's way to write bars.

    Attributes
    ----------
    name : str
        By which ``--format`` names it.
    says : str
        Whose it is.
    header : tuple of str
        Names that must all be among the columns, plain (see `columns.plain`).
    exactly : tuple of str
        Names that the columns must begin with, spelled like this.
    roles : mapping of str to str
        Role (`reading.ROLES`) to the plain name of its column, where it is not the usual one.
    unnamed : tuple of str
        Roles of columns without a header, in their order; empty for a column that is not read.
    begins : tuple of str
        Patterns of the first cells of a row without a header.
    stated_only : bool
        Whether it looks like another layout, and counts only where somebody says so.
    point : bool
        Whether a point is always a decimal point there.
    zone : str
        IANA name of the zone of its clock times, where the vendor says so and the file does not.
    asks_zone : bool
        Whether its clock times are of a zone that neither vendor nor file says, so that somebody must.
    ends : bool
        Whether bars are stamped at their end.
    remark : str
        What is said aloud of it.
    """

    name: str
    says: str
    header: tuple[str, ...] = ()
    exactly: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    unnamed: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    stated_only: bool = False
    point: bool = True
    zone: str = ""
    asks_zone: bool = False
    ends: bool = False
    remark: str = ""
