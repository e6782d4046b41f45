import type { Socket } from "node:net"
import { socketAddressOf } from "../access/client-address.ts"
import { LONGEST_NAME, nameOf, UNIT, withUnit } from "../bus/names.ts"
import { finite } from "../plot/numbers.ts"
import type { Publisher, Source } from "../plot/publisher.ts"
import type { EventBody } from "../telemetry/events.ts"
import type { Reporter } from "../telemetry/reporter.ts"
import { LineReader, type Line } from "./line-reader.ts"

/** Bytes of a line: two numbers as no program writes them longer, or a name. */
const LONGEST_LINE = 4 * LONGEST_NAME

/** Malformed lines after which a source is hung up on. */
const PATIENCE = 100

/** Milliseconds that a source that is hung up on has to take its answer. */
const LINGER = 2000

/** Milliseconds of silence after which the network is asked whether the source is still there. */
const KEEP_ALIVE = 30_000

/**
 * The first line of a request by HTTP, which a page of any site can make a browser send here, of its likes (RTSP, SIP),
 * or of SSH.
 */
const REQUEST = /^\s*([\w-]+\s+(\/|\S+\s+[a-z]+\/\d)|SSH-\d)/i

/** What a source's connection needs of its server. */
export interface SourceConnectionOptions {
    publisher: Publisher
    reporter: Reporter
    /** Milliseconds that a source may take for its name */
    handshakeTimeout: number
}

/** One TCP connection of a source. */
export class SourceConnection {
    readonly #socket: Socket
    readonly #options: SourceConnectionOptions
    readonly #peer: string
    readonly #lines = new LineReader(LONGEST_LINE)
    /** Until the name is known, and after it is hung up on */
    #timer: NodeJS.Timeout
    #source?: Source
    /** A source has one, which is called as the source is; only its unit has to be told */
    #series = ""
    #malformed = 0

    constructor(socket: Socket, options: SourceConnectionOptions) {
        this.#socket = socket
        this.#options = options
        this.#peer = socketAddressOf(socket).name
        this.#timer = setTimeout(
            () => this.#hangUp("expected a name, got none in time"),
            options.handshakeTimeout
        )
        socket.setKeepAlive(true, KEEP_ALIVE)
        socket.on("data", chunk => this.#read(this.#lines.read(chunk)))
        socket.on("end", () => {
            this.#read(this.#lines.end())
            socket.end()
        })
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
        this.#source.point(this.#series, x, y)
        return undefined
    }

    #name(text: string): string | undefined {
        if (REQUEST.test(text))
            return "expected a name, got a request by HTTP or another protocol that this port does not speak"
        const [before, ...unit] = text.split(UNIT)
        const name = nameOf(before)
        if (!name || [...text.trim()].length > LONGEST_NAME)
            return `expected a name of 1 to ${LONGEST_NAME} characters, got ${shown(text)}`
        clearTimeout(this.#timer)
        this.#series = withUnit("", unit.join(UNIT))
        this.#source = this.#options.publisher.source(name)
        this.#report({ event: "source", name })
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
        this.#end()
        this.#timer = setTimeout(() => this.#socket.destroy(), LINGER)
        this.#socket.once("close", () => clearTimeout(this.#timer))
        this.#socket.end()
    }

    #tell(reason: string): void {
        this.#report({ event: "line", reason })
        this.#socket.write(reason + "\n")
    }

    #end(): void {
        clearTimeout(this.#timer)
        if (!this.#source) return
        this.#source.end()
        const { name } = this.#source
        this.#source = undefined
        this.#report({ event: "gone", name })
    }

    #report(event: EventBody): void {
        this.#options.reporter.report(this.#peer, event)
    }
}

function shown(text: string): string {
    return JSON.stringify(text.length > 60 ? text.slice(0, 60) + "…" : text)
}
