"""Where in the list of all values of a run stands what functions receive: the part of a plan that gives out places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .._base.events import Outcome, Status
from .._base.sentinel import UNSET
from .._base.signature import POSITIONAL, Param
from .._definition.definition import Definition
from .._graph.output import is_absent, take_constant
from .._graph.source import (
    Constant,
    FromInput,
    FromItem,
    FromItemOf,
    FromResult,
    FromRun,
    FromStream,
    FromValue,
    Source,
    parts_of,
)
from .._runner.arguments import Arguments, choose_arguments
from .axes import Axes
from .programs import Programs
from .propagation import outcome_without

__all__ = ["Places"]


class Places(Programs):
    """The places of a plan; its attributes are explained there."""

    template: list[Any]
    outcomes: dict[int, dict[str | None, int]]
    handed: dict[int, int]
    asks_for_state: bool
    run_place: int
    state_place: int
    _axes: Axes | None
    _input_place: dict[str, int]
    _part_places: dict[tuple[int, str], int]
    _part_set: set[int]

    def _place(self, value: Any = UNSET) -> int:
        self.template.append(value)
        return len(self.template) - 1

    def _quick_slots(
        self, params: Sequence[Param], sources: Sequence[Source], settled: Sequence[str]
    ) -> tuple[int, ...] | None:
        """Return the places of arguments that are all results, passed by position, as with most functions.

        This is a good part of what compiling costs.
        """
        if self._axes is not None:
            return None
        steps = [source.definition for source in sources if type(source) is FromResult and source.output is None]
        if len(steps) == len(sources) and not settled and all(param.kind in POSITIONAL for param in params):
            return tuple([self.graph.node_of(step).index for step in steps])
        return None

    def _arguments(
        self, function: Callable[..., Any], params: Sequence[Param], sources: Sequence[Source], settled: Sequence[str]
    ) -> Arguments:
        """Return how a function gets its arguments."""
        given = choose_arguments(params, sources)
        together: dict[int, int] = {}
        if self._axes is not None:
            plain = [source for param, source in given if param.name not in settled]
            together = self._axes.groups.place_together([part for source in plain for part in parts_of(source)])
        slots: list[int] = []
        for param, source in given:
            for part in parts_of(source):
                if param.name in settled:
                    slots.append(self._outcome_slot(param, part))
                else:
                    slots.append(together[id(part)] if id(part) in together else self._slot(param, part))
        return Arguments(function, given, tuple(slots))

    def _slot(self, param: Param, source: Source) -> int:
        if isinstance(source, (FromItem, FromItemOf, FromStream)):
            return self._item_slot(source)
        if isinstance(source, FromResult):
            index = self.graph.node_of(source.definition).index
            return index if source.output is None else self._part_place(index, source.output)
        if isinstance(source, FromInput):
            return self._input_place[source.name]
        if isinstance(source, FromRun):
            self.asks_for_state |= source.name == "state"
            return self.run_place if source.name == "run" else self.state_place
        if isinstance(source, Constant):
            return self._place(take_constant(source))
        return self._place(source.value if isinstance(source, FromValue) else param.default)

    def _item_slot(self, source: FromItem | FromItemOf | FromStream, *, settled: bool = False) -> int:
        assert self._axes is not None
        if isinstance(source, FromStream):
            return self._axes.streams.ask(source, settled=settled)
        return self._axes.stand_ins.stand_in(source, settled=settled)

    def _outcome_slot(self, param: Param, source: Source) -> int:
        if isinstance(source, Constant):
            name, output = self.graph.node_of(source.definition).name, source.output
            if source.definition.graph_each:
                values = enumerate(take_constant(source))
                return self._place([Outcome(name, Status.COMPLETED, value, index=index) for index, value in values])
            if output is not None and is_absent(source.value, output):
                return self._place(outcome_without(name, output))
            return self._place(Outcome(name, Status.COMPLETED, self.template[self._slot(param, source)]))
        if isinstance(source, (FromItem, FromItemOf, FromStream)):
            return self._item_slot(source, settled=True)
        if not isinstance(source, FromResult):
            return self._slot(param, source)
        places = self.outcomes.setdefault(self.graph.node_of(source.definition).index, {})
        if source.output not in places:
            places[source.output] = self._place_freed()
        return places[source.output]

    def _handed_place(self, step: Definition) -> int:
        """Return where it stands how a node has ended, for a nested workflow that shares it."""
        index = self.graph.node_of(step).index
        if index not in self.handed:
            self.handed[index] = self._place_freed()
        return self.handed[index]

    def _place_freed(self) -> int:
        """Return a place that is let go of when nobody needs it any more."""
        place = self._place()
        self._part_set.add(place)
        return place

    def _part_place(self, index: int, output: str) -> int:
        key = index, output
        if key not in self._part_places:
            self._part_places[key] = self._place_freed()
        return self._part_places[key]
