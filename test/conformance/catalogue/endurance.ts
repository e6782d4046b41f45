/** Many messages and many connections: the heap stays flat. */
import { Board } from "../../../sim/board.ts"
import { judgeFlat, liveHeap, withBench } from "../board.ts"
import { BINARY, closeFrame, frame, PING, TEXT } from "../../wire/frames.ts"
import { upgrade } from "../../wire/handshake.ts"
import { judge, within } from "../judge.ts"
import { binary, text } from "../payloads.ts"
import { Peer } from "../../wire/peer.ts"
import {
    closes,
    closesWith,
    describe,
    echoOf,
    expect,
    fails,
    roundTrip,
    send,
    type Case,
    type Probe,
} from "../script.ts"
import { TcpServer } from "../../wire/server.ts"

const MESSAGES = 100_000
const BATCH = 100
const CONNECTIONS = 500
/** Samples of the heap. */
const SAMPLES = 20
/** Bytes by which the live heap may vary: a fiber that is there or not, an array that has grown. */
const BAND = 512
/** Milliseconds to wait for each batch or connection. */
const PATIENCE = 10_000

export function endurance(): Probe[] {
    return [messages(), connections(), reconnections()]
}

/** 100,000 messages of 0 to 127 B, in batches sent without waiting. */
function messages(): Probe {
    const count = MESSAGES.toLocaleString("en")
    return {
        name: `${count} messages on one connection`,
        section: "5",
        run: () =>
            withBench({}, async ({ echo, server }) => {
                const connection = server.connection()
                const ended = echo.open(`ws://127.0.0.1:${server.port}/`)
                const peer = new Peer(await connection, "merged", upgrade)
                await peer.next(PATIENCE)
                const samples: number[] = []
                let echoed = 0
                while (echoed < MESSAGES) {
                    const good = await batch(peer, echoed)
                    echoed += good
                    if (good < BATCH) break
                    if (echoed % (MESSAGES / SAMPLES) === 0) {
                        // the program still holds the piece that it received last: the same one each time
                        await peer.send([frame(PING)])
                        await peer.next(PATIENCE)
                        samples.push(await liveHeap(echo.board))
                    }
                }
                await peer.send([closeFrame(1000)])
                await peer.hangUp()
                const { messages } = await within(ended, PATIENCE)
                const flat = judgeFlat(samples, BAND)
                return {
                    expected: [
                        `${MESSAGES} echoed`,
                        `program: ${MESSAGES}`,
                        flat.expected,
                    ],
                    seen: [
                        `${echoed} echoed`,
                        `program: ${messages}`,
                        flat.seen,
                    ],
                    note: flat.note,
                }
            }),
    }
}

/** @returns how many of a batch came back as they were sent */
async function batch(peer: Peer, from: number): Promise<number> {
    const sent = Array.from({ length: BATCH }, (_, i) => {
        const length = (from + i) % 128
        const opcode = i % 2 ? TEXT : BINARY
        return { opcode, data: i % 2 ? text(length) : binary(length) }
    })
    await peer.send(sent.map(({ opcode, data }) => frame(opcode, data)))
    for (const [i, { opcode, data }] of sent.entries()) {
        const event = await peer.next(PATIENCE)
        if (!event || !echoOf(opcode, data).expect.matches(event)) return i
    }
    return BATCH
}

/** A WebSocket each, ended in every way there is. */
function connections(): Probe {
    const endings: Case[] = [
        {
            name: "closed",
            section: "7",
            script: () => closes(roundTrip(TEXT, "a")),
        },
        {
            name: "closed with a reason",
            section: "7",
            script: () => closesWith([], 3000, "because"),
        },
        {
            name: "failed",
            section: "7",
            script: () => fails([send(frame(11))]),
        },
        {
            name: "TCP closed",
            section: "7",
            script: () => ({
                steps: [
                    send(frame(TEXT, "a", { fin: false })),
                    { end: "FIN" },
                    expect({ type: "end" }),
                ],
                sight: { code: 1006 },
            }),
        },
        {
            name: "TCP reset",
            section: "7",
            script: () => ({ steps: [{ end: "RST" }], sight: { code: 1006 } }),
        },
    ]
    return {
        name: `${CONNECTIONS} connections, ended in ${endings.length} ways in turn`,
        section: "7",
        run: () =>
            withBench({}, async bench => {
                const samples: number[] = []
                const failed = new Set<string>()
                for (let i = 0; i < CONNECTIONS; i++) {
                    const ending = endings[i % endings.length]
                    const { passed, seen } = await judge(bench, ending)
                    if (!passed)
                        failed.add(`${ending.name}: ${seen.join(", ")}`)
                    if (i % (CONNECTIONS / SAMPLES) === 0)
                        samples.push(await liveHeap(bench.echo.board))
                }
                const flat = judgeFlat(samples, BAND)
                return {
                    expected: [flat.expected],
                    seen: [...failed, flat.seen],
                    note: flat.note,
                }
            }),
    }
}

/** One WebSocket that connects again by itself, whatever ended the connection before. */
function reconnections(): Probe {
    return {
        name: `${CONNECTIONS} reconnections of one WebSocket`,
        section: "7.2.3",
        run: async () => {
            const server = await TcpServer.start()
            const board = await Board.start(
                "test/device/programs/echo-again.ts",
                {
                    settings: { URL: `ws://127.0.0.1:${server.port}/` },
                }
            )
            const samples: number[] = []
            const failed: string[] = []
            for (let i = 0; i < CONNECTIONS && !failed.length; i++) {
                const socket = await within(server.connection(), PATIENCE)
                const peer = new Peer(socket, "merged", upgrade)
                failed.push(...(await oneConnection(peer, i)))
                if (i % (CONNECTIONS / SAMPLES) === 0)
                    samples.push(await liveHeap(board))
                await end(peer, i)
            }
            await board.stop()
            await server.stop()
            const flat = judgeFlat(samples, BAND)
            return {
                expected: [flat.expected],
                seen: [...failed, flat.seen],
                note: flat.note,
            }
        },
    }
}

/** @returns what went wrong, if anything */
async function oneConnection(peer: Peer, i: number): Promise<string[]> {
    await peer.next(PATIENCE)
    const message = `connection ${i}`
    await peer.send([frame(TEXT, message)])
    const event = await peer.next(PATIENCE)
    const good = event && echoOf(TEXT, message).expect.matches(event)
    return good ? [] : [`${message}: ${describe(event)}`]
}

async function end(peer: Peer, i: number) {
    if (i % 4 === 0) await peer.reset()
    else if (i % 4 === 1) await peer.hangUp()
    else {
        await peer.send([i % 4 === 2 ? closeFrame(1001) : frame(11)])
        await peer.next(PATIENCE)
        await peer.hangUp()
    }
}
