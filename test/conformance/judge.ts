/** Runs one case against the program, and compares what it sees with what it expects. */
import type { Board } from "../../sim/board.ts"
import type { EchoBoard, EchoResult } from "../../tools/simulator/echo-board.ts"
import { sentenceFor } from "../../tools/log/error-sentences.ts"
import { sizeName } from "./payloads.ts"
import { upgrade } from "../wire/handshake.ts"
import type { LinkMode } from "./links.ts"
import { Peer } from "../wire/peer.ts"
import type { ClientEvent } from "../wire/parser.ts"
import {
    describe,
    type Case,
    type Expected,
    type Script,
    type Sight,
} from "./script.ts"
import type { TcpServer } from "../wire/server.ts"

/** How a case went over one link. */
export interface Outcome {
    passed: boolean
    expected: string[]
    seen: string[]
    ms: number
    /** Figures for the report. */
    note?: string
}

/** Milliseconds to wait for an event, and for each KB that is on its way to it. */
const PATIENCE = 20_000
const PER_KB = 60
/** Most of it. */
const BUDGET = 180_000

/** Where cases run: a board and the server that it is told to connect to. */
export interface Bench {
    echo: EchoBoard
    server: TcpServer
    link: LinkMode
}

/** @throws when the program does not report: the board is of no use any more */
export async function judge(bench: Bench, item: Case): Promise<Outcome> {
    const { echo, server, link } = bench
    const start = performance.now()
    const script = item.script()
    const patience = Math.min(
        PATIENCE + ((item.size ?? 0) / 1024) * PER_KB,
        BUDGET
    )
    if (item.heap) echo.board.watchPeak()
    const connection = server.connection()
    const origin = `${server.secure ? "wss://localhost" : "ws://127.0.0.1"}:${server.port}`
    const url = `${origin}/case?name=${encodeURIComponent(item.name)}`
    const ended = echo.open(url, item.options)
    const peer = new Peer(
        await within(connection, patience),
        link.writing,
        item.answer ?? upgrade
    )
    const seen = await play(peer, script, patience)
    await peer.reset()
    const result = await within(ended, patience)
    seen.push(describeResult(result, script.sight))
    const expected = expectations(script)
    return {
        passed: seen.join() === expected.join(),
        expected,
        seen,
        ms: Math.round(performance.now() - start),
        note: item.heap ? heapNote(echo.board) : undefined,
    }
}

function heapNote(board: Board): string {
    const { live, used } = board.peak()
    return `heap: at most ${sizeName(live)} live, ${sizeName(used)} with garbage, of ${sizeName(board.heap().size)}`
}

/** @returns what was seen, up to the first thing that was not expected */
async function play(
    peer: Peer,
    { steps }: Script,
    patience: number
): Promise<string[]> {
    const seen: string[] = []
    const next = async () => {
        const event = await peer.next(patience)
        seen.push(describe(event))
        return event
    }
    if ((await next())?.type !== "request") return seen
    seen.pop()
    for (const step of steps) {
        if ("send" in step) await peer.send(step.send())
        else if ("check" in step) seen.push(step.check.run(peer))
        else if ("end" in step)
            await (step.end === "FIN" ? peer.hangUp() : peer.reset())
        else if (!(await met(step, next, seen))) break
    }
    seen.push(...peer.rest().map(describe))
    return seen
}

/** Waits for what the step wants. @returns whether it came; if so it is in `seen` in the step's order */
async function met(
    step: { expect: Expected } | { replies: Expected[] },
    next: () => Promise<ClientEvent | undefined>,
    seen: string[]
): Promise<boolean> {
    const wanted = "expect" in step ? [step.expect] : step.replies
    const left = [...wanted]
    while (left.length) {
        const event = await next()
        if (!event) return false
        const at =
            event.type === "pong"
                ? left.findIndex(({ label }) => label.startsWith("pong"))
                : 0
        if (!left[at]?.matches(event)) return false
        left.splice(at, 1)
    }
    seen.splice(-wanted.length, wanted.length, ...wanted.map(e => e.label))
    return true
}

function expectations({ steps, sight }: Script): string[] {
    const events = steps.flatMap(step =>
        "expect" in step
            ? [step.expect.label]
            : "replies" in step
              ? step.replies.map(({ label }) => label)
              : "check" in step
                ? [step.check.label]
                : []
    )
    return [...events, describeSight(sight)]
}

/** Only what the case says something about. */
function describeResult(result: EchoResult, sight: Sight): string {
    const { error } = result
    const wanted = sight.error
    const fits =
        wanted === undefined || (wanted ? wanted.test(error ?? "") : !error)
    const picked = Object.fromEntries(
        Object.keys(sight).map(key => [key, result[key as keyof EchoResult]])
    ) as unknown as Sight
    if (fits) return describeSight({ ...picked, error: wanted })
    return `${describeSight({ ...picked, error: null })}, ${wordsFor(error)}`
}

/** The error as the board has it, and what it means. */
function wordsFor(error: string | null): string {
    if (error === null) return "no error"
    const sentence = sentenceFor(error)
    return sentence ? `${error} (${sentence})` : error
}

function describeSight({ error, ...rest }: Sight): string {
    const parts = Object.entries(rest).map(
        ([name, value]) => `${name} ${JSON.stringify(value)}`
    )
    if (error) parts.push(error.source.replace(/^\^|: $/g, ""))
    return `program: ${parts.join(", ")}`
}

/** @throws when it takes longer */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
            () => reject(new Error(`no report from the program in ${ms} ms`)),
            ms
        )
    })
    return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
