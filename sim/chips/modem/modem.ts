/**
 * What all modelled modems have in common, written from 3GPP TS 27.007 and ITU-T V.250: the command line, the SIM, the
 * registration, and the way bytes take over the serial line. A make's own commands are in files of their own.
 */
import type { SerialPeer } from "./sc16is7xx.ts"
import type { ModemFaults, Moment } from "./faults.ts"
import { ModemLink, type Trust } from "./link.ts"

export type Registration = "home" | "roaming" | "searching" | "denied" | "none"

export interface ModemOptions {
    /** Bits per second. Default 115,200. */
    baud?: number
    /** Simulated milliseconds in a real one, for the modem's own times. Default 1. */
    pace?: number
    /** Milliseconds from power-on or restart until it listens. Default 50. */
    boot?: number
    /** It is off until its power key is pressed. */
    off?: boolean
    /** PIN of the SIM; default: it wants none. */
    pin?: string
    /** There is no SIM. */
    noSim?: boolean
    /** Attempts that the SIM leaves. Default 3. */
    pinTries?: number
    registration?: Registration
    /** Access point that the network knows; default: any. */
    apn?: string
    /** User and password that the access point wants. */
    login?: { user: string; password: string }
    trust?: Trust
}

/** Numbers of 27.007, 10.1.22. */
const STAT: Record<Registration, number> = {
    none: 0,
    home: 1,
    searching: 2,
    denied: 3,
    roaming: 5,
}

/** Answers one command. @param value what stands behind `=`; "?" for a query, "" without either */
export type Command = (value: string) => void

/** A modem on a serial line. */
export abstract class Modem implements SerialPeer {
    readonly faults: ModemFaults = {}
    readonly baud: number
    readonly link: ModemLink
    /** Every command line so far, as it came. */
    readonly commands: string[] = []
    /** Restarts so far. */
    starts = 0

    protected registration: Registration
    protected readonly contexts = new Map<string, string>()
    protected login = { user: "", password: "" }
    protected active = false
    private power: "off" | "booting" | "on" = "off"
    private echo = true
    private errors = 0
    private flowControl = false
    private reporting = false
    private unlocked: boolean
    private tries: number
    private inserted: boolean
    private line = ""
    private wanted: { length: number; take: (data: Buffer) => void } | undefined
    private collected: number[] = []
    private out: number[] = []
    /** Bytes that go out after CTS has fallen: what the transmitter has taken already. */
    private skid = 2
    private timer: NodeJS.Timeout | undefined
    private readonly table: Record<string, Command>

    constructor(protected readonly options: ModemOptions = {}) {
        this.baud = options.baud ?? 115_200
        this.registration = options.registration ?? "home"
        this.inserted = !options.noSim
        this.unlocked = !options.pin
        this.tries = options.pinTries ?? 3
        this.link = new ModemLink(options.trust)
        this.table = { ...this.standard(), ...this.special() }
        // not before a make's own fields are there
        if (!options.off) queueMicrotask(() => this.boot())
    }

    /** The make's own commands, by name without `AT`. */
    protected abstract special(): Record<string, Command>
    /** What it says when it has started. */
    protected abstract banner(): string[]
    /** The network has taken the connection away. */
    protected abstract dropped(): void
    /** What it says when the SIM is pulled out. */
    protected abstract simRemoved(): string
    /** Its sockets are gone. */
    protected abstract forget(): void

    /** The power key was pressed for so many milliseconds. */
    powerKey(milliseconds: number): void {
        if (this.power === "off" && milliseconds >= 50) this.boot()
        else if (milliseconds >= 2500) this.powerDown()
    }

    private boot(): void {
        this.powerDown()
        this.power = "booting"
        this.starts++
        this.later(this.options.boot ?? 50, () => {
            this.power = "on"
            for (const line of this.banner()) this.say(line)
        })
    }

