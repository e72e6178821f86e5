"""Paper and ink, in whatever light."""

import numpy as np
import pytest

from handler.luminance import Plane
from handler.paper import find_paper, other_papers
from handler.planes import quantile, widest
from handler.polarity import paper_is_light
from handler.shade import smoothed
from tests.unit.test_images import seven


def lit(kind: str) -> Plane:
    """A 7 on paper: the light that falls on it, 0 to 1, (100, 100)."""
    down, across = np.meshgrid(np.linspace(-1, 1, 100), np.linspace(-1, 1, 100), indexing="ij")
    light = {
        "even": np.ones((100, 100)),
        "lamp": 0.75 + 0.2 * down - 0.1 * across,
        "vignette": 1 - 0.25 * (down**2 + across**2),
        "shadow": np.where(down + 0.3 * across > 0.1, 0.55, 0.95) * (1 - 0.05 * across),
        "soft": 0.9 - 0.4 / (1 + np.exp(-12 * (across - 0.2))),
    }[kind]
    return np.asarray(light, np.float32)


@pytest.mark.parametrize("kind", ["even", "lamp", "vignette", "shadow", "soft"])
@pytest.mark.parametrize("inverted", [False, True])
def test_ink_is_measured_by_the_paper_beside_it(kind: str, inverted: bool) -> None:  # noqa: FBT001  # a case
    """Ink that takes 60 % of the light is 0.6 everywhere, and paper is nothing."""
    ink = seven(100) > 0
    plane = lit(kind) * np.where(ink, np.float32(0.4), np.float32(1))
    paper = find_paper(1 - plane if inverted else plane)

    assert paper is not None
    assert paper.is_light != inverted
    found = paper.ink(1 - plane if inverted else plane)
    assert abs(float(np.median(found[ink])) - 0.6) < 0.05
    assert quantile(found[~ink], 0.98) < 0.12
    assert quantile(found[ink], 0.05) > 0.45


@pytest.mark.parametrize("kind", ["lamp", "vignette"])
def test_an_empty_sheet_in_uneven_light_has_little_on_it(kind: str) -> None:
    """Light alone makes no ink that is stronger than a tenth."""
    paper = find_paper(lit(kind))

    assert paper is None or float(paper.ink(lit(kind)).max()) < 0.1


def test_a_frame_does_not_make_paper_of_ink() -> None:
    """A box all around has the border, and neither area nor breadth."""
    sheet = np.ones((60, 60), np.float32)
    sheet[:3] = sheet[-3:] = sheet[:, :3] = sheet[:, -3:] = 0
    sheet[15:45, 28:32] = 0

    assert paper_is_light(sheet)
    assert not paper_is_light(1 - sheet)


@pytest.mark.parametrize("size", [1, 3, 5, 9])
@pytest.mark.parametrize("axis", [0, 1])
def test_widest_is_the_maximum_around_each(size: int, axis: int) -> None:
    """As a plain loop gives it, with what is in the picture alone."""
    plane = np.random.default_rng(size).random((7, 11)).astype(np.float32)
    view = plane if axis == 0 else plane.T
    expected = [view[max(0, place - size // 2) : place + size // 2 + 1].max(axis=0) for place in range(len(view))]
    found = widest(plane, size, axis)

    np.testing.assert_array_equal(found if axis == 0 else found.T, expected)


def tight(light: Plane, thick: int = 1) -> Plane:
    """A dark seven cut along its bounds, 50×50, with strokes of some more pixels, in some light."""
    ink = (seven(100) > 0)[25:75, 25:75].astype(np.uint8)
    for axis in (0, 1):
        ink = widest(ink, thick, axis)
    return np.asarray(light[25:75, 25:75] * np.where(ink, np.float32(0.3), np.float32(1)), np.float32)


@pytest.mark.parametrize("thick", [1, 7, 13])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_surface_through_the_paper_knows_no_stroke_that_is_too_thick(thick: int, inverted: bool) -> None:  # noqa: FBT001  # a case
    """In the light of a lamp, cut tightly, with a marker too: one of the papers has the ink on it and nothing else."""
    down, across = np.meshgrid(np.linspace(-1, 1, 100), np.linspace(-1, 1, 100), indexing="ij")
    plane = tight(np.asarray(0.7 + 0.3 * down + 0.25 * across, np.float32), thick)
    shown = np.asarray(1 - plane if inverted else plane, np.float32)
    first = find_paper(shown)
    assert first is not None
    papers = [paper for paper in (first, *other_papers(shown)) if paper.is_light != inverted]
    assert papers
    dark = tight(np.ones((100, 100), np.float32), thick) < 1
    best = max(float((np.asarray(paper.ink(shown) > 0.35) == dark).mean()) for paper in papers)
    assert best > 0.97


def test_no_surface_lies_through_what_is_no_paper() -> None:
    """Noise has none, in neither polarity."""
    noise = np.random.default_rng(0).random((40, 40)).astype(np.float32)
    assert smoothed(noise, (40, 40)) is None
    assert smoothed(1 - noise, (40, 40)) is None


@pytest.mark.parametrize("kind", ["even", "lamp", "shadow"])
def test_other_papers_are_of_both_kinds(kind: str) -> None:
    """In even light the other polarity; in uneven light the same one too, in another light."""
    ink = seven(100) > 0
    plane = np.asarray(lit(kind) * np.where(ink, np.float32(0.4), np.float32(1)), np.float32)
    found = {paper.is_light for paper in other_papers(plane)}
    assert found == ({False} if kind == "even" else {False, True})
    assert not list(other_papers(np.full((30, 30), 0.5, np.float32)))
