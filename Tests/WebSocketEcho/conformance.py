"""Holds websocket-echo against RFC 6455: the Autobahn cases by kosoku, and the client of the websockets library.

    conformance.py KOSOKU PORT REPORT_DIRECTORY

Exits with 1 when a case is neither OK, NON-STRICT nor INFORMATIONAL, or when something else is not as it should be.
"""

import asyncio
import collections
import json
import pathlib
import subprocess
import sys

import websockets
from websockets.asyncio.client import connect

PASSED = {"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"}
# Cases of permessage-deflate, which is not negotiated.
EXCLUDED = ["12.*", "13.*"]
CASES_MIN = 300


def autobahn(kosoku: str, port: str, report: pathlib.Path) -> bool:
    command = [kosoku, "-m", "fuzzingclient", "-p", "2", "-o", str(report)]
    for case in EXCLUDED:
        command += ["-x", case]
    subprocess.run(command + [f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, timeout=300, check=False)
    index = json.loads((report / "index.json").read_text())
    results = {case: result for cases in index.values() for case, result in cases.items()}
    counts = collections.Counter(result["behavior"] for result in results.values())
    closes = collections.Counter(result["behaviorClose"] for result in results.values())
    print(f"{len(results)} Autobahn cases: {dict(counts)}, their closing: {dict(closes)}")
    failed = [
        case for case, result in results.items()
        if result["behavior"] not in PASSED or result["behaviorClose"] not in PASSED
    ]
    for case in failed:
        print(f"case {case}: {results[case]['behavior']}, closing {results[case]['behaviorClose']}")
    if len(results) < CASES_MIN:
        print(f"only {len(results)} cases ran")
    return not failed and len(results) >= CASES_MIN


async def echoes(address: str) -> None:
    async with connect(address, subprotocols=["other", "echo"], max_size=None) as socket:
        assert socket.subprotocol == "echo", socket.subprotocol
        for message in ["", "Hällo 🎥", "x" * 200_000, b"", bytes(range(256)) * 4_000]:
            await socket.send(message)
            assert await socket.recv() == message
        await socket.send(["in ", "three ", "pieces"])
        assert await socket.recv() == "in three pieces"
        await asyncio.wait_for(await socket.ping(b"there?"), 10)
    assert socket.close_code == 1000, socket.close_code


async def many(address: str) -> None:
    async def one(number: int) -> None:
        async with connect(address) as socket:
            for turn in range(20):
                await socket.send(f"{number} {turn}")
            for turn in range(20):
                assert await socket.recv() == f"{number} {turn}"

    await asyncio.gather(*(one(number) for number in range(100)))


async def topics(address: str) -> None:
    async with connect(address + "topic/a") as early, connect(address + "publish/a") as source:
        assert await early.recv() == "nothing yet"
        await source.send("first")
        assert await early.recv() == "first"
        async with connect(address + "topic/a") as late:
            assert await late.recv() == "first"
            await source.send("second")
            assert await late.recv() == await early.recv() == "second"
            await late.send("x" * 2_000)
            try:
                await late.recv()
            except websockets.ConnectionClosed as closed:
                assert closed.rcvd.code == 1009, closed


async def refusals(port: str) -> None:
    for head, status in [
        ("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short", "400"),
        ("Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "426"),
    ]:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        request = f"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{head}\r\n\r\n"
        writer.write(request.encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert answer.startswith(f"HTTP/1.1 {status} "), answer
        assert status != "426" or "sec-websocket-version: 13\r\n" in answer.lower(), answer
        writer.close()


async def library(port: str) -> None:
    address = f"ws://127.0.0.1:{port}/"
    for scenario in [echoes(address), many(address), topics(address), refusals(port)]:
        await asyncio.wait_for(scenario, 60)
    print(f"websockets {websockets.__version__}: echoes, a hundred clients, topics and refusals are as they should be")


def main() -> None:
    kosoku, port, report = sys.argv[1:]
    asyncio.run(library(port))
    sys.exit(0 if autobahn(kosoku, port, pathlib.Path(report)) else 1)


main()
