import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { connect, run, runServer, serve, tcp } from "./peers.ts"
import { once } from "../wire/wait.ts"
import { noSignals } from "../wire/platform.ts"

/** Starts the server on a free port. @returns it with its URL, once it listens */
async function start(t: TestContext, ...args: string[]) {
    const program = runServer(t, ...args, "--port", "0")
    const line = await program.line()
    const url = line.replace("listening on ", "")
    const page = new URL("/", url.replace("ws:", "http:"))
    assert.equal(await program.line(), `page at ${page}`)
    assert.equal(await program.line(), `devices and plot at ${page}plot`)
    return { ...program, url }
}

const MODES = {
    tutorial: ["/", "hello"],
    "": ["/ws", "dlroW"],
    reverse: ["/ws", "dlroW"],
    echo: ["/ws", "World"],
    prefix: ["/socket", "server: World"],
}

for (const [mode, [path, reply]] of Object.entries(MODES))
    test(`"serve ${mode}" says where it listens and answers World with ${reply}`, async t => {
        const { url } = await start(t, ...mode.split(" ").filter(Boolean))
        assert.match(url, new RegExp(`^ws://127\\.0\\.0\\.1:\\d+${path}$`))
        const client = await connect(t, url)
        assert.equal(await client.askText("World"), reply)
    })

test("every option reaches the server", async t => {
    const { url } = await start(
        t,
        ...["prefix", "--prefix", "<", "--path", "/a/b", "--host", "localhost"],
        ...["--origin", "http://a", "--origin", "http://b"],
        ...["--subprotocol", "x", "--subprotocol", "y"],
        ...["--max-message", "10", "--max-connections", "1", "--ping", "0.2"]
    )
    assert.match(url, /^ws:\/\/localhost:\d+\/a\/b$/)
    const good = { protocols: ["y"], origin: "http://b" }
    const rejection = connect(t, url, { ...good, origin: "http://c" })
    await assert.rejects(rejection, /403/)
    const client = await connect(t, url, good)
    assert.equal(client.ws.protocol, "y")
    await assert.rejects(connect(t, url, good), /503/)
    await once(client.ws, "ping")
    assert.equal(await client.askText("1234567890"), "<1234567890")
    client.ws.send("12345678901")
    assert.equal((await client.closed).code, 1009)
})

test("the log has a line for the connection, the message, the reply and the close", async t => {
    const { url, line } = await start(t, "--log", "debug")
    const client = await connect(t, url)
    await client.askText("ab\n")
    client.ws.close(1000, "bye")
    for (const expected of [
        'connection "/ws"',
        'message text "ab\\n"',
        'reply text "\\nba"',
        'close 1000 "bye"',
    ]) {
        const [time, peer, ...rest] = (await line()).split(" ")
        assert.equal(new Date(time).toISOString(), time)
        assert.match(peer, /^127\.0\.0\.1:\d+$/)
        assert.equal(rest.join(" "), expected)
    }
})

test("--json prints every line as JSON, the address first", async t => {
    const { line } = runServer(t, "--json", "--log", "debug", "--port", "0")
    const listening = JSON.parse(await line())
    const { event, url, page, port } = listening
    assert.equal(page, `http://127.0.0.1:${port}/`)
    assert.equal(event, "listening")
    assert.equal(url, `ws://127.0.0.1:${port}/ws`)
    const client = await connect(t, url)
    await client.askText("ab")
    assert.equal(JSON.parse(await line()).event, "connection")
    const { time, peer, ...message } = JSON.parse(await line())
    assert.equal(new Date(time).toISOString(), time)
    assert.match(peer, /^127\.0\.0\.1:\d+$/)
    assert.deepEqual(message, {
        level: "debug",
        event: "message",
        type: "text",
        data: "ab",
        length: 2,
    })
})

test("without --log the log has the connections and not the messages", async t => {
    const { url, line } = await start(t)
    const client = await connect(t, url)
    await client.askText("ab")
    client.ws.close(1000, "bye")
    assert.match(await line(), / connection "\/ws"$/)
    assert.match(await line(), / close 1000 "bye"$/)
})

