import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.library.query import Query, read_as_words, read_query


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", Query()),
        ("Deep  Reese -dark", Query(words=("deep", "reese"), excluded=("dark",))),
        ('"deep kick" -"too long"', Query(words=("deep kick",), excluded=("too long",))),
        ('"never closed', Query(words=("never closed",))),
        ("family:bass,lead", Query(families=frozenset({"bass", "lead"}))),
        ("family:bass family:lead", Query(families=frozenset())),
        ("type:oneshot", Query(kinds=frozenset({"one-shot"}))),
        ("type:loops,preset", Query(kinds=frozenset({"loop", "preset"}))),
        ("bpm:120-128", Query(tempo_bpm=(120.0, 128.0))),
        ("bpm:120", Query(tempo_bpm=(119.5, 120.5))),
        ("bpm:128-", Query(tempo_bpm=(128.0, math.inf))),
        ("length:-2.5s", Query(seconds=(0.0, 2.5))),
        ("key:Am,F#maj", Query(keys=frozenset({"A minor", "F# major"}))),
        ("key:8a", Query(keys=frozenset({"A minor"}))),
        ("tag:warm,dusty favourite:yes", Query(tags=("warm", "dusty"), favourites=True)),
        ('collection:"My  Kicks"', Query(collection_names=(frozenset({"my kicks"}),))),
        (
            "collection:kicks,snares -collection:used",
            Query(
                collection_names=(frozenset({"kicks,snares", "kicks", "snares"}),),
                excluded_collections=(frozenset({"used"}),),
            ),
        ),
        ("corrected:yes auditioned:yes -tag:harsh", Query(corrected=True, auditioned=True, excluded_tags=("harsh",))),
        ('collection:"" corrected:maybe', Query(words=("corrected maybe",))),
        ("-family:tuba", Query(excluded=("family tuba",))),
        ("-family:bass", Query(without=(Query(families=frozenset({"bass"})),))),
        (
            "-type:loop -key:Am,C -bpm:120-128",
            Query(
                without=(
                    Query(kinds=frozenset({"loop"})),
                    Query(keys=frozenset({"A minor", "C"})),
                    Query(tempo_bpm=(120.0, 128.0)),
                )
            ),
        ),
        ("favourite:no -favorite:no", Query(favourites=True, without=(Query(favourites=True),))),
        ("favorite:yes type:oneshots", Query(favourites=True, kinds=frozenset({"one-shot"}))),
        ("key:A minor soft", Query(keys=frozenset({"A minor"}), words=("soft",))),
        ("key:A minority", Query(keys=frozenset({"A"}), words=("minority",))),
        ("Kick 01.WAV -loop.mp3 v1.5 #.wav", Query(words=("kick", "01", "v1.5", "#"), excluded=("loop",))),
        ("sub-bass c#3", Query(words=("sub-bass", "c#3"))),
        # What is typed on the way to more, or parts the words of a name, asks for nothing.
        ('- -& : , -"" "" kick - 01 / + & .', Query(words=("kick", "01"))),
        ('★ -♥ --- -- "-" -"+" # ★kick', Query(words=("★", "---", "--", "-", "#", "★kick"), excluded=("♥", "+"))),
        # What is no known fact, or not one of its values, is looked for as a word.
        ("foo:bar family:tuba bpm:fast key:H", Query(words=("foo bar", "family tuba", "bpm fast", "key h"))),
        ("bpm:128-120", Query(tempo_bpm=(120.0, 128.0))),
        ("length:4-2,5s rating:5-3", Query(seconds=(2.5, 4.0), rating=(3.0, 5.0))),
        # Several values are parted by commas wherever there are spaces.
        (
            'family:"bass, lead" type:" loop ,presets" key:"Am, C"',
            Query(
                families=frozenset({"bass", "lead"}),
                kinds=frozenset({"loop", "preset"}),
                keys=frozenset({"A minor", "C"}),
            ),
        ),
        ('tag:"warm,  very dark," -tag:" used "', Query(tags=("warm", "very dark"), excluded_tags=("used",))),
        ('collection:" kicks, my  own"', Query(collection_names=(frozenset({"kicks, my own", "kicks", "my own"}),))),
        ('family:bass, type:"," key:,', Query(families=frozenset({"bass"}), words=("type ,", "key ,"))),
    ],
)
def test_reads(text: str, query: Query) -> None:
    assert read_query(text) == query


@given(st.text(max_size=60))
def test_any_text_is_a_query(text: str) -> None:
    query = read_query(text)
    assert all((*query.words, *query.excluded))


def test_narrows() -> None:
    query = read_query("family:bass,lead type:loop")
    assert query.with_families(frozenset({"lead", "pad"})).families == {"lead"}
    assert query.with_families(None) == query.with_kinds(None) == query
    assert query.with_kinds(frozenset({"one-shot"})).kinds == frozenset()
    assert Query().with_kinds(frozenset({"loop"})).kinds == {"loop"}
    assert read_query("bpm:100-128 length:-2 rating:1-3 bpm:120-").with_rating((2.0, 5.0)) == Query(
        tempo_bpm=(120.0, 128.0), seconds=(0.0, 2.0), rating=(2.0, 3.0)
    )
    assert not query.asks_nothing
    assert read_query(" ").asks_nothing


@pytest.mark.parametrize(
    "text",
    ["tag:a", "-tag:a", "rating:3-", "collection:a", "-collection:a", "corrected:yes", "-rating:3-", "kick", "-dark"],
)
def test_asks_for_marks(text: str) -> None:
    assert read_query(text).asks_for_marks
    assert read_query(text).left_out or not read_query(text).of_the_catalog.asks_nothing


@pytest.mark.parametrize(
    "text", ["family:bass", "auditioned:yes", "favourite:yes", "-auditioned:yes", "-type:loop", ""]
)
def test_asks_for_no_marks(text: str) -> None:
    assert not read_query(text).asks_for_marks


def test_what_is_no_fact_is_named() -> None:
    assert read_as_words("deep -dark family:bass -tag:used c#3 -key:Am favourite:no") == {}
    found = read_as_words("Family:Tuba tempo:fast mood:dark -key:H")
    assert list(found) == ["family:tuba", "tempo:fast", "mood:dark", "-key:h"]
    assert found["family:tuba"].startswith("family is one of kick, snare, hat")
    assert found["tempo:fast"] == "bpm is such as 120 or 120-128"
    assert found["mood:dark"].startswith("facts are family, type, key")
