/** The order of fragments, RFC 6455, 5.4. */
import {
    BINARY,
    CONTINUATION,
    fragments,
    frame,
    PING,
    TEXT,
} from "../../wire/frames.ts"
import {
    closes,
    echoOf,
    fails,
    pong,
    roundTrip,
    send,
    type Case,
    type Step,
} from "../script.ts"

const START = { fin: false }

export function fragmentation(): Case[] {
    const good = (name: string, steps: Step[]): Case => ({
        name,
        section: "5.4",
        script: () => closes(steps),
    })
    const bad = (name: string, ...frames: Buffer[]): Case => ({
        name,
        section: "5.4",
        script: () => fails([send(...frames)]),
    })
    return [
        ...good_(good),
        bad("a continuation without a message", frame(CONTINUATION, "a")),
        bad("an empty continuation without a message", frame(CONTINUATION)),
        bad(
            "the header of a continuation without a message",
            frame(CONTINUATION, "", { announced: 9 })
        ),
        bad(
            "a continuation without a message, not final",
            frame(CONTINUATION, "a", START)
        ),
        bad(
            "a text inside a fragmented text",
            frame(TEXT, "a", START),
            frame(TEXT, "b")
        ),
        bad(
            "a binary inside a fragmented text",
            frame(TEXT, "a", START),
            frame(BINARY, "b")
        ),
        bad(
            "a text inside a fragmented binary",
            frame(BINARY, "a", START),
            frame(TEXT, "b")
        ),
        bad(
            "the header of a text inside a fragmented text",
            frame(TEXT, "a", START),
            frame(TEXT, "", { announced: 5 })
        ),
        bad(
            "a fragmented text inside a fragmented text",
            frame(TEXT, "a", START),
            frame(TEXT, "b", START)
        ),
        {
            name: "a continuation behind a message in one frame",
            section: "5.4",
            script: () =>
                fails([
                    ...roundTrip(TEXT, "a"),
                    send(frame(CONTINUATION, "b")),
                ]),
        },
        {
            name: "a continuation behind a fragmented message",
            section: "5.4",
            script: () =>
                fails([
                    send(...fragments(TEXT, "ab", [1])),
                    echoOf(TEXT, "ab"),
                    send(frame(CONTINUATION, "c")),
                ]),
        },
        {
            name: "two messages each followed by a continuation",
            section: "5.4",
            script: () =>
                fails([
                    send(
                        frame(TEXT, "a"),
                        frame(CONTINUATION, "b"),
                        frame(TEXT, "c"),
                        frame(CONTINUATION, "d")
                    ),
                    echoOf(TEXT, "a"),
                ]),
        },
    ]
}

function good_(good: (name: string, steps: Step[]) => Case): Case[] {
    const empty = ["", "", ""].map((_, i) =>
        frame(i ? CONTINUATION : TEXT, "", { fin: i === 2 })
    )
    return [
        good("two fragments", [
            send(...fragments(TEXT, "Hello", [3])),
            echoOf(TEXT, "Hello"),
        ]),
        good("two fragments of a binary", [
            send(...fragments(BINARY, "Hello", [3])),
            echoOf(BINARY, "Hello"),
        ]),
        good("a fragment for each byte", [
            send(...fragments(TEXT, "Hello", [1, 2, 3, 4])),
            echoOf(TEXT, "Hello"),
        ]),
        good("three empty fragments", [send(...empty), echoOf(TEXT, "")]),
        good("an empty fragment first", [
            send(...fragments(TEXT, "Hello", [0])),
            echoOf(TEXT, "Hello"),
        ]),
        good("an empty fragment between", [
            send(...fragments(TEXT, "Hello", [2, 2])),
            echoOf(TEXT, "Hello"),
        ]),
        good("an empty fragment last", [
            send(...fragments(TEXT, "Hello", [5])),
            echoOf(TEXT, "Hello"),
        ]),
        good("1,000 fragments of 1 B", [
            send(
                ...fragments(
                    BINARY,
                    "x".repeat(1000),
                    Array.from({ length: 999 }, (_, i) => i + 1)
                )
            ),
            echoOf(BINARY, "x".repeat(1000)),
        ]),
        good("1,000 empty fragments and one with 5 B", [
            send(
                frame(TEXT, "", START),
                ...Array.from({ length: 999 }, () =>
                    frame(CONTINUATION, "", START)
                ),
                frame(CONTINUATION, "Hello")
            ),
            echoOf(TEXT, "Hello"),
        ]),
        good("fragmented messages one behind the other", [
            send(
                ...fragments(TEXT, "one", [1]),
                ...fragments(BINARY, "two", [2]),
                frame(TEXT, "three")
            ),
            echoOf(TEXT, "one"),
            echoOf(BINARY, "two"),
            echoOf(TEXT, "three"),
        ]),
        good("a long wait between two fragments, bridged by a ping", [
            send(frame(TEXT, "a", START)),
            send(frame(PING, "p")),
            pong("p"),
            send(frame(CONTINUATION, "b", START)),
            send(frame(PING, "q")),
            pong("q"),
            send(frame(CONTINUATION, "c")),
            echoOf(TEXT, "abc"),
        ]),
    ]
}
