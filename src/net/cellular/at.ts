import { sleep } from "../../fiber/clock"
import { deadlineIn, waitUntil } from "../../fiber/deadline"
import { acquire, Lock, release } from "../../fiber/lock"
import { notify, Signal } from "../../fiber/signal"
import { StreamError } from "../stream"
import { Lexer, PayloadLength, Token } from "./lexer"
import { pauseAfter } from "./pause"

/** Milliseconds for the answer to a command that does not reach into the network. */
const TIMEOUT = 5000
/** A modem that has just started echoes; this asks whether it is there, too. */
const ECHO_OFF = "E0"
/** Milliseconds between two attempts to be understood. */
const SYNC_INTERVAL = 300
/** As many bytes as a modem may be waiting for when we have lost track of it, and as may come in one piece. */
const LARGEST_PIECE = 2048
/** Milliseconds for the final result behind a line that has said all. */
const FINAL_TIMEOUT = 2000
const CR = 13
/** Milliseconds of rest after a refusal, and the longest after one refusal behind the other. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1600
/** Rates that a modem may have fallen back to, the most frequent ones first. */
const BAUD_RATES = "115200,9600,57600,38400,19200,230400,460800,921600"

/** A serial line, 8 data bits, no parity, one stop bit. */
export interface Uart {
    /** Bits per second. */
    readonly baud: number
    /** Bytes or frames that came damaged, or not at all, since the start. */
    readonly errors: number

    /**
     * Brings the line to its initial state.
     * @throws StreamError when the hardware is not there
     */
    start(): Promise<void>

    /** Goes on at another rate, until `start`. @returns false when the hardware cannot */
    setBaud(baud: number): Promise<boolean>

    /** @returns what has arrived; undefined when nothing has */
    read(): Promise<Buffer>

    /**
     * Sends all of `data`.
     * @throws StreamError when the other end does not take it
     */
    write(data: Buffer): Promise<void>

    /** Lets about so many milliseconds pass, without a timer; for whoever polls. */
    rest(milliseconds: number): Promise<void>
}

/** A command, and what it takes to be done with it. */
export interface Command<T> {
    /** Without `AT`. */
    text: string
    /**
     * Reads a line of the command's own name, which holds the result and may come before or after `OK`.
     * @returns undefined when it is about something else
     */
    parse?: (text: string) => T
    /** Milliseconds. Default 5,000. */
    timeout?: number
    /** TCP does without it: a refusal, or silence, is not an error. */
    optional?: boolean
    /** The result when `OK` comes without such a line. Default: it is waited for. */
    unless?: T
    /** Goes out when the modem asks for it. */
    data?: Buffer
    /** Most bytes of payload that may come. Default: none. */
    max?: number
    /** The payload. */
    received?: Buffer
}

/** @param parse without it, `OK` is enough */
export function command<T>(
    text: string,
    parse?: (text: string) => T,
    timeout?: number
): Command<T> {
    return { text, parse, timeout }
}

/** A command that TCP does without. */
export function optional<T>(
    text: string,
    parse?: (text: string) => T,
    timeout?: number
): Command<T> {
    return { text, parse, timeout, optional: true }
}

/**
 * AT commands (ITU-T V.250) on a serial line: one at a time, whoever asks first. Somebody has to call `poll` all the time.
 */
export class At {
    /** The modem echoes, as it does after a restart. */
    echoes = false
    command: Command<any>
    result: any
    failure: string
    /** What the modem says about an error that follows. */
    remark: string
    finished = false
    prompted = false
    /** An answer is outstanding, or was not understood. */
    lost = true
    /** Commands in a row that failed. */
    failures = 0

    readonly lexer: Lexer
    readonly lock = new Lock()
    readonly changed = new Signal()

    /** @param unsolicited takes the lines that no command asked for */
    constructor(
        readonly uart: Uart,
        payloadLength: PayloadLength,
        readonly unsolicited: (name: string, text: string) => void
    ) {
        this.lexer = new Lexer(payloadLength, LARGEST_PIECE)
    }

