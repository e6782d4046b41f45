/** The way to the chip. Calls may come from several fibers at once: whoever implements it lets them through one by one. */
export interface Bus {
    /**
     * One chip-selected transaction, full duplex: `data` goes out, and what comes in meanwhile takes its place.
     * @param data 1..4,096 bytes
     */
    exchange(data: Buffer): Promise<void>

    /**
     * Lets about so many milliseconds pass without selecting the chip; may end early when somebody wants the bus.
     * On a board this must not depend on a timer: see `spiBus`.
     */
    rest(milliseconds: number): Promise<void>

    /** Drives the chip's RSTn pin; absent when the pin is not wired. */
    setReset?(level: boolean): void
}
