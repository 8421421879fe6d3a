"""Which names are slips of others, and which are just names."""

import pytest

from flowdeco._base.spelling import is_slip


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("discont", "discount"),
        ("discoount", "discount"),
        ("dicsount", "discount"),
        ("discaunt", "discount"),
        ("adress", "address"),
        ("temprature", "temperature"),
        ("recieved", "received"),
        ("seperate", "separate"),
        ("widht", "width"),
        ("pirce", "price"),
        ("lenght", "length"),
        ("maxsize", "max_size"),
        ("maxSize", "max_size"),
        ("Discount", "discount"),
        ("discont_rate", "discount_rate"),
        ("rate_of_discont", "rate_of_discount"),
        ("discont2", "discount2"),
    ],
)
def test_a_slip_is_found_whichever_of_the_two_it_is(name: str, other: str) -> None:
    assert is_slip(name, other)
    assert is_slip(other, name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("discount", "discount"),
        # Short ones.
        *[("x", "y"), ("x", "xs"), ("id", "ids"), ("a", "b"), ("df", "dfs"), ("row", "raw"), ("date", "data")],
        *[("text", "test"), ("cost", "coast"), ("form", "from"), ("lines", "links"), ("prices", "prizes"), ("n", "m")],
        *[("price", "prime"), ("store", "score"), ("count", "court"), ("state", "stage"), ("model", "modal")],
        # Beginnings and endings.
        *[("url", "urls"), ("page", "pages"), ("price", "prices"), ("box", "boxes"), ("entry", "entries")],
        *[("cache", "cached"), ("scale", "scaled"), ("scale", "scaler"), ("parser", "parsed"), ("filter", "filtered")],
        *[("xmin", "ymin"), ("xlabel", "ylabel"), ("rows", "nrows"), ("type", "dtype"), ("weight", "height")],
        *[("analysis", "analyses"), ("station", "stations"), ("retries", "retried"), ("encoder", "decoder")],
        # Numbers, words of several, underscores.
        *[("x1", "x2"), ("page1", "page2"), ("version10", "version1"), ("week_51", "week_52"), ("round1", "round11")],
        *[("train_x", "train_y"), ("min_price", "max_price"), ("in_file", "out_file"), ("start_time", "stop_time")],
        *[("discount", "discount_rate"), ("price", "price_list"), ("user_id", "user_ids"), ("left_mean", "left_max")],
        *[("_cache", "cache"), ("filter_", "filter"), ("_", "x"), ("__all", "all")],
        # Words that are both in use.
        *[("content", "context"), ("contact", "contract"), ("country", "county"), ("string", "sting")],
        *[("country", "counter"), ("cleaned", "cleared"), ("loading", "leading"), ("minimum", "maximum")],
        *[("interval", "internal"), ("planning", "planting"), ("message", "massage"), ("started", "starred")],
        *[("request", "require"), ("section", "session"), ("upload", "unload"), ("include", "exclude")],
        *[("quality", "quantity"), ("before", "after"), ("source", "target"), ("reader", "render"), ("", "x")],
    ],
)
def test_usual_names_are_no_slips_of_one_another(name: str, other: str) -> None:
    assert not is_slip(name, other)
    assert not is_slip(other, name)


def test_among_the_names_of_the_standard_library_there_are_hardly_any() -> None:
    """Parameters of one module's functions that are slips of each other would be false alarms, nearly all of them."""
    import argparse
    import asyncio
    import inspect
    import logging
    import shutil
    import subprocess
    import sys
    import urllib.parse

    found: set[tuple[str, str]] = set()
    for module in (argparse, asyncio, logging, shutil, subprocess, urllib.parse, inspect, sys):
        names: set[str] = set(vars(module))
        for value in list(vars(module).values()):
            try:
                names |= set(inspect.signature(value).parameters)
            except (TypeError, ValueError):
                continue
        lower = sorted(name for name in names if name.islower())
        found |= {(one, two) for one in lower for two in lower if one < two and is_slip(one, two)}
    assert len(found) <= 3, found
