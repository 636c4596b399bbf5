"""Invented names: they exist so that a pipeline can prove that it never loads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from analysis.synthetic.streams import Ints, Streams

Strings = npt.NDArray[np.str_]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "Ada Amir Anna Asha Bela Bo Carla Chen Dana Diego Edda Emil Esra Eva Femi Finn Gita Hugo "
    "Ida Imre Ines Ivo Jana Jiro Jonas Kaja Kofi Lara Lena Levi Lin Luca Maja Malik Marta Milan "
    "Mina Nadia Nia Noah Nora Olga Omar Otto Paula Pia Rafa Rana Rosa Sami Sara Senna Tara Theo "
    "Tom Uma Vera Viktor Yara Zeno"
)
_LAST = _words(
    "Abbott Adeyemi Alder Arslan Baker Barros Becker Bianchi Brandt Bright Castell Cheng Conti "
    "Dalton Demir Duarte Eklund Engel Farouk Ferro Fischer Garner Gomes Hale Hansen Haas Ibarra "
    "Ivanov Jansen Jordan Kaya Keller Kimura Kowal Lang Larsen Lopez Marek Mbeki Meyer Molina "
    "Nagy Novak Okafor Olsen Pace Park Petrov Quist Ramos Reed Rossi Sato Schmid Silva Stone "
    "Tanaka Toft Urban Vance Vogel Weiss Wood Young Zeller"
)


def invented_names(streams: Streams, rows: Ints, total: int) -> tuple[Strings, Strings]:
    """First and last names of the given of ``total`` people; several may share both."""
    first = np.floor(streams.scalar("first_name", 0, total)[rows] * len(_FIRST)).astype(int)
    last = np.floor(streams.scalar("last_name", 0, total)[rows] * len(_LAST)).astype(int)
    return np.array(_FIRST)[first], np.array(_LAST)[last]
