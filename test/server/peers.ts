import { spawn, type ChildProcessByStdio } from "node:child_process"
import { EventEmitter, on, once as nodeOnce } from "node:events"
import { connect as connectTcp, type Socket } from "node:net"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import type { TestContext } from "node:test"
import { WebSocket, type ClientOptions } from "ws"
import { startServer, type Server } from "../../server/server.ts"
import { observe, type ServerEvent } from "../../server/telemetry/events.ts"
import type { ServerOptions } from "../../server/options.ts"
import { noSignals } from "../wire/platform.ts"
import { once, within } from "../wire/wait.ts"

export { handshake } from "../wire/client.ts"

/** A server for one test, and what it tells. */
export interface Served extends Server {
    /** What it has told so far */
    seen: ServerEvent[]
    /** Emits each event under its name */
    events: EventEmitter
}

/** Starts a server on a free port, which ends with the test. */
export async function serve(
    t: TestContext,
    options: ServerOptions = {}
): Promise<Served> {
    const seen: ServerEvent[] = []
    const events = new EventEmitter()
    const server = await startServer({
        port: 0,
        ...options,
        on: observe(event => {
            seen.push(event)
            events.emit(event.event, event)
        }),
    })
    t.after(() => server.close())
    return Object.assign(server, { seen, events })
}

/** A message as `ws` hands it over. */
export interface Received {
    data: Buffer
    isBinary: boolean
}

/** A WebSocket client and the messages that it receives, none lost. */
export interface Client {
    ws: WebSocket
    receive: () => Promise<Received>
    /** Sends a message and awaits the next one. */
    ask: (message: string | Buffer) => Promise<Received>
    /** Sends a text and awaits the next one. */
    askText: (text: string) => Promise<string>
    /** Close code and reason, once the connection has ended. */
    closed: Promise<{ code: number; reason: string }>
}

/** Opens a WebSocket, which ends with the test. */
export async function connect(
    t: TestContext,
    url: string,
    options: ClientOptions & { protocols?: string[] } = {}
): Promise<Client> {
    const { protocols = [], ...rest } = options
    const ws = new WebSocket(url, protocols, rest)
    t.after(() => ws.terminate())
    const messages = on(ws, "message")
    const closed = new Promise<{ code: number; reason: string }>(resolve =>
        ws.on("close", (code, reason) =>
            resolve({ code, reason: reason.toString() })
        )
    )
    await once(ws, "open")
    ws.on("error", () => {})
    const receive = async () => {
        const { value } = await within(messages.next(), "a message")
        const [data, isBinary] = value as [Buffer, boolean]
        return { data, isBinary }
    }
    const ask = (message: string | Buffer) => {
        ws.send(message)
        return receive()
    }
    const askText = async (text: string) => (await ask(text)).data.toString()
    return { ws, receive, ask, askText, closed }
}

/** Opens a TCP connection, which ends with the test. */
export async function tcp(t: TestContext, port: number): Promise<Socket> {
    const socket = connectTcp(port, "127.0.0.1")
    t.after(() => socket.destroy())
    await once(socket, "connect")
    // a test that expects the server to drop it looks at "close"
    socket.on("error", () => {})
    return socket
}

/**
 * Writes `text` on a new TCP connection.
 * @returns all that came back until the server ended it
 * @throws when the server resets the connection, with which a client may lose what came before
 */
export async function exchange(
    t: TestContext,
    port: number,
    text: string
): Promise<string> {
    const socket = await tcp(t, port)
    let answer = ""
    socket.on("data", chunk => (answer += chunk))
    socket.write(text)
    await once(socket, "close")
    return answer
}

/** A binary frame with 64 KiB of zeros, and zeros for the mask (RFC 6455 section 5.2). */
export const FRAME_64K = Buffer.concat([
    Buffer.from("82ff000000000001000000000000", "hex"),
    Buffer.alloc(64 * 1024),
])

/** The server as a program of its own. */
export interface Program {
    process: ChildProcessByStdio<null, Readable, Readable>
    /** The next line that it prints. */
    line: () => Promise<string>
    /** Exit code, signal and what it said on standard error, once it has ended. */
    ended: Promise<{
        code: number | null
        signal: string | null
        errors: string
    }>
}

/** Starts `command` in a process group of its own, which is gone after the test. */
export function run(
    t: TestContext,
    command: string,
    ...args: string[]
): Program {
    const child = spawn(command, args, {
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
    })
    const lines = on(createInterface(child.stdout), "line")
    let errors = ""
    child.stderr.on("data", chunk => (errors += chunk))
    const closed = within(nodeOnce(child, "close"), "its end", 60_000)
    const ended = closed.then(([code, signal]) => ({
        code,
        signal,
        errors,
    }))
    // who does not wait for it does not mind
    ended.catch(() => {})
    t.after(() => killGroup(child.pid!))
    const line = async () => {
        const { value } = await within(lines.next(), "a line")
        return value[0] as string
    }
    return { process: child, line, ended }
}

/** Starts the server's command line. */
export function runServer(t: TestContext, ...args: string[]): Program {
    return run(
        t,
        process.execPath,
        "--import",
        "tsx",
        "server/main.ts",
        ...args
    )
}

function killGroup(pid: number): void {
    try {
        process.kill(noSignals ? pid : -pid, "SIGKILL")
    } catch (error) {
        // nothing is left, as it should be
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
    }
}
