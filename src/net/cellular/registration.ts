import { millis, sleep } from "../../fiber/clock"
import { StreamError } from "../stream"
import { At, Command, command, optional, quoted } from "./at"
import { Dialect } from "./dialect"
import { numberAt } from "./lexer"

/** 3GPP TS 27.007, 7.2: registration status. */
const HOME = 1
const DENIED = 3
const ROAMING = 5

/** 27.007, 9.2: what a modem says that does not know AT+CMEE=2. */
const NO_SIM = "ERROR: 10"

/** Milliseconds that a SIM may take to start; between two questions; and until a refusal is taken for an answer. */
const SIM_TIMEOUT = 10000
const INTERVAL = 1000
const DENIED_TIMES = 5

/** 27.007, 7.3: access technology of +COPS; 8 as the modems here have it. */
const TECHNOLOGIES = "GSM,,UMTS,EDGE,HSDPA,HSUPA,HSPA,LTE,LTE-M,NB-IoT"
/** Registration by LTE, by what came before, and for calls: whichever the modem knows. */
const DOMAINS = "+CEREG,+CGREG,+CREG"

/** Begins the error of a network that does not let us in: to ask again soon makes it worse. */
export const DENIAL = "modem: the network denies registration"

function askSim(): Command<string> {
    return command("+CPIN?", text => text)
}

/** 27.007, 8.65: `+CPINR: SIM PIN,<left>,<of>` */
function askTries(): Command<number> {
    return optional('+CPINR="SIM PIN"', text => numberAt(text, 1))
}

/** `+COPS: 0,0,"Operator",7` */
function askOperator(): Command<string> {
    return optional("+COPS?", text => {
        const name = text.split('"')[1]
        if (!name) return "no name"
        return `${name} ${TECHNOLOGIES.split(",")[numberAt(text, 3)] || ""}`
    })
}

/** 27.007, 8.5: -113 dBm and 2 dB a step; 99 unknown. */
function askSignal(): Command<string> {
    return optional("+CSQ", text => {
        const step = numberAt(text, 0)
        return step <= 31 ? `${2 * step - 113} dBm` : "no signal"
    })
}

/**
 * Sees to it that the SIM is ready.
 * @throws StreamError: no SIM, PIN missing or refused
 */
export async function unlock(at: At, dialect: Dialect, pin: string) {
    const state = await simState(at)
    if (state === "READY") return
    if (state !== "SIM PIN")
        throw new StreamError(
            `modem: the SIM wants its ${state}: put it into a phone`
        )
    if (!pin)
        throw new StreamError(
            "modem: the SIM wants a PIN: set PIN in .env.local"
        )
    let left = await at.run(dialect.pinTries)
    if (left === undefined) left = await at.run(askTries())
    // a wrong PIN is wrong the second time too, and the third time locks the SIM
    if (left === undefined)
        throw new StreamError(
            "modem: it does not say how many attempts the PIN has left, so it is not tried. Put the SIM into a phone, and switch its PIN off"
        )
    if (left < 3)
        throw new StreamError(
            `modem: the PIN was refused, and the SIM leaves ${left} attempts: it is not tried again. Put the SIM into a phone, enter its PIN there, and correct PIN`
        )
    await at.tell(`+CPIN=${quoted(pin)}`)
    await simState(at)
}

async function simState(at: At): Promise<string> {
    const deadline = millis() + SIM_TIMEOUT
    for (;;) {
        let problem: string
        try {
            const state = await at.run(askSim())
            if (!state.startsWith("NOT")) return state
            problem = `it is ${state}`
        } catch (e) {
            problem = (e as Error).message
        }
        // it starts later than the modem; but one that is not there will not come
        const isMissing =
            problem.indexOf("not inserted") >= 0 ||
            problem.slice(-NO_SIM.length) === NO_SIM
        if (isMissing || millis() > deadline)
            throw new StreamError(`modem: no SIM that works: ${problem}`)
        await sleep(INTERVAL)
    }
}

/** Whether the modem is registered; a modem that does not know counts as if it were. */
export async function isRegistered(at: At): Promise<boolean> {
    return isIn(await status(at))
}

function isIn(stat: number): boolean {
    return stat === undefined || stat === HOME || stat === ROAMING
}

/** `+CEREG: <n>,<stat>[,…]`, or the second alone */
function statOf(text: string): number {
    return numberAt(text, text.indexOf(",") < 0 ? 0 : 1)
}

/** The best that one of the domains says; undefined when none says anything. */
async function status(at: At): Promise<number> {
    let found: number
    for (const domain of DOMAINS.split(",")) {
        const stat = await at.run(optional(`${domain}?`, statOf))
        if (stat === undefined) continue
        if (isIn(stat)) return stat
        if (found === undefined || stat === DENIED) found = stat
    }
    return found
}

/**
 * Waits for a network.
 * @param patience milliseconds
 * @throws StreamError: none in reach, or none that takes the SIM
 */
export async function register(
    at: At,
    patience: number,
    progress: (line: string) => void
) {
    const deadline = millis() + patience
    let before = HOME
    let denials = 0
    for (;;) {
        const stat = await status(at)
        if (isIn(stat))
            return progress(
                `${await at.run(askOperator())}, ${await at.run(askSignal())}${stat === ROAMING ? ", roaming" : ""}`
            )
        denials = stat === DENIED ? denials + 1 : 0
        if (denials === DENIED_TIMES)
            throw new StreamError(
                `${DENIAL}: is the SIM active, and allowed here?`
            )
        if (stat !== before) {
            before = stat
            progress(
                `not registered, status ${stat}, ${await at.run(askSignal())}`
            )
        }
        if (millis() > deadline)
            throw new StreamError(
                `modem: no network within ${patience / 1000} s, ${await at.run(askSignal())}: look at the antenna`
            )
        await sleep(INTERVAL)
    }
}
