"""Two tasks that many tests have in their workflows."""

from flowdeco import task


@task
async def page(url: str) -> str:
    return f"<{url}>"


@task
def words(page: str) -> list[str]:
    return [page]
