// Reads a line of JSON {zpl, width, height, dpmm} for each label; writes its picture as a line of base64.
const { ready } = require("zpl-renderer-js");
const readline = require("node:readline");

ready.then(async ({ api }) => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { zpl, width, height, dpmm } = JSON.parse(line);
    process.stdout.write((await api.zplToBase64Async(zpl, width, height, dpmm)) + "\n");
  }
  process.exit(0);
});
