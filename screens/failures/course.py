"""Where a preference turns, as the token view draws it."""

from engine.results.course import Course, course

__all__ = ["Course", "course"]
