"""What is known of each source, by its number in the gallery."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]


@dataclass(slots=True, eq=False)
class SourceFacts:
    """Arrays (S,) of at least as many places as there are sources.

    Attributes:
        expected_rise: What impostor rise is expected of it, see `impostor_rise`.
        rise: The last measurement of that.
        even: Distance of clothes that speaks for neither side, see `even_clothing`.
        span_s: From the first to the last that is seen of its footage, s.
        photo: Whether it is a photo.
        recurrence: How much likelier than usual two tracks of its footage are of one person.
        footage: Which footage it shows, see `same_footage`.
        later_s: By how much later its time begins than that of the first one that shows the same, s.
    """

    expected_rise: FloatArray = field(default_factory=lambda: np.zeros(1, np.float32))
    rise: FloatArray = field(default_factory=lambda: np.zeros(1, np.float32))
    even: FloatArray = field(default_factory=lambda: np.zeros(1, np.float32))
    span_s: FloatArray = field(default_factory=lambda: np.zeros(1, np.float32))
    photo: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, np.bool_))
    recurrence: FloatArray = field(default_factory=lambda: np.zeros(1, np.float32))
    footage: IntArray = field(default_factory=lambda: np.zeros(1, np.intp))
    later_s: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(1, np.float64))

    def expect(self, number: int, expected_rise: float, even: float, *, photo: bool) -> None:
        """Note a source of which nothing is measured yet."""
        if number >= len(self.rise):
            for column in fields(self):
                known = getattr(self, column.name)
                setattr(self, column.name, np.concatenate([known, np.zeros(number, known.dtype)]))
        self.expected_rise[number] = self.rise[number] = expected_rise
        self.even[number] = even
        self.span_s[number] = self.later_s[number] = self.recurrence[number] = 0.0
        self.photo[number] = photo
        # Another number than that of any footage, as they are from 0.
        self.footage[number] = -1 - number

    def adopt(self, other: SourceFacts, known: int) -> None:
        """Take over what others hold of so many sources."""
        for column in fields(self):
            theirs, ours = getattr(other, column.name), getattr(self, column.name)
            setattr(self, column.name, np.concatenate([theirs[:known], ours[known:]]))
