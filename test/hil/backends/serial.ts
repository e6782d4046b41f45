/** A real board on a serial port, as a rule the one that its USB socket is. */
import { once } from "node:events"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { SerialPort } from "serialport"
import { reachableAddresses } from "../../../lib/addresses.ts"
import { NoDevice } from "../../../lib/errors.ts"
import { LogReader } from "../../../sim/log.ts"
import { compile } from "../../../sim/program.ts"
import { encodeSettings } from "../../../sim/settings.ts"
import { readConfig } from "../../../tools/project/config.ts"
import { configure } from "../../../tools/project/configure.ts"
import { PROJECT } from "../../../tools/project/folder.ts"
import { flash } from "../../../tools/toolchain/flash.ts"
import { DeviceLog } from "../device-log.ts"
import {
    type BackEnd,
    type Device,
    type DeviceOptions,
    type ProgramName,
    type Settings,
} from "../device.ts"
import { ON_BOARD } from "../programs.ts"
import { findPort, openPort } from "../../../tools/serial/ports.ts"
import { Programmer } from "../serial/programmer.ts"

const BAUD = 115_200
/** Milliseconds for a board to show up: when it was plugged in before, and after it was flashed or reset. */
const PLUGGED = 1_000
const STARTING = 30_000
/** Milliseconds after which a board that is a USB device itself has vanished from the bus when it restarts. */
const GONE = 1_000
/** Settings that scenarios before have left on the board. */
const STORED = new Set<string>()
/** Each scenario opens the board anew; it is flashed once. */
let flashed = false
/** The firmware's line at the beginning of a program. */
const START = /^start: /

export const serial: BackEnd = {
    description:
        "a real board with DeviceScript's firmware, on USB; --flash puts the firmware there first (untried on hardware)",
    networks: [readConfig(PROJECT).network].flat(),
    host: ({ host }) => host ?? ownAddress(),
    parallel: 1,
    pace: 1,
    open: async options => {
        if (options.flash && !flashed)
            await flash({ port: options.port, wait: 120 })
        flashed = true
        const patience = options.flash ? STARTING : PLUGGED
        const path = options.port ?? (await findPort(patience))
        const device = new SerialDevice(path, options)
        await device.attach(patience)
        return device
    },
}

function ownAddress(): string {
    const addresses = reachableAddresses()
    if (addresses.length === 1) return addresses[0]
    throw new NoDevice(
        `expected one address at which the board can reach this computer, found ${addresses.join(", ") || "none"}; choose with --host`
    )
}

class SerialDevice implements Device {
    private readonly transcript = new DeviceLog()
    private port?: SerialPort
    private programmer?: Programmer
    private reader?: LogReader
    /** The program that was there before may still be talking. */
    private listening = false

    constructor(
        private readonly path: string,
        private readonly options: DeviceOptions
    ) {
        configure()
    }

    get log() {
        return this.transcript.lines
    }

    /** Opens the port and finds the board behind it. */
    async attach(patience: number) {
        const { path, options } = this
        this.port = await openPort(path, options.baud ?? BAUD, patience)
        // what fails on the port shows as a board that does not answer
        this.port.on("error", () => {})
        this.programmer = new Programmer(this.port, line => this.line(line), {
            stored: STORED,
        })
        await this.programmer.connect().catch(async (error: Error) => {
            await this.close()
            throw new NoDevice(
                `${path}: ${error.message}. Is it the board's own USB socket, not a serial adapter, and DeviceScript's firmware on it (--flash)?`
            )
        })
    }

    async deploy(program: ProgramName, settings: Settings) {
        const { network } = this.options
        const { bytecode, debug, ...compiled } = compile(
            join(PROJECT, ON_BOARD[program][network])
        )
        this.reader = new LogReader(debug)
        this.listening = false
        await this.programmer!.deploy(bytecode, {
            ...compiled.settings,
            ...encodeSettings(settings),
        })
    }

    async reset() {
        const port = this.port!
        const closed = once(port, "close")
        this.programmer!.restart()
        const gone = await Promise.race([closed, sleep(GONE)])
        if (gone) await this.attach(STARTING)
        else await this.programmer!.connect()
    }

    private line(raw: string) {
        const { text } = this.reader?.read(raw) ?? { text: raw }
        this.listening ||= START.test(text)
        if (this.listening) this.transcript.add(text)
    }

    expect(wanted: string | RegExp, timeout?: number) {
        return this.transcript.expect(wanted, timeout)
    }

    async close() {
        const { port } = this
        this.port = undefined
        if (port?.isOpen)
            await new Promise(resolve => port.close(() => resolve(undefined)))
        this.transcript.end("the device was closed")
    }
}
