using System.Text.Json.Serialization;
using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// Does the same with many runs, some at a time. Each step can be repeated, so a crash anywhere leads to the same end.
/// </summary>
internal static class RunsFlow
{
    /// <summary>The name of the orchestrator.</summary>
    public const string Name = OrchestratorNames.ActOnRuns;

    /// <summary>What the ids of the instances begin with.</summary>
    public const string Prefix = "job.";

    /// <summary>How many runs a step is about.</summary>
    private const int RunsPerStep = 10;

    /// <summary>How many steps one execution takes, which keeps its history small.</summary>
    private const int StepsPerExecution = 50;

    /// <summary>A store that cannot be reached is waited for as long as it takes: what was begun must end.</summary>
    private static readonly TaskOptions s_options =
        new(new RetryPolicy(100_000, TimeSpan.FromSeconds(1), 2.0, TimeSpan.FromMinutes(5)));

    /// <summary>Does it.</summary>
    /// <returns>What came of it; <see langword="null"/> if it continues as new.</returns>
    public static async Task<RunsProgress?> RunAsync(IOrchestrationContext context, RunsOrder order)
    {
        int next = order.Progress?.Done ?? 0;
        List<RunFault> faults = [.. order.Progress?.Faults ?? []];
        for (int step = 0; next < order.Runs.Count; step++)
        {
            // Numbers alone: a status is small.
            context.SetCustomStatus(new RunsCount(next, faults.Count));
            if (step == StepsPerExecution)
            {
                context.ContinueAsNew(order with { Progress = new RunsProgress(next, faults) });
                return null;
            }

            string[] some = [.. order.Runs.Skip(next).Take(RunsPerStep)];
            faults.AddRange(await context.CallActivityAsync<IReadOnlyList<RunFault>>(
                StepNames.ActOnRuns, new RunsInput(order.Action, some, order.By, order.Roles) { Reason = order.Reason },
                s_options));
            next += some.Length;
        }

        return new RunsProgress(next, faults);
    }
}

/// <summary>Do the same with many runs.</summary>
/// <param name="Action">What to do.</param>
/// <param name="Runs">The runs.</param>
/// <param name="By">Who asked.</param>
/// <param name="Roles">The roles that it had.</param>
internal sealed record RunsOrder(RunsAction Action, IReadOnlyList<string> Runs, string By, IReadOnlyList<string> Roles)
{
    /// <summary>Gets the reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets how far an earlier execution came.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public RunsProgress? Progress { get; init; }
}

/// <summary>Do it with some of them.</summary>
internal sealed record RunsInput(RunsAction Action, IReadOnlyList<string> Runs, string By, IReadOnlyList<string> Roles)
{
    public string? Reason { get; init; }
}

/// <summary>How far it is, in numbers.</summary>
/// <param name="Done">The number of runs that it has come to.</param>
/// <param name="Failed">The number of those for which it failed.</param>
internal sealed record RunsCount(int Done, int Failed);

/// <summary>How far it is.</summary>
/// <param name="Done">The number of runs that it has come to, in the order of the request.</param>
/// <param name="Faults">Those of them for which it failed.</param>
internal sealed record RunsProgress(int Done, IReadOnlyList<RunFault> Faults);

/// <summary>Why it failed for a run.</summary>
/// <param name="Run">The run.</param>
/// <param name="Code">The stable code of the error.</param>
/// <param name="Message">The message of the error.</param>
internal sealed record RunFault(string Run, ErrorCode Code, string Message);
