"""`invoke verify`: whether hosts are what they must be."""

from __future__ import annotations

from pathlib import Path

from sage_edge.errors import ExitCode
from sage_edge.workstation.task import HOSTS, JSON, task


@task(
    help={
        **HOSTS,
        "quick": "Answer from one probe, and leave out what reaches other machines.",
        "via": "How testinfra gets there: docker://sage@CONTAINER or local://; default: ssh.",
        "json": JSON,
        "junit_xml": "Also write a JUnit report there.",
    },
    codes=(ExitCode.NOT_VERIFIED,),
)
def verify(
    c: object,
    host: str = "",
    role: str = "",
    all: bool = False,
    fleet: str = "",
    quick: bool = False,
    via: str = "",
    json: bool = False,
    junit_xml: str = "",
) -> int:
    """Check that hosts are what they must be; ends with 8 where one is not."""
    from sage_edge.workstation import context, verify_service

    here = context.make_context(fleet)
    asked = verify_service.VerifyAsked(quick, via, json, Path(junit_xml) if junit_xml else None)
    return verify_service.verified(here, here.chosen(host, role, all), asked)
