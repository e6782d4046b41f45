import { millis } from "@devicescript/core"
import { StreamError } from "../stream"
import { Bus } from "../bus/bus"
import { W5500_SN_CR } from "./registers"
import { FRAME_HEADER, setHeader, socketBlock } from "./w5500"

/** Milliseconds in which the chip takes a command; it needs microseconds. */
const COMMAND_TIMEOUT = 500

/** Writes the registers of one socket, and gives commands. */
export class SocketRegisters {
    /** Block select bits. */
    protected readonly block: number
    /** The chip may not have taken the last command yet. */
    protected unsettled = false
    private readonly byteFrame = Buffer.alloc(FRAME_HEADER + 1)
    private readonly wordFrame = Buffer.alloc(FRAME_HEADER + 2)

    constructor(
        private readonly bus: Bus,
        readonly n: number
    ) {
        this.block = socketBlock(n)
    }

    /** Waits until the chip has taken the command before, and gives another one. */
    protected async command(code: number) {
        if (this.unsettled) await this.settle()
        await this.setByte(W5500_SN_CR, code)
        this.unsettled = true
    }

    /** Sn_CR reads as 0 when the chip has taken the command. */
    private async settle() {
        const deadline = millis() + COMMAND_TIMEOUT
        const frame = this.byteFrame
        for (;;) {
            setHeader(frame, this.block, W5500_SN_CR, false)
            await this.bus.exchange(frame)
            if (!frame[FRAME_HEADER]) break
            if (millis() > deadline)
                throw new StreamError(
                    `w5500: socket ${this.n} did not take a command in ${COMMAND_TIMEOUT} ms, Sn_CR reads ${frame[FRAME_HEADER]}`
                )
        }
        this.unsettled = false
    }

    protected async setByte(register: number, value: number) {
        const frame = this.byteFrame
        setHeader(frame, this.block, register, true)
        frame[FRAME_HEADER] = value
        await this.bus.exchange(frame)
    }

    /** @param header of a write */
    protected async setWord(header: number, value: number) {
        const frame = this.wordFrame
        frame.setAt(0, "u32", header)
        frame[FRAME_HEADER] = value >> 8
        frame[FRAME_HEADER + 1] = value & 0xff
        await this.bus.exchange(frame)
    }
}
