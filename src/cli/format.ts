/**
 * Numbers as the screen and the report show them.
 */

/** What stands where there is no value. */
export const NONE = "–";

/** `95.3 %` of 0.953; below a perfect score never rounded up to one. */
export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NONE;
  const percent = share < 1 ? Math.min(share * 100, 99.9) : share * 100;
  return `${percent.toFixed(1)} %`;
}

/** Three significant figures: `0.0123`, `1.23`, `123`, `1.2e+6`. */
export function formatLoss(loss: number | null | undefined): string {
  if (loss === null || loss === undefined || !Number.isFinite(loss)) return NONE;
  if (loss === 0) return "0";
  const size = Math.abs(loss);
  if (size >= 1e5 || size < 1e-4) return loss.toExponential(1);
  if (size >= 100) return loss.toFixed(0);
  return loss.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4);
}

/** `49.8` */
export const formatRatio = (ratio: number): string =>
  Number.isFinite(ratio) ? ratio.toFixed(ratio < 99.95 ? 1 : 0) : NONE;

/** `17,226` */
export const formatCount = (n: number): string => n.toLocaleString("en-US");

/** `1 round`, `17 rounds` */
export const formatRounds = (n: number): string => `${formatCount(n)} ${n === 1 ? "round" : "rounds"}`;

/** `0:53`, `12:05`, `3:07:09`: a time that is left. */
export function formatClock(seconds: number): string {
  if (!Number.isFinite(seconds)) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours >= 1000) return ">999 h";
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `12.3`, `1.2k`: five characters at most. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond) || perSecond <= 0) return NONE;
  if (perSecond >= 999.5) return `${(perSecond / 1000).toFixed(perSecond < 99_950 ? 1 : 0)}k`;
  return perSecond.toFixed(perSecond < 9.95 ? 2 : perSecond < 99.5 ? 1 : 0);
}

/** Words on lines of at most `width` characters; a word that is longer has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** At most `width` characters: the middle makes way, since both ends of a run's name tell runs apart. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  if (width <= 1) return text.slice(0, Math.max(0, width));
  const head = Math.ceil((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}
