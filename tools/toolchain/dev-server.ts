/** The tool chain's dev server: builds, deploys, and debugs what is on its bus. */
import { spawn, type ChildProcess } from "node:child_process"
import { EventEmitter, once } from "node:events"
import { setTimeout as delay } from "node:timers/promises"
import { stripVTControlCharacters } from "node:util"
import { WebSocket } from "ws"
import { UserError } from "../../lib/errors.ts"
import { isFree } from "../../lib/ports.ts"
import { announced, decode } from "../../sim/jacdac.ts"
import type { DebugInfo } from "../../sim/vm.ts"
import { PROJECT } from "../project/folder.ts"
import { DEVS } from "./devs.ts"

/** Its ports, on 127.0.0.1: the side channel, the bus, the debugger. They cannot be chosen. */
export const PORTS = { side: 8081, bus: 8082, debug: 8083 }

/** How long it may take to listen, and to answer a request, in milliseconds. */
const START = 30_000
const ANSWER = 60_000
/** How long it has to end by itself, in milliseconds. */
const END = 2000
const RETRY = 50
/** Lines of its output that an error shows. */
const LAST_WORDS = 5

const END_WITH_PARENT = new URL("end-with-parent.mjs", import.meta.url).href

/** What the compiler has to say about a place; lines and columns begin at 1. */
export interface BuildDiagnostic {
    /** Absolute. */
    filename: string
    line: number
    column: number
    endLine: number
    endColumn: number
    /** TypeScript's: 0 warning, 1 error. */
    category: number
    code: number
    messageText: string | { messageText: string }
}

/** What came of a build. */
export interface BuildStatus {
    success: boolean
    diagnostics: BuildDiagnostic[]
    /** Of the program, as the debugger takes it; none when it did not compile. */
    dbg?: DebugInfo & { binary: { hex: string } }
    /** Relative to the project. */
    usedFiles: string[]
    /** `OK`, or why the device did not take the program. */
    deployStatus: string
}

/** The requests of the side channel that are used here, and their answers. */
interface Requests {
    build: [
        { filename: string; buildOptions: object; deployTo?: string },
        BuildStatus,
    ]
    startVM: [{ deviceId: string; clearFlash: boolean }, object]
    stopVM: [object, object]
    connect: [{ transport: string; background: boolean }, object]
}

interface DevServerEvents {
    /** Lines of a device: of the tool chain's VM (`vm`, `vm-err`) or of a board (`dev`). */
    output: [from: string, lines: string[]]
    /** A device on the bus says which services it has. */
    announcement: [deviceId: string, services: number[]]
    /** It ended, though nobody told it to. */
    died: [why: string]
}

export class DevServer extends EventEmitter<DevServerEvents> {
    private sequence = 0
    private side?: WebSocket
    private closing = false
    private readonly over = new AbortController()
    private words: string[] = []
    private readonly ended: Promise<unknown>

    /**
     * Starts it; `ready` says when it can be used.
     * @param folder the project's
     * @throws UserError when a port is taken
     */
    static async start(folder = PROJECT): Promise<DevServer> {
        await expectFreePorts()
        return new DevServer(startCli(folder))
    }

    private constructor(private readonly child: ChildProcess) {
        super()
        for (const stream of [child.stdout!, child.stderr!])
            stream.setEncoding("utf8").on("data", text => this.hear(text))
        this.ended = once(child, "close")
        child.once("close", code => {
            this.over.abort()
            if (!this.closing) this.emit("died", this.exitMessage(code))
        })
    }

    private hear(text: string) {
        const lines = stripVTControlCharacters(text).split(/\r?\n/)
        this.words.push(...lines.filter(line => line.trim()))
        this.words.splice(0, this.words.length - LAST_WORDS)
    }

    private exitMessage(code: number | null): string {
        const last = this.words.map(line => `\n    ${line}`).join("")
        return `the tool chain's dev server ended with code ${code}; it said last:${last || " nothing"}`
    }

