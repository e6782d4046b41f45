/** The model of the W5500 against the datasheet (version 1.0.9), through its pins only. */
import assert from "node:assert/strict"
import type { Socket } from "node:net"
import { test, type TestContext } from "node:test"
import { W5500 } from "../../sim/chips/w5500/w5500.ts"
import { HomeLan, network } from "../../sim/chips/w5500/home.ts"
import { echo, serve, until } from "../networks/ethernet-board.ts"

const COMMON = 0
const registers = (n: number) => n * 4 + 1
const transmit = (n: number) => n * 4 + 2
const receive = (n: number) => n * 4 + 3

/** Variable length mode: the frame is as long as SCSn is low (2.3). */
function read(chip: W5500, block: number, offset: number, length: number) {
    chip.select()
    for (const byte of [offset >> 8, offset & 0xff, block << 3])
        chip.transfer(byte)
    const data = Array.from({ length }, () => chip.transfer(0))
    chip.deselect()
    return data
}

function write(chip: W5500, block: number, offset: number, data: number[]) {
    chip.select()
    const control = (block << 3) | 4
    for (const byte of [offset >> 8, offset & 0xff, control, ...data])
        chip.transfer(byte)
    chip.deselect()
}

function word(value: number) {
    return [(value >> 8) & 0xff, value & 0xff]
}

function plugged(t: TestContext) {
    const chip = new W5500({ negotiation: 0, pace: 50 })
    const lan = new HomeLan()
    chip.plug(lan)
    t.after(() => chip.close())
    write(chip, COMMON, 0x0001, [192, 168, 77, 1])
    write(chip, COMMON, 0x0005, [255, 255, 255, 0])
    write(chip, COMMON, 0x000f, [192, 168, 77, 50])
    return { chip, lan }
}

async function established(t: TestContext, port: number) {
    const { chip, lan } = plugged(t)
    await until("a link", () => (read(chip, COMMON, 0x2e, 1)[0] & 1) === 1)
    write(chip, registers(0), 0x00, [1])
    write(chip, registers(0), 0x04, word(50000))
    write(chip, registers(0), 0x01, [0x01])
    write(chip, registers(0), 0x0c, network.machine.split(".").map(Number))
    write(chip, registers(0), 0x10, word(port))
    write(chip, registers(0), 0x01, [0x04])
    await until("SOCK_ESTABLISHED", () => status(chip) === 0x17)
    return { chip, lan }
}

function status(chip: W5500) {
    return read(chip, registers(0), 0x03, 1)[0]
}

test("registers have their reset values (4.1, 4.2)", () => {
    const chip = new W5500()
    const expected: [number, number, number[]][] = [
        [COMMON, 0x19, [0x07, 0xd0]],
        [COMMON, 0x1b, [8]],
        [COMMON, 0x1c, [0x28]],
        [COMMON, 0x26, [0xff, 0xff]],
        [COMMON, 0x39, [4]],
        [registers(3), 0x03, [0]],
        [registers(3), 0x06, [255, 255, 255, 255, 255, 255]],
        [registers(3), 0x16, [0x80]],
        [registers(3), 0x1e, [2, 2]],
        [registers(3), 0x20, [0x08, 0x00]],
        [registers(3), 0x2c, [0xff, 0x40, 0x00, 0]],
    ]
    for (const [block, offset, data] of expected)
        assert.deepEqual(read(chip, block, offset, data.length), data)
})

test("variable length: the address moves on by itself, and wraps (2.3)", () => {
    const chip = new W5500()
    write(chip, COMMON, 0x09, [2, 3, 4, 5, 6, 7])
    assert.deepEqual(read(chip, COMMON, 0x08, 8), [0, 2, 3, 4, 5, 6, 7, 0])
    write(chip, transmit(0), 0xffff, [0xaa, 0xbb])
    assert.deepEqual(read(chip, transmit(0), 0x0000, 1), [0xbb])
})

