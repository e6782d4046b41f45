import { millis } from "@devicescript/core"
import { Signal } from "../../fiber/signal"
import { StreamError } from "../stream"
import { Uart } from "./uart"

/** A payload does not end where it should: something got between its bytes. */
const EXCESS = "more bytes than announced"

const LF = 10
const CR = 13
const SPACE = 32
const PROMPT = 0x3e

/** Longest line that means anything to us; of a longer one the rest is dropped. */
const MAX_LINE = 160
/** Milliseconds for the answer to a command that does not reach into the network. */
const TIMEOUT = 5000
/** Milliseconds between two attempts to be understood. */
const SYNC_INTERVAL = 300
/** As many bytes as a modem may be waiting for when we have lost track of it. */
const LARGEST_PIECE = 2048

/** A command, and what it takes to be done with it beside `OK`. */
export interface Request {
    /** Without `AT`. */
    text: string
    /** Milliseconds. Default 5,000. */
    timeout?: number
    /** How a line begins whose rest is the result; it may come before or after `OK`. */
    prefix?: string
    /** Goes out when the modem asks for it. */
    data?: Buffer
    /** How a line begins that goes on with the length of the bytes that follow it. */
    payload?: string
    /** Most bytes that may follow. */
    max?: number
    /** The bytes that followed. */
    received?: Buffer
}

/**
 * AT commands (ITU-T V.250) on a serial line: one at a time, whoever asks first. Somebody has to call `poll` all the time.
 */
export class At {
    private request: Request
    private result: string
    private failure: string
    /** What the modem says about an error that follows. */
    private remark: string
    private finished = false
    private prompted = false
    /** Payload bytes that have not come yet. */
    private missing = 0
    /** A payload has just ended: the line must end too. */
    private edge = false
    /** An answer is outstanding, or was not understood. */
    private lost = true

    private readonly line = Buffer.alloc(MAX_LINE)
    private length = 0
    private busy = false
    private readonly idle = new Signal()
    private readonly changed = new Signal()

    /** @param unsolicited takes the lines that no command asked for */
    constructor(
        private readonly uart: Uart,
        private readonly unsolicited: (line: string) => void
    ) {}

    /** A simple command. @returns the rest of the line that begins with `prefix` */
    async command(
        text: string,
        prefix?: string,
        timeout?: number
    ): Promise<string> {
        return await this.run({ text, prefix, timeout })
    }

    /**
     * Runs a command.
     * @returns the rest of the line that begins with its `prefix`
     * @throws StreamError with what the modem says, or when it does not say anything in time
     */
    async run(request: Request): Promise<string> {
        await this.enter()
        try {
            if (this.lost) await this.sync(5)
            return await this.transact(request)
        } finally {
            this.leave()
        }
    }

    /**
     * Repeats `AT` until the modem answers.
     * @throws StreamError when it does not
     */
    async wake(attempts: number) {
        await this.enter()
        try {
            await this.sync(attempts)
        } finally {
            this.leave()
        }
    }

    async rest(milliseconds: number) {
        await this.uart.rest(milliseconds)
    }

    private async enter() {
        while (this.busy) await this.idle.wait()
        this.busy = true
    }

    private leave() {
        this.request = undefined
        this.missing = 0
        this.busy = false
        this.idle.notify()
    }

    private async sync(attempts: number) {
        this.lost = true
        for (let n = 1; n <= attempts; ++n) {
            try {
                await this.transact({ text: "", timeout: SYNC_INTERVAL })
                // what still comes now belongs to a command before
                this.request = undefined
                await this.uart.rest(SYNC_INTERVAL / 2)
                this.lost = false
                return
            } catch (e) {
                // not the modem, but the way to it
                if (!this.failure) throw e
                // it may be waiting for data of a command that we gave up
                if (n === 3) {
                    const data = Buffer.alloc(LARGEST_PIECE)
                    data.fillAt(0, data.length, CR)
                    await this.uart.write(data)
                }
            }
        }
        throw new StreamError(
            `modem: no answer to AT at ${this.uart.baud} baud: is it on, its TX on our RX and the other way round, and is that its baud rate?`
        )
    }

