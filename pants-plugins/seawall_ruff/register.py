"""Ruff as linter and as formatter: Pants 2.17's own backend calls neither of today's subcommands."""

from typing import Iterable, Tuple

from pants.backend.python.lint.ruff import skip_field, subsystem
from pants.backend.python.lint.ruff.subsystem import Ruff, RuffFieldSet
from pants.backend.python.util_rules import pex
from pants.backend.python.util_rules.pex import PexRequest, VenvPex, VenvPexProcess
from pants.core.goals.fix import FixResult, FixTargetsRequest
from pants.core.goals.fmt import FmtResult, FmtTargetsRequest
from pants.core.goals.lint import LintResult, LintTargetsRequest
from pants.core.util_rules.config_files import ConfigFiles, ConfigFilesRequest
from pants.core.util_rules.partitions import PartitionerType
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.fs import Digest, MergeDigests, Snapshot
from pants.engine.process import FallibleProcessResult
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.util.meta import classproperty


class RuffCheck(LintTargetsRequest):
    field_set_type = RuffFieldSet
    tool_subsystem = Ruff
    partitioner_type = PartitionerType.DEFAULT_SINGLE_PARTITION


class RuffFix(FixTargetsRequest):
    field_set_type = RuffFieldSet
    tool_subsystem = Ruff
    partitioner_type = PartitionerType.DEFAULT_SINGLE_PARTITION
    enable_lint_rules = False

    @classproperty
    def tool_name(cls) -> str:
        return "ruff check --fix"


class RuffFormat(FmtTargetsRequest):
    field_set_type = RuffFieldSet
    tool_subsystem = Ruff
    partitioner_type = PartitionerType.DEFAULT_SINGLE_PARTITION

    @classproperty
    def tool_name(cls) -> str:
        return "ruff format"


async def _run(ruff: Ruff, command: Tuple[str, ...], snapshot: Snapshot) -> FallibleProcessResult:
    tool, config = await MultiGet(
        Get(VenvPex, PexRequest, ruff.to_pex_request()),
        Get(ConfigFiles, ConfigFilesRequest, ruff.config_request(snapshot.dirs)),
    )
    inputs = await Get(Digest, MergeDigests((snapshot.digest, config.snapshot.digest)))
    return await Get(
        FallibleProcessResult,
        VenvPexProcess(
            tool,
            argv=(*command, "--no-cache", *ruff.args, *snapshot.files),
            input_digest=inputs,
            output_files=snapshot.files,
            description=f"ruff {' '.join(command)} on {len(snapshot.files)} files",
        ),
    )


@rule
async def ruff_check(request: RuffCheck.Batch, ruff: Ruff) -> LintResult:
    sources = await Get(SourceFiles, SourceFilesRequest(item.source for item in request.elements))
    return LintResult.create(request, await _run(ruff, ("check",), sources.snapshot), strip_chroot_path=True)


@rule
async def ruff_fix(request: RuffFix.Batch, ruff: Ruff) -> FixResult:
    return await FixResult.create(
        request, await _run(ruff, ("check", "--fix"), request.snapshot), strip_chroot_path=True
    )


@rule
async def ruff_format(request: RuffFormat.Batch, ruff: Ruff) -> FmtResult:
    return await FmtResult.create(request, await _run(ruff, ("format",), request.snapshot), strip_chroot_path=True)


def rules() -> Iterable:
    return (
        *collect_rules(),
        *RuffCheck.rules(),
        *RuffFix.rules(),
        *RuffFormat.rules(),
        *skip_field.rules(),
        *subsystem.rules(),
        *pex.rules(),
    )
