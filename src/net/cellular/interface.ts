import { millis } from "@devicescript/core"
import { Signal } from "../../fiber/signal"
import { Address, Stream, StreamError } from "../stream"
import { At } from "./at"
import { Access, Dialect } from "./dialect"
import { ModemStream } from "./link"
import { register, registration, unlock } from "./network"
import { quoted } from "./text"
import { Uart } from "./uart"

const DEFAULT_TIMEOUT = 30000
/** Milliseconds between two polls when nothing has happened for long. */
const LONGEST_REST = 8
/** Milliseconds between two looks at the modem when nothing happens. */
const LOOK_INTERVAL = 10000
const RETRY_INTERVAL = 10000
/** Milliseconds until a bridge that does not answer is asked again. */
const BRIDGE_INTERVAL = 100
/** Attempts to wake a modem that should be on, and one that has just been switched on, which takes up to 15 s. */
const SHORT_WAKE = 4
const LONG_WAKE = 45
/** Milliseconds that the power key is held: all modems here take 500 to 1,000 (A7670: 50 or more). */
const POWER_KEY = 700

export interface CellularOptions extends Access {
    uart: Uart
    dialect: Dialect
    /** PIN of the SIM, if it wants one. Tried once, and only while the SIM leaves three attempts. */
    pin?: string
    /** Presses the power key, and lets it go; without it, the modem is on. */
    powerKey?: (pressed: boolean) => void
    /** File in the modem with the certificate (PEM) that servers' certificates must lead to. Default `ca.pem`. */
    authority?: string
    /** Milliseconds to find a network. Default 180,000. */
    patience?: number
    /** Milliseconds from a failure to the next attempt to get the modem going. Default 10,000. */
    retry?: number
    /** Takes a line on how the start goes. Default: the log. */
    progress?: (line: string) => void
}

/** A network interface: a modem that does TCP and TLS by itself. */
export class Cellular {
    private readonly at: At
    private streams: ModemStream[] = []
    private readonly changed = new Signal()
    private ready = false
    private secured = false
    /** What keeps the modem from being ready, for certain. */
    private fault: string
    /** What it is waiting for. */
    private stage = ""

    constructor(private readonly options: CellularOptions) {
        const self = this
        this.at = new At(options.uart, line => self.notice(line))
        this.run.start()
        this.poll.start()
    }

    /**
     * Opens a TCP connection, or TLS.
     * @throws StreamError
     */
    async dial(address: Address): Promise<Stream> {
        const { host, port, secure } = address
        const name = `${host}:${port}`
        const quotedHost = quoted(host)
        const deadline = millis() + (address.timeout || DEFAULT_TIMEOUT)
        await this.available(name, deadline)
        if (secure) await this.secure(name)
        const stream = this.claim(secure, name)
        try {
            await stream.open(
                quotedHost,
                port,
                Math.max(1, deadline - millis())
            )
        } catch (e) {
            await stream.close()
            throw e
        }
        return stream
    }

    private async available(name: string, deadline: number) {
        while (!this.ready) {
            const left = deadline - millis()
            if (left <= 0 || this.fault)
                throw new StreamError(
                    this.fault || `modem: ${name}: still ${this.stage}`
                )
            await this.changed.wait(left)
        }
    }

    private async secure(name: string) {
        if (this.secured) return
        const { dialect, authority } = this.options
        const error = await dialect.secure(this.at, authority || "ca.pem")
        if (error !== "0")
            throw new StreamError(
                `modem: ${name}: its TLS does not start, error ${error}`
            )
        this.secured = true
    }

    /** A free socket. */
    private claim(secure: boolean, name: string): ModemStream {
        const { dialect } = this.options
        const service = secure ? dialect.tls : dialect.tcp
        this.streams = this.streams.filter(stream => !stream.released)
        const used = this.streams.filter(stream => stream.service === service)
        let link = 0
        while (used.find(stream => stream.link === link)) link++
        if (link >= service.links)
            throw new StreamError(
                `modem: all ${service.links} sockets for ${secure ? "TLS" : "TCP"} are in use`
            )
        const self = this
        const stream = new ModemStream(this.at, service, link, name, () =>
            self.changed.notify()
        )
        this.streams.push(stream)
        return stream
    }

