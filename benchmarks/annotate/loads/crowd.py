"""Many at once: users, more prompts than the queue holds, and sockets."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psutil  # type: ignore[import-untyped]  # ships no types
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from benchmarks.annotate.loads import Plan, Row, at_most, percentile, seconds
from benchmarks.annotate.pictures import Mm, place_of, small_volumes
from benchmarks.annotate.server import Server
from samaritan.annotate.client import Case
from samaritan.core import SamaritanError

USERS, PAUSE = 8, 2.0

PROMPTS, QUEUE = 64, 32

SOCKETS, STORMS, MOST_SOCKETS = 100, 20, 128


def crowd(plan: Plan) -> list[Row]:
    """Eight users for some time, then 64 prompts at once, then sockets."""
    images = plan.folder / "crowd"
    small_volumes(images, PROMPTS)
    with Server(images, plan.folder / "crowd-out", model=plan.model) as server:
        server.await_model()
        return [*_users(server, plan.seconds), *_overload(server), *_sockets(server)]


def _users(server: Server, lasting: float) -> list[Row]:
    """Each of them prompts a slice of their own every two seconds."""
    taken: list[float] = []
    errors: list[str] = []

    def work(number: int) -> None:
        case = server.client(patience=0).open(f"case_{number:02d}")
        case.ask("organ", points=[_middle(case)])
        end = time.monotonic() + lasting
        while (began := time.monotonic()) < end:
            before = case.revision
            try:
                case.ask("organ", points=[_middle(case)])
                taken.append(time.monotonic() - began)
                if case.revision != before + 1:
                    errors.append(f"revision {case.revision} after {before}")
            except SamaritanError as error:
                errors.append(str(error))
            time.sleep(max(began + PAUSE - time.monotonic(), 0))

    with ThreadPoolExecutor(USERS) as pool:
        list(pool.map(work, range(USERS)))
    row = at_most(f"{USERS} users, each a prompt every {PAUSE:g} s on a cached slice, {lasting:g} s", taken, p95=1.5)
    return [
        Row(
            row.what,
            f"{row.target}, 0 errors, in order",
            f"{row.measured}, {len(errors)} errors",
            bool(row.met) and not errors,
        )
    ]


def _overload(server: Server) -> list[Row]:
    """64 prompts on slices that nobody saw, all at once; then how soon a prompt takes no longer than before."""
    cases = [server.client().open(f"case_{number:02d}") for number in range(PROMPTS)]
    numbers = [case.add_object("organ") for case in cases]
    calm = [_ask(server, cases[0], numbers[0])[1] for _ in range(20)]
    gate, answers = threading.Barrier(PROMPTS), [(0, 0.0, "")] * PROMPTS

    def strike(index: int) -> None:
        body = _body(cases[index], numbers[index])
        gate.wait()
        answers[index] = _post(server, cases[index], body)

    with ThreadPoolExecutor(PROMPTS) as pool:
        list(pool.map(strike, range(PROMPTS)))
    over = time.monotonic()
    statuses = Counter(status for status, _, _ in answers)
    hints = all(hint for status, _, hint in answers if status == 429)
    back = _recovery(server, cases[0], numbers[0], percentile(calm, 95), over)
    told = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    kept = sum(server.client().open(case.case).revision == case.revision + 1 for case in cases[1:])
    fine = set(statuses) <= {200, 429} and statuses[200] >= QUEUE and hints
    return [
        Row(
            f"{PROMPTS} prompts at once",
            f"at least {QUEUE} answered, the others 429 with Retry-After, none lost silently",
            f"{told}{', all with Retry-After' if hints and statuses[429] else ''}; {kept} of them in the journals",
            fine and kept + (answers[0][0] == 200) == statuses[200],
        ),
        Row("recovery to the p95 of before", "<= 10 s", seconds(back), back <= 10),
    ]


def _recovery(server: Server, case: Case, number: int, before: float, over: float) -> float:
    """Seconds until three prompts in a row take no longer than before, with half as much for noise."""
    good = 0
    case.refresh()
    while good < 3 and time.monotonic() < over + 30:
        good = good + 1 if _ask(server, case, number)[1] <= 1.5 * before else 0
    return time.monotonic() - over


def _ask(server: Server, case: Case, number: int) -> tuple[int, float, str]:
    answer = _post(server, case, _body(case, number))
    if answer[0] == 200:
        case.revision += 1
    return answer


def _body(case: Case, number: int) -> bytes:
    prompts = {"points": [{"at": _middle(case)}]}
    edit = {"kind": "ask", "object": number, "plane": "axial", "prompts": prompts}
    name = f"load-{time.monotonic_ns()}-{number}"
    return json.dumps({"revision": case.revision, "request": name, "edit": edit}).encode()


def _post(server: Server, case: Case, body: bytes) -> tuple[int, float, str]:
    """Status, seconds, Retry-After."""
    began = time.perf_counter()
    status, headers, _ = server.request_whole("POST", f"/api/cases/{case.case}/edits", body)
    return status, time.perf_counter() - began, headers.get("retry-after", "")


def _middle(case: Case) -> Mm:
    return place_of(case.geometry, [(size - 1) // 2 for size in case.detail.shape])


def _sockets(server: Server) -> list[Row]:
    process = psutil.Process(server.pid)
    before = process.memory_info().rss
    sockets = [_socket(server) for _ in range(SOCKETS)]
    time.sleep(0.5)
    each = (process.memory_info().rss - before) / SOCKETS / 1024
    handles = process.num_fds()
    for _ in range(STORMS):
        for socket in sockets:
            socket.close()
        sockets = [_socket(server) for _ in range(SOCKETS)]
    more = process.num_fds() - handles
    refused = _refusal(server, sockets)
    for socket in sockets:
        socket.close()
    return [
        Row(f"{SOCKETS} idle sockets, memory of each", "<= 100 KiB", f"{each:.0f} KiB", each <= 100),
        Row(
            f"{STORMS} times all of them anew", "as many handles as before; beyond the limit 1013",
            f"{more:+d} handles; socket {MOST_SOCKETS + 1}: {refused}", more <= 2 and refused in ("1013", "503"),
        ),
    ]  # fmt: skip


def _socket(server: Server) -> ClientConnection:
    headers = {"Authorization": f"Bearer {server.token}"}
    return connect(f"ws{server.url.removeprefix('http')}/api/events", additional_headers=headers, proxy=None)


def _refusal(server: Server, sockets: list[ClientConnection]) -> str:
    """How the first socket beyond the limit is refused."""
    try:
        while len(sockets) <= MOST_SOCKETS:
            sockets.append(_socket(server))
        last = sockets[-1]
        while True:
            last.recv(5)
    except InvalidStatus as error:
        return str(error.response.status_code)
    except ConnectionClosed as error:
        return str(error.rcvd.code if error.rcvd else "none")
    except TimeoutError:
        return "not refused"
