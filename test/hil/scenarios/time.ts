/** What takes time, or keeps it. */
import type { Scenario } from "../scenario.ts"
import { intervals, medianOff } from "../regularity.ts"

const INTERVAL = 500

export const TIME: Scenario[] = [
    {
        name: "idle-connection",
        what: "A minute and a half between two messages: Pings keep the connection, and nothing is lost.",
        settings: { COUNT: 2, INTERVAL: 90_000 },
        deadline: 120,
    },
    {
        name: "ping-without-pong",
        what: "The server leaves the board's Pings without a Pong: after 30 s of silence the link counts as dead.",
        settings: { COUNT: 2, INTERVAL: 45_000 },
        server: { faults: { noPong: true } },
        deadline: 90,
        expect: {
            connections: 2,
            log: [
                /^right 1 /,
                /^down 1006 "silent for 30000 ms"/,
                /^open 2$/,
                /^right 2 /,
            ],
        },
    },
    {
        name: "regular-timer",
        what: "Messages leave at their interval, however long the replies take: as a rule within 10 %.",
        settings: { COUNT: 25, INTERVAL },
        deadline: 60,
        alone: true,
        prepare: ({ link }) => link.bend({ latency: 20, jitter: 50 }),
        figures: ({ log }) => {
            const times = intervals(log)
            return {
                "shortest interval, ms": Math.round(Math.min(...times)),
                "longest interval, ms": Math.round(Math.max(...times)),
            }
        },
        check: ({ log }) => {
            const off = medianOff(intervals(log), INTERVAL)
            return Math.abs(off) <= 0.1
                ? []
                : [
                      `expected an interval of ${INTERVAL} ms, it is ${(100 * off).toFixed(1)} % off as a rule`,
                  ]
        },
    },
    {
        name: "soak",
        what: "3,000 exchanges over a link that is reset after every 500: an hour of a board's life, in short.",
        settings: { COUNT: 3000, INTERVAL: 10, TIMEOUT: 5000 },
        deadline: 300,
        async steps({ device, link }) {
            for (let n = 500; n < 3000; n += 500) {
                await device.expect(new RegExp(`^sent ${n} `), 120_000)
                link.reset()
            }
        },
        expect: { connections: 6, lost: [0, 5] },
    },
]
