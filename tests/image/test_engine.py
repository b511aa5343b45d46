"""The door to Docker, with a stubbed engine behind its socket: who answers, what is refused, and what is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from sage_edge.errors import ExitCode
from sage_edge.image import engine
from sage_edge.image.docker_objects import EngineInfo, NewContainer, StoredImage
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import EngineRefused, EngineTooOld, NoAccess, NoEngine
from sage_edge.names import Digest
from tests.sim import stub
from tests.sim.stub import INFO, StubEngine

ID = Digest("sha256:" + "ab" * 32)


def test_importing_the_door_loads_no_sdk() -> None:
    code = "import sys; from sage_edge.image import engine; sys.exit('docker' in sys.modules)"
    assert subprocess.run((sys.executable, "-c", code), check=False).returncode == 0


def test_an_engine_says_who_it_is(docker: DockerClient) -> None:
    assert docker.info == EngineInfo("26.1.5", "x86_64", Path("/nowhere"))


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:9", "unix://{file}", "nonsense://x"])
def test_one_that_does_not_answer_says_where_and_why(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host.replace("{file}", str(tmp_path)))
    with pytest.raises(NoEngine) as refused, engine.connect():
        pass
    assert refused.value.code == ExitCode.UNREACHABLE
    assert refused.value.hint


def test_an_engine_that_is_not_for_this_user_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*words: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("DOCKER_HOST", "unix:///run/of-somebody-else.sock")
    monkeypatch.setattr("socket.socket.connect", closed)
    with pytest.raises(NoAccess) as refused, engine.connect():
        pass
    assert refused.value.code == ExitCode.REFUSED


def test_the_current_context_of_the_docker_command_is_asked(
    stubbed: StubEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `docker context use` leaves it: a name in config.json, and where that is in a file named after its digest."""
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "other"}), "utf-8")
    meta = tmp_path / "contexts" / "meta" / "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
    meta.mkdir(parents=True)
    content = {"Name": "other", "Metadata": {}, "Endpoints": {"docker": {"Host": stubbed.address}}}
    (meta / "meta.json").write_text(json.dumps(content), "utf-8")
    with engine.connect() as docker:
        assert docker.info.version == "26.1.5"
    monkeypatch.setenv("DOCKER_CONTEXT", "a-third")
    with pytest.raises(NoEngine, match="context is not there"), engine.connect():
        pass


