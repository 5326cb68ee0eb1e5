// Preloaded into a program that runs for long: when tools/steps.mjs is gone without a word (SIGKILL), it ends too.
if (process.channel) {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  // The line is for hearing of the end only: it neither keeps the program running nor carries messages.
  process.channel.unref();
}
