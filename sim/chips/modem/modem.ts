/**
 * What all modelled modems have in common, written from 3GPP TS 27.007: power, SIM, registration, and the network's
 * context. A make's own commands are in files of their own.
 */
import { CommandLine } from "./command-line.ts"
import type { ModemFaults } from "./faults.ts"
import { ModemLink, type ModemSocket, type Trust } from "./link.ts"

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
    /** Milliseconds, real ones, that its power key wants to be pressed to switch it on, and off. Default: the make's. */
    powerKey?: PowerKey
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

/** The shortest presses that do something, in milliseconds. */
export interface PowerKey {
    on: number
    off: number
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
export abstract class Modem extends CommandLine {
    readonly link: ModemLink
    /** Restarts so far. */
    starts = 0
    /** Presses of its power key so far, in milliseconds. */
    readonly presses: number[] = []

    protected registration: Registration
    protected readonly contexts = new Map<string, string>()
    protected login = { user: "", password: "" }
    /** Its connection to the network; stale: it takes it for open, but the network has closed it. */
    protected context: "closed" | "open" | "stale" = "closed"
    private power: "off" | "booting" | "on" = "off"
    private errors = 0
    private reporting = false
    private unlocked: boolean
    private tries: number
    private inserted: boolean
    private timer: NodeJS.Timeout | undefined
    private readonly table: Record<string, Command>

    constructor(protected readonly options: ModemOptions = {}) {
        super(options.baud ?? 115_200)
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
    protected abstract readonly powerKeyTimes: PowerKey
    /** The network has taken the connection away. */
    protected abstract dropped(): void
    /** What it says when the SIM is pulled out. */
    protected abstract simRemoved(): string
    /** Its sockets are gone, and what was set. */
    protected abstract forget(): void
    protected abstract forgetSockets(): void

    /** The power key was pressed for so many milliseconds. */
    powerKey(milliseconds: number): void {
        this.presses.push(milliseconds)
        const { on, off } = this.options.powerKey ?? this.powerKeyTimes
        if (this.power === "off") {
            if (milliseconds >= on) this.boot()
        } else if (milliseconds >= off) {
            this.faults.hung = undefined
            this.faults.stuck = undefined
            this.powerDown()
        }
    }

    private boot(banner = this.banner()): void {
        this.powerDown()
        this.power = "booting"
        this.starts++
        this.later(this.options.boot ?? 50, () => {
            this.power = "on"
            for (const line of banner) this.say(line)
        })
    }

    private powerDown(): void {
        clearTimeout(this.timer)
        this.power = "off"
        this.errors = 0
        this.reporting = false
        this.unlocked = !this.options.pin
        this.context = "closed"
        this.clear()
        this.link.closeAll()
        this.forget()
    }

    /** As after a fault of its own. @param banner what it says then instead of what it should */
    restart(banner?: string[]): void {
        this.cure("radio", "restart")
        this.boot(banner)
    }

    private cure(...what: ModemFaults["stuck"][]): void {
        const { faults } = this
        if (what.includes(faults.stuck)) faults.stuck = undefined
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
        this.context = "closed"
        this.link.closeAll()
        this.dropped()
    }

    /** The same, but the modem does not say so. @param context what it says when it is asked */
    loseSilently(context: "closed" | "stale"): void {
        this.context = context
        this.link.closeAll()
        this.forgetSockets()
    }

    protected get active(): boolean {
        return this.context === "open"
    }

    get registered(): boolean {
        return this.registration === "home" || this.registration === "roaming"
    }

    protected get isListening(): boolean {
        return this.power === "on" && !this.faults.silent && !this.faults.hung
    }

    protected execute(line: string): void {
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

    /** ERROR, or what AT+CMEE asked for instead. @param number of 27.007, 9.2 */
    protected fail(number?: number, text = ""): void {
        if (number === undefined || this.errors === 0) this.say("ERROR")
        else this.say(`+CME ERROR: ${this.errors === 1 ? number : text}`)
    }

    /** What a read gets. */
    protected handOut(socket: ModemSocket, size: number): Buffer {
        const { shortRead = size, emptyRead = 0 } = this.faults
        if (!emptyRead || !socket.waiting)
            return socket.read(Math.min(size, shortRead))
        this.faults.emptyRead = emptyRead - 1
        return Buffer.alloc(0)
    }

    /** Does something after so many milliseconds of the modem's time. */
    protected later(milliseconds: number, then: () => void): void {
        this.timer = setTimeout(then, milliseconds / (this.options.pace ?? 1))
    }

    /** Whether the network lets it in with what was set. */
    protected admitted(context: string): boolean {
        const { apn, login } = this.options
        if (!this.registered || !this.simReady || this.faults.stuck)
            return false
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
                this.echo = !!this.faults.keepsEcho
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
            "+IPR": value => {
                this.ok()
                this.nextBaud = Number(value)
            },
            "+CFUN": value => this.functionality(value),
            "+CPIN": value => this.pin(value),
            "+CPINR": () => this.ok(`+CPINR: SIM PIN,${this.tries},3`),
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

    /** 27.007, 8.2: full, or without radio; with a restart. */
    private functionality(value: string): void {
        const [level, reset] = value.split(",")
        this.ok()
        if (reset === "1") return this.later(10, () => this.restart())
        if (level !== "1") {
            this.cure("radio")
            this.context = "closed"
            this.link.closeAll()
            this.forgetSockets()
        }
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
