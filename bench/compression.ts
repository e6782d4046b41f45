/** Compression on the device beside zlib's on the same messages. */
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { constants, createDeflateRaw } from "node:zlib"
import { best, heaps, time } from "./run.ts"

/** What a sensor sends, a message a second: 200 B of JSON. */
export function telemetry(count: number): Buffer[] {
    return Array.from({ length: count }, (_, i) => {
        const wave = (period: number) => Math.sin((2 * Math.PI * i) / period)
        const values = {
            device: "greenhouse-3",
            seq: 48211 + i,
            uptime: 173122 + i,
            temperature: (21.4 + wave(60) + wave(7) / 9).toFixed(2),
            humidity: (48 + 4 * wave(45)).toFixed(1),
            pressure: (1013.2 + wave(90) / 4).toFixed(1),
            light: Math.round(5200 + 900 * wave(33)),
            battery: (3.92 - i / 5000).toFixed(3),
            rssi: Math.round(-63 + 4 * wave(11)),
            state: i % 20 ? "running" : "watering",
            errors: 0,
        }
        return Buffer.from(JSON.stringify(values))
    })
}

export function text(): Buffer[] {
    const all = readFileSync("docs/api.md")
    return Array.from({ length: 8 }, (_, i) =>
        all.subarray(500 * i, 500 * i + 500)
    )
}

/** Messages one behind the other, each without the four bytes that its sender leaves out. */
export async function byZlib(
    messages: Buffer[],
    windowBits: number,
    level: number
) {
    const deflater = createDeflateRaw({ windowBits, level })
    const deflated = []
    for (const message of messages) {
        deflater.write(message)
        await new Promise<void>(done =>
            deflater.flush(constants.Z_SYNC_FLUSH, done)
        )
        const whole: Buffer = deflater.read()
        deflated.push(whole.subarray(0, -4))
    }
    return deflated
}

function framed(message: Buffer): Buffer {
    const size = Buffer.alloc(2)
    size.writeUInt16LE(message.length)
    return Buffer.concat([size, message])
}

const sum = (messages: Buffer[]) =>
    messages.reduce((all, { length }) => all + length, 0)

/** What compression with windows of `1 << bits` bytes takes and saves. */
export interface Costs {
    /** Bytes as they are, as the device deflates them, and as zlib does with levels 1 and 6. */
    plain: number
    device: number
    zlib: number[]
    /** Microseconds of the VM for a message. */
    deflate: number
    inflate: number
    /** Bytes of the heap. */
    inflater: number
    deflater: number
}

export async function costs(
    messages: Buffer[],
    bits: number,
    rounds: number
): Promise<Costs> {
    const deflated = await byZlib(messages, bits, 6)
    const all = Buffer.concat([...messages, ...deflated].map(framed))
    const server = createServer(socket => socket.end(all))
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    const settings = { PORT: port, COUNT: messages.length, BITS: bits }
    const steps = ["without", "inflater", "deflater"]
    const live = await heaps("deflate", steps, { ...settings, ROUNDS: 0 })
    let device = 0
    const timings = await time(
        "deflate",
        { ...settings, ROUNDS: rounds },
        line => {
            const match = /^deflated (\d+)$/.exec(line)
            if (match) device = Number(match[1])
        }
    )
    server.close()
    const perMessage = (what: string) =>
        (best(timings[what]) / messages.length) * 1000
    return {
        plain: sum(messages),
        device,
        zlib: [sum(await byZlib(messages, bits, 1)), sum(deflated)],
        deflate: perMessage("deflate"),
        inflate: perMessage("inflate"),
        inflater: live.inflater - live.without,
        deflater: live.deflater - live.inflater,
    }
}
