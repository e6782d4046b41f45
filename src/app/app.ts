import { millis } from "../fiber/clock"
import { deadlineIn, timeLeft } from "../fiber/deadline"
import { notify, Signal, wait } from "../fiber/signal"
import { BLUE, DARK, GREEN, RED } from "../light/color"
import { StatusLight } from "../light/status-light"
import { Dial } from "../net/stream"
import { Message } from "../protocol/message"
import { Down } from "../websocket/backoff"
import { Connection } from "../websocket/connection"
import { connectOver } from "../websocket/connect-over"
import { headers } from "../websocket/headers"
import { heartbeat } from "../websocket/heartbeat"
import { plotLine, TELEPLOT } from "../websocket/plotter"
import { Reconnecting, reconnecting } from "../websocket/reconnecting"
import { subprotocols } from "../websocket/subprotocols"
import { Config } from "./config"
import { isGreenFirst } from "./config.generated"
import { Tally } from "./statistics"
import { isReversal, quote, reversed } from "./text"

/** What the app needs: the configuration, and the way into a network. */
export interface AppOptions extends Config {
    dial: Dial
}

/** A message, and when it was sent. */
interface Exchange {
    n: number
    text: string
    start: number
    /** Milliseconds to the right reply. */
    took?: number
}

/** Late replies are recognised for this many of the newest messages without a right reply. */
const REMEMBERED = 8

/** Bytes of a text in a log line: a board cuts lines at 160, and a wrong reply shows two texts. */
const ROOM = 90
const ROOM_OF_TWO = 45

/** Why a reply does not come any more. */
const GONE = "the connection is gone"

const LEVELS = ["info", "warn", "error"]
const INFO = 0
const WARN = 1

/**
 * Sends a numbered message at each interval, and checks that its reversal comes back. Returns when `count` exchanges are
 * done, or when the server does not want the program back.
 *
 * Its log lines, which tools read:
 *
 *     open K                             the Kth connection is there
 *     down CODE "why" again in T ms      it is gone (close code, RFC 6455 section 7.4)
 *     sent N "text"                      followed by one of
 *     right N "reply" T ms
 *     wrong N "reply" expected "text" T ms
 *     lost N why
 *     late N "reply" T ms                the right reply after all, to a message that was lost or wrong
 *     stray "text"                       a message that nothing asked for
 *     summary sent=… right=… wrong=… lost=… late=… reconnects=… rtt=min/median/max
 *     closed CODE "why"                  the last line
 *
 * An invalid URL is told by `closed`.
 */
export async function startApp(options: AppOptions) {
    await new App(options).run()
}

class App {
    private readonly ws: Reconnecting
    private readonly tally = new Tally()
    private readonly level: number
    /** The exchange that waits for its reply. */
    private current: Exchange
    private unanswered: Exchange[] = []
    private readonly light = new StatusLight({ isGreenFirst: isGreenFirst })
    /** There is a connection. */
    private isUp: boolean
    /** There is a connection, or there is none any more. */
    private readonly changed = new Signal()

    constructor(private readonly options: AppOptions) {
        this.level = LEVELS.indexOf(options.log)
        const self = this
        this.ws = reconnecting(async () => await open(options), undefined, {
            onopen: () => self.opened(),
            onclose: down => self.closed(down),
        })
    }

    async run() {
        const { count, interval, summary } = this.options
        this.light.set(BLUE)
        for (let n = 1; await this.isOpen(); ++n) {
            const start = millis()
            await this.exchange(n, start)
            if (n === count) break
            if (summary > 0 && n % summary === 0) this.summarize()
            const next = deadlineIn(untilNext(start, interval))
            while (timeLeft(next) > 0 && !this.ws.end)
                await this.receive(timeLeft(next))
        }
        this.summarize()
        await this.ws.close(1000)
        this.light.stop()
        console.log(`closed ${why(this.ws.end)}`)
    }

    /** Waits while there is no connection. @returns false when there will be none any more */
    private async isOpen(): Promise<boolean> {
        while (!this.isUp && !this.ws.end) await wait(this.changed)
        return this.isUp
    }

    private async exchange(n: number, start: number) {
        const { message, interval, timeout } = this.options
        const text = numbered(message, n)
        const exchange: Exchange = { n, text, start }
        this.current = exchange
        this.light.set(DARK)
        this.tally.sent++
        this.log(INFO, `sent ${n} ${quote(text, ROOM)}`)
        try {
            await this.ws.send(text)
        } catch (e: any) {
            this.lose(e.message)
        }
        while (this.current === exchange) {
            const left = timeout - age(exchange)
            // When the next message is due, this one may have been lost with its connection; it may be later, too.
            const next = untilNext(start, interval) || interval
            if (left > 0) await this.receive(Math.min(left, next))
            else this.lose(`no reply within ${timeout} ms`)
        }
        await this.plot(exchange)
    }

