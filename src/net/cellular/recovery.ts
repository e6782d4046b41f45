import { millis, sleep } from "../../fiber/clock"
import { StreamError } from "../stream"
import { At, noAnswer, optional, Uart } from "./at"
import { Access, Dialect } from "./dialect"
import { register, unlock } from "./registration"

/** Milliseconds to find a network. */
const PATIENCE = 180000
/** Attempts to be understood, some 0.3 s each: by a modem that is on, that is starting (up to 15 s), and that goes off or on (up to 30 s). */
const SHORT_WAKE = 4
const LONG_WAKE = 45
const POWER_WAKE = 100
/** Milliseconds for the radio to go off, and for a modem to begin its restart. */
const RADIO_PAUSE = 2000
const RESTART_PAUSE = 2000
const RADIO_TIMEOUT = 15000
/** Milliseconds from off to on that the power supply wants. */
const OFF_PAUSE = 2000
/** Milliseconds of the key that every make takes for a press, also one with longer times than the dialect's (EG915U: 2 s). */
const LONG_PRESS = 3200
/** Milliseconds between two uses of the power key: a modem that goes off without leave may be barred, and wears its flash out. */
const POWER_INTERVAL = 3600000

/** What is tried before the modem is brought up, by how often that did not help: to ask, to ask again, then these. */
const RADIO = 2
const RESTART = 3
const POWER = 4

export interface RecoveryOptions extends Access {
    uart: Uart
    dialect: Dialect
    /** PIN of the SIM, if it wants one. Tried once, and only while the SIM leaves three attempts. */
    pin?: string
    /** Presses the power key, and lets it go; without it, the modem is on. */
    powerKey?: (pressed: boolean) => void | Promise<void>
    /** Milliseconds to find a network. Default 180,000. */
    patience?: number
}

/** Gets a modem going, by the mildest means that may help: each step is asked first, and then done. */
export class Recovery {
    /** How often it was brought up since it last worked. */
    attempts = 0
    /** What it is waiting for. */
    stage = ""
    lastPower: number
    /** It was up since we know it. */
    known = false

    /** @param progress takes a line on each step */
    constructor(
        readonly at: At,
        readonly options: RecoveryOptions,
        readonly progress: (line: string) => void
    ) {}

    /** @throws StreamError: what is missing, and what to look at */
    async bringUp() {
        const { at, options, attempts } = this
        const { uart, dialect, pin, patience } = options
        this.attempts++
        await uart.start()
        at.echoes = false
        step(this, "waiting for the modem to answer")
        await wake(this)
        await remedy(this, attempts)
        await configure(this)
        step(this, "waiting for the SIM")
        await unlock(at, dialect, pin)
        step(this, "looking for a network")
        await register(at, patience || PATIENCE, this.progress)
        step(this, "waiting for an address")
        await attach(this)
        // a start is not a recovery: its use of the power key does not count
        if (!this.known) this.lastPower = undefined
        this.known = true
    }
}

async function configure(recovery: Recovery) {
    const { at } = recovery
    for (const text of [
        "+CMEE=2",
        "+IFC=2,2",
        // the clock, by which certificates are judged, comes from the network
        "+CTZU=1",
    ])
        await at.run(optional(text))
}

async function attach(recovery: Recovery) {
    const { at, options } = recovery
    try {
        await options.dialect.attach(at, options)
    } catch (e) {
        throw new StreamError(
            `modem: the network gives no address, ${(e as Error).message}: are APN, user and password right?`
        )
    }
    const address = await at.run(
        optional("+CGPADDR=1", text => text.slice(text.indexOf(",") + 1))
    )
    recovery.progress(`address ${address || "unknown"}`)
}

/** The more often it did not help to ask, the more is done. */
async function remedy(recovery: Recovery, attempts: number) {
    const { at } = recovery
    if (attempts < RADIO) return
    if (attempts === RADIO) {
        recovery.progress("switching its radio off and on")
        await radio(recovery, "+CFUN=4")
        await sleep(RADIO_PAUSE)
        await radio(recovery, "+CFUN=1")
        return
    }
    if (attempts >= POWER && mayPower(recovery)) await powerCycle(recovery)
    else if (attempts === RESTART || attempts % POWER === 0) {
        recovery.progress("restarting it")
        await at.run(optional("+CFUN=1,1"))
        await sleep(RESTART_PAUSE)
    } else return
    await wake(recovery)
}

async function radio(recovery: Recovery, text: string) {
    await recovery.at.run(optional(text, undefined, RADIO_TIMEOUT))
}

/** Finds the modem, wherever it is. @throws StreamError */
async function wake(recovery: Recovery) {
    const { at, options } = recovery
    if (await at.wake(SHORT_WAKE)) return
    // it may be starting
    if (recovery.known && (await at.wake(LONG_WAKE))) return
    recovery.progress("looking for it at other baud rates")
    if (await at.findBaud()) return
    if (mayPower(recovery)) {
        if (await powerUp(recovery)) return
    } else if (!recovery.known && (await at.wake(LONG_WAKE))) return
    throw new StreamError(noAnswer(options.uart))
}

function mayPower(recovery: Recovery): boolean {
    if (!recovery.options.powerKey) return false
    const { lastPower } = recovery
    return lastPower === undefined || millis() - lastPower >= POWER_INTERVAL
}

/** Whether it is off, or has hung, cannot be seen: presses the key until it answers. */
async function powerUp(recovery: Recovery): Promise<boolean> {
    const { on, off } = recovery.options.dialect.powerKey
    recovery.lastPower = millis()
    // on a modem that is on, a short press may do nothing; a long one switches on, too
    const presses = recovery.known
        ? [off, on]
        : [on, Math.max(off, LONG_PRESS), on]
    for (const milliseconds of presses) {
        recovery.progress("switching the modem on")
        await press(recovery, milliseconds)
        if (await recovery.at.wake(POWER_WAKE)) return true
    }
    return false
}

async function powerCycle(recovery: Recovery) {
    const { on, off } = recovery.options.dialect.powerKey
    recovery.lastPower = millis()
    recovery.progress("switching it off and on")
    await press(recovery, off)
    let left = POWER_WAKE
    while (left-- > 0 && (await recovery.at.wake(1))) await sleep(250)
    await sleep(OFF_PAUSE)
    await press(recovery, on)
}

async function press(recovery: Recovery, milliseconds: number) {
    const { powerKey } = recovery.options
    await powerKey(true)
    await sleep(milliseconds)
    await powerKey(false)
}

function step(recovery: Recovery, stage: string) {
    recovery.stage = stage
    recovery.progress(stage)
}
