import assert from "node:assert/strict"
import { connect } from "node:net"
import { after, test, type TestContext } from "node:test"
import { startServer } from "../../server/server.ts"
import { launchChromium } from "./browser.ts"
import {
    button,
    coloursOf,
    countFrames,
    csv,
    device,
    drag,
    drawn,
    edges,
    openPlot,
    source,
    swatch,
    swipe,
    untilValue,
    xs,
} from "./plotterpage.ts"

const browser = await launchChromium()
after(() => browser.close())

const open = (t: TestContext, mode?: "plotter" | "reverse") =>
    openPlot(browser, t, mode)

test("a source's line is drawn in the colour of its name, and follows what is new", async t => {
    const { server, page } = await open(t)
    await page.getByText("Nothing to plot yet").waitFor()
    const socket = await source(t, server, "ramp", 100)
    await untilValue(page, "ramp", "99")
    await drawn(page)
    assert.ok((await coloursOf(page)).includes(await swatch(page, "ramp")))
    socket.write("100 1234.6\n")
    await untilValue(page, "ramp", "1235")
})

test("a page that comes later gets the whole history", async t => {
    const { server, page } = await open(t)
    await source(t, server, "long", 10_000)
    await untilValue(page, "long", "9999")
    const later = await page.context().newPage()
    await later.goto(server.page)
    await untilValue(later, "long", "9999")
    assert.deepEqual(
        xs(await csv(later)),
        Array.from({ length: 10_000 }, (_, x) => x)
    )
})

test("pause holds the picture, resume shows what came meanwhile", async t => {
    const { server, page } = await open(t)
    const socket = await source(t, server, "ramp", 10)
    const other = await source(t, server, "other", 1)
    await untilValue(page, "ramp", "9")
    await untilValue(page, "other", "0")
    await button(page, "Pause").click()
    socket.write("10 10\n")
    // a source that begins now tells that the page has got the point before
    await source(t, server, "new", 3)
    await untilValue(page, "new", "2")
    await untilValue(page, "ramp", "9")
    assert.equal(Math.max(...xs(await csv(page))), 9)
    await button(page, "Resume").click()
    await untilValue(page, "ramp", "10")
    other.destroy()
})

test("dragging zooms, panning moves, and autoscale shows all again", async t => {
    const { server, page } = await open(t)
    await source(t, server, "ramp", 1001)
    await untilValue(page, "ramp", "1000")
    const auto = button(page, "Autoscale")
    assert.equal(await auto.getAttribute("aria-pressed"), "true")
    await drag(page, 0.25, 0.5)
    assert.equal(await auto.getAttribute("aria-pressed"), "false")
    const zoomed = xs(await csv(page))
    assert.ok(Math.abs(zoomed[0] - 250) < 5, `from ${zoomed[0]}`)
    assert.ok(Math.abs(zoomed.at(-1)! - 500) < 5, `to ${zoomed.at(-1)}`)
    await button(page, "Pan").click()
    await drag(page, 0.2, 0.6)
    const panned = xs(await csv(page))
    assert.ok(Math.abs(panned[0] - 150) < 5, `from ${panned[0]}`)
    assert.ok(Math.abs(panned.length - zoomed.length) < 3)
    await button(page, "Zoom out").click()
    const wider = (await csv(page)).length
    assert.ok(wider > 1.3 * panned.length, `${wider} points`)
    await auto.click()
    assert.equal((await csv(page)).length, 1001)
})

test("the keyboard moves and zooms the plot", async t => {
    const { server, page } = await open(t)
    await source(t, server, "ramp", 1001)
    await untilValue(page, "ramp", "1000")
    await page.locator(".plot:visible").focus()
    await page.keyboard.press("+")
    const [first] = xs(await csv(page))
    assert.ok(Math.abs(first - 150) < 5, `from ${first}`)
    await page.locator(".plot:visible").focus()
    await page.keyboard.press("ArrowRight")
    const [moved] = xs(await csv(page))
    assert.ok(Math.abs(moved - 255) < 5, `from ${moved}`)
    await page.locator(".plot:visible").focus()
    await page.keyboard.press("0")
    assert.equal((await csv(page)).length, 1001)
})

