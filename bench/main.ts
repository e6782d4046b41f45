/** `npm run bench`: what the library costs, each figure beside another one of the same run. */
import { mkdirSync, writeFileSync } from "node:fs"
import { newCommand } from "../lib/command.ts"
import { bulkPeers, exchangePeers } from "./peers.ts"
import { costs, telemetry, text } from "./compression.ts"
import { best, heaps, time } from "./run.ts"
import { sizes } from "./sizes.ts"

const { short } = newCommand("bench")
    .description("Measures what the library costs, beside bare TCP.")
    .option("--short", "less often")
    .parse()
    .opts()

interface Row {
    what: string
    value: number
    unit: string
    /** What it is measured against, and its value. */
    against?: string
    other?: number
}
const rows: Row[] = []

function report(row: Row) {
    rows.push(row)
    const value = `${round(row.value)} ${row.unit}`
    const beside =
        row.other === undefined
            ? ""
            : `${row.against} ${round(row.other)}, ratio ${(row.value / row.other).toFixed(2)}`
    console.log(`${row.what.padEnd(44)}${value.padStart(14)}   ${beside}`)
}

const round = (value: number) =>
    value >= 100 ? Math.round(value) : Number(value.toPrecision(3))

async function exchanges(size: number, depth: number) {
    const COUNT = short ? 500 : 2000
    const peers = await exchangePeers(size)
    const settings = { WS: peers.ws, TCP: peers.tcp, SIZE: size, DEPTH: depth }
    const { websocket, tcp } = await time("exchange", {
        ...settings,
        COUNT,
        ROUNDS: short ? 5 : 10,
    })
    peers.close()
    report({
        what: `message of ${size} B, ${depth} on the way`,
        value: (best(websocket) / COUNT) * 1000,
        unit: "µs",
        against: "bare TCP",
        other: (best(tcp) / COUNT) * 1000,
    })
}

async function bulk(size: number) {
    const TOTAL = 1024 * 1024
    const count = TOTAL / size
    const peers = await bulkPeers(size, count)
    const timings = await time("bulk", {
        WS: peers.ws,
        TCP: peers.tcp,
        SIZE: size,
        COUNT: count,
        ROUNDS: short ? 2 : 5,
    })
    peers.close()
    for (const way of ["received", "sent", "echoed"])
        report({
            what: `message of ${size / 1024} KB ${way}`,
            value: (best(timings[`websocket ${way}`]) / TOTAL) * 1e6,
            unit: "ns/B",
            against: "bare TCP",
            other: (best(timings[`tcp ${way}`]) / TOTAL) * 1e6,
        })
}

async function masking() {
    const { masking, nothing } = await time("masking")
    report({
        what: "masking",
        value: ((best(masking) - best(nothing)) / 2000 / 1008) * 1e6,
        unit: "ns/B",
    })
}

function bytecode() {
    const { tcp, connect, hixie76, features } = sizes()
    const against = "@devicescript/net"
    for (const [what, value] of [
        ["bytecode: connect and echo", connect],
        ["bytecode: … by draft-hixie-76", hixie76],
    ] as const)
        report({ what, value, unit: "B", against, other: tcp })
    for (const { what, added } of features)
        report({
            what: `bytecode added by ${what}`,
            value: added,
            unit: "B",
            against: "connect and echo",
            other: connect,
        })
}

async function heap() {
    const peers = await exchangePeers(32)
    const steps = ["without", "idle", "after 1000 messages", "closed"]
    const live = await heaps("idle", steps, { WS: peers.ws })
    peers.close()
    const base = live.without
    report({
        what: "live heap: program, no connection",
        value: base,
        unit: "B",
    })
    for (const step of steps.slice(1))
        report({
            what: `live heap: connection ${step}`,
            value: live[step] - base,
            unit: "B",
        })
}

async function compression() {
    for (const [name, messages] of [
        ["JSON of 200 B", telemetry(10)],
        ["text of 500 B", text()],
    ] as const)
        for (const bits of [9, 10, 11, 12]) {
            const cost = await costs(messages, bits, short ? 5 : 10)
            const what = `${name}, window of ${1 << bits} B`
            const count = messages.length
            report({
                what: `${what}: deflated`,
                value: cost.device / count,
                unit: "B",
                against: `plain ${round(cost.plain / count)}, zlib level 1 ${round(cost.zlib[0] / count)}, level 6`,
                other: cost.zlib[1] / count,
            })
            report({
                what: `${what}: deflating`,
                value: cost.deflate,
                unit: "µs",
            })
            report({
                what: `${what}: inflating`,
                value: cost.inflate,
                unit: "µs",
            })
            report({
                what: `heap of a window of ${1 << bits} B received`,
                value: cost.inflater,
                unit: "B",
                against: "sent",
                other: cost.deflater,
            })
        }
}

bytecode()
await compression()
await heap()
await masking()
await exchanges(32, 10)
await exchanges(1024, 10)
await exchanges(32, 1)
await bulk(1024)
await bulk(1024 * 1024)

mkdirSync("artifacts", { recursive: true })
writeFileSync("artifacts/bench.json", JSON.stringify(rows, undefined, 4))
