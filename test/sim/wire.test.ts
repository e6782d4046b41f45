import assert from "node:assert/strict"
import { test } from "node:test"
import { Board } from "../../sim/board.ts"
import { compileSource } from "../../sim/program.ts"
import type { Reply, WireModel } from "../../sim/wire.ts"
import { once } from "../wire/wait.ts"

/** Answers each write at once with what `answer` makes of it, and notes what happens. */
class Model implements WireModel {
    readonly calls: string[] = []
    reply!: Reply

    constructor(private readonly answer: (bytes: Uint8Array) => Uint8Array) {}

    open(reply: Reply) {
        this.reply = reply
        this.calls.push("open")
    }

    data(bytes: Uint8Array) {
        this.calls.push(Buffer.from(bytes).toString("hex"))
        this.reply(this.answer(bytes))
    }

    close() {
        this.calls.push("close")
    }
}

const OPEN = `import { connect } from "@devicescript/net"
    const wire = await connect({ host: "sim:chip", port: 1 })\n`

test("a program talks to a model, which answers and speaks up by itself", async t => {
    const model = new Model(bytes => bytes.map(byte => 255 - byte))
    const board = await Board.start(
        compileSource(`${OPEN}
            await wire.send(hex\`0001fe\`)
            console.log((await wire.recv()).toString("hex"))
            console.log((await wire.recv()).toString("utf-8"))
            await wire.close()
            console.log("closed")`),
        { wires: { chip: model } }
    )
    t.after(() => board.stop())
    await board.expect("fffe01")
    model.reply(Buffer.from("interrupt"))
    await board.expect("interrupt")
    await board.expect("closed")
    assert.deepEqual(model.calls, ["open", "0001fe", "close"])
})

test("pieces keep their bounds and their order", async t => {
    const model = new Model(bytes => bytes)
    const board = await Board.start(
        compileSource(`${OPEN}
            for (let i = 1; i <= 5; i++) await wire.send(Buffer.alloc(i * 100))
            let sizes = ""
            for (let i = 1; i <= 5; i++) sizes += (await wire.recv()).length + " "
            console.log(sizes)`),
        { wires: { chip: model } }
    )
    t.after(() => board.stop())
    await board.expect("100 200 300 400 500")
})

test("thousands of exchanges take no detour through the event loop", async t => {
    const model = new Model(bytes => bytes)
    const board = await Board.start(
        compileSource(`${OPEN}
            const frame = Buffer.alloc(32)
            await wire.recv()
            for (let i = 0; i < 200; i++) {
                await wire.send(frame)
                await wire.recv()
            }
            console.log("done")`),
        { wires: { chip: model } }
    )
    t.after(() => board.stop())
    await board.expect("open")
    let turns = 0
    const count = () => {
        turns++
        if (!model.calls.includes("close")) setImmediate(count)
    }
    setImmediate(count)
    model.reply(Buffer.from("go"))
    await board.expect("done")
    const counted = turns
    await board.stop()
    assert.ok(counted < 50, `${counted} turns of the event loop`)
})

test("a model that refuses, and a name without a model, make connect fail", async t => {
    const refusing: WireModel = {
        open() {
            throw new Error("no power")
        },
        data() {},
    }
    const board = await Board.start(
        compileSource(`import { connect } from "@devicescript/net"
            for (const name of ["chip", "nobody"])
                try { await connect({ host: "sim:" + name, port: 1 }) }
                catch (e) { console.log((e as Error).message) }`),
        { wires: { chip: refusing } }
    )
    t.after(() => board.stop())
    await board.expect(/tcp:\/\/sim:chip:1: .*no power/)
    await board.expect(/tcp:\/\/sim:nobody:1: .*no model of that name/)
})

test("a wire closes when the board stops or the program opens another socket", async () => {
    const models = [new Model(b => b), new Model(b => b)]
    const board = await Board.start(
        compileSource(`${OPEN}
            await connect({ host: "sim:other", port: 1 })
            console.log("both")`),
        { wires: { chip: models[0], other: models[1] } }
    )
    await board.expect("both")
    assert.deepEqual(models[0].calls, ["open", "close"])
    await board.stop()
    assert.deepEqual(models[1].calls, ["open", "close"])
})

test("a model's exception is the process's, not the program's", async t => {
    const model: WireModel = {
        data() {
            throw new Error("model is broken")
        },
    }
    const board = await Board.start(
        compileSource(`${OPEN}
            setInterval(() => console.log("alive"), 5)
            try { await wire.send("x") } catch (e) { console.log((e as Error).message) }`),
        { wires: { chip: model } }
    )
    t.after(() => board.stop())
    const [error] = await once(board, "error")
    assert.match(String(error), /model is broken/)
    await board.expect("alive")
})