@pytest.mark.parametrize("version", ["24.0.0", "26.1.5+dfsg1", "101.0", "a build of my own"])
def test_one_that_is_new_enough_or_tells_no_number_is_taken(
    version: str, stubbed: StubEngine, docker: DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubbed.instead("GET /info", {**INFO, "ServerVersion": version})
    stub.StubDocker(tmp_path, monkeypatch).answers("nothing")
    docker.require_builder()


@pytest.mark.parametrize("version", ["20.10.24+dfsg1", "23.0.6", "9.9"])
def test_one_that_is_too_old_is_named(version: str, stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.instead("GET /info", {**INFO, "ServerVersion": version})
    with pytest.raises(EngineTooOld) as refused:
        docker.require_builder()
    assert (refused.value.version, refused.value.oldest, refused.value.code) == (version, "24.0", ExitCode.UNREACHABLE)


def test_an_engine_without_its_command_builds_nothing(
    docker: DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoEngine, match="docker, which builds images, is not installed"):
        docker.require_builder()


def test_an_image_is_there_or_not(stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.answers("GET /images/here:1/json", {"Id": ID, "Size": 541})
    assert docker.image("here:1") == StoredImage(ID, 541)
    assert docker.image("there:1") is None
    stubbed.refuses("GET /images/broken:1/json", "layer store is broken")
    with pytest.raises(EngineRefused, match="layer store is broken") as refused:
        docker.image("broken:1")
    assert refused.value.what == "docker image inspect broken:1"


def test_a_push_that_fails_in_its_middle_fails(stubbed: StubEngine, docker: DockerClient) -> None:
    lines = ({"status": "Pushing"}, {"errorDetail": {"message": "no room"}, "error": "no room"})
    stubbed.answers("POST /images/r.test/a/push?tag=1", b"\n".join(json.dumps(line).encode() for line in lines))
    stubbed.answers("POST /images/r.test/a/push?tag=2", json.dumps(lines[0]).encode())
    docker.push("r.test/a:2")
    with pytest.raises(EngineRefused) as refused:
        docker.push("r.test/a:1", hint="docker login r.test")
    assert (refused.value.why, refused.value.hint) == ("no room", "docker login r.test")


def test_a_saved_image_is_a_stream(stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.answers(f"GET /images/{ID}/json", {"Id": ID, "Size": 541})
    stubbed.answers(f"GET /images/{ID}/get", b"x" * 3_000_000)
    saved = docker.saved(ID)
    assert (len(saved.read(5)), len(saved.read()), saved.read(1)) == (5, 2_999_995, b"")
    with pytest.raises(EngineRefused, match="is not here"):
        docker.saved("another")


def test_a_container_that_is_run_can_write_nothing_and_is_removed(stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.answers("GET /images/*", {"Id": ID, "Size": 541})
    stubbed.runs(out="it runs", err="slowly", code=3)
    done = docker.run_confined("a:1", "cat", "x", tmpfs={"/run": "uid=1"}, read={Path("/here"): "/there"})
    assert (done.text, done.complaint, done.code) == ("it runs", "slowly", 3)
    body = stubbed.bodies["POST /containers/create"]
    assert (body["Entrypoint"], body["Cmd"]) == (["cat"], ["x"])
    assert body["HostConfig"] == {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "Tmpfs": {"/run": "uid=1"},
        "Binds": ["/here:/there:ro"],
    }
    assert stubbed.asked[-1] == "DELETE /containers/new?v=True&link=False&force=True"


def test_a_container_that_does_not_end_is_removed_all_the_same(stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.answers("GET /images/*", {"Id": ID, "Size": 541})
    stubbed.delays("POST /containers/new/wait*", 1.5)
    stubbed.runs()
    assert docker.run_confined("a:1", "sleep", "9", timeout_s=1).code == 124
    assert stubbed.asked[-1].startswith("DELETE /containers/new")


def test_an_interrupted_run_leaves_no_container(
    stubbed: StubEngine, docker: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*words: object, **options: object) -> None:
        raise KeyboardInterrupt

    stubbed.answers("GET /images/*", {"Id": ID, "Size": 541})
    stubbed.runs()
    monkeypatch.setattr("docker.APIClient.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        docker.run_confined("a:1", "sleep", "9")
    assert stubbed.asked[-1].startswith("DELETE /containers/new")


def test_an_image_that_is_not_here_is_pulled_before_it_runs(stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.answers("POST /images/create*", {"status": "Pulled"})
    stubbed.runs(out="x")
    assert docker.run_confined(f"r.test/a:1@{ID}", "cat").text == "x"
    assert f"POST /images/create?tag={ID}&fromImage=r.test/a:1" in stubbed.asked


def test_words_reach_a_container_as_they_are(stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.executes("c", "out", 4)
    done = docker.execute("c", "sh", "-c", "a b")
    assert (done.text, done.code) == ("out", 4)
    assert stubbed.bodies["POST /containers/c/exec"]["Cmd"] == ["sh", "-c", "a b"]
    stubbed.instead("POST /exec/*", {"message": "container c is not running"}, 409)
    with pytest.raises(EngineRefused, match="is not running"):
        docker.execute("c", "true")


def test_words_that_say_nothing_for_long_are_left(stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.delays("POST /exec/*", 1.5)
    stubbed.executes("c", "late")
    assert docker.execute("c", "true", timeout_s=0.5).code == 124


def test_files_are_put_as_they_are_packed(stubbed: StubEngine, docker: DockerClient) -> None:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("x"))
    stubbed.answers("PUT /containers/c/archive?path=/", None)
    docker.put("c", packed.getvalue())
    assert stubbed.bodies["PUT /containers/c/archive?path=/"] == packed.getvalue()


def test_what_a_registry_says(stubbed: StubEngine, docker: DockerClient) -> None:
    platforms = [{"architecture": "arm64", "os": "linux"}, {"architecture": "unknown", "os": "unknown"}]
    stubbed.answers("GET /distribution/r.test/a:1/json", {"Descriptor": {"digest": ID}, "Platforms": platforms})
    assert docker.distribution("r.test/a:1") == (ID, frozenset({("linux", "arm64"), ("unknown", "unknown")}))


@pytest.mark.docker
def test_no_output_of_words_is_lost() -> None:
    """The SDK's own exec loses some on a busy machine: it reads past what it has buffered."""
    from sage_edge.sim import image

    with engine.connect() as docker:
        base = image.ensure_base(lambda line: None)
        name = f"sage-test-exec-{os.getpid()}"
        docker.create_network(name, {})
        docker.create(NewContainer(name, base, name, "x", words=("sleep", "600")))
        try:
            docker.start(name)
            busy = [subprocess.Popen((sys.executable, "-c", "while True: pass")) for _ in range(6)]
            try:
                outputs = {docker.execute(name, "sh", "-c", "echo out; echo err >&2").out for _ in range(100)}
            finally:
                for process in busy:
                    process.kill()
                    process.wait()
            assert outputs == {b"out\n"}
        finally:
            docker.remove(name)
            docker.remove_network(name)
