/** What the driver says on SPI, byte by byte, against what the datasheet (version 1.0.9) prescribes. */
import assert from "node:assert/strict"
import { mkdirSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import type { W5500 } from "../../sim/chips/w5500/w5500.ts"
import { network } from "../../sim/chips/w5500/home.ts"
import { start } from "./ethernet-board.ts"

const FOLDER = "artifacts/spi"

interface Transaction {
    mosi: Buffer
    miso: Buffer
}

/** A transaction in words, `write s0 01 04`: direction, block, offset, data. */
function describe({ mosi, miso }: Transaction): string {
    const block = mosi[2] >> 3
    const writes = (mosi[2] & 4) !== 0
    const kind = ["c", "s", "tx", "rx"][block & 3]
    const place = kind === "c" ? "common" : `${kind}${block >> 2}`
    const offset = mosi.readUInt16BE(0).toString(16).padStart(4, "0")
    const data = (writes ? mosi : miso).subarray(3).toString("hex")
    return `${writes ? "write" : "read"} ${place} ${offset} ${data}`
}

/** Writes a trace into a file: both directions, and what it means. */
function keep(name: string, trace: Transaction[]) {
    mkdirSync(FOLDER, { recursive: true })
    const lines = trace.map(
        transaction =>
            `> ${transaction.mosi.toString("hex")}\n< ${transaction.miso.toString("hex")}\n# ${describe(transaction)}\n`
    )
    writeFileSync(`${FOLDER}/${name}.txt`, lines.join(""))
}

/** Everything but the polls: what makes the chip do something, and its data. */
function steps(trace: Transaction[]): string[] {
    return trace
        .map(describe)
        .filter(
            line =>
                line.startsWith("write") || /^read (rx|common 0039)/.test(line)
        )
}

/** Checks that the steps are these and no others; patterns for what is random. */
function assertSteps(found: string[], expected: RegExp[]) {
    for (const [i, pattern] of expected.entries())
        assert.match(found[i] ?? "nothing", new RegExp(`^${pattern.source}$`))
    assert.equal(found.length, expected.length, found.join("\n"))
}

/** A setup whose chip is listened in on; without what an RP2040 needs, unless the settings want it. */
function record(wanted: Record<string, unknown>) {
    const settings = { RP2040: false, ...wanted }
    const trace: Transaction[] = []
    const prepare = (chip: W5500) => {
        chip.trace = (mosi, miso) => trace.push({ mosi, miso })
    }
    return { settings, prepare, trace }
}

const address = "192.168.77.50/24 192.168.77.1 192.168.77.1"

test("start, TCP connection, data both ways, end", async t => {
    const { trace, ...setup } = record({
        address,
        host: network.machine,
        size: 4,
    })
    const { board } = await start(t, setup)
    await board.expect("echo done 1")
    keep("tcp", trace)

    const found = steps(trace)
    const port = "[c-f][0-9a-f]{3}"
    // reset, then VERSIONR (4.1) and the buffer sizes (4.2, Sn_RXBUF_SIZE)
    const bringUp = [/read common 0039 04/]
    const sizes = [
        "0404",
        "0404",
        "0101",
        "0101",
        "0101",
        "0101",
        "0202",
        "0202",
    ]
    for (const [n, size] of sizes.entries())
        bringUp.push(new RegExp(`write s${n} 001e ${size}`))
    // GAR, SUBR, SHAR, SIPR, two bytes at a time as all registers
    for (const word of ["0001 c0a8", "0003 4d01", "0005 ffff", "0007 ff00"])
        bringUp.push(new RegExp(`write common ${word}`))
    for (const at of ["0009", "000b", "000d"])
        bringUp.push(new RegExp(`write common ${at} [0-9a-f]{4}`))
    bringUp.push(/write common 000f c0a8/, /write common 0011 4d32/)
    assertSteps(found, [
        ...bringUp,
        // 4.2: Sn_MR TCP without delayed ACK, Sn_PORT, OPEN
        /write s0 0000 21/,
        /write s0 0002 ff/,
        /write s0 002f 0c/,
        new RegExp(`write s0 0004 ${port}`),
        /write s0 0001 01/,
        // Sn_DIPR and Sn_DPORT, CONNECT
        /write s0 000c c0a8/,
        /write s0 000e 4d02/,
        /write s0 0010 [0-9a-f]{4}/,
        /write s0 0001 04/,
        // data behind Sn_TX_WR, Sn_TX_WR moved, Sn_IR[SENDOK] cleared, SEND
        /write tx0 0000 00000000/,
        /write s0 0024 0004/,
        /write s0 0002 18/,
        /write s0 0001 20/,
        // data behind Sn_RX_RD; RECV waits until it is a quarter of the buffer
        /read rx0 0000 00000000/,
        // DISCON
        /write s0 0001 08/,
    ])
})

test("DHCP: two datagrams out, two in, then the address", async t => {
    const { trace, ...setup } = record({ host: network.machine })
    const { board } = await start(t, setup)
    await board.expect("echo done 1")
    keep("dhcp", trace)

    const found = steps(trace)
    const begin = found.findIndex(line => line.startsWith("write s7 0000"))
    const end = found.indexOf("write s7 0001 10")
    const datagram = (at: string, next: string) => [
        // Sn_DIPR 255.255.255.255, Sn_DPORT 67, data, Sn_TX_WR, SEND
        /write s7 000c ffff/,
        /write s7 000e ffff/,
        /write s7 0010 0043/,
        new RegExp(`write tx7 ${at} 01010600[0-9a-f]{592}`),
        new RegExp(`write s7 0024 ${next}`),
        /write s7 0002 18/,
        /write s7 0001 20/,
        // 8 bytes of header, then the data
        /read rx7 [0-9a-f]{4} c0a84d010043[0-9a-f]{4}/,
        /read rx7 [0-9a-f]{4} 02010600[0-9a-f]+/,
    ]
    assertSteps(found.slice(begin, end + 1), [
        /write s7 0000 02/,
        /write s7 0002 ff/,
        /write s7 002f 00/,
        /write s7 0004 0044/,
        /write s7 0001 01/,
        ...datagram("0000", "012c"),
        ...datagram("012c", "0258"),
        // RECV when a quarter of the buffer was read
        /write s7 0028 [0-9a-f]{4}/,
        /write s7 0001 40/,
        /write s7 0001 10/,
    ])
    assert.match(found[end + 1], /^write common 0001 c0a8$/)
})

test("a reset pin is used when there is one, or else MR[RST]", async t => {
    const levels: boolean[] = []
    const { board } = await start(t, {
        settings: { address },
        prepare: chip => {
            const reset = chip.reset.bind(chip)
            chip.reset = level => {
                levels.push(level)
                reset(level)
            }
        },
    })
    await board.expect("echo done 1")
    assert.deepEqual(levels, [false, true])
})

test("on an RP2040 no transaction takes as long as its firmware misses, whatever is said", async t => {
    const { trace, ...setup } = record({ RP2040: true, count: 5 })
    for (const size of [1, 3, 60, 3000]) {
        const settings = { ...setup.settings, size }
        const { board } = await start(t, { ...setup, settings })
        await board.expect("echo done 5")
    }
    const lengths = trace.map(({ mosi }) => mosi.length)
    assert.ok(lengths.length > 100)
    // 8 MHz: a byte takes a microsecond
    assert.deepEqual(
        lengths.filter(length => length > 5 && length < 120),
        []
    )
})
