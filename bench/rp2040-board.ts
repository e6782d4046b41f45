/** An emulated RP2040 with a W5500 that runs the real firmware, and counts the cycles of what a program marks. */
import { readFileSync } from "node:fs"
import type { Command } from "commander"
import { GPIOPinState } from "rp2040js"
import { W5500 } from "../sim/chips/w5500/w5500.ts"
import { HomeLan } from "../sim/chips/w5500/home.ts"
import type { Endpoint, TcpEvents, TcpLeg } from "../sim/chips/w5500/lan.ts"
import { Heap } from "../sim/heap.ts"
import { Chip } from "../sim/rp2040/chip.ts"
import { flashImage } from "../sim/rp2040/image.ts"
import { wireSpi } from "../sim/rp2040/wiring.ts"
import { encodeSettings } from "../sim/settings.ts"
import { boards } from "../tools/project/boards.ts"
import { readBootrom, readFirmware } from "../tools/toolchain/firmware.ts"

const BOARD = "w5500_evb_pico"
const DEFINITION = JSON.parse(
    readFileSync(`boards/${BOARD}.board.json`, "utf8")
)
export const PINS = DEFINITION.pins
/** In the network of `HomeLan`. */
const ADDRESS = "192.168.77.50/24 192.168.77.1"
/** Milliseconds after which nothing more is on its way to the chip. */
const SETTLED = 20

/** Lets no time pass on the chip while something that it has sent, or the answer to it, is on the way. */
class StandstillLan extends HomeLan {
    private timer: NodeJS.Timeout | undefined

    constructor(private readonly chip: () => Chip) {
        super()
    }

    override connect(
        from: Endpoint,
        to: Endpoint,
        events: TcpEvents
    ): TcpLeg | undefined {
        this.hold()
        const leg = super.connect(from, to, {
            ...events,
            data: data => {
                this.hold()
                events.data(data)
            },
        })
        if (!leg) return undefined
        const write = leg.write.bind(leg)
        leg.write = (data, acknowledged) => {
            this.hold()
            write(data, acknowledged)
        }
        return leg
    }

    private hold() {
        this.chip().stop()
        clearTimeout(this.timer)
        this.timer = setTimeout(() => this.chip().start(), SETTLED)
    }

    end() {
        clearTimeout(this.timer)
    }
}

/** One measurement. */
export interface Sample {
    cycles: number
    millis: number
    /** Bytes of the VM's heap that the program could reach soon after. */
    live: number
}

/** Where they are on this computer. */
export interface Files {
    firmware?: string
    bootrom?: string
}

/** Adds the options that become `Files`. */
export const withFiles = (command: Command) =>
    command
        .option("--firmware <file>", "DeviceScript's firmware, a UF2 file")
        .option("--bootrom <file>", "the RP2040's boot ROM")

/** The flash memory of the board with a program and its settings. */
export const flashOf = (
    { firmware }: Files,
    bytecode: Uint8Array,
    settings: object
) =>
    flashImage({
        firmware: readFirmware(boards().get(BOARD)!, firmware),
        board: DEFINITION,
        bytecode,
        settings: encodeSettings({ ...settings, ADDRESS }),
    })

/** Runs a program, which holds GP2 high while something is to be measured and says `done`. */
export async function measure(
    files: Files,
    bytecode: Uint8Array,
    settings: object
): Promise<Sample[]> {
    const flash = await flashOf(files, bytecode, settings)
    const lan = new StandstillLan(() => chip)
    const w5500 = new W5500()
    w5500.plug(lan)
    const samples: Sample[] = []
    const take = (cycles: number, millis: number) => {
        const sample = { cycles, millis, live: 0 }
        samples.push(sample)
        // the chip is in the middle of an instruction
        setImmediate(() => {
            sample.live = new Heap(chip.memory()).report().live
        })
    }
    let begun = { cycles: 0, millis: 0 }
    let line = ""
    let done = () => {}
    const finished = new Promise<void>(resolve => (done = resolve))
    const chip: Chip = new Chip({
        bootrom: readBootrom(files.bootrom),
        flash,
        wire: rp2040 => {
            wireSpi(
                rp2040,
                { sck: PINS.SCK, cs: PINS.CS, reset: PINS.RST },
                w5500
            )
            rp2040.gpio[PINS.GP2].addListener((state, before) => {
                const { cycles, millis } = chip
                if (state === GPIOPinState.High) begun = { cycles, millis }
                else if (before === GPIOPinState.High)
                    take(cycles - begun.cycles, millis - begun.millis)
            })
        },
        uart0: byte => {
            line = byte === 10 ? "" : line + String.fromCharCode(byte)
            if (line.endsWith("> done")) done()
            if (/(Exception|panic|PANIC).*\r?$/.test(line)) console.error(line)
        },
    })
    chip.start()
    await finished
    chip.stop()
    lan.end()
    w5500.close()
    return samples
}
