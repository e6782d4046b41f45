import { randomBuffer } from "@devicescript/crypto"
import { sleep } from "../fiber/clock"
import { deadlineIn, waitUntil } from "../fiber/deadline"
import { acquire, Lock, release } from "../fiber/lock"
import { notify, Signal, wait } from "../fiber/signal"
import { Stream, StreamError } from "../net/stream"
import { FIN, OP_CLOSE, OP_PING } from "../protocol/codes"
import { frame, masked } from "../protocol/frame"
import { Extension } from "../protocol/handshake-value"

/** Most payload bytes in a write: with a header what every network takes at once. */
export const MAX_WRITE = 1008

/** Of a stream with a credit: most payload bytes of a frame, so that two fit into it, and what a frame costs beside them. */
const MAX_PROVED = 1880
const FRAME_COST = 160

/** The head of a Pong with 8 bytes, in hex. */
const PONG = "8a08"

/** Output after which the fiber gives way, far from the VM's limit of steps; a write costs as much as so many bytes. */
const OUTPUT_A_TURN = 8192
const WRITE = 128

/** Most Pongs that wait for a peer who does not read; RFC 6455, 5.5.3 allows to skip older ones. */
const MAX_CONTROLS = 8

/** Milliseconds in which Pongs may go out before the next Ping is read. */
const PATIENCE = 100

/** Random bytes fetched at a time: the masking keys of eight frames. */
const KEYS = 32

/** What goes to the server: frame by frame, none of them torn, control frames before any message that waits. */
export class Output {
    /** What broke the link. */
    error: Error
    /** The Close frame is out, or next; after it there is nothing. */
    isClosing: boolean
    /** The Close frame is out. */
    isClosed: boolean
    /** Whose frame is on its way. */
    readonly turn = new Lock()
    /** Sends a message in several frames; other messages wait. */
    writer: any
    /** Bytes that the link has taken: more of them are a sign of life. */
    sent = 0

    /** Control frames have gone out, or a writer has come to its end. */
    readonly changed = new Signal()
    /** Control frames that wait. */
    readonly controls: Buffer[] = []
    /** Since the fiber gave way. */
    work = 0

    constructor(
        readonly stream: Stream,
        readonly extension: Extension
    ) {}
}

/** Sends a message in one frame. @throws StreamError */
export async function sendMessage(
    output: Output,
    head: number,
    data: Buffer | string,
    length: number
) {
    const { turn, extension } = output
    while (output.writer) await wait(output.changed)
    await acquire(turn)
    try {
        if (extension) {
            const coded = await extension.encode(data, true, true)
            if (coded) {
                head |= extension.rsv
                data = coded
                length = coded.length
            }
        }
        await sendFrame(output, head, data, length)
    } finally {
        release(turn)
    }
}

/** Sends a frame; as several, where only so much may be on its way. The calling fiber has the turn. @throws StreamError */
export async function sendFrame(
    output: Output,
    head: number,
    data: Buffer | string,
    length: number
) {
    if (output.stream.credit !== undefined) {
        if (length > MAX_PROVED) {
            for (let at = 0; at < length; at += MAX_PROVED) {
                const size = Math.min(length - at, MAX_PROVED)
                const isLast = at + size === length
                const piece = Buffer.alloc(size)
                piece.blitAt(0, data, at, size)
                await sendFrame(
                    output,
                    isLast ? head : head & ~FIN,
                    piece,
                    size
                )
                head &= FIN
            }
            return
        }
        if (output.stream.credit < length + FRAME_COST) await prove(output)
    }
    await begin(output)
    const key = nextKey()
    let size = Math.min(length, MAX_WRITE)
    await write(output, frame(head, length, data, size, key))
    for (let at = size; at < length; at += size) {
        size = Math.min(length - at, MAX_WRITE)
        await write(output, masked(0, data, at, size, key))
    }
    await sendControls(output)
}

/** To be called before a frame: sends what goes before it. @throws StreamError when nothing can be sent any more */
export async function begin(output: Output) {
    await sendControls(output)
    if (output.isClosing) throw output.error || new StreamError("closed")
}

/**
 * Sends a control frame as soon as the frame that is on its way is complete, without waiting for it: a peer that does not read
 * can hold up what is sent, never what is received.
 */
export async function sendControl(
    output: Output,
    opcode: number,
    payload: Buffer
) {
    const { controls } = output
    const deadline = deadlineIn(PATIENCE)
    while (controls.length >= MAX_CONTROLS)
        if (!(await waitUntil(output.changed, deadline))) controls.insert(0, -1)
    if (output.isClosing) return
    output.isClosing = opcode === OP_CLOSE
    // A server that has closed may owe a proof for ever.
    if (output.isClosing && output.stream.waive) output.stream.waive()
    const { length } = payload
    controls.push(frame(FIN | opcode, length, payload, length, nextKey()))
    if (!output.turn.owner) flush.start(output)
}

/** Sends the control frames that wait, and a Close frame behind the messages that wait. */
export async function flush(output: Output, closeBody?: Buffer) {
    const { turn } = output
    await acquire(turn)
    if (closeBody) await sendControl(output, OP_CLOSE, closeBody)
    try {
        await sendControls(output)
    } catch {
        // Whoever reads will be told.
    }
    release(turn)
}

export async function sendControls(output: Output) {
    const { controls } = output
    if (!controls.length) return
    while (controls.length) {
        const control = controls[0]
        controls.insert(0, -1)
        // Behind a Close frame nobody answers a Ping; what may stand before ours fits all the same.
        if (
            !output.isClosing &&
            output.stream.credit < control.length + FRAME_COST
        )
            await prove(output)
        await write(output, control)
    }
    output.isClosed = output.isClosing
    notify(output.changed)
}

/** A Ping that has come back proves that all before it has arrived. */
async function prove(output: Output) {
    const nonce = randomBuffer(8)
    await write(
        output,
        frame(FIN | OP_PING, 8, nonce, 8, nextKey()),
        PONG + nonce.toString("hex")
    )
}

/**
 * Hands bytes to the link.
 * @param answer in hex, to wait for
 */
export async function write(output: Output, bytes: Buffer, answer?: string) {
    const { stream } = output
    try {
        if (answer) await stream.prove(bytes, answer)
        else await stream.send(bytes)
    } catch (e: any) {
        await stop(output, e)
        throw output.error
    }
    output.sent += bytes.length
    output.work += bytes.length + WRITE
    if (output.work > OUTPUT_A_TURN) {
        output.work = 0
        await sleep(0)
    }
}

/** The end: whoever waits is told. */
export async function stop(output: Output, error?: Error) {
    if (!output.error) output.error = error
    output.isClosing = true
    output.writer = undefined
    await output.stream.close()
    notify(output.changed)
}

let keys: Buffer
let keysLeft = 0

/** Strong random, and new for each frame: RFC 6455, 5.3. */
export function nextKey(): number {
    if (!keysLeft) {
        keys = randomBuffer(KEYS)
        keysLeft = KEYS
    }
    keysLeft -= 4
    return keys.getAt(keysLeft, "i32")
}
