// Inflates a message over and over.
import { sleep } from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { dialNative } from "../../src/net/native"
import { feed, inflate, Inflater } from "../../src/protocol/inflate"
import { mark } from "./mark"

const stream = await dialNative({
    host: "127.0.0.1",
    port: await readSetting<number>("PORT"),
})
const data = Buffer.alloc(await readSetting<number>("SIZE"))
for (let at = 0; at < data.length;) {
    const chunk = await stream.recv()
    data.blitAt(at, chunk, 0, chunk.length)
    at += chunk.length
}
const rounds = await readSetting<number>("ROUNDS")
const bits = await readSetting<number>("BITS")
const inflater = new Inflater(bits)
const nothing = Buffer.alloc(0)
let total = 0
await mark("begin inflate")
for (let i = 0; i < rounds; ++i) {
    feed(inflater, data, nothing)
    while (!inflater.isHungry) {
        total += inflate(inflater).length
        await sleep(0)
    }
}
await mark("end")
console.log(`total ${total}`)
await mark("done")
