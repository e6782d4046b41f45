import assert from "node:assert/strict"
import { test } from "node:test"
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
    [`${NAME}; client_max_window_bits=15`]:
        "server_no_context_takeover; client_max_window_bits=11",
    [`${NAME}; client_max_window_bits=11`]:
        "server_no_context_takeover; client_max_window_bits=11",
    [`${NAME}; client_max_window_bits=9`]:
        "server_no_context_takeover; client_max_window_bits=9",
    [`${NAME}; client_max_window_bits=8`]:
        "server_no_context_takeover; client_max_window_bits=8",
    [`${NAME}; client_max_window_bits; client_no_context_takeover`]:
        "server_no_context_takeover; client_no_context_takeover; client_max_window_bits=11",
    [`${NAME}; server_max_window_bits=15`]:
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15",
    [`${NAME}; server_max_window_bits=9`]:
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9",
    [`${NAME};server_no_context_takeover;client_no_context_takeover;server_max_window_bits=10;client_max_window_bits=12`]:
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11",
    // zlib cannot compress with such a window
    [`${NAME}; server_max_window_bits=8`]: undefined,
    // the first offer that can be met is taken
    [`${NAME}; server_max_window_bits=8, ${NAME}`]:
        "server_no_context_takeover; client_no_context_takeover",
    [`${NAME}; server_max_window_bits=9, ${NAME}`]:
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9",
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

for (const [offer, answer] of Object.entries(CASES))
    test(`an offer of "${offer}" is ${answer === undefined ? "declined" : `answered with ${answer}`}`, () =>
        assert.equal(
            agreeOnDeflate(offer)?.answer,
            answer && `${NAME}; ${answer}`
        ))

test("without the field nothing is agreed on", () =>
    assert.equal(agreeOnDeflate(undefined), undefined))

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
