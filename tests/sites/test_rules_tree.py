"""Laws of the place tree, on any tree."""

from __future__ import annotations

import random
import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import pinyin
from app.sites.rules import tree
from app.sites.rules.tree import Derived, Node
from app.sites.services import standing

BARE = str.maketrans("", "", tree.SKIPPED)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
# 1 to 99 as Chinese says them, written out from its rule: ones, 十, ten and ones, tens of tens.
ONES = "一二三四五六七八九"
SPOKEN = ["", *ONES, "十", *(f"十{one}" for one in ONES)]
SPOKEN += [f"{ten}十{one}" for ten in ONES[1:] for one in ("", *ONES)]


@st.composite
def forests(draw: st.DrawFn) -> list[Node]:
    """Nodes under one or more campuses, each under a parent its kind allows."""
    nodes = [Node(1, None, "campus", "C1", draw(NAMES), "c")]
    for number in range(2, draw(st.integers(2, 25))):
        parent = draw(st.sampled_from(nodes))
        kinds = tree.kinds_under(parent.kind)
        nodes.append(Node(number, parent.id, draw(st.sampled_from(kinds)), f"K{number}", draw(NAMES), draw(NAMES)))
    return nodes


def _all(nodes: list[Node]) -> dict[int | None, Derived]:
    return {node.id: derived for node, derived in tree.derive_all(nodes, {})}


@given(forests(), st.randoms())
def test_what_is_derived_does_not_depend_on_the_order(nodes: list[Node], chance: random.Random) -> None:
    shuffled = nodes[:]
    chance.shuffle(shuffled)
    assert _all(nodes) == _all(shuffled)
    assert len(_all(nodes)) == len(nodes)


@given(forests())
def test_one_by_one_gives_what_all_at_once_gives(nodes: list[Node]) -> None:
    whole = _all(nodes)
    for node in nodes:
        assert tree.derive(node, whole.get(node.parent_id)) == whole[node.id]


@given(forests())
def test_every_place_knows_its_campus_and_nearest_building(nodes: list[Node]) -> None:
    whole, by_id = _all(nodes), {node.id: node for node in nodes}
    for node in nodes:
        chain = [node]
        while chain[-1].parent_id is not None:
            chain.append(by_id[chain[-1].parent_id])
        derived = whole[node.id]
        assert derived.campus_id == chain[-1].id
        assert derived.building_id == next((each.id for each in chain if each.kind == "building"), None)
        assert derived.path == tree.SEPARATOR.join(each.name for each in reversed(chain))
        assert derived.depth == len(chain)
        assert tree.above(derived.path, node.name) == ("" if node.parent_id is None else whole[node.parent_id].path)


@given(forests())
def test_a_subtree_derived_alone_is_the_same(nodes: list[Node]) -> None:
    whole = _all(nodes)
    roots = [node for node in nodes if node.parent_id is not None][:1]
    for root in roots:
        inside = {root.id}
        for node in nodes:
            if node.parent_id in inside:
                inside.add(node.id)
        part = [node for node in nodes if node.id in inside]
        assert root.parent_id is not None
        above = {root.parent_id: whole[root.parent_id]}
        found = {node.id: derived for node, derived in tree.derive_all(part, above)}
        assert found == {key: derived for key, derived in whole.items() if key in inside}


@given(NAMES, NAMES, NAMES)
def test_a_place_is_found_by_its_own_words(name: str, code: str, question: str) -> None:
    derived = tree.derive(Node(1, None, "campus", code, name, "x"), None)
    for term in (*tree.terms(name), *tree.terms(code)):
        assert term.translate(BARE) in derived.search.translate(BARE)
    assert len(tree.terms(question * 40)) <= 8


def test_a_ring_is_never_reached() -> None:
    ring = [Node(1, 2, "asset", "a", "a", ""), Node(2, 1, "asset", "b", "b", "")]
    assert list(tree.derive_all(ring, {})) == []


def test_full_width_and_case_do_not_matter() -> None:
    assert tree.fold("Ｔ３－４１２　 Ａ") == "t3-412 a"
    assert tree.terms("  ") == ()
    assert tree.terms("桃园3  ４１２") == ("桃园3", "412")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("3 号楼", ("3号楼",)),
        ("桃园 3 号楼 · 4 层 · 408 室", ("桃园", "3号楼", "4层", "408室")),
        ("桃园3 号楼", ("桃园3号楼",)),
        ("三 号楼 2 单元", ("三号楼", "2单元")),
        ("3 号楼408", ("3号楼408",)),
        ("3 号", ("3号",)),  # begun to be typed
        ("4 室外", ("4", "室外")),
        ("统一 层", ("统一", "层")),
        ("桃园 3", ("桃园", "3")),
    ],
)
def test_a_number_and_its_unit_are_one_word(asked: str, words: tuple[str, ...]) -> None:
    assert tree.terms(asked) == words