test("with autoscale off the view stays where it is while points come", async t => {
    const { server, page } = await open(t)
    const socket = await source(t, server, "ramp", 101)
    await untilValue(page, "ramp", "100")
    await button(page, "Autoscale").click()
    socket.write("200 5\n")
    await untilValue(page, "ramp", "5")
    assert.equal(Math.max(...xs(await csv(page))), 100)
})

test("the list shows the values under the cursor", async t => {
    const { server, page } = await open(t)
    await source(t, server, "twice", 101, x => 2 * x)
    await untilValue(page, "twice", "200")
    const box = (await page.locator(".u-over").boundingBox())!
    await page.mouse.move(box.x + box.width / 2, box.y + 10)
    await untilValue(page, "twice", "100")
    assert.match(
        (await page.locator(".under:visible").textContent())!,
        /^at (49|50)/
    )
    await page.mouse.move(0, 0)
    await untilValue(page, "twice", "200")
})

test("the cursor snaps to a point, whose time the list says, over all units", async t => {
    const { server, page } = await open(t, "reverse")
    const ws = await device(t, server)
    const start = new Date(2026, 0, 2, 3, 4, 5, 678).getTime()
    const lines = Array.from({ length: 5 }, (_, i) => {
        const time = start + i * 10_000
        return `>air:${time}:${20 + i}§°C\n>soil:${time}:${10 + i}§°C\n>damp:${time}:${50 - i}§%`
    })
    ws.send(lines.join("\n"))
    await untilValue(page, "damp", "46")
    // air and soil share an axis, damp has another one
    const strips = page.locator(".plot:visible")
    assert.deepEqual(await strips.locator(".axis-unit").allTextContents(), [
        "°C",
        "%",
    ])
    const box = (await strips.first().locator(".u-over").boundingBox())!
    await page.mouse.move(box.x + 0.53 * box.width, box.y + 0.3 * box.height)
    await untilValue(page, "air", "22")
    await untilValue(page, "soil", "12")
    await untilValue(page, "damp", "48")
    assert.equal(
        await page.locator(".under:visible").textContent(),
        "at 2026-01-02 03:04:25.678"
    )
    const [over, under] = await strips
        .locator(".u-cursor-x")
        .evaluateAll(all => all.map(line => line.getBoundingClientRect().x))
    assert.equal(over, under)
    await page.mouse.move(0, 0)
    await untilValue(page, "damp", "46")
    const saved = new Set((await csv(page)).map(([, series]) => series))
    assert.deepEqual(saved, new Set(["air (°C)", "soil (°C)", "damp (%)"]))
})

test("the list says least, mean and greatest value of what is in view", async t => {
    const { server, page } = await open(t)
    await source(t, server, "ramp", 1001)
    const statistics = page.locator(".legend li .statistics")
    await statistics.getByText("min 0 mean 500 max 1000").waitFor()
    await drag(page, 0.25, 0.5)
    const seen = xs(await csv(page))
    await statistics
        .getByText(`min ${seen[0]} mean`, { exact: false })
        .waitFor()
    assert.match(
        (await statistics.textContent())!,
        new RegExp(`max.${seen.at(-1)}$`)
    )
})

for (const [what, count] of [
    ["marks and dashes", 30],
    ["dashes", 300],
] as const)
    test(`of two series that lie on each other both are seen, by ${what}`, async t => {
        const { server, page } = await open(t)
        await source(t, server, "below", count)
        await source(t, server, "above", count)
        await untilValue(page, "above", String(count - 1))
        await untilValue(page, "below", String(count - 1))
        await drawn(page)
        const colours = await coloursOf(page)
        for (const name of ["below", "above"])
            assert.ok(colours.includes(await swatch(page, name)), name)
    })

