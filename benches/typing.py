#!/usr/bin/env python3
"""Time from a keystroke to its diagnostics in `prefixlint lsp`, and memory over many of them.

    benches/typing.py TREE [--edits 10000] [--program target/release/prefixlint] [--pull]

TREE is a checkout to work in; nothing is written there. Into a 2,000-line Python file that only the editor has (three
other such files use its builder) it types one character at a time, in turn inside the f-string of the builder and in a
function that no prompt uses, and takes each out again later. Measured: from the write of didChange to the read of
the diagnostics of that version. With --pull: to the answer of textDocument/diagnostic instead. Beside it stands what the
engine took of that, by the server's own trace, and the processor time of the server per edit.
"""

import argparse
import json
import os
import pathlib
import queue
import re
import subprocess
import threading
import time

FOLDER = "prefixlint_typing"
RULES = "".join(f"    Rule {n}: answer politely and cite section {n} of the policy.\n" for n in range(120))


def builder(lines):
    head = (
        "from datetime import datetime\n\n\n"
        "def build_system_prompt(customer):\n"
        '    return f"""You are a support agent. It is {datetime.now()}.\n'
        f"{RULES}"
        '    The customer is {customer}.\n    """\n\n\n'
    )
    body = []
    n = 0
    while head.count("\n") + sum(part.count("\n") for part in body) < lines - 6:
        body.append(f"def helper_{n}(values):\n    total = 0\n    for value in values:\n        total += value * {n}\n    return total\n\n\n")
        n += 1
    return head + "".join(body)


def user(n):
    return (
        "from openai import OpenAI\n\n"
        f"from {FOLDER}.builder import build_system_prompt\n\n"
        "client = OpenAI()\n\n\n"
        f"def answer_{n}(customer, question):\n"
        "    return client.chat.completions.create(\n"
        '        model="gpt-5.4",\n'
        "        messages=[\n"
        '            {"role": "system", "content": build_system_prompt(customer)},\n'
        '            {"role": "user", "content": question},\n'
        "        ],\n"
        "    )\n"
    )


