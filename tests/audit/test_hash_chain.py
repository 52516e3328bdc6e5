"""Whatever is done to a chain shows: every change, removal and reordering, at every place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from casebus_producers.audit.hash_chain import Break, Fault, Link, breaks, hash_after

CONTENTS = st.lists(st.binary(max_size=20), min_size=2, max_size=12)


def chain(contents: list[bytes]) -> list[Link]:
    links: list[Link] = []
    for content in contents:
        previous = links[-1].hash if links else ""
        links.append(Link(len(links) + 1, content, hash_after(previous, content)))
    return links


@given(CONTENTS)
def test_a_whole_chain_has_no_fault(contents: list[bytes]) -> None:
    links = chain(contents)
    assert list(breaks(links)) == []
    assert list(breaks(links, anchors={link.sequence: link.hash for link in links})) == []


@given(CONTENTS, st.data())
def test_a_changed_link_shows_where_it_is(contents: list[bytes], data: st.DataObject) -> None:
    links, place = chain(contents), data.draw(st.integers(0, len(contents) - 1))
    links[place] = links[place]._replace(content=links[place].content + b"x")
    assert list(breaks(links)) == [Break(place + 1, Fault.CHANGED)]


@given(CONTENTS, st.data())
def test_a_changed_link_with_a_new_hash_shows_at_the_next(contents: list[bytes], data: st.DataObject) -> None:
    links, place = chain(contents), data.draw(st.integers(0, len(contents) - 2))
    content = links[place].content + b"x"
    links[place] = Link(place + 1, content, hash_after(links[place - 1].hash if place else "", content))
    assert list(breaks(links)) == [Break(place + 2, Fault.CHANGED)]


@given(CONTENTS, st.data())
def test_a_removed_link_shows(contents: list[bytes], data: st.DataObject) -> None:
    links, place = chain(contents), data.draw(st.integers(0, len(contents) - 2))
    del links[place]
    assert list(breaks(links)) == [Break(place + 2, Fault.MISSING)]


@given(CONTENTS, st.data())
def test_links_in_another_order_show(contents: list[bytes], data: st.DataObject) -> None:
    links, place = chain(contents), data.draw(st.integers(0, len(contents) - 2))
    links[place], links[place + 1] = links[place + 1], links[place]
    assert Break(place + 1, Fault.REORDERED) in list(breaks(links))


@given(CONTENTS)
def test_a_repeated_link_shows(contents: list[bytes]) -> None:
    links = chain(contents)
    assert list(breaks([*links, links[0]])) == [Break(1, Fault.REORDERED)]


@given(CONTENTS)
def test_a_cut_end_shows_only_to_who_knows_it(contents: list[bytes]) -> None:
    links = chain(contents)
    last = links[-1]
    assert list(breaks(links[:-1])) == []
    assert list(breaks(links[:-1], anchors={last.sequence: last.hash})) == [Break(last.sequence, Fault.CUT)]


@given(CONTENTS)
def test_a_chain_made_anew_shows_only_to_who_knows_the_old_one(contents: list[bytes]) -> None:
    old, new = chain(contents), chain([b"x" + contents[0], *contents[1:]])
    assert list(breaks(new)) == []
    assert Break(len(old), Fault.REPLACED) in list(breaks(new, anchors={len(old): old[-1].hash}))
