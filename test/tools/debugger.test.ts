/** Debug sessions against the tool chain's real dev server, without an editor. */
import assert from "node:assert/strict"
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"
import { after, describe, test, type TestContext } from "node:test"
import { parse } from "jsonc-parser"
import { startModule } from "../../lib/processes.ts"
import { compileSource } from "../../sim/program.ts"
import { DebugAdapter, type Debuggee } from "../../tools/debugger/adapter.ts"
import { programOf } from "../../tools/debugger/build-result.ts"
import {
    openDevice,
    type DeviceListener,
} from "../../tools/debugger/devices.ts"
import { Channel } from "../../tools/debugger/protocol.ts"
import { DevServer, PORTS } from "../../tools/toolchain/dev-server.ts"
import { turnAtToolChainPorts } from "../wire/tool-chain-ports.ts"
import { once, within } from "../wire/wait.ts"
import { DebugClient, lineOf } from "./debug-client.ts"
import { copyOfProject } from "./project-copy.ts"

const APP = "src/app/app.ts"
const RECEIVED = lineOf(APP, "const reply = text === undefined")

/** @returns what F5 launches */
function configuration(name: string) {
    const { configurations } = parse(
        readFileSync(".vscode/launch.json", "utf8")
    ) as { configurations: { name: string; settings?: object }[] }
    const found = configurations.find(one => one.name === name)
    assert.ok(found, `expected ${name} in launch.json`)
    return found
}

/** @returns the first of the ports that somebody has, if any */
async function taken(): Promise<number | undefined> {
    for (const port of Object.values(PORTS)) {
        const server = createServer().listen(port, "127.0.0.1")
        const isFree = await once(server, "listening").then(
            () => true,
            () => false
        )
        if (!isFree) return port
        await new Promise(closed => server.close(closed))
    }
    return undefined
}

await turnAtToolChainPorts()
const port = await taken()
const skip = port
    ? `port ${port} is taken, and a machine can have one dev server only`
    : false

