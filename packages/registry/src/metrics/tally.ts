/** What is known of a series of measurements without keeping them. */
export class Tally {
  count = 0;
  sum = 0;
  min = 0;
  max = 0;
  #squares = 0;

  add(value: number): void {
    this.min = this.count === 0 ? value : Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    this.count += 1;
    this.sum += value;
    this.#squares += value * value;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  get deviation(): number {
    return this.count < 2 ? 0 : Math.sqrt(Math.max(0, this.#squares / this.count - this.mean ** 2));
  }
}
