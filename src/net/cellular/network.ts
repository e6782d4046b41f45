import { millis } from "@devicescript/core"
import { StreamError } from "../stream"
import { At } from "./at"
import { Dialect } from "./dialect"
import { lastNumber, quoted } from "./text"

/** 3GPP TS 27.007, 7.2: registration status. */
const HOME = 1
const DENIED = 3
const ROAMING = 5

/** Milliseconds that a SIM may take to start; between two questions; and until a refusal is taken for an answer. */
const SIM_TIMEOUT = 10000
const INTERVAL = 1000
const DENIED_TIMES = 5

/** 27.007, 7.3: access technology of +COPS; 8 as the modems here have it. */
const TECHNOLOGIES = "GSM,,UMTS,EDGE,HSDPA,HSUPA,HSPA,LTE,LTE-M,NB-IoT".split(
    ","
)

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
    const left = parseInt(await at.command(dialect.tries, dialect.triesLeft))
    // a wrong PIN is wrong the second time too, and the third time locks the SIM
    if (left < 3)
        throw new StreamError(
            `modem: the PIN was refused, and the SIM leaves ${left} attempts: it is not tried again. Put the SIM into a phone, enter its PIN there, and correct PIN`
        )
    await at.command(`+CPIN=${quoted(pin)}`)
    await simState(at)
}

async function simState(at: At): Promise<string> {
    const deadline = millis() + SIM_TIMEOUT
    for (;;) {
        try {
            return await at.command("+CPIN?", "+CPIN: ")
        } catch (e) {
            // it starts later than the modem; but one that is not there will not come
            const { message } = e as Error
            if (message.indexOf("not inserted") >= 0 || millis() > deadline)
                throw new StreamError(`modem: no SIM that works: ${message}`)
        }
        await at.rest(INTERVAL)
    }
}

/** Whether the modem is registered, by LTE or by what came before. */
export async function registration(at: At): Promise<boolean> {
    return isRegistered(await status(at))
}

function isRegistered(stat: number): boolean {
    return stat === HOME || stat === ROAMING
}

async function status(at: At): Promise<number> {
    const lte = await statusOf(at, "CEREG")
    if (isRegistered(lte)) return lte
    const packet = await statusOf(at, "CGREG")
    return isRegistered(packet) || packet === DENIED ? packet : lte
}

/** `+CEREG: <n>,<stat>[,…]` */
async function statusOf(at: At, domain: string): Promise<number> {
    const text = await at.command(`+${domain}?`, `+${domain}: `)
    return parseInt(text.split(",")[1])
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
    let before: number
    let denials = 0
    for (;;) {
        const stat = await status(at)
        if (isRegistered(stat))
            return progress(
                `${await operator(at)}, ${await signal(at)}${stat === ROAMING ? ", roaming" : ""}`
            )
        denials = stat === DENIED ? denials + 1 : 0
        if (denials === DENIED_TIMES)
            throw new StreamError(
                "modem: the network denies registration: is the SIM active, and allowed here?"
            )
        if (stat !== before) {
            before = stat
            progress(`not registered, status ${stat}, ${await signal(at)}`)
        }
        if (millis() > deadline)
            throw new StreamError(
                `modem: no network within ${patience / 1000} s, ${await signal(at)}: look at the antenna`
            )
        await at.rest(INTERVAL)
    }
}

/** `+COPS: 0,0,"Operator",7` */
async function operator(at: At): Promise<string> {
    const text = await at.command("+COPS?", "+COPS: ")
    const name = text.split('"')[1]
    return name ? `${name} ${TECHNOLOGIES[lastNumber(text)] || ""}` : "no name"
}

/** 27.007, 8.5: -113 dBm and 2 dB a step; 99 unknown. */
async function signal(at: At): Promise<string> {
    const step = parseInt(await at.command("+CSQ", "+CSQ: "))
    return step <= 31 ? `${2 * step - 113} dBm` : "no signal"
}
