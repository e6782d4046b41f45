import { setTimeout as sleep } from "node:timers/promises"
import type { Attack } from "./attacks.ts"
import { attempt, dial, frame, handshake, outcomeOf } from "./wire.ts"

const TEXT = 0x81
const CLOSE = frame(0x88, Buffer.from([0x03, 0xe8]))

const enter = (room: string | number) =>
    handshake({}, `GET /room/${room} HTTP/1.1`)

/** What is no room's name. */
const NAMES = [
    ...["", "%", "%FF", "a%00b", "%E2%80%A8", "%ED%A0%80", "x".repeat(129)],
    ...["%E2%82%AC".repeat(43), "a%0Ab", "%C0%AF"],
]

/** What is tried at a relay. */
export const ROOM_ATTACKS: Attack[] = [
    {
        name: "rooms opened and left",
        width: 32,
        at: "rooms",
        run: (port, number) =>
            attempt(port, enter(number), frame(TEXT, "on"), CLOSE),
        expected: /^(close 1000|429|dropped)$/,
    },
    {
        name: "names that no room has",
        width: 16,
        at: "rooms",
        run: (port, number) =>
            attempt(port, enter(NAMES[number % NAMES.length])),
        expected: /^400$/,
    },
    {
        name: "a flood in a room",
        width: 16,
        at: "rooms",
        run: port =>
            attempt(
                port,
                enter("flood"),
                Buffer.concat(Array<Buffer>(10_000).fill(frame(TEXT, "on")))
            ),
        expected: /^(close 1008|close 1013|dropped|429)$/,
    },
    {
        name: "members that do not read",
        width: 24,
        at: "rooms",
        run: async (port, number) => {
            const socket = dial(port).pause()
            socket.write(enter("sleepers"))
            // one in four sends
            const data = frame(0x82, Buffer.alloc(65_536))
            for (let count = 0; number % 4 === 0 && count < 200; count++)
                socket.write(data)
            await sleep(3000)
            socket.write(CLOSE)
            return outcomeOf(socket.resume())
        },
        expected: /^(close 1000|close 1013|dropped|429)$/,
    },
]
