/** The settings files: what the tool chain makes of them, and what it makes of them in silence. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { UserError } from "../../lib/errors.ts"
import { nearest } from "../../lib/nearest.ts"
import { parsePsk, PSK_FORMAT } from "../../lib/psk.ts"
import { BUILD_KEYS, checkValue, schema, type Config } from "./config.ts"
import { IS_OWN } from "./folder.ts"

/** Settings by name, as `readSetting()` returns them on the board. */
export type Settings = Record<string, unknown>

/** Strings that are not keys of devs.json: what the board's Wi-Fi needs, what the SIM and the mobile operator ask for, TLS's key. */
const SECRETS = ["SSID", "PASSWORD", "PIN", "APN_USER", "APN_PASSWORD", "PSK"]
/** The tool chain's own names for the same: it sends them to a connected board, and leaves them out of a bundle. */
const TOOLCHAIN_WIFI_SETTINGS = ["WIFI_SSID", "WIFI_PWD"]
/** A setting travels in one Jacdac packet: name, a zero, the value as JSON. */
const MAX_BYTES = 236

/** The names of the settings that override devs.json: of a user's own program only `URL` is known. */
function overrides(): string[] {
    if (IS_OWN) return ["URL"]
    return Object.keys(schema())
        .filter(key => !BUILD_KEYS.includes(key))
        .map(key => key.toUpperCase())
}

/**
 * The settings of .env.defaults and .env.local together.
 * @param folder the project's
 * @throws UserError with a line for each one that would not reach the program as it is written
 */
export function readSettings(folder: string): Settings {
    const settings: Settings = {}
    const problems: string[] = []
    for (const file of [".env.defaults", ".env.local"]) {
        const path = join(folder, file)
        if (!existsSync(path)) continue
        readFileSync(path, "utf8")
            .split(/\r?\n/)
            .forEach((line, index) => {
                const found = readLine(line, settings)
                if (found) problems.push(`${file}:${index + 1}: ${found}`)
            })
    }
    if (problems.length > 0) throw new UserError(problems.join("\n"))
    return settings
}

/** What the program goes by: devs.json, overridden by the settings. */
export function withSettings(config: Config, settings: Settings): Config {
    const over = overrides()
        .filter(name => settings[name] !== undefined)
        .map(name => [name.toLowerCase(), settings[name]])
    return { ...config, ...Object.fromEntries(over) }
}

/** @returns what is wrong with the line, or undefined */
function readLine(line: string, settings: Settings): string | undefined {
    if (/^\s*(#|$)/.test(line)) return undefined
    const name = line.split("=")[0]
    if (line.includes("#"))
        return `the tool chain drops a line with a # in it; write the value of ${name.trim()} in quotes, with \\u0023 for each #`
    if (!line.includes("="))
        return `expected NAME=value, found ${JSON.stringify(line)}`
    if (name !== name.trim())
        return `expected no space around the name, found ${JSON.stringify(name)}`
    const value = line.slice(name.length + 1)
    delete settings[name]
    if (value === "") return undefined
    settings[name] = valueOf(value)
    if (value !== value.trim())
        return `the tool chain keeps the spaces around the value of ${name}; take them away, or write it in quotes`
    return checkSetting(name, settings[name])
}

/** What the tool chain stores (compiler/src/dotenv.ts): JSON if it is JSON, else the text itself. */
function valueOf(text: string): unknown {
    try {
        return JSON.parse(text)
    } catch {
        return text
    }
}

/** @returns what is wrong with a setting, or undefined; the value is not shown when it is a secret */
export function checkSetting(name: string, value: unknown): string | undefined {
    const size = Buffer.byteLength(`${name}\0${JSON.stringify(value)}`)
    if (size > MAX_BYTES)
        return `${name} takes ${size} bytes; a setting can have ${MAX_BYTES}, with its name`
    const secret = [...SECRETS, ...TOOLCHAIN_WIFI_SETTINGS]
    if (name === "URL")
        return typeof value === "string" && /^wss?:\/\/./.test(value)
            ? undefined
            : `URL: expected ws://… or wss://…`
    if (secret.includes(name) && typeof value !== "string")
        return `${name} looks like a ${typeof value} to the tool chain; write it in quotes: ${name}="…"`
    if (name === "PSK" && !IS_OWN && !parsePsk(String(value)))
        return `PSK: expected ${PSK_FORMAT}; npm run key makes one`
    if (secret.includes(name)) return undefined
    if (overrides().includes(name))
        return checkValue(name.toLowerCase(), value)?.replace(/^".*?"/, name)
    if (IS_OWN) return undefined
    const guess = nearest(name, [...overrides(), ...secret])
    return guess && `no setting is called ${name}; did you mean ${guess}?`
}