test("fixed length: 1, 2 or 4 bytes, frame after frame with SCSn low (2.4)", () => {
    const chip = new W5500()
    chip.select()
    const send = (...bytes: number[]) => bytes.map(byte => chip.transfer(byte))
    send(0x00, 0x09, 0x07, 2, 3, 4, 5)
    send(0x00, 0x0d, 0x06, 6, 7)
    assert.equal(send(0x00, 0x39, 0x01, 0).at(-1), 4)
    assert.deepEqual(send(0x00, 0x09, 0x03, 0, 0, 0, 0).slice(3), [2, 3, 4, 5])
    assert.deepEqual(send(0x00, 0x0d, 0x02, 0, 0).slice(3), [6, 7])
    chip.deselect()
})

test("a chip that is not selected, or held in reset, does nothing", () => {
    const chip = new W5500()
    for (const byte of [0, 0x09, 0x04, 1]) chip.transfer(byte)
    assert.deepEqual(read(chip, COMMON, 0x09, 1), [0])
    chip.reset(false)
    write(chip, COMMON, 0x09, [1])
    assert.deepEqual(read(chip, COMMON, 0x39, 1), [0])
    chip.reset(true)
    assert.deepEqual(read(chip, COMMON, 0x39, 1), [4])
    assert.deepEqual(read(chip, COMMON, 0x09, 1), [0])
})

test("MR[RST] and RSTn bring the reset values back", () => {
    for (const reset of [
        (chip: W5500) => write(chip, COMMON, 0x00, [0x80]),
        (chip: W5500) => [false, true].forEach(level => chip.reset(level)),
    ]) {
        const chip = new W5500()
        write(chip, COMMON, 0x0f, [1, 2, 3, 4])
        write(chip, registers(2), 0x1e, [4])
        reset(chip)
        assert.deepEqual(read(chip, COMMON, 0x0f, 4), [0, 0, 0, 0])
        assert.deepEqual(read(chip, registers(2), 0x1e, 1), [2])
    }
})

test("read-only registers stay as they are", () => {
    const chip = new W5500()
    write(chip, COMMON, 0x39, [9])
    write(chip, registers(1), 0x03, [0x17])
    write(chip, registers(1), 0x20, [0xff, 0xff, 0xff, 0xff])
    assert.deepEqual(read(chip, COMMON, 0x39, 1), [4])
    assert.deepEqual(read(chip, registers(1), 0x03, 1), [0])
    assert.deepEqual(read(chip, registers(1), 0x20, 4), [8, 0, 0, 0])
})

test("TCP: data goes out with SEND, comes in until RECV makes room, and Sn_IR tells (4.2)", async t => {
    const { chip } = await established(t, await serve(t, echo))
    assert.equal(read(chip, registers(0), 0x02, 1)[0], 0x01)
    assert.notDeepEqual(read(chip, registers(0), 0x06, 1), [0xff])
    write(chip, transmit(0), 0, [1, 2, 3])
    write(chip, registers(0), 0x24, word(3))
    assert.deepEqual(read(chip, registers(0), 0x20, 2), word(2045))
    write(chip, registers(0), 0x01, [0x20])
    await until(
        "SEND_OK and RECV",
        () => read(chip, registers(0), 0x02, 1)[0] === 0x15
    )
    assert.deepEqual(read(chip, registers(0), 0x20, 6), [8, 0, 0, 3, 0, 3])
    assert.deepEqual(read(chip, registers(0), 0x26, 6), [0, 3, 0, 0, 0, 3])
    assert.deepEqual(read(chip, receive(0), 0, 3), [1, 2, 3])
    write(chip, registers(0), 0x28, word(3))
    assert.deepEqual(read(chip, registers(0), 0x26, 2), [0, 3])
    write(chip, registers(0), 0x01, [0x40])
    assert.deepEqual(read(chip, registers(0), 0x26, 2), [0, 0])
    write(chip, registers(0), 0x02, [0x04])
    assert.equal(read(chip, registers(0), 0x02, 1)[0], 0x11)
})

