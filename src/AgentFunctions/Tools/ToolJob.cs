using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>
/// Makes a tool a job: its function only starts the work, which goes on elsewhere, and the host looks now and then whether there
/// is a result. In between the run waits on a durable timer, so the work may take days, and no host has to stay up for it.
/// A function that returns <see cref="Reconciliation.TookEffect"/> has done the work already: the call ends at once, without a
/// look.
/// </summary>
/// <param name="Poll">
/// Looks how the work goes that the call started; <see cref="ToolContext.IdempotencyKey"/> tells which. Must not change anything.
/// After a crash it also tells whether the work was started at all. Where it fails, the host looks again later.
/// </param>
public sealed record ToolJob(Func<ToolContext, AIFunctionArguments, CancellationToken, Task<Reconciliation>> Poll)
{
    /// <summary>
    /// Gets how long to wait before the first look, and the least between two; a minute by default. Looks grow rarer with the age
    /// of the work: the next is made after a tenth of it.
    /// </summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets how long after its start the work is given up, its outcome unknown; a day by default.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Gets whether a call ends with an unknown outcome as soon as <see cref="Poll"/> answers
    /// <see cref="Reconciliation.Unknown"/>; false by default: the host looks again until <see cref="Timeout"/>. A look that
    /// fails is made again in both cases.
    /// </summary>
    public bool UnknownAtOnce { get; init; }

    /// <summary>
    /// Gets the age at which a look must be made, however rare looks are by then; <see langword="null"/> if there is none.
    /// </summary>
    internal TimeSpan? Deadline { get; init; }

    /// <summary>Gets when work is looked at whose tool cannot be reached.</summary>
    internal static ToolJob Unreachable { get; } =
        new(static (_, _, _) => Task.FromResult(Reconciliation.StillRunning))
        {
            PollInterval = TimeSpan.FromSeconds(10),
            LongestPause = TimeSpan.FromMinutes(5)
        };

    /// <summary>
    /// Gets whether a call is like that of any other tool until its function says that work goes on: a start that fails ends it,
    /// and where nobody knows whether it was started, the effect of the tool decides.
    /// </summary>
    internal bool IsPlainUntilStarted { get; init; }

    /// <summary>
    /// Gets how rare looks become at most, unless <see cref="PollInterval"/> or the work itself wants them rarer;
    /// <see langword="null"/> for no bound.
    /// </summary>
    internal TimeSpan? LongestPause { get; init; }

    /// <summary>How long to wait until the next look at work of this age.</summary>
    /// <param name="age">The age.</param>
    /// <param name="wanted">
    /// What the work itself wants instead of <see cref="PollInterval"/>; <see langword="null"/> for nothing.
    /// </param>
    internal TimeSpan PauseAt(TimeSpan age, NextLook? wanted = null)
    {
        TimeSpan least = wanted is null
            ? PollInterval
            : TimeSpan.FromTicks(Math.Clamp(wanted.After.Ticks, TimeSpan.TicksPerSecond, TimeSpan.TicksPerHour));
        TimeSpan grown = LongestPause is { } longest && age / 10 > longest ? longest : age / 10;
        TimeSpan pause = grown > least ? grown : least;
        return Deadline is { } deadline && deadline - age < pause
            ? TimeSpan.FromTicks(Math.Max(0, (deadline - age).Ticks)) + TimeSpan.FromSeconds(1)
            : pause;
    }
}
