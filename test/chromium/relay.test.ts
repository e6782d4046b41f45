import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { after, test } from "node:test"
import { Board } from "../../sim/board.ts"
import { serve } from "../server/peers.ts"
import { launchChromium } from "./browser.ts"

const browser = await launchChromium()
after(() => browser.close())

const SHOTS = "artifacts/pages"
mkdirSync(SHOTS, { recursive: true })

test("the page joins a room, sees a lamp come, switches it, and shows what it answers", async t => {
    const server = await serve(t, { mode: "relay" })
    const page = await browser.newPage()
    t.after(() => page.close())
    const complaints: string[] = []
    page.on("console", message => {
        if (message.type() === "error") complaints.push(message.text())
    })
    page.on("pageerror", error => complaints.push(error.message))
    await page.goto(server.page)
    const shown = (text: string | RegExp) =>
        page.locator("#log li", { hasText: text }).first().waitFor()

    await page.getByRole("button", { name: "Join" }).click()
    await page.getByRole("button", { name: "lamp (1)" }).waitFor()
    const lamp = await Board.start("examples/lamp.ts", {
        settings: { URL: new URL("lamp", server.url).href },
    })
    t.after(() => lamp.stop())
    await shown("joined")
    await page.getByRole("button", { name: "lamp (2)" }).waitFor()

    const send = page.getByRole("button", { name: "Send" })
    await send.click()
    await lamp.expect("lamp is on")
    await shown("lamp on")
    await page.getByLabel("Message to").fill("off")
    await send.click()
    await lamp.expect("lamp is off")
    await shown("lamp off")
    await page.screenshot({ path: `${SHOTS}/relay.png` })
    await page.setViewportSize({ width: 390, height: 844 })
    await page.emulateMedia({ colorScheme: "dark" })
    await page.screenshot({ path: `${SHOTS}/relay-phone-dark.png` })

    await page.getByRole("button", { name: "Leave lamp" }).click()
    await page.locator("#rooms li").waitFor({ state: "detached" })
    assert.deepEqual(complaints, [])
})
