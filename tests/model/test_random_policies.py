"""Graphs of all shapes, whose tasks fail, are skipped, recovered and tried again, end as a sequential model says."""

import functools
import logging
from collections.abc import Generator
from random import Random

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.conftest import Backend
from tests.model.policy_case import Case, inputs_of
from tests.model.policy_flows import add_waits, flows
from tests.model.policy_model import Flow, evaluate
from tests.support.example import examples


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Generator[None]:
    """Each run that fails is logged."""
    logger = logging.getLogger("flowdeco")
    logger.disabled = True
    yield
    logger.disabled = False


# How long it takes to draw a flow says more about the machine.
examples_of = functools.partial(examples, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(flow=flows(), random=st.randoms(use_true_random=False))
@examples_of(1.2)
def test_any_graph_ends_as_the_model_says(flow: Flow, random: Random, backend: Backend) -> None:
    case = Case(add_waits(flow, evaluate(flow, inputs_of(flow)), random), backend)
    case.run()
    case.call()


@given(flow=flows(limits=True))
@examples_of(0.6)
def test_any_graph_with_limits_ends_as_the_model_says_and_overdraws_none(flow: Flow, backend: Backend) -> None:
    case = Case(flow, backend)
    case.run()
    case.call()
