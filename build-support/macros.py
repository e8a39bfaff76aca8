# All import rules of the monorepo, on one page. Read with docs/adr/0003.

THIRD_PARTY = "//3rdparty/python#*"
CONTRACTS = "//protos/**"
DATA = "<resources>"
PACKAGE = "/__init__.py"  # comes with every module of a package; holds nothing but a docstring
CORE = ("/domain.py", "/ports.py")
WHEEL = "//src/python/libs"  # which brings all libs along


def library(uses=(), for_tests_only=False, contract=None):
    """A lib of the chassis. It may import the libs that `uses` names, and requirements.

    `contract` is a .proto that it speaks, whose committed stubs lie beside it.
    """
    resources(name="typed", sources=["py.typed"])
    python_sources(sources=["**/*.py", *(["*.pyi"] if contract else [])], dependencies=[":typed"])
    if contract:
        files(name="contract", sources=[contract])
    users = [] if for_tests_only else ["//src/python/libs/**", "//src/python/services/**"]
    __dependencies_rules__(("*", "/**", _libs(["extras", *uses]), THIRD_PARTY, "!*"))
    __dependents_rules__(("*", "/**", WHEEL, users, "//src/python/tools/**", "//tests/**", "!*"))


def wheel(libs):
    """The chassis as one distribution; its metadata is pyproject.toml. Tests read `readmes`."""
    files(name="readmes", sources=["seawall/*/README.md"])
    files(name="metadata", sources=["pyproject.toml", "README.md"])
    relocated_files(name="licence", files_targets=["//:licence"], src="", dest="src/python/libs")
    python_distribution(
        name="seawall",
        provides=python_artifact(name="seawall"),
        generate_setup=False,
        sdist=False,
        env_vars=["SOURCE_DATE_EPOCH=315532800"],  # the same sources give the same bytes
        dependencies=[":metadata", ":licence", *[f"//src/python/libs/seawall/{lib}" for lib in libs]],
    )


def service(uses=(), data=None, migrations=False):
    """A deployable service: its sources, one PEX and one image. It never imports another service.

    `data` names, for each module that reads files of the package, those files.
    """
    _sources(data or {}, {"app.py": [":migrations"]} if migrations else {})
    if migrations:
        python_sources(name="migrations", sources=["migrations/**/*.py"])
    pex_binary(name="bin", entry_point="__main__.py", execution_mode="venv", include_tools=True)
    docker_image(name="image", instructions=_image(), dependencies=[":bin"], tags=["docker"])
    edge = (_libs(uses), CONTRACTS, THIRD_PARTY, "!*")
    __dependencies_rules__(
        ("/domain.py", PACKAGE, "!*"),
        ("/ports.py", PACKAGE, "/domain.py", "!*"),
        ("/use_cases.py", PACKAGE, "/domain.py", "/ports.py", "!*"),
        ("/adapters/**", PACKAGE, DATA, CORE, "/adapters/**", edge),
        ("/entrypoints/**", PACKAGE, DATA, CORE, "/use_cases.py", "/entrypoints/**", edge),
        ("*", "/**", edge),
    )
    __dependents_rules__(("*", "/**", "//src/python/tools/devstack/**", "//tests/**", "!*"))


def tool(uses=(), tools=(), services=(), data=None, starts=()):
    """A tool of the repository: `cli.py` is its program. It may import libs, other tools and services.

    `starts` names the targets that it starts by name (`python -m`), which no import shows.
    """
    _sources(data or {}, {"cli.py": list(starts)} if starts else {})
    pex_binary(name="bin", entry_point="cli.py", execution_mode="venv")
    __dependencies_rules__(
        ("*", "/**", _libs(uses), _tools(tools), _services(services), CONTRACTS, THIRD_PARTY, "!*")
    )
    __dependents_rules__(("*", "/**", "//src/python/tools/**", "//tests/**", "!*"))


def pulumi_program():
    """The infrastructure: a resolve of its own, which imports nothing of the services and libs."""
    resources(name="stacks", sources=["Pulumi.yaml", "Pulumi.*.yaml"])
    resources(name="workloads", sources=["workloads.yaml"])
    resources(name="measured", sources=["measured.yaml"])
    resources(name="prices", sources=["prices.yaml"])
    files(name="kind", sources=["kind.yaml"])
    resources(name="aws", sources=["components/aws/*.sql"])
    resources(name="kafka_metrics", sources=["components/kind/kafka_metrics.yaml"])
    python_sources(
        name="src",
        sources=["**/*.py", "!checking.py", "!estimate.py", "!render.py"],
        resolve="infra",
        overrides={
            "workloads.py": {"dependencies": [":workloads"]},
            "components/aws/service_databases.py": {"dependencies": [":aws"]},
            "components/kind/kafka_strimzi.py": {"dependencies": [":kafka_metrics"]},
            "price_table.py": {"dependencies": [":prices"]},
            "image_digests.py": {"dependencies": [":stacks"]},
            "recording.py": {"dependencies": ["./__main__.py:src", ":stacks"]},
        },
    )
    # Programs to run, and none to package: `./pants run infra/pulumi:estimate`.
    python_source(name="estimate", source="estimate.py", resolve="infra")
    python_source(name="render", source="render.py", resolve="infra")
    python_source(name="check", source="checking.py", resolve="infra")
    __dependencies_rules__(("*", "/**", "//3rdparty/python/**", "!*"))
    __dependents_rules__(
        (
            "*",
            "/**",
            "//tests/unit/infra/**",
            "//tests/applied/**",
            "//tests/build/**",
            "//tests/contract/store_metrics/**",
            "//tests/integration/new_service/**",
            "!*",
        )
    )


def _sources(data, dependencies):
    resources(name="typed", sources=["py.typed"])
    overrides = {module: {"dependencies": list(names)} for module, names in dependencies.items()}
    for module, files in data.items():
        name = module.removesuffix(".py").replace("/", ".") + ".data"
        resources(name=name, sources=list(files))
        overrides.setdefault(module, {"dependencies": []})["dependencies"].append(f":{name}")
    python_sources(name="src", sources=["**/*.py", "!migrations/**"], overrides=overrides)


def _image():
    # The base comes by digest (SEAWALL_BASE_IMAGE, see pants.toml). The user owns nothing in the image.
    # Requirements and sources are layers of their own: a changed source ships the small one (docs/images.md).
    return [
        "ARG SEAWALL_BASE_IMAGE",
        *_unpack("deps"),
        *_unpack("srcs"),
        "FROM ${SEAWALL_BASE_IMAGE}",
        "COPY --from=deps /service /service",
        "COPY --from=srcs /service /service",
        "USER 10001:10001",
        "ENV SEAWALL_HOST=0.0.0.0 SEAWALL_PORT=8080",
        'ENTRYPOINT ["/service/pex"]',
    ]


def _unpack(scope):
    # Byte code that holds no times: the same requirements give the same layer.
    pex = build_file_dir().as_posix().replace("/", ".") + "/bin.pex"
    return [
        f"FROM ${{SEAWALL_BASE_IMAGE}} AS {scope}",
        f"COPY {pex} /service.pex",
        f"RUN PEX_TOOLS=1 python3.11 /service.pex venv --scope={scope} /service",
        "RUN PYTHONHASHSEED=0 python3.11 -m compileall -q --invalidation-mode=unchecked-hash /service/lib",
    ]


def _libs(names):
    return [f"//src/python/libs/seawall/{name}/**" for name in names]


def _tools(names):
    return [f"//src/python/tools/{name}/**" for name in names]


def _services(names):
    return [f"//src/python/services/{name}/**" for name in names]
