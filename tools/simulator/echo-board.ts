/** A simulated board that echoes: on one connection after the other, whatever comes. */
import { Board, type BoardOptions, type Panic } from "../../sim/board.ts"
import { compilePatched } from "../../sim/program.ts"
import type { Reply, WireModel } from "../../sim/wire.ts"

const PROGRAM = "sim/device/echo-urls.ts"

interface EchoBoardOptions extends BoardOptions {
    /** Changes the program's sources before they are compiled. */
    patch?: Parameters<typeof compilePatched>[1]
}

/** Options of the program's WebSocket. */
export interface EchoOptions {
    /** Subprotocols to offer. */
    protocols?: string[]
    /** Offers permessage-deflate with these options, see `DeflateOptions` in src/. */
    deflate?: Record<string, number | boolean>
    /** Largest message in bytes. Default: any. */
    maxMessage?: number
    /** Milliseconds. */
    handshakeTimeout?: number
    /** Milliseconds. */
    closeTimeout?: number
}

/** How a connection went, as the program saw it. */
export interface EchoResult {
    url: string
    /** Complete messages that were echoed. */
    messages: number
    /** Payload bytes that were echoed. */
    bytes: number
    /** Close code and reason, 1006 without a Close frame. */
    code: number
    reason: string
    /** Both Close frames were exchanged. */
    wasClean: boolean
    /** From the dial to the end. */
    ms: number
    /** What went wrong, if anything; `panic: OutOfMemory` and the like when the program died of it. */
    error: string | null
}

interface Order {
    url: string
    options: EchoOptions
    start: number
    done(result: EchoResult): void
}

export class EchoBoard {
    /** What the order of now is: waiting for the program, or under way. */
    private order?: Order
    private taken = false
    private reply?: Reply
    private report = ""

    private constructor(readonly board: Board) {}

    /** @throws CompileError */
    static async start({
        patch,
        ...options
    }: EchoBoardOptions = {}): Promise<EchoBoard> {
        const control: WireModel = {
            open: reply => echo.opened(reply),
            data: bytes => echo.data(bytes),
            close: () => (echo.reply = undefined),
        }
        const program = patch ? compilePatched(PROGRAM, patch) : PROGRAM
        const board = await Board.start(program, {
            ...options,
            wires: { ...options.wires, control },
        })
        const echo = new EchoBoard(board)
        board.on("panic", how => echo.died(how))
        board.on("reset", how => echo.died(how))
        return echo
    }

    /** Has the program open a connection, and waits for its end. One at a time. */
    open(url: string, options: EchoOptions = {}): Promise<EchoResult> {
        if (this.order)
            throw new Error(
                `expected the connection to ${this.order.url} to end before the next`
            )
        return new Promise(done => {
            this.order = { url, options, start: performance.now(), done }
            this.give()
        })
    }

    /** Ends everything; a connection that is open ends with the error `stopped`. */
    async stop(): Promise<void> {
        await this.board.stop()
        if (this.order) this.fail("stopped")
    }

    private opened(reply: Reply) {
        this.reply = reply
        if (!this.taken) this.give()
    }

    private give() {
        const { order, reply } = this
        if (!order || !reply) return
        this.taken = true
        const { url, options } = order
        order.start = performance.now()
        reply(Buffer.from(JSON.stringify({ url, options })))
    }

    private data(bytes: Uint8Array) {
        this.report += Buffer.from(bytes).toString()
        if (!this.report.endsWith("\n")) return
        const report = JSON.parse(this.report)
        this.report = ""
        this.settle({
            ...report,
            reason: text(report.reason),
            error: report.error === null ? null : text(report.error),
        })
    }

    private died({ name }: Panic) {
        this.report = ""
        if (this.taken) this.fail(`panic: ${name}`)
    }

    private fail(error: string) {
        this.settle({
            messages: 0,
            bytes: 0,
            code: 1006,
            reason: "",
            wasClean: false,
            ms: Math.round(performance.now() - this.order!.start),
            error,
        })
    }

    private settle(result: Omit<EchoResult, "url">) {
        const { url, done } = this.order!
        this.order = undefined
        this.taken = false
        done({ url, ...result })
    }
}

function text(hex: string): string {
    return Buffer.from(hex, "hex").toString()
}
