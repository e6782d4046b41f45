/**
 * The RP2040's way to its flash memory, which the emulator leaves out: the serial interface (SSI) that the boot ROM's flash
 * routines drive, and the chip select that they drive themselves.
 *
 * @see https://datasheets.raspberrypi.com/rp2040/rp2040-datasheet.pdf sections 4.10.13 and 2.19.6.2
 */
import type { RP2040 } from "rp2040js"
import type { SerialFlash } from "../chips/serial-flash.ts"
import { Registers } from "./peripherals.ts"

const CTRLR0 = 0x00
const SSIENR = 0x08
const TXFLR = 0x20
const RXFLR = 0x24
const SR = 0x28
const DR0 = 0x60
const SR_TFNF = 0x02
const SR_TFE = 0x04
const SR_RFNE = 0x08
/** CTRLR0.SPI_FRF: 0 for one bit at a time; else the frames only prepare the flash for execution in place. */
const SPI_FRF = 0x00600000

const GPIO_QSPI_SS_CTRL = 0x0c
/** OUTOVER in GPIO_QSPI_SS_CTRL. */
const enum Override {
    None = 0,
    Low = 2,
    High = 3,
}

/** Puts a flash memory onto the chip's SSI. */
export function connectFlash(chip: RP2040, flash: SerialFlash): void {
    const ssi = new Ssi(chip, flash)
    chip.peripherals[0x18000] = ssi
    chip.peripherals[0x40018] = new QspiPins(chip, ssi)
}

class Ssi extends Registers {
    private received: number[] = []
    private override = Override.None
    private selected = false

    constructor(
        chip: RP2040,
        private readonly flash: SerialFlash
    ) {
        super(chip, "SSI")
    }

    override readUint32(offset: number): number {
        switch (offset) {
            case TXFLR:
                return 0
            case RXFLR:
                return this.received.length
            case SR:
                // whoever looks has written all that belongs together; the SSI itself keeps the flash selected so long
                if (this.override === Override.None) this.select(false)
                return SR_TFNF | SR_TFE | (this.received.length ? SR_RFNE : 0)
            case DR0:
                return this.received.shift() ?? 0
            default:
                return super.readUint32(offset)
        }
    }

    override writeUint32(offset: number, value: number): void {
        if (offset === DR0) return this.transmit(value)
        super.writeUint32(offset, value)
        if (offset === SSIENR) this.received = []
    }

    private transmit(value: number) {
        if (super.readUint32(CTRLR0) & SPI_FRF) return
        if (this.override === Override.None) this.select(true)
        this.received.push(
            this.selected ? this.flash.transfer(value & 0xff) : 0xff
        )
    }

    overrideSelect(override: number) {
        this.override = override
        this.select(override === Override.Low)
    }

    private select(on: boolean) {
        if (on === this.selected) return
        this.selected = on
        if (on) this.flash.select()
        else this.flash.deselect()
    }
}

class QspiPins extends Registers {
    constructor(
        chip: RP2040,
        private readonly ssi: Ssi
    ) {
        super(chip, "IO_QSPI")
    }

    override writeUint32(offset: number, value: number): void {
        super.writeUint32(offset, value)
        if (offset === GPIO_QSPI_SS_CTRL)
            this.ssi.overrideSelect((value >> 8) & 3)
    }
}
