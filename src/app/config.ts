import { deviceIdentifier, isSimulator } from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { board, defaults, levels, ranges } from "./config.generated"

/** What the echo program does; devs.schema.json describes each key. Times in milliseconds. */
export interface Config {
    url: string
    name: string
    heartbeat: number
    interval: number
    message: string
    count: number
    timeout: number
    summary: number
    plot: boolean
    log: string
}

/**
 * devs.json as it was at the build, overridden key by key by the board's settings: `URL`, `NAME`, `HEARTBEAT`, `INTERVAL`, `MESSAGE`,
 * `COUNT`, `TIMEOUT`, `SUMMARY`, `PLOT` and `LOG`. A setting out of range is reported and left out.
 */
export async function readConfig(): Promise<Config> {
    return {
        url: await textSetting("URL", defaults.url),
        name: (await textSetting("NAME", defaults.name)) || ownName(),
        heartbeat: await intSetting(
            "HEARTBEAT",
            ranges.heartbeat,
            defaults.heartbeat
        ),
        interval: await intSetting(
            "INTERVAL",
            ranges.interval,
            defaults.interval
        ),
        message: await textSetting("MESSAGE", defaults.message),
        count: await intSetting("COUNT", ranges.count, defaults.count),
        timeout: await intSetting("TIMEOUT", ranges.timeout, defaults.timeout),
        summary: await intSetting("SUMMARY", ranges.summary, defaults.summary),
        plot: await choiceSetting("PLOT", [true, false], defaults.plot),
        log: await choiceSetting("LOG", levels, defaults.log),
    }
}

/** Of a board that was given none: which kind it is, and which of them. */
function ownName(): string {
    const kind = isSimulator() ? "simulated" : board
    return `${kind} ${deviceIdentifier("self").slice(-4)}`
}

/** The address on Ethernet: `dhcp`, or address/prefix, router and DNS servers; the setting `ADDRESS` or devs.json. */
export async function readAddress(): Promise<string> {
    return await textSetting("ADDRESS", defaults.address)
}

/** What the SIM and the mobile operator ask for: the settings `PIN`, `APN`, `APN_USER` and `APN_PASSWORD`. */
export async function readAccess() {
    return {
        pin: await textSetting("PIN", ""),
        apn: await textSetting("APN", defaults.apn),
        user: await textSetting("APN_USER", ""),
        password: await textSetting("APN_PASSWORD", ""),
    }
}

/** The setting `PSK`, which makes the build put TLS by a pre-shared key over the network: `identity:key`, the key in hex. */
export async function readPsk() {
    const text = await textSetting("PSK", "")
    const colon = text.indexOf(":")
    return {
        identity: text.slice(0, colon),
        key: Buffer.from(text.slice(colon + 1), "hex"),
    }
}

/**
 * The Wi-Fi network to join: the settings `SSID` and `PASSWORD`. The tool chain's `WIFI_SSID` and `WIFI_PWD` reach only a
 * connected board that is deployed to: a bundle leaves them out.
 */
export async function readWifi() {
    return {
        ssid: await textSetting("SSID", ""),
        password: await textSetting("PASSWORD", ""),
    }
}

async function textSetting(name: string, otherwise: string): Promise<string> {
    const value = await readSetting<any>(name, otherwise)
    if (typeof value === "string") return value
    // a value that looks like JSON is stored as JSON
    return JSON.stringify(value)
}

async function intSetting(
    name: string,
    range: { minimum: number; maximum: number },
    otherwise: number
): Promise<number> {
    const value = await readSetting<any>(name, otherwise)
    const { minimum, maximum } = range
    if (
        typeof value === "number" &&
        value === Math.round(value) &&
        value >= minimum &&
        value <= maximum
    )
        return value
    console.error(
        `${name} is ${JSON.stringify(value)}; expected an integer from ${minimum} to ${maximum}, going on with ${otherwise}`
    )
    return otherwise
}

async function choiceSetting<T>(
    name: string,
    choices: T[],
    otherwise: T
): Promise<T> {
    const value = await readSetting<any>(name, otherwise)
    if (choices.indexOf(value) >= 0) return value
    console.error(
        `${name} is ${JSON.stringify(value)}; expected ${choices.join(", ")}, going on with ${otherwise}`
    )
    return otherwise
}
