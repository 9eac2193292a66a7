# What src/lib.rs gives to __init__.py, which is the module's face.
from typing import Optional, final

from . import Page

__all__ = ["Rules", "clean", "is_collection"]

@final
class Rules:
    def __new__(
        cls,
        builtin: bool,
        files: list[tuple[str, str]],
        phrases: list[tuple[str, str, str]],
        select: list[str],
    ) -> Rules: ...
    def hosts(self) -> list[str]: ...

def clean(
    html: Page,
    url: Optional[str],
    encoding: Optional[str],
    drop: Optional[list[str]],
    keep: Optional[list[str]],
    rules: Optional[Rules],
    explain: bool,
    explain_kept: bool,
) -> tuple[str, Optional[str]]: ...
def is_collection(name: str, content: str) -> bool: ...
