// Deflates messages, and inflates what zlib has made of them, over and over. They come over TCP, each behind two bytes of length.
import { sleep } from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { dialNative } from "../../src/net/native"
import {
    deflate,
    Deflater,
    finish,
    maxDeflated,
} from "../../src/protocol/deflate"
import { feed, inflate, Inflater } from "../../src/protocol/inflate"
import { mark } from "./mark"

const port = await readSetting<number>("PORT")
const count = await readSetting<number>("COUNT")
const rounds = await readSetting<number>("ROUNDS")
const bits = await readSetting<number>("BITS")
const stream = await dialNative({ host: "127.0.0.1", port })
let rest = Buffer.alloc(0)

async function take(size: number): Promise<Buffer> {
    while (rest.length < size) rest = rest.concat(await stream.recv())
    const taken = rest.slice(0, size)
    rest = rest.slice(size)
    return taken
}

const plain: Buffer[] = []
const deflated: Buffer[] = []
for (let i = 0; i < 2 * count; ++i) {
    const size = (await take(2)).getAt(0, "u16")
    const message = await take(size)
    if (i < count) plain.push(message)
    else deflated.push(message)
}

/** @returns bytes sent, with those that a sender leaves out */
async function deflateAll(deflater: Deflater): Promise<number> {
    let bytes = 0
    for (const message of plain) {
        const out = Buffer.alloc(maxDeflated(message.length))
        const end = deflate(deflater, message, 0, message.length, out, 0)
        bytes += finish(deflater, out, end)
        await sleep(0)
    }
    return bytes
}

async function inflateAll(inflater: Inflater): Promise<number> {
    let bytes = 0
    for (const message of deflated) {
        feed(inflater, message, hex`0000ffff`)
        while (!inflater.isHungry) {
            bytes += inflate(inflater).length
            await sleep(0)
        }
    }
    return bytes
}

await mark("without")
const inflater = new Inflater(bits)
await mark("inflater")
const deflater = new Deflater(bits)
await mark("deflater")
console.log(`deflated ${await deflateAll(deflater)}`)
for (let round = 0; round < rounds; ++round) {
    await mark("begin deflate")
    await deflateAll(deflater)
    await mark("end")
    await mark("begin inflate")
    await inflateAll(inflater)
    await mark("end")
}
await mark("done")