    private powerDown(): void {
        clearTimeout(this.timer)
        this.power = "off"
        this.echo = true
        this.errors = 0
        this.flowControl = false
        this.reporting = false
        this.unlocked = !this.options.pin
        this.active = false
        this.line = ""
        this.wanted = undefined
        this.out = []
        this.link.closeAll()
        this.forget()
    }

    /** As after a fault of its own. */
    restart(): void {
        this.boot()
    }

    /** Ends every connection and timer. */
    close(): void {
        this.powerDown()
    }

    removeSim(): void {
        this.inserted = false
        this.setRegistration("none")
        this.say(this.simRemoved())
        this.lose()
    }

    insertSim(): void {
        this.inserted = true
        this.unlocked = !this.options.pin
        this.setRegistration(this.options.registration ?? "home")
    }

    setRegistration(registration: Registration): void {
        this.registration = registration
        if (this.reporting) this.say(`+CEREG: ${STAT[registration]}`)
    }

    /** The network takes address and connections away. */
    lose(): void {
        this.active = false
        this.link.closeAll()
        this.dropped()
    }

    get registered(): boolean {
        return this.registration === "home" || this.registration === "roaming"
    }

    get ready(): boolean {
        return !this.faults.holdOff
    }

    receive(byte: number): void {
        if (this.power !== "on" || this.faults.silent) return
        this.countdown()
        if (this.wanted) return this.collect(byte)
        if (this.echo) this.out.push(byte)
        if (byte === 13) {
            const line = this.line.trim()
            this.line = ""
            if (line) this.execute(line)
        } else if (byte !== 10) this.line += String.fromCharCode(byte)
    }

    transmit(clear: boolean): number | undefined {
        if (clear) this.skid = 2
        else if (this.flowControl && this.skid-- <= 0) return undefined
        const byte = this.out.shift()
        if (byte !== undefined) this.countdown()
        return byte
    }

    private countdown(): void {
        const { faults } = this
        if (faults.rebootAfter === undefined || --faults.rebootAfter > 0) return
        faults.rebootAfter = undefined
        this.restart()
    }

    private collect(byte: number): void {
        const { length, take } = this.wanted!
        this.collected.push(byte)
        if (this.collected.length < length) return
        const data = Buffer.from(this.collected)
        this.wanted = undefined
        this.collected = []
        take(data)
    }

    private execute(line: string): void {
        this.commands.push(line)
        if (!/^at/i.test(line)) return
        const match = /^(E\d|[+&]?[A-Z]*)(\?|=.*)?$/i.exec(line.slice(2))
        if (!match) return this.fail()
        const [, name, rest = ""] = match
        if (this.refuses(line)) return
        this.interject("before")
        const command = this.table[name.toUpperCase()]
        if (command) command(rest.replace(/^=/, ""))
        else this.fail()
    }

    private refuses(line: string): boolean {
        const { refuse } = this.faults
        if (!refuse || !line.startsWith(`AT${refuse.command}`)) return false
        if (refuse.times !== undefined && --refuse.times <= 0)
            this.faults.refuse = undefined
        this.say(refuse.with ?? "ERROR")
        return true
    }

    private interject(where: Moment): void {
        const { interject } = this.faults
        const command = this.commands.at(-1) ?? ""
        if (interject?.where !== where) return
        if (!command.startsWith(`AT${interject.command}`)) return
        if (interject.times !== undefined && --interject.times <= 0)
            this.faults.interject = undefined
        this.raw(interject.text)
    }

    /** A line on its own, with the empty line before it that verbose mode puts there (V.250, 5.7.1). */
    say(text: string): void {
        this.raw(`\r\n${text}\r\n`)
    }

    /** Bytes as they are. */
    raw(bytes: string | Buffer): void {
        if (this.power !== "on" || this.faults.silent) return
        for (const byte of Buffer.from(bytes)) this.out.push(byte)
    }

