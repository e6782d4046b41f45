/** An RP2040 that runs real firmware: the emulator rp2040js, and what it leaves out. */
import { Simulator, type Logger, type RP2040 } from "rp2040js"
import { SerialFlash } from "../chips/serial-flash.ts"
import type { Memory } from "../heap.ts"
import { connectFlash } from "./flash-port.ts"
import { Registers, RingOscillator } from "./peripherals.ts"

export interface ChipOptions {
    /** The boot ROM, 16 KB. */
    bootrom: Uint8Array
    /** The flash memory, which the firmware may change; see `flashImage`. */
    flash: Uint8Array
    /** Connects other chips to the pins, anew at each start. */
    wire?(chip: RP2040): void
    /** Gets each byte that is sent on UART0. */
    uart0?(byte: number): void
    /** Gets what the emulator finds strange. */
    warn?(text: string): void
}

/** Datasheet 2.8.1 and 2.12.4: what the boot ROM and the firmware make of the 12 MHz crystal. */
const CYCLE_NANOS = 8
/** How long the chip runs before other things in this process get their turn, in milliseconds. */
const TURN = 5
/** How much of the chip's time passes between two looks at the computer's clock, in nanoseconds. */
const STRIDE = 100_000
/** So much behind, in milliseconds, and the chip does not try to catch up: it must not be faster than its surroundings. */
const LAG = 10
/** Nanoseconds in which the firmware comes to where it waits. */
const BUSY = 500e6
/** Where RAM and flash begin (datasheet 2.2). */
const RAM = 0x20000000
const FLASH = 0x10000000
/** Address of AIRCR in the core's private registers, and its SYSRESETREQ (ARMv6-M B3.2.6). */
const AIRCR = 0xd0c
const SYSRESETREQ = 4
/** A third of VSYS, 5 V, as 12 bits of 3.3 V: how the firmware tells a Pico from a Pico W (Pico datasheet 4.4). */
const VSYS_CHANNEL = 3
const VSYS = 2068
/** Low at the start: BOOTSEL is held down (RP2040 datasheet 2.8.1.1). */
const QSPI_SS = 1
/** Input enabled, among others, which the emulator does not know (RP2040 datasheet 2.19.6.4). */
const PAD_RESET = 0x56
/** Of the flash memory; the firmware makes its device id of it. */
const UNIQUE_ID = new Uint8Array([
    0xe6, 0x61, 0x41, 0x04, 0x03, 0x5c, 0x2d, 0x2a,
])

/** The chip. It runs no faster than a real one, and, when it has much to do, slower. */
export class Chip {
    private simulator!: Simulator
    private immediate: NodeJS.Immediate | undefined
    private timer: NodeJS.Timeout | undefined
    /** `performance.now()` when the chip's clock was 0, or would have been at its present pace. */
    private origin = 0
    private resetting = false
    private running = false
    /** Cycles and nanoseconds before the last start. */
    private before = { cycles: 0, nanos: 0 }

    constructor(private readonly options: ChipOptions) {
        this.powerUp()
    }

    /** Cycles that the processor has spent working; while it waits for an event it spends none. */
    get cycles(): number {
        return this.before.cycles + this.simulator.rp2040.core.cycles
    }

    /** Milliseconds that have passed for the chip. */
    get millis(): number {
        return (this.before.nanos + this.simulator.clock.nanos) / 1e6
    }

    /**
     * What its memory holds, as its pointers find it: RAM and flash. The chip is first let run on to where it waits for an
     * event, as the firmware does when none of its data is half changed.
     */
    memory(): Memory {
        const { clock, rp2040 } = this.simulator
        const end = clock.nanos + BUSY
        const { core } = rp2040
        while (!core.waiting && !this.resetting && clock.nanos < end)
            this.advance(1)
        const { sram } = rp2040
        const flash = rp2040.flash.subarray(0, this.options.flash.length)
        const HEAPU8 = new Uint8Array(sram.length + flash.length)
        HEAPU8.set(sram)
        HEAPU8.set(flash, sram.length)
        return {
            HEAPU8,
            lowest: RAM,
            index: pointer =>
                pointer >= RAM ? pointer - RAM : sram.length + pointer - FLASH,
        }
    }

