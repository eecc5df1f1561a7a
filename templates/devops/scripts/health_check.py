#!/usr/bin/env python3
"""Asks services whether they are well: by HTTP, by opening a port, by running a command.

The list is a small text file, one service on a line:

    web   http    http://127.0.0.1:8080/health  status=200 contains=ok
    db    tcp     127.0.0.1:5432
    queue command ./bin/queue-depth --below 100

Commands are run only with --allow-commands, without a shell. Redirects are not followed. With more
than one sample the latency's percentiles are told. Needs only Python 3.9.
"""

import argparse
import concurrent.futures
import json
import math
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

# What of an answer is read: a health page is short, and a stream would never end.
MAX_BODY = 64 << 10
OPTIONS = ("status", "contains", "timeout")


class ListError(Exception):
    """A line of the list that cannot be read."""


def printable(text):
    # An answer comes from outside; it must not speak to the terminal.
    return "".join(c if c.isprintable() else "?" for c in text)


def parse(text):
    """The services of a list, in its order."""
    services, names = [], set()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise ListError(f"line {number}: {error}") from error
        if not words:
            continue
        if len(words) < 3:
            raise ListError(f"line {number}: expected NAME KIND TARGET")
        name, kind, target, *rest = words
        if name in names:
            raise ListError(f"line {number}: `{name}` stands twice")
        names.add(name)
        service = {"name": name, "kind": kind, "target": target, "status": 200, "contains": None, "timeout": None}
        if kind == "command":
            service["target"] = [target, *rest]
        elif kind in ("http", "tcp"):
            read_options(service, rest, number)
            check_target(service, number)
        else:
            raise ListError(f"line {number}: `{kind}` is not known; accepted: http, tcp, command")
        services.append(service)
    return services


def read_options(service, words, number):
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in OPTIONS:
            raise ListError(f"line {number}: `{word}` is not known; accepted: {', '.join(OPTIONS)}")
        try:
            service[key] = {"status": int, "timeout": float}.get(key, str)(value)
        except ValueError as error:
            raise ListError(f"line {number}: {key}: {error}") from error


def check_target(service, number):
    target = service["target"]
    if service["kind"] == "http":
        # `file:` would read this machine's disk.
        if not target.startswith(("http://", "https://")):
            raise ListError(f"line {number}: `{target}` is not an http or https address")
    else:
        host, _, port = target.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise ListError(f"line {number}: `{target}` is not HOST:PORT")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def ask_http(service, timeout):
    opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
    request = urllib.request.Request(service["target"], headers={"User-Agent": "health_check"})
    try:
        with opener.open(request, timeout=timeout) as answer:
            status, body = answer.status, answer.read(MAX_BODY)
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read(MAX_BODY)
    if status != service["status"]:
        return f"status {status}, expected {service['status']}"
    if service["contains"] and service["contains"].encode() not in body:
        return f"the answer does not contain `{service['contains']}`"
    return None


def ask_tcp(service, timeout):
    host, _, port = service["target"].rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=timeout):
        return None


def ask_command(service, timeout):
    ended = subprocess.run(
        service["target"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        timeout=timeout, check=False,
    )
    if ended.returncode == 0:
        return None
    lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"status {ended.returncode}" + (f": {lines[-1]}" if lines else "")


def ask(service, timeout):
    """One question: (problem or none, milliseconds)."""
    kinds = {"http": ask_http, "tcp": ask_tcp, "command": ask_command}
    began = time.monotonic()
    try:
        problem = kinds[service["kind"]](service, service["timeout"] or timeout)
    except subprocess.TimeoutExpired:
        problem = "no answer in time"
    except (OSError, ValueError) as error:
        problem = str(getattr(error, "reason", error)) or type(error).__name__
    except Exception as error:  # a broken answer, whatever the HTTP library calls it
        problem = f"{type(error).__name__}: {error}"
    return problem, (time.monotonic() - began) * 1000


def percentile(sorted_values, percent):
    """The nearest rank: a value that was measured, never one in between."""
    return sorted_values[max(0, math.ceil(percent / 100 * len(sorted_values)) - 1)]


def probe(service, options):
    times, problems, tries = [], [], 0
    for sample in range(options.samples):
        if sample:
            time.sleep(options.interval)
        for attempt in range(options.tries):
            if attempt:
                # Twice as long each time: what is starting up needs time, not questions.
                time.sleep(min(options.interval * 2 ** (attempt - 1), 30))
            tries += 1
            problem, took = ask(service, options.timeout)
            if problem is None:
                break
        if problem is None:
            times.append(took)
        else:
            problems.append(problem)
    times.sort()
    latency = {name: round(percentile(times, at), 1) for name, at in (("p50", 50), ("p95", 95), ("max", 100))} if times else None
    healthy = not problems
    if healthy and options.max_p95 is not None and latency["p95"] > options.max_p95:
        healthy = False
        problems.append(f"p95 is {latency['p95']} ms, more than {options.max_p95:g}")
    return {
        "name": service["name"], "kind": service["kind"], "healthy": healthy, "samples": options.samples,
        "failed": options.samples - len(times), "questions": tries, "latency_ms": latency,
        "problem": problems[-1] if problems else None,
    }


def positive(kind):
    def read(text):
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError("must be above 0")
        return value

    return read


def main():
    parser = argparse.ArgumentParser(
        description="Asks services whether they are well.",
        epilog="exit status: 0 all are, 1 one is not, 2 wrong use or a bad list",
    )
    parser.add_argument("list", help="the file with the services, - for standard input")
    parser.add_argument("--samples", type=positive(int), default=1, metavar="N", help="questions to each (default: 1)")
    parser.add_argument("--tries", type=positive(int), default=3, metavar="N", help="before a question counts as failed (default: 3)")
    parser.add_argument("--interval", type=positive(float), default=0.5, metavar="S", help="seconds in between (default: 0.5)")
    parser.add_argument("--timeout", type=positive(float), default=5.0, metavar="S", help="of one question (default: 5)")
    parser.add_argument("--max-p95", type=positive(float), metavar="MS", help="95th percentile that is still healthy")
    parser.add_argument("--allow-commands", action="store_true", help="run services of kind `command`")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args()
    try:
        if options.list == "-":
            text = sys.stdin.read()
        else:
            with open(options.list, encoding="utf-8") as opened:
                text = opened.read()
        services = parse(text)
        if not services:
            raise ListError("the list is empty; nothing is known to be healthy")
        if not options.allow_commands and any(service["kind"] == "command" for service in services):
            raise ListError("the list has commands; run them with --allow-commands")
    except (ListError, OSError, UnicodeDecodeError) as error:
        print(printable(f"health_check.py: {error}"), file=sys.stderr)
        return 2
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(16, len(services))) as pool:
        results = list(pool.map(lambda service: probe(service, options), services))
    healthy = all(result["healthy"] for result in results)
    if options.json:
        print(json.dumps({"healthy": healthy, "services": results}, indent=2))
    else:
        for result in results:
            latency = result["latency_ms"]
            words = f"p50 {latency['p50']} ms, p95 {latency['p95']} ms" if latency else "no answer"
            problem = f": {result['problem']}" if result["problem"] else ""
            word = "ok" if result["healthy"] else "FAILED"
            print(printable(f"{word:6} {result['name']} ({result['kind']}): {words}{problem}"))
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
