"""How much time and memory flowdeco takes; `python tests/benchmark --help` says how it is run.

`case` lists what is measured and `target` what is to be reached; `option`, `plain`, `item`, `compiling`, `memory`,
`manner` and `importing` are the cases by matter. `tree` starts a process in a checkout of flowdeco, `worker` is what
runs there. The cases use the public API alone, so that they run on older and newer checkouts too: what only some of
them have is imported where a case needs it, and a checkout that lacks it shows "-".
"""