def _found(question: str, way: str) -> bool:
    return re.search(tree.likeness(question), tree.squeezed(way)) is not None


@given(st.integers(1, 99), st.integers(1, 99))
def test_a_number_is_found_in_figures_and_in_chinese(number: int, other: int) -> None:
    written, spoken = f"桃园{number}号楼", f"桃园{SPOKEN[number]}号楼"
    assert all(_found(asked, f"{way} · 408 室") for asked in (written, spoken) for way in (written, spoken))
    assert _found(f"{spoken}408", f"{written} · 4 层 · 408 室")
    if other != number:
        for asked in (f"桃园{SPOKEN[other]}号楼", f"桃园{other}号楼"):
            assert not any(_found(asked, way) for way in (written, spoken))
        assert not _found(f"{other}号楼", spoken)
        assert not _found(f"桃园{other}", spoken)


def test_what_is_no_number_is_found_as_it_stands() -> None:
    assert _found("一二三礼堂", "一二三 礼堂")
    assert _found("教4", "教学楼三 4 层")


def test_a_number_begun_to_be_typed_is_found_as_any_word() -> None:
    assert _found("桃园1", "桃园 12 号楼")
    assert _found("三号楼", "桃园十三号楼")
    assert not _found("十号楼", "桃园 100 号楼")


@pytest.mark.parametrize(
    ("asked", "name", "found"),
    [
        ("taoyuan", "桃园 3 号楼", True),
        ("taoyuan3", "桃园 3 号楼", True),
        ("taoyuan3haolou", "桃园 3 号楼", True),
        ("taoy", "桃园", True),  # begun to be typed
        ("yuan", "桃园", True),
        ("aoyuan", "桃园", False),
        ("taoyuan3", "桃园 13 号楼", False),
        ("taoyuan3", "桃园 30 号楼", False),
        ("xian", "西安楼", True),
        ("chongqing", "重庆楼", True),
        ("lib", "Lib 2", True),
        ("diyijiaoxue", "第一教学楼", True),
        ("jiaoxuelou", "第一教学楼", True),
    ],
)
def test_a_place_is_found_by_its_pinyin(asked: str, name: str, found: bool) -> None:
    sound = tree.sounding(asked)
    assert sound is not None
    assert (re.search(sound, standing.sort_key("building", name)[1:]) is not None) is found


def test_places_that_count_in_chinese_stand_by_their_numbers() -> None:
    """And are still found as they are read."""
    names = ["第一教学楼", "第二教学楼", "第三教学楼", "第十教学楼", "第十二教学楼", "第二十教学楼"]
    assert sorted(set(names), key=partial(standing.sort_key, "building")) == names
    units = ["一单元", "二单元", "3 单元", "四 单元", "十单元"]
    assert sorted(set(units), key=partial(standing.sort_key, "unit")) == units
    for unit in ("校区", "宿舍", "公寓", "阶教室", "层"):
        names = [f"{number}{unit}" for number in "一二三四五六七八九十"]
        assert sorted(set(names), key=partial(standing.sort_key, "zone")) == names
    assert re.search(str(tree.sounding("loudi")), standing.sort_key("building", "第一教学楼")[1:]) is None, (
        "over the seam"
    )
    for kept in ("三思楼", "九龙湖", "一百零一号楼", "第一百零一教室", "第一百教学楼", "廿一号楼", "二〇一室"):
        assert tree.in_figures(kept) == kept


@given(st.text(alphabet="abcxyz0129", max_size=12))
def test_pinyin_finds_whatever_is_read_so(word: str) -> None:
    """However the syllables are cut; two letters are initials."""
    sound = tree.sounding(word)
    assert (sound is not None) is (re.match("[a-z]{3}", word) is not None)
    if sound is not None:
        runs = re.findall("[a-z]+|[0-9]+", word)
        apart = " ".join(run.zfill(pinyin.DIGITS) if run.isdigit() else " ".join(run) for run in runs)
        whole = " ".join(run.zfill(pinyin.DIGITS) if run.isdigit() else run for run in runs)
        assert re.search(f"^{sound}", f" {apart}")
        assert re.search(sound, f" lou {whole}")
        assert not re.search(sound, f"x{whole}")


def test_every_kind_has_a_usual_one_below() -> None:
    for kind in (None, *tree.KINDS):
        assert tree.USUAL.get(kind, "asset") in tree.kinds_under(kind)
