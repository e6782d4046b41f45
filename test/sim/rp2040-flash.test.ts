import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { RP2040 } from "rp2040js"
import { SerialFlash } from "../../sim/chips/serial-flash.ts"
import { compileSource } from "../../sim/program.ts"
import { connectFlash } from "../../sim/rp2040/flash-port.ts"
import { flashImage } from "../../sim/rp2040/image.ts"

const ID = Buffer.from("0123456789abcdef", "hex")

function flashOf(size: number) {
    const content = new Uint8Array(size).fill(0xff)
    const flash = new SerialFlash(content, ID)
    const command = (hex: string) => {
        flash.select()
        const answer = Buffer.from(hex.replace(/ /g, ""), "hex").map(byte =>
            flash.transfer(byte)
        )
        flash.deselect()
        return Buffer.from(answer).toString("hex")
    }
    return { content, command }
}

test("a page program clears bits, sets none, and wraps at the end of its page", () => {
    const { content, command } = flashOf(8192)
    command("06")
    command("02 0001fe 5a3c0f")
    assert.equal(content[0x1fe], 0x5a)
    assert.equal(content[0x1ff], 0x3c)
    assert.equal(content[0x100], 0x0f)
    assert.equal(content[0x200], 0xff)
    command("06")
    command("02 0001fe a5")
    assert.equal(content[0x1fe], 0)
})

test("nothing changes unless it was enabled just before", () => {
    const { content, command } = flashOf(8192)
    command("02 000000 00")
    command("06")
    command("04")
    command("02 000000 00")
    assert.equal(content[0], 0xff)
    command("06")
    assert.equal(command("05 00"), "ff02")
    command("02 000000 00")
    assert.equal(command("05 00"), "ff00")
    command("02 000001 00")
    assert.deepEqual([...content.subarray(0, 2)], [0, 0xff])
})

test("an erase takes the whole sector or block that the address is in", () => {
    for (const [code, size] of [
        ["20", 0x1000],
        ["52", 0x8000],
        ["d8", 0x10000],
    ] as const) {
        const { content, command } = flashOf(0x40000)
        content.fill(0)
        command("06")
        command(`${code} 020ff0`)
        const start = 0x20ff0 & -size
        const erased = [...content.keys()].filter(i => content[i] === 0xff)
        assert.equal(erased.length, size)
        assert.equal(erased[0], start)
    }
})

test("it reads back, and says who it is", () => {
    const { content, command } = flashOf(0x200000)
    content.set([1, 2, 3], 0x10000)
    assert.equal(command("03 010000 000000"), "ffffffff010203")
    assert.equal(command("9f 000000"), "ffef4015")
    assert.equal(
        command("4b 00000000 0000000000000000"),
        `ff${"ff".repeat(4)}${ID.toString("hex")}`
    )
})

test("the chip's SSI talks to the flash memory while its chip select is forced low", () => {
    const rp2040 = new RP2040()
    const content = rp2040.flash.subarray(0, 0x10000)
    connectFlash(rp2040, new SerialFlash(content, ID))
    const select = (low: boolean) =>
        rp2040.writeUint32(0x4001800c, (low ? 2 : 3) << 8)
    const command = (bytes: number[]) => {
        select(true)
        const answer = bytes.map(byte => {
            rp2040.writeUint32(0x18000060, byte)
            assert.equal(rp2040.readUint32(0x18000028) & 0x08, 0x08) // something received
            return rp2040.readUint32(0x18000060)
        })
        select(false)
        return answer
    }
    command([0x06])
    command([0x02, 0, 0, 0, 0x12, 0x34])
    assert.deepEqual([...content.subarray(0, 3)], [0x12, 0x34, 0xff])
    assert.deepEqual(command([0x03, 0, 0, 0, 0, 0]).slice(4), [0x12, 0x34])
    assert.equal(rp2040.readUint32(0x18000028) & 0x08, 0) // nothing left
})

/** A UF2 file with one block. */
function uf2(address: number, payload: Buffer): Buffer {
    const block = Buffer.alloc(512)
    block.writeUInt32LE(0x0a324655, 0)
    block.writeUInt32LE(0x9e5d5157, 4)
    block.writeUInt32LE(address, 12)
    block.writeUInt32LE(payload.length, 16)
    payload.copy(block, 32)
    return block
}

const board = JSON.parse(
    readFileSync("boards/w5500_evb_pico.board.json", "utf8")
)

test("an image has the firmware, the board's definition, the settings and the program where the firmware looks for them", async () => {
    const { bytecode } = compileSource(`console.log("hello")`)
    const image = await flashImage({
        firmware: uf2(0x10000100, Buffer.from("firmware")),
        board,
        bytecode,
        settings: { URL: Buffer.from(`"ws://somewhere"`) },
    })
    const text = Buffer.from(image).toString("latin1")
    assert.equal(text.indexOf("firmware"), 0x100)
    assert.equal(text.indexOf("DCFG\n"), 0xdc000)
    assert.ok(text.indexOf("WIZnet W5500-EVB-Pico") > 0xdc000)
    assert.ok(text.indexOf(`"ws://somewhere"`) > 0xe0000)
    const program = Buffer.from(bytecode).toString("latin1")
    assert.ok(text.indexOf(program) > 0xe0000)
    assert.ok(text.indexOf(program) + program.length < 0x100000)
})

test("what is no firmware for this chip is refused", async () => {
    const { bytecode } = compileSource(`console.log("hello")`)
    const build = (firmware: Buffer) =>
        flashImage({ firmware, board, bytecode, settings: {} })
    await assert.rejects(build(Buffer.alloc(512)), /expected a UF2 file/)
    await assert.rejects(
        build(uf2(0x20000000, Buffer.from("in RAM"))),
        /expected firmware for the first 2097152 bytes from 10000000, found 6 bytes for 20000000/
    )
})