    /** Takes a message, if one comes in time. */
    private async receive(timeout: number) {
        let message: Message = null
        try {
            message = await this.ws.recv(timeout)
        } catch {
            // `closed` tells.
        }
        if (message) this.received(message)
        else if (message === null) this.lose(GONE)
    }

    /** Tells the server's plot, if it has one, between two exchanges. */
    private async plot({ took }: Exchange) {
        const { ws, tally } = this
        if (ws.protocol !== TELEPLOT || !this.isUp) return
        let lines = `${plotLine("wrong", tally.wrong)}\n${plotLine("lost", tally.lost)}`
        if (took !== undefined)
            lines += `\n${plotLine("round trip", took, "ms")}`
        await ws.send(lines)
    }

    private opened() {
        this.tally.connections++
        this.log(INFO, `open ${this.tally.connections}`)
        this.isUp = true
        notify(this.changed)
    }

    private closed(down: Down) {
        this.isUp = false
        this.lose(GONE)
        const { retry } = down
        if (retry !== undefined)
            this.log(WARN, `down ${why(down)} again in ${retry} ms`)
        notify(this.changed)
        this.light.set(BLUE)
    }

    private received(message: Message) {
        const { current } = this
        const text = message.text()
        const reply = text === undefined ? binary(message) : quote(text, ROOM)
        if (text === undefined) this.unexpected(reply)
        else if (current && isReversal(text, current.text)) {
            current.took = age(current)
            this.log(INFO, `right ${current.n} ${reply} ${current.took} ms`)
            this.tally.addRight(current.took)
            this.settle(GREEN)
        } else {
            const late = this.takeUnanswered(text)
            if (!late) return this.unexpected(quote(text, ROOM_OF_TWO))
            this.log(WARN, `late ${late.n} ${reply} ${age(late)} ms`)
            this.tally.late++
        }
    }

    private unexpected(reply: string) {
        const { current } = this
        if (!current) return this.log(WARN, `stray ${reply}`)
        const expected = quote(reversed(current.text, ROOM_OF_TWO), ROOM_OF_TWO)
        this.log(
            WARN,
            `wrong ${current.n} ${reply} expected ${expected} ${age(current)} ms`
        )
        this.tally.wrong++
        this.remember(current)
        this.settle(RED)
    }

    private lose(reason: string) {
        const { current } = this
        if (!current) return
        this.log(WARN, `lost ${current.n} ${reason}`)
        this.tally.lost++
        this.remember(current)
        this.settle(RED)
    }

    private settle(light: number) {
        this.current = undefined
        this.light.set(light)
    }

    private remember(exchange: Exchange) {
        this.unanswered.push(exchange)
        if (this.unanswered.length > REMEMBERED) this.unanswered.insert(0, -1)
    }

    private takeUnanswered(reply: string): Exchange {
        for (let i = 0; i < this.unanswered.length; ++i) {
            const exchange = this.unanswered[i]
            if (!isReversal(reply, exchange.text)) continue
            this.unanswered.insert(i, -1)
            return exchange
        }
        return undefined
    }

    private summarize() {
        console.log(`summary ${this.tally.format()}`)
    }

    private log(level: number, line: string) {
        if (level < this.level) return
        if (level === WARN) console.warn(line)
        else console.log(line)
    }
}

/** Makes a connection. */
async function open(options: AppOptions): Promise<Connection> {
    const { dial, url, name, plot } = options
    const handshake = [headers({ "Device-Name": name })]
    if (plot) handshake.push(subprotocols(TELEPLOT))
    const connection = await connectOver(dial, url, { handshake })
    return options.heartbeat
        ? heartbeat(connection, { interval: options.heartbeat })
        : connection
}

/** Milliseconds until the next message, which is due now when the exchange took longer than the interval. */
function untilNext(start: number, interval: number): number {
    return Math.max(0, start + interval - millis())
}

/** Milliseconds since the message was sent. */
function age(exchange: Exchange): number {
    return millis() - exchange.start
}

/** The message with its number in the place of each `{n}`. */
function numbered(message: string, n: number): string {
    for (;;) {
        const at = message.indexOf("{n}")
        if (at < 0) return message
        message = message.slice(0, at) + n + message.slice(at + 3)
    }
}

function binary({ data }: Message): string {
    return `(${data.length} bytes of binary)`
}

function why({ code, reason, error }: Down): string {
    return `${code} ${quote(error ? error.message : reason, ROOM)}`
}
