/** Frames as a server sends them, RFC 6455, 5.2; every bit can be set wrong. */

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

export interface FrameOptions {
    /** The message's last frame. Default true. */
    fin?: boolean
    /** RSV1 to RSV3, 0..7. Default 0. */
    rsv?: number
    /** Masked, as only a client may. */
    masked?: boolean
    /** How the length is written. Default: the shortest form. */
    form?: 7 | 16 | 64
    /** The length that is announced. Default: the payload's. */
    announced?: number | bigint
}

/** A frame as its bytes. */
export function frame(
    opcode: number,
    payload: string | Uint8Array = "",
    options: FrameOptions = {}
): Buffer {
    const body = Buffer.from(payload)
    const { masked, announced = body.length } = options
    const head = header(opcode, BigInt(announced), options)
    if (!masked) return Buffer.concat([head, body])
    head[1] |= 0x80
    const key = Buffer.from("a53c0ff1", "hex")
    const scrambled = body.map((byte, i) => byte ^ key[i & 3])
    return Buffer.concat([head, key, scrambled])
}

function header(
    opcode: number,
    length: bigint,
    { fin = true, rsv = 0, form }: FrameOptions
): Buffer {
    const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
    form ??= length < 126n ? 7 : length < 65536n ? 16 : 64
    if (form === 7) return Buffer.from([first, Number(length)])
    const head = Buffer.alloc(form === 16 ? 4 : 10)
    head[0] = first
    head[1] = form === 16 ? 126 : 127
    if (form === 16) head.writeUInt16BE(Number(length), 2)
    else head.writeBigUInt64BE(length, 2)
    return head
}

/** A Close frame; without a code it is empty. */
export function closeFrame(
    code?: number,
    reason: string | Uint8Array = ""
): Buffer {
    if (code === undefined) return frame(CLOSE)
    const body = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)])
    body.writeUInt16BE(code)
    return frame(CLOSE, body)
}

/** A message cut into fragments at the given offsets. */
export function fragments(
    opcode: number,
    payload: string | Uint8Array,
    cuts: number[]
): Buffer[] {
    const body = Buffer.from(payload)
    return [0, ...cuts].map((from, i) =>
        frame(i ? CONTINUATION : opcode, body.subarray(from, cuts[i]), {
            fin: i === cuts.length,
        })
    )
}

/** The offsets that cut `length` bytes into pieces of `size`. */
export function every(size: number, length: number): number[] {
    const count = Math.max(Math.ceil(length / size) - 1, 0)
    return Array.from({ length: count }, (_, i) => (i + 1) * size)
}
