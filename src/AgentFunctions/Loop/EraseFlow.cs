using System.Text.Json.Serialization;
using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// Erases a run tree, phase by phase. Each step is bounded and can be repeated, so a crash anywhere leads to the same end.
/// </summary>
internal static class EraseFlow
{
    /// <summary>The name of the orchestrator.</summary>
    public const string Name = OrchestratorNames.EraseTree;

    /// <summary>How many steps one execution takes, which keeps its history small.</summary>
    private const int StepsPerExecution = 50;

    /// <summary>The event that ends a wait for something that stands in the way: somebody has asked again.</summary>
    public const string AskedAgain = "asked-again";

    /// <summary>How often what stands in the way is looked at again before the erasure gives up: more than ten days.</summary>
    public const int MostAttempts = 60;

    /// <summary>The longest pause between two looks.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromHours(6);

    /// <summary>A store that cannot be reached is waited for as long as it takes: what was begun must end.</summary>
    private static readonly TaskOptions s_options =
        new(new RetryPolicy(100_000, TimeSpan.FromSeconds(1), 2.0, TimeSpan.FromMinutes(5)));

    /// <summary>The id of the instance that erases a tree.</summary>
    /// <param name="root">The root of the tree.</param>
    public static string InstanceIdOf(string root) => $"erase.{root}";

    /// <summary>Erases.</summary>
    /// <returns>What there was; <see langword="null"/> if it continues as new.</returns>
    public static async Task<EraseReport?> RunAsync(IOrchestrationContext context, EraseOrder order)
    {
        EraseCounts counts = order.Counts ?? new EraseCounts();
        int phase = order.Phase;
        string? cursor = order.Cursor;
        int attempt = order.Attempt;
        for (int step = 0; phase < order.Phases.Count; step++)
        {
            if (step == StepsPerExecution)
            {
                context.ContinueAsNew(order with { Phase = phase, Cursor = cursor, Counts = counts, Attempt = attempt });
                return null;
            }

            EraseProgress progress = await context.CallActivityAsync<EraseProgress>(
                StepNames.EraseStep, new EraseInput(order.Root, order.Phases[phase], order.By, order.Reason)
                {
                    Cursor = cursor,
                    Cancel = order.Cancel,
                    Force = order.Force,
                    Notes = order.Notes,
                    Counts = counts,
                    Attempt = attempt,
                }, s_options);
            if (progress.Refused is not null)
            {
                return new EraseReport(counts) { Refused = progress.Refused };
            }

            counts = counts.Plus(progress.Counts);
            cursor = progress.Cursor;
            phase += progress.HasMore ? 0 : 1;
            if (progress.Waits is { } obstacle)
            {
                attempt++;
                if (attempt == MostAttempts)
                {
                    return new EraseReport(counts) { GaveUp = obstacle };
                }

                context.SetCustomStatus(obstacle);
                await AskedAgainOrDueAsync(context, attempt);
                continue;
            }

            if (attempt > 0)
            {
                attempt = 0;
                context.SetCustomStatus(null);
            }

            if (progress.Wait is { } wait)
            {
                await context.CreateTimerAsync(context.CurrentTime + wait);
            }
        }

        return new EraseReport(counts);
    }

    private static async Task AskedAgainOrDueAsync(IOrchestrationContext context, int attempt)
    {
        const int Doublings = 15;
        TimeSpan pause = TimeSpan.FromSeconds(1 << Math.Min(attempt, Doublings));
        using var woken = new CancellationTokenSource();
        Task asked = context.WaitForExternalEventAsync<string>(AskedAgain, woken.Token);
        Task due = context.CreateTimerAsync(context.CurrentTime + (pause < s_longest ? pause : s_longest), woken.Token);
        await Task.WhenAny(asked, due);
        // Not CancelAsync: it would go on outside the orchestration's turn.
        woken.Cancel();
    }
}

/// <summary>Erase a run tree.</summary>
/// <param name="Root">Its root.</param>
/// <param name="Phases">
/// The names of what is to be done, in order: pinned when the work begins, so that a later version does the same.
/// </param>
/// <param name="By">Who asked.</param>
/// <param name="Reason">The reason.</param>
internal sealed record EraseOrder(string Root, IReadOnlyList<string> Phases, string By, string Reason)
{
    public bool Cancel { get; init; }

    public bool Force { get; init; }

    public bool Notes { get; init; }

    /// <summary>Gets the number of the phase at work.</summary>
    public int Phase { get; init; }

    /// <summary>Gets where the phase goes on.</summary>
    public string? Cursor { get; init; }

    public EraseCounts? Counts { get; init; }

    /// <summary>Gets how often the phase has found that something stands in the way.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Attempt { get; init; }
}

/// <summary>One step of a phase.</summary>
internal sealed record EraseInput(string Root, string Phase, string By, string Reason)
{
    public string? Cursor { get; init; }

    public bool Cancel { get; init; }

    public bool Force { get; init; }

    public bool Notes { get; init; }

    public EraseCounts? Counts { get; init; }

    /// <summary>Gets how often the phase has found that something stands in the way.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Attempt { get; init; }
}

/// <summary>What a step has done.</summary>
internal sealed record EraseProgress
{
    /// <summary>Gets why the tree is not erased; nothing of it was touched.</summary>
    public string? Refused { get; init; }

    /// <summary>Gets whether the phase takes another step.</summary>
    public bool HasMore { get; init; }

    /// <summary>Gets where that begins.</summary>
    public string? Cursor { get; init; }

    /// <summary>Gets how long to wait before it.</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>
    /// Gets what stands in the way and how it is removed; the phase takes another step later. <see langword="null"/> for nothing.
    /// </summary>
    public string? Waits { get; init; }

    public EraseCounts Counts { get; init; } = new();
}

/// <summary>What came of an erasure.</summary>
/// <param name="Counts">What there was.</param>
internal sealed record EraseReport(EraseCounts Counts)
{
    public string? Refused { get; init; }

    /// <summary>Gets what stood in the way for so long that the erasure gave up; <see langword="null"/> if it did not.</summary>
    public string? GaveUp { get; init; }
}

/// <summary>
/// How much was erased. After a crash in the middle of a step, a part of it is counted once more or not at all.
/// </summary>
internal sealed record EraseCounts
{
    public int Runs { get; init; }

    public int Instances { get; init; }

    public int Streams { get; init; }

    public int Records { get; init; }

    public int Contents { get; init; }

    public int Others { get; init; }

    public EraseCounts Plus(EraseCounts other) => new()
    {
        Runs = Runs + other.Runs,
        Instances = Instances + other.Instances,
        Streams = Streams + other.Streams,
        Records = Records + other.Records,
        Contents = Contents + other.Contents,
        Others = Others + other.Others,
    };
}
