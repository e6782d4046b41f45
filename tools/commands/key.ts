/** `npm run key`: makes a pre-shared key for a device. */
import { randomBytes } from "node:crypto"
import { newCommand, runCommand } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
import { parsePsk } from "../../lib/psk.ts"

async function main(identity: string) {
    const line = `${identity}:${randomBytes(32).toString("hex")}`
    if (!parsePsk(line))
        throw new UserError(
            `expected a name of at most 128 bytes without a colon, got ${JSON.stringify(identity)}`
        )
    console.log(line)
    console.error(
        `This line is for the file that npm run serve -- --psk-file names; for .env.local it is PSK="${line}"`
    )
}

await newCommand("key")
    .description(
        "makes a pre-shared key for a device, a new one each time; with npm run --silent its line can go into a file"
    )
    .argument("<identity>", "what the server knows the device by: kitchen")
    .action(identity => runCommand(() => main(identity)))
    .parseAsync()
