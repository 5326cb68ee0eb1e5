// Preloaded into every process of the shop: when the starter is gone without a word (SIGKILL), they go too, at once.
const goToo = (): boolean => process.kill(process.pid, "SIGKILL");

if (process.connected) {
  process.once("disconnect", goToo);
  // The line is for hearing of the end; it must not keep a process running that wants to end.
  process.channel?.unref();
} else goToo();
