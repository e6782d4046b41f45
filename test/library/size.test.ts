/** What a program does not use, it does not carry. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { compileSource } from "../../sim/program.ts"

/** Bytes that the variables of modules take, which are set when the program starts, whether used or not. */
const VARIABLES = 64

function echo(door: string) {
    const { bytecode, debug } = compileSource(`import { connect } from "${door}"
        const connection = await connect("ws://127.0.0.1:8000/")
        for (;;) await connection.send(await connection.recv())`)
    return {
        size: bytecode.length,
        functions: debug.functions.map(({ name }) => name).sort(),
    }
}

test("through the front door comes no function that is not used", () => {
    const direct = echo("./src/websocket/connect")
    const front = echo("./src")
    assert.deepEqual(front.functions, direct.functions)
    const more = front.size - direct.size
    assert.ok(more <= VARIABLES, `${more} bytes more`)
})
