import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { after, test, type TestContext } from "node:test"
import type { BrowserContextOptions, Page } from "playwright-core"
import { serve, type Served } from "../server/peers.ts"
import type { ServerOptions } from "../../server/options.ts"
import { once } from "../wire/wait.ts"
import { launchChromium } from "./browser.ts"

const browser = await launchChromium()
after(() => browser.close())

const SHOTS = "artifacts/pages"
mkdirSync(SHOTS, { recursive: true })

interface Opened {
    server: Served
    page: Page
    /** What the browser complained about: errors, and what the content security policy forbade */
    complaints: string[]
}

/** A server and its page in a browser. @param hash what stands behind the page's address */
async function open(
    t: TestContext,
    options: ServerOptions,
    hash = "",
    look: BrowserContextOptions = {}
): Promise<Opened> {
    const server = await serve(t, options)
    const page = await browser.newPage(look)
    t.after(() => page.close())
    const complaints: string[] = []
    page.on("console", message => {
        if (message.type() === "error") complaints.push(message.text())
    })
    page.on("pageerror", error => complaints.push(error.message))
    await page.goto(server.page + hash)
    return { server, page, complaints }
}

/** Waits for the line of the log with this kind and text. */
async function line(page: Page, kind: string, text: string): Promise<void> {
    const found = page.locator(`#log li.${kind} span`, { hasText: text })
    await found.first().waitFor()
}

const ANSWERS = {
    reverse: "dlrow olleH",
    echo: "Hello world",
    prefix: "server: Hello world",
} as const

for (const [mode, answer] of Object.entries(ANSWERS))
    test(`the page of ${mode} sends Hello world and shows "${answer}"`, async t => {
        const { page, complaints } = await open(t, {
            mode: mode as keyof typeof ANSWERS,
        })
        await line(page, "opened", "ws://127.0.0.1:")
        await page.getByRole("button", { name: "Send" }).click()
        await line(page, "sent", "Hello world")
        await line(page, "got", answer)
        assert.deepEqual(complaints, [])
        await page.screenshot({ path: `${SHOTS}/${mode}.png` })
    })

test("the page of the tutorial shows hello, then world, then the end, and connects again", async t => {
    const { page, complaints } = await open(t, { mode: "tutorial" })
    await line(page, "got", "hello")
    await line(page, "got", "world")
    await line(page, "closed", "1000")
    assert.deepEqual(await page.locator("#log li b").allTextContents(), [
        "opened",
        "got",
        "got",
        "closed",
    ])
    assert.equal(await page.getByLabel("Message").isVisible(), false)
    await page.screenshot({ path: `${SHOTS}/tutorial.png` })
    await page.getByRole("button", { name: "Connect again" }).click()
    await page.locator("#log li.opened").nth(1).waitFor()
    assert.deepEqual(complaints, [])
})

test("what the server says is shown as text, whatever it looks like", async t => {
    const { page, complaints } = await open(t, { mode: "echo" })
    const evil = "<img src=x onerror=\"document.title='run'\"><b>bold</b>"
    await page.getByLabel("Message").fill(evil)
    await page.keyboard.press("Enter")
    await line(page, "got", evil)
    assert.equal(await page.locator("#log img, #log span b").count(), 0)
    assert.equal(await page.title(), "Echo")
    assert.deepEqual(complaints, [])
})

test("the page runs no script that its server does not have", async t => {
    const { page, complaints } = await open(t, { mode: "echo" })
    await page.evaluate(() => {
        const script = document.createElement("script")
        script.textContent = "document.title = 'run'"
        document.body.append(script)
    })
    assert.equal(await page.title(), "Echo")
    assert.match(complaints.join(), /Content Security Policy/)
})

test("the page says when the server has gone, and why", async t => {
    const { server, page } = await open(t, { mode: "echo" })
    await line(page, "opened", "ws:")
    await server.close()
    await line(page, "closed", "1001 server is shutting down")
    assert.equal(
        await page.getByRole("button", { name: "Send" }).isDisabled(),
        true
    )
})

test("a token behind the page's address lets it in, without it the page stays outside", async t => {
    const token = "correct-horse-battery-staple/ü"
    const options: ServerOptions = { mode: "echo", tokens: [token] }
    const inside = await open(t, options, `#token=${encodeURIComponent(token)}`)
    await line(inside.page, "opened", "ws:")
    await inside.page.getByRole("button", { name: "Send" }).click()
    await line(inside.page, "got", "Hello world")
    const outside = await open(t, options)
    await line(outside.page, "closed", "1006")
})

test("only the server's own page gets in when the origins are so limited", async t => {
    const { server, page } = await open(t, { mode: "echo", origins: [] })
    await line(page, "closed", "1006")
    const { port } = server
    await server.close()
    const origins = [`http://127.0.0.1:${port}`]
    const again = await serve(t, { port, mode: "echo", origins })
    const connected = once(again.events, "connection")
    await page.getByRole("button", { name: "Connect again" }).click()
    assert.equal((await connected)[0].origin, origins[0])
})

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }

test("on a phone nothing is wider than the screen, in the dark it is dark", async t => {
    const { page } = await open(t, { mode: "prefix" }, "", {
        ...PHONE,
        colorScheme: "dark",
    })
    await page.getByRole("button", { name: "Send" }).click()
    await line(page, "got", "server: Hello world")
    await page.screenshot({ path: `${SHOTS}/phone-dark.png`, scale: "css" })
    await page.getByLabel("Message").fill("x".repeat(1500))
    await page.keyboard.press("Enter")
    await line(page, "got", "server: xxx")
    const [wide, ground] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        getComputedStyle(document.documentElement).backgroundColor,
    ])
    assert.equal(wide, PHONE.viewport.width)
    const [red] = /\d+/.exec(String(ground)) ?? []
    assert.ok(Number(red) < 64, String(ground))
    const send = page.getByRole("button", { name: "Send" })
    assert.ok((await send.boundingBox())!.y < PHONE.viewport.height)
})
