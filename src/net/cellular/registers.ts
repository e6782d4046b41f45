import { sleep } from "@devicescript/core"
import { Bus, transact } from "../bus/bus"

/** The way to a chip's registers. */
export interface Registers {
    /** @returns `length` bytes of one register: none but a FIFO has more than one */
    read(register: number, length: number): Promise<Buffer>
    write(register: number, data: Buffer): Promise<void>
    /** Lets about so many milliseconds pass. */
    rest(milliseconds: number): Promise<void>
    /** What to look at when the chip does not answer. */
    readonly hint: string
}

/** What this needs of `@devicescript/i2c`. */
export interface I2cBus {
    xfer(address: number, data: Buffer, read?: number): Promise<Buffer>
}

/** @see SC16IS740/750/760 data sheet Rev. 7, 10.2 and 10.4: R/W in bit 7 (SPI), register in bits 6:3, channel A */
const READ = 0x80

/** The chip on SPI, mode 0, at most 4 MHz (SC16IS760: 15 MHz). */
export function spiRegisters(bus: Bus): Registers {
    return {
        hint: "look at power, ground, CS, SCK, MOSI and MISO, and whether the pin I2C/SPI is low",
        read: async (register, length) => {
            const frame = Buffer.alloc(1 + length)
            frame[0] = READ | (register << 3)
            await transact(bus, frame)
            return frame.slice(1)
        },
        write: async (register, data) => {
            const frame = Buffer.alloc(1 + data.length)
            frame[0] = register << 3
            frame.blitAt(1, data, 0, data.length)
            await transact(bus, frame)
        },
        rest: async milliseconds => await bus.rest(milliseconds),
    }
}

/**
 * The chip on I2C, whose pins are the board's.
 * @param address 7 bits: 0x48-0x57, by the pins A0 and A1 (data sheet table 32)
 */
export function i2cRegisters(bus: I2cBus, address = 0x48): Registers {
    return {
        hint: `look at power, ground, SDA, SCL and their pull-ups, whether the pin I2C/SPI is high, and A0 and A1 for address ${address}`,
        read: async (register, length) =>
            await bus.xfer(address, Buffer.from([register << 3]), length),
        write: async (register, data) => {
            const frame = Buffer.alloc(1 + data.length)
            frame[0] = register << 3
            frame.blitAt(1, data, 0, data.length)
            await bus.xfer(address, frame)
        },
        rest: async milliseconds => await sleep(milliseconds),
    }
}
