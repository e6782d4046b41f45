/** A serial line, 8 data bits, no parity, one stop bit. */
export interface Uart {
    /** Bits per second. */
    readonly baud: number
    /** Bytes or frames that came damaged, or not at all, since the start. */
    readonly errors: number

    /**
     * Brings the line to its initial state.
     * @throws StreamError when the hardware is not there
     */
    start(): Promise<void>

    /** @returns what has arrived; undefined when nothing has */
    read(): Promise<Buffer>

    /**
     * Sends all of `data`.
     * @throws StreamError when the other end does not take it
     */
    write(data: Buffer): Promise<void>

    /** Lets about so many milliseconds pass. */
    rest(milliseconds: number): Promise<void>
}

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