    private async transact(request: Request): Promise<string> {
        const { uart } = this
        const { text, data, timeout } = request
        const { errors } = uart
        const start = millis()
        this.result = undefined
        this.failure = undefined
        this.remark = undefined
        this.finished = false
        this.prompted = false
        this.missing = 0
        this.edge = false
        this.request = request
        await uart.write(Buffer.from(`AT${text}\r`))
        let unsent = data
        while (!this.isDone()) {
            if (unsent && this.prompted) {
                await uart.write(unsent)
                unsent = undefined
                continue
            }
            // the prompt does not wait for the network
            const limit = unsent ? TIMEOUT : timeout || TIMEOUT
            const left = start + limit - millis()
            if (left <= 0)
                this.fail(unsent ? "does not ask for the data" : "no answer")
            else await this.changed.wait(left)
        }
        const damaged = uart.errors - errors
        if (damaged && (this.failure || request.payload))
            this.fail(
                `${this.failure || "may be wrong"} (${damaged} errors on the serial line: bytes lost or garbled)`
            )
        if (this.failure === undefined) return this.result
        throw new StreamError(`modem: AT${name(text)}: ${this.failure}`)
    }

    private isDone(): boolean {
        const { request } = this
        if (this.failure !== undefined) return true
        return (
            this.finished &&
            this.missing === 0 &&
            (!request.prefix || this.result !== undefined)
        )
    }

    /** Takes what has arrived. @returns false when there was nothing */
    async poll(): Promise<boolean> {
        const data = await this.uart.read()
        if (!data) return false
        const { length } = data
        let at = 0
        while (at < length) {
            if (this.missing > 0) {
                const { received } = this.request
                const size = Math.min(this.missing, length - at)
                received.blitAt(received.length - this.missing, data, at, size)
                this.missing -= size
                at += size
                continue
            }
            const end = data.indexOf(LF, at)
            this.append(data, at, end < 0 ? length : end)
            if (end < 0) break
            at = end + 1
            this.endLine()
        }
        if (this.length && this.line[0] === PROMPT && this.awaitsPrompt()) {
            this.length = 0
            this.prompted = true
        }
        if (this.request && (this.prompted || this.isDone()))
            this.changed.notify()
        return true
    }

    private awaitsPrompt(): boolean {
        const { request } = this
        return !!request && !!request.data && !this.prompted
    }

    private append(data: Buffer, from: number, to: number) {
        if (!this.length)
            while (from < to && data[from] <= SPACE && data[from] !== CR) from++
        const size = Math.min(to - from, MAX_LINE - this.length)
        if (size <= 0) return
        this.line.blitAt(this.length, data, from, size)
        this.length += size
    }

    private endLine() {
        let { length } = this
        this.length = 0
        if (this.edge) {
            this.edge = false
            if (length !== 1) this.fail(EXCESS)
        }
        while (length && this.line[length - 1] === CR) length--
        if (length) this.take(this.line.slice(0, length).toString())
    }

    private fail(what: string) {
        this.lost = true
        this.failure = what
    }

    /** Ends the command that is under way, if any: there will be no answer. */
    abort(why: string) {
        if (!this.request) return
        this.fail(why)
        this.changed.notify()
    }

    private take(line: string) {
        const { request } = this
        if (!request) return this.unsolicited(line)
        const { prefix, payload } = request
        if (line === "OK" || line === "SEND OK") this.finished = true
        else if (
            line === "ERROR" ||
            line === "SEND FAIL" ||
            line.startsWith("+CME ERROR")
        )
            this.failure = this.remark || line
        else if (payload && line.startsWith(payload))
            this.expect(parseInt(line.slice(payload.length)))
        else if (prefix && line.startsWith(prefix))
            this.result = line.slice(prefix.length)
        else {
            if (line.indexOf("ERROR") > 0) this.remark = line
            if (request.received && line[0] !== "+") this.fail(EXCESS)
            this.unsolicited(line)
        }
    }

    /** Bytes follow, and by their number alone it is told where they end. */
    private expect(length: number) {
        if (!(length >= 0 && length <= this.request.max))
            return this.fail(
                `announces ${length} bytes, expected at most ${this.request.max}`
            )
        this.request.received = Buffer.alloc(length)
        this.missing = length
        this.edge = length > 0
    }
}

/** A command's name without what may be secret in it. */
function name(text: string): string {
    return text.split("=")[0]
}
