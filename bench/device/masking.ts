// Masks a slice over and over.
import { sleep } from "@devicescript/core"
import { mask } from "../../src/protocol/mask"
import { mark } from "./mark"

const slice = Buffer.alloc(1008)
await mark("begin masking")
for (let i = 0; i < 2000; ++i) {
    mask(slice, 0, slice.length, 0x12345678)
    await sleep(0)
}
await mark("end")
await mark("begin nothing")
for (let i = 0; i < 2000; ++i) await sleep(0)
await mark("end")
await mark("done")
