/** What a person does with the plot's page, and sees there. */
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { connect, type Socket } from "node:net"
import type { TestContext } from "node:test"
import type { Browser, Page } from "playwright-core"
import { WebSocket } from "ws"
import { startServer, type Server } from "../../server/server.ts"
import { once } from "../wire/wait.ts"

/** A plotter, and its page; what the page complains of fails the test. */
export async function openPlot(
    browser: Browser,
    t: TestContext,
    mode: "plotter" | "reverse" = "plotter"
): Promise<{ server: Server; page: Page }> {
    const server = await startServer({ port: 0, sourcePort: 0, mode })
    t.after(() => server.close())
    const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
    })
    t.after(() => context.close())
    const page = await context.newPage()
    const complaints: string[] = []
    page.on("pageerror", ({ message }) => complaints.push(message))
    page.on("console", message => {
        if (message.type() === "error") complaints.push(message.text())
    })
    page.on("dialog", dialog => complaints.push(`dialog ${dialog.message()}`))
    t.after(() => assert.deepEqual(complaints, []))
    await page.goto(mode === "plotter" ? server.page : server.plotPage)
    return { server, page }
}

/** A device that sends lines to the plot. */
export async function device(
    t: TestContext,
    server: Server,
    headers?: Record<string, string>
): Promise<WebSocket> {
    const ws = new WebSocket(server.url, ["teleplot"], { headers })
    t.after(() => ws.terminate())
    await once(ws, "open")
    return ws
}

/** A source that sends y = f(x) for x = 0, 1, 2, … */
export async function source(
    t: TestContext,
    server: Server,
    name: string,
    count: number,
    f = (x: number) => x
): Promise<Socket> {
    const socket = connect(server.sourcePort!, "127.0.0.1")
    t.after(() => socket.destroy())
    await once(socket, "connect")
    const lines = Array.from({ length: count }, (_, x) => `${x} ${f(x)}\n`)
    socket.write(`${name}\n${lines.join("")}`)
    return socket
}

/** Waits until the list shows a value for a series: the newest one, or the one under the cursor. */
export function untilValue(
    page: Page,
    name: string,
    value: string
): Promise<void> {
    const row = page.locator(".legend li").filter({ hasText: name })
    return row
        .locator(".value", { hasText: new RegExp(`^${value}$`) })
        .waitFor()
}

/** A button of the page. */
export const button = (page: Page, name: string) =>
    page.getByRole("button", { name, exact: true })

/** Presses the CSV button. @returns the rows without the header, as source, series, x, y */
export async function csv(page: Page): Promise<string[][]> {
    const [download] = await Promise.all([
        page.waitForEvent("download"),
        button(page, "CSV").click(),
    ])
    const text = await readFile(await download.path(), "utf8")
    const [header, ...rows] = text.trimEnd().split("\r\n")
    assert.equal(header, "source,series,x,y")
    return rows.map(row => row.split(","))
}

/** The x of the rows. */
export const xs = (rows: string[][]) => rows.map(([, , x]) => Number(x))

/** Drags over the plot, by fractions of its width at half of its height. */
export async function drag(
    page: Page,
    from: number,
    to: number
): Promise<void> {
    const box = await page.locator(".u-over").first().boundingBox()
    assert.ok(box)
    const y = box.y + box.height / 2
    await page.mouse.move(box.x + from * box.width, y)
    await page.mouse.down()
    await page.mouse.move(box.x + ((from + to) / 2) * box.width, y)
    await page.mouse.move(box.x + to * box.width, y)
    await page.mouse.up()
}

/** The colours that the canvas has. */
export function coloursOf(page: Page): Promise<string[]> {
    return page.evaluate(() => {
        const canvas = document.querySelector("canvas")
        const context = canvas?.getContext("2d")
        if (!canvas || !context) return []
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
        const colours = new Set<string>()
        for (let i = 0; i < data.length; i += 4)
            if (data[i + 3] === 255)
                colours.add(`rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`)
        return [...colours]
    })
}

/** Whether a colour is drawn beyond the left and the right edge of the plot. It runs in the page. */
export function edges(colour: string) {
    const canvas = document.querySelector("canvas")!
    const over = document.querySelector(".u-over")!.getBoundingClientRect()
    const box = canvas.getBoundingClientRect()
    const scale = canvas.width / box.width
    const left = Math.round((over.left - box.left) * scale)
    const right = Math.round((over.right - box.left) * scale)
    const { data } = canvas
        .getContext("2d")!
        .getImageData(0, 0, canvas.width, canvas.height)
    const beyond = { left: false, right: false }
    for (let i = 0; i < data.length; i += 4) {
        const x = (i / 4) % canvas.width
        const dot = `rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`
        if (dot !== colour || data[i + 3] !== 255) continue
        if (x < left - 1) beyond.left = true
        if (x > right + 1) beyond.right = true
    }
    return beyond
}

/** Two frames: what was asked for is drawn. */
export function drawn(page: Page): Promise<void> {
    return page.evaluate(
        () =>
            new Promise<void>(resolve =>
                requestAnimationFrame(() =>
                    requestAnimationFrame(() => resolve())
                )
            )
    )
}

/** The colour of a series. */
export function swatch(page: Page, name: string): Promise<string> {
    const row = page.locator(".legend li").filter({ hasText: name })
    return row
        .locator(".swatch")
        .evaluate(element => getComputedStyle(element).color)
}

/** A finger from right to left, as Chromium's own input events. */
export async function swipe(
    page: Page,
    from: number,
    to: number
): Promise<void> {
    const box = (await page.locator(".u-over").boundingBox())!
    const client = await page.context().newCDPSession(page)
    const y = box.y + box.height / 2
    const at = (part: number) => [{ x: box.x + part * box.width, y }]
    const say = (
        type: "touchStart" | "touchMove" | "touchEnd",
        touchPoints: { x: number; y: number }[]
    ) => client.send("Input.dispatchTouchEvent", { type, touchPoints })
    await say("touchStart", at(from))
    for (let i = 1; i <= 20; i++)
        await say("touchMove", at(from + ((to - from) * i) / 20))
    await say("touchEnd", [])
}

/** Counts the frames of three seconds. It runs in the page, so nothing in it has a name, which tsx would mark with a helper. */
export async function countFrames() {
    const start = performance.now()
    let last = start
    let frames = 0
    let longest = 0
    while (last - start < 3000) {
        const now = await new Promise<number>(requestAnimationFrame)
        longest = Math.max(longest, now - last)
        last = now
        frames++
    }
    return { frames, seconds: (last - start) / 1000, longest }
}
