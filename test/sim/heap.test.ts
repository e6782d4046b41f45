import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { Board, type BoardOptions } from "../../sim/board.ts"
import { compileSource } from "../../sim/program.ts"
import type { Reply, WireModel } from "../../sim/wire.ts"

/** Lets a program wait for the test: `await wire.recv()` returns at each `go()`. */
class Gate implements WireModel {
    private reply!: Reply

    open(reply: Reply) {
        this.reply = reply
    }

    data() {}

    go() {
        this.reply(Buffer.from("go"))
    }
}

/** Runs a program that has a gate `wire`, until the test ends. */
async function run(t: TestContext, source: string, options?: BoardOptions) {
    const gate = new Gate()
    const program = compileSource(`import * as ds from "@devicescript/core"
        import { connect } from "@devicescript/net"
        import { readSetting } from "@devicescript/settings"
        const wire = await connect({ host: "sim:gate", port: 1 })
        ${source}`)
    const board = await Board.start(program, { ...options, wires: { gate } })
    t.after(() => board.stop())
    return { board, gate }
}

/** Something of every kind that the VM's collector follows, and a change of it at every `go()`. */
const ZOO = `class Node {
        next: Node
        bytes: Buffer
        constructor(public name: string) { this.bytes = Buffer.alloc(50) }
        get() { return this.name }
    }
    const zoo: any = { list: [], methods: [], closures: [] }
    let last: Node
    for (let i = 0; i < 30; i++) {
        const node = new Node("node ü " + i)
        node.next = last
        last = node
        zoo.list.push(node)
        zoo.methods.push(node.get)
    }
    ;[1, 2, 3].forEach(i => { const kept = "captured " + i; zoo.closures.push(() => kept) })
    for (let i = 0; i < 20; i++)
        zoo["key " + i] = { half: i / 2, text: "a text of more than fifty characters, stored in another way " + i }
    async function sleeper(n: number) { const local = "local " + n; await ds.sleep(1000000); console.log(local) }
    for (let i = 0; i < 5; i++) sleeper.start(i)
    await readSetting("none")
    for (let n = 0; ; n++) {
        console.log("tick")
        await wire.recv()
        zoo["key " + n] = [n, "changed " + n]
    }`

test("live is what the VM's own collector keeps", async t => {
    // with GC stress every allocation collects: what is left is live, but for what became garbage after the last one
    const { board, gate } = await run(t, ZOO, { gcStress: true })
    for (let i = 0; i < 15; i++) {
        await board.expect("tick")
        const { size, live, garbage, free, objects, types } = board.heap()
        assert.equal(live + garbage + free, size)
        assert.ok(garbage <= 128, `${garbage} bytes of garbage`)
        assert.ok(live > 8_000 && objects > 200, `${live} in ${objects}`)
        assert.equal(
            Object.values(types).reduce((a, b) => a + b),
            live
        )
        gate.go()
    }
})

test("garbage does not count as live", async t => {
    const { board, gate } = await run(
        t,
        `const kept = Buffer.alloc(5000)
        console.log("before")
        await wire.recv()
        Buffer.alloc(3000)
        console.log("after " + kept.length)
        await wire.recv()`
    )
    await board.expect("before")
    const before = board.heap()
    gate.go()
    await board.expect("after")
    const after = board.heap()
    assert.ok(before.live > 5000 && before.live < 10_000, `${before.live}`)
    assert.ok(after.garbage - before.garbage >= 3000)
    assert.ok(Math.abs(after.live - before.live) < 200)
    assert.ok(after.largest > 48_000)
})

test("the largest block can be allocated, a larger one cannot", async t => {
    const outcome = async (size: number) => {
        const { board, gate } = await run(
            t,
            `const kept = Buffer.alloc(20000)
            console.log("measure")
            await wire.recv()
            const more = Buffer.alloc(${size})
            console.log("enough for " + (kept.length + more.length))
            await wire.recv()`
        )
        await board.expect("measure")
        const { largest } = board.heap()
        gate.go()
        await board.expect(/enough for|OutOfMemory/)
        const fits = board.log.some(({ text }) => /enough for/.test(text))
        await board.stop()
        return { largest, fits }
    }
    const { largest, fits } = await outcome(10)
    assert.ok(fits)
    assert.ok((await outcome(largest - 200)).fits)
    assert.ok(!(await outcome(largest + 200)).fits)
})

test("the peak outlives the allocation", async t => {
    const { board, gate } = await run(
        t,
        `console.log("ready")
        await wire.recv()
        let big = Buffer.alloc(30000)
        console.log("big " + big.length)
        await wire.recv()
        big = undefined
        console.log("done")
        await wire.recv()`
    )
    await board.expect("ready")
    board.watchPeak()
    gate.go()
    await board.expect("big")
    gate.go()
    await board.expect("done")
    assert.ok(board.peak().live > 30_000)
    assert.ok(board.peak().used >= board.peak().live)
    assert.ok(board.heap().live < 10_000)
})

test("the heap is found again after a restart, and missed in between", async t => {
    const { board, gate } = await run(
        t,
        `console.log("up")
        await wire.recv()
        ds.restart()`
    )
    for (let i = 0; i < 2; i++) {
        await board.expect("up")
        assert.ok(board.heap().live > 500)
        gate.go()
        await board.expect("stop program")
        assert.throws(() => board.heap(), /expected a program in the VM/)
    }
})

test("CPU time counts what the VM computes", async t => {
    const { board, gate } = await run(
        t,
        `console.log("idle")
        await wire.recv()
        for (let j = 0; j < 10000; j++) {}
        console.log("worked")`
    )
    await board.expect("idle")
    const idle = board.cpu()
    gate.go()
    await board.expect("worked")
    assert.ok(board.cpu() > idle)
})
