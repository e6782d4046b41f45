/** How regular the timer of a board is, by the times at which its log lines came. */
import { median } from "../../lib/statistics.ts"
import { readLine } from "../../tools/log/exchange-log.ts"
import type { LogLine } from "./device.ts"

/** Milliseconds between each message and the next. */
export function intervals(log: readonly LogLine[]): number[] {
    const times = log
        .filter(({ text }) => readLine(text)?.kind === "sent")
        .map(({ at }) => at)
    return times.slice(1).map((at, i) => at - times[i])
}

/** How far the median is from `wanted`, as a part of it: 0.05 is 5 % too slow. One late turn of a busy computer does not move it. */
export function medianOff(times: number[], wanted: number): number {
    return (median(times) ?? NaN) / wanted - 1
}
