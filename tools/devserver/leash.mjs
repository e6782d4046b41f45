import process from "node:process"

// Loaded into the dev server, and by its fork into the tool chain's VM: both end with the process that started them, however that ends.
process.on("disconnect", () => process.exit())