test("the points at the edges are drawn whole", async t => {
    const { server, page } = await open(t)
    await source(t, server, "edge", 2)
    await untilValue(page, "edge", "1")
    await drawn(page)
    const colour = await swatch(page, "edge")
    const beyond = await page.evaluate(edges, colour)
    assert.ok(beyond.left && beyond.right, JSON.stringify(beyond))
})

test("series are chosen in the list, and what is not shown is not saved", async t => {
    const { server, page } = await open(t)
    await source(t, server, "one", 5)
    await source(t, server, "two", 5)
    await untilValue(page, "two", "4")
    const one = await swatch(page, "one")
    await page.getByRole("checkbox", { name: "one" }).uncheck()
    await drawn(page)
    assert.ok(!(await coloursOf(page)).includes(one))
    assert.deepEqual(
        new Set((await csv(page)).map(([name]) => name)),
        new Set(["two"])
    )
    await button(page, "None").click()
    assert.deepEqual(await csv(page), [])
    await button(page, "All").click()
    assert.equal((await csv(page)).length, 10)
})

test("x may go back: the line is drawn all the same", async t => {
    const { server, page } = await open(t)
    await source(t, server, "circle", 101, x => x)
    const socket = await source(t, server, "back", 3)
    await untilValue(page, "back", "2")
    socket.write("-5 7\n")
    await untilValue(page, "back", "7")
    const rows = (await csv(page)).filter(([name]) => name === "back")
    assert.deepEqual(xs(rows), [0, 1, 2, -5])
})

for (const [what, lines] of [
    ["the greatest", "0 1e308\n1 -1e308"],
    ["times beyond all dates", "1700000000000 1\n1e300 1"],
    ["next to each other", "1e17 1\n100000000000000016 1"],
    ["a rounding apart", "0 1.0000000000000002\n1 1"],
    ["the least", "1e-40 2e-40\n2e-40 1"],
])
    test(`numbers that are ${what} do not stop the page`, async t => {
        const { server, page } = await open(t)
        const socket = connect(server.sourcePort!, "127.0.0.1")
        t.after(() => socket.destroy())
        socket.write(`extreme\n${lines}\n`)
        await untilValue(page, "extreme", "-?1(\\.00e.308)?")
        for (let i = 0; i < 3; i++)
            await button(page, "Zoom in").click({ timeout: 5000 })
    })

test("names are text, in the page and in the file", async t => {
    const { server, page } = await open(t)
    const evil = `<img src=x onerror="alert(1)">`
    await source(t, server, evil, 2)
    await source(t, server, "=1+1", 2)
    await untilValue(page, evil, "1")
    await untilValue(page, "=1+1", "1")
    assert.equal(await page.locator(".legend img").count(), 0)
    const names = new Set((await csv(page)).map(([name]) => name))
    assert.deepEqual(
        names,
        new Set([`"${evil.replaceAll('"', '""')}"`, "'=1+1"])
    )
})

test("a device's name is text in the table, and its exchanges are plotted", async t => {
    const { server, page } = await open(t, "reverse")
    const name = "<b>board</b>"
    const ws = await device(t, server, { "Device-Name": name })
    ws.send("hello")
    ws.send(`>temperature:${Date.now()}:21.5`)
    const row = page.getByRole("row", { name })
    await row.waitFor()
    await row.getByRole("cell", { name: "RFC 6455, teleplot" }).waitFor()
    assert.equal(await page.locator("#devices b").count(), 0)
    await untilValue(page, "temperature", "21.5")
    await page.locator(".legend li", { hasText: "messages" }).first().waitFor()
    ws.close()
    await page.getByText("No device is connected").waitFor()
})

test("series whose x is no time of day have a plot of their own", async t => {
    const { server, page } = await open(t, "reverse")
    const ws = await device(t, server)
    ws.send(`>by time:${Date.now()}:1\n>by uptime:1500:2\n>by uptime:2500:3`)
    const panel = (heading: string) =>
        page.locator(".panel").filter({ has: page.getByText(heading) })
    await panel("Over time").getByText("by time").waitFor()
    await panel("Over x").getByText("by uptime").waitFor()
    assert.equal(await panel("Over time").getByText("by uptime").count(), 0)
    assert.equal(await page.locator("canvas:visible").count(), 2)
})