    /**
     * Runs a command.
     * @returns what it parsed; undefined when it is optional and failed
     * @throws StreamError with what the modem says, or when it does not say anything in time
     */
    async run<T>(command: Command<T>): Promise<T> {
        await acquire(this.lock)
        try {
            if (this.failures)
                await sleep(
                    pauseAfter(this.failures, FIRST_PAUSE, LONGEST_PAUSE)
                )
            if (this.lost && !(await sync(this, 5)))
                throw new StreamError(noAnswer(this.uart))
            const result = await transact(this, command)
            this.failures = 0
            return result
        } catch (e) {
            this.failures++
            // otherwise it is not the modem, but the way to it
            if (command.optional && this.failure) return undefined
            throw e
        } finally {
            this.command = undefined
            release(this.lock)
        }
    }

    /** A command that needs no more than `OK`. */
    async tell(text: string, timeout?: number) {
        await this.run(command<void>(text, undefined, timeout))
    }

    /**
     * Asks until the modem answers.
     * @returns false when it does not
     * @throws StreamError when it is not the modem, but the way to it
     */
    async wake(attempts: number): Promise<boolean> {
        await acquire(this.lock)
        try {
            return await sync(this, attempts)
        } finally {
            this.command = undefined
            release(this.lock)
        }
    }

    /** Looks for a modem that has fallen back to another rate, and brings it back. @returns false when there is none */
    async findBaud(): Promise<boolean> {
        const { uart } = this
        const { baud } = uart
        for (const text of BAUD_RATES.split(",")) {
            const rate = parseInt(text)
            if (rate === baud || !(await uart.setBaud(rate))) continue
            const heard = await this.wake(2)
            if (heard) await this.run(optional(`+IPR=${baud}`))
            await uart.setBaud(baud)
            if (heard) return await this.wake(3)
        }
        return false
    }

    /** Takes what has arrived. @returns false when there was nothing */
    async poll(): Promise<boolean> {
        const { lexer } = this
        const data = await this.uart.read()
        if (data) {
            lexer.push(data)
            for (let token = lexer.next(); token; token = lexer.next())
                take(this, token)
        } else if (lexer.stops()) this.prompted = true
        else return false
        if (this.command && (this.prompted || hasResult(this) || isDone(this)))
            notify(this.changed)
        return true
    }

    /** Ends the command that is under way, if any: there will be no answer. */
    abort(why: string) {
        if (!this.command) return
        fail(this, why)
        notify(this.changed)
    }
}

async function sync(at: At, attempts: number): Promise<boolean> {
    at.lost = true
    for (let n = 1; n <= attempts; ++n) {
        try {
            await transact(at, command(ECHO_OFF, undefined, SYNC_INTERVAL))
        } catch (e) {
            // not the modem, but the way to it
            if (!at.failure) throw e
        }
        if (at.finished) {
            // what still comes now belongs to a command before
            at.command = undefined
            await sleep(SYNC_INTERVAL / 2)
            at.lost = false
            return true
        }
        // it may be waiting for data of a command that we gave up
        if (n === 3) {
            const data = Buffer.alloc(LARGEST_PIECE)
            data.fillAt(0, data.length, CR)
            await at.uart.write(data)
        }
    }
    return false
}

async function transact<T>(at: At, command: Command<T>): Promise<T> {
    const { uart, changed } = at
    const { text, parse, data, timeout, max } = command
    const { errors } = uart
    at.result = command.unless
    at.failure = undefined
    at.remark = undefined
    at.finished = false
    at.prompted = false
    at.lexer.expect(parse ? nameOf(text) : undefined, !!data)
    at.command = command
    let deadline = deadlineIn(data ? TIMEOUT : timeout || TIMEOUT)
    await uart.write(Buffer.from(`AT${text}\r`))
    let unsent = data
    while (!isDone(at)) {
        if (hasResult(at))
            deadline = Math.min(deadline, deadlineIn(FINAL_TIMEOUT))
        if (unsent && at.prompted) {
            await uart.write(unsent)
            unsent = undefined
            // the prompt does not wait for the network
            deadline = deadlineIn(timeout || TIMEOUT)
        } else if (await waitUntil(changed, deadline)) continue
        // OK got lost, which is all that was missing; no more than a line break stands behind a payload that is in its place
        else if (hasResult(at) && !unsent && !(at.lexer.breaks > 2))
            at.finished = at.lost = true
        else fail(at, unsent ? "does not ask for the data" : "no answer")
    }
    if (unsent && at.failure === undefined)
        fail(at, "does not ask for the data")
    const damaged = uart.errors - errors
    if (damaged && (at.failure || max))
        fail(
            at,
            `${at.failure || "may be wrong"} (${damaged} errors on the serial line: bytes lost or garbled)`
        )
    if (at.failure === undefined) return at.result
    throw new StreamError(`modem: AT${nameOf(text)}: ${at.failure}`)
}

