/** DHCP and DNS messages that mutate; FUZZ sets how many of each (default 500), SEED where they begin. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { seededRandom } from "../../lib/random.ts"
import { Board } from "../../sim/board.ts"
import { network } from "../../sim/chips/w5500/home.ts"
import { start, until } from "./ethernet-board.ts"

const COUNT = Number(process.env.FUZZ ?? 500)
const SEED = Number(process.env.SEED ?? 1)

test(`${COUNT} mutated messages of DHCP and of DNS are read to their ends`, async t => {
    const board = await Board.start("test/device/ethernet-fuzz.ts", {
        settings: { count: COUNT, seed: SEED },
    })
    t.after(() => board.stop())
    const ended = board.exited.then(({ name }) => {
        const seeds = board.log.filter(({ text }) => text.startsWith("seed"))
        throw new Error(
            `the program ended by ${name} behind ${seeds.at(-1)?.text}`
        )
    })
    const [line, sound] = await Promise.race([
        board.expect(/^fuzzed \d+, sound (\d+)$/, 30_000 + 60 * COUNT),
        ended,
    ])
    t.diagnostic(`seed ${SEED}: ${line}`)
    // mutations that break everything, or nothing, would test little
    assert.ok(+sound > COUNT / 4 && +sound < COUNT * 1.8, line)
})

/** Some bytes of other values, a piece lost or repeated. */
function mutate(message: Buffer, from: number, random: () => number): Buffer {
    const below = (n: number) => Math.floor(random() * n)
    let mutant = Buffer.from(message)
    for (let n = 1 + below(4); n > 0; n--) {
        const at = from + below(mutant.length - from)
        const end = at + 1 + below(8)
        const before = mutant.subarray(0, at)
        const kind = below(6)
        if (kind === 0) mutant = Buffer.concat([before, mutant.subarray(end)])
        else if (kind === 1)
            mutant = Buffer.concat([
                before,
                mutant.subarray(at, end),
                mutant.subarray(at),
            ])
        else mutant[at] = below(256)
        if (mutant.length <= from) return mutant
    }
    return mutant
}

const [OFFER, ACK, NAK] = [2, 5, 6]
const QUIET = { chip: { pace: 1000, negotiation: 600 } }

test("each true answer of a DNS server comes behind mutated ones: the board goes on, and asks no more than it must", async t => {
    const random = seededRandom(SEED)
    const count = Math.ceil(COUNT / 5)
    const { board, lan } = await start(t, {
        ...QUIET,
        settings: { mode: "redial", host: "alias.lan", count, timeout: 5000 },
        prepare: (_, lan) => {
            lan.dns.ttl = 0
            lan.dns.names.set("alias.lan", "machine.lan")
            lan.dns.faults.rewrite = answer => [
                ...Array.from({ length: 5 }, () => mutate(answer, 2, random)),
                answer,
            ]
        },
    })
    const [line, right] = await board.expect(
        /^redialled \d+, right (\d+)$/,
        30_000 + 200 * count
    )
    t.diagnostic(`seed ${SEED}: ${line}, ${lan.dns.queries.length} queries`)
    assert.ok(+right > count / 10, line)
    assert.ok(lan.dns.queries.length < 6 * count)
    lan.dns.faults.rewrite = undefined
})

test("mutated DHCP messages rain on a board that waits for an answer: it says little, and has an address when a sound one comes", async t => {
    const random = seededRandom(SEED)
    let last: Buffer | undefined
    let heard = 0
    const keep = (reply: Buffer) => {
        last = reply
        return []
    }
    const { board, chip, lan } = await start(t, {
        ...QUIET,
        // transactions as long as what is read
        settings: { mode: "watch", timeout: 1500, RP2040: false },
        prepare: (chip, lan) => {
            lan.dhcp.faults.rewrite = keep
            chip.trace = mosi => {
                // the receive buffer of the last socket, 8 bytes of header
                if (mosi[2] >> 3 === 31 && mosi.length === 11) heard++
            }
        },
    })
    const from = { ip: network.router, port: 67 }
    const to = { ip: "255.255.255.255", port: 68 }
    const replug = async () => {
        chip.unplug()
        const before = lan.dhcp.requests.length
        chip.plug(lan)
        await until("a message", () => lan.dhcp.requests.length > before)
    }
    let plugged = 1
    for (let n = 0; n < COUNT; n++) {
        // an ACK or a NAK ends the waiting
        if (n % 100 === 99) {
            await replug()
            plugged++
        }
        const message = mutate(last ?? Buffer.alloc(300), 4, random)
        message[242] = n % 40 ? OFFER : n % 80 ? NAK : ACK
        lan.broadcast(from, to, message)
        await new Promise(resolve => setTimeout(resolve, 4))
    }
    const { length } = lan.dhcp.requests
    t.diagnostic(
        `seed ${SEED}: ${heard} of ${COUNT} heard, ${length} messages of the board, ${plugged} links`
    )
    assert.ok(heard > COUNT / 10 && length < 12 * plugged)
    lan.dhcp.faults.rewrite = undefined
    await replug()
    await board.expect("connected", 30_000)
    await board.expect("echo")
})
