/** Debug sessions against the tool chain's real dev server, without an editor. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { after, describe, test, type TestContext } from "node:test"
import { programOf } from "../../tools/devserver/build.ts"
import { openDevice } from "../../tools/devserver/devices.ts"
import { DevServer, PORTS } from "../../tools/devserver/devserver.ts"
import { copyOfProject } from "./copy.ts"
import { DebugClient, lineOf } from "./debug-client.ts"

const APP = "src/app.ts"
const RECEIVED = lineOf(APP, "const reply = text === undefined")
/** A stop may be as long as the machine likes. */
const SETTINGS = { INTERVAL: 50, TIMEOUT: 3_600_000 }

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

const port = await taken()
const skip = port
    ? `port ${port} is taken, and a machine can have one dev server only`
    : false

describe("a debug session", { skip }, () => {
    const { client, ended } = DebugClient.adapter()
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

    test("stops where a message is received", async () => {
        await client.launch({ settings: SETTINGS }, [APP, [RECEIVED]])
        const { reason, frame } = await stop()
        assert.equal(reason, "breakpoint")
        assert.equal(frame.name, "received")
        assert.equal(frame.line, RECEIVED)
        assert.match(frame.source.path, /src\/app\.ts$/)
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

    test("evaluates names and dotted paths, and says what there is not", async () => {
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
        await assert.rejects(
            evaluate("1 + 1", id),
            /expected a name or a path .*, got 1 \+ 1/
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
        assert.match(output, /^open 1\nsent 1 "Hello 1"\nright 1 "1 olleH"/)
        assert.doesNotMatch(output, /SRV:|VSCode:/)
    })

    test("takes a breakpoint while the program runs, at the next line with code", async () => {
        const comment = lineOf(APP, "// due now when this exchange")
        const [set] = await client.stopAt(APP, [comment])
        assert.equal(set.verified, true)
        assert.equal(set.line, comment + 1)
        const { reason, frame } = await stop()
        assert.equal(reason, "breakpoint")
        assert.equal(frame.line, comment + 1)
    })

    test("says why a breakpoint cannot be reached", async () => {
        const [outside] = await client.stopAt("tools/sim.ts", [1])
        assert.deepEqual(outside, {
            verified: false,
            message: "this file is not part of the program",
        })
        const [beyond] = await client.stopAt(APP, [100_000])
        assert.equal(beyond.verified, false)
        assert.match(beyond.message!, /no code here/)
    })

    test("pauses a program that runs", async () => {
        await go("continue")
        await go("pause")
        assert.equal((await stop()).reason, "pause")
    })

    test("leaves no process and no port behind", async () => {
        await client.ask("disconnect")
        const [code] = await ended
        assert.equal(code, 0)
        assert.equal(await taken(), undefined)
    })
})

/** A session that is to fail. @returns what the client is told */
async function failure(t: TestContext, args: object): Promise<string> {
    const { client, ended } = DebugClient.adapter()
    t.after(() => client.abandon())
    await client.ask("initialize", { adapterID: "devicescript" })
    const { success, message } = await client.respond("launch", args)
    assert.equal(success, false)
    await client.ask("disconnect")
    await ended
    return message!
}

test("a taken port is named", { skip }, async t => {
    const other = createServer().listen(PORTS.bus, "127.0.0.1")
    await once(other, "listening")
    t.after(() => other.close())
    assert.match(
        await failure(t, {}),
        new RegExp(
            `^port ${PORTS.bus} is taken\\..* a computer has room for one`
        )
    )
})

test("a network that there is not is told from those that there are", async t => {
    assert.match(
        await failure(t, { network: "token ring" }),
        /^"network" is "token ring"; expected "wifi"/
    )
})

test(
    "npm run sim lets a debugger in, over the Ethernet model, and Ctrl-C ends it",
    { skip },
    async t => {
        const sim = spawn(
            process.execPath,
            ["--import", "tsx", "tools/sim.ts", "--network", "ethernet"],
            { stdio: ["ignore", "pipe", "inherit"] }
        )
        const ended = once(sim, "close")
        t.after(() => sim.kill("SIGKILL"))
        for await (const line of createInterface(sim.stdout))
            if (line.startsWith("deployed in")) break
        sim.stdout.resume()
        const client = await DebugClient.connect(8084)
        const driver = "src/net/ethernet/tcp.ts"
        const line = lineOf(driver, "let deadline = millis() + STALL_TIMEOUT")
        await client.launch({ request: "attach" }, [driver, [line]])
        const { threadId } = await client.event("stopped")
        const [{ source }] = await client.stack(threadId)
        assert.equal(source.name, driver)
        sim.kill("SIGINT")
        assert.deepEqual(await ended, [0, null])
        assert.equal(await taken(), undefined)
    }
)

test(
    "the tool chain's own VM takes the program, and the settings in .env.defaults",
    { skip },
    async t => {
        const { folder, url } = await copyOfProject(t)
        const settings = `URL=${url}\nCOUNT=3\nINTERVAL=10\n`
        writeFileSync(join(folder, ".env.defaults"), settings)
        const server = await DevServer.start(folder)
        t.after(() => server.close())
        const lines: string[] = []
        let succeed!: () => void
        let fail!: (why: unknown) => void
        const closed = new Promise<void>((resolve, reject) => {
            succeed = resolve
            fail = reject
        })
        const vm = await openDevice("stock", server, {
            log: ({ text }) => {
                lines.push(text)
                if (text === 'closed 1000 ""') succeed()
            },
            ended: fail,
        })
        const filename = "src/main.ts"
        const build = (deployTo?: string) =>
            server.ask("build", { filename, buildOptions: {}, deployTo })
        await vm.install(
            programOf(filename, await build()),
            async id => (await build(id)).deployStatus,
            { settings: {}, held: false }
        )
        await closed
        const summary =
            /^summary sent=3 right=3 wrong=0 lost=0 late=0 reconnects=0 /m
        assert.match(lines.join("\n"), summary)
    }
)
