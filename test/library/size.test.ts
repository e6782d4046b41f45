/** What a program does not use, it does not carry. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { compileSource } from "../../sim/program.ts"

function size(door: string): number {
    const source = `import { connect } from "${door}"
        const connection = await connect("ws://127.0.0.1:8000/")
        for (;;) await connection.send(await connection.recv())`
    return compileSource(source).bytecode.length
}

test("the front door costs nothing beside what is taken from it", () => {
    const direct = size("./src/websocket/connect")
    assert.equal(size("./src"), direct)
})
