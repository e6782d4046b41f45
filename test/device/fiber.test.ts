import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import {
    millis,
    setClock,
    sleep,
    suspend,
    suspendInVm,
} from "../../src/fiber/clock"
import { deadlineIn, timeLeft, waitUntil } from "../../src/fiber/deadline"
import { acquire, Lock, release } from "../../src/fiber/lock"
import { startPolling, tick } from "../../src/fiber/polled-clock"
import { simulateRp2040 } from "../../src/fiber/rp2040"
import { notify, Signal, wait } from "../../src/fiber/signal"
import { after, every } from "../../src/fiber/timers"
import { expectText } from "./check"

/** What the fibers of a test have done, in order. */
let log: string[] = []

async function sleepThenLog(milliseconds: number, name: string) {
    await sleep(milliseconds)
    log.push(name)
}

async function waitThenLog(signal: Signal, name: string, timeout?: number) {
    const notified = await wait(signal, timeout)
    log.push(notified ? name : `${name} timed out`)
}

async function lockThenLog(lock: Lock, name: string) {
    await acquire(lock)
    await sleep(2)
    log.push(name)
    release(lock)
}

/** Lets time pass, and then everybody run who is due. */
async function pass(milliseconds: number) {
    await sleep(milliseconds)
    await suspendInVm(5)
}

function expectLog(...lines: string[]) {
    expectText(log.join("; "), lines.join("; "))
    log = []
}

/** What a driver's fiber does, while the polled clock is to be tested. */
let driving = false
async function drive() {
    while (driving) {
        await suspendInVm(1)
        tick()
    }
}

function tests() {
    test("a sleep takes at least its time", async () => {
        const start = millis()
        await pass(25)
        expect(millis() - start >= 25).toBe(true)
        await sleep(0)
    })

    test("suspend returns the value that its fiber is resumed with, and undefined on timeout", async () => {
        const fiber = ds.Fiber.self()
        async function resume() {
            await sleep(1)
            fiber.resume("value")
        }
        resume.start()
        expect(await suspend(10000)).toBe("value")
        resume.start()
        expect(await suspend()).toBe("value")
        expect(await suspend(5)).toBe(undefined)
    })

    test("a wait that was ended early leaves no timeout behind", async () => {
        const signal = new Signal()
        const early = async () => {
            await waitThenLog(signal, "told", 200)
            await waitThenLog(signal, "told again")
        }
        early.start()
        await pass(1)
        notify(signal)
        await pass(250)
        // the timeout of the first wait would have ended the second
        expectLog("told")
        notify(signal)
        await pass(1)
        expectLog("told again")
    })

    test("a signal lets all go on who wait, and nobody who comes later", async () => {
        const signal = new Signal()
        for (const name of ["a", "b", "c"]) waitThenLog.start(signal, name)
        await pass(1)
        notify(signal)
        await pass(1)
        expectLog("a", "b", "c")
        waitThenLog.start(signal, "d", 5)
        await pass(20)
        expectLog("d timed out")
        notify(signal)
        await pass(1)
        expectLog()
    })

    test("a fiber that has timed out is forgotten, and no other one", async () => {
        const signal = new Signal()
        waitThenLog.start(signal, "a", 5)
        waitThenLog.start(signal, "b", 10)
        waitThenLog.start(signal, "c")
        await pass(20)
        expectLog("a timed out", "b timed out")
        waitThenLog.start(signal, "d")
        await pass(1)
        notify(signal)
        await pass(1)
        expect(log.length).toBe(2)
        expect(log.indexOf("c") >= 0).toBe(true)
        expect(log.indexOf("d") >= 0).toBe(true)
        log = []
    })

    test("a lock goes round in the order in which fibers came", async () => {
        const lock = new Lock()
        await acquire(lock)
        for (const name of ["a", "b", "c"]) lockThenLog.start(lock, name)
        await pass(10)
        expectLog()
        release(lock)
        await acquire(lock)
        expectLog("a", "b", "c")
        release(lock)
        expect(lock.owner).toBe(undefined)
    })

    test("who is resumed by somebody else does not have the lock", async () => {
        const lock = new Lock()
        await acquire(lock)
        const fiber = lockThenLog.start(lock, "a")
        await pass(1)
        fiber.resume(true)
        await pass(5)
        expectLog()
        release(lock)
        await pass(10)
        expectLog("a")
    })

    test("a deadline is waited for, and never when there is none", async () => {
        const signal = new Signal()
        const deadline = deadlineIn(20)
        notify.start(signal)
        let turns = 0
        while (await waitUntil(signal, deadline)) turns++
        expect(turns > 0).toBe(true)
        expect(timeLeft(deadline)).toBe(0)
        expect(deadlineIn()).toBe(undefined)
        expect(timeLeft(undefined)).toBe(undefined)
    })

    test("every calls again and again until it is ended, one call at a time", async () => {
        const called = new Signal()
        let under = 0
        let piled = false
        let calls = 0
        const end = every(2, async () => {
            if (under++) piled = true
            await sleep(5)
            under--
            calls++
            notify(called)
        })
        while (calls < 3) expect(await wait(called, 5000)).toBe(true)
        end()
        await pass(20)
        expect(calls).toBe(3)
        expect(piled).toBe(false)
    })

    test("after calls once, unless it is prevented", async () => {
        after(5, () => {
            log.push("called")
        })
        const prevent = after(5, () => {
            log.push("prevented")
        })
        prevent()
        await pass(20)
        expectLog("called")
    })
}

describe("the VM's clock", tests)

describe("the polled clock", () => {
    test("is started", () => {
        driving = true
        drive.start()
        startPolling()
        expect(suspend === suspendInVm).toBe(true)
        simulateRp2040()
        startPolling()
    })
    tests()
    test("wakes nobody by itself, and at a turn all who are due", async () => {
        driving = false
        await suspendInVm(5)
        for (const delay of [3, 100000, 1, 2, 2]) sleepThenLog.start(delay, "x")
        await suspendInVm(30)
        expectLog()
        tick()
        await suspendInVm(1)
        expectLog("x", "x", "x", "x")
        setClock(suspendInVm)
    })
})
