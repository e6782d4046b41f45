import { once } from "node:events"
import { createServer, type Server, type Socket } from "node:net"
import { hostAndPort } from "../http/address.ts"
import type { EventBody } from "../telemetry/events.ts"
import { listen, type ListenOptions } from "../http/listen.ts"
import type { Publisher, Source } from "../plot/publisher.ts"
import { LineReader, type Line } from "./line-reader.ts"
import { LONGEST_NAME, nameOf } from "../plot/names.ts"
import { finite } from "../plot/numbers.ts"

/** Bytes of a line: two numbers as no program writes them longer, or a name. */
const LONGEST_LINE = 4 * LONGEST_NAME

/** Sources that are connected at a time; further ones are dropped. */
const MOST = 1000

/** Malformed lines after which a source is hung up on. */
const PATIENCE = 100

/** Milliseconds that a source may take for its name. */
const NAME_TIMEOUT = 60_000

/** Milliseconds that a source that is hung up on has to take its answer. */
const LINGER = 2000

/** Milliseconds of silence after which the network is asked whether the source is still there. */
const KEEP_ALIVE = 30_000

const OPTIONS: ListenOptions = { host: "--host", port: "--source-port" }

/** Takes the events of a peer. */
type Tell = (peer: string, event: EventBody) => void

/**
 * Takes data sources over TCP: the first line is the name, each further one a point `x y`. What is malformed is
 * answered with the number of its line.
 */
export class SourceServer {
    readonly #publisher: Publisher
    readonly #report: Tell
    readonly #server: Server
    readonly #sockets = new Set<Socket>()
    #port = 0

    constructor(publisher: Publisher, report: Tell = () => {}) {
        this.#publisher = publisher
        this.#report = report
        this.#server = createServer({ allowHalfOpen: true }, socket =>
            this.#take(socket)
        )
        this.#server.maxConnections = MOST
    }

    /** The port that it listens on. */
    get port(): number {
        return this.#port
    }

    /** @throws ListenError when the port is taken, or host and port cannot be listened on */
    async listen(host: string, port: number): Promise<void> {
        this.#port = await listen(this.#server, host, port, OPTIONS)
    }

    /** Drops all sources; resolves when nothing is left. */
    async close(): Promise<void> {
        const closed = once(this.#server, "close")
        this.#server.close()
        for (const socket of this.#sockets) socket.destroy()
        await closed
    }

    #take(socket: Socket): void {
        this.#sockets.add(socket)
        socket.once("close", () => this.#sockets.delete(socket))
        new SourceConnection(socket, this.#publisher, this.#report)
    }
}

/** One TCP connection of a source. */
class SourceConnection {
    readonly #socket: Socket
    readonly #publisher: Publisher
    readonly #report: Tell
    readonly #peer: string
    readonly #lines = new LineReader(LONGEST_LINE)
    #source?: Source
    #malformed = 0

    constructor(socket: Socket, publisher: Publisher, report: Tell) {
        this.#socket = socket
        this.#publisher = publisher
        this.#report = report
        this.#peer = hostAndPort(socket.remoteAddress, socket.remotePort)
        socket.setKeepAlive(true, KEEP_ALIVE)
        socket.setTimeout(NAME_TIMEOUT)
        socket.on("data", chunk => this.#read(this.#lines.read(chunk)))
        socket.on("end", () => {
            this.#read(this.#lines.end())
            socket.end()
        })
        socket.on("timeout", () =>
            this.#hangUp("expected a name, got nothing in time")
        )
        // what breaks a connection shows as its close
        socket.on("error", () => {})
        socket.on("close", () => this.#end())
    }

    #read(lines: Line[]): void {
        for (const line of lines) {
            if (this.#socket.writableEnded) return
            const problem = "problem" in line ? line.problem : this.#take(line)
            if (problem) this.#refuse(`line ${line.number}: ${problem}`)
        }
        const source = this.#source
        if (!source?.full) return
        this.#socket.pause()
        source.drained(() => this.#socket.resume())
    }

    /** @returns what is wrong with the line */
    #take({ text }: { text: string }): string | undefined {
        if (!this.#source) return this.#name(text)
        const fields = text.trim().split(/[ \t]+/)
        const [x, y] = fields.map(finite)
        if (fields.length !== 2 || x === undefined || y === undefined)
            return `expected two numbers as in "1.5 20", got ${shown(text)}`
        this.#source.point("", x, y)
        return undefined
    }

    #name(text: string): string | undefined {
        const name = nameOf(text)
        if (!name || [...text.trim()].length > LONGEST_NAME)
            return `expected a name of 1 to ${LONGEST_NAME} characters, got ${shown(text)}`
        this.#socket.setTimeout(0)
        this.#source = this.#publisher.source(name)
        this.#report(this.#peer, { event: "source", name })
        return undefined
    }

    #refuse(reason: string): void {
        if (!this.#source) return this.#hangUp(reason)
        if (++this.#malformed >= PATIENCE)
            return this.#hangUp(`${reason}; too many malformed lines`)
        this.#tell(reason)
    }

    #hangUp(reason: string): void {
        this.#tell(reason)
        const timer = setTimeout(() => this.#socket.destroy(), LINGER)
        this.#socket.once("close", () => clearTimeout(timer))
        this.#socket.setTimeout(0)
        this.#socket.end()
        this.#end()
    }

    #tell(reason: string): void {
        this.#report(this.#peer, { event: "line", reason })
        this.#socket.write(reason + "\n")
    }

    #end(): void {
        if (!this.#source) return
        this.#source.end()
        const { name } = this.#source
        this.#source = undefined
        this.#report(this.#peer, { event: "gone", name })
    }
}

function shown(text: string): string {
    return JSON.stringify(text.length > 60 ? text.slice(0, 60) + "…" : text)
}
