/** How the ESP32's TCP hands over small segments, and holds its own back (sim/inbox.ts, sim/send-buffer.ts). */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import type { Medium } from "../../sim/connection.ts"
import { FIRMWARE } from "../../sim/firmware.ts"
import { Inbox } from "../../sim/inbox.ts"
import { SendBuffer } from "../../sim/send-buffer.ts"

const MEDIUM: Medium = {
    firmware: FIRMWARE.esp32,
    delivery: "idle",
    refused: false,
    delay: 0,
    fault: "none",
    isStalled: false,
    adopt: () => {},
    emit: () => true,
}

/** An inbox in which some segments have arrived. */
function inboxWith(t: TestContext, segments: number, size: number) {
    t.mock.timers.enable({ apis: ["setTimeout"] })
    let wakes = 0
    const vm = { wake: () => wakes++, hasRoom: () => true }
    const inbox = new Inbox(MEDIUM, vm)
    for (let n = 0; n < segments; n++) inbox.push(Buffer.alloc(size, n))
    return { inbox, wakes: () => wakes }
}

const lengths = (pieces: Buffer[]) => pieces.map(({ length }) => length)

test("six small segments fit the mailbox, and one look finds all of them in one piece", t => {
    const { inbox } = inboxWith(t, 6, 10)
    assert.deepEqual(lengths(inbox.poll(false)), [60])
    assert.ok(inbox.isEmpty)
})

test("what does not fit the mailbox is offered again only 250 ms later, and the board is woken for it", t => {
    const { inbox, wakes } = inboxWith(t, 9, 10)
    assert.deepEqual(lengths(inbox.poll(false)), [60])
    t.mock.timers.tick(249)
    assert.deepEqual(inbox.poll(false), [])
    assert.equal(wakes(), 0)
    t.mock.timers.tick(1)
    assert.equal(wakes(), 1)
    assert.deepEqual(lengths(inbox.poll(false)), [30])
    assert.ok(inbox.isEmpty)
})

test("of full segments one look finds a TCP window, in pieces of 1,024 bytes, and the next one the rest", t => {
    const { inbox } = inboxWith(t, 5, 1440)
    const first = lengths(inbox.poll(false))
    assert.deepEqual(first, [1024, 1024, 1024, 1024, 1024, 624])
    assert.deepEqual(lengths(inbox.poll(false)), [1024, 432])
})

/** A send buffer; what it has sent, and how to acknowledge the earliest of it. */
function sender() {
    const sent: number[] = []
    const waiting: (() => void)[] = []
    const buffer = new SendBuffer({
        medium: MEDIUM,
        transmit: (bytes, taken) => {
            sent.push(bytes.length)
            waiting.push(taken)
        },
        room: () => {},
    })
    return {
        sent,
        acknowledge: () => waiting.shift()!(),
        write: (size: number) => buffer.push(size, Buffer.alloc(size)),
    }
}

test("Nagle: the first small write goes at once, those behind it in one segment when it is acknowledged", () => {
    const { sent, write, acknowledge } = sender()
    for (let n = 0; n < 4; n++) write(10)
    assert.deepEqual(sent, [10])
    acknowledge()
    assert.deepEqual(sent, [10, 30])
})

test("Nagle: a full segment does not wait, whatever is on its way", () => {
    const { sent, write } = sender()
    write(10)
    write(1439)
    assert.deepEqual(sent, [10])
    write(1)
    assert.deepEqual(sent, [10, 1440])
})
