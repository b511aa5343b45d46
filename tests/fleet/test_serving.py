"""What a host serves to others: the gateway's container, and whether the model behind it draws a token."""

from __future__ import annotations

from collections.abc import Callable

from testinfra.host import Host

from sage_edge.verify.wants import FactValue
from tests.fleet import asking
from tests.fleet.asking import SERVER, Container

Rule = Callable[[FactValue], None]

ASK = """
import json, os, ssl, urllib.error, urllib.request
serving = os.environ["SAGE_SERVING"]
token = open(f"{serving}/token").read().strip()
question = json.dumps({"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}).encode()
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
url = f"https://localhost:{os.environ['SAGE_SERVE_PORT']}/v1/chat/completions"
trust = ssl.create_default_context(cafile=f"{serving}/cert.pem")
try:
    asked = urllib.request.Request(url, question, headers)
    answer = json.load(urllib.request.urlopen(asked, context=trust, timeout=120))
    print("answers" if answer["usage"]["completion_tokens"] == 1 else "it answers without a token")
except urllib.error.HTTPError as refused:
    print(f"it refuses with {refused.code}: {refused.read()[:300]!r}")
except (OSError, ValueError, LookupError) as lost:
    print(f"nothing that could be understood came: {lost}")
"""
"""One question, asked by the standard library where token and certificate are: nobody else may read them."""


def test_server_status(server: Container, rule: Rule) -> None:
    rule(server.says("State", "Status"))


def test_server_health(server: Container, rule: Rule) -> None:
    rule(server.says("State", "Health", "Status"))


def test_server_differences(host: Host, server: Container, rule: Rule) -> None:
    rule(asking.differences(host, server))


def test_served(host: Host, rule: Rule) -> None:
    ran = host.run("docker exec %s /opt/sage/bin/python3 -c %s", SERVER, ASK)
    said = (ran.stdout.strip() or ran.stderr.strip()).splitlines()
    rule(said[-1][:300] if said else None)
