/** The way between board and server is bad, or breaks. */
import type { Scenario } from "../scenario.ts"

/** Seconds until a client without a sign of life gives up: Ping after 20, and 10 more (docs/api.md, `heartbeat`). */
const DEAD = 30

export const LINK: Scenario[] = [
    {
        name: "link-reset",
        what: "The connection is reset three times; each time the board notices, reports and comes back.",
        settings: { COUNT: 40, INTERVAL: 50 },
        deadline: 60,
        async steps({ device, link }) {
            for (let k = 1; k <= 3; k++) {
                await device.expect(new RegExp(`^right ${5 * k} `))
                // the reply does not come through any more
                link.silence("down")
                await device.expect(new RegExp(`^sent ${5 * k + 1} `))
                link.reset()
                link.resume()
                await device.expect(new RegExp(`^open ${k + 1}$`), 20_000)
            }
        },
        expect: { connections: 4, lost: 3 },
    },
    {
        name: "reset-in-reply",
        what: "The connection breaks in the middle of a frame from the server.",
        settings: { INTERVAL: 50 },
        deadline: 60,
        async steps({ device, link }) {
            await device.expect(/^right 5 /)
            link.resetAfter("down", 3)
        },
        expect: { connections: 2, lost: 1 },
    },
    {
        name: "reset-in-message",
        what: "The connection breaks in the middle of a frame from the board: the server gets no part of it as a message.",
        settings: { INTERVAL: 50 },
        deadline: 60,
        async steps({ device, link }) {
            await device.expect(/^right 5 /)
            link.resetAfter("up", 7)
        },
        expect: { connections: 2, lost: 1 },
    },
    {
        name: "silent-link",
        what: "Nothing comes through any more and nobody says so: the board finds out by its Ping, and comes back when it can.",
        settings: { INTERVAL: 200, TIMEOUT: 60_000 },
        deadline: DEAD + 60 + 30,
        async steps({ device, link }) {
            await device.expect(/^right 5 /)
            link.silence()
            await device.expect(/^down 1006 "silent for/, 1000 * (DEAD + 15))
            link.reset()
            link.resume()
        },
        expect: { connections: 2, lost: 1 },
    },
    {
        name: "silent-one-way",
        what: "Messages reach the server and no reply comes back: each is reported as lost, until the way is free again.",
        settings: { INTERVAL: 50, TIMEOUT: 1000 },
        deadline: 60,
        async steps({ device, link }) {
            await device.expect(/^right 5 /)
            link.silence("down")
            await device.expect(/^lost 8 no reply within 1000 ms$/)
            link.resume()
        },
        expect: { lost: [3, 5], late: [3, 5] },
    },
    {
        name: "short-silence",
        what: "A silence shorter than the program's patience costs time and nothing else.",
        settings: { INTERVAL: 50 },
        deadline: 60,
        async steps({ device, link, sleep }) {
            await device.expect(/^right 5 /)
            link.silence()
            await sleep(2000)
            link.resume()
        },
    },
    {
        name: "slow-link",
        what: "150 ms of latency in each direction, up to 100 ms of jitter, and 2 KB/s.",
        settings: { INTERVAL: 50, COUNT: 15 },
        deadline: 60,
        prepare: ({ link }) =>
            link.bend({ latency: 150, jitter: 100, bandwidth: 2048 }),
    },
    {
        name: "one-byte-segments",
        what: "Every byte comes on its own, in both directions, the handshake included.",
        deadline: 60,
        prepare: ({ link }) => link.bend({ segment: 1 }),
    },
    {
        name: "merged-segments",
        what: "What comes within 100 ms comes in one piece.",
        deadline: 60,
        prepare: ({ link }) => link.bend({ gather: 100 }),
    },
    {
        name: "corrupt-reply",
        what: "A byte of a reply is spoilt on the way: the board calls it wrong.",
        plain: true,
        settings: { INTERVAL: 200 },
        deadline: 60,
        async steps({ device, link }) {
            await device.expect(/^right 5 /)
            // behind the frame's two bytes of header
            link.corrupt("down", 2)
        },
        expect: { wrong: 1, log: [/^wrong 6 "7 olleH" expected "6 olleH"/] },
    },
    {
        name: "corrupt-message",
        what: "A byte of a message is spoilt on the way: the server reverses what it got, and the board calls it wrong.",
        plain: true,
        settings: { INTERVAL: 200 },
        deadline: 60,
        async steps({ device, link }) {
            await device.expect(/^right 5 /)
            // behind two bytes of header and four of mask
            link.corrupt("up", 6)
        },
        expect: {
            wrong: 1,
            spoilt: 1,
            log: [/^wrong 6 "6 olleI" expected "6 olleH"/],
        },
    },
]
