/** A failed step of the setup: says what failed, and the command that repeats only it. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} again
   */
  constructor(message, again) {
    super(message);
    this.again = again;
  }
}