test("TCP: no more comes in than fits, and the rest after RECV", async t => {
    const port = await serve(t, socket => socket.end(Buffer.alloc(3000, 7)))
    const { chip } = await established(t, port)
    const received = () => read(chip, registers(0), 0x26, 2)
    await until("a full buffer", () => received()[0] === 8)
    assert.equal(status(chip), 0x17)
    write(chip, registers(0), 0x28, word(2048))
    write(chip, registers(0), 0x01, [0x40])
    await until("SOCK_CLOSE_WAIT", () => status(chip) === 0x1c)
    assert.deepEqual(received(), word(952))
    write(chip, registers(0), 0x01, [0x08])
    await until("SOCK_CLOSED", () => status(chip) === 0)
})

test("what the peer sends while the cable is out comes when it is in again", async t => {
    let peer: Socket | undefined
    const port = await serve(t, socket => (peer = socket))
    const { chip, lan } = await established(t, port)
    await until("the peer's end", () => peer !== undefined)
    chip.unplug()
    await new Promise<void>(done => peer!.end("late", done))
    assert.deepEqual(read(chip, registers(0), 0x26, 2), [0, 0])
    assert.equal(status(chip), 0x17)
    chip.plug(lan)
    await until("SOCK_CLOSE_WAIT", () => status(chip) === 0x1c)
    assert.deepEqual(read(chip, registers(0), 0x26, 2), [0, 4])
})

test("INTn falls with a socket's interrupt that both masks let through (4.1)", async t => {
    const { chip } = await established(t, await serve(t, echo))
    assert.equal(chip.intn, true)
    assert.deepEqual(read(chip, COMMON, 0x17, 1), [1])
    write(chip, COMMON, 0x18, [0x01])
    assert.equal(chip.intn, false)
    write(chip, registers(0), 0x2c, [0xfe])
    assert.equal(chip.intn, true)
    write(chip, registers(0), 0x2c, [0xff])
    write(chip, registers(0), 0x02, [0xff])
    assert.equal(chip.intn, true)
})

test("UDP: a datagram comes with address, port and length before it (WIZnet, UDP function)", async t => {
    const { chip, lan } = plugged(t)
    await until("a link", () => (read(chip, COMMON, 0x2e, 1)[0] & 1) === 1)
    lan.dns.names.set("x", "1.2.3.4")
    write(chip, registers(7), 0x00, [2])
    write(chip, registers(7), 0x04, word(4000))
    write(chip, registers(7), 0x01, [0x01])
    assert.deepEqual(read(chip, registers(7), 0x03, 1), [0x22])
    const query = [0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x78, 0, 0, 1, 0, 1]
    write(chip, registers(7), 0x0c, [192, 168, 77, 1, ...word(53)])
    write(chip, transmit(7), 0, query)
    write(chip, registers(7), 0x24, word(query.length))
    write(chip, registers(7), 0x01, [0x20])
    await until("RECV", () => (read(chip, registers(7), 0x02, 1)[0] & 4) === 4)
    const length = query.length + 16
    assert.deepEqual(read(chip, registers(7), 0x26, 2), word(8 + length))
    const header = [192, 168, 77, 1, ...word(53), ...word(length)]
    assert.deepEqual(read(chip, receive(7), 0, 8), header)
    assert.deepEqual(read(chip, receive(7), 8 + length - 4, 4), [1, 2, 3, 4])
})

test("ARP without an answer: TIMEOUT, and TCP is closed (4.2)", async t => {
    const { chip } = plugged(t)
    await until("a link", () => (read(chip, COMMON, 0x2e, 1)[0] & 1) === 1)
    write(chip, registers(0), 0x00, [1])
    write(chip, registers(0), 0x01, [0x01])
    write(chip, registers(0), 0x0c, [192, 168, 77, 4, ...word(80)])
    write(chip, registers(0), 0x01, [0x04])
    assert.equal(status(chip), 0x15)
    await until("SOCK_CLOSED", () => status(chip) === 0)
    assert.deepEqual(read(chip, registers(0), 0x02, 1), [0x08])
    assert.deepEqual(read(chip, registers(0), 0x06, 1), [0xff])
})