    /** Lets it run, until `stop`. */
    start(): void {
        if (this.running) return
        this.running = true
        this.origin = performance.now() - this.simulator.clock.nanos / 1e6
        this.continue(0)
    }

    /** Stands still, clock and all, after the instruction that it is at. */
    stop(): void {
        this.running = false
        clearImmediate(this.immediate)
        clearTimeout(this.timer)
    }

    /** Its RUN pin falls and rises again. */
    reset(): void {
        const { clock, rp2040 } = this.simulator
        this.before.cycles += rp2040.core.cycles
        this.before.nanos += clock.nanos
        this.options.flash.set(
            rp2040.flash.subarray(0, this.options.flash.length)
        )
        this.powerUp()
    }

    private powerUp() {
        const { options } = this
        this.resetting = false
        this.simulator = new Simulator()
        const { rp2040 } = this.simulator
        rp2040.logger = reporter(options.warn)
        const { buffer, byteOffset, length } = options.bootrom
        rp2040.loadBootrom(
            new Uint32Array(buffer.slice(byteOffset, byteOffset + length))
        )
        rp2040.flash.set(options.flash)
        const content = rp2040.flash.subarray(0, options.flash.length)
        connectFlash(rp2040, new SerialFlash(content, UNIQUE_ID))
        rp2040.peripherals[0x40060] = new RingOscillator(rp2040, "ROSC")
        rp2040.peripherals[0x40064] = new Registers(
            rp2040,
            "VREG_AND_CHIP_RESET"
        )
        rp2040.qspi[QSPI_SS].padValue = PAD_RESET
        rp2040.qspi[QSPI_SS].setInputValue(true)
        rp2040.adc.channelValues[VSYS_CHANNEL] = VSYS
        rp2040.uart[0].onByte = options.uart0
        this.watchReset(rp2040)
        options.wire?.(rp2040)
        this.origin = performance.now()
    }

    /** The emulator takes no notice when the firmware resets the chip. */
    private watchReset({ ppb }: RP2040) {
        const write = ppb.writeUint32.bind(ppb)
        ppb.writeUint32 = (offset, value) => {
            if (offset !== AIRCR) write(offset, value)
            else if (value & SYSRESETREQ) this.resetting = true
        }
    }

    private continue(wait: number) {
        const run = () => {
            const ahead = this.turn()
            if (this.running) this.continue(ahead)
        }
        if (wait > 0) this.timer = setTimeout(run, wait)
        else this.immediate = setImmediate(run)
    }

    /** @returns for how many milliseconds the chip is ahead of the computer's clock */
    private turn(): number {
        const { clock } = this.simulator
        const end = performance.now() + TURN
        for (;;) {
            this.advance(STRIDE)
            if (this.resetting) {
                this.reset()
                return 0
            }
            const now = performance.now()
            const ahead = clock.nanos / 1e6 - (now - this.origin)
            if (ahead < -LAG) this.origin = now - clock.nanos / 1e6
            if (ahead > 0 || now > end || !this.running) return ahead
        }
    }

    private advance(nanos: number) {
        const { clock, rp2040 } = this.simulator
        const { core } = rp2040
        const end = clock.nanos + nanos
        const { running } = this
        while (clock.nanos < end && !this.resetting) {
            if (this.running !== running) return
            if (!core.waiting)
                clock.tick(core.executeInstruction() * CYCLE_NANOS)
            else
                clock.tick(
                    Math.min(clock.nanosToNextAlarm || 1000, end - clock.nanos)
                )
        }
    }
}

function reporter(warn: (text: string) => void = () => {}): Logger {
    const report = (component: string, message: string) =>
        warn(`${component}: ${message}`)
    return { debug: () => {}, info: () => {}, warn: report, error: report }
}