test("--quiet prints the address only", async t => {
    const { url, process: server, ended } = await start(t, "--quiet")
    let printed = ""
    server.stdout.on("data", chunk => (printed += chunk))
    const client = await connect(t, url)
    assert.equal(await client.askText("ab"), "ba")
    server.kill("SIGTERM")
    await ended
    assert.equal(printed, "")
})

for (const signal of ["SIGINT", "SIGTERM"] as const)
    test(
        `${signal} closes clients with 1001, drops silent ones, and exits with 0`,
        { skip: noSignals },
        async t => {
            const { url, process: server, ended } = await start(t)
            const client = await connect(t, url)
            const silent = await tcp(t, Number(new URL(url).port))
            const dropped = once(silent.resume(), "close")
            server.kill(signal)
            server.kill(signal)
            assert.equal((await client.closed).code, 1001)
            assert.deepEqual(await ended, { code: 0, signal: null, errors: "" })
            await dropped
        }
    )

test(
    "Ctrl-C at `npm run serve` ends the server and leaves no process",
    { skip: noSignals },
    async t => {
        const program = run(
            t,
            "npm",
            "run",
            "--silent",
            "serve",
            "--",
            "--port",
            "0"
        )
        const url = (await program.line()).replace("listening on ", "")
        const client = await connect(t, url)
        const group = -program.process.pid!
        // a terminal sends it to the whole foreground process group
        process.kill(group, "SIGINT")
        assert.equal((await client.closed).code, 1001)
        // standard output is closed when the last process that holds it has ended
        await program.ended
        await assert.rejects(connect(t, url), /ECONNREFUSED/)
    }
)

test("a port that is taken: which one, what to do, exit code 1", async t => {
    const { port } = await serve(t)
    const { code, errors } = await runServer(t, "--port", `${port}`).ended
    assert.equal(code, 1)
    assert.match(
        errors,
        new RegExp(`^error: port ${port} on 127\\.0\\.0\\.1 is taken: .*--port`)
    )
    assert.equal(errors.trim().split("\n").length, 1)
})

test("a wrong option: exit code 1", async t => {
    const { code, errors } = await runServer(t, "--port", "70000").ended
    assert.equal(code, 1)
    assert.match(errors, /--port.*'70000'.*from 0 to 65535/)
})

test("--help: exit code 0", async t => {
    const { code } = await runServer(t, "--help").ended
    assert.equal(code, 0)
})

test("the end of a pipe ends the server", async t => {
    const { url, process: server, ended } = await start(t)
    server.stdout.destroy()
    const client = await connect(t, url)
    assert.equal((await client.closed).code, 1001)
    assert.equal((await ended).code, 0)
})

for (const signal of ["SIGTERM", "SIGKILL"] as const)
    test(
        `a server that npm started ends with it, after ${signal} too`,
        { skip: noSignals },
        async t => {
            const args = ["run", "--silent", "serve", "--", "--port", "0"]
            const program = run(t, "npm", ...args)
            const url = (await program.line()).replace("listening on ", "")
            const client = await connect(t, url)
            // npm alone, not its group
            program.process.kill(signal)
            assert.equal((await client.closed).code, 1001)
            await program.ended
            await assert.rejects(connect(t, url), /ECONNREFUSED/)
        }
    )

test(
    "a server that npm did not start outlives its parent",
    { skip: noSignals },
    async t => {
        const program = run(
            t,
            "sh",
            "-c",
            "unset npm_lifecycle_event; node --import tsx server/main.ts --port 0 & wait"
        )
        const url = (await program.line()).replace("listening on ", "")
        const parent = once(program.process, "exit")
        program.process.kill("SIGKILL")
        await parent
        const client = await connect(t, url)
        // longer than a server looks for npm
        await new Promise(resolve => setTimeout(resolve, 1200))
        assert.equal(await client.askText("ab"), "ba")
    }
)
