import { connect } from "@devicescript/net"

const socket = await connect({ host: "127.0.0.1", port: 8000 })
for (;;) await socket.send(await socket.recv())
