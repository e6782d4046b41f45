/** How regular the timer of a board is, by the times at which its log lines came. */
import { readLine } from "../../tools/exchanges.ts"
import type { LogLine } from "./device.ts"

/** Milliseconds between each message and the next. */
export function intervals(log: readonly LogLine[]): number[] {
    const times = log
        .filter(({ text }) => readLine(text)?.kind === "sent")
        .map(({ at }) => at)
    return times.slice(1).map((at, i) => at - times[i])
}

/** How far the mean is from `wanted`, as a part of it: 0.05 is 5 % too slow. */
export function meanOff(times: number[], wanted: number): number {
    const sum = times.reduce((total, time) => total + time, 0)
    return sum / times.length / wanted - 1
}