    /** A header line and bytes behind it. */
    protected payload(header: string, data: Buffer): void {
        this.raw(`\r\n${header}\r\n`)
        const half = data.length >> 1
        this.raw(data.subarray(0, half))
        this.interject("payload")
        this.raw(data.subarray(half))
        this.raw("\r\n")
    }

    /** Information lines, then OK. */
    protected ok(...lines: string[]): void {
        for (const line of lines) this.say(line)
        this.interject("final")
        this.say("OK")
    }

    /** ERROR, or what AT+CMEE asked for instead. @param number of 27.007, 9.2 */
    protected fail(number?: number, text = ""): void {
        if (number === undefined || this.errors === 0) this.say("ERROR")
        else this.say(`+CME ERROR: ${this.errors === 1 ? number : text}`)
    }

    /** Asks for data with a prompt and hands it over when it is complete. */
    protected prompt(length: number, take: (data: Buffer) => void): void {
        this.wanted = { length, take }
        if (this.faults.noPrompt && this.faults.noPrompt-- > 0) return
        this.raw("\r\n> ")
    }

    /** Does something after so many milliseconds of the modem's time. */
    protected later(milliseconds: number, then: () => void): void {
        this.timer = setTimeout(then, milliseconds / (this.options.pace ?? 1))
    }

    /** Whether the network lets it in with what was set. */
    protected admitted(context: string): boolean {
        const { apn, login } = this.options
        if (!this.registered || !this.simReady) return false
        if (apn !== undefined && this.contexts.get(context) !== apn)
            return false
        return (
            !login ||
            (login.user === this.login.user &&
                login.password === this.login.password)
        )
    }

    protected get simReady(): boolean {
        return this.inserted && this.unlocked
    }

    protected get remainingTries(): number {
        return this.tries
    }

    private standard(): Record<string, Command> {
        const registration = (name: string) => (value: string) => {
            if (value !== "?") {
                this.reporting = value !== "0"
                return this.ok()
            }
            const stat = STAT[this.registration]
            this.ok(`+${name}: ${this.reporting ? 1 : 0},${stat}`)
        }
        return {
            "": () => this.ok(),
            E0: () => {
                this.echo = false
                this.ok()
            },
            E1: () => {
                this.echo = true
                this.ok()
            },
            "+CMEE": value => {
                this.errors = Number(value)
                this.ok()
            },
            "+IFC": value => {
                this.flowControl = value.endsWith("2")
                this.ok()
            },
            "+CPIN": value => this.pin(value),
            "+CREG": registration("CREG"),
            "+CGREG": registration("CGREG"),
            "+CEREG": registration("CEREG"),
            "+COPS": () =>
                this.ok(
                    this.registered ? '+COPS: 0,0,"Model Mobile",7' : "+COPS: 0"
                ),
            "+CSQ": () => this.ok(`+CSQ: ${this.registered ? 20 : 99},99`),
            "+CTZU": () => this.ok(),
            "+CGDCONT": value => {
                const [context, , apn] = unquote(value)
                this.contexts.set(context, apn)
                this.ok()
            },
            "+CGPADDR": () => this.ok(`+CGPADDR: 1,${this.address}`),
        }
    }

    protected get address(): string {
        return this.active ? "10.64.3.7" : "0.0.0.0"
    }

    private pin(value: string): void {
        if (!this.inserted) return this.fail(10, "SIM not inserted")
        if (this.tries === 0 && !this.unlocked)
            return value === "?" ? this.ok("+CPIN: SIM PUK") : this.fail(12)
        if (value === "?")
            return this.ok(`+CPIN: ${this.unlocked ? "READY" : "SIM PIN"}`)
        if (unquote(value)[0] === this.options.pin) {
            this.unlocked = true
            this.tries = 3
            return this.ok()
        }
        this.tries--
        this.fail(16, "incorrect password")
    }
}

/** Parameters of a command, without their quotation marks. */
export function unquote(value: string): string[] {
    return value.split(",").map(part => part.trim().replace(/^"(.*)"$/, "$1"))
}
