/** What we believe of the firmware and the chip, each with a program that looks: test/hil/device/probe.ts. */

import { SENT } from "./peer.ts"

/** What a probe's program has said. */
export interface Seen {
    /** The values of its lines, by their names */
    values: Map<string, string[]>
    /** It came to its end; or the firmware ended it, and may have begun it anew; or nothing more was heard */
    end: "done" | "ended" | "silent"
    /** Milliseconds from the last value to the program's new beginning */
    restarted?: number
    /** Lines as they came */
    lines: string[]
}

/** How a belief fared. */
export interface Finding {
    /** Whether it is as we believe */
    held: boolean
    /** In a few words */
    saw: string
}

export interface Probe {
    /** As the program has it */
    name: string
    belief: string
    /** Seconds that it may take */
    patience: number
    /** It connects, over Wi-Fi, to a server that says something and ends */
    isOfSockets?: boolean
    judge(seen: Seen, arch: string): Finding
}

const numbers = ({ values }: Seen, name: string) =>
    (values.get(name) ?? []).map(Number)
const last = (seen: Seen, name: string) => numbers(seen, name).at(-1) ?? NaN
const only = ({ values }: Seen, name: string) => values.get(name)?.[0] ?? ""

function howItEnded({ end, restarted }: Seen): string {
    if (end === "done") return "went on to its end"
    if (end === "silent") return "nothing more was heard"
    return restarted === undefined
        ? "the firmware ended the program"
        : `the firmware ended the program and began it anew after ${(restarted / 1000).toFixed(1)} s`
}

/** SHA-256 of `abc` (FIPS 180-2, B.1). */
const SHA256_ABC =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/** Bytes of the largest object on the heap. */
const LARGEST = 57_344

export const PROBES: Probe[] = [
    {
        name: "start",
        belief: "The firmware takes a program over USB and starts it.",
        patience: 30,
        judge: seen => ({ held: seen.end === "done", saw: howItEnded(seen) }),
    },
    {
        name: "clock",
        belief: "ds.millis() stands still while a fiber runs, and moves when it waits.",
        patience: 30,
        judge: seen => {
            const within = last(seen, "within")
            const across = last(seen, "across")
            return {
                held: within === 0 && across > 0,
                saw: `${within} ms within 5,000 loops, ${across} ms across a sleep of 1 ms`,
            }
        },
    },
    {
        name: "sleep",
        belief: "ds.sleep(1) takes 1 to 20 ms, ds.sleep(1000) a second.",
        patience: 30,
        judge: seen => {
            const one = last(seen, "fifty") / 50
            const second = last(seen, "second")
            return {
                held: one >= 1 && one < 20 && second >= 999 && second < 1100,
                saw: `${one.toFixed(1)} ms and ${second} ms`,
            }
        },
    },
    {
        name: "speed",
        belief: "An empty loop takes less than 50 µs, SHA-256 of 1 KB less than 10 ms (RP2040 in the emulator: 21 µs, 2.2 ms).",
        patience: 60,
        judge: seen => {
            const loop = last(seen, "loop")
            const sha256 = last(seen, "sha256")
            return {
                held: loop < 50 && sha256 < 10,
                saw: `${loop.toFixed(1)} µs a loop, ${sha256.toFixed(1)} ms for SHA-256`,
            }
        },
    },
    {
        name: "text",
        belief: "Decoding UTF-8 replaces what is invalid by U+FFFD, and U+FFFE as well, which is valid.",
        patience: 30,
        judge: seen => {
            const saw = ["efbfbd", "efbfbe", "ff41"].map(bytes => [
                bytes,
                only(seen, bytes),
            ])
            const good = saw.every(([, text]) => text.startsWith("efbfbd"))
            return {
                held: good && only(seen, "ff41") === "efbfbd41",
                saw: saw.map(pair => pair.join(" became ")).join(", "),
            }
        },
    },
    {
        name: "random",
        belief: "randomBuffer differs each time.",
        patience: 30,
        judge: ({ values }) => {
            const bytes = values.get("bytes") ?? []
            return {
                held: bytes.length === 4 && new Set(bytes).size === 4,
                saw: bytes.join(", "),
            }
        },
    },
    {
        name: "crypto",
        belief: "SHA-256 is right.",
        patience: 30,
        judge: seen => ({
            held: only(seen, "sha256") === SHA256_ABC,
            saw: only(seen, "sha256"),
        }),
    },
    {
        name: "log",
        belief: "A line of the log is cut at some 160 bytes.",
        patience: 30,
        judge: ({ lines }) => {
            const line = lines.find(text => /^x+/.test(text)) ?? ""
            return {
                held: line.length > 100 && line.length <= 200,
                saw: `of 400 characters ${line.length} came`,
            }
        },
    },
    {
        name: "heap",
        belief: "An object has at most 57,344 bytes (ESP32-S2: less than 40 KB); beyond that the program ends without a chance to catch it, and begins anew some 5 s later.",
        patience: 40,
        judge: (seen, arch) => {
            const largest = Math.max(0, ...numbers(seen, "bytes"))
            const least = arch === "esp32s2" ? 16_384 : 32_768
            return {
                held:
                    largest >= least &&
                    largest <= LARGEST &&
                    seen.end === "ended",
                saw: `${largest} bytes; ${howItEnded(seen)}`,
            }
        },
    },
    {
        name: "steps",
        belief: "A fiber that never waits is ended after 131,072 steps.",
        patience: 60,
        judge: seen => ({
            held: seen.end === "ended" && last(seen, "loops") < 131_072,
            saw: `${last(seen, "loops") || 0} empty loops; ${howItEnded(seen)}`,
        }),
    },
    {
        name: "socket",
        belief: "The firmware's socket brings what is sent in pieces of at most 1,024 bytes (Pico W and simulator: 1,460), whole, and then the end; where nobody listens, connecting fails.",
        patience: 120,
        isOfSockets: true,
        judge: (seen, arch) => {
            const largest = last(seen, "largest")
            const most = arch.startsWith("esp32") ? 1024 : 1460
            const isWhole = last(seen, "total") === SENT
            const isTold = only(seen, "end") === "told"
            const fails = only(seen, "nobody") === "failed"
            return {
                held: largest <= most && isWhole && isTold && fails,
                saw: `connected after ${last(seen, "connect")} ms; ${last(seen, "total")} of ${SENT} bytes, at most ${largest} at once, the end ${only(seen, "end")}; where nobody listens it ${only(seen, "nobody")} after ${last(seen, "after")} ms`,
            }
        },
    },
    {
        name: "intervals",
        belief: "Two intervals of 20 and 21 ms go on; on an RP2040 they stop for ever within half a minute.",
        patience: 45,
        judge: (seen, arch) => {
            const freezes = arch.startsWith("rp2040")
            const turns = last(seen, "turns") || 0
            return {
                held: freezes ? seen.end === "silent" : seen.end === "done",
                saw: `${turns} turns in ${numbers(seen, "turns").length} s; ${howItEnded(seen)}`,
            }
        },
    },
]