function isDone(at: At): boolean {
    if (at.failure !== undefined) return true
    return at.finished && (!at.command.parse || at.result !== undefined)
}

/** It has said what was asked for. */
function hasResult({ command, result }: At): boolean {
    return result !== command.unless
}

function take(at: At, token: Token) {
    const { kind, name, text } = token
    const { command } = at
    if (kind === "urc" || !command) takeUnsolicited(at, name, text)
    else if (kind === "ok") {
        // OK does not end what SEND OK ends, nor the other way round
        const { data, parse } = command
        if ((name === "SEND OK") === (!!data && !parse)) at.finished = true
    } else if (kind === "error") {
        at.finished = true
        // a result says more than an error
        if (at.result === undefined)
            at.failure = at.remark || lineOf(name, text)
    } else if (kind === "prompt") at.prompted = true
    else if (kind === "payload") takePayload(at, token)
    else if (kind === "excess") fail(at, "more bytes than announced")
    else if (!takeResult(at, text)) takeUnsolicited(at, name, text)
}

/** @returns false when the line is about something else, or garbled */
function takeResult(at: At, text: string): boolean {
    const result = at.command.parse(text)
    if (result === undefined || result !== result) return false
    at.result = result
    return true
}

function takeUnsolicited(at: At, name: string, text: string) {
    const { command } = at
    // two in one line
    const next = text.indexOf("+")
    const colon = text.indexOf(":", next)
    if (next > 0 && colon > 0) {
        takeUnsolicited(at, name, text.slice(0, next))
        takeUnsolicited(
            at,
            text.slice(next, colon),
            text.slice(colon + 1).trim()
        )
        return
    }
    if (name.startsWith("AT")) {
        // once: a modem that cannot help it is left alone
        if (at.echoes || !command || command.text === ECHO_OFF) return
        at.echoes = true
        at.lost = true
    }
    if (name.indexOf("ERROR") > 0) at.remark = lineOf(name, text)
    if (command && command.received && name[0] !== "+")
        fail(at, "more bytes than announced")
    at.unsolicited(name, text)
}

function takePayload(at: At, token: Token) {
    const { command } = at
    const { data, text } = token
    const { received } = command
    const length = (received ? received.length : 0) + data.length
    if (!(length <= command.max)) {
        fail(at, `${length} bytes come, expected at most ${command.max || 0}`)
        return
    }
    command.received = received ? Buffer.concat(received, data) : data
    takeResult(at, text)
}

function fail(at: At, what: string) {
    at.lost = true
    at.failure = what
}

function lineOf(name: string, text: string): string {
    return text ? `${name}: ${text}` : name
}

/** What to look at when the modem does not say anything. */
export function noAnswer(uart: Uart): string {
    return `modem: no answer to AT at ${uart.baud} baud: is it on, its TX on our RX and the other way round, and is that its baud rate?`
}

/** A command's name, without what may be secret behind it. */
function nameOf(text: string): string {
    return text.split("=")[0].split("?")[0]
}

/** A string parameter. @throws RangeError for what AT commands have no way to say */
export function quoted(text: string): string {
    if (text.indexOf('"') >= 0 || text.indexOf("\r") >= 0)
        throw new RangeError("modem: expected no quotation mark in a parameter")
    return `"${text}"`
}
