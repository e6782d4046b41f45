import { acquire, Lock, release } from "../../fiber/lock"

/** The way to a chip on SPI. */
export interface Bus {
    /** Who exchanges something has it; whoever keeps it does several transactions without another one in between. */
    readonly lock: Lock

    /**
     * How long a transaction of more than 5 bytes has to be at least, at 8 MHz: the end of a shorter one may be missed. What
     * a chip sends beyond what was asked for is thrown away.
     */
    readonly shortest: number

    /**
     * One chip-selected transaction, full duplex: `data` goes out, and what comes in meanwhile takes its place.
     * @param data 1..4,096 bytes
     */
    exchange(data: Buffer): Promise<void>

    /**
     * Lets about so many milliseconds pass without selecting the chip; ends early when somebody wants the bus. For the one
     * fiber that polls; it takes the lock itself. On an RP2040 this must not depend on a timer.
     */
    rest(milliseconds: number): Promise<void>

    /** Drives the chip's RSTn pin; absent when the pin is not wired. */
    setReset?(level: boolean): void
}

/** One transaction for a fiber that does not have the lock. */
export async function transact(bus: Bus, data: Buffer) {
    await acquire(bus.lock)
    try {
        await bus.exchange(data)
    } finally {
        release(bus.lock)
    }
}
