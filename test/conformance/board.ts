/** Boards and servers for probes. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Board } from "../../sim/board.ts"
import type { LinkOptions } from "../../sim/link.ts"
import { EchoBoard } from "../../tools/simulator/echo-board.ts"
import { withPsk } from "../../tools/simulator/psk-program.ts"
import { PSK } from "../wire/psk.ts"
import type { Bench } from "./judge.ts"
import { linkMode, type LinkMode } from "./links.ts"
import { TcpServer } from "../wire/server.ts"

export async function startBench(link: LinkMode): Promise<Bench> {
    const options = {
        link: link.board,
        patch: link.tls?.pskCallback && withPsk,
        settings: { PSK },
    }
    const echo = await EchoBoard.start(options)
    echo.board.link.delay = link.delay
    return { echo, server: await TcpServer.start(link.tls), link }
}

export async function stopBench({ echo, server }: Bench): Promise<void> {
    await echo.stop()
    await server.stop()
}

/** Runs something on a bench of its own. */
export async function withBench<T>(
    board: LinkOptions,
    run: (bench: Bench) => Promise<T>
): Promise<T> {
    const bench = await startBench({ ...linkMode("plain"), board })
    try {
        return await run(bench)
    } finally {
        await stopBench(bench)
    }
}

/** Bytes that the program can reach, once nothing changes any more. */
export async function liveHeap(board: Board): Promise<number> {
    for (let before = -1; ;) {
        const { live } = board.heap()
        if (live === before) return live
        before = live
        await sleep(1)
    }
}

/**
 * Judges samples of the live heap: after the first quarter they have to stay within `band` bytes.
 * @returns a line that says so, or what they did instead, and their range
 */
export function judgeFlat(samples: number[], band: number) {
    const expected = `live heap within ${band} B`
    const settled = samples.slice(samples.length >> 2)
    const [low, high] = [Math.min(...settled), Math.max(...settled)]
    const range = `${low.toLocaleString("en")} to ${high.toLocaleString("en")} B live in ${settled.length} samples`
    const seen = high - low <= band ? expected : range
    return { expected, seen, note: range }
}
