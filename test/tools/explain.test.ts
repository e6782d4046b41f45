import assert from "node:assert/strict"
import { test } from "node:test"
import { explain, Explainer } from "../../tools/serial/explain.ts"

test("a code word of the log has a sentence, wherever it stands", () => {
    const sentence = /longer than maxMessage/
    assert.match(explain("message too big")!, sentence)
    const down = 'down 1009 "message too big" again in 20 ms'
    assert.match(explain(down)!, sentence)
    assert.match(explain('closed 1009 "message too big"')!, sentence)
})

test("a close code without a reason is explained, one with a reason says it", () => {
    assert.match(explain('down 1013 "" again in 20 ms')!, /too much to do/)
    assert.equal(explain('down 1013 "at lunch" again in 20 ms'), undefined)
})

test("the VM's exceptions have a sentence, others none", () => {
    assert.match(explain("Exception: InfiniteLoop")!, /await sleep\(0\)/)
    assert.equal(explain("Exception: TypeError"), undefined)
})

test("lines that say what there is to say are left alone", () => {
    for (const line of ["open 1", 'right 1 "olleH" 2 ms', "wifi: joined home"])
        assert.equal(explain(line), undefined)
})

test("the same sentence is said once in a row", () => {
    const explainer = new Explainer()
    const line = 'down 1006 "" again in 20 ms'
    assert.match(explainer.after(line)!, /^ {4}the connection went/)
    assert.equal(explainer.after(line), undefined)
    assert.ok(explainer.after("Exception: OutOfMemory"))
    assert.ok(explainer.after(line))
})