describe("a debug session, through the modem model", { skip }, () => {
    const { client, ended } = DebugClient.adapter()
    /** A session that is to fail. @returns what the client is told */
    const failure = async (args: object) => {
        await client.ask("initialize", { adapterID: "devicescript" })
        const { success, message } = await client.respond("launch", args)
        assert.equal(success, false)
        return message!
    }
    let thread = 0
    /** Waits for the next stop. @returns its reason and the innermost frame */
    async function stop() {
        const { reason, threadId } = await client.event("stopped")
        thread = threadId
        const [frame] = await client.stack(threadId)
        return { reason, frame }
    }
    const go = (command: string) => client.ask(command, { threadId: thread })
    const evaluate = (expression: string, frameId: number) =>
        client.ask("evaluate", { expression, frameId, context: "hover" })
    after(() => client.abandon())

    test("names a port that is taken", async () => {
        const other = createServer().listen(PORTS.bus, "127.0.0.1")
        await once(other, "listening")
        assert.match(
            await failure({}),
            new RegExp(
                `^port ${PORTS.bus} is taken\\..* a computer has room for one`
            )
        )
        other.close()
        await once(other, "close")
    })

    test("tells a network that there is not from those that there are", async () => {
        assert.match(
            await failure({ network: "token ring" }),
            /^"network" is "token ring"; expected "wifi"/
        )
    })

    test("stops where a message is received", async () => {
        const { settings, ...modem } = configuration("Simulator + modem model")
        await client.launch(
            { ...modem, settings: { ...settings, INTERVAL: 50 } },
            [APP, [RECEIVED]]
        )
        const { reason, frame } = await stop()
        assert.equal(reason, "breakpoint")
        assert.equal(frame.name, "received")
        assert.equal(frame.line, RECEIVED)
        assert.match(frame.source.path, /src\/app\/app\.ts$/)
    })

    test("names the page where the echo server shows the board", async () => {
        const { url } = await client.event("devicescript.page")
        assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/plot$/)
    })

    test("shows the message in the variables", async () => {
        const [{ id: frameId }] = await client.stack(thread)
        const { scopes } = await client.ask("scopes", { frameId })
        const seen: string[] = []
        for (const { variablesReference } of scopes) {
            const found = await client.ask("variables", { variablesReference })
            for (const { name, value } of found.variables)
                seen.push(`${name}=${value}`)
        }
        assert.ok(seen.includes('text="1 olleH"'), seen.join("\n"))
    })

    test("evaluates expressions, and says what there is not", async () => {
        const [{ id }] = await client.stack(thread)
        assert.equal((await evaluate("text", id)).result, '"1 olleH"')
        assert.equal((await evaluate("current.text", id)).result, '"Hello 1"')
        const url = await evaluate("this.options.url", id)
        assert.match(url.result, /^"ws:\/\/127\.0\.0\.1:/)
        await assert.rejects(evaluate("nobody", id), /there is no nobody here/)
        await assert.rejects(
            evaluate("current.nobody", id),
            /current \(.*\) has no nobody/
        )
        const isReply = 'text.length + 1 === 8 && text !== "1"'
        assert.equal((await evaluate(isReply, id)).result, "true")
        await assert.rejects(
            evaluate("this.received(text)", id),
            /a call would have to run in the program/
        )
    })

    test("steps over a line", async () => {
        await go("next")
        const { reason, frame } = await stop()
        assert.equal(reason, "step")
        assert.equal(frame.line, RECEIVED + 1)
    })

    test("runs on without its breakpoint", async () => {
        await client.stopAt(APP, [])
        await go("continue")
        const output = await client.shows(/^right 3 "3 olleH" \d+ ms$/m)
        assert.match(output, /^modem: .*\nopen 1\nsent 1 "Hello 1"\nright 1 /ms)
        assert.doesNotMatch(output, /SRV:|VSCode:/)
    })

    test("takes a breakpoint while the program runs, at the next line with code", async () => {
        const comment = lineOf(
            APP,
            "// When the next message is due, this one may"
        )
        const [set] = await client.stopAt(APP, [comment])
        assert.equal(set.verified, true)
        assert.equal(set.line, comment + 1)
        const { reason, frame } = await stop()
        assert.equal(reason, "breakpoint")
        assert.equal(frame.line, comment + 1)
    })

    test("says what a log point is asked for, and goes on", async () => {
        await client.stopAt(APP, [])
        await client.setBreakpoints(APP, [
            { line: RECEIVED, logMessage: "{text} has {text.length}" },
        ])
        await go("continue")
        await client.shows(/^\d+ olleH has \d\n(.*\n)+^\d+ olleH has \d$/m)
    })

    test("stops where a condition holds, the second time", async () => {
        const condition = "current.text.length > 7"
        await client.setBreakpoints(APP, [
            { line: RECEIVED, condition, hitCondition: "=2" },
        ])
        const { reason, frame } = await stop()
        assert.equal(reason, "breakpoint")
        assert.equal(frame.line, RECEIVED)
        const { result } = await evaluate("current.text", frame.id)
        assert.match(result, /^"Hello \d\d+"$/)
    })

    test("says what is wrong with a condition", async () => {
        const [set] = await client.setBreakpoints(APP, [
            { line: RECEIVED, condition: "text ===" },
        ])
        assert.equal(set.verified, false)
        assert.match(set.message!, /Expression expected/)
    })

    test("evaluates globals without a frame, also while the program runs", async () => {
        const ask = (expression: string) =>
            client.ask("evaluate", { expression, context: "repl" })
        await assert.rejects(ask("text"), /there is no text here/)
        const headers = await ask("RESPONSE_HEADERS")
        assert.equal(headers.result, "[Array(7)]")
        assert.notEqual(headers.variablesReference, 0)
        await client.stopAt(APP, [])
        await go("continue")
        const isSo = await ask("simulated && RESPONSE_HEADERS.length === 7")
        assert.equal(isSo.result, "true")
        const { variablesReference } = await ask("RESPONSE_HEADERS")
        assert.equal(variablesReference, 0)
        client.output = ""
        await client.shows(/^right \d+ /m)
    })

    test("says why a breakpoint cannot be reached", async () => {
        const [outside] = await client.stopAt("tools/commands/sim.ts", [1])
        assert.deepEqual(outside, {
            verified: false,
            message: "this file is not part of the program",
        })
        const [beyond] = await client.stopAt(APP, [100_000])
        assert.equal(beyond.verified, false)
        assert.match(beyond.message!, /no code here/)
    })

    test("pauses a program that runs", async () => {
        await go("pause")
        assert.equal((await stop()).reason, "pause")
    })

    test("leaves no process and no port behind", async () => {
        await client.ask("disconnect")
        const [code] = await within(ended, "the end of the adapter")
        assert.equal(code, 0)
        assert.equal(await taken(), undefined)
    })
})

