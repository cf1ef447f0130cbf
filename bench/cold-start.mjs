// What a fresh process does until its first message is acknowledged: cold-start.mjs ENTRY URL TRANSPORT TOPIC, where ENTRY is
// the library. Prints the milliseconds since the process began, by its own clock. JavaScript, so that Node has nothing to
// compile here that its users have not.
import process from "node:process";

const [entry, url, transport, topic] = process.argv.slice(2);
const { connect } = await import(entry);
const danube = connect({ brokers: [url], transport });
const { send } = await danube.createProducer({ topic, dispatch: "reliable" });
await send("hello");
console.log(performance.now());
await danube.close();
