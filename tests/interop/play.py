"""Two agents that speak to their tools through the official Python SDK; see `run` beside this file.

`play.py PROGRAM` makes a workbench with an agency of two, whose program is this file again (`--agent`), and
waits for what they write down. An agent knows of the workbench what its environment and its tools tell.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

LIMIT = 55  # seconds for the whole play: it takes about ten
LEAD, DEV = "Code/lead", "Code/dev"


# --- an agent, in its pane ---------------------------------------------------------------------------------------


class Notes:
    """What an agent saw, a JSON line each."""

    def __init__(self, path):
        self.path = path
        self.called = set()

    def check(self, what, is_so, seen=""):
        line = {"check": what, "ok": bool(is_so), "seen": "" if is_so else str(seen)[:500]}
        with open(self.path, "a") as file:
            file.write(json.dumps(line) + "\n")

    def end(self):
        with open(self.path, "a") as file:
            file.write(json.dumps({"end": sorted(self.called)}) + "\n")


class Agent:
    """The tools as the SDK gives them."""

    def __init__(self, client, notes):
        self.client = client
        self.notes = notes

    async def call(self, tool, **arguments):
        self.notes.called.add(tool)
        return await self.client.call_tool(tool, arguments)

    async def must(self, tool, **arguments):
        result = await self.call(tool, **arguments)
        is_good = result.is_error is False and result.content[0].text.strip() and result.structured_content is not None
        self.notes.check(f"{tool} works", is_good, result)
        return result.structured_content or {}

    async def refused(self, tool, code, words, **arguments):
        result = await self.call(tool, **arguments)
        error = (result.structured_content or {}).get("error", {})
        is_so = result.is_error is True and error.get("code") == code and words in result.content[0].text
        self.notes.check(f"{tool} refuses: {code}", is_so, result)

    async def until(self, what, look):
        import anyio

        with anyio.move_on_after(30):
            while True:
                found = await look()
                if found:
                    return found
                await anyio.sleep(0.1)
        self.notes.check(f"{what} in time", False)
        return None


def parameters():
    from mcp.client.stdio import StdioServerParameters

    own = {key: value for key, value in os.environ.items() if key.startswith("AGENCY_")}
    return StdioServerParameters(command=own["AGENCY_BIN"], args=["mcp"], env=own)


async def look_at_the_tools(agent):
    from jsonschema import Draft202012Validator

    tools = (await agent.client.list_tools()).tools
    for tool in tools:
        Draft202012Validator.check_schema(tool.input_schema)
        is_whole = tool.description and tool.annotations is not None and tool.input_schema.get("type") == "object"
        agent.notes.check(f"{tool.name} is described", is_whole, tool)
    names = {tool.name for tool in tools}
    decides = {name for name in names if any(word in name for word in ("approv", "reject", "merge", "decide"))}
    agent.notes.check("no tool decides", not decides, decides)
    path = pathlib.Path(agent.notes.path).with_suffix(".tools")
    path.write_text(json.dumps(sorted(names)))


async def dev(agent):
    import anyio

    notes = agent.notes
    await look_at_the_tools(agent)
    notes.check("instructions are given", "task_next" in (agent.client.instructions or ""))
    notes.check("who am I", (await agent.must("who"))["me"] == DEV)
    notes.check("my briefing", DEV in (await agent.must("brief"))["briefing"])
    await agent.must("inbox")
    await agent.refused("send", "bad_arguments", "`text`", to="Code")
    await agent.refused("task_progress", "bad_arguments", "`percent`", task="TASK-001", percent="half")
    await agent.refused("task_add", "coordinator_only", "hint:", title="x", feature="f", scope="s", done=["d"], rollback="r")

    signs = []

    async def sign(progress, total, message):
        signs.append(progress)

    notes.called.add("ask")
    arguments = {"to": "Code", "question": "which port?", "timeout_s": 30}
    answer = await agent.client.call_tool("ask", arguments, progress_callback=sign)
    notes.check("ask gives the answer", "8080" in answer.content[0].text, answer)
    notes.check("ask gives signs of life", signs == sorted(signs) and signs, signs)
    again = await agent.must("await_reply", id=answer.structured_content["id"], timeout_s=0)
    notes.check("the answer can be had again", again.get("answered") is True, again)

    began = time.monotonic()
    with anyio.move_on_after(0.5):
        await agent.call("ask", to="operator", question="are you there?", timeout_s=600)
    await agent.must("who")
    notes.check("a cancelled ask holds nothing up", time.monotonic() - began < 3, time.monotonic() - began)

    async def mine():
        found = (await agent.call("task_next")).structured_content
        return found if found["step"] == "start" and found["tasks"][0]["worktree"] else None

    found = await agent.until("a task", mine)
    task, tree = found["tasks"][0]["id"], found["tasks"][0]["worktree"]
    await agent.must("task_list", whose="mine")
    await agent.must("task_show", task=task)
    await agent.must("task_start", task=task)
    await agent.must("task_progress", task=task, percent=50, note="half of it")
    await agent.must("task_block", task=task, reason="needs a port")
    await agent.must("task_unblock", task=task)
    pathlib.Path(tree, "login.txt").write_text("a form\n")
    saved = await agent.must("checkpoint", note="before the commit")
    notes.check("what is not committed is saved", saved["checkpoint"] == f"{task}/1", saved)
    await agent.refused("task_complete", "dirty_worktree", "login.txt", task=task)
    git = ["git", "-C", tree, "-c", "user.name=dev", "-c", "user.email=dev@example.org"]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "a form"], check=True)
    again = await agent.must("checkpoint")
    notes.check("what is committed is not saved again", again["checkpoint"] is None, again)
    done = await agent.must("task_complete", task=task, summary="a form")
    notes.check("the work is integrated", done["task"]["state"] == "submitted", done)
    await agent.must("send", to="Code", text=f"{task} is done", task=task)


async def lead(agent):
    notes = agent.notes

    async def question():
        messages = (await agent.call("inbox")).structured_content["messages"]
        return next((message for message in messages if message["type"] == "question"), None)

    import anyio

    asked = await agent.until("a question", question)
    notes.check("the question is the developer's", asked["from"] == DEV and asked["verified"], asked)
    # Long enough for a sign of life at the other end.
    await anyio.sleep(2.5)
    await agent.must("send", to=DEV, text="8080", in_reply_to=asked["id"])
    await agent.must("acknowledge", ids=[asked["id"]])
    contract = {"title": "Login form", "feature": "login", "scope": "a form", "done": ["it posts"], "rollback": "revert"}
    task = (await agent.must("task_add", **contract))["task"]["id"]
    notes.check("it can be handed out", (await agent.must("task_next"))["step"] == "hand_out")
    await agent.must("task_assign", task=task, agent=DEV)

    async def finished():
        shown = (await agent.call("task_show", task=task)).structured_content
        return shown["task"]["state"] == "submitted"

    await agent.until("the finished task", finished)
    notes.check("it can be handed in", (await agent.must("task_next"))["step"] == "hand_in")
    await agent.must("submit", task=task, rationale="it is short")

    async def opened():
        return (await agent.call("submission", task=task)).structured_content["approval"]

    lock = await agent.must("lock_request", resource="src/**", type="exclusive", reason="a plan", **{"for": "1h"})
    listed = (await agent.must("lock_list"))["locks"]
    notes.check("the paths are claimed", [one["id"] for one in listed] == [lock["id"]], listed)
    await agent.must("lock_release", lock=lock["id"])
    notes.check("nobody waits for it", (await agent.must("requests"))["requests"] is not None)
    # There is nobody else to hear it.
    await agent.refused("broadcast", "nobody", "hint:", text="Code freeze")
    nothing = await agent.must("handoff_list", all=True)
    notes.check("nothing was handed over yet", nothing["handoffs"] == [], nothing)
    # There is one agency here: what the tools say of it is the workbench's own word.
    await agent.refused("handoff_offer", "own_agency", "hint:", to="Code", task=task)
    for tool, more in (("handoff_accept", {}), ("handoff_decline", {"reason": "no"}), ("handoff_results", {"status": "approved"})):
        await agent.refused(tool, "handoff_not_found", "HO-009", id="HO-009", **more)

    approval = await agent.until("the approval", opened)
    notes.check("it is the task's", approval["task"] == task, approval)


async def play_agent(folder):
    from mcp.client.client import Client

    name = os.environ["AGENCY_AGENT"]
    notes = Notes(os.path.join(folder, name.replace("/", "-") + ".jsonl"))
    try:
        async with Client(parameters(), mode="legacy") as client:
            notes.check("the handshake of old", client.server_info.name == "agency", client.server_info)
            await (lead if name == LEAD else dev)(Agent(client, notes))
        # The newer life cycle: no handshake, every request says what it speaks.
        async with Client(parameters()) as client:
            notes.check("without a handshake", client.protocol_version >= "2025-06-18", client.protocol_version)
            await Agent(client, notes).must("who")
    except BaseException as error:
        notes.check("the play goes through", False, f"{type(error).__name__}: {error} {getattr(error, 'exceptions', '')}")
    notes.end()


# --- the workbench around them -----------------------------------------------------------------------------------


class World:
    """A folder with everything of this play; nothing outside of it is touched."""

    def __init__(self, program):
        self.program = program
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="agi-", dir="/tmp"))
        self.environment = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.root / "user"),
            "AGENCY_KEY_DIR": str(self.root / "keys"), "AGENCY_HOME": str(self.root / "bench"),
        }
        for name in ("user", "keys", "project", "notes"):
            (self.root / name).mkdir()

    def run(self, *words, check=True):
        done = subprocess.run(words, env=self.environment, cwd=self.root / "project", capture_output=True, text=True, timeout=60)
        if check and done.returncode != 0:
            raise SystemExit(f"error: {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def agency(self, *words, check=True):
        return self.run(self.program, *words, check=check)

    def begin(self):
        project, bench = self.root / "project", self.root / "bench"
        (project / "README.md").write_text("# A project\n")
        self.run("git", "init", "--quiet", "--initial-branch", "main")
        self.run("git", "config", "user.name", "Owner")
        self.run("git", "config", "user.email", "owner@example.org")
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "-m", "start")
        self.agency("init", str(bench), "--project", str(project))
        command = [sys.executable, str(pathlib.Path(__file__).resolve()), "--agent", str(self.root / "notes")]
        (bench / "agency.toml").write_text(
            f'[project]\npath = {json.dumps(str(project))}\nbranch = "main"\n\n'
            f"[tmux]\nsocket = {json.dumps(str(self.root / 'tmux.sock'))}\n\n"
            f'[checks]\ncommands = [["true"]]\n\n[runtime.player]\ncommand = {json.dumps(command)}\n'
        )
        self.agency("create", "Code", "--coordinator", "lead", "--agents", "dev", "--runtime", "player")

    def wait(self):
        """Waits until both agents have come to their end; what they wrote down."""
        began = time.monotonic()
        while True:
            notes = {path.stem: path.read_text().splitlines() for path in sorted((self.root / "notes").glob("*.jsonl"))}
            lines = {name: [json.loads(line) for line in text] for name, text in notes.items()}
            if len(lines) == 2 and all("end" in text[-1] for text in lines.values() if text):
                return lines
            if time.monotonic() - began > LIMIT:
                return lines
            time.sleep(0.1)

    def processes(self):
        """Processes of this play, by what they were started with; those that are ending get a moment."""
        began = time.monotonic()
        while True:
            found = []
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    if str(self.root).encode() in path.read_bytes():
                        found.append(path.parent.name)
                except OSError:
                    continue
            if not found or time.monotonic() - began > 5:
                return found
            time.sleep(0.1)

    def end(self):
        self.agency("down")
        self.run("tmux", "-S", str(self.root / "tmux.sock"), "kill-server", check=False)
        left = self.processes()
        if left:
            print(f"FAILED something is left running: {left}")
            raise SystemExit(1)
        shutil.rmtree(self.root, ignore_errors=True)


def judge(lines, tools):
    """Prints what failed, and the summary; whether all is well."""
    failed, passed, called = [], 0, set()
    for name in ("Code-dev", "Code-lead"):
        text = lines.get(name, [])
        if not any("end" in line for line in text):
            failed.append(f"{name}: did not come to its end after {len(text)} lines")
        for line in text:
            called.update(line.get("end", []))
            if "check" in line:
                passed += line["ok"]
                if not line["ok"]:
                    failed.append(f"{name}: {line['check']}: {line['seen']}")
    if tools - called or not tools:
        failed.append(f"tools that nobody played: {', '.join(sorted(tools - called)) or 'all'}")
    for problem in failed:
        print(f"FAILED {problem}")
    print(f"interop: {len(tools)} tools, {passed} checks passed, {len(failed)} failed")
    return not failed


def main():
    world = World(sys.argv[1])
    try:
        world.begin()
        lines = world.wait()
        listed = world.root / "notes" / "Code-dev.tools"
        tools = set(json.loads(listed.read_text())) if listed.exists() else set()
        is_well = judge(lines, tools)
        if not is_well:
            print(world.agency("log", check=False)[-3000:])
    finally:
        world.end()
    raise SystemExit(0 if is_well else 1)


if __name__ == "__main__":
    if sys.argv[1] == "--agent":
        import anyio

        anyio.run(play_agent, sys.argv[2])
    else:
        main()