    /** Gets the modem going, looks after it, and gets it going again. */
    private async run() {
        for (;;) {
            let wasReady = false
            try {
                this.fault = undefined
                await this.bringUp()
                this.ready = wasReady = true
                this.changed.notify()
                while (!this.fault) {
                    // a socket that failed, or a fault, is a reason to look at once
                    await this.changed.wait(LOOK_INTERVAL)
                    if (!this.fault) await this.look()
                }
            } catch (e) {
                this.fail((e as Error).message)
            }
            this.progress(this.fault)
            if (!wasReady) await this.pause()
        }
    }

    private async pause() {
        let left = this.options.retry || RETRY_INTERVAL
        const until = millis() + left
        while (left > 0) {
            await this.changed.wait(left)
            left = until - millis()
        }
    }

    private async look() {
        const { at } = this
        if (await registration(at)) return
        this.progress("registration lost")
        await this.options.uart.rest(LOOK_INTERVAL / 2)
        if (!(await registration(at)))
            throw new StreamError("modem: the network is out of reach")
    }

    private async bringUp() {
        const { at, options } = this
        await options.uart.start()
        this.step("waiting for the modem to answer")
        await this.wake()
        await at.command("E0")
        await at.command("+CMEE=2")
        await at.command("+IFC=2,2")
        // the clock, by which certificates are judged, comes from the network
        await at.command("+CTZU=1")
        this.step("waiting for the SIM")
        await unlock(at, options.dialect, options.pin)
        this.step("looking for a network")
        const self = this
        await register(at, options.patience || 180000, line =>
            self.progress(line)
        )
        this.step("waiting for an address")
        const error = await this.attach()
        if (error !== "0")
            throw new StreamError(
                `modem: the network gives no address, error ${error}: are APN, user and password right?`
            )
        this.progress(
            `address ${await at.command("+CGPADDR=1", "+CGPADDR: 1,")}`
        )
    }

    private async attach(): Promise<string> {
        const { at, options } = this
        try {
            return await options.dialect.attach(at, options)
        } catch (e) {
            return (e as Error).message
        }
    }

    private async wake() {
        const { at, options } = this
        const { powerKey, uart } = options
        if (powerKey) {
            try {
                return await at.wake(SHORT_WAKE)
            } catch {
                this.progress("switching the modem on")
            }
            powerKey(true)
            await uart.rest(POWER_KEY)
            powerKey(false)
        }
        await at.wake(LONG_WAKE)
    }

    /** One fiber reads what comes, for everybody. */
    private async poll() {
        const { at, options } = this
        const { uart } = options
        let quiet = 0
        for (;;) {
            try {
                if (await at.poll()) quiet = 0
                else await uart.rest(Math.min(1 + (++quiet >> 6), LONGEST_REST))
            } catch {
                // the bridge does not answer; the next command says so
                await uart.rest(BRIDGE_INTERVAL)
            }
        }
    }

    /** Takes a line that no command asked for. */
    private notice(line: string) {
        const { started, dropped } = this.options.dialect
        for (const stream of this.streams) if (stream.notice(line)) return
        if (!this.ready) return
        if (begins(line, started)) this.fail("modem: it has started again")
        else if (begins(line, dropped))
            this.fail("modem: the network has taken the address back")
        else if (line.startsWith("+CPIN: ") && line !== "+CPIN: READY")
            this.fail("modem: the SIM is gone")
    }

    private fail(fault: string) {
        this.fault = fault
        this.ready = false
        this.secured = false
        const { streams } = this
        this.streams = []
        this.at.abort(fault)
        for (const stream of streams) stream.lose(fault)
        this.changed.notify()
    }

    private step(stage: string) {
        this.stage = stage
        this.progress(stage)
    }

    private progress(line: string) {
        const { progress } = this.options
        if (progress) progress(line)
        else console.log(`modem: ${line}`)
    }
}

function begins(line: string, beginnings: string[]): boolean {
    return !!beginnings.find(beginning => line.startsWith(beginning))
}
