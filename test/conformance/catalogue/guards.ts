/**
 * More than the heap can hold. A program that keeps up gets any burst; one that is held up ends the connection with a clear
 * error before the heap is full. Only where the network hands over a burst without letting the program run in between,
 * which no firmware does, does a large one kill the program before any of its code runs.
 */
import type { LinkOptions } from "../../../sim/link.ts"
import { withBench } from "../board.ts"
import { BINARY, frame } from "../../wire/frames.ts"
import { upgrade } from "../../wire/handshake.ts"
import { judge, within } from "../judge.ts"
import { binary, sizeName } from "../payloads.ts"
import { Peer } from "../../wire/peer.ts"
import { closes, echoOf, send, type Probe, type Script } from "../script.ts"

const KB = 1024
const PATIENCE = 30_000
const TOO_FAST = "StreamError: … faster than they were read"

export function guards(): Probe[] {
    return [
        burst("esp32", "idle", 1024 * KB, true),
        burst("picow", "idle", 1024 * KB, true),
        burst("esp32", "burst", 16 * KB, true),
        burst("esp32", "burst", 32 * KB, false),
        burst("picow", "burst", 16 * KB, true),
        burst("picow", "burst", 32 * KB, false),
        burst("simulator", "burst", 16 * KB, true),
        burst("simulator", "burst", 32 * KB, false),
        deaf(1024),
        deaf(64),
    ]
}

/** One message of that size, written at once. */
function burst(
    like: LinkOptions["like"],
    delivery: LinkOptions["delivery"],
    size: number,
    survives: boolean
): Probe {
    const name = `a burst of ${sizeName(size)} over the network of ${like}, delivered ${delivery === "idle" ? "whenever the program waits" : "at once"}`
    return {
        name,
        section: "10.4",
        run: () =>
            withBench({ like, delivery }, async bench => {
                const data = binary(size)
                const steps = [send(frame(BINARY, data)), echoOf(BINARY, data)]
                const script = (): Script =>
                    survives
                        ? closes(steps)
                        : {
                              steps: [
                                  steps[0],
                                  {
                                      expect: {
                                          label: "TCP closed",
                                          matches: e => e.type === "end",
                                      },
                                  },
                              ],
                              sight: {
                                  code: 1006,
                                  error: /^StreamError: .* faster than they were read/,
                              },
                          }
                const outcome = await judge(
                    { ...bench, link: { ...bench.link, writing: "merged" } },
                    { name, section: "10.4", heap: true, script }
                )
                return outcome
            }),
    }
}

/** A peer that sends for ever and reads nothing, on a network that cannot be held up. */
function deaf(piece: number): Probe {
    return {
        name: `a peer that does not read, and sends messages of 1,000 B that arrive in pieces of ${piece} B`,
        section: "10.4",
        run: () =>
            withBench({ delivery: "idle", piece }, async ({ echo, server }) => {
                const connection = server.connection()
                const ended = echo.open(`ws://127.0.0.1:${server.port}/`)
                const socket = await connection
                const peer = new Peer(socket, "apart", upgrade)
                await peer.next(PATIENCE)
                socket.pause()
                echo.board.watchPeak()
                let over = false
                const result = within(ended, PATIENCE).finally(
                    () => (over = true)
                )
                const message = frame(BINARY, binary(1000))
                const flood = Array.from({ length: 20 }, () => message)
                while (!over)
                    await Promise.race([
                        peer.send([Buffer.concat(flood)]),
                        result,
                    ])
                const { error } = await result
                const { live, used } = echo.board.peak()
                const fast = /^StreamError: .* faster than they were read/.test(
                    error ?? ""
                )
                return {
                    expected: [TOO_FAST],
                    seen: [fast ? TOO_FAST : `${error}`],
                    note: `heap: at most ${sizeName(live)} live, ${sizeName(used)} with garbage`,
                }
            }),
    }
}
