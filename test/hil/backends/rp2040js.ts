/** An RP2040 in the emulator rp2040js: real firmware, the program for a real board, and models of the chips beside it. */
import { existsSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { Sc16is7xx } from "../../../sim/chips/sc16is7xx.ts"
import { W5500 } from "../../../sim/chips/w5500.ts"
import { HomeLan } from "../../../sim/chips/w5500home.ts"
import { LogReader } from "../../../sim/log.ts"
import { compile } from "../../../sim/program.ts"
import { encodeSettings } from "../../../sim/settings.ts"
import { Chip } from "../../../sim/rp2040/chip.ts"
import { flashImage } from "../../../sim/rp2040/image.ts"
import { wireSpi } from "../../../sim/rp2040/wiring.ts"
import type { SpiChip } from "../../../sim/wires.ts"
import { boards, type Board } from "../../../tools/boards.ts"
import { configure } from "../../../tools/build.ts"
import { PROJECT } from "../../../tools/common.ts"
import type { Config } from "../../../tools/config.ts"
import { MODEMS } from "../../../tools/simulations.ts"
import {
    NoDevice,
    type BackEnd,
    type Device,
    type DeviceOptions,
    type ProgramName,
    type Settings,
} from "../device.ts"
import { DeviceLog } from "../devicelog.ts"
import { ON_BOARD } from "../programs.ts"

/** How much slower than the real chip the emulated one is when it is busy. */
const PACE = 3
/** Where `devs` keeps firmware that it has downloaded. */
const CACHE = ".devicescript/cache"
const BOOTROM_SIZE = 16384
/** At 0x10 of every RP2040's boot ROM (datasheet 2.8.3). */
const BOOTROM_MAGIC = "Mu\x01"

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

    constructor(options: DeviceOptions) {
        this.network = options.network
        this.board = boards().get(BOARDS[this.network])!
        if (options.board && options.board !== this.board.id)
            throw new NoDevice(
                `expected --board ${this.board.id} for ${this.network} on an emulated RP2040, found ${options.board}`
            )
        this.firmware = readFirmware(options.firmware, this.board)
        this.bootrom = readBootrom(options.bootrom)
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
        const chip = new Chip({
            bootrom: this.bootrom,
            flash,
            wire: rp2040 =>
                wireSpi(rp2040, spiPins(this.board.id), peripheral.chip),
            uart0: lines(line => this.transcript.add(reader.read(line).text)),
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

function readFirmware(given: string | undefined, board: Board): Buffer {
    const file = given ?? join(PROJECT, CACHE, basename(board.firmware))
    if (existsSync(file)) return readFileSync(file)
    throw new NoDevice(
        [
            `expected the DeviceScript firmware for the RP2040 in ${file}, found none.`,
            `Fetch ${board.firmware} (or: npm run bundle) and name it with --firmware.`,
        ].join("\n")
    )
}

function readBootrom(given: string | undefined): Buffer {
    const hint =
        "Its source is https://github.com/raspberrypi/pico-bootrom-rp2040, whose releases have it as b2.bin; or read it from a board's address 0 with picotool or a debugger. Name it with --bootrom."
    if (!given || !existsSync(given))
        throw new NoDevice(
            `expected the boot ROM of an RP2040${given ? ` in ${given}, found none` : ""}.\n${hint}`
        )
    const bytes = readFileSync(given)
    const magic = bytes.subarray(0x10, 0x13).toString("latin1")
    if (bytes.length !== BOOTROM_SIZE || magic !== BOOTROM_MAGIC)
        throw new NoDevice(
            `expected the boot ROM of an RP2040, ${BOOTROM_SIZE} bytes with 4d 75 01 at 0x10, found ${bytes.length} bytes in ${given}.\n${hint}`
        )
    return bytes
}
