/**
 * What the command says to the shell when it ends.
 */
export const EXIT = {
  /** The work is done; with a target, it was reached. */
  done: 0,
  /** Something broke: the data, the disk, a model, a bug, or a run that diverged without a target. */
  failed: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** A run ended before it reached the target it was given. */
  missed: 3,
  /** Stopped by Ctrl-C or by a request to terminate. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `\
Exit codes:
    0  done; the target, if any, was reached
    1  failed: data, disk, model, a bug, or a run without a target that diverged
    2  the command line is wrong
    3  stopped before the target of --until was reached
  130  interrupted by Ctrl-C or SIGTERM`;