    /**
     * Waits until it listens.
     * @throws UserError when it ends instead, or takes too long
     */
    async ready(): Promise<void> {
        this.side = await this.connect()
    }

    /** It announces its ports before it listens on them. */
    private async connect(): Promise<WebSocket> {
        const end = Date.now() + START
        while (this.child.exitCode === null && Date.now() < end) {
            const socket = new WebSocket(`ws://127.0.0.1:${PORTS.side}/`)
            const isOpen = await once(socket, "open").then(
                () => true,
                () => delay(RETRY, false)
            )
            if (!isOpen) continue
            socket.on("message", (data: Buffer, isBinary) => {
                if (isBinary) this.readFrame(data)
                else this.readEvent(JSON.parse(data.toString()))
            })
            return socket
        }
        throw new UserError(
            this.child.exitCode === null
                ? `expected the tool chain's dev server on port ${PORTS.side} within ${START / 1000} s, found none`
                : this.exitMessage(this.child.exitCode)
        )
    }

    private readFrame(frame: Buffer) {
        for (const packet of decode(frame)) {
            const services = announced(packet)
            if (services) this.emit("announcement", packet.device, services)
        }
    }

    private readEvent({ ev, data }: { ev?: string; data: OutputData }) {
        if (ev === "output") this.emit("output", data.from, data.lines)
    }

    /**
     * Asks for something over the side channel.
     * @throws Error with what the dev server says, or when it ends meanwhile
     */
    ask<Name extends keyof Requests>(
        req: Name,
        data: Requests[Name][0]
    ): Promise<Requests[Name][1]> {
        const seq = ++this.sequence
        const { side } = this
        if (side?.readyState !== WebSocket.OPEN)
            return Promise.reject(new Error("the dev server has ended"))
        return new Promise((resolve, reject) => {
            const fail = (why: string) => settle(() => reject(new Error(why)))
            const gone = () => fail(this.exitMessage(this.child.exitCode))
            const timer = setTimeout(
                () => fail(`no answer to ${req} within ${ANSWER / 1000} s`),
                ANSWER
            )
            const settle = (settled: () => void) => {
                clearTimeout(timer)
                side.off("message", listen).off("close", gone)
                settled()
            }
            const listen = (message: Buffer, isBinary: boolean) => {
                if (isBinary) return
                const answer = JSON.parse(message.toString())
                if (answer.seq !== seq || !answer.resp) return
                if (answer.resp === "error") fail(answer.data.message)
                else settle(() => resolve(answer.data))
            }
            side.on("message", listen).on("close", gone)
            side.send(JSON.stringify({ req, seq, data }))
        })
    }

    /**
     * Waits until a device on the bus says that it has a service.
     * @param patience milliseconds
     * @returns the device's id
     * @throws when none does, or the dev server ends meanwhile
     */
    async device(service: number, patience: number): Promise<string> {
        const signal = AbortSignal.any([
            AbortSignal.timeout(patience),
            this.over.signal,
        ])
        for (;;) {
            const [id, services] = await once(this, "announcement", { signal })
            if (services.includes(service)) return id
        }
    }

    /** Ends it, and everything it started. */
    async close(): Promise<void> {
        this.closing = true
        this.side?.terminate()
        this.child.kill()
        const timer = setTimeout(() => this.child.kill("SIGKILL"), END)
        await this.ended
        clearTimeout(timer)
    }
}

interface OutputData {
    from: string
    lines: string[]
}

function startCli(folder: string): ChildProcess {
    return spawn(
        process.execPath,
        [...["--import", END_WITH_PARENT, DEVS], ...["devtools", "--vscode"]],
        { cwd: folder, stdio: ["ignore", "pipe", "pipe", "ipc"] }
    )
}

async function expectFreePorts() {
    for (const port of Object.values(PORTS))
        if (!(await isFree(port)))
            throw new UserError(
                `port ${port} is taken. The tool chain's dev server needs ports ${Object.values(PORTS).join(", ")} and cannot use others, so a computer has room for one: ` +
                    "end the other simulation, debug session or `devs devtools`, of this or another project, and try again"
            )
}
