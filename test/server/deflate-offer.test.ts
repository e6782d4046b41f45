import assert from "node:assert/strict"
import { test } from "node:test"
import { once } from "../wire/wait.ts"
import { handshake, serve, tcp } from "./peers.ts"
import { agreeOnDeflate } from "../../server/websocket/deflate-offer.ts"

const NAME = "permessage-deflate"

/** Answers by offer; `undefined`: declined. */
const CASES: Record<string, string | undefined> = {
    "": undefined,
    "x-webkit-deflate-frame": undefined,
    [NAME]: "server_no_context_takeover; client_no_context_takeover",
    [`${NAME}; server_no_context_takeover`]:
        "server_no_context_takeover; client_no_context_takeover",
    [`${NAME}; client_no_context_takeover`]:
        "server_no_context_takeover; client_no_context_takeover",
    [`${NAME}; client_max_window_bits`]:
        "server_no_context_takeover; client_max_window_bits=11",
    [`${NAME}; client_max_window_bits; client_no_context_takeover`]:
        "server_no_context_takeover; client_no_context_takeover; client_max_window_bits=11",
    [`${NAME};server_no_context_takeover;client_no_context_takeover;server_max_window_bits=10;client_max_window_bits=12`]:
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11",
    ...Object.fromEntries(
        [8, 9, 10, 11, 12, 13, 14, 15].flatMap(bits => [
            [
                `${NAME}; server_max_window_bits=${bits}`,
                `server_no_context_takeover; client_no_context_takeover; server_max_window_bits=${bits}`,
            ],
            [
                `${NAME}; client_max_window_bits=${bits}`,
                `server_no_context_takeover; client_max_window_bits=${Math.min(bits, 11)}`,
            ],
        ])
    ),
    // the first offer that can be met is taken
    [`${NAME}; server_max_window_bits=7, ${NAME}`]:
        "server_no_context_takeover; client_no_context_takeover",
    [`${NAME}; server_max_window_bits=9, ${NAME}`]:
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9",
    [`${NAME}; unknown, ${NAME}; client_max_window_bits=7, ${NAME}; client_max_window_bits`]:
        "server_no_context_takeover; client_max_window_bits=11",
    [`${NAME.toUpperCase()}`]: undefined,
    [`other; a=b, , ${NAME}; client_max_window_bits ,`]:
        "server_no_context_takeover; client_max_window_bits=11",
    // quoted values, RFC 6455 section 9.1
    [`${NAME}; client_max_window_bits="10"`]:
        "server_no_context_takeover; client_max_window_bits=10",
    [`${NAME}; server_max_window_bits = "1\\2"`]:
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12",
    [`other; a="b, ${NAME}; c"`]: undefined,
    [`other; a="\\", ", ${NAME}; client_max_window_bits`]:
        "server_no_context_takeover; client_max_window_bits=11",
    // invalid parameters decline their offer, RFC 7692 section 7.1
    [`${NAME}; unknown`]: undefined,
    [`${NAME}; client_max_window_bits; client_max_window_bits`]: undefined,
    [`${NAME}; server_max_window_bits=9; server_max_window_bits=9`]: undefined,
    [`${NAME}; server_no_context_takeover; server_no_context_takeover`]:
        undefined,
    [`${NAME}; server_no_context_takeover=true`]: undefined,
    [`${NAME}; client_no_context_takeover=""`]: undefined,
    [`${NAME}; server_max_window_bits`]: undefined,
    ...Object.fromEntries(
        ["7", "16", "08", "011", "1e1", "-9", "+9", '""', '" 9"'].flatMap(
            bits => [
                [`${NAME}; server_max_window_bits=${bits}`, undefined],
                [`${NAME}; client_max_window_bits=${bits}`, undefined],
            ]
        )
    ),
    // a field that is malformed offers nothing
    [`${NAME};`]: undefined,
    [`${NAME}; =9`]: undefined,
    [`${NAME}; client_max_window_bits=`]: undefined,
    [`${NAME}; client_max_window_bits="10`]: undefined,
    [`${NAME} client_max_window_bits`]: undefined,
    [`${NAME}, @`]: undefined,
    [`${NAME}; client_max_window_bits="10"x`]: undefined,
}

const describe = (answer: string | undefined) =>
    answer === undefined ? "declined" : `answered with ${answer}`

for (const [offer, answer] of Object.entries(CASES))
    test(`an offer of "${offer}" is ${describe(answer)}`, () =>
        assert.equal(
            agreeOnDeflate(offer)?.answer,
            answer && `${NAME}; ${answer}`
        ))

test("without the field nothing is agreed on", () =>
    assert.equal(agreeOnDeflate(undefined), undefined))

test("whatever is offered, the handshake succeeds, with the answer or without", async t => {
    const { port } = await serve(t, { compress: true, maxPerAddress: 1000 })
    for (const [offer, answer] of Object.entries(CASES)) {
        const socket = await tcp(t, port)
        socket.write(handshake({ "Sec-WebSocket-Extensions": offer }))
        const [head] = await once(socket, "data")
        const [, agreed] =
            /^Sec-WebSocket-Extensions: (.*)\r$/m.exec(String(head)) ?? []
        assert.match(String(head), /^HTTP\/1.1 101 /)
        assert.equal(agreed, answer && `${NAME}; ${answer}`, offer)
        socket.destroy()
    }
})

test("offers in several fields are one list", async t => {
    const { port } = await serve(t, { compress: true })
    const socket = await tcp(t, port)
    const second = `\r\nSec-WebSocket-Extensions: ${NAME}; server_max_window_bits=10`
    socket.write(handshake({ "Sec-WebSocket-Extensions": `other${second}` }))
    const [head] = await once(socket, "data")
    assert.match(String(head), /; server_max_window_bits=10\r$/m)
})

test("the agreement says what its answer says", () => {
    const keeps = agreeOnDeflate(
        `${NAME}; client_max_window_bits; server_max_window_bits=10`
    )
    assert.equal(keeps?.clientKeepsContext, true)
    assert.equal(keeps?.serverWindowBits, 10)
    const forgets = agreeOnDeflate(NAME)
    assert.equal(forgets?.clientKeepsContext, false)
    assert.equal(forgets?.serverWindowBits, 15)
})
