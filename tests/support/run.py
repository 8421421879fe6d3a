"""What the tests of run share."""

from typing import Any

from flowdeco import workflow
from tests.support.naming import mention
from tests.support.pages import page, words

mention(page, words)


@workflow
def summary(url: Any, words: Any, page: Any) -> int:
    return len(words)
