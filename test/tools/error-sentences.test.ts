import assert from "node:assert/strict"
import { test } from "node:test"
import { explained } from "../../tools/log/error-sentences.ts"

const MASKED = /\n {4}the server masked a frame/

for (const line of [
    'down 1002 "masked frame" again in 1000 ms',
    'closed 1002 "masked frame"',
    "lost 3 masked frame",
    "Exception: ProtocolError: masked frame",
    "can't connect: masked frame",
])
    test(`${line} is explained`, () => assert.match(explained(line), MASKED))

test("an error with a colon of its own is explained", () =>
    assert.match(
        explained("Exception: StreamError: no response: timeout"),
        /\n {4}something took the connection/
    ))

test("a close code without a reason is explained", () =>
    assert.match(
        explained('down 1013 "" again in 20 ms'),
        /\n {4}the server has too much to do/
    ))

test("an exception that cannot be caught is explained, others are not", () => {
    assert.match(explained("Exception: InfiniteLoop"), /\n.*await sleep\(0\)/)
    assert.doesNotMatch(explained("Exception: TypeError"), /\n/)
})

for (const line of [
    'sent 1 "masked frame"',
    'down 1001 "going away" again in 1000 ms',
    "masked frame",
    "",
])
    test(`"${line}" stays as it is`, () => assert.equal(explained(line), line))
