/**
 * What goes over a board's serial port: the text of its log, and in between, quoted, Jacdac frames.
 *
 * @see https://microsoft.github.io/jacdac-docs/services/usbbridge/
 */

const MAGIC = 0xfe
/** What can stand behind MAGIC. */
const quote = {
    literalMagic: 0xf8,
    reserved: 0xf9,
    serialGap: 0xfa,
    frameGap: 0xfb,
    frameStart: 0xfc,
    frameEnd: 0xfd,
} as const
const IGNORED: number[] = [quote.reserved, quote.serialGap, quote.frameGap]
/** Bytes of the longest frame, and of a line: more is noise, of a port at another speed for instance. */
const MAX_FRAME = 255
const MAX_LINE = 1024

/** What comes in. */
export interface BridgeListener {
    /** A line of the log, without its end. */
    line(text: string): void
    /** A frame, unchecked. */
    frame(bytes: Uint8Array): void
}

/** Takes the two apart. */
export class Bridge {
    private frame: number[] | undefined
    private line: number[] = []
    private quoting = false

    constructor(private readonly listener: BridgeListener) {}

    /** Bytes from the port, cut anyhow. */
    push(bytes: Uint8Array): void {
        for (const byte of bytes) this.byte(byte)
    }

    private byte(byte: number) {
        if (!this.quoting) {
            if (byte === MAGIC) this.quoting = true
            else this.content(byte)
            return
        }
        this.quoting = false
        if (byte === quote.literalMagic) this.content(MAGIC)
        else if (byte === quote.frameStart) this.frame = []
        else if (byte === quote.frameEnd) this.frameEnds()
        else if (!IGNORED.includes(byte)) this.content(byte)
    }

    private content(byte: number) {
        if (this.frame) {
            this.frame.push(byte)
            if (this.frame.length > MAX_FRAME) this.frame = undefined
        } else if (byte === 10 || this.line.length === MAX_LINE) this.lineEnds()
        else if (byte !== 0) this.line.push(byte)
    }

    private frameEnds() {
        const { frame } = this
        this.frame = undefined
        if (frame) this.listener.frame(Uint8Array.from(frame))
    }

    private lineEnds() {
        const text = Buffer.from(this.line).toString("utf8").trimEnd()
        this.line = []
        if (text) this.listener.line(text)
    }
}

/** @returns a frame as it goes over the port */
export function quoted(frame: Uint8Array): Buffer {
    const bytes: number[] = [MAGIC, quote.frameStart]
    for (const byte of frame) {
        bytes.push(byte)
        if (byte === MAGIC) bytes.push(quote.literalMagic)
    }
    return Buffer.from([...bytes, MAGIC, quote.frameEnd])
}
