/** What a scenario consists of; a file with ones of your own exports them as its default, one or a list. */
import type { ServerOptions } from "../../server/options.ts"
import type { WifiOptions } from "../../sim/wifi.ts"
import type { Device, Models, ProgramName, Settings } from "./device.ts"
import type { Impostor } from "./impostor.ts"
import type { Link } from "./link.ts"
import type { Recorded, ServerRecord, ServerSide } from "./server-side.ts"

/** What a scenario can do, and see. */
export interface Bench {
    device: Device
    /** The way between board and server. */
    link: Link
    /** The echo server; after `stop` or `kill` it can be started again. */
    server: ServerSide
    /** What the servers saw so far. */
    record: ServerRecord
    /**
     * New connections go to a server that does as the script says, one after the other; when all have played their part,
     * to the echo server again.
     */
    impostor(...parts: Impostor[]): Promise<void>
    /** The models of a scenario that bends them, while the program runs. */
    models(): Models
    /** Puts down what is wrong from now on. @returns a function that puts down its end */
    fault(name: string): () => void
    /** Milliseconds of the scenario's clock, which runs as fast as the device does. */
    sleep(milliseconds: number): Promise<void>
}

/** A number, or from one to another, both included. */
export type Range = number | [from: number, to: number]

/** The lines of an exchange and what is to become of it; what is not said must not happen. */
export interface Expected {
    /** Default: every one that is neither lost nor wrong. */
    right?: Range
    /** Reported as lost. Default 0. */
    lost?: Range
    /** Default 0. */
    wrong?: Range
    /** Replies to what was lost or wrong. Default: any. */
    late?: Range
    /** Connections that the board opened. Default 1. */
    connections?: Range
    /** Messages that reached the server other than they were sent. Default 0. */
    spoilt?: Range
    /** Messages that reached the server more than once. Default 0. */
    repeated?: Range
    /** The program's last line. Default: `closed 1000 ""`. */
    end?: RegExp
    /** Lines that must be in the board's log, in this order. */
    log?: RegExp[]
}

/** What both ends saw, for a check of a scenario's own. */
export interface Ends {
    /** The board's log, and when each line came. */
    log: Device["log"]
    record: readonly Recorded[]
}

export interface Scenario {
    /** In small letters, with hyphens; `--scenario` finds it by a part of it. */
    name: string
    /** One sentence: what must happen. */
    what: string
    /** Default `echo`. */
    program?: ProgramName
    /** Over those of `DEFAULT_SETTINGS`. */
    settings?: Settings
    /** The echo server's. */
    server?: ServerOptions
    /** The n-th message, from 1, when it is not MESSAGE with n in it. */
    message?(n: number): string | Buffer
    /** Seconds to the program's last line, on a device that is as fast as a board. */
    deadline: number
    /** Bends the models of this network: it runs over no other one, and only where there are models. */
    bends?: keyof Models
    /** The access point of a scenario that bends `wifi`. */
    wifi?: WifiOptions
    /** Spoils a byte that TLS would not let through. */
    plain?: boolean
    /** Measures time: no other scenario runs meanwhile. */
    alone?: boolean
    /** Before the program starts. */
    prepare?(bench: Bench): void | Promise<void>
    /** While it runs. Default: nothing but waiting for its end. */
    steps?(bench: Bench): Promise<void>
    expect?: Expected
    /** Figures of the scenario's own, for the report. */
    figures?(ends: Pick<Ends, "log">): Record<string, number>
    /** Looks at both ends further. @returns what is wrong */
    check?(ends: Ends): string[]
}

/** The echo program's, unless a scenario wants others. Times in milliseconds. */
export const DEFAULT_SETTINGS = {
    COUNT: 20,
    INTERVAL: 20,
    TIMEOUT: 10_000,
    MESSAGE: "Hello {n}",
    SUMMARY: 0,
    LOG: "info",
}