test("a page connects again by itself, and has the new server's points", async t => {
    const { server, page } = await open(t)
    await source(t, server, "old", 3)
    await untilValue(page, "old", "2")
    const { port } = server
    // a connection that cannot be made is an error in the browser's console
    page.removeAllListeners("console")
    await server.close()
    await page.getByText("no connection, trying again").waitFor()
    const next = await startServer({ port, sourcePort: 0, mode: "plotter" })
    t.after(() => next.close())
    await source(t, next, "new", 4)
    await untilValue(page, "new", "3")
    assert.equal(await page.locator("#state").textContent(), "live")
    assert.equal(await page.getByText("old", { exact: true }).count(), 0)
})

test("a server that falls silent counts as gone", async t => {
    const { server, page } = await open(t)
    const other = await page.context().newPage()
    await other.clock.install()
    // opens, and that is all
    await other.routeWebSocket(/./, () => {})
    await other.goto(server.page)
    await other.getByText("connecting").waitFor()
    await other.clock.fastForward(16_000)
    await other.getByText("no connection, trying again").waitFor()
})

test("it fits a phone, and a finger moves it", async t => {
    const { server, page } = await open(t)
    await source(t, server, "a source with quite a long name to be shown", 1001)
    await page.setViewportSize({ width: 360, height: 740 })
    await untilValue(page, "a source", "1000")
    await drawn(page)
    const width = await page.evaluate(
        () => document.documentElement.scrollWidth
    )
    assert.equal(width, 360)
    const canvas = await page.locator("canvas").boundingBox()
    assert.ok(canvas && canvas.x + canvas.width <= 360)
    await swipe(page, 0.8, 0.3)
    const [first] = xs(await csv(page))
    assert.ok(Math.abs(first - 500) < 10, `from ${first}`)
})

test("it is dark where the person wants that", async t => {
    const { server, page } = await open(t)
    await source(t, server, "ramp", 50)
    await untilValue(page, "ramp", "49")
    const light = await swatch(page, "ramp")
    await page.emulateMedia({ colorScheme: "dark" })
    const dark = await swatch(page, "ramp")
    assert.notEqual(dark, light)
    await page.waitForFunction(
        () => matchMedia("(prefers-color-scheme: dark)").matches
    )
    await drawn(page)
    const colours = await coloursOf(page)
    assert.ok(colours.includes(dark) && !colours.includes(light))
})

test("ten series of 10,000 points are drawn as they come, none lost", async t => {
    const { server, page } = await open(t)
    const wave = (x: number) => Math.sin(x / 50) + Math.random() / 5
    const names = Array.from({ length: 10 }, (_, i) => `series ${i}`)
    const sockets = await Promise.all(
        names.map((name, i) => source(t, server, name, 9000, x => wave(x) + i))
    )
    for (const name of names)
        await page.locator(".legend li", { hasText: name }).waitFor()
    let x = 9000
    const feeding = setInterval(() => {
        for (const [i, socket] of sockets.entries())
            socket.write(`${x} ${wave(x) + i}\n`)
        if (++x === 9999) clearInterval(feeding)
    }, 5)
    t.after(() => clearInterval(feeding))
    const { frames, seconds, longest } = await page.evaluate(countFrames)
    t.diagnostic(
        `${(frames / seconds).toFixed(1)} frames a second, the longest took ${longest.toFixed(0)} ms`
    )
    for (const [i, socket] of sockets.entries())
        socket.write(`10000 ${1000 + i}\n`)
    clearInterval(feeding)
    for (const [i, name] of names.entries())
        await untilValue(page, name, String(1000 + i))
    assert.equal((await csv(page)).length, 10 * (x + 1))
})