class Server:
    def __init__(self, program, root):
        self.root = root
        self.process = subprocess.Popen([program, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.messages = queue.SimpleQueue()
        self.next = 0
        self.engine = 0.0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.process.stdout
        while line := out.readline():
            length = int(line.split(b":")[1])
            out.readline()
            body = out.read(length)
            # The clock stops where the bytes are there.
            self.messages.put((time.perf_counter(), body))
        self.messages.put(None)

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def request(self, method, params):
        self.next += 1
        self.send({"id": self.next, "method": method, "params": params})
        return self.next

    def wait(self, wanted):
        while True:
            found = self.messages.get(timeout=600)
            if found is None:
                raise SystemExit("the server is gone")
            at, body = found
            message = json.loads(body)
            if message.get("method") == "$/logTrace":
                self.engine = float(re.search(r"engine took ([0-9.]+) ms", message["params"]["message"])[1])
            if "method" in message and "id" in message:
                self.send({"id": message["id"], "result": None})
            if wanted(message):
                return at, message

    def uri(self, path):
        return (self.root / path).as_uri()

    def open(self, path, text):
        item = {"uri": self.uri(path), "languageId": "python", "version": 1, "text": text}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--warm-up", type=int, default=50)
    parser.add_argument("--lines", type=int, default=2_000)
    parser.add_argument("--program", default="target/release/prefixlint")
    parser.add_argument("--pull", action="store_true")
    asked = parser.parse_args()

    server = Server(os.path.abspath(asked.program), asked.tree.resolve())
    capabilities = {"textDocument": {"publishDiagnostics": {"relatedInformation": True}}}
    if asked.pull:
        capabilities["textDocument"]["diagnostic"] = {}
        # Who cannot be told to pull again is pushed to.
        capabilities["workspace"] = {"diagnostics": {"refreshSupport": True}}
    root = server.root.as_uri()
    started = time.perf_counter()
    first = server.request("initialize", {"processId": os.getpid(), "rootUri": root, "trace": "messages", "capabilities": capabilities})
    at, _ = server.wait(lambda m: m.get("id") == first)
    print(f"initialize: {(at - started) * 1000:.0f} ms")
    server.send({"method": "initialized", "params": {}})
    text = builder(asked.lines)
    path = f"{FOLDER}/builder.py"
    server.open(path, text)
    for n in range(3):
        server.open(f"{FOLDER}/user_{n}.py", user(n))
    # What is asked during the first scan is answered at once.
    sent = time.perf_counter()
    hover = {"textDocument": {"uri": server.uri(path)}, "position": {"line": 4, "character": 50}}
    asked_hover = server.request("textDocument/hover", hover)
    at, _ = server.wait(lambda m: m.get("id") == asked_hover)
    print(f"hover during the first scan: {(at - sent) * 1000:.1f} ms")

    lines = text.split("\n")
    places = []
    for needle in ["You are a support agent", "    total = 0"]:
        line = next(n for n, found in enumerate(lines) if needle in found)
        places.append([line, lines[line].index(needle) + len(needle), 0])

    uri = server.uri(path)
    version = 1
    times, rest = [], []
    findings = 0

    def published(number):
        return lambda m: (
            m.get("method") == "textDocument/publishDiagnostics"
            and m["params"]["uri"] == uri
            and m["params"].get("version") == number
        )

    def pull():
        pulled = server.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        at, message = server.wait(lambda m: m.get("id") == pulled)
        if "error" in message:
            raise SystemExit(f"the pull is refused: {message['error']}")
        return at, len(message["result"]["items"])

    if asked.pull:
        # Until the first scan is over answers are empty; then the client is told to pull again.
        server.wait(lambda m: m.get("method") == "workspace/diagnostic/refresh")
        at, findings = pull()
    else:
        at, message = server.wait(published(1))
        findings = len(message["params"]["diagnostics"])
    print(f"first diagnostics: {at - started:.2f} s")
    if not findings:
        raise SystemExit("nothing is found in the file that is typed in: nothing would be measured")
    for edit in range(asked.edits + asked.warm_up):
        if edit == asked.warm_up:
            spent = server.cpu()
        line, column, typed = place = places[edit % 2]
        # Grows to a word of twenty characters, then goes back letter by letter.
        grow = (typed < 20) if (edit // 40) % 2 == 0 else (typed == 0)
        here = {"line": line, "character": column + typed}
        if grow:
            change = {"range": {"start": here, "end": here}, "text": "abcdefghij"[typed % 10]}
            place[2] += 1
        else:
            before = {"line": line, "character": column + typed - 1}
            change = {"range": {"start": before, "end": here}, "text": ""}
            place[2] -= 1
        version += 1
        params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}
        sent = time.perf_counter()
        server.send({"method": "textDocument/didChange", "params": params})
        if asked.pull:
            at, findings = pull()
        else:
            at, message = server.wait(published(version))
            findings = len(message["params"]["diagnostics"])
        if edit >= asked.warm_up:
            times.append((at - sent) * 1000)
            rest.append(times[-1] - server.engine)
        done = edit + 1
        if done % max(1, (asked.edits + asked.warm_up) // 10) == 0:
            print(f"{done:>6} edits: RSS {server.rss():.0f} MiB, last {times[-1] if times else 0:.1f} ms")
    for name, own in [("all", times), ("builder", times[0::2]), ("helper", times[1::2]), ("server", rest)]:
        ordered = sorted(own)
        at = lambda share: ordered[min(len(ordered) - 1, int(len(ordered) * share))]
        print(f"{name:>8}: p50 {at(0.5):.1f} ms, p95 {at(0.95):.1f} ms, p99 {at(0.99):.1f} ms, most {ordered[-1]:.1f} ms")
    # What other work on the machine does not change.
    print(f"processor time: {(server.cpu() - spent) * 1000 / max(1, asked.edits):.1f} ms an edit")
    print(f"{findings} diagnostics in the file")
    end = server.request("shutdown", None)
    server.wait(lambda m: m.get("id") == end)
    server.send({"method": "exit"})
    server.process.wait(10)


main()
