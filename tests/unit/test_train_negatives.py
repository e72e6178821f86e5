"""What is no digit, for training: letters, marks and stains, of kinds that no stranger is of."""

import numpy as np
import pytest

from handler.images import normalise
from handler.ports import Images
from train import glyphs, letters, marks, negatives, pen, stains
from train.letters import FOREIGN, PRINTED
from train.strangers import GREEK, SYMBOLS

EVERY = tuple(dict.fromkeys((*negatives.KINDS, *negatives.UNSEEN)))


@pytest.fixture
def bars() -> Images:
    """Pictures of an upright bar, white on black, as a 1 of MNIST's size."""
    images = np.zeros((3, 28, 28), np.uint8)
    images[:, 4:24, 12:16] = 255
    return images


def test_every_negative_has_ink(bars: Images) -> None:
    """What the handler would call blank teaches nothing and is left out; the seed decides all."""
    count = 2 * len(negatives.KINDS)
    told: list[int] = []
    made = negatives.make(count, bars, 0, told.append)
    assert told == list(range(1, count + 1))
    assert 0.9 * count < len(made.first) <= count
    assert made.first.any(axis=(1, 2)).all()
    assert len({image.tobytes() for image in made.first}) == len(made.first)
    few, other = negatives.make(20, bars, 0).first, negatives.make(20, bars, 1).first
    assert np.array_equal(made.first[: len(few)], few)
    assert not np.array_equal(few[:10], other[:10])


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_a_kind_is_ink_on_paper_of_many_sizes(kind: negatives.Kind, bars: Images) -> None:
    """Pictures of luminance, dark on light and light on dark, of which the handler sees nearly all."""
    pictures = [negatives.picture(kind, bars, np.random.default_rng(seed)) for seed in range(40)]
    assert all(plane.dtype == np.float32 and plane.min() >= 0 and plane.max() <= 1 for plane in pictures)
    sides = [max(plane.shape) for plane in pictures]
    assert min(sides) < 60
    assert max(sides) > 120
    assert {bool(np.median(plane) > 0.5) for plane in pictures} == {True, False}
    assert sum(normalise(plane).signs.is_blank for plane in pictures) < 10


def test_no_letter_is_one_that_a_hand_could_have_meant_as_a_digit() -> None:
    """O, I, l, S, Z, b, g, q and the like are left to chance, in print and by hand."""
    drawn = {*PRINTED, *letters._HANDS}
    assert not drawn & set("BCDGIJLOQSUYZabcgijloqsyz0123456789")
    assert not set(FOREIGN) & set("ЗОЧЭзочэбОՁՉՅՀօგვზ")


def test_strangers_stay_strange() -> None:
    """Neither what training shows nor what the threshold is chosen on is a symbol, a Greek letter, or its double."""
    alone = {*PRINTED, *letters._HANDS, *FOREIGN}
    assert not alone & {*SYMBOLS, *GREEK, *"XxtГПЛФХгплфхΑΕ×"}
    assert not {*letters._WORDS} & {*SYMBOLS, *GREEK, *"Xx"}
    assert not {*FOREIGN} & {*PRINTED, *letters._WORDS}
    assert not set(negatives.UNSEEN) & set(negatives.KINDS)


def test_every_font_has_every_letter() -> None:
    """None is drawn as the box that stands for what is missing."""
    for fonts, characters in ((glyphs.LATIN, PRINTED + letters._WORDS), (glyphs.DEJAVU, FOREIGN)):
        for name in fonts:
            assert [one for one in characters if not glyphs.load(name).get_char_index(ord(one))] == [], name


def test_hands_differ(bars: Images) -> None:
    """No letter is drawn twice in the same way, nor is any other mark."""
    for kind in (letters.handwritten, marks.tick, marks.dashes, marks.box, marks.struck_out, stains.smudge):
        made = [kind(bars, np.random.default_rng(seed)) for seed in range(20)]
        assert len({ink.tobytes() for ink in made}) == 20
        assert all(ink.min() >= 0 and 0.3 < ink.max() <= 1 for ink in made)


def test_what_strikes_out_goes_beyond_the_digit(bars: Images) -> None:
    """The digit's ink is still there, and there is more on both of its sides."""
    for seed in range(20):
        ink = marks.struck_out(bars, np.random.default_rng(seed))
        assert ink[26:86, 52:60].mean() > 0.8
        assert ink[:, :48].any()
        assert ink[:, 66:].any()


def test_a_bare_stroke_is_struck_out_by_more_than_a_line(bars: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a single one it would be a cross, which is a stranger; a ring has no such fear."""
    kinds: list[int] = []
    strike = marks._strike

    def noted(low: pen.Stroke, high: pen.Stroke, kind: int, random: np.random.Generator) -> list[pen.Stroke]:
        kinds.append(kind)
        return strike(low, high, kind, random)

    monkeypatch.setattr(marks, "_strike", noted)
    y, x = np.mgrid[0:28, 0:28] - 13.5
    ring = ((np.abs(np.hypot(y / 9, x / 6) - 1) < 0.25) * 255).astype(np.uint8)[None]
    for digits, expected in ((bars, {1, 2}), (ring, {0, 1, 2})):
        kinds.clear()
        for seed in range(20):
            marks.struck_out(digits, np.random.default_rng(seed))
        assert set(kinds) == expected


def test_a_box_is_no_zero(bars: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is at least as wide as high, but for a tick in it that reaches beyond."""
    monkeypatch.setattr(marks, "tick", lambda *_given: np.zeros((112, 112)))
    for seed in range(20):
        ink = marks.box(bars, np.random.default_rng(seed))
        width, height = (np.ptp(np.flatnonzero(ink.any(axis=axis))) for axis in (0, 1))
        assert width >= height - 8
