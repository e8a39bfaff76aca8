# All import rules of the monorepo, on one page. Read with docs/adr/0003.

THIRD_PARTY = "//3rdparty/python#*"
CONTRACTS = "//protos/**"


def library(uses=(), for_tests_only=False, dependencies=()):
    """A lib of the chassis. It may import the libs that `uses` names, and requirements."""
    python_sources(sources=["**/*.py"], dependencies=list(dependencies))
    users = [] if for_tests_only else ["//src/python/libs/**", "//src/python/services/**"]
    __dependencies_rules__(("*", "/**", _libs(uses), THIRD_PARTY, "!*"))
    __dependents_rules__(("*", "/**", users, "//src/python/tools/**", "//tests/**", "!*"))


def service(uses=(), data=()):
    """A deployable service: its sources, one PEX and one image. It never imports another service."""
    resources(name="data", sources=list(data) or ["py.typed"])
    python_sources(name="src", sources=["**/*.py"], dependencies=[":data"])
    pex_binary(
        name="bin",
        entry_point="__main__.py",
        dependencies=[":src"],
        execution_mode="venv",
        include_tools=True,
    )
    edge = (_libs(uses), CONTRACTS, THIRD_PARTY, "!*")
    __dependencies_rules__(
        ("/domain.py", "!*"),
        ("/ports.py", "/domain.py", "!*"),
        ("/use_cases.py", "/domain.py", "/ports.py", "!*"),
        ("/adapters/**", "/domain.py", "/ports.py", "/adapters/**", edge),
        ("/entrypoints/**", "/domain.py", "/ports.py", "/use_cases.py", "/entrypoints/**", edge),
        ("*", "/**", edge),
    )
    __dependents_rules__(("*", "/**", "//src/python/tools/devstack/**", "//tests/**", "!*"))


def tool(uses=(), tools=(), services=(), data=()):
    """A tool of the repository. It may import libs, other tools and, to start them, services."""
    resources(name="data", sources=list(data) or ["py.typed"])
    python_sources(name="src", sources=["**/*.py"], dependencies=[":data"])
    __dependencies_rules__(
        ("*", "/**", _libs(uses), _tools(tools), _services(services), CONTRACTS, THIRD_PARTY, "!*")
    )
    __dependents_rules__(("*", "/**", "//src/python/tools/**", "//tests/**", "!*"))


def _libs(names):
    return [f"//src/python/libs/seawall/{name}/**" for name in names]


def _tools(names):
    return [f"//src/python/tools/{name}/**" for name in names]


def _services(names):
    return [f"//src/python/services/{name}/**" for name in names]