test(
    "npm run sim lets debuggers in, over the Ethernet model, deploys at each save, and Ctrl-C ends it",
    { skip },
    async t => {
        const args = ["--network", "ethernet"]
        const sim = startModule("tools/commands/sim.ts", args)
        t.after(() => sim.child.kill("SIGKILL"))
        await sim.shows(/^deployed in/m)

        const viewer = await DebugClient.connect(8084)
        await viewer.launch({ noDebug: true })
        await viewer.shows(/^right \d+ /m)
        await viewer.ask("disconnect")

        const client = await DebugClient.connect(8084)
        const driver = "src/net/ethernet/tcp.ts"
        const line = lineOf(driver, "let deadline = millis() + STALL_TIMEOUT")
        await client.launch({ request: "attach" }, [driver, [line]])
        const { threadId } = await client.event("stopped")
        const [{ source }] = await client.stack(threadId)
        assert.equal(source.name, driver)

        // a change for the watcher, but of nothing
        chmodSync("devs.json", statSync("devs.json").mode)
        await sim.shows(/^devs\.json was saved$/m)
        assert.equal((await client.event("terminated")).restart, true)
        await client.ask("disconnect")
        await sim.shows(/^devs\.json was saved$[^]*^deployed in[^]*^right 1 /m)

        const { code } = await sim.stop("SIGINT")
        assert.equal(code, 0)
        assert.equal(await taken(), undefined)
    }
)

function deferred<T>() {
    let settle!: (value: T) => void
    const promise = new Promise<T>(resolve => (settle = resolve))
    return { promise, settle }
}

/** Lets an editor debug. @returns the port to connect to */
async function letIn(
    t: TestContext,
    open: (listener: DeviceListener) => Promise<Debuggee>
): Promise<number> {
    const close = async () => {}
    const door = createServer(
        socket =>
            new DebugAdapter(new Channel(socket, socket), {
                open: (_start, listener) => open(listener),
                close,
            })
    ).listen(0, "127.0.0.1")
    t.after(() => door.close())
    await once(door, "listening")
    return (door.address() as AddressInfo).port
}

test("the devices on the dev server", { skip }, async t => {
    const { folder, url } = await copyOfProject(t)
    const settings = `URL=${url}\nCOUNT=3\nINTERVAL=10\n`
    writeFileSync(join(folder, ".env.defaults"), settings)
    const server = await DevServer.start(folder)
    t.after(() => server.close())
    await server.ready()
    const compiled = async (filename: string) => {
        const build = (deployTo?: string) =>
            server.ask("build", { filename, buildOptions: {}, deployTo })
        const program = programOf(filename, await build())
        const deploy = async (id: string) => (await build(id)).deployStatus
        return { program, deploy }
    }
    const { program, deploy } = await compiled("src/main.ts")

    await t.test(
        "the tool chain's own VM takes the program, and the settings in .env.defaults",
        async () => {
            const lines: string[] = []
            const { promise: closed, settle } = deferred<string>()
            const vm = await openDevice("stock", server, {
                log: ({ text }) => {
                    lines.push(text)
                    if (text.startsWith("closed")) settle(text)
                },
                ended: settle,
            })
            await vm.install(program, deploy, { settings: {}, held: false })
            assert.equal(await closed, 'closed 1000 ""')
            assert.match(
                lines.join("\n"),
                /^summary sent=3 right=3 wrong=0 lost=0 late=0 reconnects=0 /m
            )
        }
    )

    await t.test(
        "an uncaught exception stops the program, and its end is the session's",
        async t => {
            const filename = "src/main-invalid-url.ts"
            writeFileSync(
                join(folder, filename),
                'import { parseUrl } from "./protocol/url"\nparseUrl("ftp://127.0.0.1/")\n'
            )
            const { program, deploy } = await compiled(filename)
            const port = await letIn(t, async listener => {
                const board = await openDevice("simulator", server, listener)
                t.after(() => board.close())
                await board.install(program, deploy, {
                    settings: {},
                    held: true,
                })
                return { deviceId: board.id, program }
            })
            const client = await DebugClient.connect(port)
            t.after(() => client.abandon())
            await client.launch({})
            const { reason, threadId } = await client.event("stopped")
            assert.equal(reason, "exception")
            const [frame] = await client.stack(threadId)
            assert.equal(frame.source.name, "src/protocol/url.ts")
            const { description } = await client.ask("exceptionInfo", {
                threadId,
            })
            assert.match(description, /^URL "ftp:.* expected ws:/)
            await client.ask("continue", { threadId })
            await client.event("terminated")
            assert.match(client.output, /the program ended: UnhandledException/)
            await client.ask("disconnect")
        }
    )

    await t.test("a simulated board says why its program died", async t => {
        const { promise: death, settle } = deferred<string>()
        const board = await openDevice("simulator", server, {
            log: () => {},
            ended: settle,
        })
        t.after(() => board.close())
        const greedy = compileSource(
            "const all: Buffer[] = []\nwhile (true) all.push(Buffer.alloc(1000))",
            "src/greedy.ts"
        )
        await board.install(greedy, deploy, { settings: {}, held: false })
        assert.equal(await death, "OutOfMemory")
    })
})
