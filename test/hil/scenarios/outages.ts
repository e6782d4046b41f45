/** The server goes away, or the way to it does. */
import type { Scenario } from "../scenario.ts"

/** The longest pause between two attempts (docs/api.md, `backoff`), and time for the attempt itself; in seconds. */
const LONGEST_PAUSE = 60

export const OUTAGES: Scenario[] = [
    {
        name: "server-restart",
        what: "The server ends in order and starts again: 1001 is answered, and the board comes back.",
        settings: { INTERVAL: 50 },
        deadline: 60,
        async steps({ device, link, server }) {
            await device.expect(/^right 5 /)
            link.refuse()
            await server.stop()
            await device.expect(/^down 1001 /)
            await server.start()
            await link.open()
        },
        expect: {
            connections: 2,
            lost: [0, 1],
            log: [/^down 1001 "server is shutting down"/, /^open 2$/],
        },
    },
    {
        name: "server-killed",
        what: "The server dies without a word and is back at once.",
        settings: { INTERVAL: 50 },
        deadline: 60,
        async steps({ device, server }) {
            await device.expect(/^right 5 /)
            await server.kill()
            await server.start()
        },
        expect: {
            connections: 2,
            lost: [0, 1],
            log: [/^down 1006 /, /^open 2$/],
        },
    },
    {
        name: "server-gone-a-minute",
        what: "Nobody listens for a minute; the board tries again and again, ever more slowly, and then comes back.",
        settings: { INTERVAL: 50 },
        deadline: 60 + LONGEST_PAUSE + 30,
        async steps({ device, link, server, sleep }) {
            await device.expect(/^right 5 /)
            link.refuse()
            await server.kill()
            await sleep(60_000)
            await server.start()
            await link.open()
            await device.expect(/^open 2$/, 1000 * (LONGEST_PAUSE + 20))
        },
        expect: {
            connections: 2,
            lost: [0, 1],
            log: [/^down 1006 /, /^down 1006 /, /^open 2$/],
        },
    },
    {
        name: "accepts-and-says-nothing",
        what: "Something accepts the connection and never answers the handshake: the board gives up and tries again.",
        settings: { INTERVAL: 50, COUNT: 10 },
        deadline: 120,
        prepare: ({ link }) => link.mute(),
        async steps({ device, link }) {
            const timeout =
                /^down 1006 ".*(no response: timeout|no connection|tls: timeout)/
            await device.expect(timeout, 60_000)
            await link.open()
        },
    },
    {
        name: "board-reset",
        what: "The board loses power for a moment: it starts anew, what it had is not counted, and the server, which no FIN tells, finds out by its Ping.",
        settings: { INTERVAL: 50 },
        server: { ping: 5000 },
        deadline: 60,
        async steps({ device, link, record }) {
            await device.expect(/^right 5 /)
            link.darken()
            await device.reset()
            await record.quiet(50_000)
        },
        expect: {
            connections: 2,
            log: [/^open 1$/, /^right 5 /, /^open 1$/, /^right 20 /],
        },
        check: ({ record }) =>
            record.some(
                ({ event, ...rest }) =>
                    event === "close" && "code" in rest && rest.code === 1006
            )
                ? []
                : [
                      "expected the server to end the board's first connection with 1006, it did not",
                  ],
    },
]
