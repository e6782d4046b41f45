import assert from "node:assert/strict"
import { mock, test } from "node:test"
import { CommanderError } from "commander"
import { parseArguments } from "../../server/cli/arguments.ts"

/** Option, wrong value, and a word of what is allowed. */
const WRONG: [args: string[], allowed: string][] = [
    [["--port", "abc"], "from 0 to 65535"],
    [["--port", "-1"], "from 0 to 65535"],
    [["--port", "80.5"], "from 0 to 65535"],
    [["--port", "0x50"], "from 0 to 65535"],
    [["--port", ""], "from 0 to 65535"],
    [["--port", "65536"], "from 0 to 65535"],
    [["--host", ""], "IP address or a host name"],
    [["--path", "ws"], "starts with a slash"],
    [["--path", "/a b"], "printable ASCII"],
    [["--path", "/ws?x"], "neither query nor fragment"],
    [["--path", "/é"], "printable ASCII"],
    [["--origin", "example.com"], "scheme://host"],
    [["--origin", "http://example.com/"], "without a path"],
    [["--subprotocol", "a b"], "without spaces"],
    [["--subprotocol", ""], "letters"],
    [["--max-message", "0"], "from 1 to 134217728"],
    [["--max-message", "1e6"], "from 1 to 134217728"],
    [["--max-connections", "0"], "from 1 to 65535"],
    [["--max-per-address", "0"], "from 1 to 65535"],
    [["--max-rate", "0"], "from 1 to 1000000"],
    [["--trust-proxy", "10.0.0.0/33"], "10.0.0.0/8"],
    [["--token-file", "/nowhere"], "no such file"],
    [["--admin-port", "x"], "from 0 to 65535"],
    [["--log", "loud"], "debug, info, warn"],
    [["--ping", "-1"], "from 0 to 86400"],
    [["--ping", "86401"], "from 0 to 86400"],
    [["--request-timeout", "0"], "from 0.1 to 86400"],
    [["--stall-timeout", "0.05"], "from 0.1 to 86400"],
    [["--trust-proxy", "10.0.0.1/"], "10.0.0.0/8"],
    [["--prefix", "x", "reverse"], "needs mode prefix"],
    [["mode", "shout"], "reverse, echo, prefix, tutorial"],
]

for (const [[option, value, ...more], allowed] of WRONG)
    test(`${option} ${JSON.stringify(value)} is refused by name, with what is allowed`, () => {
        const args = option === "mode" ? [value] : [option, value, ...more]
        const written = mock.method(process.stderr, "write", () => true)
        try {
            assert.throws(() => parseArguments(args), CommanderError)
        } finally {
            written.mock.restore()
        }
        const message = String(written.mock.calls[0].arguments[0])
        assert.ok(message.includes(option), message)
        assert.ok(message.includes(`'${value}'`), message)
        assert.ok(message.includes(allowed), message)
    })

test("what is not said is left to the mode", () => {
    const { server } = parseArguments(["prefix"])
    assert.equal(server.mode, "prefix")
    assert.equal(server.port, undefined)
    assert.equal(server.path, undefined)
})

test("limits of the allowed are allowed", () => {
    const { server } = parseArguments([
        ...["--port", "65535", "--max-message", "1", "--ping", "0"],
        ...["--origin", "null", "--origin", "chrome-extension://abc"],
    ])
    assert.equal(server.port, 65535)
    assert.equal(server.maxMessage, 1)
    assert.equal(server.ping, 0)
    assert.deepEqual(server.origins, ["null", "chrome-extension://abc"])
})

test("times are whole milliseconds", () => {
    const { server } = parseArguments([
        ...["--request-timeout", "1.0005", "--stall-timeout", "0.1"],
        ...["--ping", "0.0001"],
    ])
    assert.equal(server.handshakeTimeout, 1001)
    assert.equal(server.stallTimeout, 100)
    assert.equal(server.ping, 0)
})
