/** The echo program on the tool chain's own simulator, by the tool chain's own commands. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import {
    cpSync,
    mkdirSync,
    mkdtempSync,
    realpathSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { stripVTControlCharacters } from "node:util"
import { WebSocket } from "ws"
import { startEchoServer } from "../../server/echo.ts"
import { readConfig } from "../../tools/config.ts"
import { moduleOf } from "../../tools/generate.ts"

const SUMMARY = /summary sent=3 right=3 wrong=0 lost=0 late=0 reconnects=0 /

/** Lines of text, and waiting for one. */
class Lines {
    private readonly lines: string[] = []
    private heard = () => {}

    add(text: string) {
        this.lines.push(...stripVTControlCharacters(text).split("\n"))
        this.heard()
    }

    /** Waits for a line. @param end makes the waiting vain */
    async expect(pattern: RegExp, end: Promise<unknown>): Promise<void> {
        const ended = end.then(() => {
            throw new Error(`expected ${pattern} in\n${this.lines.join("\n")}`)
        })
        const found = new Promise<void>(resolve => {
            this.heard = () =>
                this.lines.some(line => pattern.test(line)) && resolve()
            this.heard()
        })
        await Promise.race([found, ended])
    }
}

/** A copy of the project and a server for it. @returns its folder, and the server's URL */
async function project(t: TestContext) {
    const server = await startEchoServer({ port: 0 })
    t.after(() => server.close())
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "stock-")))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    cpSync("src", join(folder, "src"), { recursive: true })
    writeFileSync(join(folder, "devsconfig.json"), "{}")
    writeFileSync(join(folder, "package.json"), '{ "name": "copy" }')
    const scope = join(folder, "node_modules/@devicescript")
    mkdirSync(scope, { recursive: true })
    const cli = realpathSync("node_modules/@devicescript/cli")
    symlinkSync(cli, join(scope, "cli"))
    return { folder, url: server.url }
}

/** Starts a command of the tool chain, which ends with the test. */
function start(t: TestContext, cwd: string, ...args: string[]) {
    const child = spawn(
        process.execPath,
        ["node_modules/@devicescript/cli/devicescript", ...args],
        { cwd, stdio: ["ignore", "pipe", "pipe"] }
    )
    const lines = new Lines()
    for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", text => lines.add(text))
    const ended = once(child, "close")
    t.after(async () => {
        child.kill()
        await ended
    })
    return { lines, ended }
}

test("devs run, with a garbage collection at every allocation: the configuration in the program", async t => {
    const { folder, url } = await project(t)
    const config = { ...readConfig("."), url, count: 3, interval: 10 }
    writeFileSync(join(folder, "src/config.generated.ts"), moduleOf(config))
    const { lines, ended } = start(
        t,
        folder,
        ...["run", "src/main.ts", "--test", "--test-self-exit"],
        ...["--test-timeout", "60000"]
    )
    await lines.expect(SUMMARY, ended)
    await lines.expect(/closed 1000 ""/, ended)
})

/** @returns the first of the ports that somebody has, if any */
async function taken(...ports: number[]): Promise<number | undefined> {
    for (const port of ports) {
        const server = createServer().listen(port, "127.0.0.1")
        const [error] = await Promise.race([
            once(server, "listening"),
            once(server, "error"),
        ]).catch(error => [error])
        if (error) return port
        await new Promise(resolve => server.close(resolve))
    }
    return undefined
}

/** Connects as soon as somebody listens. @param end makes further attempts vain */
async function connect(url: string, end: Promise<unknown>): Promise<WebSocket> {
    let isOver = false
    void end.then(() => (isOver = true))
    while (!isOver) {
        const socket = new WebSocket(url)
        const isOpen = await once(socket, "open").then(
            () => true,
            () => delay(50, false)
        )
        if (isOpen) return socket
    }
    throw new Error(`expected a server at ${url}, it has ended`)
}

/** The side channel of the dev server. */
class DevServer {
    readonly lines = new Lines()
    private sequence = 0

    constructor(private readonly socket: WebSocket) {
        socket.on("message", (data, isBinary) => {
            if (isBinary) return
            const { ev, data: event } = JSON.parse(data.toString())
            if (ev === "output") this.lines.add(event.lines.join("\n"))
        })
    }

    /** Sends a request. @returns its answer */
    async ask<Answer>(req: string, data: object): Promise<Answer> {
        const seq = ++this.sequence
        const answered = new Promise<Answer>((resolve, reject) => {
            const listen = (message: Buffer, isBinary: boolean) => {
                if (isBinary) return
                const answer = JSON.parse(message.toString())
                if (answer.seq !== seq || !answer.resp) return
                this.socket.off("message", listen)
                if (answer.resp === "error")
                    reject(new Error(answer.data.message))
                else resolve(answer.data)
            }
            this.socket.on("message", listen)
        })
        this.socket.send(JSON.stringify({ req, seq, data }))
        return answered
    }
}

const busy = await taken(8081, 8082, 8083)
const skip = busy
    ? `port ${busy} is taken, and a machine can have one dev server only`
    : false

test(
    "devs devtools and a simulated device: the settings in .env.defaults",
    { skip },
    async t => {
        const { folder, url } = await project(t)
        writeFileSync(
            join(folder, ".env.defaults"),
            `URL=${url}\nCOUNT=3\nINTERVAL=10\n`
        )
        // its simulated device would outlive the dev server
        let stopDevice: () => Promise<unknown> = async () => {}
        t.after(() => stopDevice())
        const { lines, ended } = start(t, folder, "devtools", "--vscode")
        // it announces its ports before it listens on them
        await lines.expect(/websocket +: /, ended)
        const socket = await connect("ws://127.0.0.1:8081/", ended)
        t.after(() => socket.terminate())
        const server = new DevServer(socket)

        stopDevice = () => Promise.race([ended, server.ask("stopVM", {})])
        const deviceId = "7ab5e8a1c0ffee01"
        await server.ask("startVM", { deviceId, clearFlash: true })
        await server.lines.expect(/self-device:/, ended)
        let deployed = ""
        // the device is known some time after it was announced
        while (deployed !== "OK") {
            const status = await server.ask<{
                success: boolean
                deployStatus: string
            }>("build", {
                filename: "src/main.ts",
                buildOptions: {},
                deployTo: deviceId,
            })
            assert.ok(status.success)
            deployed = status.deployStatus
        }
        await server.lines.expect(SUMMARY, ended)
        await server.lines.expect(/closed 1000 ""/, ended)
        await server.ask("stopVM", {})
    }
)
