import process from "node:process"

// Loaded into the dev server, and by its fork into the tool chain's VM: both end with the process that started them, however that ends.
process.on("disconnect", () => process.exit())

// The dev server is deaf while it compiles. When that takes more than 3 s, it would drop each device as silent, and time
// out deploying to it, before it reads what the device has sent meanwhile: what is read comes before immediates.
const { setInterval, setImmediate } = globalThis
globalThis.setInterval = (callback, delay, ...args) =>
    setInterval(() => setImmediate(callback, ...args), delay)
