/** A board's log on its serial port, for as long as one looks. */
import { once } from "node:events"
import { existsSync, readFileSync } from "node:fs"
import { Bridge } from "./bridge.ts"
import { findPort, openPort } from "./ports.ts"
import { LogReader } from "../../sim/log.ts"
import { explained } from "../log/error-sentences.ts"

const BAUD = 115_200
/** Milliseconds for a board to come back that restarts or is plugged in again. */
const BACK = 60_000

export interface MonitorOptions {
    /** The serial port. Default: that of the only board there is. */
    port?: string
    /** Default 115,200. */
    baud?: number
    /** Milliseconds for the board to show up. */
    patience: number
    /** What the program was built with, by which places in the sources are found. */
    debugInfo: string
    /** Resolves when it is to end. */
    stop: Promise<void>
}

/**
 * Prints what the board logs, until it is to stop or the board is gone for good.
 * @throws NoDevice
 */
export async function monitor(options: MonitorOptions): Promise<void> {
    const { baud = BAUD, stop, debugInfo } = options
    let stopped = false
    void stop.then(() => (stopped = true))
    for (let { patience } = options; !stopped; patience = BACK) {
        const path = options.port ?? (await findPort(patience))
        const port = await openPort(path, baud, patience)
        console.log(`log of ${path} at ${baud} baud, Ctrl-C ends`)
        const bridge = new Bridge({ line: printer(debugInfo), frame: () => {} })
        port.on("data", (bytes: Buffer) => bridge.push(bytes))
        // what fails shows as a port that closes
        port.on("error", () => {})
        const closed = once(port, "close")
        await Promise.race([closed, stop])
        if (stopped) port.close(() => {})
        else console.log(`${path} is gone; waiting for it`)
    }
}

function printer(debugInfo: string) {
    const reader = existsSync(debugInfo)
        ? new LogReader(JSON.parse(readFileSync(debugInfo, "utf8")))
        : undefined
    return (raw: string) => {
        const { text } = reader?.read(raw) ?? { text: raw }
        console.log(explained(text.replace(/^[>*!?#] /, "")))
    }
}
