import { connect, Socket } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"
import { simulateRp2040 } from "../../src/fiber/rp2040"
import { Bus } from "../../src/net/bus/bus"
import { I2cBus } from "../../src/net/cellular/registers"
import { suspendInVm } from "../../src/fiber/clock"
import { acquire, acquireLast, Lock, release } from "../../src/fiber/lock"

/** As on the board that these chips are on most: unless a setting says otherwise, with what its firmware's defects force. */
const rp2040: boolean = await readSetting("RP2040", true)
if (rp2040) simulateRp2040()
/** As at 8 MHz. */
const SHORTEST = 120

/** The program has one socket, so all chips hang on one wire: each write names the chip that it is for. */
let wire: Socket
const wireLock = new Lock()

/** @returns what the chip answers, if it does */
async function tell(
    chip: string,
    data: Buffer,
    answers: boolean
): Promise<Buffer> {
    await acquire(wireLock)
    try {
        if (!wire) wire = await connect({ host: "sim:bus", port: 1 })
        await wire.send(Buffer.concat(Buffer.from(`${chip}\n`), data))
        return answers ? await wire.recv() : undefined
    } finally {
        release(wireLock)
    }
}

/**
 * Takes the place of a board's SPI pins in the simulator. Each write is one chip-selected transaction with the model of
 * the chip; a write of one byte sets RSTn.
 */
export function simBus(chip = "w5500"): Bus {
    const lock = new Lock()
    return {
        lock,
        shortest: rp2040 ? SHORTEST : 0,
        exchange: async data => {
            const answer = await tell(chip, data, true)
            data.blitAt(0, answer, 0, answer.length)
        },
        rest: async milliseconds => {
            await acquireLast(lock)
            release(lock)
            await suspendInVm(milliseconds)
        },
        setReset: async level => await simPin(chip, level),
    }
}

/** Takes the place of a board's I2C. Each write is one transaction. */
export function simI2c(chip: string): I2cBus {
    return {
        xfer: async (address, data, read = 0) => {
            const frame = Buffer.concat(Buffer.from([read]), data)
            const answer = await tell(chip, frame, true)
            if (!answer[0]) throw new Error(`I2C error dev=${address}`)
            return answer.slice(1)
        },
    }
}

/** Takes the place of an output pin. */
export async function simPin(chip: string, level: boolean) {
    await tell(chip, Buffer.from([level ? 1 : 0]), false)
}
