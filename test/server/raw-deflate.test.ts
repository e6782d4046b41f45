import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import { inflateRawSync } from "node:zlib"
import { deflateMessage } from "../../server/websocket/raw-deflate.ts"

const deflated = (data: Buffer, bits: number) =>
    new Promise<Buffer>(resolve => deflateMessage(data, bits, resolve))

/** Random bytes, four times: they get shorter only by references that far back. */
const repeated = (distance: number) =>
    Buffer.concat(Array(4).fill(randomBytes(distance)))

for (const bits of [8, 9, 10, 11, 12, 13, 14, 15])
    test(`references go back by less than a window of ${bits} bits`, async () => {
        const window = 1 << bits
        for (const distance of [window + 1, window + 50, 2 * window]) {
            const data = repeated(distance)
            const payload = await deflated(data, bits)
            assert.ok(payload.length > 0.9 * data.length, `${distance}`)
        }
        const near = repeated(window / 2 - 6)
        const payload = await deflated(near, bits)
        assert.ok(payload.length < 0.7 * near.length)
        assert.ok(inflateRawSync(payload, { finishFlush: 2 }).equals(near))
    })
