/** An RP2040 in the emulator rp2040js: real firmware, the program for a real board, and models of the chips beside it. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { NoDevice, UserError } from "../../../lib/errors.ts"
import { median } from "../../../lib/statistics.ts"
import type { SpiChip } from "../../../sim/buses.ts"
import { Sc16is7xx } from "../../../sim/chips/modem/sc16is7xx.ts"
import { HomeLan } from "../../../sim/chips/w5500/home.ts"
import { W5500 } from "../../../sim/chips/w5500/w5500.ts"
import { Heap } from "../../../sim/heap.ts"
import { LogReader } from "../../../sim/log.ts"
import { compile } from "../../../sim/program.ts"
import { Chip } from "../../../sim/rp2040/chip.ts"
import { flashImage } from "../../../sim/rp2040/image.ts"
import { wireSpi } from "../../../sim/rp2040/wiring.ts"
import { encodeSettings } from "../../../sim/settings.ts"
import { boards, type Board } from "../../../tools/project/boards.ts"
import type { Config } from "../../../tools/project/config.ts"
import { configure } from "../../../tools/project/configure.ts"
import { PROJECT } from "../../../tools/project/folder.ts"
import { MODEMS } from "../../../tools/simulator/networks.ts"
import { readBootrom, readFirmware } from "../../../tools/toolchain/firmware.ts"
import { DeviceLog } from "../device-log.ts"
import {
    type BackEnd,
    type Device,
    type DeviceOptions,
    type ProgramName,
    type Settings,
} from "../device.ts"
import { ON_BOARD } from "../programs.ts"

/** How much slower than the real chip the emulated one may be, on a busy computer; as a rule it is 2. */
const PACE = 10
/** Milliseconds between two looks at the chip's clock. */
const LOOK = 20
/** The boards whose pins the programs are written for. */
const BOARDS: Record<string, string> = {
    ethernet: "w5500_evb_pico",
    cellular: "pico_sc16is750",
}

export const rp2040js: BackEnd = {
    description:
        "an emulated RP2040 (rp2040js) with real firmware; needs --firmware and --bootrom",
    networks: Object.keys(BOARDS),
    host: () => "127.0.0.1",
    parallel: 1,
    pace: PACE,
    open: async options => new EmulatedDevice(options),
}

/** The chip beside the RP2040, and what ends it. */
interface Peripheral {
    chip: SpiChip
    close(): void
}

const PERIPHERALS: Record<string, (config: Config) => Peripheral> = {
    ethernet: () => {
        const chip = new W5500()
        chip.plug(new HomeLan())
        return { chip, close: () => chip.close() }
    },
    cellular: ({ modem }) => {
        const peer = new MODEMS[modem]()
        return {
            chip: new Sc16is7xx({ peer }),
            close: () => peer.close(),
        }
    },
}

class EmulatedDevice implements Device {
    private readonly transcript = new DeviceLog(PACE)
    private readonly config = configure()
    private readonly board: Board
    private readonly network: string
    private readonly firmware: Buffer
    private readonly bootrom: Buffer
    private running?: { chip: Chip; peripheral: Peripheral }
    /** What each exchange took, in cycles, and when the latest message left. */
    private exchanges: number[] = []
    private sent = 0

    constructor(options: DeviceOptions) {
        this.network = options.network
        this.board = boards().get(BOARDS[this.network])!
        if (options.board && options.board !== this.board.id)
            throw new NoDevice(
                `expected --board ${this.board.id} for ${this.network} on an emulated RP2040, found ${options.board}`
            )
        try {
            this.firmware = readFirmware(this.board, options.firmware)
            this.bootrom = readBootrom(options.bootrom)
        } catch (error) {
            if (error instanceof UserError) throw new NoDevice(error.message)
            throw error
        }
    }

    get log() {
        return this.transcript.lines
    }

    async deploy(program: ProgramName, settings: Settings) {
        this.stop()
        const { bytecode, debug, ...compiled } = compile(
            join(PROJECT, ON_BOARD[program][this.network])
        )
        const flash = await flashImage({
            firmware: this.firmware,
            board: definition(this.board.id),
            bytecode,
            settings: { ...compiled.settings, ...encodeSettings(settings) },
        })
        const peripheral = PERIPHERALS[this.network](this.config)
        const reader = new LogReader(debug)
        const chip: Chip = new Chip({
            bootrom: this.bootrom,
            flash,
            wire: rp2040 =>
                wireSpi(rp2040, spiPins(this.board.id), peripheral.chip),
            uart0: lines(line => {
                const { text } = reader.read(line)
                this.count(text, chip.cycles)
                this.transcript.add(text)
            }),
        })
        this.running = { chip, peripheral }
        chip.start()
    }

    async reset() {
        if (!this.running)
            throw new Error("expected a program on the board, none is deployed")
        this.running.chip.reset()
    }

    expect(wanted: string | RegExp, timeout?: number) {
        return this.transcript.expect(wanted, timeout)
    }

    async sleep(milliseconds: number) {
        const end = (this.running?.chip.millis ?? 0) + milliseconds
        while (this.running && this.running.chip.millis < end) await sleep(LOOK)
    }

    figures(): Record<string, number> {
        if (!this.running) return {}
        const { chip } = this.running
        const figures: Record<string, number> = {
            "live heap, B": new Heap(chip.memory()).report().live,
            "seconds of its clock": Math.round(chip.millis / 1000),
        }
        const cycles = median(this.exchanges)
        if (cycles) figures["cycles per exchange"] = cycles
        return figures
    }

    /** Cycles from the log line of a message to the one of its reply. */
    private count(text: string, cycles: number) {
        if (/^sent \d/.test(text)) this.sent = cycles
        if (/^right \d/.test(text)) this.exchanges.push(cycles - this.sent)
    }

    private stop() {
        const { running } = this
        this.running = undefined
        running?.chip.stop()
        running?.peripheral.close()
    }

    async close() {
        this.stop()
        this.transcript.end("the device was closed")
    }
}

function definition(id: string): { pins: Record<string, number> } {
    const file = join(PROJECT, "boards", `${id}.board.json`)
    return JSON.parse(readFileSync(file, "utf8"))
}

function spiPins(id: string) {
    const { pins } = definition(id)
    return { sck: pins.SCK, cs: pins.CS ?? pins.UART_CS, reset: pins.RST }
}

/** Puts the bytes of a serial port together. */
function lines(add: (line: string) => void): (byte: number) => void {
    let bytes: number[] = []
    return byte => {
        if (byte !== 10) return void bytes.push(byte)
        add(Buffer.from(bytes).toString("utf8").trimEnd())
        bytes = []
    }
}
